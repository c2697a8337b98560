package postgrestest

import (
	"testing"

	"github.com/longshore-dev/longshore/hack/targets/certs"
)

// Identity is what the server shows, for a proxy to show the same.
func (s *System) Identity(t *testing.T) certs.Pair {
	t.Helper()
	pair, err := s.server.Identity()
	if err != nil {
		t.Fatal(err)
	}
	return pair
}
