package admission

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

type (
	vap  = admissionregistrationv1.ValidatingAdmissionPolicy
	vapb = admissionregistrationv1.ValidatingAdmissionPolicyBinding
)

// installed are the policies and bindings as they ship.
func installed(t *testing.T) ([]vap, []vapb) {
	t.Helper()
	var policies []vap
	var bindings []vapb
	for _, r := range Required {
		name := strings.ReplaceAll(strings.TrimPrefix(r.Policy, "longshore-"), "-", "_") + ".yaml"
		content, err := os.ReadFile(filepath.Join("..", "..", "..", "config", "admission", "validating", name))
		if err != nil {
			t.Fatal(err)
		}
		before, after, _ := strings.Cut(string(content), "\n---\n")
		var policy vap
		var binding vapb
		if err := errors.Join(yaml.UnmarshalStrict([]byte(before), &policy), yaml.UnmarshalStrict([]byte(after), &binding)); err != nil {
			t.Fatalf("reading %s: %v", name, err)
		}
		policies, bindings = append(policies, policy), append(bindings, binding)
	}
	return policies, bindings
}

func TestMissing(t *testing.T) {
	first := Required[0]
	deleted := metav1.Unix(0, 0)
	ignore := admissionregistrationv1.Ignore
	isAnother := []string{"ValidatingAdmissionPolicy " + first.Policy + " is not the one of this version"}
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
		"the API server's defaults": {
			"it fills them in, and they mean the same",
			func(p []vap, b []vapb) ([]vap, []vapb) {
				all, equivalent := admissionregistrationv1.AllScopes, admissionregistrationv1.Equivalent
				match := p[0].Spec.MatchConstraints
				match.MatchPolicy, match.NamespaceSelector, match.ObjectSelector = &equivalent, &metav1.LabelSelector{}, &metav1.LabelSelector{}
				match.ResourceRules[0].Scope = &all
				return p, b
			}, nil,
		},
		"other words": {
			"what is said is no part of what is judged",
			func(p []vap, b []vapb) ([]vap, []vapb) {
				p[0].Spec.Validations[0].Message, p[0].Spec.Validations[0].MessageExpression = "nein", ""
				return p, b
			}, nil,
		},
		"a condition more": {
			"whoever does not meet it would pass",
			func(p []vap, b []vapb) ([]vap, []vapb) {
				p[0].Spec.MatchConditions = append(p[0].Spec.MatchConditions, admissionregistrationv1.MatchCondition{Name: "not-me", Expression: "request.userInfo.username != 'me'"})
				return p, b
			}, isAnother,
		},
		"a policy spares a namespace": {
			"everything would pass there",
			func(p []vap, b []vapb) ([]vap, []vapb) {
				p[0].Spec.MatchConstraints.NamespaceSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"checked": "yes"}}
				return p, b
			}, isAnother,
		},
		"a policy spares some objects": {
			"they would pass",
			func(p []vap, b []vapb) ([]vap, []vapb) {
				p[0].Spec.MatchConstraints.ObjectSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"checked": "yes"}}
				return p, b
			}, isAnother,
		},
		"a policy spares a kind": {
			"its objects would pass",
			func(p []vap, b []vapb) ([]vap, []vapb) {
				p[0].Spec.MatchConstraints.ExcludeResourceRules = p[0].Spec.MatchConstraints.ResourceRules
				return p, b
			}, isAnother,
		},
		"a policy looks at fewer operations": {
			"the others would pass",
			func(p []vap, b []vapb) ([]vap, []vapb) {
				p[0].Spec.MatchConstraints.ResourceRules[0].Operations = nil
				return p, b
			}, isAnother,
		},
		"a weaker expression": {
			"it refuses less, or is another version's",
			func(p []vap, b []vapb) ([]vap, []vapb) { p[0].Spec.Validations[0].Expression = "true"; return p, b }, isAnother,
		},
		"an expression less": {
			"what it refused would pass",
			func(p []vap, b []vapb) ([]vap, []vapb) {
				p[0].Spec.Validations = p[0].Spec.Validations[1:]
				return p, b
			}, isAnother,
		},
		"another variable": {
			"the expressions read it",
			func(p []vap, b []vapb) ([]vap, []vapb) { p[0].Spec.Variables[0].Expression = "''"; return p, b }, isAnother,
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
			if diff := cmp.Diff(c.want, Missing(c.change(installed(t)))); diff != "" {
				t.Errorf("since %s, what is missing should be otherwise (-want +got):\n%s", c.reason, diff)
			}
		})
	}
	t.Run("another version of the same policy", func(t *testing.T) {
		policies, bindings := installed(t)
		for generation, want := range [][]string{nil, isAnother, nil} {
			policies[0].UID, policies[0].Generation = "1", int64(generation)
			condition := []admissionregistrationv1.MatchCondition{{Name: "nobody", Expression: "false"}}
			policies[0].Spec.MatchConditions = condition[:generation%2]
			if diff := cmp.Diff(want, Missing(policies, bindings)); diff != "" {
				t.Errorf("a fingerprint should be of the generation that it was taken of (-want +got):\n%s", diff)
			}
		}
	})
	if got := Missing(nil, nil); len(got) != 2*len(Required) {
		t.Errorf("where nothing is installed, every policy and binding should be missing; got %q", got)
	}
}
