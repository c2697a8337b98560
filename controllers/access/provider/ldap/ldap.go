// Package ldap gives access in a directory, by listing accounts in groups.
package ldap

import (
	"cmp"
	"net"
	"net/url"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// pageSize is how many entries a search asks for at once. Servers give no more than they were set to, often 500 or 1000.
const pageSize = 500

// Provider lists accounts in the groups of one directory. Each call has a connection of its own: it outlives no restart of the server and
// no change of the password.
type Provider struct {
	behind     *v1alpha1.AccessProvider
	connection provider.Connection
	// host and address of the server, and whether it speaks TLS from the first byte.
	host, address string
	encrypted     bool
	base          dn
	// accounts is the pattern of accounts' DNs; it is empty where groups list user names.
	accounts  dn
	attribute v1alpha1.LDAPMemberAttribute
	username  string
	password  string
	pageSize  uint32
}

var _ provider.Provider = (*Provider)(nil)

// Type is a directory.
func Type() provider.Type {
	return provider.Type{Open: open}
}

func open(c provider.Connection) (provider.Provider, error) {
	name, spec := c.Behind.Name, &c.Behind.Spec
	if spec.LDAP == nil || spec.Endpoint == "" {
		return nil, provider.Refused("AccessProvider %s does not say where the directory is: create it again with its spec.endpoint and spec.ldap", name)
	}
	p := &Provider{behind: c.Behind, connection: c, attribute: cmp.Or(spec.LDAP.MemberAttribute, v1alpha1.LDAPMember), pageSize: pageSize}
	if _, known := styles[p.attribute]; !known {
		return nil, provider.Refused("AccessProvider %s has the spec.ldap.memberAttribute %q, which this version of Longshore does not know", name, p.attribute)
	}
	if err := p.locate(spec.Endpoint); err != nil {
		return nil, err
	}
	var err error
	if p.base, err = parseDN(spec.LDAP.BaseDN); err != nil {
		return nil, provider.Refused("AccessProvider %s has a spec.ldap.baseDN that is no distinguished name: %w", name, err)
	}
	if p.attribute != v1alpha1.LDAPMemberUID {
		p.accounts, err = parseDN(spec.LDAP.UserDN)
		switch {
		case err != nil:
			return nil, provider.Refused("AccessProvider %s has a spec.ldap.userDN that is no distinguished name: %w", name, err)
		case !p.accounts.holdsSubject():
			return nil, provider.Refused("AccessProvider %s has a spec.ldap.userDN without %s as the value of an attribute", name, placeholder)
		case !p.accounts.below(p.base):
			return nil, provider.Refused("AccessProvider %s has a spec.ldap.userDN that is not below its spec.ldap.baseDN", name)
		}
	}
	if p.username, err = c.Credential(v1alpha1.CredentialUsername); err != nil {
		return nil, err
	}
	// A bind without a password succeeds on many servers, as nobody (RFC 4513, section 5.1.2); an empty one is refused here.
	p.password, err = c.Credential(v1alpha1.CredentialPassword)
	return p, err
}

// locate reads the endpoint.
func (p *Provider) locate(endpoint string) error {
	u, err := url.Parse(endpoint)
	if err != nil || u.Hostname() == "" || u.Scheme != "ldap" && u.Scheme != "ldaps" {
		return provider.Refused("AccessProvider %s has a spec.endpoint that is neither ldaps://host[:port] nor ldap://host[:port]", p.behind.Name)
	}
	p.host, p.encrypted = u.Hostname(), u.Scheme == "ldaps"
	port := "389"
	if p.encrypted {
		port = "636"
	}
	p.address = net.JoinHostPort(p.host, cmp.Or(u.Port(), port))
	return nil
}

// Capabilities says that a directory does nothing by itself. Groups do not say who listed an account. No expiry of one membership is
// known to all directories: entryTtl (RFC 2589) ends whole entries, pwdEndTime and shadowExpire end the account and all it has, and
// Active Directory's member links with a time to live are its own. Sessions are those of the systems that ask the directory.
func (*Provider) Capabilities() provider.Capabilities {
	return provider.Capabilities{}
}

// Resolve gives one Target, the membership of the entitlement's group.
func (p *Provider) Resolve(entitlement v1alpha1.Entitlement, subject string) ([]provider.Target, error) {
	if entitlement.LDAP == nil {
		return nil, provider.Refused("entitlement %s says nothing about ldap, which AccessProvider %s is for", entitlement.Name, p.behind.Name)
	}
	if err := checkSubject(p.attribute, subject); err != nil {
		return nil, err
	}
	group, err := parseDN(entitlement.LDAP.Group)
	if err != nil {
		return nil, provider.Refused("entitlement %s names a group by what is no distinguished name: %w", entitlement.Name, err)
	}
	if err := p.checkBelow(group); err != nil {
		return nil, err
	}
	m := membership{attribute: p.attribute, group: group, accounts: p.accounts, subject: subject}
	target := m.target(p.behind)
	if len(target.Name) > maxName {
		return nil, provider.Refused("entitlement %s names a group whose distinguished name is too long, together with that of accounts", entitlement.Name)
	}
	return []provider.Target{target}, nil
}

// checkBelow keeps what is given below what the AccessProvider is for.
func (p *Provider) checkBelow(group dn) error {
	if group.below(p.base) {
		return nil
	}
	return provider.Refused("group %s is not below %s, the spec.ldap.baseDN of AccessProvider %s", group, p.base, p.behind.Name)
}
