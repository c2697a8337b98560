package scim

import (
	"context"
	"net/http"

	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// Revoke makes an account inactive, or takes it out of a group. An account is never deleted: records hang on it. It makes no difference
// who gave what is taken away: the service does not tell.
func (p *Provider) Revoke(ctx context.Context, target provider.Target, _ provider.RevokeOptions) error {
	a, err := accessOf(target)
	if err != nil {
		return err
	}
	if a.group == "" {
		return explain(persist(func() error { return p.deactivate(ctx, target, a) }), "deactivating the account")
	}
	return explain(persist(func() error { return p.leave(ctx, target, a) }), a.doing("revoking"))
}

func (p *Provider) deactivate(ctx context.Context, target provider.Target, a access) error {
	u, _, err := p.find(ctx, target, a)
	if err != nil || u == nil || u.Active != nil && !*u.Active {
		return err
	}
	return p.client.change(ctx, usersPath, u.ID, u.Meta.Version, setActive(false))
}

func (p *Provider) leave(ctx context.Context, target provider.Target, a access) error {
	u, g, err := p.find(ctx, target, a)
	if err != nil || u == nil || g == nil {
		return err
	}
	// A group that lists nobody may be one whose members the service does not list.
	if len(g.Members) > 0 && !g.lists(u) {
		return nil
	}
	err = p.client.change(ctx, groupsPath, g.ID, g.Meta.Version, removeMember(u))
	switch {
	case isType(err, "noTarget"):
		return nil
	case isStatus(err, http.StatusBadRequest), isStatus(err, http.StatusNotImplemented):
		// Any wider path would take others' access with it.
		return provider.Refused("%w: the service does not take one member out of group %q by the filter in a path: take the account out of the group there", err, a.group)
	}
	return err
}
