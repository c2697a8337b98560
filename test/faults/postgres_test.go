package faults_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	. "github.com/onsi/gomega"

	"github.com/longshore-dev/longshore/hack/targets/certs"
	"github.com/longshore-dev/longshore/hack/targets/postgres"
	"github.com/longshore-dev/longshore/test/faults"
)

// database is a real server, and clients that come to it through a proxy.
type database struct {
	Gomega
	server   *postgres.Server
	proxy    *faults.Proxy
	password string
	config   *pgx.ConnConfig
	roles    int
}

func newDatabase(t *testing.T) *database {
	t.Helper()
	d := &database{Gomega: NewWithT(t)}
	authority, err := certs.NewAuthority()
	d.Expect(err).NotTo(HaveOccurred())
	d.server, err = postgres.Start(t.Context(), postgres.Options{Authority: authority})
	d.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { d.Expect(d.server.Stop()).To(Succeed()) })
	d.password, err = d.server.SetUpOperator(t.Context())
	d.Expect(err).NotTo(HaveOccurred())
	identity, err := d.server.Identity()
	d.Expect(err).NotTo(HaveOccurred())
	d.proxy = faults.PostgreSQL(t, faults.Upstream{Address: d.server.Address(), CABundle: authority.PEM}, identity)

	d.config, err = pgx.ParseConfig("sslmode=disable")
	d.Expect(err).NotTo(HaveOccurred())
	host, port, err := net.SplitHostPort(d.proxy.Address())
	d.Expect(err).NotTo(HaveOccurred())
	number, err := strconv.ParseUint(port, 10, 16)
	d.Expect(err).NotTo(HaveOccurred())
	d.config.Host, d.config.Port, d.config.User, d.config.Password = host, uint16(number), postgres.Operator, d.password
	d.config.Database = postgres.MaintenanceDatabase
	d.config.TLSConfig = &tls.Config{RootCAs: x509.NewCertPool(), ServerName: host, MinVersion: tls.VersionTLS12}
	d.config.TLSConfig.RootCAs.AppendCertsFromPEM(authority.PEM)
	return d
}

func (d *database) connect(t *testing.T) (*pgx.Conn, error) {
	t.Helper()
	conn, err := pgx.ConnectConfig(t.Context(), d.config.Copy())
	if err == nil {
		t.Cleanup(func() { _ = conn.Close(context.Background()) })
	}
	return conn, err
}

// has asks the server itself whether a role is there.
func (d *database) has(t *testing.T, role string) bool {
	t.Helper()
	conn, err := d.server.Connect(t.Context(), postgres.MaintenanceDatabase)
	d.Expect(err).NotTo(HaveOccurred())
	defer conn.Close(t.Context())
	var found bool
	d.Expect(conn.QueryRow(t.Context(), "SELECT count(*) > 0 FROM pg_roles WHERE rolname = $1", role).Scan(&found)).To(Succeed())
	return found
}

func TestFaultsOfPostgreSQL(t *testing.T) {
	d := newDatabase(t)
	for _, test := range []struct {
		fault faults.Fault
		// alone and within say whether a change has its effect on its own, and in a transaction, of which no more comes once the first
		// answer is missed.
		alone, within bool
		expect        func(Gomega, error)
	}{
		{faults.Timeout, false, false, func(g Gomega, err error) { g.Expect(err).To(MatchError(context.DeadlineExceeded)) }},
		{faults.ServerError, false, false, func(g Gomega, err error) { g.Expect(codeOf(err)).To(Equal("XX000"), "%v", err) }},
		{faults.ResetAfterEffect, true, true, func(g Gomega, err error) {
			g.Expect(err).To(HaveOccurred())
			g.Expect(codeOf(err)).To(BeEmpty(), "the server's answer is lost: %v", err)
		}},
		{faults.Unanswered, true, false, func(g Gomega, err error) { g.Expect(err).To(MatchError(context.DeadlineExceeded)) }},
	} {
		for name, create := range map[string]func(context.Context, *pgx.Conn, string) error{
			"on its own": func(ctx context.Context, conn *pgx.Conn, role string) error {
				_, err := conn.Exec(ctx, "CREATE ROLE "+role)
				return err
			},
			"in a transaction": func(ctx context.Context, conn *pgx.Conn, role string) error {
				return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
					var one int
					if err := tx.QueryRow(ctx, "SELECT 1 WHERE $1 <> ''", role).Scan(&one); err != nil {
						return fmt.Errorf("reads are spared: %w", err)
					}
					_, err := tx.Exec(ctx, "CREATE ROLE "+role)
					return err
				})
			},
		} {
			t.Run(string(test.fault)+" of what is done "+name, func(t *testing.T) {
				effect := test.alone
				if name == "in a transaction" {
					effect = test.within
				}
				g := NewWithT(t)
				conn, err := d.connect(t)
				g.Expect(err).NotTo(HaveOccurred())
				d.roles++
				role := fmt.Sprintf("role_%d", d.roles)
				d.proxy.Arm(faults.Plan{Fault: test.fault, WritesOnly: true, Times: 1})
				ctx, cancel := context.WithTimeout(t.Context(), within(test.fault))
				defer cancel()
				test.expect(g, create(ctx, conn, role))
				g.Expect(d.proxy.Struck()).To(BeClosed())
				g.Expect(d.has(t, role)).To(Equal(effect), "whether the role was made")

				again, err := d.connect(t)
				g.Expect(err).NotTo(HaveOccurred())
				g.Expect(create(t.Context(), again, role+"_again")).To(Succeed(), "one request was to be struck, and no more")
			})
		}
	}
}

func TestWhoConnectsToPostgreSQLIsStruck(t *testing.T) {
	d := newDatabase(t)
	for fault, code := range map[faults.Fault]string{faults.Throttled: "53300", faults.WrongCredentials: "28P01"} {
		t.Run(string(fault), func(t *testing.T) {
			g := NewWithT(t)
			d.proxy.Arm(faults.Plan{Fault: fault, WritesOnly: true})
			_, err := d.connect(t)
			g.Expect(codeOf(err)).To(Equal(code), "%v", err)
			d.proxy.Clear()
			_, err = d.connect(t)
			g.Expect(err).NotTo(HaveOccurred())
		})
	}
	t.Run("whose read is lost", func(t *testing.T) {
		g := NewWithT(t)
		conn, err := d.connect(t)
		g.Expect(err).NotTo(HaveOccurred())
		d.proxy.Arm(faults.Plan{Fault: faults.ResetAfterEffect, Times: 1})
		_, err = conn.Exec(t.Context(), "SELECT 1")
		g.Expect(err).To(HaveOccurred())
		g.Expect(codeOf(err)).To(BeEmpty(), "the server's answer is lost: %v", err)
	})
}

// codeOf is the SQLSTATE that the server gave; empty if none.
func codeOf(err error) string {
	var told *pgconn.PgError
	if errors.As(err, &told) {
		return told.Code
	}
	return ""
}
