// Package delivery derives from people's statements how far each deliverable is, whom it waits for, and what it costs.
package delivery

import (
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/terms"
)

// area is the part of a claim before the deliverable's name.
const area = "deliverable/"

// Claim is what an attestation says something about when it speaks of the deliverable.
func Claim(name string) string {
	return area + name
}

// Input is what is known of an engagement's deliverables.
type Input struct {
	// StatementOfWork in force.
	StatementOfWork *v1alpha1.StatementOfWork
	// Inherited are taken over from a predecessor. The statement of work's own deliverable of the same name takes the place of
	// an inherited one.
	Inherited []v1alpha1.Deliverable
	// HandedOver names those that a successor took over.
	HandedOver []string
	// Records that count, in any order; those about anything else are passed over.
	Records []v1alpha1.AttestationRecord
	// EndedAt is when the work ended, nil while it goes on.
	EndedAt *time.Time
	// Now is the moment of which the result speaks.
	Now time.Time
}

// Result is how far the deliverables are.
type Result struct {
	// Deliverables, the statement of work's own first, in its order.
	Deliverables []v1alpha1.DeliverableStatus
	// AllAccepted says that at least one deliverable is accepted and none is left: the others are accepted, in whole or in part,
	// or taken over by a successor.
	AllAccepted bool
	// Undecided were submitted in time and still wait to be accepted, revised or settled.
	Undecided []string
	// LapseAt is the end plus acceptWithin, when what is undecided lapses; nil while the work goes on.
	LapseAt *time.Time
	// Overdue were not submitted when due and still can be.
	Overdue []string
	// Next is the earliest moment after Now at which time alone changes the result, if there is one.
	Next *time.Time
	// Waiting says whom each deliverable waits for.
	Waiting []Wait
}

// Wait says whom a deliverable waits for.
type Wait struct {
	// Deliverable by name.
	Deliverable string
	// Who is Worker or Manager.
	Who string
	// Since when.
	Since time.Time
	// Due is when the wait becomes overdue, if it has a limit.
	Due *time.Time
	// Message says in words what to do; it names nobody.
	Message string
}

// Evaluate derives the state of every deliverable from the records, whatever their order; the rules stand at history.
func Evaluate(in Input) Result {
	if in.StatementOfWork == nil {
		return Result{}
	}
	e := evaluation{Input: in}
	if in.EndedAt != nil {
		end := in.EndedAt.UTC().Truncate(time.Second)
		lapse := end.Add(terms.AcceptWithin(in.StatementOfWork))
		e.end, e.result.LapseAt = &end, &lapse
		e.ended, e.lapsed = !in.Now.Before(end), !in.Now.Before(lapse)
		e.changesAt(end)
	}
	for _, d := range inWork(in.StatementOfWork, in.Inherited) {
		e.deliverable(&d)
	}
	e.result.AllAccepted = e.accepted > 0 && e.left == 0
	if len(e.result.Undecided) > 0 && e.result.LapseAt != nil {
		e.changesAt(*e.result.LapseAt)
	}
	return e.result
}

// Problem says why a record about a deliverable cannot count, and what to do; it is empty for one that can and for one about
// anything else. Evaluate passes over records with a problem.
func Problem(sow *v1alpha1.StatementOfWork, inherited []v1alpha1.Deliverable, r *v1alpha1.AttestationRecord) string {
	name, about := strings.CutPrefix(r.Claim, area)
	if !about {
		return ""
	}
	deliverables := inWork(sow, inherited)
	i := slices.IndexFunc(deliverables, func(d v1alpha1.Deliverable) bool { return d.Name == name })
	if i < 0 {
		return fmt.Sprintf("the statement of work has no deliverable %s: state it of one that it names", name)
	}
	return problem(sow, &deliverables[i], r)
}

