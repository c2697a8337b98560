package engagement

import (
	"strings"
	"testing"
	"time"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

// atWork is a designer at work with access that came with onboarding and with the start, a wind-down and a final evaluation.
func atWork(t *testing.T, changes ...func(*v1alpha1.EngagementSpec)) *world {
	t.Helper()
	exit := aChecklist("exit", aStep("handover", v1alpha1.StepDocument, beforeEnd(120*time.Hour)), aStep("laptop", v1alpha1.StepAttestation))
	eng := anEngagement("designer").Access("chat", "drive").Offboarding("exit").Evaluated("creative", 0, 120*time.Hour).Notice("P7D")
	for _, change := range changes {
		eng.With(change)
	}
	w := aMarketingTeam(t).add(exit, aProfile("chat", v1alpha1.AvailableFromOnboarding).MaxGrace(48*time.Hour), eng).hire()
	return w.start().until("2026-12-10 09:00").expectAccess("chat", v1alpha1.GrantVerified).expectAccess("drive", v1alpha1.GrantVerified)
}

func terminated(t v1alpha1.Termination) func(*v1alpha1.EngagementSpec) {
	return func(s *v1alpha1.EngagementSpec) { s.Termination = &t }
}

func said(v v1alpha1.Verdict, author string) *attestationBuilder {
	return anAttestation("end/engagement").By(author).Says(v)
}

func grace(d time.Duration) func(*v1alpha1.EngagementSpec) {
	return func(s *v1alpha1.EngagementSpec) { s.Offboarding.AccessGrace = lasting(d) }
}

// closeUp has people do what is left once the work has ended.
func (w *world) closeUp() *world {
	w.t.Helper()
	w.after(time.Hour).give(anEvaluation(v1alpha1.EvaluationFinal, "rosa", "4")).expectPhase(v1alpha1.PhaseOffboarding)
	return w.say(done("offboarding/handover", "ada"), done("offboarding/laptop", "max"))
}

func TestWhatEndsAnEngagementAndWhen(t *testing.T) {
	tests := []struct {
		name, because string
		do            func(w *world)
		ended         string
		cause         v1alpha1.EndingCause
		outcome       v1alpha1.Outcome
	}{
		{"the planned end", "nothing else was stated", func(*world) {}, "2027-01-01 08:00", v1alpha1.EndPlanned, v1alpha1.OutcomeCompleted},
		{
			"a termination without a time", "it is effective when first seen",
			func(w *world) {
				w.edit("designer", terminated(v1alpha1.Termination{Reason: v1alpha1.TerminationBudgetCut}))
			},
			"2026-12-10 09:00", v1alpha1.EndTermination, v1alpha1.OutcomeTerminated,
		},
		{
			"a termination with a time", "it is effective then", func(w *world) {
				w.edit("designer", terminated(v1alpha1.Termination{Reason: v1alpha1.TerminationOther, Effective: metaTime(on("2026-12-20"))}))
			},
			"2026-12-20 00:00", v1alpha1.EndTermination, v1alpha1.OutcomeTerminated,
		},
		{
			"a termination after the planned end", "the earliest end wins", func(w *world) {
				w.edit("designer", terminated(v1alpha1.Termination{Reason: v1alpha1.TerminationOther, Effective: metaTime(on("2027-02-01"))}))
			},
			"2027-01-01 08:00", v1alpha1.EndPlanned, v1alpha1.OutcomeCompleted,
		},
		{
			"a termination for cause with a time", "for cause there is no notice", func(w *world) {
				w.edit("designer", terminated(v1alpha1.Termination{Reason: v1alpha1.TerminationMisconduct, Effective: metaTime(on("2026-12-20"))}))
			},
			"2026-12-10 09:00", v1alpha1.EndTermination, v1alpha1.OutcomeTerminated,
		},
		{
			"converted", "they became an employee",
			func(w *world) {
				w.edit("designer", terminated(v1alpha1.Termination{Reason: v1alpha1.TerminationConverted}))
			},
			"2026-12-10 09:00", v1alpha1.EndTermination, v1alpha1.OutcomeConverted,
		},
		{
			"a termination said to be the worker's", "only their own statement makes it a resignation", func(w *world) {
				w.edit("designer", terminated(v1alpha1.Termination{Reason: v1alpha1.TerminationOther, By: v1alpha1.ByWorker}))
			},
			"2026-12-10 09:00", v1alpha1.EndTermination, v1alpha1.OutcomeTerminated,
		},
		{
			"a termination that is the worker's", "they said so themselves", func(w *world) {
				w.state(said(v1alpha1.VerdictResigned, "ada").Effective("2026-12-30 00:00"))
				w.edit("designer", terminated(v1alpha1.Termination{Reason: v1alpha1.TerminationOther, By: v1alpha1.ByWorker}))
			},
			"2026-12-10 09:00", v1alpha1.EndTermination, v1alpha1.OutcomeResigned,
		},
		{"ended now", "somebody with the verb end said so", func(w *world) { w.state(said(v1alpha1.VerdictEndNow, "max")) }, "2026-12-10 09:00", v1alpha1.EndAttested, v1alpha1.OutcomeTerminated},
		{
			"ended at a time", "somebody with the verb end said so", func(w *world) { w.state(said(v1alpha1.VerdictEndAt, "max").Effective("2026-12-12 18:00")) },
			"2026-12-12 18:00", v1alpha1.EndAttested, v1alpha1.OutcomeTerminated,
		},
		{
			"ended at a time that has passed", "nobody ends in the past", func(w *world) { w.state(said(v1alpha1.VerdictEndAt, "max").Effective("2026-12-01 18:00")) },
			"2026-12-10 09:00", v1alpha1.EndAttested, v1alpha1.OutcomeTerminated,
		},
		{
			"two ends by two people", "the earliest end wins", func(w *world) {
				w.state(said(v1alpha1.VerdictEndAt, "max").Effective("2026-12-20 18:00"))
				w.state(said(v1alpha1.VerdictEndAt, "mia").Effective("2026-12-15 18:00"))
			},
			"2026-12-15 18:00", v1alpha1.EndAttested, v1alpha1.OutcomeTerminated,
		},
		{
			"resigned", "the notice period is kept where they name no time", func(w *world) { w.state(said(v1alpha1.VerdictResigned, "ada")) },
			"2026-12-17 09:00", v1alpha1.EndResignation, v1alpha1.OutcomeResigned,
		},
		{
			"resigned at a time", "that time is theirs to name", func(w *world) { w.state(said(v1alpha1.VerdictResigned, "ada").Effective("2026-12-11 09:00")) },
			"2026-12-11 09:00", v1alpha1.EndResignation, v1alpha1.OutcomeResigned,
		},
		{
			"resigned on their behalf", "people without an account resign too", func(w *world) { w.state(said(v1alpha1.VerdictResigned, "hr-sync").OnBehalfOf("ada")) },
			"2026-12-17 09:00", v1alpha1.EndResignation, v1alpha1.OutcomeResigned,
		},
		{
			"resigned later than planned", "the earliest end wins", func(w *world) { w.state(said(v1alpha1.VerdictResigned, "ada").Effective("2027-03-01 09:00")) },
			"2027-01-01 08:00", v1alpha1.EndPlanned, v1alpha1.OutcomeCompleted,
		},
		{
			"a shorter end in the spec", "it shrinks access at once, whoever agrees",
			func(w *world) {
				w.edit("designer", func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.End = *metaTime(on("2026-12-15 08:00")) })
			},
			"2026-12-15 08:00", v1alpha1.EndPlanned, v1alpha1.OutcomeCompleted,
		},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			w := atWork(t)
			tc.do(w)
			w.untilTime(on(tc.ended).Add(-time.Second))
			if w.now.Before(on(tc.ended)) && w.status().EndedAt != nil {
				t.Fatalf("%s: it ends at %s, but ended at %s", tc.because, tc.ended, w.status().EndedAt)
			}
			w.untilTime(on(tc.ended)).expectPhase(v1alpha1.PhaseEvaluating).expectEnded(tc.ended, tc.cause)
			w.expectAccess("drive", v1alpha1.GrantRevoked).expectAccess("chat", v1alpha1.GrantRevoked)
			w.closeUp().expectOutcome(tc.outcome)
		})
	}
}

