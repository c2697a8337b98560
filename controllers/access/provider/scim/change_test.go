package scim_test

import (
	"net/http"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/controllers/access/provider/scim"
	"github.com/longshore-dev/longshore/controllers/access/provider/scim/scimtest"
)

func typeOpen(c provider.Connection) (provider.Provider, error) { return scim.Type().Open(c) }

// versioned is a user in a version.
func versioned(user, version string) string {
	return strings.TrimSuffix(user, "}") + `,"meta":{"version":"W/\"` + version + `\""}}`
}

func TestWhatWasChangedSinceItWasReadIsReadAgain(t *testing.T) {
	g := NewWithT(t)
	active := userOf(userID, subject, true)
	s := newService().
		on("GET /Users", 200, listOf(versioned(active, "1")), 200, listOf(versioned(active, "2"))).
		on("PATCH /Users/"+userID, 412, errorOf(412, ""), 204, "")
	p := open(t, s)
	account, _ := targets(t, p)
	g.Expect(p.Revoke(t.Context(), account, provider.RevokeOptions{})).To(Succeed())
	patches := s.calls(http.MethodPatch)
	g.Expect(patches).To(HaveLen(2))
	g.Expect(patches[0].header.Get("If-Match")).To(Equal(`W/"1"`))
	g.Expect(patches[1].header.Get("If-Match")).To(Equal(`W/"2"`))
}

func TestWhatIsChangedAgainAndAgainIsTriedLater(t *testing.T) {
	g := NewWithT(t)
	s := newService().
		on("GET /Users", 200, listOf(versioned(userOf(userID, subject, true), "1"))).
		on("PATCH /Users/"+userID, 412, errorOf(412, ""))
	p := open(t, s)
	account, _ := targets(t, p)
	err := p.Revoke(t.Context(), account, provider.RevokeOptions{})
	g.Expect(err).To(MatchError(ContainSubstring("412 Precondition Failed")))
	g.Expect(provider.IsRefused(err)).To(BeFalse())
	g.Expect(len(s.calls(http.MethodPatch))).To(BeNumerically("<=", 4))
}

func TestTheVersionOfTheHeaderServesWhereTheBodyHasNone(t *testing.T) {
	g := NewWithT(t)
	s := newService().on("PATCH /Users/"+userID, 204, "")
	s.mux.HandleFunc("GET /v2/Users/"+userID, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", `W/"e180ee84f0671b1"`)
		_, _ = w.Write([]byte(userOf(userID, subject, true)))
	})
	p := open(t, s)
	account, _ := targets(t, p)
	account.Handle = "users/" + userID
	g.Expect(p.Revoke(t.Context(), account, provider.RevokeOptions{})).To(Succeed())
	g.Expect(s.calls(http.MethodPatch)[0].header.Get("If-Match")).To(Equal(`W/"e180ee84f0671b1"`))
}

func TestTakingOneMemberOutIsNeverWidened(t *testing.T) {
	for _, test := range []struct {
		reason  string
		status  int
		body    string
		succeed bool
	}{
		{"the service does not know a filter in a path", 400, errorOf(400, "invalidPath"), false},
		{"the service does not know this filter", 400, errorOf(400, "invalidFilter"), false},
		{"the service wants a value", 400, errorOf(400, "invalidValue"), false},
		{"the service does not say what is wrong", 400, "", false},
		{"the service does not offer it", 501, errorOf(501, ""), false},
		{"the member is gone by now", 400, errorOf(400, "noTarget"), true},
	} {
		t.Run(test.reason, func(t *testing.T) {
			g := NewWithT(t)
			s := newService().
				on("GET /Users", 200, listOf(userOf(userID, subject, true))).
				on("GET /Groups", 200, listOf(groupOf(groupID, guides))).
				on("GET /Groups/"+groupID, 200, groupOf(groupID, guides, userID, "neighbour")).
				on("PATCH /Groups/"+groupID, test.status, test.body)
			p := open(t, s)
			_, membership := targets(t, p)
			err := p.Revoke(t.Context(), membership, provider.RevokeOptions{})
			if test.succeed {
				g.Expect(err).NotTo(HaveOccurred())
			} else {
				g.Expect(provider.IsRefused(err)).To(BeTrue(), "%v", err)
				g.Expect(err).To(MatchError(ContainSubstring(`take the account out of the group there`)))
			}
			patches := s.calls(http.MethodPatch)
			g.Expect(patches).To(HaveLen(1), "there is no second, wider attempt")
			g.Expect(patches[0].body).NotTo(ContainSubstring(`"path":"members"`), "which removes everybody")
		})
	}
}

