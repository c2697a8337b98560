// Package processtest ends the owner of a program without warning, for tests of what becomes of the program.
package processtest

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// ownerVariable names an owner's folder.
const ownerVariable = "LONGSHORE_TEST_OWNER"

// Main runs the tests, or, where StartOwner started this test's own program again, own: it starts programs, keeps their files in the folder
// dir if it needs one, and returns what tests want to know of them. The owner then waits to be killed. What Main returns is an exit code.
func Main(m interface{ Run() int }, own func(dir string) ([]any, error)) int {
	dir := os.Getenv(ownerVariable)
	if dir == "" {
		return m.Run()
	}
	known, err := own(dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(known...)
	select {}
}

// Owner is a process that owns what Main's own started, with what that said of it.
type Owner struct {
	Dir     string
	Known   []string
	command *exec.Cmd
}

// StartOwner starts this test's own program again, as an owner.
func StartOwner(t *testing.T) *Owner {
	t.Helper()
	o := &Owner{Dir: t.TempDir(), command: exec.CommandContext(t.Context(), os.Args[0])} //nolint:gosec // It is this program.
	o.command.Env = append(os.Environ(), ownerVariable+"="+o.Dir)
	o.command.Stderr = os.Stderr
	o.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	output, err := o.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := o.command.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatalf("the owner said nothing of what it started: %v", err)
	}
	o.Known = strings.Fields(line)
	return o
}

// End sends the owner a signal, and its process group too, as a terminal does. It returns when the owner has ended.
func (o *Owner) End(t *testing.T, signal syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(-o.command.Process.Pid, signal); err != nil {
		t.Fatal(err)
	}
	if err := o.command.Wait(); err == nil {
		t.Fatal("the owner ended by itself, expected it to end by the signal alone")
	}
}

// PIDs are the process ids that an owner knows of.
func (o *Owner) PIDs(t *testing.T) []int {
	t.Helper()
	var pids []int
	for _, known := range o.Known {
		pid, err := strconv.Atoi(known)
		if err != nil {
			t.Fatal(err)
		}
		pids = append(pids, pid)
	}
	return pids
}

// Runs says whether a process runs. One that has ended and that nobody has waited for yet does not.
func Runs(pid int) bool {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(status), ") Z ")
}
