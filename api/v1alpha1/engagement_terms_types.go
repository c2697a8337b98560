package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// StatementOfWork is what is to be done, by when, and for how much.
// +kubebuilder:validation:XValidation:rule="timestamp(self.end) - timestamp(self.start) >= duration('1s')",message="end must be after start, by a second at least"
// +kubebuilder:validation:XValidation:rule="!has(self.rate) || self.rate.currency == self.budget.currency",message="rate.currency must be budget.currency: amounts of unequal currencies are never converted"
// +kubebuilder:validation:XValidation:rule="!has(self.deliverables) || self.deliverables.all(d, timestamp(d.due) <= timestamp(self.end))",message="every deliverable must be due by the end"
// +kubebuilder:validation:XValidation:rule="!has(self.deliverables) || self.deliverables.map(d, (has(d.description) ? size(d.description) : 0) + (has(d.acceptanceCriteria) ? d.acceptanceCriteria.map(c, size(c)).sum() : 0)).sum() <= 32768",message="descriptions and acceptanceCriteria of all deliverables have at most 32768 characters together: keep the long form in the document of terms.documentURI"
type StatementOfWork struct {
	// summary of the work.
	// +optional
	// +kubebuilder:validation:MaxLength=4096
	Summary string `json:"summary,omitempty"`

	// start of the work. In the years 2000 to 2199.
	// +required
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Format=date-time
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`
	// +kubebuilder:validation:XValidation:rule="self >= timestamp('2000-01-01T00:00:00Z') && self < timestamp('2200-01-01T00:00:00Z')",message="must be in the years 2000 to 2199 (UTC)"
	Start metav1.Time `json:"start"`

	// end of the work; access ends then, plus the smaller of both graces. In the years 2000 to 2199.
	// +required
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Format=date-time
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`
	// +kubebuilder:validation:XValidation:rule="self >= timestamp('2000-01-01T00:00:00Z') && self < timestamp('2200-01-01T00:00:00Z')",message="must be in the years 2000 to 2199 (UTC)"
	End metav1.Time `json:"end"`

	// budget is the most that may be spent.
	// +required
	Budget Money `json:"budget"`

	// rate that is offered. Default: the worker's own base rate at the time of the offer, times the tier's multiplier.
	// +optional
	Rate *Rate `json:"rate,omitempty"`

	// deliverables that are handed over and accepted. Their amounts are in the budget's currency and may not exceed it together, nor their descriptions and criteria 32768 characters.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=64
	Deliverables []Deliverable `json:"deliverables,omitempty"`

	// acceptWithin is how long after the end a deliverable submitted in time can still be accepted, as a Go duration; undecided then, it is Lapsed. Default: 120h.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=20
	// +kubebuilder:validation:Pattern=`^([0-9]{1,5}(\.[0-9]{1,3}s|ms|s|m|h))+$`
	// +kubebuilder:validation:XValidation:rule="duration(self) <= duration('87600h')",message="must be at most 87600h, ten years"
	AcceptWithin *metav1.Duration `json:"acceptWithin,omitempty"`

	// startGrace is how long the start may stay unconfirmed after the later of start and readiness, as a Go duration; then it is a NoShow. Default: 24h.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=20
	// +kubebuilder:validation:Pattern=`^([0-9]{1,5}(\.[0-9]{1,3}s|ms|s|m|h))+$`
	// +kubebuilder:validation:XValidation:rule="duration(self) <= duration('87600h')",message="must be at most 87600h, ten years"
	StartGrace *metav1.Duration `json:"startGrace,omitempty"`

	// terms are the legal terms.
	// +optional
	Terms *LegalTerms `json:"terms,omitempty"`
}

// Deliverable is one thing to be handed over and accepted.
type Deliverable struct {
	// name of the deliverable.
	// +required
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`

	// description for people.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	Description string `json:"description,omitempty"`

	// acceptanceCriteria by which it is accepted.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=8
	// +kubebuilder:validation:items:MaxLength=128
	AcceptanceCriteria []string `json:"acceptanceCriteria,omitempty"`

	// due is when it must first be submitted to be on time. In the years 2000 to 2199.
	// +required
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Format=date-time
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`
	// +kubebuilder:validation:XValidation:rule="self >= timestamp('2000-01-01T00:00:00Z') && self < timestamp('2200-01-01T00:00:00Z')",message="must be in the years 2000 to 2199 (UTC)"
	Due metav1.Time `json:"due"`

	// amount paid on acceptance, in the budget's currency: a non-negative decimal with at most three places.
	// +optional
	// +kubebuilder:validation:Pattern=`^[0-9]{1,12}(\.[0-9]{1,3})?$`
	// +kubebuilder:validation:MaxLength=16
	Amount string `json:"amount,omitempty"`

	// points is the size of the deliverable in the team's own points.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=10000
	Points int32 `json:"points,omitempty"`

	// maxRounds is how many rounds of revision the worker owes within the amount; a further Revise is still recorded and is put to the Manager. Default: unlimited.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	MaxRounds *int32 `json:"maxRounds,omitempty"`
}

