package main

import (
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/policy"
)

// makePolicies makes fifty, in the shapes of the catalogue and of what companies add to it.
func makePolicies() ([]v1alpha1.CompliancePolicy, error) {
	var all []v1alpha1.CompliancePolicy
	add := func(name string, to *v1alpha1.PolicySelector, change func(*v1alpha1.CompliancePolicySpec)) {
		p := v1alpha1.CompliancePolicy{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID("p-" + name), Generation: 1}}
		p.Spec = v1alpha1.CompliancePolicySpec{AppliesTo: to, EffectiveFrom: *at(-3650), Source: v1alpha1.PolicySource{Title: "The law of " + name}}
		change(&p.Spec)
		all = append(all, p)
	}
	for _, j := range jurisdictions {
		place := strings.ToLower(j)
		add("contractors-"+place, &v1alpha1.PolicySelector{Jurisdictions: []string{j}, WorkerTypes: []v1alpha1.WorkerType{v1alpha1.IndependentContractor}}, byFacts)
		add("contract-"+place, &v1alpha1.PolicySelector{Jurisdictions: []string{j}}, byContract)
	}
	for _, j := range []string{"DE", "FR", "GB", "NL"} {
		add("agency-"+strings.ToLower(j), &v1alpha1.PolicySelector{Jurisdictions: []string{j}, WorkerTypes: []v1alpha1.WorkerType{v1alpha1.AgencyWorker}}, byTenure)
	}
	for i := range 10 {
		add(fmt.Sprintf("pool-%02d", 2*i), &v1alpha1.PolicySelector{Pools: []string{poolName(2 * i)}}, byWorker)
	}
	for _, unit := range units {
		add("unit-"+unit, &v1alpha1.PolicySelector{NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"unit": unit}}}, byTime)
	}
	for i, t := range []v1alpha1.WorkerType{v1alpha1.ServiceProvider, v1alpha1.PayrolledWorker, v1alpha1.FixedTermEmployee, v1alpha1.AgencyWorker} {
		add(fmt.Sprintf("form-%d", i), &v1alpha1.PolicySelector{WorkerTypes: []v1alpha1.WorkerType{t}}, byContract)
	}
	add("company-tenure", nil, byTenure)
	add("company-length", nil, byTime)
	add("company-documents", &v1alpha1.PolicySelector{Pools: []string{poolName(1), poolName(3), poolName(5)}, Jurisdictions: []string{"US", "GB"}}, func(s *v1alpha1.CompliancePolicySpec) {
		s.RequiredDocuments = []string{"insurance"}
	})
	for i := range all {
		if problems := policy.Problems(&all[i].Spec); len(problems) > 0 {
			return nil, fmt.Errorf("policy %s cannot be evaluated: %v", all[i].Name, problems)
		}
	}
	return all, nil
}

func byFacts(s *v1alpha1.CompliancePolicySpec) {
	s.Determination = &v1alpha1.Determination{ValidFor: "P1Y"}
	s.Rules = []v1alpha1.PolicyRule{{
		Name: "all-hold", Enforcement: v1alpha1.EnforceDeny,
		Expression:        "['freeFromControl', 'independentTrade'].all(f, engagement.spec.classification.?facts[?f].orValue('') == 'true')",
		MessageExpression: "'not determined to be true: ' + (engagement.spec.classification.?facts[?'freeFromControl'].orValue('') != 'true' ? 'freeFromControl' : 'independentTrade')",
	}}
}

func byContract(s *v1alpha1.CompliancePolicySpec) {
	s.Rules = []v1alpha1.PolicyRule{{
		Name: "in-writing", Enforcement: v1alpha1.EnforceRequireApproval,
		Expression:        "milli(engagement.spec.statementOfWork.budget.amount) < milli('38000') || engagement.spec.statementOfWork.?terms.?documentURI.orValue('') != ''",
		MessageExpression: "'a contract of ' + engagement.spec.statementOfWork.budget.amount + ' is to be in writing'",
	}}
	s.Retention = "P6Y"
}

func byTenure(s *v1alpha1.CompliancePolicySpec) {
	s.Tenure = &v1alpha1.Tenure{Max: "P24M", ResetGap: "P3M", WarnBefore: "P60D"}
	s.Rules = []v1alpha1.PolicyRule{
		{Name: "equal-pay", Enforcement: v1alpha1.EnforceWarn, WarnBefore: "P30D", Expression: "now < tenure.since.plus('P9M')"},
		{Name: "few", Enforcement: v1alpha1.EnforceWarn, Expression: "sum(tenure.engagements.map(e, milli(e.budget.amount))) < milli('900000')"},
	}
}

