package engagement

import (
	"testing"
	"time"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

func budget(amount string) func(*v1alpha1.EngagementSpec) {
	return func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.Budget.Amount = amount }
}

func (w *world) approveAmendment(author string) *world {
	w.t.Helper()
	return w.say(anAttestation("approval/amendment").By(author).Says(v1alpha1.VerdictApproved).Terms(w.proposed()))
}

func (w *world) expectAmendment(want v1alpha1.AmendmentState) *world {
	w.t.Helper()
	got := v1alpha1.AmendmentState("")
	if a := w.status().Amendment; a != nil {
		got = a.State
	}
	if got != want {
		w.t.Fatalf("the amendment of %s is %q, expected %q; it waits for %v", w.subject, got, want, w.waits())
	}
	return w
}

func (w *world) expectBudget(want string) *world {
	w.t.Helper()
	if got := w.status().Terms.StatementOfWork.Budget.Amount; got != want {
		w.t.Fatalf("by the terms in force %s may cost %s, expected %s", w.subject, got, want)
	}
	return w
}

func TestChangedTermsNeedBothSides(t *testing.T) {
	longer := func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.End = *metaTime(on("2027-02-01 08:00")) }
	tests := []struct {
		name, because string
		change        func(*v1alpha1.EngagementSpec)
		approval      bool
	}{
		{"dearer", "somebody answers for the money", budget("6000"), true},
		{"cheaper", "only the worker has something to lose", budget("4000"), false},
		{"longer", "somebody answers for the time", longer, true},
		{"shorter", "only the worker has something to lose", func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.End = *metaTime(on("2026-12-20 08:00")) }, false},
		{"more access", "somebody answers for the access", func(s *v1alpha1.EngagementSpec) { s.Access = append(s.Access, v1alpha1.AccessRequest{Name: "files"}) }, true},
		{"less access", "only the worker has something to lose", func(s *v1alpha1.EngagementSpec) { s.Access = s.Access[:1] }, false},
		{"more grace", "access would outlive the work for longer", grace(24 * time.Hour), true},
		{"another worker type", "profiles may be given that were barred before", func(s *v1alpha1.EngagementSpec) { s.Classification.WorkerType = v1alpha1.FixedTermEmployee }, true},
		{"another jurisdiction", "another law holds", func(s *v1alpha1.EngagementSpec) { s.Classification.Jurisdiction = "PT" }, true},
		{"other words", "every change needs the worker's acceptance", func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.Summary = "and the website" }, false},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			w := atWork(t).add(aProfile("files", v1alpha1.AvailableFromAssigned)).edit("designer", tc.change).settle()
			before := w.status().Terms.Hash
			if tc.approval {
				w.expectAmendment(v1alpha1.AmendmentAwaitingApproval).expectWaits("approval/amendment: Approver")
				w.approveAmendment("dana")
			}
			w.expectAmendment(v1alpha1.AmendmentAwaitingWorker).expectWaits("offer/ada: Worker").expectStalled("")
			if w.status().Terms.Hash != before {
				t.Fatalf("%s: until the worker accepted, the accepted terms stay in force", tc.because)
			}
			w.say(w.answer(v1alpha1.VerdictAccepted)).expectAmendment("").expectWaits()
			if w.status().Terms.Hash == before || w.status().Terms.Proposed != w.proposed() {
				t.Errorf("both sides agreed, so the changed terms are in force, but they are %+v", w.status().Terms)
			}
		})
	}
	t.Run("longer access comes with the agreed end", func(t *testing.T) {
		w := atWork(t).edit("designer", longer).settle().approveAmendment("dana")
		w.say(w.answer(v1alpha1.VerdictAccepted)).until("2027-01-02").expectPhase(v1alpha1.PhaseAssigned).expectAccess("chat", v1alpha1.GrantVerified)
		w.until("2027-02-01 08:00").expectPhase(v1alpha1.PhaseEvaluating).expectAccess("chat", v1alpha1.GrantRevoked)
	})
	t.Run("added access comes once it is agreed", func(t *testing.T) {
		w := atWork(t).add(aProfile("files", v1alpha1.AvailableFromAssigned)).edit("designer", func(s *v1alpha1.EngagementSpec) {
			s.Access = append(s.Access, v1alpha1.AccessRequest{Name: "files"})
		}).settle().approveAmendment("dana").expectAccess("files", "")
		w.say(w.answer(v1alpha1.VerdictAccepted)).expectAccess("files", v1alpha1.GrantVerified)
	})
	t.Run("dropped access goes at once", func(t *testing.T) {
		w := atWork(t).edit("designer", func(s *v1alpha1.EngagementSpec) { s.Access = s.Access[:1] }).settle().expectAccess("drive", v1alpha1.GrantRevoked)
		if got := w.grant("drive").Spec.Withdraw; got != v1alpha1.WithdrawalNarrowed {
			t.Errorf("it goes because it was dropped, but for %s", got)
		}
	})
}

