package engagement

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/engagement/reach"
)

// requests is where a controller's requests wait.
type requests = workqueue.TypedRateLimitingInterface[reconcile.Request]

// policyNews wakes the engagements that a policy covers, before or after an edit, and nobody else. What an edit changes besides the spec means nothing to them. The
// policies that are there at the start are no news: every engagement is looked at then.
func (r *Reconciler) policyNews() handler.EventHandler {
	return handler.Funcs{
		CreateFunc: func(ctx context.Context, e event.CreateEvent, q requests) {
			if !e.IsInInitialList {
				r.wakeCovered(ctx, q, e.Object)
			}
		},
		UpdateFunc: func(ctx context.Context, e event.UpdateEvent, q requests) {
			if e.ObjectOld.GetGeneration() != e.ObjectNew.GetGeneration() || e.ObjectOld.GetUID() != e.ObjectNew.GetUID() {
				r.wakeCovered(ctx, q, e.ObjectOld, e.ObjectNew)
			}
		},
		DeleteFunc: func(ctx context.Context, e event.DeleteEvent, q requests) {
			r.wakeCovered(ctx, q, e.Object)
		},
	}
}

func (r *Reconciler) wakeCovered(ctx context.Context, q requests, versions ...client.Object) {
	var specs []*v1alpha1.CompliancePolicySpec
	for _, o := range versions {
		if cp, is := o.(*v1alpha1.CompliancePolicy); is {
			specs = append(specs, &cp.Spec)
		}
	}
	keys, err := reach.Policy(ctx, r.Client, specs...)
	if err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "listing the engagements that a compliance policy covers")
		return
	}
	behind(q, keys, 0)
}

// poolNews wakes a pool's engagements when what is said of the pool changes, or it comes or goes: those that look for somebody at once, and those in which somebody is
// engaged behind everything else, where rules may read the pool. They read its labels and annotations too. Its status, which counts members, means nothing to either.
func (r *Reconciler) poolNews() handler.EventHandler {
	said := predicate.Or[client.Object](predicate.GenerationChangedPredicate{}, predicate.LabelChangedPredicate{}, predicate.AnnotationChangedPredicate{})
	return handler.Funcs{
		CreateFunc: func(ctx context.Context, e event.CreateEvent, q requests) {
			if !e.IsInInitialList {
				r.wakePool(ctx, q, e.Object)
			}
		},
		UpdateFunc: func(ctx context.Context, e event.UpdateEvent, q requests) {
			if said.Update(e) || e.ObjectOld.GetUID() != e.ObjectNew.GetUID() {
				r.wakePool(ctx, q, e.ObjectNew)
			}
		},
		DeleteFunc: func(ctx context.Context, e event.DeleteEvent, q requests) { r.wakePool(ctx, q, e.Object) },
	}
}

func (r *Reconciler) wakePool(ctx context.Context, q requests, pool client.Object) {
	found, err := reach.Pool(ctx, r.Client, client.ObjectKeyFromObject(pool))
	if err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "listing the engagements that a pool concerns")
		return
	}
	for _, key := range found.Seeking {
		q.Add(reconcile.Request{NamespacedName: key})
	}
	behind(q, found.Engaged, 0)
}

// tenureNews wakes the other engagements to which it means something that a person's engagement was accepted, ended, changed or removed. It waits as long as a plan
// does: those that are accepted together wake the others once.
func (r *Reconciler) tenureNews() handler.EventHandler {
	wake := func(ctx context.Context, q requests, before, after client.Object) {
		was, _ := before.(*v1alpha1.Engagement)
		is, _ := after.(*v1alpha1.Engagement)
		keys, err := reach.Tenure(ctx, r.Client, was, is)
		if err != nil {
			ctrl.LoggerFrom(ctx).Error(err, "listing the engagements that a person's tenure concerns")
			return
		}
		behind(q, keys, batchWindow)
	}
	return handler.Funcs{
		UpdateFunc: func(ctx context.Context, e event.UpdateEvent, q requests) { wake(ctx, q, e.ObjectOld, e.ObjectNew) },
		DeleteFunc: func(ctx context.Context, e event.DeleteEvent, q requests) { wake(ctx, q, e.Object, nil) },
	}
}

// behind has engagements wait behind those that something happened to: one edit can wake thousands, and none of them is to delay a termination.
func behind(q requests, keys []types.NamespacedName, after time.Duration) {
	pq, prioritized := q.(priorityqueue.PriorityQueue[reconcile.Request])
	for _, key := range keys {
		req := reconcile.Request{NamespacedName: key}
		switch {
		case prioritized:
			pq.AddWithOpts(priorityqueue.AddOpts{Priority: ptr.To(handler.LowPriority), After: after}, req)
		default:
			q.AddAfter(req, after)
		}
	}
}
