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
	all := slices.Concat(engagementEvents, statementEvents)
	slices.SortFunc(all, func(a, b Event) int { return strings.Compare(a.Reason, b.Reason) })
	return all
}

func happens(kind, reason, meaning string) Event {
	return Event{Reason: reason, Type: corev1.EventTypeNormal, Kinds: []string{kind}, Meaning: meaning}
}

// doesNotCount declares why statements of an engagement do not count.
func doesNotCount(reason, meaning string) Event {
	return Event{Reason: reason, Type: corev1.EventTypeWarning, Kinds: []string{"Engagement"}, Statement: true, Meaning: meaning}
}

var engagementEvents = []Event{
	happens("Engagement", "PhaseChanged", "It has entered another phase. The message names the phase before and the new one."),
	happens("Engagement", "OfferMade", "The work, or after acceptance changed terms, is offered to a worker. The message says until when, and which digest the answer must carry."),
	happens("Engagement", "OfferAccepted", "The worker accepted. The terms are in `status.terms`."),
	happens("Engagement", "OfferDeclined", "The worker declined. The next candidate is asked."),
	happens("Engagement", "OfferTimedOut", "The worker did not answer within `recruitment.offerTimeout`. The next candidate is asked."),
	happens("Engagement", "Amended", "Changed terms stand: both sides agreed. The message has their digest."),
	happens("Engagement", "Evaluated", "An evaluation was recorded. The message has its kind and score."),
	happens("Engagement", "Ended", "The work has ended. The message says when, and by what."),
}

var statementEvents = []Event{
	doesNotCount("AmountInvalid", "The amount of a part acceptance cannot be read, or exceeds the deliverable's."),
	doesNotCount("BeforeSubject", "It is older than the object that it names, which was made again under the same name since."),
	doesNotCount("Closed", "The engagement is closed and its file sealed."),
	doesNotCount("Duplicate", "The same author already gave an evaluation of this kind and period."),
	doesNotCount("NoAuthor", "It was created while the admission policies were not installed, so nobody knows who said it."),
	doesNotCount("NoOffer", "No offer to this worker is open."),
	doesNotCount("NotAnApprover", "The stage lists who approves it, and the author is not among them."),
	doesNotCount("NotAnAttestor", "The step lists its `attestors`, and the author is not among them."),
	doesNotCount("NotAReviewer", "The scorecard lists its `reviewers`, and the author is not among them."),
	doesNotCount("NotAsked", "The engagement does not ask for it: an evaluation without a plan or a period without a cadence, or an approval of the whole where stages are asked for."),
	doesNotCount("NotAttestable", "The operator sees for itself when a step of type Check or Access is done."),
	doesNotCount("NotByScorecard", "The evaluation is incomplete, off the scale, or names what its scorecard does not have."),
	doesNotCount("NotNow", "Its time has not come, or nobody is engaged or looked for."),
	doesNotCount("NotScorable", "The evaluation cannot be scored, for example because none of the scorecard's KPIs was measured yet."),
	doesNotCount("NotTheWorker", "Only the worker, or somebody with the verb attest-for on their behalf, can say this."),
	doesNotCount("NothingSubmitted", "A deliverable is accepted or sent back only after it was submitted."),
	doesNotCount("OtherScorecard", "The engagement is judged by another scorecard."),
	doesNotCount("OtherTerms", "It carries the digest of other terms, or of another offer, than those that stand now."),
	doesNotCount("SelfDealing", "Nobody approves, accepts, waives, chooses or evaluates their own, and no requester answers an offer or determines the classification."),
	doesNotCount("TooLate", "The offer has expired, the work has ended, or the deliverable has lapsed."),
	doesNotCount(v1alpha1.ReasonTooManyAttestations, "The engagement's record of statements is full. The last places are kept for what ends the engagement or its access."),
	doesNotCount("TooManyEvaluations", "The engagement's record of evaluations is full."),
	doesNotCount("UnknownClaim", "The claim cannot be made of this object, or names what it does not have."),
	doesNotCount("UnknownDeliverable", "The accepted terms have no deliverable of this name."),
	doesNotCount("UnknownPeriod", "The period is no number from 1, or has not begun."),
	doesNotCount("UnknownStep", "The checklist in force has no step of this name."),
	doesNotCount("UnknownWorker", "The pool's namespace has no Worker of this name."),
}
