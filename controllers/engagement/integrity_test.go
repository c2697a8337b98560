package engagement

import (
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

func TestAnEngagementMadeAnewUnderTheSameNameInheritsNothing(t *testing.T) {
	w := aMarketingTeam(t).add(anEngagement("designer").Access("chat")).approve()
	refused := anAttestation("approval/engagement").By("mia").Says(v1alpha1.VerdictApproved).Terms(w.proposed())
	w.say(refused).expectIgnored(refused, "SelfDealing").remove("designer").settle()
	again := anEngagement("designer").Access("chat")
	again.UID = "uid-of-another"
	w.now = w.now.Add(time.Hour)
	w.add(again).settle().expectPhase(v1alpha1.PhasePending).expectWaits("approval/engagement: Approver")
	if n := len(w.status().Attestations); n > 0 {
		t.Errorf("what was said of the one before is neither counted nor kept here, but %d statements are", n)
	}
}

func TestARejectionIsNotEditedAway(t *testing.T) {
	w := aMarketingTeam(t).add(anEngagement("designer").Approvals(1, stage("Budget", "dana"), stage("Security", "sam"))).settle()
	w.say(anAttestation("approval/stage.Security").By("sam").Says(v1alpha1.VerdictRejected).Terms(w.proposed())).expectStalled(v1alpha1.ReasonApprovalRejected)
	w.edit("designer", func(s *v1alpha1.EngagementSpec) { s.Approvals = nil }).approve().expectPhase(v1alpha1.PhasePending).expectStalled(v1alpha1.ReasonApprovalRejected)
}

func TestWhatSecurityWithdrewTheRequesterDoesNotGiveBack(t *testing.T) {
	withdraw := func(v v1alpha1.Verdict, author string) *attestationBuilder {
		return anAttestation("access/withdraw").By(author).Says(v)
	}
	w := atWork(t).say(withdraw(v1alpha1.VerdictDone, "sam")).after(time.Hour)
	w.say(withdraw(v1alpha1.VerdictLifted, "mia")).expectWithdrawn(v1alpha1.WithdrawalWithdrawn).after(time.Hour)
	w.say(withdraw(v1alpha1.VerdictLifted, "ada")).expectWithdrawn(v1alpha1.WithdrawalWithdrawn).after(time.Hour)
	w.say(withdraw(v1alpha1.VerdictLifted, "sue")).expectWithdrawn("")
	t.Run("each withdrawal is lifted for itself", func(t *testing.T) {
		w := atWork(t).say(withdraw(v1alpha1.VerdictDone, "sam"), withdraw(v1alpha1.VerdictDone, "mia")).after(time.Hour)
		w.say(withdraw(v1alpha1.VerdictLifted, "mia")).expectWithdrawn(v1alpha1.WithdrawalWithdrawn)
	})
}

func TestMoreRequestersThanCanBeToldApart(t *testing.T) {
	w := aMarketingTeam(t).add(anEngagement("designer")).settle()
	for i := range maxRequesters {
		w.edit("designer", func(s *v1alpha1.EngagementSpec) { s.Requester.Username = fmt.Sprintf("requester-%d", i) }).settle()
	}
	w.approve().expectPhase(v1alpha1.PhasePending).expectStalled(v1alpha1.ReasonApprovalRejected).expectWaits("spec/requester: Requester")
}

func TestSomebodyOfAnotherNamespaceCannotClaimToBeTheWorker(t *testing.T) {
	w := atWork(t).add(aWorker("mallory").In("sales").Person("person-of-ada"))
	claimed := said(v1alpha1.VerdictResigned, "mallory")
	w.say(claimed).expectIgnored(claimed, "NotTheWorker").expectPhase(v1alpha1.PhaseAssigned)
}

func TestWhatIsOnesOwnIsKnownByTheAccountThatAccessIsGivenTo(t *testing.T) {
	byIdentity := func() *workerBuilder {
		return aWorker("ada", "designers").With(func(wk *v1alpha1.Worker) {
			wk.Spec.Username, wk.Spec.Identities = "", []v1alpha1.Identity{{Provider: "this-cluster", Subject: "ada-at-work"}}
		})
	}
	engaged := func(t *testing.T) *world {
		w := aMarketingTeam(t).add(byIdentity(), anEngagement("designer").Pinned("ada").Deliverable("logo-set", "2026-12-10", "100").Evaluated("creative", 24*time.Hour, day)).approve()
		return w.say(w.answer(v1alpha1.VerdictAccepted).By("hr-sync").OnBehalfOf("ada")).start()
	}
	t.Run("the approval of an engagement that pins them", func(t *testing.T) {
		w := aMarketingTeam(t).add(byIdentity(), anEngagement("designer").Pinned("ada")).settle()
		own := anAttestation("approval/engagement").By("ada-at-work").Says(v1alpha1.VerdictApproved).Terms(w.proposed())
		w.say(own).expectIgnored(own, "SelfDealing")
	})
	t.Run("the approval of one that they might have", func(t *testing.T) {
		w := aMarketingTeam(t).add(byIdentity(), anEngagement("designer")).settle()
		w.say(anAttestation("approval/engagement").By("ada-at-work").Says(v1alpha1.VerdictApproved).Terms(w.proposed())).expectOffered("leo")
	})
	t.Run("a choice", func(t *testing.T) {
		w := aMarketingTeam(t).add(byIdentity(), anEngagement("designer").Recruiting(v1alpha1.Recruitment{Selection: v1alpha1.SelectionRequester})).approve()
		own := anAttestation("selection/ada").By("ada-at-work").Says(v1alpha1.VerdictChosen)
		w.say(own).expectIgnored(own, "SelfDealing")
	})
	t.Run("the acceptance of their work", func(t *testing.T) {
		own := anAttestation("deliverable/logo-set").By("ada-at-work").Says(v1alpha1.VerdictAccepted)
		engaged(t).say(anAttestation("deliverable/logo-set").By("hr-sync").OnBehalfOf("ada").Says(v1alpha1.VerdictSubmitted)).say(own).expectIgnored(own, "SelfDealing")
	})
	t.Run("their evaluation", func(t *testing.T) {
		own := anEvaluation(v1alpha1.EvaluationPeriodic, "ada-at-work", "5").Period(1)
		w := engaged(t).add(aScorecard("creative")).give(own)
		if s := w.evals[own.Name].Status; s == nil || s.Reason != "SelfDealing" {
			t.Errorf("nobody evaluates themselves, under no account, but the evaluation stands %+v", s)
		}
	})
	t.Run("but a resignation is theirs alone, by their username", func(t *testing.T) {
		claimed := said(v1alpha1.VerdictResigned, "ada-at-work")
		engaged(t).say(claimed).expectIgnored(claimed, "NotTheWorker").expectPhase(v1alpha1.PhaseAssigned)
	})
}

func TestADeterminationIsNotTheRequesters(t *testing.T) {
	w := aMarketingTeam(t).add(anEngagement("designer")).settle()
	own, others := w.determines("mia"), w.determines("lex")
	w.say(own, others).expectIgnored(own, "SelfDealing").expectIgnored(others, "")
}

func TestARehireAfterReview(t *testing.T) {
	reviewed := func(t *testing.T) *world {
		w := aMarketingTeam(t).add(anEngagement("first").Pinned("ada")).hire().say(anAttestation("rehire/decision").By("max").Says(v1alpha1.VerdictWithReview))
		return w.edit("first", terminated(v1alpha1.Termination{Reason: v1alpha1.TerminationOther})).settle().expectOutcome(v1alpha1.OutcomeTerminated).after(time.Hour)
	}
	approved := func(author string, v v1alpha1.Verdict) func(*v1alpha1.Worker) {
		return func(wk *v1alpha1.Worker) {
			r := v1alpha1.AttestationRecord{UID: "review", Name: "review", Claim: "approval/rehire", Verdict: v, Author: author, At: metav1.NewTime(on("2026-11-20 08:30"))}
			wk.Status.Attestations = append(wk.Status.Attestations, v1alpha1.WorkerAttestation{AttestationRecord: r, Pool: "designers"})
		}
	}
	next := func() *engagementBuilder { return anEngagement("second").Pinned("ada") }
	reviewed(t).add(next()).approve().expectStalled(v1alpha1.ReasonNoCandidates)
	reviewed(t).add(aWorker("ada", "designers").With(approved("tess", v1alpha1.VerdictApproved)), next()).approve().expectOffered("ada")
	reviewed(t).add(aWorker("ada", "designers").With(approved("tess", v1alpha1.VerdictRejected)), next()).approve().expectStalled(v1alpha1.ReasonNoCandidates)
	t.Run("is not the requester's to approve", func(t *testing.T) {
		reviewed(t).add(aWorker("ada", "designers").With(approved("mia", v1alpha1.VerdictApproved)), next()).approve().expectStalled(v1alpha1.ReasonNoCandidates)
	})
}

func TestTheWorkersOwnRateTimesTheirTier(t *testing.T) {
	tiers := aPool("designers")
	tiers.Spec.Tiers = []v1alpha1.Tier{{Name: "Standard"}, {Name: "Gold", RateMultiplier: "1.1", Priority: 10}}
	own := func(amount, currency string) *workerBuilder {
		return aWorker("ada", "designers").With(func(wk *v1alpha1.Worker) {
			wk.Spec.Rate = &v1alpha1.Rate{Currency: currency, Amount: amount, Per: v1alpha1.PerHour}
			wk.Status.Pools[0].Tier = "Gold"
		})
	}
	unpriced := func() *engagementBuilder {
		return anEngagement("designer").Pinned("ada").With(func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.Rate = nil })
	}
	w := aMarketingTeam(t).add(tiers, own("60", "USD"), unpriced()).approve()
	if offer := w.offered(); offer.Rate.Amount != "66" || offer.Tier != "Gold" {
		t.Errorf("60 times 1.1 is 66 for a Gold worker, but %+v in tier %s is offered", offer.Rate, offer.Tier)
	}
	w.say(w.answer(v1alpha1.VerdictAccepted)).expectPhase(v1alpha1.PhaseOnboarding)
	if got := w.status().Terms.Rate.Amount; got != "66" {
		t.Errorf("the rate that was offered is agreed, 66, but it is %s", got)
	}
	t.Run("a rate in another currency is refused, never converted", func(t *testing.T) {
		aMarketingTeam(t).add(own("60", "EUR"), unpriced()).approve().expectStalled(v1alpha1.ReasonNoCandidates)
	})
}

func TestWhatTheAccessSideCannotDoIsPutBeforePeople(t *testing.T) {
	for _, reason := range []string{v1alpha1.ReasonProviderFailed, v1alpha1.ReasonReferenceNotAllowed} {
		t.Run(reason, func(t *testing.T) {
			w := atWork(t)
			g := w.grant("chat").DeepCopy()
			g.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: metav1.ConditionFalse, Reason: reason, Message: "the target says no", LastTransitionTime: metav1.NewTime(w.now)}}
			w.grants[g.Name] = g
			w.pass("designer")
			stalled := condition(w.status().Conditions, v1alpha1.ConditionStalled)
			if stalled.Reason != reason || !strings.Contains(stalled.Message, "the target says no") {
				t.Errorf("the target does not do what is asked, and one is told %s: %s", stalled.Reason, stalled.Message)
			}
		})
	}
}

func TestWithoutARequesterNothingIsGranted(t *testing.T) {
	w := aMarketingTeam(t).add(anEngagement("designer").Access("chat").With(func(s *v1alpha1.EngagementSpec) { s.Requester = nil })).hire()
	w.expectAccess("chat", "").expectStalled(v1alpha1.ReasonGrantNotPermitted)
}
