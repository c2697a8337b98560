package engagement

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

const (
	modest   = "milli(engagement.spec.statementOfWork.budget.amount) <= 4000000" // the designer's budget is 5000
	generous = "milli(engagement.spec.statementOfWork.budget.amount) <= 9000000"
	british  = "worker.spec.jurisdiction == 'GB'"
)

// expectTold expects what is waited for, or a condition, to say something.
func (w *world) expectTold(what string, said ...string) *world {
	w.t.Helper()
	message := ""
	for _, wait := range w.status().WaitingFor {
		if wait.What == what {
			message = wait.Message
		}
	}
	if c := condition(w.status().Conditions, what); c != nil {
		message = c.Message
	}
	for _, part := range said {
		if !strings.Contains(message, part) {
			w.t.Fatalf("%s of %s should say %q, but says %q", what, w.subject, part, message)
		}
	}
	return w
}

// expectNext expects time alone to change something at a moment, and not before; of a pass that runs now.
func (w *world) expectNext(moment string) *world {
	w.t.Helper()
	if got := w.next[w.subject]; !got.Equal(on(moment)) {
		w.t.Fatalf("time alone changes %s next at %s, but the next look is at %s", w.subject, moment, got.Format(time.DateTime))
	}
	return w
}

func (w *world) expectCompliant(status metav1.ConditionStatus, reason string) *world {
	w.t.Helper()
	if c := condition(w.status().Conditions, v1alpha1.ConditionCompliant); c.Status != status || c.Reason != reason {
		w.t.Fatalf("%s should be Compliant=%s for %s at %s, but is %s for %s: %s", w.subject, status, reason, w.now.Format(time.DateTime), c.Status, c.Reason, c.Message)
	}
	return w
}

func (w *world) compliance() v1alpha1.ComplianceStatus {
	w.t.Helper()
	if w.status().Compliance == nil {
		return v1alpha1.ComplianceStatus{}
	}
	return *w.status().Compliance
}

func approves(claim, author, terms string) *attestationBuilder {
	return anAttestation(claim).By(author).Says(v1alpha1.VerdictApproved).Terms(terms)
}

