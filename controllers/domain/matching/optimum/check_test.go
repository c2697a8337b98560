package optimum

import (
	"math"
	"slices"
	"strings"
	"testing"
)

// Any optimum goes with the prices of any other, and nothing else goes with them: that is what makes them a proof.
func TestOfAllAssignmentsTheCertificateHoldsForTheOptimaOnly(t *testing.T) {
	random := newRandom(10)
	accepted, rejected := 0, 0
	for range 400 {
		p := small(random).instance(random)
		s := solved(t, p)
		p.each(func(column []int32, matched int, total int64) {
			claim := *s
			claim.Column, claim.Matched, claim.Total = column, matched, total
			err := Check(p, &claim)
			switch optimal := matched == s.Matched && total == s.Total; {
			case optimal && err != nil:
				t.Fatalf("%v is an optimum and was rejected: %v\n%+v", column, err, p)
			case !optimal && err == nil:
				t.Fatalf("%v matches %d worth %d, and passed for an optimum, which matches %d worth %d\n%+v", column, matched, total, s.Matched, s.Total, p)
			case optimal:
				accepted++
			default:
				rejected++
			}
		})
	}
	if accepted < 400 || rejected < 10*accepted {
		t.Errorf("%d optima and %d others were tried; there should be many of both", accepted, rejected)
	}
}

// wrongs make a Solution wrong. They return false where they cannot.
var wrongs = map[string]func(p *Problem, s *Solution) bool{
	"two rows are swapped": func(_ *Problem, s *Solution) bool {
		for i, j := range s.Column {
			if j != s.Column[0] {
				s.Column[0], s.Column[i] = s.Column[i], s.Column[0]
				return true
			}
		}
		return false
	},
	"a row is unmatched, and said to be": func(p *Problem, s *Solution) bool {
		i := slices.IndexFunc(s.Column, func(j int32) bool { return j != None })
		s.Column[i] = None
		s.Matched, s.Total, _ = p.value(s.Column)
		return true
	},
	"a row is unmatched, and its price taken away": func(p *Problem, s *Solution) bool {
		i := slices.IndexFunc(s.Column, func(j int32) bool { return j != None })
		s.Column[i], s.rowPrice[i] = None, 0
		s.Matched, s.Total, _ = p.value(s.Column)
		return true
	},
	"a row is in a column that is full": func(p *Problem, s *Solution) bool {
		i := slices.Index(s.Column, None)
		if i == -1 || len(p.Rows[i]) == 0 {
			return false
		}
		s.Column[i] = p.Rows[i][0].Column
		s.Matched++
		s.Total += int64(p.Rows[i][0].Value)
		return true
	},
	"a row is in a column that is forbidden to it": func(p *Problem, s *Solution) bool {
		for j := range p.Capacity {
			if !slices.ContainsFunc(p.Rows[0], func(e Edge) bool { return int(e.Column) == j }) {
				s.Column[0] = int32(j)
				return true
			}
		}
		return false
	},
	"a row is in a column that is not there": func(p *Problem, s *Solution) bool {
		s.Column[0] = int32(len(p.Capacity))
		return true
	},
	"a row is in a negative column": func(_ *Problem, s *Solution) bool {
		s.Column[0] = None - 1
		return true
	},
	"a row's price is one more":    func(_ *Problem, s *Solution) bool { s.rowPrice[1]++; return true },
	"a row's price is one less":    func(_ *Problem, s *Solution) bool { s.rowPrice[1]--; return true },
	"a column's price is one more": func(p *Problem, s *Solution) bool { s.columnPrice[1]++; return p.Capacity[1] > 0 },
	"a column's price is one less": func(p *Problem, s *Solution) bool { s.columnPrice[1]--; return p.Capacity[1] > 0 },
	"all prices are so great that their sum overflows": func(_ *Problem, s *Solution) bool {
		for i := range s.rowPrice {
			s.rowPrice[i] = math.MaxInt64
		}
		for j := range s.columnPrice {
			s.columnPrice[j] = math.MaxInt64
		}
		return true
	},
	"a lower bonus was enough": func(_ *Problem, s *Solution) bool {
		for i, j := range s.Column {
			if j != None {
				s.rowPrice[i]--
			}
		}
		return true
	},
	"the total is one more": func(_ *Problem, s *Solution) bool { s.Total++; return true },
	"one more is matched":   func(_ *Problem, s *Solution) bool { s.Matched++; return true },
	"the total is without steps": func(p *Problem, s *Solution) bool {
		before := s.Total
		s.Total = p.unstepped(s)
		return s.Total != before
	},
	"a row is missing":             func(_ *Problem, s *Solution) bool { s.Column = s.Column[1:]; return true },
	"there is one row more":        func(_ *Problem, s *Solution) bool { s.Column = append(s.Column, None); return true },
	"there is one row price more":  func(_ *Problem, s *Solution) bool { s.rowPrice = append(s.rowPrice, 0); return true },
	"there is one column more":     func(_ *Problem, s *Solution) bool { s.columnPrice = append(s.columnPrice, 0); return true },
	"there is nothing in it":       func(_ *Problem, s *Solution) bool { *s = Solution{}; return true },
	"nobody is matched or has one": func(p *Problem, s *Solution) bool { s.Matched, s.Total = 0, 0; s.unmatchAll(p); return true },
}

func (p *Problem) unstepped(s *Solution) int64 {
	without := *p
	without.Step = nil
	_, total, _ := without.value(s.Column)
	return total
}

func (s *Solution) unmatchAll(p *Problem) {
	s.Column = slices.Repeat([]int32{None}, len(p.Rows))
	s.rowPrice, s.columnPrice = make([]int64, len(p.Rows)), make([]int64, len(p.Capacity))
}

