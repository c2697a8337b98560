package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Phase is the furthest stage of its life that an engagement has reached. It only moves forward.
// +kubebuilder:validation:Enum=Pending;Recruiting;Onboarding;Assigned;Evaluating;Offboarding;Closed
type Phase string

// The phases, in order.
const (
	PhasePending     Phase = "Pending"
	PhaseRecruiting  Phase = "Recruiting"
	PhaseOnboarding  Phase = "Onboarding"
	PhaseAssigned    Phase = "Assigned"
	PhaseEvaluating  Phase = "Evaluating"
	PhaseOffboarding Phase = "Offboarding"
	PhaseClosed      Phase = "Closed"
)

// Phases lists every phase in order.
var Phases = []Phase{PhasePending, PhaseRecruiting, PhaseOnboarding, PhaseAssigned, PhaseEvaluating, PhaseOffboarding, PhaseClosed}

// Before says whether p comes before q in the life of an engagement. A phase that has not been set comes before every other.
func (p Phase) Before(q Phase) bool {
	return p.order() < q.order()
}

func (p Phase) order() int {
	for i, phase := range Phases {
		if phase == p {
			return i
		}
	}
	return -1
}

// Outcome says how an engagement ended.
// +kubebuilder:validation:Enum=Completed;Cancelled;Terminated;Resigned;NoShow;Unfilled;Converted;Expired
type Outcome string

// The outcomes.
const (
	// OutcomeCompleted is the ordinary end.
	OutcomeCompleted Outcome = "Completed"
	// OutcomeCancelled ended or was deleted before anyone accepted.
	OutcomeCancelled Outcome = "Cancelled"
	// OutcomeTerminated was ended by someone.
	OutcomeTerminated Outcome = "Terminated"
	// OutcomeResigned was ended by the worker.
	OutcomeResigned Outcome = "Resigned"
	// OutcomeNoShow had nobody confirm the start.
	OutcomeNoShow Outcome = "NoShow"
	// OutcomeUnfilled found nobody before the end.
	OutcomeUnfilled Outcome = "Unfilled"
	// OutcomeConverted became an employment.
	OutcomeConverted Outcome = "Converted"
	// OutcomeExpired was ended by a compliance rule or a tenure limit.
	OutcomeExpired Outcome = "Expired"
)

