package admission

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sync"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Fingerprint is a digest of what a policy judges by: what it matches, its conditions, variables and expressions. Two
// policies with the same fingerprint refuse the same requests. What they say when they do is not part of it.
func Fingerprint(spec *admissionregistrationv1.ValidatingAdmissionPolicySpec) (string, error) {
	raw, err := json.Marshal(normal(spec))
	if err != nil {
		return "", fmt.Errorf("writing an admission policy as JSON: %w", err)
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:]), nil
}

// normal is the spec as the API server stores it, which fills in what is left out, without its words.
func normal(stored *admissionregistrationv1.ValidatingAdmissionPolicySpec) *admissionregistrationv1.ValidatingAdmissionPolicySpec {
	spec := stored.DeepCopy()
	spec.AuditAnnotations = nil
	spec.FailurePolicy = otherwise(spec.FailurePolicy, admissionregistrationv1.Fail)
	for i := range spec.Validations {
		spec.Validations[i] = admissionregistrationv1.Validation{Expression: spec.Validations[i].Expression}
	}
	match := spec.MatchConstraints
	if match == nil {
		return spec
	}
	match.MatchPolicy = otherwise(match.MatchPolicy, admissionregistrationv1.Equivalent)
	match.NamespaceSelector = otherwise(match.NamespaceSelector, metav1.LabelSelector{})
	match.ObjectSelector = otherwise(match.ObjectSelector, metav1.LabelSelector{})
	for i := range match.ResourceRules {
		match.ResourceRules[i].Scope = otherwise(match.ResourceRules[i].Scope, admissionregistrationv1.AllScopes)
	}
	return spec
}

func otherwise[T any](stated *T, filledIn T) *T {
	if stated != nil {
		return stated
	}
	return &filledIn
}

// asShipped says whether a policy is what this version ships under its name.
func asShipped(policy *admissionregistrationv1.ValidatingAdmissionPolicy) bool {
	fingerprint, known := shipped[policy.Name]
	return known && fingerprint == fingerprints.of(policy)
}

// fingerprints are kept by version of a policy: they are asked for in every pass over every engagement.
var fingerprints memory

// version of a policy. The API server counts the generation up with every change of the spec.
type version struct {
	UID        types.UID
	Generation int64
}

type memory struct {
	mu    sync.Mutex
	known map[string]remembered
}

type remembered struct {
	version     version
	fingerprint string
}

// of is the fingerprint of a policy; it is empty where it has none.
func (m *memory) of(policy *admissionregistrationv1.ValidatingAdmissionPolicy) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	at := version{policy.UID, policy.Generation}
	if r, known := m.known[policy.Name]; known && r.version == at && at.UID != "" {
		return r.fingerprint
	}
	fingerprint, err := Fingerprint(&policy.Spec)
	if err != nil {
		return ""
	}
	if m.known == nil {
		m.known = map[string]remembered{}
	}
	m.known[policy.Name] = remembered{at, fingerprint}
	return fingerprint
}
