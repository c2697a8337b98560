package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// AccessRequest asks for one AccessProfile.
type AccessRequest struct {
	// name of the AccessProfile.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Name string `json:"name"`
}

// AccessStatus is what is granted, and what revocation is owed.
type AccessStatus struct {
	// grants has one row for each profile.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=64
	Grants []GrantSummary `json:"grants,omitempty"`

	// owed is how many entitlements still have to be proven revoked.
	// +optional
	Owed int32 `json:"owed"`

	// withdrawn says why access is withdrawn now, if it is: Ended, Suspended, Withdrawn, Deleted, WorkerGone or Narrowed.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	Withdrawn string `json:"withdrawn,omitempty"`
}

// GrantSummary is one AccessGrant in short.
type GrantSummary struct {
	// name of the AccessGrant.
	// +required
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`

	// profile that is granted.
	// +required
	// +kubebuilder:validation:MaxLength=63
	Profile string `json:"profile"`

	// state of the grant, the least advanced of its entitlements.
	// +optional
	State GrantState `json:"state,omitempty"`

	// expiresAt is when access ends at the latest.
	// +optional
	ExpiresAt *metav1.Time `json:"expiresAt,omitempty"`
}
