package worker

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// papers is ada in designers, which asks for a work permit and an insurance besides an interview.
func papers(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, interview("interview"))
	w.pool0().Spec.Screening.Documents = []string{"work-permit", "insurance"}
	return w
}

// brings puts a document into ada's spec, in place of the one of that name.
func (w *world) brings(name string, expires ...time.Time) {
	d := v1alpha1.WorkerDocument{Name: name, URI: "https://files.example.com/" + name}
	for _, at := range expires {
		d.ExpiresAt = &metav1.Time{Time: at}
	}
	w.loses(name)
	w.Worker.Spec.Documents = append(w.Worker.Spec.Documents, d)
}

func (w *world) loses(name string) {
	var left []v1alpha1.WorkerDocument
	for _, d := range w.Worker.Spec.Documents {
		if d.Name != name {
			left = append(left, d)
		}
	}
	w.Worker.Spec.Documents = left
}

// awaited are the documents for which it waits.
func (w *world) awaited() string {
	var whats []string
	for _, wait := range w.Worker.Status.WaitingFor {
		if name, is := strings.CutPrefix(wait.What, "document/"); is {
			whats = append(whats, name)
		}
	}
	return strings.Join(whats, " ")
}

func TestAScreeningWaitsForTheDocumentsThatThePoolAsksFor(t *testing.T) {
	w := papers(t)
	w.brings("insurance")
	w.look(after(0))
	w.state(after(1), "omar", "screening/interview", done)
	w.stands(after(1), v1alpha1.ScreeningInProgress, after(0))
	wait := w.Worker.Status.WaitingFor[0]
	if len(w.Worker.Status.WaitingFor) != 1 || wait.What != "document/work-permit" || wait.Who != "Worker" || wait.Subject == nil || wait.Subject.Name != "ada.l" || !wait.Since.Time.Equal(after(0)) {
		t.Errorf("%v is waited for, expected the worker, for the missing permit, since the beginning", w.Worker.Status.WaitingFor)
	}
	if !strings.Contains(wait.Message, "spec.documents") || !strings.Contains(wait.Message, "verb identify") || !strings.Contains(wait.Message, "pool designers") {
		t.Errorf("the wait says %q, expected what to do, and of which pool", wait.Message)
	}
	w.brings("work-permit", after(100))
	m := w.stands(after(5), v1alpha1.ScreeningPassed, after(5))
	if m.Attempt != 1 || !w.last.Next.Equal(after(100)) {
		t.Errorf("it is attempt %d, looked at again at %s; expected the first, until the permit expires", m.Attempt, w.last.Next)
	}
	w.stands(after(50), v1alpha1.ScreeningPassed, after(5))
}

func TestAWorkerWhoBringsEverythingPassesWithTheLastStep(t *testing.T) {
	w := papers(t)
	w.brings("insurance")
	w.brings("work-permit")
	w.look(after(0))
	w.state(after(3), "omar", "screening/interview", done)
	w.stands(after(4), v1alpha1.ScreeningPassed, after(3))
	if !w.last.Next.IsZero() {
		t.Errorf("the worker is looked at again at %s, expected never: nothing expires", w.last.Next)
	}
}

func TestAScreeningLapsesWithADocumentUntilItIsRenewed(t *testing.T) {
	w := papers(t)
	w.brings("insurance", after(200))
	w.brings("work-permit", after(100))
	w.state(after(1), "omar", "screening/interview", done)
	w.stands(after(1), v1alpha1.ScreeningPassed, after(1))
	w.stands(after(100).Add(-time.Second), v1alpha1.ScreeningPassed, after(1))
	w.stands(after(100), v1alpha1.ScreeningLapsed, after(100))
	if w.awaited() != "work-permit" || !w.Worker.Status.WaitingFor[0].Since.Time.Equal(after(100)) || !strings.Contains(w.Worker.Status.WaitingFor[0].Message, "expired at 2026-06-10T09:00:00Z") {
		t.Errorf("%v is waited for, expected the permit, since it expired", w.Worker.Status.WaitingFor)
	}
	if !w.last.Next.Equal(after(200)) {
		t.Errorf("the worker is looked at again at %s, expected when the insurance expires", w.last.Next)
	}
	w.stands(after(250), v1alpha1.ScreeningLapsed, after(100))
	if w.awaited() != "insurance work-permit" {
		t.Errorf("it waits for %q, expected both documents", w.awaited())
	}
	w.brings("work-permit", after(900))
	w.stands(after(260), v1alpha1.ScreeningLapsed, after(200))
	w.brings("insurance", after(900))
	m := w.stands(after(261), v1alpha1.ScreeningPassed, after(261))
	if m.Attempt != 1 || m.RetryAt != nil || len(w.Worker.Status.WaitingFor) > 0 {
		t.Errorf("it is attempt %d and %v is waited for, expected no new attempt", m.Attempt, w.Worker.Status.WaitingFor)
	}
	w.stands(after(270), v1alpha1.ScreeningPassed, after(261))
}