func TestStatementsThatEndNothing(t *testing.T) {
	tests := []struct {
		name, because string
		said          *attestationBuilder
		reason        string
	}{
		{"resigned by the manager", "nobody resigns for somebody else", said(v1alpha1.VerdictResigned, "max"), "NotTheWorker"},
		{"resigned on behalf of another", "it is not their engagement", said(v1alpha1.VerdictResigned, "hr-sync").OnBehalfOf("leo"), "NotTheWorker"},
		{"resigned by another worker", "it is not their engagement", said(v1alpha1.VerdictResigned, "leo"), "NotTheWorker"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			atWork(t).say(tc.said).expectIgnored(tc.said, tc.reason).expectPhase(v1alpha1.PhaseAssigned)
		})
	}
	t.Run("resigned before it was accepted", func(t *testing.T) {
		early := said(v1alpha1.VerdictResigned, "ada")
		aMarketingTeam(t).add(anEngagement("designer")).approve().say(early).expectIgnored(early, "NotNow")
	})
	t.Run("once it has ended", func(t *testing.T) {
		late := said(v1alpha1.VerdictEndNow, "max")
		atWork(t).until("2027-01-01 08:00").say(late).expectIgnored(late, "TooLate")
	})
}

func TestAnEndThatHasPassedIsFrozen(t *testing.T) {
	ended := func(t *testing.T) *world {
		return atWork(t).edit("designer", terminated(v1alpha1.Termination{Reason: v1alpha1.TerminationOther, Effective: metaTime(on("2026-12-12"))})).until("2026-12-12").
			expectPhase(v1alpha1.PhaseEvaluating)
	}
	t.Run("taking the termination back changes nothing", func(t *testing.T) {
		ended(t).edit("designer", func(s *v1alpha1.EngagementSpec) { s.Termination = nil }).settle().expectEnded("2026-12-12 00:00", v1alpha1.EndTermination).expectAccess("drive", v1alpha1.GrantRevoked)
	})
	t.Run("a later end changes nothing", func(t *testing.T) {
		ended(t).edit("designer", func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.End = *metaTime(on("2027-06-01")) }).settle().expectAccess("drive", v1alpha1.GrantRevoked).expectNoWait("amendment/terms")
	})
	t.Run("before it has passed it can be taken back", func(t *testing.T) {
		w := atWork(t).edit("designer", terminated(v1alpha1.Termination{Reason: v1alpha1.TerminationOther, Effective: metaTime(on("2026-12-12"))})).until("2026-12-11")
		w.edit("designer", func(s *v1alpha1.EngagementSpec) { s.Termination = nil }).until("2026-12-13").expectPhase(v1alpha1.PhaseAssigned)
		if w.status().Ending != nil {
			t.Errorf("nobody ends it early any more, but status says %+v", w.status().Ending)
		}
	})
}

