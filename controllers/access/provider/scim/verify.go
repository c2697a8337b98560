package scim

import (
	"context"
	"fmt"

	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// Verify reads the account and, for a membership, the group. Without a handle, what the access would be given on or to is not there.
func (p *Provider) Verify(ctx context.Context, target provider.Target) (provider.Observed, error) {
	a, err := accessOf(target)
	if err != nil {
		return provider.Observed{}, err
	}
	u, g, err := p.find(ctx, target, a)
	switch {
	case err != nil:
		return provider.Observed{}, err
	case u == nil:
		return provider.Observed{Evidence: "the service has no such account" + byHandle(target)}, nil
	case a.group != "":
		return p.observeMembership(ctx, target, a, u, g)
	case !u.active():
		return provider.Observed{Handle: handle{user: u.ID}.String(), Evidence: "the account is not active"}, nil
	default:
		return provider.Observed{Held: true, Handle: handle{user: u.ID}.String(), Evidence: "the account is active" + renamed(target.Subject, u.UserName)}, nil
	}
}

func (p *Provider) observeMembership(ctx context.Context, target provider.Target, a access, u *user, g *group) (provider.Observed, error) {
	if g == nil {
		return provider.Observed{Evidence: fmt.Sprintf("the service has no group %q", a.group) + byHandle(target)}, nil
	}
	held, err := p.holds(ctx, a, g, u)
	if err != nil {
		return provider.Observed{}, err
	}
	observed := provider.Observed{Held: held, Handle: handle{user: u.ID, group: g.ID}.String()}
	name := fmt.Sprintf("group %q (id %s)", a.group, g.ID)
	switch {
	case held:
		observed.Evidence = "the account is among the members of " + name + renamed(a.group, g.DisplayName)
	case len(g.Members) == 0:
		observed.Evidence = name + " lists no members"
	default:
		observed.Evidence = "the account is not among the members of " + name
	}
	return observed, nil
}

// byHandle says that something was looked for by its id, and not by its name.
func byHandle(target provider.Target) string {
	if target.Handle == "" {
		return ""
	}
	return " any more, by its id"
}

// renamed says that what was found by its id has another name by now.
func renamed(asked, is string) string {
	if sameName(asked, is) {
		return ""
	}
	return ", renamed since it was granted"
}
