package main

import (
	"strings"

	"github.com/longshore-dev/longshore/controllers/domain/admission"
)

func operatorOnly() policy {
	return policy{
		name: "longshore-operator-only",
		comment: `What the operator knows is written by the operator: AccessGrants, Dossiers, and the status of every kind. The garbage
collector may take its own marks and owners that are gone off an AccessGrant, and people may set spec.erasure of a Dossier, which
longshore-erasure judges, and nothing else of it. It holds for objects that are being deleted too: a status that is forged
then would make Longshore forget what it owes.`,
		match: []rule{on("accessgrants,dossiers", create, update), on("*/status", update)},
		when:  []condition{notOperator},
		validations: []validation{{
			Expression: "request.?subResource != optional.of('status')",
			Reason:     forbidden,
			Message:    "operator-only: Longshore alone writes status; state what you know in an Attestation",
		}, {
			Expression: lines(
				"request.?subResource == optional.of('status') ||",
				"(request.operation == 'UPDATE' && "+caller+" == '"+garbageCollector+"' && object.spec == oldObject.spec) ||",
				onlyErasure()),
			Reason:  forbidden,
			Message: "operator-only: Longshore alone writes this kind",
			MessageExpression: lines(
				"'operator-only: Longshore alone writes ' + request.resource.resource + (request.resource.resource == 'dossiers' ?",
				"'; whoever holds the verb erase sets spec.erasure, and nothing else' : '; ask for access in the spec of an Engagement')"),
		}},
	}
}

func records() policy {
	return policy{
		name: "longshore-records",
		comment: `What was stated, granted and sealed stays. Statements and grants go with what they are about, by the garbage collector
and the namespace controller. A Dossier stays: when its retention ends, or when that was asked for, the operator erases
what is personal in it. kube-controller-manager must run with --use-service-account-credentials, as it does wherever
kubeadm or a cloud provider set it up.`,
		match: []rule{on("accessgrants,attestations,dossiers,evaluations", remove)},
		validations: []validation{{
			Expression:        isOneOf(admission.OperatorUsername, garbageCollector, namespaceController),
			Reason:            forbidden,
			Message:           "records: this object is a record and is deleted by Longshore alone",
			MessageExpression: "'records: ' + request.resource.resource + ' are records and are deleted by Longshore alone; to change what was stated, state the opposite'",
		}},
	}
}

func finalizers() policy {
	const longshores = "f.startsWith('" + admission.FinalizerPrefix + "')"
	return policy{
		name: "longshore-finalizers",
		comment: `A finalizer of Longshore's holds an object until everything that it granted is proven revoked and its file is sealed. The
operator alone puts one on, since nobody else's would ever come off, and takes one off. A statement goes with its subject, so
nobody holds it by any finalizer. Remove Longshore with make undeploy, which drains first.`,
		match: []rule{on("*", create, update)},
		when:  []condition{notOperator},
		variables: []variable{
			{"former", "request.operation == 'CREATE' ? [] : oldObject.metadata.?finalizers.orValue([])"},
			{"stated", "object.metadata.?finalizers.orValue([])"},
		},
		validations: []validation{{
			Expression: "variables.former.all(f, !" + longshores + " || f in variables.stated)",
			Reason:     forbidden,
			Message:    "finalizers: Longshore alone takes off the finalizers that begin with " + admission.FinalizerPrefix + ", once access is proven revoked; its status says what it waits for",
		}, {
			Expression: "variables.stated.all(f, !" + longshores + " || f in variables.former)",
			Reason:     forbidden,
			Message:    "finalizers: Longshore alone puts on the finalizers that begin with " + admission.FinalizerPrefix + "; leave them out of metadata.finalizers",
		}, {
			Expression: lines(
				"!(request.resource.resource in ['"+cel(strings.ReplaceAll(statements, ",", "', '"))+"']) ||",
				isOneOf(garbageCollector, namespaceController)+" ||",
				"variables.stated.all(f, f in variables.former)"),
			Reason:  forbidden,
			Message: "statement-finalizers: a statement goes with its subject, so Longshore alone puts finalizers on it; leave metadata.finalizers out",
		}},
	}
}

// identifying are the fields of a Worker that say who somebody is.
var identifying = []string{"personKey", "username", "jurisdiction", "identities", "documents"}

func identify() policy {
	changed := cel("request.operation == 'CREATE'")
	for _, field := range identifying {
		changed += cel(" ||\nobject.spec.?" + field + " != oldObject.spec.?" + field)
	}
	return policy{
		name: "longshore-identify",
		comment: `Who a Worker is decides who is given access and which law holds. Creating one, or changing its person, accounts, documents
or jurisdiction, needs the verb identify. It holds for Workers that are being deleted too, since their access may still
be live.`,
		match: []rule{on("workers", create, update)},
		when:  []condition{{"says-who-somebody-is", changed}},
		validations: []validation{{
			Expression: mayDo("'identify'", "'workers'", "request.namespace", "object.metadata.name"),
			Reason:     forbidden,
			Message:    "identify: you do not hold the verb identify on this worker",
			MessageExpression: lines(
				"'identify: creating a worker, or changing personKey, username, jurisdiction, identities or documents, needs the verb identify on workers/' +",
				"object.metadata.name + ' in namespace ' + request.namespace"),
		}, {
			// Which provider is Kubernetes stands in an AccessProvider; no person's account begins like this anywhere. The
			// schema says the same of username.
			Expression: "object.spec.?identities.orValue([]).all(i, !i.subject.startsWith('system:'))",
			Reason:     invalid,
			Message:    "system-identity: a system: identity belongs to no person; give the person's own username in spec.identities",
		}},
	}
}

