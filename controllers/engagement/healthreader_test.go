package engagement

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/api/equality"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/test/gitops/reading"
)

// reader reads engagements as GitOps tools do, holds what they read to the facts, and counts what it sees.
type reader struct {
	t      *testing.T
	argo   *reading.Argo
	states map[reading.State]int
	phases map[v1alpha1.Phase]int
	facts  map[string]int
}

func newReader(t *testing.T) *reader {
	t.Helper()
	argo, err := reading.OpenArgo()
	if err != nil {
		t.Fatal(err)
	}
	return &reader{t: t, argo: argo, states: map[reading.State]int{}, phases: map[v1alpha1.Phase]int{}, facts: map[string]int{}}
}

// as has what is found from now on belong to a test.
func (r *reader) as(t *testing.T) { r.t = t }

// watch reads what a world has, and whatever is stored in it from now on.
func (r *reader) watch(w *world) *world {
	last := map[string]*v1alpha1.Engagement{}
	see := func(eng *v1alpha1.Engagement) {
		r.read(w, last[eng.Name], eng)
		last[eng.Name] = eng
	}
	for _, eng := range w.engagements {
		see(eng)
	}
	w.watch = see
	return w
}

func (r *reader) read(w *world, before, eng *v1alpha1.Engagement) {
	object, err := reading.Served("Engagement", eng)
	if err != nil {
		r.t.Fatal(err)
	}
	state, err := r.argo.Check(object)
	if err != nil {
		r.t.Fatalf("at %s, of %s in %q: %v", w.now.Format(time.DateTime), eng.Name, eng.Status.Phase, err)
	}
	seen := eng.DeletionTimestamp == nil && eng.Status.ObservedGeneration == eng.Generation
	if sealed := eng.Status.Phase == v1alpha1.PhaseClosed; seen && sealed != (state == reading.Closed) {
		r.t.Fatalf("at %s %s in %s is read as %q", w.now.Format(time.DateTime), eng.Name, eng.Status.Phase, state)
	}
	r.states[state]++
	r.phases[eng.Status.Phase]++
	// What is late is so by the clock of the pass that wrote the status: where only something else was written since, that was before.
	written := before != nil && !equality.Semantic.DeepEqual(before.Status, eng.Status)
	if written || !seen {
		r.compare(w, eng, reading.Table[state])
	}
}

// fact is something that is so of an engagement whatever its conditions say, and how everybody is to read it then.
type fact struct {
	is   string
	when func(eng *v1alpha1.Engagement, now time.Time) bool
	read reading.Reading
	// unlessFailed: something may be in the way that no due time tells.
	unlessFailed bool
}

// isBlocked is what is read as failed though nobody is late.
const isBlocked = "something is in the way and nobody is late"

// evident facts in order: the first that is so decides.
var evident = []fact{
	{"it is being deleted", func(eng *v1alpha1.Engagement, _ time.Time) bool { return eng.DeletionTimestamp != nil }, reading.Reading{KStatus: status.TerminatingStatus, Health: reading.Progressing}, false},
	{"nobody looked at its spec yet", func(eng *v1alpha1.Engagement, _ time.Time) bool {
		return eng.Status.ObservedGeneration != eng.Generation
	}, inProgress, false},
	{"its file is sealed", func(eng *v1alpha1.Engagement, _ time.Time) bool { return eng.Status.Phase == v1alpha1.PhaseClosed }, healthy, false},
	{"somebody is late", late, failed, false},
	{"the operator alone is at work", func(eng *v1alpha1.Engagement, _ time.Time) bool {
		return operatorIsWaitedFor(eng) && !slices.ContainsFunc(eng.Status.WaitingFor, isPerson)
	}, inProgress, true},
	{"the operator is at work while people are waited for", func(eng *v1alpha1.Engagement, _ time.Time) bool { return operatorIsWaitedFor(eng) }, inProgress, true},
	{"it is suspended", func(eng *v1alpha1.Engagement, _ time.Time) bool { return eng.Spec.Suspend }, reading.Reading{KStatus: status.CurrentStatus, Health: reading.Suspended}, true},
	{"people are waited for within their time", func(eng *v1alpha1.Engagement, _ time.Time) bool { return len(eng.Status.WaitingFor) > 0 }, healthy, true},
	{"nobody is waited for", func(*v1alpha1.Engagement, time.Time) bool { return true }, healthy, false},
}

var (
	inProgress = reading.Reading{KStatus: status.InProgressStatus, Health: reading.Progressing}
	healthy    = reading.Reading{KStatus: status.CurrentStatus, Health: reading.Healthy}
	failed     = reading.Reading{KStatus: status.FailedStatus, Health: reading.Degraded}
)

func isPerson(w v1alpha1.WaitingFor) bool { return w.Who != v1alpha1.ActorOperator }

// operatorIsWaitedFor for anything but the admission policies, which somebody has to install.
func operatorIsWaitedFor(eng *v1alpha1.Engagement) bool {
	return slices.ContainsFunc(eng.Status.WaitingFor, func(w v1alpha1.WaitingFor) bool { return !isPerson(w) && w.What != "access/admission" })
}

// late says whether anything that is waited for is overdue. What is handed in within the second in which it is due is in time.
func late(eng *v1alpha1.Engagement, now time.Time) bool {
	return slices.ContainsFunc(eng.Status.WaitingFor, func(w v1alpha1.WaitingFor) bool {
		if w.Due == nil {
			return false
		}
		if strings.HasPrefix(w.What, "deliverable/") {
			return !now.Before(w.Due.Add(time.Second))
		}
		return !now.Before(w.Due.Time)
	})
}

func (r *reader) compare(w *world, eng *v1alpha1.Engagement, got reading.Reading) {
	so := evident[slices.IndexFunc(evident, func(f fact) bool { return f.when(eng, w.now) })]
	if got == so.read {
		r.facts[so.is]++
		return
	}
	stalled := condition(eng.Status.Conditions, v1alpha1.ConditionStalled)
	blocked := stalled != nil && !strings.HasSuffix(stalled.Reason, "Overdue")
	if so.unlessFailed && got == failed && blocked {
		r.facts[isBlocked]++
		return
	}
	r.t.Fatalf("at %s, of %s in %s, %s, which should be read as %v; it is read as %v. It waits for %+v", w.now.Format(time.DateTime), eng.Name, eng.Status.Phase, so.is, so.read, got, eng.Status.WaitingFor)
}
