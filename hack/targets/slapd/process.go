package slapd

import (
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// process is a program that ends with the one that started it, in whatever way that ends.
type process struct {
	command *exec.Cmd
	ended   chan struct{}
}

// startProcess starts a program. The kernel kills it when the thread that started it ends, so that thread waits for it too.
func startProcess(command *exec.Cmd, output *os.File) (*process, error) {
	command.Stdout, command.Stderr = output, output
	// An interrupt from the terminal is for whoever started it, who stops it in order.
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	p := &process{command: command, ended: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := command.Start()
		started <- err
		if err == nil {
			// How it ended is in its output.
			_ = command.Wait()
		}
		close(p.ended)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// stop ends the program in order, and returns when it has ended.
func (p *process) stop() {
	// A program that has ended already needs no signal.
	_ = p.command.Process.Signal(syscall.SIGTERM)
	<-p.ended
}
