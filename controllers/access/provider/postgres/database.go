package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// connectable is a database, and how the subject may connect to it.
type connectable struct {
	OID  uint32
	Name string
	// Grantors are the roles that gave the subject itself CONNECT.
	Grantors []string
	// Passable says that the subject may pass it on.
	Passable bool
	// Public says that everybody may connect.
	Public bool
	// Through are the roles with CONNECT that the subject is a member of.
	Through []string
	// Grantable says that Longshore may give CONNECT.
	Grantable bool
	// Open says that the subject has sessions in it.
	Open bool
}

// databaseQuery finds a database by number or, if there is none of that number, by name. Without an access control list of its own it has the
// default one. Grantee 0 is everybody.
const databaseQuery = `
WITH RECURSIVE d AS (
	SELECT oid, datname, coalesce(datacl, acldefault('d', datdba)) AS acl FROM pg_database
	WHERE oid = $1::oid OR datname::text = $2::text ORDER BY oid = $1::oid DESC LIMIT 1
), given AS (
	SELECT x.grantor, x.grantee, x.is_grantable FROM d, aclexplode(d.acl) x WHERE x.privilege_type = 'CONNECT'
), above (oid) AS (
	SELECT roleid FROM pg_auth_members WHERE member = $3::oid
	UNION SELECT m.roleid FROM pg_auth_members m JOIN above ON m.member = above.oid
)
SELECT d.oid, d.datname::text AS name,
	ARRAY(SELECT DISTINCT pg_get_userbyid(grantor)::text FROM given WHERE grantee = $3::oid ORDER BY 1) AS grantors,
	EXISTS (SELECT FROM given WHERE grantee = $3::oid AND is_grantable) AS passable,
	EXISTS (SELECT FROM given WHERE grantee = 0) AS public,
	ARRAY(SELECT DISTINCT pg_get_userbyid(grantee)::text FROM given JOIN above ON above.oid = grantee ORDER BY 1) AS through,
	has_database_privilege(current_user, d.oid, 'CONNECT WITH GRANT OPTION') AS grantable,
	EXISTS (SELECT FROM pg_stat_activity a WHERE a.usesysid = $3::oid AND a.datid = d.oid) AS open
FROM d`

// connectable returns the database that an access names, seen from a role, or nil if there is none.
func (s *session) connectable(ctx context.Context, a access, subject *role) (*connectable, error) {
	rows, err := s.conn.Query(ctx, databaseQuery, a.handle.object, a.name, subject.OID)
	if err != nil {
		return nil, err
	}
	found, err := pgx.CollectExactlyOneRow(rows, pgx.RowToAddrOfStructByName[connectable])
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil //nolint:nilnil // That there is none is an answer.
	}
	return found, err
}

func (s *session) grantConnect(ctx context.Context, a access) error {
	return s.atomically(ctx, func() error {
		r, err := s.ensureRole(ctx, a)
		if err != nil {
			return err
		}
		d, err := s.connectable(ctx, a, r)
		switch {
		case err != nil:
			return err
		case d == nil:
			return provider.Retryable("database %q does not exist: create it, or name another in the profile", a.name)
		case d.Passable:
			// What the subject passed on falls with its right to.
			if err := s.do(ctx, "REVOKE GRANT OPTION FOR CONNECT ON DATABASE %I FROM %I CASCADE", d.Name, r.Name); err != nil {
				return err
			}
		}
		if len(d.Grantors) > 0 {
			return nil
		}
		// Without the right to, the server would only warn.
		if !d.Grantable {
			return provider.Refused("Longshore's role may not let anybody connect to database %q: have its owner run GRANT CONNECT ON DATABASE %s TO %s WITH GRANT OPTION", d.Name, quote(d.Name), quote(s.operator))
		}
		return s.do(ctx, "GRANT CONNECT ON DATABASE %I TO %I", d.Name, r.Name)
	})
}

// quote is a name as it stands in SQL for people.
func quote(name string) string { return pgx.Identifier{name}.Sanitize() }

func (s *session) observeConnect(ctx context.Context, a access) (provider.Observed, error) {
	r, err := s.role(ctx, a)
	if err != nil {
		return provider.Observed{}, err
	}
	if r == nil {
		return s.observeNoRole(ctx, a)
	}
	d, err := s.connectable(ctx, a, r)
	if err != nil {
		return provider.Observed{}, err
	}
	if d == nil {
		return provider.Observed{Handle: handle{s.system, r.OID, a.handle.object}.String(), Evidence: fmt.Sprintf("there is no database %q", a.name)}, nil
	}
	observed := provider.Observed{Held: len(d.Grantors) > 0, Handle: handle{system: s.system, subject: r.OID, object: d.OID}.String()}
	named := fmt.Sprintf("role (oid %d) ", r.OID)
	in := fmt.Sprintf("database %q (oid %d)", d.Name, d.OID)
	switch {
	case d.Passable:
		observed.Drift = named + "may connect to " + in + " and let others connect"
	case observed.Held:
		observed.Evidence = named + "may connect to " + in
	case len(d.Through) > 0:
		observed.Otherwise = named + "may connect to " + in + " as a member of " + enumerate(d.Through)
		observed.Evidence = named + "itself was not given " + in
	case d.Public:
		observed.Evidence = named + "may connect to " + in + " as everybody may, and not otherwise"
	case d.Open && !r.Super:
		observed.Drift = named + "may not connect to " + in + " and still has sessions in it"
	default:
		observed.Evidence = named + "may not connect to " + in
	}
	if observed.Drift != "" {
		observed.Evidence = observed.Drift
	}
	return observed, nil
}

func (s *session) revokeConnect(ctx context.Context, a access) error {
	r, err := s.role(ctx, a)
	if err != nil {
		return err
	}
	if r == nil {
		return s.endSessionsOfNoRole(ctx, a)
	}
	d, err := s.connectable(ctx, a, r)
	if err != nil {
		return err
	}
	if d != nil {
		if err := s.takeConnect(ctx, a, r, d); err != nil {
			return err
		}
		if err := s.endSessions(ctx, r.OID, d.OID); err != nil {
			return err
		}
	}
	return s.tidy(ctx, a)
}

// takeConnect takes the privilege away and sees whether that was all of it: only what Longshore's role, or the owner that it acts for, gave
// can be taken away, and for the rest the server only warns.
func (s *session) takeConnect(ctx context.Context, a access, r *role, d *connectable) error {
	if len(d.Grantors) == 0 {
		return nil
	}
	err := s.do(ctx, "REVOKE CONNECT ON DATABASE %I FROM %I CASCADE", d.Name, r.Name)
	if err != nil && codeOf(err) != codeNotPermitted {
		return err
	}
	d, err = s.connectable(ctx, a, r)
	if err != nil || d == nil || len(d.Grantors) == 0 {
		return err
	}
	return provider.Refused("the worker's role may connect to database %q by a grant of %s, which Longshore's role cannot take back: have them revoke it", d.Name, enumerate(d.Grantors))
}

// enumerate names the first few.
func enumerate(names []string) string {
	const few = 3
	if more := len(names) - few; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), more)
	}
	return strings.Join(names, ", ")
}
