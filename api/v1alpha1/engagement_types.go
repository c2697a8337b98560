package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// EngagementSpec is what a requester wants: one contract with one worker.
// +kubebuilder:validation:XValidation:rule="!has(self.replaces) || !has(self.continues)",message="an engagement either replaces another or continues it, not both"
// +kubebuilder:validation:XValidation:rule="!has(self.continues) || has(self.workerRef)",message="a renewal names its worker: set workerRef to the predecessor's worker"
// +kubebuilder:validation:XValidation:rule="!has(self.recruitment) || !has(self.recruitment.fillBy) || timestamp(self.recruitment.fillBy) < timestamp(self.statementOfWork.end)",message="recruitment.fillBy must be before statementOfWork.end"
type EngagementSpec struct {
	// title is a short name for people.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	Title string `json:"title"`

	// intake is what finance, security and planning ask of every request.
	// +optional
	Intake *Intake `json:"intake,omitempty"`

	// contacts are the people that status.waitingFor names, by role; Manager is told of what is overdue.
	// +optional
	// +listType=map
	// +listMapKey=role
	// +kubebuilder:validation:MaxItems=16
	Contacts []Contact `json:"contacts,omitempty"`

	// poolRef is the TalentPool to recruit from.
	// +required
	PoolRef PoolReference `json:"poolRef"`

	// workerRef pins a Worker of the pool's namespace. It skips matching, never screening or compliance; it cannot change once an offer was accepted.
	// +optional
	WorkerRef *LocalReference `json:"workerRef,omitempty"`

	// requirements are what a worker must bring.
	// +optional
	Requirements *Requirements `json:"requirements,omitempty"`

	// recruitment says how a worker is chosen.
	// +optional
	Recruitment *Recruitment `json:"recruitment,omitempty"`

	// statementOfWork is what is to be done, by when, and for how much.
	// +required
	StatementOfWork StatementOfWork `json:"statementOfWork"`

	// classification is the legal form of the work and the facts it rests on.
	// +required
	Classification Classification `json:"classification"`

	// approvals says whose consent is needed before anyone is recruited.
	// +optional
	Approvals *Approvals `json:"approvals,omitempty"`

	// onboarding is the procedure that is passed before work begins.
	// +optional
	Onboarding *Onboarding `json:"onboarding,omitempty"`

	// access lists the AccessProfiles to be granted. Each needs the verb grant on the profile.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=16
	Access []AccessRequest `json:"access,omitempty"`

	// evaluation says by what and how often the work is judged.
	// +optional
	Evaluation *EvaluationPlan `json:"evaluation,omitempty"`

	// offboarding is the procedure at the end, and how long access outlives the work.
	// +optional
	Offboarding *Offboarding `json:"offboarding,omitempty"`

	// suspend withdraws access and pauses the work. The end, a termination, deletion and expiry still act. Default: false.
	// +optional
	Suspend bool `json:"suspend,omitempty"`

	// termination ends the engagement before its planned end. It cannot change once its effective time has passed.
	// +optional
	Termination *Termination `json:"termination,omitempty"`

	// replaces names an engagement whose deliverables this one takes over; its handover evidence appears in this one's onboarding.
	// +optional
	Replaces *Replaces `json:"replaces,omitempty"`

	// continues names the engagement that this one renews: same worker, valid steps carried over, access without a gap, tenure unbroken.
	// +optional
	Continues *LocalReference `json:"continues,omitempty"`

	// requester is who asks. It is stamped at admission at create, and again for whoever widens the request; never set it by hand.
	// +optional
	Requester *Author `json:"requester,omitempty"`
}

// DataClassification says how sensitive the data is that the work touches.
// +kubebuilder:validation:Enum=Public;Internal;Confidential;Restricted
type DataClassification string

// Intake is what finance, security and planning ask of every request.
type Intake struct {
	// costCenter that pays.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	CostCenter string `json:"costCenter,omitempty"`

	// project the work belongs to.
	// +optional
	// +kubebuilder:validation:MaxLength=128
	Project string `json:"project,omitempty"`

	// justification says why outside help is needed.
	// +optional
	// +kubebuilder:validation:MaxLength=2048
	Justification string `json:"justification,omitempty"`

	// dataClassification of the data the work touches: Public, Internal, Confidential or Restricted.
	// +optional
	DataClassification DataClassification `json:"dataClassification,omitempty"`
}

