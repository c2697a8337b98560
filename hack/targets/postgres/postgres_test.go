package postgres

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/longshore-dev/longshore/hack/targets/certs"
)

// starter has this test's own program start a server, say where it is, and wait to be killed.
const starter = "LONGSHORE_TEST_START_POSTGRES"

func TestMain(m *testing.M) {
	if os.Getenv(starter) == "" {
		os.Exit(m.Run())
	}
	s, err := startServer(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("%s\n%s\n", s.Address(), s.dir)
	select {}
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
	command := exec.CommandContext(t.Context(), os.Args[0])
	command.Env = append(os.Environ(), starter+"=yes")
	command.Stderr = os.Stderr
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(output)
	var said []string
	for len(said) < 2 && lines.Scan() {
		said = append(said, lines.Text())
	}
	if err := command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if len(said) < 2 {
		t.Fatal("the server did not start")
	}
	address, dir := said[0], said[1]
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
	// That it was killed is its error.
	_ = command.Wait()
}
