package engagement

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

func TestAnEngagementIsHeldInPendingUntilEverythingItNamesExistsAndMakesSense(t *testing.T) {
	broken := aChecklist("circle", aStep("a", v1alpha1.StepMeeting, after("b")), aStep("b", v1alpha1.StepMeeting, after("a")))
	tests := []struct {
		name    string
		because string
		eng     *engagementBuilder
		more    []any
		reason  string
		says    string
	}{
		{
			name: "no pool", because: "there is nobody to recruit from", eng: anEngagement("designer").FromPool("writers", ""),
			reason: v1alpha1.ReasonReferenceNotFound, says: "no TalentPool writers",
		},
		{
			name: "a pool of another namespace that does not allow this one", because: "a pool is lent only by those who own it",
			eng: anEngagement("designer").In("sales").FromPool("designers", "marketing"), reason: v1alpha1.ReasonReferenceNotAllowed, says: "does not allow namespace sales",
		},
		{
			name: "no such worker", because: "the pinned person does not exist", eng: anEngagement("designer").Pinned("nobody"),
			reason: v1alpha1.ReasonReferenceNotFound, says: "no Worker nobody",
		},
		{
			name: "no onboarding checklist", because: "without it nothing would be asked of the worker", eng: anEngagement("designer").Onboarding("missing"),
			reason: v1alpha1.ReasonReferenceNotFound, says: "spec.onboarding.checklistRef",
		},
		{
			name: "no offboarding checklist", because: "without it nothing would be handed over", eng: anEngagement("designer").Offboarding("missing"),
			reason: v1alpha1.ReasonReferenceNotFound, says: "spec.offboarding.checklistRef",
		},
		{
			name: "a checklist with a circle", because: "its steps could never be passed", eng: anEngagement("designer").Onboarding("circle"), more: []any{broken},
			reason: v1alpha1.ReasonChecklistInvalid, says: "circle",
		},
		{
			name: "no scorecard", because: "the work could not be judged", eng: anEngagement("designer").Evaluated("missing", 0, day),
			reason: v1alpha1.ReasonReferenceNotFound, says: "no Scorecard missing",
		},
		{
			name: "a step's scorecard is missing", because: "the step could never be passed", eng: anEngagement("designer").Onboarding("judged"),
			more: []any{aChecklist("judged", aStep("task", v1alpha1.StepAssignment, func(s *v1alpha1.ChecklistStep) {
				s.Scorecard = &v1alpha1.StepScorecard{Name: "missing"}
			}))},
			reason: v1alpha1.ReasonReferenceNotFound, says: "no Scorecard missing",
		},
		{
			name: "no profile", because: "nobody could say what would be granted", eng: anEngagement("designer").Access("missing"),
			reason: v1alpha1.ReasonReferenceNotFound, says: "no AccessProfile missing",
		},
		{
			name: "replaces nothing", because: "there is nothing to take over", eng: anEngagement("designer").Replaces("missing"),
			reason: v1alpha1.ReasonReferenceNotFound, says: "spec.replaces",
		},
		{
			name: "continues nothing", because: "there is nothing to renew", eng: anEngagement("designer").Continues("missing").Pinned("ada"),
			reason: v1alpha1.ReasonReferenceNotFound, says: "spec.continues",
		},
		{
			name: "continues itself", because: "an engagement has no part in itself", eng: anEngagement("designer").Continues("designer").Pinned("ada"),
			reason: v1alpha1.ReasonReferenceNotFound, says: "spec.continues",
		},
		{
			name: "amounts above the budget", because: "what is promised must be payable", eng: anEngagement("designer").Deliverable("logo", "2026-12-10", "6000"),
			reason: v1alpha1.ReasonTermsInvalid, says: "exceed statementOfWork.budget",
		},
		{
			name: "due before the start", because: "nobody can keep such a date", eng: anEngagement("designer").Deliverable("logo", "2026-11-25", "100"),
			reason: v1alpha1.ReasonTermsInvalid, says: "before statementOfWork.start",
		},
		{
			name: "unequal currencies", because: "amounts are never converted",
			eng:    anEngagement("designer").With(func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.Rate.Currency = "EUR" }),
			reason: v1alpha1.ReasonTermsInvalid, says: "never converted",
		},
		{
			name: "a policy selects it", because: "what nobody can evaluate is held, not passed", eng: anEngagement("designer"), more: []any{aPolicy("uk-law", "GB").Unreadable()},
			reason: v1alpha1.ReasonComplianceUnknown, says: "policy uk-law (a law) applies and cannot be evaluated",
		},
		{
			name: "a policy selects the pinned worker", because: "the jurisdiction where the worker works applies too", eng: anEngagement("designer").Pinned("ines"),
			more:   []any{aPolicy("pt-law", "PT").Unreadable(), aWorker("ines", "designers").With(func(wk *v1alpha1.Worker) { wk.Spec.Jurisdiction = "PT" })},
			reason: v1alpha1.ReasonComplianceUnknown, says: "policy pt-law (a law) applies and cannot be evaluated",
		},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			w := aMarketingTeam(t).add(tc.more...).add(tc.eng).approve()
			w.expectPhase(v1alpha1.PhasePending).expectStalled(tc.reason)
			c := condition(w.status().Conditions, v1alpha1.ConditionStalled)
			if !strings.Contains(c.Message, tc.says) {
				t.Errorf("%s: expected to be told %q, was told %q", tc.because, tc.says, c.Message)
			}
			w.expectCondition(v1alpha1.ConditionReady, metav1.ConditionFalse)
			if len(w.waits()) == 0 {
				t.Errorf("%s: somebody has to mend it, but nobody is waited for", tc.because)
			}
		})
	}
}

