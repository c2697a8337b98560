package manual_test

import (
	"testing"
	"time"

	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/controllers/access/provider/manual/manualtest"
	"github.com/longshore-dev/longshore/controllers/access/provider/providertest"
)

// eventually is far longer than an API server takes on a busy machine.
const eventually = time.Minute

func TestWhatPeopleHandOutInARealAPIServer(t *testing.T) {
	system := manualtest.Start(t)
	t.Run("keeps the contract", func(t *testing.T) { providertest.Run(t, system.Harness()) })
	t.Run("is read again when the API server is back", func(t *testing.T) { testRestart(t, system) })
	t.Run("is news for all who share it", func(t *testing.T) { testNews(t, system) })
}

func testRestart(t *testing.T, system *manualtest.System) {
	opened, err := system.Type().Open(system.Connection())
	if err != nil {
		t.Fatalf("opening the provider: %v", err)
	}
	targets, err := opened.Resolve(system.Entitlement(t), system.Subject(t))
	if err != nil {
		t.Fatalf("resolving: %v", err)
	}
	system.Attest(t, provider.OperationGrant, targets[0])
	system.Restart(t)
	if observed, err := opened.Verify(t.Context(), targets[0]); err != nil || !observed.Held || len(system.Left(t)) == 0 {
		t.Errorf("what was handed out was read as %+v (%v), expected it to be out", observed, err)
	}
	system.Attest(t, provider.OperationRevoke, targets[0])
	if observed, err := opened.Verify(t.Context(), targets[0]); err != nil || observed.Held || system.Gives(t, targets[0]) {
		t.Errorf("what was returned was read as %+v (%v), expected it to be back", observed, err)
	}
}
