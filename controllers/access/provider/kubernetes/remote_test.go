package kubernetes_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/controllers/access/provider/kubernetes"
	"github.com/longshore-dev/longshore/controllers/access/provider/kubernetes/kubernetestest"
	"github.com/longshore-dev/longshore/controllers/access/provider/providertest"
	"github.com/longshore-dev/longshore/hack/targets/certs"
)

// patience bounds waits for the control planes.
const patience = 30 * time.Second

// there is a second cluster, which is started once for all tests of it.
type there struct {
	*WithT
	*testing.T
	*kubernetestest.System
}

func TestAnotherCluster(t *testing.T) {
	system := kubernetestest.Start(t)
	for _, test := range []struct {
		behaviour string
		run       func(there)
	}{
		{"RoleBindings keep the contract", func(c there) { providertest.Run(c.T, c.Harness(c.InNamespaces())) }},
		{"ClusterRoleBindings keep the contract", func(c there) { providertest.Run(c.T, c.Harness(c.ClusterWide())) }},
		{"opening makes no call", there.opensWithoutACall},
		{"what the account may not do is named by the probe", there.namesWhatIsMissing},
		{"a ClusterRole that was not listed there is not bound", there.bindsWhatIsListed},
		{"a token that is not valid is refused and not repeated", there.refusesAWrongToken},
		{"a server that another authority signed for is not talked to", there.trustsItsAuthority},
		{"what was granted in it is not proven gone by a kubeconfig of another cluster", there.isNotAnother},
		{"what was granted in it is not looked for in the operator's own", there.isNotTheOwn},
		{"a server that knows nothing proves nothing", there.isAnAPIServer},
		{"credentials are not sent on", there.followsNobody},
		{"a server that asks to be left alone is left alone", there.leavesAlone},
		{"what is no API server's answer is not repeated", there.repeatsNothing},
		{"an answer that names the subject is not repeated", there.namesNobody},
		{"a server that never answers ends with the call", there.doesNotHang},
		{"a server that was restarted is found again", there.outlivesARestart},
		{"what is left of Longshore is seen", there.seesWhatIsLeft},
	} {
		t.Run(test.behaviour, func(t *testing.T) { test.run(there{NewWithT(t), t, system}) })
	}
}

func (c there) open(connection provider.Connection) provider.Provider {
	c.Helper()
	opened, err := c.Type().Open(connection)
	c.Expect(err).NotTo(HaveOccurred())
	return opened
}

// target is one that nobody has yet.
func (c there) target(p provider.Provider) provider.Target {
	c.Helper()
	targets, err := p.Resolve(c.Entitlement(c.T), c.Subject(c.T))
	c.Expect(err).NotTo(HaveOccurred())
	return targets[0]
}

// granted is one that was granted, and read back.
func (c there) granted() provider.Target {
	c.Helper()
	p := c.open(c.Connection())
	target := c.target(p)
	c.Expect(p.Grant(c.Context(), provider.Request{Target: target})).To(Succeed())
	observed, err := p.Verify(c.Context(), target)
	c.Expect(err).NotTo(HaveOccurred())
	c.Expect(observed.Exact()).To(BeTrue(), "%+v", observed)
	target.Handle = observed.Handle
	return target
}

// behind is a connection by another kubeconfig.
func (c there) behind(kubeconfig []byte) provider.Connection {
	connection := c.Connection()
	connection.Credentials = map[string][]byte{v1alpha1.CredentialKubeconfig: kubeconfig}
	return connection
}

// server answers instead of the API server, as the proxies do.
func (c there) server(handler http.Handler) provider.Connection {
	c.Helper()
	return c.Via(c.serve(handler))
}

