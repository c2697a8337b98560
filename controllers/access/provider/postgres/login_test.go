package postgres_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/controllers/access/provider/postgres/postgrestest"
	server "github.com/longshore-dev/longshore/hack/targets/postgres"
)

func TestWhateverIsGrantedAndRevokedFirstNothingIsLeft(t *testing.T) {
	own := postgrestest.Start(t)
	w := worldIn(t, own, own.Connection())
	all := w.targets(server.SampleDatabase, server.SampleRole)
	for i, order := range permutations(all) {
		backwards := permutations(all)[len(permutations(all))-1-i]
		w.grant(order...)
		for _, target := range order {
			w.expectExact(target, "after all of it was granted")
		}
		if left := own.Left(t); len(left) != 3 {
			t.Errorf("granted, a role, a membership and a privilege are there: %q", left)
		}
		for _, target := range backwards {
			w.revoke(target)
			w.expectAbsent(target, "after it was revoked among others")
		}
		if left := own.Left(t); len(left) > 0 {
			t.Errorf("after all of it was revoked there is still: %s", strings.Join(left, "; "))
		}
	}
}

func TestOneOfSeveralAccessesIsRevokedAlone(t *testing.T) {
	w := newWorld(t)
	all := w.targets(server.SampleDatabase, server.SampleRole)
	w.grant(all...)
	for i, target := range all {
		w.revoke(target)
		for j, other := range all {
			if i != j {
				w.expectExact(other, "after only "+target.Name+" was revoked")
			}
		}
		w.grant(target)
	}
}

func TestAMembershipOutlivesTheLoginThatItsRoleWasMadeFor(t *testing.T) {
	w := newWorld(t)
	targets := w.targets("", server.SampleRole)
	w.grant(targets...)
	w.revoke(targets[0])
	w.expectExact(targets[1], "after only the login was revoked")
	if observed := w.verify(targets[0]); !observed.Absent() || !strings.Contains(observed.Evidence, "kept because it is a member") {
		t.Errorf("the login was read back as %+v, expected that it is gone, and why its role is kept", observed)
	}
	w.revoke(targets[1])
	if w.exists() {
		t.Error("the role is still there after nothing was left to hold it for")
	}
}

func TestAPasswordLoginEndsByItselfWhenNobodyRevokesIt(t *testing.T) {
	w := newWorld(t)
	login := w.login()
	expiresAt := time.Now().Add(3 * time.Second)
	if err := w.provider.Grant(t.Context(), provider.Request{Target: login, ExpiresAt: expiresAt}); err != nil {
		t.Fatal(err)
	}
	conn, err := system.LogIn(t, w.subject, server.MaintenanceDatabase)
	if err != nil {
		t.Fatalf("before its time the login ended: %v", err)
	}
	conn.Close(t.Context())

	var refused *pgconn.PgError
	err = wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, 30*time.Second, true, func(ctx context.Context) (bool, error) {
		conn, err := system.Reconnect(ctx, w.subject, server.MaintenanceDatabase)
		if err == nil {
			conn.Close(ctx)
			return false, nil
		}
		return errors.As(err, &refused), nil
	})
	if err != nil {
		t.Fatalf("long after it expired, the login is still possible: %v", err)
	}
	if refused.Code != "28P01" {
		t.Errorf("the server refused the login with SQLSTATE %s, expected 28P01", refused.Code)
	}
	if !asks[bool](w, `SELECT rolvaliduntil <= clock_timestamp() FROM pg_roles WHERE rolname::text = $1`) {
		t.Error("the login ended before its time, by the server's clock")
	}
	// Other ways to log in than by password are still open: what expired is held until it is revoked.
	observed := w.verify(login)
	if !observed.Held || observed.ExpiresAt.Sub(expiresAt).Abs() > time.Microsecond {
		t.Errorf("the expired login was read back as %+v, expected it to be held until %s", observed, expiresAt)
	}
	w.revoke(login)
	w.expectAbsent(login, "after it expired and was revoked")
}

