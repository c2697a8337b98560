package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/hack/targets/certs"
	"github.com/longshore-dev/longshore/hack/targets/postgres"
)

const (
	// stagingDatabase is what the samples call the database.
	stagingDatabase = "checkout"
	// longshoreRole is what Longshore logs in as; administratorRole is for people who want to look.
	longshoreRole     = "longshore"
	administratorRole = "dba"
)

// onTheServer and inTheDatabase are what the database's administrator does first, as the sample says, and something to read.
var (
	onTheServer = []string{
		`CREATE ROLE dba LOGIN SUPERUSER PASSWORD '$dba'`,
		`CREATE ROLE longshore LOGIN CREATEROLE PASSWORD '$longshore'`,
		`GRANT pg_signal_backend TO longshore`,
		`CREATE ROLE checkout_readonly NOLOGIN`,
		`GRANT checkout_readonly TO longshore WITH ADMIN OPTION`,
		`CREATE DATABASE checkout`,
		`REVOKE CONNECT ON DATABASE checkout FROM PUBLIC`,
		`GRANT CONNECT ON DATABASE checkout TO longshore WITH GRANT OPTION`,
	}
	inTheDatabase = []string{
		`CREATE TABLE orders AS SELECT n AS number, 'open' AS state FROM generate_series(1, 250) n`,
		`GRANT SELECT ON orders TO checkout_readonly`,
	}
)

// database is the staging database, as its administrator sees it.
type database struct {
	server *postgres.Server
	// credentials are Longshore's, as its AccessProvider's Secret holds them.
	credentials   map[string][]byte
	administrator string
	// passwords are what the administrator set for people; sessions are what people have open.
	passwords map[string]string
	sessions  map[string]*pgx.Conn
}

func startDatabase(ctx context.Context, authority *certs.Authority) (*database, error) {
	// PostgreSQL does not run as root, and the user it does run as may have no way into the repository: it works in a
	// folder of its own, which goes with it.
	server, err := postgres.Start(ctx, postgres.Options{Authority: authority})
	if err != nil {
		return nil, fmt.Errorf("starting the staging database: %w", err)
	}
	d := &database{
		server: server, administrator: rand.Text(), passwords: map[string]string{}, sessions: map[string]*pgx.Conn{},
		credentials: map[string][]byte{v1alpha1.CredentialUsername: []byte(longshoreRole), v1alpha1.CredentialPassword: []byte(rand.Text())},
	}
	err = d.administer(ctx, postgres.MaintenanceDatabase, onTheServer...)
	if err == nil {
		err = d.administer(ctx, stagingDatabase, inTheDatabase...)
	}
	if err != nil {
		return nil, errors.Join(err, server.Stop())
	}
	return d, nil
}

// administer does something as the database's administrator. Passwords stand for themselves: they are letters and digits.
func (d *database) administer(ctx context.Context, in string, statements ...string) error {
	conn, err := d.server.Connect(ctx, in)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	passwords := strings.NewReplacer("$dba", d.administrator, "$longshore", string(d.credentials[v1alpha1.CredentialPassword]))
	for _, statement := range statements {
		if _, err := conn.Exec(ctx, passwords.Replace(statement)); err != nil {
			return fmt.Errorf("administering the database, %s: %w", statement, err)
		}
	}
	return nil
}

// stop ends the server.
func (d *database) stop() error { return d.server.Stop() }

// ask has the worker log in and read, and says whether the session goes on that they opened when first asked.
func (d *database) ask(ctx context.Context, role, in string) ([]probe, error) {
	if err := d.givePassword(ctx, role); err != nil {
		return nil, err
	}
	session, err := d.logIn(ctx, role, in)
	if err != nil {
		return nil, err
	}
	answer := func(allowed bool, question string, args ...any) probe {
		return probe{Asked: "the database", Question: fmt.Sprintf(question, args...), Allowed: allowed, At: time.Now()}
	}
	answers := []probe{answer(session != nil, "may %s log in to the database %s and read its orders?", role, in)}
	switch open := d.sessions[role]; {
	case open != nil:
		// The server has just answered, so a session that is silent was ended.
		answers = append(answers, answer(open.Ping(ctx) == nil, "does a session go on that %s has opened there?", role))
		if session != nil {
			return answers, session.Close(ctx)
		}
	case session != nil:
		d.sessions[role] = session
		answers = append(answers, answer(true, "does a session go on that %s has opened there?", role))
	}
	return answers, nil
}

// givePassword has the administrator set a password for somebody whom Longshore has let in. Where there is no such role, there is
// nobody to give it to.
func (d *database) givePassword(ctx context.Context, role string) error {
	if d.passwords[role] != "" {
		return nil
	}
	password := rand.Text()
	err := d.administer(ctx, postgres.MaintenanceDatabase, "ALTER ROLE "+pgx.Identifier{role}.Sanitize()+" PASSWORD '"+password+"'")
	if refusal := (*pgconn.PgError)(nil); errors.As(err, &refusal) && refusal.Code == "42704" { // undefined_object
		return nil
	}
	d.passwords[role] = password
	return err
}

// logIn opens a session as a worker and reads something; it is nil if the server refuses either.
func (d *database) logIn(ctx context.Context, role, in string) (*pgx.Conn, error) {
	session, err := d.server.ConnectAs(ctx, role, d.passwords[role], in)
	if err != nil {
		return nil, exceptRefusal(err)
	}
	var orders int
	if err := session.QueryRow(ctx, "SELECT count(*) FROM orders").Scan(&orders); err != nil {
		return nil, errors.Join(exceptRefusal(err), session.Close(ctx))
	}
	return session, nil
}

// exceptRefusal is no error where the server says that somebody may not: anything else is no answer to the question.
func exceptRefusal(err error) error {
	refusal := (*pgconn.PgError)(nil)
	// Class 28 is an invalid authorization, 42501 an insufficient privilege.
	if errors.As(err, &refusal) && (strings.HasPrefix(refusal.Code, "28") || refusal.Code == "42501") {
		return nil
	}
	return fmt.Errorf("asking the database: %w", err)
}
