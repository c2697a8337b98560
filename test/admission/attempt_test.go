package admission

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const pollInterval = 50 * time.Millisecond

// attempt is something that somebody tries.
type attempt struct {
	name string
	// reason says why it is to pass or to be refused.
	reason string
	user   string
	try    func(context.Context, client.Client) error
	// want is part of the refusal; empty where it is to pass.
	want string
}

func (a attempt) run(t *testing.T) {
	t.Helper()
	err := a.try(t.Context(), as(t, a.user))
	switch {
	case a.want == "" && err != nil:
		t.Errorf("%s should be let through, since %s; it is refused: %v", a.user, a.reason, err)
	case a.want != "" && err == nil:
		t.Errorf("%s should be refused with %q, since %s; it passes", a.user, a.want, a.reason)
	case a.want != "" && !strings.Contains(err.Error(), a.want):
		t.Errorf("%s should be refused with %q, since %s; it is refused with: %v", a.user, a.want, a.reason, err)
	}
}

func runAll(t *testing.T, attempts []attempt) {
	t.Helper()
	for _, a := range attempts {
		t.Run(a.name, func(t *testing.T) { a.run(t) })
	}
}

// creating is an attempt to create an object, without leaving it behind.
func creating(object client.Object) func(context.Context, client.Client) error {
	return func(ctx context.Context, api client.Client) error {
		return api.Create(ctx, object, client.DryRunAll)
	}
}

// updating is an attempt to change an object, without leaving the change behind. It writes what the API server holds,
// changed, as a PUT does.
func updating[T client.Object](object T, change func(T)) func(context.Context, client.Client) error {
	return func(ctx context.Context, api client.Client) error {
		return put(ctx, api, object, change, client.DryRunAll)
	}
}

func put[T client.Object](ctx context.Context, api client.Client, object T, change func(T), options ...client.UpdateOption) error {
	changed, ok := object.DeepCopyObject().(T)
	if !ok {
		return fmt.Errorf("a copy of %T is of another type", object)
	}
	if err := admin.Get(ctx, client.ObjectKeyFromObject(object), changed); err != nil {
		return err
	}
	change(changed)
	return api.Update(ctx, changed, options...)
}

// must lets a test go on only when what it stands on is there.
func must(t *testing.T, err error) {
	t.Helper()
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
}
