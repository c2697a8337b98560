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

// Otherwise says through what else the account is in the group, also where it is listed there.
func Otherwise(t *testing.T, p provider.Provider, target provider.Target) (through string) {
	t.Helper()
	opened, is := p.(*Provider)
	if !is {
		t.Fatalf("%T is not this package's provider", p)
	}
	m, err := membershipOf(target)
	if err == nil {
		err = opened.with(t.Context(), func(s *session) error {
			at, err := s.locate(m, target.Handle)
			if err == nil {
				through, err = s.otherwise(at)
			}
			return err
		})
	}
	if err != nil {
		t.Fatalf("looking for other groups: %v", err)
	}
	return through
}
