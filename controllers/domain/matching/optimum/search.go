package optimum

// search is what one search for a way knows. It is used again for the next: only what was touched is cleared.
type search struct {
	// distance of each column from the row that is led in, from which row it was reached, and what the column is worth to that row.
	distance []int64
	from     []int32
	worth    []int64
	// touched are the columns that were reached, scanned those whose rows were.
	touched, scanned []int32
	queue            queue
	// start is the row that is led in, gain what it gains at the best column.
	start int32
	gain  int64
	// loss is the length of the best way found. It ends in endColumn, which has room; or else endRow is given up.
	loss              int64
	endRow, endColumn int32
}

func newSearch(columns int) search {
	s := search{distance: make([]int64, columns), from: make([]int32, columns), worth: make([]int64, columns)}
	for j := range s.distance {
		s.distance[j] = far
	}
	return s
}

// lead brings one row in, by Dijkstra over the columns: the length of a step from a row to a column is what the row gains less there than where it is. The
// way ends in a column that has room, at what the next row costs there above the price, or in a row, this one or another, that is given up, at what it gains.
func (s *solver) lead(start int32) {
	w := &s.search
	w.start, w.gain = start, s.best(start).gain
	w.loss, w.endRow, w.endColumn = w.gain, start, None
	if w.gain == 0 {
		return
	}
	s.reach(start)
	for len(w.queue) > 0 {
		at := w.queue.pop()
		if at.distance >= w.loss {
			break
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
	for _, j := range w.scanned {
		s.price[j] += w.loss - w.distance[j]
	}
	s.augment()
	w.clear()
}

// end is how long the way is that ends by giving a row up.
func (s *solver) end(row int32) int64 {
	if row == s.search.start {
		return s.search.gain
	}
	j := s.column[row]
	return s.search.distance[j] + s.held[row] - s.price[j]
}

// reach goes on from a row along the edges that are near. The others wait in the queue at the least distance to which one of them can lead.
func (s *solver) reach(row int32) {
	w := &s.search
	end := s.end(row)
	if end < w.loss {
		w.loss, w.endRow, w.endColumn = end, row, None
	}
	s.relax(row, s.near[row])
	if at := end - s.rest[row]; at < w.loss {
		w.queue.push(waiting{distance: at, node: ^row})
	}
}

func (s *solver) relax(row int32, edges []Edge) {
	w := &s.search
	end := s.end(row) - s.bonus
	for _, e := range edges {
		j := e.Column
		d := end - int64(e.Value) + s.price[j]
		if d >= w.loss || d >= w.distance[j] {
			continue
		}
		if w.distance[j] == far {
			w.touched = append(w.touched, j)
		}
		w.distance[j], w.from[j], w.worth[j] = d, row, s.bonus+int64(e.Value)
		if s.room(j) {
			if loss := d + s.nextCost(j) - s.price[j]; loss < w.loss {
				w.loss, w.endRow, w.endColumn = loss, None, j
			}
		}
		if d < w.loss {
			w.queue.push(waiting{distance: d, node: j})
		}
	}
}

// augment moves every row on the way one column on.
func (s *solver) augment() {
	w := &s.search
	column := w.endColumn
	if column == None {
		if w.endRow == w.start {
			return
		}
		column = s.column[w.endRow]
		s.leave(w.endRow)
	}
	for {
		row := w.from[column]
		before := s.column[row]
		if before != None {
			s.leave(row)
		}
		s.enter(row, column, w.worth[column])
		if row == w.start {
			return
		}
		column = before
	}
}

func (w *search) clear() {
	for _, j := range w.touched {
		w.distance[j] = far
	}
	w.touched, w.scanned, w.queue = w.touched[:0], w.scanned[:0], w.queue[:0]
}
