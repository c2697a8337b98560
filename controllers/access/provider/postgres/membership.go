package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// handedOut is a role that others are members of.
type handedOut struct {
	OID  uint32
	Name string
	// Listed says that Longshore's role was given it to hand out.
	Listed bool
}

// handedOut returns the role that an access names, by number or, if there is none of that number, by name; nil if there is none.
func (s *session) handedOut(ctx context.Context, a access) (*handedOut, error) {
	rows, err := s.conn.Query(ctx, `SELECT oid, rolname::text AS name, pg_has_role(current_user, oid, 'MEMBER WITH ADMIN OPTION') AS listed
		FROM pg_roles WHERE oid = $1::oid OR rolname::text = $2::text
		ORDER BY oid = $1::oid DESC LIMIT 1`, a.handle.object, a.name)
	if err != nil {
		return nil, err
	}
	found, err := pgx.CollectExactlyOneRow(rows, pgx.RowToAddrOfStructByName[handedOut])
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil //nolint:nilnil // That there is none is an answer.
	}
	return found, err
}

// grant is one row by which a role is a member of another. Before version 16 there is at most one, whoever granted it.
type grant struct {
	Grantor string
	// Admin says that it may be passed on.
	Admin bool
	// Works says that the member can use the role.
	Works bool
}

// grants reads the rows. As JSON, a column that an old version does not have is null.
func (s *session) grants(ctx context.Context, of *handedOut, to *role) ([]grant, error) {
	rows, err := s.conn.Query(ctx, `SELECT pg_get_userbyid(m.grantor)::text AS grantor, m.admin_option AS admin,
			coalesce((to_jsonb(m) ->> 'inherit_option')::boolean OR (to_jsonb(m) ->> 'set_option')::boolean, true) AS works
		FROM pg_auth_members m WHERE m.roleid = $1::oid AND m.member = $2::oid ORDER BY 1`, of.OID, to.OID)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[grant])
}

func passable(g grant) bool { return g.Admin }
func works(g grant) bool    { return g.Works }

func (s *session) grantMembership(ctx context.Context, a access) error {
	return s.atomically(ctx, func() error {
		of, err := s.handedOut(ctx, a)
		if err != nil {
			return err
		}
		if of == nil {
			return provider.Retryable("role %q does not exist: create it, or name another in the profile", a.name)
		}
		if err := s.mayHandOut(ctx, of); err != nil {
			return err
		}
		to, err := s.ensureRole(ctx, a)
		if err != nil {
			return err
		}
		grants, err := s.grants(ctx, of, to)
		if err != nil {
			return err
		}
		if err := s.narrow(ctx, of, to, grants); err != nil {
			return err
		}
		if slices.ContainsFunc(grants, works) {
			return nil
		}
		return s.do(ctx, "GRANT %I TO %I"+s.usable(), of.Name, to.Name)
	})
}