func problem(sow *v1alpha1.StatementOfWork, d *v1alpha1.Deliverable, r *v1alpha1.AttestationRecord) string {
	if r.Verdict != v1alpha1.VerdictPartlyAccepted {
		return ""
	}
	amount, err := terms.ParseAmount(r.Amount)
	if err != nil {
		return fmt.Sprintf("%s: state it again with the amount that is accepted", err)
	}
	price, priced, err := terms.Price(sow, d)
	switch {
	case err != nil:
		return fmt.Sprintf("%s: correct the statement of work, then state it again", err)
	case !priced:
		return fmt.Sprintf("deliverable %s has no amount of which a part could be accepted: state Accepted or Revise, or agree on an amount first", d.Name)
	case amount == 0:
		return fmt.Sprintf("nothing of deliverable %s is accepted by the amount 0: state the amount that is accepted, or Revise", d.Name)
	case amount > price:
		return fmt.Sprintf("the amount %s is more than the %s that deliverable %s pays: state at most that, or Accepted", amount, price, d.Name)
	}
	return ""
}

// inWork lists the deliverables of an engagement, own and inherited. A date that had passed before this work began was nobody's
// to keep: such a deliverable is due at the end.
func inWork(sow *v1alpha1.StatementOfWork, inherited []v1alpha1.Deliverable) []v1alpha1.Deliverable {
	deliverables := make([]v1alpha1.Deliverable, 0, len(sow.Deliverables)+len(inherited))
	seen := map[string]bool{}
	for _, d := range sow.Deliverables {
		if !seen[d.Name] {
			deliverables = append(deliverables, d)
		}
		seen[d.Name] = true
	}
	for _, d := range inherited {
		if d.Due.Time.Before(sow.Start.Time) {
			d.Due = sow.End
		}
		if !seen[d.Name] {
			deliverables = append(deliverables, d)
		}
		seen[d.Name] = true
	}
	return deliverables
}

// evaluation is an Input on the way to its Result.
type evaluation struct {
	Input
	end            *time.Time
	ended, lapsed  bool
	accepted, left int
	result         Result
}

// changesAt notes a moment at which time alone changes the result.
func (e *evaluation) changesAt(at time.Time) {
	if at.After(e.Now) && (e.result.Next == nil || at.Before(*e.result.Next)) {
		e.result.Next = &at
	}
}

func (e *evaluation) deliverable(d *v1alpha1.Deliverable) {
	h := e.history(d)
	state := e.state(d.Name, h)
	status := v1alpha1.DeliverableStatus{Name: d.Name, State: state, SubmittedAt: stamped(h.first), OnTime: e.onTime(d, h, state)}
	status.Rounds, status.ClientRounds = h.rounds, h.clientRounds
	if h.disputed == nil {
		status.Rounds, status.ClientRounds = h.roundsSoFar()
	}

	switch state {
	case v1alpha1.DeliverableAccepted, v1alpha1.DeliverablePartlyAccepted:
		e.accepted++
		status.AcceptedAt = stamped(&h.since)
		if h.priced {
			status.AcceptedAmount = h.decided.amount.String()
		}
	case v1alpha1.DeliverableHandedOver:
	case v1alpha1.DeliverableOpen, v1alpha1.DeliverableSubmitted, v1alpha1.DeliverableRevise, v1alpha1.DeliverableDisputed:
		e.left++
		if h.first != nil {
			e.result.Undecided = append(e.result.Undecided, d.Name)
		} else if status.OnTime != nil {
			e.result.Overdue = append(e.result.Overdue, d.Name)
		}
		e.result.Waiting = append(e.result.Waiting, e.wait(d, h, state, status.Rounds))
	default:
		e.left++
	}
	e.result.Deliverables = append(e.result.Deliverables, status)
}

func (e *evaluation) history(d *v1alpha1.Deliverable) *history {
	h := &history{end: e.end, lapse: e.result.LapseAt}
	// A price that cannot be read is reported by the terms' own check; until it is corrected nothing is paid for.
	if price, priced, err := terms.Price(e.StatementOfWork, d); err == nil {
		h.price, h.priced = price, priced
	}
	var records []v1alpha1.AttestationRecord
	for i := range e.Records {
		r := &e.Records[i]
		if r.Claim == Claim(d.Name) && r.Ignored == "" && problem(e.StatementOfWork, d, r) == "" {
			records = append(records, *r)
		}
	}
	h.read(records)
	return h
}

