// Package postgrestest starts a PostgreSQL server for tests, with hands in it that know nothing of Longshore.
package postgrestest

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/controllers/access/provider/postgres"
	"github.com/longshore-dev/longshore/controllers/access/provider/providertest"
	"github.com/longshore-dev/longshore/hack/targets/certs"
	server "github.com/longshore-dev/longshore/hack/targets/postgres"
)

// The indexes, among the Targets of System's Entitlement, of each kind of access.
const (
	Login = iota
	Database
	Membership
)

// System is a PostgreSQL server with something to grant in it.
type System struct {
	server    *server.Server
	authority *certs.Authority
	password  string
	subjects  atomic.Int64
}

// Start starts a server, which stops when the test ends.
func Start(t *testing.T) *System {
	t.Helper()
	s, err := Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Run starts a server, for a TestMain.
func Run(ctx context.Context) (*System, error) {
	authority, err := certs.NewAuthority()
	if err != nil {
		return nil, err
	}
	started, err := server.Start(ctx, server.Options{Authority: authority})
	if err != nil {
		return nil, err
	}
	s := &System{server: started, authority: authority}
	if s.password, err = started.SetUpOperator(ctx); err != nil {
		return nil, fmt.Errorf("%w (%w)", err, started.Stop())
	}
	return s, nil
}

// Stop ends the server.
func (s *System) Stop() error { return s.server.Stop() }

// Restart ends the server as a crash would, and starts it again on the same port with the same data.
func (s *System) Restart(t *testing.T) {
	t.Helper()
	if err := s.server.Restart(t.Context()); err != nil {
		t.Fatalf("restarting PostgreSQL: %v", err)
	}
}

// Type is the provider's.
func (*System) Type() provider.Type { return postgres.Type() }

// Address is the server's host and port.
func (s *System) Address() string { return s.server.Address() }

// Authority signed the server's certificate.
func (s *System) Authority() *certs.Authority { return s.authority }

// Connection goes straight to the server, by a role that is no superuser.
func (s *System) Connection() provider.Connection { return s.Via(s.Address()) }

// Via is the same Connection to another address.
func (s *System) Via(address string) provider.Connection {
	return provider.Connection{
		Behind: &v1alpha1.AccessProvider{
			ObjectMeta: metav1.ObjectMeta{Name: "warehouse"},
			Spec: v1alpha1.AccessProviderSpec{
				Type:           v1alpha1.ProviderPostgreSQL,
				Endpoint:       (&url.URL{Scheme: "postgres", Host: address}).String(),
				CredentialsRef: &v1alpha1.LocalReference{Name: "warehouse-credentials"},
				CABundleRef:    &v1alpha1.LocalReference{Name: "warehouse-authority"},
			},
		},
		Credentials: s.Credentials(s.password),
		CABundle:    s.authority.PEM,
	}
}

// Credentials are those of the operator's role, with any password.
func (*System) Credentials(password string) map[string][]byte {
	return map[string][]byte{
		v1alpha1.CredentialUsername: []byte(server.Operator),
		v1alpha1.CredentialPassword: []byte(password),
	}
}

// Entitlement gives a login, a database and a role.
func (*System) Entitlement(*testing.T) v1alpha1.Entitlement {
	return v1alpha1.Entitlement{
		Name:     "figures",
		Postgres: &v1alpha1.PostgresEntitlement{Database: server.SampleDatabase, Roles: []string{server.SampleRole}},
	}
}

// Subject is somebody whom the server does not know yet.
func (s *System) Subject(*testing.T) string {
	return fmt.Sprintf("Person %d <p@example.com>", s.subjects.Add(1))
}

// Harness holds one of the Targets of Entitlement to the contract.
func (s *System) Harness(which int) providertest.Harness {
	stranger, err := certs.NewAuthority()
	if err != nil {
		// Nothing but a machine without randomness leads here; an empty bundle fails the suite.
		stranger = &certs.Authority{}
	}
	h := providertest.Harness{
		Type:        s.Type(),
		Connection:  s.Connection(),
		Entitlement: s.Entitlement,
		Which:       which,
		Subject:     s.Subject,
		Refused: []string{
			"", " ", "pg_x", "pg_signal_backend", "public", "none", "longshore", "ada\x00", "ada\nlovelace", " ada", "ada\u200b", "\xff\xfe",
			strings.Repeat("x", 64), strings.Repeat("x", 300), strings.Repeat("ü", 32),
		},
		Literal: []string{
			`"; DROP ROLE postgres; --`, "*)(uid=*", "'; DROP ROLE postgres; --", `\'; SELECT 1; --`, "a/b:c", "$1", "%s %I %L", "Ada Lovelace",
			"current_user", "PUBLIC", "select", `""`, "Ärger ßtraße 用户 🚢", strings.Repeat("ü", 31) + "x", strings.Repeat("x", 63),
		},
		Gives:            s.Gives,
		RemoveByHand:     s.removeByHand,
		WidenByHand:      s.widenByHand,
		GiveByHand:       s.giveByHand,
		RenameByHand:     s.renameByHand,
		Open:             s.open,
		WrongCredentials: s.Credentials("not-" + s.password),
		WrongCABundle:    stranger.PEM,
	}
	if which == Login {
		h.ExpireNeverByHand = s.expireNeverByHand
	}
	return h
}

// Left says in words what is left of Longshore's and its subjects': roles with its mark, members of the sample role, privileges on the sample
// database, and sessions.
func (s *System) Left(t *testing.T) []string {
	t.Helper()
	conn := s.Superuser(t, server.MaintenanceDatabase)
	rows, err := conn.Query(t.Context(), `
		SELECT format('role %I is there', r.rolname) FROM pg_roles r WHERE shobj_description(r.oid, 'pg_authid') LIKE '%Longshore%'
		UNION ALL
		SELECT format('role %s is a member of %s', m.member::regrole, m.roleid::regrole) FROM pg_auth_members m
			WHERE m.roleid = $1::text::regrole AND m.member <> $2::text::regrole
		UNION ALL
		SELECT format('role %s may connect to %I', x.grantee::regrole, d.datname) FROM pg_database d, aclexplode(d.datacl) x
			WHERE d.datname = $3 AND x.grantee <> d.datdba AND x.privilege_type = 'CONNECT'
		UNION ALL
		SELECT format('role %I has a session in %I', usename, datname) FROM pg_stat_activity WHERE usename NOT IN ($2, $4)
		ORDER BY 1`, server.SampleRole, server.Operator, server.SampleDatabase, server.Superuser)
	if err != nil {
		t.Fatalf("looking for what is left: %v", err)
	}
	left, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatalf("looking for what is left: %v", err)
	}
	return left
}
