package worker

import (
	"context"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
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
	"github.com/longshore-dev/longshore/controllers/domain/account"
	"github.com/longshore-dev/longshore/controllers/index"
)

const (
	// passTimeout bounds one pass; it calls nothing but the API server.
	passTimeout = time.Minute
	// maxConcurrent is how many workers are looked at side by side.
	maxConcurrent = 4
)

// SetupWithManager registers the reconciler. News of every other kind travels by watches.
func (r *Reconciler) SetupWithManager(_ context.Context, mgr ctrl.Manager) error {
	edited := builder.WithPredicates(predicate.GenerationChangedPredicate{})
	return ctrl.NewControllerManagedBy(mgr).
		Named("worker").
		For(&v1alpha1.Worker{}).
		Watches(&v1alpha1.Worker{}, handler.EnqueueRequestsFromMapFunc(r.samePerson), builder.WithPredicates(predicate.Funcs{UpdateFunc: concernsPerson})).
		Watches(&v1alpha1.Worker{}, handler.EnqueueRequestsFromMapFunc(r.sharers), builder.WithPredicates(predicate.Funcs{UpdateFunc: concernsAccount})).
		Watches(&v1alpha1.Attestation{}, handler.EnqueueRequestsFromMapFunc(subject)).
		Watches(&v1alpha1.Evaluation{}, handler.EnqueueRequestsFromMapFunc(candidate)).
		Watches(&v1alpha1.TalentPool{}, handler.EnqueueRequestsFromMapFunc(r.members), edited).
		Watches(&v1alpha1.Checklist{}, handler.EnqueueRequestsFromMapFunc(r.screenedBy), edited).
		Watches(&v1alpha1.Scorecard{}, handler.EnqueueRequestsFromMapFunc(r.judgedBy), edited).
		Watches(&v1alpha1.Engagement{}, handler.EnqueueRequestsFromMapFunc(engaged), builder.WithPredicates(predicate.Funcs{UpdateFunc: concernsWorker})).
		WithOptions(controller.Options{MaxConcurrentReconciles: maxConcurrent, ReconciliationTimeout: passTimeout}).
		Complete(r)
}

func request(namespace, name string) reconcile.Request {
	return reconcile.Request{NamespacedName: types.NamespacedName{Namespace: namespace, Name: name}}
}

func subject(_ context.Context, o client.Object) []reconcile.Request {
	att, is := o.(*v1alpha1.Attestation)
	if !is || att.Spec.SubjectRef.Kind != kindWorker {
		return nil
	}
	return []reconcile.Request{request(att.Namespace, att.Spec.SubjectRef.Name)}
}

// candidate is the worker whose screening is judged. What is said of an engagement comes by its status.
func candidate(_ context.Context, o client.Object) []reconcile.Request {
	eval, is := o.(*v1alpha1.Evaluation)
	if !is || eval.Spec.WorkerRef == nil {
		return nil
	}
	return []reconcile.Request{request(eval.Namespace, eval.Spec.WorkerRef.Name)}
}

// engaged is the worker who accepted.
func engaged(_ context.Context, o client.Object) []reconcile.Request {
	e, is := o.(*v1alpha1.Engagement)
	if !is || e.Status.Worker == nil {
		return nil
	}
	namespace := e.Status.Worker.Namespace
	if namespace == "" {
		namespace = index.PoolNamespace(e)
	}
	return []reconcile.Request{request(namespace, e.Status.Worker.Name)}
}

// concernsWorker says whether an engagement changed in what its worker's status says of it.
func concernsWorker(e event.UpdateEvent) bool {
	was, isOld := e.ObjectOld.(*v1alpha1.Engagement)
	is, isNew := e.ObjectNew.(*v1alpha1.Engagement)
	if !isOld || !isNew {
		return true
	}
	return !equality.Semantic.DeepEqual(was.Status.Worker, is.Status.Worker) ||
		!equality.Semantic.DeepEqual(was.Status.EndedAt, is.Status.EndedAt) ||
		(was.Status.Terms == nil) != (is.Status.Terms == nil) ||
		was.Status.Phase != is.Status.Phase ||
		!equality.Semantic.DeepEqual(was.Status.Evaluations, is.Status.Evaluations) ||
		!equality.Semantic.DeepEqual(steps(was), steps(is))
}

