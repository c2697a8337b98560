package provider

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	clocktesting "k8s.io/utils/clock/testing"
)

func TestACircuitOpensAndCloses(t *testing.T) {
	const (
		call  = false
		probe = true
	)
	// step is one call, at a moment after the start, that takes a while and comes to something, or is held back.
	type step struct {
		at    time.Duration
		probe bool
		took  time.Duration
		came  outcome
		held  bool
		wait  time.Duration
	}
	for _, test := range []struct {
		reason string
		steps  []step
		open   bool
		since  time.Duration
	}{
		{"two failures are a moment's", []step{{0, call, 0, silent, false, 0}, {time.Second, call, 0, silent, false, 0}}, false, 0},
		{"three in a row are not", []step{{0, call, 0, silent, false, 0}, {time.Second, call, 0, silent, false, 0}, {2 * time.Second, call, 0, silent, false, 0}}, true, 0},
		{"an answer in between starts anew", []step{{0, call, 0, silent, false, 0}, {1, call, 0, silent, false, 0}, {2, call, 0, answered, false, 0}, {3, call, 0, silent, false, 0}, {4, call, 0, silent, false, 0}}, false, 0},
		{"what says nothing neither counts nor starts anew", []step{{0, call, 0, silent, false, 0}, {1, call, 0, nothing, false, 0}, {2, call, 0, silent, false, 0}, {3, call, 0, nothing, false, 0}, {4, call, 0, silent, false, 0}}, true, 0},
		{"it has not answered since the first call that failed began", []step{{time.Second, call, time.Second, silent, false, 0}, {2, call, 0, silent, false, 0}, {3, call, 0, silent, false, 0}}, true, time.Second},
		{"while it is open calls are held back", []step{{0, call, 0, silent, false, 0}, {0, call, 0, silent, false, 0}, {0, call, 0, silent, false, 0}, {time.Second, call, 0, nothing, true, 4 * time.Second}}, true, 0},
		{"after a pause one tries, and an answer closes it", []step{{0, call, 0, silent, false, 0}, {0, call, 0, silent, false, 0}, {0, call, 0, silent, false, 0}, {5 * time.Second, call, 0, answered, false, 0}, {5 * time.Second, call, 0, silent, false, 0}}, false, 0},
		{"a trial that fails doubles the pause", []step{{0, call, 0, silent, false, 0}, {0, call, 0, silent, false, 0}, {0, call, 0, silent, false, 0}, {5 * time.Second, call, 0, silent, false, 0}, {6 * time.Second, call, 0, nothing, true, 9 * time.Second}, {15 * time.Second, call, 0, silent, false, 0}, {15 * time.Second, call, 0, nothing, true, 20 * time.Second}}, true, 0},
		{"a probe need not wait, and closes it", []step{{0, call, 0, silent, false, 0}, {0, call, 0, silent, false, 0}, {0, call, 0, silent, false, 0}, {time.Second, probe, 0, answered, false, 0}, {time.Second, call, 0, silent, false, 0}}, false, 0},
		{"a probe that fails before the pause is over lengthens none", []step{{0, call, 0, silent, false, 0}, {0, call, 0, silent, false, 0}, {0, call, 0, silent, false, 0}, {time.Second, probe, 0, silent, false, 0}, {time.Second, call, 0, nothing, true, 5 * time.Second}}, true, 0},
		{"a trial that was called off leaves it to the next", []step{{0, call, 0, silent, false, 0}, {0, call, 0, silent, false, 0}, {0, call, 0, silent, false, 0}, {5 * time.Second, call, 0, nothing, false, 0}, {5 * time.Second, call, 0, answered, false, 0}}, false, 0},
	} {
		t.Run(test.reason, func(t *testing.T) {
			g := NewWithT(t)
			start := time.Unix(1000, 0)
			var b breaker
			for i, s := range test.steps {
				now := start.Add(s.at)
				trial, wait, admitted := b.admit(now, s.probe)
				g.Expect(admitted).To(Equal(!s.held), "whether call %d is made", i+1)
				g.Expect(wait).To(Equal(s.wait), "how long call %d is to wait", i+1)
				if admitted {
					b.ended(trial, now, now.Add(s.took), s.came)
				}
			}
			g.Expect(b.open()).To(Equal(test.open))
			if test.open {
				g.Expect(b.since).To(BeTemporally("==", start.Add(test.since)))
			}
		})
	}
}

func TestThePauseIsBounded(t *testing.T) {
	g := NewWithT(t)
	now := time.Unix(0, 0)
	var b breaker
	for range failuresToOpen {
		b.ended(false, now, now, silent)
	}
	var pauses []time.Duration
	for range 7 {
		pauses = append(pauses, b.trialAt.Sub(now))
		now = b.trialAt
		trial, _, _ := b.admit(now, false)
		b.ended(trial, now, now, silent)
	}
	g.Expect(pauses).To(Equal([]time.Duration{5 * time.Second, 10 * time.Second, 20 * time.Second, 40 * time.Second, time.Minute, time.Minute, time.Minute}))
}

func TestOneTriesAtATime(t *testing.T) {
	g := NewWithT(t)
	now := time.Unix(0, 0)
	var b breaker
	for range failuresToOpen {
		b.ended(false, now, now, silent)
	}
	now = now.Add(firstPause)
	trial, _, admitted := b.admit(now, false)
	g.Expect(trial && admitted).To(BeTrue())
	for _, probe := range []bool{true, false} {
		_, wait, admitted := b.admit(now, probe)
		g.Expect(admitted).To(BeFalse(), "another one tries")
		g.Expect(wait).To(BeNumerically(">", 0))
	}
	b.ended(false, now.Add(-time.Minute), now, silent)
	g.Expect(b.trying).To(BeTrue(), "what was under way when it opened is not the one that tries")
	b.ended(false, now.Add(-time.Minute), now, answered)
	g.Expect(b.open()).To(BeFalse(), "an answer is an answer, whoever gets it")
	b.ended(trial, now, now, silent)
	g.Expect(b.open()).To(BeFalse())
}

