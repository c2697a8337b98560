package talentpool

import (
	"context"
	"maps"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/index"
)

// passTimeout bounds one pass; it calls nothing but the API server.
const passTimeout = time.Minute

// SetupWithManager registers the reconciler.
func (r *Reconciler) SetupWithManager(_ context.Context, mgr ctrl.Manager) error {
	return ctrl.NewControllerManagedBy(mgr).
		Named("talentpool").
		For(&v1alpha1.TalentPool{}).
		Watches(&v1alpha1.Worker{}, handler.EnqueueRequestsFromMapFunc(r.poolsOf), builder.WithPredicates(predicate.Funcs{UpdateFunc: counts})).
		Watches(&v1alpha1.Checklist{}, handler.EnqueueRequestsFromMapFunc(r.screenedBy), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		WithOptions(controller.Options{ReconciliationTimeout: passTimeout}).
		Complete(r)
}

// counts says whether a worker changed in what a pool counts.
func counts(e event.UpdateEvent) bool {
	was, isOld := e.ObjectOld.(*v1alpha1.Worker)
	is, isNew := e.ObjectNew.(*v1alpha1.Worker)
	if !isOld || !isNew {
		return true
	}
	return !maps.Equal(was.Labels, is.Labels) || !maps.Equal(passed(was), passed(is)) ||
		(len(was.Status.Engagements) > 0) != (len(is.Status.Engagements) > 0)
}

// passed are the pools whose screening a worker has passed.
func passed(w *v1alpha1.Worker) map[string]bool {
	pools := map[string]bool{}
	for _, m := range w.Status.Pools {
		if m.Screening == v1alpha1.ScreeningPassed {
			pools[m.Name] = true
		}
	}
	return pools
}

// poolsOf are the pools that select a worker. One whose labels changed is asked as it was and as it is.
func (r *Reconciler) poolsOf(ctx context.Context, o client.Object) []reconcile.Request {
	return r.pools(ctx, func(pool *v1alpha1.TalentPool) bool {
		selector, err := metav1.LabelSelectorAsSelector(&pool.Spec.WorkerSelector)
		return err == nil && selector.Matches(labels.Set(o.GetLabels()))
	}, client.InNamespace(o.GetNamespace()))
}

func (r *Reconciler) screenedBy(ctx context.Context, o client.Object) []reconcile.Request {
	return r.pools(ctx, func(*v1alpha1.TalentPool) bool { return true }, client.InNamespace(o.GetNamespace()), client.MatchingFields{index.PoolByChecklist: o.GetName()})
}

func (r *Reconciler) pools(ctx context.Context, concerned func(*v1alpha1.TalentPool) bool, which ...client.ListOption) []reconcile.Request {
	var pools v1alpha1.TalentPoolList
	if err := r.Client.List(ctx, &pools, which...); err != nil {
		log.FromContext(ctx).Error(err, "listing the talent pools that an object concerns")
		return nil
	}
	var requests []reconcile.Request
	for i := range pools.Items {
		if concerned(&pools.Items[i]) {
			requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&pools.Items[i])})
		}
	}
	return requests
}
