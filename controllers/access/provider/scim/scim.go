// Package scim gives access in services that are provisioned by SCIM 2.0 (RFC 7643 and RFC 7644): active accounts, and membership of groups.
package scim

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// Provider gives access by SCIM.
type Provider struct {
	client *client
	behind *v1alpha1.AccessProvider
}

var _ provider.Provider = (*Provider)(nil)

// Type is any service that speaks SCIM 2.0.
func Type() provider.Type {
	return provider.Type{Open: func(c provider.Connection) (provider.Provider, error) {
		client, err := newClient(c)
		if err != nil {
			return nil, err
		}
		return &Provider{client: client, behind: c.Behind}, nil
	}}
}

// Capabilities says that SCIM knows neither marks on memberships nor expiry. Nor does it end sessions: a service may let those that are
// open run on after active became false.
func (*Provider) Capabilities() provider.Capabilities { return provider.Capabilities{} }

// Resolve gives the active account as the first Target, and then one for each group.
func (p *Provider) Resolve(entitlement v1alpha1.Entitlement, subject string) ([]provider.Target, error) {
	wanted := entitlement.SCIM
	if wanted == nil {
		return nil, provider.Refused("entitlement %s says nothing about scim, which AccessProvider %s is for", entitlement.Name, p.behind.Name)
	}
	if err := checkSubject(subject); err != nil {
		return nil, err
	}
	targets := []provider.Target{p.target(access{}, subject)}
	for _, group := range wanted.Groups {
		if strings.TrimSpace(group) == "" || !utf8.ValidString(group) || strings.ContainsFunc(group, unicode.IsControl) {
			return nil, provider.Refused("entitlement %s names no group that can exist: %q", entitlement.Name, group)
		}
		targets = append(targets, p.target(access{group: group}, subject))
	}
	return targets, nil
}

// target names an access. Its key is the same however profiles and identities spell the names, as it is for the service: they are one access,
// and who gives it up while another holds it must know.
func (p *Provider) target(a access, subject string) provider.Target {
	target := provider.NewTarget(p.behind, a.String(), subject)
	target.Key = provider.NewTarget(p.behind, strings.ToLower(a.String()), strings.ToLower(subject)).Key
	return target
}

// checkSubject refuses what is no userName. The message does not repeat it: it may be somebody's name.
func checkSubject(subject string) error {
	switch {
	case strings.TrimSpace(subject) == "":
		return provider.Refused("the worker's identity has no userName")
	case !utf8.ValidString(subject), strings.TrimSpace(subject) != subject,
		strings.ContainsFunc(subject, func(r rune) bool { return !unicode.IsPrint(r) }):
		return provider.Refused("the worker's identity has characters around or in it that cannot be seen: no userName has them")
	}
	return nil
}

// access is what a Target names: membership of a group by its displayName or, without one, an active account.
type access struct{ group string }

const (
	accountName = "account"
	groupPrefix = "groups/"
)

func (a access) String() string {
	if a.group == "" {
		return accountName
	}
	return groupPrefix + a.group
}

// accessOf reads what String wrote.
func accessOf(target provider.Target) (access, error) {
	kind, name := provider.TypeOf(target.Name)
	if kind != v1alpha1.ProviderSCIM {
		return access{}, provider.Refused("target %q is not one of SCIM", target.Name)
	}
	if name == accountName {
		return access{}, nil
	}
	group, found := strings.CutPrefix(name, groupPrefix)
	if !found || group == "" {
		return access{}, provider.Refused("target %q is neither an account nor a group", target.Name)
	}
	return access{group: group}, nil
}

// doing says in words what an access is, for errors.
func (a access) doing(verb string) string {
	if a.group == "" {
		return verb + " the account"
	}
	return fmt.Sprintf("%s membership of group %q", verb, a.group)
}
