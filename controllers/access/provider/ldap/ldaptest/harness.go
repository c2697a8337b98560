package ldaptest

import (
	"strings"
	"testing"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider/providertest"
	"github.com/longshore-dev/longshore/hack/targets/certs"
)

// hostile are names of accounts with characters that mean something in distinguished names, in filters, or to whoever puts text together.
var hostile = []string{
	"*)(uid=*", "*", `"; DROP ROLE`, "a,ou=groups", "a,ou=groups,dc=example,dc=com", "a+b=c", "a+cn=admin", "#hash", "x#'01'B", " leading", "trailing ",
	"in  between", `back\slash`, `\2a`, `\`, `a\`, "<a>;b", "a=b", "{subject}", "%3F?", "()&|!", "../../groups", "{{.Name}}", "Case",
}

// international names cannot be in groups that list user names, which are ASCII.
var international = []string{"Ärger ßtraße 用户 🚢", "İstanbul", "e\u0301tude"}

// refused are names that no account may have.
var refused = []string{"", " ", "\t", "ada\x00", "\x00", "ada\nbyron", "ada\u200bbyron", "ada\xff", "\u202eada", strings.Repeat("x", 513)}

// Harness holds this way to use the directory to the contract of providers.
func (s *System) Harness(t *testing.T) providertest.Harness {
	t.Helper()
	stranger, err := certs.NewAuthority()
	if err != nil {
		t.Fatalf("making another authority: %v", err)
	}
	wrong := s.Server.Credentials()
	wrong[v1alpha1.CredentialPassword] = []byte("not-the-password")
	h := providertest.Harness{
		Type:             s.Type(),
		Connection:       s.Connection(),
		Entitlement:      s.Entitlement,
		Subject:          s.Subject,
		Refused:          refused,
		Literal:          s.literal(),
		Gives:            s.Gives,
		RemoveByHand:     s.RemoveByHand,
		GiveByHand:       s.GiveByHand,
		RenameByHand:     s.RenameByHand,
		WrongCredentials: wrong,
		WrongCABundle:    stranger.PEM,
	}
	if s.Attribute == v1alpha1.LDAPMemberUID {
		h.Refused = append(append([]string{}, refused...), international...)
	}
	for _, name := range h.Literal {
		s.AddPerson(t, name)
	}
	return h
}

// literal names include long ones: as long as the server allows in an entry's name, which a group of user names does not care about.
func (s *System) literal() []string {
	if s.Attribute == v1alpha1.LDAPMemberUID {
		return append(append([]string{}, hostile...), strings.Repeat("long", 75))
	}
	return append(append(append([]string{}, hostile...), international...), strings.Repeat("long", 60))
}