func TestWhatWasBrokenIsTakenUpAgainWhenItIsMended(t *testing.T) {
	w := aMarketingTeam(t).add(anEngagement("designer").Onboarding("intro")).approve().expectPhase(v1alpha1.PhasePending)
	w.add(aChecklist("intro", aStep("hello", v1alpha1.StepMeeting))).settle()
	w.expectStalled("").expectWaits("offer/ada: Worker")
}

func TestAPolicyOnlyHoldsWhileItApplies(t *testing.T) {
	later := aPolicy("gb-law", "GB").Unreadable()
	later.Spec.EffectiveFrom = metav1.NewTime(on("2026-11-25"))
	later.Spec.EffectiveTo = metaTime(on("2026-11-27"))
	w := aMarketingTeam(t).add(anEngagement("designer").Recruiting(v1alpha1.Recruitment{Selection: v1alpha1.SelectionRequester}), later).approve()
	w.expectWaits("selection/candidate: Requester").expectCondition(v1alpha1.ConditionCompliant, metav1.ConditionTrue)
	w.until("2026-11-25").expectStalled(v1alpha1.ReasonComplianceUnknown).expectCondition(v1alpha1.ConditionCompliant, metav1.ConditionUnknown)
	w.until("2026-11-27").expectStalled("").expectCondition(v1alpha1.ConditionCompliant, metav1.ConditionTrue)
}

