package kubernetes

import (
	"context"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// needed is what the provider does in a cluster. Only its own is watched.
func (p *Provider) needed() []authorizationv1.ResourceAttributes {
	verbs := []string{"get", "list", "create", "update", "delete"}
	if !p.remote() {
		verbs = append(verbs, "watch")
	}
	needed := []authorizationv1.ResourceAttributes{
		{Resource: "namespaces", Verb: "get"},
		{Group: rbacv1.GroupName, Resource: "clusterroles", Verb: "get"},
	}
	for _, resource := range []string{"rolebindings", "clusterrolebindings"} {
		for _, verb := range verbs {
			needed = append(needed, authorizationv1.ResourceAttributes{Group: rbacv1.GroupName, Resource: resource, Verb: verb})
		}
	}
	return needed
}

// Probe asks the API server whether it may be asked for what is needed, and which cluster it is of.
func (p *Provider) Probe(ctx context.Context) error {
	var missing []string
	for _, what := range p.needed() {
		allowed, err := p.may(ctx, what)
		if err != nil {
			return err
		}
		if !allowed {
			missing = append(missing, what.Verb+" "+what.Resource)
		}
	}
	if len(missing) > 0 {
		who, _ := p.caller()
		what := "the operator's own ClusterRole"
		if p.remote() {
			what = "config/remote in that cluster"
		}
		return provider.Refused("%s may not %s: apply %s again", who, strings.Join(missing, ", "), what)
	}
	_, err := p.askCluster(ctx)
	return err
}
