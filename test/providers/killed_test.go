package providers_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider/postgres/postgrestest"
	"github.com/longshore-dev/longshore/hack/targets/postgres"
)

// remaining is how long access lasts that nobody is there to revoke. Granting it must not take as long.
const remaining = 20 * time.Second

func TestAccessToPostgreSQLEndsByItselfWhenTheOperatorIsKilledForGood(t *testing.T) {
	t.Parallel()
	server := postgrestest.Start(t)
	s := behindProxy(server)
	s.connection = server.Connection
	w := newWorld(t, s, patience)
	// Nobody but the operator of the other process reconciles anything.
	w.grants, w.providers = nil, nil
	killed := startOperator(w)

	expiresAt := time.Now().Add(remaining).Truncate(time.Second)
	grant := w.engage(func(g *v1alpha1.AccessGrant) { g.Spec.ExpiresAt = metav1.NewTime(expiresAt) })
	w.Eventually(func() *v1alpha1.AccessGrant {
		killed.expectRunning()
		return w.read(grant)
	}, remaining).Should(Satisfy(func(g *v1alpha1.AccessGrant) bool { return settled(g, v1alpha1.GrantVerified) }), "the operator grants it")
	granted := w.read(grant)
	killed.kill()

	login := granted.Status.Entitlements[postgrestest.Login]
	w.Expect(login.ExpiresAt).To(HaveValue(HaveField("Time", BeTemporally("==", expiresAt))), "the server's own expiry was read back")
	conn, err := server.LogIn(t, login.Subject, postgres.MaintenanceDatabase)
	w.Expect(err).NotTo(HaveOccurred(), "the worker logs in by password while the access lasts")
	w.Expect(conn.Close(t.Context())).To(Succeed())
	admitted := time.Now()
	w.Expect(admitted).To(BeTemporally("<", expiresAt), "the login that worked was before the expiry")

	refused := w.untilRefused(server, login.Subject)
	w.Expect(refused).To(BeTemporally(">=", expiresAt), "access lasts until its end")
	report("PostgreSQL, operator killed by SIGKILL: a login was let in %s before the expiry, and logins were refused %s after it",
		expiresAt.Sub(admitted).Round(time.Millisecond), refused.Sub(expiresAt).Round(time.Millisecond))
	w.Expect(w.read(grant).ResourceVersion).To(Equal(granted.ResourceVersion), "nobody is there to notice")
}

// untilRefused logs in again and again until the server refuses the password, and returns when that was, by the clock that the server goes
// by.
func (w *world) untilRefused(server *postgrestest.System, subject string) time.Time {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), patience)
	defer cancel()
	var err error
	w.Eventually(func() error {
		conn, refused := server.Reconnect(ctx, subject, postgres.MaintenanceDatabase)
		if refused == nil {
			return conn.Close(ctx)
		}
		err = refused
		return refused
	}).WithTimeout(patience).WithPolling(100 * time.Millisecond).Should(HaveOccurred())
	at := time.Now()
	var told *pgconn.PgError
	w.Expect(errors.As(err, &told)).To(BeTrue(), "%v", err)
	w.Expect(told.Code).To(Equal("28P01"), "the password is refused, and not something else")
	return at
}