func TestWhatACallSaysAboutItsTargetSystem(t *testing.T) {
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for _, test := range []struct {
		reason string
		ctx    context.Context
		probe  bool
		err    error
		want   outcome
	}{
		{"it went well", t.Context(), false, nil, answered},
		{"it took too long", t.Context(), false, fmt.Errorf("calling: %w", context.DeadlineExceeded), silent},
		{"nobody listens", t.Context(), false, errors.New("connection refused"), silent},
		{"something failed that may pass", t.Context(), false, Retryable("500"), silent},
		{"it asks to be left alone", t.Context(), false, After(time.Second, Retryable("429")), answered},
		{"somebody must change something, and perhaps nobody was asked", t.Context(), false, Refused("not a name of this provider"), nothing},
		{"the credentials are wrong", t.Context(), true, Refused("wrong password"), answered},
		{"a person must act first", t.Context(), false, Waits("the custodian hands it out"), nothing},
		{"too many calls are under way", t.Context(), true, busy(time.Second), nothing},
		{"the caller called it off", over, false, context.Canceled, nothing},
		{"the caller ran out of time", over, false, context.DeadlineExceeded, nothing},
	} {
		t.Run(test.reason, func(t *testing.T) {
			NewWithT(t).Expect(outcomeOf(test.ctx, test.probe, test.err)).To(Equal(test.want))
		})
	}
}

// answering is a target system whose every call comes to the same.
type answering struct {
	Provider
	err   error
	calls int
}

func (a *answering) answer() error {
	a.calls++
	return a.err
}

func (a *answering) Grant(context.Context, Request) error                { return a.answer() }
func (a *answering) Verify(context.Context, Target) (Observed, error)    { return Observed{}, a.answer() }
func (a *answering) Revoke(context.Context, Target, RevokeOptions) error { return a.answer() }
func (a *answering) Probe(context.Context) error                         { return a.answer() }
func (a *answering) List(context.Context) ([]string, error)              { return []string{"key"}, a.answer() }

func TestAnOpenCircuitHoldsEveryCallBackButTheProbe(t *testing.T) {
	g := NewWithT(t)
	clock := clocktesting.NewFakePassiveClock(time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC))
	var turns []bool
	var circuit *Circuit
	circuit = NewCircuit("directory", clock, func() {
		_, _, open := circuit.Open()
		turns = append(turns, open)
	})
	target := &answering{err: errors.New("no route to host")}
	p := Guard(target, circuit)
	lister, is := p.(Lister)
	g.Expect(is).To(BeTrue(), "what can list still can")
	_, is = Guard(struct{ Provider }{}, circuit).(Lister)
	g.Expect(is).To(BeFalse())

	g.Expect(p.Grant(t.Context(), Request{})).To(MatchError("no route to host"))
	_, err := p.Verify(t.Context(), Target{})
	g.Expect(IsOpen(err)).To(BeFalse())
	g.Expect(turns).To(BeEmpty())
	g.Expect(IsOpen(p.Revoke(t.Context(), Target{}, RevokeOptions{}))).To(BeFalse())
	g.Expect(turns).To(Equal([]bool{true}))
	since, wait, open := circuit.Open()
	g.Expect(since).To(Equal(clock.Now()))
	g.Expect(wait).To(Equal(firstPause))
	g.Expect(open).To(BeTrue())

	target.calls = 0
	_, verified := p.Verify(t.Context(), Target{})
	_, listed := lister.List(t.Context())
	for _, err := range []error{p.Grant(t.Context(), Request{}), verified, p.Revoke(t.Context(), Target{}, RevokeOptions{}), listed} {
		g.Expect(IsOpen(err)).To(BeTrue(), "%v", err)
		g.Expect(IsRefused(err) || IsBusy(err) || IsWaiting(err)).To(BeFalse(), "it is a class of its own")
		g.Expect(RetryAfter(err)).To(Equal(firstPause))
		g.Expect(err).To(MatchError("AccessProvider directory has not answered since 2026-12-01T12:00:00Z; calls are held back until it does"))
	}
	g.Expect(target.calls).To(BeZero())

	g.Expect(p.Probe(t.Context())).To(MatchError("no route to host"))
	target.err = nil
	g.Expect(p.Probe(t.Context())).To(Succeed())
	g.Expect(turns).To(Equal([]bool{true, false}))
	keys, err := lister.List(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(keys).To(Equal([]string{"key"}))
}

func TestATrialThatPanicsHasEnded(t *testing.T) {
	g := NewWithT(t)
	clock := clocktesting.NewFakePassiveClock(time.Unix(0, 0))
	circuit := NewCircuit("directory", clock, func() {})
	target := &answering{err: errors.New("no route to host")}
	for range failuresToOpen {
		g.Expect(Guard(target, circuit).Probe(t.Context())).NotTo(Succeed())
	}
	g.Expect(func() { _ = Guard(struct{ Provider }{}, circuit).Probe(t.Context()) }).To(Panic())
	target.err = nil
	g.Expect(Guard(target, circuit).Probe(t.Context())).To(Succeed(), "the next one tries")
}
