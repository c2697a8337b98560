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

func TestLeadingAProviderThatHoldsAccessElsewhereNeedsTheVerbForgive(t *testing.T) {
	directory := func(p *v1alpha1.AccessProvider) {
		p.Spec = v1alpha1.AccessProviderSpec{
			Type: v1alpha1.ProviderLDAP, Endpoint: "ldaps://ldap.example.com", CredentialsRef: &v1alpha1.LocalReference{Name: "credentials"},
			LDAP: &v1alpha1.LDAPDirectory{BaseDN: "dc=example,dc=com", UserDN: "uid={subject},dc=example,dc=com"},
		}
	}
	holding := func(granted, owed int32) *v1alpha1.AccessProvider {
		p := created(t, sam, with(provider(), directory))
		p.Status = v1alpha1.AccessProviderStatus{Granted: granted, Owed: owed}
		must(t, as(t, operator).Status().Update(t.Context(), p))
		return p
	}
	idle, granting, owing := holding(0, 0), holding(1, 0), holding(0, 1)
	endpoint := func(p *v1alpha1.AccessProvider) { p.Spec.Endpoint = "ldaps://ldap-2.example.com" }
	const want = "forgive: changing endpoint, credentialsRef, caBundleRef or ldap needs the verb forgive on accessproviders/"
	runAll(t, []attempt{
		{"to another endpoint while access is held", "it would be looked for in another directory", ed, updating(granting, endpoint), want + granting.Name},
		{"to another endpoint while a revocation is owed", "it would be proven in another directory", ed, updating(owing, endpoint), want + owing.Name},
		{"to other credentials", "they may be another directory's", ed, updating(granting, func(p *v1alpha1.AccessProvider) { p.Spec.CredentialsRef.Name = "others" }), want},
		{"to another part of the directory", "what was given may be outside of it", ed, updating(granting, func(p *v1alpha1.AccessProvider) { p.Spec.LDAP.BaseDN = "ou=b,dc=example,dc=com" }), want},
		{"vouched for by others", "they may vouch for another directory", ed, updating(owing, func(p *v1alpha1.AccessProvider) { p.Spec.CABundleRef = &v1alpha1.LocalReference{Name: "others"} }), want + owing.Name},
		{"with the verb", "security answers for it", sam, updating(granting, endpoint), ""},
		{"while nothing is held or owed", "nothing can be looked for", ed, updating(idle, endpoint), ""},
		{"to another timeout", "it leads nowhere else", ed, updating(granting, func(p *v1alpha1.AccessProvider) { p.Spec.MaxConcurrent = 2 }), ""},
	})
}
