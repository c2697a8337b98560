package postgres_test

import (
	"testing"

	"github.com/longshore-dev/longshore/controllers/access/provider/postgres/postgrestest"
	"github.com/longshore-dev/longshore/controllers/access/provider/providertest"
)

func TestLoginsKeepTheContract(t *testing.T) {
	providertest.Run(t, system.Harness(postgrestest.Login))
}

func TestPrivilegesOnDatabasesKeepTheContract(t *testing.T) {
	providertest.Run(t, system.Harness(postgrestest.Database))
}

func TestMembershipsKeepTheContract(t *testing.T) {
	providertest.Run(t, system.Harness(postgrestest.Membership))
}
