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
}

// ProposedTerms is what an approval covers.
type ProposedTerms struct {
	// hash is the RFC 8785 digest of the spec's statement of work, access, classification and grace, as sha256:<hex>.
	// +required
	// +kubebuilder:validation:MaxLength=71
	Hash string `json:"hash"`
}

// AcceptedTerms are the terms that a worker accepted.
type AcceptedTerms struct {
	// statementOfWork as accepted.
	// +required
	StatementOfWork StatementOfWork `json:"statementOfWork"`

	// access as accepted.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=16
	Access []AccessRequest `json:"access,omitempty"`

	// classification as accepted.
	// +required
	Classification Classification `json:"classification"`

	// accessGrace as accepted.
	// +optional
	AccessGrace *metav1.Duration `json:"accessGrace,omitempty"`

	// inherited deliverables, taken over from the engagement that is replaced.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=64
	Inherited []Deliverable `json:"inherited,omitempty"`

	// worker who accepted.
	// +required
	// +kubebuilder:validation:MaxLength=253
	Worker string `json:"worker"`

	// rate as accepted.
	// +optional
	Rate *Rate `json:"rate,omitempty"`

	// proposed is the hash of the spec's part of these terms; while it equals status.proposed.hash nothing is being amended.
	// +required
	// +kubebuilder:validation:MaxLength=71
	Proposed string `json:"proposed"`

	// hash that the worker accepted, as sha256:<hex>.
	// +required
	// +kubebuilder:validation:MaxLength=71
	Hash string `json:"hash"`

	// acceptedAt is when.
	// +required
	AcceptedAt metav1.Time `json:"acceptedAt"`
}

// AmendmentState says how far a change of terms is.
// +kubebuilder:validation:Enum=AwaitingApproval;AwaitingWorker;Refused;Unanswered;Invalid
type AmendmentState string

// The states of an amendment.
const (
	AmendmentAwaitingApproval AmendmentState = "AwaitingApproval"
	AmendmentAwaitingWorker   AmendmentState = "AwaitingWorker"
	AmendmentRefused          AmendmentState = "Refused"
	AmendmentUnanswered       AmendmentState = "Unanswered"
	AmendmentInvalid          AmendmentState = "Invalid"
)

