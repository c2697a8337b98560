package optimum

import (
	"math/rand/v2"
	"testing"
)

func TestWhatIsFoundIsProvenOnRandomProblems(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		p := &Problem{Rows: make([][]Edge, random.IntN(9)), Capacity: make([]int32, 1+random.IntN(6)), Step: nil}
		p.Step = make([]int32, len(p.Capacity))
		for j := range p.Capacity {
			p.Capacity[j], p.Step[j] = random.Int32N(4), random.Int32N(3)*random.Int32N(10)
		}
		for i := range p.Rows {
			for j := range p.Capacity {
				if random.IntN(3) > 0 {
					p.Rows[i] = append(p.Rows[i], Edge{int32(j), random.Int32N(30) - 5})
				}
			}
		}
		s, err := Solve(p)
		if err != nil {
			t.Fatal(err)
		}
		if err := Check(p, s); err != nil {
			t.Fatalf("the certificate does not hold: %v\n%+v\n%+v", err, p, s)
		}
	}
}
