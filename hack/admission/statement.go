package main

// statements are what people state, each under their own name.
const statements = "attestations,evaluations"

func fillAuthor() policy {
	return policy{
		name: "longshore-author",
		comment: `Whoever makes a statement is its author. Filled in where the request leaves spec.author out; any other value is left for
the validating policy of the same name to see and refuse.

failurePolicy Ignore opens nothing: where this policy fails, as on a malformed object, nothing is filled in, and the
schema or that validating policy refuses the request.`,
		match: []rule{on(statements, create)},
		when:  []condition{{"no-author", "!has(object.spec.author)"}},
		patch: `[JSONPatch{op: "add", path: "/spec/author", value: {"username": ` + caller + `}}]`,
	}
}

func author() policy {
	return policy{
		name:    "longshore-author",
		comment: `Nobody states anything under another's name. Statements are immutable by their schema, so their creation is all there is.`,
		match:   []rule{on(statements, create)},
		validations: []validation{{
			Expression: "object.spec.?author.?username.orValue('') == " + caller,
			Reason:     forbidden,
			Message:    "author: whoever makes a statement is its author; leave spec.author out, or set it to your own username (kubectl auth whoami)",
		}},
	}
}

func ownerReferences() policy {
	return policy{
		name: "longshore-binding",
		comment: `The operator binds a statement to what it is about by an owner reference, so that it counts for that object alone and goes
with it. Nobody else adds, moves or removes one; the garbage collector does when the owner is gone.`,
		match: []rule{on(statements, create, update)},
		when: []condition{
			notOperator,
			{"not-the-garbage-collector", caller + " != '" + garbageCollector + "'"},
		},
		variables: []variable{{"former", "request.operation == 'CREATE' ? [] : oldObject.metadata.?ownerReferences.orValue([])"}},
		validations: []validation{{
			Expression: "object.metadata.?ownerReferences.orValue([]) == variables.former",
			Reason:     forbidden,
			Message:    "binding: Longshore alone binds a statement to its subject; leave metadata.ownerReferences as it is",
		}},
	}
}

func attestationVerbs() policy {
	return policy{
		name: "longshore-attestation",
		comment: `What an author may state is RBAC: each claim and verdict needs a verb on its subject, in the attestation's namespace, and
a statement on behalf of a worker needs the verb attest-for as well. A claim of an area without a verb is refused.

approval/access.<profile> needs grant on the profile, and no verb on the subject.

access/preexisting.<entitlement> needs grant on the profile that the entitlement belongs to. Which one that is stands in
the AccessGrant, and CEL sees the attestation alone; so here it needs nothing, and the operator decides: it counts only
if a SubjectAccessReview allows its author the verb grant on accessprofiles/<spec.profile of the AccessGrant>. Otherwise
the operator keeps it as Ignored, without effect.

Who the author is to the subject (its requester, its worker, the author of what is accepted) is the operator's to judge.`,
		match: []rule{on("attestations", create)},
		variables: []variable{
			{"claim", "object.spec.claim"},
			{"area", "variables.claim.split('/')[0]"},
			{"resource", lines(
				"{'Engagement': 'engagements', 'Worker': 'workers', 'Assignment': 'assignments', 'AccessGrant': 'accessgrants'}",
				"[object.spec.subjectRef.kind]")},
			{"subject", "authorizer.group('" + group + "').resource(variables.resource).namespace(request.namespace).name(object.spec.subjectRef.name)"},
			{"verb", lines(
				"variables.claim.startsWith('approval/access.') || variables.claim.startsWith('access/preexisting.') ? 'grant' :",
				"variables.claim.startsWith('access/custody.') ? 'attest' :",
				"variables.area in ['deliverable', 'assignment'] && object.spec.verdict in ['Started', 'Declined', 'Submitted', 'Disputed'] ? 'attest' :",
				"variables.area == 'end' && object.spec.verdict == 'Resigned' ? 'attest' :",
				"{",
				"  'approval': 'approve', 'selection': 'accept', 'offer': 'attest',",
				"  'screening': 'attest', 'onboarding': 'attest', 'offboarding': 'attest', 'start': 'attest',",
				"  'deliverable': 'accept', 'assignment': 'accept', 'feedback': 'attest',",
				"  'end': 'end', 'access': 'end', 'rehire': 'accept', 'determination': 'classify', 'waiver': 'waive'",
				"}[variables.area]")},
			{"profile", "variables.claim.startsWith('approval/access.') ? variables.claim.substring(16) : ''"},
		},
		validations: []validation{{
			Expression: "variables.verb == 'grant' || variables.subject.check(variables.verb).allowed()",
			Reason:     forbidden,
			Message:    "verb: you do not hold the verb that this claim and verdict need on the subject",
			MessageExpression: lines(
				"'verb: ' + variables.claim + ' ' + object.spec.verdict + ' needs the verb ' + variables.verb + ' on ' + variables.resource + '/' +",
				"object.spec.subjectRef.name + ' in namespace ' + request.namespace + '; leave it to someone who holds it, or ask for a role that does'"),
		}, {
			Expression: "variables.profile == '' || " + mayDo("'grant'", "'accessprofiles'", "", "variables.profile"),
			Reason:     forbidden,
			Message:    "verb: this claim needs the verb grant on the access profile",
			MessageExpression: lines(
				"'verb: ' + variables.claim + ' ' + object.spec.verdict + ' needs the verb grant on accessprofiles/' + variables.profile +",
				"'; leave it to someone who holds it'"),
		}, {
			Expression: "!has(object.spec.onBehalfOf) || variables.subject.check('attest-for').allowed()",
			Reason:     forbidden,
			Message:    "attest-for: you do not hold the verb attest-for on the subject",
			MessageExpression: lines(
				"'attest-for: a statement on behalf of a worker needs the verb attest-for on ' + variables.resource + '/' + object.spec.subjectRef.name +",
				"' in namespace ' + request.namespace + '; leave it to the worker or to an integration that holds it'"),
		}},
	}
}

func evaluationVerb() policy {
	return policy{
		name: "longshore-evaluation",
		comment: `Whoever judges work or a candidate by a scorecard holds the verb evaluate on what is judged, in the evaluation's
namespace. That nobody judges their own is the operator's to decide.`,
		match: []rule{on("evaluations", create)},
		variables: []variable{
			{"resource", "has(object.spec.engagementRef) ? 'engagements' : has(object.spec.assignmentRef) ? 'assignments' : 'workers'"},
			{"subject", lines(
				"has(object.spec.engagementRef) ? object.spec.engagementRef.name :",
				"has(object.spec.assignmentRef) ? object.spec.assignmentRef.name : object.spec.workerRef.name")},
		},
		validations: []validation{{
			Expression: mayDo("'evaluate'", "variables.resource", "request.namespace", "variables.subject"),
			Reason:     forbidden,
			Message:    "evaluate: you do not hold the verb evaluate on what is evaluated",
			MessageExpression: lines(
				"'evaluate: this needs the verb evaluate on ' + variables.resource + '/' + variables.subject +",
				"' in namespace ' + request.namespace + '; leave it to a reviewer who holds it'"),
		}},
	}
}
