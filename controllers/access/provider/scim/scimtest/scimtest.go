// Package scimtest brings a real SCIM service to the tests of whoever grants access in one.
package scimtest

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/controllers/access/provider/scim"
	"github.com/longshore-dev/longshore/hack/targets/certs"
	target "github.com/longshore-dev/longshore/hack/targets/scim"
)

// System is a SCIM service on loopback. Its methods are safe for concurrent use, but for Restart.
type System struct {
	server    *target.Server
	authority *certs.Authority

	mu    sync.Mutex
	count int
	// byHand are the ids of accounts that were made active by hand, and of groups and accounts that were brought together so.
	byHand map[string]bool
}

// Start starts a service for one test and those within it.
func Start(t *testing.T) *System {
	t.Helper()
	authority, err := certs.NewAuthority()
	if err != nil {
		t.Fatalf("making a certificate authority: %v", err)
	}
	server, err := target.Start(t.Context(), target.Options{Dir: t.TempDir(), Authority: authority})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	return &System{server: server, authority: authority, byHand: map[string]bool{}}
}

// Type is the provider.
func (s *System) Type() provider.Type { return scim.Type() }

// Address is the service's host and port.
func (s *System) Address() string { return s.server.Address() }

// Authority signed the service's certificate.
func (s *System) Authority() *certs.Authority { return s.authority }

// Server is the service itself.
func (s *System) Server() *target.Server { return s.server }

// Connection is straight to the service.
func (s *System) Connection() provider.Connection { return s.connection(s.server.Endpoint()) }

// Via is a connection by way of another address, whose certificate is signed by the same authority.
func (s *System) Via(address string) provider.Connection {
	endpoint := &url.URL{Scheme: "https", Host: address, Path: "/scim/v2"}
	return s.connection(endpoint.String())
}

func (s *System) connection(endpoint string) provider.Connection {
	behind := &v1alpha1.AccessProvider{Spec: v1alpha1.AccessProviderSpec{
		Type:           v1alpha1.ProviderSCIM,
		Endpoint:       endpoint,
		CredentialsRef: &v1alpha1.LocalReference{Name: "scim-token"},
		CABundleRef:    &v1alpha1.LocalReference{Name: "scim-ca"},
	}}
	behind.Name = "scim"
	return provider.Connection{
		Behind:      behind,
		Credentials: map[string][]byte{v1alpha1.CredentialToken: []byte(target.Token)},
		CABundle:    s.authority.PEM,
	}
}

// Restart stops the service and starts it again, on the same port and with the same data.
func (s *System) Restart(t *testing.T) {
	t.Helper()
	if err := s.server.Restart(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
}

// Entitlement is an account and a group that nobody else uses, in which somebody already is.
func (s *System) Entitlement(t *testing.T) v1alpha1.Entitlement {
	t.Helper()
	group, err := s.server.AddGroup(t.Context(), s.unique("Group"))
	if err != nil {
		t.Fatal(err)
	}
	bystander := s.addUser(t, s.unique("bystander"), true)
	s.join(t, group.ID, bystander.ID)
	t.Cleanup(func() {
		if at := slices.IndexFunc(s.state(t).Groups, func(g target.Group) bool { return g.ID == group.ID && g.Has(bystander.ID) }); at < 0 {
			t.Error("a group lost a member who was not the test's concern")
		}
	})
	return v1alpha1.Entitlement{Name: "service", SCIM: &v1alpha1.SCIMEntitlement{Groups: []string{group.DisplayName}}}
}

// Subject is a userName that can be granted access: of no account yet, or of an inactive one.
func (s *System) Subject(t *testing.T) string {
	t.Helper()
	name := s.unique("worker")
	if s.drawn()%2 == 0 {
		s.addUser(t, name, false)
	}
	return name
}

// unique makes a name of mixed case.
func (s *System) unique(kind string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count++
	return fmt.Sprintf("%s-%d", kind, s.count)
}

func (s *System) drawn() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count
}

// Gives reads the service's store itself.
func (s *System) Gives(t *testing.T, of provider.Target) bool {
	t.Helper()
	state := s.state(t)
	account := userOf(state, of)
	group, isGroup := groupName(of)
	if account == nil || !isGroup {
		return account != nil && account.IsActive()
	}
	found := groupOf(state, group)
	return found != nil && found.Has(account.ID)
}

// Left says in words what anybody but the tests' own hands left in the service: active accounts and memberships. Inactive accounts are no
// access.
func (s *System) Left(t *testing.T) []string {
	t.Helper()
	state := s.state(t)
	s.mu.Lock()
	defer s.mu.Unlock()
	var left []string
	for _, user := range state.Users {
		if user.IsActive() && !s.byHand[user.ID] {
			left = append(left, fmt.Sprintf("the account %q is active", user.UserName))
		}
	}
	for _, group := range state.Groups {
		for _, member := range group.Members {
			if !s.byHand[group.ID+member.Value] {
				left = append(left, fmt.Sprintf("the account with the id %s is a member of group %q", member.Value, group.DisplayName))
			}
		}
	}
	return left
}

func (s *System) state(t *testing.T) target.State {
	t.Helper()
	state, err := s.server.State(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	return state
}

func groupName(of provider.Target) (string, bool) {
	_, name := provider.TypeOf(of.Name)
	return strings.CutPrefix(name, "groups/")
}

func userOf(state target.State, of provider.Target) *target.User {
	at := slices.IndexFunc(state.Users, func(u target.User) bool { return strings.EqualFold(u.UserName, of.Subject) })
	if at < 0 {
		return nil
	}
	return &state.Users[at]
}

func groupOf(state target.State, name string) *target.Group {
	at := slices.IndexFunc(state.Groups, func(g target.Group) bool { return g.DisplayName == name })
	if at < 0 {
		return nil
	}
	return &state.Groups[at]
}