func byWorker(s *v1alpha1.CompliancePolicySpec) {
	s.Rules = []v1alpha1.PolicyRule{{Name: "supplied", Enforcement: v1alpha1.EnforceWarn, Expression: "worker.spec.?supplier.orValue('') != '' || worker.spec.?jurisdiction.orValue('') != 'PL'"}}
}

func byTime(s *v1alpha1.CompliancePolicySpec) {
	s.Rules = []v1alpha1.PolicyRule{
		{Name: "not-too-long", Enforcement: v1alpha1.EnforceDeny, Expression: "engagement.spec.statementOfWork.end <= engagement.spec.statementOfWork.start.plus('P24M')"},
		{Name: "reviewed", Enforcement: v1alpha1.EnforceWarn, WarnBefore: "P14D", Expression: "now < engagement.spec.statementOfWork.start.plus('P12M')"},
	}
}

// edit is one change of a policy. Without after the policy is deleted.
type edit struct {
	name          string
	before, after *v1alpha1.CompliancePolicy
}

// edits are one of each shape.
func edits(policies []v1alpha1.CompliancePolicy) ([]edit, error) {
	var all []edit
	for _, e := range []struct {
		name, policy string
		change       func(*v1alpha1.CompliancePolicySpec)
	}{
		{"a country's rule on facts", "contractors-us", func(s *v1alpha1.CompliancePolicySpec) {
			s.Rules[0].Expression = strings.Replace(s.Rules[0].Expression, ", 'independentTrade'", "", 1)
		}},
		{"a state's threshold", "contract-us-ca", func(s *v1alpha1.CompliancePolicySpec) {
			s.Rules[0].Expression = strings.Replace(s.Rules[0].Expression, "38000", "800", 1)
		}},
		{"a country's tenure", "agency-de", func(s *v1alpha1.CompliancePolicySpec) { s.Tenure.Max = "P9M" }},
		{"a pool's rule on workers", "pool-04", func(s *v1alpha1.CompliancePolicySpec) {
			s.Rules[0].Expression = strings.Replace(s.Rules[0].Expression, "'PL'", "'IN'", 1)
		}},
		{"a unit's rule on time", "unit-care", func(s *v1alpha1.CompliancePolicySpec) {
			s.Rules[1].Expression = strings.Replace(s.Rules[1].Expression, "P12M", "P6M", 1)
		}},
		{"a legal form's rule", "form-1", func(s *v1alpha1.CompliancePolicySpec) { s.Rules[0].Enforcement = v1alpha1.EnforceDeny }},
		{"some pools' documents, by place", "company-documents", func(s *v1alpha1.CompliancePolicySpec) { s.RequiredDocuments = []string{"insurance", "permit"} }},
		{"everybody's tenure", "company-tenure", func(s *v1alpha1.CompliancePolicySpec) { s.Tenure.Max = "P18M" }},
		{"the date of an end", "contract-fr", func(s *v1alpha1.CompliancePolicySpec) { s.EffectiveTo = at(-1) }},
		{"from one country to another", "contract-nl", func(s *v1alpha1.CompliancePolicySpec) { s.AppliesTo.Jurisdictions = []string{"PL"} }},
		{"deleted", "contract-gb", nil},
	} {
		before := named(policies, e.policy)
		if before == nil {
			return nil, fmt.Errorf("there is no policy %s to edit", e.policy)
		}
		made := edit{name: e.name, before: before}
		if e.change != nil {
			made.after = before.DeepCopy()
			e.change(&made.after.Spec)
			made.after.Generation++
			if problems := policy.Problems(&made.after.Spec); len(problems) > 0 {
				return nil, fmt.Errorf("%s: the edited policy cannot be evaluated: %v", e.name, problems)
			}
		}
		all = append(all, made)
	}
	return all, nil
}

func named(policies []v1alpha1.CompliancePolicy, name string) *v1alpha1.CompliancePolicy {
	for i := range policies {
		if policies[i].Name == name {
			return &policies[i]
		}
	}
	return nil
}

// specs before and after the edit.
func (e *edit) specs() []*v1alpha1.CompliancePolicySpec {
	if e.after == nil {
		return []*v1alpha1.CompliancePolicySpec{&e.before.Spec}
	}
	return []*v1alpha1.CompliancePolicySpec{&e.before.Spec, &e.after.Spec}
}

// applied are all the policies after the edit.
func (e *edit) applied(policies []v1alpha1.CompliancePolicy) []v1alpha1.CompliancePolicy {
	var all []v1alpha1.CompliancePolicy
	for i := range policies {
		switch {
		case policies[i].Name != e.before.Name:
			all = append(all, policies[i])
		case e.after != nil:
			all = append(all, *e.after)
		}
	}
	return all
}