// narrow takes back that a role may be passed on. What was passed on falls with the right to.
func (s *session) narrow(ctx context.Context, of *handedOut, to *role, grants []grant) error {
	for _, g := range grants {
		if !g.Admin {
			continue
		}
		err := s.revokeGrant(ctx, "REVOKE ADMIN OPTION FOR", of, to, g)
		if codeOf(err) == codeNotPermitted {
			return provider.Refused("the worker's role may pass on role %q by a grant of %s, which Longshore's role cannot narrow: have them, or a superuser, revoke the ADMIN OPTION", of.Name, g.Grantor)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// usable has a role of which the member was left a useless rest be granted whole. Before version 16 there is no such rest.
func (s *session) usable() string {
	if s.version < grantors {
		return ""
	}
	return " WITH INHERIT TRUE, SET TRUE"
}

// revokeGrant takes one row back, or its ADMIN OPTION alone.
func (s *session) revokeGrant(ctx context.Context, what string, of *handedOut, to *role, g grant) error {
	if s.version < grantors {
		return s.do(ctx, what+" %I FROM %I CASCADE", of.Name, to.Name)
	}
	return s.do(ctx, what+" %I FROM %I GRANTED BY %I CASCADE", of.Name, to.Name, g.Grantor)
}

// powersQuery finds, in a role and in those that its members can become through it, what no profile may hand out: to change roles or to read
// past what is granted, and to reach files and programs of the server's machine.
const powersQuery = `
WITH RECURSIVE reached (oid) AS (
	SELECT $1::oid UNION SELECT m.roleid FROM pg_auth_members m JOIN reached ON m.member = reached.oid
)
SELECT r.rolname::text FROM reached JOIN pg_roles r USING (oid)
WHERE r.rolsuper OR r.rolcreaterole OR r.rolreplication OR r.rolbypassrls
	OR r.rolname::text IN ('pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files')
ORDER BY r.oid <> $1::oid, 1`

// mayHandOut refuses a role that Longshore's was not given to hand out, and one that would make its members masters of the server. Up to
// version 15 the server itself lets Longshore's role, which has CREATEROLE, hand out either, but for superusers.
func (s *session) mayHandOut(ctx context.Context, of *handedOut) error {
	found, err := collect[string](ctx, s, powersQuery, of.OID)
	switch {
	case err != nil:
		return err
	case len(found) > 0:
		return provider.Refused("role %q gives, by %s, SUPERUSER, CREATEROLE, REPLICATION, BYPASSRLS or the files and programs of the server, which no profile hands out: take it out of the profile", of.Name, enumerate(found))
	case !of.Listed:
		return provider.Refused("Longshore's role may not hand out role %q: have a superuser run GRANT %s TO %s WITH ADMIN OPTION, or take it out of the profile", of.Name, quote(of.Name), quote(s.operator))
	}
	return nil
}

func (s *session) observeMembership(ctx context.Context, a access) (provider.Observed, error) {
	to, err := s.role(ctx, a)
	if err != nil {
		return provider.Observed{}, err
	}
	if to == nil {
		return s.observeNoRole(ctx, a)
	}
	of, err := s.handedOut(ctx, a)
	if err != nil {
		return provider.Observed{}, err
	}
	if of == nil {
		return provider.Observed{Handle: handle{s.system, to.OID, a.handle.object}.String(), Evidence: fmt.Sprintf("there is no role %q to be a member of", a.name)}, nil
	}
	grants, err := s.grants(ctx, of, to)
	if err != nil {
		return provider.Observed{}, err
	}
	observed := provider.Observed{Held: len(grants) > 0, Handle: handle{system: s.system, subject: to.OID, object: of.OID}.String()}
	observed.Evidence = fmt.Sprintf("role (oid %d) is a member of role %q (oid %d)", to.OID, of.Name, of.OID)
	switch {
	case !observed.Held:
		observed.Evidence = fmt.Sprintf("role (oid %d) is no member of role %q (oid %d)", to.OID, of.Name, of.OID)
		observed.Otherwise, err = s.otherwise(ctx, of, to)
	case slices.ContainsFunc(grants, passable):
		observed.Drift = observed.Evidence + " and may pass it on"
	case !slices.ContainsFunc(grants, works):
		observed.Drift = observed.Evidence + " and can make no use of it"
	}
	if observed.Drift != "" {
		observed.Evidence = observed.Drift
	}
	return observed, err
}

// throughQuery finds the roles that the subject is a member of and that are, in turn, members of the one in question.
const throughQuery = `
WITH RECURSIVE below (oid) AS (
	SELECT member FROM pg_auth_members WHERE roleid = $1::oid
	UNION SELECT m.member FROM pg_auth_members m JOIN below ON m.roleid = below.oid
)
SELECT DISTINCT pg_get_userbyid(m.roleid)::text FROM pg_auth_members m JOIN below ON below.oid = m.roleid WHERE m.member = $2::oid ORDER BY 1`

// otherwise says by what else a role has the privileges of another.
func (s *session) otherwise(ctx context.Context, of *handedOut, to *role) (string, error) {
	if to.Super {
		return fmt.Sprintf("role (oid %d) is a superuser, and so may do what role %q may", to.OID, of.Name), nil
	}
	through, err := collect[string](ctx, s, throughQuery, of.OID, to.OID)
	if err != nil || len(through) == 0 {
		return "", err
	}
	return fmt.Sprintf("role (oid %d) has role %q as a member of %s", to.OID, of.Name, enumerate(through)), nil
}

// revokeMembership also ends the subject's sessions: one in which SET ROLE was called would go on with the privileges.
func (s *session) revokeMembership(ctx context.Context, a access) error {
	to, err := s.role(ctx, a)
	if err != nil {
		return err
	}
	if to == nil {
		return s.endSessionsOfNoRole(ctx, a)
	}
	of, err := s.handedOut(ctx, a)
	if err != nil {
		return err
	}
	var refused error
	if of != nil {
		if refused, err = s.takeMembership(ctx, of, to); err != nil {
			return err
		}
	}
	if err := s.endSessions(ctx, to.OID, 0); err != nil {
		return err
	}
	if refused != nil {
		return refused
	}
	return s.tidy(ctx, a)
}

// takeMembership takes back what it may, and refuses by name what is left.
func (s *session) takeMembership(ctx context.Context, of *handedOut, to *role) (refused, err error) {
	grants, err := s.grants(ctx, of, to)
	if err != nil {
		return nil, err
	}
	for _, g := range grants {
		if err := s.revokeGrant(ctx, "REVOKE", of, to, g); err != nil && codeOf(err) != codeNotPermitted {
			return nil, err
		}
	}
	left, err := s.grants(ctx, of, to)
	if err != nil || len(left) == 0 {
		return nil, err
	}
	var by []string
	for _, g := range left {
		by = append(by, g.Grantor)
	}
	return provider.Refused("the worker's role is a member of role %q by a grant of %s, which Longshore's role cannot take back: have them, or a superuser, revoke it", of.Name, enumerate(by)), nil
}
