package metrics

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// Event is one row of the table of events: what kubectl describe shows of an object. No message names a person.
type Event struct {
	// Reason is a CamelCase word for programs.
	Reason string
	// Type is Normal or Warning.
	Type string
	// Kinds of object that it is reported on.
	Kinds []string
	// Statement says that the reason is why an Attestation or an Evaluation does not count: it stands in the statement's own
	// status too.
	Statement bool
	// Meaning says when it is reported, or why the statement does not count.
	Meaning string
}

// Events lists every event, by reason, but for those that carry the reason of a Stalled condition.
func Events() []Event {
	all := slices.Concat(engagementEvents, grantEvents, providerEvents, workerEvents, poolEvents, dossierEvents, statementEvents)
	slices.SortFunc(all, func(a, b Event) int { return strings.Compare(a.Reason, b.Reason) })
	return all
}

var (
	onEngagement = []string{"Engagement"}
	onWorker     = []string{"Worker"}
	onGrant      = []string{"AccessGrant"}
	onProvider   = []string{"AccessProvider"}
	onAssignment = []string{"Assignment"}
	onPool       = []string{"TalentPool"}
	onDossier    = []string{"Dossier"}
	// ofBoth: statements about either.
	ofBoth = []string{"Engagement", "Worker"}
	// ofWork: statements about work, and ofAll about whatever can be spoken of.
	ofWork = []string{"Engagement", "Assignment"}
	ofAll  = []string{"Engagement", "Worker", "Assignment"}
	// onBoth: whoever follows the engagement is told of what happens to its access, too.
	onBoth = []string{"AccessGrant", "Engagement"}
)

func happens(kinds []string, reason, meaning string) Event {
	return Event{Reason: reason, Type: corev1.EventTypeNormal, Kinds: kinds, Meaning: meaning}
}

func warns(kinds []string, reason, meaning string) Event {
	return Event{Reason: reason, Type: corev1.EventTypeWarning, Kinds: kinds, Meaning: meaning}
}

// doesNotCount declares why statements about an object do not count.
func doesNotCount(kinds []string, reason, meaning string) Event {
	return Event{Reason: reason, Type: corev1.EventTypeWarning, Kinds: kinds, Statement: true, Meaning: meaning}
}

var engagementEvents = []Event{
	happens(onEngagement, "PhaseChanged", "It has entered another phase. The message names the phase before and the new one."),
	happens(onEngagement, "OfferMade", "The work, or after acceptance changed terms, is offered to a worker. The message says until when, and which digest the answer must carry."),
	happens(onEngagement, "OfferAccepted", "The worker accepted. The terms are in `status.terms`."),
	happens(onEngagement, "OfferDeclined", "The worker declined. The next candidate is asked."),
	happens(onEngagement, "OfferTimedOut", "The worker did not answer within `recruitment.offerTimeout`. The next candidate is asked."),
	happens(onEngagement, "Amended", "Changed terms stand: both sides agreed. The message has their digest."),
	happens(onEngagement, "Evaluated", "An evaluation was recorded. The message has its kind and score."),
	happens(onEngagement, "Ended", "The work has ended. The message says when, and by what."),
	warns(onEngagement, "StatusRefused", "The API server refuses the engagement's status, so nothing about it advances; access still ends by its expiry. The message names the fields. Please report it."),
}

var providerEvents = []Event{
	warns(onProvider, "Unclaimed", "Accesses in the target system bear Longshore's mark and belong to no grant. They are never removed: another installation may own them."),
}

var grantEvents = []Event{
	happens(onGrant, "Granted", "Entitlements were granted, and read back from the target system."),
	happens(onGrant, "HandedOut", "Items were handed out, as their custodian attested."),
	happens(onBoth, "Attested", "What was handed out is closed by what its custodian attested. Nothing could be read back."),
	warns(onBoth, "GrantFailed", "A first attempt to grant failed. It is tried again; `status.entitlements` of the grant has the target system's answer."),
	warns(onBoth, "DriftRepaired", "Access was changed by hand in the target system, and put right."),
	warns(onBoth, "PreexistingFound", "The worker had the access before. Somebody decides on it: `access/preexisting.<entitlement>`."),
	happens(onBoth, "Expired", "Access has expired, and is being revoked."),
	happens(onBoth, "Revoked", "Entitlements were revoked, and read back as gone."),
	happens(onBoth, "StillHeld", "Access ended here, and stays in the target for another grant that holds the same."),
	warns(onBoth, "RevokeFailed", "A first attempt to revoke failed. The revocation is owed, and tried again until it is proven."),
	warns(onBoth, "Abandoned", "The target system was declared gone for good. What it held is not proven revoked."),
}

var workerEvents = []Event{
	happens(onWorker, "ScreeningInProgress", "The screening for a pool has begun, or begun again."),
	happens(onWorker, "ScreeningPassed", "The worker can be offered work from the pool."),
	happens(onWorker, "ScreeningFailed", "A required step failed for good. `status.pools` says whether and from when the worker may try again."),
	happens(onWorker, "ScreeningLapsed", "A certificate or document on which the screening rests has expired."),
	happens(onWorker, "Promoted", "The worker's score earned a higher tier of a pool. The message names the pool and both tiers."),
	happens(onWorker, "DemotionProposed", "The worker's score no longer earns their tier of a pool. Somebody decides by `approval/demotion`; `status.waitingFor` says how."),
	happens(onWorker, "Demoted", "The worker is in a lower tier of a pool: by somebody's decision or, where the pool's `demotion` is Automatic, by an evaluation."),
	happens(onWorker, "TierReplaced", "The pool no longer has the worker's tier. They are in the one that their score earns."),
}

