package cluster

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"

	. "github.com/onsi/gomega"
)

// ownCluster starts a cluster, says which processes it has, and waits for its death.
func ownCluster() int {
	c, err := Start(context.Background(), Options{ControllerManager: true})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	pids, err := c.pids()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(pids["etcd"], pids["kube-apiserver"], pids["kube-controller-manager"])
	select {}
}

func TestNothingOutlivesAnOwnerThatEndsWithoutStop(t *testing.T) {
	for name, signal := range map[string]syscall.Signal{"interrupted from the terminal": syscall.SIGINT, "killed": syscall.SIGKILL} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			temp := t.TempDir()
			owner := exec.CommandContext(t.Context(), os.Args[0])
			owner.Env = append(os.Environ(), ownerVariable+"=1", "TMPDIR="+temp)
			owner.Stderr = os.Stderr
			// A terminal interrupts every process of the group.
			owner.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			output, err := owner.StdoutPipe()
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(owner.Start()).To(Succeed())
			var pids [3]int
			_, err = fmt.Fscan(bufio.NewReader(output), &pids[0], &pids[1], &pids[2])
			g.Expect(err).NotTo(HaveOccurred())
			for _, pid := range pids {
				g.Expect(alive(pid)).To(BeTrue(), "the cluster should run while its owner does")
			}

			g.Expect(syscall.Kill(-owner.Process.Pid, signal)).To(Succeed())
			g.Expect(owner.Wait()).NotTo(Succeed())

			for _, pid := range pids {
				g.Eventually(func() bool { return alive(pid) }, patience).Should(BeFalse(), "process %d should end with its owner", pid)
			}
			g.Eventually(func() ([]os.DirEntry, error) { return os.ReadDir(temp) }, patience).Should(BeEmpty(), "the temporary folder should go too")
		})
	}
}
