package access

import (
	"context"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/index"
)

const (
	// grantWorkers is how many grants are reconciled at once: many times what one target system is called with by default, so that
	// some that hang leave workers for the others.
	grantWorkers = 64
	// passTimeout ends a pass that hangs in spite of the timeout of each call.
	passTimeout = 5 * time.Minute
)

// SetupWithManager follows grants, what they are made from, and what was given. The indexes of package index must be registered.
func (r *GrantReconciler) SetupWithManager(_ context.Context, mgr ctrl.Manager) error {
	// Status is this reconciler's own: only what others write starts a pass.
	changed := builder.WithPredicates(predicate.GenerationChangedPredicate{})
	b := ctrl.NewControllerManagedBy(mgr).
		Named("accessgrant").
		Watches(&v1alpha1.AccessGrant{}, r.byUrgency(), changed).
		Watches(&v1alpha1.Engagement{}, handler.EnqueueRequestsFromMapFunc(r.ofEngagement), changed).
		Watches(&v1alpha1.Worker{}, handler.EnqueueRequestsFromMapFunc(r.ofWorker), changed).
		Watches(&v1alpha1.AccessProfile{}, handler.EnqueueRequestsFromMapFunc(r.ofProfile), changed).
		Watches(&v1alpha1.AccessProvider{}, handler.EnqueueRequestsFromMapFunc(r.ofProvider), builder.WithPredicates(providerChanged)).
		Watches(&v1alpha1.Engagement{}, r.atOnce(r.ofEngagement), builder.WithPredicates(requested)).
		Watches(&v1alpha1.AccessProvider{}, r.atOnce(r.ofProvider), builder.WithPredicates(predicate.Or[client.Object](requested, answersAsked))).
		WatchesRawSource(source.Func(r.followAnswers)).
		WithOptions(controller.Options{MaxConcurrentReconciles: grantWorkers, ReconciliationTimeout: passTimeout})
	for _, kind := range r.Targets.registry {
		if kind.Watch == nil {
			continue
		}
		for _, news := range kind.Watch(mgr, r.ofEntitlement) {
			b = b.WatchesRawSource(news)
		}
	}
	if err := b.Complete(r); err != nil {
		return fmt.Errorf("setting up the reconciler of access grants: %w", err)
	}
	return nil
}

// byUrgency puts a grant of which something is to be revoked ahead in the queue.
func (r *GrantReconciler) byUrgency() handler.EventHandler {
	add := func(q queue, o client.Object) {
		if grant, is := o.(*v1alpha1.AccessGrant); is {
			r.enqueue(q, grant)
		}
	}
	return handler.Funcs{
		CreateFunc: func(_ context.Context, e event.CreateEvent, q queue) {
			add(q, e.Object)
		},
		UpdateFunc: func(_ context.Context, e event.UpdateEvent, q queue) {
			add(q, e.ObjectNew)
		},
		DeleteFunc: func(_ context.Context, e event.DeleteEvent, q queue) {
			add(q, e.Object)
		},
	}
}

type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]

func (r *GrantReconciler) enqueue(q queue, grant *v1alpha1.AccessGrant) {
	request := reconcile.Request{NamespacedName: client.ObjectKeyFromObject(grant)}
	if pq, prioritized := q.(priorityqueue.PriorityQueue[reconcile.Request]); prioritized && urgent(grant, r.Clock.Now()) {
		pq.AddWithOpts(priorityqueue.AddOpts{Priority: ptr.To(revokePriority)}, request)
		return
	}
	q.Add(request)
}

// followAnswers brings the grants of a target system back when it answers again: also after an outage so short that nothing else tells of it.
func (r *GrantReconciler) followAnswers(ctx context.Context, q queue) error {
	r.wake = func(grant types.NamespacedName) { q.Add(reconcile.Request{NamespacedName: grant}) }
	r.Targets.tell(func(providerName string) {
		if _, _, silent := r.Targets.silence(providerName); silent {
			return
		}
		for _, grant := range r.list(ctx, client.MatchingFields{index.GrantByProvider: providerName}) {
			r.enqueue(q, &grant)
		}
	})
	return nil
}

