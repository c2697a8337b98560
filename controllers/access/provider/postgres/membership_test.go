package postgres_test

import (
	"strings"
	"testing"

	server "github.com/longshore-dev/longshore/hack/targets/postgres"
)

func TestRolesThatWouldMakeMastersOfTheServerAreNotHandedOut(t *testing.T) {
	w := newWorld(t)
	for _, test := range []struct {
		role   string
		made   []string
		reason string
	}{
		{"postgres", nil, "it is a superuser"},
		{"t_root", []string{`CREATE ROLE t_root SUPERUSER`}, "it is a superuser that cannot log in"},
		{"t_maker", []string{`CREATE ROLE t_maker CREATEROLE`}, "it makes roles"},
		{"t_copier", []string{`CREATE ROLE t_copier REPLICATION`}, "it reads everything by replication"},
		{"t_reader", []string{`CREATE ROLE t_reader BYPASSRLS`}, "it reads every row"},
		{"t_nested", []string{`CREATE ROLE t_between`, `GRANT t_root TO t_between`, `CREATE ROLE t_nested`, `GRANT t_between TO t_nested`}, "its members can become a superuser through others"},
		{"pg_execute_server_program", nil, "it runs programs"},
		{"pg_read_server_files", nil, "it reads the server's files"},
		{"pg_write_server_files", nil, "it writes the server's files"},
		{"t_files", []string{`CREATE ROLE t_files`, `GRANT pg_read_server_files TO t_files`}, "it reads the server's files through another"},
		{server.Operator, nil, "it is Longshore's own"},
	} {
		w.byHand(test.made...)
		w.expectRefused(w.try(w.membership(test.role)), "granting a role although "+test.reason, test.role)
		if w.exists() {
			t.Errorf("a role was made for a membership that was refused because %s", test.reason)
		}
	}
}

func TestAPredefinedRoleThatReachesOnlyDataIsHandedOut(t *testing.T) {
	w := newWorld(t)
	target := w.membership("pg_read_all_data")
	w.byHand(`GRANT pg_read_all_data TO longshore WITH ADMIN OPTION`)
	w.grant(target)
	w.expectExact(target, "after it was granted")
	w.revoke(target)
	w.expectAbsent(target, "after it was revoked")
}

func TestARoleThatIsAMemberOfTheWorkersOwnIsRefused(t *testing.T) {
	w := newWorld(t)
	w.byHand(`CREATE ROLE {subject}`, `CREATE ROLE t_circle`, `GRANT {subject} TO t_circle`, `GRANT t_circle TO longshore WITH ADMIN OPTION`)
	w.expectRefused(w.try(w.membership("t_circle")), "granting in a circle", "take it out of the profile")
}

func TestARoleThatLongshoreWasNotGivenIsNotHandedOut(t *testing.T) {
	w := newWorld(t)
	w.byHand(`CREATE ROLE t_unlisted`)
	target := w.membership("t_unlisted")
	// Up to version 15 the server itself would not mind.
	w.expectRefused(w.try(target), "handing out a role without the right to", `GRANT "t_unlisted" TO "longshore" WITH ADMIN OPTION`)
	w.expectAbsent(target, "after it was refused")
	w.byHand(`GRANT t_unlisted TO longshore WITH ADMIN OPTION`)
	w.grant(target)
	w.expectExact(target, "once it may be handed out")
	w.byHand(`REVOKE ADMIN OPTION FOR t_unlisted FROM longshore CASCADE`)
	w.revoke(target)
	w.expectAbsent(target, "after the right to was taken back")
}

func TestWhatOthersGrantedOfARoleIsTakenAwayOrSaidToBeTheirs(t *testing.T) {
	w := newWorld(t)
	target := w.membership(server.SampleRole)
	w.grant(target)
	w.byHand(`GRANT readers TO {subject} WITH ADMIN OPTION`)
	if observed := w.verify(target); !strings.Contains(observed.Drift, "may pass it on") {
		t.Errorf("a role that may be passed on was read back as %+v, expected drift", observed)
	}
	if w.version() >= 160000 {
		// Since then each grant is its grantor's own.
		w.expectRefused(w.try(target), "narrowing what others granted", "by a grant of postgres", "revoke the ADMIN OPTION")
		w.expectRefused(w.tryToRevoke(target), "revoking what others granted", "by a grant of postgres", "revoke it")
		if observed := w.verify(target); !observed.Held {
			t.Errorf("a role that others granted too was read back as %+v, expected it to be held", observed)
		}
		w.byHand(`REVOKE readers FROM {subject}`)
	}
	w.revoke(target)
	w.expectAbsent(target, "after it was revoked by all who granted it")
}

