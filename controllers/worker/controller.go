// Package worker keeps what is known of every Worker: pools, screenings, certificates, engagements, and what was stated of them.
package worker

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/metrics"
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
// +kubebuilder:rbac:groups=gig.longshore.dev,resources=attestations,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=gig.longshore.dev,resources=attestations/status,verbs=patch
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

// act does what was decided: statements are bound before the status that records them.
func (r *Reconciler) act(ctx context.Context, s *scope, d *decision) error {
	for i := range s.Attestations {
		att := &s.Attestations[i]
		if standing, is := d.Ignore[att.UID]; is {
			if err := r.mark(ctx, att, standing); err != nil {
				return err
			}
			metrics.CountIgnored(standing.Reason)
			// Its name, its claim and the message may name people, so they stay on the statement itself.
			r.Recorder.Eventf(s.Worker, nil, corev1.EventTypeWarning, standing.Reason, "Refuse", "one of the attestations does not count: kubectl get attestations -o wide says which, and why")
		}
		if d.Bind[att.UID] {
			if err := r.bind(ctx, att, s.Worker); err != nil {
				return err
			}
		}
	}
	return r.writeStatus(ctx, s.Worker, d.Status)
}

// bind ties a statement to the worker's UID, so that the garbage collector removes it with the worker.
func (r *Reconciler) bind(ctx context.Context, att *v1alpha1.Attestation, w *v1alpha1.Worker) error {
	bound := att.DeepCopy()
	bound.OwnerReferences = append(bound.OwnerReferences, metav1.OwnerReference{
		APIVersion: v1alpha1.GroupVersion.String(), Kind: kindWorker, Name: w.Name, UID: w.UID,
	})
	if err := r.Client.Patch(ctx, bound, client.MergeFrom(att), fieldOwner); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("binding attestation %s: %w", att.Name, err)
	}
	return nil
}

// mark says of a statement why it does not count.
func (r *Reconciler) mark(ctx context.Context, att *v1alpha1.Attestation, standing v1alpha1.Standing) error {
	marked := att.DeepCopy()
	marked.Status = &standing
	if err := r.Client.Status().Patch(ctx, marked, client.MergeFrom(att), fieldOwner); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("marking attestation %s: %w", att.Name, err)
	}
	return nil
}

// writeStatus writes the status once, if it differs. The optimistic lock turns a decision on a stale cache into a repetition.
func (r *Reconciler) writeStatus(ctx context.Context, w *v1alpha1.Worker, status *v1alpha1.WorkerStatus) error {
	if equality.Semantic.DeepEqual(&w.Status, status) {
		return nil
	}
	patched := w.DeepCopy()
	patched.Status = *status
	if err := r.Client.Status().Patch(ctx, patched, client.MergeFromWithOptions(w, client.MergeFromWithOptimisticLock{}), fieldOwner); err != nil {
		return fmt.Errorf("writing the status of worker %s: %w", w.Name, err)
	}
	r.announce(w, status)
	return nil
}

// announce tells people how screenings go on.
func (r *Reconciler) announce(w *v1alpha1.Worker, status *v1alpha1.WorkerStatus) {
	for i := range status.Pools {
		m := &status.Pools[i]
		if was := membership(w.Status.Pools, m.Name); was != nil && was.Screening == m.Screening {
			continue
		}
		r.Recorder.Eventf(w, nil, corev1.EventTypeNormal, "Screening"+string(m.Screening), "Screen", "screening for pool %s: %s", m.Name, m.Screening)
	}
}

// ignoreRaces drops errors that only say that the cache is behind or the worker gone: the event that brings the cache up to date brings the next pass.
func ignoreRaces(err error) error {
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
