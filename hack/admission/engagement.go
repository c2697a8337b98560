package main

import (
	"fmt"
	"slices"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/admission"
)

// maxProfiles is spec.access's maxItems.
const maxProfiles = 16

// widening is how the policies tell whether a change of an Engagement asks for more than what was granted before, or
// for less to stand between it and its access; it is empty where it does not. To create an Engagement is to ask for all
// of it. Whoever asks for money is asked for grant as well: one who may approve would else ask in another's name, and
// then approve it.
var widening = []variable{
	{"addsAccess", "object.spec.?access.orValue([]).exists(a, !oldObject.spec.?access.orValue([]).exists(b, b.name == a.name))"},
	{"changesWorker", "object.spec.?workerRef.?name != oldObject.spec.?workerRef.?name"},
	{"changesPool", changesPool},
	{"startsEarlier", "timestamp(object.spec.statementOfWork.start) < timestamp(oldObject.spec.statementOfWork.start)"},
	{"endsLater", "timestamp(object.spec.statementOfWork.end) > timestamp(oldObject.spec.statementOfWork.end)"},
	{"longerGrace", lines(
		"duration(object.spec.?offboarding.?accessGrace.orValue('0s')) >",
		"duration(oldObject.spec.?offboarding.?accessGrace.orValue('0s'))")},
	{"liftsSuspension", "oldObject.spec.?suspend.orValue(false) && !object.spec.?suspend.orValue(false)"},
	{"withdrawsTermination", "has(oldObject.spec.termination) && !has(object.spec.termination)"},
	// A termination without a time means at once, so to give it one is to postpone it.
	{"postponesTermination", lines(
		"has(oldObject.spec.termination) && object.spec.?termination.?effective.hasValue() &&",
		"(!has(oldObject.spec.termination.effective) ||",
		" timestamp(object.spec.termination.effective) > timestamp(oldObject.spec.termination.effective))")},
	{"excusesCause", "has(oldObject.spec.termination) && " + forCause("oldObject") + " &&\nhas(object.spec.termination) && !(" + forCause("object") + ")"},
	// Who is paid how much for what. Less, and work dropped, is nobody's to answer for.
	{"raisesPrice", lines(
		"object.spec.statementOfWork.budget.currency != oldObject.spec.statementOfWork.budget.currency ||",
		dearer("object.spec.statementOfWork.budget.amount", "oldObject.spec.statementOfWork.budget.amount")+" ||",
		"has(object.spec.statementOfWork.rate) != has(oldObject.spec.statementOfWork.rate) ||",
		"(has(object.spec.statementOfWork.rate) &&",
		" (object.spec.statementOfWork.rate.currency != oldObject.spec.statementOfWork.rate.currency ||",
		"  object.spec.statementOfWork.rate.per != oldObject.spec.statementOfWork.rate.per ||",
		"  "+dearer("object.spec.statementOfWork.rate.amount", "oldObject.spec.statementOfWork.rate.amount")+")) ||",
		"object.spec.statementOfWork.?deliverables.orValue([]).exists(d,",
		"  has(d.amount) && !oldObject.spec.statementOfWork.?deliverables.orValue([]).exists(b,",
		"    b.name == d.name && has(b.amount) && !"+dearer("d.amount", "b.amount")+"))")},
	// Which law holds, and which profiles may be given: those whose allowed.workerTypes lists the type.
	{"changesForm", lines(
		"object.spec.classification.workerType != oldObject.spec.classification.workerType ||",
		"object.spec.classification.jurisdiction != oldObject.spec.classification.jurisdiction")},
	// What a determination is made of. Whoever states the facts asks for what follows from them, and does not determine it.
	{"changesFacts", "object.spec.classification.?facts.orValue({}) != oldObject.spec.classification.?facts.orValue({})"},
	{"easesApproval", lines(
		"object.spec.?approvals.?required.orValue(1) < oldObject.spec.?approvals.?required.orValue(1) ||",
		"oldObject.spec.?approvals.?stages.orValue([]).exists(b, !object.spec.?approvals.?stages.orValue([]).exists(a, a == b))")},
	// What is to be done before access is kept as it was when the worker accepted.
	{"easesOnboarding", lines(
		"!oldObject.?status.?terms.hasValue() &&",
		"((oldObject.spec.?onboarding.?checklistRef.hasValue() &&",
		"  object.spec.?onboarding.?checklistRef.?name != oldObject.spec.?onboarding.?checklistRef.?name) ||",
		" (object.spec.?onboarding.?mode.orValue('') == '"+cel(v1alpha1.OnboardingFastTrack)+"' &&",
		"  oldObject.spec.?onboarding.?mode.orValue('') != '"+cel(v1alpha1.OnboardingFastTrack)+"'))")},
	// A renewal is given access from the start, and what was done for the other needs not be done again.
	{"changesRenewal", "object.spec.?continues.?name != oldObject.spec.?continues.?name"},
	// What was delivered there is taken over, and need not be delivered again.
	{"changesReplaced", "object.spec.?replaces != oldObject.spec.?replaces"},
	// Who is found, as long as nobody was named or has accepted. Whoever changes what is asked for, or who chooses, would
	// else bring their own candidate under a grant that somebody else answered for.
	{"changesSearch", lines(
		"!oldObject.?status.?terms.hasValue() && !has(object.spec.workerRef) &&",
		"(object.spec.?requirements.orValue({}) != oldObject.spec.?requirements.orValue({}) ||",
		" object.spec.?recruitment.?selection.orValue('"+cel(v1alpha1.SelectionRequester)+"') !=",
		" oldObject.spec.?recruitment.?selection.orValue('"+cel(v1alpha1.SelectionRequester)+"'))")},
	// Whoever puts their name to an Engagement that has none answers for all of it.
	{"namesRequester", "!has(oldObject.spec.requester) && has(object.spec.requester)"},
	{"widening", lines(
		"request.operation == 'CREATE' ? ['creates the engagement'] :",
		"(variables.addsAccess ? ['adds access'] : []) +",
		"(variables.changesWorker ? ['changes the worker'] : []) +",
		"(variables.changesPool ? ['changes the pool'] : []) +",
		"(variables.startsEarlier ? ['starts earlier'] : []) +",
		"(variables.endsLater ? ['ends later'] : []) +",
		"(variables.longerGrace ? ['lengthens the grace'] : []) +",
		"(variables.liftsSuspension ? ['lifts the suspension'] : []) +",
		"(variables.withdrawsTermination ? ['withdraws the termination'] : []) +",
		"(variables.postponesTermination ? ['postpones the termination'] : []) +",
		"(variables.excusesCause ? ['ends no longer for cause'] : []) +",
		"(variables.raisesPrice ? ['raises the price'] : []) +",
		"(variables.changesForm ? ['changes the legal form'] : []) +",
		"(variables.changesFacts ? ['changes the facts'] : []) +",
		"(variables.easesApproval ? ['eases the approval'] : []) +",
		"(variables.easesOnboarding ? ['eases the onboarding'] : []) +",
		"(variables.changesRenewal ? ['changes what is renewed'] : []) +",
		"(variables.changesReplaced ? ['changes what is replaced'] : []) +",
		"(variables.changesSearch ? ['changes whom to look for'] : []) +",
		"(variables.namesRequester ? ['names a requester'] : [])")},
}

