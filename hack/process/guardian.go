package process

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

//go:embed guardian.sh
var guardianScript string

// Guardian is a shell that kills the programs that were launched in a folder, and removes the folder, when its owner has ended in whatever
// way: by Finish, by a panic, by an interrupt or by SIGKILL.
type Guardian struct {
	dir      string
	command  *exec.Cmd
	lifeline io.Closer
	once     sync.Once
	err      error
}

// Guard has a guardian watch over an existing folder.
func Guard(dir string) (*Guardian, error) {
	for _, own := range []string{pidDir, launcherDir} {
		if err := os.Mkdir(filepath.Join(dir, own), 0o700); err != nil {
			return nil, fmt.Errorf("making a folder for the guardian: %w", err)
		}
	}
	g := &Guardian{dir: dir, command: exec.Command("/bin/sh", "-c", guardianScript, dir)}
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

// Finish has the guardian do its work now, and returns when it is done. Calling it again returns the same result.
func (g *Guardian) Finish() error {
	g.once.Do(func() {
		g.lifeline.Close()
		if err := g.command.Wait(); err != nil {
			g.err = fmt.Errorf("removing %s: %w", g.dir, err)
		}
	})
	return g.err
}

// launcherScript becomes the program, after it has left its process id where the guardian finds it: some libraries tell nobody the process
// ids of what they start. Once the guardian has removed the folder, the script starts nothing any more.
const launcherScript = `#!/bin/sh
set -e
echo $$ >%[1]s
exec %[2]s "$@"
`

// Launcher writes a script that starts a program in the guardian's sight, and returns its path.
func (g *Guardian) Launcher(program string) (string, error) {
	name := filepath.Base(program)
	path := filepath.Join(g.dir, launcherDir, name)
	script := fmt.Sprintf(launcherScript, shellQuote(filepath.Join(g.dir, pidDir, name)), shellQuote(program))
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
		return "", fmt.Errorf("writing the launcher of %s: %w", name, err)
	}
	return path, nil
}

func shellQuote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// Forget takes a program that has ended out of the guardian's sight: its process id may be another's by now.
func (g *Guardian) Forget(name string) error {
	if err := os.Remove(filepath.Join(g.dir, pidDir, name)); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("forgetting the process id of %s: %w", name, err)
	}
	return nil
}

// PIDs are the process ids of the programs that were launched, by name.
func (g *Guardian) PIDs() (map[string]int, error) {
	files, err := filepath.Glob(filepath.Join(g.dir, pidDir, "*"))
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
