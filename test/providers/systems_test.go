package providers_test

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"testing"

	. "github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/controllers/access/provider/kubernetes/kubernetestest"
	"github.com/longshore-dev/longshore/controllers/access/provider/ldap/ldaptest"
	"github.com/longshore-dev/longshore/controllers/access/provider/manual"
	"github.com/longshore-dev/longshore/controllers/access/provider/postgres/postgrestest"
	"github.com/longshore-dev/longshore/controllers/access/provider/scim/scimtest"
	"github.com/longshore-dev/longshore/hack/targets/certs"
	"github.com/longshore-dev/longshore/test/faults"
)

// system is a target system behind a proxy.
type system struct {
	proxy *faults.Proxy
	// kind opens the provider; it may need the world's API server.
	kind func(*world) provider.Type
	// connection leads through the proxy.
	connection func() provider.Connection
	// wrong are credentials of the right form that the target system refuses; nil if there are none to be rotated.
	wrong map[string][]byte
	// secrets must show nowhere.
	secrets     []string
	entitlement func(*testing.T) v1alpha1.Entitlement
	subject     func(*testing.T) string
	gives       func(*testing.T, provider.Target) bool
	left        func(*testing.T) []string
	// restart stops the server and starts it again; nil if what is called is not the provider's own, and only the connections are dropped.
	restart func(*testing.T)
	// tell has somebody hand a thing out or take it back; nil where access is given by calls.
	tell func(subject, item string, verdict v1alpha1.Verdict)
	// attested says that people hand out what is granted, and that granting it only reads what they said.
	attested bool
}

// held and gone are the states of what is granted, and of what was and is no more.
func (s *system) held() v1alpha1.GrantState {
	if s.attested {
		return v1alpha1.GrantGranted
	}
	return v1alpha1.GrantVerified
}

func (s *system) gone() v1alpha1.GrantState {
	if s.attested {
		return v1alpha1.GrantAttested
	}
	return v1alpha1.GrantRevoked
}

// systems starts each target system, by the name that the matrix gives it.
var systems = map[string]func(*testing.T) *system{
	"LDAP": func(t *testing.T) *system {
		t.Helper()
		server := ldaptest.Start(t)
		s := behindProxy(server)
		s.proxy = faults.LDAP(t, faults.Upstream{Address: server.Address(), CABundle: server.Authority().PEM}, identity(t, server.Authority()))
		s.wrong = with(server.Connection().Credentials, v1alpha1.CredentialPassword, "not-the-password")
		return s
	},
	"SCIM": func(t *testing.T) *system {
		t.Helper()
		server := scimtest.Start(t)
		s := behindProxy(server)
		s.proxy = faults.HTTP(t, faults.Upstream{Address: server.Address(), CABundle: server.Authority().PEM}, identity(t, server.Authority()))
		s.wrong = with(server.Connection().Credentials, v1alpha1.CredentialToken, "not-the-token")
		return s
	},
	"PostgreSQL": func(t *testing.T) *system {
		t.Helper()
		server := postgrestest.Start(t)
		s := behindProxy(server)
		s.proxy = faults.PostgreSQL(t, faults.Upstream{Address: server.Address(), CABundle: server.Authority().PEM}, server.Identity(t))
		s.wrong = with(server.Connection().Credentials, v1alpha1.CredentialPassword, "not-the-password")
		return s
	},
	"Manual": startManual,
	"Kubernetes": func(t *testing.T) *system {
		t.Helper()
		server := kubernetestest.Start(t)
		s := behindProxy(server)
		s.proxy = faults.HTTP(t, faults.Upstream{Address: server.Address(), CABundle: server.UpstreamCA()}, identity(t, server.Authority()))
		wrong := kubernetestest.Kubeconfig(s.proxy.Address(), server.Authority().PEM, "not-the-token")
		s.wrong, s.secrets = map[string][]byte{v1alpha1.CredentialKubeconfig: wrong}, []string{server.Token(), "not-the-token"}
		return s
	},
}

