// Package scim starts a real SCIM 2.0 service on loopback, which is written by others and knows nothing of Longshore.
package scim

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/longshore-dev/longshore/hack/cluster"
	"github.com/longshore-dev/longshore/hack/process"
	"github.com/longshore-dev/longshore/hack/targets/certs"
)

const (
	// startTimeout bounds the start of Node.js, which takes a fifth of a second on an idle machine.
	startTimeout = time.Minute
	// stopTimeout bounds how long the service may take to end before it is killed.
	stopTimeout = 10 * time.Second
)

// Tokens of the service: the one that clients use, and the one for what administrators do by other means.
const (
	Token      = "scim-token-of-a-service-on-loopback"  //nolint:gosec // It guards nothing but tests.
	adminToken = "admin-token-of-a-service-on-loopback" //nolint:gosec // It guards nothing but tests.
)

// Options say where the service keeps its data and who signs its certificate.
type Options struct {
	// Dir keeps data, certificate and log; whoever gives it removes it.
	Dir string
	// Authority signs the service's certificate.
	Authority *certs.Authority
}

// Server is a running service. Its methods are safe for concurrent use, but for Restart and Stop.
type Server struct {
	dir    string
	folder string
	port   int
	client *http.Client

	process  *process.Process
	lifeline io.Closer
}

// Start starts the service and returns once it listens. It runs until Stop, or until the calling process ends, however it ends.
func Start(ctx context.Context, options Options) (*Server, error) {
	root, err := cluster.ModuleRoot()
	if err != nil {
		return nil, fmt.Errorf("finding the SCIM service: %w", err)
	}
	s := &Server{dir: options.Dir, folder: filepath.Join(root, "hack", "targets", "scim")}
	if err := installed(s.folder); err != nil {
		return nil, err
	}
	pair, err := options.Authority.Issue()
	if err != nil {
		return nil, err
	}
	if _, _, err := pair.Write(s.dir); err != nil {
		return nil, err
	}
	s.client = adminClient(options.Authority)
	if err := s.launch(ctx); err != nil {
		return nil, fmt.Errorf("starting the SCIM service: %w", err)
	}
	return s, nil
}

func installed(folder string) error {
	if _, err := exec.LookPath("node"); err != nil {
		return fmt.Errorf("the SCIM service needs Node.js: run hack/targets/install.sh (%w)", err)
	}
	if _, err := os.Stat(filepath.Join(folder, "node_modules", "scimmy-routers")); err != nil {
		return errors.New("the modules of the SCIM service are not installed: run hack/targets/install.sh")
	}
	return nil
}

// launch starts the program on the port that it had before, or on a free one.
func (s *Server) launch(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	log, err := os.OpenFile(s.logFile(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("making its log: %w", err)
	}
	defer log.Close()
	command := exec.Command("node", filepath.Join(s.folder, "server.mjs"))
	command.Stderr = log
	input, err := command.StdinPipe()
	if err != nil {
		return fmt.Errorf("making its standard input: %w", err)
	}
	output, err := command.StdoutPipe()
	if err != nil {
		return fmt.Errorf("making its standard output: %w", err)
	}
	if s.process, err = process.Start(command, syscall.SIGTERM); err != nil {
		return err
	}
	s.lifeline = input
	listening := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(output).ReadString('\n') // Without a line it has ended, and its log says why.
		listening <- strings.TrimSpace(line)
	}()
	if err := json.NewEncoder(input).Encode(s.orders()); err != nil {
		return errors.Join(fmt.Errorf("telling it what to do: %w%s", err, s.logTail()), s.Stop())
	}
	select {
	case line := <-listening:
		if s.port, err = strconv.Atoi(line); err != nil {
			return errors.Join(fmt.Errorf("it does not listen%s", s.logTail()), s.Stop())
		}
		return nil
	case <-ctx.Done():
		return errors.Join(context.Cause(ctx), s.Stop())
	}
}

func (s *Server) orders() map[string]any {
	return map[string]any{
		"port": s.port, "data": filepath.Join(s.dir, "data.json"),
		"certificate": filepath.Join(s.dir, "tls.crt"), "key": filepath.Join(s.dir, "tls.key"),
		"token": Token, "adminToken": adminToken,
	}
}

// Address is the host and port that the service listens on.
func (s *Server) Address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// Endpoint is the base that /Users and /Groups follow.
func (s *Server) Endpoint() string { return "https://" + s.Address() + "/scim/v2" }

// Stop ends the service. Its data stay in Options.Dir.
func (s *Server) Stop() error {
	s.client.CloseIdleConnections()
	s.lifeline.Close()
	if err := s.process.Await(stopTimeout); err != nil {
		return fmt.Errorf("stopping the SCIM service: %w", err)
	}
	return nil
}

// Restart ends the service and starts it again, on the same port and with the same data.
func (s *Server) Restart(ctx context.Context) error {
	if err := s.Stop(); err != nil {
		return err
	}
	if err := s.launch(ctx); err != nil {
		return fmt.Errorf("starting the SCIM service again: %w", err)
	}
	return nil
}

func (s *Server) logFile() string { return filepath.Join(s.dir, "scim.log") }

// logTail is the end of the log, for the error of a start that failed.
func (s *Server) logTail() string {
	const length = 2000
	content, err := os.ReadFile(s.logFile())
	if err != nil || len(content) == 0 {
		return ""
	}
	return ": " + string(content[max(0, len(content)-length):])
}