func TestAnEndThatIsDatedBackUndoesNothingThatWasStatedBefore(t *testing.T) {
	noticed := v1alpha1.Termination{Reason: v1alpha1.TerminationOther, Effective: metaTime(on("2026-12-20"))}
	for name, dateBack := range map[string]func(*v1alpha1.EngagementSpec){
		"a termination": terminated(v1alpha1.Termination{Reason: v1alpha1.TerminationOther, Effective: metaTime(on("2026-12-08"))}),
		"for cause":     terminated(v1alpha1.Termination{Reason: v1alpha1.TerminationMisconduct, Effective: metaTime(on("2026-12-08"))}),
		"a shorter end": func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.End = *metaTime(on("2026-12-08")) },
	} {
		t.Run(name, func(t *testing.T) {
			w := aLogo(t).until("2026-12-07").edit("designer", terminated(noticed)).until("2026-12-09").say(submitted("logo"))
			w.after(time.Hour).say(verdictOn("logo", v1alpha1.VerdictAccepted)).until("2026-12-10").edit("designer", dateBack).settle()
			w.expectDeliverable("logo", v1alpha1.DeliverableAccepted)
			if got := w.status().Spend.Accepted; got != "2000" {
				t.Errorf("an accepted deliverable can only stay, and so does what is owed for it, but %s is accepted", got)
			}
		})
	}
	t.Run("but one that was foreseen is effective when it was to be, though the operator was away", func(t *testing.T) {
		w := aLogo(t).until("2026-12-07").edit("designer", terminated(noticed)).settle()
		w.now = on("2026-12-22")
		w.settle().expectEnded("2026-12-20 00:00", v1alpha1.EndTermination)
	})
}