func (c there) serve(handler http.Handler) (address string) {
	c.Helper()
	pair, err := c.Authority().Issue()
	c.Expect(err).NotTo(HaveOccurred())
	server := httptest.NewUnstartedServer(handler)
	server.TLS, err = pair.TLS()
	c.Expect(err).NotTo(HaveOccurred())
	server.StartTLS()
	c.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// proxy passes on what handle leaves to it.
func (c there) proxy(handle func(http.ResponseWriter, *http.Request) bool) provider.Connection {
	c.Helper()
	passOn := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "https", Host: c.Address()})
	passOn.Transport = &http.Transport{TLSClientConfig: c.UpstreamTLS()}
	return c.server(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !handle(w, r) {
			passOn.ServeHTTP(w, r)
		}
	}))
}

// listen counts who calls, and answers nobody.
func (c there) listen() (address string, calls *atomic.Int64) {
	c.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	c.Expect(err).NotTo(HaveOccurred())
	c.Cleanup(func() { listener.Close() })
	calls = &atomic.Int64{}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			calls.Add(1)
			c.Cleanup(func() { connection.Close() })
		}
	}()
	return listener.Addr().String(), calls
}

func (c there) refused(err error, words string) {
	c.Helper()
	c.Expect(provider.IsRefused(err)).To(BeTrue(), "%v", err)
	c.Expect(err).To(MatchError(ContainSubstring(words)))
}

func (c there) opensWithoutACall() {
	address, calls := c.listen()
	p := c.open(c.Via(address))
	c.target(p)
	c.Expect(calls.Load()).To(BeZero())
	ctx, cancel := context.WithTimeout(c.Context(), 100*time.Millisecond)
	defer cancel()
	c.Expect(p.Probe(ctx)).NotTo(Succeed())
	c.Expect(calls.Load()).To(BeEquivalentTo(1), "a call would have been counted")
}

func (c there) namesWhatIsMissing() {
	own, _, _ := kubernetes.Own()
	stranger, err := own.ServiceAccount(c.Context(), "default", "stranger")
	c.Expect(err).NotTo(HaveOccurred())
	address, err := url.Parse(stranger.Host)
	c.Expect(err).NotTo(HaveOccurred())
	err = c.open(c.behind(kubernetestest.Kubeconfig(address.Host, stranger.CAData, stranger.BearerToken))).Probe(c.Context())
	c.refused(err, "the identity of the kubeconfig may not get namespaces, get clusterroles, get rolebindings")
	c.refused(err, "apply config/remote in that cluster again")
	c.Expect(err).NotTo(MatchError(ContainSubstring("watch")), "another cluster is not watched")
}

func (c there) bindsWhatIsListed() {
	p := c.open(c.Connection())
	targets, err := p.Resolve(v1alpha1.Entitlement{Name: "tools", Kubernetes: &v1alpha1.KubernetesEntitlement{ClusterRole: "cluster-admin", ClusterWide: true}}, c.Subject(c.T))
	c.Expect(err).NotTo(HaveOccurred())
	err = p.Grant(c.Context(), provider.Request{Target: targets[0]})
	c.refused(err, "add it to the resourceNames of ClusterRole longshore-remote-bind in that cluster")
}

func (c there) refusesAWrongToken() {
	wrong := c.Token() + "x"
	p := c.open(c.behind(kubernetestest.Kubeconfig(c.Address(), c.UpstreamCA(), wrong)))
	for what, call := range c.calls(p, c.granted()) {
		err := call()
		c.refused(err, "renew the token or the certificate")
		c.Expect(err).NotTo(MatchError(ContainSubstring(c.Token())), what)
	}
}

// calls are those that depend on the target system.
func (c there) calls(p provider.Provider, target provider.Target) map[string]func() error {
	return map[string]func() error{
		"grant":  func() error { return p.Grant(c.Context(), provider.Request{Target: target}) },
		"verify": func() error { _, err := p.Verify(c.Context(), target); return err },
		"revoke": func() error { return p.Revoke(c.Context(), target, provider.RevokeOptions{}) },
		"revoke what others gave": func() error {
			return p.Revoke(c.Context(), target, provider.RevokeOptions{Preexisting: true})
		},
	}
}

