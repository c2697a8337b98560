package providers_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/controllers/access/provider/kubernetes"
	"github.com/longshore-dev/longshore/controllers/access/provider/ldap/ldaptest"
	"github.com/longshore-dev/longshore/controllers/index"
	"github.com/longshore-dev/longshore/hack/cluster/clustertest"
	"github.com/longshore-dev/longshore/test/faults"
)

const (
	// endings is how many engagements end at once.
	endings = 200
	// rounds is how often it is measured, without a dead target and with one in turn, so that whatever else the machine does meets both. The
	// medians are compared. Where they are too far apart it is measured again, up to mostRounds: what is noise evens out, and what is not
	// stays.
	rounds, mostRounds = 3, 5
	// slower is by how much a dead target may slow the others down.
	slower = 1.20
)

// listed is a ClusterRole that the installer lets the operator bind.
const listed = "longshore-test-listed"

// floor is a real operator with a real clock in its own cluster, where it gives access, and a directory that is cut off.
type floor struct {
	*testing.T
	Gomega
	namespace string
	cache     client.Client
	directory *ldaptest.System
	wire      *faults.Proxy
	// live is the name of the cluster's AccessProvider.
	live string
}

func TestADeadTargetDelaysNobody(t *testing.T) {
	f := newFloor(t)
	var without, with []time.Duration
	ratio := 0.0
	for n := 0; n < rounds || n < mostRounds && ratio > slower; n++ {
		without = append(without, f.round(fmt.Sprintf("without-%d", n), false))
		with = append(with, f.round(fmt.Sprintf("with-%d", n), true))
		ratio = float64(median(with)) / float64(median(without))
	}
	report("%d engagements end at once, median of %d: all access to the cluster is proven gone in %s, with a dead directory in %s: %.2f times as long, limit %.2f",
		endings, len(with), median(without), median(with), ratio, slower)
	f.Expect(ratio).To(BeNumerically("<=", slower), "without a dead target %v, with one %v", without, with)
}

func median(of []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(of))
	return sorted[len(sorted)/2].Round(time.Millisecond)
}

func newFloor(t *testing.T) *floor {
	t.Helper()
	f := &floor{T: t, Gomega: NewWithT(t), namespace: clustertest.Namespace(t, shared), directory: ldaptest.Start(t)}
	f.wire = faults.LDAP(t, faults.Upstream{Address: f.directory.Address(), CABundle: f.directory.Authority().PEM}, identity(t, f.directory.Authority()))
	f.live = f.namespace
	here := &v1alpha1.AccessProvider{ObjectMeta: metav1.ObjectMeta{Name: f.live}, Spec: v1alpha1.AccessProviderSpec{Type: v1alpha1.ProviderKubernetes}}
	f.create(here)
	f.Cleanup(func() { _ = admin.Delete(ctxAfter(f.T), here) })
	f.operate()
	return f
}

// operate starts the operator, with its own account and the rights that it ships with, until the test ends.
func (f *floor) operate() {
	f.Helper()
	f.create(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "longshore-system"}})
	account, err := shared.ServiceAccount(f.Context(), "longshore-system", "longshore-controller-manager")
	f.Expect(err).NotTo(HaveOccurred())
	f.Expect(shared.Apply(f.Context(), "test", "../../config/rbac/role.yaml", "../../config/rbac/role_binding.yaml", "../../config/rbac/bindable_clusterroles.yaml")).To(Succeed())
	bindable := &rbacv1.ClusterRole{}
	f.Expect(admin.Get(f.Context(), keyOf("longshore-bind"), bindable)).To(Succeed())
	bindable.Rules[0].ResourceNames = []string{listed}
	f.Expect(admin.Update(f.Context(), bindable)).To(Succeed())
	f.create(&rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: listed}})
	mgr, err := ctrl.NewManager(account, ctrl.Options{
		Scheme: scheme, Metrics: server.Options{BindAddress: "0"}, Controller: config.Controller{SkipNameValidation: new(true)},
	})
	f.Expect(err).NotTo(HaveOccurred())
	f.Expect(index.Setup(f.Context(), mgr.GetFieldIndexer())).To(Succeed())
	targets := access.NewTargets(provider.Registry{
		v1alpha1.ProviderKubernetes: kubernetes.Type(mgr.GetAPIReader(), mgr.GetClient()), v1alpha1.ProviderLDAP: f.directory.Type(),
	}, clock.RealClock{}, access.Keyring{Reader: admin, Namespace: f.namespace})
	f.cache = mgr.GetClient()
	grants := &access.GrantReconciler{Client: f.cache, Reader: mgr.GetAPIReader(), Clock: clock.RealClock{}, Recorder: mgr.GetEventRecorder("longshore"), Targets: targets}
	f.Expect(grants.SetupWithManager(f.Context(), mgr)).To(Succeed())
	providers := &access.ProviderReconciler{Client: f.cache, Clock: clock.RealClock{}, Targets: targets}
	f.Expect(providers.SetupWithManager(f.Context(), mgr)).To(Succeed())
	ctx, stop := context.WithCancel(f.Context())
	stopped := make(chan error)
	go func() { stopped <- mgr.Start(ctx) }()
	f.Cleanup(func() {
		stop()
		if err := <-stopped; err != nil {
			f.Errorf("running the operator: %v", err)
		}
	})
}

