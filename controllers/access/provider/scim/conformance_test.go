package scim_test

import (
	"testing"

	"github.com/longshore-dev/longshore/controllers/access/provider/providertest"
	"github.com/longshore-dev/longshore/controllers/access/provider/scim/scimtest"
)

func TestAccountsKeepTheContract(t *testing.T) { keepTheContract(t, scimtest.Account) }

func TestMembershipsKeepTheContract(t *testing.T) { keepTheContract(t, scimtest.Group) }

func keepTheContract(t *testing.T, which int) {
	t.Helper()
	system := scimtest.Start(t)
	providertest.Run(t, system.Harness(t, which))
}
