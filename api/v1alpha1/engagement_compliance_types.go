package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// ComplianceStatus is what the policies say.
type ComplianceStatus struct {
	// violations hold the engagement before somebody has accepted; afterwards they stop new and wider grants.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	Violations []Finding `json:"violations,omitempty"`

	// warnings of rules that only warn, and of limits that come near.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	Warnings []Finding `json:"warnings,omitempty"`

	// nextDeadline is when time alone will change the answer.
	// +optional
	NextDeadline *metav1.Time `json:"nextDeadline,omitempty"`

	// requiredApprovals is how many approvers the policies ask for: of each stage or, without stages, of the engagement; one more where a rule that requires
	// approval does not hold. Absent: no more than spec.approvals.
	// +optional
	RequiredApprovals int32 `json:"requiredApprovals,omitempty"`

	// tenure is the nearest limit on how long the person may be engaged.
	// +optional
	Tenure *TenureStatus `json:"tenure,omitempty"`

	// determination of the classification that counts.
	// +optional
	Determination *DeterminationStatus `json:"determination,omitempty"`
}

// TenureStatus is how long a person may be engaged.
type TenureStatus struct {
	// policy that limits it.
	// +required
	// +kubebuilder:validation:MaxLength=253
	Policy string `json:"policy"`

	// since is when the person was engaged first, had there been no gaps in between: the limit is counted from here.
	// +required
	Since metav1.Time `json:"since"`

	// limit is when the tenure is reached. The engagement ends then at the latest, and so does its access.
	// +required
	Limit metav1.Time `json:"limit"`
}

// DeterminationStatus is the determination of the classification that counts.
type DeterminationStatus struct {
	// attestation by UID.
	// +required
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=64
	Attestation types.UID `json:"attestation"`

	// workerType that was determined.
	// +required
	WorkerType WorkerType `json:"workerType"`

	// at is when it was determined.
	// +required
	At metav1.Time `json:"at"`

	// expiresAt is when it ceases to count, by the policy that gives it the shortest time.
	// +optional
	ExpiresAt *metav1.Time `json:"expiresAt,omitempty"`
}

// Finding is what one rule of one policy says.
type Finding struct {
	// policy is the CompliancePolicy.
	// +required
	// +kubebuilder:validation:MaxLength=253
	Policy string `json:"policy"`

	// rule of the policy; absent where it is something else that the policy asks for.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	Rule string `json:"rule,omitempty"`

	// enforcement of the rule: Deny, RequireApproval, Warn or End. What a policy asks for beside its rules is enforced as Deny.
	// +optional
	Enforcement Enforcement `json:"enforcement,omitempty"`

	// undecided says that it could not be evaluated.
	// +optional
	Undecided bool `json:"undecided,omitempty"`

	// at is when it will not hold any more, where it is a warning ahead of time.
	// +optional
	At *metav1.Time `json:"at,omitempty"`

	// message says what is wrong, by which source, and what to do.
	// +required
	// +kubebuilder:validation:MaxLength=1024
	Message string `json:"message"`
}
