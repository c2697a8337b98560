package optimum

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestSmallProblemsAreSolvedAsByTryingEverything(t *testing.T) {
	random := newRandom(1)
	for range 20_000 {
		p := small(random).instance(random)
		s := solved(t, p)
		matched, total := p.tried()
		if s.Matched != matched || s.Total != total {
			t.Fatalf("%d rows worth %d were matched where %d worth %d can be: %+v", s.Matched, s.Total, matched, total, p)
		}
		if m, worth, allowed := p.value(s.Column); !allowed || m != matched || worth != total {
			t.Fatalf("the columns %v are not what they are said to be: %+v", s.Column, p)
		}
	}
}

func TestPublishedOptimumOfFourByFour(t *testing.T) {
	costs := [][]int32{{90, 76, 75, 70}, {35, 85, 55, 65}, {125, 95, 90, 105}, {45, 110, 95, 115}}
	p := &Problem{Rows: make([][]Edge, 4), Capacity: []int32{1, 1, 1, 1}}
	for i, row := range costs {
		for j, cost := range row {
			p.Rows[i] = append(p.Rows[i], Edge{Column: int32(j), Value: -cost})
		}
	}
	s := solved(t, p)
	if s.Matched != 4 || s.Total != -265 {
		t.Errorf("%d rows at the cost %d were matched; the published optimum is 4 at 265", s.Matched, -s.Total)
	}
	if want := []int32{3, 2, 1, 0}; !slices.Equal(s.Column, want) {
		t.Errorf("the columns are %v; that cost is only that of %v", s.Column, want)
	}
}

func TestWhatIsFoundIsProvenAndMatchesTheMost(t *testing.T) {
	for name, shape := range map[string]shape{
		"dense":                        {rows: 300, columns: 300, share: 1, high: 1_000_000, capacity: 1},
		"dense, few values":            {rows: 300, columns: 300, share: 1, high: 3, capacity: 1},
		"dense, more rows":             {rows: 400, columns: 250, share: 1, high: 1000, capacity: 1},
		"dense, more columns":          {rows: 250, columns: 400, share: 1, high: 1000, capacity: 1},
		"dense, capacities":            {rows: 400, columns: 60, share: 1, high: 1000, capacity: 12},
		"dense, capacities and steps":  {rows: 400, columns: 60, share: 1, high: 1000, capacity: 14, step: 40},
		"steps greater than values":    {rows: 400, columns: 60, share: 0.3, high: 10, capacity: 14, step: 4000},
		"columns for more than bid":    {rows: 500, columns: 6, share: 0.9, high: 100, capacity: 2 * widest, step: 3},
		"sparse":                       {rows: 400, columns: 400, share: 0.05, high: 1_000_000, capacity: 1},
		"sparse, more columns":         {rows: 300, columns: 600, share: 0.1, high: 1000, capacity: 1},
		"so sparse that some are left": {rows: 400, columns: 400, share: 0.004, high: 1000, capacity: 1},
		"negative values":              {rows: 300, columns: 300, share: 0.2, low: -1000, high: -1, capacity: 2, step: 5},
		"the greatest values":          {rows: 200, columns: 200, share: 0.5, low: -maxValue, high: maxValue, capacity: 2, step: maxValue},
		"all equal":                    {rows: 300, columns: 300, share: 1, low: 7, high: 7, capacity: 1},
		"all equal and sparse":         {rows: 400, columns: 380, share: 0.05, low: 7, high: 7, capacity: 1},
		"all zero":                     {rows: 300, columns: 200, share: 1, capacity: 2},
		"all want one column":          {rows: 2000, columns: 1, share: 1, high: 1000, capacity: 1},
		"one column, many places":      {rows: 500, columns: 1, share: 1, low: -50, high: 1000, capacity: 400, step: 3},
		"no edges":                     {rows: 50, columns: 50, capacity: 1},
		"no rows":                      {columns: 5, capacity: 1},
		"no columns":                   {rows: 5, share: 1, capacity: 1},
		"no places":                    {rows: 50, columns: 50, share: 1, high: 10},
	} {
		t.Run(name, func(t *testing.T) {
			random := newRandom(2)
			for range 3 {
				p := shape.instance(random)
				if s, most := solved(t, p), p.mostMatches(); s.Matched != most {
					t.Fatalf("%d rows were matched; %d can be", s.Matched, most)
				}
			}
		})
	}
}

// Where everybody likes the same columns best, and the more so the better they are themselves, rows are led in along long ways and bids stop early.
func TestWhatIsFoundIsProvenWhereAllLikeTheSame(t *testing.T) {
	for name, value := range map[string]func(i, j int) int32{
		"sums":        func(i, j int) int32 { return int32(i + 3*j) },
		"products":    func(i, j int) int32 { return int32((i + 1) * (j + 1)) },
		"less, too":   func(i, j int) int32 { return -int32((i + 1) * (j + 1)) },
		"differences": func(i, j int) int32 { return -int32(max(i-j, j-i)) },
		"few values":  func(i, j int) int32 { return int32(i*j) % 7 },
	} {
		t.Run(name, func(t *testing.T) {
			for _, size := range [][3]int{{150, 150, 1}, {150, 200, 1}, {200, 150, 1}, {300, 40, 7}, {300, 40, 9}} {
				p := &Problem{Rows: make([][]Edge, size[0]), Capacity: slices.Repeat([]int32{int32(size[2])}, size[1])}
				for i := range p.Rows {
					for j := range p.Capacity {
						p.Rows[i] = append(p.Rows[i], Edge{Column: int32(j), Value: value(i, j)})
					}
				}
				if s, most := solved(t, p), min(size[0], size[1]*size[2]); s.Matched != most {
					t.Fatalf("%d of %d rows were matched in %d columns for %d", s.Matched, size[0], size[1], size[2])
				}
			}
		})
	}
}

