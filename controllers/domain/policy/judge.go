package policy

import (
	"slices"
	"strings"
	"time"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/terms"
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
	// WorkerJurisdiction is where a worker works whose object is gone. Only the selection of policies goes by it.
	WorkerJurisdiction string
	// History is what else the worker was, is, or will be engaged in, in all pools.
	History []Engaged
	Now     time.Time

	// considered says that only what depends on the worker is asked.
	considered bool
	views      *views
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
	// ForLegal are the messages of those Violations that neither a requester nor a manager can mend: a determination that lacks, and a policy that cannot be read.
	ForLegal []string
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
	// LookAgain is when to judge again where the search for Next was given up, at least an hour after now; zero if it was not. It is no deadline: nothing may change then.
	LookAgain time.Time
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

// For is the same case with a worker who is considered for the engagement. Its verdict is only what depends on the worker: documents, tenure, rules that read
// worker or tenure, and everything that policies ask which apply for the worker's jurisdiction alone; the rest is what Judge says of the case itself, once for
// all workers. The copies share what rules read of the engagement, and may be judged at the same time.
func (c *Case) For(worker *v1alpha1.Worker, history []Engaged) *Case {
	with := *c
	with.Worker, with.History, with.considered = worker, history, true
	if with.views == nil {
		with.views = c.newViews()
	}
	return &with
}

// Judge evaluates every policy that selects a case, and collects all that they find: in the order of the policies' names, and of each first what it asks for beside
// its rules. Time counts in whole seconds, as the API writes it.
//
// One evaluation of an expression costs at most 100 000 of CEL's units, which is some 10 ms; what costs more is undecided. Looking ahead for the moment at
// which time alone changes the answer may cost as much again, or 256 looks; where that does not find it, LookAgain is where the search was given up.
func Judge(policies []v1alpha1.CompliancePolicy, c *Case) Verdict {
	j := &judgement{Case: *c}
	j.Now = c.Now.UTC().Truncate(time.Second)
	if j.views == nil {
		j.views = c.newViews()
	}
	ordered := make([]*v1alpha1.CompliancePolicy, len(policies))
	for i := range policies {
		ordered[i] = &policies[i]
	}
	slices.SortStableFunc(ordered, func(a, b *v1alpha1.CompliancePolicy) int { return strings.Compare(a.Name, b.Name) })
	selection, withoutWorker := j.selection(), j.selection()
	withoutWorker.WorkerJurisdiction = ""
	for _, p := range ordered {
		if !Covers(&p.Spec, selection) {
			continue
		}
		if t := NextChange(&p.Spec, j.Now); t != nil {
			j.look(*t)
		}
		whole := !j.considered || !Covers(&p.Spec, withoutWorker)
		if !selects(&p.Spec, selection) {
			j.beginning(p, selection, whole)
			continue
		}
		j.Selected++
		j.policy(p, whole)
	}
	return j.Verdict
}

// A judgement is a verdict in the making.
type judgement struct {
	Case
	Verdict
	// runs are how the person's tenure is counted, by the tenures that policies ask for.
	runs map[v1alpha1.Tenure]*tenureView
}

// policy judges by one policy: by all of it, or only by what depends on the worker.
func (j *judgement) policy(p *v1alpha1.CompliancePolicy, whole bool) {
	if whole {
		j.RequiredApprovals = max(j.RequiredApprovals, p.Spec.RequiredApprovals)
	}
	if problems := Problems(&p.Spec); len(problems) > 0 {
		if whole {
			j.leaveToLegal(unreadable(p, problems))
		}
		// A limit that can be read still counts: access must not outlive it because a rule was misspelt.
		j.tenure(p)
		return
	}
	j.documents(p)
	if whole {
		j.steps(p)
	}
	expiry := j.determination(p, whole)
	tenure := j.tenure(p)
	j.rules(p, whole, expiry, tenure)
}

func (j *judgement) violate(f v1alpha1.Finding) { j.Violations = append(j.Violations, f) }

func (j *judgement) leaveToLegal(f v1alpha1.Finding) {
	j.violate(f)
	j.ForLegal = append(j.ForLegal, f.Message)
}

// look says that something changes at a moment, if it is to come. What changes within a second shows at the next.
func (j *judgement) look(t time.Time) {
	if whole := t.Truncate(time.Second); whole.Before(t) {
		t = whole.Add(time.Second)
	}
	if t.After(j.Now) && (j.Next.IsZero() || t.Before(j.Next)) {
		j.Next = t.UTC()
	}
}

// lookAgain says where a search for what changes was given up. A rule that turns, or seems to, every few seconds is asked every hour.
func (j *judgement) lookAgain(t time.Time) {
	if soonest := j.Now.Add(soonestAgain); t.Before(soonest) {
		t = soonest
	}
	if j.LookAgain.IsZero() || t.Before(j.LookAgain) {
		j.LookAgain = t.UTC()
	}
}

// ahead says whether it is time to warn of a moment, so long before it.
func (j *judgement) ahead(at time.Time, before string) bool {
	j.look(at)
	from, err := terms.SubtractPeriod(at, before)
	if err != nil {
		return true // so long before that it was always time
	}
	j.look(from)
	return !j.Now.Before(from)
}

func (c *Case) selection() Selection {
	s := Selection{
		Jurisdiction: c.Engagement.Spec.Classification.Jurisdiction, WorkerType: c.Engagement.Spec.Classification.WorkerType,
		NamespaceLabels: c.NamespaceLabels, Pool: c.Engagement.Spec.PoolRef.Name, Now: c.Now, WorkerJurisdiction: c.WorkerJurisdiction,
	}
	if c.Worker != nil {
		s.WorkerJurisdiction = c.Worker.Spec.Jurisdiction
	}
	return s
}

// applies says whether a policy that applies now will not have ceased by then.
func applies(p *v1alpha1.CompliancePolicy, then time.Time) bool {
	return p.Spec.EffectiveTo == nil || then.Before(p.Spec.EffectiveTo.Time)
}
