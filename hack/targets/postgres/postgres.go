// Package postgres starts Debian's PostgreSQL on loopback, for tests and the demo.
package postgres

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/longshore-dev/longshore/hack/process"
	"github.com/longshore-dev/longshore/hack/targets/certs"
)

const (
	// Superuser is the role that may do everything.
	Superuser = "postgres"
	// MaintenanceDatabase is there from the beginning, and everybody may connect to it.
	MaintenanceDatabase = "postgres"
	// anybody is every role, as pg_hba.conf calls them.
	anybody = "all"
	// patience bounds how long the server takes to answer, or to end.
	patience = 30 * time.Second
)

// Options say how a server is started.
type Options struct {
	// Dir is the folder that the server works in, which is left to the caller. The user that the server runs as must be able to reach it.
	// Default: a folder of its own, which goes with the server.
	Dir string
	// Authority signs the server's certificate.
	Authority *certs.Authority
}

// Server is a PostgreSQL server.
type Server struct {
	authority *certs.Authority
	bin, dir  string
	owner     *owner
	password  string
	port      uint16
	// process and guardian are nil where none was started.
	process  *process.Process
	guardian *process.Guardian
}

// Start makes a new, empty server and waits until it answers. It ends with the process that started it, however that ends.
func Start(ctx context.Context, options Options) (*Server, error) {
	bin, err := findBin()
	if err != nil {
		return nil, err
	}
	who, err := findOwner()
	if err != nil {
		return nil, err
	}
	s := &Server{authority: options.Authority, bin: bin, dir: options.Dir, owner: who, password: rand.Text()}
	if s.port, err = process.FreePort(ctx); err != nil {
		return nil, err
	}
	if s.dir == "" {
		if s.dir, err = os.MkdirTemp("", "longshore-postgres-"); err != nil {
			return nil, fmt.Errorf("making a folder for PostgreSQL: %w", err)
		}
		if s.guardian, err = process.Guard(s.dir); err != nil {
			return nil, errors.Join(err, os.RemoveAll(s.dir))
		}
	}
	if err := s.initialize(ctx); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	if err := s.launch(ctx); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

// Endpoint is the server's as an AccessProvider names it.
func (s *Server) Endpoint() string { return "postgres://" + s.Address() }

// Address is the server's host and port.
func (s *Server) Address() string { return process.Address(s.port) }

// Stop ends the server and whatever is connected to it.
func (s *Server) Stop() error {
	var err error
	if s.process != nil {
		err = s.process.Stop(syscall.SIGINT, patience)
	}
	if s.guardian != nil {
		err = errors.Join(err, s.guardian.Finish())
	}
	return err
}

// Restart ends the server as a crash would, and starts it again on the same port with the same data.
func (s *Server) Restart(ctx context.Context) error {
	if err := s.process.Stop(syscall.SIGQUIT, patience); err != nil {
		return err
	}
	return s.launch(ctx)
}

// Connect connects as the superuser.
func (s *Server) Connect(ctx context.Context, database string) (*pgx.Conn, error) {
	return s.ConnectAs(ctx, Superuser, s.password, database)
}

// ConnectAs connects as anybody, by a password.
func (s *Server) ConnectAs(ctx context.Context, role, password, database string) (*pgx.Conn, error) {
	config, err := pgx.ParseConfig("sslmode=disable")
	if err != nil {
		return nil, fmt.Errorf("preparing a connection: %w", err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(s.authority.PEM)
	config.Host, config.Port, config.Fallbacks = process.Loopback, s.port, nil
	config.User, config.Password, config.Database = role, password, database
	config.TLSConfig = &tls.Config{ServerName: process.Loopback, RootCAs: roots, MinVersion: tls.VersionTLS12}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("connecting to PostgreSQL: %w", err)
	}
	return conn, nil
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

func (s *Server) logFile() string { return filepath.Join(s.dir, "postgres.log") }

// initialize makes the data folder. What the server reads belongs to the user that it runs as.
func (s *Server) initialize(ctx context.Context) error {
	pair, err := s.authority.Issue()
	if err != nil {
		return err
	}
	certificate, key, err := pair.Write(s.dir)
	if err != nil {
		return err
	}
	passwordFile := filepath.Join(s.dir, "password")
	if err := os.WriteFile(passwordFile, []byte(s.password), 0o600); err != nil {
		return fmt.Errorf("storing the superuser's password: %w", err)
	}
	if err := s.owner.give(s.dir, certificate, key, passwordFile); err != nil {
		return err
	}
	command := exec.CommandContext(ctx, filepath.Join(s.bin, "initdb"), "--pgdata", s.data(), "--username", Superuser, "--pwfile", passwordFile,
		"--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync")
	command.Dir = s.dir
	command.SysProcAttr = s.owner.attributes()
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("making the data folder: %w: %s", err, output)
	}
	rules := "hostssl all " + anybody + " 127.0.0.1/32 scram-sha-256\n"
	if err := os.WriteFile(filepath.Join(s.data(), "pg_hba.conf"), []byte(rules), 0o600); err != nil {
		return fmt.Errorf("saying who may connect: %w", err)
	}
	return nil
}

// launch starts the server and waits until it answers.
func (s *Server) launch(ctx context.Context) error {
	if err := s.startProcess(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		conn, err := s.Connect(ctx, MaintenanceDatabase)
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-s.process.Ended():
			return fmt.Errorf("PostgreSQL ended at its start: %s", s.logTail())
		case <-ctx.Done():
			return fmt.Errorf("waiting until PostgreSQL answers: %w", err)
		case <-ticker.C:
		}
	}
}

func (s *Server) startProcess() error {
	log, err := os.OpenFile(s.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("making the log of PostgreSQL: %w", err)
	}
	defer log.Close()
	arguments := []string{"-D", s.data()}
	for _, setting := range []string{
		"listen_addresses=" + process.Loopback, "port=" + strconv.Itoa(int(s.port)), "unix_socket_directories=",
		"ssl=on", "ssl_cert_file=" + filepath.Join(s.dir, "tls.crt"), "ssl_key_file=" + filepath.Join(s.dir, "tls.key"),
		"password_encryption=scram-sha-256", "fsync=off", "full_page_writes=off",
	} {
		arguments = append(arguments, "-c", setting)
	}
	command := exec.Command(filepath.Join(s.bin, "postgres"), arguments...)
	command.Dir, command.Stdout, command.Stderr = s.dir, log, log
	command.SysProcAttr = s.owner.attributes()
	// By SIGQUIT the server ends at once, with all that belongs to it.
	s.process, err = process.Start(command, syscall.SIGQUIT)
	return err
}

func (s *Server) logTail() string {
	content, err := os.ReadFile(s.logFile())
	if err != nil {
		return err.Error()
	}
	const enough = 4096
	return string(content[max(0, len(content)-enough):])
}
