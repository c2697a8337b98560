package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// DossierSpec is the sealed file of a closed engagement. The hashes cover salted digests; clear values and salts sit in personal, which can be erased with the chain intact.
// +kubebuilder:validation:XValidation:rule="self.record == oldSelf.record && self.hash == oldSelf.hash && self.previous == oldSelf.previous",message="a dossier is sealed: only personal can be erased"
// +kubebuilder:validation:XValidation:rule="!has(self.personal) || (has(oldSelf.personal) && self.personal == oldSelf.personal)",message="personal can be erased whole, and not changed"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.erasure) || has(self.erasure)",message="a request to erase stands: decide on it with erasure.decision"
type DossierSpec struct {
	// previous is the hash of the Dossier before this one in the chain; of the first, sha256: and 64 zeros.
	// +required
	// +kubebuilder:validation:Pattern=`^sha256:[0-9a-f]{64}$`
	// +kubebuilder:validation:MaxLength=71
	Previous string `json:"previous"`

	// hash is the RFC 8785 digest of sequence, previous and record.
	// +required
	// +kubebuilder:validation:Pattern=`^sha256:[0-9a-f]{64}$`
	// +kubebuilder:validation:MaxLength=71
	Hash string `json:"hash"`

	// record is what is sealed.
	// +required
	Record DossierRecord `json:"record"`

	// personal holds the clear values and salts behind the record's digests.
	// +optional
	// +listType=map
	// +listMapKey=key
	// +kubebuilder:validation:MaxItems=1200
	Personal []PersonalValue `json:"personal,omitempty"`

	// erasure asks to erase personal before the end of retention. Whoever asks, or decides, needs the verb erase.
	// +optional
	Erasure *Erasure `json:"erasure,omitempty"`
}

// ErasureDecision decides between a request to erase and a duty to keep.
// +kubebuilder:validation:Enum=Erase;Keep
type ErasureDecision string

// The decisions on a conflict between erasure and retention.
const (
	// ErasureErase erases at once.
	ErasureErase ErasureDecision = "Erase"
	// ErasureKeep keeps until the end of retention.
	ErasureKeep ErasureDecision = "Keep"
)

// Erasure is a request to erase what is personal in a sealed file.
type Erasure struct {
	// reason for it, without personal data: for example the number of the request.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Reason string `json:"reason"`

	// decision where a policy's retention has not passed yet: Erase or Keep. Without one the conflict is shown, and nothing is erased until the end of retention.
	// +optional
	Decision ErasureDecision `json:"decision,omitempty"`

	// by whom it was asked for or, where there is a decision, decided; filled by the API server when absent, any other value is refused.
	// +optional
	By *Author `json:"by,omitempty"`
}

// PersonalValue is the clear value behind a salted digest.
type PersonalValue struct {
	// key by which the record names it.
	// +required
	// +kubebuilder:validation:MaxLength=63
	Key string `json:"key"`

	// salt in hexadecimal; digest = SHA-256 of salt, a line feed, and value.
	// +required
	// +kubebuilder:validation:MaxLength=64
	Salt string `json:"salt"`

	// value in clear.
	// +required
	// +kubebuilder:validation:MaxLength=1024
	Value string `json:"value"`
}

// PersonalDigest stands for a personal value in the record.
type PersonalDigest struct {
	// key of the value in personal.
	// +required
	// +kubebuilder:validation:MaxLength=63
	Key string `json:"key"`

	// digest of salt and value, as sha256:<hex>.
	// +required
	// +kubebuilder:validation:MaxLength=71
	Digest string `json:"digest"`
}

