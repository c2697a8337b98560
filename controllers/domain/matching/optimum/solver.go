package optimum

import "math"

const (
	// far is the distance of what is not reached.
	far = math.MaxInt64
	// bidsPerRow bounds the bids before the searches: two rows may outbid each other by one for as long as a third column is worth much less.
	bidsPerRow = 8
)

// solver finds the optimum by successive shortest paths. Columns have prices, which only ever rise; a row that is in a column gains what that is worth to it
// above the price, and nowhere would it gain more. First rows bid for columns, which places most of them; then each row that is left is led in by a search.
type solver struct {
	p     *Problem
	bonus int64
	// rows are the edges of each row in the order of columns.
	rows [][]Edge
	// near are the edges of each row at which it gained most when all were last looked at, and rest is what it gained then at the best of the others.
	// Prices only rise, so it gains no more there now.
	near [][]Edge
	rest []int64

	// column is where each row is, held what that is worth, and next and previous are its neighbours there.
	column         []int32
	held           []int64
	next, previous []int32
	// first is a row of each column, load is how many there are.
	first []int32
	load  []int32
	price []int64

	search search
}

func newSolver(p *Problem, bonus int64) *solver {
	rows, columns := len(p.Rows), len(p.Capacity)
	s := &solver{
		p: p, bonus: bonus, rows: sorted(p.Rows), near: make([][]Edge, rows), rest: make([]int64, rows),
		column: make([]int32, rows), held: make([]int64, rows), next: make([]int32, rows), previous: make([]int32, rows),
		first: make([]int32, columns), load: make([]int32, columns), price: make([]int64, columns),
		search: newSearch(columns),
	}
	for i := range s.column {
		s.column[i] = None
	}
	for j := range s.first {
		s.first[j] = None
	}
	return s
}

func (s *solver) solve() *Solution {
	count := int32(len(s.rows)) //nolint:gosec // A Problem with more rows than 2³¹ is refused.
	for i := range count {
		s.look(i)
	}
	bids := bidsPerRow * len(s.rows)
	for i := range count {
		for row := i; row != None && bids > 0; bids-- {
			row = s.bid(row)
		}
	}
	for i := range count {
		if s.column[i] == None {
			s.lead(i)
		}
	}
	return s.solution()
}

// bid puts a row into the column where it gains most, and returns the row that has to leave for it, if any. A column for one row then costs so much that
// the row would gain as much elsewhere. Where that does not raise the price, and for columns of many rows that are full, the row is left to a search.
func (s *solver) bid(row int32) int32 {
	best := s.best(row)
	j, out := best.column, int32(None)
	switch {
	case j == None:
		return None
	case s.room(j) && s.price[j] == s.nextCost(j):
	case s.p.Capacity[j] != 1 || best.gain == best.second:
		return None
	default:
		out = s.first[j]
		s.leave(out)
	}
	s.enter(row, j, best.gain+s.price[j])
	if s.p.Capacity[j] == 1 {
		s.price[j] += best.gain - best.second
	}
	return out
}

func (s *solver) room(column int32) bool {
	return s.load[column] < s.p.Capacity[column]
}

// nextCost is what the next row in a column is worth less than the first.
func (s *solver) nextCost(column int32) int64 {
	return int64(s.load[column]) * s.p.step(int(column))
}

func (s *solver) enter(row, column int32, worth int64) {
	second := s.first[column]
	s.column[row], s.held[row] = column, worth
	s.next[row], s.previous[row] = second, None
	if second != None {
		s.previous[second] = row
	}
	s.first[column] = row
	s.load[column]++
}

func (s *solver) leave(row int32) {
	column, before, after := s.column[row], s.previous[row], s.next[row]
	if before == None {
		s.first[column] = after
	} else {
		s.next[before] = after
	}
	if after != None {
		s.previous[after] = before
	}
	s.column[row] = None
	s.load[column]--
}

// solution completes the prices: what a row gains is its price, and one that is in no column gains nothing.
func (s *solver) solution() *Solution {
	out := &Solution{Column: s.column, rowPrice: make([]int64, len(s.rows)), columnPrice: s.price}
	for i, j := range s.column {
		if j == None {
			continue
		}
		out.rowPrice[i] = s.held[i] - s.price[j]
		out.Matched++
		out.Total += s.held[i] - s.bonus
	}
	for j, n := range s.load {
		out.Total -= s.p.step(j) * (int64(n) * int64(n-1) / 2)
	}
	return out
}
