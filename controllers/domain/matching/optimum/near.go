package optimum

import (
	"cmp"
	"math"
	"slices"
)

const (
	// width is how many edges of a row are kept near.
	width = 16
	// never is less than a row ever gains.
	never = math.MinInt64 / 4
)

// choice is where a row gains most at the present prices, what it gains there, and what at the second best. To be in no column is a choice too and gains
// nothing; if none is better, column is None.
type choice struct {
	column       int32
	gain, second int64
}

// best looks at the edges that are near, and at the others only if one of them may be better than the second best.
func (s *solver) best(row int32) choice {
	c := s.bestOf(s.near[row])
	if c.second < s.rest[row] {
		s.look(row)
		c = s.bestOf(s.near[row])
	}
	return c
}

func (s *solver) bestOf(edges []Edge) choice {
	c := choice{column: None}
	for _, e := range edges {
		gain := s.worth(e) - s.price[e.Column]
		switch {
		case gain > c.gain:
			c = choice{column: e.Column, gain: gain, second: c.gain}
		case gain == c.gain && c.column != None:
			c.second = gain
			if s.precedes(e.Column, c.column) {
				c.column = e.Column
			}
		case gain > c.second:
			c.second = gain
		}
	}
	return c
}

// precedes breaks ties: a column that has room comes before one that has none, and then the order decides.
func (s *solver) precedes(a, b int32) bool {
	if room := s.room(a); room != s.room(b) {
		return room
	}
	return a < b
}

// look goes through all edges of a row and keeps those near at which it gains most at the present prices, of equals the first. As long as prices rise only,
// it gains no more at any other than it does now.
func (s *solver) look(row int32) {
	edges := s.rows[row]
	if len(edges) <= width {
		s.near[row], s.rest[row] = edges, never
		return
	}
	var top [width + 1]Edge
	var gains [width + 1]int64
	n := 0
	for _, e := range edges {
		gain := s.worth(e) - s.price[e.Column]
		if n > width {
			if gain <= gains[width] {
				continue
			}
			n = width
		}
		k := n
		for ; k > 0 && gains[k-1] < gain; k-- {
			gains[k], top[k] = gains[k-1], top[k-1]
		}
		gains[k], top[k] = gain, e
		n++
	}
	if s.near[row] == nil {
		s.near[row] = make([]Edge, width)
	}
	copy(s.near[row], top[:width])
	s.rest[row] = gains[width]
}

// fall allows for prices that fell, by so much at most.
func (s *solver) fall(by int64) {
	for i, rest := range s.rest {
		if rest != never {
			s.rest[i] = min(rest+by, s.bonus+s.high)
		}
	}
}

// sorted brings the edges of each row into the order of columns, so that the order in which they were given decides nothing. What is in order is not copied.
func sorted(rows [][]Edge) [][]Edge {
	byColumn := func(a, b Edge) int { return cmp.Compare(a.Column, b.Column) }
	out, copied := rows, false
	for i, edges := range rows {
		if slices.IsSortedFunc(edges, byColumn) {
			continue
		}
		if !copied {
			out, copied = slices.Clone(rows), true
		}
		out[i] = slices.SortedFunc(slices.Values(edges), byColumn)
	}
	return out
}
