package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// StepType says what kind of thing a step is.
// +kubebuilder:validation:Enum=Attestation;Training;Document;Meeting;Check;Access;Assignment;Interview
type StepType string

// The step types.
const (
	// StepAttestation is done when its actor says so.
	StepAttestation StepType = "Attestation"
	// StepTraining is done when a score reaches passScore; a valid certificate carries over.
	StepTraining StepType = "Training"
	// StepDocument is done when a document is signed or read, with evidence.
	StepDocument StepType = "Document"
	// StepMeeting is done when the meeting was held.
	StepMeeting StepType = "Meeting"
	// StepCheck is done when an expression holds; nobody attests it.
	StepCheck StepType = "Check"
	// StepAccess is done when a profile of spec.access is verified; nobody attests it.
	StepAccess StepType = "Access"
	// StepAssignment is done when a first task was accepted by attestation.
	StepAssignment StepType = "Assignment"
	// StepInterview is done when an interviewer attests it, with a score where the step asks for one.
	StepInterview StepType = "Interview"
)

// StepBlocks says what an undone step holds up.
// +kubebuilder:validation:Enum=Access;Assignment;Closing
type StepBlocks string

// What a step can hold up.
const (
	// BlocksAccess holds up grants that are available from Onboarding, and Assigned.
	BlocksAccess StepBlocks = "Access"
	// BlocksAssignment holds up Assigned. It is onboarding's default.
	BlocksAssignment StepBlocks = "Assignment"
	// BlocksClosing holds up Closed. It is offboarding's default.
	BlocksClosing StepBlocks = "Closing"
)

// Actors that need no contact.
const (
	ActorWorker    = "Worker"
	ActorSupplier  = "Supplier"
	ActorOperator  = "Operator"
	ActorRequester = "Requester"
	ActorApprover  = "Approver"
	ActorReviewer  = "Reviewer"
	// ActorCustodian hands items out and takes them back, as the AccessProfile names them.
	ActorCustodian = "Custodian"
)

// ChecklistSpec is an ordered procedure with gates.
type ChecklistSpec struct {
	// description for people.
	// +optional
	// +kubebuilder:validation:MaxLength=2048
	Description string `json:"description,omitempty"`

	// steps of the procedure.
	// +required
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	Steps []ChecklistStep `json:"steps"`
}

