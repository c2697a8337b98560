package postgres

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// kind is what is granted and revoked on its own.
type kind int

const (
	// login is that a role may log in.
	login kind = iota
	// database is that a role may connect to a database, by name and not only as everybody may.
	database
	// membership is that a role is a member of another.
	membership
)

// What the names of Targets begin with. What follows is the name as it stands, so that nothing in it has to be escaped.
const (
	loginName        = "login"
	databasePrefix   = "databases/"
	membershipPrefix = "roles/"
)

// access is what a Target means.
type access struct {
	kind kind
	// name of the database or of the role that is handed out; empty for a login.
	name string
	// subject is the name of the role that it is given to.
	subject string
	// mark of the subject's role, if Longshore made it.
	mark   string
	handle handle
}

func (a access) String() string {
	switch a.kind {
	case login:
		return loginName
	case database:
		return databasePrefix + a.name
	default:
		return membershipPrefix + a.name
	}
}

// without says, for evidence, what is not so where the subject has no role.
func (a access) without() string {
	switch a.kind {
	case login:
		return "nobody logs in as it"
	case database:
		return fmt.Sprintf("nobody connects to database %q as it", a.name)
	default:
		return fmt.Sprintf("none is a member of role %q", a.name)
	}
}

// accessOf reads what Resolve wrote.
func (p *Provider) accessOf(target provider.Target) (access, error) {
	a := access{subject: target.Subject, handle: handleOf(target.Handle)}
	kind, name := provider.TypeOf(target.Name)
	foreign := kind != p.behind.Spec.Type
	if rest, is := strings.CutPrefix(name, databasePrefix); is {
		a.kind, a.name = database, rest
	} else if rest, is := strings.CutPrefix(name, membershipPrefix); is {
		a.kind, a.name = membership, rest
	} else if name != loginName {
		foreign = true
	}
	if foreign {
		return access{}, provider.Refused("target %q is not one of a PostgreSQL server", target.Name)
	}
	// The same for all that is given to one subject: whichever comes first makes the role.
	a.mark = markPrefix + provider.NewTarget(p.behind, loginName, target.Subject).Key
	return a, p.check(a)
}

// markPrefix begins the comment on a role that Longshore made; the key of its login's Target ends it.
const markPrefix = "Made by Longshore, which drops it when access ends: "

// maxName is how many bytes of a name PostgreSQL keeps (NAMEDATALEN - 1). It cuts off the rest silently, and so would mean another role.
const maxName = 63

// check refuses names that cannot mean what they say. The message does not repeat the subject: it may be somebody's name.
func (p *Provider) check(a access) error {
	if fault := faultOf(a.subject); fault != "" {
		return provider.Refused("the worker's identity %s: name the role that the person logs in as", fault)
	}
	switch {
	case strings.HasPrefix(a.subject, "pg_"):
		return provider.Refused("the worker's identity begins with pg_, which belongs to PostgreSQL itself: name the role that the person logs in as")
	case a.subject == p.username:
		return provider.Refused("the worker's identity is the role that Longshore itself connects as: name the person's own")
	case a.kind == login:
		return nil
	}
	if fault := faultOf(a.name); fault != "" {
		return provider.Refused("%q %s: take it out of the profile", a.String(), fault)
	}
	if a.kind == membership && a.name == a.subject {
		return provider.Refused("%q is the worker's own role: take it out of the profile", a.String())
	}
	return nil
}

// faultOf says why a name is none, in words behind it.
func faultOf(name string) string {
	switch {
	case strings.TrimSpace(name) == "":
		return "is empty"
	case len(name) > maxName:
		return "is longer than the " + strconv.Itoa(maxName) + " bytes of a name in PostgreSQL"
	case !utf8.ValidString(name):
		return "is not in UTF-8"
	case strings.TrimSpace(name) != name, strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "has characters around or in it that cannot be seen"
	case name == "public" || name == "none":
		return "means everybody or nobody in PostgreSQL"
	}
	return ""
}

// handle is what the server itself calls what a Target means. The numbers belong to one server, and count from the same start in another.
type handle struct {
	// system identifies the server.
	system string
	// subject and object are the oids of the subject's role, and of the database or the role that is handed out; zero for one that was not there.
	subject, object uint32
}

func (h handle) String() string {
	text := h.system + "/" + strconv.FormatUint(uint64(h.subject), 10)
	if h.object != 0 {
		text += "/" + strconv.FormatUint(uint64(h.object), 10)
	}
	return text
}

// handleOf reads what String wrote; what cannot be read is no handle, and the name says what is meant.
func handleOf(text string) handle {
	parts := strings.Split(text, "/")
	if len(parts) < 2 || len(parts) > 3 {
		return handle{}
	}
	h := handle{system: parts[0]}
	for i, oid := range []*uint32{&h.subject, &h.object}[:len(parts)-1] {
		number, err := strconv.ParseUint(parts[i+1], 10, 32)
		if err != nil {
			return handle{}
		}
		*oid = uint32(number)
	}
	return h
}

// checkServer refuses to look for what a handle means on any other server than the one on which it was given: there it would be absent, and taken
// for proven gone. A server to which everything was copied is another one, too.
func (s *session) checkServer(h handle) error {
	if h.system == "" || h.system == s.system {
		return nil
	}
	return provider.Refused("this was granted on another PostgreSQL server than the one that answers now (by its system identifier): lead spec.endpoint back there, or, if that server is gone for good, declare it in spec.decommissioned and give access anew by another AccessProvider")
}
