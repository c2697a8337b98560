package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// oldest is the first version that can wait until a session has ended.
const oldest = 140000

// grantors is the first version in which a membership is remembered for each role that granted it.
const grantors = 160000

// session is one connection to the server.
type session struct {
	conn *pgx.Conn
	// system identifies the server.
	system  string
	version int
	// operator is the role that Longshore acts as.
	operator string
	// patience is how long a session of others may take to end.
	patience time.Duration
}

// attempts bounds how often a call is made again that met another one: each time, one of those who met gets through.
const attempts = 8

// call connects, does what is to be done, and disconnects. What is done can be repeated.
func (p *Provider) call(ctx context.Context, doing string, do func(context.Context, *session) error) error {
	s, err := p.connect(ctx)
	if err != nil {
		return err
	}
	defer s.close(ctx)
	for attempt := 1; ; attempt++ {
		err := do(ctx, s)
		if attempt == attempts || !met(err) {
			return explain(err, doing)
		}
	}
}

// callFor calls for an access, on the server on which it was given.
func (p *Provider) callFor(ctx context.Context, a access, doing string, do func(context.Context, *session) error) error {
	return p.call(ctx, doing+a.String(), func(ctx context.Context, s *session) error {
		if err := s.checkServer(a.handle); err != nil {
			return err
		}
		return do(ctx, s)
	})
}

func (p *Provider) connect(ctx context.Context) (*session, error) {
	config, err := p.config(ctx)
	if err != nil {
		return nil, err
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, p.explainConnect(err)
	}
	s := &session{conn: conn, patience: p.left(ctx) / 4}
	var standby bool
	err = conn.QueryRow(ctx, `SELECT current_setting('server_version_num')::int, (SELECT system_identifier::text FROM pg_control_system()),
		current_user::text, pg_is_in_recovery()`).Scan(&s.version, &s.system, &s.operator, &standby)
	switch {
	case err != nil:
		err = explain(err, "asking which PostgreSQL this is")
	case standby:
		err = provider.Retryable("%s is a standby, which lags behind and cannot be changed: have the endpoint name the primary", p.address())
	case s.version < oldest:
		err = provider.Refused("PostgreSQL at %s is older than version 14: upgrade it", p.address())
	}
	if err != nil {
		s.close(ctx)
		return nil, err
	}
	return s, nil
}

// config says everything itself: what the environment of the operator may hold for other programs does not count.
func (p *Provider) config(ctx context.Context) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig("sslmode=disable")
	if err != nil {
		return nil, fmt.Errorf("preparing a connection to PostgreSQL: %w", err)
	}
	if config.TLSConfig, err = p.connection.TLS(p.host); err != nil {
		return nil, err
	}
	config.Host, config.Port, config.Fallbacks = p.host, p.port, nil
	config.User, config.Password, config.Database = p.username, p.password, p.database
	config.SSLNegotiation, config.SSLCertMode, config.RequireAuth, config.ConnectTimeout = "postgres", "disable", "", 0
	config.ValidateConnect = nil
	// Each statement is used once.
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	left := p.left(ctx)
	config.RuntimeParams = map[string]string{
		"application_name": "longshore",
		"client_encoding":  "UTF8",
		// Nobody's functions are taken for the server's own.
		"search_path": "pg_catalog, pg_temp",
		// What the caller does not wait for any more, the server gives up, and what it holds meanwhile. All attempts can wait for a lock.
		"statement_timeout":                   milliseconds(left),
		"lock_timeout":                        milliseconds(left / (attempts + 2)),
		"idle_in_transaction_session_timeout": milliseconds(left),
	}
	return config, nil
}

// left is how long the caller waits.
func (p *Provider) left(ctx context.Context) time.Duration {
	deadline, bounded := ctx.Deadline()
	if !bounded {
		return provider.DefaultTimeout
	}
	return max(deadline.Sub(p.clock.Now()), time.Millisecond)
}

// milliseconds is how the server is told how long; zero would mean for ever.
func milliseconds(d time.Duration) string {
	return strconv.FormatInt(max(d.Milliseconds(), 1), 10)
}

// close says goodbye, and does not wait for an answer.
func (s *session) close(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_ = s.conn.Close(ctx)
}

// do executes one statement that takes no parameters. The server puts in names (%I) and texts (%L), quoted by its own rules.
func (s *session) do(ctx context.Context, statement string, values ...string) error {
	var quoted string
	if err := s.conn.QueryRow(ctx, `SELECT format($1::text, VARIADIC $2::text[])`, statement, values).Scan(&quoted); err != nil {
		return err
	}
	// In this protocol, unlike in the one for scripts, a second statement is an error.
	return s.conn.PgConn().ExecParams(ctx, quoted, nil, nil, nil, nil).Read().Err
}

// atomically does all or nothing.
func (s *session) atomically(ctx context.Context, do func() error) error {
	return pgx.BeginFunc(ctx, s.conn, func(pgx.Tx) error { return do() })
}

// collect reads all rows of a query that has one column.
func collect[T any](ctx context.Context, s *session, query string, values ...any) ([]T, error) {
	rows, err := s.conn.Query(ctx, query, values...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[T])
}

// codeOf is the SQLSTATE of the server's answer, or empty.
func codeOf(err error) string {
	var answer *pgconn.PgError
	if errors.As(err, &answer) {
		return answer.Code
	}
	return ""
}