// urgent says whether something of a grant is to be revoked.
func urgent(grant *v1alpha1.AccessGrant, now time.Time) bool {
	rows := grant.Status.Entitlements
	if !slices.ContainsFunc(rows, func(row row) bool { return !concluded(&row) }) {
		return false
	}
	expiresAt := grant.Spec.ExpiresAt.Time
	if bound := grant.Status.ExpiresAt; bound != nil {
		expiresAt = earlier(expiresAt, bound.Time)
	}
	return !grant.DeletionTimestamp.IsZero() || grant.Spec.Withdraw != "" || grant.Status.Owed > 0 || !now.Before(expiresAt)
}

// providerChanged passes on what decides whether a target system can be given access in.
var providerChanged = predicate.Or(predicate.GenerationChangedPredicate{}, predicate.Funcs{
	UpdateFunc: func(e event.UpdateEvent) bool {
		was, wasOne := e.ObjectOld.(*v1alpha1.AccessProvider)
		is, isOne := e.ObjectNew.(*v1alpha1.AccessProvider)
		return wasOne && isOne && usable(was) != usable(is)
	},
})

func usable(p *v1alpha1.AccessProvider) bool {
	return meta.IsStatusConditionTrue(p.Status.Conditions, v1alpha1.ConditionReady) &&
		controllerutil.ContainsFinalizer(p, v1alpha1.ProviderFinalizer)
}

func (r *GrantReconciler) ofEngagement(ctx context.Context, o client.Object) []reconcile.Request {
	return r.grants(ctx, client.InNamespace(o.GetNamespace()), client.MatchingFields{index.GrantByEngagement: o.GetName()})
}

func (r *GrantReconciler) ofWorker(ctx context.Context, o client.Object) []reconcile.Request {
	return r.grants(ctx, client.MatchingFields{index.GrantByWorker: index.Key(o.GetNamespace(), o.GetName())})
}

func (r *GrantReconciler) ofProfile(ctx context.Context, o client.Object) []reconcile.Request {
	return r.grants(ctx, client.MatchingFields{index.GrantByProfile: o.GetName()})
}

func (r *GrantReconciler) ofEntitlement(ctx context.Context, key string) []reconcile.Request {
	return r.grants(ctx, client.MatchingFields{index.GrantByEntitlement: key})
}

// ofProvider finds the grants that have something in a target system, and those that wait for it.
func (r *GrantReconciler) ofProvider(ctx context.Context, o client.Object) []reconcile.Request {
	requests := r.grants(ctx, client.MatchingFields{index.GrantByProvider: o.GetName()})
	profiles := &v1alpha1.AccessProfileList{}
	if err := r.Client.List(ctx, profiles); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "listing the profiles that name an AccessProvider; their grants are seen to at the next resync", "provider", o.GetName())
		return requests
	}
	for i := range profiles.Items {
		if slices.ContainsFunc(profiles.Items[i].Spec.Entitlements, func(e v1alpha1.Entitlement) bool { return e.ProviderRef.Name == o.GetName() }) {
			requests = append(requests, r.ofProfile(ctx, &profiles.Items[i])...)
		}
	}
	return requests
}

func (r *GrantReconciler) grants(ctx context.Context, options ...client.ListOption) []reconcile.Request {
	list := r.list(ctx, options...)
	requests := make([]reconcile.Request, len(list))
	for i := range list {
		requests[i].NamespacedName = client.ObjectKeyFromObject(&list[i])
	}
	return requests
}

// list returns grants from the cache. They must not be written to.
func (r *GrantReconciler) list(ctx context.Context, options ...client.ListOption) []v1alpha1.AccessGrant {
	list := &v1alpha1.AccessGrantList{}
	if err := r.Client.List(ctx, list, append(options, client.UnsafeDisableDeepCopy)...); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "listing the grants that a change concerns; they are seen to at the next resync")
		return nil
	}
	return list.Items
}
