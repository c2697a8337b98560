package scim_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/longshore-dev/longshore/controllers/access/provider"
)

func TestAnErrorSaysWhetherTryingAgainHelpsAndWhoIsToDoWhat(t *testing.T) {
	for _, test := range []struct {
		reason  string
		status  int
		body    string
		refused bool
		says    string
	}{
		{"the token is not known", 401, errorOf(401, ""), true, "put a token that is valid into the Secret"},
		{"the token may not do it", 403, errorOf(403, ""), true, "let the token read and change users and groups"},
		{"the base is wrong", 404, errorOf(404, ""), true, "check that spec.endpoint is the base"},
		{"the filter is not understood", 400, errorOf(400, "invalidFilter"), true, "400 Bad Request, invalidFilter"},
		{"the filter finds too much", 400, errorOf(400, "tooMany"), true, "400 Bad Request, tooMany"},
		{"§3.12's own example", 400, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"scimType":"mutability","detail":"Attribute 'id' is readOnly","status":"400"}`, true, "400 Bad Request, mutability"},
		{"a word that RFC 7644 does not have is not repeated", 400, errorOf(400, subject), true, "400 Bad Request"},
		{"an error that is not SCIM's", 400, "no " + subject, true, "400 Bad Request"},
		{"the service is elsewhere (§3.12)", 307, errorOf(307, ""), true, "a redirect is not followed"},
		{"the answer is too large for the service", 413, errorOf(413, ""), true, "413"},
		{"the service does not offer it", 501, errorOf(501, ""), true, "does not offer what is needed"},
		{"too many calls", 429, errorOf(429, ""), false, "429 Too Many Requests"},
		{"the service fails", 500, errorOf(500, ""), false, "500 Internal Server Error"},
		{"what is before the service fails", 502, "<html>" + subject, false, "502 Bad Gateway"},
		{"the service is down", 503, "", false, "503 Service Unavailable"},
		{"a login form", 200, "<html>" + subject, false, "the answer is not one of SCIM"},
		{"something else that is JSON", 200, `{"` + subject + `":true}`, false, "the answer is not one of SCIM"},
		{"an attribute of another type", 200, listOf(`{"id":"1","userName":"` + subject + `","active":"` + subject + `","members":"` + subject + `"}`), false, "the answer is not one of SCIM"},
		{"an id by which nothing can be called", 200, listOf(`{"id":"..","userName":"` + subject + `","displayName":"` + guides + `"}`), false, "an id by which it cannot be called"},
	} {
		t.Run(test.reason, func(t *testing.T) {
			p := open(t, newService().on("GET /", test.status, test.body))
			account, membership := targets(t, p)
			for call, err := range everyCall(t, p, account, membership) {
				g := NewWithT(t)
				g.Expect(err).To(HaveOccurred(), call)
				g.Expect(provider.IsRefused(err)).To(Equal(test.refused), "%s: %v", call, err)
				g.Expect(err.Error()).To(ContainSubstring(test.says), call)
				g.Expect(err.Error()).NotTo(ContainSubstring(subject), "%s: an error does not name the subject", call)
				g.Expect(err.Error()).NotTo(ContainSubstring(token), "%s: an error does not hold the token", call)
			}
		})
	}
}

// everyCall makes each call that there is, but for Probe.
func everyCall(t *testing.T, p provider.Provider, account, membership provider.Target) map[string]error {
	t.Helper()
	calls := map[string]error{}
	for kind, target := range map[string]provider.Target{"account": account, "membership": membership} {
		_, calls["verify "+kind] = p.Verify(t.Context(), target)
		calls["grant "+kind] = p.Grant(t.Context(), provider.Request{Target: target})
		calls["revoke "+kind] = p.Revoke(t.Context(), target, provider.RevokeOptions{})
	}
	return calls
}

func TestAServiceThatAsksToBeLeftAloneIs(t *testing.T) {
	for _, test := range []struct {
		reason     string
		retryAfter string
		date       string
		want       time.Duration
	}{
		{"seconds", "120", "Fri, 31 Dec 1999 23:59:59 GMT", 2 * time.Minute},
		{"a date counts from when the service answered, whatever its clock and ours say", "Fri, 31 Dec 1999 23:59:59 GMT", "Fri, 31 Dec 1999 23:58:29 GMT", 90 * time.Second},
		{"a date that is over", "Fri, 31 Dec 1999 23:59:59 GMT", "Sat, 01 Jan 2000 00:00:01 GMT", 0},
		{"a date that counts from nothing", "Fri, 31 Dec 1999 23:59:59 GMT", "soon", 0},
		{"more seconds than there are", "99999999999999999999", "Fri, 31 Dec 1999 23:59:59 GMT", 0},
		{"what is no time", "tomorrow", "Fri, 31 Dec 1999 23:59:59 GMT", 0},
		{"nothing", "", "Fri, 31 Dec 1999 23:59:59 GMT", 0},
	} {
		for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
			t.Run(fmt.Sprintf("%s, %d", test.reason, status), func(t *testing.T) {
				g := NewWithT(t)
				p := open(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Retry-After", test.retryAfter)
					w.Header().Set("Date", test.date)
					w.WriteHeader(status)
				}))
				account, membership := targets(t, p)
				for call, err := range everyCall(t, p, account, membership) {
					g.Expect(provider.RetryAfter(err)).To(Equal(test.want), "%s: %v", call, err)
					g.Expect(provider.IsRefused(err)).To(BeFalse(), call)
				}
				g.Expect(provider.RetryAfter(p.Probe(t.Context()))).To(Equal(test.want))
			})
		}
	}
}

func TestTheTokenDoesNotFollowARedirect(t *testing.T) {
	g := NewWithT(t)
	elsewhere := newService()
	trap := httptest.NewTLSServer(elsewhere)
	t.Cleanup(trap.Close)
	p := open(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, trap.URL+r.URL.RequestURI(), http.StatusPermanentRedirect)
	}))
	account, membership := targets(t, p)
	for call, err := range everyCall(t, p, account, membership) {
		g.Expect(provider.IsRefused(err)).To(BeTrue(), "%s: %v", call, err)
		g.Expect(err.Error()).NotTo(ContainSubstring(subject), call)
	}
	g.Expect(elsewhere.calls(http.MethodGet)).To(BeEmpty(), "whatever the redirect leads to is not called")
}

func TestAnAnswerThatIsTooLongIsNotReadToItsEnd(t *testing.T) {
	g := NewWithT(t)
	sent := 0
	p := open(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		chunk := []byte(strings.Repeat(" ", 1<<20))
		for ; sent < 1<<30; sent += len(chunk) {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}))
	account, _ := targets(t, p)
	_, err := p.Verify(t.Context(), account)
	g.Expect(provider.IsRefused(err)).To(BeTrue(), "%v", err)
	g.Expect(err).To(MatchError(ContainSubstring("longer than 16 MiB")))
}

func TestAServiceThatDoesNotAnswerEndsWithItsCaller(t *testing.T) {
	g := NewWithT(t)
	ctx, cancel := context.WithCancel(t.Context())
	p := open(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}))
	account, _ := targets(t, p)
	_, err := p.Verify(ctx, account)
	g.Expect(err).To(MatchError(context.Canceled))
	g.Expect(provider.IsRefused(err)).To(BeFalse())
	g.Expect(err.Error()).NotTo(ContainSubstring(subject))
}

func TestACertificateThatIsNotTrustedIsSaidToBe(t *testing.T) {
	g := NewWithT(t)
	connection := start(t, newService())
	connection.Behind.Spec.CABundleRef = nil
	p, err := typeOpen(connection)
	g.Expect(err).NotTo(HaveOccurred())
	err = p.Probe(t.Context())
	g.Expect(provider.IsRefused(err)).To(BeTrue(), "%v", err)
	g.Expect(err).To(MatchError(ContainSubstring("spec.caBundleRef")))
}

func TestWhatIsNotSaidInSCIMIsNoProofOfAbsence(t *testing.T) {
	page := "<html>404 page not found"
	for _, test := range []struct {
		reason string
		byID   []any
		list   []any
		absent bool
		says   string
	}{
		{"§3.12's own example: the service says that the resource is not there", []any{404, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"detail":"Resource 2819c223-7f76-453a-919d-413861904646 not found","status":"404"}`}, []any{500, ""}, true, ""},
		{"what is before the service says so, and so it does of everything", []any{404, page}, []any{404, page}, false, "check that spec.endpoint"},
		{"the service says so without a word, and does not list it", []any{404, ""}, []any{200, listOf()}, true, ""},
		{"the service says so without a word, and lists it", []any{404, ""}, []any{200, listOf(userOf(userID, subject, true))}, false, "contradicts itself"},
		{"another resource is not the one", []any{200, userOf("another", subject, false)}, []any{200, listOf()}, false, "not one of SCIM"},
		{"nothing at all", []any{200, "{}"}, []any{200, listOf()}, false, "not one of SCIM"},
	} {
		t.Run(test.reason, func(t *testing.T) {
			g := NewWithT(t)
			p := open(t, newService().on("GET /Users/"+userID, test.byID...).on("GET /Users", test.list...))
			account, _ := targets(t, p)
			account.Handle = "users/" + userID
			observed, err := p.Verify(t.Context(), account)
			if test.absent {
				g.Expect(err).NotTo(HaveOccurred())
				g.Expect(observed).To(Equal(provider.Observed{Evidence: "the service has no such account any more, by its id"}))
				g.Expect(p.Revoke(t.Context(), account, provider.RevokeOptions{})).To(Succeed())
				return
			}
			g.Expect(err).To(MatchError(ContainSubstring(test.says)))
			g.Expect(p.Revoke(t.Context(), account, provider.RevokeOptions{})).NotTo(Succeed())
		})
	}
}
