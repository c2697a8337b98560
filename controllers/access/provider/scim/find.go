package scim

import (
	"context"
	"errors"
	"net/http"

	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// find returns the account of a Target and, for a membership, the group with its members. What the service does not have is nil. A handle
// says by ids what is meant: names change, and what bears the name by then may be another's.
func (p *Provider) find(ctx context.Context, target provider.Target, a access) (*user, *group, error) {
	h, err := handleOf(target, a)
	if err != nil {
		return nil, nil, err
	}
	u, err := p.findUser(ctx, target, h)
	if err != nil || u == nil || a.group == "" {
		return u, nil, err
	}
	g, err := p.findGroup(ctx, a, h)
	return u, g, err
}

func (p *Provider) findUser(ctx context.Context, target provider.Target, h handle) (*user, error) {
	var u *user
	var err error
	if h.user != "" {
		u, err = read[user](ctx, p.client, usersPath, h.user)
	} else {
		u, err = search[user](ctx, p.client, usersPath, "userName", target.Subject)
	}
	return u, explain(err, "reading the account")
}

// findGroup reads a group twice if it is found by its name: a search leaves the members out.
func (p *Provider) findGroup(ctx context.Context, a access, h handle) (*group, error) {
	id := h.group
	if id == "" {
		found, err := search[group](ctx, p.client, groupsPath, "displayName", a.group)
		if err != nil || found == nil {
			return nil, explain(err, a.doing("looking for the group of"))
		}
		id = found.ID
	}
	g, err := read[group](ctx, p.client, groupsPath, id)
	return g, explain(err, a.doing("reading the group of"))
}

// holds says whether an account is a member of a group. Where a group may be very large, services do not list its members: of a group
// that lists nobody they are asked for the one. Those that do not know the question are taken at their word if they say that there are none,
// and not if they just say nothing of members.
func (p *Provider) holds(ctx context.Context, a access, g *group, u *user) (bool, error) {
	if len(g.Members) > 0 {
		return g.lists(u), nil
	}
	found, err := searchAll[group](ctx, p.client, groupsPath, equals("id", g.ID)+" and "+equals("members.value", u.ID))
	if isStatus(err, http.StatusBadRequest) || isStatus(err, http.StatusNotImplemented) {
		if g.Members == nil {
			return false, provider.Refused("%s: the service says nothing of the members of group %q, nor whether it has this one, so that nothing could be proven: have somebody else in the group who is listed, or grant it as a manual entitlement", a.doing("reading"), a.group)
		}
		return false, nil
	}
	// More than the one would be an answer to another question.
	return len(found) == 1 && found[g.ID] != nil, explain(err, a.doing("asking for"))
}

// attempts is how often what was changed between reading and writing is read again within one call: as many times as others may be
// writing at once.
const attempts = provider.DefaultMaxConcurrent

// again says whether a resource is to be read again: it was changed, removed or made by somebody else since it was. That reading failed,
// which is explained by then, is no reason.
func again(err error) bool {
	var explained *provider.Error
	return !errors.As(err, &explained) &&
		(isStatus(err, http.StatusPreconditionFailed) || isStatus(err, http.StatusNotFound) || isStatus(err, http.StatusConflict))
}

// persist repeats a step while somebody else gets in between.
func persist(step func() error) error {
	var err error
	for range attempts {
		if err = step(); !again(err) {
			return err
		}
	}
	return err
}
