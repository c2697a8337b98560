package engagement

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

func suspended(yes bool) func(*v1alpha1.EngagementSpec) {
	return func(s *v1alpha1.EngagementSpec) { s.Suspend = yes }
}

func (w *world) expectWithdrawn(want v1alpha1.Withdrawal) *world {
	w.t.Helper()
	for _, profile := range []string{"chat", "drive"} {
		g := w.grant(profile)
		if g.Spec.Withdraw != want {
			w.t.Fatalf("access to %s should be withdrawn for %q at %s, but is for %q", profile, want, w.now.Format(time.DateTime), g.Spec.Withdraw)
		}
		state := v1alpha1.GrantRevoked
		if want == "" {
			state = v1alpha1.GrantVerified
		}
		w.expectAccess(profile, state)
	}
	return w
}

func TestAccessIsGivenFromThePhaseThatItsProfileSays(t *testing.T) {
	w := aMarketingTeam(t).add(anEngagement("designer").Access("chat", "drive")).approve().expectAccess("chat", "")
	w.say(w.answer(v1alpha1.VerdictAccepted)).expectAccess("chat", v1alpha1.GrantVerified).expectAccess("drive", "")
	if g := w.grant("chat"); !g.Spec.NotBefore.Time.Equal(w.now) || !g.Spec.ExpiresAt.Time.Equal(on("2027-01-01 08:00")) {
		t.Errorf("access begins with the phase and ends with the work, but the grant is %+v", g.Spec)
	}
	w.start().expectAccess("drive", v1alpha1.GrantVerified).expectCondition(v1alpha1.ConditionAccessReady, metav1.ConditionTrue)
}

func TestWhoeverNobodyVouchesForGetsNothing(t *testing.T) {
	t.Run("the requester may not grant it", func(t *testing.T) {
		w := aMarketingTeam(t).add(anEngagement("designer").Access("chat"))
		w.mayNotGrant["chat"] = true
		w.hire().expectAccess("chat", "").expectStalled(v1alpha1.ReasonGrantNotPermitted).expectWaits("access/chat: Requester")
		w.mayNotGrant["chat"] = false
		w.after(time.Minute).expectAccess("chat", v1alpha1.GrantVerified).expectStalled("")
	})
	t.Run("the admission policies are missing", func(t *testing.T) {
		w := aMarketingTeam(t).add(anEngagement("designer").Access("chat"))
		w.admissionMissing = []string{"longshore-grant"}
		w.hire().expectAccess("chat", "").expectStalled(v1alpha1.ReasonAdmissionMissing).expectWaits("access/admission: Operator")
		w.admissionMissing = nil
		w.settle().expectAccess("chat", v1alpha1.GrantVerified).expectStalled("")
	})
	t.Run("a policy began to apply", func(t *testing.T) {
		w := atWork(t).add(aPolicy("uk-law", "GB").Unreadable()).settle().expectStalled(v1alpha1.ReasonComplianceUnknown).expectCondition(v1alpha1.ConditionCompliant, metav1.ConditionUnknown)
		w.expectWithdrawn("").expectWaits("compliance/legal: Legal") // what is there runs to its expiry
		w.until("2027-01-01 08:00").expectAccess("chat", v1alpha1.GrantRevoked)
	})
	t.Run("a held engagement gets no more, and gets nothing back", func(t *testing.T) {
		w := atWork(t).edit("designer", suspended(true)).settle().expectWithdrawn(v1alpha1.WithdrawalSuspended)
		w.admissionMissing = []string{"longshore-grant"}
		w.edit("designer", suspended(false)).settle().expectAccess("chat", v1alpha1.GrantRevoked)
		w.admissionMissing = nil
		w.settle().expectWithdrawn("")
	})
}

