package ldap

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// directory is an AccessProvider and its keys, to be changed by a test.
func directory(change ...func(*provider.Connection)) provider.Connection {
	c := provider.Connection{
		Behind: &v1alpha1.AccessProvider{
			ObjectMeta: metav1.ObjectMeta{Name: "directory"},
			Spec: v1alpha1.AccessProviderSpec{
				Type:           v1alpha1.ProviderLDAP,
				Endpoint:       "ldaps://ldap.example.com",
				CredentialsRef: &v1alpha1.LocalReference{Name: "directory"},
				LDAP:           &v1alpha1.LDAPDirectory{BaseDN: "dc=example,dc=com", UserDN: "uid={subject},ou=people,dc=example,dc=com"},
			},
		},
		Credentials: map[string][]byte{v1alpha1.CredentialUsername: []byte("cn=longshore"), v1alpha1.CredentialPassword: []byte("secret")},
	}
	for _, c2 := range change {
		c2(&c)
	}
	return c
}

func opened(t *testing.T, change ...func(*provider.Connection)) provider.Provider {
	t.Helper()
	p, err := Type().Open(directory(change...))
	if err != nil {
		t.Fatalf("opening the provider: %v", err)
	}
	return p
}

func byUserName(c *provider.Connection) {
	c.Behind.Spec.LDAP = &v1alpha1.LDAPDirectory{BaseDN: "dc=example,dc=com", MemberAttribute: v1alpha1.LDAPMemberUID}
}

func entitlement(group string) v1alpha1.Entitlement {
	return v1alpha1.Entitlement{Name: "wiki", LDAP: &v1alpha1.LDAPEntitlement{Group: group}}
}

func TestATargetsNameIsEnoughToRevokeBy(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*provider.Connection)
		group  string
		want   string
		value  string
	}{
		"by distinguished name": {
			change: func(*provider.Connection) {},
			group:  "cn=designers,ou=groups,dc=example,dc=com",
			want:   "LDAP:cn=designers,ou=groups,dc=example,dc=com?member?uid={subject},ou=people,dc=example,dc=com",
			value:  `uid=ada\, lady,ou=people,dc=example,dc=com`,
		},
		"by unique name": {
			change: func(c *provider.Connection) { c.Behind.Spec.LDAP.MemberAttribute = v1alpha1.LDAPUniqueMember },
			group:  "cn=designers,ou=groups,dc=example,dc=com",
			want:   "LDAP:cn=designers,ou=groups,dc=example,dc=com?uniqueMember?uid={subject},ou=people,dc=example,dc=com",
			value:  `uid=ada\, lady,ou=people,dc=example,dc=com`,
		},
		"by user name": {
			change: byUserName,
			group:  "cn=designers,ou=groups,dc=example,dc=com",
			want:   "LDAP:cn=designers,ou=groups,dc=example,dc=com?memberUid",
			value:  "ada, lady",
		},
		"with the characters that part a name": {
			change: func(c *provider.Connection) {
				c.Behind.Spec.LDAP.UserDN = "uid={subject},ou=50%25 who?,dc=example,dc=com"
			},
			group: "cn=who? 100%,dc=example,dc=com",
			want:  "LDAP:cn=who%3F 100%25,dc=example,dc=com?member?uid={subject},ou=50%2525 who%3F,dc=example,dc=com",
			value: `uid=ada\, lady,ou=50%25 who?,dc=example,dc=com`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			targets, err := opened(t, test.change).Resolve(entitlement(test.group), "ada, lady")
			if err != nil {
				t.Fatalf("resolving: %v", err)
			}
			if got := targets[0].Name; got != test.want {
				t.Errorf("the target is named %s, expected %s", got, test.want)
			}
			m, err := membershipOf(targets[0])
			if err != nil {
				t.Fatalf("reading the name back: %v", err)
			}
			if m.value() != test.value || m.group.String() != mustParse(t, test.group).String() {
				t.Errorf("the name is read back as %s in %s, expected %s in %s", m.value(), m.group, test.value, test.group)
			}
			if again := m.target(directory().Behind); again != targets[0] {
				t.Errorf("what was read back is named %+v, expected %+v", again, targets[0])
			}
		})
	}
}

