package matching

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/matching/optimum"
)

// Open is an engagement that looks for somebody, with those of the pool who can do its work.
type Open struct {
	// Key of the engagement, namespace/name.
	Key string
	// Result is who can do the work.
	Result Result
	// Renews is the personKey of the one whose engagement this one renews: it takes the place that they hold already.
	Renews string
}

// Plan gives open engagements of a pool to its workers: as many as possible, and of all such ways the one with the highest total score.
type Plan struct {
	// Given is what the plan means for each engagement, by key.
	Given map[string]Given
	// Filled is how many engagements have somebody.
	Filled int
	// Total of their scores, in tenths, less what makes people busier who are given several.
	Total int64
}

// Given is what a plan means for one engagement.
type Given struct {
	// Worker by name; empty where everybody who could do it goes to another.
	Worker string
	// Candidates are those of the Result, with the reason why each of the others is not offered the work.
	Candidates []v1alpha1.Candidate
}

const (
	goesElsewhere = "goes to another open engagement of the pool: that way the most are filled, with the highest total score"
	rankedLower   = "ranked lower than the one who is offered the work"
)

// Joint finds the plan for all open engagements together, and proves that there is no better one. The order of the input does not matter. A person who
// has several Worker objects has the places of one. What further engagements of the same plan take off a person's score is counted at the most that any
// of the engagements would take off.
func Joint(open []Open) (*Plan, error) {
	open = slices.SortedFunc(slices.Values(open), func(a, b Open) int { return strings.Compare(a.Key, b.Key) })
	j := newJoint(open)
	solution, err := optimum.Solve(&j.problem)
	if err != nil {
		return nil, fmt.Errorf("finding the best plan for %d open engagements: %w", len(open), err)
	}
	if err := optimum.Check(&j.problem, solution); err != nil {
		return nil, fmt.Errorf("proving the best plan for %d open engagements: %w", len(open), err)
	}
	return j.plan(solution), nil
}

// joint is the problem that the open engagements and their candidates make together.
type joint struct {
	open    []Open
	columns []column
	// of each engagement, the column of each of the Ranked.
	of      [][]int32
	problem optimum.Problem
}

// columnKey is a person or, of somebody whose engagement is renewed, the place that the renewal takes over.
type columnKey struct{ person, renewal string }

type column struct {
	columnKey
	// name of the first of the person's Worker objects, by which columns are ordered.
	name         string
	places, step int32
}

func newJoint(open []Open) *joint {
	j := &joint{open: open}
	index := j.findColumns()
	for _, c := range j.columns {
		j.problem.Capacity = append(j.problem.Capacity, min(c.places, int32(len(open)))) //nolint:gosec // A pool has fewer engagements than 2³¹.
		j.problem.Step = append(j.problem.Step, c.step)
	}
	for i := range open {
		columns := make([]int32, len(open[i].Result.Ranked))
		for k, w := range open[i].Result.Ranked {
			columns[k] = index[open[i].column(w)]
		}
		j.of = append(j.of, columns)
		j.problem.Rows = append(j.problem.Rows, j.edges(i))
	}
	return j
}

// findColumns puts everybody who can do any of the work in order of name, and says where each is.
func (j *joint) findColumns() map[columnKey]int32 {
	found := map[columnKey]column{}
	for i := range j.open {
		o := &j.open[i]
		for _, w := range o.Result.Ranked {
			c := column{columnKey: o.column(w), name: w.Name, places: w.Places, step: max(w.Busier, 0)}
			if known, is := found[c.columnKey]; is {
				c.name, c.places, c.step = min(c.name, known.name), min(c.places, known.places), max(c.step, known.step)
			}
			if c.renewal != "" {
				c.places = 1
			}
			found[c.columnKey] = c
		}
	}
	j.columns = slices.SortedFunc(maps.Values(found), func(a, b column) int {
		return cmp.Or(strings.Compare(a.name, b.name), strings.Compare(a.person, b.person), strings.Compare(a.renewal, b.renewal))
	})
	index := make(map[columnKey]int32, len(j.columns))
	for i, c := range j.columns {
		index[c.columnKey] = int32(i)
	}
	return index
}

func (o *Open) column(w Ranked) columnKey {
	if o.Renews != "" && o.Renews == w.PersonKey {
		return columnKey{w.PersonKey, o.Key}
	}
	return columnKey{person: w.PersonKey}
}

// edges of one engagement, in order of their columns. Of several Worker objects of a person the best ranked counts.
func (j *joint) edges(engagement int) []optimum.Edge {
	ranked := j.open[engagement].Result.Ranked
	edges := make([]optimum.Edge, 0, len(ranked))
	for k, w := range ranked {
		edges = append(edges, optimum.Edge{Column: j.of[engagement][k], Value: w.Tenths})
	}
	slices.SortStableFunc(edges, func(a, b optimum.Edge) int { return cmp.Compare(a.Column, b.Column) })
	return slices.CompactFunc(edges, func(a, b optimum.Edge) bool { return a.Column == b.Column })
}

func (j *joint) plan(s *optimum.Solution) *Plan {
	taken := make([]int, len(j.columns))
	for _, c := range s.Column {
		if c != optimum.None {
			taken[c]++
		}
	}
	plan := &Plan{Given: make(map[string]Given, len(j.open)), Filled: s.Matched, Total: s.Total}
	for i := range j.open {
		plan.Given[j.open[i].Key] = j.given(i, s.Column[i], taken)
	}
	return plan
}

// given says to whom an engagement goes, and of the others why they are not offered the work.
func (j *joint) given(engagement int, chosen int32, taken []int) Given {
	result := &j.open[engagement].Result
	g := Given{Candidates: slices.Clone(result.Candidates)}
	for i, w := range result.Ranked {
		c := j.of[engagement][i]
		reason := ""
		switch {
		case c == chosen && g.Worker == "":
			g.Worker = w.Name
		case g.Worker != "":
			reason = rankedLower
		case taken[c] > 0:
			reason = goesElsewhere
		}
		if i < len(g.Candidates) {
			g.Candidates[i].Reason = reason
		}
	}
	return g
}