// RoleManager is the contact who is told of what is overdue.
const RoleManager = "Manager"

// RoleLegal is the contact who sees to what neither a requester nor a manager may decide: a determination, and a policy that cannot be read.
const RoleLegal = "Legal"

// Contact is a person with a role in the engagement.
type Contact struct {
	// role is for example Manager, Buddy or Coordinator. Checklist steps name their actor by it.
	// +required
	// +kubebuilder:validation:Pattern=`^[A-Z][A-Za-z0-9]*$`
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule="!(self in ['Worker', 'Supplier', 'Operator', 'Requester', 'Approver', 'Reviewer'])",message="this role is given by Longshore itself; choose another name"
	Role string `json:"role"`

	// subject is the person.
	// +required
	Subject Subject `json:"subject"`
}

// Approvals says whose consent is needed.
type Approvals struct {
	// required is how many different people must approve each stage, at least 1; a compliance policy may raise it. Default: 1.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10
	Required int32 `json:"required,omitempty"`

	// stages are passed in order. Without stages the engagement itself is approved.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=8
	Stages []ApprovalStage `json:"stages,omitempty"`
}

// ApprovalStage is one stage of approval.
type ApprovalStage struct {
	// name of the stage, for example Budget. Its claim is approval/stage.<name>.
	// +required
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?$`
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`

	// subjects who may approve this stage, each of them also holding the verb approve. Default: anyone who holds it. A Group counts only by the verb, since the operator does not know who is in it.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	Subjects []Subject `json:"subjects,omitempty"`
}

// OnboardingMode says how much of the checklist is passed.
// +kubebuilder:validation:Enum=Full;FastTrack
type OnboardingMode string

// The onboarding modes.
const (
	OnboardingFull      OnboardingMode = "Full"
	OnboardingFastTrack OnboardingMode = "FastTrack"
)

// Onboarding is the procedure that is passed before work begins.
type Onboarding struct {
	// checklistRef is the procedure. Default: none, nothing is asked but the start.
	// +optional
	ChecklistRef *LocalReference `json:"checklistRef,omitempty"`

	// mode is Full, or FastTrack for a replacement: only the steps marked fastTrack. Default: Full.
	// +optional
	Mode OnboardingMode `json:"mode,omitempty"`
}

// EvaluationPlan says by what and how often the work is judged.
type EvaluationPlan struct {
	// scorecardRef is the rubric.
	// +required
	ScorecardRef LocalReference `json:"scorecardRef"`

	// cadence of periodic evaluations while Assigned, as a Go duration of at least 1s. Default: none, only the final one.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=20
	// +kubebuilder:validation:Pattern=`^([0-9]{1,5}(ms|s|m|h))+$`
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('1s')",message="must be at least 1s"
	Cadence *metav1.Duration `json:"cadence,omitempty"`

	// finalWithin is how long after the end the final evaluation is awaited, as a Go duration. Default: 120h.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=20
	// +kubebuilder:validation:Pattern=`^([0-9]{1,5}(ms|s|m|h))+$`
	FinalWithin *metav1.Duration `json:"finalWithin,omitempty"`
}

// Offboarding is the procedure at the end.
type Offboarding struct {
	// checklistRef is the procedure. Default: none, only revocation is waited for.
	// +optional
	ChecklistRef *LocalReference `json:"checklistRef,omitempty"`

	// accessGrace is how long access outlives a planned end, as a Go duration; each profile's maxGrace caps it; none for cause. Default: 0s.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=20
	// +kubebuilder:validation:Pattern=`^([0-9]{1,5}(ms|s|m|h))+$`
	AccessGrace *metav1.Duration `json:"accessGrace,omitempty"`
}

// TerminationReason says why an engagement is ended early.
// +kubebuilder:validation:Enum=ProjectCancelled;BudgetCut;Performance;Converted;Other;Misconduct;SecurityIncident
type TerminationReason string

