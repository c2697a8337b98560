package cluster

import (
	"context"
	"os"
	"syscall"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/longshore-dev/longshore/hack/process/processtest"
)

// own starts a cluster in a folder, and says which processes it has.
func own(dir string) ([]any, error) {
	if err := os.Setenv("TMPDIR", dir); err != nil {
		return nil, err
	}
	c, err := Start(context.Background(), Options{ControllerManager: true})
	if err != nil {
		return nil, err
	}
	pids, err := c.guardian.PIDs()
	if err != nil {
		return nil, err
	}
	return []any{pids["etcd"], pids["kube-apiserver"], pids["kube-controller-manager"]}, nil
}

func TestNothingOutlivesAnOwnerThatEndsWithoutStop(t *testing.T) {
	for name, signal := range map[string]syscall.Signal{"interrupted from the terminal": syscall.SIGINT, "killed": syscall.SIGKILL} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			owner := processtest.StartOwner(t)
			pids := owner.PIDs(t)
			for _, pid := range pids {
				g.Expect(processtest.Runs(pid)).To(BeTrue(), "the cluster should run while its owner does")
			}

			owner.End(t, signal)

			for _, pid := range pids {
				g.Eventually(func() bool { return processtest.Runs(pid) }, patience).Should(BeFalse(), "process %d should end with its owner", pid)
			}
			g.Eventually(func() ([]os.DirEntry, error) { return os.ReadDir(owner.Dir) }, patience).Should(BeEmpty(), "the temporary folder should go too")
		})
	}
}
