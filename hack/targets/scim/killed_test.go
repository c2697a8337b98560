package scim_test

import (
	"context"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/longshore-dev/longshore/hack/process/processtest"
	"github.com/longshore-dev/longshore/hack/targets/certs"
	"github.com/longshore-dev/longshore/hack/targets/scim"
)

func TestMain(m *testing.M) {
	os.Exit(processtest.Main(m, own))
}

func own(dir string) ([]any, error) {
	authority, err := certs.NewAuthority()
	if err != nil {
		return nil, err
	}
	server, err := scim.Start(context.Background(), scim.Options{Dir: dir, Authority: authority})
	if err != nil {
		return nil, err
	}
	return []any{server.Address()}, nil
}

func TestTheServiceEndsWithAnOwnerThatIsKilled(t *testing.T) {
	g := NewWithT(t)
	owner := processtest.StartOwner(t)
	listens := func() bool {
		connection, err := net.DialTimeout("tcp", owner.Known[0], time.Second)
		if err != nil {
			return false
		}
		return connection.Close() == nil
	}
	g.Expect(listens()).To(BeTrue(), "the service should run while its owner does")
	owner.End(t, syscall.SIGKILL)
	g.Eventually(listens, 30*time.Second).Should(BeFalse(), "the service should end with its owner")
}
