package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

var someTime = metav1.NewTime(time.Date(2026, time.December, 2, 8, 0, 0, 0, time.UTC))

// engaged is an engagement that has come as far as the last of the phases.
func engaged(name string, st v1alpha1.EngagementStatus, phases ...v1alpha1.Phase) *v1alpha1.Engagement {
	for i, p := range phases {
		pt := v1alpha1.PhaseTime{Name: p, EnteredAt: someTime}
		if i < len(phases)-1 {
			pt.LeftAt = &someTime
		}
		st.Phases, st.Phase = append(st.Phases, pt), p
	}
	return &v1alpha1.Engagement{ObjectMeta: metav1.ObjectMeta{Namespace: "marketing", Name: name, UID: "1"}, Status: st}
}

func user(name string) *v1alpha1.Subject {
	return &v1alpha1.Subject{Kind: v1alpha1.SubjectUser, Name: name}
}

func TestTheBoardShowsHowFarEachEngagementIsAndWhoHoldsItUp(t *testing.T) {
	rows := []row{
		rowOf(engaged("onboards", v1alpha1.EngagementStatus{
			Worker:     &v1alpha1.EngagedWorker{Name: "ada"},
			Onboarding: &v1alpha1.ProcedureStatus{Done: 3, Total: 5},
			WaitingFor: []v1alpha1.WaitingFor{
				{What: "onboarding/nda", Who: "Worker", Subject: user("ada")},
				{What: "onboarding/key-contacts", Who: "Buddy", Subject: user("ben")},
				{What: "onboarding/brand-guidelines", Who: "Worker", Subject: user("ada")},
			},
		}, v1alpha1.PhasePending, v1alpha1.PhaseRecruiting, v1alpha1.PhaseOnboarding)),
		rowOf(engaged("is-over", v1alpha1.EngagementStatus{
			Worker: &v1alpha1.EngagedWorker{Name: "leo"}, Outcome: v1alpha1.OutcomeCancelled,
		}, v1alpha1.PhasePending, v1alpha1.PhaseRecruiting, v1alpha1.PhaseClosed)),
		rowOf(engaged("asks", v1alpha1.EngagementStatus{
			WaitingFor: []v1alpha1.WaitingFor{{What: "approval/engagement", Who: "Approver"}},
		}, v1alpha1.PhasePending)),
		rowOf(&v1alpha1.Engagement{ObjectMeta: metav1.ObjectMeta{Namespace: "marketing", Name: "not-seen-yet"}}),
	}
	expect := strings.Join([]string{
		"ENGAGEMENT              PENDING      RECRUITING   ONBOARDING   ASSIGNED     EVALUATING   OFFBOARDING  CLOSED       WORKER",
		"marketing/onboards      ✓            ✓            ▶ 3/5        ·            ·            ·            ·            ada",
		"  └ waits for ada (Worker): onboarding/nda, onboarding/brand-guidelines; ben (Buddy): onboarding/key-contacts",
		"marketing/is-over       ✓            ✓            ·            ·            ·            ·            ✓ Cancelled  leo",
		"marketing/asks          ▶            ·            ·            ·            ·            ·            ·",
		"  └ waits for Approver: approval/engagement",
		"marketing/not-seen-yet  ·            ·            ·            ·            ·            ·            ·",
		"  └ waits for nobody: the operator is at work",
	}, "\n")
	lines := board{}.table(rows, 160)
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	if diff := cmp.Diff(expect, strings.Join(lines, "\n")); diff != "" {
		t.Errorf("expected another board (-expected +got):\n%s", diff)
	}
}

func TestTheBoardFitsTheWindow(t *testing.T) {
	rows := []row{rowOf(engaged("a-long-name-for-an-engagement", v1alpha1.EngagementStatus{}, v1alpha1.PhasePending))}
	for _, line := range (board{}).table(rows, 60) {
		if n := len([]rune(line)); n > 60 {
			t.Errorf("expected no line to be wider than the window of 60 columns, %q has %d", line, n)
		}
	}
}

func TestALineSaysWhatTheBoardSays(t *testing.T) {
	cases := []struct {
		reason string
		e      *v1alpha1.Engagement
		expect string
	}{
		{
			reason: "somebody is waited for",
			e: engaged("asks", v1alpha1.EngagementStatus{WaitingFor: []v1alpha1.WaitingFor{{What: "approval/stage.Budget", Who: "Approver"}}},
				v1alpha1.PhasePending),
			expect: "marketing/asks  Pending  waits for Approver: approval/stage.Budget",
		},
		{
			reason: "work is under way and nothing is due: nobody is waited for, and the line says so",
			e: engaged("works", v1alpha1.EngagementStatus{
				Worker:       &v1alpha1.EngagedWorker{Name: "ada"},
				Deliverables: []v1alpha1.DeliverableStatus{{Name: "a", State: v1alpha1.DeliverableAccepted}, {Name: "b", State: v1alpha1.DeliverableOpen}},
			}, v1alpha1.PhasePending, v1alpha1.PhaseRecruiting, v1alpha1.PhaseOnboarding, v1alpha1.PhaseAssigned),
			expect: "marketing/works  Assigned  1/2  ada  waits for nobody: nothing is due",
		},
		{
			reason: "what is closed waits for nobody",
			e:      engaged("over", v1alpha1.EngagementStatus{Outcome: v1alpha1.OutcomeCompleted}, v1alpha1.PhaseClosed),
			expect: "marketing/over  Closed  Completed",
		},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			if got := rowOf(c.e).line(); got != c.expect {
				t.Errorf("expected %q, got %q", c.expect, got)
			}
		})
	}
}
