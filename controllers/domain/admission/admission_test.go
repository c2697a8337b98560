package admission

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

type (
	vap  = admissionregistrationv1.ValidatingAdmissionPolicy
	vapb = admissionregistrationv1.ValidatingAdmissionPolicyBinding
)

// installed are the policies and bindings as they ship.
func installed() ([]vap, []vapb) {
	var policies []vap
	var bindings []vapb
	fail := admissionregistrationv1.Fail
	for _, r := range Required {
		policies = append(policies, vap{
			ObjectMeta: metav1.ObjectMeta{Name: r.Policy},
			Spec:       admissionregistrationv1.ValidatingAdmissionPolicySpec{FailurePolicy: &fail},
		})
		bindings = append(bindings, vapb{
			ObjectMeta: metav1.ObjectMeta{Name: r.Binding},
			Spec: admissionregistrationv1.ValidatingAdmissionPolicyBindingSpec{
				PolicyName: r.Policy, ValidationActions: []admissionregistrationv1.ValidationAction{admissionregistrationv1.Deny},
			},
		})
	}
	return policies, bindings
}

func TestMissing(t *testing.T) {
	first := Required[0]
	deleted := metav1.Unix(0, 0)
	ignore := admissionregistrationv1.Ignore
	doesNotDeny := []string{"ValidatingAdmissionPolicyBinding " + first.Binding + " does not deny whatever " + first.Policy + " refuses"}
	for name, c := range map[string]struct {
		reason string
		change func([]vap, []vapb) ([]vap, []vapb)
		want   []string
	}{
		"all as they ship": {
			"nothing can be passed by",
			func(p []vap, b []vapb) ([]vap, []vapb) { return p, b }, nil,
		},
		"others beside them": {
			"a cluster has policies of its own",
			func(p []vap, b []vapb) ([]vap, []vapb) { return append([]vap{{}}, p...), append([]vapb{{}}, b...) }, nil,
		},
		"no failure policy": {
			"the API server reads it as Fail",
			func(p []vap, b []vapb) ([]vap, []vapb) { p[0].Spec.FailurePolicy = nil; return p, b }, nil,
		},
		"a policy is not there": {
			"its binding alone judges nothing",
			func(p []vap, b []vapb) ([]vap, []vapb) { return p[1:], b },
			[]string{"ValidatingAdmissionPolicy " + first.Policy + " is not installed"},
		},
		"a policy is being deleted": {
			"it is about to judge nothing",
			func(p []vap, b []vapb) ([]vap, []vapb) { p[0].DeletionTimestamp = &deleted; return p, b },
			[]string{"ValidatingAdmissionPolicy " + first.Policy + " is not installed"},
		},
		"a policy ignores failure": {
			"what it cannot judge would pass",
			func(p []vap, b []vapb) ([]vap, []vapb) { p[0].Spec.FailurePolicy = &ignore; return p, b },
			[]string{"ValidatingAdmissionPolicy " + first.Policy + " has failurePolicy Ignore"},
		},
		"a binding is not there": {
			"its policy judges nothing",
			func(p []vap, b []vapb) ([]vap, []vapb) { return p, b[1:] },
			[]string{"ValidatingAdmissionPolicyBinding " + first.Binding + " is not installed"},
		},
		"a binding is being deleted": {
			"its policy is about to judge nothing",
			func(p []vap, b []vapb) ([]vap, []vapb) { b[0].DeletionTimestamp = &deleted; return p, b },
			[]string{"ValidatingAdmissionPolicyBinding " + first.Binding + " is not installed"},
		},
		"a binding only warns": {
			"what is refused would pass",
			func(p []vap, b []vapb) ([]vap, []vapb) {
				b[0].Spec.ValidationActions = []admissionregistrationv1.ValidationAction{admissionregistrationv1.Warn}
				return p, b
			}, doesNotDeny,
		},
		"a binding is of another policy": {
			"the policy judges nothing",
			func(p []vap, b []vapb) ([]vap, []vapb) { b[0].Spec.PolicyName = "another"; return p, b }, doesNotDeny,
		},
		"a binding spares some objects": {
			"they would pass",
			func(p []vap, b []vapb) ([]vap, []vapb) {
				b[0].Spec.MatchResources = &admissionregistrationv1.MatchResources{}
				return p, b
			}, doesNotDeny,
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, Missing(c.change(installed()))); diff != "" {
				t.Errorf("since %s, what is missing should be otherwise (-want +got):\n%s", c.reason, diff)
			}
		})
	}
	if got := Missing(nil, nil); len(got) != 2*len(Required) {
		t.Errorf("where nothing is installed, every policy and binding should be missing; got %q", got)
	}
}