func TestOfEqualsTheFirstGetTheFirst(t *testing.T) {
	s := solved(t, shape{rows: 60, columns: 70, share: 1, low: 5, high: 5, capacity: 1}.instance(newRandom(3)))
	for i, j := range s.Column {
		if int(j) != i {
			t.Fatalf("row %d is in column %d; it comes first to column %d, and all are worth the same", i, j, i)
		}
	}
}

func TestTheGivenProblemStaysAsItIs(t *testing.T) {
	p := shape{rows: 20, columns: 20, share: 0.8, high: 50, capacity: 2, step: 3}.instance(newRandom(4))
	for i := range p.Rows {
		slices.Reverse(p.Rows[i])
	}
	rows := make([][]Edge, len(p.Rows))
	for i := range rows {
		rows[i] = slices.Clone(p.Rows[i])
	}
	solved(t, p)
	for i := range rows {
		if !slices.Equal(rows[i], p.Rows[i]) {
			t.Fatalf("row %d was %v and is now %v", i, rows[i], p.Rows[i])
		}
	}
}

func TestProblemsBeyondTheBoundsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		problem Problem
		want    string
	}{
		"a step for another number of columns": {Problem{Capacity: []int32{1, 1}, Step: []int32{1}}, "2 a capacity"},
		"a negative capacity":                  {Problem{Capacity: []int32{-1}}, "column 0 has capacity -1"},
		"a negative step":                      {Problem{Capacity: []int32{1}, Step: []int32{-1}}, "step -1"},
		"a step too great":                     {Problem{Capacity: []int32{1}, Step: []int32{maxValue + 1}}, "step 16777217"},
		"a column that is not there":           {Problem{Rows: [][]Edge{{{Column: 1}}}, Capacity: []int32{1}}, "row 0 names column 1 of 1"},
		"a negative column":                    {Problem{Rows: [][]Edge{{{Column: None}}}, Capacity: []int32{1}}, "row 0 names column -1 of 1"},
		"a column twice":                       {Problem{Rows: [][]Edge{{}, {{Column: 0}, {Column: 0}}}, Capacity: []int32{1}}, "row 1 names column 0 twice"},
		"a value too great":                    {Problem{Rows: [][]Edge{{{Value: maxValue + 1}}}, Capacity: []int32{1}}, "row 0 is worth 16777217"},
		"a value too low":                      {Problem{Rows: [][]Edge{{{Value: -maxValue - 1}}}, Capacity: []int32{1}}, "row 0 is worth -16777217"},
		"steps that cannot be added up":        {Problem{Rows: make([][]Edge, 1<<20), Capacity: []int32{math.MaxInt32}, Step: []int32{maxValue}}, "too much to add up"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Solve(&c.problem); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("it was answered %v, and should be refused with %q", err, c.want)
			}
			if err := Check(&c.problem, &Solution{}); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("its solution was answered %v, and should be refused with %q", err, c.want)
			}
		})
	}
}

// The bound is what a machine with other work to do needs at the very most, so that only another kind of algorithm exceeds it; the benchmark measures.
// Where everybody likes the same, that is one without bids.
func TestTenThousandRowsWithFiftyCandidatesEachTakeSeconds(t *testing.T) {
	random, same := sparse(10_000, 10_000, 50), sparse(10_000, 10_000, 50)
	for i, edges := range same.Rows {
		for k, e := range edges {
			edges[k].Value = int32(i%1000) * (e.Column % 1000)
		}
	}
	for name, p := range map[string]*Problem{"random": random, "all like the same": same} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			s := solved(t, p)
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("it took %v; a fraction of a second is enough on one core", took)
			}
			if s.Matched != 10_000 {
				t.Errorf("%d of 10000 rows were matched; all can be", s.Matched)
			}
		})
	}
}

// sparse has so many candidates for each row, in the order in which they were drawn.
func sparse(rows, columns, candidates int) *Problem {
	random := newRandom(5)
	p := &Problem{Rows: make([][]Edge, rows), Capacity: slices.Repeat([]int32{1}, columns)}
	for i := range p.Rows {
		drawn := map[int32]bool{}
		for len(drawn) < candidates {
			j := random.Int32N(int32(columns))
			if !drawn[j] {
				drawn[j] = true
				p.Rows[i] = append(p.Rows[i], Edge{Column: j, Value: random.Int32N(1_000_001)})
			}
		}
	}
	return p
}

func BenchmarkSolve(b *testing.B) {
	for name, p := range map[string]*Problem{
		"sparse 10000x10000 of 50": sparse(10_000, 10_000, 50),
		"dense 1000x1000":          shape{rows: 1000, columns: 1000, share: 1, high: 1_000_000, capacity: 1}.instance(newRandom(6)),
		"dense 3000x300 for 12":    shape{rows: 3000, columns: 300, share: 1, high: 1000, capacity: 24, step: 20}.instance(newRandom(6)),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := Solve(p); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
