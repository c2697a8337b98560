package ldap

import (
	"context"
	"crypto/tls"
	"net"

	"github.com/go-ldap/ldap/v3"

	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// session is one connection to the directory, bound with Longshore's credentials.
type session struct {
	*Provider
	conn *ldap.Conn
}

// with makes a connection, does something with it, and closes it. All of it ends when the context does.
func (p *Provider) with(ctx context.Context, do func(*session) error) error {
	err := p.dial(ctx, do)
	if err != nil && ctx.Err() != nil {
		// What the connection said when it was cut off says less.
		return provider.Retryable("calling the directory at %s: %w", p.address, context.Cause(ctx))
	}
	return err
}

func (p *Provider) dial(ctx context.Context, do func(*session) error) error {
	config, err := p.connection.TLS(p.host)
	if err != nil {
		return err
	}
	raw, err := (&net.Dialer{}).DialContext(ctx, "tcp", p.address)
	if err != nil {
		return provider.Retryable("connecting to the directory: %w", err)
	}
	defer raw.Close()
	// The library waits for answers as long as there is a connection.
	defer context.AfterFunc(ctx, func() { raw.Close() })()
	conn, err := p.encrypt(ctx, raw, config)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.Bind(p.username, p.password); err != nil {
		return p.explainBind(err)
	}
	return do(&session{Provider: p, conn: conn})
}

// encrypt returns once the server was verified: nothing, and no password least of all, is sent before.
func (p *Provider) encrypt(ctx context.Context, raw net.Conn, config *tls.Config) (*ldap.Conn, error) {
	if p.encrypted {
		encrypted := tls.Client(raw, config)
		if err := encrypted.HandshakeContext(ctx); err != nil {
			return nil, p.explainTLS(err)
		}
		conn := ldap.NewConn(encrypted, true)
		conn.Start()
		return conn, nil
	}
	conn := ldap.NewConn(raw, false)
	conn.Start()
	if err := conn.StartTLS(config); err != nil {
		conn.Close()
		return nil, p.explainTLS(err)
	}
	return conn, nil
}

// read returns one entry, or nil if it is not there or may not be seen. As everywhere, aliases are not followed: they are not what was named.
func (s *session) read(at string, attributes ...string) (*ldap.Entry, error) {
	result, err := s.conn.Search(&ldap.SearchRequest{BaseDN: at, Scope: ldap.ScopeBaseObject, Filter: "(objectClass=*)", Attributes: attributes})
	switch {
	case ldap.IsErrorWithCode(err, ldap.LDAPResultNoSuchObject):
		return nil, nil
	case err != nil:
		return nil, err
	case len(result.Entries) == 0:
		return nil, nil
	}
	return result.Entries[0], nil
}

// search returns all entries below the base that a filter matches, page by page: a server gives only so many at once, and may not say that
// there were more.
func (s *session) search(filter string, attributes ...string) ([]*ldap.Entry, error) {
	request := &ldap.SearchRequest{BaseDN: s.base.String(), Scope: ldap.ScopeWholeSubtree, Filter: filter, Attributes: attributes}
	result, err := s.conn.SearchWithPaging(request, s.pageSize)
	if err != nil {
		return nil, err
	}
	return result.Entries, nil
}

// equals is a filter for entries of which an attribute has a value.
func equals(attribute, value string) string {
	return "(" + attribute + "=" + ldap.EscapeFilter(value) + ")"
}

// lists says whether a group lists a value. It asks for this comparison alone: a group may have more members than a server returns at once.
// And unlike a filter, which then just does not match, it ends with an error where Longshore may not look.
func (s *session) lists(group, attribute, value string) (bool, error) {
	listed, err := s.conn.Compare(group, attribute, value)
	if ldap.IsErrorWithCode(err, ldap.LDAPResultNoSuchAttribute) {
		// It lists nobody.
		return false, nil
	}
	return listed, err
}