// DossierRecord is what is sealed.
type DossierRecord struct {
	// sequence number in the chain; the Dossier's name is the same number with leading zeros.
	// +required
	// +kubebuilder:validation:Minimum=1
	Sequence int64 `json:"sequence"`

	// sealedAt is when.
	// +required
	SealedAt metav1.Time `json:"sealedAt"`

	// retainUntil is the end of retention, where a policy sets one.
	// +optional
	RetainUntil *metav1.Time `json:"retainUntil,omitempty"`

	// retainedBy is the policy that sets it, with its source.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	RetainedBy string `json:"retainedBy,omitempty"`

	// namespace of the engagement.
	// +required
	// +kubebuilder:validation:MaxLength=63
	Namespace string `json:"namespace"`

	// engagement by name.
	// +required
	// +kubebuilder:validation:MaxLength=253
	Engagement string `json:"engagement"`

	// uid of the engagement.
	// +required
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=64
	UID types.UID `json:"uid"`

	// outcome of the engagement.
	// +required
	Outcome Outcome `json:"outcome"`

	// ending says what ended it.
	// +optional
	Ending *Ending `json:"ending,omitempty"`

	// rehire decision.
	// +optional
	Rehire Rehire `json:"rehire,omitempty"`

	// person is the digest of the worker's personKey.
	// +optional
	Person *PersonalDigest `json:"person,omitempty"`

	// pool that the worker was drawn from, as namespace/name.
	// +optional
	// +kubebuilder:validation:MaxLength=317
	Pool string `json:"pool,omitempty"`

	// start of the work as accepted.
	// +optional
	Start *metav1.Time `json:"start,omitempty"`

	// end of the work as it happened.
	// +optional
	End *metav1.Time `json:"end,omitempty"`

	// terms is the hash of the accepted terms.
	// +optional
	// +kubebuilder:validation:MaxLength=71
	Terms string `json:"terms,omitempty"`

	// phases is the timeline.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=7
	Phases []PhaseTime `json:"phases,omitempty"`

	// attestations by digest.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=1024
	Attestations []SealedStatement `json:"attestations,omitempty"`

	// evaluations by digest.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=256
	Evaluations []SealedStatement `json:"evaluations,omitempty"`

	// steps of onboarding and offboarding as they were left.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=128
	Steps []SealedStep `json:"steps,omitempty"`

	// deliverables as they were left.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=128
	Deliverables []DeliverableStatus `json:"deliverables,omitempty"`

	// score of the engagement.
	// +optional
	// +kubebuilder:validation:MaxLength=8
	Score string `json:"score,omitempty"`

	// spend at the end.
	// +optional
	Spend *Spend `json:"spend,omitempty"`

	// access is the evidence for every entitlement.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=1024
	Access []SealedAccess `json:"access,omitempty"`

	// evidence of knowledge handed over and of intellectual property returned, as the attestations gave it.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=256
	Evidence []Evidence `json:"evidence,omitempty"`

	// folded stands for rows that were left out to keep the file below 256 KiB.
	// +optional
	// +listType=map
	// +listMapKey=list
	// +kubebuilder:validation:MaxItems=8
	Folded []SealedRest `json:"folded,omitempty"`
}

// SealedRest stands for the rows of one list that were left out.
type SealedRest struct {
	// list that they belong to: attestations, evaluations, access or evidence.
	// +required
	// +kubebuilder:validation:MaxLength=63
	List string `json:"list"`

	// count of the rows.
	// +required
	// +kubebuilder:validation:Minimum=1
	Count int32 `json:"count"`

	// digest of the rows as the engagement and its grants recorded them, in the canonical form of RFC 8785, as sha256:<hex>.
	// +required
	// +kubebuilder:validation:MaxLength=71
	Digest string `json:"digest"`
}

// SealedStatement stands for an attestation or an evaluation.
type SealedStatement struct {
	// claim of the attestation, or kind and period of the evaluation.
	// +required
	// +kubebuilder:validation:MaxLength=317
	Claim string `json:"claim"`

	// verdict of the attestation, or score of the evaluation.
	// +required
	// +kubebuilder:validation:MaxLength=63
	Verdict string `json:"verdict"`

	// at is when it was said.
	// +required
	At metav1.Time `json:"at"`

	// author as a digest.
	// +required
	Author PersonalDigest `json:"author"`

	// digest of the whole statement as recorded, as sha256:<hex>.
	// +required
	// +kubebuilder:validation:MaxLength=71
	Digest string `json:"digest"`

	// ignored says why it did not count.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	Ignored string `json:"ignored,omitempty"`
}

// SealedStep is a step as it was left.
type SealedStep struct {
	// name as <area>/<step>.
	// +required
	// +kubebuilder:validation:MaxLength=127
	Name string `json:"name"`

	// state in which it was left.
	// +required
	State StepState `json:"state"`

	// since when.
	// +optional
	Since *metav1.Time `json:"since,omitempty"`
}

