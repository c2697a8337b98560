package engagement

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/delivery"
	"github.com/longshore-dev/longshore/controllers/domain/placement"
	"github.com/longshore-dev/longshore/controllers/domain/scoring"
	"github.com/longshore-dev/longshore/controllers/domain/terms"
)

// deliveryResult is what became of the deliverables.
type deliveryResult = delivery.Result

// assign follows the work until it ends.
func (p *pass) assign() bool {
	p.runOffboarding() // wind-down steps open ahead of a planned end
	p.noteWaiting(p.onboarding, "onboarding")
	if p.ended() {
		p.enter(v1alpha1.PhaseEvaluating)
		return true
	}
	p.noteWaiting(p.offboard, "offboarding")
	p.noteScorecard()
	p.noteReviews(false)
	if !p.Engagement.Spec.Suspend {
		p.noteDeliverables()
	}
	return false
}

// runDelivery brings deliverables, KPIs and spend up to date.
func (p *pass) runDelivery() {
	in := p.deliveryInput()
	p.delivery = delivery.Evaluate(in)
	p.st.Deliverables = p.delivery.Deliverables
	if p.delivery.Next != nil {
		p.until(*p.delivery.Next)
	}
	p.st.KPIs = p.computeKPIs(p.delivery.Deliverables, p.Now)
	spend, err := delivery.Spend(p.statementOfWork(), in.Inherited, p.st.Deliverables)
	if spend != nil {
		p.st.Spend = spend
	}
	if err != nil {
		p.stall(v1alpha1.ReasonTermsInvalid, err.Error())
		p.wait("spec/terms", v1alpha1.ActorRequester, p.since("spec/terms"), nil, err.Error())
	}
}

func (p *pass) deliveryInput() delivery.Input {
	in := delivery.Input{StatementOfWork: p.statementOfWork(), Inherited: p.inherited(), HandedOver: p.handedOver(), Now: p.Now}
	for _, r := range p.st.Attestations {
		if strings.HasPrefix(r.Claim, areaDeliverable+"/") {
			in.Records = append(in.Records, r)
		}
	}
	if p.st.EndedAt != nil {
		in.EndedAt = &p.st.EndedAt.Time
	}
	return in
}

// inherited are the deliverables that this engagement took over when its worker accepted.
func (p *pass) inherited() []v1alpha1.Deliverable {
	if p.engaged() {
		return p.st.Terms.Inherited
	}
	return nil
}

// takeOver is what this engagement takes over from the one it replaces, and what is wrong with that.
func (p *pass) takeOver() ([]v1alpha1.Deliverable, []string) {
	r := p.Engagement.Spec.Replaces
	if r == nil || len(r.Deliverables) == 0 || p.Predecessor == nil {
		return nil, nil
	}
	t := p.Predecessor.Status.Terms
	if t == nil {
		return nil, []string{fmt.Sprintf("nobody ever accepted %s, so it has no deliverables to take over; list them in statementOfWork.deliverables", r.Name)}
	}
	from := delivery.Predecessor{StatementOfWork: &t.StatementOfWork, Inherited: t.Inherited, Deliverables: p.Predecessor.Status.Deliverables}
	return delivery.TakeOver(from, &p.Engagement.Spec.StatementOfWork, r.Deliverables)
}

