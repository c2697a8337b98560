// Package kubernetestest starts a cluster for tests that give access in it by a kubeconfig, and has an administrator's hands in it.
package kubernetestest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/controllers/access/provider/kubernetes"
	"github.com/longshore-dev/longshore/controllers/access/provider/providertest"
	"github.com/longshore-dev/longshore/hack/cluster"
	"github.com/longshore-dev/longshore/hack/targets/certs"
)

// Name is of the AccessProvider and of its Secret.
const Name = "cluster-there"

// bindable is the ClusterRole that the installer listed.
const bindable = "longshore-test-there"

// account is the service account that config/remote makes, and its namespace.
const account = "longshore-remote"

// namespaces are what entitlements name.
var namespaces = []string{"team-a", "team-b"}

// settle bounds the wait until the API server's authorizer has seen the roles.
const settle = 30 * time.Second

// System is a cluster that is called by the account that config/remote makes, with what that may do.
type System struct {
	Hands
	cluster   *cluster.Cluster
	account   *rest.Config
	address   string
	authority *certs.Authority
}

// Start starts a cluster and stops it when the test ends.
func Start(t *testing.T) *System {
	t.Helper()
	started, err := cluster.Start(t.Context(), cluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := started.Stop(); err != nil {
			t.Errorf("stopping the cluster: %v", err)
		}
	})
	s := &System{cluster: started}
	if err := s.prepare(t.Context()); err != nil {
		t.Fatalf("preparing the cluster: %v", err)
	}
	return s
}

func (s *System) prepare(ctx context.Context) error {
	config := s.cluster.RESTConfig()
	server, err := url.Parse(config.Host)
	if err != nil {
		return err
	}
	s.address = server.Host
	if s.Admin, err = client.New(config, client.Options{}); err != nil {
		return err
	}
	if s.authority, err = certs.NewAuthority(); err != nil {
		return err
	}
	root, err := cluster.ModuleRoot()
	if err != nil {
		return err
	}
	if err := s.cluster.Apply(ctx, "installer", filepath.Join(root, "config", "remote")); err != nil {
		return err
	}
	if s.account, err = s.cluster.ServiceAccount(ctx, account, account); err != nil {
		return err
	}
	if err := s.fill(ctx); err != nil {
		return err
	}
	return s.awaitRoles(ctx)
}

// fill makes what entitlements name, and lists it for the account.
func (s *System) fill(ctx context.Context) error {
	role := &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{Name: bindable},
		Rules:      []rbacv1.PolicyRule{{APIGroups: []string{"things.longshore.test"}, Resources: []string{"things"}, Verbs: []string{"get"}}},
	}
	if err := s.Admin.Create(ctx, role); err != nil {
		return err
	}
	for _, name := range namespaces {
		if err := s.Admin.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}); err != nil {
			return err
		}
	}
	list := &rbacv1.ClusterRole{}
	if err := s.Admin.Get(ctx, client.ObjectKey{Name: "longshore-remote-bind"}, list); err != nil {
		return err
	}
	list.Rules[0].ResourceNames = []string{bindable}
	return s.Admin.Update(ctx, list)
}

// awaitRoles waits until the account may do what it was allowed: the API server's authorizer follows roles by a watch.
func (s *System) awaitRoles(ctx context.Context) error {
	opened, err := s.Type().Open(s.Connection())
	if err != nil {
		return err
	}
	mayBind := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User:               "system:serviceaccount:" + account + ":" + account,
		ResourceAttributes: &authorizationv1.ResourceAttributes{Group: rbacv1.GroupName, Resource: "clusterroles", Verb: "bind", Name: bindable},
	}}
	var missing error
	err = wait.PollUntilContextTimeout(ctx, 20*time.Millisecond, settle, true, func(ctx context.Context) (bool, error) {
		missing = opened.Probe(ctx)
		review := mayBind.DeepCopy()
		err := s.Admin.Create(ctx, review)
		return missing == nil && review.Status.Allowed, err
	})
	return errors.Join(err, missing)
}

