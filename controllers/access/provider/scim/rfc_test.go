package scim_test

import (
	"net/http"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/longshore-dev/longshore/controllers/access/provider"
)

func TestTheUserAndTheGroupOfRFC7643AreRead(t *testing.T) {
	g := NewWithT(t)
	s := newService().
		on("GET /Users", 200, listOf(file(t, "enterprise-user.json"))).
		on("GET /Groups", 200, listOf(groupOf(groupID, guides))).
		on("GET /Groups/"+groupID, 200, file(t, "group.json"))
	p := open(t, s)
	account, membership := targets(t, p)

	observed, err := p.Verify(t.Context(), account)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(observed).To(Equal(provider.Observed{Held: true, Handle: "users/" + userID, Evidence: "the account is active"}))

	observed, err = p.Verify(t.Context(), membership)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(observed).To(Equal(provider.Observed{
		Held: true, Handle: "users/" + userID + " groups/" + groupID,
		Evidence: `the account is among the members of group "Tour Guides" (id ` + groupID + `)`,
	}))

	_, others := targetsOf(t, p, "BJENSEN@example.com", "tour guides")
	g.Expect(p.Verify(t.Context(), others)).To(HaveField("Held", true), "neither userName nor displayName has case (RFC 7643 §4)")
	for _, call := range s.calls(http.MethodGet) {
		g.Expect(call.header.Get("Authorization")).To(Equal("Bearer " + token))
		g.Expect(call.header.Get("Accept")).To(HavePrefix("application/scim+json"))
	}
}

func TestWhatIsThereAndNotGivenIsRecognisedToo(t *testing.T) {
	g := NewWithT(t)
	s := newService().
		on("GET /Users", 200, listOf(userOf(userID, subject, false))).
		on("GET /Groups", 200, listOf(groupOf(groupID, guides))).
		on("GET /Groups/"+groupID, 200, groupOf(groupID, guides, "neighbour"))
	p := open(t, s)
	account, membership := targets(t, p)
	g.Expect(p.Verify(t.Context(), account)).To(Equal(provider.Observed{Handle: "users/" + userID, Evidence: "the account is not active"}))
	g.Expect(p.Verify(t.Context(), membership)).To(Equal(provider.Observed{
		Handle:   "users/" + userID + " groups/" + groupID,
		Evidence: `the account is not among the members of group "Tour Guides" (id ` + groupID + `)`,
	}))
}

