package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// EvaluationKind says what an evaluation is for.
// +kubebuilder:validation:Enum=Periodic;Final;Screening
type EvaluationKind string

// The kinds of evaluation.
const (
	EvaluationPeriodic  EvaluationKind = "Periodic"
	EvaluationFinal     EvaluationKind = "Final"
	EvaluationScreening EvaluationKind = "Screening"
)

// EvaluationSpec is a filled-in scorecard.
// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="an evaluation is immutable: create a new one"
// +kubebuilder:validation:XValidation:rule="(has(self.engagementRef) ? 1 : 0) + (has(self.assignmentRef) ? 1 : 0) + (has(self.workerRef) ? 1 : 0) == 1",message="exactly one of engagementRef, assignmentRef and workerRef is given"
// +kubebuilder:validation:XValidation:rule="has(self.workerRef) == has(self.poolRef)",message="workerRef and poolRef go together"
// +kubebuilder:validation:XValidation:rule="(self.kind == 'Screening') == has(self.workerRef)",message="kind Screening is for a worker of a pool, and only that is"
// +kubebuilder:validation:XValidation:rule="self.kind != 'Periodic' || has(self.period)",message="a periodic evaluation names its period"
type EvaluationSpec struct {
	// engagementRef is the engagement that is judged.
	// +optional
	EngagementRef *LocalReference `json:"engagementRef,omitempty"`

	// assignmentRef is the assignment that is judged. In this version such an evaluation is marked Ignored: evaluate the engagement, by engagementRef.
	// +optional
	AssignmentRef *LocalReference `json:"assignmentRef,omitempty"`

	// workerRef is the worker who is screened.
	// +optional
	WorkerRef *LocalReference `json:"workerRef,omitempty"`

	// poolRef is the pool for which the worker is screened.
	// +optional
	PoolRef *LocalReference `json:"poolRef,omitempty"`

	// scorecardRef is the rubric; it must be the one that the subject asks for.
	// +required
	ScorecardRef LocalReference `json:"scorecardRef"`

	// kind is Periodic, Final or Screening.
	// +required
	Kind EvaluationKind `json:"kind"`

	// period that it covers, counted from the start by the cadence: "1" is the first. One evaluation counts per author and period.
	// +optional
	// +kubebuilder:validation:Pattern=`^[1-9][0-9]{0,4}$`
	// +kubebuilder:validation:MaxLength=5
	Period string `json:"period,omitempty"`

	// scores has one row for each criterion.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=32
	Scores []CriterionScore `json:"scores,omitempty"`

	// kpis that the scorecard asks to be reported.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=32
	KPIs []ReportedKPI `json:"kpis,omitempty"`

	// comment for people; it is not copied anywhere.
	// +optional
	// +kubebuilder:validation:MaxLength=4096
	Comment string `json:"comment,omitempty"`

	// author is filled in at admission when absent; any other value than the caller is refused.
	// +optional
	Author *Author `json:"author,omitempty"`
}

// CriterionScore is the score of one criterion.
type CriterionScore struct {
	// name of the criterion.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`

	// score on the criterion's scale, as a decimal.
	// +required
	// +kubebuilder:validation:Pattern=`^[0-9]{1,4}(\.[0-9]{1,2})?$`
	// +kubebuilder:validation:MaxLength=8
	Score string `json:"score"`
}

// ReportedKPI is the value of one KPI with its sample.
type ReportedKPI struct {
	// name of the KPI.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`

	// value as a decimal.
	// +required
	// +kubebuilder:validation:Pattern=`^-?[0-9]{1,12}(\.[0-9]{1,6})?$`
	// +kubebuilder:validation:MaxLength=20
	Value string `json:"value"`

	// sample is how many things were measured.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100000000
	Sample int32 `json:"sample"`
}

// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=evaluations,shortName=eval,categories=longshore
// +kubebuilder:selectablefield:JSONPath=`.spec.engagementRef.name`
// +kubebuilder:selectablefield:JSONPath=`.spec.kind`
// +kubebuilder:printcolumn:name="Kind",type=string,JSONPath=`.spec.kind`
// +kubebuilder:printcolumn:name="Engagement",type=string,JSONPath=`.spec.engagementRef.name`
// +kubebuilder:printcolumn:name="Period",type=string,JSONPath=`.spec.period`
// +kubebuilder:printcolumn:name="Author",type=string,JSONPath=`.spec.author.username`
// +kubebuilder:printcolumn:name="Standing",type=string,JSONPath=`.status.state`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Why",type=string,JSONPath=`.status.message`,priority=1

// Evaluation is an immutable, authenticated, filled-in scorecard. It gets a status only when it does not count.
type Evaluation struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is the filled-in scorecard.
	// +required
	Spec EvaluationSpec `json:"spec"`

	// status says why the evaluation does not count; absent while it does.
	// +optional
	Status *Standing `json:"status,omitempty"`
}

// +kubebuilder:object:root=true

// EvaluationList is a list of Evaluations.
type EvaluationList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Evaluation `json:"items"`
}
