package provider

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/time/rate"
	"k8s.io/utils/clock"
)

// The defaults of an AccessProvider's limits, as the API's documentation states them.
const (
	DefaultTimeout       = 10 * time.Second
	DefaultMaxConcurrent = 4
)

// Limits bound the calls to one target system.
type Limits struct {
	// Timeout of one call.
	Timeout time.Duration
	// MaxConcurrent is how many calls are under way at once.
	MaxConcurrent int
	// QPS is how many calls are made in a second, and how many at once after a pause; zero means unlimited.
	QPS int
}

// Operation is a call to a target system, as metrics name it.
type Operation string

// The operations.
const (
	OperationGrant  Operation = "grant"
	OperationVerify Operation = "verify"
	OperationRevoke Operation = "revoke"
	OperationProbe  Operation = "probe"
	OperationList   Operation = "list"
)

// Result is how a call ended, as metrics name it.
type Result string

// The results.
const (
	ResultSuccess Result = "success"
	ResultTimeout Result = "timeout"
	ResultRefused Result = "refused"
	ResultError   Result = "error"
)

// Observer is told of every call that was made.
type Observer func(Operation, Result, time.Duration)

// Limit bounds the calls to a provider and reports each to an Observer. A call whose turn does not come soon is not made and ends as
// Busy, so that one slow target system cannot tie up the operator.
func Limit(p Provider, limits Limits, c clock.PassiveClock, observe Observer) Provider {
	bucket := rate.NewLimiter(rate.Inf, 0)
	if limits.QPS > 0 {
		bucket = rate.NewLimiter(rate.Limit(limits.QPS), limits.QPS)
	}
	l := &limited{
		Provider: p,
		timeout:  limits.Timeout,
		turns:    newTurns(limits, c),
		bucket:   bucket,
		clock:    c,
		observe:  observe,
	}
	if lister, is := p.(Lister); is {
		return &limitedLister{limited: l, lister: lister}
	}
	return l
}

type limited struct {
	Provider
	timeout time.Duration
	turns   *turns
	bucket  *rate.Limiter
	clock   clock.PassiveClock
	observe Observer
}

func (l *limited) Grant(ctx context.Context, request Request) error {
	return l.call(ctx, OperationGrant, func(ctx context.Context) error { return l.Provider.Grant(ctx, request) })
}

func (l *limited) Verify(ctx context.Context, target Target) (Observed, error) {
	var observed Observed
	err := l.call(ctx, OperationVerify, func(ctx context.Context) (err error) {
		observed, err = l.Provider.Verify(ctx, target)
		return err
	})
	return observed, err
}

func (l *limited) Revoke(ctx context.Context, target Target, options RevokeOptions) error {
	return l.call(ctx, OperationRevoke, func(ctx context.Context) error { return l.Provider.Revoke(ctx, target, options) })
}

func (l *limited) Probe(ctx context.Context) error {
	return l.call(ctx, OperationProbe, l.Provider.Probe)
}

// limitedLister is a limited provider that is a Lister.
type limitedLister struct {
	*limited
	lister Lister
}

func (l *limitedLister) List(ctx context.Context) ([]string, error) {
	var keys []string
	err := l.call(ctx, OperationList, func(ctx context.Context) (err error) {
		keys, err = l.lister.List(ctx)
		return err
	})
	return keys, err
}

func (l *limited) call(ctx context.Context, operation Operation, do func(context.Context) error) error {
	back, err := l.turns.take(ctx)
	if err != nil {
		return err
	}
	result := ResultError
	// Also of a call that panics: its turn is over.
	defer func() { back(result == ResultSuccess || result == ResultRefused) }()
	reserved := l.bucket.Reserve()
	if delay := reserved.Delay(); delay > 0 {
		reserved.Cancel()
		return busy(delay)
	}

	started := l.clock.Now()
	callCtx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	err = do(callCtx)
	result = resultOf(err)
	l.observe(operation, result, l.clock.Since(started))
	if err != nil && ctx.Err() == nil && errors.Is(callCtx.Err(), context.DeadlineExceeded) && !errors.Is(err, context.DeadlineExceeded) {
		// Some clients lose the reason on the way up.
		err = fmt.Errorf("%w: %w", context.DeadlineExceeded, err)
	}
	return err
}

func resultOf(err error) Result {
	switch {
	case err == nil:
		return ResultSuccess
	case errors.Is(err, context.DeadlineExceeded):
		return ResultTimeout
	case IsRefused(err):
		return ResultRefused
	default:
		return ResultError
	}
}
