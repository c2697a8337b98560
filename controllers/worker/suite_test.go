package worker

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/events"
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

var shared *cluster.Cluster

func TestMain(m *testing.M) {
	os.Exit(clustertest.Main(m, cluster.Options{Audit: true, ControllerManager: true}, func(ctx context.Context, c *cluster.Cluster) error {
		shared = c
		return c.InstallCRDs(ctx, "../../config/crd/bases")
	}))
}

// hall is a namespace of the test's own over which the reconciler works. Its clock stands still at the API server's time, which
// is what statements are dated by.
type hall struct {
	Gomega
	t         *testing.T
	api       client.Client
	namespace string
	clock     *testclock.FakePassiveClock
	events    *events.FakeRecorder
}

// openHall starts the reconciler. What spoil changes of it is how it differs from the one that is shipped.
func openHall(t *testing.T, spoil ...func(*Reconciler)) *hall {
	t.Helper()
	h := &hall{Gomega: NewWithT(t), t: t, namespace: clustertest.Namespace(t, shared), clock: testclock.NewFakePassiveClock(time.Now()), events: events.NewFakeRecorder(1000)}
	scheme := runtime.NewScheme()
	h.Expect(v1alpha1.AddToScheme(scheme)).To(Succeed())
	var err error
	h.api, err = client.New(shared.RESTConfig(), client.Options{Scheme: scheme})
	h.Expect(err).NotTo(HaveOccurred())
	mgr, err := ctrl.NewManager(shared.As(operator, "system:masters"), ctrl.Options{
		Scheme:     scheme,
		Metrics:    metricsserver.Options{BindAddress: "0"},
		Cache:      cache.Options{DefaultNamespaces: map[string]cache.Config{h.namespace: {}}},
		Controller: config.Controller{SkipNameValidation: new(true)},
	})
	h.Expect(err).NotTo(HaveOccurred())
	h.Expect(index.Setup(t.Context(), mgr.GetFieldIndexer())).To(Succeed())
	r := &Reconciler{Client: mgr.GetClient(), Reader: mgr.GetAPIReader(), Clock: h.clock, Recorder: h.events}
	for _, change := range spoil {
		change(r)
	}
	h.Expect(r.SetupWithManager(t.Context(), mgr)).To(Succeed())
	stopped := make(chan error, 1)
	go func() { stopped <- mgr.Start(t.Context()) }()
	t.Cleanup(func() {
		if err := <-stopped; err != nil {
			t.Errorf("running the manager: %v", err)
		}
	})
	return h
}

func (h *hall) create(object client.Object) {
	h.t.Helper()
	object.SetNamespace(h.namespace)
	h.Expect(h.api.Create(h.t.Context(), object)).To(Succeed())
}

func (h *hall) checklist(name string, steps ...v1alpha1.ChecklistStep) *v1alpha1.Checklist {
	h.t.Helper()
	cl := &v1alpha1.Checklist{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.ChecklistSpec{Steps: steps}}
	h.create(cl)
	return cl
}

// pool selects the workers of a craft of its own name, and screens by the checklist if one is named.
func (h *hall) pool(name, checklist string) *v1alpha1.TalentPool {
	h.t.Helper()
	pool := &v1alpha1.TalentPool{ObjectMeta: metav1.ObjectMeta{Name: name}}
	pool.Spec.WorkerSelector.MatchLabels = map[string]string{"craft": name}
	if checklist != "" {
		pool.Spec.Screening = &v1alpha1.Screening{ChecklistRef: v1alpha1.LocalReference{Name: checklist}}
	}
	h.create(pool)
	return pool
}

func (h *hall) worker(name, craft string) *v1alpha1.Worker {
	h.t.Helper()
	w := &v1alpha1.Worker{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"craft": craft}}}
	w.Spec.PersonKey, w.Spec.Username = "person-of-"+name, name+"@example.com"
	h.create(w)
	return w
}

// touch edits something that means nothing. It overwrites no status that is written meanwhile.
func (h *hall) touch(w *v1alpha1.Worker) {
	h.t.Helper()
	before := w.DeepCopy()
	w.Labels["touched"] = "yes"
	h.Expect(h.api.Patch(h.t.Context(), w, client.MergeFrom(before))).To(Succeed())
}

func (h *hall) state(name, worker, pool, author, claim string, verdict v1alpha1.Verdict) *v1alpha1.Attestation {
	h.t.Helper()
	att := &v1alpha1.Attestation{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.AttestationSpec{
		SubjectRef: v1alpha1.SubjectReference{Kind: "Worker", Name: worker, PoolRef: &v1alpha1.LocalReference{Name: pool}},
		Claim:      claim, Verdict: verdict, Author: &v1alpha1.Author{Username: author},
	}}
	h.create(att)
	return att
}

// awaits waits until the worker's status is as expected.
func (h *hall) awaits(w *v1alpha1.Worker, expected func(Gomega, *v1alpha1.WorkerStatus)) {
	h.t.Helper()
	h.Eventually(func(g Gomega) {
		g.Expect(h.api.Get(h.t.Context(), client.ObjectKeyFromObject(w), w)).To(Succeed())
		g.Expect(w.Status.ObservedGeneration).To(Equal(w.Generation), "the status should speak of the spec as it is")
		expected(g, &w.Status)
	}).WithTimeout(30 * time.Second).Should(Succeed())
}

// standsIn expects a state in each of the pools, and in no other.
func standsIn(expected map[string]v1alpha1.ScreeningState) func(Gomega, *v1alpha1.WorkerStatus) {
	return func(g Gomega, st *v1alpha1.WorkerStatus) {
		g.Expect(standings(st)).To(Equal(expected), "how the worker stands, by pool")
	}
}

func standings(st *v1alpha1.WorkerStatus) map[string]v1alpha1.ScreeningState {
	stands := map[string]v1alpha1.ScreeningState{}
	for _, m := range st.Pools {
		stands[m.Name] = m.Screening
	}
	return stands
}

func (h *hall) mark() cluster.AuditMark {
	h.t.Helper()
	m, err := shared.AuditMark(h.t.Context())
	h.Expect(err).NotTo(HaveOccurred())
	return m
}

// writes are what the reconciler wrote in the test's namespace since the mark.
func (h *hall) writes(since cluster.AuditMark) []string {
	h.t.Helper()
	audited, err := shared.AuditSince(h.t.Context(), since)
	h.Expect(err).NotTo(HaveOccurred())
	var own []string
	for _, e := range audited {
		if e.User == operator && e.Namespace == h.namespace {
			own = append(own, e.String())
		}
	}
	return own
}

// announced are the events so far.
func (h *hall) announced() []string {
	var all []string
	for {
		select {
		case e := <-h.events.Events:
			all = append(all, e)
		default:
			return all
		}
	}
}

func contains(all []string, text string) bool {
	return slices.ContainsFunc(all, func(s string) bool { return strings.Contains(s, text) })
}
