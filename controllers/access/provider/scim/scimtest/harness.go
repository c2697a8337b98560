package scimtest

import (
	"strings"
	"testing"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/controllers/access/provider/providertest"
	"github.com/longshore-dev/longshore/hack/targets/certs"
	target "github.com/longshore-dev/longshore/hack/targets/scim"
)

// The Targets of an Entitlement, by index.
const (
	Account = 0
	Group   = 1
)

// Harness holds the provider to the contract by one of its Targets: Account or Group.
func (s *System) Harness(t *testing.T, which int) providertest.Harness {
	t.Helper()
	stranger, err := certs.NewAuthority()
	if err != nil {
		t.Fatalf("making another certificate authority: %v", err)
	}
	return providertest.Harness{
		Type:        s.Type(),
		Connection:  s.Connection(),
		Entitlement: s.Entitlement,
		Which:       which,
		Subject:     s.Subject,
		Refused:     []string{"", " ", " ada", "ada\x00", "ada\nbyron", "\tada", "ada\u200bbyron", "ada\xff"},
		Literal: []string{
			"*)(uid=*", `" or userName pr or "`, `"; DROP ROLE`, `a\b`, `\`, `\\`, `\"`, `a\u0062c`, `"`, `a" and active eq "true`, "a/b?c#d%2e", "../../Users",
			"a+b&filter=userName pr", "user:with:colons", "{{.Name}}", "<ada>&", "Ärger ßtraße 用户 🚢", strings.Repeat("long", 75),
		},
		Gives:            s.Gives,
		RemoveByHand:     s.removeByHand,
		GiveByHand:       s.giveByHand,
		RenameByHand:     s.renameByHand,
		WrongCredentials: map[string][]byte{v1alpha1.CredentialToken: []byte("token-of-another-service")},
		WrongCABundle:    stranger.PEM,
	}
}

// removeByHand deletes an account whole, or takes it out of its group.
func (s *System) removeByHand(t *testing.T, of provider.Target) {
	t.Helper()
	account, group := s.mustFind(t, of)
	var err error
	if group == nil {
		err = s.server.DeleteUser(t.Context(), account.ID)
	} else {
		err = s.server.RemoveMember(t.Context(), group.ID, account.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// giveByHand makes an account active, or makes it a member of the group, and makes the account if it is not there.
func (s *System) giveByHand(t *testing.T, of provider.Target) {
	t.Helper()
	state := s.state(t)
	account := userOf(state, of)
	name, isGroup := groupName(of)
	if account == nil {
		made := s.addUser(t, of.Subject, !isGroup)
		account = &made
	}
	if isGroup {
		s.join(t, groupOf(state, name).ID, account.ID)
		return
	}
	s.note(account.ID)
	active := true
	if err := s.server.ChangeUser(t.Context(), target.User{ID: account.ID, Active: &active}); err != nil {
		t.Fatal(err)
	}
}

// renameByHand gives the account another userName and, for a membership, the group another displayName, and makes others who bear the old
// names and have nothing.
func (s *System) renameByHand(t *testing.T, of provider.Target) {
	t.Helper()
	account, group := s.mustFind(t, of)
	if err := s.server.ChangeUser(t.Context(), target.User{ID: account.ID, UserName: s.unique("renamed")}); err != nil {
		t.Fatal(err)
	}
	s.addUser(t, of.Subject, false)
	if group == nil {
		return
	}
	if err := s.server.RenameGroup(t.Context(), group.ID, s.unique("Renamed")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.server.AddGroup(t.Context(), group.DisplayName); err != nil {
		t.Fatal(err)
	}
}

func (s *System) mustFind(t *testing.T, of provider.Target) (*target.User, *target.Group) {
	t.Helper()
	state := s.state(t)
	account := userOf(state, of)
	if account == nil {
		t.Fatal("the service has no account of the subject")
	}
	name, isGroup := groupName(of)
	if !isGroup {
		return account, nil
	}
	group := groupOf(state, name)
	if group == nil {
		t.Fatalf("the service has no group %q", name)
	}
	return account, group
}

func (s *System) addUser(t *testing.T, name string, active bool) target.User {
	t.Helper()
	user, err := s.server.AddUser(t.Context(), target.User{UserName: name, Active: &active})
	if err != nil {
		t.Fatal(err)
	}
	if active {
		s.note(user.ID)
	}
	return user
}

func (s *System) join(t *testing.T, groupID, userID string) {
	t.Helper()
	s.note(groupID + userID)
	if err := s.server.AddMember(t.Context(), groupID, userID); err != nil {
		t.Fatal(err)
	}
}

// note keeps in mind what was given by hand.
func (s *System) note(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byHand[key] = true
}
