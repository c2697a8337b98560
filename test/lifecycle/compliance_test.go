package lifecycle

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

const (
	lee      = "lee"                                                             // legal, who determines classifications
	modest   = "milli(engagement.spec.statementOfWork.budget.amount) <= 4000000" // the budget is 5000
	generous = "milli(engagement.spec.statementOfWork.budget.amount) <= 9000000"
)

// policy is this stage's own, and asks for nothing: policies are cluster-scoped.
func (s *stage) policy() *v1alpha1.CompliancePolicy {
	return &v1alpha1.CompliancePolicy{ObjectMeta: metav1.ObjectMeta{Name: s.profile}, Spec: v1alpha1.CompliancePolicySpec{
		AppliesTo:     &v1alpha1.PolicySelector{NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": s.ns}}},
		EffectiveFrom: metav1.NewTime(time.Now().Add(-time.Hour)), Source: v1alpha1.PolicySource{Title: "House rule"},
	}}
}

// ruling is the stage's own policy with one rule.
func (s *stage) ruling(enforcement v1alpha1.Enforcement, expression string) *v1alpha1.CompliancePolicy {
	cp := s.policy()
	cp.Spec.Rules = []v1alpha1.PolicyRule{{Name: "house", Expression: expression, Enforcement: enforcement}}
	return cp
}

// legislate changes the stage's policy.
func (s *stage) legislate(change func(*v1alpha1.CompliancePolicySpec)) {
	s.Helper()
	cp := &v1alpha1.CompliancePolicy{ObjectMeta: metav1.ObjectMeta{Name: s.profile}}
	if err := admin.Get(s.Context(), client.ObjectKeyFromObject(cp), cp); err != nil {
		s.Fatalf("getting policy %s: %v", s.profile, err)
	}
	before := cp.DeepCopy()
	change(&cp.Spec)
	if err := admin.Patch(s.Context(), cp, client.MergeFrom(before)); err != nil {
		s.Fatalf("changing policy %s: %v", s.profile, err)
	}
}

func (s *stage) compliant(name string, status metav1.ConditionStatus, says string) *v1alpha1.Engagement {
	s.Helper()
	return s.eventually(name, "Compliant="+string(status)+" saying "+says, func(eng *v1alpha1.Engagement) bool {
		for _, c := range eng.Status.Conditions {
			if c.Type == v1alpha1.ConditionCompliant {
				return c.Status == status && strings.Contains(c.Message, says)
			}
		}
		return false
	})
}

func TestADenialHoldsUntilThePolicyIsEdited(t *testing.T) {
	s := newStage(t)
	s.mustCreate(admin, s.ruling(v1alpha1.EnforceDeny, modest))
	s.request("work")
	s.approve("work")
	eng := s.compliant("work", metav1.ConditionFalse, "rule house")
	if w := waitsFor(eng, "compliance/policies"); eng.Status.Phase != v1alpha1.PhasePending || w == nil || w.Who != v1alpha1.ActorRequester {
		t.Fatalf("before anybody is engaged the requester is waited for; the engagement is\n%s", describe(eng))
	}
	s.legislate(func(spec *v1alpha1.CompliancePolicySpec) { spec.Rules[0].Expression = generous })
	s.compliant("work", metav1.ConditionTrue, "1 policy applies and holds")
	s.inPhase("work", v1alpha1.PhaseRecruiting)
}

func TestADenialOfAnEngagedWorkerLeavesWhatIsThere(t *testing.T) {
	s := newStage(t)
	s.request("work")
	s.begin("work", ada)
	s.gainsAccess(ada)
	s.mustCreate(admin, s.ruling(v1alpha1.EnforceDeny, modest))
	eng := s.compliant("work", metav1.ConditionFalse, "rule house")
	if w := waitsFor(eng, "compliance/policies"); w == nil || w.Who != v1alpha1.RoleManager || !conditionIs(eng, v1alpha1.ConditionStalled, metav1.ConditionTrue) {
		t.Fatalf("the manager is waited for; the engagement is\n%s", describe(eng))
	}
	if !s.hasAccess(ada) {
		t.Fatal("what was given runs to its expiry")
	}
	s.legislate(func(spec *v1alpha1.CompliancePolicySpec) { spec.Rules[0].Enforcement = v1alpha1.EnforceRequireApproval })
	eng = s.eventually("work", "Stalled for another approval", func(eng *v1alpha1.Engagement) bool { return waitsFor(eng, "approval/engagement") != nil })
	s.attest(amos, "work", "approval/engagement", v1alpha1.VerdictApproved, terms(eng.Status.Terms.Proposed))
	s.compliant("work", metav1.ConditionTrue, "1 policy applies")
}

func TestARuleThatEndsRevokesRealAccess(t *testing.T) {
	s := newStage(t)
	s.request("work", func(spec *v1alpha1.EngagementSpec) {
		spec.Offboarding.AccessGrace = &metav1.Duration{Duration: time.Hour}
	})
	s.begin("work", ada)
	s.gainsAccess(ada)
	s.mustCreate(admin, s.ruling(v1alpha1.EnforceEnd, modest))
	s.losesAccess(ada)
	eng := s.inPhase("work", v1alpha1.PhaseEvaluating)
	if eng.Status.Ending.Cause != v1alpha1.EndCompliance {
		t.Errorf("it ended by a rule, but status says %+v", eng.Status.Ending)
	}
	s.legislate(func(spec *v1alpha1.CompliancePolicySpec) { spec.Rules[0].Expression, spec.Retention = generous, "P6Y" })
	s.compliant("work", metav1.ConditionTrue, "1 policy applies and holds")
	eng = s.finish("work")
	if eng.Status.Outcome != v1alpha1.OutcomeExpired || eng.Status.Rehire != v1alpha1.RehireEligible || s.hasAccess(ada) {
		t.Errorf("what a rule ended stays ended, as Expired, and nobody is to blame; it is %s, %s", eng.Status.Outcome, eng.Status.Rehire)
	}
	if r := s.dossier(eng).Spec.Record; r.RetainUntil == nil || !r.RetainUntil.Time.Equal(eng.Status.EndedAt.AddDate(6, 0, 0)) || !strings.HasPrefix(r.RetainedBy, s.profile) {
		t.Errorf("the policy demands that the file be kept for six years from %s, but it is until %s by %q", eng.Status.EndedAt, r.RetainUntil, r.RetainedBy)
	}
}

func TestAPolicyThatDoesNotCompileHoldsAsUnknown(t *testing.T) {
	s := newStage(t)
	s.mustCreate(admin, s.ruling(v1alpha1.EnforceDeny, "engagement.spec.misspelt == 1"))
	s.request("work")
	s.compliant("work", metav1.ConditionUnknown, "misspelt")
	s.approve("work")
	s.legislate(func(spec *v1alpha1.CompliancePolicySpec) { spec.Rules[0].Expression = generous })
	s.inPhase("work", v1alpha1.PhaseRecruiting)
}

func TestLegalDeterminesTheClassification(t *testing.T) {
	s := newStage(t)
	s.bind(lee, "longshore-legal")
	cp := s.ruling(v1alpha1.EnforceDeny, "engagement.spec.classification.?facts.?freeFromControl.orValue('') == 'true'")
	cp.Spec.Determination = &v1alpha1.Determination{ValidFor: "P1Y"}
	s.mustCreate(admin, cp)
	s.request("work", func(spec *v1alpha1.EngagementSpec) {
		spec.Classification.Facts = map[string]string{"freeFromControl": "true"}
	})
	s.approve("work")
	eng := s.compliant("work", metav1.ConditionFalse, "nobody has determined it")
	unread := func(a *v1alpha1.AttestationSpec) { a.WorkerType = v1alpha1.IndependentContractor }
	if err := s.as(lee).Create(s.Context(), s.attestation("work", "determination/classification", v1alpha1.VerdictDetermined, unread)); err == nil || !strings.Contains(err.Error(), "with workerType and terms") {
		t.Fatalf("a determination says what was read, but one that does not was answered: %v", err)
	}
	determined := func(a *v1alpha1.AttestationSpec) {
		a.WorkerType, a.Terms = v1alpha1.IndependentContractor, eng.Status.Proposed.Classification
	}
	if err := s.as(mia).Create(s.Context(), s.attestation("work", "determination/classification", v1alpha1.VerdictDetermined, determined)); err == nil {
		t.Fatal("the requester, who does not have the verb classify, determined the classification of her own engagement")
	}
	s.attest(lee, "work", "determination/classification", v1alpha1.VerdictDetermined, determined)
	eng = s.compliant("work", metav1.ConditionTrue, "1 policy applies and holds")
	s.inPhase("work", v1alpha1.PhaseRecruiting)
	if d := eng.Status.Compliance.Determination; d == nil || d.ExpiresAt == nil || !d.ExpiresAt.Time.Equal(d.At.AddDate(1, 0, 0)) {
		t.Errorf("the determination counts for a year, but status.compliance has %+v", d)
	}
	s.edit(mia, "work", func(spec *v1alpha1.EngagementSpec) { spec.Classification.Facts["freeFromControl"] = "yes" })
	s.compliant("work", metav1.ConditionFalse, "has changed since it was determined")
}

func TestTenureIsCountedAcrossAPersonsEngagements(t *testing.T) {
	s := newStage(t)
	start := metav1.NewTime(time.Now().Add(-23 * time.Hour).Truncate(time.Second))
	s.request("first", func(spec *v1alpha1.EngagementSpec) { spec.StatementOfWork.Start = start })
	s.hire("first", ada)
	s.request("next")
	s.begin("next", ada)
	cp := s.policy()
	cp.Spec.Tenure = &v1alpha1.Tenure{Max: "P2D"}
	s.mustCreate(admin, cp)
	since := metav1.NewTime(start.UTC().Truncate(24 * time.Hour)) // days count, those of UTC
	limit := metav1.NewTime(since.AddDate(0, 0, 2))
	eng := s.eventually("next", "a tenure since the first engagement, and an end at its limit", func(eng *v1alpha1.Engagement) bool {
		c, e := eng.Status.Compliance, eng.Status.Ending
		return c != nil && c.Tenure != nil && c.Tenure.Since.Equal(&since) && c.Tenure.Limit.Equal(&limit) && (e == nil || e.Cause == v1alpha1.EndTenure)
	})
	grants := &v1alpha1.AccessGrantList{}
	if err := admin.List(s.Context(), grants, client.InNamespace(s.ns), client.MatchingLabels{v1alpha1.EngagementLabel: "next"}); err != nil {
		t.Fatal(err)
	}
	for _, g := range grants.Items {
		if g.Spec.ExpiresAt.After(limit.Time) {
			t.Errorf("no access outlives the tenure, but %s expires at %s, and the limit is %s", g.Name, g.Spec.ExpiresAt, limit)
		}
	}
	if len(grants.Items) == 0 {
		t.Errorf("the engagement had access; it is\n%s", describe(eng))
	}
}