func TestWhatPoliciesSayBeforeSomebodyIsEngaged(t *testing.T) {
	const yes, no, unknown = metav1.ConditionTrue, metav1.ConditionFalse, metav1.ConditionUnknown
	tests := []struct {
		name, because string
		policies      []any
		eng           *engagementBuilder
		phase         v1alpha1.Phase
		compliant     metav1.ConditionStatus
		waits         []string
		says          string
	}{
		{
			name: "none", because: "there is nothing to break", phase: v1alpha1.PhaseRecruiting, compliant: yes, waits: []string{"offer/ada: Worker"}, says: "no policy selects",
		},
		{
			name: "one that holds", because: "it is said how many apply", policies: []any{aPolicy("caps", "").Rule(v1alpha1.EnforceDeny, generous)},
			phase: v1alpha1.PhaseRecruiting, compliant: yes, waits: []string{"offer/ada: Worker"}, says: "1 policy applies and holds",
		},
		{
			name: "Deny", because: "nobody is looked for", policies: []any{aPolicy("caps", "").Rule(v1alpha1.EnforceDeny, modest)},
			phase: v1alpha1.PhasePending, compliant: no, waits: []string{"compliance/policies: Requester"}, says: "policy caps, rule deny0 (a law)",
		},
		{
			name: "End", because: "before acceptance there is nothing to end", policies: []any{aPolicy("caps", "").Rule(v1alpha1.EnforceEnd, modest)},
			phase: v1alpha1.PhasePending, compliant: no, waits: []string{"compliance/policies: Requester"}, says: "policy caps, rule end0",
		},
		{
			name: "Warn", because: "it only tells", policies: []any{aPolicy("caps", "").Rule(v1alpha1.EnforceWarn, modest)},
			phase: v1alpha1.PhaseRecruiting, compliant: yes, waits: []string{"offer/ada: Worker"},
		},
		{
			name: "unreadable", because: "what nobody can evaluate is held, not passed", policies: []any{aPolicy("caps", "").Unreadable()},
			phase: v1alpha1.PhasePending, compliant: unknown, waits: []string{"compliance/legal: Legal"}, says: "misspelt",
		},
		{
			name: "Deny beside an unreadable one", because: "what is known to be wrong comes first, and all is told",
			policies: []any{aPolicy("a-caps", "").Unreadable(), aPolicy("b-caps", "").Rule(v1alpha1.EnforceDeny, modest)},
			phase:    v1alpha1.PhasePending, compliant: no, waits: []string{"compliance/legal: Legal", "compliance/policies: Requester"}, says: "misspelt",
		},
		{
			name: "a step that the checklist lacks", because: "requiredSteps are checked against the checklist in force",
			policies: []any{aPolicy("steps", "").With(func(s *v1alpha1.CompliancePolicySpec) { s.RequiredSteps = []string{"right-to-work"} })},
			eng:      anEngagement("designer").Onboarding("intro"), phase: v1alpha1.PhasePending, compliant: no, waits: []string{"compliance/policies: Requester"}, says: "right-to-work",
		},
		{
			name: "a step that it has", because: "requiredSteps are checked against the checklist in force",
			policies: []any{aPolicy("steps", "").With(func(s *v1alpha1.CompliancePolicySpec) { s.RequiredSteps = []string{"brand"} })},
			eng:      anEngagement("designer").Onboarding("intro"), phase: v1alpha1.PhaseRecruiting, compliant: yes, waits: []string{"offer/ada: Worker"},
		},
		{
			name: "a step that the fast track drops", because: "only the steps that the mode keeps are in force",
			policies: []any{aPolicy("steps", "").With(func(s *v1alpha1.CompliancePolicySpec) { s.RequiredSteps = []string{"brand"} })},
			eng:      anEngagement("designer").Onboarding("intro").FastTrack(), phase: v1alpha1.PhasePending, compliant: no, waits: []string{"compliance/policies: Requester"}, says: "fast track",
		},
		{
			name: "a rule that reads the worker", because: "it is asked of candidates, and ada works in GB", policies: []any{aPolicy("home", "").Rule(v1alpha1.EnforceDeny, british)},
			phase: v1alpha1.PhaseRecruiting, compliant: yes, waits: []string{"offer/ada: Worker"},
		},
		{
			name: "a rule that the pinned worker breaks", because: "it is known who it will be", policies: []any{aPolicy("home", "").Rule(v1alpha1.EnforceDeny, "!("+british+")")},
			eng: anEngagement("designer").Pinned("ada"), phase: v1alpha1.PhasePending, compliant: no, waits: []string{"compliance/policies: Requester"}, says: "rule deny0",
		},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			eng := tc.eng
			if eng == nil {
				eng = anEngagement("designer")
			}
			w := aMarketingTeam(t).add(designerOnboarding()).add(tc.policies...).add(eng).approve()
			if w.status().Phase != tc.phase {
				t.Fatalf("%s: expected %s, is %s and waits for %v", tc.because, tc.phase, w.status().Phase, w.waits())
			}
			w.expectCondition(v1alpha1.ConditionCompliant, tc.compliant).expectWaits(tc.waits...).expectTold(v1alpha1.ConditionCompliant, tc.says)
			if tc.name == "Warn" && len(w.compliance().Warnings) != 1 {
				t.Errorf("%s, but status.compliance is %+v", tc.because, w.compliance())
			}
			w.policies = nil // mended, it goes on
			w.settle().expectPhase(v1alpha1.PhaseRecruiting).expectStalled("").expectCondition(v1alpha1.ConditionCompliant, yes)
		})
	}
}

