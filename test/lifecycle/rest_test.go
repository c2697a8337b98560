package lifecycle

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/admission"
	"github.com/longshore-dev/longshore/hack/cluster"
)

// At rest the operator writes nothing: passes over unchanged facts end without a write. The engagement is touched many times, each touch
// a pass; then one statement is made, and once that is recorded every pass before it is over. The audit log holds its writes alone.
func TestAtRestTheOperatorWritesNothing(t *testing.T) {
	s := newStage(t)
	s.request("work")
	s.begin("work", ada)
	s.gainsAccess(ada)
	s.eventually("work", "nothing left for the operator to do", func(eng *v1alpha1.Engagement) bool {
		return conditionIs(eng, v1alpha1.ConditionReady, "True") && conditionIs(eng, v1alpha1.ConditionAccessReady, "True")
	})
	settled, mark := s.logged(s.mark(), "work", "feedback/settled")

	const touches = 20
	for i := range touches {
		eng := s.get("work")
		before := eng.DeepCopy()
		eng.Annotations = map[string]string{"example.com/touched": fmt.Sprint(i)}
		if err := admin.Patch(s.Context(), eng, client.MergeFrom(before)); err != nil {
			t.Fatal(err)
		}
	}
	afterwards, _ := s.logged(mark, "work", "feedback/afterwards")

	written := map[string]int{}
	events, err := shared.AuditSince(s.Context(), mark)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if e.User == admission.OperatorUsername && e.Namespace == s.ns && e.Code < 300 && e.Resource != "events" {
			written[e.Resource+"/"+e.Subresource+" "+e.Name]++
		}
	}
	// The statement afterwards: the one status that records it, and its owner reference, which is put on again if that write loses a race with a touch.
	delete(written, "attestations/ "+settled.Name)
	delete(written, "attestations/ "+afterwards.Name)
	// The pool's dashboard counts themes of feedback too, up to ten seconds later; how often it is written has a test of its own.
	maps.DeleteFunc(written, func(what string, _ int) bool { return strings.HasPrefix(what, "talentpools/status ") })
	if written["engagements/status work"] != 1 || len(written) != 1 {
		t.Errorf("expected %d touches of an engagement at rest to cause no write, and one statement to cause one status; the operator wrote %v", touches, written)
	}
	if n := len(cluster.CountBy(events, func(e cluster.AuditEvent) string { return e.User })); n == 0 {
		t.Error("expected the audit log to see the touches themselves")
	}
}

// mark is where the audit log has got to.
func (s *stage) mark() cluster.AuditMark {
	s.Helper()
	mark, err := shared.AuditMark(s.Context())
	if err != nil {
		s.Fatal(err)
	}
	return mark
}

// recorded makes a statement and waits until the operator has it in status.
func (s *stage) recorded(name, claim string) *v1alpha1.Attestation {
	s.Helper()
	att := s.attest(mia, name, claim, v1alpha1.VerdictRaised)
	s.eventually(name, claim+" recorded", func(eng *v1alpha1.Engagement) bool {
		return slices.ContainsFunc(eng.Status.Attestations, func(r v1alpha1.AttestationRecord) bool { return r.Claim == claim })
	})
	return att
}

// logged makes a statement and waits until the operator has it in status and the audit log has that write: everybody sees what is stored a moment
// before it is logged that whoever stored it was answered. It returns where the log has got to.
func (s *stage) logged(since cluster.AuditMark, name, claim string) (*v1alpha1.Attestation, cluster.AuditMark) {
	s.Helper()
	att := s.recorded(name, claim)
	s.eventually(name, "the write that records "+claim+" in the audit log", func(*v1alpha1.Engagement) bool {
		events, err := shared.AuditSince(s.Context(), since)
		if err != nil {
			s.Fatal(err)
		}
		return slices.ContainsFunc(events, func(e cluster.AuditEvent) bool {
			return e.User == admission.OperatorUsername && e.Namespace == s.ns && e.Code < 300 && e.Resource == "engagements" && e.Subresource == "status" && e.Name == name
		})
	})
	return att, s.mark()
}

// A status is written at most once for each human fact, and six times more for what the operator itself brings about.
func TestAStatusIsWrittenAtMostOncePerHumanFactPlusSix(t *testing.T) {
	s := newStage(t)
	mark, err := shared.AuditMark(s.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.request("work")
	s.begin("work", ada)
	s.attest(ada, "work", "deliverable/logo", v1alpha1.VerdictSubmitted)
	s.waitsFor("work", "deliverable/logo")
	s.attest(mia, "work", "deliverable/logo", v1alpha1.VerdictAccepted)
	s.finish("work")
	events, err := shared.AuditSince(s.Context(), mark)
	if err != nil {
		t.Fatal(err)
	}
	facts, writes := 1, 0 // the engagement itself is the first fact
	var written []string
	for _, e := range events {
		switch {
		case e.Namespace != s.ns || e.Code >= 300:
		case e.Verb == "create" && (e.Resource == "attestations" || e.Resource == "evaluations"):
			facts++
		case e.User == admission.OperatorUsername && e.Resource == "engagements" && e.Subresource == "status":
			writes++
			written = append(written, e.String())
		}
	}
	if writes > facts+6 {
		t.Errorf("expected at most %d writes of the engagement's status for %d human facts, got %d:\n%v", facts+6, facts, writes, written)
	}
	t.Logf("%d writes of the status for %d human facts", writes, facts)
}
