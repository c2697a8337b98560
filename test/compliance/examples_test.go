package compliance

import (
	"slices"
	"strings"
	"testing"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/policy"
)

// caseOf is what an example is given, for files that have a rule's policy in mind.
type caseOf = policy.Case

// example is a case on one side of where a rule's answer turns.
type example struct {
	policy, rule string
	isHeld       bool
	when, since  string
	given        *policy.Case
	// says is what the message has to tell.
	says []string
}

func rulesOf(policyName string) func(rule string) example {
	return func(rule string) example { return example{policy: policyName, rule: rule} }
}

func (e example) holds(when, since string, given *policy.Case) example {
	e.isHeld, e.when, e.since, e.given = true, when, since, given
	return e
}

func (e example) fails(when, since string, given *policy.Case, says ...string) example {
	e.when, e.since, e.given, e.says = when, since, given, says
	return e
}

// examples are all that the catalogue is judged by. The table in the books is made of them.
func examples() []example {
	return slices.Concat(irsCommonLaw(), nec(), californiaABC(), freelancePay(), offPayroll(), agencyWork(), platformWork(), companyCap(), coEmployment())
}

func TestEveryExampleIsJudgedAsTheBooksSay(t *testing.T) {
	for _, e := range examples() {
		t.Run(e.policy+"/"+e.rule+"/"+e.when, func(t *testing.T) {
			p := the(t, e.policy)
			verdict := policy.Judge([]v1alpha1.CompliancePolicy{p}, e.given)
			if verdict.Selected != 1 {
				t.Fatalf("the policy should be about this case, or it judges nothing")
			}
			for _, f := range slices.Concat(verdict.Violations, verdict.Approvals, verdict.Warnings) {
				if f.Undecided {
					t.Errorf("nothing here should be undecided: %s", f.Message)
				}
			}
			said := e.finding(&p.Spec, &verdict)
			switch {
			case e.isHeld && said != nil:
				t.Errorf("%s should hold when %s, because %s; it says: %s", e.rule, e.when, e.since, said.Message)
			case !e.isHeld && said == nil:
				t.Errorf("%s should fail when %s, because %s; the verdict is %+v", e.rule, e.when, e.since, verdict)
			case !e.isHeld:
				for _, word := range e.says {
					if !strings.Contains(said.Message, word) {
						t.Errorf("the message should tell %q: %s", word, said.Message)
					}
				}
			}
		})
	}
}

// finding is what the verdict says against the rule of the example, or nil if nothing. What is told ahead of time is not against it yet.
func (e example) finding(spec *v1alpha1.CompliancePolicySpec, verdict *policy.Verdict) *v1alpha1.Finding {
	switch e.rule {
	case theTenure:
		if verdict.Tenure == nil || e.given.Now.Before(verdict.Tenure.Limit.Time) {
			return nil
		}
		return &v1alpha1.Finding{Policy: e.policy, Message: "the tenure is reached on " + verdict.Tenure.Limit.String()}
	case theDetermination:
		return find(verdict.Violations, "")
	}
	i := slices.IndexFunc(spec.Rules, func(r v1alpha1.PolicyRule) bool { return r.Name == e.rule })
	switch spec.Rules[i].Enforcement {
	case v1alpha1.EnforceWarn:
		return find(verdict.Warnings, e.rule)
	case v1alpha1.EnforceRequireApproval:
		return find(verdict.Approvals, e.rule)
	default:
		return find(verdict.Violations, e.rule)
	}
}

func find(findings []v1alpha1.Finding, rule string) *v1alpha1.Finding {
	i := slices.IndexFunc(findings, func(f v1alpha1.Finding) bool { return f.Rule == rule && f.At == nil })
	if i < 0 {
		return nil
	}
	return &findings[i]
}
