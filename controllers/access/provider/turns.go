package provider

import (
	"context"
	"errors"
	"sync"
	"time"

	"k8s.io/utils/clock"
)

const (
	// patience is how long a call waits for its turn before it is given up as Busy. It is long against a healthy target's answer, so that
	// little is tried in vain, and short against a timeout: what waits here keeps one of the operator's workers from other targets.
	patience = 100 * time.Millisecond
	// stuckAfter is how long the calls under way take when it is not worth waiting for one of them to end.
	stuckAfter = 500 * time.Millisecond
	// busyWait is what a call that was given up as Busy asks to wait, unless more is known: a few calls' time.
	busyWait = 250 * time.Millisecond
	// crowd is over how many steps those who were given up come back, so that they do not meet again.
	crowd = 16
)

// turns bound how many calls are under way at once.
type turns struct {
	free    chan struct{}
	timeout time.Duration
	clock   clock.PassiveClock

	mu sync.Mutex
	// began of the calls under way, by number.
	began map[int]time.Time
	made  int
	// usual is about how long a call takes that is answered.
	usual time.Duration
	// givenUp counts those whose turn did not come.
	givenUp int
}

func newTurns(limits Limits, c clock.PassiveClock) *turns {
	return &turns{free: make(chan struct{}, limits.MaxConcurrent), timeout: limits.Timeout, clock: c, began: map[int]time.Time{}}
}

// take waits for a turn and takes it, or ends as Busy. Whoever has taken one gives it back, and says whether the call was answered.
func (t *turns) take(ctx context.Context) (back func(wasAnswered bool), err error) {
	select {
	case t.free <- struct{}{}:
		return t.begin(), nil
	default:
	}
	if wait, stuck := t.stuck(); stuck {
		return nil, t.busy(wait)
	}
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case t.free <- struct{}{}:
		return t.begin(), nil
	case <-waiting.Done():
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, t.busy(busyWait)
	}
}

func (t *turns) begin() func(bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.made++
	number, began := t.made, t.clock.Now()
	t.began[number] = began
	return func(wasAnswered bool) {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.began, number)
		if wasAnswered {
			t.usual = (3*t.usual + t.clock.Since(began)) / 4
		}
		<-t.free
	}
}

// stuck says whether all calls have been under way for long, and when the one that began first should end: about now if that is usual, at its
// timeout if it is not.
func (t *turns) stuck() (time.Duration, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.began) < cap(t.free) {
		return 0, false
	}
	oldest := time.Duration(0)
	for _, began := range t.began {
		age := t.clock.Since(began)
		if age < stuckAfter {
			return 0, false
		}
		oldest = max(oldest, age)
	}
	if oldest < t.usual {
		return max(t.usual-oldest, busyWait), true
	}
	return max(t.timeout-oldest, busyWait), true
}

func (t *turns) busy(wait time.Duration) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.givenUp++
	return busy(wait + busyWait*time.Duration(t.givenUp%crowd)/4)
}

func busy(wait time.Duration) error {
	return &Error{Busy: true, RetryAfter: wait, Err: errors.New("too many calls are under way")}
}
