package ldap

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

// placeholder stands for the subject in the pattern of accounts' DNs.
const placeholder = "{subject}"

// attributeType is the name or the number of an attribute (RFC 4512, section 1.4).
var attributeType = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9-]*|[0-9]+(\.[0-9]+)*)$`)

// dn is a distinguished name. It is never put together from text: what a value holds cannot become structure.
type dn struct{ rdns []*ldap.RelativeDN }

// parseDN reads RFC 4514.
func parseDN(text string) (dn, error) {
	parsed, err := ldap.ParseDN(text)
	if err != nil {
		return dn{}, err
	}
	if len(parsed.RDNs) == 0 {
		return dn{}, errors.New("it is empty")
	}
	for _, rdn := range parsed.RDNs {
		for _, a := range rdn.Attributes {
			// The parser also takes escaped characters, which would become structure when it is written.
			if !attributeType.MatchString(a.Type) {
				return dn{}, fmt.Errorf("%q is not the name of an attribute", a.Type)
			}
		}
	}
	return dn{parsed.RDNs}, nil
}

// String writes RFC 4514.
func (d dn) String() string { return d.write(ldap.EscapeDN, false) }

// folded is the same for all ways to write a DN that the usual matching rules take for the same (RFC 4518): attributes that name entries
// match without regard to case and to repeated spaces.
func (d dn) folded() string {
	return d.write(func(value string) string { return ldap.EscapeDN(strings.ToLower(squeeze(value))) }, true)
}

// squeeze removes the spaces that directories ignore.
func squeeze(value string) string { return strings.Join(strings.Fields(value), " ") }

func (d dn) write(value func(string) string, fold bool) string {
	rdns := make([]string, len(d.rdns))
	for i, rdn := range d.rdns {
		parts := make([]string, len(rdn.Attributes))
		for j, a := range rdn.Attributes {
			parts[j] = a.Type + "=" + value(a.Value)
			if fold {
				parts[j] = strings.ToLower(a.Type) + "=" + value(a.Value)
			}
		}
		if fold {
			slices.Sort(parts)
		}
		rdns[i] = strings.Join(parts, "+")
	}
	return strings.Join(rdns, ",")
}

// below says whether an entry is somewhere below another.
func (d dn) below(base dn) bool {
	above := len(d.rdns) - len(base.rdns)
	return above > 0 && dn{d.rdns[above:]}.folded() == base.folded()
}

// parent is the entry that this one is directly below.
func (d dn) parent() dn { return dn{d.rdns[1:]} }

func (d dn) holdsSubject() bool { return d.folded() != d.of("").folded() }

// of puts a subject where the pattern has the placeholder.
func (d dn) of(subject string) dn {
	filled := dn{make([]*ldap.RelativeDN, len(d.rdns))}
	for i, rdn := range d.rdns {
		filled.rdns[i] = &ldap.RelativeDN{}
		for _, a := range rdn.Attributes {
			value := strings.ReplaceAll(a.Value, placeholder, subject)
			filled.rdns[i].Attributes = append(filled.rdns[i].Attributes, &ldap.AttributeTypeAndValue{Type: a.Type, Value: value})
		}
	}
	return filled
}