func TestNeighboursStayWhereTheyAre(t *testing.T) {
	g := NewWithT(t)
	system := scimtest.Start(t)
	p, err := typeOpen(system.Connection())
	g.Expect(err).NotTo(HaveOccurred())
	entitlement := system.Entitlement(t)
	var given []provider.Target
	for range 5 {
		resolved, err := p.Resolve(entitlement, system.Subject(t))
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(p.Grant(t.Context(), provider.Request{Target: resolved[scimtest.Group]})).To(Succeed())
		given = append(given, resolved[scimtest.Group])
	}
	g.Expect(system.Left(t)).To(HaveLen(5), "what was given is seen, and the bystander is not taken for it")
	for i, target := range given {
		g.Expect(p.Revoke(t.Context(), target, provider.RevokeOptions{})).To(Succeed())
		for j, other := range given {
			g.Expect(system.Gives(t, other)).To(Equal(j > i), "after %d of them were taken out", i+1)
		}
	}
	g.Expect(system.Left(t)).To(BeEmpty())
}

func TestAMembershipThatAGroupDoesNotListIsAskedFor(t *testing.T) {
	for _, test := range []struct {
		reason string
		answer string
		status int
		held   bool
		fails  bool
	}{
		{"the service finds it", listOf(groupOf(groupID, guides)), 200, true, false},
		{"the service does not find it", listOf(), 200, false, false},
		{"the service answers another question", listOf(groupOf(groupID, guides), groupOf("other", "Others")), 200, false, false},
		{"the service does not know the question", errorOf(400, "invalidFilter"), 400, false, false},
		{"the service fails", errorOf(500, ""), 500, false, true},
	} {
		t.Run(test.reason, func(t *testing.T) {
			g := NewWithT(t)
			s := newService().
				on("GET /Users/"+userID, 200, userOf(userID, subject, true)).
				on("GET /Groups/"+groupID, 200, groupOf(groupID, guides)).
				on("GET /Groups", test.status, test.answer).
				on("PATCH /Groups/"+groupID, 204, "")
			p := open(t, s)
			_, membership := targets(t, p)
			membership.Handle = "users/" + userID + " groups/" + groupID
			observed, err := p.Verify(t.Context(), membership)
			g.Expect(err != nil).To(Equal(test.fails), "%v", err)
			g.Expect(observed.Held).To(Equal(test.held))
			g.Expect(s.calls(http.MethodGet)[2].filter).To(Equal(`id eq "` + groupID + `" and members.value eq "` + userID + `"`))

			g.Expect(p.Revoke(t.Context(), membership, provider.RevokeOptions{})).To(Succeed())
			g.Expect(s.calls(http.MethodPatch)).To(HaveLen(1), "that nobody is listed does not keep a revocation from being made")
		})
	}
}

func TestThatAServiceSaysNothingOfMembersIsNoProofThatThereAreNone(t *testing.T) {
	for _, test := range []struct {
		reason string
		answer string
		status int
		held   bool
		fails  bool
	}{
		{"the service finds it", listOf(groupOf(groupID, guides)), 200, true, false},
		{"the service does not find it", listOf(), 200, false, false},
		{"the service does not know the question", errorOf(400, "invalidFilter"), 400, false, true},
		{"the service has no such questions", errorOf(501, ""), 501, false, true},
	} {
		t.Run(test.reason, func(t *testing.T) {
			g := NewWithT(t)
			p := open(t, newService().
				on("GET /Users/"+userID, 200, userOf(userID, subject, true)).
				on("GET /Groups/"+groupID, 200, encode(map[string]any{"id": groupID, "displayName": guides})).
				on("GET /Groups", test.status, test.answer))
			_, membership := targets(t, p)
			membership.Handle = "users/" + userID + " groups/" + groupID
			observed, err := p.Verify(t.Context(), membership)
			g.Expect(observed.Held).To(Equal(test.held))
			if !test.fails {
				g.Expect(err).NotTo(HaveOccurred())
				return
			}
			g.Expect(provider.IsRefused(err)).To(BeTrue(), "%v", err)
			g.Expect(err).To(MatchError(And(ContainSubstring("a manual entitlement"), Not(ContainSubstring(subject)))))
		})
	}
}

