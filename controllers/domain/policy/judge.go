package policy

import (
	"time"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// Case is what policies judge: one engagement, with the worker who is engaged in it, considered for it, or nobody yet.
type Case struct {
	Engagement *v1alpha1.Engagement
	// NamespaceLabels are the labels of the engagement's namespace.
	NamespaceLabels map[string]string
	// Statements about the engagement that count.
	Statements []v1alpha1.AttestationRecord
	// Classification is the digest of spec.classification, which a determination has to cover.
	Classification string
	Pool           *v1alpha1.TalentPool
	// Checklist is the onboarding procedure in force: the steps that the engagement's mode keeps.
	Checklist []v1alpha1.ChecklistStep
	// Worker is nil while nobody is considered. Rules that read the worker or the tenure are left out then.
	Worker *v1alpha1.Worker
	// History is what else the worker was, is, or will be engaged in, in all pools.
	History []Engaged
	Now     time.Time
}

// Engaged is one engagement of a person.
type Engaged struct {
	Span
	WorkerType   v1alpha1.WorkerType
	Jurisdiction string
	Supplier     string
	// Budget that was agreed upon.
	Budget v1alpha1.Money
}

// Verdict is what all policies that select a case say, in the order of their names and rules.
type Verdict struct {
	// Selected is how many policies select the case.
	Selected int
	// Violations are what does not hold and is enforced as Deny or End, and what could not be evaluated.
	Violations []v1alpha1.Finding
	// Approvals are the rules that do not hold and ask for one approver more; together they ask for one.
	Approvals []v1alpha1.Finding
	Warnings  []v1alpha1.Finding
	// RequiredApprovals is the smallest number of approvers that the policies ask for, without what Approvals add; 0 if none does.
	RequiredApprovals int32
	// Tenure is the nearest limit, or nil.
	Tenure *v1alpha1.TenureStatus
	// Determination that counts, or nil.
	Determination *v1alpha1.DeterminationStatus
	// Next is the earliest moment after now at which time alone changes any of this; zero if never.
	Next time.Time
}

// Ends is the first rule that does not hold and ends the engagement, or nil.
func (v *Verdict) Ends() *v1alpha1.Finding {
	for i := range v.Violations {
		if v.Violations[i].Enforcement == v1alpha1.EnforceEnd && !v.Violations[i].Undecided {
			return &v.Violations[i]
		}
	}
	return nil
}

// Judge evaluates every policy that selects a case.
func Judge(policies []v1alpha1.CompliancePolicy, c *Case) Verdict {
	var v Verdict
	for i := range policies {
		p := &policies[i]
		if t := NextChange(&p.Spec, c.Now); t != nil && (v.Next.IsZero() || t.Before(v.Next)) {
			v.Next = *t
		}
		if !Selects(&p.Spec, c.selection()) {
			continue
		}
		v.Selected++
		v.Violations = append(v.Violations, v1alpha1.Finding{Policy: p.Name, Undecided: true, Message: "policy " + p.Name + " applies (" + p.Spec.Source.Title + ") and cannot be evaluated"})
	}
	return v
}

func (c *Case) selection() Selection {
	s := Selection{
		Jurisdiction: c.Engagement.Spec.Classification.Jurisdiction, WorkerType: c.Engagement.Spec.Classification.WorkerType,
		NamespaceLabels: c.NamespaceLabels, Pool: c.Engagement.Spec.PoolRef.Name, Now: c.Now,
	}
	if c.Worker != nil {
		s.WorkerJurisdiction = c.Worker.Spec.Jurisdiction
	}
	return s
}

// Problems says what keeps a policy from being evaluated: expressions that do not compile, are of the wrong type, or read what the policy does not ask for.
func Problems(*v1alpha1.CompliancePolicySpec) []string { return nil }

// Retention is until when the policies that select a case demand that its sealed file be kept, and which of them demands the longest, with its source.
// Without such a policy it is nil.
func Retention([]v1alpha1.CompliancePolicy, *Case, time.Time) (until *time.Time, by string) {
	return nil, ""
}
