package placement

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/matching/optimum"
)

// batch is what is placed together.
type batch struct {
	rows []*row
	// begins is when the first of it begins or is due.
	begins int64
}

// kind is what the tasks of one batch have in common.
type kind struct {
	namespace string
	priority  int32
	week      week
	hours     int32
	effort    int32
}

// batches cuts what is pending, in the order in which it is placed. What has a fault of its own is decided at once.
func (f *floor) batches() []batch {
	var shifts []*row
	tasks := map[kind][]*row{}
	for _, a := range f.Pending {
		r := f.row(a)
		if f.decided(r) {
			continue
		}
		if a.Spec.Type == v1alpha1.AssignmentShift {
			shifts = append(shifts, r)
			continue
		}
		k := kind{a.Namespace, a.Spec.Priority, r.week, r.hours, r.effort}
		tasks[k] = append(tasks[k], r)
	}
	all := together(shifts)
	for _, rows := range tasks {
		all = append(all, batch{rows: rows})
	}
	for i := range all {
		b := &all[i]
		slices.SortFunc(b.rows, func(a, b *row) int {
			return cmp.Or(cmp.Compare(a.a.Namespace, b.a.Namespace), cmp.Compare(a.a.Name, b.a.Name))
		})
		b.begins = math.MaxInt64
		for _, r := range b.rows {
			if r.a.Spec.Window != nil || r.a.Spec.Due != nil {
				b.begins = min(b.begins, r.span.from)
			}
		}
	}
	slices.SortFunc(all, func(a, b batch) int {
		x, y := a.rows[0], b.rows[0]
		return cmp.Or(cmp.Compare(y.a.Spec.Priority, x.a.Spec.Priority), cmp.Compare(a.begins, b.begins),
			cmp.Compare(x.a.Namespace, y.a.Namespace), cmp.Compare(x.a.Name, y.a.Name))
	})
	return all
}

// decided handles what needs nobody to be looked for.
func (f *floor) decided(r *row) bool {
	d := Decision{Assignment: r.a, State: v1alpha1.AssignmentPending}
	w := r.a.Spec.Window
	switch {
	case w != nil && !w.End.After(f.Now):
		d.State, d.Problem = v1alpha1.AssignmentMissed, v1alpha1.ReasonDeadlinePassed
		d.Why = "its window ended at " + date(w.End.Unix()) + " before anybody had it; create it anew if the work is still to be done"
	case r.a.Spec.EngagementRef != nil && f.pinned(r) == nil:
		d.Problem = v1alpha1.ReasonReferenceNotFound
		d.Why = fmt.Sprintf("engagement %s, to which it is pinned, does not exist, is of another pool, or nobody is engaged in it; mend spec.engagementRef", r.a.Spec.EngagementRef.Name)
	default:
		if err := f.choose(r); err != nil {
			d.Problem = v1alpha1.ReasonInvalid
			d.Why = clip(fmt.Sprintf("spec.engagements cannot be read, mend the selector: %v", err), maxWhy)
			break
		}
		return false
	}
	f.result.Decisions = append(f.result.Decisions, d)
	return true
}

// pinned is the engagement that alone is asked, or nil.
func (f *floor) pinned(r *row) *candidate {
	candidates := f.in[r.a.Namespace]
	i, found := slices.BinarySearchFunc(candidates, r.a.Spec.EngagementRef.Name, func(c *candidate, name string) int { return cmp.Compare(c.engagement.Name, name) })
	if !found {
		return nil
	}
	return candidates[i]
}

// asked are the candidates that are considered for an Assignment.
func (f *floor) asked(r *row) []*candidate {
	if r.a.Spec.EngagementRef == nil {
		return f.in[r.a.Namespace]
	}
	if c := f.pinned(r); c != nil {
		return []*candidate{c}
	}
	return nil
}

