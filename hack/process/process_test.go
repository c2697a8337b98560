package process_test

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/longshore-dev/longshore/hack/process"
	"github.com/longshore-dev/longshore/hack/process/processtest"
)

// patience is far more than a program takes to start or to end.
const patience = 30 * time.Second

func TestMain(m *testing.M) {
	os.Exit(processtest.Main(m, own))
}

// own starts a program that is a child, and launches one that only the guardian of a folder knows.
func own(dir string) ([]any, error) {
	guarded := filepath.Join(dir, "guarded")
	if err := os.Mkdir(guarded, 0o700); err != nil {
		return nil, err
	}
	guardian, err := process.Guard(guarded)
	if err != nil {
		return nil, err
	}
	launcher, err := launcher(guardian)
	if err != nil {
		return nil, err
	}
	launched := exec.Command(launcher, "600")
	// What somebody else starts may be in any process group.
	launched.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := launched.Start(); err != nil {
		return nil, err
	}
	if err := awaitLaunch(guardian, launched.Process.Pid); err != nil {
		return nil, err
	}
	child, err := process.Start(exec.Command("sleep", "600"), syscall.SIGTERM)
	if err != nil {
		return nil, err
	}
	return []any{child.PID(), launched.Process.Pid}, nil
}

func launcher(guardian *process.Guardian) (string, error) {
	program, err := exec.LookPath("sleep")
	if err != nil {
		return "", err
	}
	return guardian.Launcher(program)
}

// awaitLaunch waits until the guardian knows of the program.
func awaitLaunch(guardian *process.Guardian, pid int) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		// A process id may be half written.
		if pids, err := guardian.PIDs(); err == nil && pids["sleep"] == pid {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
}

func TestNothingOutlivesAnOwnerThatEndsWithoutWarning(t *testing.T) {
	for name, signal := range map[string]syscall.Signal{"interrupted from the terminal": syscall.SIGINT, "killed": syscall.SIGKILL} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			owner := processtest.StartOwner(t)
			pids := owner.PIDs(t)
			g.Expect(pids).To(HaveLen(2))
			for _, pid := range pids {
				g.Expect(processtest.Runs(pid)).To(BeTrue(), "what was started runs while its owner does")
			}
			owner.End(t, signal)
			for i, what := range []string{"the child", "the program that was launched in the guardian's sight"} {
				g.Eventually(func() bool { return processtest.Runs(pids[i]) }, patience).Should(BeFalse(), "%s ends with its owner", what)
			}
			g.Eventually(func() ([]os.DirEntry, error) { return os.ReadDir(owner.Dir) }, patience).Should(BeEmpty(), "the folder goes too")
		})
	}
}

func TestAProgramIsStoppedByTheSignalThatItEndsBy(t *testing.T) {
	g := NewWithT(t)
	p, err := process.Start(exec.Command("sleep", "600"), syscall.SIGKILL)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(p.String()).To(Equal("sleep"))
	g.Expect(p.Ended()).NotTo(BeClosed())
	g.Expect(p.Stop(syscall.SIGTERM, patience)).To(Succeed())
	g.Expect(p.Ended()).To(BeClosed())
	g.Expect(p.State().String()).To(Equal("signal: terminated"))
	g.Expect(p.Stop(syscall.SIGTERM, patience)).To(Succeed(), "stopping what has ended does nothing")
}

func TestAProgramThatDoesNotEndIsKilledAndThatIsSaid(t *testing.T) {
	g := NewWithT(t)
	command := exec.Command("/bin/sh", "-c", `trap '' TERM; echo ready; exec sleep 600`)
	output, err := command.StdoutPipe()
	g.Expect(err).NotTo(HaveOccurred())
	p, err := process.Start(command, syscall.SIGKILL)
	g.Expect(err).NotTo(HaveOccurred())
	_, err = output.Read(make([]byte, 1))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(p.Stop(syscall.SIGTERM, 10*time.Millisecond)).To(MatchError("sh did not end within 10ms and was killed"))
	g.Expect(p.State().String()).To(Equal("signal: killed"))
}

func TestAProgramThatIsNotThereCannotBeStarted(t *testing.T) {
	_, err := process.Start(exec.Command(filepath.Join(t.TempDir(), "nothing")), syscall.SIGKILL)
	if err == nil || !strings.HasPrefix(err.Error(), "starting nothing: ") {
		t.Errorf("starting what is not there ended with %v, expected an error that names it", err)
	}
}

func TestAProgramThatTheGuardianForgotIsLeftAlone(t *testing.T) {
	g := NewWithT(t)
	dir := filepath.Join(t.TempDir(), "it's guarded")
	g.Expect(os.Mkdir(dir, 0o700)).To(Succeed())
	guardian, err := process.Guard(dir)
	g.Expect(err).NotTo(HaveOccurred())
	path, err := launcher(guardian)
	g.Expect(err).NotTo(HaveOccurred())
	p, err := process.Start(exec.Command(path, "600"), syscall.SIGKILL)
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { g.Expect(p.Stop(syscall.SIGKILL, patience)).To(Succeed()) })
	g.Expect(awaitLaunch(guardian, p.PID())).To(Succeed())
	g.Expect(guardian.Forget("sleep")).To(Succeed())
	g.Expect(guardian.Forget("sleep")).To(Succeed(), "what is forgotten can be forgotten again")

	g.Expect(guardian.Finish()).To(Succeed())
	g.Expect(guardian.Finish()).To(Succeed())

	g.Expect(processtest.Runs(p.PID())).To(BeTrue())
	g.Expect(dir).NotTo(BeADirectory())
}

func TestAFreePortCanBeListenedOn(t *testing.T) {
	g := NewWithT(t)
	port, err := process.FreePort(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(port).NotTo(BeZero())
	listener, err := net.Listen("tcp", process.Address(port))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(listener.Close()).To(Succeed())
}
