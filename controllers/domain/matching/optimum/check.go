package optimum

import (
	"errors"
	"fmt"
)

// Check proves that a Solution is an optimum of a Problem, by complementary slackness with its prices, without solving it again: every row is given
// as the Problem allows, no edge is worth more than its row's and its column's prices together, one that is used is worth just that, a row in no column
// has no price, and a column's price lies between what its last row costs it and what the next one would. Since no price is negative, none that is paid can
// be so great that adding it overflows, and a sum that does is negative and refused.
func Check(p *Problem, s *Solution) error {
	if err := p.validate(); err != nil {
		return err
	}
	if len(s.Column) != len(p.Rows) || len(s.rowPrice) != len(p.Rows) || len(s.columnPrice) != len(p.Capacity) {
		return fmt.Errorf("the solution is of another problem: it has %d rows and %d columns", len(s.Column), len(s.columnPrice))
	}
	for j, price := range s.columnPrice {
		if price < 0 {
			return fmt.Errorf("column %d has the negative price %d", j, price)
		}
	}
	taken := make([]int64, len(p.Capacity))
	bonus, matched, total := p.matchBonus(), 0, int64(0)
	for i := range p.Rows {
		value, err := s.checkRow(p, i, bonus)
		if err != nil {
			return fmt.Errorf("row %d %w", i, err)
		}
		if j := s.Column[i]; j != None {
			matched++
			total += value - taken[j]*p.step(int(j))
			taken[j]++
		}
	}
	for j, n := range taken {
		if err := s.checkColumn(p, j, n); err != nil {
			return fmt.Errorf("column %d has %d rows and the price %d: %w", j, n, s.columnPrice[j], err)
		}
	}
	if matched != s.Matched || total != s.Total {
		return fmt.Errorf("it is said to match %d rows worth %d, and matches %d worth %d", s.Matched, s.Total, matched, total)
	}
	return nil
}

// checkRow returns what the row is worth in its column, if it is in one.
func (s *Solution) checkRow(p *Problem, row int, bonus int64) (int64, error) {
	price, column := s.rowPrice[row], s.Column[row]
	if price < 0 {
		return 0, fmt.Errorf("has the negative price %d", price)
	}
	var value int64
	used := false
	for _, e := range p.Rows[row] {
		above := price + s.columnPrice[e.Column] - bonus - int64(e.Value)
		switch {
		case above < 0:
			return 0, fmt.Errorf("would be worth %d more in column %d", -above, e.Column)
		case e.Column == column && above > 0:
			return 0, fmt.Errorf("is worth %d less in column %d than the prices say", above, e.Column)
		case e.Column == column:
			value, used = int64(e.Value), true
		}
	}
	switch {
	case column != None && !used:
		return 0, fmt.Errorf("is in column %d, which is forbidden to it", column)
	case column == None && price != 0:
		return 0, fmt.Errorf("is in no column and has the price %d", price)
	}
	return value, nil
}

func (s *Solution) checkColumn(p *Problem, column int, rows int64) error {
	price, step, room := s.columnPrice[column], p.step(column), int64(p.Capacity[column])
	switch {
	case rows > room:
		return fmt.Errorf("there is room for %d only", room)
	case rows > 0 && price < (rows-1)*step:
		return errors.New("the last of them costs more")
	case rows < room && price > rows*step:
		return errors.New("one more would cost less")
	}
	return nil
}