func TestASessionThatKeepsItsOwnRoleLockedDoesNotKeepItsLogin(t *testing.T) {
	w := newWorld(t)
	login := w.login()
	w.grant(login)
	conn, err := system.LogIn(t, w.subject, server.MaintenanceDatabase)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for _, statement := range []string{"BEGIN", `ALTER ROLE CURRENT_USER PASSWORD 'mine'`} {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	w.revoke(login)
	w.expectAbsent(login, "after its session had kept the role locked")
	if err := conn.Ping(t.Context()); err == nil {
		t.Error("the session goes on after the login was revoked")
	}
}

func TestARoleThatSomebodyElseKeepsLockedIsSaidToBe(t *testing.T) {
	w := newWorld(t)
	login := w.login()
	w.grant(login)
	conn := system.Superuser(t, server.MaintenanceDatabase)
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `ALTER ROLE "`+w.subject+`" CONNECTION LIMIT 1`); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
	defer cancel()
	err = w.silent(w.provider.Revoke(ctx, login, provider.RevokeOptions{}))
	w.expectRetryable(err, "revoking a login whose role is locked", "a session keeps locked")
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.revoke(login)
	w.expectAbsent(login, "once its role was not locked any more")
}

func TestARoleThatOwnsSomethingIsShutOutAndKept(t *testing.T) {
	w := newWorld(t)
	login := w.login()
	w.grant(login)
	w.byHand(`CREATE SCHEMA AUTHORIZATION {subject}`)
	if !system.Gives(t, login) {
		t.Fatal("what was granted cannot be used")
	}
	w.revoke(login)
	observed := w.verify(login)
	if !observed.Absent() || !strings.Contains(observed.Evidence, "kept because it owns objects") {
		t.Errorf("a role that cannot be dropped was read back as %+v, expected that it is shut out, and why it is kept", observed)
	}
	if system.Gives(t, login) {
		t.Error("the role that was kept can still log in")
	}
	if asks[bool](w, `SELECT rolvaliduntil > now() FROM pg_roles WHERE rolname::text = $1`) {
		t.Error("the role that was kept would be valid again if it were let in by mistake")
	}

	w.grant(login)
	w.expectExact(login, "when its person came back")
	w.revoke(login)
	w.byHand(`REASSIGN OWNED BY {subject} TO postgres`)
	w.revoke(login)
	if w.exists() {
		t.Error("a role that Longshore made is still there after it owned nothing any more and was revoked")
	}
}

func TestAPasswordFromBeforeDoesNotComeBackWithItsPerson(t *testing.T) {
	w := newWorld(t)
	login := w.login()
	w.grant(login)
	w.byHand(`CREATE SCHEMA AUTHORIZATION {subject}`)
	if conn, err := system.LogIn(t, w.subject, server.MaintenanceDatabase); err != nil {
		t.Fatal(err)
	} else {
		conn.Close(t.Context())
	}
	w.revoke(login)
	w.grant(login)
	if conn, err := system.Reconnect(t.Context(), w.subject, server.MaintenanceDatabase); err == nil {
		conn.Close(t.Context())
		t.Error("the password from before the revocation opens the server again")
	}
}

func TestARoleThatOthersMadeIsLetInAndShutOutAndOtherwiseLeftAlone(t *testing.T) {
	w := newWorld(t)
	w.byHand(`CREATE ROLE {subject} NOLOGIN`, `GRANT {subject} TO longshore WITH ADMIN OPTION`, `COMMENT ON ROLE {subject} IS 'An employee until May'`)
	login := w.login()
	w.expectAbsent(login, "before it was let in")
	w.grant(login)
	w.expectExact(login, "after it was let in")
	// What others do with their role is no drift of Longshore's.
	w.byHand(`ALTER ROLE {subject} CREATEDB`)
	w.expectExact(login, "after others changed their role")
	w.grant(login)
	if !asks[bool](w, `SELECT rolcreatedb FROM pg_roles WHERE rolname::text = $1`) {
		t.Error("Longshore took away what others gave to their role")
	}
	w.byHand(`ALTER ROLE {subject} VALID UNTIL 'infinity'`)
	if observed := w.verify(login); observed.Drift == "" {
		t.Errorf("a login without end was read back as %+v, expected drift", observed)
	}
	w.revoke(login)
	w.expectAbsent(login, "after it was shut out")
	if comment := asks[string](w, `SELECT shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname::text = $1`); comment != "An employee until May" {
		t.Errorf("the comment of others is now %q", comment)
	}
}

func TestARoleWithPowersThatOthersShutOutIsNotLetIn(t *testing.T) {
	for _, power := range []string{"SUPERUSER", "CREATEROLE", "CREATEDB", "REPLICATION", "BYPASSRLS"} {
		w := newWorld(t)
		w.byHand(`CREATE ROLE {subject} NOLOGIN ` + power)
		w.expectRefused(w.try(w.login()), "letting in a role with "+power, power)
	}
}

