// Package talentpool counts the members of every TalentPool and says whether it can be drawn on as it is written.
package talentpool

import (
	"context"
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

const (
	fieldOwner = client.FieldOwner("longshore-talentpool")
	// writeInterval is how long a pool's status is left alone after a write: the workers of a large pool change all the time.
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
	if err := r.judge(ctx, judged, now); err != nil {
		return ctrl.Result{}, fmt.Errorf("reading what talent pool %s refers to: %w", req, err)
	}
	if equality.Semantic.DeepEqual(pool.Status, judged.Status) {
		return ctrl.Result{}, nil
	}
	err := r.Client.Status().Patch(ctx, judged, client.MergeFromWithOptions(pool, client.MergeFromWithOptimisticLock{}), fieldOwner)
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		// The cache is behind: the event that brings it up to date brings the next pass.
		return ctrl.Result{}, nil
	}
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("writing the status of talent pool %s: %w", req, err)
	}
	r.note(req.NamespacedName, now)
	return ctrl.Result{}, nil
}

// judge puts into the status what the spec means, and whom it selects.
func (r *Reconciler) judge(ctx context.Context, pool *v1alpha1.TalentPool, now time.Time) error {
	checklist, err := r.checklist(ctx, pool)
	if err != nil {
		return err
	}
	members, err := r.members(ctx, pool)
	if err != nil {
		return err
	}
	st := &pool.Status
	st.ObservedGeneration = pool.Generation
	st.Members, st.Screened, st.Engaged = count(pool.Name, members)
	ready := readiness(pool, checklist)
	ready.ObservedGeneration, ready.LastTransitionTime = pool.Generation, metav1.NewTime(now)
	meta.SetStatusCondition(&st.Conditions, ready)
	return nil
}

// checklist by which the pool screens, or nil where it names none or one that does not exist.
func (r *Reconciler) checklist(ctx context.Context, pool *v1alpha1.TalentPool) (*v1alpha1.Checklist, error) {
	if pool.Spec.Screening == nil {
		return nil, nil
	}
	cl := &v1alpha1.Checklist{}
	key := types.NamespacedName{Namespace: pool.Namespace, Name: pool.Spec.Screening.ChecklistRef.Name}
	if err := r.Client.Get(ctx, key, cl); err != nil {
		if apierrors.IsNotFound(err) {
			return nil, nil
		}
		return nil, fmt.Errorf("reading checklist %s: %w", key.Name, err)
	}
	return cl, nil
}

// members are the workers whom the pool selects. A selector that cannot be read selects nobody.
func (r *Reconciler) members(ctx context.Context, pool *v1alpha1.TalentPool) ([]v1alpha1.Worker, error) {
	selector, err := metav1.LabelSelectorAsSelector(&pool.Spec.WorkerSelector)
	if err != nil {
		selector = labels.Nothing()
	}
	var workers v1alpha1.WorkerList
	if err := r.Client.List(ctx, &workers, client.InNamespace(pool.Namespace), client.MatchingLabelsSelector{Selector: selector}); err != nil {
		return nil, fmt.Errorf("listing workers: %w", err)
	}
	return workers.Items, nil
}

func count(pool string, workers []v1alpha1.Worker) (members, screened, engaged int32) {
	for i := range workers {
		members++
		for _, m := range workers[i].Status.Pools {
			if m.Name == pool && m.Screening == v1alpha1.ScreeningPassed {
				screened++
			}
		}
		if len(workers[i].Status.Engagements) > 0 {
			engaged++
		}
	}
	return members, screened, engaged
}

// pause is how long the pool's status is still to be left alone.
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
