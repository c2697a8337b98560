package ldap

import (
	"context"

	"github.com/go-ldap/ldap/v3"

	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// Grant lists the account in the group.
func (p *Provider) Grant(ctx context.Context, request provider.Request) error {
	m, err := membershipOf(request.Target)
	if err != nil {
		return err
	}
	if err := p.checkBelow(m.group); err != nil {
		return err
	}
	return p.with(ctx, func(s *session) error {
		at, err := s.locate(m, request.Target.Handle)
		switch {
		case err != nil:
			return err
		case at.group == nil:
			return provider.Retryable("group %s does not exist: create it, or name another in the profile", m.group)
		case at.account == nil:
			return provider.Retryable("the worker's account does not exist in the directory: create it, as %s, or correct the worker's identity", s.whereAccountsAre(m))
		}
		if err := s.add(at); err != nil {
			return err
		}
		for _, former := range at.former {
			if err := s.remove(at, former); err != nil {
				return err
			}
		}
		return nil
	})
}

// whereAccountsAre says where an account is looked for, without naming it.
func (s *session) whereAccountsAre(m membership) string {
	if m.byName() {
		return "an entry below " + s.base.String() + " with this uid, in the same letters"
	}
	return m.accounts.String()
}

// add has a group list an account under its present name.
func (s *session) add(at place) error {
	change := ldap.NewModifyRequest(at.groupDN(), nil)
	change.Add(string(at.attribute), []string{at.value})
	err := s.conn.Modify(change)
	// Active Directory says of a value that it exists what others say of an entry.
	if ldap.IsErrorAnyOf(err, ldap.LDAPResultAttributeOrValueExists, ldap.LDAPResultEntryAlreadyExists) {
		return nil
	}
	return explain(err, "listing the account in group %s", at.groupDN())
}
