package slapd

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/go-ldap/ldap/v3"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// Bystander is an account that is a member of every group from the start: some kinds of groups may not be empty.
const Bystander = "bystander"

// Admin connects as somebody who may do everything. The caller closes the connection.
func (s *Server) Admin(ctx context.Context) (*ldap.Conn, error) {
	url, config := s.StartTLSEndpoint(), &tls.Config{MinVersion: tls.VersionTLS12}
	if !s.options.WithoutTLS {
		url, config.RootCAs = s.Endpoint(), x509.NewCertPool()
		config.RootCAs.AppendCertsFromPEM(s.options.Authority.PEM)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	conn, err := ldap.DialURL(url, ldap.DialWithTLSConfig(config))
	if err != nil {
		return nil, fmt.Errorf("connecting to the directory: %w", err)
	}
	conn.SetTimeout(patience)
	if err := conn.Bind(rootDN, s.passwords[rootDN]); err != nil {
		conn.Close()
		return nil, fmt.Errorf("binding to the directory: %w", err)
	}
	return conn, nil
}

// do does something as somebody who may do everything.
func (s *Server) do(ctx context.Context, what func(*ldap.Conn) error) error {
	conn, err := s.Admin(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return what(conn)
}

// load makes the entries that all others are below, and those of the programs that use the directory.
func (s *Server) load(ctx context.Context) error {
	err := s.do(ctx, func(conn *ldap.Conn) error {
		for _, e := range []struct {
			dn         string
			attributes map[string][]string
		}{
			{Base, map[string][]string{"objectClass": {"domain"}, "dc": {"example"}}},
			{People, unit("people")},
			{Groups, unit("groups")},
			{"ou=operators," + Base, unit("operators")},
			{"ou=hidden," + Base, unit("hidden")},
			{operatorDN, account("longshore", s.passwords[operatorDN])},
			{readerDN, account("reader", s.passwords[readerDN])},
			{blindDN, account("blind", s.passwords[blindDN])},
		} {
			if err := add(conn, e.dn, e.attributes); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	_, err = s.AddPerson(ctx, Bystander)
	return err
}

func unit(name string) map[string][]string {
	return map[string][]string{"objectClass": {"organizationalUnit"}, "ou": {name}}
}

func account(name, password string) map[string][]string {
	return map[string][]string{"objectClass": {"organizationalRole", "simpleSecurityObject"}, "cn": {name}, "userPassword": {password}}
}

func add(conn *ldap.Conn, dn string, attributes map[string][]string) error {
	request := ldap.NewAddRequest(dn, nil)
	for name, values := range attributes {
		if len(values) > 0 {
			request.Attribute(name, values)
		}
	}
	if err := conn.Add(request); err != nil {
		return fmt.Errorf("adding %s: %w", dn, err)
	}
	return nil
}

// serial numbers what needs a number.
var serial atomic.Int64

// longestRDN is how much of a user name the server's database has room for in an entry's name.
const longestRDN = 240

// AddPerson makes an account with a user name, and returns its DN. One that is there already stays. The entry is named by the user name,
// unless that is too long.
func (s *Server) AddPerson(ctx context.Context, uid string) (string, error) {
	dn := PersonDN(uid)
	number := strconv.FormatInt(10000+serial.Add(1), 10)
	if len(uid) > longestRDN {
		dn = "cn=Person " + number + "," + People
	}
	err := s.do(ctx, func(conn *ldap.Conn) error {
		return add(conn, dn, map[string][]string{
			"objectClass": {"inetOrgPerson", "posixAccount"}, "uid": {uid}, "cn": {"Person " + number}, "sn": {"Person"},
			"uidNumber": {number}, "gidNumber": {number}, "homeDirectory": {"/home/" + number},
		})
	})
	if ldap.IsErrorWithCode(err, ldap.LDAPResultEntryAlreadyExists) {
		err = nil
	}
	return dn, err
}

// PersonDN is the DN of the account with a user name. Every octet of it is escaped, which needs no rules.
func PersonDN(uid string) string { return "uid=" + escape(uid) + "," + People }

// escape works in DNs and in filters alike.
func escape(value string) string {
	var escaped strings.Builder
	for _, octet := range []byte(value) {
		fmt.Fprintf(&escaped, `\%02x`, octet)
	}
	return escaped.String()
}

// AddGroup makes a group whose members are in an attribute, with the bystander as its only one, and returns its DN.
func (s *Server) AddGroup(ctx context.Context, name string, attribute v1alpha1.LDAPMemberAttribute) (string, error) {
	return s.AddGroupOf(ctx, name, attribute, bystanderOf(attribute))
}

// AddGroupOf makes a group with members, as the attribute holds them.
func (s *Server) AddGroupOf(ctx context.Context, name string, attribute v1alpha1.LDAPMemberAttribute, members ...string) (string, error) {
	dn := "cn=" + escape(name) + "," + Groups
	attributes := map[string][]string{"objectClass": {"groupOfNames"}, "cn": {name}, string(attribute): members}
	switch attribute {
	case v1alpha1.LDAPUniqueMember:
		attributes["objectClass"] = []string{"groupOfUniqueNames"}
	case v1alpha1.LDAPMemberUID:
		attributes["objectClass"] = []string{"posixGroup"}
		attributes["gidNumber"] = []string{strconv.FormatInt(10000+serial.Add(1), 10)}
	default:
	}
	return dn, s.do(ctx, func(conn *ldap.Conn) error { return add(conn, dn, attributes) })
}

func bystanderOf(attribute v1alpha1.LDAPMemberAttribute) string {
	if attribute == v1alpha1.LDAPMemberUID {
		return Bystander
	}
	return PersonDN(Bystander)
}

// AddMember adds a member to a group by hand.
func (s *Server) AddMember(ctx context.Context, group string, attribute v1alpha1.LDAPMemberAttribute, member string) error {
	return s.Modify(ctx, group, func(change *ldap.ModifyRequest) { change.Add(string(attribute), []string{member}) })
}

// RemoveMember takes a member out of a group by hand.
func (s *Server) RemoveMember(ctx context.Context, group string, attribute v1alpha1.LDAPMemberAttribute, member string) error {
	return s.Modify(ctx, group, func(change *ldap.ModifyRequest) { change.Delete(string(attribute), []string{member}) })
}

// Modify changes an entry by hand.
func (s *Server) Modify(ctx context.Context, dn string, how func(*ldap.ModifyRequest)) error {
	return s.do(ctx, func(conn *ldap.Conn) error {
		change := ldap.NewModifyRequest(dn, nil)
		how(change)
		if err := conn.Modify(change); err != nil {
			return fmt.Errorf("changing %s: %w", dn, err)
		}
		return nil
	})
}

// Rename gives an entry another name in front, and, unless it is empty, another entry that it is below. It returns its new DN.
func (s *Server) Rename(ctx context.Context, dn, rdn, below string) (string, error) {
	_, parent, _ := strings.Cut(dn, ",")
	if below != "" {
		parent = below
	}
	return rdn + "," + parent, s.do(ctx, func(conn *ldap.Conn) error {
		if err := conn.ModifyDN(ldap.NewModifyDNRequest(dn, rdn, true, below)); err != nil {
			return fmt.Errorf("renaming %s: %w", dn, err)
		}
		return nil
	})
}

// Delete removes an entry.
func (s *Server) Delete(ctx context.Context, dn string) error {
	return s.do(ctx, func(conn *ldap.Conn) error {
		if err := conn.Del(ldap.NewDelRequest(dn, nil)); err != nil {
			return fmt.Errorf("deleting %s: %w", dn, err)
		}
		return nil
	})
}

// Members returns what a group lists, as it stands there, in order.
func (s *Server) Members(ctx context.Context, group string, attribute v1alpha1.LDAPMemberAttribute) ([]string, error) {
	entry, err := s.Entry(ctx, group, string(attribute))
	if err != nil {
		return nil, err
	}
	members := entry.GetEqualFoldAttributeValues(string(attribute))
	slices.Sort(members)
	return members, nil
}

// ErrNoEntry says that an entry is not there.
var ErrNoEntry = errors.New("no such entry")

// Entry reads attributes of one entry.
func (s *Server) Entry(ctx context.Context, dn string, attributes ...string) (*ldap.Entry, error) {
	var entry *ldap.Entry
	err := s.do(ctx, func(conn *ldap.Conn) error {
		result, err := conn.Search(&ldap.SearchRequest{BaseDN: dn, Scope: ldap.ScopeBaseObject, Filter: "(objectClass=*)", Attributes: attributes})
		switch {
		case ldap.IsErrorWithCode(err, ldap.LDAPResultNoSuchObject):
			return fmt.Errorf("reading %s: %w", dn, ErrNoEntry)
		case err != nil:
			return fmt.Errorf("reading %s: %w", dn, err)
		}
		entry = result.Entries[0]
		return nil
	})
	return entry, err
}

// Below reads attributes of the entries below another one of which an attribute has a value.
func (s *Server) Below(ctx context.Context, dn, attribute, value string, attributes ...string) ([]*ldap.Entry, error) {
	var entries []*ldap.Entry
	err := s.do(ctx, func(conn *ldap.Conn) error {
		result, err := conn.Search(&ldap.SearchRequest{
			BaseDN: dn, Scope: ldap.ScopeWholeSubtree, Filter: "(" + attribute + "=" + escape(value) + ")", Attributes: attributes,
		})
		if err != nil {
			return fmt.Errorf("searching below %s: %w", dn, err)
		}
		entries = result.Entries
		return nil
	})
	return entries, err
}