// forCause is the expression for a termination that leaves no grace.
func forCause(object cel) cel {
	return object + ".spec.termination.reason in ['" + cel(v1alpha1.TerminationMisconduct) + "', '" + cel(v1alpha1.TerminationSecurityIncident) + "']"
}

// dearer is the expression for one amount being more than another. The schema lets through only what quantity can read.
func dearer(amount, than cel) cel {
	return "quantity(" + amount + ").isGreaterThan(quantity(" + than + "))"
}

// widened are the variables of widening and some more.
func widened(more ...variable) []variable { return slices.Concat(widening, more) }

// changesPool reads an absent namespace as the Engagement's own.
const changesPool = `object.spec.poolRef.name != oldObject.spec.poolRef.name ||
object.spec.poolRef.?namespace.orValue(request.namespace) != oldObject.spec.poolRef.?namespace.orValue(request.namespace)`

// The requester in the request, and the one before it; ” is none.
var (
	statedRequester = variable{"stated", "object.spec.?requester.?username.orValue('')"}
	formerRequester = variable{"former", "request.operation == 'CREATE' ? '' : oldObject.spec.?requester.?username.orValue('')"}
)

func fillRequester() policy {
	return policy{
		name: "longshore-requester",
		comment: `Whoever creates or widens an Engagement is its requester; any other change keeps the one there was. Filled in where the
request leaves spec.requester out or repeats the old value, as a merge does, so that YAML without a requester applies
again without a difference. Any other value is left for the validating policy of the same name to see and refuse.

failurePolicy Ignore opens nothing: where this policy fails, as on a malformed object, nothing is filled in, and the
schema or that validating policy refuses the request.`,
		match:     []rule{on("engagements", create, update)},
		when:      []condition{notBeingDeleted},
		variables: widened(statedRequester, formerRequester, variable{"requester", "size(variables.widening) > 0 ? " + caller + " : variables.former"}),
		patch: lines(
			"(variables.stated == '' || variables.stated == variables.former) && variables.stated != variables.requester ?",
			`[JSONPatch{op: "add", path: "/spec/requester", value: {"username": variables.requester}}] : []`),
	}
}