func (e *evaluation) state(name string, h *history) v1alpha1.DeliverableState {
	switch {
	case h.decided.accepts() && (h.disputed == nil || e.lapsed):
		return h.decided.state
	case slices.Contains(e.HandedOver, name) && !h.decided.accepts():
		return v1alpha1.DeliverableHandedOver
	case e.lapsed, e.ended && h.first == nil:
		return v1alpha1.DeliverableLapsed
	case h.disputed != nil:
		return v1alpha1.DeliverableDisputed
	case h.first == nil:
		return v1alpha1.DeliverableOpen
	default:
		return h.decided.state
	}
}

// tick is the API server's: what was said within the second in which it was due was said in time, and only in the next second
// is it certain that nothing was.
const tick = time.Second

// onTime is decided by the first submission; without one it is late once the due time has passed, as long as the work goes on
// and is this worker's. It is nil while it can still be on time, if that was cut short, and if the client caused the delay.
func (e *evaluation) onTime(d *v1alpha1.Deliverable, h *history, state v1alpha1.DeliverableState) *bool {
	due := d.Due.UTC().Truncate(time.Second)
	late := false
	switch {
	case h.first != nil:
		late = h.first.After(due)
	case e.ended:
		late = !due.After(*e.end)
	case state != v1alpha1.DeliverableHandedOver:
		late = !e.Now.Before(due.Add(tick))
		if !h.excused {
			e.changesAt(due.Add(tick))
		}
	}
	if late && h.excused || !late && h.first == nil {
		return nil
	}
	onTime := !late
	return &onTime
}

func (e *evaluation) wait(d *v1alpha1.Deliverable, h *history, state v1alpha1.DeliverableState, rounds int32) Wait {
	w := Wait{Deliverable: d.Name, Who: v1alpha1.RoleManager, Due: e.acceptBy()}
	lapses := w.Due.Format(time.RFC3339)
	switch {
	case state == v1alpha1.DeliverableOpen:
		w.Who, w.Since, w.Due = v1alpha1.ActorWorker, e.StatementOfWork.Start.UTC(), nil
		w.Message = fmt.Sprintf("deliverable %s is to be handed in: state %s Submitted", d.Name, Claim(d.Name))
		if !h.excused {
			due := d.Due.UTC()
			w.Due = &due
			w.Message = fmt.Sprintf("deliverable %s is due %s: state %s Submitted", d.Name, due.Format(time.RFC3339), Claim(d.Name))
		}
	case state == v1alpha1.DeliverableDisputed && h.first == nil:
		w.Since = *h.disputed
		w.Message = fmt.Sprintf("deliverable %s is disputed before it was submitted: settle it with the worker, who then states %s Submitted", d.Name, Claim(d.Name))
	case state == v1alpha1.DeliverableDisputed:
		w.Since = *h.disputed
		w.Message = fmt.Sprintf("deliverable %s is disputed: settle it and state %s Accepted, PartlyAccepted or Revise", d.Name, Claim(d.Name))
	case state == v1alpha1.DeliverableRevise && d.MaxRounds != nil && rounds > *d.MaxRounds:
		w.Since = h.since
		w.Message = fmt.Sprintf("deliverable %s is in its revision %d of at most %d: agree on how to go on, or state %s Accepted or PartlyAccepted",
			d.Name, rounds, *d.MaxRounds, Claim(d.Name))
	case state == v1alpha1.DeliverableRevise:
		w.Who, w.Since = v1alpha1.ActorWorker, h.since
		if !e.ended {
			end := e.StatementOfWork.End.UTC()
			w.Due = &end
		}
		w.Message = fmt.Sprintf("deliverable %s is to be revised: state %s Submitted again by %s", d.Name, Claim(d.Name), w.Due.Format(time.RFC3339))
	default:
		w.Since = *h.latest
		w.Message = fmt.Sprintf("deliverable %s was submitted: state %s Accepted, PartlyAccepted or Revise; undecided at %s it lapses", d.Name, Claim(d.Name), lapses)
	}
	return w
}

// acceptBy is when undecided work lapses, by the planned end as long as the work goes on.
func (e *evaluation) acceptBy() *time.Time {
	if e.result.LapseAt != nil {
		return e.result.LapseAt
	}
	by := e.StatementOfWork.End.UTC().Add(terms.AcceptWithin(e.StatementOfWork))
	return &by
}

func stamped(t *time.Time) *metav1.Time {
	if t == nil {
		return nil
	}
	return &metav1.Time{Time: *t}
}
