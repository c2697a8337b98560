package access

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/controllers/access/provider/providertest"
	"github.com/longshore-dev/longshore/hack/cluster/clustertest"
	"github.com/longshore-dev/longshore/test/suite"
)

// world is a namespace with an operator of its own, whose clock stands still until a test moves it.
type world struct {
	*testing.T
	Gomega
	namespace string
	// target is the name of the AccessProvider, of the target system in memory behind it, and of the profile, all of this world alone.
	target    string
	memory    *providertest.Memory
	api       *live
	clock     *clocktesting.FakePassiveClock
	events    *notebook
	targets   *Targets
	grants    *GrantReconciler
	providers *ProviderReconciler
	// turned says that a target system stopped answering, or answers again.
	turned atomic.Bool
}

// marked is a target system like the cluster's own.
var marked = provider.Capabilities{MarksGrants: true}

func newWorld(t *testing.T, can provider.Capabilities) *world {
	t.Helper()
	namespace := clustertest.Namespace(t, shared)
	w := &world{
		T: t, Gomega: NewWithT(t), namespace: namespace, target: namespace, memory: providertest.NewMemory(can),
		api: &live{Client: admin, namespace: namespace}, clock: clocktesting.NewFakePassiveClock(time.Now().Truncate(time.Second)), events: &notebook{},
	}
	w.operate(provider.Registry{v1alpha1.ProviderKubernetes: w.memory.Type()})
	w.create(&v1alpha1.AccessProvider{ObjectMeta: metav1.ObjectMeta{Name: w.target}, Spec: v1alpha1.AccessProviderSpec{Type: v1alpha1.ProviderKubernetes}})
	w.reconcileProvider()
	return w
}

// operate starts an operator that knows nothing but what is stored.
func (w *world) operate(registry provider.Registry) {
	w.targets = NewTargets(registry, w.clock, Keyring{Reader: w.api, Namespace: w.namespace})
	w.grants = &GrantReconciler{Client: w.api, Reader: w.api, Clock: w.clock, Recorder: w.events, Targets: w.targets}
	w.providers = &ProviderReconciler{Client: w.api, Clock: w.clock, Recorder: w.events, Targets: w.targets}
	w.targets.tell(func(string) { w.turned.Store(true) })
}

func (w *world) restart() { w.operate(w.targets.registry) }

func (w *world) create(o client.Object) {
	w.Helper()
	w.Expect(admin.Create(w.Context(), o)).To(Succeed())
}

// update changes an object as whoever owns it does.
func update[T client.Object](w *world, o T, change func(T)) T {
	w.Helper()
	w.Expect(admin.Get(w.Context(), client.ObjectKeyFromObject(o), o)).To(Succeed())
	change(o)
	w.Expect(admin.Update(w.Context(), o)).To(Succeed())
	return o
}

func (w *world) reconcileProvider() *v1alpha1.AccessProvider {
	w.Helper()
	_, err := w.providers.Reconcile(w.Context(), request(w.target))
	w.Expect(err).NotTo(HaveOccurred())
	p := &v1alpha1.AccessProvider{}
	w.Expect(client.IgnoreNotFound(admin.Get(w.Context(), client.ObjectKey{Name: w.target}, p))).To(Succeed())
	return p
}

// profile gives one ClusterRole for each entitlement.
func (w *world) profile(entitlements ...string) *v1alpha1.AccessProfile {
	w.Helper()
	p := &v1alpha1.AccessProfile{ObjectMeta: metav1.ObjectMeta{Name: w.target}}
	for _, name := range entitlements {
		p.Spec.Entitlements = append(p.Spec.Entitlements, w.entitlement(name))
	}
	w.create(p)
	return p
}

func (w *world) entitlement(name string) v1alpha1.Entitlement {
	return v1alpha1.Entitlement{
		Name: name, ProviderRef: v1alpha1.ClusterReference{Name: w.target},
		Kubernetes: &v1alpha1.KubernetesEntitlement{ClusterRole: name, ClusterWide: true},
	}
}

// worker is a person with one identity.
func (w *world) worker(name string) *v1alpha1.Worker {
	w.Helper()
	worker := &v1alpha1.Worker{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: name}}
	worker.Spec.PersonKey = "person-" + name
	worker.Spec.Identities = []v1alpha1.Identity{{Provider: w.target, Subject: name + "@example.com"}}
	w.create(worker)
	return worker
}

func (w *world) engagement(name string) *v1alpha1.Engagement {
	w.Helper()
	e := &v1alpha1.Engagement{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: name}}
	e.Spec.Title = name
	e.Spec.PoolRef.Name = "pool"
	e.Spec.StatementOfWork.Start = metav1.NewTime(w.clock.Now())
	e.Spec.StatementOfWork.End = metav1.NewTime(w.clock.Now().Add(100 * time.Hour))
	e.Spec.StatementOfWork.Budget = v1alpha1.Money{Currency: "USD", Amount: "5000"}
	e.Spec.Classification = v1alpha1.Classification{WorkerType: v1alpha1.IndependentContractor, Jurisdiction: "US-CA"}
	w.create(e)
	return e
}

