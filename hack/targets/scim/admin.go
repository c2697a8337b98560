package scim

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/longshore-dev/longshore/hack/targets/certs"
)

// User is an account, as the service keeps it.
type User struct {
	ID         string `json:"id,omitempty"`
	UserName   string `json:"userName,omitempty"`
	ExternalID string `json:"externalId,omitempty"`
	Active     *bool  `json:"active,omitempty"`
}

// IsActive says whether the account can be used.
func (u User) IsActive() bool { return u.Active == nil || *u.Active }

// Group is a group, as the service keeps it.
type Group struct {
	ID          string   `json:"id,omitempty"`
	DisplayName string   `json:"displayName,omitempty"`
	Members     []Member `json:"members,omitempty"`
}

// Member is an account in a group.
type Member struct {
	// Value is the account's id.
	Value string `json:"value"`
}

// Has says whether an account is a member.
func (g Group) Has(userID string) bool {
	for _, member := range g.Members {
		if member.Value == userID {
			return true
		}
	}
	return false
}

// State is all that the service keeps.
type State struct {
	Users  []User  `json:"users"`
	Groups []Group `json:"groups"`
}

// State reads the service's store itself, not by SCIM.
func (s *Server) State(ctx context.Context) (State, error) {
	var state State
	err := s.admin(ctx, http.MethodGet, "/state", nil, &state)
	return state, err
}

// AddUser makes an account and returns it with its id.
func (s *Server) AddUser(ctx context.Context, user User) (User, error) {
	var made User
	err := s.admin(ctx, http.MethodPost, "/users", user, &made)
	return made, err
}

// ChangeUser changes what is given of an account, and leaves the rest.
func (s *Server) ChangeUser(ctx context.Context, user User) error {
	id := user.ID
	user.ID = ""
	return s.admin(ctx, http.MethodPatch, "/users/"+url.PathEscape(id), user, nil)
}

// DeleteUser removes an account, also from its groups.
func (s *Server) DeleteUser(ctx context.Context, id string) error {
	return s.admin(ctx, http.MethodDelete, "/users/"+url.PathEscape(id), nil, nil)
}

// AddGroup makes a group without members and returns it with its id.
func (s *Server) AddGroup(ctx context.Context, displayName string) (Group, error) {
	var made Group
	err := s.admin(ctx, http.MethodPost, "/groups", Group{DisplayName: displayName}, &made)
	return made, err
}

// RenameGroup changes a group's displayName.
func (s *Server) RenameGroup(ctx context.Context, id, displayName string) error {
	return s.admin(ctx, http.MethodPatch, "/groups/"+url.PathEscape(id), Group{DisplayName: displayName}, nil)
}

// AddMember makes an account a member of a group.
func (s *Server) AddMember(ctx context.Context, groupID, userID string) error {
	return s.admin(ctx, http.MethodPut, "/groups/"+url.PathEscape(groupID)+"/members/"+url.PathEscape(userID), nil, nil)
}

// RemoveMember takes an account out of a group.
func (s *Server) RemoveMember(ctx context.Context, groupID, userID string) error {
	return s.admin(ctx, http.MethodDelete, "/groups/"+url.PathEscape(groupID)+"/members/"+url.PathEscape(userID), nil, nil)
}

func adminClient(authority *certs.Authority) *http.Client {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority.PEM)
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}}
}

// admin does what administrators do, past SCIM.
func (s *Server) admin(ctx context.Context, method, path string, content, into any) error {
	body := []byte("{}")
	if content != nil {
		var err error
		if body, err = json.Marshal(content); err != nil {
			return fmt.Errorf("writing the body of %s %s: %w", method, path, err)
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, "https://"+s.Address()+"/admin"+path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("preparing %s %s: %w", method, path, err)
	}
	request.Header.Set("Authorization", "Bearer "+adminToken)
	request.Header.Set("Content-Type", "application/json")
	response, err := s.client.Do(request)
	if err != nil {
		return fmt.Errorf("administrating the SCIM service: %w", err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("reading the answer to %s %s: %w", method, path, err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s was answered with %s: %s", method, path, response.Status, answer)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("understanding the answer to %s %s: %w", method, path, err)
	}
	return nil
}
