package optimum

const (
	// bidsPerRow bounds the bids of a round; who is left then is led in.
	bidsPerRow = 32
	// widest is the capacity above which nobody is outbid in a column: to find who pays least there takes too long.
	widest = 64
)

// auction is what the bids know.
type auction struct {
	// paid is what each row is to pay for its place. The least of that is what its column costs whoever comes next, as long as no place is free.
	paid []int64
	// raise is the least by which a row outbids another.
	raise int64
	// floor is the least gain for which a row bids. What costs so much more than values differ is short, and who is to go without is for the searches to find.
	floor int64
}

// bid places rows in rounds, after the auction algorithm of Bertsekas, in which a row outbids another by less and less. After a round whoever would gain more
// elsewhere is taken out again. With more places than rows there is no round with high raises: the prices that it leaves at places that nobody takes in the
// end would each take a search to lower.
func (s *solver) bid() {
	a, span := &s.auction, s.high-s.low
	a.floor = s.bonus + s.low - 2*span
	a.raise = span / 16
	if s.spare() {
		a.raise = span / 256
	}
	for a.raise = max(a.raise, min(span, 1)); ; a.raise = max(a.raise/8, 1) {
		s.round()
		if a.raise <= max(span/512, 1) {
			return
		}
	}
}

// spare says whether there are more places than rows.
func (s *solver) spare() bool {
	places := 0
	for _, c := range s.p.Capacity {
		places += min(int(c), len(s.rows))
	}
	return places > len(s.rows)
}

func (s *solver) round() {
	for i, j := range s.column {
		if j != None {
			s.auction.paid[i] = s.price[j]
		}
	}
	bids := bidsPerRow * len(s.rows)
	for i := range s.rowCount {
		if s.column[i] != None {
			continue
		}
		for row := i; row != None && bids > 0; bids-- {
			row = s.place(row)
		}
	}
	for i := range s.rowCount {
		s.reconsider(i)
	}
}

// place puts a row where it gains most, and returns the row that has to leave for it, if any: the one that pays least there. It pays as much as makes it
// gain the same at the second best place, and at least the raise more than who had to leave.
func (s *solver) place(row int32) int32 {
	a, best := &s.auction, s.best(row)
	j, out, least := best.column, int32(None), int64(0)
	switch {
	case j == None || best.gain < a.floor:
		return None
	case s.reserved[j] > 0:
		s.reserved[j]--
	case s.room(j) && s.price[j] == s.nextCost(j):
	case s.p.Capacity[j] > widest || a.raise == 0:
		return None
	default:
		out, least = s.cheapest(j), a.raise
		s.leave(out)
	}
	price := s.price[j]
	s.enter(row, j, best.gain+price)
	if s.p.Capacity[j] > widest {
		return None
	}
	a.paid[row] = far
	a.paid[row] = price + max(min(best.gain-best.second, s.ask(j)-price), least)
	s.price[j] = s.ask(j)
	return out
}

// ask is what a place in a column costs whoever comes next.
func (s *solver) ask(column int32) int64 {
	if s.reserved[column] > 0 {
		return s.price[column]
	}
	ask := int64(far)
	if s.room(column) {
		ask = s.nextCost(column)
	}
	for i := s.first[column]; i != None; i = s.next[i] {
		ask = min(ask, s.auction.paid[i])
	}
	return ask
}

// cheapest is the row that pays least for its place in a column.
func (s *solver) cheapest(column int32) int32 {
	paid, least := s.auction.paid, s.first[column]
	for i := least; i != None; i = s.next[i] {
		if paid[i] < paid[least] || paid[i] == paid[least] && i < least {
			least = i
		}
	}
	return least
}

// reconsider takes a row out again if it would gain more elsewhere. The column keeps its price, and the place is reserved for whoever comes nearest to it,
// often the same row.
func (s *solver) reconsider(row int32) {
	j := s.column[row]
	if j == None || s.held[row]-s.price[j] >= s.best(row).gain {
		return
	}
	s.leave(row)
	s.reserved[j]++
}