var poolEvents = []Event{
	warns(onPool, "Missed", "The windows of assignments of the pool ended before anybody had them. The message says how many; their state is Missed."),
	warns(onPool, "Unplaceable", "Nobody can be given assignments of the pool. The message says how many; `status.why` of each says why."),
}

var dossierEvents = []Event{
	happens(onDossier, "Erased", "What was personal in a sealed file is erased. The message says why: it was asked for, or the time for which it had to be kept is over."),
	warns(onDossier, v1alpha1.ReasonRetentionConflict, "Its erasure was asked for, and a policy demands that it be kept. Somebody with the verb erase decides by `spec.erasure.decision`; without a decision it is erased at the end of retention."),
}

var statementEvents = []Event{
	doesNotCount(onEngagement, "AmountInvalid", "The amount of a part acceptance cannot be read, or exceeds the deliverable's."),
	doesNotCount(ofAll, "BeforeSubject", "It is older than the object that it names, which was made again under the same name since."),
	doesNotCount(onEngagement, "Closed", "The engagement is closed and its file sealed."),
	doesNotCount(ofBoth, "Duplicate", "The same author already gave an evaluation of this kind and period, or of this step of a screening."),
	doesNotCount(ofAll, "NoAuthor", "It was created while the admission policies were not installed, so nobody knows who said it."),
	doesNotCount(onEngagement, "NoOffer", "No offer to this worker is open."),
	doesNotCount(onEngagement, "NotAnApprover", "The stage lists who approves it, and the author is not among them."),
	doesNotCount(onEngagement, "NotAPerson", "A person answers for handing out a profile; a service account does not vouch for another."),
	doesNotCount(ofBoth, "NotAnAttestor", "The step lists its `attestors`, and the author is not among them. That holds for an evaluation of a screening, too."),
	doesNotCount(onEngagement, "NotTheCustodian", "The profile names who hands the item out and takes it back, and the author is not among them."),
	doesNotCount(onEngagement, "NotHandedOut", "What is checked or returned was not handed out before."),
	doesNotCount(ofBoth, "NotAReviewer", "The scorecard lists its `reviewers`, and the author is not among them."),
	doesNotCount(ofAll, "NotAsked", "The engagement does not ask for it: an evaluation without a plan or a period without a cadence, or an approval of the whole where stages are asked for. Of a worker: the pool asks for no screening, every step that the scorecard judges is settled, or no demotion is proposed. Of an assignment: in this version it is not evaluated on its own."),
	doesNotCount(ofBoth, "NotAttestable", "The operator sees for itself when a step of type Check or Access is done."),
	doesNotCount(ofBoth, "NotByScorecard", "The evaluation is incomplete, off the scale, or names what its scorecard does not have."),
	doesNotCount(onEngagement, "NoTime", "EndAt says when the engagement is to end: state it again with effective."),
	doesNotCount(onEngagement, "NotPermitted", "Access from before is decided upon by somebody with the verb grant on its profile."),
	doesNotCount(onEngagement, "HandedOver", "The deliverable was taken over by the engagement that replaces this one: state it of that."),
	doesNotCount(ofWork, "NotNow", "Its time has not come, or nobody is engaged or looked for. Of an assignment: nobody has it, or there is nothing to dispute."),
	doesNotCount(onEngagement, "NotIndependent", "A worker of the pool's namespace does not say who did not turn up, unless the engagement names them as Manager contact."),
	doesNotCount(ofBoth, "NotScorable", "The evaluation cannot be scored, for example because none of the scorecard's KPIs was measured yet."),
	doesNotCount(ofWork, "NotTheWorker", "Only the worker, or somebody with the verb attest-for on their behalf, can say this."),
	doesNotCount(ofWork, "NothingSubmitted", "A deliverable or an assignment is accepted or sent back only after it was submitted."),
	doesNotCount(ofBoth, "OtherScorecard", "The engagement, or every step of the screening, is judged by another scorecard."),
	doesNotCount(onEngagement, "OtherTerms", "It carries the digest of other terms, or of another offer, than those that stand now."),
	doesNotCount(ofAll, "SelfDealing", "Nobody approves, accepts, waives, chooses or judges their own, and no requester approves, waives, answers an offer or determines the classification."),
	doesNotCount(onWorker, "NotAMember", "The worker does not belong to the pool: its `workerSelector` does not select them."),
	doesNotCount(onWorker, "TooEarly", "It was stated of an attempt at screening that is over, or before the worker may try again."),
	doesNotCount(onWorker, "UnknownPool", "The worker's namespace has no TalentPool of this name."),
	doesNotCount(ofWork, "TooLate", "The offer has expired, the work has ended, the deliverable has lapsed, or the next period's evaluation was due. Of an assignment: it was accepted, or what was submitted is to be given back."),
	doesNotCount(ofAll, v1alpha1.ReasonTooManyAttestations, "The object's record of statements is full. Of an engagement's the last places are kept for what ends it or its access."),
	doesNotCount(onEngagement, "TooManyEvaluations", "The engagement's record of evaluations is full."),
	doesNotCount(ofAll, "UnknownClaim", "The claim cannot be made of this object, or names what it does not have."),
	doesNotCount(onAssignment, "UnknownAssignment", "There is no Assignment of this name."),
	doesNotCount(onEngagement, "UnknownEngagement", "There is no Engagement of this name."),
	doesNotCount(onEngagement, "UnknownDeliverable", "The accepted terms have no deliverable of this name."),
	doesNotCount(onEngagement, "UnknownPeriod", "The period is no number from 1, or has not begun."),
	doesNotCount(ofBoth, "UnknownStep", "The checklist in force has no step of this name."),
	doesNotCount(ofBoth, "UnknownWorker", "There is no Worker of this name, of an engagement in its pool's namespace."),
}
