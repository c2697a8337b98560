package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// ScreeningState says how far a worker is in a pool's screening.
// +kubebuilder:validation:Enum=InProgress;Passed;Failed;Lapsed
type ScreeningState string

// The states of screening.
const (
	ScreeningInProgress ScreeningState = "InProgress"
	ScreeningPassed     ScreeningState = "Passed"
	ScreeningFailed     ScreeningState = "Failed"
	ScreeningLapsed     ScreeningState = "Lapsed"
)

// WorkerStatus is what the operator knows of a worker.
type WorkerStatus struct {
	// observedGeneration is the generation of the spec that this status speaks of; -1 before the first look.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration"`

	// pools that the worker belongs to.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=32
	Pools []PoolMembership `json:"pools,omitempty"`

	// engagements that the worker holds now, as namespace/name.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=200
	// +kubebuilder:validation:items:MaxLength=317
	Engagements []string `json:"engagements,omitempty"`

	// certificates that the person earned in training, here or in an engagement.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=128
	Certificates []Certificate `json:"certificates,omitempty"`

	// waitingFor is whom the screenings wait for, documents among them, who has to decide on a proposed demotion, and who has to mend the spec.
	// +optional
	// +listType=map
	// +listMapKey=what
	// +kubebuilder:validation:MaxItems=200
	WaitingFor []WaitingFor `json:"waitingFor,omitempty"`

	// attestations is the record of every statement that was bound to this worker.
	// +optional
	// +listType=map
	// +listMapKey=uid
	// +kubebuilder:validation:MaxItems=512
	Attestations []WorkerAttestation `json:"attestations,omitempty"`

	// conditions are Ready.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// WorkerAttestation is a statement about a worker in one pool.
type WorkerAttestation struct {
	AttestationRecord `json:",inline"`

	// pool that it was said of.
	// +required
	// +kubebuilder:validation:MaxLength=253
	Pool string `json:"pool"`

	// evaluation is what was given where it is no Attestation but an Evaluation of kind Screening. Its verdict then says whether its own score
	// reaches the step's threshold, and score is that score, rounded down.
	// +optional
	Evaluation *ScreeningEvaluation `json:"evaluation,omitempty"`
}

// ScreeningEvaluation is an Evaluation by which a step of the screening is judged.
type ScreeningEvaluation struct {
	// scorecard by which it was given.
	// +required
	// +kubebuilder:validation:MaxLength=253
	Scorecard string `json:"scorecard"`

	// score from 0 to 100 with one decimal.
	// +required
	// +kubebuilder:validation:MaxLength=8
	Score string `json:"score"`

	// reviewers is how many different people the Scorecard asked for at that time. The step waits for as many; then the mean of their scores decides.
	// +required
	Reviewers int32 `json:"reviewers"`
}

// PoolMembership is how a worker stands in one pool.
type PoolMembership struct {
	// name of the TalentPool.
	// +required
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`

	// screening is how far the pool's screening is: InProgress, Passed, Failed or Lapsed.
	// +optional
	Screening ScreeningState `json:"screening,omitempty"`

	// since when the screening has been in this state.
	// +optional
	Since *metav1.Time `json:"since,omitempty"`

	// retryAt is when a worker who failed may try again. Absent: never, or the worker has not failed.
	// +optional
	RetryAt *metav1.Time `json:"retryAt,omitempty"`

	// attempt that this is, from 1; what was stated before a later one began counts in it no more.
	// +optional
	Attempt int32 `json:"attempt,omitempty"`

	// startedAt is when the attempt began, from which not-before and due are counted.
	// +optional
	StartedAt *metav1.Time `json:"startedAt,omitempty"`

	// checklist in force: its UID and generation are kept until the worker tries again or the pool names another one.
	// +optional
	Checklist *ObjectVersion `json:"checklist,omitempty"`

	// definition is the procedure in force, kept so that a later edit or deletion of the Checklist changes nothing here.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=64
	Definition []ChecklistStep `json:"definition,omitempty"`

	// steps of the screening.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=64
	Steps []StepStatus `json:"steps,omitempty"`

	// tier in the pool; the lowest one until a score earns a higher.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	Tier string `json:"tier,omitempty"`

	// tierSince is when the tier was reached. Absent in the tier in which everybody begins.
	// +optional
	TierSince *metav1.Time `json:"tierSince,omitempty"`

	// demotion that the score brings about and that a person has to decide: approval/demotion, Approved or Rejected, with the reason in its note.
	// +optional
	Demotion *ProposedDemotion `json:"demotion,omitempty"`

	// score in the pool; absent before the first evaluation.
	// +optional
	Score *WorkerScore `json:"score,omitempty"`
}

// ProposedDemotion is a lower tier that waits for a person's decision. A rejected one is not proposed again before the next evaluation.
type ProposedDemotion struct {
	// to is the tier that the score earns.
	// +required
	// +kubebuilder:validation:MaxLength=63
	To string `json:"to"`

	// since when it is proposed: the evaluation that brought it about.
	// +required
	Since metav1.Time `json:"since"`

	// rejectedAt is when a person decided against it. Absent while it is undecided.
	// +optional
	RejectedAt *metav1.Time `json:"rejectedAt,omitempty"`

	// message says why, and how to decide it.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	Message string `json:"message,omitempty"`
}

// WorkerScore is a worker's score in one pool with everything that it was computed from. It is computed anew with the worker's next evaluation
// and at no other time: neither idle time nor what others are rated changes it.
//
// With w = 2^(−age ÷ halfLife) for each evaluation, its age counted back from the newest, W = Σ w, and k = the prior's strength:
// value = (k × prior.mean + Σ w × score) ÷ (k + W); low and high = value ∓ 1.96 × prior.spread ÷ √(k + W), within 0 and 100.
type WorkerScore struct {
	// value from 0 to 100 with one decimal.
	// +required
	// +kubebuilder:validation:MaxLength=8
	Value string `json:"value"`

	// low is the lower end of the 95 % interval.
	// +required
	// +kubebuilder:validation:MaxLength=8
	Low string `json:"low"`

	// high is the upper end of the 95 % interval.
	// +required
	// +kubebuilder:validation:MaxLength=8
	High string `json:"high"`

	// sample is how many evaluations count.
	// +required
	Sample int32 `json:"sample"`

	// weight is what they count for together, W, with two decimals: the sample, less what time has taken off it.
	// +required
	// +kubebuilder:validation:MaxLength=8
	Weight string `json:"weight"`

	// at is when the newest of them was given.
	// +required
	At metav1.Time `json:"at"`

	// prior that was in force.
	// +required
	Prior AppliedPrior `json:"prior"`

	// halfLife that was in force.
	// +required
	// +kubebuilder:validation:MaxLength=24
	HalfLife string `json:"halfLife"`

	// evaluations that count: those of the worker's engagements in the pool, the 50 newest.
	// +optional
	// +listType=map
	// +listMapKey=uid
	// +kubebuilder:validation:MaxItems=50
	Evaluations []RatedWork `json:"evaluations,omitempty"`
}

// AppliedPrior is the pool's prior as it was when a score was computed.
type AppliedPrior struct {
	// version of the pool's prior.
	// +required
	Version int64 `json:"version"`

	// mean that was assumed.
	// +required
	// +kubebuilder:validation:MaxLength=8
	Mean string `json:"mean"`

	// spread that was assumed.
	// +required
	// +kubebuilder:validation:MaxLength=8
	Spread string `json:"spread"`

	// strength is how many evaluations it counted for.
	// +required
	Strength int32 `json:"strength"`
}

// RatedWork is one evaluation that counts in a worker's score. It is kept when the engagement is gone.
type RatedWork struct {
	// uid of the Evaluation.
	// +required
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=64
	UID types.UID `json:"uid"`

	// engagement that was judged, as namespace/name.
	// +required
	// +kubebuilder:validation:MaxLength=317
	Engagement string `json:"engagement"`

	// name of the Evaluation.
	// +required
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`

	// score that it gave.
	// +required
	// +kubebuilder:validation:MaxLength=8
	Score string `json:"score"`

	// at is when it was given.
	// +required
	At metav1.Time `json:"at"`
}

// Certificate was earned by passing training.
type Certificate struct {
	// name of the certificate.
	// +required
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`

	// earnedAt is when.
	// +required
	EarnedAt metav1.Time `json:"earnedAt"`

	// expiresAt is when it stops being valid. Default: never.
	// +optional
	ExpiresAt *metav1.Time `json:"expiresAt,omitempty"`

	// score that was reached, 0 to 100.
	// +optional
	Score *int32 `json:"score,omitempty"`

	// source where it was earned, as <kind>/<namespace>/<name>.
	// +optional
	// +kubebuilder:validation:MaxLength=400
	Source string `json:"source,omitempty"`
}
