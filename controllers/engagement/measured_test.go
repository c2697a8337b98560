package engagement

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/event"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

func TestAssignmentsCountBesideDeliverables(t *testing.T) {
	given := time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)
	said := func(days int, v v1alpha1.Verdict) v1alpha1.AttestationRecord {
		return v1alpha1.AttestationRecord{Verdict: v, At: metav1.NewTime(given.AddDate(0, 0, days))}
	}
	task := v1alpha1.Assignment{
		Spec: v1alpha1.AssignmentSpec{Load: &v1alpha1.Load{Points: 5}, Due: new(metav1.NewTime(given.AddDate(0, 0, 2)))},
		Status: v1alpha1.AssignmentStatus{
			State: v1alpha1.AssignmentAccepted, Engagement: "designer", AssignedAt: new(metav1.NewTime(given)),
			Attestations: []v1alpha1.AttestationRecord{said(1, v1alpha1.VerdictSubmitted), said(3, v1alpha1.VerdictRevise), said(4, v1alpha1.VerdictSubmitted), said(5, v1alpha1.VerdictAccepted)},
		},
	}
	card := &v1alpha1.Scorecard{}
	card.Spec.KPIs = []v1alpha1.KPI{
		{Name: "punctual", Source: v1alpha1.KPIOnTimeDeliveryRate}, {Name: "rounds", Source: v1alpha1.KPIRevisionRounds}, {Name: "points", Source: v1alpha1.KPIPointsAccepted},
	}
	eng := &v1alpha1.Engagement{}
	eng.Spec.Evaluation = &v1alpha1.EvaluationPlan{ScorecardRef: v1alpha1.LocalReference{Name: "creative"}}
	eng.Spec.StatementOfWork.Deliverables = []v1alpha1.Deliverable{{Name: "logo", Points: 8}}
	p := &pass{scope: &scope{Engagement: eng, Scorecards: map[string]*v1alpha1.Scorecard{"creative": card}, Assignments: []v1alpha1.Assignment{task}}, st: &v1alpha1.EngagementStatus{}}
	logo := []v1alpha1.DeliverableStatus{{Name: "logo", State: v1alpha1.DeliverableAccepted, OnTime: new(false), SubmittedAt: new(metav1.NewTime(given))}}
	for _, tc := range []struct {
		because string
		day     int
		want    []v1alpha1.KPIValue
	}{
		{"the deliverable was late, and the assignment is not due", 0, []v1alpha1.KPIValue{{Name: "punctual", Value: "0.00", Sample: 1}, {Name: "rounds", Value: "0.00", Sample: 1}, {Name: "points", Value: "8.00", Sample: 1}}},
		{"the assignment was submitted in time", 2, []v1alpha1.KPIValue{{Name: "punctual", Value: "0.50", Sample: 2}, {Name: "rounds", Value: "0.00", Sample: 2}, {Name: "points", Value: "8.00", Sample: 2}}},
		{"it was sent back, and accepted in the end", 6, []v1alpha1.KPIValue{{Name: "punctual", Value: "0.50", Sample: 2}, {Name: "rounds", Value: "0.50", Sample: 2}, {Name: "points", Value: "13.00", Sample: 2}}},
	} {
		if diff := cmp.Diff(tc.want, p.computeKPIs(logo, given.AddDate(0, 0, tc.day))); diff != "" {
			t.Errorf("after %d days %s (- want, + got):\n%s", tc.day, tc.because, diff)
		}
	}
}

func TestAnEngagementIsWokenByWhatItsWorkCameToAndNotByPlacements(t *testing.T) {
	at := new(metav1.NewTime(time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)))
	placed := v1alpha1.AssignmentStatus{State: v1alpha1.AssignmentAssigned, Engagement: "designer", AssignedAt: at, Why: "the only one"}
	for name, tc := range map[string]struct {
		was, is v1alpha1.AssignmentStatus
		wakes   bool
	}{
		"placed":    {v1alpha1.AssignmentStatus{}, placed, false},
		"begun":     {placed, with(placed, func(st *v1alpha1.AssignmentStatus) { st.State, st.StartedAt = v1alpha1.AssignmentStarted, at }), false},
		"submitted": {placed, with(placed, func(st *v1alpha1.AssignmentStatus) { st.SubmittedAt = at }), true},
		"late":      {placed, with(placed, func(st *v1alpha1.AssignmentStatus) { st.OnTime = new(false) }), true},
		"sent back": {placed, with(placed, func(st *v1alpha1.AssignmentStatus) { st.Rounds = 1 }), true},
		"accepted":  {placed, with(placed, func(st *v1alpha1.AssignmentStatus) { st.AcceptedAt = at }), true},
	} {
		if wakes := measured.Update(event.UpdateEvent{ObjectOld: &v1alpha1.Assignment{Status: tc.was}, ObjectNew: &v1alpha1.Assignment{Status: tc.is}}); wakes != tc.wakes {
			t.Errorf("%s: expected the engagement to be woken: %t, got %t", name, tc.wakes, wakes)
		}
		if goes := measured.Delete(event.DeleteEvent{Object: &v1alpha1.Assignment{Status: tc.is}}); goes != tc.wakes {
			t.Errorf("%s, and then deleted: expected the engagement to be woken: %t, got %t", name, tc.wakes, goes)
		}
	}
	if measured.Create(event.CreateEvent{Object: &v1alpha1.Assignment{Status: placed}}) {
		t.Error("expected no engagement to be woken by the assignments that there are when the operator starts: its own creation wakes it")
	}
}

func with(st v1alpha1.AssignmentStatus, change func(*v1alpha1.AssignmentStatus)) v1alpha1.AssignmentStatus {
	change(&st)
	return st
}
