package engagement

import (
	"context"
	"fmt"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/index"
)

// passTimeout bounds one pass; it calls nothing but the API server.
const passTimeout = time.Minute

// SetupWithManager registers the reconciler. News of every other kind travels by watches, through an index.
func (r *Reconciler) SetupWithManager(ctx context.Context, mgr ctrl.Manager) error {
	dossiers, err := mgr.GetCache().GetInformer(ctx, &v1alpha1.Dossier{})
	if err != nil {
		return fmt.Errorf("watching Dossiers: %w", err)
	}
	if _, err := dossiers.AddEventHandler(&r.chain); err != nil {
		return fmt.Errorf("following the chain of Dossiers: %w", err)
	}
	if err := (&planner{r}).setup(mgr); err != nil {
		return err
	}
	if err := (&grantSaid{r}).setup(mgr); err != nil {
		return err
	}
	edited := builder.WithPredicates(predicate.GenerationChangedPredicate{})
	return ctrl.NewControllerManagedBy(mgr).
		Named("engagement").
		For(&v1alpha1.Engagement{}).
		WatchesRawSource(source.Func(r.queue.follow)).
		Watches(&v1alpha1.Engagement{}, handler.EnqueueRequestsFromMapFunc(r.relatives)).
		Watches(&v1alpha1.Engagement{}, handler.Funcs{UpdateFunc: r.offersChanged}).
		Watches(&v1alpha1.Attestation{}, handler.EnqueueRequestsFromMapFunc(attestationSubject)).
		Watches(&v1alpha1.Evaluation{}, handler.EnqueueRequestsFromMapFunc(evaluationSubject)).
		Watches(&v1alpha1.AccessGrant{}, handler.EnqueueRequestsFromMapFunc(grantSubject)).
		Watches(&v1alpha1.Assignment{}, handler.EnqueueRequestsFromMapFunc(holder), builder.WithPredicates(measured)).
		Watches(&v1alpha1.Worker{}, handler.EnqueueRequestsFromMapFunc(r.workerEngagements)).
		Watches(&v1alpha1.TalentPool{}, r.poolNews()).
		Watches(&v1alpha1.Checklist{}, handler.EnqueueRequestsFromMapFunc(r.byName(index.EngagementByChecklist)), edited).
		Watches(&v1alpha1.Scorecard{}, handler.EnqueueRequestsFromMapFunc(r.byName(index.EngagementByScorecard)), edited).
		Watches(&v1alpha1.AccessProfile{}, handler.EnqueueRequestsFromMapFunc(r.byName(index.EngagementByProfile)), edited).
		Watches(&v1alpha1.CompliancePolicy{}, r.policyNews()).
		Watches(&v1alpha1.Engagement{}, r.tenureNews()).
		Watches(&corev1.Namespace{}, handler.EnqueueRequestsFromMapFunc(r.inNamespace), builder.WithPredicates(predicate.LabelChangedPredicate{})).
		Watches(&admissionregistrationv1.ValidatingAdmissionPolicy{}, handler.EnqueueRequestsFromMapFunc(r.open), edited).
		Watches(&admissionregistrationv1.ValidatingAdmissionPolicyBinding{}, handler.EnqueueRequestsFromMapFunc(r.open), edited).
		WithOptions(controller.Options{MaxConcurrentReconciles: max(r.MaxConcurrent, 4), ReconciliationTimeout: passTimeout}).
		Complete(r)
}

func request(namespace, name string) []reconcile.Request {
	if name == "" {
		return nil
	}
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: namespace, Name: name}}}
}

func attestationSubject(_ context.Context, o client.Object) []reconcile.Request {
	att, is := o.(*v1alpha1.Attestation)
	if !is || att.Spec.SubjectRef.Kind != "Engagement" {
		return nil
	}
	return request(att.Namespace, att.Spec.SubjectRef.Name)
}