func TestOnlyWhatWasPassedLapses(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*world)
		state  v1alpha1.ScreeningState
		reason string
	}{
		{"expired before the last step", func(w *world) { w.brings("work-permit", after(2)) }, v1alpha1.ScreeningInProgress, "it was never complete"},
		{"expired before the beginning", func(w *world) { w.brings("work-permit", after(-9)) }, v1alpha1.ScreeningInProgress, "it was never complete"},
		{"expired after the last step", func(w *world) { w.brings("work-permit", after(6)) }, v1alpha1.ScreeningLapsed, "it was complete until then"},
		{"expired after the last step, and another was never there", func(w *world) {
			w.brings("work-permit", after(6))
			w.loses("insurance")
		}, v1alpha1.ScreeningInProgress, "it was never complete"},
		{"missing", func(w *world) { w.loses("work-permit") }, v1alpha1.ScreeningInProgress, "nobody knows whether it was ever there"},
		{"failed", func(w *world) {
			w.brings("work-permit", after(6))
			w.state(after(5), "omar", "screening/interview", failed)
		}, v1alpha1.ScreeningFailed, "no document helps"},
		{"in a pool that asks for nothing", func(w *world) {
			w.brings("work-permit", after(6))
			w.pool0().Spec.Screening.Documents = nil
		}, v1alpha1.ScreeningPassed, "nobody asks for it"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := papers(t)
			w.brings("insurance")
			w.brings("work-permit")
			tc.change(w)
			w.state(after(4), "omar", "screening/interview", done)
			for _, now := range []float64{0, 3, 4, 5, 6, 7} {
				w.look(after(now))
			}
			if m := w.standing(after(8)); m.Screening != tc.state {
				t.Errorf("the screening is %s, expected %s, because %s", m.Screening, tc.state, tc.reason)
			}
		})
	}
}

func TestADocumentAndACertificateLapseTogether(t *testing.T) {
	w := newWorld(t, training("safety", "safety", "P30D", 0))
	w.pool0().Spec.Screening.Documents = []string{"work-permit"}
	w.brings("work-permit", after(20))
	w.state(after(1), "academy", "screening/safety", done, withScore(90))
	w.stands(after(1), v1alpha1.ScreeningPassed, after(1))
	w.stands(after(20), v1alpha1.ScreeningLapsed, after(20))
	w.stands(after(31), v1alpha1.ScreeningLapsed, after(20))
	if got := len(w.Worker.Status.WaitingFor); got != 2 {
		t.Errorf("%v is waited for, expected both the permit and the training", w.Worker.Status.WaitingFor)
	}
	w.brings("work-permit")
	w.stands(after(40), v1alpha1.ScreeningLapsed, after(31))
	w.state(after(41), "academy", "screening/safety", done, withScore(90))
	w.stands(after(42), v1alpha1.ScreeningPassed, after(41))
}

func TestADocumentThatIsTakenAwayIsAskedForAgain(t *testing.T) {
	w := papers(t)
	w.brings("insurance")
	w.brings("work-permit")
	w.state(after(1), "omar", "screening/interview", done)
	w.stands(after(1), v1alpha1.ScreeningPassed, after(1))
	w.loses("insurance")
	w.stands(after(9), v1alpha1.ScreeningInProgress, after(9))
	if w.awaited() != "insurance" {
		t.Errorf("it waits for %q, expected the insurance", w.awaited())
	}
	w.brings("insurance")
	w.stands(after(11), v1alpha1.ScreeningPassed, after(11))
}

func TestAPoolThatBeginsToAskForADocumentAsksThoseWhoPassed(t *testing.T) {
	w := papers(t)
	w.pool0().Spec.Screening.Documents = nil
	w.state(after(1), "omar", "screening/interview", done)
	w.stands(after(1), v1alpha1.ScreeningPassed, after(1))
	w.pool0().Spec.Screening.Documents = []string{"insurance"}
	w.stands(after(5), v1alpha1.ScreeningInProgress, after(5))
	w.brings("insurance")
	if m := w.stands(after(6), v1alpha1.ScreeningPassed, after(6)); m.Attempt != 1 {
		t.Errorf("it is attempt %d, expected the first: no step has to be done again", m.Attempt)
	}
}
