package manualtest

import (
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/controllers/access/provider/providertest"
)

// Harness holds what people hand out to the contract of every provider.
func (s *System) Harness() providertest.Harness {
	return providertest.Harness{
		Type:        s.Type(),
		Connection:  s.Connection(),
		Entitlement: s.Entitlement,
		Subject:     s.Subject,
		Refused:     []string{"", " ", "\t\n"},
		Literal: []string{
			"*)(uid=*", `"; DROP ROLE`, "system:admin", "../../secrets", "a/b%2Fc?x=y&z", "{{.Name}}", "Ärger ßtraße 用户 🚢", strings.Repeat("long", 75),
		},
		Gives:  s.Gives,
		Attest: s.Attest,
		// What Longshore made is a record: the person gives the item back without being asked.
		RemoveByHand: func(t *testing.T, target provider.Target) {
			t.Helper()
			s.Attest(t, provider.OperationRevoke, target)
		},
		// It was handed out for another engagement, of which Longshore proves nothing any more.
		GiveByHand: func(t *testing.T, target provider.Target) {
			t.Helper()
			grant := s.Grant(t, "by-hand-"+target.Key[:20], target, "notebook")
			s.say(t, client.ObjectKeyFromObject(grant), target, v1alpha1.VerdictHandedOut)
			grant = s.read(t, grant)
			grant.Status.Entitlements[0].State = v1alpha1.GrantAbandoned
			if err := s.admin.Status().Update(t.Context(), grant); err != nil {
				t.Fatalf("giving a grant up: %v", err)
			}
		},
	}
}

func (s *System) read(t *testing.T, grant *v1alpha1.AccessGrant) *v1alpha1.AccessGrant {
	t.Helper()
	newest := &v1alpha1.AccessGrant{}
	if err := s.admin.Get(t.Context(), client.ObjectKeyFromObject(grant), newest); err != nil {
		t.Fatalf("reading a grant: %v", err)
	}
	return newest
}
