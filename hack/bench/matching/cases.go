package main

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/longshore-dev/longshore/controllers/domain/matching/optimum"
)

// most is what an edge is worth at most; every value from 0 is as likely.
const most = 1_000_000

// instance is a case, and if limit is not 0, how long it may take.
type instance struct {
	name  string
	limit time.Duration
	make  func() *optimum.Problem
}

// cases are always the same, since their seeds are.
var cases = []instance{
	{name: "1,000 x 1,000 dense", make: func() *optimum.Problem { return dense(1000, 1) }},
	{name: "5,000 x 5,000 dense", make: func() *optimum.Problem { return dense(5000, 2) }},
	{name: "10,000 x 10,000, 50 candidates each", limit: 2 * time.Second, make: func() *optimum.Problem { return sparse(10_000, 50, 3) }},
}

func dense(n int, seed uint64) *optimum.Problem {
	random := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // An instance is to be the same each time, not a secret.
	p := square(n)
	for i := range p.Rows {
		p.Rows[i] = make([]optimum.Edge, n)
		for j := range p.Rows[i] {
			p.Rows[i][j] = optimum.Edge{Column: int32(j), Value: random.Int32N(most + 1)}
		}
	}
	return p
}

// sparse draws the candidates of each row without drawing one twice.
func sparse(n, candidates int, seed uint64) *optimum.Problem {
	random := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // An instance is to be the same each time, not a secret.
	p := square(n)
	drawn := make([]int, n)
	for i := range p.Rows {
		for len(p.Rows[i]) < candidates {
			j := random.IntN(n)
			if drawn[j] == i+1 {
				continue
			}
			drawn[j] = i + 1
			p.Rows[i] = append(p.Rows[i], optimum.Edge{Column: int32(j), Value: random.Int32N(most + 1)}) //nolint:gosec // n is small.
		}
	}
	return p
}

func square(n int) *optimum.Problem {
	return &optimum.Problem{Rows: make([][]optimum.Edge, n), Capacity: slices.Repeat([]int32{1}, n)}
}
