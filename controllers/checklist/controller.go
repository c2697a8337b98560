// Package checklist says of every Checklist whether it can be followed as it is written.
package checklist

import (
	"context"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/checklist"
	"github.com/longshore-dev/longshore/controllers/domain/health"
)

const (
	fieldOwner = client.FieldOwner("longshore-checklist")
	// passTimeout bounds one pass; it calls nothing but the API server.
	passTimeout = time.Minute
	// maxMessage is the longest message that a condition can carry, in bytes.
	maxMessage = 32768
)

// Reconciler validates checklists.
type Reconciler struct {
	// Client reads from the manager's cache and writes to the API server.
	Client client.Client
	// Clock is the only clock that is read.
	Clock clock.PassiveClock
}

// +kubebuilder:rbac:groups=gig.longshore.dev,resources=checklists,verbs=get;list;watch
// +kubebuilder:rbac:groups=gig.longshore.dev,resources=checklists/status,verbs=patch

// SetupWithManager registers the reconciler. A checklist is judged by itself, so there is nothing else to watch.
func (r *Reconciler) SetupWithManager(_ context.Context, mgr ctrl.Manager) error {
	return ctrl.NewControllerManagedBy(mgr).
		Named("checklist").
		For(&v1alpha1.Checklist{}).
		WithOptions(controller.Options{ReconciliationTimeout: passTimeout}).
		Complete(r)
}

// Reconcile writes what is to be said of one checklist, if it differs from what was said.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	cl := &v1alpha1.Checklist{}
	if err := r.Client.Get(ctx, req.NamespacedName, cl); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !cl.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, nil
	}
	judged := cl.DeepCopy()
	judge(judged, metav1.NewTime(r.Clock.Now()))
	if equality.Semantic.DeepEqual(cl.Status, judged.Status) {
		return ctrl.Result{}, nil
	}
	err := r.Client.Status().Patch(ctx, judged, client.MergeFromWithOptions(cl, client.MergeFromWithOptimisticLock{}), fieldOwner)
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		// The cache is behind: the event that brings it up to date brings the next pass.
		return ctrl.Result{}, nil
	}
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("writing the status of checklist %s: %w", req, err)
	}
	return ctrl.Result{}, nil
}

// judge puts into the status what its spec means.
func judge(cl *v1alpha1.Checklist, now metav1.Time) {
	cl.Status.ObservedGeneration = cl.Generation
	cl.Status.Steps = int32(len(cl.Spec.Steps)) //nolint:gosec // The schema allows 64.
	ready := metav1.Condition{
		Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonHolds, ObservedGeneration: cl.Generation,
		LastTransitionTime: now, Message: "it can be followed: every step can be reached",
	}
	if err := checklist.Validate(cl.Spec.Steps); err != nil {
		ready.Status, ready.Reason, ready.Message = metav1.ConditionFalse, v1alpha1.ReasonChecklistInvalid, clip(err.Error())
	}
	health.Set(&cl.Status.Conditions, ready)
}

// clip shortens a message to what a condition can carry, between two characters.
func clip(message string) string {
	const more = "…"
	if len(message) <= maxMessage {
		return message
	}
	return strings.ToValidUTF8(message[:maxMessage-len(more)], "") + more
}
