package optimum

// release gives up the place that is reserved and nearest to being filled or worth nothing, and returns whether there was one. It lowers prices, in a search
// like those that lead rows in, but from outside: the way starts in a row that is in no column, or in a column that one row leaves, at what the price is
// above the last row's cost; and it ends at the place, or is that very column's, whose price then falls to what the last row costs.
func (s *solver) release() bool {
	w := &s.search
	w.loss, w.endRow, w.endColumn = far, None, None
	for j := range s.columnCount {
		for s.reserved[j] > 0 && s.price[j] == s.lastCost(j) {
			s.reserved[j]--
		}
		if above := s.price[j] - s.lastCost(j); s.reserved[j] > 0 && above < w.loss {
			w.loss, w.endColumn = above, j
		}
	}
	if w.endColumn == None {
		return false
	}
	w.gain, w.releasing = 0, true
	s.start()
	s.run()
	w.releasing = false
	for j := range s.columnCount {
		s.price[j] -= min(w.distance[j], w.loss, s.price[j]-s.lastCost(j))
	}
	s.fall(w.loss)
	s.augment()
	w.clear()
	return true
}

// start puts all into the queue where a way to a reserved place may start.
func (s *solver) start() {
	w := &s.search
	w.from[w.endColumn] = None
	for j := range s.columnCount {
		if above := s.price[j] - s.lastCost(j); s.load[j] > 0 && above < w.loss {
			w.distance[j], w.from[j] = above, None
			w.touched = append(w.touched, j)
			w.queue.push(waiting{distance: above, node: j})
		}
	}
	for i := range s.rowCount {
		if s.column[i] == None {
			s.reach(i)
		}
	}
}