func evaluationSubject(_ context.Context, o client.Object) []reconcile.Request {
	eval, is := o.(*v1alpha1.Evaluation)
	if !is || eval.Spec.EngagementRef == nil {
		return nil
	}
	return request(eval.Namespace, eval.Spec.EngagementRef.Name)
}

func grantSubject(_ context.Context, o client.Object) []reconcile.Request {
	g, is := o.(*v1alpha1.AccessGrant)
	if !is {
		return nil
	}
	return request(g.Namespace, g.Spec.EngagementRef.Name)
}

// relatives are the engagement's predecessor and successors: handover, renewal and deliverables taken over pass between them.
func (r *Reconciler) relatives(ctx context.Context, o client.Object) []reconcile.Request {
	eng, is := o.(*v1alpha1.Engagement)
	if !is {
		return nil
	}
	requests := r.list(ctx, client.InNamespace(eng.Namespace), client.MatchingFields{index.EngagementByPredecessor: eng.Name})
	if ref := eng.Spec.Replaces; ref != nil {
		requests = append(requests, request(eng.Namespace, ref.Name)...)
	}
	if ref := eng.Spec.Continues; ref != nil {
		requests = append(requests, request(eng.Namespace, ref.Name)...)
	}
	return requests
}

// workerEngagements are those that the worker is engaged in or has been offered, those of the same person, and those of the worker's pools that look for somebody.
func (r *Reconciler) workerEngagements(ctx context.Context, o client.Object) []reconcile.Request {
	w, is := o.(*v1alpha1.Worker)
	if !is {
		return nil
	}
	requests := r.list(ctx, client.MatchingFields{index.EngagementByWorker: index.Key(w.Namespace, w.Name)})
	requests = append(requests, r.list(ctx, client.MatchingFields{index.EngagementByPerson: w.Spec.PersonKey})...)
	for _, m := range w.Status.Pools {
		requests = append(requests, r.lookingIn(ctx, index.Key(w.Namespace, m.Name))...)
	}
	return requests
}

// lookingIn are the pool's engagements in which nobody has accepted yet: for the others its members no longer matter.
func (r *Reconciler) lookingIn(ctx context.Context, pool string) []reconcile.Request {
	return r.filter(ctx, func(eng *v1alpha1.Engagement) bool { return eng.Status.Terms == nil }, client.MatchingFields{index.EngagementByPool: pool})
}

// byName finds the engagements that name an object: in its namespace, or anywhere if it is cluster-scoped.
func (r *Reconciler) byName(field string) handler.MapFunc {
	return func(ctx context.Context, o client.Object) []reconcile.Request {
		return r.list(ctx, client.InNamespace(o.GetNamespace()), client.MatchingFields{field: o.GetName()})
	}
}

func (r *Reconciler) inNamespace(ctx context.Context, o client.Object) []reconcile.Request {
	return r.list(ctx, client.InNamespace(o.GetName()))
}

// open are all engagements that are not closed. What changes rules for everyone is rare.
func (r *Reconciler) open(ctx context.Context, _ client.Object) []reconcile.Request {
	return r.list(ctx)
}

func (r *Reconciler) list(ctx context.Context, opts ...client.ListOption) []reconcile.Request {
	return r.filter(ctx, func(*v1alpha1.Engagement) bool { return true }, opts...)
}

func (r *Reconciler) filter(ctx context.Context, keep func(*v1alpha1.Engagement) bool, opts ...client.ListOption) []reconcile.Request {
	found := &v1alpha1.EngagementList{}
	if err := r.Client.List(ctx, found, append(opts, shared)...); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "listing engagements that an event concerns")
		return nil
	}
	var requests []reconcile.Request
	for i := range found.Items {
		if eng := &found.Items[i]; eng.Status.Phase != v1alpha1.PhaseClosed && keep(eng) {
			requests = append(requests, request(eng.Namespace, eng.Name)...)
		}
	}
	return requests
}
