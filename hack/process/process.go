// Package process starts programs that do not outlive whoever started them.
package process

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// Process is a program that runs, or has ended.
type Process struct {
	command *exec.Cmd
	ended   chan struct{}
}

// Start starts a program in a process group of its own: an interrupt from the terminal is for whoever started it, who ends it in order. The
// kernel sends it the signal orphaned when they end without having done so.
func Start(command *exec.Cmd, orphaned syscall.Signal) (*Process, error) {
	if command.SysProcAttr == nil {
		command.SysProcAttr = &syscall.SysProcAttr{}
	}
	command.SysProcAttr.Setpgid, command.SysProcAttr.Pdeathsig = true, orphaned
	p := &Process{command: command, ended: make(chan struct{})}
	started := make(chan error)
	go func() {
		// To the kernel it is not the process that starts a program but one of its threads, which therefore has to stay.
		runtime.LockOSThread()
		err := command.Start()
		started <- err
		if err == nil {
			// How it ended is its state.
			_ = command.Wait()
			close(p.ended)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting %s: %w", p, err)
	}
	return p, nil
}

// String is the program's name.
func (p *Process) String() string { return filepath.Base(p.command.Path) }

// PID is the program's process id. Once it has ended that may be another's.
func (p *Process) PID() int { return p.command.Process.Pid }

// Ended is closed when the program has ended.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// State says how the program ended, once it has.
func (p *Process) State() *os.ProcessState {
	<-p.ended
	return p.command.ProcessState
}

// Stop sends the program a signal to end by, and awaits its end. To one that has ended it does nothing.
func (p *Process) Stop(signal os.Signal, patience time.Duration) error {
	if err := p.command.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("telling %s to end: %w", p, err)
	}
	return p.Await(patience)
}

// Await waits until the program has ended. One that takes longer than patience is killed, which is an error.
func (p *Process) Await(patience time.Duration) error {
	select {
	case <-p.ended:
		return nil
	case <-time.After(patience):
	}
	if err := p.command.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("killing %s: %w", p, err)
	}
	<-p.ended
	return fmt.Errorf("%s did not end within %s and was killed", p, patience)
}
