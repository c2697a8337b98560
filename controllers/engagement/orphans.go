package engagement

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/metrics"
)

// refuseOrphans says of statements about an Engagement that does not exist that they do not count: they are older than any of that name will be.
func (r *Reconciler) refuseOrphans(ctx context.Context, engagement types.NamespacedName) error {
	nobody := &v1alpha1.Engagement{ObjectMeta: metav1.ObjectMeta{Namespace: engagement.Namespace, Name: engagement.Name}}
	s := &scope{Engagement: nobody}
	if err := r.readStatements(ctx, s); err != nil {
		return fmt.Errorf("reading what was stated of engagement %s: %w", engagement, err)
	}
	standing := ignored("UnknownEngagement", "the namespace has no Engagement %q; state it again once there is one", engagement.Name)
	var said, marked []client.Object
	for i := range s.Attestations {
		if att := &s.Attestations[i]; unjudged(att.Status, att.OwnerReferences) {
			with := att.DeepCopy()
			with.Status = standing
			said, marked = append(said, att), append(marked, with)
		}
	}
	for i := range s.Evaluations {
		if eval := &s.Evaluations[i]; unjudged(eval.Status, eval.OwnerReferences) {
			with := eval.DeepCopy()
			with.Status = standing
			said, marked = append(said, eval), append(marked, with)
		}
	}
	if len(said) == 0 {
		return nil
	}
	// The cache may not have seen the engagement yet.
	if err := r.Reader.Get(ctx, engagement, &v1alpha1.Engagement{}); err == nil {
		return nil
	} else if !apierrors.IsNotFound(err) {
		return fmt.Errorf("reading engagement %s from the API server: %w", engagement, err)
	}
	for i := range said {
		if err := r.Client.Status().Patch(ctx, marked[i], client.MergeFrom(said[i]), fieldOwner); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("marking statement %s: %w", said[i].GetName(), err)
		}
		metrics.CountIgnored(standing.Reason)
	}
	return nil
}

// unjudged says whether nobody has looked at a statement, and it was not made of an engagement that is gone.
func unjudged(standing *v1alpha1.Standing, owners []metav1.OwnerReference) bool {
	return (standing == nil || standing.State == "") && !boundToOther(owners, "")
}
