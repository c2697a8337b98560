package providers_test

import (
	"context"

	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// wire stands between the reconcilers and a provider, and knows which call is made.
type wire struct {
	// armed is what happens to the next call that it is meant for.
	armed *strike
	// before is the operation before, by the Target's key.
	before map[string]provider.Operation
}

// strike is what happens to one call.
type strike struct {
	operation provider.Operation
	// after is the operation that came before, for the same Target; empty if that does not matter.
	after   provider.Operation
	subject string
	// how makes the call, and something that goes wrong with it.
	how func(call func() error) error

	// target is what the call was about, and err what came of it; the target is empty until there was one.
	target provider.Target
	err    error
}

func (s *strike) struck() bool { return s.target != provider.Target{} }

// over is a type whose calls go over the wire.
func (w *wire) over(kind provider.Type) provider.Type {
	return provider.Type{Open: func(c provider.Connection) (provider.Provider, error) {
		opened, err := kind.Open(c)
		if err != nil {
			return nil, err
		}
		wired := &wired{opened, w}
		if lister, is := opened.(provider.Lister); is {
			return &wiredLister{wired, lister}, nil
		}
		return wired, nil
	}}
}

func (w *wire) call(operation provider.Operation, target provider.Target, do func() error) error {
	before := w.before[target.Key]
	w.before[target.Key] = operation
	s := w.armed
	if s == nil || s.operation != operation || s.subject != target.Subject || s.after != "" && s.after != before {
		return do()
	}
	w.armed, s.target = nil, target
	s.err = s.how(do)
	return s.err
}

type wired struct {
	provider.Provider
	wire *wire
}

func (w *wired) Grant(ctx context.Context, request provider.Request) error {
	return w.wire.call(provider.OperationGrant, request.Target, func() error { return w.Provider.Grant(ctx, request) })
}

func (w *wired) Verify(ctx context.Context, target provider.Target) (observed provider.Observed, err error) {
	err = w.wire.call(provider.OperationVerify, target, func() (err error) {
		observed, err = w.Provider.Verify(ctx, target)
		return err
	})
	return observed, err
}

func (w *wired) Revoke(ctx context.Context, target provider.Target, options provider.RevokeOptions) error {
	return w.wire.call(provider.OperationRevoke, target, func() error { return w.Provider.Revoke(ctx, target, options) })
}

type wiredLister struct {
	*wired
	lister provider.Lister
}

func (w *wiredLister) List(ctx context.Context) ([]string, error) { return w.lister.List(ctx) }
