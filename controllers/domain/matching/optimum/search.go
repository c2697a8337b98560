package optimum

// search is what a search for a way knows. The next one uses it again: only what was touched is cleared.
type search struct {
	// distance of each column from where the search starts, from which row it was reached, or None if it starts there, and what it is worth to that row.
	distance []int64
	from     []int32
	worth    []int64
	// touched are the columns that were reached, and scanned those of which all rows were.
	touched, scanned []int32
	queue            queue
	// gain is what a row gains that is in no column and where the search starts.
	gain int64
	// releasing says that the search is for a place that is reserved, and for nothing else.
	releasing bool
	// loss is the length of the best way found. It ends in endColumn, or if that is None, endRow is given up.
	loss              int64
	endRow, endColumn int32
}

func newSearch(columns int) search {
	w := search{distance: make([]int64, columns), from: make([]int32, columns), worth: make([]int64, columns)}
	for j := range w.distance {
		w.distance[j] = far
	}
	return w
}

// lead brings one row in, by Dijkstra over the columns: the length of a step from a row to a column is what the row gains less there than where it is. The
// way ends at a place that is reserved; or in a column that has room, at what one more row costs there above the price; or in a row, this one or another,
// that is given up, at what it gains.
func (s *solver) lead(start int32) {
	w := &s.search
	w.gain = s.best(start).gain
	if w.gain == 0 {
		return
	}
	w.loss, w.endRow, w.endColumn = w.gain, start, None
	s.reach(start)
	s.run()
	for _, j := range w.scanned {
		s.price[j] += w.loss - w.distance[j]
	}
	s.augment()
	w.clear()
}

// run goes on to whatever is nearest, until nothing is nearer than the end of the best way.
func (s *solver) run() {
	w := &s.search
	for len(w.queue) > 0 {
		at := w.queue.pop()
		if at.distance >= w.loss {
			return
		}
		if at.node < 0 {
			row := ^at.node
			s.look(row)
			s.relax(row, s.rows[row])
			continue
		}
		if at.distance > w.distance[at.node] {
			continue
		}
		w.scanned = append(w.scanned, at.node)
		for i := s.first[at.node]; i != None; i = s.next[i] {
			s.reach(i)
		}
	}
}

// reach goes on from a row along the edges that are near. The others wait in the queue at the least distance to which one of them can lead: mostly the search
// is over before.
func (s *solver) reach(row int32) {
	w := &s.search
	out := s.out(row)
	if out < w.loss && !w.releasing {
		w.loss, w.endRow, w.endColumn = out, row, None
	}
	s.relax(row, s.near[row])
	if at := out - s.rest[row]; at < w.loss {
		w.queue.push(waiting{distance: at, node: ^row})
	}
}

func (s *solver) relax(row int32, edges []Edge) {
	w := &s.search
	out := s.out(row)
	for _, e := range edges {
		j, worth := e.Column, s.worth(e)
		d := out - worth + s.price[j]
		if d >= w.loss || d >= w.distance[j] {
			continue
		}
		if w.distance[j] == far {
			w.touched = append(w.touched, j)
		}
		w.distance[j], w.from[j], w.worth[j] = d, row, worth
		if end := s.end(j); end < w.loss {
			w.loss, w.endRow, w.endColumn = end, None, j
		}
		if d < w.loss {
			w.queue.push(waiting{distance: d, node: j})
		}
	}
}

// out is how long the way is on which a row that was reached ends up in no column.
func (s *solver) out(row int32) int64 {
	j := s.column[row]
	if j == None {
		return s.search.gain
	}
	return s.search.distance[j] + s.held[row] - s.price[j]
}

// end is how long the way is that ends in a column that was reached.
func (s *solver) end(column int32) int64 {
	d := s.search.distance[column]
	switch {
	case s.reserved[column] > 0:
		return d
	case s.room(column) && !s.search.releasing:
		return d + s.nextCost(column) - s.price[column]
	default:
		return far
	}
}

// augment moves every row on the way one column on, from its end back to where it starts.
func (s *solver) augment() {
	w := &s.search
	column := w.endColumn
	switch {
	case column == None && s.column[w.endRow] == None:
		return
	case column == None:
		column = s.column[w.endRow]
		s.leave(w.endRow)
	case s.reserved[column] > 0:
		s.reserved[column]--
	}
	for column != None && w.from[column] != None {
		row := w.from[column]
		before := s.column[row]
		if before != None {
			s.leave(row)
		}
		s.enter(row, column, w.worth[column])
		column = before
	}
}

func (w *search) clear() {
	for _, j := range w.touched {
		w.distance[j] = far
	}
	w.touched, w.scanned, w.queue = w.touched[:0], w.scanned[:0], w.queue[:0]
}
