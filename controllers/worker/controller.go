// Package worker keeps what is known of every Worker: pools, screenings, scores, tiers, certificates, engagements, and what was stated of them.
package worker

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

const fieldOwner = client.FieldOwner("longshore-worker")

// Reconciler keeps the status of workers.
type Reconciler struct {
	// Client reads from the manager's cache and writes to the API server.
	Client client.Client
	// Reader reads from the API server itself, before a statement is said not to count: a cache that is behind must not turn
	// down what was said of a pool or a checklist that it has not seen yet.
	Reader client.Reader
	// Clock is the only clock that is read.
	Clock clock.PassiveClock
	// Recorder tells people of what happened.
	Recorder events.EventRecorder
}

// +kubebuilder:rbac:groups=gig.longshore.dev,resources=workers,verbs=get;list;watch
// +kubebuilder:rbac:groups=gig.longshore.dev,resources=workers/status,verbs=patch
// +kubebuilder:rbac:groups=gig.longshore.dev,resources=attestations;evaluations,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=gig.longshore.dev,resources=attestations/status;evaluations/status,verbs=patch
// +kubebuilder:rbac:groups=gig.longshore.dev,resources=talentpools;checklists;scorecards;engagements,verbs=get;list;watch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// Reconcile makes one pass over one worker. It can be killed after any step and run again from the start with the same end.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	w := &v1alpha1.Worker{}
	if err := r.Client.Get(ctx, req.NamespacedName, w); err != nil {
		if apierrors.IsNotFound(err) {
			return ctrl.Result{}, r.refuseOrphans(ctx, req.NamespacedName)
		}
		return ctrl.Result{}, fmt.Errorf("reading worker %s: %w", req, err)
	}
	if !w.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, nil
	}
	s, err := r.read(ctx, w)
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("reading what worker %s refers to: %w", req, err)
	}
	d := decide(s)
	if len(d.Ignore) > 0 {
		if s, err = r.confirm(ctx, s); err != nil {
			return ctrl.Result{}, fmt.Errorf("confirming what was stated of worker %s: %w", req, err)
		}
		d = decide(s)
	}
	if err := r.act(ctx, s, d); err != nil {
		return ctrl.Result{}, ignoreRaces(err)
	}
	if d.Next.IsZero() {
		return ctrl.Result{}, nil
	}
	// Every time in the API is a whole second, so a requeue that is not early is not late by more than the queue.
	return ctrl.Result{RequeueAfter: max(d.Next.Sub(r.Clock.Now()), time.Millisecond)}, nil
}

// ignoreRaces drops errors that only say that the cache is behind or the worker gone: the event that brings the cache up to date brings the next pass.
func ignoreRaces(err error) error {
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