func TestPoliciesRaiseTheApprovals(t *testing.T) {
	tests := []struct {
		name, because string
		eng           *engagementBuilder
		policy        *policyBuilder
		claims        []string
		need          int
		says          string
	}{
		{
			"as many as a policy asks for", "the policy asks for two", anEngagement("designer"),
			aPolicy("four-eyes", "").With(func(s *v1alpha1.CompliancePolicySpec) { s.RequiredApprovals = 2 }), []string{"approval/engagement"}, 2, "1 of 2",
		},
		{
			"fewer than the engagement asks for", "the larger number counts", anEngagement("designer").Approvals(3),
			aPolicy("four-eyes", "").With(func(s *v1alpha1.CompliancePolicySpec) { s.RequiredApprovals = 2 }), []string{"approval/engagement"}, 3, "1 of 3",
		},
		{
			"a rule that requires approval", "one more than otherwise", anEngagement("designer"),
			aPolicy("dear", "").Rule(v1alpha1.EnforceRequireApproval, modest), []string{"approval/engagement"}, 2, "one more than otherwise, because policy dear, rule requireapproval0",
		},
		{
			"two rules that require approval", "together they ask for one more", anEngagement("designer"),
			aPolicy("dear", "").Rule(v1alpha1.EnforceRequireApproval, modest).Rule(v1alpha1.EnforceRequireApproval, "has(engagement.spec.access)"), []string{"approval/engagement"}, 2, "requireapproval1",
		},
		{
			"a rule on top of a policy's number", "one more than the policy asks for", anEngagement("designer"),
			aPolicy("dear", "").Rule(v1alpha1.EnforceRequireApproval, modest).With(func(s *v1alpha1.CompliancePolicySpec) { s.RequiredApprovals = 2 }), []string{"approval/engagement"}, 3, "1 of 3",
		},
		{
			"stages", "each stage needs one more", anEngagement("designer").Approvals(1, v1alpha1.ApprovalStage{Name: "Budget"}, v1alpha1.ApprovalStage{Name: "Security"}),
			aPolicy("dear", "").Rule(v1alpha1.EnforceRequireApproval, modest), []string{"approval/stage.Budget", "approval/stage.Security"}, 2, "1 of 2",
		},
		{
			"a rule that the pinned worker breaks", "it is known who it will be", anEngagement("designer").Pinned("ada"),
			aPolicy("home", "").Rule(v1alpha1.EnforceRequireApproval, "!("+british+")"), []string{"approval/engagement"}, 2, "1 of 2",
		},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			w := aMarketingTeam(t).add(tc.policy, tc.eng).settle()
			approvers := []string{"dana", "dora", "dirk"}
			for _, claim := range tc.claims {
				w.say(approves(claim, "dana", w.proposed())).expectPhase(v1alpha1.PhasePending).expectWaits(claim+": Approver").expectTold(claim, tc.says, "terms "+w.proposed())
				for _, author := range approvers[1:tc.need] {
					w.expectPhase(v1alpha1.PhasePending).say(approves(claim, author, w.proposed()))
				}
			}
			w.expectPhase(v1alpha1.PhaseRecruiting).expectStalled("").expectCompliant(metav1.ConditionTrue, v1alpha1.ReasonHolds)
			want := int32(tc.need)
			if a := tc.eng.Spec.Approvals; a != nil && a.Required >= want {
				want = 0 // no more than the engagement itself asks for
			}
			if got := w.compliance().RequiredApprovals; got != want {
				t.Errorf("%s: the policies raise the approvals to %d, but status.compliance says %d", tc.because, want, got)
			}
			w.say(w.answer(v1alpha1.VerdictAccepted)).expectPhase(v1alpha1.PhaseOnboarding).expectStalled("") // what was approved stays so
		})
	}
}

