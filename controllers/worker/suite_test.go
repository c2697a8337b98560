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
	"k8s.io/client-go/tools/events"
	testclock "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/hack/cluster"
	"github.com/longshore-dev/longshore/test/suite"
)

var plane suite.Plane

func TestMain(m *testing.M) { os.Exit(plane.Main(m, cluster.Options{ControllerManager: true})) }

// hall is a namespace of the test's own over which the reconciler works. Its clock stands still at the API server's time, which
// is what statements are dated by.
type hall struct {
	Gomega
	*suite.Stage
	clock  *testclock.FakePassiveClock
	events *events.FakeRecorder
}

// openHall starts the reconciler. What spoil changes of it is how it differs from the one that is shipped.
func openHall(t *testing.T, spoil ...func(*Reconciler)) *hall {
	t.Helper()
	h := &hall{Gomega: NewWithT(t), clock: testclock.NewFakePassiveClock(time.Now()), events: events.NewFakeRecorder(1000)}
	h.Stage = plane.Open(t, func(ctx context.Context, mgr ctrl.Manager) error {
		r := &Reconciler{Client: mgr.GetClient(), Reader: mgr.GetAPIReader(), Clock: h.clock, Recorder: h.events}
		for _, change := range spoil {
			change(r)
		}
		return r.SetupWithManager(ctx, mgr)
	})
	return h
}

func (h *hall) checklist(name string, steps ...v1alpha1.ChecklistStep) *v1alpha1.Checklist {
	h.Helper()
	cl := &v1alpha1.Checklist{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.ChecklistSpec{Steps: steps}}
	h.Create(cl)
	return cl
}

// pool selects the workers of a craft of its own name, and screens by the checklist if one is named.
func (h *hall) pool(name, checklist string) *v1alpha1.TalentPool {
	h.Helper()
	pool := &v1alpha1.TalentPool{ObjectMeta: metav1.ObjectMeta{Name: name}}
	pool.Spec.WorkerSelector.MatchLabels = map[string]string{"craft": name}
	if checklist != "" {
		pool.Spec.Screening = &v1alpha1.Screening{ChecklistRef: v1alpha1.LocalReference{Name: checklist}}
	}
	h.Create(pool)
	return pool
}

func (h *hall) worker(name, craft string) *v1alpha1.Worker {
	h.Helper()
	w := &v1alpha1.Worker{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"craft": craft}}}
	w.Spec.PersonKey, w.Spec.Username = "person-of-"+name, name+"@example.com"
	h.Create(w)
	return w
}

// touch edits something that means nothing. It overwrites no status that is written meanwhile.
func (h *hall) touch(w *v1alpha1.Worker) {
	h.Helper()
	before := w.DeepCopy()
	w.Labels["touched"] = "yes"
	h.Expect(h.API.Patch(h.Context(), w, client.MergeFrom(before))).To(Succeed())
}

func (h *hall) state(name, worker, pool, author, claim string, verdict v1alpha1.Verdict) *v1alpha1.Attestation {
	h.Helper()
	att := &v1alpha1.Attestation{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.AttestationSpec{
		SubjectRef: v1alpha1.SubjectReference{Kind: "Worker", Name: worker, PoolRef: &v1alpha1.LocalReference{Name: pool}},
		Claim:      claim, Verdict: verdict, Author: &v1alpha1.Author{Username: author},
	}}
	h.Create(att)
	return att
}

// awaits waits until the worker's status is as expected.
func (h *hall) awaits(w *v1alpha1.Worker, expected func(Gomega, *v1alpha1.WorkerStatus)) {
	h.Helper()
	h.Eventually(func(g Gomega) {
		g.Expect(h.API.Get(h.Context(), client.ObjectKeyFromObject(w), w)).To(Succeed())
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

// writes are what the reconciler wrote in the test's namespace since the mark.
func (h *hall) writes(since cluster.AuditMark) []string {
	h.Helper()
	var all []string
	for _, e := range h.Writes(since) {
		all = append(all, e.String())
	}
	return all
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