func TestApprovals(t *testing.T) {
	approves := func(claim, author string) *attestationBuilder {
		return anAttestation(claim).By(author).Says(v1alpha1.VerdictApproved)
	}
	rejects := func(claim, author string) *attestationBuilder {
		return anAttestation(claim).By(author).Says(v1alpha1.VerdictRejected)
	}
	const engagement, budget, security = "approval/engagement", "approval/stage.Budget", "approval/stage.Security"
	staged := func() *engagementBuilder {
		return anEngagement("designer").Approvals(1, stage("Budget", "dana"), stage("Security", "sam"))
	}
	tests := []struct {
		name    string
		because string
		eng     *engagementBuilder
		said    []*attestationBuilder
		ignored map[int]string
		passes  bool
		waits   []string
	}{
		{name: "nobody", because: "one approval is the least", eng: anEngagement("designer"), waits: []string{"approval/engagement: Approver"}},
		{name: "one", because: "one is asked for", eng: anEngagement("designer"), said: []*attestationBuilder{approves(engagement, "dana")}, passes: true},
		{
			name: "one of two", because: "two different people are asked for", eng: anEngagement("designer").Approvals(2),
			said: []*attestationBuilder{approves(engagement, "dana")}, waits: []string{"approval/engagement: Approver"},
		},
		{
			name: "the same person twice", because: "approvers must be distinct", eng: anEngagement("designer").Approvals(2),
			said: []*attestationBuilder{approves(engagement, "dana"), approves(engagement, "dana").Named("again")}, waits: []string{"approval/engagement: Approver"},
		},
		{
			name: "two of two", because: "both stand", eng: anEngagement("designer").Approvals(2),
			said: []*attestationBuilder{approves(engagement, "dana"), approves(engagement, "dora")}, passes: true,
		},
		{
			name: "one rejects", because: "a standing rejection blocks, whoever approves besides", eng: anEngagement("designer"),
			said: []*attestationBuilder{approves(engagement, "dana"), rejects(engagement, "dora")}, waits: []string{"approval/engagement: Requester"},
		},
		{
			name: "the same person both ways in one second", because: "the refusing one wins", eng: anEngagement("designer"),
			said: []*attestationBuilder{rejects(engagement, "dana").Named("a"), approves(engagement, "dana").Named("b")}, waits: []string{"approval/engagement: Requester"},
		},
		{
			name: "the requester approves", because: "nobody approves their own request", eng: anEngagement("designer"),
			said: []*attestationBuilder{approves(engagement, "mia")}, ignored: map[int]string{0: "SelfDealing"}, waits: []string{"approval/engagement: Approver"},
		},
		{
			name: "the pinned worker approves", because: "nobody approves their own contract", eng: anEngagement("designer").Pinned("ada"),
			said: []*attestationBuilder{approves(engagement, "ada")}, ignored: map[int]string{0: "SelfDealing"}, waits: []string{"approval/engagement: Approver"},
		},
		{
			name: "for the pinned worker", because: "who speaks for somebody counts as both", eng: anEngagement("designer").Pinned("ada"),
			said: []*attestationBuilder{approves(engagement, "hr-sync").OnBehalfOf("ada")}, ignored: map[int]string{0: "SelfDealing"}, waits: []string{"approval/engagement: Approver"},
		},
		{
			name: "of other terms", because: "consent covers exactly what was read", eng: anEngagement("designer"),
			said: []*attestationBuilder{approves(engagement, "dana").Terms("sha256:00")}, ignored: map[int]string{0: "OtherTerms"}, waits: []string{"approval/engagement: Approver"},
		},
		{
			name: "without an author", because: "what nobody said does not count", eng: anEngagement("designer"),
			said:    []*attestationBuilder{anAttestation(engagement).Says(v1alpha1.VerdictApproved)},
			ignored: map[int]string{0: "NoAuthor"}, waits: []string{"approval/engagement: Approver"},
		},
		{
			name: "said before the engagement existed", because: "a statement cannot be replayed onto what is made again under the same name", eng: anEngagement("designer"),
			said: []*attestationBuilder{approves(engagement, "dana").At("2026-11-20 07:59:59")}, ignored: map[int]string{0: "BeforeSubject"}, waits: []string{"approval/engagement: Approver"},
		},
		{name: "stages begin with the first", because: "the second is asked only after the first", eng: staged(), waits: []string{"approval/stage.Budget: Approver"}},
		{
			name: "the first stage", because: "the second is asked now", eng: staged(), said: []*attestationBuilder{approves(budget, "dana")},
			waits: []string{"approval/stage.Security: Approver"},
		},
		{
			name: "the second stage alone", because: "it is kept, and waits for the first", eng: staged(), said: []*attestationBuilder{approves(security, "sam")},
			waits: []string{"approval/stage.Budget: Approver"},
		},
		{name: "both stages", because: "all stages passed", eng: staged(), said: []*attestationBuilder{approves(budget, "dana"), approves(security, "sam")}, passes: true},
		{
			name: "a stage by another", because: "a stage lists its approvers", eng: staged(), said: []*attestationBuilder{approves(budget, "sam")},
			ignored: map[int]string{0: "NotAnApprover"}, waits: []string{"approval/stage.Budget: Approver"},
		},
		{
			name: "a stage that there is not", because: "it means nothing", eng: staged(), said: []*attestationBuilder{approves("approval/stage.Legal", "dana")},
			ignored: map[int]string{0: "UnknownClaim"}, waits: []string{"approval/stage.Budget: Approver"},
		},
		{
			name: "the whole where stages are asked for", because: "one claim may not pass all stages", eng: staged(), said: []*attestationBuilder{approves(engagement, "dana")},
			ignored: map[int]string{0: "NotAsked"}, waits: []string{"approval/stage.Budget: Approver"},
		},
		{
			name: "each stage needs as many as are required", because: "required counts per stage", eng: anEngagement("designer").Approvals(2, stage("Budget")),
			said: []*attestationBuilder{approves(budget, "dana")}, waits: []string{"approval/stage.Budget: Approver"},
		},
		{
			name: "a service account asks for access", because: "its rights are shared, so a person vouches for each profile",
			eng:  anEngagement("designer").RequestedBy("system:serviceaccount:argocd:sync").Access("chat", "drive"),
			said: []*attestationBuilder{approves(engagement, "dana"), approves("approval/access.chat", "sam")}, waits: []string{"approval/access.drive: Approver"},
		},
		{
			name: "and another service account vouches for it", because: "whoever runs the pipeline has both accounts, so a person must",
			eng:     anEngagement("designer").RequestedBy("system:serviceaccount:argocd:sync").Access("chat"),
			said:    []*attestationBuilder{approves(engagement, "dana"), approves("approval/access.chat", "system:serviceaccount:argocd:other")},
			ignored: map[int]string{1: "NotAPerson"}, waits: []string{"approval/access.chat: Approver"},
		},
		{
			name: "and every profile is vouched for", because: "nothing is left to approve",
			eng:    anEngagement("designer").RequestedBy("system:serviceaccount:argocd:sync").Access("chat", "drive"),
			said:   []*attestationBuilder{approves(engagement, "dana"), approves("approval/access.chat", "sam"), approves("approval/access.drive", "sam")},
			passes: true,
		},
		{
			name: "a profile that is not asked for", because: "it means nothing", eng: anEngagement("designer").Access("chat"), said: []*attestationBuilder{approves("approval/access.drive", "sam")},
			ignored: map[int]string{0: "UnknownClaim"}, waits: []string{"approval/engagement: Approver"},
		},
		{
			name: "an amendment before anybody accepted", because: "there is nothing to amend", eng: anEngagement("designer"), said: []*attestationBuilder{approves("approval/amendment", "dana")},
			ignored: map[int]string{0: "NotNow"}, waits: []string{"approval/engagement: Approver"},
		},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			w := aMarketingTeam(t).add(tc.eng).settle()
			for _, s := range tc.said {
				if s.Spec.Terms == "" {
					s.Terms(w.proposed())
				}
			}
			w.say(tc.said...)
			for i, s := range tc.said {
				w.expectIgnored(s, tc.ignored[i])
			}
			if passed := w.status().Phase != v1alpha1.PhasePending; passed != tc.passes {
				t.Fatalf("%s: passed is %v, expected %v; it waits for %v", tc.because, passed, tc.passes, w.waits())
			}
			if !tc.passes {
				w.expectWaits(tc.waits...)
			}
		})
	}
}

