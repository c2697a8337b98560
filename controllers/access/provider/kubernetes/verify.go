package kubernetes

import (
	"context"
	"fmt"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// Verify reads the Target's binding. Only if there is none does it look for others that give the same.
func (p *Provider) Verify(ctx context.Context, target provider.Target) (provider.Observed, error) {
	s, err := p.scopeOf(target)
	if err != nil {
		return provider.Observed{}, err
	}
	b := blank(s, target)
	err = p.reader.Get(ctx, client.ObjectKeyFromObject(b), b.Object)
	if apierrors.IsNotFound(err) {
		return p.observeAbsence(ctx, s, target)
	}
	if err != nil {
		return provider.Observed{}, explain(err, "reading %s", b)
	}
	handle, err := p.cluster(ctx)
	if err != nil {
		return provider.Observed{}, err
	}
	if err := p.compare(target, handle); err != nil {
		return provider.Observed{}, err
	}
	observed := provider.Observed{Held: b.gives(s, target), Drift: b.drift(s, target), Handle: handle}
	if observed.Exact() {
		observed.Evidence = fmt.Sprintf("%s (uid %s) binds ClusterRole %s to this subject alone", b, b.GetUID(), s.clusterRole)
	} else {
		observed.Drift = fmt.Sprintf("%s %s", b, observed.Drift)
		observed.Evidence = observed.Drift
	}
	return observed, nil
}

// observeAbsence asks anew which cluster it is that has no such binding, and whether it is one at all: what is behind an address may change.
// The cluster was found, whatever is missing in it, and is remembered from before the first grant.
func (p *Provider) observeAbsence(ctx context.Context, s scope, target provider.Target) (provider.Observed, error) {
	handle, err := p.askCluster(ctx)
	if err != nil {
		return provider.Observed{}, err
	}
	if err := p.compare(target, handle); err != nil {
		return provider.Observed{}, err
	}
	if s.namespace != "" {
		exists, err := p.namespaceExists(ctx, s.namespace)
		if err != nil {
			return provider.Observed{}, err
		}
		if !exists {
			return provider.Observed{Handle: handle, Evidence: fmt.Sprintf("namespace %s does not exist, and so nothing is bound in it", s.namespace)}, nil
		}
	}
	same, wider, err := p.others(ctx, s, target)
	if err != nil {
		return provider.Observed{}, err
	}
	observed := provider.Observed{Handle: handle, Evidence: fmt.Sprintf("there is no %s", blank(s, target))}
	if found := slices.Concat(same, wider); len(found) > 0 {
		observed.Otherwise = fmt.Sprintf("ClusterRole %s is bound to this subject by %s, not made by Longshore", s.clusterRole, enumerate(found))
	}
	return observed, nil
}

// others finds the bindings that Longshore did not make and that give a Target's subject the ClusterRole: in the same scope, and, for
// a namespace, in the whole cluster.
func (p *Provider) others(ctx context.Context, s scope, target provider.Target) (same, wider []binding, err error) {
	cluster, err := p.othersOfCluster(ctx, s, target)
	if err != nil || s.namespace == "" {
		return cluster, nil, err
	}
	list := &rbacv1.RoleBindingList{}
	if err := p.reader.List(ctx, list, client.InNamespace(s.namespace)); err != nil {
		return nil, nil, explain(err, "listing the RoleBindings of namespace %s", s.namespace)
	}
	for i := range list.Items {
		if b := ofNamespace(&list.Items[i]); b.gives(s, target) && !b.longshores() {
			same = append(same, b)
		}
	}
	return same, cluster, nil
}

func (p *Provider) othersOfCluster(ctx context.Context, s scope, target provider.Target) ([]binding, error) {
	list := &rbacv1.ClusterRoleBindingList{}
	if err := p.reader.List(ctx, list); err != nil {
		return nil, explain(err, "listing the ClusterRoleBindings")
	}
	var found []binding
	for i := range list.Items {
		if b := ofCluster(&list.Items[i]); b.gives(s, target) && !b.longshores() {
			found = append(found, b)
		}
	}
	return found, nil
}

// enumerate names the first few of what was found.
func enumerate(bindings []binding) string {
	const few = 3
	var names []string
	for _, b := range bindings[:min(few, len(bindings))] {
		names = append(names, b.String())
	}
	if more := len(bindings) - few; more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return strings.Join(names, ", ")
}
