package optimum

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// shapes are what properties are tried on.
var shapes = []shape{
	{rows: 60, columns: 60, share: 0.15, high: 20, capacity: 1},
	{rows: 60, columns: 60, share: 1, high: 3, capacity: 1},
	{rows: 80, columns: 30, share: 0.4, low: -9, high: 9, capacity: 4, step: 3},
	{rows: 30, columns: 80, share: 0.05, high: 1000, capacity: 1},
	{rows: 90, columns: 40, share: 1, high: 1000, capacity: 1},
}

// shuffled is the same Problem with its rows, columns and edges in another order, and where each row and column went.
func shuffled(p *Problem, random *rand.Rand) (out *Problem, row, column []int) {
	row, column = random.Perm(len(p.Rows)), random.Perm(len(p.Capacity))
	out = &Problem{Rows: make([][]Edge, len(row)), Capacity: make([]int32, len(column)), Step: make([]int32, len(column))}
	for j, to := range column {
		out.Capacity[to], out.Step[to] = p.Capacity[j], p.Step[j]
	}
	for i, to := range row {
		for _, k := range random.Perm(len(p.Rows[i])) {
			e := p.Rows[i][k]
			out.Rows[to] = append(out.Rows[to], Edge{Column: int32(column[e.Column]), Value: e.Value})
		}
	}
	return out, row, column
}

func TestTheOrderChangesNeitherMatchesNorTotal(t *testing.T) {
	random := newRandom(20)
	for _, shape := range shapes {
		for range 20 {
			p := shape.instance(random)
			s := solved(t, p)
			other, row, column := shuffled(p, random)
			o := solved(t, other)
			if o.Matched != s.Matched || o.Total != s.Total {
				t.Fatalf("in one order %d worth %d are matched, in another %d worth %d", s.Matched, s.Total, o.Matched, o.Total)
			}
			back := slices.Repeat([]int32{None}, len(p.Rows))
			for i := range back {
				if j := o.Column[row[i]]; j != None {
					back[i] = int32(slices.Index(column, int(j)))
				}
			}
			if matched, total, allowed := p.value(back); !allowed || matched != s.Matched || total != s.Total {
				t.Fatalf("put back in order it is worth %d for %d rows, and was %d for %d", total, matched, s.Total, s.Matched)
			}
		}
	}
}

// A caller who sorts rows and columns by name gets the same for each name, in whatever order they came.
func TestSortedByNameTheSameNamesGetTheSame(t *testing.T) {
	random := newRandom(21)
	for _, shape := range shapes {
		p := shape.instance(random)
		want := solved(t, p).Column
		for range 10 {
			came, row, column := shuffled(p, random)
			// Names sort as in p; who came in which place is known by row and column.
			sorted := &Problem{Rows: make([][]Edge, len(row)), Capacity: p.Capacity, Step: p.Step}
			for i, at := range row {
				for _, e := range came.Rows[at] {
					sorted.Rows[i] = append(sorted.Rows[i], Edge{Column: int32(slices.Index(column, int(e.Column))), Value: e.Value})
				}
			}
			if got := solved(t, sorted).Column; !slices.Equal(got, want) {
				t.Fatalf("the same names got %v and then %v", want, got)
			}
		}
	}
}

func TestTheSameProblemHasTheSameSolution(t *testing.T) {
	random := newRandom(22)
	for _, shape := range shapes {
		p := shape.instance(random)
		one, two := fmt.Sprintf("%+v", solved(t, p)), fmt.Sprintf("%+v", solved(t, p))
		if one != two {
			t.Fatalf("it was solved by %s and then by %s", one, two)
		}
	}
}

func TestOneMoreColumnOrPlaceMakesNothingWorse(t *testing.T) {
	random, gained := newRandom(23), 0
	for _, shape := range shapes {
		for range 20 {
			p := shape.instance(random)
			before := solved(t, p)
			p.Capacity[random.IntN(len(p.Capacity))]++
			place := solved(t, p)
			p.Capacity, p.Step = append(p.Capacity, 1), append(p.Step, 0)
			for i := range p.Rows {
				if random.IntN(4) == 0 {
					p.Rows[i] = append(p.Rows[i], Edge{Column: int32(len(p.Capacity) - 1), Value: random.Int32N(20)})
				}
			}
			column := solved(t, p)
			if better(before.Matched, before.Total, place.Matched, place.Total) || better(place.Matched, place.Total, column.Matched, column.Total) {
				t.Fatalf("from %d worth %d it came by one more place to %d worth %d and by one more column to %d worth %d", before.Matched, before.Total,
					place.Matched, place.Total, column.Matched, column.Total)
			}
			if better(column.Matched, column.Total, before.Matched, before.Total) {
				gained++
			}
		}
	}
	if gained == 0 {
		t.Error("more columns never made anything better, so nothing was tried")
	}
}

// FuzzSolve decodes bytes to a Problem: the number of rows and columns, each column's capacity and step, and one byte for each pair.
func FuzzSolve(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{3, 2, 1, 0, 1, 0, 10, 20, 30, 40, 50, 60})
	f.Add([]byte{4, 2, 2, 7, 2, 7, 1, 1, 1, 1, 255, 255, 128, 128})
	f.Add([]byte{5, 1, 1, 0, 9, 9, 9, 9, 9})
	f.Add([]byte{6, 5, 0, 0, 1, 1, 2, 2, 3, 3, 1, 200, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30})
	f.Fuzz(func(t *testing.T, data []byte) {
		next := func() byte {
			if len(data) == 0 {
				return 0
			}
			b := data[0]
			data = data[1:]
			return b
		}
		rows, columns := int(next()%40), int(next()%30)
		p := &Problem{Rows: make([][]Edge, rows), Capacity: make([]int32, columns), Step: make([]int32, columns)}
		for j := range p.Capacity {
			p.Capacity[j], p.Step[j] = int32(next()%5), int32(next())
		}
		for i := range p.Rows {
			for j := range p.Capacity {
				// A third of the pairs are forbidden.
				if b := next(); b%3 != 0 {
					p.Rows[i] = append(p.Rows[i], Edge{Column: int32(j), Value: int32(b) - 100})
				}
			}
		}
		s := solved(t, p)
		if rows > 5 || columns > 4 {
			return
		}
		if matched, total := p.tried(); s.Matched != matched || s.Total != total {
			t.Fatalf("%d rows worth %d were matched where %d worth %d can be", s.Matched, s.Total, matched, total)
		}
	})
}
