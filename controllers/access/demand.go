package access

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// requested passes on that somebody asks for access to be read back at once.
var requested = predicate.Funcs{
	CreateFunc:  func(event.CreateEvent) bool { return false },
	DeleteFunc:  func(event.DeleteEvent) bool { return false },
	GenericFunc: func(event.GenericEvent) bool { return false },
	UpdateFunc: func(e event.UpdateEvent) bool {
		now := requestedAt(e.ObjectNew)
		return now != "" && now != requestedAt(e.ObjectOld)
	},
}

func requestedAt(o client.Object) string { return o.GetAnnotations()[v1alpha1.RequestedAtAnnotation] }

// answersAsked passes on that a target system can be given access in again, and is silent of anything else.
var answersAsked = predicate.Funcs{
	CreateFunc:  func(event.CreateEvent) bool { return false },
	DeleteFunc:  func(event.DeleteEvent) bool { return false },
	GenericFunc: func(event.GenericEvent) bool { return false },
	UpdateFunc: func(e event.UpdateEvent) bool {
		was, wasOne := e.ObjectOld.(*v1alpha1.AccessProvider)
		is, isOne := e.ObjectNew.(*v1alpha1.AccessProvider)
		return wasOne && isOne && !usable(was) && usable(is)
	},
}

// atOnce has the grants that a change concerns tried again, also where the last attempt said later.
func (r *GrantReconciler) atOnce(grants func(context.Context, client.Object) []reconcile.Request) handler.EventHandler {
	return handler.Funcs{UpdateFunc: func(ctx context.Context, e event.UpdateEvent, q queue) {
		for _, request := range grants(ctx, e.ObjectNew) {
			r.Targets.ledger.hurry(request.NamespacedName)
			q.Add(request)
		}
	}}
}
