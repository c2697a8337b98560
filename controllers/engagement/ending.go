package engagement

import (
	"cmp"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/delivery"
	"github.com/longshore-dev/longshore/controllers/domain/terms"
)

// ended says whether the engagement is over: nothing but winding it up is left.
func (p *pass) ended() bool { return p.st.EndedAt != nil }

// findEnding settles whether the engagement has ended, by what, and when; or else when it will.
// The earliest of all stated ends wins. Once it has passed it is never reconsidered: an end written in Git cannot be taken back by Git.
func (p *pass) findEnding() {
	if p.ended() {
		if t := p.Engagement.Spec.Termination; t != nil && t.Reason.ForCause() {
			p.st.Ending.ForCause = true // a cause found after the end takes the grace away, and Git cannot give it back
		}
		return
	}
	ends := p.ends()
	slices.SortStableFunc(ends, func(a, b v1alpha1.Ending) int { return cmp.Compare(a.At.Unix(), b.At.Unix()) })
	first := ends[0]
	p.st.Ends = first.At.UTC().Format(time.RFC3339)
	if first.At.After(p.Now) {
		p.until(first.At.Time)
		p.st.Ending = nil
		if first.Cause != v1alpha1.EndPlanned {
			p.st.Ending = &first
		}
		return
	}
	p.end(first)
}

// forCause says whether it ended, or ends, for a cause that allows neither grace nor notice.
func (p *pass) forCause() bool { return p.st.Ending != nil && p.st.Ending.ForCause }

func (p *pass) end(e v1alpha1.Ending) {
	if e.NoticedAt == nil {
		e.NoticedAt = metaTime(p.Now)
	}
	p.st.Ending = &e
	p.st.EndedAt = e.At.DeepCopy()
	p.st.Ends = e.At.UTC().Format(time.RFC3339)
}

// ends lists every end that somebody stated or a policy brings, and the planned one. Where two fall on the same second the one listed first counts.
func (p *pass) ends() []v1alpha1.Ending {
	var ends []v1alpha1.Ending
	if p.deleting() {
		ends = append(ends, v1alpha1.Ending{Cause: v1alpha1.EndDeleted, At: *metaTime(earlier(p.Engagement.DeletionTimestamp.Time, p.Now))})
	}
	if e := p.termination(); e != nil {
		ends = append(ends, *e)
	}
	for _, r := range p.counted() {
		if r.Claim != claimEnd {
			continue
		}
		if newest := p.standing(claimEnd, nil)[r.Author]; newest.UID != r.UID {
			continue
		}
		if e := p.attestedEnd(r); e != nil {
			ends = append(ends, *e)
		}
	}
	if at := p.deliveredAt(); at != nil {
		ends = append(ends, v1alpha1.Ending{Cause: v1alpha1.EndDelivered, At: metav1.NewTime(*at)})
	}
	if e := p.complianceEnd(); e != nil {
		ends = append(ends, *e)
	}
	planned := p.plannedEnd()
	if p.engaged() && planned.Before(p.Now) && planned.Before(p.st.Terms.StatementOfWork.End.Time) && p.st.Ends != planned.UTC().Format(time.RFC3339) {
		planned = p.Now // a spec that is dated back ends now
	}
	ends = append(ends, v1alpha1.Ending{Cause: v1alpha1.EndPlanned, At: metav1.NewTime(planned)})
	if e := p.tenureEnd(); e != nil {
		ends = append(ends, *e)
	}
	return ends
}

// termination in the spec. Without an effective time it is effective when first seen; so it is where it is for cause, which allows no notice, and where it is
// dated back, for an end undoes nothing that was stated before it.
func (p *pass) termination() *v1alpha1.Ending {
	t := p.Engagement.Spec.Termination
	if t == nil {
		return nil
	}
	e := v1alpha1.Ending{Cause: v1alpha1.EndTermination, Reason: t.Reason, By: cmp.Or(t.By, v1alpha1.ByRequester), ForCause: t.Reason.ForCause(), NoticedAt: metaTime(p.Now)}
	e.At = *e.NoticedAt
	old := p.st.Ending
	known := old != nil && old.Cause == v1alpha1.EndTermination && old.Reason == t.Reason && old.NoticedAt != nil
	if known {
		e.NoticedAt = old.NoticedAt
	}
	if t.Effective != nil && !e.ForCause && (t.Effective.After(p.Now) || known && t.Effective.Equal(&old.At)) {
		e.At = *t.Effective
	}
	return &e
}

