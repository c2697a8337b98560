package providers_test

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/controllers/access/provider/kubernetes/kubernetestest"
	"github.com/longshore-dev/longshore/controllers/access/provider/ldap/ldaptest"
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
		real := ldaptest.Start(t)
		s := behindProxy(real)
		s.proxy = faults.LDAP(t, faults.Upstream{Address: real.Address(), CABundle: real.Authority().PEM}, identity(t, real.Authority()))
		s.wrong = with(real.Connection().Credentials, v1alpha1.CredentialPassword, "not-the-password")
		return s
	},
	"SCIM": func(t *testing.T) *system {
		t.Helper()
		real := scimtest.Start(t)
		s := behindProxy(real)
		s.proxy = faults.HTTP(t, faults.Upstream{Address: real.Address(), CABundle: real.Authority().PEM}, identity(t, real.Authority()))
		s.wrong = with(real.Connection().Credentials, v1alpha1.CredentialToken, "not-the-token")
		return s
	},
	"PostgreSQL": func(t *testing.T) *system {
		t.Helper()
		real := postgrestest.Start(t)
		s := behindProxy(real)
		s.proxy = faults.PostgreSQL(t, faults.Upstream{Address: real.Address(), CABundle: real.Authority().PEM}, real.Identity(t))
		s.wrong = with(real.Connection().Credentials, v1alpha1.CredentialPassword, "not-the-password")
		return s
	},
	"Kubernetes": func(t *testing.T) *system {
		t.Helper()
		real := kubernetestest.Start(t)
		s := behindProxy(real)
		s.proxy = faults.HTTP(t, faults.Upstream{Address: real.Address(), CABundle: real.UpstreamCA()}, identity(t, real.Authority()))
		wrong := kubernetestest.Kubeconfig(s.proxy.Address(), real.Authority().PEM, "not-the-token")
		s.wrong, s.secrets = map[string][]byte{v1alpha1.CredentialKubeconfig: wrong}, []string{real.Token(), "not-the-token"}
		return s
	},
}

// real is a target system as its own test package starts it.
type real interface {
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
func behindProxy(r real) *system {
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

var _ = fmt.Sprint
var _ = url.Parse
var _ = rbacv1.GroupName
var _ = metav1.Now
var _ rest.Config
var _ client.Client
