package postgres

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// installed is where Debian puts every version of PostgreSQL.
const installed = "/usr/lib/postgresql"

// findBin finds the newest version that is installed.
func findBin() (string, error) {
	servers, err := filepath.Glob(filepath.Join(installed, "*", "bin", "postgres"))
	if err != nil || len(servers) == 0 {
		return "", fmt.Errorf("PostgreSQL is not installed below %s: run hack/targets/install.sh", installed)
	}
	newest := slices.MaxFunc(servers, func(a, b string) int { return version(a) - version(b) })
	return filepath.Dir(newest), nil
}

// version is the number of the folder that a server is in.
func version(server string) int {
	number, err := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(server))))
	if err != nil {
		return 0
	}
	return number
}

// owner is the user that the server runs as; nil is whoever starts it. The server refuses to run as root.
type owner struct{ uid, gid uint32 }

func findOwner() (*owner, error) {
	if os.Geteuid() != 0 {
		return nil, nil //nolint:nilnil // No other user is meant.
	}
	found, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL does not run as root, and its own user is missing: run hack/targets/install.sh: %w", err)
	}
	uid, err := strconv.ParseUint(found.Uid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("reading the id of user postgres: %w", err)
	}
	gid, err := strconv.ParseUint(found.Gid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("reading the group of user postgres: %w", err)
	}
	return &owner{uid: uint32(uid), gid: uint32(gid)}, nil
}

func (o *owner) give(paths ...string) error {
	if o == nil {
		return nil
	}
	for _, path := range paths {
		if err := os.Chown(path, int(o.uid), int(o.gid)); err != nil {
			return fmt.Errorf("giving %s to the user that PostgreSQL runs as: %w", path, err)
		}
	}
	return nil
}

// attributes start a program as the owner, out of reach of the terminal's interrupts. SIGQUIT, which comes when the process that started it
// is gone, has the server end at once with all that belongs to it.
func (o *owner) attributes() *syscall.SysProcAttr {
	attributes := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGQUIT}
	if o != nil {
		attributes.Credential = &syscall.Credential{Uid: o.uid, Gid: o.gid}
	}
	return attributes
}

// process is a running server.
type process struct {
	command *exec.Cmd
	logPath string
	// ended is closed when it has.
	ended chan struct{}
}

func start(program string, arguments []string, dir string, as *owner) (*process, error) {
	p := &process{logPath: filepath.Join(dir, "postgres.log"), ended: make(chan struct{})}
	log, err := os.OpenFile(p.logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("making the log of PostgreSQL: %w", err)
	}
	defer log.Close()
	p.command = exec.Command(program, arguments...)
	p.command.Dir, p.command.Stdout, p.command.Stderr = dir, log, log
	p.command.SysProcAttr = as.attributes()
	if err := p.command.Start(); err != nil {
		return nil, fmt.Errorf("starting PostgreSQL: %w", err)
	}
	go func() {
		defer close(p.ended)
		// How it ended is in its log.
		_ = p.command.Wait()
	}()
	return p, nil
}

// end sends a signal and waits until the process is gone; nothing was started of a nil one.
func (p *process) end(signal os.Signal) error {
	if p == nil {
		return nil
	}
	if err := p.command.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("ending PostgreSQL: %w", err)
	}
	select {
	case <-p.ended:
		return nil
	case <-time.After(patience):
		return errors.Join(errors.New("PostgreSQL did not end when it was told to"), p.command.Process.Kill())
	}
}

func (p *process) log() string {
	content, err := os.ReadFile(p.logPath)
	if err != nil {
		return err.Error()
	}
	const enough = 4096
	return string(content[max(0, len(content)-enough):])
}

// guardianScript waits for the end of its input, which comes when the process that started it ends in whatever way, and removes the folder
// $0. The server, which ends for the same reason, may still write into it for a moment.
const guardianScript = `trap '' INT TERM HUP
read -r _
tries=0
until rm -rf "$0" 2>/dev/null || [ "$tries" -ge 100 ]; do
  tries=$((tries + 1))
  sleep 0.1
done
`

// guardian removes a folder when the process that started it has ended.
type guardian struct {
	command  *exec.Cmd
	lifeline io.Closer
}

func startGuardian(dir string) (*guardian, error) {
	g := &guardian{command: exec.Command("/bin/sh", "-c", guardianScript, dir)}
	g.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var err error
	if g.lifeline, err = g.command.StdinPipe(); err != nil {
		return nil, fmt.Errorf("making the guardian's lifeline: %w", err)
	}
	if err := g.command.Start(); err != nil {
		return nil, fmt.Errorf("starting the guardian: %w", err)
	}
	return g, nil
}

// finish has the guardian do its work now; a nil one guards nothing.
func (g *guardian) finish() error {
	if g == nil {
		return nil
	}
	g.lifeline.Close()
	if err := g.command.Wait(); err != nil {
		return fmt.Errorf("removing the folder of PostgreSQL: %w", err)
	}
	return nil
}