func TestANameThatThisProviderDidNotWriteIsRefused(t *testing.T) {
	p := opened(t)
	for name, why := range map[string]string{
		"":         "it is empty",
		"nonsense": "it has no type",
		"Kubernetes:cn=a,dc=com?member?uid={subject},dc=com": "it is another provider's",
		"LDAP:":            "it names nothing",
		"LDAP:cn=a,dc=com": "it has no attribute",
		"LDAP:cn=a,dc=com?owner?uid={subject},dc=com":            "no group lists its members so",
		"LDAP:cn=a,dc=com?member":                                "it does not say where accounts are",
		"LDAP:cn=a,dc=com?member?uid=ada,dc=com":                 "it names one account for all",
		"LDAP:cn=a,dc=com?memberUid?uid={subject},dc=com":        "user names need no pattern",
		"LDAP:designers?member?uid={subject},dc=com":             "the group has no distinguished name",
		"LDAP:cn=a,dc=com?member?{subject}":                      "accounts have no distinguished name",
		"LDAP:cn=a,dc=com?member?uid={subject},dc=com?sub?(a=b)": "it says more",
	} {
		target := provider.Target{Name: name, Subject: "ada"}
		if _, err := p.Verify(t.Context(), target); !provider.IsRefused(err) {
			t.Errorf("reading back %q ended with %v, expected a refusal: %s", name, err, why)
		}
		if err := p.Grant(t.Context(), provider.Request{Target: target}); !provider.IsRefused(err) {
			t.Errorf("granting %q ended with %v, expected a refusal: %s", name, err, why)
		}
		if err := p.Revoke(t.Context(), target, provider.RevokeOptions{}); !provider.IsRefused(err) {
			t.Errorf("revoking %q ended with %v, expected a refusal: %s", name, err, why)
		}
	}
}

func TestOneAccessHasOneKeyHoweverItIsSpelled(t *testing.T) {
	const group = "cn=designers,ou=groups,dc=example,dc=com"
	spelled := func(c *provider.Connection) {
		c.Behind.Spec.LDAP.UserDN = "UID={subject}, OU=People, DC=example, DC=com"
	}
	elsewhere := func(c *provider.Connection) { c.Behind.Spec.LDAP.UserDN = "cn={subject},ou=people,dc=example,dc=com" }
	unique := func(c *provider.Connection) { c.Behind.Spec.LDAP.MemberAttribute = v1alpha1.LDAPUniqueMember }
	none := func(*provider.Connection) {}
	for name, test := range map[string]struct {
		change         func(*provider.Connection)
		group, subject string
		same           bool
	}{
		"the same":                      {none, group, "ada", true},
		"capital letters in a group":    {none, "CN=Designers, ou=groups,dc=example,dc=com", "ada", true},
		"capital letters in an account": {none, group, "Ada", true},
		"spaces around an account":      {none, group, " ada ", true},
		"another spelling of accounts":  {spelled, group, "ada", true},
		"another account":               {none, group, "adam", false},
		"another group":                 {none, "cn=developers,ou=groups,dc=example,dc=com", "ada", false},
		"other accounts":                {elsewhere, group, "ada", false},
		"another attribute":             {unique, group, "ada", false},
	} {
		first, err := opened(t).Resolve(entitlement(group), "ada")
		if err != nil {
			t.Fatalf("resolving: %v", err)
		}
		second, err := opened(t, test.change).Resolve(entitlement(test.group), test.subject)
		if err != nil {
			t.Fatalf("%s: resolving: %v", name, err)
		}
		if same := first[0].Key == second[0].Key; same != test.same || second[0].Subject != test.subject {
			t.Errorf("%s: %+v and %+v share their key: %v, expected %v", name, first[0], second[0], same, test.same)
		}
	}
	// Systems that read user names tell ada from Ada.
	p := opened(t, byUserName)
	lower, err := p.Resolve(entitlement(group), "ada")
	if err != nil {
		t.Fatal(err)
	}
	upper, err := p.Resolve(entitlement(group), "Ada")
	if err != nil {
		t.Fatal(err)
	}
	if lower[0].Key == upper[0].Key {
		t.Error("two user names share a key")
	}
}

