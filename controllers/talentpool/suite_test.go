package talentpool

import (
	"context"
	"os"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	testclock "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/index"
	"github.com/longshore-dev/longshore/hack/cluster"
	"github.com/longshore-dev/longshore/hack/cluster/clustertest"
)

// operator is the user as whom the reconciler works, so that the audit log tells its writes from the tests'.
const operator = "operator"

var (
	shared *cluster.Cluster
	start  = time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)
)

func TestMain(m *testing.M) {
	os.Exit(clustertest.Main(m, cluster.Options{Audit: true}, func(ctx context.Context, c *cluster.Cluster) error {
		shared = c
		return c.InstallCRDs(ctx, "../../config/crd/bases")
	}))
}

// office is a namespace of the test's own over which the reconciler works, with a clock that stands still.
type office struct {
	Gomega
	t         *testing.T
	api       client.Client
	namespace string
	clock     *testclock.FakePassiveClock
	// own is the reconciler that works here.
	own *Reconciler
}

func open(t *testing.T) *office {
	t.Helper()
	o := &office{Gomega: NewWithT(t), t: t, namespace: clustertest.Namespace(t, shared), clock: testclock.NewFakePassiveClock(start)}
	scheme := runtime.NewScheme()
	o.Expect(v1alpha1.AddToScheme(scheme)).To(Succeed())
	var err error
	o.api, err = client.New(shared.RESTConfig(), client.Options{Scheme: scheme})
	o.Expect(err).NotTo(HaveOccurred())
	mgr, err := ctrl.NewManager(shared.As(operator, "system:masters"), ctrl.Options{
		Scheme:     scheme,
		Metrics:    metricsserver.Options{BindAddress: "0"},
		Cache:      cache.Options{DefaultNamespaces: map[string]cache.Config{o.namespace: {}}},
		Controller: config.Controller{SkipNameValidation: new(true)},
	})
	o.Expect(err).NotTo(HaveOccurred())
	o.Expect(index.Setup(t.Context(), mgr.GetFieldIndexer())).To(Succeed())
	o.own = &Reconciler{Client: mgr.GetClient(), Clock: o.clock}
	o.Expect(o.own.SetupWithManager(t.Context(), mgr)).To(Succeed())
	stopped := make(chan error, 1)
	go func() { stopped <- mgr.Start(t.Context()) }()
	t.Cleanup(func() {
		if err := <-stopped; err != nil {
			t.Errorf("running the manager: %v", err)
		}
	})
	return o
}

func (o *office) create(object client.Object) {
	o.t.Helper()
	object.SetNamespace(o.namespace)
	o.Expect(o.api.Create(o.t.Context(), object)).To(Succeed())
}

func (o *office) pool(name string, change func(*v1alpha1.TalentPoolSpec)) *v1alpha1.TalentPool {
	o.t.Helper()
	pool := &v1alpha1.TalentPool{ObjectMeta: metav1.ObjectMeta{Name: name}}
	pool.Spec.WorkerSelector.MatchLabels = map[string]string{"craft": name}
	change(&pool.Spec)
	o.create(pool)
	return pool
}

// worker belongs to the pool of that craft; what the worker's own reconciler would say is put into the status.
func (o *office) worker(name, craft string, state v1alpha1.ScreeningState, engagements ...string) *v1alpha1.Worker {
	o.t.Helper()
	w := &v1alpha1.Worker{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"craft": craft}}, Spec: v1alpha1.WorkerSpec{PersonKey: name}}
	o.create(w)
	w.Status.Pools = []v1alpha1.PoolMembership{{Name: craft, Screening: state}}
	w.Status.Engagements = engagements
	o.Expect(o.api.Status().Update(o.t.Context(), w)).To(Succeed())
	return w
}

// awaits waits until the pool's status is as expected.
func (o *office) awaits(pool *v1alpha1.TalentPool, expected func(Gomega, *v1alpha1.TalentPoolStatus)) {
	o.t.Helper()
	o.Eventually(func(g Gomega) {
		g.Expect(o.api.Get(o.t.Context(), client.ObjectKeyFromObject(pool), pool)).To(Succeed())
		g.Expect(pool.Status.ObservedGeneration).To(Equal(pool.Generation), "the status should speak of the spec as it is")
		expected(g, &pool.Status)
	}).WithTimeout(30 * time.Second).Should(Succeed())
}

func (o *office) mark() cluster.AuditMark {
	o.t.Helper()
	m, err := shared.AuditMark(o.t.Context())
	o.Expect(err).NotTo(HaveOccurred())
	return m
}

// writes are what the reconciler wrote to the pool since the mark.
func (o *office) writes(since cluster.AuditMark, pool *v1alpha1.TalentPool) []cluster.AuditEvent {
	o.t.Helper()
	events, err := shared.AuditSince(o.t.Context(), since)
	o.Expect(err).NotTo(HaveOccurred())
	var own []cluster.AuditEvent
	for _, e := range events {
		if e.User == operator && e.Namespace == pool.Namespace && e.Name == pool.Name {
			own = append(own, e)
		}
	}
	return own
}