func TestAccessStaysNoLongerWhileHeld(t *testing.T) {
	w := atWork(t).edit("designer", func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.End = *metaTime(on("2027-02-01 08:00")) })
	w.add(aPolicy("uk-law", "GB").Unreadable()).settle().expectAmendment(v1alpha1.AmendmentInvalid).dropPolicy("uk-law")
	w.admissionMissing = []string{"longshore-grant"}
	w.settle().say(anAttestation("approval/amendment").By("dana").Says(v1alpha1.VerdictApproved).Terms(w.proposed()))
	w.say(w.answer(v1alpha1.VerdictAccepted))
	if g := w.grant("chat"); !g.Spec.ExpiresAt.Time.Equal(on("2027-01-01 08:00")) {
		t.Errorf("while admission policies are missing nothing is widened, but access was extended to %s", g.Spec.ExpiresAt)
	}
}

func TestSuspendingWithdrawsAccessAndResumingGivesItBack(t *testing.T) {
	w := atWork(t).edit("designer", suspended(true)).settle().expectWithdrawn(v1alpha1.WithdrawalSuspended).expectWaits("spec/suspend: Requester").expectStalled("")
	w.after(day).edit("designer", suspended(false)).settle().expectWithdrawn("")
	t.Run("only for whom the requester may grant it", func(t *testing.T) {
		w := atWork(t).edit("designer", suspended(true)).settle()
		w.mayNotGrant["chat"], w.mayNotGrant["drive"] = true, true
		w.edit("designer", suspended(false)).settle().expectAccess("chat", v1alpha1.GrantRevoked).expectStalled(v1alpha1.ReasonGrantNotPermitted)
	})
	t.Run("the end still acts", func(t *testing.T) {
		atWork(t).edit("designer", suspended(true)).until("2027-01-01 08:00").expectPhase(v1alpha1.PhaseEvaluating).closeUp().expectOutcome(v1alpha1.OutcomeCompleted)
	})
	t.Run("a termination still acts", func(t *testing.T) {
		w := atWork(t).edit("designer", suspended(true)).settle()
		w.edit("designer", terminated(v1alpha1.Termination{Reason: v1alpha1.TerminationOther})).settle().closeUp().expectOutcome(v1alpha1.OutcomeTerminated)
	})
}

func TestWithdrawingByAttestationHoldsUntilItIsLifted(t *testing.T) {
	withdraws := func(v v1alpha1.Verdict) *attestationBuilder {
		return anAttestation("access/withdraw").By("sam").Says(v)
	}
	w := atWork(t).say(withdraws(v1alpha1.VerdictDone)).expectWithdrawn(v1alpha1.WithdrawalWithdrawn).expectWaits("access/withdraw: Manager")
	w.edit("designer", suspended(true)).settle().edit("designer", suspended(false)).settle().expectWithdrawn(v1alpha1.WithdrawalWithdrawn) // Git does not lift it
	w.after(time.Hour).say(withdraws(v1alpha1.VerdictLifted)).expectWithdrawn("")
	t.Run("both in one second", func(t *testing.T) {
		atWork(t).say(withdraws(v1alpha1.VerdictLifted).Named("a"), withdraws(v1alpha1.VerdictDone).Named("b")).expectWithdrawn(v1alpha1.WithdrawalWithdrawn)
		atWork(t).say(withdraws(v1alpha1.VerdictDone).Named("a"), withdraws(v1alpha1.VerdictLifted).Named("b")).expectWithdrawn(v1alpha1.WithdrawalWithdrawn)
	})
	t.Run("in Onboarding nobody is told that the operator gives it", func(t *testing.T) {
		w := onboarded(t).say(done("onboarding/nda", "ada")).say(withdraws(v1alpha1.VerdictDone)).expectAccess("chat", v1alpha1.GrantRevoked)
		w.expectNoWait("access/chat").expectNoWait("onboarding/chat")
	})
}

