package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/hack/floor/season"
)

func TestTheCasesAreChosenByNumber(t *testing.T) {
	for wanted, expect := range map[string]choice{
		"": {designer: true, team: true}, "1": {designer: true}, "2": {team: true}, "1,2": {designer: true, team: true}, "3": {floor: true},
		"all": {designer: true, team: true, floor: true},
	} {
		if got, err := choose(wanted); err != nil || got != expect {
			t.Errorf("-case=%s chooses %+v, %v; expected %+v", wanted, got, err, expect)
		}
	}
	if _, err := choose("4"); err == nil || !strings.Contains(err.Error(), "a support floor") {
		t.Errorf("expected a case that is not there to be refused with those that are, got %v", err)
	}
}

func TestMostAgentsPassAndSomeDoNot(t *testing.T) {
	c := &cast{}
	empathy := &v1alpha1.Criterion{Name: "empathy", Min: 1, Max: 5}
	tongue, interview, least, most := 0, 0, 1.0, 0.0
	for i := range 1000 {
		agent := fmt.Sprintf("agent-%04d", i)
		if max(c.mark(agent, "language-test", 0), c.mark(agent, "language-test", 1)) < 70 {
			tongue++
		}
		if c.interview(agent, empathy) < "3.4" {
			interview++
		}
		for step, of := range map[string]int32{"product": 80, "privacy": 90, "desk": 75} {
			if c.mark(agent, step, 2) < of {
				t.Errorf("%s fails %s for good with %d: then nobody could go on", agent, step, c.mark(agent, step, 2))
			}
		}
		q := c.quality(agent, "QA", "final")
		least, most = min(least, q), max(most, q)
	}
	if tongue < 20 || tongue > 90 || interview < 60 || interview > 180 {
		t.Errorf("of 1000, %d fail the language test and %d the interview; expected about one in twenty and one in nine", tongue, interview)
	}
	if least < 0.5 || least > 0.65 || most < 0.95 || most > 1 {
		t.Errorf("the quality of agents lies between %.2f and %.2f, expected a floor on which most are good and nobody is hopeless", least, most)
	}
}

func TestTheWorkOfOneAgentBecomesBad(t *testing.T) {
	e := engaged("winter-billing-001", v1alpha1.EngagementStatus{Worker: &v1alpha1.EngagedWorker{Name: "agent-0001"}}, v1alpha1.PhaseAssigned)
	csat, handle := &v1alpha1.KPI{Name: "CSAT"}, &v1alpha1.KPI{Name: "HandleTime"}
	c := &cast{}
	before, again := c.report(e, csat, "evaluation/period-1"), c.report(e, csat, "evaluation/period-1")
	if diff := cmp.Diff(before, again); diff != "" {
		t.Errorf("the same review says something else the second time (-first +second):\n%s", diff)
	}
	if before.Sample < 20 || before.Value < "80" {
		t.Errorf("CSAT is %s of %d, expected a good one with a sample", before.Value, before.Sample)
	}
	c.faltering = "agent-0001"
	if after := c.report(e, csat, "evaluation/period-1"); after.Value >= "75" {
		t.Errorf("CSAT of the agent who falters is %s, expected it to fall", after.Value)
	}
	if after := c.report(e, handle, "evaluation/period-1"); after.Value != "95" {
		t.Errorf("the agent who falters takes %s seconds, expected customers to be got rid of", after.Value)
	}
}

func TestAnAnswerIsGivenOnceForEachWaitAndTerms(t *testing.T) {
	f := &floor{said: map[string]bool{}}
	now := someTime.Time
	approve := func(terms string) answer {
		return answer{by: "nils", after: now, object: attestation("care", "seat", &v1alpha1.AttestationSpec{Claim: "approval/stage.Budget", Terms: terms})}
	}
	if early := f.due(approve("a"), "id", now.Add(-time.Second)); len(early) > 0 {
		t.Error("expected nothing to be said before its time")
	}
	due := f.due(approve("a"), "id", now)
	if len(due) != 1 || due[0].by != "nils" {
		t.Fatalf("expected nils to approve, got %v", due)
	}
	f.said[due[0].id] = true
	if again := f.due(approve("a"), "id", now.Add(time.Hour)); len(again) > 0 {
		t.Error("expected what was said not to be said again, however long it takes to have an effect")
	}
	if other := f.due(approve("b"), "id", now.Add(time.Hour)); len(other) != 1 {
		t.Error("expected other terms to be answered anew")
	}
}

