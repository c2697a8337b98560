package kubernetes

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/runtime"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	clientcmdlatest "k8s.io/client-go/tools/clientcmd/api/latest"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/hack/targets/certs"
)

// canary stands wherever a kubeconfig may have something that must not be repeated.
const canary = "c4n4ry"

// valid is a kubeconfig that is taken as it is.
func valid(authority *certs.Authority) *clientcmdapi.Config {
	return &clientcmdapi.Config{
		Clusters:       map[string]*clientcmdapi.Cluster{"there": {Server: "https://there.example.com:6443", CertificateAuthorityData: authority.PEM}},
		AuthInfos:      map[string]*clientcmdapi.AuthInfo{"longshore": {Token: canary}},
		Contexts:       map[string]*clientcmdapi.Context{"there": {Cluster: "there", AuthInfo: "longshore"}},
		CurrentContext: "there",
	}
}

func openKubeconfig(content []byte) error {
	behind := here()
	behind.Spec.CredentialsRef = &v1alpha1.LocalReference{Name: "cluster-there"}
	_, err := Type(nil, nil).Open(provider.Connection{Behind: behind, Credentials: map[string][]byte{v1alpha1.CredentialKubeconfig: content}})
	return err
}

func TestAKubeconfigCarriesEverythingItselfOrIsRefused(t *testing.T) {
	authority, err := certs.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	pair, err := authority.Issue()
	if err != nil {
		t.Fatal(err)
	}
	other, err := authority.Issue()
	if err != nil {
		t.Fatal(err)
	}
	cluster := func(change func(*clientcmdapi.Cluster)) func(*clientcmdapi.Config) {
		return func(k *clientcmdapi.Config) { change(k.Clusters["there"]) }
	}
	user := func(change func(*clientcmdapi.AuthInfo)) func(*clientcmdapi.Config) {
		return func(k *clientcmdapi.Config) { change(k.AuthInfos["longshore"]) }
	}
	for _, test := range []struct {
		reason string
		change func(*clientcmdapi.Config)
		want   string
	}{
		{"a token and an authority are enough", func(*clientcmdapi.Config) {}, ""},
		{"a certificate and its key are credentials", user(func(u *clientcmdapi.AuthInfo) {
			u.Token, u.ClientCertificateData, u.ClientKeyData = "", pair.Certificate, pair.Key
		}), ""},
		{"public authorities may have signed for the server", cluster(func(c *clientcmdapi.Cluster) { c.CertificateAuthorityData = nil }), ""},
		{"a server may be reached by another name than its certificate's", cluster(func(c *clientcmdapi.Cluster) { c.TLSServerName = "kubernetes" }), ""},
		{"some clusters are behind a path", cluster(func(c *clientcmdapi.Cluster) { c.Server = "https://clusters.example.com/k8s/c-1" }), ""},
		{"other contexts are of no concern", func(k *clientcmdapi.Config) {
			k.AuthInfos["other"] = &clientcmdapi.AuthInfo{Exec: &clientcmdapi.ExecConfig{Command: canary, APIVersion: "client.authentication.k8s.io/v1", InteractiveMode: "Never"}}
		}, ""},

		{"it would run a command", user(func(u *clientcmdapi.AuthInfo) {
			u.Exec = &clientcmdapi.ExecConfig{Command: canary, APIVersion: "client.authentication.k8s.io/v1", InteractiveMode: "Never"}
		}), "runs a command for its credentials"},
		{"plugins run code", user(func(u *clientcmdapi.AuthInfo) { u.AuthProvider = &clientcmdapi.AuthProviderConfig{Name: canary} }), "auth-provider"},
		{"it would send the operator's own token", user(func(u *clientcmdapi.AuthInfo) { u.TokenFile = "/var/run/secrets/" + canary }), "put its content into token"},
		{"it would read a file", user(func(u *clientcmdapi.AuthInfo) { u.ClientCertificate = "/" + canary }), "client-certificate-data"},
		{"it would read a file", user(func(u *clientcmdapi.AuthInfo) { u.ClientKey = "/" + canary }), "client-key-data"},
		{"it would read a file", cluster(func(c *clientcmdapi.Cluster) { c.CertificateAuthority = "/" + canary }), "certificate-authority-data"},
		{"anybody could answer", cluster(func(c *clientcmdapi.Cluster) { c.InsecureSkipTLSVerify, c.CertificateAuthorityData = true, nil }), "insecure-skip-tls-verify"},
		{"everybody could listen", cluster(func(c *clientcmdapi.Cluster) { c.Server = "http://there.example.com" }), "https://host[:port]"},
		{"a server has a scheme", cluster(func(c *clientcmdapi.Cluster) { c.Server = "there.example.com:6443" }), "https://host[:port]"},
		{"a server has a host", cluster(func(c *clientcmdapi.Cluster) { c.Server = "https:///" + canary }), "https://host[:port]"},
		{"a server is there", cluster(func(c *clientcmdapi.Cluster) { c.Server = "" }), "https://host[:port]"},
		{"nonsense is no server", cluster(func(c *clientcmdapi.Cluster) { c.Server = "https://[" + canary }), "https://host[:port]"},
		{"a socket of the operator's machine is no server", cluster(func(c *clientcmdapi.Cluster) { c.Server = "unix:///" + canary }), "https://host[:port]"},
		{"an address would show the password", cluster(func(c *clientcmdapi.Cluster) { c.Server = "https://ada:" + canary + "@there.example.com" }), "with credentials or parameters"},
		{"calls have parameters of their own", cluster(func(c *clientcmdapi.Cluster) { c.Server = "https://there.example.com?" + canary }), "with credentials or parameters"},
		{"somebody else would see the calls", cluster(func(c *clientcmdapi.Cluster) { c.ProxyURL = "http://" + canary }), "proxy-url"},
		{"an authority is a certificate", cluster(func(c *clientcmdapi.Cluster) { c.CertificateAuthorityData = []byte(canary) }), "without a certificate in PEM"},
		{"it would speak for somebody else", user(func(u *clientcmdapi.AuthInfo) { u.Impersonate = canary }), "speaks for somebody else"},
		{"it would speak for somebody else", user(func(u *clientcmdapi.AuthInfo) { u.ImpersonateUID = canary }), "speaks for somebody else"},
		{"it would speak for a group", user(func(u *clientcmdapi.AuthInfo) { u.ImpersonateGroups = []string{canary} }), "speaks for somebody else"},
		{"it would speak for somebody else", user(func(u *clientcmdapi.AuthInfo) { u.ImpersonateUserExtra = map[string][]string{canary: {canary}} }), "speaks for somebody else"},
		{"API servers take no passwords", user(func(u *clientcmdapi.AuthInfo) { u.Username, u.Password = "ada", canary }), "username and password"},
		{"somebody must call", user(func(u *clientcmdapi.AuthInfo) { u.Token = "" }), "has no credentials"},
		{"a header would end with the line", user(func(u *clientcmdapi.AuthInfo) { u.Token += "\nHost: elsewhere" }), "the end of a line"},
		{"a token is ASCII", user(func(u *clientcmdapi.AuthInfo) { u.Token += "ü" }), "characters that no token has"},
		{"a certificate needs its key", user(func(u *clientcmdapi.AuthInfo) { u.ClientCertificateData = pair.Certificate }), "not a certificate and its key"},
		{"a certificate needs its own key", user(func(u *clientcmdapi.AuthInfo) {
			u.ClientCertificateData, u.ClientKeyData = pair.Certificate, other.Key
		}), "not a certificate and its key"},
		{"a key without a certificate is worth nothing", user(func(u *clientcmdapi.AuthInfo) { u.ClientKeyData = []byte(canary) }), "not a certificate and its key"},
		{"which cluster is meant is not guessed", func(k *clientcmdapi.Config) { k.CurrentContext = "" }, "has no context"},
		{"a context that is not there says nothing", func(k *clientcmdapi.Config) { k.CurrentContext = canary }, "has no context"},
		{"a context names a cluster", func(k *clientcmdapi.Config) { k.Contexts["there"].Cluster = canary }, "no cluster or no user"},
		{"a context names a user", func(k *clientcmdapi.Config) { k.Contexts["there"].AuthInfo = canary }, "no cluster or no user"},
	} {
		t.Run(test.reason, func(t *testing.T) {
			g := NewWithT(t)
			kubeconfig := valid(authority)
			test.change(kubeconfig)
			content, err := runtime.Encode(clientcmdlatest.Codec, kubeconfig)
			g.Expect(err).NotTo(HaveOccurred())

			err = openKubeconfig(content)

			if test.want == "" {
				g.Expect(err).NotTo(HaveOccurred())
				return
			}
			g.Expect(provider.IsRefused(err)).To(BeTrue(), "%v", err)
			g.Expect(err).To(MatchError(And(ContainSubstring(test.want), HavePrefix("the kubeconfig in Secret cluster-there, which AccessProvider cluster names"))))
			g.Expect(err).NotTo(MatchError(ContainSubstring(canary)), "what is refused is not repeated")
		})
	}
}

