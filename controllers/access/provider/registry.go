package provider

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// Registry holds every type of target system that this operator knows.
type Registry map[v1alpha1.ProviderType]Type

// Type is one type of target system.
type Type struct {
	// Open connects to the target system that an AccessProvider describes. Of one that is gone, only name and type are known: what
	// needs more to revoke by Refuses.
	Open func(*v1alpha1.AccessProvider) (Provider, error)
	// Watch returns sources of news about what Longshore gave, so that drift is repaired at once and not only at the next resync.
	// Optional: most target systems have no such news.
	Watch func(manager.Manager, Concerned) []source.Source
}

// Concerned returns the requests for the grants that hold the Target with a key.
type Concerned func(ctx context.Context, key string) []reconcile.Request
