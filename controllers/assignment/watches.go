package assignment

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
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
	"github.com/longshore-dev/longshore/controllers/domain/placement"
	"github.com/longshore-dev/longshore/controllers/index"
)

const (
	// passTimeout bounds one pass; it calls nothing but the API server. A burst of thousands is written in one.
	passTimeout = 5 * time.Minute
	// maxConcurrent is how many assignments, and how many pools, are looked at side by side.
	maxConcurrent = 4
)

// SetupWithManager registers the reconciler. News of every other kind travels by watches.
func (r *Reconciler) SetupWithManager(_ context.Context, mgr ctrl.Manager) error {
	return ctrl.NewControllerManagedBy(mgr).
		Named("assignment").
		For(&v1alpha1.Assignment{}).
		Watches(&v1alpha1.Attestation{}, handler.EnqueueRequestsFromMapFunc(attested)).
		Watches(&v1alpha1.Evaluation{}, handler.EnqueueRequestsFromMapFunc(evaluated)).
		Watches(&v1alpha1.Engagement{}, handler.EnqueueRequestsFromMapFunc(r.held), builder.WithPredicates(predicate.Funcs{UpdateFunc: concernsHolder})).
		WithOptions(controller.Options{MaxConcurrentReconciles: maxConcurrent, ReconciliationTimeout: passTimeout}).
		Complete(r)
}