// AmendmentStatus is a change of terms after acceptance that is under way.
type AmendmentStatus struct {
	// hash of the proposed terms, as in status.proposed.
	// +required
	// +kubebuilder:validation:MaxLength=71
	Hash string `json:"hash"`

	// state of the amendment.
	// +required
	State AmendmentState `json:"state"`

	// needsApproval says that the change is dearer, longer or more access.
	// +optional
	NeedsApproval bool `json:"needsApproval,omitempty"`

	// since when these terms are proposed.
	// +required
	Since metav1.Time `json:"since"`

	// expiresAt is when it counts as unanswered.
	// +optional
	ExpiresAt *metav1.Time `json:"expiresAt,omitempty"`

	// message says what changes, or why it cannot.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Message string `json:"message,omitempty"`
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

// CandidateState says how far a candidate is.
// +kubebuilder:validation:Enum=Excluded;Eligible;Shortlisted;Chosen;Passed;Offered;Declined;TimedOut;Accepted
type CandidateState string

// The states of a candidate.
const (
	CandidateExcluded    CandidateState = "Excluded"
	CandidateEligible    CandidateState = "Eligible"
	CandidateShortlisted CandidateState = "Shortlisted"
	CandidateChosen      CandidateState = "Chosen"
	CandidatePassed      CandidateState = "Passed"
	CandidateOffered     CandidateState = "Offered"
	CandidateDeclined    CandidateState = "Declined"
	CandidateTimedOut    CandidateState = "TimedOut"
	CandidateAccepted    CandidateState = "Accepted"
)

// RecruitmentStatus is how the search goes.
type RecruitmentStatus struct {
	// candidates considered: the best ones, and as many of the excluded with their reason as fit.
	// +optional
	// +listType=map
	// +listMapKey=worker
	// +kubebuilder:validation:MaxItems=50
	Candidates []Candidate `json:"candidates,omitempty"`

	// considered is how many members of the pool were looked at.
	// +optional
	Considered int32 `json:"considered,omitempty"`

	// eligible is how many of them could do the work.
	// +optional
	Eligible int32 `json:"eligible,omitempty"`

	// offer that is open or was accepted.
	// +optional
	Offer *Offer `json:"offer,omitempty"`

	// refusals are the offers that were declined or not answered in time.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=200
	Refusals []Refusal `json:"refusals,omitempty"`
}

// Candidate is one worker who was considered.
type Candidate struct {
	// worker is the Worker's name.
	// +required
	// +kubebuilder:validation:MaxLength=253
	Worker string `json:"worker"`

	// score by which candidates are ranked, 0 to 100 with one decimal.
	// +optional
	// +kubebuilder:validation:MaxLength=8
	Score string `json:"score,omitempty"`

	// parts of the score, by name.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=8
	Parts []ScorePart `json:"parts,omitempty"`

	// state of the candidate.
	// +required
	State CandidateState `json:"state"`

	// reason why an excluded candidate is excluded, or why an eligible one is not offered the work.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	Reason string `json:"reason,omitempty"`
}

// ScorePart is one part of a candidate's score.
type ScorePart struct {
	// name of the part: skills, performance, tier, cost, load or timeZone; of an assignment also preference.
	// +required
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`

	// value of the part, 0 to 100 with one decimal.
	// +required
	// +kubebuilder:validation:MaxLength=8
	Value string `json:"value"`
}

// Offer is made to one worker at a time.
type Offer struct {
	// worker to whom the offer is made.
	// +required
	// +kubebuilder:validation:MaxLength=253
	Worker string `json:"worker"`

	// workerUID pins the person.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=64
	WorkerUID types.UID `json:"workerUID,omitempty"`

	// rate offered.
	// +optional
	Rate *Rate `json:"rate,omitempty"`

	// tier of the worker when the offer was made.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	Tier string `json:"tier,omitempty"`

	// hash of what is offered, as sha256:<hex>: the proposed terms, the worker and the rate. Accepted must carry it.
	// +required
	// +kubebuilder:validation:MaxLength=71
	Hash string `json:"hash"`

	// offeredAt is when.
	// +required
	OfferedAt metav1.Time `json:"offeredAt"`

	// expiresAt is when the next candidate is offered the work.
	// +required
	ExpiresAt metav1.Time `json:"expiresAt"`
}

// Refusal is an offer that was declined or not answered.
type Refusal struct {
	// worker who refused.
	// +required
	// +kubebuilder:validation:MaxLength=253
	Worker string `json:"worker"`

	// hash of what was offered.
	// +required
	// +kubebuilder:validation:MaxLength=71
	Hash string `json:"hash"`

	// state is Declined or TimedOut.
	// +required
	State CandidateState `json:"state"`

	// at is when.
	// +required
	At metav1.Time `json:"at"`
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

// AccessStatus is what is granted, and what revocation is owed.
type AccessStatus struct {
	// grants has one row for each profile.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=64
	Grants []GrantSummary `json:"grants,omitempty"`

	// owed is how many entitlements still have to be proven revoked.
	// +optional
	Owed int32 `json:"owed"`

	// withdrawn says why access is withdrawn now, if it is: Ended, Suspended, Withdrawn, Deleted, WorkerGone or Narrowed.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	Withdrawn string `json:"withdrawn,omitempty"`
}

// GrantSummary is one AccessGrant in short.
type GrantSummary struct {
	// name of the AccessGrant.
	// +required
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`

	// profile that is granted.
	// +required
	// +kubebuilder:validation:MaxLength=63
	Profile string `json:"profile"`

	// state of the grant, the least advanced of its entitlements.
	// +optional
	State GrantState `json:"state,omitempty"`

	// expiresAt is when access ends at the latest.
	// +optional
	ExpiresAt *metav1.Time `json:"expiresAt,omitempty"`
}

// DeliverableState says how far a deliverable is.
// +kubebuilder:validation:Enum=Open;Submitted;Revise;Disputed;PartlyAccepted;Accepted;Lapsed;HandedOver
type DeliverableState string

// The states of a deliverable.
const (
	DeliverableOpen           DeliverableState = "Open"
	DeliverableSubmitted      DeliverableState = "Submitted"
	DeliverableRevise         DeliverableState = "Revise"
	DeliverableDisputed       DeliverableState = "Disputed"
	DeliverablePartlyAccepted DeliverableState = "PartlyAccepted"
	DeliverableAccepted       DeliverableState = "Accepted"
	// DeliverableLapsed was not accepted within its time.
	DeliverableLapsed DeliverableState = "Lapsed"
	// DeliverableHandedOver was taken over by a successor.
	DeliverableHandedOver DeliverableState = "HandedOver"
)

// DeliverableStatus is how far a deliverable is.
type DeliverableStatus struct {
	// name of the deliverable.
	// +required
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`

	// state of the deliverable.
	// +required
	State DeliverableState `json:"state"`

	// rounds of revision that the worker caused.
	// +optional
	Rounds int32 `json:"rounds"`

	// clientRounds are rounds of revision that the client caused.
	// +optional
	ClientRounds int32 `json:"clientRounds,omitempty"`

	// submittedAt is the first submission, by which it is on time or late.
	// +optional
	SubmittedAt *metav1.Time `json:"submittedAt,omitempty"`

	// acceptedAt is when it was accepted.
	// +optional
	AcceptedAt *metav1.Time `json:"acceptedAt,omitempty"`

	// onTime says whether it was first submitted when due; absent while open and not late.
	// +optional
	OnTime *bool `json:"onTime,omitempty"`

	// acceptedAmount in the budget's currency.
	// +optional
	// +kubebuilder:validation:MaxLength=16
	AcceptedAmount string `json:"acceptedAmount,omitempty"`
}

// EvaluationRecord is one evaluation that counts.
type EvaluationRecord struct {
	// uid of the Evaluation.
	// +required
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=64
	UID types.UID `json:"uid"`

	// name of the Evaluation.
	// +required
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`

	// kind of the Evaluation.
	// +required
	Kind EvaluationKind `json:"kind"`

	// evaluator who gave it.
	// +required
	// +kubebuilder:validation:MaxLength=256
	Evaluator string `json:"evaluator"`

	// period that it covers.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	Period string `json:"period,omitempty"`

	// score from 0 to 100 with one decimal.
	// +required
	// +kubebuilder:validation:MaxLength=8
	Score string `json:"score"`

	// at is when it was given.
	// +required
	At metav1.Time `json:"at"`

	// digest of the Evaluation's spec, as sha256:<hex>.
	// +optional
	// +kubebuilder:validation:MaxLength=71
	Digest string `json:"digest,omitempty"`
}

// ReviewStatus says which periodic evaluations were held and which were missed.
type ReviewStatus struct {
	// held is how many periods have an evaluation.
	// +optional
	Held int32 `json:"held"`

	// missed is how many periods passed without one.
	// +optional
	Missed int32 `json:"missed"`

	// nextDue is when the current period's evaluation is due.
	// +optional
	NextDue *metav1.Time `json:"nextDue,omitempty"`
}

// KPIValue is one key performance indicator with its sample.
type KPIValue struct {
	// name of the KPI, as in the Scorecard.
	// +required
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`

	// value as a decimal.
	// +required
	// +kubebuilder:validation:MaxLength=32
	Value string `json:"value"`

	// sample is how many things were measured.
	// +optional
	Sample int32 `json:"sample"`
}

// Spend is the money side of an engagement.
type Spend struct {
	// currency of all amounts.
	// +required
	// +kubebuilder:validation:MaxLength=3
	Currency string `json:"currency"`

	// committed is promised but not yet accepted.
	// +required
	// +kubebuilder:validation:MaxLength=20
	Committed string `json:"committed"`

	// accepted is owed for accepted work.
	// +required
	// +kubebuilder:validation:MaxLength=20
	Accepted string `json:"accepted"`

	// remaining is the budget less committed and accepted.
	// +required
	// +kubebuilder:validation:MaxLength=20
	Remaining string `json:"remaining"`
}

// ComplianceStatus is what the policies say.
type ComplianceStatus struct {
	// violations that hold or stall the engagement.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	Violations []Finding `json:"violations,omitempty"`

	// warnings of limits that come near.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	Warnings []Finding `json:"warnings,omitempty"`

	// nextDeadline is when time alone will change the answer.
	// +optional
	NextDeadline *metav1.Time `json:"nextDeadline,omitempty"`
}

// Finding is what one rule of one policy says.
type Finding struct {
	// policy is the CompliancePolicy.
	// +required
	// +kubebuilder:validation:MaxLength=253
	Policy string `json:"policy"`

	// rule of the policy.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	Rule string `json:"rule,omitempty"`

	// message says what is wrong, by which source, and what to do.
	// +required
	// +kubebuilder:validation:MaxLength=1024
	Message string `json:"message"`
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
