package access

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/test/suite"
)

// indexes are the manager's, by name.
var indexes = suite.Indexes{}

// errCut is what a call that was cut off returns.
var errCut = errors.New("cut off")

// live reads and writes the API server like a manager's client, without a cache that could be behind unless a test says so, and counts.
type live struct {
	client.Client
	// namespace is all that lists of namespaced objects show: other tests' are of no concern, and many.
	namespace string

	mu     sync.Mutex
	calls  int
	writes []string
	// written are the calls that were writes, counted from one.
	written []int
	// cutAt is the call, counted from one, that is cut off, and afterwards says whether it has its effect. Zero cuts none.
	cutAt      int
	afterwards bool
	// behind, if set, answers lists of grants instead of the API server.
	behind func(client.ObjectList)
}

func (l *live) call(write string, do func() error) error {
	l.mu.Lock()
	l.calls++
	cut := l.calls == l.cutAt
	if write != "" {
		l.writes, l.written = append(l.writes, write), append(l.written, l.calls)
	}
	afterwards := l.afterwards
	l.mu.Unlock()
	if cut && !afterwards {
		return errCut
	}
	if err := do(); err != nil {
		return err
	}
	if cut {
		return errCut
	}
	return nil
}

// reset forgets what was counted, and returns it.
func (l *live) reset() (calls int, writes []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	calls, writes = l.calls, l.writes
	l.calls, l.writes, l.written, l.cutAt = 0, nil, nil, 0
	return calls, writes
}

func (l *live) Get(ctx context.Context, key client.ObjectKey, o client.Object, options ...client.GetOption) error {
	return l.call("", func() error { return l.Client.Get(ctx, key, o, options...) })
}

func (l *live) List(ctx context.Context, list client.ObjectList, options ...client.ListOption) error {
	var given client.ListOptions
	given.ApplyOptions(options)
	selector := given.FieldSelector
	return l.call("", func() error {
		if err := l.Client.List(ctx, list, client.InNamespace(l.namespace)); err != nil {
			return err
		}
		if l.behind != nil {
			l.behind(list)
		}
		return indexes.Keep(list, selector)
	})
}

func (l *live) Create(ctx context.Context, o client.Object, options ...client.CreateOption) error {
	return l.call(write("create", o), func() error { return l.Client.Create(ctx, o, options...) })
}

func (l *live) Update(ctx context.Context, o client.Object, options ...client.UpdateOption) error {
	return l.call(write("update", o), func() error { return l.Client.Update(ctx, o, options...) })
}

func (l *live) Patch(ctx context.Context, o client.Object, patch client.Patch, options ...client.PatchOption) error {
	return l.call(write("patch", o), func() error { return l.Client.Patch(ctx, o, patch, options...) })
}

func (l *live) Delete(ctx context.Context, o client.Object, options ...client.DeleteOption) error {
	return l.call(write("delete", o), func() error { return l.Client.Delete(ctx, o, options...) })
}

func (l *live) Status() client.SubResourceWriter { return &liveStatus{l.Client.Status(), l} }

type liveStatus struct {
	client.SubResourceWriter
	live *live
}

func (s *liveStatus) Update(ctx context.Context, o client.Object, options ...client.SubResourceUpdateOption) error {
	return s.live.call(write("update status of", o), func() error { return s.SubResourceWriter.Update(ctx, o, options...) })
}

func write(verb string, o client.Object) string {
	return fmt.Sprintf("%s %s %s", verb, reflect.TypeOf(o).Elem().Name(), o.GetName())
}
