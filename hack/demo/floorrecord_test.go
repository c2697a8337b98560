package main

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/hack/floor/season"
)

// goodSeason is what a season leaves in which all went well: eleven agents, of whom one failed, for ten seats and the one in spring.
func goodSeason() *floorRecord {
	r := &floorRecord{record: &record{Chain: "unbroken"}, faltering: "agent-2"}
	r.twists = floorTwists{absent: "seat-0", left: "seat-1", declined: "shift-0", decliner: "agent-0", demoted: someTime.Time, fell: "Gold"}
	names := strings.Split("0123456789", "")
	for i, n := range names {
		phases := []v1alpha1.Phase{v1alpha1.PhaseAssigned, v1alpha1.PhaseClosed}
		outcome := v1alpha1.OutcomeCompleted
		switch i {
		case 0:
			phases, outcome = phases[1:], v1alpha1.OutcomeNoShow
		case 1:
			outcome = v1alpha1.OutcomeResigned
		}
		r.addSeat("seat-"+n, "agent-"+n, outcome, phases...)
		r.addAgent("agent-"+n, "Standard", true)
		shift := v1alpha1.Assignment{ObjectMeta: metav1.ObjectMeta{Name: "shift-" + n}}
		shift.Status = v1alpha1.AssignmentStatus{State: v1alpha1.AssignmentAccepted, Worker: "agent-" + n, OnTime: new(true)}
		r.Assignments = append(r.Assignments, shift)
	}
	r.Assignments[0].Status.Worker = "agent-3"
	r.addAgent("agent-x", "Standard", false)
	r.membership("agent-3").Tier, r.membership("agent-4").Tier = "Gold", "Platinum"
	r.agent("agent-2").Status.Attestations = []v1alpha1.WorkerAttestation{{AttestationRecord: v1alpha1.AttestationRecord{Claim: "approval/demotion", Verdict: v1alpha1.VerdictApproved}}}
	spring := r.addSeat(springSeat, "agent-4", v1alpha1.OutcomeTerminated, v1alpha1.PhaseClosed)
	spring.Status.Worker.Tier = "Platinum"
	spring.Status.Terms = &v1alpha1.AcceptedTerms{Rate: &v1alpha1.Rate{Amount: "25"}}
	r.Pools = []v1alpha1.TalentPool{goodDashboard()}
	return r
}

func (r *floorRecord) addSeat(name, agent string, outcome v1alpha1.Outcome, phases ...v1alpha1.Phase) *v1alpha1.Engagement {
	st := v1alpha1.EngagementStatus{Dossier: &v1alpha1.DossierReference{Name: "0000000001"}, Worker: &v1alpha1.EngagedWorker{Name: agent}, Outcome: outcome, Score: "80.0"}
	st.KPIs = []v1alpha1.KPIValue{{Name: "OnTimeDeliveryRate", Value: "1.00", Sample: 2}}
	r.Engagements = append(r.Engagements, *engaged(name, st, phases...))
	for _, kind := range []v1alpha1.EvaluationKind{v1alpha1.EvaluationPeriodic, v1alpha1.EvaluationFinal} {
		e := v1alpha1.Evaluation{ObjectMeta: metav1.ObjectMeta{Name: name}}
		e.Spec = v1alpha1.EvaluationSpec{EngagementRef: &v1alpha1.LocalReference{Name: name}, Kind: kind}
		for _, kpi := range reportedKPIs {
			e.Spec.KPIs = append(e.Spec.KPIs, v1alpha1.ReportedKPI{Name: kpi, Value: "90", Sample: 20})
		}
		r.Evaluations = append(r.Evaluations, e)
	}
	return &r.Engagements[len(r.Engagements)-1]
}

func (r *floorRecord) addAgent(name, tier string, passed bool) {
	w := v1alpha1.Worker{ObjectMeta: metav1.ObjectMeta{Name: name}}
	w.Spec.Rate = &v1alpha1.Rate{Amount: "20"}
	m := v1alpha1.PoolMembership{Name: season.Pool, Tier: tier, Screening: v1alpha1.ScreeningFailed}
	if passed {
		m.Screening, m.Score = v1alpha1.ScreeningPassed, &v1alpha1.WorkerScore{}
		w.Status.Certificates = make([]v1alpha1.Certificate, 4)
	}
	w.Status.Pools = []v1alpha1.PoolMembership{m}
	r.Workers = append(r.Workers, w)
}

func (r *floorRecord) agent(name string) *v1alpha1.Worker {
	for i := range r.Workers {
		if r.Workers[i].Name == name {
			return &r.Workers[i]
		}
	}
	return nil
}

