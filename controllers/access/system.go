package access

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// system is what is known of one target system.
type system struct {
	name string
	// object is nil if the AccessProvider is gone.
	object *v1alpha1.AccessProvider
	// provider is nil with err. That of an AccessProvider that is gone knows no more than a Target's name says.
	provider provider.Provider
	err      error
}

// opened says whether there is a provider to call.
func (s *system) opened() bool { return s.err == nil }

// attested says that what the provider tells was attested by people, and cannot be read back.
func (s *system) attested() bool { return s.provider.Capabilities().Attested }

// decommissioned returns the declaration that the target system is gone for good, or nil.
func (s *system) decommissioned() *v1alpha1.Decommissioned {
	if s.object == nil {
		return nil
	}
	return s.object.Spec.Decommissioned
}

// blocked says why nothing new is given in a target system that is there, or nil.
func (s *system) blocked() *obstacle {
	switch ready := meta.FindStatusCondition(s.object.Status.Conditions, v1alpha1.ConditionReady); {
	case s.decommissioned() != nil:
		return &obstacle{v1alpha1.ReasonDecommissioned, fmt.Sprintf("AccessProvider %s was declared gone for good: name another in the profile", s.name)}
	case !s.object.DeletionTimestamp.IsZero():
		return &obstacle{v1alpha1.ReasonReferenceNotFound, fmt.Sprintf("AccessProvider %s is being deleted: name another in the profile, or create it again when it is gone", s.name)}
	case ready == nil, !controllerutil.ContainsFinalizer(s.object, v1alpha1.ProviderFinalizer):
		return &obstacle{v1alpha1.ReasonProgressing, fmt.Sprintf("AccessProvider %s has not been probed yet", s.name)}
	case ready.Status != metav1.ConditionTrue:
		return &obstacle{v1alpha1.ReasonProviderFailed, fmt.Sprintf("AccessProvider %s is not ready: %s", s.name, ready.Message)}
	}
	return nil
}
