package optimum

import "math"

// flow finds the optimum by successive shortest paths: each row in turn is led into the network along the way that loses least.
type flow struct {
	p      *Problem
	column []int32
	rows   [][]int32 // of each column
	bonus  int64
	// u and v are the prices of rows and columns.
	u, v []int64
}

func newFlow(p *Problem) *flow {
	f := &flow{p: p, column: make([]int32, len(p.Rows)), rows: make([][]int32, len(p.Capacity)), bonus: p.matchBonus(), u: make([]int64, len(p.Rows)), v: make([]int64, len(p.Capacity))}
	for i := range f.column {
		f.column[i] = None
	}
	return f
}

func (f *flow) solve() *Solution {
	for i := range f.p.Rows {
		f.lead(int32(i)) //nolint:gosec // There are fewer rows than 2³¹.
	}
	return f.solution()
}

// lead brings one row in, by Dijkstra over the columns with the slacks of edges as lengths. The way ends in a column that has room, at what the next row
// costs there, or in a row, this one or another, that is given up.
func (f *flow) lead(start int32) {
	const far = math.MaxInt64
	n := len(f.v)
	distance, from, done := make([]int64, n), make([]int32, n), make([]bool, n)
	for j := range distance {
		distance[j] = far
	}
	f.u[start] = 0
	for _, e := range f.p.Rows[start] {
		f.u[start] = max(f.u[start], f.bonus+int64(e.Value)-f.v[e.Column])
	}
	best, bestRow, bestColumn := f.u[start], start, int32(None)
	reached := map[int32]int64{start: 0}
	relax := func(i int32, at int64) {
		for _, e := range f.p.Rows[i] {
			if d := at + f.u[i] + f.v[e.Column] - f.bonus - int64(e.Value); d < distance[e.Column] {
				distance[e.Column], from[e.Column] = d, i
			}
		}
	}
	relax(start, 0)
	for {
		j := None
		for k := range distance {
			if !done[k] && distance[k] < far && (j == None || distance[k] < distance[j]) {
				j = k
			}
		}
		if j == None || distance[j] >= best {
			break
		}
		done[j] = true
		if len(f.rows[j]) < int(f.p.Capacity[j]) {
			if d := distance[j] + int64(len(f.rows[j]))*f.p.step(j) - f.v[j]; d < best {
				best, bestRow, bestColumn = d, None, int32(j) //nolint:gosec // There are fewer columns than 2³¹.
			}
		}
		for _, i := range f.rows[j] {
			reached[i] = distance[j]
			if d := distance[j] + f.u[i]; d < best {
				best, bestRow, bestColumn = d, i, None
			}
			relax(i, distance[j])
		}
	}
	for i, d := range reached {
		f.u[i] -= max(best-d, 0)
	}
	for j := range done {
		if done[j] {
			f.v[j] += max(best-distance[j], 0)
		}
	}
	f.augment(start, bestRow, bestColumn, from)
}

// augment moves every row on the way one column on.
func (f *flow) augment(start, row, column int32, from []int32) {
	if column == None {
		if row == start {
			return
		}
		column = f.column[row]
		f.leave(row)
	}
	for {
		i := from[column]
		next := f.column[i]
		if next != None {
			f.leave(i)
		}
		f.column[i] = column
		f.rows[column] = append(f.rows[column], i)
		if i == start {
			return
		}
		column = next
	}
}

func (f *flow) leave(row int32) {
	j := f.column[row]
	for k, i := range f.rows[j] {
		if i == row {
			f.rows[j] = append(f.rows[j][:k], f.rows[j][k+1:]...)
			break
		}
	}
	f.column[row] = None
}

func (f *flow) solution() *Solution {
	s := &Solution{Column: f.column, rowPrice: f.u, columnPrice: f.v, bonus: f.bonus}
	count := make([]int64, len(f.v))
	for i, j := range f.column {
		if j == None {
			continue
		}
		s.Matched++
		for _, e := range f.p.Rows[i] {
			if e.Column == j {
				s.Total += int64(e.Value) - count[j]*f.p.step(int(j))
			}
		}
		count[j]++
	}
	return s
}
