package worker

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// engagement is one that ada has accepted, with the training safety in its onboarding.
func (w *world) engagement(name string, step v1alpha1.StepStatus, record *v1alpha1.AttestationRecord) *v1alpha1.Engagement {
	e := v1alpha1.Engagement{ObjectMeta: named(name)}
	e.Namespace = "marketing"
	e.Status.Worker = &v1alpha1.EngagedWorker{Name: "ada", Namespace: namespace, PersonKey: "person-1"}
	e.Status.Terms = &v1alpha1.AcceptedTerms{}
	e.Status.Phase = v1alpha1.PhaseOnboarding
	step.Name = "safety-course"
	e.Status.Onboarding = &v1alpha1.ProcedureStatus{Definition: []v1alpha1.ChecklistStep{training("safety-course", "safety", "P1Y", 0)}, Steps: []v1alpha1.StepStatus{step}}
	if record != nil {
		e.Status.Attestations = []v1alpha1.AttestationRecord{*record}
	}
	w.Engagements = append(w.Engagements, e)
	return &w.Engagements[len(w.Engagements)-1]
}

func attested(at time.Time, score int32) (v1alpha1.StepStatus, *v1alpha1.AttestationRecord) {
	return v1alpha1.StepStatus{State: v1alpha1.StepDone, Attestation: "course-result"},
		&v1alpha1.AttestationRecord{Name: "course-result", Claim: "onboarding/safety-course", Verdict: done, At: metav1.NewTime(at), Score: &score}
}

// holds is what the certificates are, in short.
func holds(st *v1alpha1.WorkerStatus) []string {
	var all []string
	for _, c := range st.Certificates {
		text := fmt.Sprintf("%s from %s on %s", c.Name, c.Source, c.EarnedAt.UTC().Format(time.DateOnly))
		if c.ExpiresAt != nil {
			text += " until " + c.ExpiresAt.UTC().Format(time.DateOnly)
		}
		all = append(all, text)
	}
	return all
}

func TestACertificateIsEarnedByTrainingThatWasPassedInAnEngagement(t *testing.T) {
	earned := []string{"safety from Engagement/marketing/campaign on 2026-03-12 until 2027-03-12"}
	for _, tc := range []struct {
		name   string
		reason string
		change func(*v1alpha1.Engagement)
		want   []string
	}{
		{"attested", "it was passed there", func(*v1alpha1.Engagement) {}, earned},
		{"ended since", "what was learnt is not lost with the work", func(e *v1alpha1.Engagement) { e.Status.EndedAt = &metav1.Time{Time: after(11)} }, earned},
		{"carried over", "it was earned elsewhere", func(e *v1alpha1.Engagement) { e.Status.Onboarding.Steps[0].Attestation = "" }, nil},
		{"waived", "a waiver teaches nobody", func(e *v1alpha1.Engagement) { e.Status.Onboarding.Steps[0].State = v1alpha1.StepWaived }, nil},
		{"failed", "it was not passed", func(e *v1alpha1.Engagement) { e.Status.Onboarding.Steps[0].State = v1alpha1.StepFailed }, nil},
		{"by a statement of the engagement before", "that one gives it", func(e *v1alpha1.Engagement) { e.Status.Attestations = nil }, nil},
		{"by another person", "somebody of that name was engaged before", func(e *v1alpha1.Engagement) { e.Status.Worker.PersonKey = "person-9" }, nil},
		{"by a worker of another namespace", "it is another worker", func(e *v1alpha1.Engagement) { e.Status.Worker.Namespace = "elsewhere" }, nil},
		{"without a certificate", "none was promised", func(e *v1alpha1.Engagement) { e.Status.Onboarding.Definition[0].Training.Certificate = "" }, nil},
		{"without an onboarding", "nothing was asked", func(e *v1alpha1.Engagement) { e.Status.Onboarding = nil }, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t)
			step, record := attested(after(10), 90)
			tc.change(w.engagement("campaign", step, record))
			if diff := cmp.Diff(tc.want, holds(w.look(after(12)))); diff != "" {
				t.Errorf("the certificates are wrong, because %s (-expected +got):\n%s", tc.reason, diff)
			}
		})
	}
}

