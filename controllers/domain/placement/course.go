package placement

import (
	"cmp"
	"slices"
	"time"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// Course is what was stated of an Assignment while somebody had it. Statements are taken in the order of the seconds in which they were made; within
// one second the refusing one has the last word. A round of revision is one from Revise to the next submission, however many say Revise in
// it; it is the client's if anybody who asks for it says so. A Revise that is disputed waits for a new verdict, and one that is overruled by an
// acceptance is no round.
type Course struct {
	// State is Assigned, Started, Submitted, Revise or Accepted.
	State v1alpha1.AssignmentState
	// Since is when that state was reached; zero for Assigned.
	Since time.Time
	// Disputed says that the worker disputes the revision that was asked for.
	Disputed bool
	// Started, Submitted (first) and Accepted are when; nil if it was not.
	Started, Submitted, Accepted *time.Time
	// Rounds of revision that the worker caused, the one under way among them.
	Rounds int32

	closed int32
	client bool
}

// Follow goes through the statements that count.
func Follow(records []v1alpha1.AttestationRecord) Course {
	c := Course{State: v1alpha1.AssignmentAssigned}
	ordered := slices.Clone(records)
	slices.SortFunc(ordered, func(a, b v1alpha1.AttestationRecord) int {
		return cmp.Or(a.At.Compare(b.At.Time), cmp.Compare(Rank(a.Verdict), Rank(b.Verdict)), cmp.Compare(a.UID, b.UID))
	})
	for i := range ordered {
		c.take(&ordered[i])
	}
	c.Rounds = c.closed
	if c.State == v1alpha1.AssignmentRevise && !c.client {
		c.Rounds++
	}
	return c
}

// Rank orders what is said within one second.
func Rank(v v1alpha1.Verdict) int {
	return slices.Index([]v1alpha1.Verdict{v1alpha1.VerdictStarted, v1alpha1.VerdictDeclined, v1alpha1.VerdictSubmitted, v1alpha1.VerdictAccepted, v1alpha1.VerdictRevise, v1alpha1.VerdictDisputed}, v)
}

func (c *Course) take(r *v1alpha1.AttestationRecord) {
	at := r.At.Time
	switch r.Verdict {
	case v1alpha1.VerdictStarted:
		if c.Started == nil && c.State == v1alpha1.AssignmentAssigned {
			c.Started = &at
			c.turn(v1alpha1.AssignmentStarted, at)
		}
	case v1alpha1.VerdictSubmitted:
		if c.Accepted != nil {
			return
		}
		if c.State == v1alpha1.AssignmentRevise && !c.client {
			c.closed++
		}
		if c.Submitted == nil {
			c.Submitted = &at
		}
		c.client, c.Disputed = false, false
		c.turn(v1alpha1.AssignmentSubmitted, at)
	case v1alpha1.VerdictAccepted:
		if c.Submitted != nil && c.Accepted == nil {
			c.Accepted, c.client, c.Disputed = &at, false, false
			c.turn(v1alpha1.AssignmentAccepted, at)
		}
	case v1alpha1.VerdictRevise:
		if c.Submitted == nil || c.Accepted != nil && !c.Accepted.Equal(at) {
			return
		}
		if c.State != v1alpha1.AssignmentRevise {
			c.turn(v1alpha1.AssignmentRevise, at)
		}
		c.Accepted, c.Disputed = nil, false
		c.client = c.client || r.Cause == v1alpha1.CauseClient
	case v1alpha1.VerdictDisputed:
		if c.State == v1alpha1.AssignmentRevise {
			c.Disputed, c.client = true, false
			c.turn(v1alpha1.AssignmentSubmitted, at)
		}
	default: // Declined: whoever has it now has not.
	}
}

func (c *Course) turn(to v1alpha1.AssignmentState, at time.Time) { c.State, c.Since = to, at }

// Facts are what Assignments add to an engagement's KPIs.
type Facts struct {
	// OnTime is how many of the Due Assignments were first submitted in time. What was given after it was due is in neither.
	OnTime, Due int32
	// Rounds of revision that the worker caused, over the Submitted Assignments.
	Rounds, Submitted int32
	// Points of what was accepted.
	Points int32
}

// FactsAt sums up the Assignments of one engagement by what had been stated by a moment, so that a score does not depend on when it is first looked at.
func FactsAt(assignments []v1alpha1.Assignment, at time.Time) Facts {
	var f Facts
	for i := range assignments {
		a := &assignments[i]
		given := a.Status.AssignedAt
		if !Holds(a) || given == nil || given.After(at) {
			continue
		}
		c := Follow(slices.DeleteFunc(slices.Clone(a.Status.Attestations), func(r v1alpha1.AttestationRecord) bool { return r.Ignored != "" || r.At.After(at) }))
		if due := Due(&a.Spec); due != nil && !given.After(*due) && (c.Submitted != nil || at.After(*due)) {
			f.Due++
			if c.Submitted != nil && !c.Submitted.After(*due) {
				f.OnTime++
			}
		}
		if c.Submitted == nil {
			continue
		}
		f.Submitted++
		f.Rounds += c.Rounds
		if c.Accepted != nil && a.Spec.Load != nil {
			f.Points += a.Spec.Load.Points
		}
	}
	return f
}
