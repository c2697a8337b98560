package engagement

import (
	"math/rand/v2"
	"testing"
	"time"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/test/gitops/reading"
)

// TestGitOpsToolsReadWhatTheOperatorMeansAfterEveryWrite has kstatus and the health script for Argo CD read every engagement each time that it is stored, through
// the worked cases in every order and through what does not happen in them, and holds both to the table in test/gitops/reading.
func TestGitOpsToolsReadWhatTheOperatorMeansAfterEveryWrite(t *testing.T) {
	r := newReader(t)
	for seed := range uint64(seeds) {
		s := begin(t, seed)
		r.watch(s.w)
		s.run(seed)
	}
	for name, happens := range map[string]func(*testing.T) *world{
		"suspended and resumed": func(t *testing.T) *world {
			w := r.watch(atWork(t)).edit("designer", suspended(true)).after(time.Hour)
			return w.edit("designer", suspended(false)).after(time.Hour)
		},
		"deleted at work": func(t *testing.T) *world { return r.watch(atWork(t)).remove("designer").settle() },
		"nothing to draw on": func(t *testing.T) *world {
			return r.watch(newWorld(t, "2026-11-16 08:00")).add(anEngagement("designer")).settle()
		},
		"onboarding that nobody does": func(t *testing.T) *world { return r.watch(onboarded(t)).after(14 * day) },
		"target systems that fail, and an end": func(t *testing.T) *world {
			w := r.watch(atWork(t))
			w.brokenTargets = true
			return w.say(said(v1alpha1.VerdictEndNow, "max")).after(90 * day)
		},
		// The operator is at work and somebody is late: the one must not hide the other.
		"work that is overdue while a revocation fails": func(t *testing.T) *world {
			w := r.watch(atWork(t, func(s *v1alpha1.EngagementSpec) {
				s.StatementOfWork.Deliverables = []v1alpha1.Deliverable{{Name: "logo", Due: *metaTime(on("2026-12-12 10:00")), Amount: "10"}}
			}))
			w.brokenTargets = true
			return w.edit("designer", func(s *v1alpha1.EngagementSpec) { s.Access = s.Access[:1] }).after(10 * day).expectStalled(v1alpha1.ReasonAmendmentRefused)
		},
	} {
		t.Run(name, func(t *testing.T) { r.as(t); happens(t) })
	}
	for _, state := range []reading.State{
		reading.Deleting, reading.Fresh, reading.Changed, reading.Stalled, reading.Busy, reading.Closed, reading.Paused, reading.Waiting, reading.AsWritten,
	} {
		if r.states[state] == 0 {
			t.Errorf("no engagement was ever %q: the table's row was not tried", state)
		}
	}
	for _, phase := range v1alpha1.Phases {
		if r.phases[phase] == 0 {
			t.Errorf("no engagement was ever read in %s", phase)
		}
	}
	for _, fact := range evident {
		if r.facts[fact.is] == 0 {
			t.Errorf("no engagement was ever read of which it is so that %s", fact.is)
		}
	}
	if r.facts[isBlocked] == 0 {
		t.Errorf("no engagement was ever read of which it is so that %s", isBlocked)
	}
	t.Logf("read in states %v and phases %v, while %v", r.states, r.phases, r.facts)
}

// TestWhateverIsAppliedFirstTheEngagementSettlesAlike applies one team's repository in many orders, with passes in between that read late and are killed, and
// expects the same status each time, without anybody touching the engagement again.
func TestWhateverIsAppliedFirstTheEngagementSettlesAlike(t *testing.T) {
	var want *v1alpha1.EngagementStatus
	held := 0
	for seed := range uint64(200) {
		w := newWorld(t, "2026-11-20 08:00")
		w.rnd, w.leaders, w.noise = rand.New(rand.NewPCG(seed, 1)), rand.New(rand.NewPCG(seed, 2)), true
		repository := []any{
			aPool("designers"), aWorker("ada", "designers").Skilled("graphic-design", 4), aWorker("leo", "designers"), aProfile("chat", v1alpha1.AvailableFromOnboarding),
			aChecklist("onboarding", aStep("chat", v1alpha1.StepAccess, waitingForAccess("chat"))), aChecklist("exit", aStep("handover", v1alpha1.StepDocument)), aScorecard("creative", "rosa"),
			anEngagement("designer").Access("chat").Onboarding("onboarding").Offboarding("exit").Evaluated("creative", 0, 120*time.Hour).Pinned("ada"),
		}
		shuffle(w.rnd, repository)
		for _, o := range repository {
			w.add(o).settle()
			if eng := w.engagements["designer"]; eng != nil {
				if c := condition(eng.Status.Conditions, v1alpha1.ConditionStalled); c != nil && c.Status == "True" {
					held++
				}
			}
		}
		got := &w.eng("designer").Status
		if c := condition(got.Conditions, v1alpha1.ConditionStalled); c == nil || c.Status != "False" {
			t.Fatalf("with seed %d all is there, and yet it is stalled: %+v", seed, c)
		}
		if want == nil {
			want = got
		}
		if diff := diff(want, got); diff != "" {
			t.Fatalf("the order in which a repository is applied should not matter, but seed %d gives (-first +this):\n%s", seed, diff)
		}
	}
	if held == 0 {
		t.Error("no order ever held the engagement up: nothing was tried")
	}
}
