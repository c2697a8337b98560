package ldap

import (
	"testing"

	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// SetPageSize has searches ask for few entries at once.
func SetPageSize(t *testing.T, p provider.Provider, entries uint32) {
	t.Helper()
	opened, is := p.(*Provider)
	if !is {
		t.Fatalf("%T is not this package's provider", p)
	}
	opened.pageSize = entries
}