func TestCandidatesAreRuledOutByTheirOwnPolicies(t *testing.T) {
	polish := func(wk *v1alpha1.Worker) { wk.Spec.Jurisdiction = "PL" }
	reason := func(w *world, worker string) string {
		for _, c := range w.status().Recruitment.Candidates {
			if c.Worker == worker {
				return c.Reason
			}
		}
		return ""
	}
	t.Run("whom a rule denies", func(t *testing.T) {
		w := aMarketingTeam(t).add(aWorker("ada", "designers").With(polish), aPolicy("home", "").Rule(v1alpha1.EnforceDeny, british), anEngagement("designer")).approve()
		w.expectOffered("leo").expectCompliant(metav1.ConditionTrue, v1alpha1.ReasonHolds)
		if why := reason(w, "ada"); !strings.Contains(why, "held by compliance: policy home, rule deny0") {
			t.Errorf("ada works elsewhere, but is excluded because %q", why)
		}
	})
	t.Run("to whom a policy of their own jurisdiction applies", func(t *testing.T) {
		papers := aPolicy("pl-law", "PL").With(func(s *v1alpha1.CompliancePolicySpec) { s.RequiredDocuments = []string{"a1"} })
		w := aMarketingTeam(t).add(aWorker("ada", "designers").With(polish), papers, anEngagement("designer")).approve().expectOffered("leo")
		if why := reason(w, "ada"); !strings.Contains(why, "asks for the document a1") {
			t.Errorf("ada lacks a document that leo does not need, but is excluded because %q", why)
		}
	})
	t.Run("for whom one more has to approve", func(t *testing.T) {
		w := aMarketingTeam(t).add(aWorker("ada", "designers").With(polish), aPolicy("home", "").Rule(v1alpha1.EnforceRequireApproval, british), anEngagement("designer")).approve().expectOffered("leo")
		if why := reason(w, "ada"); !strings.Contains(why, "policy home, rule requireapproval0") {
			t.Errorf("ada needs one approval more, but is excluded because %q", why)
		}
		w.say(approves("approval/engagement", "dora", w.proposed()), w.answer(v1alpha1.VerdictDeclined)).expectOffered("ada")
	})
	t.Run("for everybody one more has to approve, and an approver is waited for", func(t *testing.T) {
		w := aMarketingTeam(t).add(aPolicy("abroad", "").Rule(v1alpha1.EnforceRequireApproval, "!("+british+")"), anEngagement("designer")).approve()
		w.expectStalled(v1alpha1.ReasonNoCandidates).expectTold("approval/engagement", "for ada: policy abroad, rule requireapproval0", "1 of 2 approvals")
		w.say(approves("approval/engagement", "dora", w.proposed())).expectOffered("ada").expectStalled("")
	})
	t.Run("nobody is left", func(t *testing.T) {
		w := aMarketingTeam(t).add(aPolicy("home", "").Rule(v1alpha1.EnforceDeny, "!("+british+")"), anEngagement("designer")).approve()
		w.expectPhase(v1alpha1.PhaseRecruiting).expectStalled(v1alpha1.ReasonNoCandidates)
	})
	t.Run("whoever is not screened is not asked about", func(t *testing.T) {
		fresh := aWorker("new", "designers").With(polish).With(func(wk *v1alpha1.Worker) { wk.Status.Pools[0].Screening = v1alpha1.ScreeningInProgress })
		w := aMarketingTeam(t).add(fresh, aPolicy("home", "").Rule(v1alpha1.EnforceDeny, british), anEngagement("designer")).approve()
		if why := reason(w, "new"); strings.Contains(why, "compliance") {
			t.Errorf("a pool may be large, and whoever is not screened cannot have the work anyway, but they were judged: %q", why)
		}
	})
	t.Run("whoever accepts when it has come to apply", func(t *testing.T) {
		w := aMarketingTeam(t).add(anEngagement("designer")).approve().expectOffered("ada").add(aPolicy("home", "").Rule(v1alpha1.EnforceDeny, "worker.spec.username != 'ada'"))
		w.say(w.answer(v1alpha1.VerdictAccepted)).expectPhase(v1alpha1.PhaseRecruiting).expectStalled(v1alpha1.ReasonNoCandidates)
		w.dropPolicy("home").settle().expectPhase(v1alpha1.PhaseOnboarding)
	})
}

