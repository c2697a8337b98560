package scim

import (
	"context"
	"net/http"

	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// Grant makes an account active, or makes it a member of a group. An account that does not exist is made, inactive where only a
// membership is asked for.
func (p *Provider) Grant(ctx context.Context, request provider.Request) error {
	target := request.Target
	a, err := accessOf(target)
	if err != nil {
		return err
	}
	if err := checkSubject(target.Subject); err != nil {
		return err
	}
	h, err := handleOf(target, a)
	if err != nil {
		return err
	}
	if a.group == "" {
		return explain(persist(func() error { return p.activate(ctx, target, h) }), "activating the account")
	}
	return explain(persist(func() error { return p.join(ctx, target, a, h) }), a.doing("giving"))
}

func (p *Provider) activate(ctx context.Context, target provider.Target, h handle) error {
	u, err := p.ensureUser(ctx, target, h, true)
	if err != nil || u.active() {
		return err
	}
	return p.client.change(ctx, usersPath, u.ID, u.Meta.Version, setActive(true))
}

func (p *Provider) join(ctx context.Context, target provider.Target, a access, h handle) error {
	g, err := p.findGroup(ctx, a, h)
	if err == nil && g == nil && h.group != "" {
		g, err = p.findGroup(ctx, a, handle{})
	}
	if err != nil {
		return err
	}
	if g == nil {
		return provider.Retryable("the service has no group %q: create it, or name another in the profile", a.group)
	}
	u, err := p.ensureUser(ctx, target, h, false)
	if err != nil || g.has(u) {
		return err
	}
	return p.client.change(ctx, groupsPath, g.ID, g.Meta.Version, addMember(u))
}

// ensureUser returns the account of a Target. What a handle names and is gone is not what is to be given again: the name is.
func (p *Provider) ensureUser(ctx context.Context, target provider.Target, h handle, active bool) (*user, error) {
	u, err := p.findUser(ctx, target, h)
	if err == nil && u == nil && h.user != "" {
		u, err = p.findUser(ctx, target, handle{})
	}
	if err != nil || u != nil {
		return u, err
	}
	made := &user{}
	_, err = p.client.do(ctx, call{method: http.MethodPost, path: usersPath, body: newUser{
		Schemas:  []string{userSchema},
		UserName: target.Subject,
		// Only a note of where the account comes from: no use is made of it.
		ExternalID: "longshore:" + provider.NewTarget(p.behind, accountName, target.Subject).Key,
		Active:     active,
	}}, made)
	switch {
	case isStatus(err, http.StatusConflict):
		// Somebody made it in the same moment, or the name is taken by what is not shown.
		return nil, err
	case isType(err, "invalidValue"):
		return nil, provider.Refused("making the account: %w: the service may ask for more than a userName: make the account there, inactive", err)
	case err != nil:
		return nil, explain(err, "making the account")
	}
	return made, checkID(made.ID)
}