// grant is what the engagement's reconciler makes for an engagement of a worker and the world's profile.
func (w *world) grant(e *v1alpha1.Engagement, worker *v1alpha1.Worker) *v1alpha1.AccessGrant {
	w.Helper()
	g := &v1alpha1.AccessGrant{ObjectMeta: metav1.ObjectMeta{
		Namespace: w.namespace, Name: e.Name, Finalizers: []string{v1alpha1.GrantFinalizer},
		Labels: map[string]string{v1alpha1.EngagementLabel: e.Name},
	}}
	g.Spec = v1alpha1.AccessGrantSpec{
		EngagementRef: v1alpha1.EngagementReference{Name: e.Name, UID: e.UID},
		WorkerRef:     v1alpha1.WorkerReference{Namespace: worker.Namespace, Name: worker.Name, PersonKey: worker.Spec.PersonKey},
		Profile:       w.target,
		NotBefore:     metav1.NewTime(w.clock.Now()),
		ExpiresAt:     metav1.NewTime(w.clock.Now().Add(100 * time.Hour)),
	}
	w.create(g)
	return g
}

// simple is one worker in one engagement with one profile of the entitlements.
func (w *world) simple(entitlements ...string) *v1alpha1.AccessGrant {
	w.Helper()
	w.profile(entitlements...)
	return w.grant(w.engagement("campaign"), w.worker("ada"))
}

// pass reconciles a grant once.
func (w *world) pass(g *v1alpha1.AccessGrant) (ctrl.Result, error) {
	w.Helper()
	result, err := w.grants.Reconcile(w.Context(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(g)})
	if w.turned.Swap(false) {
		// As the manager has it done at once.
		w.providers.probeAgain(w.target)
		w.reconcileProvider()
	}
	return result, err
}

// settle reconciles a grant until only time can change anything, and reads it.
func (w *world) settle(g *v1alpha1.AccessGrant) *v1alpha1.AccessGrant {
	w.Helper()
	for range 10 {
		result, err := w.pass(g)
		w.Expect(err).NotTo(HaveOccurred())
		if result.RequeueAfter == 0 || result.RequeueAfter > 500*time.Millisecond {
			return w.read(g)
		}
	}
	w.Fatal("the grant does not come to rest")
	return nil
}

// read reads a grant; one that is gone has no name.
func (w *world) read(g *v1alpha1.AccessGrant) *v1alpha1.AccessGrant {
	w.Helper()
	read := &v1alpha1.AccessGrant{}
	w.Expect(client.IgnoreNotFound(admin.Get(w.Context(), client.ObjectKeyFromObject(g), read))).To(Succeed())
	return read
}

// change changes the spec as the engagement's reconciler does, and settles.
func (w *world) change(g *v1alpha1.AccessGrant, change func(*v1alpha1.AccessGrantSpec)) *v1alpha1.AccessGrant {
	w.Helper()
	update(w, g.DeepCopy(), func(g *v1alpha1.AccessGrant) { change(&g.Spec) })
	return w.settle(g)
}

func (w *world) withdraw(g *v1alpha1.AccessGrant, why v1alpha1.Withdrawal) *v1alpha1.AccessGrant {
	w.Helper()
	return w.change(g, func(spec *v1alpha1.AccessGrantSpec) { spec.Withdraw = why })
}

// request asks for a pass over a cluster-scoped object.
func request(name string) ctrl.Request {
	return ctrl.Request{NamespacedName: client.ObjectKey{Name: name}}
}

func (w *world) later(d time.Duration) { w.clock.SetTime(w.clock.Now().Add(d)) }

// access is the Target of an entitlement for a worker.
func (w *world) access(entitlement, worker string) provider.Target {
	behind := &v1alpha1.AccessProvider{ObjectMeta: metav1.ObjectMeta{Name: w.target}, Spec: v1alpha1.AccessProviderSpec{Type: v1alpha1.ProviderKubernetes}}
	return provider.NewTarget(behind, entitlement, worker+"@example.com")
}

func (w *world) expectGives(entitlement, worker string, want bool) {
	w.Helper()
	w.Expect(w.memory.Gives(w.access(entitlement, worker))).To(Equal(want), "whether %s has %s in the target system", worker, entitlement)
}

// states are the rows' states, by entitlement; several rows of one entitlement in the order in which they came.
func states(g *v1alpha1.AccessGrant) map[string]string {
	states := map[string]string{}
	for _, row := range g.Status.Entitlements {
		if was := states[row.Name]; was != "" {
			states[row.Name] = was + " " + string(row.State)
			continue
		}
		states[row.Name] = string(row.State)
	}
	return states
}

func ready(g *v1alpha1.AccessGrant) string {
	for _, c := range g.Status.Conditions {
		if c.Type == v1alpha1.ConditionReady {
			return fmt.Sprintf("%s %s: %s", c.Status, c.Reason, c.Message)
		}
	}
	return ""
}

func only(w *world, g *v1alpha1.AccessGrant) row {
	w.Helper()
	w.Expect(g.Status.Entitlements).To(HaveLen(1))
	return g.Status.Entitlements[0]
}

// failing makes calls of one operation fail.
func failing(operation provider.Operation, err error) providertest.Fault {
	return func(call providertest.Call) (error, error) {
		if call.Operation == operation {
			return err, nil
		}
		return nil, nil
	}
}

// notebook notes events.
type notebook struct{ suite.Notebook }

// reasons returns what was noted of grants since it was last read, in short.
func (n *notebook) reasons() []string {
	var reasons []string
	for _, line := range n.Read() {
		if about, rest, _ := strings.Cut(line, " "); about == "AccessGrant" {
			reason, _, _ := strings.Cut(rest, ":")
			reasons = append(reasons, reason)
		}
	}
	slices.Sort(reasons)
	return reasons
}
