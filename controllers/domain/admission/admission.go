// Package admission knows which admission policies stand between the people of a cluster and what the operator grants.
package admission

import (
	"fmt"
	"slices"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
)

// The account that the operator runs as. The policies know it by this name alone.
const (
	OperatorNamespace      = "longshore-system"
	OperatorServiceAccount = "longshore-controller-manager"
	// OperatorUsername is the account as the API server authenticates it.
	OperatorUsername = "system:serviceaccount:" + OperatorNamespace + ":" + OperatorServiceAccount
)

// FinalizerPrefix begins the name of every finalizer of Longshore's.
const FinalizerPrefix = "gig.longshore.dev/"

// Requirement is a ValidatingAdmissionPolicy and the ValidatingAdmissionPolicyBinding that puts it in force. A policy
// without its binding judges nothing.
type Requirement struct {
	// Policy is the name of the ValidatingAdmissionPolicy.
	Policy string
	// Binding is the name of the ValidatingAdmissionPolicyBinding.
	Binding string
}

// Required are the policies and bindings without which the operator grants nothing. The MutatingAdmissionPolicies are
// not among them: they only fill in what a validating policy demands, and older clusters do without them.
var Required = []Requirement{
	{Policy: "longshore-attestation", Binding: "longshore-attestation"},
	{Policy: "longshore-author", Binding: "longshore-author"},
	{Policy: "longshore-binding", Binding: "longshore-binding"},
	{Policy: "longshore-decommission", Binding: "longshore-decommission"},
	{Policy: "longshore-dismiss", Binding: "longshore-dismiss"},
	{Policy: "longshore-end", Binding: "longshore-end"},
	{Policy: "longshore-erasure", Binding: "longshore-erasure"},
	{Policy: "longshore-evaluation", Binding: "longshore-evaluation"},
	{Policy: "longshore-finalizers", Binding: "longshore-finalizers"},
	{Policy: "longshore-frozen", Binding: "longshore-frozen"},
	{Policy: "longshore-grant", Binding: "longshore-grant"},
	{Policy: "longshore-identify", Binding: "longshore-identify"},
	{Policy: "longshore-operator-only", Binding: "longshore-operator-only"},
	{Policy: "longshore-records", Binding: "longshore-records"},
	{Policy: "longshore-requester", Binding: "longshore-requester"},
}

// Missing says, in the order of Required, what keeps the required policies from being in force: a policy or a binding
// that does not exist or is being deleted, or one that is not what this version ships, whatever was changed in it: a
// condition more, a selector that spares somebody, or the expressions of another version. It is empty when all of them
// are in force.
func Missing(policies []admissionregistrationv1.ValidatingAdmissionPolicy, bindings []admissionregistrationv1.ValidatingAdmissionPolicyBinding) []string {
	var missing []string
	for _, required := range Required {
		i := slices.IndexFunc(policies, func(p admissionregistrationv1.ValidatingAdmissionPolicy) bool {
			return p.Name == required.Policy && p.DeletionTimestamp == nil
		})
		switch {
		case i < 0:
			missing = append(missing, fmt.Sprintf("ValidatingAdmissionPolicy %s is not installed", required.Policy))
		case !failsClosed(&policies[i]):
			missing = append(missing, fmt.Sprintf("ValidatingAdmissionPolicy %s has failurePolicy Ignore", required.Policy))
		case !asShipped(&policies[i]):
			missing = append(missing, fmt.Sprintf("ValidatingAdmissionPolicy %s is not the one of this version", required.Policy))
		}
		j := slices.IndexFunc(bindings, func(b admissionregistrationv1.ValidatingAdmissionPolicyBinding) bool {
			return b.Name == required.Binding && b.DeletionTimestamp == nil
		})
		switch {
		case j < 0:
			missing = append(missing, fmt.Sprintf("ValidatingAdmissionPolicyBinding %s is not installed", required.Binding))
		case !denies(&bindings[j], required.Policy):
			missing = append(missing, fmt.Sprintf("ValidatingAdmissionPolicyBinding %s does not deny whatever %s refuses", required.Binding, required.Policy))
		}
	}
	return missing
}

func failsClosed(policy *admissionregistrationv1.ValidatingAdmissionPolicy) bool {
	return policy.Spec.FailurePolicy == nil || *policy.Spec.FailurePolicy == admissionregistrationv1.Fail
}

// denies says whether the binding turns every refusal of the policy into a refusal of the request. One that has
// matchResources spares some objects.
func denies(binding *admissionregistrationv1.ValidatingAdmissionPolicyBinding, policy string) bool {
	return binding.Spec.PolicyName == policy &&
		slices.Contains(binding.Spec.ValidationActions, admissionregistrationv1.Deny) &&
		binding.Spec.MatchResources == nil
}
