package postgres

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// role is the subject's, as the server has it now.
type role struct {
	OID  uint32
	Name string
	// Ours says that Longshore made it.
	Ours     bool
	CanLogin bool
	// ValidUntil is in microseconds since 1970; nil if it does not end.
	ValidUntil *int64
	// Super and the others are what PostgreSQL calls its attributes.
	Super, CreateRole, CreateDB, Replication, BypassRLS bool
	// Open says that it has sessions.
	Open bool
	// Member says that it is a member of other roles.
	Member bool
	// Needed says that something depends on it: it owns something, or was given a privilege.
	Needed bool
}

func (r *role) expiresAt() time.Time {
	if r.ValidUntil == nil {
		return time.Time{}
	}
	return time.UnixMicro(*r.ValidUntil).UTC()
}

// attribute is something that a role may do to the whole server.
type attribute struct {
	has bool
	// name as in CREATE ROLE.
	name string
}

func (r *role) attributes() []attribute {
	return []attribute{
		{r.Super, "SUPERUSER"}, {r.CreateRole, "CREATEROLE"}, {r.CreateDB, "CREATEDB"}, {r.Replication, "REPLICATION"}, {r.BypassRLS, "BYPASSRLS"},
	}
}

// powers are the attributes that the role has, each behind a prefix.
func (r *role) powers(prefix string) string {
	var names []string
	for _, a := range r.attributes() {
		if a.has {
			names = append(names, prefix+a.name)
		}
	}
	return strings.Join(names, " ")
}

// roleQuery finds a role by number or, if there is none of that number, by name. As text, a name is not cut off. Sessions are read later than
// whether the role may log in, never before.
const roleQuery = `
SELECT r.oid, r.rolname::text AS name, coalesce(shobj_description(r.oid, 'pg_authid') = $3::text, false) AS ours,
	r.rolcanlogin AS can_login, CASE WHEN isfinite(r.rolvaliduntil) THEN (extract(epoch FROM r.rolvaliduntil) * 1000000)::bigint END AS valid_until,
	r.rolsuper AS super, r.rolcreaterole AS create_role, r.rolcreatedb AS create_db, r.rolreplication AS replication, r.rolbypassrls AS bypass_rls,
	EXISTS (SELECT FROM pg_stat_activity a WHERE a.usesysid = r.oid) AS open,
	EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid) AS member,
	EXISTS (SELECT FROM pg_shdepend d WHERE d.refclassid = 'pg_authid'::regclass AND d.refobjid = r.oid) AS needed
FROM pg_roles r
WHERE r.oid = $1::oid OR r.rolname::text = $2::text
ORDER BY r.oid = $1::oid DESC
LIMIT 1`

// role returns the subject's role, or nil if there is none.
func (s *session) role(ctx context.Context, a access) (*role, error) {
	rows, err := s.conn.Query(ctx, roleQuery, a.handle.subject, a.subject, a.mark)
	if err != nil {
		return nil, err
	}
	found, err := pgx.CollectExactlyOneRow(rows, pgx.RowToAddrOfStructByName[role])
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil //nolint:nilnil // That there is none is an answer.
	}
	return found, err
}

// ensureRole returns the subject's role, and makes one that cannot log in if there is none.
func (s *session) ensureRole(ctx context.Context, a access) (*role, error) {
	r, err := s.role(ctx, a)
	if r != nil || err != nil {
		return r, err
	}
	if err := s.makeRole(ctx, a, "NOLOGIN"); err != nil {
		return nil, err
	}
	r, err = s.role(ctx, a)
	if r == nil && err == nil {
		return nil, provider.Retryable("the worker's role was dropped as soon as it was made")
	}
	return r, err
}

// makeRole makes the subject's role and marks it. It is called in a transaction: no role of Longshore's is ever without its mark.
func (s *session) makeRole(ctx context.Context, a access, options string, values ...string) error {
	if err := s.do(ctx, "CREATE ROLE %I "+options, append([]string{a.subject}, values...)...); err != nil {
		return err
	}
	return s.do(ctx, "COMMENT ON ROLE %I IS %L", a.subject, a.mark)
}

// tidy drops the subject's role if Longshore made it and nothing is left that it would be needed for. Whichever of the subject's accesses is
// revoked last does it.
func (s *session) tidy(ctx context.Context, a access) error {
	r, err := s.role(ctx, a)
	if err != nil || r == nil || !r.Ours || r.CanLogin || r.Open || r.Member || r.Needed {
		return err
	}
	err = s.do(ctx, "DROP ROLE %I", r.Name)
	if codeOf(err) == codeDependentObjects {
		// It was given something since.
		return nil
	}
	return err
}

// endSessions ends the sessions of a role, in one database or, if that is zero, in all, and waits until they are gone. Who still may log in can
// begin new ones.
func (s *session) endSessions(ctx context.Context, subject, in uint32) error {
	const which = ` FROM pg_stat_activity WHERE usesysid = $1::oid AND ($2::oid = 0 OR datid = $2::oid) AND pid <> pg_backend_pid()`
	// All are told before any is waited for.
	if _, err := collect[bool](ctx, s, `SELECT pg_terminate_backend(pid)`+which, subject, in); err != nil {
		return s.explainSessions(err)
	}
	// One that was gone already cannot be told: that it is not there any more is what counts.
	missed, err := collect[int32](ctx, s, `SELECT CASE WHEN pg_terminate_backend(pid, $3::bigint) THEN 0 ELSE pid END`+which,
		subject, in, max(s.patience.Milliseconds(), 1))
	if err != nil {
		return s.explainSessions(err)
	}
	var stays bool
	err = s.conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE usesysid = $1::oid AND pid = ANY ($2::int[]))`, subject, missed).Scan(&stays)
	if stays {
		return provider.Retryable("sessions of the worker's role were told to end and have not yet")
	}
	return err
}

func (s *session) explainSessions(err error) error {
	if codeOf(err) == codeNotPermitted {
		return provider.Refused("Longshore's role %q may not end the sessions of the worker's: make it a member of pg_signal_backend; those of a superuser only another superuser ends", s.operator)
	}
	return err
}

// hasSessions says whether a role, which may be gone, has sessions, in one database or, if that is zero, in all.
func (s *session) hasSessions(ctx context.Context, subject, in uint32) (bool, error) {
	var has bool
	err := s.conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE usesysid = $1::oid AND ($2::oid = 0 OR datid = $2::oid))`, subject, in).Scan(&has)
	return has, err
}
