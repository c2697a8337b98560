package lifecycle

import (
	"fmt"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/admission"
	"github.com/longshore-dev/longshore/hack/cluster"
)

// desk hands out laptops and takes them back.
const desk = "desk"

const custodyOfLaptop = "access/custody.laptop"

// equip adds a laptop to the stage's profile.
func (s *stage) equip() {
	s.Helper()
	s.bind(desk, "longshore-coordinator")
	store := "store-" + s.profile
	s.mustCreate(admin, &v1alpha1.AccessProvider{ObjectMeta: metav1.ObjectMeta{Name: store}, Spec: v1alpha1.AccessProviderSpec{Type: v1alpha1.ProviderManual}})
	profile := &v1alpha1.AccessProfile{}
	if err := admin.Get(s.Context(), client.ObjectKey{Name: s.profile}, profile); err != nil {
		s.Fatal(err)
	}
	profile.Spec.Entitlements = append(profile.Spec.Entitlements, v1alpha1.Entitlement{
		Name: "laptop", ProviderRef: v1alpha1.ClusterReference{Name: store},
		Manual: &v1alpha1.ManualEntitlement{Item: "Laptop", Custodian: v1alpha1.Subject{Kind: v1alpha1.SubjectUser, Name: desk}},
	})
	if err := admin.Update(s.Context(), profile); err != nil {
		s.Fatal(err)
	}
}

func evidence(uri string) func(*v1alpha1.AttestationSpec) {
	return func(a *v1alpha1.AttestationSpec) { a.Evidence = append(a.Evidence, v1alpha1.Evidence{URI: uri}) }
}

// laptop is the row of the laptop in the engagement's grant, with what is kept of its custody.
func (s *stage) laptop(engagement string) (row v1alpha1.EntitlementStatus, custody string) {
	s.Helper()
	list := &v1alpha1.AccessGrantList{}
	if err := admin.List(s.Context(), list, client.InNamespace(s.ns)); err != nil {
		s.Fatal(err)
	}
	var said []string
	for _, g := range list.Items {
		if g.Spec.EngagementRef.Name != engagement {
			continue
		}
		for _, c := range g.Spec.Custody {
			said = append(said, string(c.Verdict))
		}
		for _, e := range g.Status.Entitlements {
			if e.Name == "laptop" {
				row = e
			}
		}
	}
	return row, strings.Join(said, " ")
}

