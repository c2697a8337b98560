package scim

import (
	"context"
	"net/http"
	"strings"

	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// configuration is what is read of a ServiceProviderConfig (RFC 7643 §5).
type configuration struct {
	Patch  *feature `json:"patch"`
	Filter *feature `json:"filter"`
}

type feature struct {
	Supported bool `json:"supported"`
}

// probeName is looked for by Probe. That it is not there is as good an answer as any.
const probeName = "longshore-probe"

// Probe asks the service whether it offers what is needed, and looks for an account and a group: a service may tell everybody what it
// offers.
func (p *Provider) Probe(ctx context.Context) error {
	var offered configuration
	_, err := p.client.do(ctx, call{method: http.MethodGet, path: "/ServiceProviderConfig"}, &offered)
	if err != nil {
		return explain(err, "reading what the service offers")
	}
	if offered.Patch == nil && offered.Filter == nil {
		return provider.Refused("reading what the service offers: %w", errNotSCIM)
	}
	var lacking []string
	if offered.Patch == nil || !offered.Patch.Supported {
		lacking = append(lacking, "PATCH")
	}
	if offered.Filter == nil || !offered.Filter.Supported {
		lacking = append(lacking, "filters")
	}
	if len(lacking) > 0 {
		return provider.Refused("the service says that it does not support %s, by which one access is found and changed without touching others: grant it as a manual entitlement", strings.Join(lacking, " and "))
	}
	if _, err := search[user](ctx, p.client, usersPath, "userName", probeName); err != nil {
		return explain(err, "looking for an account")
	}
	_, err = search[group](ctx, p.client, groupsPath, "displayName", probeName)
	return explain(err, "looking for a group")
}
