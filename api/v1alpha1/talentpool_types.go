package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TalentPoolSpec says who can be drawn on, by whom, and how they are judged.
type TalentPoolSpec struct {
	// description for people.
	// +optional
	// +kubebuilder:validation:MaxLength=2048
	Description string `json:"description,omitempty"`

	// workerSelector selects the Workers of this namespace that belong to the pool. An empty selector selects all of them.
	// +required
	WorkerSelector metav1.LabelSelector `json:"workerSelector"`

	// allowedNamespaces may draw on the pool, besides its own namespace; "*" allows every one. Default: none.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=256
	// +kubebuilder:validation:items:MaxLength=63
	AllowedNamespaces []string `json:"allowedNamespaces,omitempty"`

	// screening that a worker passes before any offer. Default: none, every selected worker counts as screened.
	// +optional
	Screening *Screening `json:"screening,omitempty"`

	// tiers from the lowest to the highest. Default: one tier, Standard.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=8
	Tiers []Tier `json:"tiers,omitempty"`

	// hysteresis is by how many points the lower bound of a score's interval must fall below a tier's minScore before the tier is lost. Default: 0.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=50
	Hysteresis int32 `json:"hysteresis,omitempty"`

	// demotion is RequiresApproval (a person approves it, with a reason) or Automatic. Default: RequiresApproval.
	// +optional
	Demotion Demotion `json:"demotion,omitempty"`

	// scoring says how evaluations become a worker's score.
	// +optional
	Scoring *Scoring `json:"scoring,omitempty"`

	// limits on how much one worker takes on.
	// +optional
	Limits *PoolLimits `json:"limits,omitempty"`

	// matching says how candidates are ranked.
	// +optional
	Matching *Matching `json:"matching,omitempty"`
}

// Screening is what a worker passes before any offer.
type Screening struct {
	// checklistRef is the procedure, in the pool's namespace.
	// +required
	ChecklistRef LocalReference `json:"checklistRef"`

	// retryAfter is how long a worker who failed must wait before a new attempt counts, as an ISO 8601 period. Default: they cannot try again.
	// +optional
	// +kubebuilder:validation:Pattern=`^P([0-9]{1,3}Y)?([0-9]{1,4}M)?([0-9]{1,4}W)?([0-9]{1,5}D)?$`
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=24
	RetryAfter string `json:"retryAfter,omitempty"`

	// documents that a worker must hold unexpired, by their names in Worker.spec.documents. When one expires the screening lapses until it is renewed.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	Documents []string `json:"documents,omitempty"`
}

// Demotion says what becomes of a worker whose score no longer earns their tier.
// +kubebuilder:validation:Enum=RequiresApproval;Automatic
type Demotion string

// What becomes of a worker whose score no longer earns their tier.
const (
	// DemotionRequiresApproval: it is proposed in the Worker's status and happens by approval/demotion, with a reason.
	DemotionRequiresApproval Demotion = "RequiresApproval"
	// DemotionAutomatic: it happens with the evaluation that brings it about.
	DemotionAutomatic Demotion = "Automatic"
)

// DefaultTier is the only tier of a pool that declares none, and the tier of a worker without one.
const DefaultTier = "Standard"

// Tier is a rank in the pool that sets rate and priority.
type Tier struct {
	// name of the tier, for example Gold.
	// +required
	// +kubebuilder:validation:Pattern=`^[A-Z][A-Za-z0-9]*$`
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`

	// minScore is the lowest lower bound of the score's interval that earns the tier, 0 to 100. Default: 0.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	MinScore int32 `json:"minScore,omitempty"`

	// minEvaluations is the smallest sample that earns the tier. Default: 0.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=1000
	MinEvaluations int32 `json:"minEvaluations,omitempty"`

	// rateMultiplier on the worker's base rate at the time of the offer, as a decimal. Default: 1.
	// +optional
	// +kubebuilder:validation:Pattern=`^[0-9]{1,2}(\.[0-9]{1,3})?$`
	// +kubebuilder:validation:MaxLength=6
	RateMultiplier string `json:"rateMultiplier,omitempty"`

	// priority in ranking and for shifts: higher is first. Default: 0.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	Priority int32 `json:"priority,omitempty"`
}

// Scoring says how evaluations become a worker's score.
type Scoring struct {
	// halfLife after which an evaluation counts half, counted back from the worker's own newest one, as an ISO 8601 period. Default: P1Y.
	// +optional
	// +kubebuilder:validation:Pattern=`^P([0-9]{1,3}Y)?([0-9]{1,4}M)?([0-9]{1,4}W)?([0-9]{1,5}D)?$`
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=24
	HalfLife string `json:"halfLife,omitempty"`

	// priorStrength is how many evaluations the pool's mean counts for; 0 leaves it out. Default: 5.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	PriorStrength *int32 `json:"priorStrength,omitempty"`

	// priorDrift is by how many points the pool's mean must have moved before it replaces the prior, at most once a day. Default: 2.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=50
	PriorDrift int32 `json:"priorDrift,omitempty"`
}

// PoolLimits are limits on how much one worker takes on.
type PoolLimits struct {
	// maxConcurrentPerWorker is how many engagements one person may hold at a time. Default: unlimited.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100
	MaxConcurrentPerWorker int32 `json:"maxConcurrentPerWorker,omitempty"`
}

// Matching says how candidates are ranked.
type Matching struct {
	// weights of the parts of a candidate's score; a part without a weight counts 1, a weight of 0 leaves it out.
	// +optional
	Weights *MatchingWeights `json:"weights,omitempty"`
}

// MatchingWeights are the weights of the parts of a candidate's score.
type MatchingWeights struct {
	// skills is how well the skills fit.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	Skills *int32 `json:"skills,omitempty"`

	// performance is the worker's score in the pool; of one without evaluations, the pool's prior.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	Performance *int32 `json:"performance,omitempty"`

	// tier is the tier's priority.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	Tier *int32 `json:"tier,omitempty"`

	// cost is how far the rate is below the rate offered.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	Cost *int32 `json:"cost,omitempty"`

	// load is how free the worker is.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	Load *int32 `json:"load,omitempty"`

	// timeZone is how much of the working day is shared, where an engagement asks for an overlap.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	TimeZone *int32 `json:"timeZone,omitempty"`
}

// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=talentpools,shortName=tp,categories=longshore
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Members",type=integer,JSONPath=`.status.members`
// +kubebuilder:printcolumn:name="Screened",type=integer,JSONPath=`.status.screened`
// +kubebuilder:printcolumn:name="Engaged",type=integer,JSONPath=`.status.engaged`
// +kubebuilder:printcolumn:name="Recruiting",type=integer,JSONPath=`.status.recruiting`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Pending",type=integer,JSONPath=`.status.pendingAssignments`,priority=1
// +kubebuilder:printcolumn:name="Score",type=string,JSONPath=`.status.scores.median`,priority=1
// +kubebuilder:printcolumn:name="Utilisation %",type=integer,JSONPath=`.status.utilisation.percent`,priority=1
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,priority=1

// TalentPool says who can be drawn on, by which namespaces, after what screening, in which tiers and at what rates. Its status is
// a dashboard: members, funnel, times, scores, agreement of raters and feedback, written at most once in 10 s.
type TalentPool struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec says who can be drawn on.
	// +required
	Spec TalentPoolSpec `json:"spec"`

	// status is what the operator knows.
	// +optional
	// +default={"observedGeneration": -1}
	Status TalentPoolStatus `json:"status,omitzero"`
}

// +kubebuilder:object:root=true

// TalentPoolList is a list of TalentPools.
type TalentPoolList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []TalentPool `json:"items"`
}
