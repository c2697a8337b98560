package postgrestest

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/longshore-dev/longshore/controllers/access/provider"
	server "github.com/longshore-dev/longshore/hack/targets/postgres"
)

// subjectPassword is what database administrators give to everybody.
const subjectPassword = "correct horse battery staple"

// kindOf says which of the kinds of access a Target names.
func kindOf(target provider.Target) int {
	switch _, name := provider.TypeOf(target.Name); name {
	case "login":
		return Login
	case "databases/" + server.SampleDatabase:
		return Database
	default:
		return Membership
	}
}

// Superuser connects as somebody with hands, until the test ends.
func (s *System) Superuser(t *testing.T, database string) *pgx.Conn {
	t.Helper()
	// Tests clean up by it, too, when their own context has ended.
	ctx := context.WithoutCancel(t.Context())
	conn, err := s.server.Connect(ctx, database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(ctx) })
	return conn
}

// ByHand executes statements as a superuser; {subject} stands for a role, quoted.
func (s *System) ByHand(t *testing.T, subject string, statements ...string) {
	t.Helper()
	conn, ctx := s.Superuser(t, server.MaintenanceDatabase), context.WithoutCancel(t.Context())
	defer conn.Close(ctx)
	for _, statement := range statements {
		if _, err := conn.Exec(ctx, put(subject, statement)); err != nil {
			t.Fatalf("by hand, %s: %v", statement, err)
		}
	}
}

func put(subject, statement string) string {
	return strings.ReplaceAll(statement, "{subject}", pgx.Identifier{subject}.Sanitize())
}

// exists says whether there is a role.
func (s *System) exists(t *testing.T, role string) (is, canLogin bool) {
	t.Helper()
	conn := s.Superuser(t, server.MaintenanceDatabase)
	defer conn.Close(t.Context())
	err := conn.QueryRow(t.Context(), `SELECT rolcanlogin FROM pg_roles WHERE rolname::text = $1`, role).Scan(&canLogin)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, false
	}
	if err != nil {
		t.Fatalf("looking for a role: %v", err)
	}
	return true, canLogin
}

// LogIn connects as a role, by the password that it was given by hand.
func (s *System) LogIn(t *testing.T, role, database string) (*pgx.Conn, error) {
	t.Helper()
	s.ByHand(t, role, `ALTER ROLE {subject} PASSWORD '`+subjectPassword+`'`)
	return s.Reconnect(t.Context(), role, database)
}

// Reconnect connects as a role that has its password.
func (s *System) Reconnect(ctx context.Context, role, database string) (*pgx.Conn, error) {
	return s.server.ConnectAs(ctx, role, subjectPassword, database)
}

// letIn lets a role log in that is only a member of others or may only connect, and returns what shuts it out again.
func (s *System) letIn(t *testing.T, role string) (shutOut func()) {
	t.Helper()
	s.ByHand(t, role, `ALTER ROLE {subject} LOGIN`)
	return func() { s.ByHand(t, role, `ALTER ROLE {subject} NOLOGIN`) }
}

// Gives has the subject log in and use what the Target names.
func (s *System) Gives(t *testing.T, target provider.Target) bool {
	t.Helper()
	is, canLogin := s.exists(t, target.Subject)
	if !is {
		return false
	}
	kind := kindOf(target)
	if !canLogin && kind != Login {
		defer s.letIn(t, target.Subject)()
	}
	conn, err := s.LogIn(t, target.Subject, databaseOf(kind))
	if err != nil {
		expectCode(t, err, "28000", "28P01", "42501")
		return false
	}
	defer conn.Close(t.Context())
	if kind != Membership {
		return true
	}
	if _, err := conn.Exec(t.Context(), "SELECT * FROM "+server.SampleTable); err != nil {
		expectCode(t, err, "42501")
		return false
	}
	return true
}

// expectCode fails the test if the server refused for another reason than that it is not allowed.
func expectCode(t *testing.T, err error, codes ...string) {
	t.Helper()
	var answer *pgconn.PgError
	if errors.As(err, &answer) {
		for _, code := range codes {
			if answer.Code == code {
				return
			}
		}
	}
	t.Fatalf("using the access: %v", err)
}

func databaseOf(kind int) string {
	if kind == Database {
		return server.SampleDatabase
	}
	return server.MaintenanceDatabase
}

