package policy

import "time"

// maxRate bounds how many seconds a value moves in one second. What would move faster leaves the range of timestamps and durations within that second.
const maxRate = 1 << 40

// A linear value is sec + nsec/1e9 + rate·δ seconds, δ whole seconds after now, with 0 ≤ nsec < 1e9.
type linear struct{ sec, nsec, rate int64 }

func linearOf(t time.Time, rate int64) linear {
	return linear{t.Unix(), int64(t.Nanosecond()), rate}
}

func linearOfDuration(d time.Duration, rate int64) linear {
	return normal(int64(d/time.Second), int64(d%time.Second), rate)
}

// normal carries at most one second: -1e9 < nsec < 2e9.
func normal(sec, nsec, rate int64) linear {
	if nsec < 0 {
		sec, nsec = sec-1, nsec+int64(time.Second)
	}
	if nsec >= int64(time.Second) {
		sec, nsec = sec+1, nsec-int64(time.Second)
	}
	return linear{sec, nsec, rate}
}

func (x linear) plus(y linear) linear {
	return normal(x.sec+y.sec, x.nsec+y.nsec, x.rate+y.rate)
}

func (x linear) minus(y linear) linear {
	return normal(x.sec-y.sec, x.nsec-y.nsec, x.rate-y.rate)
}

func (x linear) negated() linear {
	return linear{}.minus(x)
}

func (x linear) negative() bool { return x.sec < 0 }

func (x linear) sign() int {
	switch {
	case x.sec < 0:
		return -1
	case x.sec == 0 && x.nsec == 0:
		return 0
	default:
		return 1
	}
}

// crosses is the least δ ≥ 1 at which the value is negative if it is not now, and is not if it is; 0 if that never comes.
func (x linear) crosses() int64 {
	switch {
	case x.negative() && x.rate > 0:
		return (-x.sec + x.rate - 1) / x.rate
	case !x.negative() && x.rate < 0:
		return (x.sec + 1 - x.rate - 1) / -x.rate
	default:
		return 0
	}
}

// A watch keeps the first moment after now at which something that was looked at turns, in whole seconds after now; 0 if nothing ever does.
type watch struct{ next int64 }

func (w *watch) note(delta int64) {
	if w != nil && delta > 0 && (w.next == 0 || delta < w.next) {
		w.next = delta
	}
}

// sign says whether the value is below, at or above zero, and notes when that turns.
func (w *watch) sign(x linear) int {
	if x.rate != 0 {
		w.note(x.crosses())
		w.note(x.negated().crosses())
	}
	return x.sign()
}

// within says whether lo ≤ x < hi, and notes when that turns.
func (w *watch) within(x, lo, hi linear) bool {
	below, above := x.minus(lo), x.minus(hi)
	if x.rate != 0 {
		w.note(below.crosses())
		w.note(above.crosses())
	}
	return !below.negative() && above.negative()
}

// moves notes that a value which moves was read as a whole, as by string(now): another second, another value.
func (w *watch) moves(rate int64) {
	if rate != 0 {
		w.note(1)
	}
}

// bounded keeps a rate within maxRate; a value that fast is looked at again in a second.
func (w *watch) bounded(x linear) linear {
	if x.rate > maxRate || x.rate < -maxRate {
		w.note(1)
		x.rate = max(min(x.rate, maxRate), -maxRate)
	}
	return x
}

// either is the watch of a value made of two; one evaluation has only one.
func either(a, b *watch) *watch {
	if a != nil {
		return a
	}
	return b
}