// The reasons to terminate. Misconduct and SecurityIncident are for cause: no grace, no notice.
const (
	TerminationProjectCancelled TerminationReason = "ProjectCancelled"
	TerminationBudgetCut        TerminationReason = "BudgetCut"
	TerminationPerformance      TerminationReason = "Performance"
	TerminationConverted        TerminationReason = "Converted"
	TerminationOther            TerminationReason = "Other"
	TerminationMisconduct       TerminationReason = "Misconduct"
	TerminationSecurityIncident TerminationReason = "SecurityIncident"
)

// ForCause says whether the reason allows neither grace nor notice.
func (r TerminationReason) ForCause() bool {
	return r == TerminationMisconduct || r == TerminationSecurityIncident
}

// TerminationParty says on whose side the termination lies.
// +kubebuilder:validation:Enum=Requester;Worker;Supplier
type TerminationParty string

// The parties that can terminate.
const (
	ByRequester TerminationParty = "Requester"
	ByWorker    TerminationParty = "Worker"
	BySupplier  TerminationParty = "Supplier"
)

// Termination ends the engagement before its planned end.
type Termination struct {
	// reason is one of ProjectCancelled, BudgetCut, Performance, Converted, Other, Misconduct, SecurityIncident; the last two are for cause.
	// +required
	Reason TerminationReason `json:"reason"`

	// by is the side that ends it. Worker gives the outcome Resigned only together with the worker's own attestation, otherwise Terminated. Default: Requester.
	// +optional
	By TerminationParty `json:"by,omitempty"`

	// effective is when it ends. Default: now, as first seen. In the years 2000 to 2199.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Format=date-time
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`
	// +kubebuilder:validation:XValidation:rule="self >= timestamp('2000-01-01T00:00:00Z') && self < timestamp('2200-01-01T00:00:00Z')",message="must be in the years 2000 to 2199 (UTC)"
	Effective *metav1.Time `json:"effective,omitempty"`

	// note for people; it is not copied anywhere.
	// +optional
	// +kubebuilder:validation:MaxLength=2048
	Note string `json:"note,omitempty"`
}

// Replaces names a predecessor and what is taken over.
type Replaces struct {
	// name of the Engagement that is replaced, in the same namespace.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`

	// deliverables of the predecessor that this engagement takes over, by name.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=63
	Deliverables []string `json:"deliverables,omitempty"`
}

// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=engagements,shortName=eng,categories=longshore
// +kubebuilder:selectablefield:JSONPath=`.spec.poolRef.name`
// +kubebuilder:selectablefield:JSONPath=`.status.phase`
// +kubebuilder:selectablefield:JSONPath=`.status.worker.name`
// +kubebuilder:selectablefield:JSONPath=`.status.outcome`
// +kubebuilder:printcolumn:name="Phase",type=string,JSONPath=`.status.phase`
// +kubebuilder:printcolumn:name="Worker",type=string,JSONPath=`.status.worker.name`
// +kubebuilder:printcolumn:name="Waiting for",type=string,JSONPath=`.status.waiting`
// +kubebuilder:printcolumn:name="Score",type=string,JSONPath=`.status.score`
// +kubebuilder:printcolumn:name="Ends",type=string,JSONPath=`.status.ends`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Outcome",type=string,JSONPath=`.status.outcome`,priority=1
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`,priority=1
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`,priority=1
// +kubebuilder:printcolumn:name="Pool",type=string,JSONPath=`.spec.poolRef.name`,priority=1
// +kubebuilder:printcolumn:name="Access owed",type=integer,JSONPath=`.status.access.owed`,priority=1
// +kubebuilder:printcolumn:name="Accepted",type=string,JSONPath=`.status.spend.accepted`,priority=1
// +kubebuilder:printcolumn:name="Currency",type=string,JSONPath=`.status.spend.currency`,priority=1

// Engagement is one contract with one worker, from statement of work to proven revocation.
type Engagement struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is what the requester wants.
	// +required
	Spec EngagementSpec `json:"spec"`

	// status is what the operator knows.
	// +optional
	// +default={"observedGeneration": -1}
	Status EngagementStatus `json:"status,omitzero"`
}

// +kubebuilder:object:root=true

// EngagementList is a list of Engagements.
type EngagementList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Engagement `json:"items"`
}
