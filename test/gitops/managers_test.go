package gitops

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

// Two managers share one engagement: GitOps owns what is in Git, a team's own tool a label and one of the contacts, a map's entry of its own. Neither loses a
// field to the other or to the operator, in any phase, and neither sees a difference.
func TestTwoManagersShareAnEngagementThroughEveryPhase(t *testing.T) {
	g := NewWithT(t)
	s := newStage(t)
	for _, name := range inOrder {
		if name != "engagement" {
			s.apply(s.username(), "gitops", s.manifest(name))
		}
	}
	inGit := s.manifest("engagement")
	ofTheTeam := `{apiVersion: gig.longshore.dev/v1alpha1, kind: Engagement, metadata: {name: work, namespace: ` + s.ns + `, labels: {cost-centre: MK-114}},
  spec: {contacts: [{role: Buddy, subject: {kind: User, name: ben}}]}}`
	s.apply(s.username(), "gitops", inGit)
	s.apply(mia, "team-tool", ofTheTeam)

	unchanged := func(phase v1alpha1.Phase) {
		t.Helper()
		before := s.eventually("at rest in "+string(phase), func(eng *v1alpha1.Engagement) bool {
			st := &eng.Status
			revoked := st.EndedAt == nil || is(eng, v1alpha1.ConditionAccessRevoked)
			return st.Phase == phase && st.ObservedGeneration == eng.Generation && revoked && !is(eng, v1alpha1.ConditionReconciling)
		})
		for _, m := range []struct{ user, manager, manifest string }{{s.username(), "gitops", inGit}, {mia, "team-tool", ofTheTeam}} {
			out, code := s.kubectl(m.user, m.manifest, "diff", "--server-side", "--field-manager="+m.manager)
			g.Expect(code).To(BeZero(), "%s should see no difference in %s: %s", m.manager, phase, out)
			s.apply(m.user, m.manager, m.manifest)
		}
		after := s.eventually("still there", func(*v1alpha1.Engagement) bool { return true })
		g.Expect(after.Generation).To(Equal(before.Generation), "applying the same again in %s should change no spec", phase)
		g.Expect(after.Spec).To(Equal(before.Spec))
		g.Expect(after.Labels).To(HaveKeyWithValue("cost-centre", "MK-114"), "the team's label should stay")
		g.Expect(after.Spec.Contacts).To(HaveLen(2), "both managers' contacts should stay")
		g.Expect(after.Spec.Requester).To(HaveField("Username", s.username()), "what asks for nothing more changes no requester")
		for _, f := range after.ManagedFields {
			if strings.HasPrefix(f.Manager, "longshore") {
				g.Expect(f.FieldsV1.GetRawString()).NotTo(ContainSubstring(`"f:spec"`), "the operator (%s) should own no field of a spec", f.Manager)
			}
		}
	}
	unchanged(v1alpha1.PhasePending)
	s.approved()
	unchanged(v1alpha1.PhaseRecruiting)
	eng := s.waitsFor("offer/ada")
	s.say(ada, s.ns, "work", "offer/ada", v1alpha1.VerdictAccepted, eng.Status.Recruitment.Offer.Hash)
	unchanged(v1alpha1.PhaseOnboarding)
	s.say(ben, s.ns, "work", "onboarding/nda", v1alpha1.VerdictDone, "")
	s.waitsFor("start/confirmed")
	s.say(mia, s.ns, "work", "start/confirmed", v1alpha1.VerdictDone, "")
	unchanged(v1alpha1.PhaseAssigned)
	s.say(mia, s.ns, "work", "end/engagement", v1alpha1.VerdictEndNow, "")
	unchanged(v1alpha1.PhaseEvaluating)
	eval := &v1alpha1.Evaluation{ObjectMeta: s.meta("final"), Spec: v1alpha1.EvaluationSpec{
		EngagementRef: &v1alpha1.LocalReference{Name: "work"}, ScorecardRef: v1alpha1.LocalReference{Name: "card"}, Kind: v1alpha1.EvaluationFinal,
		Scores: []v1alpha1.CriterionScore{{Name: "quality", Score: "4"}},
	}}
	g.Expect(s.as(mia).Create(t.Context(), eval)).To(Succeed())
	unchanged(v1alpha1.PhaseOffboarding)
	s.say(ben, s.ns, "work", "offboarding/handover", v1alpha1.VerdictDone, "")
	unchanged(v1alpha1.PhaseClosed)
}

func TestWhatTwoManagersBothSetIsAConflictThatIsTold(t *testing.T) {
	g := NewWithT(t)
	s := newStage(t)
	s.apply(s.username(), "gitops", s.manifest("engagement"))
	const head = "{apiVersion: gig.longshore.dev/v1alpha1, kind: Engagement, metadata: {name: work, namespace: NAMESPACE}, spec: "
	for name, c := range map[string]struct{ spec, field string }{
		"a field":                    {"{title: another}}", ".spec.title"},
		"a contact in Git":           {"{contacts: [{role: Manager, subject: {kind: User, name: ben}}]}}", ".spec.contacts"},
		"the end, which would widen": {`{statementOfWork: {end: "2099-01-01T00:00:00Z"}}}`, ".spec.statementOfWork.end"},
		"an amount of a deliverable": {`{statementOfWork: {deliverables: [{name: logo, amount: "1"}]}}}`, ".spec.statementOfWork.deliverables"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			out, code := s.kubectl(mia, strings.ReplaceAll(head, "NAMESPACE", s.ns)+c.spec, "apply", "--server-side", "--field-manager=team-tool")
			g.Expect(code).NotTo(BeZero(), "two managers should not silently overwrite each other")
			g.Expect(out).To(And(ContainSubstring(`conflict with "gitops"`), ContainSubstring(c.field)))
		})
	}
	eng := &v1alpha1.Engagement{}
	g.Expect(admin.Get(t.Context(), client.ObjectKey{Namespace: s.ns, Name: "work"}, eng)).To(Succeed())
	g.Expect(eng.Spec.Title).To(Equal("work"), "what was refused should change nothing")

	// An entry that a manager leaves out of what it applies goes, and no other's.
	entry := `[{role: Buddy, subject: {kind: User, name: ben}}]`
	s.apply(mia, "team-tool", strings.ReplaceAll(head, "NAMESPACE", s.ns)+"{contacts: "+entry+"}}")
	s.apply(mia, "team-tool", strings.ReplaceAll(head, "NAMESPACE", s.ns)+"{title: work}}")
	g.Expect(admin.Get(t.Context(), client.ObjectKey{Namespace: s.ns, Name: "work"}, eng)).To(Succeed())
	g.Expect(eng.Spec.Contacts).To(HaveExactElements(HaveField("Role", v1alpha1.RoleManager)), "the team's entry should go, and Git's stay")
	g.Expect(eng.Spec.Title).To(Equal("work"))

	// The same by a person with a patch: the tool puts back only what it declares.
	g.Expect(s.as(mia).Patch(t.Context(), eng, client.RawPatch(types.MergePatchType, []byte(`{"spec":{"title":"by hand","intake":{"project":"spring"}}}`)))).To(Succeed())
	out, code := s.kubectl(s.username(), s.manifest("engagement"), "diff", "--server-side", "--field-manager=gitops")
	g.Expect(code).NotTo(BeZero(), "what somebody changed by hand under the tool is drift")
	g.Expect(out).To(ContainSubstring("title"))
}