// LegalTerms are the legal terms of a statement of work.
type LegalTerms struct {
	// ipAssignment says that intellectual property passes to the client. Default: false.
	// +optional
	IPAssignment bool `json:"ipAssignment,omitempty"`

	// noticePeriod either side keeps before ending without cause, as an ISO 8601 period, for example P7D. Default: none.
	// +optional
	// +kubebuilder:validation:Pattern=`^P([0-9]{1,3}Y)?([0-9]{1,4}M)?([0-9]{1,4}W)?([0-9]{1,5}D)?$`
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=24
	NoticePeriod string `json:"noticePeriod,omitempty"`

	// documentURI is where the contract is kept.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	DocumentURI string `json:"documentURI,omitempty"`

	// sha256 is the contract's digest in lower-case hexadecimal.
	// +optional
	// +kubebuilder:validation:Pattern=`^[0-9a-f]{64}$`
	// +kubebuilder:validation:MaxLength=64
	SHA256 string `json:"sha256,omitempty"`
}

// Classification is the legal form of the work and the facts it rests on.
type Classification struct {
	// workerType is the legal form.
	// +required
	WorkerType WorkerType `json:"workerType"`

	// jurisdiction where the work is done, as ISO 3166 country or subdivision, for example DE or US-CA.
	// +required
	// +kubebuilder:validation:Pattern=`^[A-Z]{2}(-[A-Z0-9]{1,3})?$`
	// +kubebuilder:validation:MinLength=2
	// +kubebuilder:validation:MaxLength=6
	Jurisdiction string `json:"jurisdiction"`

	// facts that a classification test asks for, as the requester sees them; they count only through an attested determination. Names have at most 128 characters, values 256.
	// +optional
	// +kubebuilder:validation:MaxProperties=64
	// +kubebuilder:validation:XValidation:rule="self.all(fact, size(fact) <= 128 && size(self[fact]) <= 256)",message="a fact's name has at most 128 characters, and its value 256"
	Facts map[string]string `json:"facts,omitempty"`
}

// ProposedTerms is what an approval covers.
type ProposedTerms struct {
	// hash is the RFC 8785 digest of the spec's statement of work, access, classification and grace, as sha256:<hex>.
	// +required
	// +kubebuilder:validation:MaxLength=71
	Hash string `json:"hash"`

	// classification is the RFC 8785 digest of the spec's classification alone, as sha256:<hex>: what a determination covers.
	// +optional
	// +kubebuilder:validation:MaxLength=71
	Classification string `json:"classification,omitempty"`
}

// AcceptedTerms are the terms that a worker accepted.
type AcceptedTerms struct {
	// statementOfWork as accepted.
	// +required
	StatementOfWork StatementOfWork `json:"statementOfWork"`

	// access as accepted.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=16
	Access []AccessRequest `json:"access,omitempty"`

	// classification as accepted.
	// +required
	Classification Classification `json:"classification"`

	// accessGrace as accepted.
	// +optional
	AccessGrace *metav1.Duration `json:"accessGrace,omitempty"`

	// inherited deliverables, taken over from the engagement that is replaced.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=64
	Inherited []Deliverable `json:"inherited,omitempty"`

	// worker who accepted.
	// +required
	// +kubebuilder:validation:MaxLength=253
	Worker string `json:"worker"`

	// rate as accepted.
	// +optional
	Rate *Rate `json:"rate,omitempty"`

	// proposed is the hash of the spec's part of these terms; while it equals status.proposed.hash nothing is being amended.
	// +required
	// +kubebuilder:validation:MaxLength=71
	Proposed string `json:"proposed"`

	// hash that the worker accepted, as sha256:<hex>.
	// +required
	// +kubebuilder:validation:MaxLength=71
	Hash string `json:"hash"`

	// acceptedAt is when.
	// +required
	AcceptedAt metav1.Time `json:"acceptedAt"`
}

// AmendmentState says how far a change of terms is.
// +kubebuilder:validation:Enum=AwaitingApproval;AwaitingWorker;Refused;Unanswered;Invalid
type AmendmentState string

// The states of an amendment.
const (
	AmendmentAwaitingApproval AmendmentState = "AwaitingApproval"
	AmendmentAwaitingWorker   AmendmentState = "AwaitingWorker"
	AmendmentRefused          AmendmentState = "Refused"
	AmendmentUnanswered       AmendmentState = "Unanswered"
	AmendmentInvalid          AmendmentState = "Invalid"
)

// AmendmentStatus is a change of terms after acceptance that is under way.
type AmendmentStatus struct {
	// hash of the proposed terms, as in status.proposed.
	// +required
	// +kubebuilder:validation:MaxLength=71
	Hash string `json:"hash"`

	// state of the amendment.
	// +required
	State AmendmentState `json:"state"`

	// needsApproval says that the change is dearer, longer, more access, or of another worker type or jurisdiction.
	// +optional
	NeedsApproval bool `json:"needsApproval,omitempty"`

	// since when these terms are proposed.
	// +required
	Since metav1.Time `json:"since"`

	// expiresAt is when it counts as unanswered.
	// +optional
	ExpiresAt *metav1.Time `json:"expiresAt,omitempty"`

	// message says what changes, or why it cannot.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Message string `json:"message,omitempty"`
}
