package engagement

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/policy"
	"github.com/longshore-dev/longshore/controllers/domain/terms"
)

const (
	waitPolicies = "compliance/policies"
	waitLegal    = "compliance/legal"
)

// question tells apart what policies are asked in one pass. What else they read does not change while a pass runs.
type question struct {
	about  subject
	worker types.UID
	// terms that were accepted, or empty.
	terms string
	phase v1alpha1.Phase
	said  int
}

// subject is what a question is about.
type subject int

const (
	// inForce asks about the engagement by the terms in force.
	inForce subject = iota
	// candidacy asks what depends on a candidate, and nothing else.
	candidacy
	// amendment asks about the terms that are proposed in place of the accepted ones.
	amendment
)

// verdict is what the policies say of the engagement as it is: by the terms in force, with whoever is engaged or, before that, pinned. Rules that read the worker
// are left out while it is not known who that will be.
func (p *pass) verdict() *policy.Verdict {
	w := p.judgedWith()
	v := p.ask(inForce, w)
	if p.engaged() && w == nil {
		v.Tenure = p.knownTenure()
	}
	return v
}

// knownTenure is the limit that was known when the Worker object was still there, as long as its policy limits tenure: the person's tenure goes on without it.
func (p *pass) knownTenure() *v1alpha1.TenureStatus {
	if p.st.Compliance == nil || p.st.Compliance.Tenure == nil {
		return nil
	}
	known := p.st.Compliance.Tenure
	if !slices.ContainsFunc(p.Policies, func(cp v1alpha1.CompliancePolicy) bool { return cp.Name == known.Policy && cp.Spec.Tenure != nil }) {
		return nil
	}
	return known
}

// verdictOn is what the policies say of a candidate, beside what they say of the engagement whoever has it.
func (p *pass) verdictOn(w *v1alpha1.Worker) *policy.Verdict { return p.ask(candidacy, w) }

// verdictOfAmendment is what the policies say of the changed terms that are proposed.
func (p *pass) verdictOfAmendment() *policy.Verdict { return p.ask(amendment, p.judgedWith()) }

func (p *pass) judgedWith() *v1alpha1.Worker {
	if p.st.Worker != nil {
		return p.worker()
	}
	if ref := p.Engagement.Spec.WorkerRef; ref != nil {
		return p.workerNamed(ref.Name)
	}
	return nil
}

func (p *pass) ask(about subject, w *v1alpha1.Worker) *policy.Verdict {
	if len(p.Policies) == 0 {
		return &policy.Verdict{}
	}
	key := question{about: about, phase: p.st.Phase, said: p.said()}
	if w != nil {
		key.worker = w.UID
	}
	if p.engaged() {
		key.terms = p.st.Terms.Hash
	}
	if v := p.verdicts[key]; v != nil {
		return v
	}
	v := policy.Judge(p.Policies, p.caseOf(about, w))
	v.Next = atSecond(v.Next)
	p.until(v.Next)
	p.until(v.LookAgain)
	if p.verdicts == nil {
		p.verdicts = map[question]*policy.Verdict{}
	}
	p.verdicts[key] = &v
	return &v
}

// atSecond is the first whole second, the precision of every pass, at which a moment has come.
func atSecond(t time.Time) time.Time {
	if whole := t.Truncate(time.Second); whole.Before(t) {
		return whole.Add(time.Second)
	}
	return t
}

func (p *pass) caseOf(about subject, w *v1alpha1.Worker) *policy.Case {
	if about == candidacy {
		if p.candidacies == nil {
			p.candidacies = p.caseOf(inForce, nil)
		}
		return p.candidacies.For(w, p.history(w))
	}
	c := &policy.Case{Engagement: p.engagementInForce(), Pool: p.Pool, Checklist: p.checklistInForce(), Now: p.Now}
	if about == amendment {
		c.Engagement.Spec = p.Engagement.Spec
	}
	if p.Namespace != nil {
		c.NamespaceLabels = p.Namespace.Labels
	}
	c.Classification = classificationHash(&c.Engagement.Spec.Classification)
	c.Statements = slices.DeleteFunc(p.counted(), func(r v1alpha1.AttestationRecord) bool {
		// Whoever became a requester or the worker since then no longer counts as independent.
		return r.Claim == claimDetermination && (p.requesters()[r.Author] || p.isWorker(r.Author, r.OnBehalfOf))
	})
	switch {
	case w != nil:
		c.Worker, c.History = w, p.history(w)
	case p.st.Worker != nil:
		c.WorkerJurisdiction = p.st.Worker.Jurisdiction
	}
	return c
}

