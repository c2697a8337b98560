package scim_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/longshore-dev/longshore/hack/targets/certs"
	"github.com/longshore-dev/longshore/hack/targets/scim"
)

// ownerVariable makes the test binary the owner of a service that a test kills; it names the service's folder.
const ownerVariable = "SCIM_TEST_OWNER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(ownerVariable); dir != "" {
		os.Exit(ownService(dir))
	}
	os.Exit(m.Run())
}

// ownService starts a service, says where it listens, and waits for its death.
func ownService(dir string) int {
	authority, err := certs.NewAuthority()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	server, err := scim.Start(context.Background(), scim.Options{Dir: dir, Authority: authority})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(server.Address())
	select {}
}

func TestTheServiceEndsWithAnOwnerThatIsKilled(t *testing.T) {
	g := NewWithT(t)
	owner := exec.CommandContext(t.Context(), os.Args[0])
	owner.Env = append(os.Environ(), ownerVariable+"="+t.TempDir())
	owner.Stderr = os.Stderr
	output, err := owner.StdoutPipe()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(owner.Start()).To(Succeed())
	var address string
	_, err = fmt.Fscan(bufio.NewReader(output), &address)
	g.Expect(err).NotTo(HaveOccurred())
	listens := func() bool {
		connection, err := net.DialTimeout("tcp", address, time.Second)
		if err != nil {
			return false
		}
		return connection.Close() == nil
	}
	g.Expect(listens()).To(BeTrue(), "the service should run while its owner does")

	g.Expect(owner.Process.Kill()).To(Succeed())
	g.Expect(owner.Wait()).NotTo(Succeed())
	g.Eventually(listens, 30*time.Second).Should(BeFalse(), "the service should end with its owner")
}
