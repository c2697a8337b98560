package provider

import (
	"context"
	"fmt"
	"sync"
	"time"

	"k8s.io/utils/clock"
)

const (
	// failuresToOpen is how many calls in a row have to fail until further ones are held back. Each of those that hang costs a timeout.
	failuresToOpen = 3
	// firstPause and longestPause are how long calls are held back until one of them tries: twice as long after each that fails.
	firstPause   = 5 * time.Second
	longestPause = time.Minute
)

// Circuit holds calls back from a target system that does not answer, so that nobody waits for it in vain, and has one try from time to
// time. It is shared by all who call the target system. It is written here because the libraries for it read the wall clock, sony/gobreaker
// among them, and everything in this operator that depends on time is tested by moving a clock.
type Circuit struct {
	name   string
	clock  clock.PassiveClock
	turned func()

	mu sync.Mutex
	b  breaker
}

// NewCircuit returns the closed circuit of an AccessProvider. It tells whenever it was opened or closed; how it is by then, Open says.
func NewCircuit(name string, c clock.PassiveClock, turned func()) *Circuit {
	return &Circuit{name: name, clock: c, turned: turned}
}

// Open says whether calls are held back, since when the target system has not answered, and how long it is until the next one tries.
func (c *Circuit) Open() (since time.Time, wait time.Duration, open bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.b.since, max(c.b.trialAt.Sub(c.clock.Now()), 0), c.b.open()
}

// admit lets a call through, or returns an error that IsOpen. Who is let through says by ended what became of it.
func (c *Circuit) admit(probe bool) (trial bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	trial, wait, admitted := c.b.admit(c.clock.Now(), probe)
	if admitted {
		return trial, nil
	}
	return false, &Error{Open: true, RetryAfter: wait, Err: fmt.Errorf("AccessProvider %s has not answered since %s; calls are held back until it does", c.name, c.b.since.UTC().Format(time.RFC3339))}
}

func (c *Circuit) ended(trial bool, started time.Time, o outcome) {
	c.mu.Lock()
	was := c.b.open()
	c.b.ended(trial, started, c.clock.Now(), o)
	is := c.b.open()
	c.mu.Unlock()
	if was != is {
		c.turned()
	}
}

// outcome is what a call says about whether its target system answers.
type outcome int

const (
	// nothing: the call was not made, was called off, or was turned down before anybody was asked, as far as can be known.
	nothing outcome = iota
	// answered, if only that it is to be left alone for a while.
	answered
	// silent: it did not answer, or not with anything that makes sense.
	silent
)

func outcomeOf(ctx context.Context, probe bool, err error) outcome {
	switch {
	case err == nil:
		return answered
	case ctx.Err() != nil, IsBusy(err), IsWaiting(err):
		return nothing
	case IsRefused(err):
		// Only a probe asks the target system before it refuses for certain.
		if probe {
			return answered
		}
		return nothing
	case RetryAfter(err) > 0:
		return answered
	default:
		return silent
	}
}

// breaker is the state of a Circuit.
type breaker struct {
	// failures in a row, the first of which began at since.
	failures int
	since    time.Time
	// pause until one tries; zero while calls are let through.
	pause   time.Duration
	trialAt time.Time
	// trying says that one tries now.
	trying bool
}

func (b *breaker) open() bool { return b.pause > 0 }

// admit says whether a call may be made, whether it is the one that tries, and, if it may not, how long to wait at least. A probe has no other
// purpose than to try, and need not wait.
func (b *breaker) admit(now time.Time, probe bool) (trial bool, wait time.Duration, admitted bool) {
	switch {
	case !b.open():
		return false, 0, true
	case b.trying:
		return false, b.pause, false
	case !probe && now.Before(b.trialAt):
		return false, b.trialAt.Sub(now), false
	}
	b.trying = true
	return true, 0, true
}

// ended notes what a call that was admitted came to. Of those that were under way when the circuit opened, failures say nothing new.
func (b *breaker) ended(trial bool, started, now time.Time, o outcome) {
	switch {
	case o == answered:
		*b = breaker{}
	case b.open() && !trial:
	case b.open():
		b.trying = false
		if o == nothing {
			return
		}
		if !started.Before(b.trialAt) {
			b.pause = min(2*b.pause, longestPause)
		}
		b.trialAt = now.Add(b.pause)
	case o == silent:
		if b.failures == 0 {
			b.since = started
		}
		if b.failures++; b.failures >= failuresToOpen {
			b.pause, b.trialAt = firstPause, now.Add(firstPause)
		}
	}
}

// Guard has the calls to a provider go through a circuit.
func Guard(p Provider, c *Circuit) Provider {
	g := &guarded{p, c}
	if lister, is := p.(Lister); is {
		return &guardedLister{g, lister}
	}
	return g
}

type guarded struct {
	Provider
	circuit *Circuit
}

func (g *guarded) Grant(ctx context.Context, request Request) error {
	return g.call(ctx, false, func() error { return g.Provider.Grant(ctx, request) })
}

func (g *guarded) Verify(ctx context.Context, target Target) (observed Observed, err error) {
	err = g.call(ctx, false, func() (err error) {
		observed, err = g.Provider.Verify(ctx, target)
		return err
	})
	return observed, err
}

func (g *guarded) Revoke(ctx context.Context, target Target, options RevokeOptions) error {
	return g.call(ctx, false, func() error { return g.Provider.Revoke(ctx, target, options) })
}

func (g *guarded) Probe(ctx context.Context) error {
	return g.call(ctx, true, func() error { return g.Provider.Probe(ctx) })
}

func (g *guarded) call(ctx context.Context, probe bool, do func() error) error {
	trial, err := g.circuit.admit(probe)
	if err != nil {
		return err
	}
	started, came := g.circuit.clock.Now(), nothing
	// Also of one that panics: nobody else may try before it has ended.
	defer func() { g.circuit.ended(trial, started, came) }()
	err = do()
	came = outcomeOf(ctx, probe, err)
	return err
}

// guardedLister is a guarded provider that is a Lister.
type guardedLister struct {
	*guarded
	lister Lister
}

func (g *guardedLister) List(ctx context.Context) (keys []string, err error) {
	err = g.call(ctx, false, func() (err error) {
		keys, err = g.lister.List(ctx)
		return err
	})
	return keys, err
}
