// Package manualtest has people hand things out and take them back, for tests of the manual provider and of what uses it.
package manualtest

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/controllers/access/provider/manual"
	"github.com/longshore-dev/longshore/controllers/index"
	"github.com/longshore-dev/longshore/hack/cluster"
	"github.com/longshore-dev/longshore/hack/targets/certs"
)

// Custodian is who hands everything out.
var Custodian = v1alpha1.Subject{Kind: v1alpha1.SubjectUser, Name: "it-desk"}

// namespace of the AccessGrants that tests do not make themselves.
const namespace = "manualtest"

// System is a store from which people hand things out. What they attest is kept in AccessGrants, in a real API server.
type System struct {
	admin client.Client
	front *front

	mu sync.Mutex
	// now is when something was last attested: each statement is a second of its own.
	now time.Time
	// out is what people have, by the Targets' keys.
	out    map[string]provider.Target
	serial int
}

// Start starts an API server that ends with the test.
func Start(t *testing.T) *System {
	t.Helper()
	c, err := cluster.Start(t.Context(), cluster.Options{})
	if err != nil {
		t.Fatalf("starting an API server: %v", err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Errorf("stopping the API server: %v", err)
		}
	})
	root, err := cluster.ModuleRoot()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.InstallCRDs(t.Context(), filepath.Join(root, "config", "crd", "bases")); err != nil {
		t.Fatalf("installing the kinds of the API: %v", err)
	}
	return In(t, c.RESTConfig())
}

// In keeps the AccessGrants in an API server that is there and has Longshore's kinds, as an administrator.
func In(t *testing.T, config *rest.Config) *System {
	t.Helper()
	s := &System{out: map[string]provider.Target{}, now: time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)}
	var err error
	if s.admin, err = client.New(config, client.Options{Scheme: newScheme(t)}); err != nil {
		t.Fatalf("building a client: %v", err)
	}
	if err := client.IgnoreAlreadyExists(s.admin.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}})); err != nil {
		t.Fatalf("creating a namespace: %v", err)
	}
	s.front = startFront(t, config)
	return s
}

func newScheme(t *testing.T) *runtime.Scheme {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	return scheme
}

// Type opens the provider: it reads the API server by the Connection's endpoint, which an AccessProvider itself has none of.
func (s *System) Type() provider.Type {
	return provider.Type{Watch: manual.Type(nil, nil).Watch, Open: func(c provider.Connection) (provider.Provider, error) {
		live, err := client.New(s.configFor(c.Behind.Spec.Endpoint), client.Options{Scheme: s.admin.Scheme(), Mapper: s.admin.RESTMapper()})
		if err != nil {
			return nil, fmt.Errorf("building a client: %w", err)
		}
		return manual.Type(Indexed(live), live).Open(c)
	}}
}

// Config is an administrator's access to the API server.
func (s *System) Config() *rest.Config { return s.configFor("https://" + s.Address()) }

func (s *System) configFor(endpoint string) *rest.Config {
	return &rest.Config{Host: endpoint, QPS: -1, TLSClientConfig: rest.TLSClientConfig{CAData: s.front.authority.PEM}}
}

// Connection leads straight to the API server.
func (s *System) Connection() provider.Connection { return s.Via(s.Address()) }

// Via is the same Connection through a proxy.
func (s *System) Via(address string) provider.Connection {
	return provider.Connection{Behind: &v1alpha1.AccessProvider{
		ObjectMeta: metav1.ObjectMeta{Name: "store"},
		Spec:       v1alpha1.AccessProviderSpec{Type: v1alpha1.ProviderManual, Endpoint: "https://" + address},
	}}
}

// Address is the host and port at which the API server is read, without credentials.
func (s *System) Address() string { return s.front.address }

// Authority signed the certificate that is shown there.
func (s *System) Authority() *certs.Authority { return s.front.authority }

// Restart takes the API server away for a moment: connections end, and are accepted again on the same port.
func (s *System) Restart(t *testing.T) {
	t.Helper()
	s.front.stop(t)
	s.front.start(t)
}

// Entitlement is an item that everybody can be given.
func (*System) Entitlement(*testing.T) v1alpha1.Entitlement {
	return v1alpha1.Entitlement{
		Name: "laptop", ProviderRef: v1alpha1.ClusterReference{Name: "store"},
		Manual: &v1alpha1.ManualEntitlement{Item: "Laptop 14\"", Custodian: Custodian},
	}
}

// Subject returns a person who has nothing yet.
func (s *System) Subject(*testing.T) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serial++
	return fmt.Sprintf("person-%d", s.serial)
}

// Gives says whether the Target's subject has the item in their hands.
func (s *System) Gives(_ *testing.T, target provider.Target) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, out := s.out[target.Key]
	return out
}

// Left returns what is still with people.
func (s *System) Left(*testing.T) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var left []string
	for _, target := range s.out {
		_, item := provider.TypeOf(target.Name)
		left = append(left, item+" of "+target.Subject)
	}
	slices.Sort(left)
	return left
}

