package providertest

import (
	"fmt"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
)

func TestTheTargetSystemInMemoryKeepsTheContract(t *testing.T) {
	for reason, can := range map[string]provider.Capabilities{
		"its grants are marked":                 {MarksGrants: true},
		"its grants are not marked":             {},
		"its grants are marked and can expire":  {MarksGrants: true, ExpiryStep: time.Hour},
		"its grants are not marked, but expire": {ExpiryStep: time.Second},
		"people hand out and take back":         {Attested: true},
	} {
		t.Run(reason, func(t *testing.T) {
			memory, subjects := NewMemory(can), 0
			Run(t, Harness{
				Type: memory.Type(),
				Connection: provider.Connection{Behind: &v1alpha1.AccessProvider{
					ObjectMeta: metav1.ObjectMeta{Name: "memory"},
					Spec:       v1alpha1.AccessProviderSpec{Type: v1alpha1.ProviderKubernetes},
				}},
				Entitlement: func(*testing.T) v1alpha1.Entitlement {
					return v1alpha1.Entitlement{Name: "tools", Kubernetes: &v1alpha1.KubernetesEntitlement{ClusterRole: "edit", Namespaces: []string{"a", "b"}}}
				},
				Subject: func(*testing.T) string {
					subjects++
					return fmt.Sprintf("person-%d", subjects)
				},
				Refused:      []string{"system:admin"},
				Literal:      []string{"*)(uid=*", `"; DROP ROLE`},
				Gives:        func(_ *testing.T, target provider.Target) bool { return memory.Gives(target) },
				RemoveByHand: func(_ *testing.T, target provider.Target) { memory.RemoveByHand(target) },
				WidenByHand:  func(_ *testing.T, target provider.Target) func() bool { return memory.WidenByHand(target) },
				GiveByHand:   func(_ *testing.T, target provider.Target) { memory.SetOtherwise(target, true) },
				RenameByHand: func(_ *testing.T, target provider.Target) { memory.RenameByHand(target) },
				Attest: func(_ *testing.T, operation provider.Operation, target provider.Target) {
					memory.Attest(operation, target)
				},
			})
		})
	}
}
