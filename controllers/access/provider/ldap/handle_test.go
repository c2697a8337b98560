package ldap

import (
	"strings"
	"testing"

	goldap "github.com/go-ldap/ldap/v3"
)

func TestAHandleIsReadAsItWasWritten(t *testing.T) {
	group := id{"entryUUID", "3b1f0c5e-0d6a-103e-8f1b-2b6c2f0a3f11"}
	account := id{"objectGUID", "00ff2a28295c"}
	for name, test := range map[string]struct {
		group, account id
		want           string
	}{
		"both":               {group, account, "group entryUUID=3b1f0c5e-0d6a-103e-8f1b-2b6c2f0a3f11; account objectGUID=00ff2a28295c"},
		"no account":         {group, id{}, "group entryUUID=3b1f0c5e-0d6a-103e-8f1b-2b6c2f0a3f11"},
		"no identity at all": {id{}, id{}, ""},
	} {
		handle := handleOf(test.group, test.account)
		if handle != test.want {
			t.Errorf("%s: the handle is %q, expected %q", name, handle, test.want)
		}
		if g, a := idsIn(handle); g != test.group || a != test.account {
			t.Errorf("%s: the handle is read as %v and %v, expected %v and %v", name, g, a, test.group, test.account)
		}
	}
	for _, foreign := range []string{"users/1 groups/2", "group", "group =", "group cn=x", "account objectClass=*", "; ; "} {
		if g, a := idsIn(foreign); g.filter() != "" || a.filter() != "" {
			t.Errorf("%q is read as %v and %v, expected nothing to look for", foreign, g, a)
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
	worst := handleOf(id{"objectGUID", strings.Repeat("f", 2*longest)}, id{"objectGUID", strings.Repeat("f", 2*longest)})
	if len(worst) > 512 {
		t.Errorf("a handle may have %d characters, more than a status has room for", len(worst))
	}
	if idOf(nil) != (id{}) {
		t.Error("nothing has an identity")
	}
}
