// Package compliance says of every CompliancePolicy whether it can be evaluated, and when it applies.
package compliance

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/policy"
)

const (
	fieldOwner = client.FieldOwner("longshore-compliance")
	// passTimeout bounds one pass; it calls nothing but the API server.
	passTimeout = time.Minute
)

// Reconciler validates compliance policies. It judges no engagement: the engagements' own passes do.
type Reconciler struct {
	// Client reads from the manager's cache and writes to the API server.
	Client client.Client
	// Clock is the only clock that is read.
	Clock clock.PassiveClock
}

// +kubebuilder:rbac:groups=gig.longshore.dev,resources=compliancepolicies,verbs=get;list;watch
// +kubebuilder:rbac:groups=gig.longshore.dev,resources=compliancepolicies/status,verbs=patch

// SetupWithManager registers the reconciler. A policy is judged by itself, so there is nothing else to watch.
func (r *Reconciler) SetupWithManager(_ context.Context, mgr ctrl.Manager) error {
	return ctrl.NewControllerManagedBy(mgr).
		Named("compliancepolicy").
		For(&v1alpha1.CompliancePolicy{}).
		WithOptions(controller.Options{ReconciliationTimeout: passTimeout}).
		Complete(r)
}

// Reconcile writes what is to be said of one policy, if it differs from what was said, and looks again when the policy begins or ceases to apply.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	cp := &v1alpha1.CompliancePolicy{}
	if err := r.Client.Get(ctx, req.NamespacedName, cp); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !cp.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, nil
	}
	now := r.Clock.Now()
	if err := r.write(ctx, cp, now); err != nil {
		return ctrl.Result{}, err
	}
	if next := policy.NextChange(&cp.Spec, now); next != nil {
		return ctrl.Result{RequeueAfter: max(next.Sub(now), time.Millisecond)}, nil
	}
	return ctrl.Result{}, nil
}

// write writes the status once, if it differs.
func (r *Reconciler) write(ctx context.Context, cp *v1alpha1.CompliancePolicy, now time.Time) error {
	judged := cp.DeepCopy()
	judge(judged, now)
	if equality.Semantic.DeepEqual(cp.Status, judged.Status) {
		return nil
	}
	err := r.Client.Status().Patch(ctx, judged, client.MergeFromWithOptions(cp, client.MergeFromWithOptimisticLock{}), fieldOwner)
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		// The cache is behind: the event that brings it up to date brings the next pass.
		return nil
	}
	if err != nil {
		return fmt.Errorf("writing the status of compliance policy %s: %w", cp.Name, err)
	}
	return nil
}