func (f *floor) create(o client.Object) {
	f.Helper()
	f.Expect(admin.Create(f.Context(), o)).To(Succeed())
}

// connect makes an AccessProvider with the limits that it has by default.
func (f *floor) connect(name string, connection provider.Connection) *v1alpha1.AccessProvider {
	f.Helper()
	meta := metav1.ObjectMeta{Namespace: f.namespace, Name: name}
	f.create(&corev1.Secret{ObjectMeta: meta, Data: connection.Credentials})
	f.create(&corev1.ConfigMap{ObjectMeta: meta, Data: map[string]string{v1alpha1.CABundleKey: string(connection.CABundle)}})
	behind := &v1alpha1.AccessProvider{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: connection.Behind.Spec}
	behind.Spec.CredentialsRef.Name, behind.Spec.CABundleRef.Name = name, name
	f.create(behind)
	f.Cleanup(func() { _ = admin.Delete(ctxAfter(f.T), behind) })
	return behind
}

// round engages everybody, ends all of it at once, and returns how long it took until all access to the cluster was proven gone. The
// directory, if it is part of it, is cut off just before.
func (f *floor) round(name string, dead bool) time.Duration {
	f.Helper()
	profile := &v1alpha1.AccessProfile{ObjectMeta: metav1.ObjectMeta{Name: f.namespace + "-" + name}}
	profile.Spec.Entitlements = []v1alpha1.Entitlement{{
		Name: "cluster", ProviderRef: v1alpha1.ClusterReference{Name: f.live},
		Kubernetes: &v1alpha1.KubernetesEntitlement{ClusterRole: listed, Namespaces: []string{f.namespace}},
	}}
	var cut *v1alpha1.AccessProvider
	if dead {
		cut = f.connect(profile.Name, f.directory.Via(f.wire.Address()))
		entitlement := f.directory.Entitlement(f.T)
		entitlement.ProviderRef.Name = cut.Name
		profile.Spec.Entitlements = append(profile.Spec.Entitlements, entitlement)
	}
	f.create(profile)
	f.Cleanup(func() { _ = admin.Delete(ctxAfter(f.T), profile) })
	grants := f.engageAll(profile.Name, cut)
	f.await(profile.Name, func(rows []v1alpha1.EntitlementStatus) bool {
		return len(rows) == len(profile.Spec.Entitlements) && all(rows, v1alpha1.GrantVerified)
	})
	if dead {
		f.wire.Arm(faults.Plan{Fault: faults.Silence})
		defer f.wire.Clear()
	}

	began := time.Now()
	f.atOnce(func(ctx context.Context, n int) error {
		return admin.Patch(ctx, grants[n], client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"withdraw":"Ended"}}`)))
	})
	f.await(profile.Name, func(rows []v1alpha1.EntitlementStatus) bool {
		return all(slices.DeleteFunc(slices.Clone(rows), func(r v1alpha1.EntitlementStatus) bool { return r.Provider != f.live }), v1alpha1.GrantRevoked)
	})
	took := time.Since(began)
	if dead {
		f.forgive(cut, profile.Name)
	}
	return took.Round(time.Millisecond)
}

// forgive declares a directory gone for good, so that the next round begins with nothing owed, once it was seen that all of it is.
func (f *floor) forgive(cut *v1alpha1.AccessProvider, profile string) {
	f.Helper()
	f.await(profile, func(rows []v1alpha1.EntitlementStatus) bool {
		return all(slices.DeleteFunc(slices.Clone(rows), func(r v1alpha1.EntitlementStatus) bool { return r.Provider != cut.Name }), v1alpha1.GrantRevoking)
	})
	patch := []byte(`{"spec":{"decommissioned":{"reason":"its machine room was cut off"}}}`)
	f.Expect(admin.Patch(f.Context(), cut, client.RawPatch("application/merge-patch+json", patch))).To(Succeed())
	f.await(profile, func(rows []v1alpha1.EntitlementStatus) bool {
		return !slices.ContainsFunc(rows, func(r v1alpha1.EntitlementStatus) bool { return r.State == v1alpha1.GrantRevoking })
	})
}

func all(rows []v1alpha1.EntitlementStatus, state v1alpha1.GrantState) bool {
	return !slices.ContainsFunc(rows, func(r v1alpha1.EntitlementStatus) bool { return r.State != state })
}

// engageAll makes what the reconciler of engagements makes, for everybody.
func (f *floor) engageAll(profile string, cut *v1alpha1.AccessProvider) []*v1alpha1.AccessGrant {
	f.Helper()
	grants := make([]*v1alpha1.AccessGrant, endings)
	people := make([]string, endings)
	for n := range people {
		if cut != nil {
			people[n] = f.directory.Subject(f.T)
		}
	}
	f.atOnce(func(ctx context.Context, n int) error {
		meta := metav1.ObjectMeta{Namespace: f.namespace, Name: fmt.Sprintf("%s-%d", profile, n)}
		worker := &v1alpha1.Worker{ObjectMeta: meta}
		worker.Spec.PersonKey = meta.Name
		worker.Spec.Identities = []v1alpha1.Identity{{Provider: f.live, Subject: meta.Name}}
		if cut != nil {
			worker.Spec.Identities = append(worker.Spec.Identities, v1alpha1.Identity{Provider: cut.Name, Subject: people[n]})
		}
		if err := admin.Create(ctx, worker); err != nil {
			return err
		}
		engagement := engagementFor(meta, time.Now())
		if err := admin.Create(ctx, engagement); err != nil {
			return err
		}
		grants[n] = grantFor(engagement, worker, profile, time.Now())
		return admin.Create(ctx, grants[n])
	})
	return grants
}

// atOnce does something for everybody.
func (f *floor) atOnce(do func(ctx context.Context, n int) error) {
	f.Helper()
	group, ctx := errgroup.WithContext(f.Context())
	group.SetLimit(16)
	for n := range endings {
		group.Go(func() error { return do(ctx, n) })
	}
	f.Expect(group.Wait()).To(Succeed())
}

// await waits until it is said of the rows of every grant of a profile.
func (f *floor) await(profile string, holds func([]v1alpha1.EntitlementStatus) bool) {
	f.Helper()
	f.Eventually(func() int {
		list := &v1alpha1.AccessGrantList{}
		f.Expect(f.cache.List(f.Context(), list, client.MatchingFields{index.GrantByProfile: profile}, client.UnsafeDisableDeepCopy)).To(Succeed())
		return len(slices.DeleteFunc(slices.Clone(list.Items), func(g v1alpha1.AccessGrant) bool { return !holds(g.Status.Entitlements) }))
	}).WithTimeout(4*patience).WithPolling(5*time.Millisecond).Should(Equal(endings), func() string { return f.oneOf(profile) })
}

// oneOf describes a grant of a profile.
func (f *floor) oneOf(profile string) string {
	g := &v1alpha1.AccessGrant{}
	if err := admin.Get(f.Context(), keyOf(profile+"-0", f.namespace), g); err != nil {
		return err.Error()
	}
	return describe(g)
}
