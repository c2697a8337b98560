package lifecycle

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

func TestALongerEndNeedsAnApprovalAndTheWorkersAcceptance(t *testing.T) {
	s := newStage(t)
	s.request("work")
	accepted := s.begin("work", ada)
	later := metav1.NewTime(accepted.Spec.StatementOfWork.End.Add(time.Hour))
	s.edit(mia, "work", func(spec *v1alpha1.EngagementSpec) { spec.StatementOfWork.End = later })

	eng := s.waitsFor("work", "approval/amendment")
	if !eng.Status.Terms.StatementOfWork.End.Equal(&accepted.Spec.StatementOfWork.End) {
		t.Errorf("expected the accepted end to stay in force until the amendment stands")
	}
	s.attest(ana, "work", "approval/amendment", v1alpha1.VerdictApproved, terms(eng.Status.Proposed.Hash))
	eng = s.waitsFor("work", "offer/ada")
	s.attest(ada, "work", "offer/ada", v1alpha1.VerdictAccepted, terms(eng.Status.Recruitment.Offer.Hash))
	s.eventually("work", "the later end in force, for access too", func(eng *v1alpha1.Engagement) bool {
		return eng.Status.Amendment == nil && eng.Status.Terms.StatementOfWork.End.Equal(&later) && len(eng.Status.Access.Grants) == 1 && eng.Status.Access.Grants[0].ExpiresAt.Equal(&later)
	})
}

func TestAShorterEndShrinksAccessAtOnce(t *testing.T) {
	s := newStage(t)
	s.request("work", func(spec *v1alpha1.EngagementSpec) { spec.StatementOfWork.Deliverables = nil })
	s.begin("work", ada)
	s.edit(mia, "work", func(spec *v1alpha1.EngagementSpec) {
		spec.StatementOfWork.End = metav1.NewTime(time.Now().Add(3 * time.Second))
	})
	s.losesAccess(ada)
}

func TestARefusedAmendmentStallsUntilTheSpecChanges(t *testing.T) {
	s := newStage(t)
	s.request("work")
	accepted := s.begin("work", ada)
	s.edit(mia, "work", func(spec *v1alpha1.EngagementSpec) { spec.StatementOfWork.Summary = "twice as much work" })
	eng := s.waitsFor("work", "offer/ada")
	s.attest(ada, "work", "offer/ada", v1alpha1.VerdictDeclined, terms(eng.Status.Recruitment.Offer.Hash))
	s.stalled("work", v1alpha1.ReasonAmendmentRefused)
	if !s.hasAccess(ada) {
		t.Error("expected a refused amendment to take no access")
	}
	s.edit(mia, "work", func(spec *v1alpha1.EngagementSpec) {
		spec.StatementOfWork.Summary = accepted.Spec.StatementOfWork.Summary
	})
	s.eventually("work", "going on under the accepted terms", func(eng *v1alpha1.Engagement) bool {
		return eng.Status.Amendment == nil && conditionIs(eng, v1alpha1.ConditionStalled, metav1.ConditionFalse)
	})
}

func (s *stage) stalled(name, reason string) *v1alpha1.Engagement {
	s.Helper()
	return s.eventually(name, "Stalled="+reason, func(eng *v1alpha1.Engagement) bool {
		for _, c := range eng.Status.Conditions {
			if c.Type == v1alpha1.ConditionStalled {
				return c.Status == metav1.ConditionTrue && c.Reason == reason
			}
		}
		return false
	})
}

func TestAReplacementTakesOverWorkAndKnowledge(t *testing.T) {
	s := newStage(t)
	s.request("first")
	s.begin("first", ada)
	s.attest(ada, "first", "end/engagement", v1alpha1.VerdictResigned)
	s.inPhase("first", v1alpha1.PhaseEvaluating)
	s.request("second", func(spec *v1alpha1.EngagementSpec) {
		spec.Replaces = &v1alpha1.Replaces{Name: "first", Deliverables: []string{"logo"}}
		spec.StatementOfWork.Deliverables = nil
		spec.Onboarding.Mode = v1alpha1.OnboardingFastTrack
		spec.Recruitment = &v1alpha1.Recruitment{Selection: v1alpha1.SelectionAutomatic}
	})
	s.approve("second")
	s.accept("second", bob) // the one who resigned is not asked again
	s.evaluate(rex, "first", v1alpha1.EvaluationFinal, "3")
	s.waitsFor("first", "offboarding/handover")
	s.attest(ben, "first", "offboarding/handover", v1alpha1.VerdictDone, func(a *v1alpha1.AttestationSpec) {
		a.Evidence = []v1alpha1.Evidence{{URI: "https://docs.example.com/handover"}}
	})
	eng := s.eventually("second", "the handover's evidence in its onboarding, and the deliverable taken over", func(eng *v1alpha1.Engagement) bool {
		return eng.Status.Onboarding != nil && len(eng.Status.Onboarding.Handover) == 1 && len(eng.Status.Deliverables) == 1 && eng.Status.Deliverables[0].Name == "logo"
	})
	for _, step := range eng.Status.Onboarding.Steps {
		if step.State != v1alpha1.StepDropped {
			t.Errorf("expected the fast track to drop %s, which is not marked fastTrack; it is %s", step.Name, step.State)
		}
	}
	first := s.inPhase("first", v1alpha1.PhaseClosed)
	if first.Status.Outcome != v1alpha1.OutcomeResigned || first.Status.Deliverables[0].State != v1alpha1.DeliverableHandedOver {
		t.Errorf("expected the first closed as Resigned with its work handed over, got %s and %s", first.Status.Outcome, first.Status.Deliverables[0].State)
	}
}