func requester() policy {
	return policy{
		name: "longshore-requester",
		comment: `The requester answers for an Engagement: they hold the verb grant on its profiles, and they neither approve it nor answer
its offer. So nobody is made the requester by anyone else, and nobody widens what another answers for. One that is being
deleted is given nothing more, but its file is yet to be sealed, and names who the requester was.`,
		match: []rule{on("engagements", create, update)},
		variables: widened(statedRequester, formerRequester,
			variable{"deleted", "request.operation == 'UPDATE' && has(oldObject.metadata.deletionTimestamp)"}),
		validations: []validation{{
			Expression: "variables.deleted || size(variables.widening) == 0 || variables.stated == " + caller,
			Reason:     forbidden,
			Message:    "requester: whoever creates or widens an engagement is its requester; leave spec.requester out, or set it to your own username (kubectl auth whoami)",
			MessageExpression: lines(
				"'requester: this request ' + variables.widening.join(', ') + ', and whoever asks for that is the requester; ' +",
				"'leave spec.requester out, or set it to your own username (kubectl auth whoami)'"),
		}, {
			Expression: "variables.deleted || size(variables.widening) > 0 || variables.stated == variables.former",
			Reason:     forbidden,
			Message:    "requester: a change that asks for nothing more keeps its requester; leave spec.requester out",
		}, {
			Expression: "!variables.deleted || variables.stated == '' || variables.stated == variables.former",
			Reason:     forbidden,
			Message:    "requester: an engagement that is being deleted keeps its requester; leave spec.requester out",
		}},
	}
}

func grant() policy {
	p := policy{
		name: "longshore-grant",
		comment: `An AccessProfile is handed out by those who hold the verb grant on it. It is asked for every profile that is listed
whenever an Engagement is created or widened, so that nobody swaps the worker, or moves the end, under a grant that
somebody else answered for. One validation for each place in the list: a loop would exceed what CEL may cost.

The operator asks again for the requester at the moment of granting, so that an Engagement which was written before
this policy was in force is no way in.`,
		match:     []rule{on("engagements", create, update)},
		when:      []condition{notBeingDeleted},
		variables: widened(variable{"profiles", "size(variables.widening) > 0 ? object.spec.?access.orValue([]).map(a, a.name) : []"}),
	}
	for i := range maxProfiles {
		profile := fmt.Sprintf("variables.profiles[%d]", i)
		p.validations = append(p.validations, validation{
			Expression: lines(
				cel(fmt.Sprintf("size(variables.profiles) <= %d ||", i)),
				mayDo("'grant'", "'accessprofiles'", "", profile)),
			Reason:  forbidden,
			Message: cel(fmt.Sprintf("grant: this request needs the verb grant on the access profile in spec.access[%d]", i)),
			MessageExpression: lines(
				"'grant: this request ' + variables.widening.join(', ') + ', which needs the verb grant on accessprofiles/' +",
				cel(profile)+" + '; ask whoever owns the profile for it, or take the profile out of spec.access'"),
		})
	}
	return p
}

