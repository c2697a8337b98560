package postgres_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/controllers/access/provider/postgres/postgrestest"
	server "github.com/longshore-dev/longshore/hack/targets/postgres"
)

func TestWhatTheOperatorLacksIsSaidAsWhatMendsIt(t *testing.T) {
	w := newWorld(t)
	for _, test := range []struct{ taken, mends string }{
		{`ALTER ROLE longshore NOCREATEROLE`, `ALTER ROLE "longshore" CREATEROLE`},
		{`REVOKE pg_signal_backend FROM longshore`, `GRANT pg_signal_backend TO "longshore"`},
	} {
		w.byHand(test.taken)
		t.Cleanup(func() { w.byHand(test.mends) })
		w.expectRefused(w.provider.Probe(t.Context()), "probing after "+test.taken, test.mends)
		w.byHand(test.mends)
		if err := w.provider.Probe(t.Context()); err != nil {
			t.Errorf("after %s probing still gives %v", test.mends, err)
		}
	}
}

func TestSessionsThatCannotBeEndedAreNotForgotten(t *testing.T) {
	w := newWorld(t)
	login := w.login()
	w.grant(login)
	conn, err := system.LogIn(t, w.subject, server.MaintenanceDatabase)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	w.byHand(`REVOKE pg_signal_backend FROM longshore`)
	t.Cleanup(func() { w.byHand(`GRANT pg_signal_backend TO longshore`) })
	w.expectRefused(w.tryToRevoke(login), "ending sessions without the right to", "pg_signal_backend")
	if observed := w.verify(login); observed.Absent() {
		t.Errorf("a login that could not be revoked was read back as %+v", observed)
	}
	w.byHand(`GRANT pg_signal_backend TO longshore`)
	w.revoke(login)
	w.expectAbsent(login, "once its sessions can be ended")
}

func TestAServerWithoutAConnectionLeftIsLeftAloneForAWhile(t *testing.T) {
	w := newWorld(t)
	w.byHand(`ALTER ROLE longshore CONNECTION LIMIT 0`)
	t.Cleanup(func() { w.byHand(`ALTER ROLE longshore CONNECTION LIMIT -1`) })
	err := w.provider.Probe(t.Context())
	w.expectRetryable(err, "probing a server without a connection left", "53300")
	if provider.RetryAfter(err) == 0 {
		t.Error("a server without a connection left is not left alone")
	}
}

func TestAfterTheServerRestartedAccessIsReadBackAndRevoked(t *testing.T) {
	own := postgrestest.Start(t)
	w := worldIn(t, own, own.Connection())
	targets := w.targets(server.SampleDatabase, server.SampleRole)
	w.grant(targets...)
	own.Restart(t)
	for _, target := range targets {
		w.expectExact(target, "after the server restarted")
	}
	w.revoke(targets...)
	if left := own.Left(t); len(left) > 0 {
		t.Errorf("after it was revoked there is still: %s", strings.Join(left, "; "))
	}
}

func TestAServerThatNeverAnswersIsGivenUpWithTheCall(t *testing.T) {
	w := worldIn(t, system, system.Via(answering(t, nil)))
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := w.provider.Verify(ctx, w.login())
	w.expectRetryable(err, "reading back from a server that never answers")
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the call ended with %v, expected that its time was up", err)
	}
}

func TestAServerWithoutTLSGetsNoPassword(t *testing.T) {
	// What a server says that speaks plain text alone.
	w := worldIn(t, system, system.Via(answering(t, []byte("N"))))
	w.expectRetryable(w.provider.Probe(t.Context()), "probing a server without TLS", "TLS")
}

// answering is the address of a server that answers the first message, or never does, and fails the test if it is sent another one.
func answering(t *testing.T, answer []byte) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() {
		listener.Close()
		<-done
	})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			// A request for TLS has eight bytes.
			if _, err := io.ReadFull(conn, make([]byte, 8)); err != nil {
				t.Errorf("reading the first message: %v", err)
			}
			_, _ = conn.Write(answer)
			if rest, _ := io.ReadAll(conn); len(rest) > 0 {
				t.Errorf("the server was sent %q without TLS", rest)
			}
			conn.Close()
		}
	}()
	return listener.Addr().String()
}

func TestFunctionsThatOthersMadeAreNotTakenForTheServersOwn(t *testing.T) {
	w := newWorld(t)
	// It fits better than the server's own of the same name, which takes values of any type.
	w.byHand(`CREATE FUNCTION public.format(text, VARIADIC text[]) RETURNS text LANGUAGE sql AS $$ SELECT 'ALTER ROLE longshore RESET ALL' $$`)
	t.Cleanup(func() { w.byHand(`DROP FUNCTION public.format(text, VARIADIC text[])`) })
	login := w.login()
	w.grant(login)
	w.expectExact(login, "beside a function that would do something else")
	w.revoke(login)
}

func TestAnEndpointThatCannotBeMeantIsRefused(t *testing.T) {
	for _, endpoint := range []string{
		"", "127.0.0.1:5432", "https://127.0.0.1", "postgres://", "postgres:///postgres", "postgres://ada:secret@127.0.0.1", "postgres://127.0.0.1:0",
		"postgres://127.0.0.1:99999", "postgres://127.0.0.1/postgres?sslmode=disable", "postgres://127.0.0.1/#x",
	} {
		connection := system.Connection()
		connection.Behind.Spec.Endpoint = endpoint
		if _, err := system.Type().Open(connection); !provider.IsRefused(err) || strings.Contains(err.Error(), "secret") {
			t.Errorf("opening %q gave %v, expected a refusal without what it holds", endpoint, err)
		}
	}
}

func TestAnEndpointMayNameADatabase(t *testing.T) {
	connection := system.Connection()
	connection.Behind.Spec.Endpoint += "/" + server.SampleDatabase
	if err := worldIn(t, system, connection).provider.Probe(t.Context()); err != nil {
		t.Errorf("probing by a database of its own: %v", err)
	}
	connection.Behind.Spec.Endpoint += "-2"
	w := worldIn(t, system, connection)
	w.expectRefused(w.provider.Probe(t.Context()), "probing by a database that does not exist", `"payroll-2"`, "spec.endpoint")
}

func TestCredentialsThatAreMissingAreNamed(t *testing.T) {
	for _, key := range []string{v1alpha1.CredentialUsername, v1alpha1.CredentialPassword} {
		connection := system.Connection()
		delete(connection.Credentials, key)
		if _, err := system.Type().Open(connection); !provider.IsRefused(err) || !strings.Contains(err.Error(), key) {
			t.Errorf("opening without %s gave %v, expected a refusal that names it", key, err)
		}
	}
}

func TestTheEnvironmentOfTheOperatorDoesNotCount(t *testing.T) {
	for name, value := range map[string]string{
		"PGHOST": "elsewhere.example.com", "PGPORT": "1", "PGUSER": "ada", "PGPASSWORD": "wrong", "PGDATABASE": "none", "PGSSLMODE": "disable",
		"PGOPTIONS": "-c search_path=public", "PGAPPNAME": "psql", "PGREQUIREAUTH": "none", "PGTARGETSESSIONATTRS": "standby", "PGCONNECT_TIMEOUT": "1",
	} {
		t.Setenv(name, value)
	}
	if err := newWorld(t).provider.Probe(t.Context()); err != nil {
		t.Errorf("probing with an environment for other programs: %v", err)
	}
}
