package access

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/controllers/access/provider/providertest"
	"github.com/longshore-dev/longshore/controllers/index"
	"github.com/longshore-dev/longshore/hack/cluster/clustertest"
)

// floor is an operator with two target systems, live and dead, and many grants.
type floor struct {
	*world
	live, dead string
	// writes of grants' status.
	writes atomic.Int32
	// seen is the operator's cache: to ask the API server all the time would be what takes time.
	seen client.Reader
	// fail is what becomes of calls to the dead one; nil while it lives.
	mu   sync.Mutex
	fail func(context.Context) error
}

const (
	// crowded is how many engagements end at once.
	crowded = 100
	// latency of the live target system.
	latency = 10 * time.Millisecond
)

// distant is a target system at some distance.
type distant struct {
	provider.Provider
	reach func(context.Context) error
}

func (d *distant) Grant(ctx context.Context, request provider.Request) error {
	if err := d.reach(ctx); err != nil {
		return err
	}
	return d.Provider.Grant(ctx, request)
}

func (d *distant) Verify(ctx context.Context, target provider.Target) (provider.Observed, error) {
	if err := d.reach(ctx); err != nil {
		return provider.Observed{}, err
	}
	return d.Provider.Verify(ctx, target)
}

func (d *distant) Revoke(ctx context.Context, target provider.Target, options provider.RevokeOptions) error {
	if err := d.reach(ctx); err != nil {
		return err
	}
	return d.Provider.Revoke(ctx, target, options)
}

func (d *distant) Probe(ctx context.Context) error {
	if err := d.reach(ctx); err != nil {
		return err
	}
	return d.Provider.Probe(ctx)
}

// counting counts the writes of status.
type counting struct {
	client.Client
	writes *atomic.Int32
}

func (c *counting) Status() client.SubResourceWriter {
	c.writes.Add(1)
	return c.Client.Status()
}

func (f *floor) reachDead(ctx context.Context) error {
	f.mu.Lock()
	fail := f.fail
	f.mu.Unlock()
	if fail == nil {
		return nil
	}
	return fail(ctx)
}

func (f *floor) die(fail func(context.Context) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail = fail
}

