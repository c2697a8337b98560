package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// AssignmentType says what sort of work it is.
// +kubebuilder:validation:Enum=Task;Shift
type AssignmentType string

// The types of assignment.
const (
	AssignmentTask  AssignmentType = "Task"
	AssignmentShift AssignmentType = "Shift"
)

// AssignmentState says how far an assignment is.
// +kubebuilder:validation:Enum=Pending;Assigned;Started;Submitted;Revise;Accepted;Missed;Cancelled
type AssignmentState string

// The states of an assignment.
const (
	// AssignmentPending: nobody has it yet.
	AssignmentPending AssignmentState = "Pending"
	// AssignmentAssigned: somebody has it. They lose it only by declining it, or when their engagement is suspended or ends.
	AssignmentAssigned AssignmentState = "Assigned"
	// AssignmentStarted: somebody is at it: they said so, or its window has begun.
	AssignmentStarted AssignmentState = "Started"
	// AssignmentSubmitted: it waits to be accepted.
	AssignmentSubmitted AssignmentState = "Submitted"
	// AssignmentRevise: it waits to be submitted again.
	AssignmentRevise AssignmentState = "Revise"
	// AssignmentAccepted: it is done.
	AssignmentAccepted AssignmentState = "Accepted"
	// AssignmentMissed: its window passed before anybody had it.
	AssignmentMissed AssignmentState = "Missed"
	// AssignmentCancelled: spec.cancelled took it back before it was submitted.
	AssignmentCancelled AssignmentState = "Cancelled"
)