func frozen() policy {
	return policy{
		name: "longshore-frozen",
		comment: `Once a worker has accepted, the Engagement is with that worker, from that pool; another worker is another Engagement. What
it continues or replaces is then settled too: tenure, steps and deliverables were carried over from there.
Once a termination has taken effect, the end stays as it was stated. CEL has no clock: a termination has taken effect
when the operator has recorded the end in status.endedAt, or when it names no time and so meant at once. One may still
be added after the end, for cause, since it cuts short whatever grace is left.`,
		match: []rule{on("engagements", update)},
		when:  []condition{notBeingDeleted},
		variables: []variable{
			{"accepted", "oldObject.?status.?terms.hasValue()"},
			{"ended", "oldObject.?status.?endedAt.hasValue() || !oldObject.spec.?termination.?effective.hasValue()"},
			{"changesPool", changesPool},
		},
		validations: []validation{{
			Expression: "!variables.accepted || object.spec.?workerRef.?name == oldObject.spec.?workerRef.?name",
			Reason:     invalid,
			Message:    "frozen-worker: a worker has accepted, so spec.workerRef cannot change; end this engagement and create another that replaces it (spec.replaces)",
		}, {
			Expression: "!variables.accepted || !variables.changesPool",
			Reason:     invalid,
			Message:    "frozen-pool: a worker of this pool has accepted, so spec.poolRef cannot change; end this engagement and create another that replaces it (spec.replaces)",
		}, {
			Expression: "!variables.accepted || object.spec.?continues == oldObject.spec.?continues",
			Reason:     invalid,
			Message:    "frozen-continues: a worker has accepted, so spec.continues cannot change; end this engagement and create another that continues the right one",
		}, {
			Expression: "!variables.accepted || object.spec.?replaces == oldObject.spec.?replaces",
			Reason:     invalid,
			Message:    "frozen-replaces: a worker has accepted, so spec.replaces cannot change; end this engagement and create another that replaces the right one",
		}, {
			Expression: "!has(oldObject.spec.termination) || !variables.ended || object.spec.?termination == oldObject.spec.?termination",
			Reason:     invalid,
			Message:    "frozen-termination: the termination has taken effect, so spec.termination cannot change; to go on working together, create an engagement that continues this one (spec.continues)",
		}},
	}
}

func end() policy {
	mayEnd := func(name string) cel { return mayDo("'end'", "'engagements'", "request.namespace", name) }
	return policy{
		name: "longshore-end",
		comment: `Deleting an Engagement whose worker holds access dismisses that worker, so it needs the verb end: a wrong prune by a tool
that only edits cannot dismiss a floor. So does giving an Engagement an owner, because the garbage collector then
deletes it after that owner and is asked for no verb. A grant that is still pending counts as held: the call to the
target may be under way. So does a profile that the worker accepted and of which status.access does not tell yet: the grant
is made before that is written. What was accepted is written before any grant is made.`,
		match: []rule{on("engagements", create, update, remove)},
		when:  []condition{notTheEndOfAnother},
		variables: []variable{
			{"holdsAccess", lines(
				"oldObject.?status.?access.?owed.orValue(0) > 0 ||",
				"oldObject.?status.?access.?grants.orValue([]).exists(g,",
				"  !(g.?state.orValue('Pending') in ['Revoked', 'StillHeld', 'Attested', 'Preexisting', 'Abandoned'])) ||",
				"(!oldObject.?status.?endedAt.hasValue() &&",
				" oldObject.?status.?terms.?access.orValue([]).exists(a,",
				"   !oldObject.?status.?access.?grants.orValue([]).exists(g, g.profile == a.name)))")},
			formerOwners, addsOwner,
		},
		validations: []validation{{
			Expression: lines(
				"request.operation != 'DELETE' || !variables.holdsAccess ||",
				mayEnd("oldObject.metadata.name")),
			Reason:  forbidden,
			Message: "end: deleting an engagement whose worker holds access needs the verb end on it",
			MessageExpression: lines(
				"'end: the worker of this engagement holds access, so deleting it needs the verb end on engagements/' + oldObject.metadata.name +",
				"' in namespace ' + request.namespace + '; ask someone who holds it, or wait until the access is revoked'"),
		}, {
			Expression: lines(
				"request.operation == 'DELETE' || !variables.addsOwner ||",
				mayEnd("object.metadata.name")),
			Reason:  forbidden,
			Message: "end-by-owner: an engagement is deleted after its owner, so giving it one in metadata.ownerReferences needs the verb end on it",
		}, fewOwners},
	}
}