func TestAShiftIsHandedInBeforeItsEndAndAcceptedByTheTeamLead(t *testing.T) {
	seat := engaged("winter-billing-001", v1alpha1.EngagementStatus{}, v1alpha1.PhaseAssigned)
	seat.Spec.Contacts = []v1alpha1.Contact{{Role: v1alpha1.RoleManager, Subject: *user("tara")}}
	f := &floor{view: &floorView{byName: map[string]*v1alpha1.Engagement{seat.Name: seat}}}
	shift := &v1alpha1.Assignment{ObjectMeta: metav1.ObjectMeta{Namespace: "care", Name: "late"}}
	shift.Spec.Window = &v1alpha1.Window{Start: someTime, End: metav1.NewTime(someTime.Add(4 * time.Second))}
	shift.Status = v1alpha1.AssignmentStatus{State: v1alpha1.AssignmentStarted, Engagement: seat.Name, Worker: "agent-0001"}
	said, known := f.answerAssignment(shift)
	statement, is := said.object.(*v1alpha1.Attestation)
	if !known || !is || said.by != agentDesk || statement.Spec.Verdict != v1alpha1.VerdictSubmitted || statement.Spec.OnBehalfOf.Name != "agent-0001" {
		t.Fatalf("expected the time clock to hand it in on the agent's behalf, got %+v", said)
	}
	if end := shift.Spec.Window.End.Time; !said.after.Before(end.Add(-time.Second)) || !said.after.After(shift.Spec.Window.Start.Time) {
		t.Errorf("it is handed in at %s, expected more than a second before the end: statements have whole seconds", said.after)
	}
	f.twists.left, f.twists.leaves = seat.Name, someTime.Time
	if _, known := f.answerAssignment(shift); known {
		t.Error("expected nobody to hand in what somebody has who will have left by then")
	}
	shift.Status.State = v1alpha1.AssignmentSubmitted
	if said, known = f.answerAssignment(shift); !known || said.by != "tara" {
		t.Errorf("expected tara, who leads the agent's team, to accept it, got %q", said.by)
	}
}

func TestTheBoardOfTheFloorCountsPeople(t *testing.T) {
	worker := func(state v1alpha1.ScreeningState, tier string) *v1alpha1.Worker {
		return &v1alpha1.Worker{Status: v1alpha1.WorkerStatus{Pools: []v1alpha1.PoolMembership{{Name: season.Pool, Screening: state, Tier: tier}}}}
	}
	workers := []*v1alpha1.Worker{worker(v1alpha1.ScreeningPassed, "Standard"), worker(v1alpha1.ScreeningPassed, "Gold"), worker(v1alpha1.ScreeningFailed, "Standard")}
	workers[1].Status.Pools[0].Score = &v1alpha1.WorkerScore{}
	workers[1].Status.Pools[0].Demotion = &v1alpha1.ProposedDemotion{}
	learning := engaged("a", v1alpha1.EngagementStatus{Onboarding: &v1alpha1.ProcedureStatus{Steps: []v1alpha1.StepStatus{
		{Name: "nda", State: v1alpha1.StepDone}, {Name: "product", State: v1alpha1.StepOpen},
	}}}, v1alpha1.PhaseOnboarding)
	for _, c := range []struct{ got, expect string }{
		{screeningLine(workers), "3 agents: 0 in progress, 2 passed, 1 failed, 0 lapsed"},
		{tiersLine(workers, []v1alpha1.TierCounts{{Name: "Standard"}, {Name: "Gold"}}), "Standard 1  Gold 1  (1 have a score, 1 demotions wait for a decision)"},
		{academyLine([]*v1alpha1.Engagement{learning}), "1:  nda 1  product 0"},
		{phasesLine([]*v1alpha1.Engagement{learning, {}}), "2:  Pending 1  Recruiting 0  Onboarding 1  Assigned 0  Evaluating 0  Offboarding 0  Closed 0"},
		{shiftsLine([]*v1alpha1.Assignment{{}, {Status: v1alpha1.AssignmentStatus{State: v1alpha1.AssignmentAccepted}}}), "2:  Pending 1  Assigned 0  Started 0  Submitted 0  Accepted 1  Missed 0"},
		{funnelLine([]v1alpha1.FunnelStep{{Name: "basics", Entered: 3, Passed: 2}, {Name: "interview", Entered: 2, Passed: 1}}), "basics 2 of 3 → interview 1 of 2"},
	} {
		if c.got != c.expect {
			t.Errorf("the board says %q, expected %q", c.got, c.expect)
		}
	}
}

func TestADerivationIsShortenedToItsFirstAndLastEvaluation(t *testing.T) {
	got := strings.Join(brief("score of worker\n\n[1] a\n  x\n\n[2] b\n\n[3] c\n\n[4] d\n  y\n\nprior: 2\n"), "\n")
	if expect := "score of worker\n\n[1] a\n  x\n\n[2] to [3] likewise\n\n[4] d\n  y\n\nprior: 2"; got != expect {
		t.Errorf("expected the evaluations between to be left out, got:\n%s", got)
	}
	if short := "[1] a\n\n[2] b\n\nprior: 2"; strings.Join(brief(short), "\n") != short {
		t.Error("expected a short derivation to be left as it is")
	}
}