func TestWhatPoliciesSayOfTheEngaged(t *testing.T) {
	t.Run("Deny stalls, and what is there runs on", func(t *testing.T) {
		w := atWork(t).add(aPolicy("caps", "").Rule(v1alpha1.EnforceDeny, modest)).settle()
		w.expectStalled(v1alpha1.ReasonComplianceViolation).expectCompliant(metav1.ConditionFalse, v1alpha1.ReasonComplianceViolation)
		w.expectWaits("compliance/policies: Manager").expectWithdrawn("")
		w.until("2027-01-01 08:00").expectAccess("chat", v1alpha1.GrantRevoked)
	})
	t.Run("Deny gives nothing more until it is mended", func(t *testing.T) {
		w := aMarketingTeam(t).add(anEngagement("designer").Access("chat", "drive")).hire().expectAccess("chat", v1alpha1.GrantVerified)
		w.add(aPolicy("caps", "").Rule(v1alpha1.EnforceDeny, modest)).start().expectAccess("drive", "").expectAccess("chat", v1alpha1.GrantVerified)
		w.after(time.Hour).add(aPolicy("caps", "").Rule(v1alpha1.EnforceDeny, generous)).settle()
		w.expectAccess("drive", v1alpha1.GrantVerified).expectStalled("").expectWaits().expectCompliant(metav1.ConditionTrue, v1alpha1.ReasonHolds)
	})
	t.Run("Warn only tells", func(t *testing.T) {
		w := atWork(t).add(aPolicy("caps", "").Rule(v1alpha1.EnforceWarn, modest)).settle().expectStalled("").expectWaits().expectWithdrawn("")
		if warnings := w.compliance().Warnings; len(warnings) != 1 || warnings[0].Rule != "warn0" {
			t.Errorf("one rule warns, but status.compliance says %+v", w.compliance())
		}
	})
	t.Run("a rule that reads the worker", func(t *testing.T) {
		w := atWork(t).add(aPolicy("home", "").Rule(v1alpha1.EnforceDeny, british)).settle().expectStalled("")
		w.add(aWorker("ada", "designers").With(func(wk *v1alpha1.Worker) { wk.Spec.Jurisdiction = "PL" })).settle().expectStalled(v1alpha1.ReasonComplianceViolation)
	})
	t.Run("nothing is said of somebody whose object is gone", func(t *testing.T) {
		w := atWork(t).add(aPolicy("home", "").Rule(v1alpha1.EnforceEnd, british)).settle()
		delete(w.workers, "marketing/ada")
		w.settle().expectStalled(v1alpha1.ReasonWorkerGone).expectPhase(v1alpha1.PhaseAssigned)
		w.expectCompliant(metav1.ConditionUnknown, v1alpha1.ReasonComplianceUnknown).expectTold(v1alpha1.ConditionCompliant, "cannot be judged while the Worker object is gone")
		w.add(aWorker("ada", "designers")).settle().expectCompliant(metav1.ConditionTrue, v1alpha1.ReasonHolds)
	})
}

