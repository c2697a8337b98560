package scim_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// paged serves users in pages, whatever is asked for.
func paged(users []string, perPage int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		from, err := strconv.Atoi(r.URL.Query().Get("startIndex"))
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		from = min(from-1, len(users))
		fmt.Fprint(w, pageOf(len(users), users[from:min(from+perPage, len(users))]...))
	}
}

func crowd(n int) []string {
	users := []string{}
	for i := range n {
		users = append(users, userOf(fmt.Sprintf("id-%d", i), fmt.Sprintf("user-%d", i), true))
	}
	return users
}

func TestAnAccountIsFoundAmongAllThatAServiceLists(t *testing.T) {
	for _, test := range []struct {
		reason  string
		users   []string
		perPage int
		handle  string
		fails   string
		refused bool
	}{
		{"a service that ignores the filter gives everybody", append(crowd(30), userOf(userID, subject, true)), 100, "users/" + userID, "", false},
		{"on the last of many pages, shorter than asked for", append(crowd(230), userOf(userID, subject, true)), 7, "users/" + userID, "", false},
		{"names have no case", append(crowd(3), userOf(userID, strings.ToUpper(subject), true)), 100, "users/" + userID, "", false},
		{"nobody of the name", crowd(30), 10, "", "", false},
		{"a name that begins alike is another", append(crowd(3), userOf(userID, subject+".au", true)), 100, "", "", false},
		{"two of the name", append(crowd(230), userOf(userID, subject, true), userOf("other", strings.ToUpper(subject), true)), 100, "", "several Users of the same userName", true},
		{"a service without end", crowd(10_001), 100, "", "it does not filter by it", true},
	} {
		t.Run(test.reason, func(t *testing.T) {
			g := NewWithT(t)
			s := newService()
			s.mux.HandleFunc("GET /v2/Users", paged(test.users, test.perPage))
			p := open(t, s)
			account, _ := targets(t, p)
			observed, err := p.Verify(t.Context(), account)
			if test.fails != "" {
				g.Expect(err).To(MatchError(ContainSubstring(test.fails)))
				g.Expect(provider.IsRefused(err)).To(Equal(test.refused))
				return
			}
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(observed.Handle).To(Equal(test.handle))
			g.Expect(observed.Held).To(Equal(test.handle != ""))
		})
	}
}

func TestAListThatIsNotWholeIsNoProofOfAbsence(t *testing.T) {
	for reason, s := range map[string]*service{
		"the same page again and again": newService().on("GET /Users", 200, pageOf(250, crowd(100)...)),
		"fewer than it says":            newService().on("GET /Users", 200, pageOf(250, crowd(100)...), 200, pageOf(250)),
	} {
		g := NewWithT(t)
		p := open(t, s)
		account, _ := targets(t, p)
		_, err := p.Verify(t.Context(), account)
		g.Expect(err).To(MatchError(ContainSubstring("100 of 250 results")), reason)
		g.Expect(provider.IsRefused(err)).To(BeFalse(), reason)
		g.Expect(p.Revoke(t.Context(), account, provider.RevokeOptions{})).NotTo(Succeed(), reason)
	}
}

func TestAGroupWhoseNameSeveralBearIsNotChosenFrom(t *testing.T) {
	g := NewWithT(t)
	s := newService().
		on("GET /Users", 200, listOf(userOf(userID, subject, true))).
		on("GET /Groups", 200, listOf(groupOf(groupID, guides), groupOf("other", strings.ToUpper(guides))))
	p := open(t, s)
	_, membership := targets(t, p)
	for call, err := range everyCall(t, p, membership, membership) {
		g.Expect(provider.IsRefused(err)).To(BeTrue(), "%s: %v", call, err)
		g.Expect(err).To(MatchError(ContainSubstring("several Groups of the same displayName")), call)
	}
	g.Expect(s.calls(http.MethodPatch)).To(BeEmpty())
}

func TestAGroupThatDoesNotExistIsToBeMadeByPeople(t *testing.T) {
	g := NewWithT(t)
	s := newService().on("GET /Users", 200, listOf(userOf(userID, subject, true))).on("GET /Groups", 200, listOf())
	p := open(t, s)
	_, membership := targets(t, p)
	err := p.Grant(t.Context(), provider.Request{Target: membership})
	g.Expect(err).To(MatchError(ContainSubstring(`has no group "Tour Guides": create it`)))
	g.Expect(s.calls(http.MethodPost)).To(BeEmpty(), "no account is made for a group that is not there")
	observed, err := p.Verify(t.Context(), membership)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(observed).To(Equal(provider.Observed{Evidence: `the service has no group "Tour Guides"`}))
	g.Expect(p.Revoke(t.Context(), membership, provider.RevokeOptions{})).To(Succeed())
}

