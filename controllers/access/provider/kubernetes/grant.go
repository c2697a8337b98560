package kubernetes

import (
	"context"
	"fmt"
	"maps"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// Grant makes the Target's binding, or makes it what it should be.
func (p *Provider) Grant(ctx context.Context, request provider.Request) error {
	s, err := p.scopeOf(request.Target)
	if err != nil {
		return err
	}
	if err := checkSubject(request.Target.Subject); err != nil {
		return err
	}
	if err := p.checkCluster(ctx, request.Target); err != nil {
		return err
	}
	if err := p.mayBind(ctx, s.clusterRole); err != nil {
		return err
	}
	if err := p.roleExists(ctx, s.clusterRole); err != nil {
		return err
	}
	b := desired(s, request.Target)
	err = p.writer.Create(ctx, b.Object)
	switch {
	case apierrors.IsAlreadyExists(err):
		return p.repair(ctx, s, request.Target)
	case apierrors.IsNotFound(err):
		return provider.Retryable("creating %s: namespace %s does not exist: create it, or take it out of the profile", b, s.namespace)
	}
	return explain(withoutSubject(err, request.Target), "creating %s", b)
}

// mayBind refuses a ClusterRole that the installer did not list. The API server alone is not enough: it lets the operator bind any role
// whose rules the operator has itself.
func (p *Provider) mayBind(ctx context.Context, clusterRole string) error {
	allowed, err := p.may(ctx, authorizationv1.ResourceAttributes{
		Group: rbacv1.GroupName, Resource: "clusterroles", Verb: "bind", Name: clusterRole,
	})
	if err != nil || allowed {
		return err
	}
	who, bindRole := p.caller()
	return provider.Refused("%s may not bind ClusterRole %s: add it to the resourceNames of ClusterRole %s", who, clusterRole, bindRole)
}

func (p *Provider) may(ctx context.Context, what authorizationv1.ResourceAttributes) (bool, error) {
	review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &what}}
	if err := p.writer.Create(ctx, review); err != nil {
		return false, explain(err, "asking for the right to %s %s %s", what.Verb, what.Resource, what.Name)
	}
	return review.Status.Allowed, nil
}

// roleExists refuses to bind a ClusterRole that gives nothing because it is not there.
func (p *Provider) roleExists(ctx context.Context, name string) error {
	role := &metav1.PartialObjectMetadata{}
	role.SetGroupVersionKind(rbacv1.SchemeGroupVersion.WithKind("ClusterRole"))
	err := p.reader.Get(ctx, client.ObjectKey{Name: name}, role)
	if apierrors.IsNotFound(err) {
		return provider.Retryable("ClusterRole %s does not exist: create it, or name another in the profile", name)
	}
	return explain(err, "reading ClusterRole %s", name)
}

// repair makes a binding that is there what it should be.
func (p *Provider) repair(ctx context.Context, s scope, target provider.Target) error {
	b := blank(s, target)
	if err := p.reader.Get(ctx, client.ObjectKeyFromObject(b), b.Object); err != nil {
		return explain(err, "reading %s", b)
	}
	if b.drift(s, target) == "" {
		return nil
	}
	want := desired(s, target)
	// What is bound cannot be changed in place.
	if *b.role != *want.role || !b.GetDeletionTimestamp().IsZero() {
		if err := p.remove(ctx, b); err != nil {
			return fmt.Errorf("replacing what is not as Longshore made it: %w", err)
		}
		return explain(withoutSubject(p.writer.Create(ctx, want.Object), target), "creating %s again", b)
	}
	*b.subjects = *want.subjects
	merged := maps.Clone(b.GetLabels())
	if merged == nil {
		merged = map[string]string{}
	}
	maps.Copy(merged, want.GetLabels())
	b.SetLabels(merged)
	// The resource version that was read goes with it: a change by somebody else in between is read first.
	return explain(withoutSubject(p.writer.Update(ctx, b.Object), target), "restoring %s", b)
}
