package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// DeliverableState says how far a deliverable is.
// +kubebuilder:validation:Enum=Open;Submitted;Revise;Disputed;PartlyAccepted;Accepted;Lapsed;HandedOver
type DeliverableState string

// The states of a deliverable.
const (
	DeliverableOpen           DeliverableState = "Open"
	DeliverableSubmitted      DeliverableState = "Submitted"
	DeliverableRevise         DeliverableState = "Revise"
	DeliverableDisputed       DeliverableState = "Disputed"
	DeliverablePartlyAccepted DeliverableState = "PartlyAccepted"
	DeliverableAccepted       DeliverableState = "Accepted"
	// DeliverableLapsed was not accepted within its time.
	DeliverableLapsed DeliverableState = "Lapsed"
	// DeliverableHandedOver was taken over by a successor.
	DeliverableHandedOver DeliverableState = "HandedOver"
)

// DeliverableStatus is how far a deliverable is.
type DeliverableStatus struct {
	// name of the deliverable.
	// +required
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`

	// state of the deliverable.
	// +required
	State DeliverableState `json:"state"`

	// rounds of revision that the worker caused.
	// +optional
	Rounds int32 `json:"rounds"`

	// clientRounds are rounds of revision that the client caused.
	// +optional
	ClientRounds int32 `json:"clientRounds,omitempty"`

	// submittedAt is the first submission, by which it is on time or late.
	// +optional
	SubmittedAt *metav1.Time `json:"submittedAt,omitempty"`

	// acceptedAt is when it was accepted.
	// +optional
	AcceptedAt *metav1.Time `json:"acceptedAt,omitempty"`

	// onTime says whether it was first submitted when due; absent while open and not late.
	// +optional
	OnTime *bool `json:"onTime,omitempty"`

	// acceptedAmount in the budget's currency.
	// +optional
	// +kubebuilder:validation:MaxLength=16
	AcceptedAmount string `json:"acceptedAmount,omitempty"`
}

// EvaluationRecord is one evaluation that counts.
type EvaluationRecord struct {
	// uid of the Evaluation.
	// +required
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=64
	UID types.UID `json:"uid"`

	// name of the Evaluation.
	// +required
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`

	// kind of the Evaluation.
	// +required
	Kind EvaluationKind `json:"kind"`

	// evaluator who gave it.
	// +required
	// +kubebuilder:validation:MaxLength=256
	Evaluator string `json:"evaluator"`

	// period that it covers.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	Period string `json:"period,omitempty"`

	// score from 0 to 100 with one decimal.
	// +required
	// +kubebuilder:validation:MaxLength=8
	Score string `json:"score"`

	// at is when it was given.
	// +required
	At metav1.Time `json:"at"`

	// digest of the Evaluation's spec, as sha256:<hex>.
	// +optional
	// +kubebuilder:validation:MaxLength=71
	Digest string `json:"digest,omitempty"`
}

// ReviewStatus says which periodic evaluations were held and which were missed.
type ReviewStatus struct {
	// held is how many periods have an evaluation.
	// +optional
	Held int32 `json:"held"`

	// missed is how many periods passed without one.
	// +optional
	Missed int32 `json:"missed"`

	// nextDue is when the current period's evaluation is due.
	// +optional
	NextDue *metav1.Time `json:"nextDue,omitempty"`
}

// KPIValue is one key performance indicator with its sample.
type KPIValue struct {
	// name of the KPI, as in the Scorecard.
	// +required
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`

	// value as a decimal.
	// +required
	// +kubebuilder:validation:MaxLength=32
	Value string `json:"value"`

	// sample is how many things were measured.
	// +optional
	Sample int32 `json:"sample"`
}

// Spend is the money side of an engagement.
type Spend struct {
	// currency of all amounts.
	// +required
	// +kubebuilder:validation:MaxLength=3
	Currency string `json:"currency"`

	// committed is promised but not yet accepted.
	// +required
	// +kubebuilder:validation:MaxLength=20
	Committed string `json:"committed"`

	// accepted is owed for accepted work.
	// +required
	// +kubebuilder:validation:MaxLength=20
	Accepted string `json:"accepted"`

	// remaining is the budget less committed and accepted.
	// +required
	// +kubebuilder:validation:MaxLength=20
	Remaining string `json:"remaining"`
}
