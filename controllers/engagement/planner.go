package engagement

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/matching"
	"github.com/longshore-dev/longshore/controllers/index"
)

// batchWindow is how long a plan waits for more engagements after the first one asked: those that are approved together are filled together.
const batchWindow = time.Second

// planner gives the open engagements of a pool to its workers, all at once, whenever one of them asks. It writes nothing: each engagement's own pass makes its offer.
type planner struct {
	*Reconciler
}

// setup registers the planner. It follows no kind: passes ask it.
func (r *planner) setup(mgr ctrl.Manager) error {
	err := ctrl.NewControllerManagedBy(mgr).
		Named("engagement-planner").
		WatchesRawSource(source.Func(r.pools.follow)).
		WithOptions(controller.Options{MaxConcurrentReconciles: 2, ReconciliationTimeout: passTimeout}).
		Complete(r)
	if err != nil {
		return fmt.Errorf("registering the planner: %w", err)
	}
	return nil
}

// queue is where a controller's requests wait. It is known once the controller has started; controllers start in no order, so what comes before is kept.
type queue struct {
	mu    sync.Mutex
	q     workqueue.TypedRateLimitingInterface[reconcile.Request]
	early map[types.NamespacedName]time.Duration
}

// follow is a source of requests for controller-runtime.
func (q *queue) follow(_ context.Context, started workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.q = started
	for key, after := range q.early {
		q.q.AddAfter(reconcile.Request{NamespacedName: key}, after)
	}
	q.early = nil
	return nil
}

func (q *queue) add(key types.NamespacedName, after time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.q == nil {
		if q.early == nil {
			q.early = map[types.NamespacedName]time.Duration{}
		}
		q.early[key] = after
		return
	}
	q.q.AddAfter(reconcile.Request{NamespacedName: key}, after)
}

// leavePlans takes an engagement out of the plans of all pools but its own.
func (r *Reconciler) leavePlans(engagement, stays types.NamespacedName) {
	for _, pool := range r.plans.leave(engagement, stays) {
		r.pools.add(pool, batchWindow)
	}
}

// poolOf is the pool of an engagement.
func poolOf(eng *v1alpha1.Engagement) types.NamespacedName {
	return types.NamespacedName{Namespace: index.PoolNamespace(eng), Name: eng.Spec.PoolRef.Name}
}

// offersChanged wakes those who look for somebody in the pools of a worker who has been offered the work elsewhere, or is free again: who is left for them has
// changed. It waits as long as a plan does, so that a plan's offers wake nobody many times.
func (r *Reconciler) offersChanged(ctx context.Context, e event.UpdateEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
	old, is := e.ObjectOld.(*v1alpha1.Engagement)
	eng, are := e.ObjectNew.(*v1alpha1.Engagement)
	if !is || !are {
		return
	}
	before, after := openOffer(old), openOffer(eng)
	if before == after || (before != "" && eng.Status.Terms != nil) {
		return
	}
	for _, name := range []string{before, after} {
		if name == "" {
			continue
		}
		w, err := get[v1alpha1.Worker](ctx, r.Client, index.PoolNamespace(eng), name)
		if err != nil || w == nil {
			continue // whoever comes back is news of their own
		}
		for _, m := range w.Status.Pools {
			for _, req := range r.filter(ctx, looksForSomebody, client.MatchingFields{index.EngagementByPool: index.Key(w.Namespace, m.Name)}) {
				if req.NamespacedName != client.ObjectKeyFromObject(eng) {
					q.AddAfter(req, batchWindow)
				}
			}
		}
	}
}

// openOffer is the worker whose answer is awaited; empty if there is none.
func openOffer(eng *v1alpha1.Engagement) string {
	st := &eng.Status
	if offer := offerOf(st); offer != nil && st.Terms == nil && st.EndedAt == nil && st.Phase != v1alpha1.PhaseClosed {
		return offer.Worker
	}
	return ""
}

func looksForSomebody(eng *v1alpha1.Engagement) bool {
	return eng.Status.Phase == v1alpha1.PhaseRecruiting && eng.Status.Terms == nil && offerOf(&eng.Status) == nil
}