func (p *pass) attestedEnd(r v1alpha1.AttestationRecord) *v1alpha1.Ending {
	e := v1alpha1.Ending{Cause: v1alpha1.EndAttested, At: r.At, NoticedAt: r.At.DeepCopy(), By: v1alpha1.ByRequester}
	switch r.Verdict {
	case v1alpha1.VerdictEndAt:
		e.At = *r.Effective
	case v1alpha1.VerdictResigned:
		e.Cause, e.By = v1alpha1.EndResignation, v1alpha1.ByWorker
		e.At = metav1.NewTime(p.afterNotice(r.At.Time))
		if r.Effective != nil {
			e.At = *r.Effective
		}
	}
	if e.At.Before(&r.At) {
		e.At = r.At // nobody ends in the past
	}
	if r.Verdict == v1alpha1.VerdictEndNow {
		e.At = *metaTime(earlier(r.At.Time, p.Now)) // the API server's clock may be ahead of ours: now is now
	}
	return &e
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func (p *pass) afterNotice(t time.Time) time.Time {
	sow := p.statementOfWork()
	if sow.Terms == nil || sow.Terms.NoticePeriod == "" {
		return t
	}
	end, err := terms.AddPeriod(t, sow.Terms.NoticePeriod)
	if err != nil {
		return t // the schema lets nothing through that does not parse
	}
	return end
}

// deliveredAt is when the last of all deliverables was accepted, once all are. What was handed over is another's to deliver: whoever hands over what is left
// stays until the end that was stated, and it is that end which says how they left.
func (p *pass) deliveredAt() *time.Time {
	if p.st.Phase != v1alpha1.PhaseAssigned {
		return nil
	}
	r := delivery.Evaluate(p.deliveryInput())
	if !r.AllAccepted {
		return nil
	}
	var last time.Time
	for _, d := range r.Deliverables {
		if d.State == v1alpha1.DeliverableHandedOver {
			return nil
		}
		if d.AcceptedAt != nil && d.AcceptedAt.After(last) {
			last = d.AcceptedAt.Time
		}
	}
	return &last
}

// plannedEnd is the narrower of what is accepted and what the spec says now.
func (p *pass) plannedEnd() time.Time {
	if p.engaged() {
		return terms.Narrower(p.st.Terms, &p.Engagement.Spec).End
	}
	return p.Engagement.Spec.StatementOfWork.End.Time
}

// statementOfWork in force: the accepted one or, before that, the spec's.
func (p *pass) statementOfWork() *v1alpha1.StatementOfWork {
	if p.engaged() {
		return terms.Narrower(p.st.Terms, &p.Engagement.Spec).StatementOfWork
	}
	return &p.Engagement.Spec.StatementOfWork
}

// outcome of what has ended.
func (p *pass) outcome() v1alpha1.Outcome {
	e := p.st.Ending
	if !p.engaged() {
		if e.Cause == v1alpha1.EndPlanned {
			return v1alpha1.OutcomeUnfilled
		}
		return v1alpha1.OutcomeCancelled
	}
	switch e.Cause {
	case v1alpha1.EndPlanned, v1alpha1.EndDelivered:
		return v1alpha1.OutcomeCompleted
	case v1alpha1.EndResignation:
		return v1alpha1.OutcomeResigned
	case v1alpha1.EndNoShow:
		return v1alpha1.OutcomeNoShow
	case v1alpha1.EndCompliance, v1alpha1.EndTenure:
		return v1alpha1.OutcomeExpired
	case v1alpha1.EndTermination:
		if e.Reason == v1alpha1.TerminationConverted {
			return v1alpha1.OutcomeConverted
		}
		if e.By == v1alpha1.ByWorker && p.resigned() {
			return v1alpha1.OutcomeResigned
		}
	}
	return v1alpha1.OutcomeTerminated
}

func (p *pass) resigned() bool {
	for _, r := range p.counted() {
		if r.Claim == claimEnd && r.Verdict == v1alpha1.VerdictResigned {
			return true
		}
	}
	return false
}

// rehire is what was decided, or what follows from the end: for cause Ineligible, else Eligible.
func (p *pass) rehire() v1alpha1.Rehire {
	if r := p.latest(claimRehire); r != nil {
		return v1alpha1.Rehire(r.Verdict)
	}
	if p.forCause() {
		return v1alpha1.RehireIneligible
	}
	return v1alpha1.RehireEligible
}