func TestPowersThatOnlyASuperuserCanTakeBackAreRefusedInWords(t *testing.T) {
	powers := []string{"SUPERUSER", "REPLICATION", "BYPASSRLS"}
	if newWorld(t).version() >= 160000 {
		// Since then nobody takes away what they do not have themselves.
		powers = append(powers, "CREATEDB")
	}
	for _, power := range powers {
		w := newWorld(t)
		login := w.login()
		w.grant(login)
		w.byHand(`ALTER ROLE {subject} ` + power)
		if observed := w.verify(login); !strings.Contains(observed.Drift, power) {
			t.Errorf("a role that was given %s was read back as %+v, expected drift that says so", power, observed)
		}
		w.expectRefused(w.try(login), "narrowing "+power, "ALTER ROLE … NO"+power)
		w.byHand(`ALTER ROLE {subject} NO` + power)
		w.grant(login)
		w.expectExact(login, "after a superuser took "+power+" back")
		w.revoke(login)
	}
}

func TestASuperusersLoginIsNotTakenForRevoked(t *testing.T) {
	w := newWorld(t)
	login := w.login()
	w.grant(login)
	w.byHand(`ALTER ROLE {subject} SUPERUSER`)
	w.expectRefused(w.tryToRevoke(login), "revoking a superuser's login", "ALTER ROLE … NOSUPERUSER")
	if observed := w.verify(login); observed.Absent() {
		t.Errorf("a superuser that may still log in was read back as %+v", observed)
	}
}

func TestASessionThatOutlivesItsLoginIsRead(t *testing.T) {
	for reason, shutOut := range map[string]string{
		"the role was shut out by hand": `ALTER ROLE {subject} NOLOGIN`,
		"the role was dropped by hand":  `DROP ROLE {subject}`,
	} {
		t.Run(reason, func(t *testing.T) {
			w := newWorld(t)
			login := w.login()
			w.grant(login)
			login.Handle = w.verify(login).Handle
			conn, err := system.LogIn(t, w.subject, server.MaintenanceDatabase)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close(t.Context())
			w.byHand(shutOut)
			if observed := w.verify(login); observed.Absent() || !strings.Contains(observed.Drift, "sessions") {
				t.Errorf("a session without a login was read back as %+v, expected drift", observed)
			}
			w.revoke(login)
			w.expectAbsent(login, "after its session was ended")
			if err := conn.Ping(t.Context()); err == nil {
				t.Error("the session goes on after it was revoked")
			}
		})
	}
}

func TestWhatWasGrantedOnAnotherServerIsNeitherLookedForNorTouchedOnThisOne(t *testing.T) {
	own := postgrestest.Start(t)
	there := worldIn(t, own, own.Connection())
	here := newWorld(t)
	here.subject = there.subject
	granted := there.targets(server.SampleDatabase, server.SampleRole)
	there.grant(granted...)
	const elsewhere = "another PostgreSQL server"
	for _, target := range granted {
		// Before anything is given, so that an answer that is lost is not looked for elsewhere.
		target.Handle = there.verify(target).Handle
		_, err := here.provider.Verify(t.Context(), target)
		here.expectRefused(err, "reading back on another server", elsewhere)
	}
	there.grant(granted...)
	for _, copied := range []bool{false, true} {
		if copied {
			// As after everything was copied to a new server: the same names, and numbers that mean others.
			here.grant(granted...)
		}
		for _, target := range granted {
			target.Handle = there.verify(target).Handle
			_, err := here.provider.Verify(t.Context(), target)
			here.expectRefused(err, "reading back on another server", elsewhere, "spec.decommissioned")
			here.expectRefused(here.tryToRevoke(target), "revoking on another server", elsewhere)
			here.expectRefused(here.try(target), "granting on another server", elsewhere)
			there.expectExact(target, "after another server was asked")
		}
	}
	for _, target := range granted {
		here.expectExact(target, "after it was asked for by a handle of another server")
	}
	here.revoke(granted...)
	there.revoke(granted...)
}

func TestRolesOfAnotherAccessProviderAreNotDropped(t *testing.T) {
	w := newWorld(t)
	elsewhere := system.Connection()
	elsewhere.Behind.Name = "warehouse-2"
	second := worldIn(t, system, elsewhere)
	second.subject = w.subject
	w.grant(w.login())
	second.revoke(second.login())
	if !w.exists() {
		t.Error("a role that another AccessProvider made was dropped")
	}
	w.grant(w.login())
	w.revoke(w.login())
	if w.exists() {
		t.Error("the role is still there after the AccessProvider that made it revoked it")
	}
}