// ChecklistStep is one step of a procedure.
// +kubebuilder:validation:XValidation:rule="(self.type == 'Training') == has(self.training)",message="training is given with type Training, and only then"
// +kubebuilder:validation:XValidation:rule="(self.type == 'Check') == has(self.check)",message="check is given with type Check, and only then"
// +kubebuilder:validation:XValidation:rule="(self.type == 'Access') == has(self.access)",message="access is given with type Access, and only then"
// +kubebuilder:validation:XValidation:rule="!has(self.document) || self.type == 'Document'",message="document is given with type Document only"
// +kubebuilder:validation:XValidation:rule="!has(self.meeting) || self.type == 'Meeting'",message="meeting is given with type Meeting only"
// +kubebuilder:validation:XValidation:rule="!has(self.dependsOn) || !(self.name in self.dependsOn)",message="a step cannot depend on itself"
type ChecklistStep struct {
	// name of the step; its claim is <area>/<name>.
	// +required
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`

	// title for people.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	Title string `json:"title,omitempty"`

	// type of the step: Attestation, Training, Document, Meeting, Check, Access, Assignment or Interview.
	// +required
	Type StepType `json:"type"`

	// actor who does it: the role of one of the engagement's contacts, Worker or Supplier. Default: Manager; Worker for Training and Document; Operator for Check and Access.
	// +optional
	// +kubebuilder:validation:Pattern=`^[A-Z][A-Za-z0-9]*$`
	// +kubebuilder:validation:MaxLength=63
	Actor string `json:"actor,omitempty"`

	// attestors who may say that it is done, each of them also holding the verb attest. Default: anyone who holds it. A Group counts only by the verb.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=8
	Attestors []Subject `json:"attestors,omitempty"`

	// dependsOn names the steps that must be done, waived or dropped before this one opens.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=63
	DependsOn []string `json:"dependsOn,omitempty"`

	// notBefore is how long after the phase's start the step opens, as a Go duration. Default: 0s.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=20
	// +kubebuilder:validation:Pattern=`^([0-9]{1,5}(ms|s|m|h))+$`
	NotBefore *metav1.Duration `json:"notBefore,omitempty"`

	// dueAfter is how long after the phase's start the step becomes overdue, as a Go duration. Default: never.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=20
	// +kubebuilder:validation:Pattern=`^([0-9]{1,5}(ms|s|m|h))+$`
	DueAfter *metav1.Duration `json:"dueAfter,omitempty"`

	// required says whether the step must be done. Default: true.
	// +optional
	Required *bool `json:"required,omitempty"`

	// fastTrack keeps the step on the fast track; without it the step is dropped there. Default: false.
	// +optional
	FastTrack bool `json:"fastTrack,omitempty"`

	// blocks says what the undone step holds up: Access, Assignment or Closing. Default: Assignment in onboarding, Closing in offboarding.
	// +optional
	Blocks StepBlocks `json:"blocks,omitempty"`

	// beforeEnd opens an offboarding step that long before a planned end, due at the end, as a Go duration. Default: it opens with Offboarding.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=20
	// +kubebuilder:validation:Pattern=`^([0-9]{1,5}(ms|s|m|h))+$`
	BeforeEnd *metav1.Duration `json:"beforeEnd,omitempty"`

	// paid says that the worker is paid for the time. Default: false.
	// +optional
	Paid bool `json:"paid,omitempty"`

	// training of a step of type Training.
	// +optional
	Training *Training `json:"training,omitempty"`

	// check of a step of type Check.
	// +optional
	Check *Check `json:"check,omitempty"`

	// access of a step of type Access.
	// +optional
	Access *StepAccessRef `json:"access,omitempty"`

	// document of a step of type Document.
	// +optional
	Document *Document `json:"document,omitempty"`

	// meeting of a step of type Meeting.
	// +optional
	Meeting *Meeting `json:"meeting,omitempty"`

	// scorecard by which the step is judged, with a threshold.
	// +optional
	Scorecard *StepScorecard `json:"scorecard,omitempty"`
}

// IsRequired says whether the step must be done; it must unless told otherwise.
func (s *ChecklistStep) IsRequired() bool {
	return s.Required == nil || *s.Required
}

// Training is a gate that is passed by a score.
type Training struct {
	// uri of the course.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	URI string `json:"uri,omitempty"`

	// certificate that passing gives; a valid one carries over to the person's next engagement, by this name.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	Certificate string `json:"certificate,omitempty"`

	// passScore is the lowest score that passes, 0 to 100. Default: 0, Done passes without a score.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	PassScore int32 `json:"passScore,omitempty"`

	// maxAttempts is how often it may be tried. Default: unlimited.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100
	MaxAttempts int32 `json:"maxAttempts,omitempty"`

	// validFor is how long the certificate is valid, as an ISO 8601 period, for example P1Y. Default: for good.
	// +optional
	// +kubebuilder:validation:Pattern=`^P([0-9]{1,3}Y)?([0-9]{1,4}M)?([0-9]{1,4}W)?([0-9]{1,5}D)?$`
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=24
	ValidFor string `json:"validFor,omitempty"`
}

// Check is an automated gate.
type Check struct {
	// expression in CEL over worker and engagement (their spec as maps; engagement is empty in screening); it must yield true.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Expression string `json:"expression"`
}

// StepAccessRef waits for a profile that the engagement already lists; it never adds one.
type StepAccessRef struct {
	// profile is the AccessProfile's name in the engagement's spec.access.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Profile string `json:"profile"`
}

// Document is something to be signed or read.
type Document struct {
	// uri of the document.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	URI string `json:"uri"`

	// sha256 is the document's digest in lower-case hexadecimal.
	// +optional
	// +kubebuilder:validation:Pattern=`^[0-9a-f]{64}$`
	// +kubebuilder:validation:MaxLength=64
	SHA256 string `json:"sha256,omitempty"`
}

// Meeting is something to be held with people.
type Meeting struct {
	// with names the roles that take part.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=8
	// +kubebuilder:validation:items:MaxLength=63
	With []string `json:"with,omitempty"`

	// every is how often it is held, as a Go duration. Default: once.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=20
	// +kubebuilder:validation:Pattern=`^([0-9]{1,5}(ms|s|m|h))+$`
	Every *metav1.Duration `json:"every,omitempty"`

	// until is for how long it is repeated, counted from the phase's start, as a Go duration.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=20
	// +kubebuilder:validation:Pattern=`^([0-9]{1,5}(ms|s|m|h))+$`
	Until *metav1.Duration `json:"until,omitempty"`
}

// StepScorecard judges a step by a Scorecard.
type StepScorecard struct {
	// name of the Scorecard in the same namespace.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`

	// threshold is the lowest score that passes, 0 to 100. Default: the Scorecard's passMark.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	Threshold *int32 `json:"threshold,omitempty"`
}

// ChecklistStatus is what the operator knows of a checklist.
type ChecklistStatus struct {
	// observedGeneration is the generation of the spec that this status speaks of; -1 before the first look.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration"`

	// steps is how many steps it has.
	// +optional
	Steps int32 `json:"steps,omitempty"`

	// conditions are Ready; a cycle or an unknown name makes it False, with the path.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=checklists,shortName=cl,categories=longshore
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Steps",type=integer,JSONPath=`.status.steps`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,priority=1

// Checklist is an ordered procedure with gates, for screening, onboarding and offboarding alike.
type Checklist struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is the procedure.
	// +required
	Spec ChecklistSpec `json:"spec"`

	// status is what the operator knows.
	// +optional
	// +default={"observedGeneration": -1}
	Status ChecklistStatus `json:"status,omitzero"`
}

// +kubebuilder:object:root=true

// ChecklistList is a list of Checklists.
type ChecklistList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Checklist `json:"items"`
}
