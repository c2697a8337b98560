// Package talentpool keeps the dashboard of every TalentPool, and says whether it can be drawn on as it is written.
package talentpool

import (
	"context"
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/census"
	"github.com/longshore-dev/longshore/controllers/domain/health"
)

const (
	fieldOwner = client.FieldOwner("longshore-talentpool")
	// writeInterval is how long a pool is left alone after its status was written: the members and engagements of a large pool change all the time. Nothing
	// is counted meanwhile; what changed is, once it has passed.
	writeInterval = 10 * time.Second
)

// Reconciler keeps the status of talent pools.
type Reconciler struct {
	// Client reads from the manager's cache and writes to the API server.
	Client client.Client
	// Clock is the only clock that is read.
	Clock clock.PassiveClock

	mu sync.Mutex
	// written is when each pool's status was last written by this process.
	written map[types.NamespacedName]time.Time
}

// +kubebuilder:rbac:groups=gig.longshore.dev,resources=talentpools;workers;checklists;engagements;assignments;scorecards,verbs=get;list;watch
// +kubebuilder:rbac:groups=gig.longshore.dev,resources=talentpools/status,verbs=patch

// Reconcile writes what is to be said of one pool, if it differs from what was said, and not sooner than the interval allows.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	pool := &v1alpha1.TalentPool{}
	if err := r.Client.Get(ctx, req.NamespacedName, pool); err != nil {
		if apierrors.IsNotFound(err) {
			r.forget(req.NamespacedName)
			return ctrl.Result{}, nil
		}
		return ctrl.Result{}, fmt.Errorf("reading talent pool %s: %w", req, err)
	}
	if !pool.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, nil
	}
	now := r.Clock.Now()
	if wait := r.pause(req.NamespacedName, now); wait > 0 {
		return ctrl.Result{RequeueAfter: wait}, nil
	}
	judged := pool.DeepCopy()
	again, err := r.judge(ctx, judged, now)
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("reading what talent pool %s is made of: %w", req, err)
	}
	var result ctrl.Result
	if !again.IsZero() {
		result.RequeueAfter = max(again.Sub(now), time.Second)
	}
	if equality.Semantic.DeepEqual(pool.Status, judged.Status) {
		return result, nil
	}
	err = r.Client.Status().Patch(ctx, judged, client.MergeFromWithOptions(uncounted(pool), client.MergeFromWithOptimisticLock{}), fieldOwner)
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		// The cache is behind: the event that brings it up to date brings the next pass.
		return ctrl.Result{}, nil
	}
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("writing the status of talent pool %s: %w", req, err)
	}
	r.note(req.NamespacedName, now)
	return result, nil
}

// uncounted is the pool with none of its counts, against which every count differs: one that is 0 and was never written reads like one that was, and would be
// left out of a patch for good.
func uncounted(pool *v1alpha1.TalentPool) *v1alpha1.TalentPool {
	const none = -1
	base := pool.DeepCopy()
	st := &base.Status
	st.Members, st.Screened, st.Engaged, st.Recruiting, st.PendingAssignments = none, none, none, none, none
	return base
}

// judge puts into the status what the spec means, and what is counted of whom it selects and of who draws on it. It says when time alone changes that.
func (r *Reconciler) judge(ctx context.Context, pool *v1alpha1.TalentPool, now time.Time) (again time.Time, err error) {
	checklist, err := r.checklist(ctx, pool)
	if err != nil {
		return again, err
	}
	in, err := r.read(ctx, pool)
	if err != nil {
		return again, err
	}
	in.Now = now
	if checklist != nil {
		in.Steps = checklist.Spec.Steps
	}
	conditions := pool.Status.Conditions
	pool.Status, again = census.Count(in)
	pool.Status.ObservedGeneration, pool.Status.Conditions = pool.Generation, conditions
	ready := readiness(pool, checklist)
	ready.ObservedGeneration, ready.LastTransitionTime = pool.Generation, metav1.NewTime(now)
	health.Set(&pool.Status.Conditions, ready)
	return again, nil
}

// pause is how long the pool is still to be left alone.
func (r *Reconciler) pause(pool types.NamespacedName, now time.Time) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	last, is := r.written[pool]
	if !is {
		return 0
	}
	return last.Add(writeInterval).Sub(now)
}

func (r *Reconciler) note(pool types.NamespacedName, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.written == nil {
		r.written = map[types.NamespacedName]time.Time{}
	}
	r.written[pool] = now
}

func (r *Reconciler) forget(pool types.NamespacedName) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.written, pool)
}
