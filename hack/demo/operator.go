package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/longshore-dev/longshore/hack/cluster"
)

const (
	operatorNamespace = "longshore-system"
	operatorAccount   = "longshore-controller-manager"
	// readyTimeout is generous: on a machine that compiles at the same time everything takes long.
	readyTimeout = 2 * time.Minute
	// stopTimeout bounds how long the operator may take to finish what is under way.
	stopTimeout = 20 * time.Second
)

// lifeline runs the command it is given until that ends, or until its own standard input does, which the kernel sees to
// when the demo is gone in whatever way.
const lifeline = `
exec 3<&0
"$@" </dev/null 3<&- &
pid=$!
{ read -r _ <&3; kill "$pid" 2>/dev/null; } &
exec 3<&-
wait "$pid"
`

// operator is the operator's binary, running outside the cluster under its own service account.
type operator struct {
	command *exec.Cmd
	line    io.Closer
	ended   chan struct{}
	log     string
	health  string
}

// buildOperator builds main.go.
func buildOperator(ctx context.Context, root, binary string) error {
	command := exec.CommandContext(ctx, "go", "build", "-o", binary, ".")
	command.Dir = root
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("building the operator: %w\n%s", err, out)
	}
	return nil
}

// startOperator starts the operator with a token that the API server issued for its service account: its rights are those
// of config/rbac and nothing else. It returns once the operator says that it is ready.
func startOperator(ctx context.Context, c *cluster.Cluster, binary, dir string) (*operator, error) {
	access, err := c.ServiceAccount(ctx, operatorNamespace, operatorAccount)
	if err != nil {
		return nil, err
	}
	kubeconfig := filepath.Join(dir, "operator.kubeconfig")
	if err := cluster.WriteKubeconfig(kubeconfig, access); err != nil {
		return nil, err
	}
	health, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	o := &operator{ended: make(chan struct{}), log: filepath.Join(dir, "operator.log"), health: health}
	log, err := os.Create(o.log)
	if err != nil {
		return nil, fmt.Errorf("making the operator's log: %w", err)
	}
	defer log.Close()
	o.command = exec.Command("/bin/sh", "-c", lifeline, "operator", binary,
		"--metrics-bind-address=0", "--health-probe-bind-address="+health, "--leader-elect=false")
	o.command.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig)
	o.command.Stdout, o.command.Stderr = log, log
	// A group of its own: an interrupt from the terminal reaches it through stop alone.
	o.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if o.line, err = o.command.StdinPipe(); err != nil {
		return nil, fmt.Errorf("making the operator's lifeline: %w", err)
	}
	if err := o.command.Start(); err != nil {
		return nil, fmt.Errorf("starting the operator: %w", err)
	}
	go func() {
		defer close(o.ended)
		_ = o.command.Wait() // The exit state is in command.ProcessState.
	}()
	if err := o.waitReady(ctx); err != nil {
		return nil, errors.Join(err, o.stop())
	}
	return o, nil
}

// freeAddress returns an address of loopback on which nothing listens.
func freeAddress(ctx context.Context) (string, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("finding a free port: %w", err)
	}
	return listener.Addr().String(), listener.Close()
}

func (o *operator) waitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	err := wait.PollUntilContextCancel(ctx, 100*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		if err := o.failed(); err != nil {
			return false, err
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+o.health+"/readyz", http.NoBody)
		if err != nil {
			return false, err
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return false, nil //nolint:nilerr // It does not listen yet.
		}
		return response.StatusCode == http.StatusOK, response.Body.Close()
	})
	if err != nil {
		return fmt.Errorf("waiting for the operator to be ready: %w%s", err, o.logTail())
	}
	return nil
}

// failed returns an error if the operator has ended by itself.
func (o *operator) failed() error {
	select {
	case <-o.ended:
		return fmt.Errorf("the operator ended: %s%s", o.command.ProcessState, o.logTail())
	default:
		return nil
	}
}

func (o *operator) logTail() string {
	content, err := os.ReadFile(o.log)
	if err != nil {
		return ""
	}
	lines := strings.Split(strings.TrimSpace(string(content)), "\n")
	return fmt.Sprintf("\n--- the end of %s:\n%s", o.log, strings.Join(lines[max(0, len(lines)-20):], "\n"))
}

// stop asks the operator to end, and waits. Calling it again does nothing.
func (o *operator) stop() error {
	_ = o.line.Close() // The lifeline sends the signal; a second close fails, and that is fine.
	select {
	case <-o.ended:
		return nil
	case <-time.After(stopTimeout):
	}
	// The negative number is the process group: the shell and the operator.
	if err := syscall.Kill(-o.command.Process.Pid, syscall.SIGKILL); err != nil {
		return fmt.Errorf("killing the operator: %w", err)
	}
	<-o.ended
	return fmt.Errorf("the operator did not end within %s and was killed", stopTimeout)
}
