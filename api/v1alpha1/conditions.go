package v1alpha1

// Condition types, shared by every kind that has conditions.
const (
	// ConditionReady: accepted and moving, or closed. An ordinary human wait within its due date is Ready.
	ConditionReady = "Ready"
	// ConditionReconciling: the operator itself still has something to do.
	ConditionReconciling = "Reconciling"
	// ConditionStalled: overdue or blocked, until somebody acts.
	ConditionStalled = "Stalled"
)

// Condition types of an Engagement, each the truth about now.
const (
	ConditionCompliant     = "Compliant"
	ConditionApproved      = "Approved"
	ConditionRecruited     = "Recruited"
	ConditionOnboarded     = "Onboarded"
	ConditionAccessReady   = "AccessReady"
	ConditionDelivered     = "Delivered"
	ConditionEvaluated     = "Evaluated"
	ConditionAccessRevoked = "AccessRevoked"
	ConditionOffboarded    = "Offboarded"
)

// Reasons of Stalled, and of whatever holds an engagement.
const (
	// ReasonReferenceNotFound: something the spec names does not exist.
	ReasonReferenceNotFound = "ReferenceNotFound"
	// ReasonReferenceNotAllowed: something the spec names may not be used here.
	ReasonReferenceNotAllowed = "ReferenceNotAllowed"
	// ReasonChecklistInvalid: a checklist has a cycle or an unknown name.
	ReasonChecklistInvalid = "ChecklistInvalid"
	// ReasonTermsInvalid: the terms contradict themselves: budget exceeded, unequal currencies.
	ReasonTermsInvalid = "TermsInvalid"
	// ReasonComplianceViolation: a rule denies.
	ReasonComplianceViolation = "ComplianceViolation"
	// ReasonComplianceUnknown: a policy selects the engagement and cannot be evaluated.
	ReasonComplianceUnknown = "ComplianceUnknown"
	// ReasonApprovalRejected: somebody rejected these terms.
	ReasonApprovalRejected = "ApprovalRejected"
	// ReasonNoCandidates: nobody in the pool can do it, or fillBy has passed.
	ReasonNoCandidates = "NoCandidates"
	// ReasonStepOverdue: a step's due time has passed.
	ReasonStepOverdue = "StepOverdue"
	// ReasonStepFailed: a required step failed for good.
	ReasonStepFailed = "StepFailed"
	// ReasonDeliverableOverdue: a deliverable's due time has passed.
	ReasonDeliverableOverdue = "DeliverableOverdue"
	// ReasonReviewOverdue: a periodic or the final evaluation is overdue.
	ReasonReviewOverdue = "ReviewOverdue"
	// ReasonAmendmentRefused: changed terms were refused or not answered.
	ReasonAmendmentRefused = "AmendmentRefused"
	// ReasonAccessExpired: a grant expired before the end.
	ReasonAccessExpired = "AccessExpired"
	// ReasonAccessPreexisting: access from before the first grant waits for a decision.
	ReasonAccessPreexisting = "AccessPreexisting"
	// ReasonProviderFailed: a target system does not do what is asked.
	ReasonProviderFailed = "ProviderFailed"
	// ReasonGrantNotPermitted: the requester may not hand out a profile.
	ReasonGrantNotPermitted = "GrantNotPermitted"
	// ReasonAdmissionMissing: the operator's own admission policies are not installed.
	ReasonAdmissionMissing = "AdmissionMissing"
	// ReasonWorkerGone: the worker's object is gone.
	ReasonWorkerGone = "WorkerGone"
	// ReasonTooManyAttestations: the record is full.
	ReasonTooManyAttestations = "TooManyAttestations"
)

// Reasons of the ordinary course.
const (
	// ReasonProgressing: moving.
	ReasonProgressing = "Progressing"
	// ReasonWaiting: waiting for people, within their time.
	ReasonWaiting = "Waiting"
	// ReasonClosed: closed.
	ReasonClosed = "Closed"
	// ReasonSuspended: suspended by spec.suspend.
	ReasonSuspended = "Suspended"
	// ReasonWithdrawn: access withdrawn by attestation.
	ReasonWithdrawn = "Withdrawn"
	// ReasonHolds: the condition holds.
	ReasonHolds = "Holds"
	// ReasonNotYet: its time has not come.
	ReasonNotYet = "NotYet"
	// ReasonNotAsked: nothing of the kind is asked for.
	ReasonNotAsked = "NotAsked"
	// ReasonDeadlinePassed: its time has passed without it.
	ReasonDeadlinePassed = "DeadlinePassed"
	// ReasonDeleted: the object is being deleted.
	ReasonDeleted = "Deleted"
	// ReasonInvalid: the object contradicts itself.
	ReasonInvalid = "Invalid"
)
