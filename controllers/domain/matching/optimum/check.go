package optimum

import "fmt"

// Check proves that a Solution is an optimum of a Problem, by complementary slackness with its prices, without solving it again: every row is given
// as the Problem allows, no edge is worth more than its row's and its column's prices together, one that is used is worth just that, what has no column
// has no price, and a column's price lies between what its last row costs it and what the next one would.
func Check(p *Problem, s *Solution) error {
	if len(s.Column) != len(p.Rows) || len(s.rowPrice) != len(p.Rows) || len(s.columnPrice) != len(p.Capacity) {
		return fmt.Errorf("the solution is of another problem: it has %d rows and %d columns", len(s.Column), len(s.columnPrice))
	}
	taken := make([]int64, len(p.Capacity))
	var total int64
	matched := 0
	for i, edges := range p.Rows {
		u := s.rowPrice[i]
		if u < 0 {
			return fmt.Errorf("row %d has the negative price %d", i, u)
		}
		used := false
		for _, e := range edges {
			worth := s.bonus + int64(e.Value)
			slack := u + s.columnPrice[e.Column] - worth
			if slack < 0 {
				return fmt.Errorf("row %d would be worth %d more in column %d", i, -slack, e.Column)
			}
			if e.Column != s.Column[i] {
				continue
			}
			if slack != 0 {
				return fmt.Errorf("row %d is in column %d and its price is %d above its worth", i, e.Column, slack)
			}
			used = true
			matched++
			total += int64(e.Value) - taken[e.Column]*p.step(int(e.Column))
			taken[e.Column]++
		}
		switch {
		case s.Column[i] != None && !used:
			return fmt.Errorf("row %d is in column %d, which is forbidden to it", i, s.Column[i])
		case s.Column[i] == None && u != 0:
			return fmt.Errorf("row %d is in no column and has the price %d", i, u)
		}
	}
	for j, n := range taken {
		price, step, room := s.columnPrice[j], p.step(j), int64(p.Capacity[j])
		switch {
		case n > room:
			return fmt.Errorf("column %d has %d rows and room for %d", j, n, room)
		case n > 0 && price < (n-1)*step:
			return fmt.Errorf("column %d has %d rows at the price %d, and the last is worth less", j, n, price)
		case n == 0 && price < 0:
			return fmt.Errorf("column %d is empty at the negative price %d", j, price)
		case n < room && price > n*step:
			return fmt.Errorf("column %d has room at the price %d, which is too dear", j, price)
		}
	}
	if matched != s.Matched || total != s.Total {
		return fmt.Errorf("it is said to match %d rows worth %d, and matches %d worth %d", s.Matched, s.Total, matched, total)
	}
	if s.bonus < p.matchBonus() {
		return fmt.Errorf("the bonus %d for each row does not put matches first", s.bonus)
	}
	return nil
}
