package ldap

import (
	"context"
	"fmt"

	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// Verify asks the directory whether the group lists the account. Only if it does not, it looks for groups through which the account is a
// member.
func (p *Provider) Verify(ctx context.Context, target provider.Target) (provider.Observed, error) {
	m, err := membershipOf(target)
	if err != nil {
		return provider.Observed{}, err
	}
	var observed provider.Observed
	err = p.with(ctx, func(s *session) error {
		at, err := s.locate(m, target.Handle)
		if err != nil {
			return err
		}
		observed, err = s.observe(at)
		return err
	})
	return observed, err
}

func (s *session) observe(at place) (provider.Observed, error) {
	if at.group == nil {
		return provider.Observed{Evidence: fmt.Sprintf("there is no group %s", at.groupDN())}, nil
	}
	listed, err := s.listsAny(at, at.value)
	if err != nil {
		return provider.Observed{}, err
	}
	formerly, err := s.listsAny(at, at.former...)
	if err != nil {
		return provider.Observed{}, err
	}
	group := fmt.Sprintf("group %s%s", at.groupDN(), identified(idOf(at.group)))
	if !listed && !formerly {
		otherwise, err := s.otherwise(at)
		// The handle says that what was meant is still there, and just does not list the account.
		return provider.Observed{Otherwise: otherwise, Handle: at.handle(), Evidence: fmt.Sprintf("%s does not list this account as %s", group, at.attribute)}, err
	}
	observed := provider.Observed{Held: true, Handle: at.handle(), Evidence: fmt.Sprintf("%s lists this account%s as %s", group, identified(idOf(at.account)), at.attribute)}
	switch {
	case at.account == nil:
		observed.Drift = group + " lists an account that does not exist"
	case formerly:
		observed.Drift = group + " lists this account under the name that it had before it was renamed"
	}
	if observed.Drift != "" {
		observed.Evidence = observed.Drift
	}
	return observed, nil
}

func (s *session) listsAny(at place, values ...string) (bool, error) {
	for _, value := range values {
		listed, err := s.lists(at.groupDN(), string(at.attribute), value)
		if err != nil || listed {
			return listed, explain(err, "reading group %s", at.groupDN())
		}
	}
	return false, nil
}

// identified adds the identity of what was just named, where the directory tells.
func identified(i id) string {
	if i == (id{}) {
		return ""
	}
	return " (" + i.String() + ")"
}
