package postgres

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/longshore-dev/longshore/hack/targets/certs"
)

// Identity is the server's certificate and key. Clients bind their password to the certificate (SCRAM-SHA-256-PLUS, RFC 5929), so that
// only who shows the same can stand between them and the server.
func (s *Server) Identity() (certs.Pair, error) {
	certificate, err := os.ReadFile(filepath.Join(s.dir, "tls.crt"))
	if err != nil {
		return certs.Pair{}, fmt.Errorf("reading the server's certificate: %w", err)
	}
	key, err := os.ReadFile(filepath.Join(s.dir, "tls.key"))
	if err != nil {
		return certs.Pair{}, fmt.Errorf("reading the server's key: %w", err)
	}
	return certs.Pair{Certificate: certificate, Key: key}, nil
}
