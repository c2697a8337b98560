package postgres_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/longshore-dev/longshore/controllers/access/provider"
	server "github.com/longshore-dev/longshore/hack/targets/postgres"
)

func TestThatEverybodyMayConnectIsNotTheSubjects(t *testing.T) {
	w := newWorld(t)
	w.byHand(`CREATE DATABASE t_open OWNER longshore`)
	target := w.database("t_open")
	w.grant(w.login())
	if observed := w.verify(target); observed.Held || observed.Otherwise != "" || !strings.Contains(observed.Evidence, "as everybody may") {
		t.Errorf("a database for everybody was read back as %+v, expected that nothing is the subject's own", observed)
	}
	w.grant(target)
	w.expectExact(target, "after it was granted")
	w.revoke(target)
	w.expectAbsent(target, "after it was revoked")
}

func TestADatabaseThatIsMissingIsWaitedFor(t *testing.T) {
	w := newWorld(t)
	target := w.database("t_later")
	w.expectRetryable(w.try(target), "granting a database that does not exist", `database "t_later" does not exist: create it`)
	w.expectAbsent(target, "while the database does not exist")
	w.revoke(target)
}

func TestTheGrantOptionIsEnoughToLetPeopleConnect(t *testing.T) {
	w := newWorld(t)
	w.byHand(`CREATE DATABASE t_theirs`)
	target := w.database("t_theirs")
	// The server only warns of a grant that has no effect.
	w.expectRefused(w.try(target), "letting connect to a database of others", `GRANT CONNECT ON DATABASE "t_theirs" TO "longshore" WITH GRANT OPTION`)
	w.byHand(`GRANT CONNECT ON DATABASE t_theirs TO longshore WITH GRANT OPTION`)
	w.grant(target)
	w.expectExact(target, "with the grant option")
	w.revoke(target)
	w.expectAbsent(target, "with the grant option")
}

func TestWhatTheOwnerGrantedIsSaidToBeTheOwnersToRevoke(t *testing.T) {
	w := newWorld(t)
	w.byHand(`CREATE DATABASE t_owners`, `GRANT CONNECT ON DATABASE t_owners TO longshore WITH GRANT OPTION`,
		`CREATE ROLE {subject}`, `GRANT CONNECT ON DATABASE t_owners TO {subject}`)
	target := w.database("t_owners")
	w.expectRefused(w.tryToRevoke(target), "revoking what the owner granted", "by a grant of postgres", "have them revoke it")
	if observed := w.verify(target); !observed.Held {
		t.Errorf("what the owner granted was read back as %+v, expected it to be held", observed)
	}
	w.byHand(`REVOKE CONNECT ON DATABASE t_owners FROM {subject}`)
	w.revoke(target)
	w.expectAbsent(target, "after the owner revoked it")
}

func TestWhatTheSubjectPassedOnFallsWithIt(t *testing.T) {
	for reason, undo := range map[string]func(*world, provider.Target){
		"revoked":  func(w *world, target provider.Target) { w.revoke(target) },
		"narrowed": func(w *world, target provider.Target) { w.grant(target) },
	} {
		t.Run(reason, func(t *testing.T) {
			w, accomplice := newWorld(t), newWorld(t)
			target := w.database(server.SampleDatabase)
			w.grant(target)
			accomplice.byHand(`CREATE ROLE {subject}`)
			w.byHand(`GRANT CONNECT ON DATABASE payroll TO {subject} WITH GRANT OPTION`,
				`SET ROLE {subject}; GRANT CONNECT ON DATABASE payroll TO "`+accomplice.subject+`"`)
			passedOn := accomplice.database(server.SampleDatabase)
			if !accomplice.verify(passedOn).Held {
				t.Fatal("the subject could not pass it on")
			}
			undo(w, target)
			accomplice.expectAbsent(passedOn, "after the one who passed it on was "+reason)
		})
	}
}

func TestConnectingThroughOtherRolesIsTold(t *testing.T) {
	w := newWorld(t)
	w.byHand(`CREATE ROLE {subject}`, `CREATE ROLE t_clerks`, `GRANT CONNECT ON DATABASE payroll TO t_clerks`, `GRANT t_clerks TO {subject}`)
	t.Cleanup(func() { w.byHand(`REVOKE CONNECT ON DATABASE payroll FROM t_clerks`) })
	observed := w.verify(w.database(server.SampleDatabase))
	if observed.Held || !strings.Contains(observed.Otherwise, "as a member of t_clerks") {
		t.Errorf("a privilege of another role was read back as %+v, expected it to be told and not held", observed)
	}
}

func TestManyAreLetInAtOnce(t *testing.T) {
	w := newWorld(t)
	const many = 24
	var group sync.WaitGroup
	for range many {
		subject := system.Subject(t)
		targets, err := w.provider.Resolve(entitled(server.SampleDatabase, server.SampleRole), subject)
		if err != nil {
			t.Fatal(err)
		}
		group.Go(func() {
			for _, target := range targets {
				if err := w.provider.Grant(t.Context(), provider.Request{Target: target, ExpiresAt: never()}); err != nil {
					t.Errorf("granting %s among many: %v", target.Name, err)
				}
			}
			for _, target := range targets {
				if err := w.provider.Revoke(t.Context(), target, provider.RevokeOptions{}); err != nil {
					t.Errorf("revoking %s among many: %v", target.Name, err)
				}
				if observed, err := w.provider.Verify(t.Context(), target); err != nil || !observed.Absent() {
					t.Errorf("%s among many was read back as %+v and %v", target.Name, observed, err)
				}
			}
		})
	}
	group.Wait()
}