// together cuts shifts into batches in which all windows overlap one another: those of one priority in the order of their beginnings, as long as
// they begin before the first of them ends.
func together(shifts []*row) []batch {
	slices.SortFunc(shifts, func(a, b *row) int {
		return cmp.Or(cmp.Compare(b.a.Spec.Priority, a.a.Spec.Priority), cmp.Compare(a.span.from, b.span.from), cmp.Compare(a.span.to, b.span.to),
			cmp.Compare(a.a.Namespace, b.a.Namespace), cmp.Compare(a.a.Name, b.a.Name))
	})
	var all []batch
	var ends int64
	for i, r := range shifts {
		if i == 0 || r.a.Spec.Priority != shifts[i-1].a.Spec.Priority || r.span.from >= ends {
			all = append(all, batch{})
			ends = math.MaxInt64
		}
		last := &all[len(all)-1]
		last.rows = append(last.rows, r)
		ends = min(ends, r.span.to)
	}
	return all
}

// placeBatch places a batch, in as many rounds as somebody in it has engagements, and returns what is left.
func (f *floor) placeBatch(b batch) ([]*row, error) {
	left := b.rows
	for round := 0; len(left) > 0; round++ {
		problem, further := f.problem(left, round)
		solution, err := optimum.Solve(problem)
		if err != nil {
			return nil, fmt.Errorf("looking for the optimum: %w", err)
		}
		if err := optimum.Check(problem, solution); err != nil {
			return nil, fmt.Errorf("the optimum could not be proven: %w", err)
		}
		f.result.Batches = append(f.result.Batches, Batch{Rows: len(left), People: len(f.people), Matched: solution.Matched, Total: solution.Total})
		left = f.give(left, round, problem, solution)
		if !further {
			break
		}
	}
	return left, nil
}

// problem is who could be given what in a round, and what it would be worth; further says whether somebody can be asked through another engagement.
func (f *floor) problem(rows []*row, round int) (p *optimum.Problem, further bool) {
	p = &optimum.Problem{Rows: make([][]optimum.Edge, len(rows)), Capacity: make([]int32, len(f.people)), Step: make([]int32, len(f.people))}
	for i, r := range rows {
		for _, c := range f.asked(r) {
			further = further || c.round > round
			if c.round != round || f.fault(r, c).kind != noFault {
				continue
			}
			p.Rows[i] = append(p.Rows[i], optimum.Edge{Column: c.column, Value: int32(f.score(r, c))}) //nolint:gosec // 0 to 1000.
			p.Capacity[c.column] = c.room(r, len(rows))
			if r.a.Spec.Type == v1alpha1.AssignmentTask {
				p.Step[c.column] = f.step(r, c)
			}
		}
		slices.SortFunc(p.Rows[i], func(a, b optimum.Edge) int { return cmp.Compare(a.Column, b.Column) })
	}
	return p, further
}

// give explains and counts what an optimum gives, and returns what it leaves.
func (f *floor) give(rows []*row, round int, p *optimum.Problem, s *optimum.Solution) []*row {
	got := make([][]*row, len(f.people))
	for i, r := range rows {
		if s.Column[i] != optimum.None {
			got[s.Column[i]] = append(got[s.Column[i]], r)
		}
	}
	type gift struct {
		*row
		to *candidate
	}
	var gifts []gift
	var left []*row
	for i, r := range rows {
		if s.Column[i] == optimum.None {
			left = append(left, r)
			continue
		}
		to := f.people[s.Column[i]].through(r, round)
		gifts = append(gifts, gift{r, to})
		f.result.Decisions = append(f.result.Decisions, f.explain(r, to, p.Rows[i], got))
	}
	for _, g := range gifts {
		g.to.take(g.a, g.to, g.span, g.week, f.now)
	}
	return left
}

// through is the engagement by which a person is asked in a round.
func (p *person) through(r *row, round int) *candidate {
	for _, c := range p.engagements {
		if c.engagement.Namespace == r.a.Namespace && c.round == round {
			return c
		}
	}
	return nil
}
