package reach

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// rulesRead says whether any policy has a rule that may read a variable, to decide or to explain.
func rulesRead(ctx context.Context, reader client.Reader, variable string) (bool, error) {
	return anyPolicy(ctx, reader, func(spec *v1alpha1.CompliancePolicySpec) bool { return mayRead(spec, variable) })
}

func anyPolicy(ctx context.Context, reader client.Reader, is func(*v1alpha1.CompliancePolicySpec) bool) (bool, error) {
	policies := &v1alpha1.CompliancePolicyList{}
	if err := reader.List(ctx, policies, shared); err != nil {
		return false, fmt.Errorf("listing compliance policies: %w", err)
	}
	return slices.ContainsFunc(policies.Items, func(cp v1alpha1.CompliancePolicy) bool { return is(&cp.Spec) }), nil
}

// mayRead goes by the variable's name, which CEL has no other way to write: a field of that name is looked at in vain, and nothing is missed.
func mayRead(spec *v1alpha1.CompliancePolicySpec, variable string) bool {
	return slices.ContainsFunc(spec.Rules, func(r v1alpha1.PolicyRule) bool {
		return strings.Contains(r.Expression, variable) || strings.Contains(r.MessageExpression, variable)
	})
}
