package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// WorkerSpec is what is known of one person. Creating a Worker, or changing personKey, identities, documents, jurisdiction or username, needs the verb identify.
type WorkerSpec struct {
	// personKey is an opaque key that joins one human's Worker objects across namespaces and suppliers, for tenure, concurrency and rehire. It never changes.
	// +required
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="personKey is immutable: it stands for a person"
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	PersonKey string `json:"personKey"`

	// username is the person's own cluster account, if any; with it they attest for themselves.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	// +kubebuilder:validation:XValidation:rule="!self.startsWith('system:')",message="a system: identity belongs to no person"
	Username string `json:"username,omitempty"`

	// skills with their levels.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=64
	Skills []Skill `json:"skills,omitempty"`

	// languages as BCP 47 tags.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=35
	// +kubebuilder:validation:items:Pattern=`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$`
	Languages []string `json:"languages,omitempty"`

	// timeZone is the IANA time zone where the person works, for example Europe/Lisbon.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	TimeZone string `json:"timeZone,omitempty"`

	// jurisdiction where the person works, as ISO 3166 country or subdivision.
	// +optional
	// +kubebuilder:validation:Pattern=`^[A-Z]{2}(-[A-Z0-9]{1,3})?$`
	// +kubebuilder:validation:MaxLength=6
	Jurisdiction string `json:"jurisdiction,omitempty"`

	// rate is the person's base rate, before any tier's multiplier.
	// +optional
	Rate *Rate `json:"rate,omitempty"`

	// availability says when the person can work.
	// +optional
	Availability *Availability `json:"availability,omitempty"`

	// preferences are what the person would rather do; they never exclude.
	// +optional
	Preferences *Preferences `json:"preferences,omitempty"`

	// segments the person belongs to, for planning, for example strategic.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=63
	Segments []string `json:"segments,omitempty"`

	// portfolio of earlier work.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	Portfolio []Evidence `json:"portfolio,omitempty"`

	// identities of the person in target systems, by AccessProvider.
	// +optional
	// +listType=map
	// +listMapKey=provider
	// +kubebuilder:validation:MaxItems=32
	Identities []Identity `json:"identities,omitempty"`

	// documents of the person, for example a work permit.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=64
	Documents []WorkerDocument `json:"documents,omitempty"`

	// supplier who sends the person, for agency workers.
	// +optional
	// +kubebuilder:validation:MaxLength=128
	Supplier string `json:"supplier,omitempty"`

	// contactSecretRef names a Secret with contact data. The operator never reads it.
	// +optional
	ContactSecretRef *LocalReference `json:"contactSecretRef,omitempty"`
}

// Skill is one skill at one level.
type Skill struct {
	// name of the skill.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`

	// level from 1 (beginner) to 5 (expert). Default: 1.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=5
	Level int32 `json:"level,omitempty"`
}

// Availability says when a person can work.
// +kubebuilder:validation:XValidation:rule="!has(self.from) || !has(self.until) || timestamp(self.until) > timestamp(self.from)",message="until must be after from"
type Availability struct {
	// hoursPerWeek in all. Default: not stated, not limited.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=168
	HoursPerWeek int32 `json:"hoursPerWeek,omitempty"`

	// from when. In the years 2000 to 2199.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Format=date-time
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`
	// +kubebuilder:validation:XValidation:rule="self >= timestamp('2000-01-01T00:00:00Z') && self < timestamp('2200-01-01T00:00:00Z')",message="must be in the years 2000 to 2199 (UTC)"
	From *metav1.Time `json:"from,omitempty"`

	// until when. In the years 2000 to 2199.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Format=date-time
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`
	// +kubebuilder:validation:XValidation:rule="self >= timestamp('2000-01-01T00:00:00Z') && self < timestamp('2200-01-01T00:00:00Z')",message="must be in the years 2000 to 2199 (UTC)"
	Until *metav1.Time `json:"until,omitempty"`

	// shifts that the person can take, by the pool's own names.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=63
	Shifts []string `json:"shifts,omitempty"`
}

// Preferences are what a person would rather do.
type Preferences struct {
	// shifts that the person likes, with weights.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=64
	Shifts []ShiftPreference `json:"shifts,omitempty"`
}

// ShiftPreference is how much a person likes a shift.
type ShiftPreference struct {
	// name of the shift.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`

	// weight from 1 to 100.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100
	Weight int32 `json:"weight"`
}

// Identity is a person's account in one target system.
type Identity struct {
	// provider is the AccessProvider's name.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Provider string `json:"provider"`

	// subject is the account, as the provider names it: for Kubernetes a username, never one that begins with system:.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Subject string `json:"subject"`
}

// WorkerDocument is one document of a person.
type WorkerDocument struct {
	// name of the document, for example work-permit.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`

	// uri where it is kept.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	URI string `json:"uri"`

	// sha256 is the document's digest in lower-case hexadecimal.
	// +optional
	// +kubebuilder:validation:Pattern=`^[0-9a-f]{64}$`
	// +kubebuilder:validation:MaxLength=64
	SHA256 string `json:"sha256,omitempty"`

	// expiresAt is when it stops being valid. Default: never. In the years 2000 to 2199.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Format=date-time
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`
	// +kubebuilder:validation:XValidation:rule="self >= timestamp('2000-01-01T00:00:00Z') && self < timestamp('2200-01-01T00:00:00Z')",message="must be in the years 2000 to 2199 (UTC)"
	ExpiresAt *metav1.Time `json:"expiresAt,omitempty"`
}

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

	// waitingFor is what the screenings wait for, and for whom.
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

// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=workers,shortName=wk,categories=longshore
// +kubebuilder:selectablefield:JSONPath=`.spec.personKey`
// +kubebuilder:printcolumn:name="Pools",type=string,JSONPath=`.status.pools[*].name`
// +kubebuilder:printcolumn:name="Screening",type=string,JSONPath=`.status.pools[*].screening`
// +kubebuilder:printcolumn:name="Tier",type=string,JSONPath=`.status.pools[*].tier`
// +kubebuilder:printcolumn:name="Score",type=string,JSONPath=`.status.pools[*].score.value`
// +kubebuilder:printcolumn:name="Engagements",type=string,JSONPath=`.status.engagements[*]`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Jurisdiction",type=string,JSONPath=`.spec.jurisdiction`,priority=1
// +kubebuilder:printcolumn:name="Supplier",type=string,JSONPath=`.spec.supplier`,priority=1

// Worker is one person: skills, rate, availability, jurisdiction, identities in target systems, documents. Its status says, for each pool, how the screening stands, the tier and the score. Tenure is not computed yet in this version.
type Worker struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is what is known of the person.
	// +required
	Spec WorkerSpec `json:"spec"`

	// status is what the operator knows.
	// +optional
	// +default={"observedGeneration": -1}
	Status WorkerStatus `json:"status,omitzero"`
}

// +kubebuilder:object:root=true

// WorkerList is a list of Workers.
type WorkerList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Worker `json:"items"`
}
