package assignment

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/hack/cluster"
	"github.com/longshore-dev/longshore/test/suite"
)

var plane suite.Plane

func TestMain(m *testing.M) { os.Exit(plane.Main(m, cluster.Options{ControllerManager: true})) }

// ahead is a clock that runs, and can be moved on.
type ahead struct{ by atomic.Int64 }

func (c *ahead) Now() time.Time                  { return time.Now().Add(time.Duration(c.by.Load())) }
func (c *ahead) Since(t time.Time) time.Duration { return c.Now().Sub(t) }

// hall is a namespace of the test's own over which both reconcilers work.
type hall struct {
	Gomega
	*suite.Stage
	clock  *ahead
	events *events.FakeRecorder
}

// openHall starts the reconcilers over a namespace, and over others that share its pools.
func openHall(t *testing.T, others ...string) *hall {
	t.Helper()
	h := &hall{Gomega: NewWithT(t), clock: &ahead{}, events: events.NewFakeRecorder(1000)}
	h.Stage = plane.Open(t, func(ctx context.Context, mgr ctrl.Manager) error {
		tasks := &Reconciler{Client: mgr.GetClient(), Reader: mgr.GetAPIReader(), Clock: h.clock, Recorder: h.events}
		placer := &Placer{Client: mgr.GetClient(), Clock: h.clock, Recorder: h.events}
		return errors.Join(tasks.SetupWithManager(ctx, mgr), placer.SetupWithManager(ctx, mgr))
	}, others...)
	return h
}

func (h *hall) pool(name string, allowed ...string) *v1alpha1.TalentPool {
	h.Helper()
	pool := &v1alpha1.TalentPool{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.TalentPoolSpec{AllowedNamespaces: allowed}}
	h.Create(pool)
	return pool
}

func (h *hall) worker(name string, changes ...func(*v1alpha1.WorkerSpec)) *v1alpha1.Worker {
	h.Helper()
	w := &v1alpha1.Worker{ObjectMeta: metav1.ObjectMeta{Name: name}}
	w.Spec.PersonKey, w.Spec.Username = "person-of-"+name, name+"@example.com"
	for _, change := range changes {
		change(&w.Spec)
	}
	h.Create(w)
	return w
}

// engagement of a worker who is at work since yesterday, as the engagement's own reconciler leaves it.
func (h *hall) engagement(name, worker string, changes ...func(*v1alpha1.Engagement)) *v1alpha1.Engagement {
	h.Helper()
	yesterday, end := metav1.NewTime(time.Now().Add(-24*time.Hour).Truncate(time.Second)), metav1.NewTime(time.Now().AddDate(0, 3, 0).Truncate(time.Second))
	e := &v1alpha1.Engagement{ObjectMeta: metav1.ObjectMeta{Name: name}}
	e.Spec.Title, e.Spec.PoolRef.Name = name, "agents"
	e.Spec.StatementOfWork = v1alpha1.StatementOfWork{Summary: "Answers", Start: yesterday, End: end, Budget: v1alpha1.Money{Currency: "USD", Amount: "5000"}}
	e.Spec.Classification = v1alpha1.Classification{WorkerType: v1alpha1.PayrolledWorker, Jurisdiction: "US-CA"}
	for _, change := range changes {
		change(e)
	}
	h.Create(e)
	h.Expect(engage(h.Context(), h.API, e, worker)).To(Succeed())
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
	h.Helper()
	a := &v1alpha1.Assignment{ObjectMeta: metav1.ObjectMeta{Name: name}}
	a.Spec.Title, a.Spec.PoolRef.Name, a.Spec.Type = "Answer "+name, "agents", v1alpha1.AssignmentTask
	for _, change := range changes {
		change(a)
	}
	h.Create(a)
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
	h.Helper()
	att := &v1alpha1.Attestation{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.AttestationSpec{
		SubjectRef: v1alpha1.SubjectReference{Kind: kindAssignment, Name: assignment},
		Claim:      "assignment/" + assignment, Verdict: verdict, Author: &v1alpha1.Author{Username: author},
	}}
	for _, change := range changes {
		change(&att.Spec)
	}
	h.Create(att)
	return att
}

// nextSecond waits until what is stated is stated later than what was: within one second, all that the API server records, the refusing statement counts.
func (h *hall) nextSecond() {
	h.Helper()
	second := time.Now().Unix()
	h.Eventually(func() int64 { return time.Now().Unix() }).WithTimeout(5 * time.Second).Should(BeNumerically(">", second))
}

// edit changes an object, whoever else has written to it.
func edit[T client.Object](h *hall, object T, change func(T)) {
	h.Helper()
	h.Eventually(func(g Gomega) {
		g.Expect(h.API.Get(h.Context(), client.ObjectKeyFromObject(object), object)).To(Succeed())
		change(object)
		g.Expect(h.API.Update(h.Context(), object)).To(Succeed())
	}).WithTimeout(30 * time.Second).Should(Succeed())
}

// awaits waits until the assignment's status is as expected.
func (h *hall) awaits(a *v1alpha1.Assignment, expected func(Gomega, *v1alpha1.AssignmentStatus)) {
	h.Helper()
	h.Eventually(func(g Gomega) {
		g.Expect(h.API.Get(h.Context(), client.ObjectKeyFromObject(a), a)).To(Succeed())
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
	h.Helper()
	h.Eventually(func(g Gomega) {
		g.Expect(h.API.Get(h.Context(), client.ObjectKeyFromObject(att), att)).To(Succeed())
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

// writes are what the reconcilers wrote in the test's namespace since the mark.
func (h *hall) writes(since cluster.AuditMark) []string {
	h.Helper()
	var all []string
	for _, e := range h.Writes(since) {
		all = append(all, e.String())
	}
	return all
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