func TestWhatIsGivenAgainIsGivenByItsName(t *testing.T) {
	g := NewWithT(t)
	system := scimtest.Start(t)
	p, err := typeOpen(system.Connection())
	g.Expect(err).NotTo(HaveOccurred())
	resolved, err := p.Resolve(system.Entitlement(t), system.Subject(t))
	g.Expect(err).NotTo(HaveOccurred())
	for which, target := range resolved {
		stale := target
		stale.Handle = map[int]string{scimtest.Account: "users/gone", scimtest.Group: "users/gone groups/gone"}[which]
		g.Expect(p.Grant(t.Context(), provider.Request{Target: stale})).To(Succeed(), "what was deleted by hand does not stand in the way")
		g.Expect(system.Gives(t, target)).To(BeTrue())
		g.Expect(p.Verify(t.Context(), stale)).To(HaveField("Held", false), "the handle says what was meant, and that is gone")
		g.Expect(p.Verify(t.Context(), target)).To(HaveField("Held", true))
	}
}

func TestAConnectionThatWasKeptDoesNotOutliveTheService(t *testing.T) {
	g := NewWithT(t)
	system := scimtest.Start(t)
	p, err := typeOpen(system.Connection())
	g.Expect(err).NotTo(HaveOccurred())
	resolved, err := p.Resolve(system.Entitlement(t), system.Subject(t))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(p.Grant(t.Context(), provider.Request{Target: resolved[scimtest.Account]})).To(Succeed())
	system.Restart(t)
	g.Expect(p.Revoke(t.Context(), resolved[scimtest.Account], provider.RevokeOptions{})).To(Succeed())
	g.Expect(system.Left(t)).To(BeEmpty())
}

func TestWhatCannotBeOpenedSaysWhatToChange(t *testing.T) {
	for _, test := range []struct {
		reason string
		change func(*provider.Connection)
		says   string
	}{
		{"it was deleted", func(c *provider.Connection) {
			c.Behind.Spec = v1alpha1.AccessProviderSpec{Type: v1alpha1.ProviderSCIM}
		}, "create it again"},
		{"the token would be read on its way", func(c *provider.Connection) { c.Behind.Spec.Endpoint = "http://example.com/v2" }, "https://host[:port]/path"},
		{"a password in the endpoint", func(c *provider.Connection) { c.Behind.Spec.Endpoint = "https://ada:secret@example.com/v2" }, "https://host[:port]/path"},
		{"a query in the endpoint", func(c *provider.Connection) { c.Behind.Spec.Endpoint = "https://example.com/v2?a=b" }, "https://host[:port]/path"},
		{"no host", func(c *provider.Connection) { c.Behind.Spec.Endpoint = "https:///v2" }, "https://host[:port]/path"},
		{"no Secret", func(c *provider.Connection) { c.Behind.Spec.CredentialsRef = nil }, "spec.credentialsRef"},
		{"no token", func(c *provider.Connection) { c.Credentials = nil }, "has no key token"},
		{"an empty token", func(c *provider.Connection) { c.Credentials = map[string][]byte{"token": []byte("\n")} }, "has no key token"},
		{"a token that would end the header", func(c *provider.Connection) {
			c.Credentials = map[string][]byte{"token": []byte("secret\r\nHost: elsewhere")}
		}, "is not a bearer token"},
		{"no certificate in the bundle", func(c *provider.Connection) { c.CABundle = []byte("none") }, "has no certificate in PEM"},
	} {
		t.Run(test.reason, func(t *testing.T) {
			g := NewWithT(t)
			connection := start(t, newService())
			test.change(&connection)
			_, err := typeOpen(connection)
			g.Expect(provider.IsRefused(err)).To(BeTrue(), "%v", err)
			g.Expect(err).To(MatchError(ContainSubstring(test.says)))
			g.Expect(err.Error()).NotTo(ContainSubstring("secret"))
		})
	}
}

func TestATokenMayEndWithALineBreak(t *testing.T) {
	g := NewWithT(t)
	s := newService().on("GET /Users", 200, listOf())
	connection := start(t, s)
	connection.Credentials[v1alpha1.CredentialToken] = []byte(token + "\n")
	connection.Behind.Spec.Endpoint += "/"
	p, err := typeOpen(connection)
	g.Expect(err).NotTo(HaveOccurred())
	account, _ := targets(t, p)
	g.Expect(p.Verify(t.Context(), account)).To(HaveField("Held", false))
	g.Expect(s.calls(http.MethodGet)[0].header.Get("Authorization")).To(Equal("Bearer " + token))
	g.Expect(s.calls(http.MethodGet)[0].path).To(Equal("/v2/Users"))
}

