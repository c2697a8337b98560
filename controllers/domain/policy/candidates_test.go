package policy

import (
	"fmt"
	"sync"
	"testing"

	"github.com/google/cel-go/common/types"
	"github.com/google/go-cmp/cmp"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

func TestACandidateIsJudgedOnlyByWhatDependsOnThem(t *testing.T) {
	german := func(s *v1alpha1.CompliancePolicySpec) {
		s.AppliesTo = &v1alpha1.PolicySelector{Jurisdictions: []string{"DE"}}
	}
	californian := asks(rule(v1alpha1.EnforceDeny, "false"), rule(v1alpha1.EnforceDeny, "worker.spec.jurisdiction == 'US-CA'"), rule(v1alpha1.EnforceRequireApproval, "size(tenure.engagements) == 0"),
		determinedEvery("P1Y"), func(s *v1alpha1.CompliancePolicySpec) {
			s.RequiredSteps, s.RequiredDocuments, s.RequiredApprovals = []string{"safety"}, []string{"w-9"}, 2
			s.Tenure = &v1alpha1.Tenure{Max: "P18M"}
		})
	abroad := named("de-aug", asks(german, rule(v1alpha1.EnforceDeny, "false"), func(s *v1alpha1.CompliancePolicySpec) { s.RequiredApprovals = 3 }))
	misspelt := named("misspelt", asks(rule(v1alpha1.EnforceDeny, "engagement.spec.titel == ''")))
	policies := []v1alpha1.CompliancePolicy{misspelt, abroad, californian}

	itself := Judge(policies, campaign(nobody))
	if diff := cmp.Diff([]string{"misspelt/ Deny undecided", "us-ca-abc/ Deny", "us-ca-abc/ Deny", "us-ca-abc/r0 Deny"}, told(itself.Violations)); diff != "" {
		t.Errorf("the case itself is judged by what depends on nobody (-want +got):\n%s", diff)
	}
	base := campaign(nobody)
	here, there := campaign().Worker, campaign().Worker
	there.Spec.Jurisdiction = "DE"
	for _, tc := range []struct {
		name, reason          string
		worker                *v1alpha1.Worker
		history               []Engaged
		violations, approvals []string
		approvers             int32
	}{
		{"from here", "only documents and rules about them are judged", here, nil, []string{"us-ca-abc/ Deny"}, nil, 0},
		{"engaged before", "so do rules on the tenure", here, []Engaged{{Span: Span{Start: date("2026-09-01"), End: date("2026-10-01")}}}, []string{"us-ca-abc/ Deny"}, []string{"us-ca-abc/r2 RequireApproval"}, 0},
		{"from abroad", "everything of the policies that apply only for them is judged too", there, nil, []string{"de-aug/r0 Deny", "us-ca-abc/ Deny", "us-ca-abc/r1 Deny"}, nil, 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v := Judge(policies, base.For(tc.worker, tc.history))
			if diff := cmp.Diff(tc.violations, told(v.Violations)); diff != "" {
				t.Errorf("violations, because %s (-want +got):\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.approvals, told(v.Approvals)); diff != "" {
				t.Errorf("approvals, because %s (-want +got):\n%s", tc.reason, diff)
			}
			if v.RequiredApprovals != tc.approvers {
				t.Errorf("%d approvers, expected %d, because %s", v.RequiredApprovals, tc.approvers, tc.reason)
			}
			if v.Tenure == nil || v.Tenure.Policy != "us-ca-abc" {
				t.Errorf("the tenure of a candidate is %+v, expected the limit by us-ca-abc", v.Tenure)
			}
		})
	}
	if base.Worker != nil || base.History != nil {
		t.Error("considering somebody must not change the case itself")
	}
}

func TestCandidatesAreJudgedAtTheSameTime(t *testing.T) {
	base := campaign(nobody).For(nil, nil)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for n := range 50 {
				w := campaign().Worker
				w.Name = fmt.Sprintf("w-%d", i)
				policy := asks(rule(v1alpha1.EnforceDeny, fmt.Sprintf("worker.metadata.name == 'w-%d' && engagement.spec.title != '%d' && now < engagement.spec.statementOfWork.end", i, n)))
				if v := Judge([]v1alpha1.CompliancePolicy{policy}, base.For(w, nil)); len(v.Violations) > 0 || stamp(v.Next) != "2027-06-01T00:00:00Z" {
					t.Errorf("worker %d was judged as another one: %+v", i, v)
				}
			}
		})
	}
	group.Wait()
}

