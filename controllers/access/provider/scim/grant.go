package scim

import (
	"context"
	"net/http"

	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// Grant makes an account active, or makes it a member of a group. An account that does not exist is made inactive first, also for a
// membership alone.
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
	u, err := p.ensureUser(ctx, target, h)
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
	u, err := p.ensureUser(ctx, target, h)
	if err != nil || g.lists(u) {
		return err
	}
	return p.client.change(ctx, groupsPath, g.ID, g.Meta.Version, addMember(u))
}

// ensureUser returns the account of a Target. What a handle names and is gone is not what is to be given again: the name is.
func (p *Provider) ensureUser(ctx context.Context, target provider.Target, h handle) (*user, error) {
	u, err := p.findUser(ctx, target, h)
	if err == nil && u == nil && h.user != "" {
		u, err = p.findUser(ctx, target, handle{})
	}
	if err != nil || u != nil {
		return u, err
	}
	if err := p.makeUser(ctx, target.Subject); err != nil {
		return nil, err
	}
	// Only what is found by its name can be taken away by it: until then nothing is given to the account.
	u, err = p.findUser(ctx, target, handle{})
	if err == nil && u == nil {
		err = provider.Retryable("the service made the account and does not find it by its userName yet")
	}
	return u, err
}

// makeUser fails with a conflict if somebody else made the account in the same moment, or if the name is taken by what is not shown.
func (p *Provider) makeUser(ctx context.Context, subject string) error {
	_, err := p.client.do(ctx, call{method: http.MethodPost, path: usersPath, body: newUser{
		Schemas:  []string{userSchema},
		UserName: subject,
		// Only a note of where the account comes from: no use is made of it.
		ExternalID: "longshore:" + p.target(access{}, subject).Key,
	}}, nil)
	switch {
	case isStatus(err, http.StatusConflict):
		return err
	case isType(err, "invalidValue"):
		return provider.Refused("making the account: %w: the service may ask for more than a userName: make the account there, inactive", err)
	}
	return explain(err, "making the account")
}
