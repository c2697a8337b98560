package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ProviderType is a kind of target system.
// +kubebuilder:validation:Enum=Kubernetes
type ProviderType string

// ProviderKubernetes is the cluster that the operator runs in.
const ProviderKubernetes ProviderType = "Kubernetes"

// AccessProviderSpec is a connection to one target system.
// +kubebuilder:validation:XValidation:rule="self.type != 'Kubernetes' || (!has(self.endpoint) && !has(self.credentialsRef) && !has(self.caBundleRef))",message="type Kubernetes is the operator's own cluster: endpoint, credentialsRef and caBundleRef do not apply"
// +kubebuilder:validation:XValidation:rule="self.type == oldSelf.type",message="type is immutable: create another AccessProvider"
type AccessProviderSpec struct {
	// type of the target system: Kubernetes, the operator's own cluster. Other types come with their providers.
	// +required
	Type ProviderType `json:"type"`

	// endpoint of the target system, for types that have one.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Endpoint string `json:"endpoint,omitempty"`

	// credentialsRef names a Secret in the operator's namespace, for types that need one.
	// +optional
	CredentialsRef *LocalReference `json:"credentialsRef,omitempty"`

	// caBundleRef names a ConfigMap in the operator's namespace with the target's certificate authorities, for types that have an endpoint.
	// +optional
	CABundleRef *LocalReference `json:"caBundleRef,omitempty"`

	// timeout of one call, as a Go duration. Default: 10s.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=20
	// +kubebuilder:validation:Pattern=`^([0-9]{1,5}(ms|s|m|h))+$`
	Timeout *metav1.Duration `json:"timeout,omitempty"`

	// maxConcurrent is how many calls are under way at once. Default: 4.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=256
	MaxConcurrent int32 `json:"maxConcurrent,omitempty"`

	// qps is how many calls are made in a second. Default: unlimited.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10000
	QPS int32 `json:"qps,omitempty"`

	// decommissioned declares a target that is gone for good; it needs the verb forgive. What the target owes becomes Abandoned, never Revoked.
	// +optional
	Decommissioned *Decommissioned `json:"decommissioned,omitempty"`
}

// Decommissioned declares that a target is gone for good.
type Decommissioned struct {
	// reason in words.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Reason string `json:"reason"`

	// evidence that it is gone.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	Evidence []Evidence `json:"evidence,omitempty"`

	// by is who declares it. It is filled in at admission; any other value than the caller is refused.
	// +optional
	By *Author `json:"by,omitempty"`
}

// AccessProviderStatus is what the operator knows of a target system.
type AccessProviderStatus struct {
	// observedGeneration is the generation of the spec that this status speaks of; -1 before the first look.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration"`

	// granted is how many entitlements are held on this target.
	// +optional
	Granted int32 `json:"granted"`

	// owed is how many revocations are not yet proven.
	// +optional
	Owed int32 `json:"owed"`

	// conditions are Ready, from a real probe.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=accessproviders,scope=Cluster,shortName=aprov,categories=longshore
// +kubebuilder:printcolumn:name="Type",type=string,JSONPath=`.spec.type`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Granted",type=integer,JSONPath=`.status.granted`
// +kubebuilder:printcolumn:name="Owed",type=integer,JSONPath=`.status.owed`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,priority=1

// AccessProvider is a connection to one target system. It cannot be removed while it owes a revocation.
type AccessProvider struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is the connection.
	// +required
	Spec AccessProviderSpec `json:"spec"`

	// status is what the operator knows.
	// +optional
	// +default={"observedGeneration": -1}
	Status AccessProviderStatus `json:"status,omitzero"`
}

// +kubebuilder:object:root=true

// AccessProviderList is a list of AccessProviders.
type AccessProviderList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []AccessProvider `json:"items"`
}