// SetupWithManager registers the placer, which is asked by pool.
func (p *Placer) SetupWithManager(_ context.Context, mgr ctrl.Manager) error {
	return ctrl.NewControllerManagedBy(mgr).
		Named("placer").
		For(&v1alpha1.TalentPool{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.Assignment{}, handler.EnqueueRequestsFromMapFunc(p.asksOrFrees), builder.WithPredicates(predicate.Funcs{
			CreateFunc: func(e event.CreateEvent) bool { return asks(e.Object) },
			UpdateFunc: asksOrFrees,
			DeleteFunc: func(e event.DeleteEvent) bool { return holds(e.Object) },
		})).
		Watches(&v1alpha1.Engagement{}, handler.EnqueueRequestsFromMapFunc(engagementPool), builder.WithPredicates(predicate.Funcs{UpdateFunc: concernsPlacement})).
		Watches(&v1alpha1.Worker{}, handler.EnqueueRequestsFromMapFunc(p.workerPools), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		WithOptions(controller.Options{MaxConcurrentReconciles: maxConcurrent, ReconciliationTimeout: passTimeout}).
		Complete(p)
}

func attested(_ context.Context, o client.Object) []reconcile.Request {
	att, is := o.(*v1alpha1.Attestation)
	if !is || att.Spec.SubjectRef.Kind != kindAssignment {
		return nil
	}
	return request(types.NamespacedName{Namespace: att.Namespace, Name: att.Spec.SubjectRef.Name})
}

func evaluated(_ context.Context, o client.Object) []reconcile.Request {
	eval, is := o.(*v1alpha1.Evaluation)
	if !is || eval.Spec.AssignmentRef == nil {
		return nil
	}
	return request(types.NamespacedName{Namespace: eval.Namespace, Name: eval.Spec.AssignmentRef.Name})
}

func request(keys ...types.NamespacedName) []reconcile.Request {
	var requests []reconcile.Request
	for _, key := range keys {
		requests = append(requests, reconcile.Request{NamespacedName: key})
	}
	return requests
}

// held are the assignments that an engagement has, as far as they are not done.
func (r *Reconciler) held(ctx context.Context, o client.Object) []reconcile.Request {
	var all v1alpha1.AssignmentList
	if err := r.Client.List(ctx, &all, client.InNamespace(o.GetNamespace()), client.MatchingFields{index.AssignmentByEngagement: o.GetName()}, client.UnsafeDisableDeepCopy); err != nil {
		log.FromContext(ctx).Error(err, "listing the assignments that an engagement has")
		return nil
	}
	var requests []reconcile.Request
	for i := range all.Items {
		if a := &all.Items[i]; a.Status.Engagement == o.GetName() && a.Status.State != v1alpha1.AssignmentAccepted {
			requests = append(requests, request(client.ObjectKeyFromObject(a))...)
		}
	}
	return requests
}

// concernsHolder says whether an engagement changed in what decides who keeps its work, or in whom it waits for.
func concernsHolder(e event.UpdateEvent) bool {
	was, isOld := e.ObjectOld.(*v1alpha1.Engagement)
	is, isNew := e.ObjectNew.(*v1alpha1.Engagement)
	if !isOld || !isNew {
		return true
	}
	return was.Spec.Suspend != is.Spec.Suspend || was.Status.Phase != is.Status.Phase ||
		!was.Status.EndedAt.Equal(is.Status.EndedAt) || was.DeletionTimestamp.IsZero() != is.DeletionTimestamp.IsZero() ||
		!equality.Semantic.DeepEqual(was.Status.Worker, is.Status.Worker)
}

// asks says whether somebody is to be found for an assignment.
func asks(o client.Object) bool {
	a, is := o.(*v1alpha1.Assignment)
	return is && unplaced(a)
}

// holds says whether an assignment takes somebody's time.
func holds(o client.Object) bool {
	a, is := o.(*v1alpha1.Assignment)
	return is && placement.Holds(a)
}

// asksOrFrees says whether an assignment has come to be pending, asks for something else while it is, or has freed somebody. What the placer itself
// writes about pending work is none of that.
func asksOrFrees(e event.UpdateEvent) bool {
	if holds(e.ObjectOld) && !holds(e.ObjectNew) {
		return true
	}
	return asks(e.ObjectNew) && (!asks(e.ObjectOld) || e.ObjectOld.GetGeneration() != e.ObjectNew.GetGeneration())
}

// asksOrFrees are the pool of an assignment, and the others of whoever is free now.
func (p *Placer) asksOrFrees(ctx context.Context, o client.Object) []reconcile.Request {
	a, is := o.(*v1alpha1.Assignment)
	if !is {
		return nil
	}
	pools := []types.NamespacedName{poolKey(a)}
	if a.Status.Engagement == "" {
		return request(pools...)
	}
	e := &v1alpha1.Engagement{}
	found, err := get(ctx, p.Client, a.Namespace, a.Status.Engagement, e)
	if err != nil {
		log.FromContext(ctx).Error(err, "reading the engagement that has been freed")
	}
	if !found || e.Status.Worker == nil || e.Status.Worker.PersonKey == "" {
		return request(pools...)
	}
	return request(append(pools, p.pools(ctx, client.MatchingFields{index.EngagementByPerson: e.Status.Worker.PersonKey})...)...)
}

func engagementPool(_ context.Context, o client.Object) []reconcile.Request {
	e, is := o.(*v1alpha1.Engagement)
	if !is || e.Status.Worker == nil {
		return nil
	}
	return request(poolOf(e))
}

// concernsPlacement says whether an engagement changed in what a placement reads of it.
func concernsPlacement(e event.UpdateEvent) bool {
	was, isOld := e.ObjectOld.(*v1alpha1.Engagement)
	is, isNew := e.ObjectNew.(*v1alpha1.Engagement)
	if !isOld || !isNew {
		return true
	}
	return concernsHolder(e) || !equality.Semantic.DeepEqual(was.Labels, is.Labels) || !equality.Semantic.DeepEqual(was.Spec.Requirements, is.Spec.Requirements) ||
		!equality.Semantic.DeepEqual(was.Status.Terms, is.Status.Terms)
}

// workerPools are the pools through which a worker is engaged.
func (p *Placer) workerPools(ctx context.Context, o client.Object) []reconcile.Request {
	return request(p.pools(ctx, client.MatchingFields{index.EngagementByWorker: index.Key(o.GetNamespace(), o.GetName())})...)
}

func (p *Placer) pools(ctx context.Context, which client.ListOption) []types.NamespacedName {
	var engagements v1alpha1.EngagementList
	if err := p.Client.List(ctx, &engagements, which, client.UnsafeDisableDeepCopy); err != nil {
		log.FromContext(ctx).Error(err, "listing the engagements of a person")
		return nil
	}
	var pools []types.NamespacedName
	for i := range engagements.Items {
		if engaged(&engagements.Items[i]) {
			pools = append(pools, poolOf(&engagements.Items[i]))
		}
	}
	return pools
}
