// Package assignment gives tasks and shifts to engaged workers and keeps what becomes of each.
package assignment

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

const (
	fieldOwner     = client.FieldOwner("longshore-assignment")
	kindAssignment = "Assignment"
)

// Reconciler follows one Assignment: what is stated of it, how far it is, and whether whoever has it can still do it. Whom it is given to is the Placer's to decide.
type Reconciler struct {
	// Client reads from the manager's cache and writes to the API server.
	Client client.Client
	// Reader reads from the API server itself, before a statement is said not to count and before work is taken from somebody: a cache that
	// is behind must do neither.
	Reader client.Reader
	// Clock is the only clock that is read.
	Clock clock.PassiveClock
	// Recorder tells people of what happened.
	Recorder events.EventRecorder
}

// +kubebuilder:rbac:groups=gig.longshore.dev,resources=assignments,verbs=get;list;watch
// +kubebuilder:rbac:groups=gig.longshore.dev,resources=assignments/status,verbs=patch
// +kubebuilder:rbac:groups=gig.longshore.dev,resources=attestations;evaluations,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=gig.longshore.dev,resources=attestations/status;evaluations/status,verbs=patch
// +kubebuilder:rbac:groups=gig.longshore.dev,resources=engagements;workers,verbs=get;list;watch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// Reconcile makes one pass over one Assignment. It can be killed after any step and run again from the start with the same end.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	a := &v1alpha1.Assignment{}
	if err := r.Client.Get(ctx, req.NamespacedName, a); err != nil {
		if apierrors.IsNotFound(err) {
			return ctrl.Result{}, r.refuseOrphans(ctx, req.NamespacedName)
		}
		return ctrl.Result{}, fmt.Errorf("reading assignment %s: %w", req, err)
	}
	if !a.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, nil
	}
	s, err := r.read(ctx, a)
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("reading what assignment %s refers to: %w", req, err)
	}
	d := decide(s)
	if len(d.Ignore) > 0 || d.TakenBack {
		if s, err = r.confirm(ctx, s); err != nil {
			return ctrl.Result{}, ignoreRaces(fmt.Errorf("confirming what is to become of assignment %s: %w", req, err))
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
			marked := att.DeepCopy()
			marked.Status = &standing
			if err := r.mark(ctx, s.Assignment, att, marked, &standing); err != nil {
				return err
			}
		}
		if d.Bind[att.UID] {
			if err := r.bind(ctx, att, s.Assignment); err != nil {
				return err
			}
		}
	}
	for i := range s.Evaluations {
		eval := &s.Evaluations[i]
		if standing, is := d.Ignore[eval.UID]; is {
			marked := eval.DeepCopy()
			marked.Status = &standing
			if err := r.mark(ctx, s.Assignment, eval, marked, &standing); err != nil {
				return err
			}
		}
	}
	if equality.Semantic.DeepEqual(&s.Assignment.Status, d.Status) {
		return nil
	}
	_, err := writeStatus(ctx, r.Client, s.Assignment, d.Status)
	return err
}

// bind ties a statement to the Assignment's UID, so that the garbage collector removes it with the Assignment.
func (r *Reconciler) bind(ctx context.Context, att *v1alpha1.Attestation, a *v1alpha1.Assignment) error {
	bound := att.DeepCopy()
	bound.OwnerReferences = append(bound.OwnerReferences, metav1.OwnerReference{
		APIVersion: v1alpha1.GroupVersion.String(), Kind: kindAssignment, Name: a.Name, UID: a.UID,
	})
	if err := r.Client.Patch(ctx, bound, client.MergeFrom(att), fieldOwner); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("binding attestation %s: %w", att.Name, err)
	}
	return nil
}

// mark says of a statement why it does not count. Its name, its claim and the message may name people, so the event tells only where to look.
func (r *Reconciler) mark(ctx context.Context, a *v1alpha1.Assignment, statement, marked client.Object, standing *v1alpha1.Standing) error {
	if err := r.Client.Status().Patch(ctx, marked, client.MergeFrom(statement), fieldOwner); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("marking statement %s: %w", statement.GetName(), err)
	}
	metrics.CountIgnored(standing.Reason)
	if a != nil {
		r.Recorder.Eventf(a, nil, corev1.EventTypeWarning, standing.Reason, "Refuse", "one of the statements does not count: kubectl -n %s get attestations,evaluations -o wide says which, and why", a.Namespace)
	}
	return nil
}

// writeStatus writes a status. The optimistic lock turns a decision on a stale cache into a repetition.
func writeStatus(ctx context.Context, c client.Client, a *v1alpha1.Assignment, status *v1alpha1.AssignmentStatus) (*v1alpha1.Assignment, error) {
	patched := a.DeepCopy()
	patched.Status = *status
	if err := c.Status().Patch(ctx, patched, client.MergeFromWithOptions(a, client.MergeFromWithOptimisticLock{}), fieldOwner); err != nil {
		return nil, fmt.Errorf("writing the status of assignment %s/%s: %w", a.Namespace, a.Name, err)
	}
	return patched, nil
}

// ignoreRaces drops errors that only say that the cache is behind or the object gone: the event that brings the cache up to date brings the next pass.
func ignoreRaces(err error) error {
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