func reachLive(ctx context.Context) error {
	timer := clock.RealClock{}.NewTimer(latency)
	defer timer.Stop()
	select {
	case <-timer.C():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func newFloor(t *testing.T) *floor {
	t.Helper()
	namespace := clustertest.Namespace(t, shared)
	f := &floor{world: &world{T: t, Gomega: NewWithT(t), namespace: namespace, target: namespace}, live: namespace + "-live", dead: namespace + "-dead"}
	memories := map[string]*providertest.Memory{f.live: providertest.NewMemory(marked), f.dead: providertest.NewMemory(marked)}
	registry := provider.Registry{v1alpha1.ProviderKubernetes: {Open: func(c provider.Connection) (provider.Provider, error) {
		memory, reach := memories[c.Behind.Name], reachLive
		if memory == nil {
			return nil, provider.Refused("not of this test")
		}
		if c.Behind.Name == f.dead {
			reach = f.reachDead
		}
		opened, err := memory.Type().Open(c)
		return &distant{opened, reach}, err
	}}}
	mgr, err := ctrl.NewManager(shared.RESTConfig(), ctrl.Options{
		Scheme: scheme, Metrics: server.Options{BindAddress: "0"}, Controller: config.Controller{SkipNameValidation: new(true)},
		Cache: cache.Options{DefaultNamespaces: map[string]cache.Config{namespace: {}}},
	})
	f.Expect(err).NotTo(HaveOccurred())
	f.Expect(index.Setup(t.Context(), mgr.GetFieldIndexer())).To(Succeed())
	targets := NewTargets(registry, clock.RealClock{}, Keyring{})
	grants := &GrantReconciler{Client: &counting{mgr.GetClient(), &f.writes}, Reader: mgr.GetAPIReader(), Clock: clock.RealClock{}, Recorder: mgr.GetEventRecorder("longshore"), Targets: targets}
	f.Expect(grants.SetupWithManager(t.Context(), mgr)).To(Succeed())
	providers := &ProviderReconciler{Client: mgr.GetClient(), Clock: clock.RealClock{}, Recorder: mgr.GetEventRecorder("longshore"), Targets: targets}
	f.Expect(providers.SetupWithManager(t.Context(), mgr)).To(Succeed())
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan error)
	go func() { stopped <- mgr.Start(ctx) }()
	t.Cleanup(func() {
		f.die(nil)
		stop()
		if err := <-stopped; err != nil {
			t.Errorf("running the operator: %v", err)
		}
	})
	f.seen = mgr.GetClient()
	for _, name := range []string{f.live, f.dead} {
		f.create(&v1alpha1.AccessProvider{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.AccessProviderSpec{Type: v1alpha1.ProviderKubernetes}})
	}
	return f
}

// engageAll gives many workers one entitlement in each of some target systems, and waits until all have them.
func (f *floor) engageAll(profile string, in ...string) {
	f.Helper()
	p := &v1alpha1.AccessProfile{ObjectMeta: metav1.ObjectMeta{Name: profile}}
	for _, name := range in {
		p.Spec.Entitlements = append(p.Spec.Entitlements, v1alpha1.Entitlement{
			Name: "in-" + name[len(f.namespace)+1:], ProviderRef: v1alpha1.ClusterReference{Name: name},
			Kubernetes: &v1alpha1.KubernetesEntitlement{ClusterRole: profile, ClusterWide: true},
		})
	}
	f.create(p)
	var group sync.WaitGroup
	lots := make(chan int, crowded)
	for n := range crowded {
		lots <- n
	}
	close(lots)
	for range 8 {
		group.Go(func() {
			for n := range lots {
				f.engage(fmt.Sprintf("%s-%d", profile, n), profile)
			}
		})
	}
	group.Wait()
	f.Eventually(func() int { return f.count(profile, v1alpha1.GrantVerified, in[0]) }, 4*patience).Should(Equal(crowded))
	f.Eventually(func() int { return f.count(profile, v1alpha1.GrantVerified, in[len(in)-1]) }, 4*patience).Should(Equal(crowded))
}

func (f *floor) engage(name, profile string) {
	worker := &v1alpha1.Worker{ObjectMeta: metav1.ObjectMeta{Namespace: f.namespace, Name: name}}
	worker.Spec.PersonKey = name
	for _, in := range []string{f.live, f.dead} {
		worker.Spec.Identities = append(worker.Spec.Identities, v1alpha1.Identity{Provider: in, Subject: name + "@example.com"})
	}
	now := metav1.NewTime(clock.RealClock{}.Now().Truncate(time.Second))
	end := metav1.NewTime(now.Add(time.Hour))
	e := &v1alpha1.Engagement{ObjectMeta: metav1.ObjectMeta{Namespace: f.namespace, Name: name}}
	e.Spec.Title, e.Spec.PoolRef.Name = name, "pool"
	e.Spec.StatementOfWork.Start, e.Spec.StatementOfWork.End = now, end
	e.Spec.StatementOfWork.Budget = v1alpha1.Money{Currency: "USD", Amount: "1"}
	e.Spec.Classification = v1alpha1.Classification{WorkerType: v1alpha1.IndependentContractor, Jurisdiction: "US-CA"}
	g := &v1alpha1.AccessGrant{ObjectMeta: metav1.ObjectMeta{Namespace: f.namespace, Name: name, Finalizers: []string{v1alpha1.GrantFinalizer}}}
	err := errors.Join(admin.Create(f.Context(), worker), admin.Create(f.Context(), e))
	g.Spec = v1alpha1.AccessGrantSpec{
		EngagementRef: v1alpha1.EngagementReference{Name: name, UID: e.UID},
		WorkerRef:     v1alpha1.WorkerReference{Namespace: f.namespace, Name: name, PersonKey: name},
		Profile:       profile, NotBefore: now, ExpiresAt: end,
	}
	if err := errors.Join(err, admin.Create(f.Context(), g)); err != nil {
		f.Errorf("engaging %s: %v", name, err)
	}
}

// rows are those of a profile in one target system, by state.
func (f *floor) count(profile string, state v1alpha1.GrantState, in string) int {
	list := &v1alpha1.AccessGrantList{}
	if err := f.seen.List(f.Context(), list, client.InNamespace(f.namespace), client.UnsafeDisableDeepCopy); err != nil {
		f.Errorf("listing the grants: %v", err)
	}
	counted := 0
	for i := range list.Items {
		if list.Items[i].Spec.Profile != profile {
			continue
		}
		for _, row := range list.Items[i].Status.Entitlements {
			if row.Provider == in && row.State == state {
				counted++
			}
		}
	}
	return counted
}

// endAll ends all grants of a profile in one moment, and returns how long it takes until all are proven gone from the live target system.
func (f *floor) endAll(profile string) time.Duration {
	f.Helper()
	began := clock.RealClock{}.Now()
	update(f.world, &v1alpha1.AccessProfile{ObjectMeta: metav1.ObjectMeta{Name: profile}}, func(p *v1alpha1.AccessProfile) {
		p.Spec.Allowed = &v1alpha1.AllowedUse{WorkerTypes: []v1alpha1.WorkerType{v1alpha1.AgencyWorker}}
	})
	f.Eventually(func() int { return f.count(profile, v1alpha1.GrantRevoked, f.live) }, 2*patience, 20*time.Millisecond).Should(Equal(crowded))
	return clock.RealClock{}.Since(began)
}

// TestADeadTargetSystemDelaysNoProofInAnother has each of many engagements hold something in a live and in a dead target system when they end. How
// long the live one takes beside the dead one is told, and bounded by far less than a call to the dead one takes until it is given up.
func TestADeadTargetSystemDelaysNoProofInAnother(t *testing.T) {
	f := newFloor(t)
	profile := func(name string) string { return f.namespace + "-" + name }
	f.engageAll(profile("alone"), f.live)
	f.writes.Store(0)
	alone := f.endAll(profile("alone"))
	t.Logf("alone: proven within %s with %d writes", alone, f.writes.Load())
	for _, test := range []struct {
		name, reason string
		fail         func(context.Context) error
	}{
		{"hole", "nothing comes back", func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}},
		{"shut", "nobody listens", func(context.Context) error { return errors.New("connection refused") }},
	} {
		f.engageAll(profile(test.name), f.live, f.dead)
		f.die(test.fail)
		f.writes.Store(0)
		took := f.endAll(profile(test.name))
		t.Logf("%s: proven within %s with %d writes", test.reason, took, f.writes.Load())
		f.Expect(took).To(BeNumerically("<", 2*alone+provider.DefaultTimeout/2), test.reason)
		f.Expect(f.count(profile(test.name), v1alpha1.GrantRevoked, f.dead)).To(BeZero(), test.reason)
		f.die(nil)
		f.Eventually(func() int { return f.count(profile(test.name), v1alpha1.GrantRevoked, f.dead) }, 4*patience).Should(Equal(crowded), "it is revoked once it answers again")
	}
}
