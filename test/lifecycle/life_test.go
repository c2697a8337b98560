package lifecycle

import (
	"testing"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

func TestAnEngagementLivesFromRequestToSealedFile(t *testing.T) {
	s := newStage(t)
	s.request("designer")
	s.begin("designer", ada)
	s.gainsAccess(ada)

	s.attest(ada, "designer", "deliverable/logo", v1alpha1.VerdictSubmitted)
	s.waitsFor("designer", "deliverable/logo")
	s.eventually("designer", "the logo submitted", func(eng *v1alpha1.Engagement) bool {
		return len(eng.Status.Deliverables) == 1 && eng.Status.Deliverables[0].State == v1alpha1.DeliverableSubmitted
	})
	s.attest(mia, "designer", "deliverable/logo", v1alpha1.VerdictAccepted)
	s.inPhase("designer", v1alpha1.PhaseEvaluating)
	s.losesAccess(ada)

	closed := s.finish("designer")
	if closed.Status.Outcome != v1alpha1.OutcomeCompleted || closed.Status.Rehire != v1alpha1.RehireEligible {
		t.Errorf("expected Completed and Eligible, got %s and %s", closed.Status.Outcome, closed.Status.Rehire)
	}
	if closed.Status.Score != "87.5" {
		t.Errorf("quality 4 of 1..5 is 75, on time is 100, so the score is 87.5; got %s", closed.Status.Score)
	}
	d := s.dossier(closed)
	if d.Spec.Hash != closed.Status.Dossier.Hash {
		t.Errorf("expected the status to name the sealed file's hash %s, got %s", d.Spec.Hash, closed.Status.Dossier.Hash)
	}
}