func TestAProbeAsksForWhatIsNeeded(t *testing.T) {
	const both = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],"patch":{"supported":true},"filter":{"supported":true,"maxResults":200},"etag":{"supported":true}}`
	for _, test := range []struct {
		reason        string
		config        string
		users, groups int
		fails         string
	}{
		{"all that is needed", both, 200, 200, ""},
		{"no PATCH", `{"patch":{"supported":false},"filter":{"supported":true}}`, 200, 200, "does not support PATCH,"},
		{"no filters", `{"patch":{"supported":true},"filter":{"supported":false}}`, 200, 200, "does not support filters,"},
		{"neither", `{"patch":{"supported":false},"filter":{}}`, 200, 200, "does not support PATCH and filters,"},
		{"something else", `{"hello":"world"}`, 200, 200, "not one of SCIM"},
		{"everybody is told what is offered, and the token is wrong", both, 401, 401, "put a token that is valid"},
		{"groups are closed to the token", both, 200, 403, "looking for a group"},
	} {
		t.Run(test.reason, func(t *testing.T) {
			g := NewWithT(t)
			p := open(t, newService().
				on("GET /ServiceProviderConfig", 200, test.config).
				on("GET /Users", test.users, listOf()).
				on("GET /Groups", test.groups, listOf()))
			err := p.Probe(t.Context())
			if test.fails == "" {
				g.Expect(err).NotTo(HaveOccurred())
				return
			}
			g.Expect(provider.IsRefused(err)).To(BeTrue(), "%v", err)
			g.Expect(err).To(MatchError(ContainSubstring(test.fails)))
		})
	}
}

func TestAnEntitlementIsAnAccountAndThenItsGroups(t *testing.T) {
	g := NewWithT(t)
	p := open(t, newService())
	resolved, err := p.Resolve(v1alpha1.Entitlement{Name: "tours", SCIM: &v1alpha1.SCIMEntitlement{Groups: []string{"Tour Guides", "a/b: c"}}}, subject)
	g.Expect(err).NotTo(HaveOccurred())
	names := []string{}
	for _, target := range resolved {
		names = append(names, target.Name)
	}
	g.Expect(names).To(Equal([]string{"SCIM:account", "SCIM:groups/Tour Guides", "SCIM:groups/a/b: c"}))

	for reason, entitlement := range map[string]v1alpha1.Entitlement{
		"of another type": {Name: "tours", LDAP: &v1alpha1.LDAPEntitlement{Group: "cn=guides"}},
		"an empty group":  {Name: "tours", SCIM: &v1alpha1.SCIMEntitlement{Groups: []string{" "}}},
		"two lines":       {Name: "tours", SCIM: &v1alpha1.SCIMEntitlement{Groups: []string{"Tour\nGuides"}}},
	} {
		_, err := p.Resolve(entitlement, subject)
		g.Expect(provider.IsRefused(err)).To(BeTrue(), "%s: %v", reason, err)
	}
}

func TestATargetThatThisProviderDidNotWriteIsRefused(t *testing.T) {
	p := open(t, newService())
	for _, name := range []string{"", "nonsense", "SCIM:", "SCIM:groups/", "SCIM:accounts", "LDAP:account", "Kubernetes:clusterroles/view"} {
		target := provider.Target{Key: "0", Name: name, Subject: subject}
		for call, err := range everyCall(t, p, target, target) {
			NewWithT(t).Expect(provider.IsRefused(err)).To(BeTrue(), "%s of %q: %v", call, name, err)
		}
	}
}

func TestNamesThatTheServiceTakesForTheSameAreOneAccess(t *testing.T) {
	g := NewWithT(t)
	p := open(t, newService())
	resolve := func(group, subject string) []provider.Target {
		targets, err := p.Resolve(v1alpha1.Entitlement{Name: "tours", SCIM: &v1alpha1.SCIMEntitlement{Groups: []string{group}}}, subject)
		g.Expect(err).NotTo(HaveOccurred())
		return targets
	}
	one, other := resolve("Tour Guides", "ada@example.com"), resolve("tour guides", "Ada@Example.com")
	for i := range one {
		g.Expect(other[i].Key).To(Equal(one[i].Key), "two grants of %s would not know of each other", one[i].Name)
		g.Expect(other[i].Subject).To(Equal("Ada@Example.com"), "the subject is kept as it was written")
	}
	g.Expect(resolve("Tour Guides", "eve@example.com")[0].Key).NotTo(Equal(one[0].Key))
}
