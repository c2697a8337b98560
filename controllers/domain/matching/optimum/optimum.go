// Package optimum gives rows to columns so that as many rows as possible are given, and of all such ways the one that is worth most; it proves it.
package optimum

import (
	"errors"
	"fmt"
	"math"
)

// None is the column of a row that is given to nobody.
const None = -1

const (
	// maxValue bounds values and steps, so that sums over the largest problem fit into 64 bits.
	maxValue = 1 << 24
	// maxTotal bounds what steps can add up to.
	maxTotal = 1 << 61
)

// Edge says that a row can be given to a column, and what that is worth, from −2²⁴ to 2²⁴. Where there is no edge, it is forbidden.
type Edge struct {
	Column int32
	Value  int32
}

// Problem is what is to be given to whom. The order of rows and columns breaks ties: whoever wants the same answer for the same things, in
// whatever order they came, sorts them first.
type Problem struct {
	// Rows are the edges of each row; at most one for each column.
	Rows [][]Edge
	// Capacity is how many rows each column takes.
	Capacity []int32
	// Step is by how much each further row in the same column is worth less than the one before, 0 to 2²⁴. Absent: 0 for all.
	Step []int32
}

// Solution is an optimum with the prices that prove it.
type Solution struct {
	// Column of each row, or None.
	Column []int32
	// Matched is how many rows have one.
	Matched int
	// Total is what that is worth: the values of the edges, less the steps.
	Total int64

	// rowPrice and columnPrice are the dual solution, in values to which the bonus is added for each row that is matched.
	rowPrice, columnPrice []int64
}

// Solve finds the optimum. It refuses a Problem that names a column twice or not at all, or exceeds the bounds.
func Solve(p *Problem) (*Solution, error) {
	if err := p.validate(); err != nil {
		return nil, err
	}
	return newSolver(p).solve(), nil
}

func (p *Problem) validate() error {
	if p.Step != nil && len(p.Step) != len(p.Capacity) {
		return fmt.Errorf("%d columns have a step, and %d a capacity", len(p.Step), len(p.Capacity))
	}
	if len(p.Rows) > math.MaxInt32 || len(p.Capacity) > math.MaxInt32 {
		return errors.New("there are more rows or columns than 2³¹")
	}
	for j, c := range p.Capacity {
		if c < 0 || p.step(j) < 0 || p.step(j) > maxValue {
			return fmt.Errorf("column %d has capacity %d and step %d: neither may be negative, nor the step above %d", j, c, p.step(j), maxValue)
		}
	}
	if cost := p.mostCost(); cost > maxTotal/int64(len(p.Rows)+1) {
		return fmt.Errorf("the last of %d rows in a column may be worth %d less than the first, which is too much to add up", len(p.Rows), cost)
	}
	return p.validateRows()
}

func (p *Problem) validateRows() error {
	seen := make([]int, len(p.Capacity))
	for i, edges := range p.Rows {
		for _, e := range edges {
			switch {
			case e.Column < 0 || int(e.Column) >= len(p.Capacity):
				return fmt.Errorf("row %d names column %d of %d", i, e.Column, len(p.Capacity))
			case seen[e.Column] == i+1:
				return fmt.Errorf("row %d names column %d twice", i, e.Column)
			case e.Value > maxValue || e.Value < -maxValue:
				return fmt.Errorf("row %d is worth %d in column %d: give from %d to %d", i, e.Value, e.Column, -maxValue, maxValue)
			}
			seen[e.Column] = i + 1
		}
	}
	return nil
}

func (p *Problem) step(column int) int64 {
	if p.Step == nil {
		return 0
	}
	return int64(p.Step[column])
}

// matchBonus is so much that one more match is worth more than everything else together. Where one more is possible, there is a way to it on which each row
// and each column is met once: it takes up one edge more than it gives up, and only in its last column is there one row more than before.
func (p *Problem) matchBonus() int64 {
	low, high := p.values()
	given := int64(max(min(len(p.Rows), len(p.Capacity))-1, 0))
	return given*(high-low) + max(-low, 0) + p.mostCost() + 1
}

// values are the least and the most that an edge is worth.
func (p *Problem) values() (low, high int64) {
	least, most := int32(maxValue), int32(-maxValue)
	for _, edges := range p.Rows {
		for _, e := range edges {
			least, most = min(least, e.Value), max(most, e.Value)
		}
	}
	if least > most {
		return 0, 0
	}
	return int64(least), int64(most)
}

// mostCost is by how much at most a row can be worth less than the first in its column.
func (p *Problem) mostCost() int64 {
	var most int64
	for j, c := range p.Capacity {
		most = max(most, p.step(j)*int64(min(int(c), len(p.Rows))-1))
	}
	return most
}