// startManual is for what people hand out, which has no target system: what they attested is read from the operator's own API server, and the
// proxy is in front of that.
func startManual(t *testing.T) *system {
	t.Helper()
	g := NewWithT(t)
	authority, err := certs.NewAuthority()
	g.Expect(err).NotTo(HaveOccurred())
	account := readerOfGrants(t)
	server, err := url.Parse(account.Host)
	g.Expect(err).NotTo(HaveOccurred())
	s := &system{attested: true, secrets: []string{account.BearerToken}}
	s.proxy = faults.HTTP(t, faults.Upstream{Address: server.Host, CABundle: account.CAData}, identity(t, authority))
	through := &rest.Config{Host: "https://" + s.proxy.Address(), BearerToken: account.BearerToken, QPS: -1}
	through.CAData = authority.PEM
	live, err := client.New(through, client.Options{Scheme: scheme})
	g.Expect(err).NotTo(HaveOccurred())
	s.kind = func(w *world) provider.Type { return manual.Type(w.api, live) }
	s.connection = func() provider.Connection {
		return provider.Connection{Behind: &v1alpha1.AccessProvider{Spec: v1alpha1.AccessProviderSpec{Type: v1alpha1.ProviderManual}}}
	}
	s.entitlement = func(*testing.T) v1alpha1.Entitlement {
		custodian := v1alpha1.Subject{Kind: v1alpha1.SubjectUser, Name: "carl"}
		return v1alpha1.Entitlement{Name: "laptop", Manual: &v1alpha1.ManualEntitlement{Item: "Laptop", Custodian: custodian}}
	}
	people := 0
	s.subject = func(*testing.T) string {
		people++
		return fmt.Sprintf("somebody-%d@example.com", people)
	}
	desk := &desk{out: map[string]string{}}
	s.tell, s.gives, s.left = desk.tell, desk.gives, desk.left
	return s
}

// readerOfGrants is an account that may read AccessGrants, as the operator may.
func readerOfGrants(t *testing.T) *rest.Config {
	t.Helper()
	g := NewWithT(t)
	const name = "test-reader-of-grants"
	account, err := shared.ServiceAccount(t.Context(), metav1.NamespaceDefault, name)
	g.Expect(err).NotTo(HaveOccurred())
	meta := metav1.ObjectMeta{Name: name}
	g.Expect(admin.Create(t.Context(), &rbacv1.ClusterRole{ObjectMeta: meta, Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{v1alpha1.GroupVersion.Group}, Resources: []string{"accessgrants"}, Verbs: []string{"get"}},
	}})).To(Succeed())
	g.Expect(admin.Create(t.Context(), &rbacv1.ClusterRoleBinding{
		ObjectMeta: meta, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name},
		Subjects: []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: metav1.NamespaceDefault, Name: name}},
	})).To(Succeed())
	return account
}

// desk is where things are handed out and taken back. It knows who has what.
type desk struct {
	// out are the items that people have, by person.
	out map[string]string
}

func (d *desk) tell(subject, item string, verdict v1alpha1.Verdict) {
	if verdict == v1alpha1.VerdictHandedOut {
		d.out[subject] = item
		return
	}
	delete(d.out, subject)
}

func (d *desk) gives(_ *testing.T, target provider.Target) bool {
	_, item := provider.TypeOf(target.Name)
	return d.out[target.Subject] == item
}

func (d *desk) left(*testing.T) []string {
	var left []string
	for subject, item := range d.out {
		left = append(left, subject+" has a "+item)
	}
	return left
}

// targetSystem is one as its own test package starts it.
type targetSystem interface {
	Type() provider.Type
	Connection() provider.Connection
	Via(address string) provider.Connection
	Entitlement(*testing.T) v1alpha1.Entitlement
	Subject(*testing.T) string
	Gives(*testing.T, provider.Target) bool
	Left(*testing.T) []string
	Restart(*testing.T)
}

// behindProxy is a target system that is called through a proxy, which is still to be started.
func behindProxy(r targetSystem) *system {
	s := &system{
		kind:        func(*world) provider.Type { return r.Type() },
		entitlement: r.Entitlement, subject: r.Subject, gives: r.Gives, left: r.Left, restart: r.Restart,
	}
	s.connection = func() provider.Connection { return r.Via(s.proxy.Address()) }
	for key, value := range r.Connection().Credentials {
		if key != v1alpha1.CredentialUsername {
			s.secrets = append(s.secrets, string(value))
		}
	}
	return s
}

func identity(t *testing.T, authority *certs.Authority) certs.Pair {
	t.Helper()
	pair, err := authority.Issue()
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

// with is credentials with another value.
func with(credentials map[string][]byte, key, value string) map[string][]byte {
	other := maps.Clone(credentials)
	other[key] = []byte(value)
	return other
}

// ctxAfter is a context for what is done when the test has ended.
func ctxAfter(t *testing.T) context.Context { return context.WithoutCancel(t.Context()) }

// sortedNames are the names of the systems.
func sortedNames() []string { return slices.Sorted(maps.Keys(systems)) }
