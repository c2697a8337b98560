// Package ldaptest starts a directory for tests of the LDAP provider and of what uses it.
package ldaptest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/controllers/access/provider/ldap"
	"github.com/longshore-dev/longshore/hack/targets/certs"
	"github.com/longshore-dev/longshore/hack/targets/slapd"
)

// System is a directory, and one way to use it: by groups of one kind, over one transport.
type System struct {
	// Server is the directory itself.
	Server *slapd.Server
	// Attribute lists the members of the groups that tests use.
	Attribute v1alpha1.LDAPMemberAttribute
	// StartTLS has the encryption asked for, in place of TLS from the first byte.
	StartTLS bool

	authority *certs.Authority
}

// Start starts a directory that ends with the test. It is used by the attribute member, over LDAPS.
func Start(t *testing.T) *System {
	t.Helper()
	return StartWith(t, slapd.Options{})
}

// StartWith starts a directory with options; the folder and the authority are the test's own.
func StartWith(t *testing.T, options slapd.Options) *System {
	t.Helper()
	authority, err := certs.NewAuthority()
	if err != nil {
		t.Fatalf("making an authority: %v", err)
	}
	options.Dir, options.Authority = t.TempDir(), authority
	server, err := slapd.Start(t.Context(), options)
	if err != nil {
		t.Fatalf("starting a directory: %v", err)
	}
	t.Cleanup(server.Stop)
	return &System{Server: server, Attribute: v1alpha1.LDAPMember, authority: authority}
}

// With is another way to use the same directory.
func (s *System) With(attribute v1alpha1.LDAPMemberAttribute, startTLS bool) *System {
	return &System{Server: s.Server, Attribute: attribute, StartTLS: startTLS, authority: s.authority}
}

// Type opens the provider.
func (s *System) Type() provider.Type { return ldap.Type() }

// Authority signed the server's certificate.
func (s *System) Authority() *certs.Authority { return s.authority }

func (s *System) endpoint() string {
	if s.StartTLS {
		return s.Server.StartTLSEndpoint()
	}
	return s.Server.Endpoint()
}

// Address is where the server listens.
func (s *System) Address() string {
	_, address, _ := strings.Cut(s.endpoint(), "://")
	return address
}

// Connection is what Longshore calls the server by.
func (s *System) Connection() provider.Connection { return s.Via(s.Address()) }

// Via is the same Connection through something else that listens.
func (s *System) Via(address string) provider.Connection {
	scheme, _, _ := strings.Cut(s.endpoint(), "://")
	directory := &v1alpha1.LDAPDirectory{BaseDN: slapd.Base, MemberAttribute: s.Attribute}
	if s.Attribute != v1alpha1.LDAPMemberUID {
		directory.UserDN = slapd.UserDN
	}
	return provider.Connection{
		Behind: &v1alpha1.AccessProvider{
			ObjectMeta: metav1.ObjectMeta{Name: "directory"},
			Spec: v1alpha1.AccessProviderSpec{
				Type:           v1alpha1.ProviderLDAP,
				Endpoint:       (&url.URL{Scheme: scheme, Host: address}).String(),
				CredentialsRef: &v1alpha1.LocalReference{Name: "directory"},
				CABundleRef:    &v1alpha1.LocalReference{Name: "directory"},
				LDAP:           directory,
			},
		},
		Credentials: s.Server.Credentials(),
		CABundle:    s.authority.PEM,
	}
}

// Restart stops the server and starts it on the same port with the same data.
func (s *System) Restart(t *testing.T) {
	t.Helper()
	if err := s.Server.Restart(t.Context()); err != nil {
		t.Fatalf("restarting the directory: %v", err)
	}
}

// serial numbers what tests make, in all directories.
var serial atomic.Int64

func unused(what string) string { return fmt.Sprintf("%s-%d", what, serial.Add(1)) }

// Subject returns an account that exists and has nothing yet.
func (s *System) Subject(t *testing.T) string {
	t.Helper()
	name := unused("person")
	s.AddPerson(t, name)
	return name
}

// AddPerson makes an account unless there is one, and returns its DN.
func (s *System) AddPerson(t *testing.T, name string) string {
	t.Helper()
	at, err := s.Server.AddPerson(t.Context(), name)
	if err != nil {
		t.Fatalf("making an account for %q: %v", name, err)
	}
	return at
}