// Attest does what a call waits for. What is attested is kept in an AccessGrant that has a part in the item, or in one of its own.
func (s *System) Attest(t *testing.T, operation provider.Operation, target provider.Target) {
	t.Helper()
	verdict := v1alpha1.VerdictHandedOut
	if operation == provider.OperationRevoke {
		verdict = v1alpha1.VerdictReturned
	}
	s.say(t, s.grantOf(t, target), target, verdict)
}

// say has the custodian attest something, and keeps it as the reconciler of engagements does.
func (s *System) say(t *testing.T, name client.ObjectKey, target provider.Target, verdict v1alpha1.Verdict) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(time.Second)
	err := retry.RetryOnConflict(retry.DefaultRetry, func() error {
		grant := &v1alpha1.AccessGrant{}
		if err := s.admin.Get(t.Context(), name, grant); err != nil {
			return err
		}
		said := v1alpha1.CustodyRecord{Verdict: verdict, By: Custodian.Name, At: metav1.NewTime(s.now)}
		for _, row := range grant.Status.Entitlements {
			if row.Key == target.Key {
				said.Entitlement = row.Name
			}
		}
		grant.Spec.Custody = append(slices.DeleteFunc(grant.Spec.Custody, func(c v1alpha1.CustodyRecord) bool {
			return c.Entitlement == said.Entitlement && c.Verdict == verdict
		}), said)
		return s.admin.Update(t.Context(), grant)
	})
	if err != nil {
		t.Fatalf("attesting %s: %v", verdict, err)
	}
	if s.out[target.Key] = target; verdict == v1alpha1.VerdictReturned {
		delete(s.out, target.Key)
	}
}

// grantOf finds an AccessGrant that has a part in a Target and is not over, or makes one.
func (s *System) grantOf(t *testing.T, target provider.Target) client.ObjectKey {
	t.Helper()
	list := &v1alpha1.AccessGrantList{}
	if err := s.admin.List(t.Context(), list); err != nil {
		t.Fatalf("listing the grants: %v", err)
	}
	for i := range list.Items {
		for _, row := range list.Items[i].Status.Entitlements {
			if row.Key == target.Key && (row.State == v1alpha1.GrantPending || row.State == v1alpha1.GrantGranted || row.State == v1alpha1.GrantRevoking) {
				return client.ObjectKeyFromObject(&list.Items[i])
			}
		}
	}
	return client.ObjectKeyFromObject(s.Grant(t, "of-"+target.Key[:20], target, "laptop"))
}

// Grant makes an AccessGrant that has a part in a Target, as the reconcilers leave it before the first call.
func (s *System) Grant(t *testing.T, name string, target provider.Target, entitlement string) *v1alpha1.AccessGrant {
	t.Helper()
	s.mu.Lock()
	now := s.now
	s.mu.Unlock()
	grant := &v1alpha1.AccessGrant{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	grant.Spec = v1alpha1.AccessGrantSpec{
		EngagementRef: v1alpha1.EngagementReference{Name: name, UID: "uid-of-an-engagement"},
		WorkerRef:     v1alpha1.WorkerReference{Namespace: namespace, Name: "worker", PersonKey: "person"},
		Profile:       "kit", NotBefore: metav1.NewTime(now), ExpiresAt: metav1.NewTime(now.AddDate(1, 0, 0)),
	}
	if err := s.admin.Create(t.Context(), grant); err != nil {
		t.Fatalf("making a grant: %v", err)
	}
	grant.Status.Entitlements = []v1alpha1.EntitlementStatus{{
		Key: target.Key, Name: entitlement, Provider: "store", Target: target.Name, Subject: target.Subject, State: v1alpha1.GrantPending,
	}}
	if err := s.admin.Status().Update(t.Context(), grant); err != nil {
		t.Fatalf("recording what the grant is to give: %v", err)
	}
	return grant
}

// Admin is somebody with hands in the API server.
func (s *System) Admin() client.Client { return s.admin }

// Indexed answers by the one index that the provider asks for, as a cache that is never behind.
func Indexed(reader client.Reader) client.Reader { return indexed{reader} }

type indexed struct{ client.Reader }

func (r indexed) List(ctx context.Context, list client.ObjectList, options ...client.ListOption) error {
	given := (&client.ListOptions{}).ApplyOptions(options)
	grants, is := list.(*v1alpha1.AccessGrantList)
	if !is || given.FieldSelector == nil {
		return r.Reader.List(ctx, list, options...)
	}
	key, asked := given.FieldSelector.RequiresExactMatch(index.GrantByEntitlement)
	if !asked {
		return fmt.Errorf("there is no index for %s", given.FieldSelector)
	}
	if err := r.Reader.List(ctx, grants, client.InNamespace(given.Namespace)); err != nil {
		return err
	}
	grants.Items = slices.DeleteFunc(grants.Items, func(g v1alpha1.AccessGrant) bool {
		return !slices.ContainsFunc(g.Status.Entitlements, func(e v1alpha1.EntitlementStatus) bool { return e.Key == key })
	})
	return nil
}