// handedOver are the deliverables that an accepted successor has taken over.
func (p *pass) handedOver() []string {
	var names []string
	for i := range p.Successors {
		if s := &p.Successors[i]; s.Spec.Replaces != nil && s.Status.Terms != nil {
			for _, d := range s.Status.Terms.Inherited {
				names = append(names, d.Name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// handedOverBefore says whether a successor had taken a deliverable over before a moment: from then on it is paid there, and nowhere twice.
func (p *pass) handedOverBefore(name string, at metav1.Time) bool {
	return slices.ContainsFunc(p.Successors, func(s v1alpha1.Engagement) bool {
		t := s.Status.Terms
		return s.Spec.Replaces != nil && t != nil && t.AcceptedAt.Before(&at) && slices.ContainsFunc(t.Inherited, func(d v1alpha1.Deliverable) bool { return d.Name == name })
	})
}

// deliverable in force by name, the engagement's own or one taken over.
func (p *pass) deliverable(name string) *v1alpha1.Deliverable {
	for _, list := range [][]v1alpha1.Deliverable{p.statementOfWork().Deliverables, p.inherited()} {
		for i := range list {
			if list[i].Name == name {
				return &list[i]
			}
		}
	}
	return nil
}

// acceptBy is until when submitted work can still be accepted after the end.
func (p *pass) acceptBy() time.Time {
	return p.st.EndedAt.Add(terms.AcceptWithin(p.statementOfWork()))
}

func (p *pass) endedAt() time.Time {
	if p.st.EndedAt == nil {
		return time.Time{}
	}
	return p.st.EndedAt.Time
}

func (p *pass) computeKPIs(ds []v1alpha1.DeliverableStatus, now time.Time) []v1alpha1.KPIValue {
	card := p.scorecard()
	if card == nil {
		return p.st.KPIs
	}
	facts := scoring.Facts{
		NoShow:  p.st.Ending != nil && p.st.Ending.Cause == v1alpha1.EndNoShow,
		Started: !p.enteredAt(v1alpha1.PhaseAssigned).IsZero(),
	}
	facts.PointsAccepted, _ = delivery.PointsAccepted(p.statementOfWork(), ds, p.inherited()...)
	facts.OnTime, facts.Due = delivery.OnTimeRate(ds, now)
	facts.Rounds, facts.Submitted = delivery.RevisionRounds(ds)
	assigned := placement.FactsAt(p.Assignments, now)
	facts.PointsAccepted += assigned.Points
	facts.OnTime, facts.Due = facts.OnTime+assigned.OnTime, facts.Due+assigned.Due
	facts.Rounds, facts.Submitted = facts.Rounds+assigned.Rounds, facts.Submitted+assigned.Submitted
	return scoring.ComputeKPIs(&card.Spec, facts)
}

// noteDeliverables notes who is to submit and who is to accept.
func (p *pass) noteDeliverables() {
	for _, w := range p.delivery.Waiting {
		since := w.Since
		if assigned := p.enteredAt(v1alpha1.PhaseAssigned); since.Before(assigned) {
			since = assigned
		}
		p.wait(areaDeliverable+"/"+w.Deliverable, w.Who, since, w.Due, w.Message)
	}
	if late := p.delivery.Overdue; len(late) > 0 {
		p.stall(v1alpha1.ReasonDeliverableOverdue, fmt.Sprintf("overdue: %s; the worker submits it, or the terms are amended", strings.Join(late, ", ")))
	}
}

// noteReviews counts periodic evaluations by period and asks for the one that is due.
// A period's evaluation can be given from the period's start until the next one's evaluation is due; after that it is missed. After the end no next one falls due:
// the evaluation of the last period that is over can be given until the file is sealed.
func (p *pass) noteReviews(sealing bool) {
	plan := p.Engagement.Spec.Evaluation
	if plan == nil || plan.Cadence == nil || plan.Cadence.Duration <= 0 {
		return
	}
	assigned := p.enteredAt(v1alpha1.PhaseAssigned)
	if assigned.IsZero() {
		return // work never began, so no period did
	}
	full := max(p.periodsOver(p.Now), 0)
	gone := max(full-1, 0)
	if sealing {
		gone = full
	}
	given, past := map[string]bool{}, int64(0)
	for _, e := range p.st.Evaluations {
		if e.Kind != v1alpha1.EvaluationPeriodic || given[e.Period] {
			continue
		}
		given[e.Period] = true
		if n, err := strconv.ParseInt(e.Period, 10, 64); err == nil && n <= gone {
			past++
		}
	}
	r := &v1alpha1.ReviewStatus{Missed: count(gone - past)}
	for range given {
		r.Held++
	}
	p.st.Reviews = r
	if p.ended() {
		return
	}
	r.NextDue = metaTime(p.periodEnd(full + 1).Truncate(time.Second))
	p.until(r.NextDue.Time)
	if full < 1 || given[fmt.Sprint(full)] {
		return
	}
	due := p.periodEnd(full)
	what := fmt.Sprintf("evaluation/period-%d", full)
	message := fmt.Sprintf("give the evaluation of period %d by scorecard %s; it was due at %s and is missed when the next falls due", full, plan.ScorecardRef.Name, due.UTC().Format(time.RFC3339))
	p.wait(what, v1alpha1.ActorReviewer, due, &r.NextDue.Time, message)
	if gone > 0 && !given[fmt.Sprint(gone)] { // what was missed cannot be given any more: it is mended by the next that is given
		p.stall(v1alpha1.ReasonReviewOverdue, fmt.Sprintf("%d periodic evaluations were missed, that of period %d the last; give that of period %d", r.Missed, gone, full))
	}
}

// cadence is how long a period is.
func (p *pass) cadence() time.Duration {
	return max(p.Engagement.Spec.Evaluation.Cadence.Duration, time.Second)
}

// periodsOver is how many periods were over at a moment; none ends after the work has. The evaluation of the last of them can still be given then.
func (p *pass) periodsOver(at time.Time) int64 {
	if p.ended() {
		at = earlier(at, p.st.EndedAt.Time)
	}
	return int64(at.Sub(p.enteredAt(v1alpha1.PhaseAssigned)) / p.cadence())
}

// periodEnd is when a period is over, and its evaluation due.
func (p *pass) periodEnd(n int64) time.Time {
	return p.enteredAt(v1alpha1.PhaseAssigned).Add(time.Duration(n) * p.cadence())
}

// count fits a number into a status field.
func count(n int64) int32 {
	return int32(min(max(n, 0), math.MaxInt32))
}