// Reconcile plans for one pool, if anybody has asked.
func (r *planner) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	asked := r.plans.demanded(req.NamespacedName)
	if len(asked) == 0 {
		return ctrl.Result{}, nil
	}
	entries, err := r.plan(ctx, req.NamespacedName, asked)
	if err != nil {
		for key := range asked {
			r.plans.ask(req.NamespacedName, key, r.plans.of(req.NamespacedName, key))
		}
		return ctrl.Result{}, fmt.Errorf("planning for pool %s: %w", req, err)
	}
	for _, key := range r.plans.replace(req.NamespacedName, entries) {
		r.queue.add(key, 0)
	}
	for key := range asked {
		if _, is := entries[key]; !is {
			r.queue.add(key, 0) // it looks for nobody any more, or there is nobody left
		}
	}
	return ctrl.Result{}, nil
}

// plan finds out what each open engagement of the pool asks for, as its own pass would, and fills them together.
func (r *planner) plan(ctx context.Context, key types.NamespacedName, asked map[types.NamespacedName]bool) (map[types.NamespacedName]planned, error) {
	pool, err := get[v1alpha1.TalentPool](ctx, r.Client, key.Namespace, key.Name)
	if err != nil || pool == nil {
		return nil, err // without a pool every pass says so itself
	}
	known, err := r.readRoster(ctx, pool)
	if err != nil {
		return nil, err
	}
	engagements := &v1alpha1.EngagementList{}
	if err := r.Client.List(ctx, engagements, client.MatchingFields{index.EngagementByPool: index.Key(key.Namespace, key.Name)}, shared); err != nil {
		return nil, fmt.Errorf("listing the pool's engagements: %w", err)
	}
	demands := map[types.NamespacedName]*demand{}
	for i := range engagements.Items {
		eng := &engagements.Items[i]
		engKey := client.ObjectKeyFromObject(eng)
		if !asked[engKey] && !mayBeOpen(eng) {
			continue
		}
		s, err := r.read(ctx, eng.DeepCopy(), known)
		if err != nil {
			return nil, fmt.Errorf("reading what engagement %s refers to: %w", engKey, err)
		}
		d, err := decide(s)
		if err != nil {
			// Its own pass fails as well. The others, which may be of other namespaces, are not to wait for it.
			ctrl.LoggerFrom(ctx).Error(err, "finding out what an engagement asks for", "engagement", engKey)
			continue
		}
		if d.Actions.Plan != nil {
			demands[engKey] = d.Actions.Plan
		}
	}
	return fill(demands)
}

// mayBeOpen says whether an engagement may look for somebody by the plan; its own decision says whether it does.
func mayBeOpen(eng *v1alpha1.Engagement) bool {
	st := &eng.Status
	return st.Phase == v1alpha1.PhaseRecruiting && st.Terms == nil && st.EndedAt == nil && offerOf(st) == nil && eng.Spec.WorkerRef == nil &&
		eng.Spec.Recruitment != nil && eng.Spec.Recruitment.Selection == v1alpha1.SelectionAutomatic
}

// fill gives all who ask to those who can do it.
func fill(demands map[types.NamespacedName]*demand) (map[types.NamespacedName]planned, error) {
	open := make([]matching.Open, 0, len(demands))
	for key, d := range demands {
		open = append(open, matching.Open{Key: key.String(), Result: d.Ranked, Renews: d.Renews})
	}
	plan, err := matching.Joint(open)
	if err != nil {
		return nil, err
	}
	entries := make(map[types.NamespacedName]planned, len(plan.Given))
	for key, given := range plan.Given {
		namespace, name, _ := strings.Cut(key, string(types.Separator))
		engagement := types.NamespacedName{Namespace: namespace, Name: name}
		d := demands[engagement]
		entry := planned{Hash: d.Hash, Worker: given.Worker, Considered: d.Ranked}
		entry.Considered.Candidates, entry.Considered.Ranked = given.Candidates, nil
		entries[engagement] = entry
	}
	return entries, nil
}
