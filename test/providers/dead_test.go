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
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

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
	// pairs is how often it is measured, without a dead target and with one. Which goes first alternates, so that whatever else the machine does, and
	// whatever grows, meets both. The medians are compared, of all that was measured.
	pairs = 3
	// morePairs is how often on a machine that does other work as well: whether it does is told by how far the times of one kind are apart, and not by
	// how those of both compare.
	morePairs = 5
	// calm is by how much the median of one kind may exceed the shortest on a machine that does nothing else.
	calm = 1.15
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
	// live is the name of the cluster's AccessProvider.
	live string
}

func TestADeadTargetDelaysNobody(t *testing.T) {
	f := newFloor(t)
	took := map[bool][]time.Duration{}
	var before *round
	for n := 0; n < 2*pairs || n < 2*morePairs && (n%2 == 1 || disturbed(took[false]) || disturbed(took[true])); n++ {
		// Without, with; with, without; without, with.
		r := f.engage(n, (n+1)/2%2 == 1)
		// What is made and what is forgiven is worked off side by side, and both are over when it is measured.
		before.forgive()
		r.awaitGiven()
		took[r.dead()] = append(took[r.dead()], r.end())
		before = r
	}
	without, with := median(took[false]), median(took[true])
	ratio := float64(with) / float64(without)
	report("%d engagements end at once, median of %d: all access to the cluster is proven gone in %s, with a dead directory in %s: %.2f times as long, limit %.2f",
		endings, len(took[true]), without, with, ratio, slower)
	report("each time: without %v, with %v", took[false], took[true])
	f.Expect(ratio).To(BeNumerically("<=", slower), "without a dead target %v, with one %v", took[false], took[true])
}

// disturbed says whether something else kept the machine busy in half of the rounds or more.
func disturbed(of []time.Duration) bool {
	return float64(median(of)) > calm*float64(slices.Min(of))
}

func median(of []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(of))
	return sorted[len(sorted)/2]
}

func newFloor(t *testing.T) *floor {
	t.Helper()
	f := &floor{T: t, Gomega: NewWithT(t), namespace: clustertest.Namespace(t, shared), directory: ldaptest.Start(t)}
	f.live = f.namespace
	here := &v1alpha1.AccessProvider{ObjectMeta: metav1.ObjectMeta{Name: f.live}, Spec: v1alpha1.AccessProviderSpec{Type: v1alpha1.ProviderKubernetes}}
	f.create(here)
	f.Cleanup(func() { _ = admin.Delete(ctxAfter(f.T), here) })
	f.create(&rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: listed}})
	f.operate()
	return f
}

// operate starts the operator until the test ends.
func (f *floor) operate() {
	f.Helper()
	mgr, err := newManager(operator, cache.Options{})
	f.Expect(err).NotTo(HaveOccurred())
	registry := provider.Registry{v1alpha1.ProviderKubernetes: kubernetes.Type(mgr.GetAPIReader(), mgr.GetClient()), v1alpha1.ProviderLDAP: f.directory.Type()}
	f.Expect(setUp(f.Context(), mgr, registry, access.Keyring{Reader: admin, Namespace: f.namespace})).To(Succeed())
	f.cache = mgr.GetClient()
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

// round is everybody engaged once, with access to the cluster and, if one is to be dead, to a directory.
type round struct {
	*floor
	profile *v1alpha1.AccessProfile
	// cut is the directory's AccessProvider, and wire what leads there; nil if there is none.
	cut    *v1alpha1.AccessProvider
	wire   *faults.Proxy
	grants []*v1alpha1.AccessGrant
}

// engage makes a round, and does not wait until everybody was given what they are to have.
func (f *floor) engage(number int, dead bool) *round {
	f.Helper()
	r := &round{floor: f, profile: &v1alpha1.AccessProfile{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("%s-%d", f.namespace, number)}}}
	r.profile.Spec.Entitlements = []v1alpha1.Entitlement{{
		Name: "cluster", ProviderRef: v1alpha1.ClusterReference{Name: f.live},
		Kubernetes: &v1alpha1.KubernetesEntitlement{ClusterRole: listed, Namespaces: []string{f.namespace}},
	}}
	if dead {
		r.wire = faults.LDAP(f.T, faults.Upstream{Address: f.directory.Address(), CABundle: f.directory.Authority().PEM}, identity(f.T, f.directory.Authority()))
		r.cut = f.connect(r.profile.Name, f.directory.Via(r.wire.Address()))
		entitlement := f.directory.Entitlement(f.T)
		entitlement.ProviderRef.Name = r.cut.Name
		r.profile.Spec.Entitlements = append(r.profile.Spec.Entitlements, entitlement)
	}
	f.create(r.profile)
	f.Cleanup(func() { _ = admin.Delete(ctxAfter(f.T), r.profile) })
	r.engageAll()
	return r
}

