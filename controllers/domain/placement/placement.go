// Package placement gives the tasks and shifts of a pool to its engaged workers, batch by batch, each batch as a proven optimum.
//
// # Batches
//
// Everything together is a generalised assignment problem (loads of different sizes, limits on hours a week, windows that overlap in part), which
// is NP-hard. So what is pending is cut into batches that can be solved exactly, and these are placed one after the other: higher priority first,
// then what begins or is due earlier. Each batch is solved by the package optimum, with as many placed as possible first and then the highest
// total score, and is placed only if the optimum's certificate holds. Nothing is said of all batches together: what an earlier one took, a
// later one lacks.
//
//   - A batch of shifts are shifts of one priority whose windows all overlap one another: nobody can have two of them, and so a person is
//     a column with room for one.
//   - A batch of tasks are tasks of one namespace, one priority, one load and one week: a person is a column with room for as many as their
//     hours allow. Each further task is worth less by what it takes off the load part of the score, so that work spreads.
//
// A person with several engagements in a namespace is asked through one after the other, in order of their names; each such round is an optimum of its own.
//
// # What is read
//
// Of the Assignment its spec and who declined it; of an Engagement its labels, phase, suspension, hours a week and statement of work; of a Worker
// skills, availability, preferences, and tier and score in the pool; of the pool tiers, weights and prior; of what people hold already
// windows, loads and dates. Nothing else.
package placement

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// Input is what is known of one pool when work is given.
type Input struct {
	// Pool whose tiers, weights and prior are in force.
	Pool *v1alpha1.TalentPool
	// Pending are the pool's Assignments that nobody has.
	Pending []*v1alpha1.Assignment
	// Candidates are the pool's engagements that have been accepted and have not ended, in every namespace that has something pending.
	Candidates []Candidate
	// Held is what those people have already, in whatever pool and namespace.
	Held []Held
	// Now in whole seconds.
	Now time.Time
}

// Candidate is an engagement that may be given work.
type Candidate struct {
	Engagement *v1alpha1.Engagement
	// Worker of the engagement; nil if the object is gone.
	Worker *v1alpha1.Worker
}

// Held is work that a person has, or has done.
type Held struct {
	// Person is the personKey of who has it.
	Person     string
	Assignment *v1alpha1.Assignment
}

// Decision is what becomes of one pending Assignment.
type Decision struct {
	Assignment *v1alpha1.Assignment
	// State is Assigned, Missed, or Pending still.
	State v1alpha1.AssignmentState
	// Engagement that gets the work; nil unless it is Assigned.
	Engagement *v1alpha1.Engagement
	Worker     string
	Score      string
	Parts      []v1alpha1.ScorePart
	// Why this one, or why nobody.
	Why    string
	Others []v1alpha1.NotChosen
	// Problem is the reason of a condition where nobody gets it.
	Problem string
}

// Batch is one optimum that was found and checked.
type Batch struct {
	// Rows are the Assignments that were to be placed, People those who were asked, Matched how many were placed.
	Rows, People, Matched int
	// Total score of those placed, in tenths of a point, less what was taken off for several to one person.
	Total int64
}

// Result is what was decided.
type Result struct {
	// Decisions in the order of namespaces and names; none on Assignments of a batch that failed.
	Decisions []Decision
	// Batches in the order in which they were placed.
	Batches []Batch
	// Failed is how many batches could not be proven optimal; they are not among Batches.
	Failed int
	// Next is when time alone changes the answer; zero if it never does.
	Next time.Time
}

// Place decides on everything that is pending. An error says which batches could not be proven optimal; the others are decided nevertheless.
func Place(in Input) (Result, error) {
	f := newFloor(in)
	var problems []error
	var left []*row
	for _, b := range f.batches() {
		rest, err := f.placeBatch(b)
		if err != nil {
			f.result.Failed++
			problems = append(problems, fmt.Errorf("placing the %d assignments that begin with %s/%s: %w", len(b.rows), b.rows[0].a.Namespace, b.rows[0].a.Name, err))
			continue
		}
		left = append(left, rest...)
	}
	// What is left is explained by what all batches came to, so that the next look says the same.
	for _, r := range left {
		f.result.Decisions = append(f.result.Decisions, f.explainNobody(r))
	}
	f.result.Next = f.next(left)
	slices.SortFunc(f.result.Decisions, func(a, b Decision) int {
		return cmp.Or(cmp.Compare(a.Assignment.Namespace, b.Assignment.Namespace), cmp.Compare(a.Assignment.Name, b.Assignment.Name))
	})
	return f.result, errors.Join(problems...)
}

// next is when one of those left can be decided otherwise although nothing has changed but the time.
func (f *floor) next(left []*row) time.Time {
	var next time.Time
	earliest := func(t time.Time) {
		if t.After(f.Now) && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	for _, r := range left {
		if w := r.a.Spec.Window; w != nil {
			earliest(w.End.Time)
			continue
		}
		if due := r.a.Spec.Due; due != nil && due.After(f.Now) {
			earliest(due.Time)
			continue
		}
		// Without a date it is work of the present week, for who is available now.
		earliest(nextWeek(f.Now))
		for _, c := range f.in[r.a.Namespace] {
			if c.from > f.now {
				earliest(time.Unix(c.from, 0).UTC())
			}
		}
	}
	return next
}
