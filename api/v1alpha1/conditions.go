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

// Condition types of an Engagement, each the truth about now. Once it is closed they stay as they were at the end.
const (
	// ConditionCompliant: no policy holds it. False where a rule does not hold, Unknown where none denies and one cannot be evaluated.
	ConditionCompliant = "Compliant"
	// ConditionApproved: every approval that is asked for stands, for the terms proposed now or, after acceptance, for the accepted ones.
	ConditionApproved = "Approved"
	// ConditionRecruited: a screened worker has accepted.
	ConditionRecruited = "Recruited"
	// ConditionOnboarded: every step that blocks work is done, and the start was confirmed.
	ConditionOnboarded = "Onboarded"
	// ConditionAccessReady: everything that is asked for is granted and read back.
	ConditionAccessReady = "AccessReady"
	// ConditionDelivered: every deliverable was accepted, or none is agreed.
	ConditionDelivered = "Delivered"
	// ConditionEvaluated: the final evaluation stands, or none is asked for.
	ConditionEvaluated = "Evaluated"
	// ConditionAccessRevoked: nothing is held: nothing was granted, or all of it is proven gone.
	ConditionAccessRevoked = "AccessRevoked"
	// ConditionOffboarded: the file is sealed.
	ConditionOffboarded = "Offboarded"
)

// Condition types of a Dossier.
const (
	// ConditionErased: what is personal in a sealed file is gone. False where its erasure was asked for and something stands against it.
	ConditionErased = "Erased"
)

// Reasons of Erased.
const (
	// ReasonErased: it was asked for, and nothing stood against it or somebody decided for it.
	ReasonErased = "Erased"
	// ReasonRetentionEnded: the time for which it had to be kept is over.
	ReasonRetentionEnded = "RetentionEnded"
	// ReasonRetentionConflict: it was asked for, and a policy demands that it be kept; somebody has to decide.
	ReasonRetentionConflict = "RetentionConflict"
	// ReasonKept: somebody decided to keep it until the end of retention.
	ReasonKept = "Kept"
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
	// ReasonComplianceUnknown: a policy selects the engagement and cannot be evaluated: its expressions do not compile, or what they read is not there.
	ReasonComplianceUnknown = "ComplianceUnknown"
	// ReasonApprovalRequired: a rule requires another approval of terms that were accepted already.
	ReasonApprovalRequired = "ApprovalRequired"
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
	// ReasonReviewOverdue: a periodic evaluation was missed, and the one that is due is not given.
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
	// ReasonOwed: access has ended, and its revocation is not yet proven.
	ReasonOwed = "Owed"
	// ReasonHeld: access is held.
	ReasonHeld = "Held"
	// ReasonDecommissioned: the target system was declared gone for good.
	ReasonDecommissioned = "Decommissioned"
	// ReasonDeleted: the object is being deleted.
	ReasonDeleted = "Deleted"
	// ReasonInvalid: the object contradicts itself.
	ReasonInvalid = "Invalid"
	// ReasonExpressionInvalid: a policy cannot be evaluated: an expression of it does not compile, is of the wrong type, or reads what the policy does not ask for.
	ReasonExpressionInvalid = "ExpressionInvalid"
)
