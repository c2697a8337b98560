package engagement

import (
	"context"
	"fmt"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/metrics"
)

const kindGrant = "AccessGrant"

// grantSaid turns down what is stated of an AccessGrant. Access is withdrawn and decided on by statements about the Engagement, which outlive a grant and are sealed;
// whoever takes access away must not believe that they have.
type grantSaid struct{ *Reconciler }

func (r *grantSaid) setup(mgr ctrl.Manager) error {
	err := ctrl.NewControllerManagedBy(mgr).
		Named("grant-statement").
		For(&v1alpha1.Attestation{}, builder.WithPredicates(predicate.NewPredicateFuncs(saidOfGrant))).
		WithOptions(controller.Options{MaxConcurrentReconciles: 1, ReconciliationTimeout: passTimeout}).
		Complete(r)
	if err != nil {
		return fmt.Errorf("registering the answer to statements about grants: %w", err)
	}
	return nil
}

func saidOfGrant(o client.Object) bool {
	att, is := o.(*v1alpha1.Attestation)
	return is && att.Spec.SubjectRef.Kind == kindGrant && (att.Status == nil || att.Status.State == "")
}

// Reconcile marks one statement about an AccessGrant, and says of what to state it instead.
func (r *grantSaid) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	att, err := get[v1alpha1.Attestation](ctx, r.Client, req.Namespace, req.Name)
	if err != nil || att == nil || !saidOfGrant(att) {
		return ctrl.Result{}, err
	}
	grant, err := get[v1alpha1.AccessGrant](ctx, r.Client, req.Namespace, att.Spec.SubjectRef.Name)
	if err != nil {
		return ctrl.Result{}, err
	}
	of := "the Engagement that has the access"
	if grant != nil {
		of = fmt.Sprintf("its Engagement, with subjectRef: {kind: Engagement, name: %s}", grant.Spec.EngagementRef.Name)
	}
	marked := att.DeepCopy()
	marked.Status = ignored(reasonUnknown, "nothing is stated of an AccessGrant, and its access stays as it was; state %s of %s", att.Spec.Claim, of)
	if err := r.Client.Status().Patch(ctx, marked, client.MergeFrom(att), fieldOwner); client.IgnoreNotFound(err) != nil {
		return ctrl.Result{}, fmt.Errorf("marking attestation %s: %w", att.Name, err)
	}
	metrics.CountIgnored(reasonUnknown)
	return ctrl.Result{}, nil
}