func TestARenewalKeepsAccessWithoutAGap(t *testing.T) {
	s := newStage(t)
	s.request("first", func(spec *v1alpha1.EngagementSpec) { spec.StatementOfWork.Deliverables = nil })
	s.begin("first", ada)
	s.request("second", func(spec *v1alpha1.EngagementSpec) {
		spec.Continues, spec.WorkerRef = &v1alpha1.LocalReference{Name: "first"}, &v1alpha1.LocalReference{Name: "ada"}
	})
	s.approve("second")
	s.accept("second", ada)
	s.inPhase("second", v1alpha1.PhaseAssigned) // the steps carry over, and the start was confirmed

	binding := s.binding()
	s.attest(mia, "first", "end/engagement", v1alpha1.VerdictEndNow)
	s.eventually("first", "its access proven to be held by the renewal", func(eng *v1alpha1.Engagement) bool {
		return eng.Status.EndedAt != nil && eng.Status.Access.Owed == 0 && conditionIs(eng, v1alpha1.ConditionAccessRevoked, metav1.ConditionTrue)
	})
	if again := s.binding(); again.UID != binding.UID || !s.hasAccess(ada) {
		t.Error("expected the renewal to keep the very binding that the first engagement made")
	}
	s.attest(mia, "second", "end/engagement", v1alpha1.VerdictEndNow)
	s.losesAccess(ada)
}

func TestAnOfferThatIsDeclinedGoesToTheNextCandidate(t *testing.T) {
	s := newStage(t)
	s.request("work", func(spec *v1alpha1.EngagementSpec) {
		spec.Recruitment = &v1alpha1.Recruitment{Selection: v1alpha1.SelectionAutomatic}
	})
	s.approve("work")
	eng := s.waitsFor("work", "offer/")
	asked := eng.Status.Recruitment.Offer.Worker
	s.attest(asked, "work", "offer/"+asked, v1alpha1.VerdictDeclined, terms(eng.Status.Recruitment.Offer.Hash))
	next := map[string]string{ada: bob, bob: ada}[asked]
	s.accept("work", next)
	s.inPhase("work", v1alpha1.PhaseOnboarding)
}

func TestAWorkerWhoseObjectIsGoneLosesAccessUntilTheyAreBack(t *testing.T) {
	s := newStage(t)
	s.request("work")
	s.begin("work", ada)
	s.gainsAccess(ada)
	w := &v1alpha1.Worker{}
	if err := admin.Get(s.Context(), client.ObjectKey{Namespace: s.ns, Name: "ada"}, w); err != nil {
		t.Fatal(err)
	}
	if err := admin.Delete(s.Context(), w); err != nil {
		t.Fatal(err)
	}
	s.losesAccess(ada)
	s.stalled("work", v1alpha1.ReasonWorkerGone)
	again := s.worker("ada")
	again.Name = "ada-again"
	s.mustCreate(admin, again)
	s.gainsAccess(ada)
}

func TestAProfileThatIsDeletedMidwayIsStillRevoked(t *testing.T) {
	s := newStage(t)
	s.request("work")
	s.begin("work", ada)
	if err := admin.Delete(s.Context(), &v1alpha1.AccessProfile{ObjectMeta: metav1.ObjectMeta{Name: s.profile}}); err != nil {
		t.Fatal(err)
	}
	s.stalled("work", v1alpha1.ReasonReferenceNotFound)
	if !s.hasAccess(ada) {
		t.Error("expected existing access to run to its expiry")
	}
	s.attest(mia, "work", "end/engagement", v1alpha1.VerdictEndNow)
	s.losesAccess(ada)
}

func TestAChecklistThatIsEditedMidwayChangesNothingInForce(t *testing.T) {
	s := newStage(t)
	s.request("work")
	s.hire("work", ada)
	cl := &v1alpha1.Checklist{}
	if err := admin.Get(s.Context(), client.ObjectKey{Namespace: s.ns, Name: "onboarding"}, cl); err != nil {
		t.Fatal(err)
	}
	if err := admin.Delete(s.Context(), cl); err != nil {
		t.Fatal(err)
	}
	s.attest(ben, "work", "onboarding/nda", v1alpha1.VerdictDone)
	s.waitsFor("work", "onboarding/contacts")
	s.attest(ben, "work", "onboarding/contacts", v1alpha1.VerdictDone)
	s.waitsFor("work", "start/confirmed")
}
