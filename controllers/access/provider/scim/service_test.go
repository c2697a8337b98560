package scim_test

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/controllers/access/provider/scim"
)

// The service, the person and the group of RFC 7643's examples.
const (
	token   = "h480djs93hd8"
	subject = "bjensen@example.com"
	userID  = "2819c223-7f76-453a-919d-413861904646"
	groupID = "e9e30dba-f08f-4109-8486-d5c6a331660a"
	guides  = "Tour Guides"
)

// service answers as it is told, and keeps what it was asked.
type service struct {
	mux *http.ServeMux

	mu    sync.Mutex
	asked []asked
}

type asked struct {
	method, path, query string
	filter              string
	header              http.Header
	body                string
}

func (a asked) String() string { return strings.TrimSpace(a.method + " " + a.path + " " + a.body) }

func newService() *service { return &service{mux: http.NewServeMux()} }

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	s.asked = append(s.asked, asked{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, r.URL.Query().Get("filter"), r.Header.Clone(), string(body)})
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/scim+json")
	s.mux.ServeHTTP(w, r)
}

// on says how a call is answered: with a status and a body the first time, and so on; the last pair counts for all that follow.
func (s *service) on(pattern string, answers ...any) *service {
	method, path, _ := strings.Cut(pattern, " ")
	count := 0
	s.mux.HandleFunc(method+" /v2"+path, func(w http.ResponseWriter, _ *http.Request) {
		s.mu.Lock()
		i := min(count, len(answers)/2-1)
		count++
		s.mu.Unlock()
		if status, is := answers[2*i].(int); is {
			w.WriteHeader(status)
		}
		fmt.Fprint(w, answers[2*i+1])
	})
	return s
}

// calls returns what was asked by a method.
func (s *service) calls(method string) []asked {
	s.mu.Lock()
	defer s.mu.Unlock()
	var calls []asked
	for _, a := range s.asked {
		if a.method == method {
			calls = append(calls, a)
		}
	}
	return calls
}

// start serves by TLS and returns how to connect.
func start(t *testing.T, handler http.Handler) provider.Connection {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	// Clients that do not trust it are part of the tests.
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	behind := &v1alpha1.AccessProvider{Spec: v1alpha1.AccessProviderSpec{
		Type:           v1alpha1.ProviderSCIM,
		Endpoint:       server.URL + "/v2",
		CredentialsRef: &v1alpha1.LocalReference{Name: "scim-token"},
		CABundleRef:    &v1alpha1.LocalReference{Name: "scim-ca"},
	}}
	behind.Name = "example"
	return provider.Connection{
		Behind:      behind,
		Credentials: map[string][]byte{v1alpha1.CredentialToken: []byte(token)},
		CABundle:    pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}),
	}
}

func open(t *testing.T, handler http.Handler) provider.Provider {
	t.Helper()
	p, err := scim.Type().Open(start(t, handler))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// targets are the account and the membership of RFC 7643's examples.
func targets(t *testing.T, p provider.Provider) (account, membership provider.Target) {
	t.Helper()
	return targetsOf(t, p, subject, guides)
}

func targetsOf(t *testing.T, p provider.Provider, subject, group string) (account, membership provider.Target) {
	t.Helper()
	resolved, err := p.Resolve(v1alpha1.Entitlement{Name: "tours", SCIM: &v1alpha1.SCIMEntitlement{Groups: []string{group}}}, subject)
	if err != nil || len(resolved) != 2 {
		t.Fatalf("resolving gave %v and %v, expected an account and a membership", resolved, err)
	}
	return resolved[0], resolved[1]
}

func file(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// listOf is a ListResponse (RFC 7644 §3.4.2).
func listOf(resources ...string) string { return pageOf(len(resources), resources...) }

func pageOf(total int, resources ...string) string {
	return fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":%d,"itemsPerPage":%d,"startIndex":1,"Resources":[%s]}`,
		total, len(resources), strings.Join(resources, ","))
}

func userOf(id, userName string, active bool) string {
	return encode(map[string]any{"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:User"}, "id": id, "userName": userName, "active": active})
}

func groupOf(id, displayName string, members ...string) string {
	listed := []map[string]any{}
	for _, m := range members {
		listed = append(listed, map[string]any{"value": m})
	}
	return encode(map[string]any{"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:Group"}, "id": id, "displayName": displayName, "members": listed})
}

func encode(content any) string {
	encoded, err := json.Marshal(content)
	if err != nil {
		return err.Error()
	}
	return string(encoded)
}

// errorOf is an error (RFC 7644 §3.12) with a detail that repeats the subject and the token, as some do.
func errorOf(status int, scimType string) string {
	said := map[string]any{
		"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:Error"}, "status": fmt.Sprint(status),
		"detail": "Resource " + subject + " and token " + token,
	}
	if scimType != "" {
		said["scimType"] = scimType
	}
	return encode(said)
}
