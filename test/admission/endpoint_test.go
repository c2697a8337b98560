package admission

import (
	"testing"

	. "github.com/onsi/gomega"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

// A directory and a database are known by an identity of their own, which the provider compares: their address may change.
func TestAnAccessProviderKeepsTheServiceThatIsKnownByItsAddressAlone(t *testing.T) {
	for _, test := range []struct {
		kind      v1alpha1.ProviderType
		was, is   string
		directory *v1alpha1.LDAPDirectory
		want      string
	}{
		{v1alpha1.ProviderSCIM, "https://tracker.example.com/v2", "https://tracker.example.com/v2", nil, ""},
		{v1alpha1.ProviderSCIM, "https://tracker.example.com/v2", "https://staging.example.com/v2", nil, "create another AccessProvider"},
		{v1alpha1.ProviderPostgreSQL, "postgres://db.example.com", "postgres://db-2.example.com", nil, ""},
		{v1alpha1.ProviderLDAP, "ldaps://ldap.example.com", "ldaps://ldap-2.example.com", &v1alpha1.LDAPDirectory{BaseDN: "dc=example,dc=com", UserDN: "uid={subject},dc=example,dc=com"}, ""},
	} {
		t.Run(string(test.kind)+" to "+test.is, func(t *testing.T) {
			g := NewWithT(t)
			p := provider()
			p.Name, p.GenerateName = "", "service-"
			p.Spec = v1alpha1.AccessProviderSpec{Type: test.kind, Endpoint: test.was, LDAP: test.directory, CredentialsRef: &v1alpha1.LocalReference{Name: "credentials"}}
			must(t, admin.Create(t.Context(), p))
			p.Spec.Endpoint, p.Spec.MaxConcurrent = test.is, 2
			err := admin.Update(t.Context(), p)
			if test.want == "" {
				g.Expect(err).NotTo(HaveOccurred())
				return
			}
			g.Expect(err).To(MatchError(ContainSubstring(test.want)))
		})
	}
}