func fillDecommissioned() policy {
	return policy{
		name: "longshore-decommission",
		comment: `Whoever declares a target gone for good, or alters the declaration, is named in it. Filled in where the request leaves
spec.decommissioned.by out or repeats the old value; any other value is left for the validating policy of the same name
to see and refuse.

failurePolicy Ignore opens nothing: where this policy fails, as on a malformed object, nothing is filled in, and the
schema or that validating policy refuses the request.`,
		match: []rule{on("accessproviders", create, update)},
		when:  []condition{{"declared-gone", "has(object.spec.decommissioned)"}},
		variables: []variable{
			{"declaration", "object.spec.decommissioned"},
			{"former", "request.operation == 'CREATE' ? {} : oldObject.spec.?decommissioned.orValue({})"},
			{"formerBy", "variables.former.?by.?username.orValue('')"},
			{"stated", "variables.declaration.?by.?username.orValue('')"},
			{"unaltered", lines(
				"variables.former.?reason == variables.declaration.?reason &&",
				"variables.former.?evidence == variables.declaration.?evidence")},
			{"by", "variables.unaltered ? variables.formerBy : " + caller},
		},
		patch: lines(
			"(variables.stated == '' || variables.stated == variables.formerBy) && variables.stated != variables.by ?",
			`[JSONPatch{op: "add", path: "/spec/decommissioned/by", value: {"username": variables.by}}] : []`),
	}
}

// declares says whether a request declares a target gone for good, or alters or withdraws that; leads, whether it leads an AccessProvider that
// holds or owes something to what may be another target.
var (
	declares = lines(
		"(request.operation == 'CREATE' ? has(object.spec.decommissioned) :",
		"object.spec.?decommissioned != oldObject.spec.?decommissioned)")
	leads = lines(
		"(request.operation == 'UPDATE' &&",
		"oldObject.?status.?granted.orValue(0) + oldObject.?status.?owed.orValue(0) > 0 &&",
		"(object.spec.?endpoint != oldObject.spec.?endpoint ||",
		"object.spec.?credentialsRef != oldObject.spec.?credentialsRef ||",
		"object.spec.?caBundleRef != oldObject.spec.?caBundleRef ||",
		"object.spec.?ldap != oldObject.spec.?ldap))")
)

func decommission() policy {
	return policy{
		name: "longshore-decommission",
		comment: `What a target that is declared gone for good still owes becomes Abandoned, never Revoked: somebody answers for that by name
and holds the verb forgive. To withdraw or alter the declaration is as grave. It holds for providers that are being
deleted too, which is when it is most wanted.

To lead a provider elsewhere, while it holds or owes something, is as grave as well: what was given in one target must
not be looked for in another, and the certificates that vouch for a target decide which one it is. What is inside the
Secret and the ConfigMap that it names is for RBAC to guard.`,
		match:     []rule{on("accessproviders", create, update)},
		when:      []condition{{"declares-alters-withdraws-or-leads-elsewhere", declares + " ||\n" + leads}},
		variables: []variable{{"declares", declares}, {"leads", leads}},
		validations: []validation{{
			Expression: "!variables.declares || " + mayDo("'forgive'", "'accessproviders'", "", "object.metadata.name"),
			Reason:     forbidden,
			Message:    "forgive: setting, altering or removing spec.decommissioned needs the verb forgive on the access provider",
			MessageExpression: lines(
				"'forgive: setting, altering or removing spec.decommissioned needs the verb forgive on accessproviders/' + object.metadata.name +",
				"'; ask security, who answers for what the target still owes'"),
		}, {
			Expression: "!variables.declares || !has(object.spec.decommissioned) || object.spec.decommissioned.?by.?username.orValue('') == " + caller,
			Reason:     forbidden,
			Message:    "decommissioned-by: whoever declares a target gone is named for it; leave spec.decommissioned.by out, or set it to your own username (kubectl auth whoami)",
		}, {
			Expression: "!variables.leads || " + mayDo("'forgive'", "'accessproviders'", "", "object.metadata.name"),
			Reason:     forbidden,
			Message:    "forgive: changing endpoint, credentialsRef, caBundleRef or ldap of an access provider that holds or owes access needs the verb forgive on it",
			MessageExpression: lines(
				"'forgive: changing endpoint, credentialsRef, caBundleRef or ldap needs the verb forgive on accessproviders/' + object.metadata.name +",
				"' while it holds or owes access; create another access provider for another target'"),
		}},
	}
}
