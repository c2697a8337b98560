package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
// +kubebuilder:validation:Enum=Pending;Assigned;Started;Submitted;Revise;Accepted;Cancelled
type AssignmentState string

// The states of an assignment.
const (
	AssignmentPending   AssignmentState = "Pending"
	AssignmentAssigned  AssignmentState = "Assigned"
	AssignmentStarted   AssignmentState = "Started"
	AssignmentSubmitted AssignmentState = "Submitted"
	AssignmentRevise    AssignmentState = "Revise"
	AssignmentAccepted  AssignmentState = "Accepted"
	AssignmentCancelled AssignmentState = "Cancelled"
)

// AssignmentSpec is one task or shift.
// +kubebuilder:validation:XValidation:rule="self.type != 'Shift' || has(self.window)",message="a shift needs a window"
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

	// skills asked for.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=16
	Skills []SkillRequirement `json:"skills,omitempty"`

	// load that it is.
	// +optional
	Load *Load `json:"load,omitempty"`

	// window in which it is done.
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

// AssignmentStatus is what the operator knows of an assignment. No reconciler writes it in this version.
type AssignmentStatus struct {
	// observedGeneration is the generation of the spec that this status speaks of.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// engagement that has the work.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	Engagement string `json:"engagement,omitempty"`

	// worker who has the work.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	Worker string `json:"worker,omitempty"`

	// state of the work.
	// +optional
	State AssignmentState `json:"state,omitempty"`

	// why this worker.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Why string `json:"why,omitempty"`

	// others says why not the others.
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
// +kubebuilder:printcolumn:name="Type",type=string,JSONPath=`.spec.type`
// +kubebuilder:printcolumn:name="Pool",type=string,JSONPath=`.spec.poolRef.name`
// +kubebuilder:printcolumn:name="Pinned to",type=string,JSONPath=`.spec.engagementRef.name`
// +kubebuilder:printcolumn:name="Due",type=string,JSONPath=`.spec.due`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`

// Assignment is one task or shift to be given to the best engaged worker. In this version it is stored and validated only: its reconciler comes later,
// so nothing is assigned yet and no status is written.
type Assignment struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is the work.
	// +required
	Spec AssignmentSpec `json:"spec"`

	// status is what the operator knows; absent in this version.
	// +optional
	Status *AssignmentStatus `json:"status,omitempty"`
}

// +kubebuilder:object:root=true

// AssignmentList is a list of Assignments.
type AssignmentList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Assignment `json:"items"`
}