func TestAccessAfterTheEnd(t *testing.T) {
	t.Run("outlives the work by the smaller of both graces", func(t *testing.T) {
		w := atWork(t, grace(72*time.Hour)).until("2027-01-01 08:00").expectPhase(v1alpha1.PhaseEvaluating)
		w.expectAccess("chat", v1alpha1.GrantVerified).expectAccess("drive", v1alpha1.GrantRevoked) // drive allows no grace
		w.until("2027-01-03 07:59:59").expectAccess("chat", v1alpha1.GrantVerified).until("2027-01-03 08:00").expectAccess("chat", v1alpha1.GrantRevoked)
	})
	t.Run("for cause there is no grace", func(t *testing.T) {
		w := atWork(t, grace(72*time.Hour)).edit("designer", terminated(v1alpha1.Termination{Reason: v1alpha1.TerminationSecurityIncident})).settle()
		w.expectAccess("chat", v1alpha1.GrantRevoked).expectAccess("drive", v1alpha1.GrantRevoked)
		w.closeUp().expectOutcome(v1alpha1.OutcomeTerminated)
		if w.status().Rehire != v1alpha1.RehireIneligible {
			t.Errorf("an end for cause makes Ineligible, but rehire is %s", w.status().Rehire)
		}
	})
	t.Run("a cause found after the end takes the grace away, for good", func(t *testing.T) {
		w := atWork(t, grace(72*time.Hour)).until("2027-01-01 08:00").expectAccess("chat", v1alpha1.GrantVerified)
		w.edit("designer", terminated(v1alpha1.Termination{Reason: v1alpha1.TerminationMisconduct})).settle().expectAccess("chat", v1alpha1.GrantRevoked)
		w.edit("designer", func(s *v1alpha1.EngagementSpec) { s.Termination = nil }).settle().expectAccess("chat", v1alpha1.GrantRevoked)
	})
	t.Run("closing waits for the proof", func(t *testing.T) {
		w := atWork(t)
		w.brokenTargets = true
		w.until("2027-01-01 08:00").closeUp().expectPhase(v1alpha1.PhaseOffboarding).expectWaits("access/revoke-chat: Operator", "access/revoke-drive: Operator")
		w.until("2027-02-01").expectPhase(v1alpha1.PhaseOffboarding)
		w.brokenTargets = false
		w.settle().expectOutcome(v1alpha1.OutcomeCompleted)
	})
}

func TestAnEndDuringOnboardingLeadsToOffboarding(t *testing.T) {
	for name, end := range map[string]func(w *world){
		"terminated": func(w *world) {
			w.edit("designer", terminated(v1alpha1.Termination{Reason: v1alpha1.TerminationOther}))
		},
		"resigned":        func(w *world) { w.state(said(v1alpha1.VerdictResigned, "ada")) },
		"the planned end": func(w *world) { w.untilTime(on("2027-01-01 08:00")) },
	} {
		t.Run(name, func(t *testing.T) {
			exit := aChecklist("exit", aStep("laptop", v1alpha1.StepAttestation))
			w := aMarketingTeam(t).add(exit, designerOnboarding(), anEngagement("designer").Onboarding("intro").Access("chat").Offboarding("exit").Evaluated("creative", 0, day)).hire()
			w.say(done("onboarding/nda", "ada")).expectAccess("chat", v1alpha1.GrantVerified)
			end(w)
			w.settle().expectPhase(v1alpha1.PhaseOffboarding).expectAccess("chat", v1alpha1.GrantRevoked).expectWaits("offboarding/laptop: Manager")
			w.expectStep("onboarding", "contacts", v1alpha1.StepNotDone)
			w.say(done("offboarding/laptop", "max")).expectPhase(v1alpha1.PhaseClosed)
		})
	}
}

func TestAnEndBeforeAnybodyAcceptedCancels(t *testing.T) {
	for name, end := range map[string]func(w *world){
		"terminated": func(w *world) {
			w.edit("designer", terminated(v1alpha1.Termination{Reason: v1alpha1.TerminationOther}))
		},
		"ended now": func(w *world) { w.state(said(v1alpha1.VerdictEndNow, "max")) },
	} {
		for _, approved := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				w := aMarketingTeam(t).add(anEngagement("designer").Access("chat")).settle()
				if approved {
					w.approve()
				}
				end(w)
				w.settle().expectOutcome(v1alpha1.OutcomeCancelled)
			})
		}
	}
}

