// Package slapd starts OpenLDAP's server on loopback, for tests and the demo.
package slapd

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/hack/process"
	"github.com/longshore-dev/longshore/hack/targets/certs"
)

const (
	// Base is the entry that all others are below.
	Base = "dc=example,dc=com"
	// People is the entry that accounts are below.
	People = "ou=people," + Base
	// Groups is the entry that groups are below.
	Groups = "ou=groups," + Base
	// UserDN is where the accounts are, as an AccessProvider describes it.
	UserDN = "uid={subject}," + People

	// rootDN may do everything, and knows no limits.
	rootDN = "cn=admin," + Base
	// operatorDN reads everything and writes members of groups: what Longshore needs, and no more.
	operatorDN = "cn=longshore,ou=operators," + Base
	// readerDN reads everything.
	readerDN = "cn=reader,ou=operators," + Base
	// blindDN reads everything except who is a member of what.
	blindDN = "cn=blind,ou=operators," + Base
)

// SizeLimit is how many entries one answer to Longshore or to a reader has at most. More are given page by page.
const SizeLimit = 20

// Options say how a server is started.
type Options struct {
	// Dir is a folder for everything that the server writes.
	Dir string
	// Authority signs the server's certificate.
	Authority *certs.Authority
	// ReferentialIntegrity has the server change members of groups along with the names of accounts, as most directories do.
	ReferentialIntegrity bool
	// Access are the rules for Longshore's account, as olcAccess has them, which may do nothing else then. Default: it reads everything and writes
	// the members of groups.
	Access []string
	// WithoutTLS is a server that offers no encryption.
	WithoutTLS bool
}

// Server is a directory on loopback, with people and groups. It ends with the process that started it.
type Server struct {
	options   Options
	ports     ports
	passwords map[string]string

	mu      sync.Mutex
	process *process.Process
}

// ports of the server: with StartTLS, and with TLS from the first byte.
type ports struct{ plain, tls uint16 }

// Start starts a server and returns when it answers.
func Start(ctx context.Context, options Options) (*Server, error) {
	if _, err := lookPath(); err != nil {
		return nil, err
	}
	s := &Server{options: options, passwords: map[string]string{rootDN: rand.Text(), operatorDN: rand.Text(), readerDN: rand.Text(), blindDN: rand.Text()}}
	if err := os.MkdirAll(s.path("db"), 0o700); err != nil {
		return nil, fmt.Errorf("making a folder for the directory's data: %w", err)
	}
	if err := s.configure(); err != nil {
		return nil, err
	}
	if err := s.startOnFreePorts(ctx); err != nil {
		return nil, err
	}
	if err := s.load(ctx); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// Endpoint is the server with TLS from the first byte.
func (s *Server) Endpoint() string { return "ldaps://" + process.Address(s.ports.tls) }

// StartTLSEndpoint is the server where the encryption is asked for.
func (s *Server) StartTLSEndpoint() string { return "ldap://" + process.Address(s.ports.plain) }

// Credentials are those of Longshore, as an AccessProvider's Secret holds them.
func (s *Server) Credentials() map[string][]byte { return s.credentials(operatorDN) }

// ReaderCredentials are those of somebody who may change nothing.
func (s *Server) ReaderCredentials() map[string][]byte { return s.credentials(readerDN) }

// BlindCredentials are those of somebody who may not see who is a member of what.
func (s *Server) BlindCredentials() map[string][]byte { return s.credentials(blindDN) }

func (s *Server) credentials(dn string) map[string][]byte {
	return map[string][]byte{v1alpha1.CredentialUsername: []byte(dn), v1alpha1.CredentialPassword: []byte(s.passwords[dn])}
}

// Stop ends the server. Its data stay.
func (s *Server) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process != nil {
		end(s.process)
		s.process = nil
	}
}

func end(server *process.Process) {
	// One that had to be killed has ended too.
	_ = server.Stop(syscall.SIGTERM, patience)
}

// Restart stops the server, if it runs, and starts it on the same ports with the same data.
func (s *Server) Restart(ctx context.Context) error {
	s.Stop()
	return s.start(ctx)
}

// startOnFreePorts tries again where somebody else took a port in the same moment.
func (s *Server) startOnFreePorts(ctx context.Context) error {
	var err error
	for range 5 {
		if s.ports.plain, err = process.FreePort(ctx); err != nil {
			return err
		}
		if s.ports.tls, err = process.FreePort(ctx); err != nil {
			return err
		}
		if err = s.start(ctx); err == nil || ctx.Err() != nil {
			return err
		}
	}
	return err
}

// start starts the server on its ports and waits until it answers.
func (s *Server) start(ctx context.Context) error {
	path, err := lookPath()
	if err != nil {
		return err
	}
	urls := "ldap://" + process.Address(s.ports.plain)
	if !s.options.WithoutTLS {
		urls += " ldaps://" + process.Address(s.ports.tls)
	}
	log, err := os.OpenFile(s.path("log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("making the directory's log: %w", err)
	}
	defer log.Close()
	command := exec.Command(path, "-f", s.path("slapd.conf"), "-h", urls, "-d", "0")
	command.Stdout, command.Stderr = log, log
	server, err := process.Start(command, syscall.SIGKILL)
	if err != nil {
		return err
	}
	if err := s.await(ctx, server); err != nil {
		end(server)
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.process = server
	return nil
}

// patience is how long the server may take to answer or to end; it is far more than it needs.
const patience = 30 * time.Second

// await binds: whatever else may listen on one of the ports does not know the password, and a server that answers listens on all of them.
func (s *Server) await(ctx context.Context, server *process.Process) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		conn, err := s.Admin(ctx)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-server.Ended():
			said, _ := os.ReadFile(s.path("log"))
			return fmt.Errorf("slapd ended at once; it said: %s", said)
		case <-ctx.Done():
			return fmt.Errorf("waiting for slapd: %w", errors.Join(context.Cause(ctx), err))
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func (s *Server) path(name string) string { return filepath.Join(s.options.Dir, name) }

// Installed says what is missing where no server can be started.
func Installed() error {
	_, err := lookPath()
	return err
}

// lookPath also looks where Debian keeps servers, which is not in everybody's path.
func lookPath() (string, error) {
	for _, name := range []string{"slapd", "/usr/sbin/slapd", "/usr/local/libexec/slapd"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("slapd is not installed: run hack/targets/install.sh")
}