// history is what else a person was, is, or will be engaged in.
func (p *pass) history(w *v1alpha1.Worker) []policy.Engaged {
	var others []policy.Engaged
	for _, e := range p.Load[w.Spec.PersonKey].History {
		if e.UID != p.Engagement.UID {
			others = append(others, e.Engaged)
		}
	}
	return others
}

// engagementInForce is the engagement by the terms that count: what is proposed changes nothing until both sides agree, but for what is narrower.
func (p *pass) engagementInForce() *v1alpha1.Engagement {
	eng := *p.Engagement
	eng.Status = *p.st
	if !p.engaged() {
		return &eng
	}
	spec := &eng.Spec
	now := terms.Narrower(p.st.Terms, spec)
	spec.StatementOfWork, spec.Classification, spec.Access = *now.StatementOfWork, p.st.Terms.Classification, nil
	spec.StatementOfWork.End = metav1.NewTime(now.End)
	for _, profile := range now.Access {
		spec.Access = append(spec.Access, v1alpha1.AccessRequest{Name: profile})
	}
	if spec.Offboarding != nil {
		offboarding := *spec.Offboarding
		offboarding.AccessGrace = &metav1.Duration{Duration: now.Grace}
		spec.Offboarding = &offboarding
	}
	return &eng
}

// classificationHash is the digest of a classification. What cannot be digested no determination covers.
func classificationHash(class *v1alpha1.Classification) string {
	hash, err := terms.ClassificationHash(class)
	if err != nil {
		return ""
	}
	return hash
}

// checklistInForce are the steps of the onboarding procedure that its mode keeps.
func (p *pass) checklistInForce() []v1alpha1.ChecklistStep {
	mode := v1alpha1.OnboardingFull
	if o := p.Engagement.Spec.Onboarding; o != nil && o.Mode != "" {
		mode = o.Mode
	}
	if o := p.st.Onboarding; o != nil {
		mode = o.Mode
	}
	steps := p.onboardingSteps()
	if mode != v1alpha1.OnboardingFastTrack {
		return steps
	}
	return slices.DeleteFunc(slices.Clone(steps), func(s v1alpha1.ChecklistStep) bool { return !s.FastTrack })
}

// complianceHolds says which findings hold the engagement: what is denied before what could not be evaluated.
func (p *pass) complianceHolds() []finding {
	var denied, unknown []finding
	for _, f := range p.verdict().Violations {
		if f.Undecided {
			unknown = append(unknown, finding{v1alpha1.ReasonComplianceUnknown, f.Message})
		} else {
			denied = append(denied, finding{v1alpha1.ReasonComplianceViolation, f.Message})
		}
	}
	return append(denied, unknown...)
}

// waitForCompliance asks whoever can see to what holds the engagement: legal for what nobody else may decide, before the one who sees to the rest.
func (p *pass) waitForCompliance(held []finding, who string) {
	ours, legal := []string{}, []string{}
	for _, f := range held {
		if slices.Contains(p.verdict().ForLegal, f.Message) {
			legal = append(legal, f.Message)
		} else {
			ours = append(ours, f.Message)
		}
	}
	p.waitForFindings(waitLegal, v1alpha1.RoleLegal, legal)
	p.waitForFindings(waitPolicies, who, ours)
}

func (p *pass) waitForFindings(what, who string, messages []string) {
	if len(messages) == 0 {
		return
	}
	message := messages[0]
	if n := len(messages) - 1; n > 0 {
		message = fmt.Sprintf("%s; and %d more, see status.compliance.violations", truncate(message, 900), n)
	}
	p.wait(what, who, p.since(what), nil, message)
}