func TestAnApprovalThatARuleRequiresOfTheEngaged(t *testing.T) {
	dear := func(t *testing.T) *world {
		return atWork(t).add(aPolicy("dear", "").Rule(v1alpha1.EnforceRequireApproval, modest)).settle()
	}
	t.Run("stalls, and who approved before counts", func(t *testing.T) {
		w := dear(t).expectStalled(v1alpha1.ReasonApprovalRequired).expectCompliant(metav1.ConditionFalse, v1alpha1.ReasonApprovalRequired).expectWithdrawn("")
		w.expectWaits("approval/engagement: Approver")
		w.expectTold("approval/engagement", "policy dear, rule requireapproval0", "1 of 2", "attests approval/engagement", "terms "+w.status().Terms.Proposed)
		w.say(approves("approval/engagement", "dora", w.status().Terms.Proposed)).expectStalled("").expectWaits().expectCompliant(metav1.ConditionTrue, v1alpha1.ReasonHolds)
		w.dropPolicy("dear").settle().add(aPolicy("dear", "").Rule(v1alpha1.EnforceRequireApproval, modest)).settle().expectStalled("") // counted once, it stays counted
	})
	t.Run("gives nothing more until it is there", func(t *testing.T) {
		w := aMarketingTeam(t).add(anEngagement("designer").Access("chat", "drive")).hire().add(aPolicy("dear", "").Rule(v1alpha1.EnforceRequireApproval, modest)).start()
		w.expectAccess("drive", "").expectAccess("chat", v1alpha1.GrantVerified)
		w.say(approves("approval/engagement", "dora", w.status().Terms.Proposed)).expectAccess("drive", v1alpha1.GrantVerified)
	})
	t.Run("is nobody's own", func(t *testing.T) {
		w := dear(t)
		for _, author := range []string{"mia", "ada"} {
			own := approves("approval/engagement", author, w.status().Terms.Proposed)
			w.say(own).expectIgnored(own, "SelfDealing")
		}
		same, other := approves("approval/engagement", "dana", w.status().Terms.Proposed), approves("approval/engagement", "dora", "sha256:00")
		w.say(same, other).expectIgnored(other, "OtherTerms").expectStalled(v1alpha1.ReasonApprovalRequired)
	})
	t.Run("can be refused", func(t *testing.T) {
		w := dear(t)
		w.say(anAttestation("approval/engagement").By("dora").Says(v1alpha1.VerdictRejected).Terms(w.status().Terms.Proposed))
		w.after(time.Minute).say(approves("approval/engagement", "dirk", w.status().Terms.Proposed)).expectStalled(v1alpha1.ReasonApprovalRequired).expectTold("approval/engagement", "rejected")
		w.say(approves("approval/engagement", "dora", w.status().Terms.Proposed)).expectStalled("")
	})
	t.Run("of each stage", func(t *testing.T) {
		w := aMarketingTeam(t).add(anEngagement("designer").Approvals(1, v1alpha1.ApprovalStage{Name: "Budget"}, v1alpha1.ApprovalStage{Name: "Security"})).settle()
		w.say(approves("approval/stage.Budget", "dana", w.proposed()), approves("approval/stage.Security", "sam", w.proposed())).say(w.answer(v1alpha1.VerdictAccepted))
		w.add(aPolicy("dear", "").Rule(v1alpha1.EnforceRequireApproval, modest)).settle().expectWaits("approval/stage.Budget: Approver")
		w.say(approves("approval/stage.Budget", "dora", w.proposed())).expectWaits("approval/stage.Security: Approver")
		w.say(approves("approval/stage.Security", "dora", w.proposed())).expectStalled("")
	})
	t.Run("of each stage, which no approval of an amendment settles", func(t *testing.T) {
		w := aMarketingTeam(t).add(anEngagement("designer").Approvals(1, v1alpha1.ApprovalStage{Name: "Budget"}, v1alpha1.ApprovalStage{Name: "Security"})).settle()
		w.say(approves("approval/stage.Budget", "dana", w.proposed()), approves("approval/stage.Security", "sam", w.proposed())).say(w.answer(v1alpha1.VerdictAccepted))
		w.add(aPolicy("dear", "").Rule(v1alpha1.EnforceRequireApproval, modest)).settle()
		all := approves("approval/amendment", "dora", w.proposed())
		w.after(time.Hour).say(all).expectIgnored(all, "OtherTerms").expectStalled(v1alpha1.ReasonApprovalRequired).expectWaits("approval/stage.Budget: Approver")
	})
	t.Run("nor one that was recorded of terms that nobody amended", func(t *testing.T) {
		w := dear(t)
		eng := w.eng("designer").DeepCopy()
		eng.Status.Attestations = append(eng.Status.Attestations, v1alpha1.AttestationRecord{
			UID: "old", Name: "old", Claim: "approval/amendment", Verdict: v1alpha1.VerdictApproved, Author: "dora", At: metav1.NewTime(w.now), Terms: eng.Status.Terms.Proposed,
		})
		w.put(eng)
		w.after(time.Minute).settle().expectStalled(v1alpha1.ReasonApprovalRequired)
	})
	t.Run("an amendment's approvals count for the terms that it brought", func(t *testing.T) {
		w := atWork(t).edit("designer", budget("6000")).settle().approveAmendment("dana")
		w.say(w.answer(v1alpha1.VerdictAccepted)).expectBudget("6000").add(aPolicy("dear", "").Rule(v1alpha1.EnforceRequireApproval, modest)).settle()
		w.expectTold("approval/engagement", "1 of 2").say(approves("approval/engagement", "dora", w.proposed())).expectStalled("")
	})
	t.Run("of the terms in force, while others are proposed", func(t *testing.T) {
		w := dear(t).edit("designer", budget("6000")).settle()
		w.say(approves("approval/engagement", "dora", w.status().Terms.Proposed)).expectStalled("").expectAmendment(v1alpha1.AmendmentAwaitingApproval)
	})
}

