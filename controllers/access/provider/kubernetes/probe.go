package kubernetes

import (
	"context"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// needed is what the provider does with bindings of both kinds.
var needed = struct{ resources, verbs []string }{
	resources: []string{"rolebindings", "clusterrolebindings"},
	verbs:     []string{"get", "list", "watch", "create", "update", "delete"},
}

// Probe asks the API server whether the operator may do what it needs to; an answer shows that the server is there.
func (p *Provider) Probe(ctx context.Context) error {
	var missing []string
	for _, resource := range needed.resources {
		for _, verb := range needed.verbs {
			allowed, err := p.may(ctx, authorizationv1.ResourceAttributes{Group: rbacv1.GroupName, Resource: resource, Verb: verb})
			if err != nil {
				return err
			}
			if !allowed {
				missing = append(missing, verb+" "+resource)
			}
		}
	}
	if len(missing) > 0 {
		return provider.Refused("the operator may not %s: apply the operator's own ClusterRole again", strings.Join(missing, ", "))
	}
	return nil
}
