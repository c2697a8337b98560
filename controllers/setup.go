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
	"github.com/longshore-dev/longshore/controllers/engagement"
	"github.com/longshore-dev/longshore/controllers/index"
)

// SetupAll registers the indexes and every reconciler.
func SetupAll(ctx context.Context, mgr ctrl.Manager, clk clock.PassiveClock) error {
	if err := index.Setup(ctx, mgr.GetFieldIndexer()); err != nil {
		return fmt.Errorf("indexing: %w", err)
	}
	eng := &engagement.Reconciler{Client: mgr.GetClient(), Reader: mgr.GetAPIReader(), Clock: clk, Recorder: mgr.GetEventRecorder("longshore")}
	if err := eng.SetupWithManager(ctx, mgr); err != nil {
		return fmt.Errorf("setting up the engagement reconciler: %w", err)
	}
	return nil
}

// NarrowCache keeps out of the cache what Longshore did not make: of bindings it follows its own alone.
func NarrowCache(options *cache.Options) {
	own := cache.ByObject{Label: labels.SelectorFromSet(labels.Set{v1alpha1.ManagedByLabel: v1alpha1.ManagedByValue})}
	options.ByObject = map[client.Object]cache.ByObject{&rbacv1.RoleBinding{}: own, &rbacv1.ClusterRoleBinding{}: own}
}
