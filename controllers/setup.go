// Package controllers wires every reconciler of Longshore into one manager.
package controllers

import (
	"context"
	"fmt"

	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"

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
