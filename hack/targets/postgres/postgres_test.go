package postgres

import (
	"context"
	"errors"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/longshore-dev/longshore/hack/process/processtest"
	"github.com/longshore-dev/longshore/hack/targets/certs"
)

func TestMain(m *testing.M) {
	os.Exit(processtest.Main(m, own))
}

func own(string) ([]any, error) {
	s, err := startServer(context.Background())
	if err != nil {
		return nil, err
	}
	return []any{s.Address(), s.dir}, nil
}

func startServer(ctx context.Context) (*Server, error) {
	authority, err := certs.NewAuthority()
	if err != nil {
		return nil, err
	}
	return Start(ctx, Options{Authority: authority})
}

func TestAServerKeepsItsPortAndItsDataWhenItIsRestarted(t *testing.T) {
	s, err := startServer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(s.dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("after the server was stopped its folder is still there: %v", err)
		}
	}()
	if _, err := s.SetUpOperator(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := s.Address()
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after := s.Address(); after != before {
		t.Errorf("the server was at %s and is at %s", before, after)
	}
	conn, err := s.Connect(t.Context(), MaintenanceDatabase)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var entry string
	if err := conn.QueryRow(t.Context(), `SELECT entry FROM `+SampleTable).Scan(&entry); err != nil || entry != "paid" {
		t.Errorf("reading what was written before the restart gave %q and %v", entry, err)
	}
}

func TestAServerEndsWithTheProcessThatStartedIt(t *testing.T) {
	owner := processtest.StartOwner(t)
	owner.End(t, syscall.SIGKILL)
	address, dir := owner.Known[0], owner.Known[1]
	gone := func(context.Context) (bool, error) {
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			conn.Close()
			return false, nil
		}
		_, err = os.Stat(dir)
		return errors.Is(err, os.ErrNotExist), nil
	}
	if err := wait.PollUntilContextTimeout(t.Context(), 20*time.Millisecond, patience, true, gone); err != nil {
		t.Errorf("the process that started the server was killed, and the server or its folder is still there: %v", err)
	}
}
