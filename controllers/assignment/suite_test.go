package assignment

import (
	"context"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/events"
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

// operator is the user as whom the reconcilers work, so that the audit log tells their writes from the tests'.
const operator = "operator"

var shared *cluster.Cluster

func TestMain(m *testing.M) {
	os.Exit(clustertest.Main(m, cluster.Options{Audit: true, ControllerManager: true}, func(ctx context.Context, c *cluster.Cluster) error {
		shared = c
		return c.InstallCRDs(ctx, "../../config/crd/bases")
	}))
}

// ahead is a clock that runs, and can be moved on.
type ahead struct{ by atomic.Int64 }

func (c *ahead) Now() time.Time                  { return time.Now().Add(time.Duration(c.by.Load())) }
func (c *ahead) Since(t time.Time) time.Duration { return c.Now().Sub(t) }

// hall is a namespace of the test's own over which both reconcilers work.
type hall struct {
	Gomega
	t         *testing.T
	api       client.Client
	namespace string
	clock     *ahead
	events    *events.FakeRecorder
}

// openHall starts the reconcilers over a namespace, and over others that share its pools.
func openHall(t *testing.T, others ...string) *hall {
	t.Helper()
	h := &hall{Gomega: NewWithT(t), t: t, namespace: clustertest.Namespace(t, shared), clock: &ahead{}, events: events.NewFakeRecorder(1000)}
	scheme := runtime.NewScheme()
	h.Expect(v1alpha1.AddToScheme(scheme)).To(Succeed())
	var err error
	h.api, err = client.New(shared.RESTConfig(), client.Options{Scheme: scheme})
	h.Expect(err).NotTo(HaveOccurred())
	namespaces := map[string]cache.Config{h.namespace: {}}
	for _, n := range others {
		namespaces[n] = cache.Config{}
	}
	mgr, err := ctrl.NewManager(shared.As(operator, "system:masters"), ctrl.Options{
		Scheme:     scheme,
		Metrics:    metricsserver.Options{BindAddress: "0"},
		Cache:      cache.Options{DefaultNamespaces: namespaces},
		Controller: config.Controller{SkipNameValidation: new(true)},
	})
	h.Expect(err).NotTo(HaveOccurred())
	h.Expect(index.Setup(t.Context(), mgr.GetFieldIndexer())).To(Succeed())
	h.Expect((&Reconciler{Client: mgr.GetClient(), Reader: mgr.GetAPIReader(), Clock: h.clock, Recorder: h.events}).SetupWithManager(t.Context(), mgr)).To(Succeed())
	h.Expect((&Placer{Client: mgr.GetClient(), Clock: h.clock, Recorder: h.events}).SetupWithManager(t.Context(), mgr)).To(Succeed())
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
	if object.GetNamespace() == "" {
		object.SetNamespace(h.namespace)
	}
	h.Expect(h.api.Create(h.t.Context(), object)).To(Succeed())
}

func (h *hall) pool(name string, allowed ...string) *v1alpha1.TalentPool {
	h.t.Helper()
	pool := &v1alpha1.TalentPool{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.TalentPoolSpec{AllowedNamespaces: allowed}}
	h.create(pool)
	return pool
}

func (h *hall) worker(name string, changes ...func(*v1alpha1.WorkerSpec)) *v1alpha1.Worker {
	h.t.Helper()
	w := &v1alpha1.Worker{ObjectMeta: metav1.ObjectMeta{Name: name}}
	w.Spec.PersonKey, w.Spec.Username = "person-of-"+name, name+"@example.com"
	for _, change := range changes {
		change(&w.Spec)
	}
	h.create(w)
	return w
}

// engagement of a worker who is at work since yesterday, as the engagement's own reconciler leaves it.
func (h *hall) engagement(name, worker string, changes ...func(*v1alpha1.Engagement)) *v1alpha1.Engagement {
	h.t.Helper()
	yesterday, end := metav1.NewTime(time.Now().Add(-24*time.Hour).Truncate(time.Second)), metav1.NewTime(time.Now().AddDate(0, 3, 0).Truncate(time.Second))
	e := &v1alpha1.Engagement{ObjectMeta: metav1.ObjectMeta{Name: name}}
	e.Spec.Title, e.Spec.PoolRef.Name = name, "agents"
	e.Spec.StatementOfWork = v1alpha1.StatementOfWork{Summary: "Answers", Start: yesterday, End: end, Budget: v1alpha1.Money{Currency: "USD", Amount: "5000"}}
	e.Spec.Classification = v1alpha1.Classification{WorkerType: v1alpha1.PayrolledWorker, Jurisdiction: "US-CA"}
	for _, change := range changes {
		change(e)
	}
	h.create(e)
	h.Expect(engage(h.t.Context(), h.api, e, worker)).To(Succeed())
	return e
}

func engage(ctx context.Context, api client.Client, e *v1alpha1.Engagement, worker string) error {
	e.Status = v1alpha1.EngagementStatus{
		ObservedGeneration: e.Generation, Phase: v1alpha1.PhaseAssigned,
		Worker: &v1alpha1.EngagedWorker{Name: worker, Namespace: e.Spec.PoolRef.Namespace, PersonKey: "person-of-" + worker, Username: worker + "@example.com"},
		Terms: &v1alpha1.AcceptedTerms{
			Worker: worker, StatementOfWork: e.Spec.StatementOfWork, Classification: e.Spec.Classification,
			Proposed: "sha256:0", Hash: "sha256:0", AcceptedAt: e.Spec.StatementOfWork.Start,
		},
	}
	return api.Status().Update(ctx, e)
}

func (h *hall) assignment(name string, changes ...func(*v1alpha1.Assignment)) *v1alpha1.Assignment {
	h.t.Helper()
	a := &v1alpha1.Assignment{ObjectMeta: metav1.ObjectMeta{Name: name}}
	a.Spec.Title, a.Spec.PoolRef.Name, a.Spec.Type = "Answer "+name, "agents", v1alpha1.AssignmentTask
	for _, change := range changes {
		change(a)
	}
	h.create(a)
	return a
}

func (h *hall) in(d time.Duration) *metav1.Time {
	return new(metav1.NewTime(h.clock.Now().Add(d).Truncate(time.Second)))
}

// shift begins in some time and lasts some.
func (h *hall) shift(begins, lasts time.Duration) func(*v1alpha1.Assignment) {
	return func(a *v1alpha1.Assignment) {
		a.Spec.Type = v1alpha1.AssignmentShift
		a.Spec.Window = &v1alpha1.Window{Start: *h.in(begins), End: *h.in(begins + lasts)}
	}
}

func (h *hall) state(name, assignment, author string, verdict v1alpha1.Verdict, changes ...func(*v1alpha1.AttestationSpec)) *v1alpha1.Attestation {
	h.t.Helper()
	att := &v1alpha1.Attestation{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.AttestationSpec{
		SubjectRef: v1alpha1.SubjectReference{Kind: kindAssignment, Name: assignment},
		Claim:      "assignment/" + assignment, Verdict: verdict, Author: &v1alpha1.Author{Username: author},
	}}
	for _, change := range changes {
		change(&att.Spec)
	}
	h.create(att)
	return att
}

// nextSecond waits until what is stated is stated later than what was: within one second, all that the API server records, the refusing statement counts.
func (h *hall) nextSecond() {
	h.t.Helper()
	second := time.Now().Unix()
	h.Eventually(func() int64 { return time.Now().Unix() }).WithTimeout(5 * time.Second).Should(BeNumerically(">", second))
}

// edit changes an object, whoever else has written to it.
func edit[T client.Object](h *hall, object T, change func(T)) {
	h.t.Helper()
	h.Eventually(func(g Gomega) {
		g.Expect(h.api.Get(h.t.Context(), client.ObjectKeyFromObject(object), object)).To(Succeed())
		change(object)
		g.Expect(h.api.Update(h.t.Context(), object)).To(Succeed())
	}).WithTimeout(30 * time.Second).Should(Succeed())
}

// awaits waits until the assignment's status is as expected.
func (h *hall) awaits(a *v1alpha1.Assignment, expected func(Gomega, *v1alpha1.AssignmentStatus)) {
	h.t.Helper()
	h.Eventually(func(g Gomega) {
		g.Expect(h.api.Get(h.t.Context(), client.ObjectKeyFromObject(a), a)).To(Succeed())
		expected(g, &a.Status)
	}).WithTimeout(30 * time.Second).WithPolling(50 * time.Millisecond).Should(Succeed())
}

// with expects a state and who has the work.
func with(state v1alpha1.AssignmentState, worker string) func(Gomega, *v1alpha1.AssignmentStatus) {
	return func(g Gomega, st *v1alpha1.AssignmentStatus) {
		g.Expect(st.State).To(Equal(state), "why: %s", st.Why)
		g.Expect(st.Worker).To(Equal(worker), "whoever has it")
	}
}

// refuses waits until a statement does not count, for a reason.
func (h *hall) refuses(att *v1alpha1.Attestation, reason string) {
	h.t.Helper()
	h.Eventually(func(g Gomega) {
		g.Expect(h.api.Get(h.t.Context(), client.ObjectKeyFromObject(att), att)).To(Succeed())
		g.Expect(att.Status).NotTo(BeNil(), "the statement should be judged")
		g.Expect(att.Status.State).To(Equal(v1alpha1.StandingIgnored))
		g.Expect(att.Status.Reason).To(Equal(reason), att.Status.Message)
	}).WithTimeout(30 * time.Second).WithPolling(50 * time.Millisecond).Should(Succeed())
}

func ready(st *v1alpha1.AssignmentStatus) metav1.Condition {
	for _, c := range st.Conditions {
		if c.Type == v1alpha1.ConditionReady {
			return c
		}
	}
	return metav1.Condition{}
}

func (h *hall) mark() cluster.AuditMark {
	h.t.Helper()
	m, err := shared.AuditMark(h.t.Context())
	h.Expect(err).NotTo(HaveOccurred())
	return m
}

// writes are what the reconcilers wrote in the test's namespace since the mark.
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
func (h *hall) announced() string {
	var all []string
	for {
		select {
		case e := <-h.events.Events:
			all = append(all, e)
		default:
			slices.Sort(all)
			return strings.Join(all, "\n")
		}
	}
}
