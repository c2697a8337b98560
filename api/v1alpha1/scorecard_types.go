package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ScorecardSpec is what is measured, and how.
// +kubebuilder:validation:XValidation:rule="(has(self.criteria) && size(self.criteria) > 0) || (has(self.kpis) && size(self.kpis) > 0)",message="a scorecard needs at least one criterion or one KPI"
type ScorecardSpec struct {
	// description for people.
	// +optional
	// +kubebuilder:validation:MaxLength=2048
	Description string `json:"description,omitempty"`

	// criteria that a reviewer scores.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=32
	Criteria []Criterion `json:"criteria,omitempty"`

	// kpis that are computed from the engagement or reported by the reviewer.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=32
	KPIs []KPI `json:"kpis,omitempty"`

	// passMark is the lowest score that counts as passed, 0 to 100. Default: 0.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	PassMark int32 `json:"passMark,omitempty"`

	// reviewers who may evaluate.
	// +optional
	Reviewers *Reviewers `json:"reviewers,omitempty"`
}

// Criterion is scored by a reviewer on a scale.
// +kubebuilder:validation:XValidation:rule="self.max > self.min",message="max must be above min"
// +kubebuilder:validation:XValidation:rule="!has(self.anchors) || self.anchors.all(a, a.score >= self.min && a.score <= self.max)",message="every anchor must lie on the scale"
type Criterion struct {
	// name of the criterion.
	// +required
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`

	// description of what is judged.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Description string `json:"description,omitempty"`

	// weight relative to the other criteria and KPIs.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	Weight int32 `json:"weight"`

	// min is the worst score on the scale.
	// +required
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=1000
	Min int32 `json:"min"`

	// max is the best score on the scale.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	Max int32 `json:"max"`

	// anchors say what a score means.
	// +optional
	// +listType=map
	// +listMapKey=score
	// +kubebuilder:validation:MaxItems=16
	Anchors []Anchor `json:"anchors,omitempty"`
}

// Anchor says what a score means.
type Anchor struct {
	// score on the criterion's scale.
	// +required
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=1000
	Score int32 `json:"score"`

	// meaning of the score.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Meaning string `json:"meaning"`
}

// KPISource says where a KPI's value comes from.
// +kubebuilder:validation:Enum=OnTimeDeliveryRate;RevisionRounds;PointsAccepted;NoShowRate;Reported
type KPISource string

// The sources of KPIs. All but Reported are computed by the operator.
const (
	// KPIOnTimeDeliveryRate is the share of due deliverables and assignments first submitted in time, 0 to 1.
	KPIOnTimeDeliveryRate KPISource = "OnTimeDeliveryRate"
	// KPIRevisionRounds is the mean number of revision rounds the worker caused per submitted deliverable or assignment.
	KPIRevisionRounds KPISource = "RevisionRounds"
	// KPIPointsAccepted is the sum of the points of accepted deliverables and assignments.
	KPIPointsAccepted KPISource = "PointsAccepted"
	// KPINoShowRate is 1 where the start was not confirmed, else 0.
	KPINoShowRate KPISource = "NoShowRate"
	// KPIReported is given in the Evaluation.
	KPIReported KPISource = "Reported"
)

// KPI is measured, and scored between worst and target.
// +kubebuilder:validation:XValidation:rule="double(self.target) != double(self.worst)",message="target and worst must differ"
// +kubebuilder:validation:XValidation:rule="!has(self.band) || (double(self.target) >= double(self.band.low) && double(self.target) <= double(self.band.high))",message="target lies outside the band, within which every value scores 100: set it within"
// +kubebuilder:validation:XValidation:rule="!has(self.band) || double(self.worst) < double(self.band.low) || double(self.worst) > double(self.band.high)",message="worst lies within the band: set it outside"
type KPI struct {
	// name of the KPI.
	// +required
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?$`
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`

	// weight relative to the other criteria and KPIs.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	Weight int32 `json:"weight"`

	// target is the value that scores 100, as a decimal.
	// +required
	// +kubebuilder:validation:Pattern=`^-?[0-9]{1,12}(\.[0-9]{1,6})?$`
	// +kubebuilder:validation:MaxLength=20
	Target string `json:"target"`

	// worst is the value that scores 0, as a decimal; it may lie above or below the target.
	// +required
	// +kubebuilder:validation:Pattern=`^-?[0-9]{1,12}(\.[0-9]{1,6})?$`
	// +kubebuilder:validation:MaxLength=20
	Worst string `json:"worst"`

	// band makes the KPI two-sided: values within it score 100, and the score falls on both sides of it.
	// +optional
	Band *Band `json:"band,omitempty"`

	// source of the value: OnTimeDeliveryRate, RevisionRounds, PointsAccepted, NoShowRate (all computed) or Reported.
	// +required
	Source KPISource `json:"source"`
}

// Band is a range in which a value scores 100, for measures where too little is no virtue either, such as handle time.
// +kubebuilder:validation:XValidation:rule="double(self.low) <= double(self.high)",message="low is above high: exchange them"
type Band struct {
	// low end of the band, as a decimal.
	// +required
	// +kubebuilder:validation:Pattern=`^-?[0-9]{1,12}(\.[0-9]{1,6})?$`
	// +kubebuilder:validation:MaxLength=20
	Low string `json:"low"`

	// high end of the band, as a decimal.
	// +required
	// +kubebuilder:validation:Pattern=`^-?[0-9]{1,12}(\.[0-9]{1,6})?$`
	// +kubebuilder:validation:MaxLength=20
	High string `json:"high"`
}

// Reviewers says who may evaluate.
type Reviewers struct {
	// min is how many different people must give the final evaluation. Default: 1.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10
	Min int32 `json:"min,omitempty"`

	// subjects who may evaluate, each of them also holding the verb evaluate. Default: anyone who holds it. A Group counts only by the verb.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	Subjects []Subject `json:"subjects,omitempty"`
}

// +kubebuilder:object:root=true
// +kubebuilder:resource:path=scorecards,shortName=sc,categories=longshore
// +kubebuilder:printcolumn:name="Pass mark",type=integer,JSONPath=`.spec.passMark`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`

// Scorecard is what is measured: weighted criteria with scales and anchors, KPIs with targets, reviewers. It has no status: nothing reconciles it.
type Scorecard struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is what is measured.
	// +required
	Spec ScorecardSpec `json:"spec"`
}

// +kubebuilder:object:root=true

// ScorecardList is a list of Scorecards.
type ScorecardList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Scorecard `json:"items"`
}