func TestWhatBecomesOfAnAmendment(t *testing.T) {
	dearer := func(t *testing.T) *world { return atWork(t).edit("designer", budget("6000")).settle() }
	t.Run("an approver rejects it", func(t *testing.T) {
		w := dearer(t)
		w.say(anAttestation("approval/amendment").By("dana").Says(v1alpha1.VerdictRejected).Terms(w.proposed()))
		w.expectAmendment(v1alpha1.AmendmentRefused).expectStalled(v1alpha1.ReasonAmendmentRefused).expectWaits("amendment/terms: Requester").expectBudget("5000")
	})
	t.Run("the worker declines it", func(t *testing.T) {
		w := dearer(t).approveAmendment("dana")
		declined := w.answer(v1alpha1.VerdictDeclined)
		w.say(declined).expectIgnored(declined, "").expectAmendment(v1alpha1.AmendmentRefused).expectStalled(v1alpha1.ReasonAmendmentRefused).expectBudget("5000")
		w.expectPhase(v1alpha1.PhaseAssigned).expectAccess("chat", v1alpha1.GrantVerified)
	})
	t.Run("nobody approves it in time", func(t *testing.T) {
		dearer(t).after(48 * time.Hour).expectAmendment(v1alpha1.AmendmentUnanswered).expectStalled(v1alpha1.ReasonAmendmentRefused).expectBudget("5000")
	})
	t.Run("the worker does not answer in time", func(t *testing.T) {
		w := dearer(t).after(24 * time.Hour).approveAmendment("dana").after(48*time.Hour - time.Second).expectAmendment(v1alpha1.AmendmentAwaitingWorker)
		w.after(time.Second).expectAmendment(v1alpha1.AmendmentUnanswered).expectStalled(v1alpha1.ReasonAmendmentRefused)
	})
	t.Run("it is taken back", func(t *testing.T) {
		w := dearer(t).approveAmendment("dana").edit("designer", budget("5000")).settle().expectAmendment("").expectWaits().expectStalled("")
		if offerOf(w.status()) != nil && w.offered().Hash != w.status().Terms.Hash {
			t.Error("the change was taken back, and so is its offer")
		}
	})
	t.Run("it is changed again", func(t *testing.T) {
		w := dearer(t).approveAmendment("dana")
		old := w.answer(v1alpha1.VerdictAccepted)
		w.edit("designer", budget("7000")).settle().expectAmendment(v1alpha1.AmendmentAwaitingApproval)
		w.say(old).expectIgnored(old, "NoOffer").expectBudget("5000")
		w.approveAmendment("dana")
		w.say(w.answer(v1alpha1.VerdictAccepted)).expectBudget("7000")
	})
	t.Run("refused, taken back, and proposed again it is still refused", func(t *testing.T) {
		w := dearer(t).approveAmendment("dana")
		w.say(w.answer(v1alpha1.VerdictDeclined)).after(time.Hour).edit("designer", budget("5000")).settle().expectStalled("")
		w.after(time.Hour).edit("designer", budget("6000")).settle().expectAmendment(v1alpha1.AmendmentRefused)
	})
	t.Run("unanswered, taken back, and proposed again it is asked again", func(t *testing.T) {
		w := dearer(t).after(48*time.Hour).edit("designer", budget("5000")).settle().after(time.Hour).edit("designer", budget("6000")).settle()
		w.expectAmendment(v1alpha1.AmendmentAwaitingApproval)
	})
	t.Run("it contradicts itself", func(t *testing.T) {
		w := atWork(t).edit("designer", func(s *v1alpha1.EngagementSpec) {
			s.StatementOfWork.Deliverables = []v1alpha1.Deliverable{{Name: "logo", Due: *metaTime(on("2026-12-20")), Amount: "9000"}}
		}).settle()
		w.expectAmendment(v1alpha1.AmendmentInvalid).expectStalled(v1alpha1.ReasonAmendmentRefused).expectWaits("amendment/terms: Requester")
	})
	t.Run("it touches what is accepted", func(t *testing.T) {
		w := aLogo(t).say(submitted("logo")).after(time.Hour).say(verdictOn("logo", v1alpha1.VerdictAccepted))
		w.edit("designer", func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.Deliverables = s.StatementOfWork.Deliverables[1:] }).settle()
		w.expectAmendment(v1alpha1.AmendmentInvalid).expectDeliverable("logo", v1alpha1.DeliverableAccepted)
	})
	t.Run("the work ends meanwhile", func(t *testing.T) {
		w := dearer(t).approveAmendment("dana")
		accepted := w.answer(v1alpha1.VerdictAccepted)
		w.say(said(v1alpha1.VerdictEndNow, "max")).expectAmendment("").expectPhase(v1alpha1.PhaseEvaluating)
		w.after(time.Minute).say(accepted).expectIgnored(accepted, "NoOffer").expectBudget("5000")
	})
	t.Run("as many approve it as the engagement asks for", func(t *testing.T) {
		w := aMarketingTeam(t).add(anEngagement("designer").Approvals(2)).approve()
		w.say(anAttestation("approval/engagement").By("dora").Says(v1alpha1.VerdictApproved).Terms(w.proposed()))
		w.say(w.answer(v1alpha1.VerdictAccepted)).edit("designer", budget("6000")).settle()
		w.approveAmendment("dana").expectAmendment(v1alpha1.AmendmentAwaitingApproval).approveAmendment("dora").expectAmendment(v1alpha1.AmendmentAwaitingWorker)
	})
	t.Run("a service account adds access", func(t *testing.T) {
		w := aMarketingTeam(t).add(anEngagement("designer").RequestedBy("system:serviceaccount:argocd:sync")).hire()
		w.edit("designer", func(s *v1alpha1.EngagementSpec) { s.Access = []v1alpha1.AccessRequest{{Name: "chat"}} }).settle().approveAmendment("dana")
		w.expectAmendment(v1alpha1.AmendmentAwaitingApproval).expectWaits("approval/access.chat: Approver", "approval/amendment: Approver")
		w.say(anAttestation("approval/access.chat").By("sam").Says(v1alpha1.VerdictApproved).Terms(w.proposed())).expectAmendment(v1alpha1.AmendmentAwaitingWorker)
	})
}

