package kubernetes

import (
	"context"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// watch tells of every binding of Longshore's, in the operator's own cluster, that is changed or deleted, or that loses its labels. Only metadata is kept: what a
// binding holds is read from the API server.
func watch(mgr manager.Manager, concerned provider.Concerned) []source.Source {
	toGrants := handler.EnqueueRequestsFromMapFunc(func(ctx context.Context, o client.Object) []reconcile.Request {
		key := o.GetLabels()[KeyLabel]
		if key == "" {
			return nil
		}
		return concerned(ctx, key)
	})
	var sources []source.Source
	for _, kind := range bindingKinds {
		o := &metav1.PartialObjectMetadata{}
		o.SetGroupVersionKind(rbacv1.SchemeGroupVersion.WithKind(kind))
		sources = append(sources, source.Kind[client.Object](mgr.GetCache(), o, toGrants))
	}
	return sources
}