func TestALaptopIsHandedOutAndClosingWaitsUntilItIsBack(t *testing.T) {
	s := newStage(t)
	s.equip()
	s.request("work")
	s.hire("work", ada)
	early := s.attest(desk, "work", custodyOfLaptop, v1alpha1.VerdictHandedOut)
	s.ignored(early, "NotNow")
	s.waitsFor("work", "onboarding/nda")
	s.attest(ben, "work", "onboarding/nda", v1alpha1.VerdictDone)
	s.gainsAccess(ada)
	waiting := waitsFor(s.waitsFor("work", custodyOfLaptop), custodyOfLaptop)
	if waiting.Who != v1alpha1.ActorCustodian || waiting.Subject == nil || waiting.Subject.Name != desk {
		t.Errorf("expected the custodian to be waited for, got %+v", waiting)
	}
	s.ignored(s.attest(ben, "work", custodyOfLaptop, v1alpha1.VerdictHandedOut), "NotTheCustodian")
	s.attest(desk, "work", custodyOfLaptop, v1alpha1.VerdictHandedOut, evidence("https://stores.example/receipt/1"))
	s.waitsFor("work", "onboarding/contacts")
	s.attest(ben, "work", "onboarding/contacts", v1alpha1.VerdictDone)
	s.waitsFor("work", "start/confirmed")
	s.attest(mia, "work", "start/confirmed", v1alpha1.VerdictDone)
	s.inPhase("work", v1alpha1.PhaseAssigned)
	if row, custody := s.laptop("work"); row.State != v1alpha1.GrantGranted || row.VerifiedAt != nil || !strings.HasPrefix(row.Evidence, "attested: HandedOut at ") || custody != "HandedOut" {
		t.Errorf("expected the laptop to be attested as handed out and not read back, got %+v with %s", row, custody)
	}

	s.attest(mia, "work", "end/engagement", v1alpha1.VerdictEndNow)
	s.losesAccess(ada) // whatever anybody has still to bring back
	s.inPhase("work", v1alpha1.PhaseEvaluating)
	s.evaluate(rex, "work", v1alpha1.EvaluationFinal, "4")
	s.inPhase("work", v1alpha1.PhaseOffboarding)
	s.attest(ben, "work", "offboarding/handover", v1alpha1.VerdictDone)
	s.eventually("work", "that nothing but the laptop is waited for", func(eng *v1alpha1.Engagement) bool {
		return len(eng.Status.WaitingFor) == 1 && waitsFor(eng, custodyOfLaptop) != nil && conditionIs(eng, v1alpha1.ConditionReady, "True")
	})
	s.nextSecond()
	s.attest(desk, "work", custodyOfLaptop, v1alpha1.VerdictReturned, evidence("https://stores.example/receipt/2"))
	closed := s.inPhase("work", v1alpha1.PhaseClosed)

	for _, a := range s.dossier(closed).Spec.Record.Access {
		if a.Entitlement != "laptop" {
			continue
		}
		if a.State != v1alpha1.GrantAttested || a.VerifiedAt != nil || !strings.HasPrefix(a.Evidence, "attested: HandedOut at ") || len(a.Custody) != 2 {
			t.Errorf("expected the file to say that the laptop was attested as returned, by whom and with what evidence; got %+v", a)
		}
		return
	}
	t.Error("expected the file to say what became of the laptop")
}

// What custodians attest is applied to the grant once, in whatever order it was said.
func TestWhatCustodiansAttestIsWrittenOnce(t *testing.T) {
	s := newStage(t)
	s.equip()
	s.request("work")
	s.hire("work", ada)
	s.waitsFor("work", "onboarding/nda")
	s.attest(ben, "work", "onboarding/nda", v1alpha1.VerdictDone)
	s.waitsFor("work", custodyOfLaptop)
	for _, step := range []struct {
		says  v1alpha1.Verdict
		state v1alpha1.GrantState
		kept  string
	}{
		{v1alpha1.VerdictHandedOut, v1alpha1.GrantGranted, "HandedOut"},
		{v1alpha1.VerdictReturned, v1alpha1.GrantPending, "HandedOut Returned"},
		{v1alpha1.VerdictHandedOut, v1alpha1.GrantGranted, "HandedOut Returned"},
		{v1alpha1.VerdictChecked, v1alpha1.GrantGranted, "HandedOut Checked Returned"},
	} {
		s.nextSecond()
		s.attest(desk, "work", custodyOfLaptop, step.says)
		s.eventually("work", fmt.Sprintf("after %s that the grant keeps %s and the laptop is %s", step.says, step.kept, step.state), func(*v1alpha1.Engagement) bool {
			row, custody := s.laptop("work")
			return row.State == step.state && custody == step.kept
		})
	}
	s.recorded("work", "feedback/settled")
	mark, err := shared.AuditMark(s.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		eng := s.get("work")
		before := eng.DeepCopy()
		eng.Annotations = map[string]string{"example.com/touched": fmt.Sprint(i)}
		if err := admin.Patch(s.Context(), eng, client.MergeFrom(before)); err != nil {
			t.Fatal(err)
		}
	}
	s.recorded("work", "feedback/afterwards")
	events, err := shared.AuditSince(s.Context(), mark)
	if err != nil {
		t.Fatal(err)
	}
	written := cluster.CountBy(events, func(e cluster.AuditEvent) string {
		if e.User != admission.OperatorUsername || e.Namespace != s.ns || e.Resource != "accessgrants" {
			return ""
		}
		return e.String()
	})
	delete(written, "")
	if len(written) > 0 {
		t.Errorf("expected nothing about the grant to be written at rest, got %v", written)
	}
}