func dismiss() policy {
	mayEnd := func(name string) cel { return mayDo("'end'", "'workers'", "request.namespace", name) }
	return policy{
		name: "longshore-dismiss",
		comment: `When a Worker's object is gone, the access of that person is withdrawn wherever they are engaged. So deleting one who is
engaged needs the verb end on it, as deleting their Engagements would: a wrong prune of a pool cannot dismiss its people
either. So does giving one an owner, which the garbage collector deletes it after.`,
		match:     []rule{on("workers", create, update, remove)},
		when:      []condition{notTheEndOfAnother},
		variables: []variable{formerOwners, addsOwner},
		validations: []validation{{
			Expression: lines(
				"request.operation != 'DELETE' || oldObject.?status.?engagements.orValue([]).size() == 0 ||",
				mayEnd("oldObject.metadata.name")),
			Reason:  forbidden,
			Message: "dismiss: deleting a worker who is engaged needs the verb end on them",
			MessageExpression: lines(
				"'dismiss: this worker is engaged in ' + oldObject.status.engagements.join(', ') + ' and would lose all access, so deleting them needs the verb end on workers/' +",
				"oldObject.metadata.name + ' in namespace ' + request.namespace + '; ask someone who holds it, or end the engagements first'"),
		}, {
			Expression: lines(
				"request.operation == 'DELETE' || !variables.addsOwner ||",
				mayEnd("object.metadata.name")),
			Reason:  forbidden,
			Message: "dismiss-by-owner: a worker is deleted after its owner, so giving it one in metadata.ownerReferences needs the verb end on it",
		}, fewOwners},
	}
}

// notTheEndOfAnother leaves alone whatever is deleted with its namespace or its owner, and the operator, which deletes
// nothing and gives nothing an owner: whatever somebody does to an object, its finalizer must come off.
var notTheEndOfAnother = condition{
	Name:       "not-the-end-of-a-namespace-or-an-owner",
	Expression: "!(" + isOneOf(garbageCollector, namespaceController, admission.OperatorUsername) + ")",
}

// Owners that a request adds. Their number is bounded, since to compare many with many is more than CEL may cost: then
// every later change would be refused, whoever asks for it.
var (
	formerOwners = variable{"formerOwners", "request.operation == 'CREATE' ? [] : oldObject.metadata.?ownerReferences.orValue([])"}
	addsOwner    = variable{"addsOwner", "object.metadata.?ownerReferences.orValue([]).exists(o, !variables.formerOwners.exists(f, f.uid == o.uid))"}
	fewOwners    = validation{
		Expression: lines(
			"request.operation == 'DELETE' || size(object.metadata.?ownerReferences.orValue([])) <= 16 ||",
			"size(object.metadata.?ownerReferences.orValue([])) <= size(variables.formerOwners)"),
		Reason:  invalid,
		Message: "owners: metadata.ownerReferences lists more than 16 owners; leave those out that are not needed",
	}
)