// AssignmentSpec is one task or shift.
// +kubebuilder:validation:XValidation:rule="self.type != 'Shift' || has(self.window)",message="a shift needs a window"
// +kubebuilder:validation:XValidation:rule="self.type == 'Shift' || !has(self.shift)",message="shift is the name of a shift: leave it out of a task"
type AssignmentSpec struct {
	// title for people.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	Title string `json:"title"`

	// poolRef is the pool whose engaged workers are considered.
	// +required
	PoolRef PoolReference `json:"poolRef"`

	// engagements selects whose work it may be. Default: the pool's engagements in this namespace.
	// +optional
	Engagements *metav1.LabelSelector `json:"engagements,omitempty"`

	// engagementRef pins it to one engagement.
	// +optional
	EngagementRef *LocalReference `json:"engagementRef,omitempty"`

	// type is Task or Shift.
	// +required
	Type AssignmentType `json:"type"`

	// shift is the pool's own name for a shift at this time, for example late. Workers who list shifts in their availability take those alone; what they
	// prefer ranks. Default: none, any worker who is free can take it.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Shift string `json:"shift,omitempty"`

	// skills asked for.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=16
	Skills []SkillRequirement `json:"skills,omitempty"`

	// load that it is. Default: of a shift the length of its window in hours, of a task none.
	// +optional
	Load *Load `json:"load,omitempty"`

	// window in which it is done. Nobody has two shifts whose windows overlap.
	// +optional
	Window *Window `json:"window,omitempty"`

	// due is when it must be done. In the years 2000 to 2199.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Format=date-time
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`
	// +kubebuilder:validation:XValidation:rule="self >= timestamp('2000-01-01T00:00:00Z') && self < timestamp('2200-01-01T00:00:00Z')",message="must be in the years 2000 to 2199 (UTC)"
	Due *metav1.Time `json:"due,omitempty"`

	// priority orders the queue: higher is first. Default: 0.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=1000
	Priority int32 `json:"priority,omitempty"`

	// externalRef names the work in a tracker.
	// +optional
	ExternalRef *ExternalRef `json:"externalRef,omitempty"`

	// cancelled takes the work back. What was submitted can still be accepted.
	// +optional
	Cancelled bool `json:"cancelled,omitempty"`
}

// Load is how much work an assignment is, in hours or in points.
// +kubebuilder:validation:XValidation:rule="has(self.hours) != has(self.points)",message="give either hours or points"
type Load struct {
	// hours of work.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	Hours int32 `json:"hours,omitempty"`

	// points in the team's own measure.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10000
	Points int32 `json:"points,omitempty"`
}

// Window is a span of time.
// +kubebuilder:validation:XValidation:rule="timestamp(self.end) > timestamp(self.start)",message="end must be after start"
type Window struct {
	// start of the window. In the years 2000 to 2199.
	// +required
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Format=date-time
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`
	// +kubebuilder:validation:XValidation:rule="self >= timestamp('2000-01-01T00:00:00Z') && self < timestamp('2200-01-01T00:00:00Z')",message="must be in the years 2000 to 2199 (UTC)"
	Start metav1.Time `json:"start"`

	// end of the window. In the years 2000 to 2199.
	// +required
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Format=date-time
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`
	// +kubebuilder:validation:XValidation:rule="self >= timestamp('2000-01-01T00:00:00Z') && self < timestamp('2200-01-01T00:00:00Z')",message="must be in the years 2000 to 2199 (UTC)"
	End metav1.Time `json:"end"`
}

// ExternalRef names the work in a tracker.
type ExternalRef struct {
	// provider is the tracker.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Provider string `json:"provider"`

	// key in the tracker, for example CARE-1234.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	Key string `json:"key"`
}

// AssignmentStatus is what the operator knows of an assignment.
type AssignmentStatus struct {
	// observedGeneration is the generation of the spec that this status speaks of; -1 before the first look.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration"`

	// engagement that has the work.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	Engagement string `json:"engagement,omitempty"`

	// engagementUID pins the engagement.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=64
	EngagementUID types.UID `json:"engagementUID,omitempty"`

	// worker who has the work.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	Worker string `json:"worker,omitempty"`

	// state of the work.
	// +optional
	State AssignmentState `json:"state,omitempty"`

	// assignedAt is when they got it.
	// +optional
	AssignedAt *metav1.Time `json:"assignedAt,omitempty"`

	// startedAt is when it was begun: as stated, or when its window began.
	// +optional
	StartedAt *metav1.Time `json:"startedAt,omitempty"`

	// submittedAt is when it was first submitted.
	// +optional
	SubmittedAt *metav1.Time `json:"submittedAt,omitempty"`

	// acceptedAt is when it was accepted.
	// +optional
	AcceptedAt *metav1.Time `json:"acceptedAt,omitempty"`

	// onTime says whether it was first submitted when due; of a shift, due is the end of its window. Absent while that is open.
	// +optional
	OnTime *bool `json:"onTime,omitempty"`

	// rounds of revision that the worker caused.
	// +optional
	Rounds int32 `json:"rounds,omitempty"`

	// score by which this worker was chosen, 0 to 100 with one decimal.
	// +optional
	// +kubebuilder:validation:MaxLength=8
	Score string `json:"score,omitempty"`

	// parts of the score, by name.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=8
	Parts []ScorePart `json:"parts,omitempty"`

	// why this worker, or why nobody yet.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Why string `json:"why,omitempty"`

	// declined are those who had the work and gave it back; they are not asked again.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=253
	Declined []string `json:"declined,omitempty"`

	// waitingFor is whom the work waits for.
	// +optional
	// +listType=map
	// +listMapKey=what
	// +kubebuilder:validation:MaxItems=8
	WaitingFor []WaitingFor `json:"waitingFor,omitempty"`

	// attestations is the record of every statement that was bound to this assignment.
	// +optional
	// +listType=map
	// +listMapKey=uid
	// +kubebuilder:validation:MaxItems=128
	Attestations []AttestationRecord `json:"attestations,omitempty"`

	// others says why not the others: those who would have scored higher, and as many of the excluded as fit.
	// +optional
	// +listType=map
	// +listMapKey=worker
	// +kubebuilder:validation:MaxItems=20
	Others []NotChosen `json:"others,omitempty"`

	// conditions are Ready.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// NotChosen says why a worker was not chosen.
type NotChosen struct {
	// worker who was not chosen.
	// +required
	// +kubebuilder:validation:MaxLength=253
	Worker string `json:"worker"`

	// reason why.
	// +required
	// +kubebuilder:validation:MaxLength=256
	Reason string `json:"reason"`
}

// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=assignments,shortName=asg,categories=longshore
// +kubebuilder:selectablefield:JSONPath=`.spec.poolRef.name`
// +kubebuilder:printcolumn:name="State",type=string,JSONPath=`.status.state`
// +kubebuilder:printcolumn:name="Worker",type=string,JSONPath=`.status.worker`
// +kubebuilder:printcolumn:name="Type",type=string,JSONPath=`.spec.type`
// +kubebuilder:printcolumn:name="Pool",type=string,JSONPath=`.spec.poolRef.name`
// +kubebuilder:printcolumn:name="Due",type=string,JSONPath=`.spec.due`
// +kubebuilder:printcolumn:name="Waiting for",type=string,JSONPath=`.status.waitingFor[*].message`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Why",type=string,JSONPath=`.status.why`,priority=1

// Assignment is one task or shift to be given to the best engaged worker. What is pending in a pool is placed together: as much as possible first, then
// with the highest total score. Work that was begun does not move.
type Assignment struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is the work.
	// +required
	Spec AssignmentSpec `json:"spec"`

	// status is what the operator knows.
	// +optional
	// +default={"observedGeneration": -1}
	Status AssignmentStatus `json:"status,omitzero"`
}

// +kubebuilder:object:root=true

// AssignmentList is a list of Assignments.
type AssignmentList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Assignment `json:"items"`
}