func (c there) trustsItsAuthority() {
	other, err := certs.NewAuthority()
	c.Expect(err).NotTo(HaveOccurred())
	err = c.open(c.behind(kubernetestest.Kubeconfig(c.Address(), other.PEM, c.Token()))).Probe(c.Context())
	c.Expect(err).To(MatchError(ContainSubstring("failed to verify certificate")))
	c.Expect(provider.IsRefused(err)).To(BeFalse(), "a proxy that fails may stand there for a while")
}

func (c there) isNotAnother() {
	target := c.granted()
	own, admin, _ := kubernetes.Own()
	elsewhere, err := own.ServiceAccount(c.Context(), "default", "elsewhere")
	c.Expect(err).NotTo(HaveOccurred())
	all := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "elsewhere-"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: "default", Name: "elsewhere"}},
	}
	c.Expect(admin.Create(c.Context(), all)).To(Succeed())
	address, err := url.Parse(elsewhere.Host)
	c.Expect(err).NotTo(HaveOccurred())
	p := c.open(c.behind(kubernetestest.Kubeconfig(address.Host, elsewhere.CAData, elsewhere.BearerToken)))
	c.Eventually(func() error { return p.Probe(c.Context()) }, patience).Should(Succeed())

	for _, call := range c.calls(p, target) {
		c.refused(call(), "leads to another cluster than the one in which this was granted")
	}
	c.Expect(c.Gives(c.T, target)).To(BeTrue())
	c.Expect(c.open(c.Connection()).Revoke(c.Context(), target, provider.RevokeOptions{})).To(Succeed())

	// What is behind an address changes while a provider is open.
	var moved atomic.Bool
	target = c.granted()
	toOwn := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "https", Host: address.Host})
	toOwn.Transport, err = rest.TransportFor(elsewhere)
	c.Expect(err).NotTo(HaveOccurred())
	p = c.open(c.proxy(func(w http.ResponseWriter, r *http.Request) bool {
		if moved.Load() {
			r.Header.Del("Authorization")
			toOwn.ServeHTTP(w, r)
			return true
		}
		return false
	}))
	c.Expect(p.Verify(c.Context(), target)).To(HaveField("Exact()", true))
	moved.Store(true)
	_, err = p.Verify(c.Context(), target)
	c.refused(err, "leads to another cluster")
}

func (c there) isNotTheOwn() {
	_, _, operator := kubernetes.Own()
	target := c.granted()
	own, err := kubernetes.Type(operator, operator).Open(ownConnection())
	c.Expect(err).NotTo(HaveOccurred())
	for _, call := range c.calls(own, target) {
		c.refused(call(), "this was granted in the cluster of a kubeconfig")
	}
	target.Handle = ""
	for _, call := range c.calls(own, target) {
		c.refused(call(), "create AccessProvider cluster with its spec.credentialsRef again")
	}

	targets, err := own.Resolve(c.Entitlement(c.T), c.Subject(c.T))
	c.Expect(err).NotTo(HaveOccurred())
	for _, call := range c.calls(c.open(c.Connection()), targets[0]) {
		c.refused(call(), "this was granted in the operator's own cluster")
	}
}

func (c there) isAnAPIServer() {
	for what, answer := range map[string]http.HandlerFunc{
		"nothing is found": http.NotFound,
		"an empty object": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte("{}"))
		},
		"a page for people": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>sign in</html>")) },
	} {
		p := c.open(c.server(answer))
		target := c.target(p)
		observed, err := p.Verify(c.Context(), target)
		c.Expect(err).To(HaveOccurred(), "%s: %+v", what, observed)
		c.Expect(p.Probe(c.Context())).NotTo(Succeed(), what)
	}
}