func TestWhatIsChangedIsWhatRFC7644Shows(t *testing.T) {
	inactive := userOf(userID, subject, false)
	for _, test := range []struct {
		reason  string
		user    string
		group   string
		call    func(*testing.T, provider.Provider, provider.Target, provider.Target) error
		path    string
		version string
		want    string
	}{
		{
			"§3.5.2.2: one member is removed by the filter in the path, in the version that was read",
			file(t, "enterprise-user.json"), file(t, "group.json"),
			func(t *testing.T, p provider.Provider, _, membership provider.Target) error {
				return p.Revoke(t.Context(), membership, provider.RevokeOptions{})
			},
			"/v2/Groups/" + groupID, `W/"3694e05e9dff592"`,
			`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"remove","path":"members[value eq \"2819c223-7f76-453a-919d-413861904646\"]"}]}`,
		},
		{
			"§3.5.2.1: one member is added",
			inactive, groupOf(groupID, guides, "902c246b-6245-4190-8e05-00816be7344a"),
			func(t *testing.T, p provider.Provider, _, membership provider.Target) error {
				return p.Grant(t.Context(), provider.Request{Target: membership})
			},
			"/v2/Groups/" + groupID, "",
			`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"add","path":"members","value":[{"value":"2819c223-7f76-453a-919d-413861904646"}]}]}`,
		},
		{
			"§3.5.2.3: an account is made inactive, and not deleted",
			file(t, "enterprise-user.json"), "",
			func(t *testing.T, p provider.Provider, account, _ provider.Target) error {
				return p.Revoke(t.Context(), account, provider.RevokeOptions{})
			},
			"/v2/Users/" + userID, `W/"3694e05e9dff591"`,
			`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"active","value":false}]}`,
		},
		{
			"§3.5.2.3: an account is made active",
			inactive, "",
			func(t *testing.T, p provider.Provider, account, _ provider.Target) error {
				return p.Grant(t.Context(), provider.Request{Target: account})
			},
			"/v2/Users/" + userID, "",
			`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"active","value":true}]}`,
		},
	} {
		t.Run(test.reason, func(t *testing.T) {
			g := NewWithT(t)
			s := newService().
				on("GET /Users", 200, listOf(test.user)).
				on("GET /Groups", 200, listOf(groupOf(groupID, guides))).
				on("GET /Groups/{id}", 200, test.group).
				on("PATCH /{kind}/{id}", 204, "")
			p := open(t, s)
			account, membership := targets(t, p)
			g.Expect(test.call(t, p, account, membership)).To(Succeed())

			patches := s.calls(http.MethodPatch)
			g.Expect(patches).To(HaveLen(1))
			g.Expect(patches[0].path).To(Equal(test.path))
			g.Expect(patches[0].body).To(Equal(test.want))
			g.Expect(patches[0].header.Get("If-Match")).To(Equal(test.version))
			g.Expect(patches[0].header.Get("Content-Type")).To(Equal("application/scim+json"))
			g.Expect(s.calls(http.MethodDelete)).To(BeEmpty())
			g.Expect(s.calls(http.MethodPut)).To(BeEmpty(), "a PUT would undo what others changed since")
		})
	}
}

func TestAnAccountThatDoesNotExistIsMadeInactiveAndThenActivated(t *testing.T) {
	g := NewWithT(t)
	s := newService().
		on("GET /Users", 200, listOf(), 200, listOf(userOf(userID, subject, false))).
		on("POST /Users", 201, userOf(userID, subject, false)).
		on("PATCH /Users/"+userID, 200, userOf(userID, subject, true))
	p := open(t, s)
	account, _ := targets(t, p)
	g.Expect(p.Grant(t.Context(), provider.Request{Target: account})).To(Succeed())

	made := s.calls(http.MethodPost)
	g.Expect(made).To(HaveLen(1))
	g.Expect(made[0].body).To(MatchJSON(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"bjensen@example.com","externalId":"longshore:` + account.Key + `","active":false}`))
	g.Expect(s.calls(http.MethodPatch)).To(HaveLen(1))
}

func TestAnAccountThatIsNotFoundByItsNameIsGivenNothing(t *testing.T) {
	g := NewWithT(t)
	s := newService().
		on("GET /Users", 200, listOf()).
		on("POST /Users", 201, userOf(userID, subject, false), 409, errorOf(409, "uniqueness"))
	p := open(t, s)
	account, _ := targets(t, p)
	for range 2 {
		err := p.Grant(t.Context(), provider.Request{Target: account})
		g.Expect(err).To(HaveOccurred())
		g.Expect(provider.IsRefused(err)).To(BeFalse(), "it may be found in a moment: %v", err)
	}
	g.Expect(s.calls(http.MethodPatch)).To(BeEmpty(), "what cannot be found by its name could not be taken away by it")
}

func TestAnAccountThatOthersMakeInTheSameMomentIsTaken(t *testing.T) {
	g := NewWithT(t)
	s := newService().
		on("GET /Users", 200, listOf(), 200, listOf(userOf(userID, subject, true))).
		on("POST /Users", 409, errorOf(409, "uniqueness"))
	p := open(t, s)
	account, _ := targets(t, p)
	g.Expect(p.Grant(t.Context(), provider.Request{Target: account})).To(Succeed())
	g.Expect(s.calls(http.MethodPost)).To(HaveLen(1))
}