func TestARoleThatIsMissingIsWaitedFor(t *testing.T) {
	w := newWorld(t)
	target := w.membership("t_later")
	w.expectRetryable(w.try(target), "granting a role that does not exist", `role "t_later" does not exist: create it`)
	w.expectAbsent(target, "while the role does not exist")
	w.revoke(target)
	w.byHand(`CREATE ROLE t_later`, `GRANT t_later TO longshore WITH ADMIN OPTION`)
	w.grant(target)
	w.expectExact(target, "once the role exists")
	w.byHand(`DROP ROLE t_later`)
	w.revoke(target)
	w.expectAbsent(target, "after the role was dropped")
}

func TestPrivilegesThroughOtherRolesAreToldAndLeft(t *testing.T) {
	w := newWorld(t)
	w.byHand(`CREATE ROLE {subject}`, `CREATE ROLE t_team`, `GRANT readers TO t_team`, `GRANT t_team TO {subject}`)
	target := w.membership(server.SampleRole)
	observed := w.verify(target)
	if observed.Held || !strings.Contains(observed.Otherwise, "as a member of t_team") {
		t.Errorf("a membership through another role was read back as %+v, expected it to be told and not held", observed)
	}
	w.grant(target)
	w.expectExact(target, "beside the membership through another role")
	w.revoke(target)
	if observed := w.verify(target); !observed.Absent() || observed.Otherwise == "" {
		t.Errorf("after its own membership was revoked it was read back as %+v, expected the other one alone", observed)
	}
	if !asks[bool](w, `SELECT pg_has_role(oid, 't_team', 'USAGE') FROM pg_roles WHERE rolname::text = $1`) {
		t.Error("a membership that others gave was taken away")
	}
}

func TestARoleAndADatabaseThatWereRenamedAreStillTakenAway(t *testing.T) {
	w := newWorld(t)
	w.byHand(`CREATE ROLE t_old`, `GRANT t_old TO longshore WITH ADMIN OPTION`, `CREATE DATABASE t_old OWNER longshore`, `REVOKE CONNECT ON DATABASE t_old FROM PUBLIC`)
	targets := w.targets("t_old", "t_old")
	w.grant(targets...)
	for i := range targets {
		targets[i].Handle = w.verify(targets[i]).Handle
	}
	w.byHand(`ALTER ROLE t_old RENAME TO t_new`, `ALTER DATABASE t_old RENAME TO t_new`, `CREATE ROLE t_old`)
	for _, target := range targets {
		w.expectExact(target, "after what it names was renamed")
		w.revoke(target)
		w.expectAbsent(target, "after what it names was renamed and it was revoked")
	}
	if w.exists() {
		t.Error("the role that Longshore made is still there")
	}
}

func TestNamesAreTakenAsTheyStand(t *testing.T) {
	for _, name := range []string{`"; DROP ROLE postgres; --`, `'; DROP DATABASE payroll; --`, "a/b:c", "roles/x", "$1", "%s", `\`, "Ärger 用户 🚢", "current_user"} {
		w := newWorld(t)
		w.system.ByHand(t, name, `CREATE ROLE {subject}`, `GRANT {subject} TO longshore WITH ADMIN OPTION`, `CREATE DATABASE {subject} OWNER longshore`, `REVOKE CONNECT ON DATABASE {subject} FROM PUBLIC`)
		targets := w.targets(name, name)
		for _, target := range targets {
			w.grant(target)
			w.expectExact(target, "after it was granted")
		}
		for _, target := range targets {
			w.revoke(target)
			w.expectAbsent(target, "after it was revoked")
		}
	}
}

func TestWhatCannotBeGrantedIsRefusedWhenItIsResolved(t *testing.T) {
	w := newWorld(t)
	for reason, entitlement := range map[string]struct {
		database string
		role     string
	}{
		"the role means everybody":                          {role: "public"},
		"the role means nobody":                             {role: "none"},
		"the role's name has 64 bytes, and would be cut":    {role: strings.Repeat("ü", 32)},
		"the role's name has a zero byte":                   {role: "a\x00b"},
		"the role's name has a line break":                  {role: "a\nb"},
		"the role's name is of blanks":                      {role: "  "},
		"the role is the subject's own":                     {role: w.subject},
		"the database's name has 64 bytes":                  {role: "readers", database: strings.Repeat("x", 64)},
		"the database's name has characters nobody can see": {role: "readers", database: "pay\u200broll"},
	} {
		targets, err := w.provider.Resolve(entitled(entitlement.database, entitlement.role), w.subject)
		if len(targets) > 0 {
			t.Errorf("resolving gave %v although %s", targets, reason)
		}
		w.expectRefused(err, "resolving although "+reason)
	}
}
