package talentpool

import (
	"cmp"
	"context"
	"maps"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
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
	"github.com/longshore-dev/longshore/controllers/domain/census"
	"github.com/longshore-dev/longshore/controllers/index"
)

// passTimeout bounds one pass; it calls nothing but the API server.
const passTimeout = time.Minute

// SetupWithManager registers the reconciler.
func (r *Reconciler) SetupWithManager(_ context.Context, mgr ctrl.Manager) error {
	return ctrl.NewControllerManagedBy(mgr).
		Named("talentpool").
		For(&v1alpha1.TalentPool{}).
		Watches(&v1alpha1.Worker{}, handler.EnqueueRequestsFromMapFunc(r.poolsOf), counted(func(was, is *v1alpha1.Worker) bool {
			return !maps.Equal(was.Labels, is.Labels) || !census.SameWorker(was, is)
		})).
		Watches(&v1alpha1.Engagement{}, handler.EnqueueRequestsFromMapFunc(r.drawnOn), counted(func(was, is *v1alpha1.Engagement) bool {
			return !census.SameEngagement(was, is)
		})).
		Watches(&v1alpha1.Assignment{}, handler.EnqueueRequestsFromMapFunc(workedBy), counted(func(was, is *v1alpha1.Assignment) bool {
			return !census.SameAssignment(was, is)
		})).
		Watches(&v1alpha1.Checklist{}, handler.EnqueueRequestsFromMapFunc(r.screenedBy), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		WithOptions(controller.Options{ReconciliationTimeout: passTimeout}).
		Complete(r)
}

// counted lets an update through if what a pool counts of the object changed.
func counted[T client.Object](changed func(was, is T) bool) builder.Predicates {
	return builder.WithPredicates(predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		was, isOld := e.ObjectOld.(T)
		is, isNew := e.ObjectNew.(T)
		return !isOld || !isNew || changed(was, is)
	}})
}

// drawnOn are the pool that an engagement names, and those that the engaged worker belongs to besides: it takes of their time as well.
func (r *Reconciler) drawnOn(ctx context.Context, o client.Object) []reconcile.Request {
	e, is := o.(*v1alpha1.Engagement)
	if !is {
		return nil
	}
	requests := []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: index.PoolNamespace(e), Name: e.Spec.PoolRef.Name}}}
	if e.Status.Worker == nil {
		return requests
	}
	key := types.NamespacedName{Namespace: cmp.Or(e.Status.Worker.Namespace, index.PoolNamespace(e)), Name: e.Status.Worker.Name}
	var w v1alpha1.Worker
	if err := r.Client.Get(ctx, key, &w, uncopied); err != nil {
		if !apierrors.IsNotFound(err) {
			log.FromContext(ctx).Error(err, "reading the worker of an engagement")
		}
		return requests
	}
	for i := range w.Status.Pools {
		requests = append(requests, reconcile.Request{NamespacedName: types.NamespacedName{Namespace: w.Namespace, Name: w.Status.Pools[i].Name}})
	}
	return requests
}

// workedBy is the pool that an assignment names.
func workedBy(_ context.Context, o client.Object) []reconcile.Request {
	a, is := o.(*v1alpha1.Assignment)
	if !is {
		return nil
	}
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: cmp.Or(a.Spec.PoolRef.Namespace, a.Namespace), Name: a.Spec.PoolRef.Name}}}
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
	if err := r.Client.List(ctx, &pools, append(which, uncopied)...); err != nil {
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
