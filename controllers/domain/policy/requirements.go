package policy

import (
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// defaultWarnBefore is how long ahead people are warned where nothing else is said.
const defaultWarnBefore = "P30D"

// documents that the worker must hold. One that expires before the planned end is warned of.
func (j *judgement) documents(p *v1alpha1.CompliancePolicy) {
	if j.Worker == nil {
		return
	}
	for _, name := range p.Spec.RequiredDocuments {
		held := j.Worker.Spec.Documents
		i := slices.IndexFunc(held, func(d v1alpha1.WorkerDocument) bool { return d.Name == name })
		if i < 0 {
			j.violate(finding(p, "asks for the document "+name+", which the worker does not hold",
				"add it to spec.documents of the Worker, or engage somebody who holds it"))
			continue
		}
		if held[i].ExpiresAt == nil {
			continue
		}
		expiry := held[i].ExpiresAt.Time
		if !j.Now.Before(expiry) {
			j.violate(finding(p, "asks for the document "+name+", and the worker's expired at "+stamp(expiry),
				"renew it in spec.documents of the Worker, or engage somebody who holds it"))
			continue
		}
		j.look(expiry)
		if expiry.Before(j.plannedEnd()) && applies(p, expiry) && j.ahead(expiry, defaultWarnBefore) {
			j.warn(finding(p, "asks for the document "+name+", and the worker's expires at "+stamp(expiry)+", before the end of the work",
				"renew it in spec.documents of the Worker until then"), expiry)
		}
	}
}

// steps that the onboarding procedure in force must have.
func (j *judgement) steps(p *v1alpha1.CompliancePolicy) {
	for _, name := range p.Spec.RequiredSteps {
		i := slices.IndexFunc(j.Checklist, func(s v1alpha1.ChecklistStep) bool { return s.Name == name })
		switch {
		case i >= 0 && j.Checklist[i].IsRequired():
		case i >= 0:
			j.violate(finding(p, "asks for the onboarding step "+name+" as a required one, and the checklist in force leaves it to choice",
				"remove required: false from the step, or name another checklist in spec.onboarding.checklistRef"))
		case j.Engagement.Spec.Onboarding != nil && j.Engagement.Spec.Onboarding.Mode == v1alpha1.OnboardingFastTrack:
			j.violate(finding(p, "asks for the onboarding step "+name+", which the fast track of the checklist in force does not keep",
				"mark the step fastTrack, or set spec.onboarding.mode to Full"))
		default:
			j.violate(finding(p, "asks for the onboarding step "+name+", which the checklist in force does not have",
				"add the step to the Checklist, or name one that has it in spec.onboarding.checklistRef"))
		}
	}
}

// tenure is how the person's run is counted for the policy, and nil while nobody is considered. The nearest limit of all policies is kept; one before the planned
// end is warned of.
func (j *judgement) tenure(p *v1alpha1.CompliancePolicy) *tenureView {
	if j.Worker == nil {
		return nil
	}
	rule := p.Spec.Tenure
	if rule == nil {
		return j.counted(v1alpha1.Tenure{})
	}
	run := j.counted(*rule)
	if run == nil || run.Limit == nil {
		return run
	}
	limit := run.Limit.Time
	if j.Tenure == nil || limit.Before(j.Tenure.Limit.Time) {
		j.Tenure = &v1alpha1.TenureStatus{Policy: p.Name, Since: run.Since, Limit: *run.Limit}
	}
	j.look(limit)
	before := rule.WarnBefore
	if before == "" {
		before = defaultWarnBefore
	}
	if limit.Before(j.plannedEnd()) && applies(p, limit) && j.ahead(limit, before) {
		verb := " is reached at "
		if !j.Now.Before(limit) {
			verb = " was reached at "
		}
		j.warn(finding(p, "limits one person's tenure to "+rule.Max+", which"+verb+stamp(limit)+", before the planned end: the engagement ends then, and its access",
			"plan the end or a successor for then"), limit)
	}
	return run
}

// counted is the run as a tenure counts it, remembered because many policies count alike; without a longest tenure it has no limit. It is nil where a period cannot
// be read.
func (j *judgement) counted(rule v1alpha1.Tenure) *tenureView {
	rule.WarnBefore = ""
	run, known := j.runs[rule]
	if known {
		return run
	}
	spans := make([]Span, len(j.History))
	for i := range j.History {
		spans[i] = j.History[i].Span
	}
	next := j.span()
	if rule.Max == "" {
		if since, err := runSince(&rule, spans, next); err == nil {
			run = &tenureView{Since: metav1.NewTime(since), Engagements: j.engagedWith(rule.Across, next)}
		}
	} else if since, limit, err := countTenure(&rule, spans, next); err == nil {
		run = &tenureView{Since: metav1.NewTime(since), Limit: &metav1.Time{Time: limit}, Engagements: j.engagedWith(rule.Across, next)}
	}
	if j.runs == nil {
		j.runs = map[v1alpha1.Tenure]*tenureView{}
	}
	j.runs[rule] = run
	return run
}

func (j *judgement) warn(f v1alpha1.Finding, at time.Time) {
	f.At = &metav1.Time{Time: at.UTC()}
	j.Warnings = append(j.Warnings, f)
}

func (j *judgement) plannedEnd() time.Time { return j.Engagement.Spec.StatementOfWork.End.Time }

// span of the engagement that is judged.
func (j *judgement) span() Span {
	eng := j.Engagement
	pool := eng.Spec.PoolRef.Namespace
	if pool == "" {
		pool = eng.Namespace
	}
	sow := &eng.Spec.StatementOfWork
	return Span{Start: sow.Start.Time, End: sow.End.Time, Pool: pool + "/" + eng.Spec.PoolRef.Name, Namespace: eng.Namespace}
}

// engagedWith are the person's other engagements that are counted together with a span.
func (j *judgement) engagedWith(across v1alpha1.TenureScope, next Span) []engagedView {
	engaged := make([]engagedView, 0, len(j.History))
	for i := range j.History {
		h := &j.History[i]
		if sameTenure(across, h.Span, next) {
			engaged = append(engaged, engagedView{
				Start: metav1.NewTime(h.Start), End: metav1.NewTime(h.End), Namespace: h.Namespace, Pool: h.Pool,
				WorkerType: h.WorkerType, Jurisdiction: h.Jurisdiction, Supplier: h.Supplier, Budget: h.Budget,
			})
		}
	}
	return engaged
}
