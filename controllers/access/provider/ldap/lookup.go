package ldap

import (
	"slices"

	"github.com/go-ldap/ldap/v3"

	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// uid is the attribute of accounts that holds their user name, and gid that of accounts and groups which holds a group's number (RFC 2307).
const (
	uid = "uid"
	gid = "gidNumber"
)

// place is where in the directory a membership is.
type place struct {
	membership
	// group is nil if there is none; the rest is not looked for then. account is nil if there is none.
	group, account *ldap.Entry
	// value is what the group has to list.
	value string
	// former are values by which it would list the account under a name that the account does not have any more, nor any other account.
	former []string
}

// locate finds the group and the account of a membership. What a handle identifies is meant, however it is called by now; what nothing has
// the identity of any more is looked for by its name, because whoever made it again may have brought back its members.
func (s *session) locate(m membership, handle string) (place, error) {
	groupID, accountID := idsIn(handle)
	at := place{membership: m}
	var err error
	if at.group, err = s.findGroup(m.group, groupID); err != nil || at.group == nil {
		return at, err
	}
	if m.byName() {
		err = s.locateByName(&at, accountID)
	} else {
		err = s.locateByDN(&at, accountID)
	}
	return at, explain(err, "looking for the account")
}

// find returns the entry that the directory identifies so, or nil.
func (s *session) find(i id, attributes ...string) (*ldap.Entry, error) {
	filter := i.filter()
	if filter == "" {
		return nil, nil
	}
	found, err := s.search(filter, idAttributes(attributes...)...)
	if err != nil || len(found) != 1 {
		return nil, err
	}
	return found[0], nil
}

// findGroup returns a group, or nil if it is certain that there is none. A group that may not be seen looks like one that is not there, and
// its members would be taken for gone: at least what it is below must be seen.
func (s *session) findGroup(named dn, known id) (*ldap.Entry, error) {
	group, err := s.find(known, gid)
	if err == nil && group == nil {
		group, err = s.read(named.String(), idAttributes(gid)...)
	}
	if err != nil || group != nil {
		return group, explain(err, "looking for group %s", named)
	}
	above, err := s.read(named.parent().String(), noAttributes)
	if err != nil {
		return nil, explain(err, "looking for %s", named.parent())
	}
	if above == nil {
		return nil, provider.Refused("neither group %s nor %s can be found: if they exist, give the account that Longshore binds as the right to read them; if not, create %s", named, named.parent(), named.parent())
	}
	return nil, nil
}

// noAttributes asks for an entry alone (RFC 4511, section 4.5.1.8).
const noAttributes = "1.1"

// locateByDN finds an account that groups list by its distinguished name.
func (s *session) locateByDN(at *place, known id) error {
	at.value = at.membership.value()
	named, err := s.read(at.value, idAttributes(gid)...)
	if err != nil {
		return err
	}
	if at.account, err = s.find(known, gid); err != nil {
		return err
	}
	switch {
	case at.account == nil:
		at.account = named
	case named == nil:
		// It was renamed. Not every directory changes groups along with that.
		at.former = []string{at.value}
		at.value = at.account.DN
	case idOf(named) != known:
		// It was renamed, and its former name is another account's by now, whose memberships are its own.
		at.value = at.account.DN
	}
	return nil
}

// locateByName finds an account that groups list by its user name. They distinguish capital letters, which the account's entry does not.
func (s *session) locateByName(at *place, known id) error {
	at.value = at.subject
	found, err := s.search(equals(uid, at.subject), idAttributes(uid, gid)...)
	if err != nil {
		return err
	}
	named := slices.IndexFunc(found, func(e *ldap.Entry) bool { return slices.Contains(namesOf(e), at.subject) })
	if at.account, err = s.find(known, uid, gid); err != nil {
		return err
	}
	if at.account == nil {
		if named >= 0 {
			at.account = found[named]
		}
		return nil
	}
	names := namesOf(at.account)
	if slices.Contains(names, at.subject) || len(names) == 0 {
		return nil
	}
	if named < 0 {
		at.former = []string{at.subject}
	}
	at.value = names[0]
	return nil
}

func namesOf(account *ldap.Entry) []string { return account.GetEqualFoldAttributeValues(uid) }

// groupDN is where the group is now, or where it would be.
func (at place) groupDN() string {
	if at.group == nil {
		return at.membership.group.String()
	}
	return at.group.DN
}

// handle identifies the group and the account.
func (at place) handle() string { return handleOf(idOf(at.group), idOf(at.account)) }