func TestDeletionRevokesAndSealsInEveryPhase(t *testing.T) {
	end := func(w *world) *world { return w.until("2027-01-01 08:00") }
	tests := []struct {
		phase   v1alpha1.Phase
		reach   func(t *testing.T) *world
		outcome v1alpha1.Outcome
	}{
		{v1alpha1.PhasePending, func(t *testing.T) *world {
			return aMarketingTeam(t).add(anEngagement("designer").Access("chat")).settle()
		}, v1alpha1.OutcomeCancelled},
		{v1alpha1.PhaseRecruiting, func(t *testing.T) *world {
			return aMarketingTeam(t).add(anEngagement("designer").Access("chat")).approve()
		}, v1alpha1.OutcomeCancelled},
		{v1alpha1.PhaseOnboarding, func(t *testing.T) *world { return onboarded(t).say(done("onboarding/nda", "ada")) }, v1alpha1.OutcomeTerminated},
		{v1alpha1.PhaseAssigned, func(t *testing.T) *world { return atWork(t, grace(48*time.Hour)) }, v1alpha1.OutcomeTerminated},
		{v1alpha1.PhaseEvaluating, func(t *testing.T) *world { return end(atWork(t, grace(48*time.Hour))) }, v1alpha1.OutcomeCompleted},
		{v1alpha1.PhaseOffboarding, func(t *testing.T) *world {
			return end(atWork(t, grace(48*time.Hour))).give(anEvaluation(v1alpha1.EvaluationFinal, "rosa", "4"))
		}, v1alpha1.OutcomeCompleted},
	}
	for _, tc := range tests {
		t.Run(string(tc.phase), func(t *testing.T) {
			w := tc.reach(t).expectPhase(tc.phase)
			w.brokenTargets = true
			w.remove("designer").settle()
			if tc.phase.Before(v1alpha1.PhaseOnboarding) {
				w.brokenTargets = false
			} else {
				for _, wait := range w.status().WaitingFor {
					if wait.Who != v1alpha1.ActorOperator {
						t.Errorf("on deletion only revocation is waited for, but %s is for %s", wait.What, wait.Who)
					}
				}
				w.brokenTargets = false
				w.settle()
			}
			if w.engagements["designer"] != nil {
				t.Fatalf("access is gone and the file sealed, so the engagement is let go, but it is still there: %+v", w.engagements["designer"].Status)
			}
			if len(w.grants) > 0 || len(w.dossiers) != 1 {
				t.Fatalf("%d grants are left and %d files sealed, expected none and one", len(w.grants), len(w.dossiers))
			}
			if got := values(w.dossiers)[0].Spec.Record.Outcome; got != tc.outcome {
				t.Errorf("sealed as %s, expected %s", got, tc.outcome)
			}
		})
	}
	t.Run("Closed", func(t *testing.T) {
		w := atWork(t).until("2027-01-01 08:00").closeUp().expectOutcome(v1alpha1.OutcomeCompleted).remove("designer").settle()
		if w.engagements["designer"] != nil || len(w.dossiers) != 1 {
			t.Error("a closed engagement goes at once, and its one file stays")
		}
	})
	t.Run("what is undone is sealed as NotDone", func(t *testing.T) {
		w := atWork(t)
		w.brokenTargets = true
		w.remove("designer").settle().expectStep("offboarding", "laptop", v1alpha1.StepNotDone)
	})
	t.Run("access that was there before hangs nothing", func(t *testing.T) {
		w := aMarketingTeam(t).add(anEngagement("designer").Access("chat"))
		w.preexisting["chat"] = true
		w.hire().remove("designer").settle() // in a namespace that goes nobody could attest anything
		if w.engagements["designer"] != nil {
			t.Error("on deletion only revocation and sealing are waited for, not a decision on access that Longshore did not give")
		}
	})
}

func TestTheWorkersObject(t *testing.T) {
	t.Run("gone, access is withdrawn, and comes back with the person", func(t *testing.T) {
		w := atWork(t)
		delete(w.workers, "marketing/ada")
		w.settle().expectWithdrawn(v1alpha1.WithdrawalWorkerGone).expectStalled(v1alpha1.ReasonWorkerGone).expectWaits("worker/object: Manager")
		w.add(aWorker("ada-2").Person("person-of-ada")).settle().expectWithdrawn("").expectStalled("")
		if got := w.status().Worker.Name; got != "ada-2" || w.grant("chat").Spec.WorkerRef.Name != "ada-2" {
			t.Errorf("the person is found under their other name, but it is %s", got)
		}
	})
	t.Run("made again under the same name for somebody else", func(t *testing.T) {
		w := atWork(t).add(aWorker("ada").Person("somebody-else")).settle().expectWithdrawn(v1alpha1.WithdrawalWorkerGone)
		w.until("2027-01-01 08:00").closeUp()
	})
	t.Run("of several of the same person one is kept to", func(t *testing.T) {
		w := atWork(t)
		delete(w.workers, "marketing/ada")
		w.add(aWorker("ada-2").Person("person-of-ada"), aWorker("ada-3").Person("person-of-ada")).settle().expectWithdrawn("")
	})
	t.Run("gone until the end", func(t *testing.T) {
		w := atWork(t)
		delete(w.workers, "marketing/ada")
		w.until("2027-01-01 08:00").expectPhase(v1alpha1.PhaseEvaluating)
		w.after(time.Hour).give(anEvaluation(v1alpha1.EvaluationFinal, "rosa", "4"))
		w.say(done("offboarding/handover", "max"), done("offboarding/laptop", "max")).expectOutcome(v1alpha1.OutcomeCompleted)
	})
}