func TestWhateverIsWrongWithASolutionIsFound(t *testing.T) {
	for name, spoil := range wrongs {
		t.Run(name, func(t *testing.T) {
			random, spoilt := newRandom(11), 0
			for range 60 {
				p := shape{rows: 40, columns: 20, share: 0.3, low: -500_000, high: 500_000, capacity: 3, step: 1000}.instance(random)
				s := solved(t, p)
				if !spoil(p, s) {
					continue
				}
				spoilt++
				if err := Check(p, s); err == nil {
					t.Fatalf("the certificate still holds")
				}
			}
			if spoilt == 0 {
				t.Fatal("no instance could be spoilt")
			}
		})
	}
}

// Two rows want the one place in the first column, which is worth far more to the first row than the other that it can take. With too low a bonus the first row
// stays there, and the second without.
func TestABonusThatDoesNotPutMatchesFirstIsFound(t *testing.T) {
	p := &Problem{Rows: [][]Edge{{{Column: 0, Value: 1000}, {Column: 1, Value: -1000}}, {{Column: 0, Value: 10}}}, Capacity: []int32{1, 1}}
	s := &Solution{Column: []int32{0, None}, Matched: 1, Total: 1000}
	for bonus := range int64(2500) {
		// These prices prove the optimum if a match is worth the bonus, as long as two matches are not worth more.
		s.columnPrice = []int64{max(bonus+10, 0), 0}
		s.rowPrice = []int64{bonus + 1000 - s.columnPrice[0], 0}
		if err := Check(p, s); err == nil {
			t.Fatalf("one match passed for an optimum at the bonus %d, and two are possible", bonus)
		}
	}
	if best := solved(t, p); best.Matched != 2 || best.Total != -990 {
		t.Errorf("%d rows worth %d were matched; the most matches come first, whatever they are worth: 2 worth -990", best.Matched, best.Total)
	}
}

func TestTheEdgesOfWhatTheCertificateAllows(t *testing.T) {
	// Two rows in one column of which the second costs 10: the column's price lies between that and what a third would cost.
	p := &Problem{Rows: [][]Edge{{{Value: 50}}, {{Value: 50}}}, Capacity: []int32{3}, Step: []int32{10}}
	bonus := p.matchBonus()
	for price, holds := range map[int64]bool{-1: false, 0: false, 9: false, 10: true, 15: true, 20: true, 21: false} {
		s := &Solution{Column: []int32{0, 0}, Matched: 2, Total: 90, rowPrice: []int64{bonus + 50 - price, bonus + 50 - price}, columnPrice: []int64{price}}
		if err := Check(p, s); (err == nil) != holds {
			t.Errorf("at the column's price %d the certificate is answered %v; it should hold: %v", price, err, holds)
		}
	}
}

func TestWhatHasNoPlacesOrEdgesCostsWhatNobodyPays(t *testing.T) {
	p := &Problem{Rows: [][]Edge{{{Value: 5}}, {}}, Capacity: []int32{0}}
	bonus := p.matchBonus()
	for _, c := range []struct {
		row, column int64
		holds       bool
	}{{0, bonus + 5, true}, {0, bonus + 50, true}, {0, bonus + 4, false}, {1, bonus + 5, false}} {
		s := &Solution{Column: []int32{None, None}, rowPrice: []int64{0, c.row}, columnPrice: []int64{c.column}}
		if err := Check(p, s); (err == nil) != c.holds {
			t.Errorf("with %d for the empty row and %d for the column the certificate is answered %v; it should hold: %v", c.row, c.column, err, c.holds)
		}
	}
}

// In each of these the prices agree with the claim, but for the one thing.
func TestPricesThatAgreeWithAWrongClaimProveNothing(t *testing.T) {
	pair := &Problem{Rows: [][]Edge{{{Column: 0, Value: 0}, {Column: 1, Value: 10}}}, Capacity: []int32{1, 1}}
	shared := &Problem{Rows: [][]Edge{{{Value: 5}}, {{Value: 5}}}, Capacity: []int32{1}}
	for name, c := range map[string]struct {
		problem  *Problem
		solution Solution
		want     string
	}{
		"two rows share a place": {shared, Solution{
			Column: []int32{0, 0}, Matched: 2, Total: 10, rowPrice: []int64{0, 0}, columnPrice: []int64{shared.matchBonus() + 5},
		}, "room for 1 only"},
		"a row pays more than it is worth": {pair, Solution{
			Column: []int32{1}, Matched: 1, Total: 10, rowPrice: []int64{-1}, columnPrice: []int64{pair.matchBonus() + 1, pair.matchBonus() + 11},
		}, "row 0 has the negative price -1"},
		"the better column is so cheap that the sum overflows": {pair, Solution{
			Column: []int32{0}, Matched: 1, Total: 0, rowPrice: []int64{pair.matchBonus()}, columnPrice: []int64{0, math.MinInt64},
		}, "column 1 has the negative price"},
		"the price of the better column is so great that the sum overflows": {pair, Solution{
			Column: []int32{0}, Matched: 1, Total: 0, rowPrice: []int64{pair.matchBonus()}, columnPrice: []int64{0, math.MaxInt64},
		}, "column 1"},
		"a row is where it may not be": {&Problem{Rows: [][]Edge{{}}, Capacity: []int32{1}}, Solution{
			Column: []int32{0}, Matched: 1, rowPrice: []int64{0}, columnPrice: []int64{0},
		}, "forbidden"},
		"a column with room costs something": {pair, Solution{
			Column: []int32{1}, Matched: 1, Total: 10, rowPrice: []int64{pair.matchBonus() + 10}, columnPrice: []int64{1, 0},
		}, "one more would cost less"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := Check(c.problem, &c.solution); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("it was answered %v, and should be refused with %q", err, c.want)
			}
		})
	}
}
