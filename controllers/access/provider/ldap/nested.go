package ldap

import (
	"fmt"

	"github.com/go-ldap/ldap/v3"
)

// otherwise says through what else the account is a member of the group; nothing if through nothing.
func (s *session) otherwise(at place) (string, error) {
	if at.byName() {
		return primary(at), nil
	}
	through, err := s.nested(at)
	if err != nil {
		return "", explain(err, "looking for the groups of the account")
	}
	if through == "" {
		return "", nil
	}
	return fmt.Sprintf("this account is in group %s through group %s, which is a member of it", at.groupDN(), through), nil
}

// primary says whether the group is the one that the account's own entry names, which makes it a member without being listed.
func primary(at place) string {
	if at.account == nil || at.group == nil {
		return ""
	}
	number := at.group.GetEqualFoldAttributeValue(gid)
	if number == "" || at.account.GetEqualFoldAttributeValue(gid) != number {
		return ""
	}
	return fmt.Sprintf("group %s is the primary group of this account (%s %s)", at.groupDN(), gid, number)
}

// nested follows the groups of the account, and the groups of those, until it comes to the group. It returns through which group it came, or
// nothing. Groups may be members of each other in a circle.
func (s *session) nested(at place) (string, error) {
	account := at.value
	if at.account != nil {
		account = at.account.DN
	}
	target, queue, visited := idOf(at.group), []string{account}, map[string]bool{}
	for len(queue) > 0 {
		member := queue[0]
		queue = queue[1:]
		groups, err := s.search(equals(string(at.attribute), member), idAttributes()...)
		if err != nil {
			return "", err
		}
		for _, group := range groups {
			switch {
			case isGroup(group, at, target):
				// That the group lists the account itself by now is told when it is next read.
				if member != account {
					return member, nil
				}
			case !visited[group.DN]:
				visited[group.DN] = true
				queue = append(queue, group.DN)
			}
		}
	}
	return "", nil
}

func isGroup(group *ldap.Entry, at place, target id) bool {
	if target != (id{}) {
		return idOf(group) == target
	}
	return group.DN == at.groupDN()
}