// SealedAccess is the evidence for one entitlement.
type SealedAccess struct {
	// profile that was granted.
	// +required
	// +kubebuilder:validation:MaxLength=63
	Profile string `json:"profile"`

	// entitlement of the profile.
	// +required
	// +kubebuilder:validation:MaxLength=63
	Entitlement string `json:"entitlement"`

	// provider of the target.
	// +required
	// +kubebuilder:validation:MaxLength=253
	Provider string `json:"provider"`

	// target in the target system.
	// +required
	// +kubebuilder:validation:MaxLength=1024
	Target string `json:"target"`

	// subject as a digest.
	// +required
	Subject PersonalDigest `json:"subject"`

	// state in which it was left.
	// +required
	State GrantState `json:"state"`

	// preexisted says that the access was there before.
	// +optional
	Preexisted bool `json:"preexisted,omitempty"`

	// grantedAt is when it was granted.
	// +optional
	GrantedAt *metav1.Time `json:"grantedAt,omitempty"`

	// verifiedAt is when the final state was read back; absent where it was attested.
	// +optional
	VerifiedAt *metav1.Time `json:"verifiedAt,omitempty"`

	// revokedAt is when it was read back as gone; absent where it was attested.
	// +optional
	RevokedAt *metav1.Time `json:"revokedAt,omitempty"`

	// evidence is what was read back or, where nothing can be, what was attested, without the subject; it ends in … where it was cut to keep the file small.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Evidence string `json:"evidence,omitempty"`

	// custody is what custodians attested of an item that people hand out and take back, in the order in which they did. None of it was read back.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=3
	Custody []SealedCustody `json:"custody,omitempty"`
}

// SealedCustody is what a custodian attested.
type SealedCustody struct {
	// verdict is HandedOut, Checked or Returned.
	// +required
	// +kubebuilder:validation:MaxLength=63
	Verdict string `json:"verdict"`

	// at is when it was attested.
	// +required
	At metav1.Time `json:"at"`

	// by is who attested it, as a digest.
	// +required
	By PersonalDigest `json:"by"`

	// evidence that was given for it.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=4
	Evidence []Evidence `json:"evidence,omitempty"`
}

// DossierStatus is what became of what is personal in a sealed file.
type DossierStatus struct {
	// conditions are Erased: True once personal is gone; False, with what stands against it, while it is kept although its erasure was asked for.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=8
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=dossiers,scope=Cluster,shortName=dos,categories=longshore
// +kubebuilder:selectablefield:JSONPath=`.spec.record.namespace`
// +kubebuilder:selectablefield:JSONPath=`.spec.record.engagement`
// +kubebuilder:selectablefield:JSONPath=`.spec.record.uid`
// +kubebuilder:printcolumn:name="Namespace",type=string,JSONPath=`.spec.record.namespace`
// +kubebuilder:printcolumn:name="Engagement",type=string,JSONPath=`.spec.record.engagement`
// +kubebuilder:printcolumn:name="Outcome",type=string,JSONPath=`.spec.record.outcome`
// +kubebuilder:printcolumn:name="Sealed",type=string,JSONPath=`.spec.record.sealedAt`
// +kubebuilder:printcolumn:name="Retain until",type=string,JSONPath=`.spec.record.retainUntil`
// +kubebuilder:printcolumn:name="Erased",type=string,JSONPath=`.status.conditions[?(@.type=="Erased")].reason`
// +kubebuilder:printcolumn:name="Hash",type=string,JSONPath=`.spec.hash`,priority=1

// Dossier is the sealed file of a closed engagement, hash-chained; it outlives its namespace. Its name is its sequence number in the chain. The operator alone
// writes it; whoever holds the verb erase can ask to erase what is personal in it.
type Dossier struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is what is sealed.
	// +required
	Spec DossierSpec `json:"spec"`

	// status is absent until personal is erased, or its erasure is asked for.
	// +optional
	Status *DossierStatus `json:"status,omitempty"`
}

// +kubebuilder:object:root=true

// DossierList is a list of Dossiers.
type DossierList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Dossier `json:"items"`
}
