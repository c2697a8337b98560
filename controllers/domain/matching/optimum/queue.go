package optimum

// waiting is a column at its distance; or the complement of a row, at the least distance to which those of its edges can lead that were not looked at.
type waiting struct {
	distance int64
	node     int32
}

func (a waiting) before(b waiting) bool {
	return a.distance < b.distance || a.distance == b.distance && a.node < b.node
}

// queue is a heap with four children to each node, which is shallower than one with two.
type queue []waiting

func (q *queue) push(w waiting) {
	h := append(*q, w)
	k := len(h) - 1
	for k > 0 {
		parent := (k - 1) / 4
		if !w.before(h[parent]) {
			break
		}
		h[k] = h[parent]
		k = parent
	}
	h[k] = w
	*q = h
}

func (q *queue) pop() waiting {
	h := *q
	top, last := h[0], h[len(h)-1]
	h = h[:len(h)-1]
	*q = h
	k := 0
	for {
		least := 4*k + 1
		if least >= len(h) {
			break
		}
		for child := least + 1; child < min(4*k+5, len(h)); child++ {
			if h[child].before(h[least]) {
				least = child
			}
		}
		if !h[least].before(last) {
			break
		}
		h[k] = h[least]
		k = least
	}
	if len(h) > 0 {
		h[k] = last
	}
	return top
}
