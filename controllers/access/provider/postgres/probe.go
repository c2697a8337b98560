package postgres

import (
	"context"
	"strings"

	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// Probe says whether the server answers and Longshore's role has what it needs for every worker; what it needs for one role or database is
// said when that is granted.
func (p *Provider) Probe(ctx context.Context) error {
	return p.call(ctx, "asking what Longshore's role may do", func(ctx context.Context, s *session) error {
		var makesRoles, endsSessions bool
		err := s.conn.QueryRow(ctx, `SELECT rolsuper OR rolcreaterole, rolsuper OR pg_has_role(oid, 'pg_signal_backend', 'USAGE')
			FROM pg_roles WHERE rolname = current_user`).Scan(&makesRoles, &endsSessions)
		if err != nil {
			return err
		}
		var lacking []string
		if !makesRoles {
			lacking = append(lacking, "ALTER ROLE "+quote(s.operator)+" CREATEROLE")
		}
		if !endsSessions {
			lacking = append(lacking, "GRANT pg_signal_backend TO "+quote(s.operator))
		}
		if len(lacking) > 0 {
			return provider.Refused("Longshore's role may not make roles and end their sessions: have a superuser run %s", strings.Join(lacking, "; "))
		}
		return nil
	})
}