func (r *floorRecord) membership(name string) *v1alpha1.PoolMembership {
	return membershipOf(r.agent(name))
}

func goodDashboard() v1alpha1.TalentPool {
	p := v1alpha1.TalentPool{ObjectMeta: metav1.ObjectMeta{Name: season.Pool}}
	p.Spec.Tiers = []v1alpha1.Tier{{Name: "Standard"}, {Name: "Gold"}, {Name: "Platinum"}}
	taken := &v1alpha1.TimeTaken{Sample: 1}
	p.Status = v1alpha1.TalentPoolStatus{
		Members: 11, Tiers: make([]v1alpha1.TierCounts, 3), SlowestSteps: make([]v1alpha1.SlowStep, 1),
		Funnel:    []v1alpha1.FunnelStep{{Name: "interview", Entered: 11, Passed: 10, Failed: 1, Median: &metav1.Duration{}}},
		Times:     &v1alpha1.PoolTimes{ToFill: taken, ToOnboard: taken, ToFirstAccepted: taken},
		Scores:    &v1alpha1.ScoreDistribution{Sample: 10},
		Prior:     &v1alpha1.Prior{Version: 2},
		Agreement: []v1alpha1.RaterAgreement{{Scorecard: "care/floor", Alpha: "0.8"}},
		Feedback:  []v1alpha1.FeedbackTheme{{Theme: "headset", Raised: 2, Actioned: 1}},
	}
	return p
}

func TestASeasonIsNotOverWhileAnyPromiseIsBroken(t *testing.T) {
	if faults := goodSeason().faults(); len(faults) > 0 {
		t.Fatalf("expected a season in which all went well to have no faults, got %q", faults)
	}
	cases := []struct {
		reason string
		spoil  func(*floorRecord)
		fault  string
	}{
		{"a funnel that lost somebody", func(r *floorRecord) { r.Pools[0].Status.Funnel[0].Failed = 0 }, "funnel's step interview makes no sense"},
		{"a screening that screens nobody", func(r *floorRecord) { r.membership("agent-x").Screening = v1alpha1.ScreeningPassed }, "it screened nobody"},
		{"a seat that stays empty is no completed one", func(r *floorRecord) { r.Engagements[5].Status.Worker = nil }, "ended as Completed, expected Unfilled"},
		{"work without the academy", func(r *floorRecord) { r.agent("agent-5").Status.Certificates = nil }, "agent-5 works without the certificates"},
		{"an absence that nobody noted", func(r *floorRecord) { r.Engagements[0].Status.Outcome = v1alpha1.OutcomeCompleted }, "seat-0 ended as Completed, expected NoShow"},
		{"a shift that is left", func(r *floorRecord) { r.Assignments[4].Status.State = v1alpha1.AssignmentAssigned }, "shift-4 is still Assigned"},
		{"a shift that was given back and kept", func(r *floorRecord) { r.Assignments[0].Status.Worker = "agent-0" }, "agent-0 still has shift-0"},
		{"a review without numbers", func(r *floorRecord) { r.Evaluations[3].Spec.KPIs = nil }, "reports no HandleTime with a sample"},
		{"agents whom nobody reviewed", func(r *floorRecord) { r.Evaluations = r.Evaluations[:10] }, "agents were reviewed both during the season and at its end"},
		{"nobody rises", func(r *floorRecord) { r.membership("agent-4").Tier = "Gold" }, "nobody has reached Platinum"},
		{"a demotion that had no effect", func(r *floorRecord) { r.membership("agent-2").Tier = "Gold" }, "agent-2 is in tier Gold"},
		{"a demotion by nobody", func(r *floorRecord) { r.agent("agent-2").Status.Attestations = nil }, "by a person's decision"},
		{"a tier that does not pay", func(r *floorRecord) { r.Engagements[10].Status.Terms.Rate.Amount = "20" }, "agent-4 accepted 20 an hour"},
		{"a dashboard without the agreement of reviewers", func(r *floorRecord) { r.Pools[0].Status.Agreement = nil }, "lacks the agreement of reviewers"},
		{"a dashboard with the first prior still", func(r *floorRecord) { r.Pools[0].Status.Prior.Version = 1 }, "lacks a prior from evaluations"},
		{"what every case promises", func(r *floorRecord) { r.Bindings = []string{"care/longshore-x"} }, "the binding care/longshore-x is left"},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			r := goodSeason()
			c.spoil(r)
			if all := strings.Join(r.faults(), "\n"); !strings.Contains(all, c.fault) {
				t.Errorf("expected the fault %q, got %q", c.fault, all)
			}
		})
	}
}