func TestAnEntitlementThatCannotBeGivenIsRefused(t *testing.T) {
	long := "cn=" + strings.Repeat("x", 490) + ",dc=example,dc=com"
	for name, e := range map[string]v1alpha1.Entitlement{
		"of another kind":              {Name: "wiki", Manual: &v1alpha1.ManualEntitlement{Item: "laptop"}},
		"without a distinguished name": entitlement("designers"),
		"of nothing":                   entitlement(""),
		"not below the base":           entitlement("cn=designers,dc=example,dc=org"),
		"of the base itself":           entitlement("dc=example,dc=com"),
		"too long to be stored":        entitlement(long),
	} {
		longAccounts := func(c *provider.Connection) {
			c.Behind.Spec.LDAP.UserDN = "uid={subject},ou=" + strings.Repeat("y", 480) + ",dc=example,dc=com"
		}
		targets, err := opened(t, longAccounts).Resolve(e, "ada")
		if len(targets) > 0 || !provider.IsRefused(err) {
			t.Errorf("an entitlement %s was resolved to %v and %v, expected a refusal", name, targets, err)
		}
	}
}

func TestADirectoryThatIsNotWellDescribedIsRefused(t *testing.T) {
	for says, change := range map[string]func(*provider.Connection){
		"create it again": func(c *provider.Connection) {
			c.Behind = &v1alpha1.AccessProvider{ObjectMeta: metav1.ObjectMeta{Name: "gone"}, Spec: v1alpha1.AccessProviderSpec{Type: v1alpha1.ProviderLDAP}}
		},
		"neither ldaps://host[:port] nor":           func(c *provider.Connection) { c.Behind.Spec.Endpoint = "https://ldap.example.com" },
		"spec.endpoint":                             func(c *provider.Connection) { c.Behind.Spec.Endpoint = "ldaps://" },
		"baseDN that is no distinguished name":      func(c *provider.Connection) { c.Behind.Spec.LDAP.BaseDN = "example.com" },
		"userDN that is no distinguished name":      func(c *provider.Connection) { c.Behind.Spec.LDAP.UserDN = "{subject}@example.com" },
		"userDN that is not below":                  func(c *provider.Connection) { c.Behind.Spec.LDAP.UserDN = "uid={subject},dc=example,dc=org" },
		"userDN without {subject}":                  func(c *provider.Connection) { c.Behind.Spec.LDAP.UserDN = "uid=ada,dc=example,dc=com" },
		`memberAttribute "owner"`:                   func(c *provider.Connection) { c.Behind.Spec.LDAP.MemberAttribute = "owner" },
		"has no spec.credentialsRef":                func(c *provider.Connection) { c.Behind.Spec.CredentialsRef = nil },
		"has no key " + v1alpha1.CredentialUsername: func(c *provider.Connection) { delete(c.Credentials, v1alpha1.CredentialUsername) },
		"has no key " + v1alpha1.CredentialPassword: func(c *provider.Connection) { c.Credentials[v1alpha1.CredentialPassword] = []byte{} },
	} {
		_, err := Type().Open(directory(change))
		if !provider.IsRefused(err) || !strings.Contains(err.Error(), says) {
			t.Errorf("opening ended with %v, expected a refusal that says %q", err, says)
		}
	}
	unverifiable := opened(t, func(c *provider.Connection) {
		c.Behind.Spec.CABundleRef, c.CABundle = &v1alpha1.LocalReference{Name: "authorities"}, []byte("no certificate")
	})
	if err := unverifiable.Probe(t.Context()); !provider.IsRefused(err) || !strings.Contains(err.Error(), "ConfigMap authorities") {
		t.Errorf("probing without a certificate authority ended with %v, expected a refusal that names the ConfigMap", err)
	}
}

func TestTheServersAddressIsReadFromTheEndpoint(t *testing.T) {
	for endpoint, want := range map[string]Provider{
		"ldaps://ldap.example.com":      {host: "ldap.example.com", address: "ldap.example.com:636", encrypted: true},
		"ldaps://ldap.example.com:3269": {host: "ldap.example.com", address: "ldap.example.com:3269", encrypted: true},
		"ldap://ldap.example.com/":      {host: "ldap.example.com", address: "ldap.example.com:389"},
		"ldap://[::1]:1389":             {host: "::1", address: "[::1]:1389"},
		"ldaps://[2001:db8::1]":         {host: "2001:db8::1", address: "[2001:db8::1]:636", encrypted: true},
	} {
		got := &Provider{behind: directory().Behind}
		if err := got.locate(endpoint); err != nil || got.host != want.host || got.address != want.address || got.encrypted != want.encrypted {
			t.Errorf("%s was read as %s at %s, TLS %v, and %v; expected %s at %s, TLS %v", endpoint, got.host, got.address, got.encrypted, err, want.host, want.address, want.encrypted)
		}
	}
}