func TestWindDownStepsOpenAheadOfAForeseenEnd(t *testing.T) {
	t.Run("planned", func(t *testing.T) {
		w := atWork(t).until("2026-12-27 07:59:59").expectWaits().until("2026-12-27 08:00").expectWaits("offboarding/handover: Worker")
		w.say(done("offboarding/handover", "ada")).until("2027-01-01 08:00").expectStep("offboarding", "handover", v1alpha1.StepDone).expectStalled("")
	})
	t.Run("with notice", func(t *testing.T) {
		w := atWork(t).say(said(v1alpha1.VerdictResigned, "ada")).expectWaits().until("2026-12-12 09:00").expectWaits("offboarding/handover: Worker")
		w.say(done("offboarding/handover", "ada")).until("2026-12-17 09:00").expectPhase(v1alpha1.PhaseEvaluating).expectStep("offboarding", "handover", v1alpha1.StepDone)
	})
	t.Run("what was wound down stays so when the end comes early", func(t *testing.T) {
		w := atWork(t).until("2026-12-27 08:00").say(done("offboarding/handover", "ada")).until("2026-12-29").say(said(v1alpha1.VerdictEndNow, "max"))
		w.expectPhase(v1alpha1.PhaseEvaluating).expectStep("offboarding", "handover", v1alpha1.StepDone)
	})
	t.Run("at once", func(t *testing.T) {
		w := atWork(t).say(said(v1alpha1.VerdictEndNow, "max")).expectStalled("") // nobody could have handed over within no time
		w.give(anEvaluation(v1alpha1.EvaluationFinal, "rosa", "4")).expectWaits("offboarding/handover: Worker", "offboarding/laptop: Manager").expectStalled("")
	})
}

func TestRehireIsDecidedByAPersonOrFollowsFromTheEnd(t *testing.T) {
	decides := func(v v1alpha1.Verdict, author string) *attestationBuilder {
		return anAttestation("rehire/decision").By(author).Says(v)
	}
	t.Run("by default Eligible", func(t *testing.T) {
		if w := atWork(t).until("2027-01-01 08:00").closeUp(); w.status().Rehire != v1alpha1.RehireEligible {
			t.Errorf("nothing speaks against it, but rehire is %s", w.status().Rehire)
		}
	})
	t.Run("as decided", func(t *testing.T) {
		if w := atWork(t).say(decides(v1alpha1.VerdictWithReview, "max")).until("2027-01-01 08:00").closeUp(); w.status().Rehire != v1alpha1.RehireWithReview {
			t.Errorf("max decided WithReview, but rehire is %s", w.status().Rehire)
		}
	})
	t.Run("never by the worker", func(t *testing.T) {
		own := decides(v1alpha1.VerdictEligible, "ada")
		atWork(t).say(own).expectIgnored(own, "SelfDealing")
	})
	t.Run("not before anybody is engaged", func(t *testing.T) {
		early := decides(v1alpha1.VerdictEligible, "max")
		aMarketingTeam(t).add(anEngagement("designer")).approve().say(early).expectIgnored(early, "NotNow")
	})
}

func TestAfterClosingNothingCountsAndNothingChanges(t *testing.T) {
	w := atWork(t).until("2027-01-01 08:00").closeUp().expectOutcome(v1alpha1.OutcomeCompleted).after(time.Hour)
	before := w.eng("designer").Status.DeepCopy()
	late := anAttestation("feedback/pay").By("ada").Says(v1alpha1.VerdictRaised)
	eval := anEvaluation(v1alpha1.EvaluationFinal, "rita", "1")
	w.say(late).expectIgnored(late, "Closed")
	w.give(eval)
	if s := w.evals[eval.Name].Status; s == nil || s.Reason != "Closed" {
		t.Errorf("an evaluation after closing is told that it does not count, but it is %+v", s)
	}
	if len(w.status().Attestations) != len(before.Attestations) || w.status().Score != before.Score || w.status().Dossier == nil || !strings.HasPrefix(w.status().Dossier.Name, "00000") {
		t.Errorf("the file is sealed, so nothing is added: %+v", w.status())
	}
	w.edit("designer", func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.End = *metaTime(on("2028-01-01")) }).settle().expectOutcome(v1alpha1.OutcomeCompleted)
}
