// Package postgres gives access in a PostgreSQL server: that a role may log in until access ends, connect to databases, and is a member of
// other roles.
package postgres

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"k8s.io/utils/clock"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// Provider gives access in a PostgreSQL server. Every call has a connection of its own.
//
// Longshore's own role is no superuser. It has CREATEROLE, is a member of pg_signal_backend, which lets it end sessions, has the ADMIN OPTION
// on the roles that it hands out, and owns the databases that it opens or has CONNECT on them WITH GRANT OPTION. Up to PostgreSQL 15 CREATEROLE
// alone would let it change and hand out every role that is no superuser: Longshore itself insists on the ADMIN OPTION. From 16 on the server
// does, and it takes the ADMIN OPTION on a worker's role, too, to let in one that others made.
//
// A role that Longshore made bears a mark in its comment, by which Longshore knows that it may drop it. Roles that others made are only let in
// and shut out again.
type Provider struct {
	behind             *v1alpha1.AccessProvider
	host               string
	port               uint16
	database           string
	username, password string
	connection         provider.Connection
	clock              clock.PassiveClock
}

var _ provider.Provider = (*Provider)(nil)

// Type is PostgreSQL, from version 14 on.
func Type() provider.Type { return provider.Type{Open: open} }

const (
	defaultPort     = 5432
	defaultDatabase = "postgres"
)

func open(c provider.Connection) (provider.Provider, error) {
	p := &Provider{behind: c.Behind, connection: c, port: defaultPort, database: defaultDatabase, clock: clock.RealClock{}}
	if err := p.readEndpoint(); err != nil {
		return nil, err
	}
	var err error
	if p.username, err = c.Credential(v1alpha1.CredentialUsername); err != nil {
		return nil, err
	}
	if p.password, err = c.Credential(v1alpha1.CredentialPassword); err != nil {
		return nil, err
	}
	if _, err := c.TLS(p.host); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *Provider) readEndpoint() error {
	refused := provider.Refused("AccessProvider %s has no spec.endpoint of the form postgres://host[:port][/database]", p.behind.Name)
	endpoint, err := url.Parse(p.behind.Spec.Endpoint)
	if err != nil || endpoint.Scheme != "postgres" && endpoint.Scheme != "postgresql" ||
		endpoint.Hostname() == "" || endpoint.User != nil || endpoint.RawQuery != "" || endpoint.Fragment != "" {
		return refused
	}
	p.host = endpoint.Hostname()
	if port := endpoint.Port(); port != "" {
		number, err := strconv.ParseUint(port, 10, 16)
		if err != nil || number == 0 {
			return refused
		}
		p.port = uint16(number)
	}
	if len(endpoint.Path) > 1 {
		p.database = endpoint.Path[1:]
	}
	return nil
}

// Capabilities says that a login can expire to the microsecond, and that nothing tells a membership or a privilege that Longshore gave from one
// that others gave.
func (*Provider) Capabilities() provider.Capabilities {
	return provider.Capabilities{ExpiryStep: time.Second, EndsSessions: true}
}

// Resolve gives one Target for the login, one for the database if there is one, and one for each role.
func (p *Provider) Resolve(entitlement v1alpha1.Entitlement, subject string) ([]provider.Target, error) {
	wanted := entitlement.Postgres
	if wanted == nil {
		return nil, provider.Refused("entitlement %s says nothing about postgres, which AccessProvider %s is for", entitlement.Name, p.behind.Name)
	}
	accesses := []access{{kind: login}}
	if wanted.Database != "" {
		accesses = append(accesses, access{kind: database, name: wanted.Database})
	}
	for _, role := range wanted.Roles {
		accesses = append(accesses, access{kind: membership, name: role})
	}
	var targets []provider.Target
	for _, a := range accesses {
		a.subject = subject
		if err := p.check(a); err != nil {
			return nil, err
		}
		targets = append(targets, provider.NewTarget(p.behind, a.String(), subject))
	}
	return targets, nil
}

// Grant gives what a Target names. A role that is missing is made, unable to log in unless that is what is granted: the Targets of an
// entitlement come in any order.
func (p *Provider) Grant(ctx context.Context, request provider.Request) error {
	a, err := p.accessOf(request.Target)
	if err != nil {
		return err
	}
	return p.callFor(ctx, a, "granting ", func(ctx context.Context, s *session) error {
		switch a.kind {
		case login:
			return s.grantLogin(ctx, a, request.ExpiresAt)
		case database:
			return s.grantConnect(ctx, a)
		default:
			return s.grantMembership(ctx, a)
		}
	})
}

// Verify reads the server's catalogs, and of the login also its sessions: those that are open outlive everything that is taken away.
func (p *Provider) Verify(ctx context.Context, target provider.Target) (provider.Observed, error) {
	a, err := p.accessOf(target)
	if err != nil {
		return provider.Observed{}, err
	}
	var observed provider.Observed
	err = p.callFor(ctx, a, "reading back ", func(ctx context.Context, s *session) (err error) {
		switch a.kind {
		case login:
			observed, err = s.observeLogin(ctx, a)
		case database:
			observed, err = s.observeConnect(ctx, a)
		default:
			observed, err = s.observeMembership(ctx, a)
		}
		return err
	})
	return observed, err
}

// Revoke takes away what a Target names, ends the sessions that could go on using it, and drops a role that Longshore made once nothing holds
// it any more. What others gave of the same is the same: there is one privilege, whoever gave it.
func (p *Provider) Revoke(ctx context.Context, target provider.Target, _ provider.RevokeOptions) error {
	a, err := p.accessOf(target)
	if err != nil {
		return err
	}
	return p.callFor(ctx, a, "revoking ", func(ctx context.Context, s *session) error {
		switch a.kind {
		case login:
			return s.revokeLogin(ctx, a)
		case database:
			return s.revokeConnect(ctx, a)
		default:
			return s.revokeMembership(ctx, a)
		}
	})
}
