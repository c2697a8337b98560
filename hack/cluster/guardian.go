package cluster

import (
	_ "embed"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

const (
	launcherDir = "bin"
	pidDir      = "pids"
)

// launcherScript becomes the program, after it has left its process id where the guardian finds it. envtest tells nobody
// the process ids of what it starts. Once the guardian has removed the folder, the script starts nothing any more.
const launcherScript = `#!/bin/sh
set -e
echo $$ >%[1]s
exec %[2]s "$@"
`

// writeLauncher writes a script that starts the program in the guardian's sight, and returns its path.
func (c *Cluster) writeLauncher(program string) (string, error) {
	path := filepath.Join(c.runDir, launcherDir, program)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", fmt.Errorf("making a folder for launchers: %w", err)
	}
	script := fmt.Sprintf(launcherScript,
		shellQuote(filepath.Join(c.runDir, pidDir, program)), shellQuote(filepath.Join(c.assets, program)))
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
		return "", fmt.Errorf("writing the launcher of %s: %w", program, err)
	}
	return path, nil
}

func shellQuote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

//go:embed guardian.sh
var guardianScript string

// guardian is a shell that kills the programs and removes the folder of a cluster whose owner has ended in whatever way:
// by Stop, by a panic, by an interrupt or by SIGKILL.
type guardian struct {
	command  *exec.Cmd
	lifeline io.Closer
	once     sync.Once
	err      error
}

func startGuardian(runDir string) (*guardian, error) {
	if err := os.Mkdir(filepath.Join(runDir, pidDir), 0o700); err != nil {
		return nil, fmt.Errorf("making a folder for process ids: %w", err)
	}
	command := exec.Command("/bin/sh", "-c", guardianScript, runDir)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	lifeline, err := command.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("making the guardian's lifeline: %w", err)
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("starting the guardian: %w", err)
	}
	return &guardian{command: command, lifeline: lifeline}, nil
}

// finish has the guardian do its work now, and returns when it is done.
func (g *guardian) finish() error {
	g.once.Do(func() {
		g.lifeline.Close()
		if err := g.command.Wait(); err != nil {
			g.err = fmt.Errorf("cleaning up: %w", err)
		}
	})
	return g.err
}

// forget takes a program that has ended out of the guardian's sight: its process id may be another's by now.
func (c *Cluster) forget(program string) error {
	if err := os.Remove(filepath.Join(c.runDir, pidDir, program)); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("forgetting the process id of %s: %w", program, err)
	}
	return nil
}

// pids returns the process ids of the programs that were started, by name.
func (c *Cluster) pids() (map[string]int, error) {
	files, err := filepath.Glob(filepath.Join(c.runDir, pidDir, "*"))
	if err != nil {
		return nil, fmt.Errorf("listing process ids: %w", err)
	}
	pids := map[string]int{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading a process id: %w", err)
		}
		pid, err := strconv.Atoi(strings.TrimSpace(string(content)))
		if err != nil {
			return nil, fmt.Errorf("reading a process id from %s: %w", file, err)
		}
		pids[filepath.Base(file)] = pid
	}
	return pids, nil
}
