package postgres

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// grantLogin lets the subject's role log in until access ends. It gets no password: how the person proves who they are is the server's affair.
func (s *session) grantLogin(ctx context.Context, a access, expiresAt time.Time) error {
	until := expiresAt.UTC().Format("2006-01-02 15:04:05.999999+00")
	return s.atomically(ctx, func() error {
		r, err := s.role(ctx, a)
		if err != nil {
			return err
		}
		if r == nil {
			return s.makeRole(ctx, a, "LOGIN VALID UNTIL %L", until)
		}
		options := ""
		if !r.CanLogin || r.ValidUntil == nil || *r.ValidUntil != expiresAt.UnixMicro() {
			options = " LOGIN VALID UNTIL %L"
		}
		switch {
		case r.Ours:
			if powers := r.powers("NO"); powers != "" {
				options += " " + powers
			}
		case !r.CanLogin && r.powers("") != "":
			return provider.Refused("the worker's role, which others made, cannot log in and has %s: Longshore does not let such a role in", r.powers(""))
		}
		if options == "" {
			return nil
		}
		// What there is no place for is not put in.
		return s.explainAlter(s.do(ctx, "ALTER ROLE %I"+options, r.Name, until), r)
	})
}

// explainAlter says who can change a role that Longshore cannot. Which powers those are differs from version to version.
func (s *session) explainAlter(err error, r *role) error {
	if codeOf(err) == codeNotPermitted && r.powers("") != "" {
		return provider.Refused("the worker's role has %s, and Longshore's may not change that: have a superuser run ALTER ROLE … %s on it", r.powers(""), r.powers("NO"))
	}
	return err
}

func (s *session) observeLogin(ctx context.Context, a access) (provider.Observed, error) {
	r, err := s.role(ctx, a)
	if err != nil {
		return provider.Observed{}, err
	}
	if r == nil {
		return s.observeNoRole(ctx, a)
	}
	observed := provider.Observed{Held: r.CanLogin, Handle: handle{system: s.system, subject: r.OID}.String()}
	named := fmt.Sprintf("role (oid %d)", r.OID)
	switch {
	case !r.CanLogin && r.Open:
		observed.Drift = named + " may not log in and still has sessions"
	case !r.CanLogin:
		observed.Evidence = named + " may not log in and has no session" + keptFor(r)
	case r.ValidUntil == nil:
		observed.Drift = named + " may log in without end"
	default:
		observed.ExpiresAt = r.expiresAt()
		observed.Evidence = fmt.Sprintf("%s may log in, and its password is valid until %s", named, observed.ExpiresAt.Format(time.RFC3339Nano))
	}
	if powers := r.powers(""); r.CanLogin && r.Ours && powers != "" && observed.Drift == "" {
		observed.Drift = named + " was given " + powers
	}
	if observed.Drift != "" {
		observed.Evidence = observed.Drift
	}
	return observed, nil
}

// observeNoRole also finds what a role left open that was dropped. The server is remembered also while nothing is there yet: what is made in it
// next is not to be looked for on another one.
func (s *session) observeNoRole(ctx context.Context, a access) (provider.Observed, error) {
	observed := provider.Observed{Handle: cmp.Or(a.handle, handle{system: s.system}).String(), Evidence: "there is no such role, so that " + a.without()}
	subject := a.handle.subject
	if subject == 0 {
		return observed, nil
	}
	open, err := s.hasSessions(ctx, subject, 0)
	if open {
		observed.Drift = fmt.Sprintf("role (oid %d) was dropped and still has sessions", subject)
		observed.Evidence = observed.Drift
	}
	return observed, err
}

// keptFor says why a role is still there that Longshore made.
func keptFor(r *role) string {
	switch {
	case !r.Ours:
		return ""
	case r.Needed:
		return "; it is kept because it owns objects or has privileges"
	case r.Member:
		return "; it is kept because it is a member of other roles"
	}
	return ""
}

// revokeLogin shuts the subject's role out. Sessions are ended before, because one can keep its own role locked, and after, because one can
// begin in between.
func (s *session) revokeLogin(ctx context.Context, a access) error {
	r, err := s.role(ctx, a)
	if err != nil {
		return err
	}
	if r == nil {
		return s.endSessionsOfNoRole(ctx, a)
	}
	if err := s.endSessions(ctx, r.OID, 0); err != nil {
		return err
	}
	if r.CanLogin {
		options := " NOLOGIN VALID UNTIL 'now'"
		if r.Ours {
			// Who comes back gets a new one.
			options += " PASSWORD NULL"
		}
		if err := s.explainAlter(s.do(ctx, "ALTER ROLE %I"+options, r.Name), r); err != nil {
			return err
		}
		if err := s.endSessions(ctx, r.OID, 0); err != nil {
			return err
		}
	}
	return s.tidy(ctx, a)
}

func (s *session) endSessionsOfNoRole(ctx context.Context, a access) error {
	if subject := a.handle.subject; subject != 0 {
		return s.endSessions(ctx, subject, 0)
	}
	return nil
}
