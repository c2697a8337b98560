// Package controllers wires every reconciler of Longshore into one manager.
package controllers

import (
	"context"
	"fmt"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/controllers/access/provider/kubernetes"
	"github.com/longshore-dev/longshore/controllers/checklist"
	"github.com/longshore-dev/longshore/controllers/engagement"
	"github.com/longshore-dev/longshore/controllers/index"
	"github.com/longshore-dev/longshore/controllers/talentpool"
	"github.com/longshore-dev/longshore/controllers/worker"
)

// reconciler is what every kind with a life of its own has.
type reconciler interface {
	SetupWithManager(ctx context.Context, mgr ctrl.Manager) error
}

// SetupAll registers the indexes and every reconciler. Revocations do not wait for anything else: each kind has a queue of its own.
func SetupAll(ctx context.Context, mgr ctrl.Manager, clk clock.PassiveClock) error {
	if err := index.Setup(ctx, mgr.GetFieldIndexer()); err != nil {
		return fmt.Errorf("indexing: %w", err)
	}
	c, reader, recorder := mgr.GetClient(), mgr.GetAPIReader(), mgr.GetEventRecorder("longshore")
	targets := access.NewTargets(provider.Registry{
		v1alpha1.ProviderKubernetes: kubernetes.Type(reader, c),
	}, clk)
	for _, r := range []reconciler{
		&access.GrantReconciler{Client: c, Reader: reader, Clock: clk, Recorder: recorder, Targets: targets},
		&access.ProviderReconciler{Client: c, Clock: clk, Targets: targets},
		&checklist.Reconciler{Client: c, Clock: clk},
		&talentpool.Reconciler{Client: c, Clock: clk},
		&worker.Reconciler{Client: c, Reader: reader, Clock: clk, Recorder: recorder},
		&engagement.Reconciler{Client: c, Reader: reader, Clock: clk, Recorder: recorder},
	} {
		if err := r.SetupWithManager(ctx, mgr); err != nil {
			return fmt.Errorf("setting up %T: %w", r, err)
		}
	}
	return nil
}

// NarrowCache keeps out of the cache what Longshore did not make: of bindings it follows its own alone.
func NarrowCache(options *cache.Options) {
	own := cache.ByObject{Label: labels.SelectorFromSet(labels.Set{v1alpha1.ManagedByLabel: v1alpha1.ManagedByValue})}
	options.ByObject = map[client.Object]cache.ByObject{&rbacv1.RoleBinding{}: own, &rbacv1.ClusterRoleBinding{}: own}
}