// Type is a cluster of which there is no own: an AccessProvider without credentials finds nobody there.
func (s *System) Type() provider.Type {
	nobody, err := client.New(&rest.Config{Host: "https://127.0.0.1:1"}, client.Options{})
	if err != nil {
		return provider.Type{Open: func(provider.Connection) (provider.Provider, error) { return nil, err }}
	}
	return kubernetes.Type(nobody, nobody)
}

// Connection leads straight to the server.
func (s *System) Connection() provider.Connection {
	return s.by(Kubeconfig(s.address, s.UpstreamCA(), s.account.BearerToken))
}

// Via leads to a proxy that proves itself by Authority.
func (s *System) Via(address string) provider.Connection {
	return s.by(Kubeconfig(address, s.authority.PEM, s.account.BearerToken))
}

func (s *System) by(kubeconfig []byte) provider.Connection {
	return provider.Connection{
		Behind: &v1alpha1.AccessProvider{
			ObjectMeta: metav1.ObjectMeta{Name: Name},
			Spec:       v1alpha1.AccessProviderSpec{Type: v1alpha1.ProviderKubernetes, CredentialsRef: &v1alpha1.LocalReference{Name: Name}},
		},
		Credentials: map[string][]byte{v1alpha1.CredentialKubeconfig: kubeconfig},
	}
}

// Kubeconfig leads to host:port, verified by an authority in PEM, with a token.
func Kubeconfig(address string, authority []byte, token string) []byte {
	return fmt.Appendf(nil, `apiVersion: v1
kind: Config
clusters:
- name: there
  cluster: {server: "https://%s", certificate-authority-data: %s}
users:
- name: longshore
  user: {token: %q}
contexts:
- name: there
  context: {cluster: there, user: longshore}
current-context: there
`, address, base64.StdEncoding.EncodeToString(authority), token)
}

// Address is the host:port of the API server.
func (s *System) Address() string { return s.address }

// Authority is for the proxies that stand before the API server; its own certificate was signed by UpstreamCA.
func (s *System) Authority() *certs.Authority { return s.authority }

// UpstreamCA signed the API server's certificate, PEM.
func (s *System) UpstreamCA() []byte { return s.cluster.RESTConfig().CAData }

// UpstreamTLS is how a proxy verifies the API server.
func (s *System) UpstreamTLS() *tls.Config {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(s.UpstreamCA())
	return &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
}

// Token is what the account is known by.
func (s *System) Token() string { return s.account.BearerToken }

// Restart has the API server stop and start again, at the same address and with the same objects.
func (s *System) Restart(t *testing.T) {
	t.Helper()
	if err := s.cluster.RestartAPIServer(); err != nil {
		t.Fatal(err)
	}
}

// Entitlement gives one access, in one namespace.
func (s *System) Entitlement(*testing.T) v1alpha1.Entitlement {
	return v1alpha1.Entitlement{
		Name:        "tools",
		ProviderRef: v1alpha1.ClusterReference{Name: Name},
		Kubernetes:  &v1alpha1.KubernetesEntitlement{ClusterRole: bindable, Namespaces: namespaces[:1]},
	}
}

// InNamespaces is given by RoleBindings.
func (s *System) InNamespaces() v1alpha1.KubernetesEntitlement {
	return v1alpha1.KubernetesEntitlement{ClusterRole: bindable, Namespaces: namespaces}
}

// ClusterWide is given by a ClusterRoleBinding.
func (s *System) ClusterWide() v1alpha1.KubernetesEntitlement {
	return v1alpha1.KubernetesEntitlement{ClusterRole: bindable, ClusterWide: true}
}

// Harness holds to the contract what InNamespaces or ClusterWide gives.
func (s *System) Harness(wanted v1alpha1.KubernetesEntitlement) providertest.Harness {
	h := s.HarnessOf(s.Type(), s.Connection(), wanted)
	h.WrongCredentials = map[string][]byte{
		v1alpha1.CredentialKubeconfig: Kubeconfig(s.address, s.UpstreamCA(), s.account.BearerToken+"x"),
	}
	return h
}
