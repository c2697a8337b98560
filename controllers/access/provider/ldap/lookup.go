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
	// above identifies the entry that the group's name is below, and nothing if that may not be seen.
	above id
	// value is what the group has to list.
	value string
	// former are values by which it would list the account under a name that the account does not have any more, nor any other account.
	former []string
}

// locate finds the group and the account of a membership. What a handle identifies is meant, however it is called by now; what nothing has
// the identity of any more is looked for by its name, because whoever made it again may have brought back its members.
func (s *session) locate(m membership, text string) (place, error) {
	known := handleOf(text)
	at := place{membership: m}
	if err := s.findGroup(&at, known); err != nil || at.group == nil {
		return at, err
	}
	var err error
	if m.byName() {
		err = s.locateByName(&at, known.account)
	} else {
		err = s.locateByDN(&at, known.account)
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

// findGroup finds a group, or leaves nil if it is certain that there is none. A group that may not be seen looks like one that is not there, and
// its members would be taken for gone: at least what it is below must be seen. So does a group in another directory: where the group
// itself is not the one that is known, what it is below must be.
func (s *session) findGroup(at *place, known handle) error {
	named := at.membership.group
	group, err := s.find(known.group, gid)
	if err == nil && group == nil {
		group, err = s.read(named.String(), idAttributes(gid)...)
	}
	if err != nil {
		return explain(err, "looking for group %s", named)
	}
	same := group != nil && known.group != id{} && idOf(group) == known.group
	if at.above = known.above; same && at.above != (id{}) {
		at.group = group
		return nil
	}
	above, err := s.read(named.parent().String(), idAttributes()...)
	switch {
	case err != nil:
		return explain(err, "looking for %s", named.parent())
	case group == nil && above == nil:
		return provider.Refused("neither group %s nor %s can be found: if they exist, give the account that Longshore binds as the right to read them; if not, create %s", named, named.parent(), named.parent())
	case known.above != id{} && idOf(above) != known.above:
		return provider.Refused("%s is not the entry below which this was granted, or may not be read any more: lead AccessProvider %s back to that directory and let the account that Longshore binds as read it or, if it is gone for good, declare it in spec.decommissioned", named.parent(), s.behind.Name)
	}
	at.above = idOf(above)
	at.group = group
	return nil
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

// handle identifies the group, the account and the directory.
func (at place) handle() string {
	return handle{idOf(at.group), idOf(at.account), at.above}.String()
}
