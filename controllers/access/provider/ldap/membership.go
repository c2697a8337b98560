package ldap

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// styles are the attributes by which groups list their members, and whether they hold distinguished names or user names.
var styles = map[v1alpha1.LDAPMemberAttribute]struct{ names bool }{
	v1alpha1.LDAPMember:       {names: false},
	v1alpha1.LDAPUniqueMember: {names: false},
	v1alpha1.LDAPMemberUID:    {names: true},
}

// maxName and maxSubject are what an AccessGrant's status has room for, in characters.
const (
	maxName    = 1024
	maxSubject = 512
)

// membership is what a Target of this provider names: one value of one attribute of one group.
type membership struct {
	attribute v1alpha1.LDAPMemberAttribute
	group     dn
	// accounts is the pattern of accounts' DNs, as it was when the access was given; empty where groups list user names.
	accounts dn
	subject  string
}

// byName says whether the group lists user names, and not distinguished names.
func (m membership) byName() bool { return styles[m.attribute].names }

// value is what the group lists, unless the account was renamed since.
func (m membership) value() string {
	if m.byName() {
		return m.subject
	}
	return m.accounts.of(m.subject).String()
}

// target names the membership as an LDAP URL would (RFC 4516), so that it is enough to revoke by after the AccessProvider was changed:
//
//	cn=designers,ou=groups,dc=example,dc=com?member?uid={subject},ou=people,dc=example,dc=com
//	cn=designers,ou=groups,dc=example,dc=com?memberUid
//
// Its key is the same however a profile or an identity spells the same group and account: they are one access, and who gives it up while
// another holds it must know.
func (m membership) target(behind *v1alpha1.AccessProvider) provider.Target {
	name, canonical, account := part(m.group)+"?"+string(m.attribute), m.group.folded()+"?"+string(m.attribute), squeeze(m.subject)
	if !m.byName() {
		name += "?" + part(m.accounts)
		account = m.accounts.of(m.subject).folded()
	}
	target := provider.NewTarget(behind, name, m.subject)
	target.Key = provider.NewTarget(behind, canonical, account).Key
	return target
}

var (
	escapePart   = strings.NewReplacer("%", "%25", "?", "%3F")
	unescapePart = strings.NewReplacer("%3F", "?", "%25", "%")
)

func part(d dn) string { return escapePart.Replace(d.String()) }

// membershipOf reads what target wrote.
func membershipOf(target provider.Target) (membership, error) {
	kind, name := provider.TypeOf(target.Name)
	parts := strings.Split(name, "?")
	unknown := provider.Refused("target %q is not one of a directory's group", target.Name)
	if kind != v1alpha1.ProviderLDAP || len(parts) < 2 {
		return membership{}, unknown
	}
	m := membership{attribute: v1alpha1.LDAPMemberAttribute(parts[1]), subject: target.Subject}
	style, known := styles[m.attribute]
	if !known || style.names != (len(parts) == 2) || len(parts) > 3 {
		return membership{}, unknown
	}
	var err error
	if m.group, err = parseDN(unescapePart.Replace(parts[0])); err != nil {
		return membership{}, unknown
	}
	if !style.names {
		if m.accounts, err = parseDN(unescapePart.Replace(parts[2])); err != nil || !m.accounts.holdsSubject() {
			return membership{}, unknown
		}
	}
	if err := checkSubject(m.attribute, m.subject); err != nil {
		return membership{}, err
	}
	return m, nil
}

// checkSubject refuses what names no account. The message does not repeat it: it may be somebody's name.
func checkSubject(attribute v1alpha1.LDAPMemberAttribute, subject string) error {
	switch {
	case strings.TrimSpace(subject) == "":
		return provider.Refused("the worker's identity names no account")
	case utf8.RuneCountInString(subject) > maxSubject:
		return provider.Refused("the worker's identity is longer than %d characters", maxSubject)
	// Some of these a directory ignores (RFC 4518, section 2.2), so that the name would be another's.
	case !utf8.ValidString(subject), strings.ContainsFunc(subject, func(r rune) bool { return !unicode.IsPrint(r) }):
		return provider.Refused("the worker's identity has characters in it that cannot be seen: no account's name has them")
	case styles[attribute].names && strings.ContainsFunc(subject, func(r rune) bool { return r > unicode.MaxASCII }):
		return provider.Refused("the worker's identity has characters that %s does not hold (RFC 2307): they are letters, digits and signs of ASCII", attribute)
	}
	return nil
}
