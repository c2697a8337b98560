package kubernetes

import (
	"context"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// Revoke deletes the Target's binding; with Preexisting it takes the subject out of the bindings that others made.
func (p *Provider) Revoke(ctx context.Context, target provider.Target, options provider.RevokeOptions) error {
	s, err := p.scopeOf(target)
	if err != nil {
		return err
	}
	if err := p.checkCluster(ctx, target); err != nil {
		return err
	}
	if options.Preexisting {
		return p.takeOut(ctx, s, target)
	}
	b := blank(s, target)
	err = p.reader.Get(ctx, client.ObjectKeyFromObject(b), b.Object)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return explain(err, "reading %s", b)
	}
	return p.remove(ctx, b)
}

// remove deletes the very binding that was read. A finalizer, which somebody with rights in the namespace may have set to keep their
// access, delays only the object: its subjects are taken out.
func (p *Provider) remove(ctx context.Context, b binding) error {
	err := p.writer.Delete(ctx, b.Object, client.Preconditions{UID: ptr.To(b.GetUID())})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return explain(err, "deleting %s", b)
	}
	err = p.reader.Get(ctx, client.ObjectKeyFromObject(b), b.Object)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return explain(err, "reading %s back", b)
	}
	if b.GetDeletionTimestamp().IsZero() {
		return provider.Retryable("deleting %s: somebody made it again in the same moment", b)
	}
	if len(*b.subjects) > 0 {
		*b.subjects = nil
		if err := p.writer.Update(ctx, b.Object); err != nil {
			return explain(err, "taking the subjects out of %s, which finalizers keep", b)
		}
	}
	return provider.Retryable("deleting %s: it gives nothing any more, but finalizers keep it: %s; whoever set them must take them off", b, strings.Join(b.GetFinalizers(), ", "))
}

// takeOut takes a Target's subject out of every binding that others made in its scope. A binding of the whole cluster gives more than
// the Target names, and is left to people.
func (p *Provider) takeOut(ctx context.Context, s scope, target provider.Target) error {
	same, wider, err := p.others(ctx, s, target)
	if err != nil {
		return err
	}
	for _, b := range same {
		*b.subjects = slices.DeleteFunc(*b.subjects, func(subject rbacv1.Subject) bool { return subject == user(target) })
		if err := p.writer.Update(ctx, b.Object); err != nil && !apierrors.IsNotFound(err) {
			if apierrors.IsForbidden(err) {
				who, bindRole := p.caller()
				return provider.Refused("taking the subject out of %s: %s may not change a binding of ClusterRole %s: add it to the resourceNames of ClusterRole %s, or take the subject out by hand", b, who, s.clusterRole, bindRole)
			}
			return explain(withoutSubject(err, target), "taking the subject out of %s", b)
		}
	}
	if len(wider) > 0 {
		return provider.Refused("%s gives ClusterRole %s in every namespace, which is more than was decided on: take the subject out by hand", enumerate(wider), s.clusterRole)
	}
	return nil
}