func TestAProfileThatIsGone(t *testing.T) {
	w := atWork(t)
	delete(w.profiles, "chat")
	w.settle().expectStalled(v1alpha1.ReasonReferenceNotFound).expectWithdrawn("").expectWaits("access/chat: Requester")
	w.until("2027-01-01 08:00").expectAccess("chat", v1alpha1.GrantRevoked)
}

func TestAccessThatExpiresBeforeTheEnd(t *testing.T) {
	w := aMarketingTeam(t).add(aProfile("chat", v1alpha1.AvailableFromOnboarding).MaxDuration(20*day), anEngagement("designer").Access("chat")).hire().start()
	w.until("2026-12-10 08:00").expectAccess("chat", v1alpha1.GrantRevoked).expectStalled(v1alpha1.ReasonAccessExpired).expectWaits("access/chat: Manager")
	w.until("2027-01-01 08:00").expectOutcome(v1alpha1.OutcomeCompleted)
}

func TestAccessThatWasThereBefore(t *testing.T) {
	before := func(t *testing.T) *world {
		w := aMarketingTeam(t)
		w.preexisting["chat"] = true
		return w.add(anEngagement("designer").Access("chat")).hire()
	}
	decides := func(v v1alpha1.Verdict, author string) *attestationBuilder {
		return anAttestation("access/preexisting.chat").By(author).Says(v)
	}
	t.Run("does not keep the work from beginning, and stalls closing", func(t *testing.T) {
		w := before(t).expectWaits("access/preexisting.chat: Approver").expectStalled("").start()
		w.until("2027-01-01 08:00").expectPhase(v1alpha1.PhaseOffboarding).expectStalled(v1alpha1.ReasonAccessPreexisting)
		w.say(decides(v1alpha1.VerdictKeep, "sam")).expectOutcome(v1alpha1.OutcomeCompleted)
	})
	t.Run("is removed where that was decided", func(t *testing.T) {
		w := before(t).start().until("2027-01-01 08:00").say(decides(v1alpha1.VerdictRemove, "sam")).expectOutcome(v1alpha1.OutcomeCompleted)
		w.expectAccess("chat", v1alpha1.GrantRevoked)
	})
	t.Run("is not the worker's to decide", func(t *testing.T) {
		own := decides(v1alpha1.VerdictKeep, "ada")
		before(t).say(own).expectIgnored(own, "SelfDealing")
	})
	t.Run("is decided by entitlement", func(t *testing.T) {
		other := anAttestation("access/preexisting.drive").By("sam").Says(v1alpha1.VerdictKeep)
		before(t).say(other).expectIgnored(other, "UnknownClaim")
	})
}

func TestAnAccessStepThatCouldNeverBeDoneIsToldBeforeAnybodyIsRecruited(t *testing.T) {
	circular := aChecklist("circular", aStep("drive", v1alpha1.StepAccess, waitingForAccess("drive")))
	w := aMarketingTeam(t).add(circular, anEngagement("designer").Onboarding("circular").Access("drive")).approve()
	w.expectPhase(v1alpha1.PhasePending).expectStalled(v1alpha1.ReasonChecklistInvalid)
	w.edit("designer", func(s *v1alpha1.EngagementSpec) { s.Onboarding.Mode = v1alpha1.OnboardingFastTrack }).settle().expectStalled("") // which drops the step
}
