package ldap

import (
	"strings"
	"testing"

	goldap "github.com/go-ldap/ldap/v3"
)

func TestAHandleIsReadAsItWasWritten(t *testing.T) {
	group := id{"entryUUID", "3b1f0c5e-0d6a-103e-8f1b-2b6c2f0a3f11"}
	account := id{"objectGUID", "00ff2a28295c"}
	above := id{"nsUniqueId", "f4a2-11dd"}
	for name, test := range map[string]struct {
		handle handle
		want   string
	}{
		"all":                {handle{group, account, above}, "group entryUUID=3b1f0c5e-0d6a-103e-8f1b-2b6c2f0a3f11; account objectGUID=00ff2a28295c; below nsUniqueId=f4a2-11dd"},
		"no account":         {handle{group: group, above: above}, "group entryUUID=3b1f0c5e-0d6a-103e-8f1b-2b6c2f0a3f11; below nsUniqueId=f4a2-11dd"},
		"no identity at all": {handle{}, ""},
	} {
		written := test.handle.String()
		if written != test.want {
			t.Errorf("%s: the handle is %q, expected %q", name, written, test.want)
		}
		if read := handleOf(written); read != test.handle {
			t.Errorf("%s: the handle is read as %v, expected %v", name, read, test.handle)
		}
	}
	long := id{"objectGUID", strings.Repeat("0f", longest)}
	if written := (handle{long, long, long}).String(); len(written) > maxHandle || handleOf(written) != (handle{group: long, account: long}) {
		t.Errorf("of identities that are too long together %q is kept, expected as many as there is room for", written)
	}
	for _, foreign := range []string{"users/1 groups/2", "group", "group =", "group cn=x", "account objectClass=*", "below =", "; ; "} {
		if read := handleOf(foreign); read.group.filter() != "" || read.account.filter() != "" || read.above.filter() != "" {
			t.Errorf("%q is read as %v, expected nothing to look for", foreign, read)
		}
	}
}

func TestEveryDirectorysIdentityFindsItsEntry(t *testing.T) {
	for name, test := range map[string]struct {
		attributes map[string][]string
		filter     string
	}{
		"RFC 4530":                {map[string][]string{"entryUUID": {"3b1f0c5e-0d6a-103e-8f1b-2b6c2f0a3f11"}}, "(entryUUID=3b1f0c5e-0d6a-103e-8f1b-2b6c2f0a3f11)"},
		"in other letters":        {map[string][]string{"entryuuid": {"3b1f"}}, "(entryUUID=3b1f)"},
		"Active Directory":        {map[string][]string{"objectGUID": {"\x00\xff*(a"}}, `(objectGUID=\00\ff\2a\28a)`},
		"389 Directory Server":    {map[string][]string{"nsUniqueId": {"a1b2-c3d4"}}, "(nsUniqueId=a1b2-c3d4)"},
		"no identity":             {map[string][]string{"cn": {"designers"}}, ""},
		"too long to be identity": {map[string][]string{"entryUUID": {strings.Repeat("x", longest+1)}}, ""},
	} {
		entry := goldap.NewEntry("cn=designers", test.attributes)
		read := idOf(entry)
		if got := parseID(read.String()).filter(); got != test.filter {
			t.Errorf("%s: the entry is looked for by %s, expected %s", name, got, test.filter)
		}
	}
	if idOf(nil) != (id{}) {
		t.Error("nothing has an identity")
	}
}