func (c there) followsNobody() {
	var told atomic.Bool
	elsewhere := c.serve(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { told.Store(r.Header.Get("Authorization") != "") }))
	p := c.open(c.server(http.RedirectHandler("https://"+elsewhere, http.StatusTemporaryRedirect)))
	_, err := p.Verify(c.Context(), c.target(p))
	c.Expect(err).To(HaveOccurred())
	c.Expect(told.Load()).To(BeFalse(), "whoever answers could have the credentials sent anywhere")
}

func (c there) leavesAlone() {
	for _, code := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		var calls atomic.Int64
		p := c.open(c.server(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			calls.Add(1)
			w.Header().Set("Retry-After", "30")
			w.WriteHeader(code)
		})))
		target := c.target(p)
		for what, call := range c.calls(p, target) {
			calls.Store(0)
			err := call()
			c.Expect(provider.RetryAfter(err)).To(Equal(30*time.Second), "%s: %v", what, err)
			c.Expect(provider.IsRefused(err)).To(BeFalse(), "%s: %v", what, err)
			c.Expect(err).To(MatchError(ContainSubstring(strconv.Itoa(code))))
			c.Expect(calls.Load()).To(BeEquivalentTo(1), "%s was repeated", what)
		}
	}
}

func (c there) repeatsNothing() {
	p := c.open(c.server(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(http.StatusInternalServerError)
		_ = r.Write(w)
	})))
	target := c.target(p)
	for what, call := range c.calls(p, target) {
		err := call()
		c.Expect(err).To(MatchError(ContainSubstring("not an API server's answer: 500 Internal Server Error")), what)
		c.Expect(err).NotTo(MatchError(Or(ContainSubstring(c.Token()), ContainSubstring(target.Subject), ContainSubstring("127.0.0.1"))), what)
		c.Expect(provider.IsRefused(err)).To(BeFalse(), what)
	}
}

func (c there) namesNobody() {
	p := c.open(c.proxy(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPost || r.URL.Path != "/apis/rbac.authorization.k8s.io/v1/namespaces/team-a/rolebindings" {
			return false
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(`{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden", "code": 403,
			"message": "admission webhook \"people\" denied the request: nobody@example.com may have nothing"}`))
		return true
	}))
	target := c.target(p)
	target.Subject = "nobody@example.com"
	err := p.Grant(c.Context(), provider.Request{Target: target})
	c.refused(err, "Forbidden; the rest of the answer names the subject")
	c.Expect(err).NotTo(MatchError(ContainSubstring(target.Subject)))
	target.Subject = "somebody@example.com"
	err = p.Grant(c.Context(), provider.Request{Target: target})
	c.refused(err, "admission webhook")
}

func (c there) doesNotHang() {
	address, _ := c.listen()
	p := c.open(c.Via(address))
	ctx, cancel := context.WithTimeout(c.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := p.Verify(ctx, c.target(p))
	c.Expect(err).To(MatchError(context.DeadlineExceeded))
	c.Expect(provider.IsRefused(err)).To(BeFalse())
}

func (c there) outlivesARestart() {
	p := c.open(c.Connection())
	target := c.granted()
	c.Expect(p.Verify(c.Context(), target)).To(HaveField("Exact()", true))
	c.Restart(c.T)
	// The server answers while its authorizer still reads the roles.
	c.Eventually(func() error { return p.Probe(c.Context()) }, patience).Should(Succeed())
	c.Expect(p.Verify(c.Context(), target)).To(HaveField("Exact()", true))
	c.Expect(p.Revoke(c.Context(), target, provider.RevokeOptions{})).To(Succeed())
	c.Expect(p.Verify(c.Context(), target)).To(HaveField("Absent()", true))
}

func (c there) seesWhatIsLeft() {
	target := c.granted()
	left := "RoleBinding team-a/longshore-" + target.Key
	c.Expect(c.Left(c.T)).To(ContainElement(left))
	c.Expect(c.open(c.Connection()).Revoke(c.Context(), target, provider.RevokeOptions{})).To(Succeed())
	c.Expect(c.Left(c.T)).NotTo(ContainElement(left))
}
