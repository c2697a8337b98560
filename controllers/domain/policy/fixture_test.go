package policy

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// noon is when most cases are judged: two weeks after the start of the work.
var noon = time.Date(2026, 12, 15, 12, 0, 0, 0, time.UTC)

func date(written string) time.Time {
	t, err := time.Parse(time.DateOnly, written)
	if err != nil {
		panic(err) // a test's own constant
	}
	return t
}

// campaign is an engagement of a contractor in California from 1 December 2026 to 1 June 2027, judged at noon, with a worker.
func campaign(changes ...func(*Case)) *Case {
	c := &Case{
		Engagement: &v1alpha1.Engagement{
			ObjectMeta: metav1.ObjectMeta{Name: "spring-campaign", Namespace: "marketing", Labels: map[string]string{"team": "brand"}, CreationTimestamp: metav1.NewTime(date("2026-11-01"))},
			Spec: v1alpha1.EngagementSpec{
				Title: "Graphic designer", PoolRef: v1alpha1.PoolReference{Name: "designers", Namespace: "talent"},
				StatementOfWork: v1alpha1.StatementOfWork{
					Start: metav1.NewTime(date("2026-12-01")), End: metav1.NewTime(date("2027-06-01")),
					Budget: v1alpha1.Money{Currency: "USD", Amount: "5000.50"},
					Deliverables: []v1alpha1.Deliverable{
						{Name: "logo", Due: metav1.NewTime(date("2026-12-20")), Amount: "2000", Points: 3},
						{Name: "assets", Due: metav1.NewTime(date("2027-01-20")), Amount: "3000.5", Points: 5},
					},
					AcceptWithin: &metav1.Duration{Duration: 120 * time.Hour},
				},
				Classification: v1alpha1.Classification{WorkerType: v1alpha1.IndependentContractor, Jurisdiction: "US-CA", Facts: map[string]string{"freeFromControl": "true"}},
			},
			Status: v1alpha1.EngagementStatus{Phase: "Assigned"},
		},
		Classification: "sha256:now",
		Pool:           &v1alpha1.TalentPool{ObjectMeta: metav1.ObjectMeta{Name: "designers", Namespace: "talent"}},
		Checklist:      []v1alpha1.ChecklistStep{{Name: "nda", Type: v1alpha1.StepDocument}, {Name: "tour", Type: v1alpha1.StepMeeting, Required: new(bool)}},
		Worker: &v1alpha1.Worker{
			ObjectMeta: metav1.ObjectMeta{Name: "ada", Namespace: "talent"},
			Spec: v1alpha1.WorkerSpec{PersonKey: "p-1", Jurisdiction: "US-CA", Languages: []string{"en", "de"}, Documents: []v1alpha1.WorkerDocument{
				{Name: "contract", URI: "https://documents.example/contract"},
				{Name: "work-permit", URI: "https://documents.example/permit", ExpiresAt: &metav1.Time{Time: date("2027-03-01")}},
			}},
		},
		Now: noon,
	}
	for _, change := range changes {
		change(c)
	}
	return c
}

func at(t time.Time) func(*Case) { return func(c *Case) { c.Now = t } }

func nobody(c *Case) { c.Worker = nil }

func determined(on string, workerType v1alpha1.WorkerType) func(*Case) {
	return func(c *Case) {
		c.Statements = append(c.Statements, v1alpha1.AttestationRecord{
			UID: "u-1", Claim: "determination/classification", Verdict: v1alpha1.VerdictDetermined, WorkerType: workerType,
			At: metav1.NewTime(date(on)), Terms: c.Classification, Author: "lea",
		})
	}
}

// asks is a policy of the Labor Code that is effective since 2026.
func asks(changes ...func(*v1alpha1.CompliancePolicySpec)) v1alpha1.CompliancePolicy {
	p := v1alpha1.CompliancePolicy{
		ObjectMeta: metav1.ObjectMeta{Name: "us-ca-abc"},
		Spec: v1alpha1.CompliancePolicySpec{
			EffectiveFrom: metav1.NewTime(date("2026-01-01")), Source: v1alpha1.PolicySource{Title: "California Labor Code", Citation: "§2775"},
		},
	}
	for _, change := range changes {
		change(&p.Spec)
	}
	return p
}

// rule adds a rule, r0, r1 and so on.
func rule(enforcement v1alpha1.Enforcement, expression string, changes ...func(*v1alpha1.PolicyRule)) func(*v1alpha1.CompliancePolicySpec) {
	return func(s *v1alpha1.CompliancePolicySpec) {
		r := v1alpha1.PolicyRule{Name: fmt.Sprintf("r%d", len(s.Rules)), Expression: expression, Enforcement: enforcement}
		for _, change := range changes {
			change(&r)
		}
		s.Rules = append(s.Rules, r)
	}
}

func saying(expression string) func(*v1alpha1.PolicyRule) {
	return func(r *v1alpha1.PolicyRule) { r.MessageExpression = expression }
}

func warning(before string) func(*v1alpha1.PolicyRule) {
	return func(r *v1alpha1.PolicyRule) { r.WarnBefore = before }
}

// determinedEvery asks for a determination that is no older.
func determinedEvery(period string) func(*v1alpha1.CompliancePolicySpec) {
	return func(s *v1alpha1.CompliancePolicySpec) { s.Determination = &v1alpha1.Determination{ValidFor: period} }
}

// named gives the policy another name.
func named(name string, p v1alpha1.CompliancePolicy) v1alpha1.CompliancePolicy {
	p.Name = name
	return p
}

// told are findings in short: policy, rule, enforcement, whether undecided, and when.
func told(findings []v1alpha1.Finding) []string {
	var short []string
	for i := range findings {
		f := &findings[i]
		line := f.Policy + "/" + f.Rule + " " + string(f.Enforcement)
		if f.Undecided {
			line += " undecided"
		}
		if f.At != nil {
			line += " " + stamp(f.At.Time)
		}
		short = append(short, line)
	}
	return short
}
