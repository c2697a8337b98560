package ldap

import (
	"encoding/hex"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

// id is how the directory identifies an entry, whatever its name is.
type id struct{ attribute, value string }

// ids are the attributes that identify entries, by directory: RFC 4530, Active Directory, 389 Directory Server. Their values are text or,
// where binary is set, octets, which are kept in hexadecimal digits.
var ids = []struct {
	attribute string
	binary    bool
}{
	{attribute: "entryUUID"},
	{attribute: "objectGUID", binary: true},
	{attribute: "nsUniqueId"},
}

// idAttributes are to be asked for, as none of them is returned otherwise everywhere.
func idAttributes(more ...string) []string {
	for _, i := range ids {
		more = append(more, i.attribute)
	}
	return more
}

// longest is the most octets that are taken for an identity: a handle has little room.
const longest = 100

// idOf returns how the directory identifies an entry, or nothing if it does not.
func idOf(entry *ldap.Entry) id {
	if entry == nil {
		return id{}
	}
	for _, i := range ids {
		value := entry.GetEqualFoldRawAttributeValue(i.attribute)
		switch {
		case len(value) == 0, len(value) > longest:
		case i.binary:
			return id{i.attribute, hex.EncodeToString(value)}
		default:
			return id{i.attribute, string(value)}
		}
	}
	return id{}
}

// filter finds the entry; it is empty if that is not known.
func (i id) filter() string {
	for _, known := range ids {
		switch {
		case known.attribute != i.attribute:
		case known.binary:
			octets, err := hex.DecodeString(i.value)
			if err != nil {
				return ""
			}
			return equals(i.attribute, string(octets))
		default:
			return equals(i.attribute, i.value)
		}
	}
	return ""
}

func (i id) String() string { return i.attribute + "=" + i.value }

const (
	groupPart   = "group "
	accountPart = "account "
	abovePart   = "below "
	separator   = "; "
)

// maxHandle is what a Target keeps of a handle.
const maxHandle = 512

// handle identifies a membership: the group, the account if it is there, and the entry that the group's name is below. That one tells the
// directory from any other: a group that is gone is proven gone only where it was.
type handle struct{ group, account, above id }

// String leaves out what it has no room for, which is then found by its name alone.
func (h handle) String() string {
	var written string
	for _, part := range []struct {
		prefix string
		id     id
	}{{groupPart, h.group}, {accountPart, h.account}, {abovePart, h.above}} {
		if part.id == (id{}) {
			continue
		}
		text := part.prefix + part.id.String()
		if written != "" {
			text = separator + text
		}
		if len(written)+len(text) <= maxHandle {
			written += text
		}
	}
	return written
}

// handleOf reads what String wrote, and nothing where it did not.
func handleOf(text string) handle {
	var h handle
	for part := range strings.SplitSeq(text, separator) {
		for prefix, into := range map[string]*id{groupPart: &h.group, accountPart: &h.account, abovePart: &h.above} {
			if rest, is := strings.CutPrefix(part, prefix); is {
				*into = parseID(rest)
			}
		}
	}
	return h
}

func parseID(text string) id {
	attribute, value, _ := strings.Cut(text, "=")
	if !slices.ContainsFunc(idAttributes(), func(known string) bool { return known == attribute }) {
		return id{}
	}
	return id{attribute, value}
}