// EngagementStatus is what the operator knows of an engagement.
type EngagementStatus struct {
	// observedGeneration is the generation of the spec that this status speaks of; -1 before the first look.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration"`

	// phase is the furthest stage reached; conditions say what is true now.
	// +optional
	Phase Phase `json:"phase,omitempty"`

	// waiting is waitingFor in one short line, for people; where nobody is waited for it says until when.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	Waiting string `json:"waiting,omitempty"`

	// ends is when the engagement ends or ended, in RFC 3339.
	// +optional
	// +kubebuilder:validation:MaxLength=32
	Ends string `json:"ends,omitempty"`

	// outcome says how it ended, once Closed.
	// +optional
	Outcome Outcome `json:"outcome,omitempty"`

	// rehire says whether the person may be engaged again.
	// +optional
	Rehire Rehire `json:"rehire,omitempty"`

	// worker who accepted.
	// +optional
	Worker *EngagedWorker `json:"worker,omitempty"`

	// requesters is everyone who was requester; each counts for self-dealing.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=256
	Requesters []string `json:"requesters,omitempty"`

	// proposed is what an approval covers.
	// +optional
	Proposed *ProposedTerms `json:"proposed,omitempty"`

	// terms are the accepted terms, whole; they stay in force until an amendment stands.
	// +optional
	Terms *AcceptedTerms `json:"terms,omitempty"`

	// amendment is a change of terms after acceptance that is under way.
	// +optional
	Amendment *AmendmentStatus `json:"amendment,omitempty"`

	// ending is the earliest known end before the planned one, once somebody stated it.
	// +optional
	Ending *Ending `json:"ending,omitempty"`

	// endedAt is when the work ended; access ended then, plus grace.
	// +optional
	EndedAt *metav1.Time `json:"endedAt,omitempty"`

	// waitingFor is what the engagement waits for, and for whom. It is empty only when nobody is waited for.
	// +optional
	// +listType=map
	// +listMapKey=what
	// +kubebuilder:validation:MaxItems=200
	WaitingFor []WaitingFor `json:"waitingFor,omitempty"`

	// phases is the timeline.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=7
	Phases []PhaseTime `json:"phases,omitempty"`

	// recruitment is how the search goes.
	// +optional
	Recruitment *RecruitmentStatus `json:"recruitment,omitempty"`

	// onboarding is how far the onboarding checklist is.
	// +optional
	Onboarding *ProcedureStatus `json:"onboarding,omitempty"`

	// offboarding is how far the offboarding checklist is.
	// +optional
	Offboarding *ProcedureStatus `json:"offboarding,omitempty"`

	// access is what is granted, and what revocation is owed.
	// +optional
	Access *AccessStatus `json:"access,omitempty"`

	// deliverables is how far each deliverable is.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=128
	Deliverables []DeliverableStatus `json:"deliverables,omitempty"`

	// evaluations that count.
	// +optional
	// +listType=map
	// +listMapKey=uid
	// +kubebuilder:validation:MaxItems=256
	Evaluations []EvaluationRecord `json:"evaluations,omitempty"`

	// reviews says which periodic evaluations were held, which were missed, and when the next is due.
	// +optional
	Reviews *ReviewStatus `json:"reviews,omitempty"`

	// score is the mean of the counted evaluations' scores, 0 to 100 with one decimal.
	// +optional
	// +kubebuilder:validation:MaxLength=8
	Score string `json:"score,omitempty"`

	// kpis computed from the engagement's own facts.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=32
	KPIs []KPIValue `json:"kpis,omitempty"`

	// spend against the budget.
	// +optional
	Spend *Spend `json:"spend,omitempty"`

	// compliance is what the policies say.
	// +optional
	Compliance *ComplianceStatus `json:"compliance,omitempty"`

	// attestations is the record of every statement that was made about this engagement; deleting the object undoes nothing. Those that do not count say so.
	// +optional
	// +listType=map
	// +listMapKey=uid
	// +kubebuilder:validation:MaxItems=1024
	Attestations []AttestationRecord `json:"attestations,omitempty"`

	// dossier is the sealed file, once Closed.
	// +optional
	Dossier *DossierReference `json:"dossier,omitempty"`

	// conditions are Compliant, Approved, Recruited, Onboarded, AccessReady, Delivered, Evaluated, AccessRevoked, Offboarded, and Ready, Reconciling, Stalled.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=32
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// EngagedWorker is the worker who accepted.
type EngagedWorker struct {
	// name of the Worker.
	// +required
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`

	// namespace of the Worker, the pool's.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	Namespace string `json:"namespace,omitempty"`

	// uid of the Worker at acceptance.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=64
	UID types.UID `json:"uid,omitempty"`

	// personKey joins one human's Worker objects.
	// +optional
	// +kubebuilder:validation:MaxLength=128
	PersonKey string `json:"personKey,omitempty"`

	// username is the worker's own cluster account, if any.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	Username string `json:"username,omitempty"`

	// tier in the pool at the time of the offer.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	Tier string `json:"tier,omitempty"`

	// jurisdiction where the worker works, as the Worker says or last said: its policies apply also when that object is gone.
	// +optional
	// +kubebuilder:validation:Pattern=`^[A-Z]{2}(-[A-Z0-9]{1,3})?$`
	// +kubebuilder:validation:MaxLength=6
	Jurisdiction string `json:"jurisdiction,omitempty"`
}

// EndingCause says what ends an engagement.
// +kubebuilder:validation:Enum=PlannedEnd;Delivered;Termination;Resignation;EndedByAttestation;NoShow;Deleted;Compliance;Tenure
type EndingCause string

// The causes of an end.
const (
	EndPlanned     EndingCause = "PlannedEnd"
	EndDelivered   EndingCause = "Delivered"
	EndTermination EndingCause = "Termination"
	EndResignation EndingCause = "Resignation"
	EndAttested    EndingCause = "EndedByAttestation"
	EndNoShow      EndingCause = "NoShow"
	EndDeleted     EndingCause = "Deleted"
	EndCompliance  EndingCause = "Compliance"
	EndTenure      EndingCause = "Tenure"
)

// Ending is the end that is known or has come.
type Ending struct {
	// cause of the end.
	// +required
	Cause EndingCause `json:"cause"`

	// at is when it takes effect.
	// +required
	At metav1.Time `json:"at"`

	// noticedAt is when it was first seen.
	// +optional
	NoticedAt *metav1.Time `json:"noticedAt,omitempty"`

	// reason of a termination.
	// +optional
	Reason TerminationReason `json:"reason,omitempty"`

	// by is the side that ended it.
	// +optional
	By TerminationParty `json:"by,omitempty"`

	// forCause ends without grace and revokes before all else.
	// +optional
	ForCause bool `json:"forCause,omitempty"`
}

// PhaseTime is when a phase was entered and left.
type PhaseTime struct {
	// name of the phase.
	// +required
	Name Phase `json:"name"`

	// enteredAt is when it was entered.
	// +required
	EnteredAt metav1.Time `json:"enteredAt"`

	// leftAt is when it was left.
	// +optional
	LeftAt *metav1.Time `json:"leftAt,omitempty"`
}

// ProcedureStatus is how far a checklist is.
type ProcedureStatus struct {
	// checklist in force: its UID and generation are kept from the phase's start.
	// +optional
	Checklist *ObjectVersion `json:"checklist,omitempty"`

	// mode in force.
	// +optional
	Mode OnboardingMode `json:"mode,omitempty"`

	// startedAt is the moment from which not-before and due are counted.
	// +optional
	StartedAt *metav1.Time `json:"startedAt,omitempty"`

	// readyAt is when the last step that blocks was done.
	// +optional
	ReadyAt *metav1.Time `json:"readyAt,omitempty"`

	// definition is the procedure in force, kept so that a later edit or deletion of the Checklist changes nothing here.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=64
	Definition []ChecklistStep `json:"definition,omitempty"`

	// steps is how far each step is.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=64
	Steps []StepStatus `json:"steps,omitempty"`

	// handover is the evidence of the engagement that is replaced: what its worker left behind.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	Handover []Evidence `json:"handover,omitempty"`

	// done is how many required steps are done, waived or dropped.
	// +optional
	Done int32 `json:"done"`

	// total is how many steps are required.
	// +optional
	Total int32 `json:"total"`
}

// AttestationRecord is a statement that was bound to its subject. Notes are not kept.
type AttestationRecord struct {
	// uid of the Attestation.
	// +required
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=64
	UID types.UID `json:"uid"`

	// name of the Attestation.
	// +required
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`

	// claim as <area>/<item>.
	// +required
	// +kubebuilder:validation:MaxLength=317
	Claim string `json:"claim"`

	// verdict on the claim.
	// +required
	Verdict Verdict `json:"verdict"`

	// author who said it.
	// +required
	// +kubebuilder:validation:MaxLength=256
	Author string `json:"author"`

	// onBehalfOf is the Worker for whom it was said.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	OnBehalfOf string `json:"onBehalfOf,omitempty"`

	// at is when it was said.
	// +required
	At metav1.Time `json:"at"`

	// terms that it was said of.
	// +optional
	// +kubebuilder:validation:MaxLength=71
	Terms string `json:"terms,omitempty"`

	// cause of a Revise: Client or Worker.
	// +optional
	Cause ReviseCause `json:"cause,omitempty"`

	// effective time of a resignation or an end.
	// +optional
	Effective *metav1.Time `json:"effective,omitempty"`

	// workerType that was determined.
	// +optional
	WorkerType WorkerType `json:"workerType,omitempty"`

	// score of a training gate.
	// +optional
	Score *int32 `json:"score,omitempty"`

	// amount of a part acceptance.
	// +optional
	// +kubebuilder:validation:MaxLength=16
	Amount string `json:"amount,omitempty"`

	// evidence behind it.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	Evidence []Evidence `json:"evidence,omitempty"`

	// ignored says why it does not count; absent while it counts.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	Ignored string `json:"ignored,omitempty"`
}

// DossierReference names the sealed file.
type DossierReference struct {
	// name of the Dossier, its sequence number in the chain.
	// +required
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`

	// hash of the Dossier, as sha256:<hex>.
	// +required
	// +kubebuilder:validation:MaxLength=71
	Hash string `json:"hash"`
}