func TestAFilterHoldsOneValueWhateverIsInIt(t *testing.T) {
	for _, test := range []struct{ name, want string }{
		{"ada", `userName eq "ada"`},
		{`" or userName pr or "`, `userName eq "\u0022 or userName pr or \u0022"`},
		{`"`, `userName eq "\u0022"`},
		{`\`, `userName eq "\\"`},
		{`DOMAIN\ada`, `userName eq "DOMAIN\\ada"`},
		{`\"; DROP ROLE`, `userName eq "\\\u0022; DROP ROLE"`},
		{"*)(uid=*", `userName eq "*)(uid=*"`},
		{"a/b?c#d%2e&count=1", `userName eq "a/b?c#d%2e&count=1"`},
		{"<ada>&+", `userName eq "<ada>&+"`},
		{"Ärger 用户 🚢", `userName eq "Ärger 用户 🚢"`},
		{strings.Repeat("long", 75), `userName eq "` + strings.Repeat("long", 75) + `"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := NewWithT(t)
			s := newService().on("GET /Users", 200, listOf())
			p := open(t, s)
			account, _ := targetsOf(t, p, test.name, guides)
			g.Expect(p.Revoke(t.Context(), account, provider.RevokeOptions{})).To(Succeed())
			calls := s.calls(http.MethodGet)
			g.Expect(calls).To(HaveLen(1))
			g.Expect(calls[0].filter).To(Equal(test.want))
			g.Expect(calls[0].query).NotTo(ContainSubstring("+"), "not every service reads a plus as a space")
			query, err := url.ParseQuery(calls[0].query)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(query).To(HaveLen(3), "the value ends in the filter")
		})
	}
}

func TestAnIDIsTakenAsItStands(t *testing.T) {
	for _, id := range []string{"a b", "a/../../b", "a?b#c%2e", `a"b`, "Ä用", "groups/x groups/y", strings.Repeat("a", 200)} {
		t.Run(id, func(t *testing.T) {
			g := NewWithT(t)
			s := newService().
				on("GET /Users", 200, listOf(userOf(id, subject, true))).
				on("GET /Users/{id}", 200, userOf(id, subject, true)).
				on("PATCH /Users/{id}", 204, "")
			p := open(t, s)
			account, _ := targets(t, p)
			observed, err := p.Verify(t.Context(), account)
			g.Expect(err).NotTo(HaveOccurred())
			account.Handle = observed.Handle
			g.Expect(p.Verify(t.Context(), account)).To(HaveField("Held", true))
			g.Expect(p.Revoke(t.Context(), account, provider.RevokeOptions{})).To(Succeed())
			patched := s.calls(http.MethodPatch)
			g.Expect(patched).To(HaveLen(1))
			g.Expect(patched[0].path).To(Equal("/v2/Users/" + url.PathEscape(id)))
		})
	}
}

func TestAnIDThatIsTooLongToKeepIsNoHandle(t *testing.T) {
	g := NewWithT(t)
	id := strings.Repeat("a", 600)
	p := open(t, newService().on("GET /Users", 200, listOf(userOf(id, subject, true))))
	account, _ := targets(t, p)
	observed, err := p.Verify(t.Context(), account)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(observed.Held).To(BeTrue())
	g.Expect(observed.Handle).To(BeEmpty())
}

func TestAHandleThatThisProviderDidNotWriteIsRefused(t *testing.T) {
	s := newService()
	p := open(t, s)
	account, membership := targets(t, p)
	handles := map[string][]string{
		account.Name:    {"nonsense", "users/", "users/%zz", "users/1 groups/2", "groups/2"},
		membership.Name: {"nonsense", "users/1", "users/1 groups/", "users/ groups/2", "users/1 groups/%zz"},
	}
	for _, target := range []provider.Target{account, membership} {
		for _, handle := range handles[target.Name] {
			target.Handle = handle
			for call, err := range everyCall(t, p, target, target) {
				NewWithT(t).Expect(provider.IsRefused(err)).To(BeTrue(), "%s with the handle %q: %v", call, handle, err)
			}
		}
	}
	if calls := s.calls(http.MethodGet); len(calls) > 0 {
		t.Errorf("the service was called for what nobody wrote: %v", slices.Clone(calls))
	}
}
