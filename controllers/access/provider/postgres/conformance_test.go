package postgres_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/longshore-dev/longshore/controllers/access/provider/postgres/postgrestest"
	"github.com/longshore-dev/longshore/controllers/access/provider/providertest"
)

// system is shared by the tests of this package.
var system *postgrestest.System

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) (code int) {
	var err error
	if system, err = postgrestest.Run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		if err := system.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}()
	return m.Run()
}

func TestLoginsKeepTheContract(t *testing.T) {
	providertest.Run(t, system.Harness(postgrestest.Login))
}

func TestPrivilegesOnDatabasesKeepTheContract(t *testing.T) {
	providertest.Run(t, system.Harness(postgrestest.Database))
}

func TestMembershipsKeepTheContract(t *testing.T) {
	providertest.Run(t, system.Harness(postgrestest.Membership))
}