func TestARejectionStandsUntilItsAuthorApprovesOrTheTermsChange(t *testing.T) {
	rejected := func(t *testing.T) *world {
		w := aMarketingTeam(t).add(anEngagement("designer")).settle()
		return w.say(anAttestation("approval/engagement").By("dana").Says(v1alpha1.VerdictRejected).Terms(w.proposed())).expectStalled(v1alpha1.ReasonApprovalRejected)
	}
	t.Run("another's approval does not lift it", func(t *testing.T) {
		w := rejected(t).after(time.Minute)
		w.say(anAttestation("approval/engagement").By("dora").Says(v1alpha1.VerdictApproved).Terms(w.proposed())).expectStalled(v1alpha1.ReasonApprovalRejected)
	})
	t.Run("its author's does", func(t *testing.T) {
		rejected(t).after(time.Minute).approve().expectPhase(v1alpha1.PhaseRecruiting)
	})
	t.Run("changed terms are approved anew", func(t *testing.T) {
		w := rejected(t).edit("designer", func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.Budget.Amount = "4000" }).settle()
		w.expectStalled("").expectWaits("approval/engagement: Approver").approve().expectPhase(v1alpha1.PhaseRecruiting)
	})
}

func TestWhoeverBecomesARequesterNoLongerCountsAsAnApprover(t *testing.T) {
	w := aMarketingTeam(t).add(anEngagement("designer").Recruiting(v1alpha1.Recruitment{Selection: v1alpha1.SelectionRequester})).approve()
	w.edit("designer", func(s *v1alpha1.EngagementSpec) { s.Requester.Username = "dana" }).settle()
	w.expectWaits("approval/engagement: Approver")
	if got := w.status().Requesters; len(got) != 2 {
		t.Errorf("everyone who was requester is remembered, but only %v are", got)
	}
}

func TestAWorkerWhoApprovedTheEngagementIsNotOfferedIt(t *testing.T) {
	w := aMarketingTeam(t).add(anEngagement("designer")).settle()
	w.say(anAttestation("approval/engagement").By("ada").Says(v1alpha1.VerdictApproved).Terms(w.proposed()))
	if got := w.offered().Worker; got == "ada" {
		t.Errorf("nobody approves their own engagement, so whoever approved it cannot have it; it was offered to %s", got)
	}
}

func TestAnEngagementFirstSeenAfterItsEndIsClosedUnfilled(t *testing.T) {
	w := aMarketingTeam(t).add(anEngagement("designer").From("2026-10-01", "2026-11-01")).settle()
	w.expectOutcome(v1alpha1.OutcomeUnfilled)
}