// heldWith says why the policies do not let a candidate be engaged in these terms, or nothing.
func (p *pass) heldWith(w *v1alpha1.Worker) string {
	v := p.verdictOn(w)
	if i := slices.IndexFunc(v.Violations, func(f v1alpha1.Finding) bool { return !f.Undecided }); i >= 0 {
		return v.Violations[i].Message
	}
	if len(v.Violations) > 0 {
		return v.Violations[0].Message
	}
	if o := p.candidateLacks(w); o != nil {
		return o.message
	}
	return ""
}

// candidateLacks is an approval that the policies ask for because of a candidate, beyond those that the engagement itself needs, or nil.
func (p *pass) candidateLacks(w *v1alpha1.Worker) *outstanding {
	v := p.verdictOn(w)
	need := p.approvers(p.verdict(), v)
	short := p.shortOf(need, proposedHash(p.st))
	if short == nil || need <= p.approvers(p.verdict()) {
		return nil
	}
	why := "the policies of where they work ask for more approvers"
	if len(v.Approvals) > 0 {
		why = v.Approvals[0].Message
	}
	return &outstanding{short.claim, why + ": " + short.ask()}
}

// waitForCandidates asks for the approval that keeps candidates from the work whom nothing else in the policies does; for the first of them by name.
func (p *pass) waitForCandidates(workers ...v1alpha1.Worker) {
	var first string
	var lacking *outstanding
	for i := range workers {
		w := &workers[i]
		if lacking != nil && w.Name > first || !p.judgeable(w) || len(p.verdictOn(w).Violations) > 0 {
			continue
		}
		if o := p.candidateLacks(w); o != nil {
			first, lacking = w.Name, o
		}
	}
	if lacking != nil {
		p.wait(lacking.claim, v1alpha1.ActorApprover, p.since(lacking.claim), nil, fmt.Sprintf("for %s: %s", first, lacking.message))
	}
}

// newlyHeld says which policy the changed terms would break that the accepted ones do not, or nothing. What is broken already does not keep people from mending
// something else, but nothing that holds new and wider grants lets the terms themselves become wider.
func (p *pass) newlyHeld(change terms.Change) string {
	var messages []string
	var known []v1alpha1.Finding
	if !change.Dearer && !change.Longer && !change.MoreAccess {
		known = p.verdict().Violations
	}
	for _, f := range p.verdictOfAmendment().Violations {
		if !slices.ContainsFunc(known, func(k v1alpha1.Finding) bool {
			return k.Policy == f.Policy && k.Rule == f.Rule && k.Undecided == f.Undecided && k.Message == f.Message
		}) {
			messages = append(messages, f.Message)
		}
	}
	return strings.Join(messages, "; ")
}

// complianceEnd is the end that a rule brings about, now, for whoever is engaged; nil if none does.
func (p *pass) complianceEnd() *v1alpha1.Ending {
	if !p.engaged() || p.verdict().Ends() == nil {
		return nil
	}
	return &v1alpha1.Ending{Cause: v1alpha1.EndCompliance, At: metav1.NewTime(p.Now), NoticedAt: metaTime(p.Now)}
}

// tenureEnd is the end at the tenure limit, or nil. One that had passed before anybody could know of it ends now: what was done meanwhile was done in the engagement.
func (p *pass) tenureEnd() *v1alpha1.Ending {
	limit := p.tenureLimit()
	if limit == nil {
		return nil
	}
	e := &v1alpha1.Ending{Cause: v1alpha1.EndTenure, At: metav1.NewTime(*limit), NoticedAt: metaTime(p.Now)}
	old := p.st.Ending
	if old != nil && old.Cause == v1alpha1.EndTenure && old.NoticedAt != nil {
		e.NoticedAt = old.NoticedAt
		if old.At.Equal(&e.At) {
			return e
		}
	}
	if !limit.After(p.Now) {
		e.At = metav1.NewTime(p.Now)
	}
	return e
}

