package v1alpha1

import (
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// GrantState says how far an entitlement, or a grant as a whole, is.
// +kubebuilder:validation:Enum=Pending;Granted;Verified;Revoking;Revoked;StillHeld;Attested;Preexisting;Abandoned
type GrantState string

// The states of an entitlement.
const (
	// GrantPending is not granted yet: not its time, or an attempt failed.
	GrantPending GrantState = "Pending"
	// GrantGranted was granted and not yet read back; or handed out, as its custodian attested, which nothing can read back.
	GrantGranted GrantState = "Granted"
	// GrantVerified was read back from the target as granted.
	GrantVerified GrantState = "Verified"
	// GrantRevoking is owed: its revocation is not yet proven.
	GrantRevoking GrantState = "Revoking"
	// GrantRevoked was read back from the target as gone.
	GrantRevoked GrantState = "Revoked"
	// GrantStillHeld ended here, and stays in the target for another live grant.
	GrantStillHeld GrantState = "StillHeld"
	// GrantAttested was attested as returned by its custodian; it was not read back.
	GrantAttested GrantState = "Attested"
	// GrantPreexisting existed before the first grant: neither adopted nor removed.
	GrantPreexisting GrantState = "Preexisting"
	// GrantAbandoned is on a target that was declared gone for good.
	GrantAbandoned GrantState = "Abandoned"
)

// Withdrawal says why access is to be revoked.
// +kubebuilder:validation:Enum=Ended;Suspended;Withdrawn;Deleted;WorkerGone;Narrowed
type Withdrawal string

// The reasons to revoke. All but Ended and Deleted can be lifted again.
const (
	WithdrawalEnded      Withdrawal = "Ended"
	WithdrawalSuspended  Withdrawal = "Suspended"
	WithdrawalWithdrawn  Withdrawal = "Withdrawn"
	WithdrawalDeleted    Withdrawal = "Deleted"
	WithdrawalWorkerGone Withdrawal = "WorkerGone"
	WithdrawalNarrowed   Withdrawal = "Narrowed"
)

// EngagementReference pins one Engagement.
type EngagementReference struct {
	// name of the Engagement, in the same namespace.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`

	// uid of the Engagement.
	// +required
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=64
	UID types.UID `json:"uid"`
}

// WorkerReference pins one Worker.
type WorkerReference struct {
	// name of the Worker.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`

	// namespace of the Worker, the pool's.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Namespace string `json:"namespace"`

	// personKey of the person: another Worker object of the same person will do.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	PersonKey string `json:"personKey"`
}

// AccessGrantSpec is one engagement × one profile. The operator alone writes it.
// +kubebuilder:validation:XValidation:rule="self.engagementRef == oldSelf.engagementRef && self.profile == oldSelf.profile",message="a grant is for one engagement and one profile"
type AccessGrantSpec struct {
	// engagementRef is for which engagement.
	// +required
	EngagementRef EngagementReference `json:"engagementRef"`

	// workerRef is who is given access.
	// +required
	WorkerRef WorkerReference `json:"workerRef"`

	// profile is the AccessProfile's name.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Profile string `json:"profile"`

	// notBefore is when access may be given at the earliest.
	// +required
	NotBefore metav1.Time `json:"notBefore"`

	// expiresAt is when access ends at the latest: end + min(accessGrace, maxGrace) or the tenure limit, whichever is first. The grant's own first grant + maxDuration bounds it further, in status.
	// +required
	ExpiresAt metav1.Time `json:"expiresAt"`

	// withdraw asks for revocation now, and says why: Ended, Suspended, Withdrawn, Deleted, WorkerGone or Narrowed. Absent while access is wanted.
	// +optional
	Withdraw Withdrawal `json:"withdraw,omitempty"`

	// hold keeps access from being given or widened, and revokes nothing, with the reason for people: what an engagement is held for after acceptance.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	Hold string `json:"hold,omitempty"`

	// preexisting are the decisions of people on access that existed before.
	// +optional
	// +listType=map
	// +listMapKey=entitlement
	// +kubebuilder:validation:MaxItems=16
	Preexisting []PreexistingDecision `json:"preexisting,omitempty"`

	// custody is what custodians attested of manual entitlements: the newest statement of each verdict.
	// +optional
	// +listType=map
	// +listMapKey=entitlement
	// +listMapKey=verdict
	// +kubebuilder:validation:MaxItems=48
	Custody []CustodyRecord `json:"custody,omitempty"`
}

// CustodyRecord is what a custodian attested of a manual entitlement.
type CustodyRecord struct {
	// entitlement of the profile.
	// +required
	// +kubebuilder:validation:MaxLength=63
	Entitlement string `json:"entitlement"`

	// verdict is HandedOut, Checked or Returned.
	// +required
	// +kubebuilder:validation:XValidation:rule="self in ['HandedOut', 'Checked', 'Returned']",message="verdict is HandedOut, Checked or Returned"
	Verdict Verdict `json:"verdict"`

	// by is who attested it.
	// +required
	// +kubebuilder:validation:MaxLength=256
	By string `json:"by"`

	// at is when it was attested.
	// +required
	At metav1.Time `json:"at"`

	// evidence that was given for it.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=4
	Evidence []Evidence `json:"evidence,omitempty"`
}

// PreexistingDecision is what a person decided on access that existed before.
type PreexistingDecision struct {
	// entitlement that is decided on.
	// +required
	// +kubebuilder:validation:MaxLength=63
	Entitlement string `json:"entitlement"`

	// decision is Keep or Remove.
	// +required
	// +kubebuilder:validation:XValidation:rule="self in ['Keep', 'Remove']",message="decision is Keep or Remove"
	Decision Verdict `json:"decision"`

	// by is the person who decided.
	// +required
	// +kubebuilder:validation:MaxLength=256
	By string `json:"by"`
}

// AccessGrantStatus is what the operator knows of a grant.
type AccessGrantStatus struct {
	// observedGeneration is the generation of the spec that this status speaks of; -1 before the first look.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration"`

	// state is the least advanced of the entitlements' states.
	// +optional
	State GrantState `json:"state,omitempty"`

	// firstGrantedAt is when the first entitlement was first granted; maxDuration counts from it.
	// +optional
	FirstGrantedAt *metav1.Time `json:"firstGrantedAt,omitempty"`

	// expiresAt in force: the spec's, bounded by firstGrantedAt + maxDuration.
	// +optional
	ExpiresAt *metav1.Time `json:"expiresAt,omitempty"`

	// owed is how many entitlements still have to be proven revoked.
	// +optional
	Owed int32 `json:"owed"`

	// owedSince is when the oldest of them became owed.
	// +optional
	OwedSince *metav1.Time `json:"owedSince,omitempty"`

	// entitlements has one row for each target and subject, written before the first call.
	// +optional
	// +listType=map
	// +listMapKey=key
	// +kubebuilder:validation:MaxItems=512
	Entitlements []EntitlementStatus `json:"entitlements,omitempty"`

	// conditions are Ready (granted and verified, or wholly revoked).
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// EntitlementStatus is one entitlement at one target for one subject.
type EntitlementStatus struct {
	// key is a digest of provider, target and subject.
	// +required
	// +kubebuilder:validation:MaxLength=64
	Key string `json:"key"`

	// name of the entitlement in the profile.
	// +required
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`

	// provider is the AccessProvider's name.
	// +required
	// +kubebuilder:validation:MaxLength=253
	Provider string `json:"provider"`

	// target in the target system, in the provider's own words; enough to revoke by when the profile is gone.
	// +required
	// +kubebuilder:validation:MaxLength=1024
	Target string `json:"target"`

	// subject is the account in the target system.
	// +required
	// +kubebuilder:validation:MaxLength=512
	Subject string `json:"subject"`

	// handle is how the target system itself identifies what was read back, so that it is found again after it was renamed.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	Handle string `json:"handle,omitempty"`

	// preexisted says that the subject had this access before the first grant.
	// +optional
	Preexisted bool `json:"preexisted,omitempty"`

	// state of the entitlement.
	// +required
	State GrantState `json:"state"`

	// since when it has been in this state.
	// +optional
	Since *metav1.Time `json:"since,omitempty"`

	// grantedAt is when it was first granted.
	// +optional
	GrantedAt *metav1.Time `json:"grantedAt,omitempty"`

	// verifiedAt is when the present state was first read back.
	// +optional
	VerifiedAt *metav1.Time `json:"verifiedAt,omitempty"`

	// expiresAt is the expiry read back from the target, where it can expire access itself.
	// +optional
	ExpiresAt *metav1.Time `json:"expiresAt,omitempty"`

	// revokeRequestedAt is when its revocation became owed.
	// +optional
	RevokeRequestedAt *metav1.Time `json:"revokeRequestedAt,omitempty"`

	// revokedAt is when it was read back as gone.
	// +optional
	RevokedAt *metav1.Time `json:"revokedAt,omitempty"`

	// evidence is what was read back, in short: never a secret.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Evidence string `json:"evidence,omitempty"`

	// attempts since the last success.
	// +optional
	Attempts int32 `json:"attempts,omitempty"`

	// lastError of the last attempt: never a secret.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	LastError string `json:"lastError,omitempty"`

	// nextTry is when it is tried again.
	// +optional
	NextTry *metav1.Time `json:"nextTry,omitempty"`
}

// AttestedEvidence begins the evidence of what a custodian attested, which nothing could read back.
const AttestedEvidence = "attested: "

// Had says whether the subject has this access: it was read back, it was there before, or its custodian attested that it was handed out.
func (e *EntitlementStatus) Had() bool {
	switch e.State {
	case GrantVerified, GrantPreexisting:
		return true
	case GrantGranted:
		return strings.HasPrefix(e.Evidence, AttestedEvidence)
	default:
		return false
	}
}

// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=accessgrants,shortName=ag,categories=longshore
// +kubebuilder:selectablefield:JSONPath=`.spec.engagementRef.name`
// +kubebuilder:selectablefield:JSONPath=`.spec.profile`
// +kubebuilder:selectablefield:JSONPath=`.spec.workerRef.name`
// +kubebuilder:selectablefield:JSONPath=`.status.state`
// +kubebuilder:printcolumn:name="Engagement",type=string,JSONPath=`.spec.engagementRef.name`
// +kubebuilder:printcolumn:name="Worker",type=string,JSONPath=`.spec.workerRef.name`
// +kubebuilder:printcolumn:name="Profile",type=string,JSONPath=`.spec.profile`
// +kubebuilder:printcolumn:name="State",type=string,JSONPath=`.status.state`
// +kubebuilder:printcolumn:name="Owed",type=integer,JSONPath=`.status.owed`
// +kubebuilder:printcolumn:name="Expires",type=string,JSONPath=`.status.expiresAt`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,priority=1

// AccessGrant is one engagement × one profile: what was granted where, verified, expiring, revoked. The operator alone writes it; it stays until its revocation is proven and sealed.
type AccessGrant struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is what the engagement asks for.
	// +required
	Spec AccessGrantSpec `json:"spec"`

	// status is what the operator knows.
	// +optional
	// +default={"observedGeneration": -1}
	Status AccessGrantStatus `json:"status,omitzero"`
}

// +kubebuilder:object:root=true

// AccessGrantList is a list of AccessGrants.
type AccessGrantList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []AccessGrant `json:"items"`
}