func TestAnEndThatAPolicyBrings(t *testing.T) {
	t.Run("takes access first, and without grace", func(t *testing.T) {
		w := atWork(t, grace(24*time.Hour)).add(aPolicy("caps", "").Rule(v1alpha1.EnforceEnd, modest))
		d := w.decide(w.scope(w.eng("designer")))
		if d.Status.EndedAt == nil || len(d.Actions.Grants) != 2 {
			t.Fatalf("a rule ends it, but it goes on: %+v", d.Status.Ending)
		}
		for _, g := range d.Actions.Grants {
			if g.Spec.Withdraw != v1alpha1.WithdrawalEnded || !g.Spec.ExpiresAt.Time.Equal(w.now) {
				t.Errorf("the pass that finds it takes away access, without grace, before the status says so, but %s is %+v", g.Name, g.Spec)
			}
		}
		w.settle().expectEnded("2026-12-10 09:00", v1alpha1.EndCompliance).expectWithdrawn(v1alpha1.WithdrawalEnded).expectPhase(v1alpha1.PhaseEvaluating)
		w.expectCompliant(metav1.ConditionFalse, v1alpha1.ReasonComplianceViolation).expectStalled("")
		w.dropPolicy("caps").settle().expectWithdrawn(v1alpha1.WithdrawalEnded) // what is ended stays so
		w.closeUp().expectOutcome(v1alpha1.OutcomeExpired)
		if got := w.status().Rehire; got != v1alpha1.RehireEligible {
			t.Errorf("nobody did anything wrong, but rehire is %s", got)
		}
	})
	t.Run("in the middle of onboarding", func(t *testing.T) {
		w := aMarketingTeam(t).add(anEngagement("designer").Access("chat")).hire().add(aPolicy("home", "").Rule(v1alpha1.EnforceEnd, "worker.spec.username != 'ada'")).settle()
		w.expectOutcome(v1alpha1.OutcomeExpired).expectAccess("chat", v1alpha1.GrantRevoked)
	})
	t.Run("at the second at which time brings it", func(t *testing.T) {
		w := atWork(t).add(aPolicy("season", "").Rule(v1alpha1.EnforceEnd, "now < timestamp('2026-12-20T00:00:00Z')")).settle().expectNext("2026-12-20")
		w.until("2026-12-19 23:59:59").expectWithdrawn("").until("2026-12-20").expectEnded("2026-12-20", v1alpha1.EndCompliance)
	})
	t.Run("also during the grace after another end", func(t *testing.T) {
		w := atWork(t, grace(48*time.Hour)).until("2027-01-01 08:00").expectAccess("chat", v1alpha1.GrantVerified)
		w.add(aPolicy("caps", "").Rule(v1alpha1.EnforceEnd, modest)).settle().expectAccess("chat", v1alpha1.GrantRevoked).expectEnded("2027-01-01 08:00", v1alpha1.EndPlanned)
		w.dropPolicy("caps").settle().expectAccess("chat", v1alpha1.GrantRevoked)
	})
	t.Run("not by terms that are only proposed", func(t *testing.T) {
		w := atWork(t).add(aPolicy("caps", "").Rule(v1alpha1.EnforceEnd, generous)).edit("designer", budget("9001")).settle()
		w.expectPhase(v1alpha1.PhaseAssigned).expectAmendment(v1alpha1.AmendmentInvalid).expectStalled(v1alpha1.ReasonAmendmentRefused).expectWithdrawn("")
	})
}