// tenureLimit is when the person who is engaged may be engaged no longer, or nil.
func (p *pass) tenureLimit() *time.Time {
	if !p.engaged() || p.verdict().Tenure == nil {
		return nil
	}
	return &p.verdict().Tenure.Limit.Time
}

// endsByRule says whether it ended, or ends, by a rule of compliance: no access outlives that.
func (p *pass) endsByRule() bool {
	e := p.st.Ending
	return e != nil && (e.Cause == v1alpha1.EndCompliance || e.Cause == v1alpha1.EndTenure)
}

// noteCompliance brings status.compliance up to date.
func (p *pass) noteCompliance() {
	v := p.verdict()
	c := &v1alpha1.ComplianceStatus{Tenure: v.Tenure.DeepCopy(), Determination: v.Determination.DeepCopy()}
	if !v.Next.IsZero() {
		c.NextDeadline = metaTime(v.Next)
	}
	if need := p.approvers(v); need > p.askedApprovals() {
		c.RequiredApprovals = int32(need) //nolint:gosec // At most a few dozen.
	}
	c.Violations, c.Warnings = slices.Clone(v.Violations), slices.Clone(v.Warnings)
	if p.approvalsOutstanding(v) {
		c.Violations = append(c.Violations, v.Approvals...)
	} else {
		c.Warnings = append(c.Warnings, v.Approvals...)
	}
	c.Violations, c.Warnings = bounded(c.Violations), bounded(c.Warnings)
	p.st.Compliance = c
	if equality.Semantic.DeepEqual(c, &v1alpha1.ComplianceStatus{}) {
		p.st.Compliance = nil
	}
}

// bounded is what of findings a status takes.
func bounded(findings []v1alpha1.Finding) []v1alpha1.Finding {
	findings = findings[:min(len(findings), maxFindings)] // the first say enough to know whom to ask
	for i := range findings {
		f := &findings[i]
		f.Message = truncate(f.Message, 1024)
		if f.At != nil {
			f.At = metaTime(atSecond(f.At.Time))
		}
	}
	return findings
}

func (p *pass) setCompliant() {
	if p.isClosed() {
		return
	}
	v := p.verdict()
	held := p.complianceHolds()
	var messages []string
	for _, f := range held {
		messages = append(messages, f.Message)
	}
	message := strings.Join(messages, "; ")
	switch {
	case len(held) > 0 && held[0].Reason == v1alpha1.ReasonComplianceViolation:
		p.set(v1alpha1.ConditionCompliant, metav1.ConditionFalse, v1alpha1.ReasonComplianceViolation, message)
	case len(held) > 0:
		p.set(v1alpha1.ConditionCompliant, metav1.ConditionUnknown, v1alpha1.ReasonComplianceUnknown, message)
	case p.unsettled() != nil:
		p.set(v1alpha1.ConditionCompliant, metav1.ConditionFalse, v1alpha1.ReasonApprovalRequired, p.unsettled().message)
	case v.Selected > 0 && p.engaged() && p.judgedWith() == nil:
		p.set(v1alpha1.ConditionCompliant, metav1.ConditionUnknown, v1alpha1.ReasonComplianceUnknown, fmt.Sprintf("what policies ask of the worker cannot be judged while the Worker object is gone: a Worker with the same personKey in namespace %s mends that; what they ask of the engagement itself holds", p.st.Worker.Namespace))
	case v.Selected == 0:
		p.set(v1alpha1.ConditionCompliant, metav1.ConditionTrue, v1alpha1.ReasonHolds, "no policy selects this engagement")
	case v.Selected == 1:
		p.set(v1alpha1.ConditionCompliant, metav1.ConditionTrue, v1alpha1.ReasonHolds, "1 policy applies and holds")
	default:
		p.set(v1alpha1.ConditionCompliant, metav1.ConditionTrue, v1alpha1.ReasonHolds, fmt.Sprintf("%d policies apply and hold", v.Selected))
	}
}