// Group makes a group that nobody else uses, and returns its DN.
func (s *System) Group(t *testing.T) string {
	t.Helper()
	group, err := s.Server.AddGroup(t.Context(), unused("group"), s.Attribute)
	if err != nil {
		t.Fatalf("making a group: %v", err)
	}
	return group
}

// Entitlement is membership of a group that nobody else uses.
func (s *System) Entitlement(t *testing.T) v1alpha1.Entitlement {
	t.Helper()
	return s.EntitlementTo(s.Group(t))
}

// EntitlementTo is membership of a group.
func (s *System) EntitlementTo(group string) v1alpha1.Entitlement {
	return v1alpha1.Entitlement{
		Name: "wiki", ProviderRef: v1alpha1.ClusterReference{Name: "directory"}, LDAP: &v1alpha1.LDAPEntitlement{Group: group},
	}
}

// GroupOf reads from a Target's name which group it is about.
func GroupOf(target provider.Target) string {
	_, name := provider.TypeOf(target.Name)
	group, _, _ := strings.Cut(name, "?")
	return group
}

// Gives says whether a group lists an account: it reads all that the group lists, and which entry each of those is.
func (s *System) Gives(t *testing.T, target provider.Target) bool {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	members, err := s.Server.Members(ctx, GroupOf(target), s.Attribute)
	if err != nil {
		t.Fatalf("reading a group: %v", err)
	}
	if s.Attribute == v1alpha1.LDAPMemberUID {
		return slices.Contains(members, target.Subject)
	}
	wanted := s.identity(ctx, t, slapd.PersonDN(target.Subject))
	return wanted != "" && slices.ContainsFunc(members, func(member string) bool { return s.identity(ctx, t, member) == wanted })
}

// identity is what an entry is known by to the server, or empty if it is not there.
func (s *System) identity(ctx context.Context, t *testing.T, dn string) string {
	t.Helper()
	entry, err := s.Server.Entry(ctx, dn, "entryUUID")
	switch {
	case errors.Is(err, slapd.ErrNoEntry):
		return ""
	case err != nil:
		t.Fatalf("reading what a group lists: %v", err)
	}
	return entry.GetAttributeValue("entryUUID")
}

// member is what a group has to list for a Target's subject.
func (s *System) member(subject string) string {
	if s.Attribute == v1alpha1.LDAPMemberUID {
		return subject
	}
	return slapd.PersonDN(subject)
}

// GiveByHand lists a Target's subject in the group.
func (s *System) GiveByHand(t *testing.T, target provider.Target) {
	t.Helper()
	if err := s.Server.AddMember(t.Context(), GroupOf(target), s.Attribute, s.member(target.Subject)); err != nil {
		t.Fatalf("listing an account by hand: %v", err)
	}
}

// RemoveByHand takes a Target's subject out of the group.
func (s *System) RemoveByHand(t *testing.T, target provider.Target) {
	t.Helper()
	if err := s.Server.RemoveMember(t.Context(), GroupOf(target), s.Attribute, s.member(target.Subject)); err != nil {
		t.Fatalf("taking an account out by hand: %v", err)
	}
}

// RenameByHand gives a Target's group another name.
func (s *System) RenameByHand(t *testing.T, target provider.Target) {
	t.Helper()
	if _, err := s.Server.Rename(t.Context(), GroupOf(target), "cn="+unused("renamed"), ""); err != nil {
		t.Fatalf("renaming a group by hand: %v", err)
	}
}

// Left says which groups list anybody but the bystander, who is in them from the start, and themselves.
func (s *System) Left(t *testing.T) []string {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	var left []string
	for _, kind := range []struct {
		class     string
		attribute v1alpha1.LDAPMemberAttribute
		bystander string
	}{
		{"groupOfNames", v1alpha1.LDAPMember, "uid=" + slapd.Bystander + "," + slapd.People},
		{"groupOfUniqueNames", v1alpha1.LDAPUniqueMember, "uid=" + slapd.Bystander + "," + slapd.People},
		{"posixGroup", v1alpha1.LDAPMemberUID, slapd.Bystander},
	} {
		groups, err := s.Server.Below(ctx, slapd.Groups, "objectClass", kind.class, string(kind.attribute))
		if err != nil {
			t.Fatalf("reading the groups: %v", err)
		}
		for _, group := range groups {
			for _, member := range group.GetAttributeValues(string(kind.attribute)) {
				if member != kind.bystander && member != group.DN {
					left = append(left, fmt.Sprintf("%s lists %s", group.DN, member))
				}
			}
		}
	}
	return left
}