func TestAmendmentsAreHeldByPolicies(t *testing.T) {
	t.Run("one that breaks a rule does not stand until that is mended", func(t *testing.T) {
		w := atWork(t).add(aPolicy("caps", "").Rule(v1alpha1.EnforceDeny, generous)).edit("designer", budget("9001")).settle()
		w.expectAmendment(v1alpha1.AmendmentInvalid).expectWaits("amendment/terms: Requester").expectCompliant(metav1.ConditionTrue, v1alpha1.ReasonHolds)
		w.after(72 * time.Hour).dropPolicy("caps").settle().expectAmendment(v1alpha1.AmendmentAwaitingApproval) // people's time begins now
		w.after(47 * time.Hour).approveAmendment("dana").expectAmendment(v1alpha1.AmendmentAwaitingWorker)
	})
	t.Run("one that a rule requires approval of asks for one more", func(t *testing.T) {
		w := atWork(t).add(aPolicy("dear", "").Rule(v1alpha1.EnforceRequireApproval, generous)).edit("designer", budget("9001")).settle()
		w.expectStalled("").approveAmendment("dana").expectAmendment(v1alpha1.AmendmentAwaitingApproval).expectTold("approval/amendment", "1 of 2", "policy dear")
		w.approveAmendment("dora").say(w.answer(v1alpha1.VerdictAccepted)).expectBudget("9001").expectStalled("")
	})
	t.Run("one that breaks further what is broken already does not stand", func(t *testing.T) {
		w := atWork(t).add(aPolicy("caps", "").Rule(v1alpha1.EnforceDeny, modest)).edit("designer", budget("9001")).settle()
		w.expectAmendment(v1alpha1.AmendmentInvalid).edit("designer", budget("4500")).settle()
		w.expectAmendment(v1alpha1.AmendmentAwaitingWorker) // no better than before to the rule, but nothing of it is wider
	})
	t.Run("one that lacks something else than the accepted terms does not stand", func(t *testing.T) {
		w := atWork(t).add(aPolicy("abc", "").Determination("P1Y")).settle().determine("lee").expectStalled("")
		w.add(aPolicy("abc", "").Determination("P1Y").With(func(s *v1alpha1.CompliancePolicySpec) { s.RequiredSteps = []string{"visa"} })).settle()
		w.expectStalled(v1alpha1.ReasonComplianceViolation).edit("designer", facts("yes")).settle().expectAmendment(v1alpha1.AmendmentInvalid).expectTold("amendment/terms", "has changed since it was determined")
	})
	t.Run("also where it is cheaper", func(t *testing.T) {
		w := atWork(t).add(aPolicy("cheap", "").Rule(v1alpha1.EnforceRequireApproval, "milli(engagement.spec.statementOfWork.budget.amount) >= 5000000")).edit("designer", budget("4000")).settle()
		w.expectAmendment(v1alpha1.AmendmentAwaitingApproval)
	})
}

func TestAStatusOfBeforePoliciesWereEvaluatedComesRight(t *testing.T) {
	w := atWork(t).add(aPolicy("caps", "").Rule(v1alpha1.EnforceDeny, generous)).settle()
	eng := w.eng("designer").DeepCopy()
	eng.Status.Proposed.Classification = ""
	eng.Status.Compliance = &v1alpha1.ComplianceStatus{Violations: []v1alpha1.Finding{{Policy: "caps", Message: "this version cannot evaluate its rules"}}}
	for i := range eng.Status.Conditions {
		if c := &eng.Status.Conditions[i]; c.Type == v1alpha1.ConditionCompliant {
			c.Status, c.Reason = metav1.ConditionUnknown, v1alpha1.ReasonComplianceUnknown
		}
	}
	w.put(eng)
	w.settle().expectCompliant(metav1.ConditionTrue, v1alpha1.ReasonHolds).expectStalled("")
	if c := w.status().Compliance; c != nil {
		t.Errorf("nothing is in breach, but status.compliance is %+v", c)
	}
	if w.status().Proposed.Classification == "" {
		t.Error("the digest that a determination covers is missing")
	}
	before := w.writes
	if w.settle(); w.writes != before {
		t.Error("at rest nothing is written")
	}
}