// open begins a session of the subject that uses what the Target names.
func (s *System) open(t *testing.T, target provider.Target) (alive func() bool) {
	t.Helper()
	kind := kindOf(target)
	if kind != Login {
		// Longshore does not drop a role that others let in.
		s.letIn(t, target.Subject)
		t.Cleanup(func() { s.ByHand(t, target.Subject, `DROP ROLE IF EXISTS {subject}`) })
	}
	conn, err := s.LogIn(t, target.Subject, databaseOf(kind))
	if err != nil {
		t.Fatalf("logging in as the subject: %v", err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	use := "SELECT 1"
	if kind == Membership {
		// From here on the session is the role, whatever becomes of the membership.
		if _, err := conn.Exec(t.Context(), "SET ROLE "+server.SampleRole); err != nil {
			t.Fatalf("becoming the role: %v", err)
		}
		use = "SELECT * FROM " + server.SampleTable
	}
	return func() bool {
		_, err := conn.Exec(t.Context(), use)
		return err == nil
	}
}

// byOperator grants and revokes memberships in the name of Longshore's role: from PostgreSQL 16 on a membership is there once for each who
// granted it, and nobody takes back what another granted. By the ADMIN OPTION on a worker's role others let Longshore's change it.
const byOperator = ` GRANTED BY ` + server.Operator

func (s *System) removeByHand(t *testing.T, target provider.Target) {
	t.Helper()
	switch kindOf(target) {
	case Login:
		s.ByHand(t, target.Subject, `DROP ROLE {subject}`)
	case Database:
		s.ByHand(t, target.Subject, `REVOKE CONNECT ON DATABASE `+server.SampleDatabase+` FROM {subject}`)
	default:
		s.ByHand(t, target.Subject, `REVOKE `+server.SampleRole+` FROM {subject}`+byOperator)
	}
}

func (s *System) giveByHand(t *testing.T, target provider.Target) {
	t.Helper()
	switch kindOf(target) {
	case Login:
		s.ByHand(t, target.Subject, `CREATE ROLE {subject} LOGIN`, `GRANT {subject} TO `+server.Operator+` WITH ADMIN OPTION`)
	case Database:
		s.ByHand(t, target.Subject, `CREATE ROLE {subject}`, `GRANT CONNECT ON DATABASE `+server.SampleDatabase+` TO {subject}`)
	default:
		s.ByHand(t, target.Subject, `CREATE ROLE {subject}`, `GRANT `+server.SampleRole+` TO {subject}`+byOperator)
	}
}

// widenByHand lets the subject do more, or pass on what it has.
func (s *System) widenByHand(t *testing.T, target provider.Target) (narrowed func() bool) {
	t.Helper()
	var wider string
	switch kindOf(target) {
	case Login:
		s.ByHand(t, target.Subject, `ALTER ROLE {subject} CREATEROLE`)
		wider = `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname::text = $1 AND rolcreaterole)`
	case Database:
		s.ByHand(t, target.Subject, `GRANT CONNECT ON DATABASE `+server.SampleDatabase+` TO {subject} WITH GRANT OPTION`)
		wider = `SELECT EXISTS (SELECT FROM pg_roles r WHERE rolname::text = $1 AND has_database_privilege(r.oid, '` + server.SampleDatabase + `', 'CONNECT WITH GRANT OPTION'))`
	default:
		s.ByHand(t, target.Subject, `GRANT `+server.SampleRole+` TO {subject} WITH ADMIN OPTION`+byOperator)
		wider = `SELECT EXISTS (SELECT FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member WHERE r.rolname::text = $1 AND m.admin_option)`
	}
	conn := s.Superuser(t, server.MaintenanceDatabase)
	return func() bool {
		var is bool
		if err := conn.QueryRow(t.Context(), wider, target.Subject).Scan(&is); err != nil {
			t.Fatalf("looking whether the subject may do more: %v", err)
		}
		return !is
	}
}

func (s *System) renameByHand(t *testing.T, target provider.Target) {
	t.Helper()
	s.ByHand(t, target.Subject, `ALTER ROLE {subject} RENAME TO "renamed `+target.Key[:20]+`"`)
}

func (s *System) expireNeverByHand(t *testing.T, target provider.Target) {
	t.Helper()
	s.ByHand(t, target.Subject, `ALTER ROLE {subject} VALID UNTIL 'infinity'`)
}
