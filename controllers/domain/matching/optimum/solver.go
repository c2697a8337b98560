package optimum

import "math"

// far is the distance of what is not reached, and the price of what nobody can have.
const far = math.MaxInt64

// solver finds an optimum in three steps. First rows outbid each other for columns, which brings prices near to what they will be (auction.go). Then each row
// that no column is left to at these prices is led in along the shortest way (search.go). Last, places that the bids made dearer than anybody pays are given
// up (release.go). From the second step on, what Check asks for holds of all rows that were led in, counting the places that are reserved as taken.
//
// A row gains in a column what that is worth to it, the bonus for a match among it, less the column's price.
type solver struct {
	p *Problem
	// rowCount and columnCount are of the type that numbers rows and columns.
	rowCount, columnCount int32
	// bonus is what each match is worth beside its value, from low to high.
	bonus, low, high int64
	// rows are the edges of each row in the order of columns.
	rows [][]Edge
	// near are the edges of each row at which it gained most when all were last looked at, and it gains at most rest at any other.
	near [][]Edge
	rest []int64

	// column is where each row is, held what that is worth, and next and previous are its neighbours there.
	column         []int32
	held           []int64
	next, previous []int32

	// first is a row of each column, load how many there are, and reserved how many places more are kept for rows that were taken out.
	first, load, reserved []int32
	price                 []int64

	auction auction
	search  search
}

func newSolver(p *Problem) *solver {
	rows, columns := len(p.Rows), len(p.Capacity)
	s := &solver{
		p: p, rowCount: int32(rows), columnCount: int32(columns), //nolint:gosec // A Problem with more than 2³¹ of them is refused.
		rows: sorted(p.Rows), near: make([][]Edge, rows), rest: make([]int64, rows),
		column: make([]int32, rows), held: make([]int64, rows), next: make([]int32, rows), previous: make([]int32, rows),
		first: make([]int32, columns), load: make([]int32, columns), reserved: make([]int32, columns), price: make([]int64, columns),
		auction: auction{paid: make([]int64, rows)}, search: newSearch(columns),
	}
	s.low, s.high = p.values()
	s.bonus = p.matchBonus()
	for i := range s.column {
		s.column[i] = None
		s.look(int32(i))
	}
	for j := range s.first {
		s.first[j] = None
		if p.Capacity[j] == 0 {
			s.price[j] = s.bonus + maxValue
		}
	}
	return s
}

func (s *solver) solve() *Solution {
	s.bid()
	for i := range s.rowCount {
		if s.column[i] == None {
			s.lead(i)
		}
	}
	for s.release() {
		continue
	}
	return s.solution()
}

func (s *solver) worth(e Edge) int64 {
	return s.bonus + int64(e.Value)
}

// room says whether a column has a place that is neither taken nor reserved.
func (s *solver) room(column int32) bool {
	return s.load[column]+s.reserved[column] < s.p.Capacity[column]
}

// nextCost is by how much one more row in a column is worth less than the first, and lastCost by how much the last one is.
func (s *solver) nextCost(column int32) int64 {
	return int64(s.load[column]+s.reserved[column]) * s.p.step(int(column))
}

func (s *solver) lastCost(column int32) int64 {
	return max(s.nextCost(column)-s.p.step(int(column)), 0)
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
