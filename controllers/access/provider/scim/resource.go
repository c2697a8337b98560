package scim

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// The URIs that messages and resources name themselves by.
const (
	userSchema  = "urn:ietf:params:scim:schemas:core:2.0:User"
	errorSchema = "urn:ietf:params:scim:api:messages:2.0:Error"
	patchSchema = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
)

// The resource types that are used, by their endpoints.
const (
	usersPath  = "/Users"
	groupsPath = "/Groups"
)

// meta is what a service says about a resource.
type meta struct {
	Version string `json:"version,omitempty"`
}

// user is what is read of an account (RFC 7643 §4.1). Whatever else the service keeps of a person is not looked at.
type user struct {
	ID       string `json:"id"`
	UserName string `json:"userName"`
	Active   *bool  `json:"active"`
	Meta     meta   `json:"meta"`
}

func (u *user) id() string       { return u.ID }
func (u *user) name() string     { return u.UserName }
func (u *user) version() *string { return &u.Meta.Version }

// active says whether an account can be used. One of which the service does not say so can be.
func (u *user) active() bool { return u.Active == nil || *u.Active }

// newUser is an account that is to be made. It is inactive.
type newUser struct {
	Schemas    []string `json:"schemas"`
	UserName   string   `json:"userName"`
	ExternalID string   `json:"externalId"`
	Active     bool     `json:"active"`
}

// group is what is read of a group (RFC 7643 §4.2).
type group struct {
	ID          string   `json:"id"`
	DisplayName string   `json:"displayName"`
	Members     []member `json:"members"`
	Meta        meta     `json:"meta"`
}

type member struct {
	Value string `json:"value"`
}

func (g *group) id() string       { return g.ID }
func (g *group) name() string     { return g.DisplayName }
func (g *group) version() *string { return &g.Meta.Version }

// lists says whether the service shows an account among the members of a group.
func (g *group) lists(u *user) bool { return slices.Contains(g.Members, member{Value: u.ID}) }

// resource is a user or a group.
type resource[T any] interface {
	*T
	id() string
	name() string
	version() *string
}

// list is one page of a ListResponse (RFC 7644 §3.4.2).
type list[T any] struct {
	// TotalResults is required, and tells a ListResponse from whatever else may be answered.
	TotalResults *int `json:"totalResults"`
	Resources    []T  `json:"Resources"`
}

// patch is a PatchOp (RFC 7644 §3.5.2).
type patch struct {
	Schemas    []string    `json:"schemas"`
	Operations []operation `json:"Operations"`
}

type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value,omitempty"`
}

func patchOf(o operation) patch {
	return patch{Schemas: []string{patchSchema}, Operations: []operation{o}}
}

func setActive(active bool) patch {
	return patchOf(operation{Op: "replace", Path: "active", Value: active})
}

func addMember(u *user) patch {
	return patchOf(operation{Op: "add", Path: "members", Value: []member{{Value: u.ID}}})
}

// removeMember names the one member in the path. A path of members alone, also with a value, as some services would have it, removes
// everybody elsewhere.
func removeMember(u *user) patch {
	return patchOf(operation{Op: "remove", Path: "members[" + equals("value", u.ID) + "]"})
}

// equals is a filter for an attribute with a value, quoted so that every character stands for itself.
func equals(attribute, value string) string {
	return attribute + ` eq "` + quoting.Replace(value) + `"`
}

// quoting is that of JSON (RFC 7644 §3.4.2.2), of strings without control characters. A quote is written by its number, because there are
// services to which any quote ends a string.
var quoting = strings.NewReplacer(`\`, `\\`, `"`, `\u0022`)

// maxHandle is what a Target keeps of a handle.
const maxHandle = 512

// handle names an account and, for a membership, a group by the ids that the service gave them, which never change.
type handle struct{ user, group string }

const (
	usersHandle  = "users/"
	groupsHandle = " groups/"
)

// String is empty for ids that are too long to keep: what they name is then found by name alone.
func (h handle) String() string {
	s := usersHandle + url.PathEscape(h.user)
	if h.group != "" {
		s += groupsHandle + url.PathEscape(h.group)
	}
	if len(s) > maxHandle {
		return ""
	}
	return s
}

// handleOf reads what String wrote, for an access; nothing of a Target without one.
func handleOf(target provider.Target, a access) (handle, error) {
	if target.Handle == "" {
		return handle{}, nil
	}
	users, groups, both := strings.Cut(target.Handle, groupsHandle)
	users, found := strings.CutPrefix(users, usersHandle)
	h := handle{}
	var errs [2]error
	h.user, errs[0] = url.PathUnescape(users)
	h.group, errs[1] = url.PathUnescape(groups)
	if !found || both != (a.group != "") || errs != [2]error{} || h.user == "" || both && h.group == "" {
		return handle{}, provider.Refused("the handle of target %q is not one of SCIM", target.Name)
	}
	return h, nil
}

// checkID refuses an id by which nothing can be read or changed alone.
func checkID(id string) error {
	if id == "" || id == "." || id == ".." || strings.ContainsFunc(id, unicode.IsControl) {
		return errors.New("the service gives a resource an id by which it cannot be called")
	}
	return nil
}