func steps(e *v1alpha1.Engagement) []v1alpha1.StepStatus {
	if e.Status.Onboarding == nil {
		return nil
	}
	return e.Status.Onboarding.Steps
}

// samePerson are the other Worker objects of the person: certificates carry over, and nobody decides on their own under another name.
func (r *Reconciler) samePerson(ctx context.Context, o client.Object) []reconcile.Request {
	w, is := o.(*v1alpha1.Worker)
	if !is {
		return nil
	}
	var requests []reconcile.Request
	for _, same := range r.workers(ctx, client.MatchingFields{index.WorkerByPerson: w.Spec.PersonKey}) {
		if same.UID != w.UID {
			requests = append(requests, request(same.Namespace, same.Name))
		}
	}
	return requests
}

func concernsPerson(e event.UpdateEvent) bool {
	was, isOld := e.ObjectOld.(*v1alpha1.Worker)
	is, isNew := e.ObjectNew.(*v1alpha1.Worker)
	return !isOld || !isNew || !slices.Equal(account.Of(&was.Spec), account.Of(&is.Spec)) || !equality.Semantic.DeepEqual(was.Status.Certificates, is.Status.Certificates)
}

// sharers are the workers who have a worker's account and are somebody else: each is told of the other. A worker whose username changed is asked as they were and as they are.
func (r *Reconciler) sharers(ctx context.Context, o client.Object) []reconcile.Request {
	w, is := o.(*v1alpha1.Worker)
	if !is {
		return nil
	}
	others, err := r.sameAccount(ctx, w)
	if err != nil {
		log.FromContext(ctx).Error(err, "listing the workers who share an account")
		return nil
	}
	requests := make([]reconcile.Request, 0, len(others))
	for i := range others {
		requests = append(requests, request(others[i].Namespace, others[i].Name))
	}
	return requests
}

func concernsAccount(e event.UpdateEvent) bool {
	was, isOld := e.ObjectOld.(*v1alpha1.Worker)
	is, isNew := e.ObjectNew.(*v1alpha1.Worker)
	return !isOld || !isNew || was.Spec.Username != is.Spec.Username
}

// members are the workers whom a pool selects. An edited selector is asked as it was and as it is; while it cannot be read, whoever belonged to the pool still does.
func (r *Reconciler) members(ctx context.Context, o client.Object) []reconcile.Request {
	pool, is := o.(*v1alpha1.TalentPool)
	if !is {
		return nil
	}
	selector, err := metav1.LabelSelectorAsSelector(&pool.Spec.WorkerSelector)
	if err != nil {
		selector = labels.Everything()
	}
	var requests []reconcile.Request
	for _, w := range r.workers(ctx, client.InNamespace(pool.Namespace), client.MatchingLabelsSelector{Selector: selector}) {
		if err == nil || membership(w.Status.Pools, pool.Name) != nil {
			requests = append(requests, request(w.Namespace, w.Name))
		}
	}
	return requests
}

// screenedBy are the members of the pools that screen by a checklist.
func (r *Reconciler) screenedBy(ctx context.Context, o client.Object) []reconcile.Request {
	return r.membersOf(ctx, client.InNamespace(o.GetNamespace()), client.MatchingFields{index.PoolByChecklist: o.GetName()})
}

// judgedBy are the members of the namespace's pools: which of their steps a scorecard judges stands in checklists and in what was begun before.
func (r *Reconciler) judgedBy(ctx context.Context, o client.Object) []reconcile.Request {
	return r.membersOf(ctx, client.InNamespace(o.GetNamespace()))
}

func (r *Reconciler) membersOf(ctx context.Context, which ...client.ListOption) []reconcile.Request {
	var pools v1alpha1.TalentPoolList
	if err := r.Client.List(ctx, &pools, which...); err != nil {
		log.FromContext(ctx).Error(err, "listing the talent pools that an object concerns")
		return nil
	}
	var requests []reconcile.Request
	for i := range pools.Items {
		if pools.Items[i].Spec.Screening != nil {
			requests = append(requests, r.members(ctx, &pools.Items[i])...)
		}
	}
	return requests
}

func (r *Reconciler) workers(ctx context.Context, which ...client.ListOption) []v1alpha1.Worker {
	var workers v1alpha1.WorkerList
	if err := r.Client.List(ctx, &workers, which...); err != nil {
		log.FromContext(ctx).Error(err, "listing the workers whom an object concerns")
		return nil
	}
	return workers.Items
}
