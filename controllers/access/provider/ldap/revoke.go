package ldap

import (
	"context"
	"slices"

	"github.com/go-ldap/ldap/v3"

	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// Revoke takes the account out of the group. With Preexisting it does the same: a group does not say who listed an account. What an account
// has by a group that is a member of the group is more than one membership, and is left to people.
func (p *Provider) Revoke(ctx context.Context, target provider.Target, options provider.RevokeOptions) error {
	m, err := membershipOf(target)
	if err != nil {
		return err
	}
	return p.with(ctx, func(s *session) error {
		at, err := s.locate(m, target.Handle)
		if err != nil || at.group == nil {
			return err
		}
		for _, value := range slices.Concat([]string{at.value}, at.former) {
			if err := s.remove(at, value); err != nil {
				return err
			}
		}
		if !options.Preexisting {
			return nil
		}
		otherwise, err := s.otherwise(at)
		if err != nil || otherwise == "" {
			return err
		}
		return provider.Refused("%s, which is more than was decided on: take the account out of that by hand", otherwise)
	})
}

// remove takes one value out of a group, if it is there.
func (s *session) remove(at place, value string) error {
	group, attribute := at.groupDN(), string(at.attribute)
	// Active Directory refuses to remove what is not there in the words for what it does not allow.
	listed, err := s.lists(group, attribute, value)
	if err == nil && listed {
		err = s.removeListed(group, attribute, value)
	}
	return explain(err, "taking the account out of group %s", group)
}

// removeListed takes one value out of a group. A group of which its class requires a member (groupOfNames, groupOfUniqueNames) lists itself
// when the last one goes, in the same change: that lets nobody in. The placeholder stays, because another may have come to rely on it.
func (s *session) removeListed(group, attribute, value string) error {
	err := s.modify(group, attribute, value, false)
	if ldap.IsErrorWithCode(err, ldap.LDAPResultObjectClassViolation) {
		err = s.modify(group, attribute, value, true)
	}
	if ldap.IsErrorWithCode(err, ldap.LDAPResultAttributeOrValueExists) {
		// Somebody was faster: it has the placeholder by now.
		err = s.modify(group, attribute, value, false)
	}
	// The value, or the group, went in between.
	if ldap.IsErrorAnyOf(err, ldap.LDAPResultNoSuchAttribute, ldap.LDAPResultNoSuchObject) {
		return nil
	}
	return err
}

func (s *session) modify(group, attribute, value string, placeholder bool) error {
	change := ldap.NewModifyRequest(group, nil)
	if placeholder {
		change.Add(attribute, []string{group})
	}
	change.Delete(attribute, []string{value})
	return s.conn.Modify(change)
}
