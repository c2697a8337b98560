package postgres_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/controllers/access/provider/postgres/postgrestest"
)

// system is shared by the tests of this package.
var system *postgrestest.System

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) (code int) {
	var err error
	if system, err = postgrestest.Run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		if err := system.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}()
	return m.Run()
}

// world is one subject, and a provider.
type world struct {
	*testing.T
	system   *postgrestest.System
	provider provider.Provider
	subject  string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return worldIn(t, system, system.Connection())
}

func worldIn(t *testing.T, in *postgrestest.System, by provider.Connection) *world {
	t.Helper()
	opened, err := in.Type().Open(by)
	if err != nil {
		t.Fatalf("opening the provider: %v", err)
	}
	return &world{T: t, system: in, provider: opened, subject: in.Subject(t)}
}

// byHand executes statements as a superuser; {subject} stands for the subject's role.
func (w *world) byHand(statements ...string) {
	w.Helper()
	w.system.ByHand(w.T, w.subject, statements...)
}

func (w *world) targets(database string, roles ...string) []provider.Target {
	w.Helper()
	targets, err := w.provider.Resolve(entitled(database, roles...), w.subject)
	if err != nil {
		w.Fatalf("resolving: %v", err)
	}
	return targets
}

func entitled(database string, roles ...string) v1alpha1.Entitlement {
	return v1alpha1.Entitlement{Name: "figures", Postgres: &v1alpha1.PostgresEntitlement{Database: database, Roles: roles}}
}

func (w *world) login() provider.Target { return w.targets("")[0] }

func (w *world) database(name string) provider.Target { return w.targets(name)[1] }

func (w *world) membership(role string) provider.Target { return w.targets("", role)[1] }

// never is later than any test lasts.
func never() time.Time { return time.Now().Add(24 * time.Hour).Truncate(time.Second) }

func (w *world) try(target provider.Target) error {
	w.Helper()
	return w.silent(w.provider.Grant(w.Context(), provider.Request{Target: target, ExpiresAt: never()}))
}

func (w *world) grant(targets ...provider.Target) {
	w.Helper()
	for _, target := range targets {
		if err := w.try(target); err != nil {
			w.Fatalf("granting %s: %v", target.Name, err)
		}
	}
}

func (w *world) tryToRevoke(target provider.Target) error {
	w.Helper()
	return w.silent(w.provider.Revoke(w.Context(), target, provider.RevokeOptions{}))
}

func (w *world) revoke(targets ...provider.Target) {
	w.Helper()
	for _, target := range targets {
		if err := w.tryToRevoke(target); err != nil {
			w.Fatalf("revoking %s: %v", target.Name, err)
		}
	}
}

// silent fails the test if an error names the subject.
func (w *world) silent(err error) error {
	w.Helper()
	if err != nil && strings.Contains(err.Error(), w.subject) {
		w.Errorf("the error names the subject: %v", err)
	}
	return err
}

func (w *world) verify(target provider.Target) provider.Observed {
	w.Helper()
	observed, err := w.provider.Verify(w.Context(), target)
	if w.silent(err) != nil {
		w.Fatalf("reading back %s: %v", target.Name, err)
	}
	if said := observed.Evidence + observed.Drift + observed.Otherwise; strings.Contains(said, w.subject) {
		w.Errorf("what was read back names the subject: %s", said)
	}
	return observed
}

func (w *world) expectExact(target provider.Target, when string) {
	w.Helper()
	if observed := w.verify(target); !observed.Exact() {
		w.Errorf("%s %s was read back as %+v, expected it to be held without drift", when, target.Name, observed)
	}
}

func (w *world) expectAbsent(target provider.Target, when string) {
	w.Helper()
	if observed := w.verify(target); !observed.Absent() {
		w.Errorf("%s %s was read back as %+v, expected it to be absent", when, target.Name, observed)
	}
}

func (w *world) expectRefused(err error, what string, says ...string) {
	w.Helper()
	if !provider.IsRefused(err) {
		w.Fatalf("%s gave %v, expected a refusal", what, err)
	}
	w.expectSays(err, what, says...)
}

func (w *world) expectRetryable(err error, what string, says ...string) {
	w.Helper()
	if err == nil || provider.IsRefused(err) {
		w.Fatalf("%s gave %v, expected an error that can be tried again", what, err)
	}
	w.expectSays(err, what, says...)
}

func (w *world) expectSays(err error, what string, says ...string) {
	w.Helper()
	for _, text := range says {
		if !strings.Contains(err.Error(), text) {
			w.Errorf("%s gave %q, expected it to say %q", what, err, text)
		}
	}
}

// asks reads one value as a superuser; $1 is the subject.
func asks[T any](w *world, query string) T {
	w.Helper()
	conn := w.system.Superuser(w.T, "postgres")
	defer conn.Close(w.Context())
	var answer T
	if err := conn.QueryRow(w.Context(), query, w.subject).Scan(&answer); err != nil {
		w.Fatalf("asking %s: %v", query, err)
	}
	return answer
}

// version of the server, as the server counts it.
func (w *world) version() int {
	w.Helper()
	return asks[int](w, `SELECT current_setting('server_version_num')::int FROM (SELECT $1::text) subject`)
}

// exists says whether the subject has a role.
func (w *world) exists() bool {
	w.Helper()
	return asks[bool](w, `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname::text = $1)`)
}

// permutations of a few.
func permutations[T any](of []T) [][]T {
	if len(of) <= 1 {
		return [][]T{of}
	}
	var all [][]T
	for i := range of {
		rest := slices.Concat(of[:i], of[i+1:])
		for _, tail := range permutations(rest) {
			all = append(all, append([]T{of[i]}, tail...))
		}
	}
	return all
}