func TestCompiledRulesAreForgottenInTime(t *testing.T) {
	memory := programMemory{entries: map[programKey]programEntry{}}
	for i := range ruleMemory {
		memory.entries[programKey{written: fmt.Sprint(i)}] = programEntry{}
	}
	if _, err := memory.get(programKey{"now == now", types.BoolKind}); err != nil {
		t.Fatal(err)
	}
	if n := len(memory.entries); n != 1 {
		t.Errorf("%d compiled expressions are kept; the memory is bounded by %d", n, ruleMemory)
	}
}

// fifty policies of the shape that legal departments write: a few requirements, and three rules each.
func fifty() []v1alpha1.CompliancePolicy {
	policies := make([]v1alpha1.CompliancePolicy, 0, 50)
	for i := range 50 {
		policies = append(policies, named(fmt.Sprintf("policy-%02d", i), asks(
			rule(v1alpha1.EnforceDeny, fmt.Sprintf("milli(engagement.spec.statementOfWork.budget.amount) < %d000000000 || has(engagement.spec.statementOfWork.terms)", i+1), saying("'a contract in writing is needed from ' + string(engagement.spec.statementOfWork.start)")),
			rule(v1alpha1.EnforceDeny, fmt.Sprintf("worker.spec.?supplier.orValue('') != 'supplier-%d' && worker.spec.documents.exists(d, d.name == 'contract')", i)),
			rule(v1alpha1.EnforceWarn, fmt.Sprintf("now - tenure.since < duration('%dh') && sum(tenure.engagements.map(e, milli(e.budget.amount))) < 100000000", 9000+i), warning("P30D")),
			determinedEvery("P1Y"),
			func(s *v1alpha1.CompliancePolicySpec) {
				s.AppliesTo = &v1alpha1.PolicySelector{Jurisdictions: []string{"US"}, WorkerTypes: []v1alpha1.WorkerType{v1alpha1.IndependentContractor}}
				s.RequiredDocuments, s.RequiredSteps, s.RequiredApprovals = []string{"work-permit"}, []string{"nda"}, 1
				s.Tenure, s.Retention = &v1alpha1.Tenure{Max: "P18M", ResetGap: "P6M"}, "P6Y"
			},
		)))
	}
	return policies
}

func experienced() *Case {
	return campaign(determined("2026-11-15", v1alpha1.IndependentContractor), func(c *Case) {
		for month := range 5 {
			start := date("2026-06-01").AddDate(0, month, 0)
			c.History = append(c.History, Engaged{Span: Span{Start: start, End: start.AddDate(0, 0, 20), Pool: "talent/designers", Namespace: "sales"}, Budget: v1alpha1.Money{Currency: "USD", Amount: "1000"}})
		}
	})
}

func BenchmarkJudgeFiftyPolicies(b *testing.B) {
	policies, c := fifty(), experienced()
	if v := Judge(policies, c); len(v.Violations)+len(v.Warnings) > 0 || v.Selected != len(policies) {
		b.Fatalf("the benchmark should judge what holds: %+v", v)
	}
	b.ReportAllocs()
	for b.Loop() {
		Judge(policies, c)
	}
}

func BenchmarkJudgeACandidateByFiftyPolicies(b *testing.B) {
	policies, c := fifty(), experienced()
	base := c.For(nil, nil)
	b.ReportAllocs()
	for b.Loop() {
		Judge(policies, base.For(c.Worker, c.History))
	}
}