func TestWhatIsNoKubeconfigIsRefusedUnseen(t *testing.T) {
	for _, test := range []struct{ reason, content, want string }{
		{"nothing at all", "", "has no key kubeconfig"},
		{"no YAML", "{" + canary, "is none that could be read"},
		{"another type where a list belongs", "clusters: " + canary, "is none that could be read"},
		{"another kind", "apiVersion: v1\nkind: " + canary, "is none that could be read"},
		{"certificates that are no base64", `clusters: [{name: a, cluster: {certificate-authority-data: "` + canary + `!"}}]`, "is none that could be read"},
		{"an empty object", "{}", "has no context"},
		{"an entry without content", "current-context: a\ncontexts: [{name: a}]", "no cluster or no user"},
	} {
		t.Run(test.reason, func(t *testing.T) {
			g := NewWithT(t)
			err := openKubeconfig([]byte(test.content))
			g.Expect(provider.IsRefused(err)).To(BeTrue(), "%v", err)
			g.Expect(err).To(MatchError(ContainSubstring(test.want)))
			g.Expect(err).NotTo(MatchError(ContainSubstring(canary)))
		})
	}
}

func FuzzAKubeconfigIsOpenedOrRefused(f *testing.F) {
	authority, err := certs.NewAuthority()
	if err != nil {
		f.Fatal(err)
	}
	content, err := runtime.Encode(clientcmdlatest.Codec, valid(authority))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(content))
	f.Add(strings.Replace(string(content), "https", "http", 1))
	f.Add("current-context: a\ncontexts: [{name: a}]\nclusters: [{}]\nusers: [null]")
	f.Add("a: &a [*a, *a]")
	f.Add("\x00\xff")
	f.Fuzz(func(t *testing.T, content string) {
		if err := openKubeconfig([]byte(content)); err != nil && !provider.IsRefused(err) {
			t.Errorf("opening a kubeconfig gave %v, expected it to be refused in words", err)
		}
	})
}
