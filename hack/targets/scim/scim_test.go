package scim_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/longshore-dev/longshore/hack/targets/certs"
	"github.com/longshore-dev/longshore/hack/targets/scim"
)

func start(t *testing.T) (*scim.Server, *http.Client) {
	t.Helper()
	authority, err := certs.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	server, err := scim.Start(t.Context(), scim.Options{Dir: t.TempDir(), Authority: authority})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority.PEM)
	return server, &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: roots}}}
}

func call(t *testing.T, client *http.Client, method, url, token, body string, headers ...string) (status int, answer string, header http.Header) {
	t.Helper()
	request, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/scim+json")
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(content), response.Header
}

func TestWhatIsDoneBySCIMIsThereAfterARestart(t *testing.T) {
	g := NewWithT(t)
	server, client := start(t)

	status, answer, _ := call(t, client, http.MethodPost, server.Endpoint()+"/Users", scim.Token,
		`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ada"}`)
	g.Expect(status).To(Equal(http.StatusCreated), answer)
	endpoint := server.Endpoint()
	g.Expect(server.Restart(t.Context())).To(Succeed())
	g.Expect(server.Endpoint()).To(Equal(endpoint))

	state, err := server.State(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(state.Users).To(HaveLen(1))
	g.Expect(state.Users[0].UserName).To(Equal("ada"))
}

func TestOnlyTheTokenOpensTheService(t *testing.T) {
	g := NewWithT(t)
	server, client := start(t)
	status, _, _ := call(t, client, http.MethodGet, server.Endpoint()+"/Users", "another", "")
	g.Expect(status).To(Equal(http.StatusUnauthorized))
	status, _, _ = call(t, client, http.MethodGet, "https://"+server.Address()+"/admin/state", scim.Token, "")
	g.Expect(status).To(Equal(http.StatusUnauthorized), "the token of SCIM's clients is not the administrators'")
}

func TestAResourceIsOnlyChangedInTheVersionThatWasRead(t *testing.T) {
	g := NewWithT(t)
	server, client := start(t)
	user, err := server.AddUser(t.Context(), scim.User{UserName: "ada"})
	g.Expect(err).NotTo(HaveOccurred())
	_, body, header := call(t, client, http.MethodGet, server.Endpoint()+"/Users/"+user.ID, scim.Token, "")
	g.Expect(header.Get("ETag")).To(Equal(`W/"1"`))
	g.Expect(body).To(ContainSubstring(`"version":"W/\"1\""`))

	patch := `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"active","value":false}]}`
	status, _, _ := call(t, client, http.MethodPatch, server.Endpoint()+"/Users/"+user.ID, scim.Token, patch, "If-Match", `W/"1"`)
	g.Expect(status).To(Equal(http.StatusOK))
	status, _, _ = call(t, client, http.MethodPatch, server.Endpoint()+"/Users/"+user.ID, scim.Token, patch, "If-Match", `W/"1"`)
	g.Expect(status).To(Equal(http.StatusPreconditionFailed))
}

func TestAdministratorsWorkPastSCIM(t *testing.T) {
	g := NewWithT(t)
	server, _ := start(t)
	user, err := server.AddUser(t.Context(), scim.User{UserName: "ada"})
	g.Expect(err).NotTo(HaveOccurred())
	group, err := server.AddGroup(t.Context(), "Designers")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(server.AddMember(t.Context(), group.ID, user.ID)).To(Succeed())
	g.Expect(server.RenameGroup(t.Context(), group.ID, "Makers")).To(Succeed())
	inactive := false
	g.Expect(server.ChangeUser(t.Context(), scim.User{ID: user.ID, Active: &inactive})).To(Succeed())

	state, err := server.State(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(state.Groups).To(HaveLen(1))
	g.Expect(state.Groups[0].DisplayName).To(Equal("Makers"))
	g.Expect(state.Groups[0].Has(user.ID)).To(BeTrue())
	g.Expect(state.Users[0].IsActive()).To(BeFalse())
	g.Expect(server.RemoveMember(t.Context(), group.ID, user.ID)).To(Succeed())
	g.Expect(server.DeleteUser(t.Context(), user.ID)).To(Succeed())
	g.Expect(server.DeleteUser(t.Context(), "nobody")).To(Succeed())
	state, err = server.State(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(state.Users).To(BeEmpty())
	g.Expect(state.Groups[0].Members).To(BeEmpty())
}
