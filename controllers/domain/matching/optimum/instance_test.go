package optimum

import (
	"math/rand/v2"
	"testing"
)

// shape says how random instances look.
type shape struct {
	rows, columns int
	// share of the pairs that are allowed.
	share float64
	// low and high bound values.
	low, high int32
	// capacity and step are the most that a column has.
	capacity, step int32
}

// instance is a random Problem. Capacities and steps of zero are among them, and rows without edges if the share is small.
func (s shape) instance(random *rand.Rand) *Problem {
	p := &Problem{Rows: make([][]Edge, s.rows), Capacity: make([]int32, s.columns), Step: make([]int32, s.columns)}
	for j := range p.Capacity {
		p.Capacity[j], p.Step[j] = s.capacity, random.Int32N(s.step+1)
		if s.capacity > 1 {
			p.Capacity[j] = random.Int32N(s.capacity + 1)
		}
	}
	for i := range p.Rows {
		for j := range p.Capacity {
			if random.Float64() < s.share {
				p.Rows[i] = append(p.Rows[i], Edge{Column: int32(j), Value: s.low + random.Int32N(s.high-s.low+1)})
			}
		}
	}
	return p
}

// small is a random shape that can be tried out.
func small(random *rand.Rand) shape {
	low := random.Int32N(20) - 10
	return shape{
		rows: random.IntN(7), columns: 1 + random.IntN(5), share: []float64{0.2, 0.5, 0.8, 1}[random.IntN(4)],
		low: low, high: low + []int32{0, 1, 3, 30}[random.IntN(4)], capacity: 1 + random.Int32N(3), step: []int32{0, 0, 2, 15}[random.IntN(4)],
	}
}

func newRandom(seed uint64) *rand.Rand {
	return rand.New(rand.NewPCG(seed, 20))
}

// solved is the Solution of a Problem, which was found and proven.
func solved(t *testing.T, p *Problem) *Solution {
	t.Helper()
	s, err := Solve(p)
	if err != nil {
		t.Fatalf("a Problem within the bounds was refused: %v", err)
	}
	if err := Check(p, s); err != nil {
		t.Fatalf("what was found is no optimum: %v", err)
	}
	return s
}

// value is what an assignment of all rows matches and is worth, and false if the Problem does not allow it.
func (p *Problem) value(column []int32) (matched int, total int64, allowed bool) {
	taken := make([]int64, len(p.Capacity))
	for i, j := range column {
		if j == None {
			continue
		}
		k := 0
		for k < len(p.Rows[i]) && p.Rows[i][k].Column != j {
			k++
		}
		if k == len(p.Rows[i]) || taken[j] == int64(p.Capacity[j]) {
			return 0, 0, false
		}
		matched++
		total += int64(p.Rows[i][k].Value) - taken[j]*p.step(int(j))
		taken[j]++
	}
	return matched, total, true
}

// each calls back with every assignment that the Problem allows.
func (p *Problem) each(visit func(column []int32, matched int, total int64)) {
	column := make([]int32, len(p.Rows))
	taken := make([]int64, len(p.Capacity))
	var try func(row, matched int, total int64)
	try = func(row, matched int, total int64) {
		if row == len(column) {
			visit(column, matched, total)
			return
		}
		column[row] = None
		try(row+1, matched, total)
		for _, e := range p.Rows[row] {
			if taken[e.Column] == int64(p.Capacity[e.Column]) {
				continue
			}
			column[row] = e.Column
			cost := taken[e.Column] * p.step(int(e.Column))
			taken[e.Column]++
			try(row+1, matched+1, total+int64(e.Value)-cost)
			taken[e.Column]--
		}
	}
	try(0, 0, 0)
}

// better says whether (matched, total) comes before another such pair: more matches first, and then what is worth more.
func better(matched int, total int64, thanMatched int, thanTotal int64) bool {
	return matched > thanMatched || matched == thanMatched && total > thanTotal
}

// tried is the optimum of a small Problem, found by trying everything.
func (p *Problem) tried() (matched int, total int64) {
	p.each(func(_ []int32, m int, t int64) {
		if better(m, t, matched, total) {
			matched, total = m, t
		}
	})
	return matched, total
}

// mostMatches is the greatest number of rows that can be matched, found by alternating paths without regard to values.
func (p *Problem) mostMatches() int {
	in := make([][]int, len(p.Capacity))
	var lead func(row int, seen []bool) bool
	lead = func(row int, seen []bool) bool {
		for _, e := range p.Rows[row] {
			j := e.Column
			if seen[j] || p.Capacity[j] == 0 {
				continue
			}
			seen[j] = true
			if len(in[j]) < int(p.Capacity[j]) {
				in[j] = append(in[j], row)
				return true
			}
			for k, other := range in[j] {
				if lead(other, seen) {
					in[j][k] = row
					return true
				}
			}
		}
		return false
	}
	n := 0
	for i := range p.Rows {
		if lead(i, make([]bool, len(p.Capacity))) {
			n++
		}
	}
	return n
}