func TestACertificateOutlivesItsEngagementAndItsPool(t *testing.T) {
	w := newWorld(t, training("hygiene", "hygiene", "", 0))
	step, record := attested(after(10), 90)
	w.engagement("campaign", step, record)
	w.state(after(11), "academy", "screening/hygiene", done, withScore(85))
	w.look(after(12))
	w.Engagements, w.Pools = nil, nil
	want := []string{"hygiene from TalentPool/talent/designers on 2026-03-13", "safety from Engagement/marketing/campaign on 2026-03-12 until 2027-03-12"}
	if diff := cmp.Diff(want, holds(w.look(after(13)))); diff != "" {
		t.Errorf("the certificates are not those that were earned (-expected +got):\n%s", diff)
	}
}

func TestOfEachNameTheCertificateThatLastsLongestIsKept(t *testing.T) {
	w := newWorld(t)
	step, record := attested(after(10), 90)
	w.engagement("first", step, record)
	w.look(after(11))
	step, record = attested(after(40), 81)
	w.engagement("second", step, record)
	if diff := cmp.Diff([]string{"safety from Engagement/marketing/second on 2026-04-11 until 2027-04-11"}, holds(w.look(after(41)))); diff != "" {
		t.Errorf("the longest is not kept (-expected +got):\n%s", diff)
	}
}

func TestTrainingThatIsFailedWhereItWasPassedTakesTheCertificateAway(t *testing.T) {
	t.Run("in an engagement", func(t *testing.T) {
		w := newWorld(t)
		step, record := attested(after(10), 90)
		e := w.engagement("campaign", step, record)
		w.look(after(11))
		e.Status.Onboarding.Steps[0].State = v1alpha1.StepFailed
		if got := holds(w.look(after(12))); len(got) > 0 {
			t.Errorf("the worker holds %v, expected nothing", got)
		}
	})
	t.Run("in a screening", func(t *testing.T) {
		w := newWorld(t, training("safety", "safety", "P1Y", 0))
		w.state(after(1), "academy", "screening/safety", done, withScore(85))
		w.look(after(1))
		w.state(after(2), "academy", "screening/safety", failed)
		if got := holds(w.look(after(2))); len(got) > 0 {
			t.Errorf("the worker holds %v, expected nothing", got)
		}
	})
}

func TestWhatIsLearntForOnePoolCountsForTheOtherAtOnce(t *testing.T) {
	w := newWorld(t, training("safety", "safety", "P1Y", 0))
	w.havePool("welders", "welding")
	w.haveChecklist("welding", training("safety-first", "safety", "P1Y", 0))
	w.look(after(0))
	w.state(after(1), "academy", "screening/safety", done, withScore(85))
	st := w.look(after(1))
	for _, m := range st.Pools {
		if m.Screening != v1alpha1.ScreeningPassed {
			t.Errorf("the screening for %s is %s, expected it to be passed by the certificate", m.Name, m.Screening)
		}
	}
}

func TestAWorkerHoldsTheEngagementsTheyAcceptedAndThatHaveNotEnded(t *testing.T) {
	w := newWorld(t)
	w.engagement("running", v1alpha1.StepStatus{}, nil)
	w.engagement("offered", v1alpha1.StepStatus{}, nil).Status.Worker = nil
	w.engagement("not-accepted", v1alpha1.StepStatus{}, nil).Status.Terms = nil
	w.engagement("ended", v1alpha1.StepStatus{}, nil).Status.EndedAt = &metav1.Time{Time: after(1)}
	w.engagement("closed", v1alpha1.StepStatus{}, nil).Status.Phase = v1alpha1.PhaseClosed
	w.engagement("anothers", v1alpha1.StepStatus{}, nil).Status.Worker.Name = "bob"
	w.engagement("another-running", v1alpha1.StepStatus{}, nil)
	if diff := cmp.Diff([]string{"marketing/another-running", "marketing/running"}, w.look(after(2)).Engagements); diff != "" {
		t.Errorf("the worker holds the wrong engagements (-expected +got):\n%s", diff)
	}
}

func TestThereIsRoomForTheCertificatesThatSayTheMost(t *testing.T) {
	w := newWorld(t)
	for i := range maxCertificates + 5 {
		c := v1alpha1.Certificate{Name: fmt.Sprintf("c-%03d", i), EarnedAt: metav1.NewTime(after(0)), ExpiresAt: &metav1.Time{Time: after(float64(1 + i))}}
		w.Worker.Status.Certificates = append(w.Worker.Status.Certificates, c)
	}
	got := w.look(after(1)).Certificates
	if len(got) != maxCertificates || got[0].Name != "c-005" {
		t.Errorf("%d certificates are kept, the first of them %s; expected %d without those that expire first", len(got), got[0].Name, maxCertificates)
	}
}
