package engagement

import (
	"context"

	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

// holder is the engagement that has an assignment.
func holder(_ context.Context, o client.Object) []reconcile.Request {
	a, is := o.(*v1alpha1.Assignment)
	if !is {
		return nil
	}
	return request(a.Namespace, a.Status.Engagement)
}

// measured lets through what changes a KPI: that work was submitted, sent back, accepted, late, or is gone with what was known of it. That thousands are
// placed concerns no engagement.
var measured = predicate.Funcs{
	CreateFunc: func(event.CreateEvent) bool { return false }, // the engagement's own creation is news enough
	UpdateFunc: func(e event.UpdateEvent) bool {
		return !equality.Semantic.DeepEqual(measures(e.ObjectOld), measures(e.ObjectNew))
	},
	DeleteFunc: func(e event.DeleteEvent) bool {
		return !equality.Semantic.DeepEqual(measures(e.Object), v1alpha1.AssignmentStatus{})
	},
}

// measures are the facts of an assignment on which KPIs rest.
func measures(o client.Object) v1alpha1.AssignmentStatus {
	a, is := o.(*v1alpha1.Assignment)
	if !is {
		return v1alpha1.AssignmentStatus{}
	}
	return v1alpha1.AssignmentStatus{SubmittedAt: a.Status.SubmittedAt, AcceptedAt: a.Status.AcceptedAt, OnTime: a.Status.OnTime, Rounds: a.Status.Rounds}
}
