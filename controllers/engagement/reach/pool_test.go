package reach

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/hack/bench/inmemory"
)

func TestAPoolReachesWhoeverIsEngagedFromItOnlyWhereARuleMayReadIt(t *testing.T) {
	rule := func(r v1alpha1.PolicyRule) *v1alpha1.CompliancePolicySpec {
		return &v1alpha1.CompliancePolicySpec{Rules: []v1alpha1.PolicyRule{r}}
	}
	for _, tc := range []struct {
		reason  string
		policy  *v1alpha1.CompliancePolicySpec
		engaged []string
	}{
		{"no policy", nil, nil},
		{"a policy without rules", &v1alpha1.CompliancePolicySpec{Tenure: &v1alpha1.Tenure{Max: "P18M"}}, nil},
		{"rules about something else", rule(v1alpha1.PolicyRule{Expression: "engagement.spec.title != ''"}), nil},
		{"a rule that reads it", rule(v1alpha1.PolicyRule{Expression: "!has(pool.spec.demotion)"}), []string{"marketing/engaged", "sales/engaged-too"}},
		{"a message that reads it", rule(v1alpha1.PolicyRule{Expression: "worker.spec.jurisdiction != ''", MessageExpression: "'not in ' + pool.metadata.name"}), []string{"marketing/engaged", "sales/engaged-too"}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			objects := []client.Object{
				engagement("not-yet"), engagement("offered", offered("ada")), engagement("engaged", engaged("ada")),
				engagement("closed", engaged("ada"), phase(v1alpha1.PhaseClosed)), engagement("elsewhere", pool("writers"), engaged("ada")), engagement("of-the-same-name", namespace("sales"), engaged("ben")),
				engagement("engaged-too", namespace("sales"), engaged("ben"), func(e *v1alpha1.Engagement) { e.Spec.PoolRef.Namespace = "marketing" }),
			}
			if tc.policy != nil {
				objects = append(objects, &v1alpha1.CompliancePolicy{ObjectMeta: metav1.ObjectMeta{Name: "law"}, Spec: *tc.policy})
			}
			reader, err := inmemory.Start(t.Context(), objects)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Pool(t.Context(), reader, client.ObjectKey{Namespace: "marketing", Name: "designers"})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{"marketing/not-yet", "marketing/offered"}, names(got.Seeking)); diff != "" {
				t.Errorf("those in which nobody has accepted always read the pool (-expected +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.engaged, names(got.Engaged)); diff != "" {
				t.Errorf("the others read it by rules alone (-expected +got):\n%s", diff)
			}
		})
	}
}