// dead says whether there is a directory that is cut off at the end.
func (r *round) dead() bool { return r.cut != nil }

func (r *round) awaitGiven() {
	r.Helper()
	r.await(func(rows []v1alpha1.EntitlementStatus) bool {
		return len(rows) == len(r.profile.Spec.Entitlements) && all(rows, v1alpha1.GrantVerified)
	})
}

// end ends all of it at once, and returns how long it took until all access to the cluster was proven gone. The directory, if it is part of it,
// is cut off just before.
func (r *round) end() time.Duration {
	r.Helper()
	if r.dead() {
		r.wire.Arm(faults.Plan{Fault: faults.Silence})
	}
	began := time.Now()
	r.atOnce(func(ctx context.Context, n int) error {
		return admin.Patch(ctx, r.grants[n], client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"withdraw":"Ended"}}`)))
	})
	r.await(func(rows []v1alpha1.EntitlementStatus) bool { return all(of(rows, r.live), v1alpha1.GrantRevoked) })
	return time.Since(began).Round(time.Millisecond)
}

// forgive declares a directory gone for good, so that the next round ends with nothing owed beside it, once it was seen that all of it is.
func (r *round) forgive() {
	if r == nil || !r.dead() {
		return
	}
	r.Helper()
	r.await(func(rows []v1alpha1.EntitlementStatus) bool { return all(of(rows, r.cut.Name), v1alpha1.GrantRevoking) })
	patch := []byte(`{"spec":{"decommissioned":{"reason":"its machine room was cut off"}}}`)
	r.Expect(admin.Patch(r.Context(), r.cut, client.RawPatch("application/merge-patch+json", patch))).To(Succeed())
	r.await(func(rows []v1alpha1.EntitlementStatus) bool {
		return all(of(rows, r.cut.Name), v1alpha1.GrantAbandoned)
	})
}

// of are the rows of one AccessProvider.
func of(rows []v1alpha1.EntitlementStatus, providerName string) []v1alpha1.EntitlementStatus {
	return slices.DeleteFunc(slices.Clone(rows), func(r v1alpha1.EntitlementStatus) bool { return r.Provider != providerName })
}

func all(rows []v1alpha1.EntitlementStatus, state v1alpha1.GrantState) bool {
	return !slices.ContainsFunc(rows, func(r v1alpha1.EntitlementStatus) bool { return r.State != state })
}

// engageAll makes what the reconciler of engagements makes, for everybody.
func (r *round) engageAll() {
	r.Helper()
	r.grants = make([]*v1alpha1.AccessGrant, endings)
	people := make([]string, endings)
	for n := range people {
		if r.dead() {
			people[n] = r.directory.Subject(r.T)
		}
	}
	r.atOnce(func(ctx context.Context, n int) error {
		meta := metav1.ObjectMeta{Namespace: r.namespace, Name: fmt.Sprintf("%s-%d", r.profile.Name, n)}
		worker := &v1alpha1.Worker{ObjectMeta: meta}
		worker.Spec.PersonKey = meta.Name
		worker.Spec.Identities = []v1alpha1.Identity{{Provider: r.live, Subject: meta.Name}}
		if r.dead() {
			worker.Spec.Identities = append(worker.Spec.Identities, v1alpha1.Identity{Provider: r.cut.Name, Subject: people[n]})
		}
		if err := admin.Create(ctx, worker); err != nil {
			return err
		}
		engagement := engagementFor(meta, time.Now())
		if err := admin.Create(ctx, engagement); err != nil {
			return err
		}
		r.grants[n] = grantFor(engagement, worker, r.profile.Name, time.Now())
		return admin.Create(ctx, r.grants[n])
	})
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

// await waits until it is said of the rows of every grant.
func (r *round) await(holds func([]v1alpha1.EntitlementStatus) bool) {
	r.Helper()
	r.Eventually(func() int {
		list := &v1alpha1.AccessGrantList{}
		r.Expect(r.cache.List(r.Context(), list, client.MatchingFields{index.GrantByProfile: r.profile.Name}, client.UnsafeDisableDeepCopy)).To(Succeed())
		return len(slices.DeleteFunc(slices.Clone(list.Items), func(g v1alpha1.AccessGrant) bool { return !holds(g.Status.Entitlements) }))
	}).WithTimeout(4*patience).WithPolling(20*time.Millisecond).Should(Equal(endings), r.oneOf)
}

// oneOf describes a grant.
func (r *round) oneOf() string {
	g := &v1alpha1.AccessGrant{}
	if err := admin.Get(r.Context(), client.ObjectKeyFromObject(r.grants[0]), g); err != nil {
		return err.Error()
	}
	return describe(g)
}