func TestWhoseConsentToAnAmendmentDoesNotCount(t *testing.T) {
	tests := []struct {
		name, because string
		said          func(w *world) *attestationBuilder
		reason        string
	}{
		{"the requester's approval", "nobody approves their own request", func(w *world) *attestationBuilder {
			return anAttestation("approval/amendment").By("mia").Says(v1alpha1.VerdictApproved).Terms(w.proposed())
		}, "SelfDealing"},
		{"the worker's approval", "nobody approves their own raise", func(w *world) *attestationBuilder {
			return anAttestation("approval/amendment").By("ada").Says(v1alpha1.VerdictApproved).Terms(w.proposed())
		}, "SelfDealing"},
		{"an approval of the accepted terms", "consent covers exactly what was read", func(w *world) *attestationBuilder {
			return anAttestation("approval/amendment").By("dana").Says(v1alpha1.VerdictApproved).Terms(w.status().Terms.Proposed)
		}, "OtherTerms"},
		{"the requester's answer for the worker", "a requester never answers for the other side", func(w *world) *attestationBuilder {
			w.approveAmendment("dana")
			return w.answer(v1alpha1.VerdictAccepted).By("mia").OnBehalfOf("ada")
		}, "SelfDealing"},
		{"a stranger's answer", "only the worker decides", func(w *world) *attestationBuilder {
			w.approveAmendment("dana")
			return w.answer(v1alpha1.VerdictAccepted).By("max")
		}, "NotTheWorker"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			w := atWork(t).edit("designer", budget("6000")).settle()
			statement := tc.said(w)
			w.say(statement).expectIgnored(statement, tc.reason).expectBudget("5000")
		})
	}
	t.Run("whoever proposed it, and is no longer the requester", func(t *testing.T) {
		w := atWork(t).edit("designer", budget("6000")).edit("designer", func(s *v1alpha1.EngagementSpec) { s.Requester.Username = "moe" }).settle()
		own := anAttestation("approval/amendment").By("mia").Says(v1alpha1.VerdictApproved).Terms(w.proposed())
		w.say(own).expectIgnored(own, "SelfDealing")
	})
}

func TestAnAmendmentInTheMiddleOfOnboarding(t *testing.T) {
	w := onboarded(t).say(done("onboarding/nda", "ada")).edit("designer", budget("4000")).settle()
	w.expectStep("onboarding", "nda", v1alpha1.StepDone)
	w.say(w.answer(v1alpha1.VerdictAccepted)).expectBudget("4000").expectStep("onboarding", "nda", v1alpha1.StepDone)
}
