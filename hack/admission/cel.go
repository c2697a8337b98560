package main

import (
	"fmt"
	"strings"

	"github.com/longshore-dev/longshore/controllers/domain/admission"
)

const (
	group = "gig.longshore.dev"

	// kube-controller-manager acts as these with --use-service-account-credentials.
	garbageCollector    = "system:serviceaccount:kube-system:generic-garbage-collector"
	namespaceController = "system:serviceaccount:kube-system:namespace-controller"
)

// The operations that policies select.
const (
	create = "CREATE"
	update = "UPDATE"
	remove = "DELETE"
)

// caller is the user as the API server authenticated them. Their uid is not used: many users have none.
const caller = "request.userInfo.username"

// mayDo is the expression that asks RBAC whether the caller holds a custom verb on one object, all given as
// expressions but the verb's resource. It costs 350,000 of the 1,000,000 that an expression may, and of the 10,000,000
// that a policy may: two fit in an expression, 28 in a policy, and a loop over a list does not.
func mayDo(verb, resource, namespace, name string) cel {
	scope := ""
	if namespace != "" {
		scope = ".namespace(" + namespace + ")"
	}
	return cel(fmt.Sprintf("authorizer.group('%s').resource(%s)%s.name(%s).check(%s).allowed()", group, resource, scope, name, verb))
}

// isOneOf is the expression for the caller being one of the users.
func isOneOf(users ...string) cel {
	return cel(caller + " in ['" + strings.Join(users, "', '") + "']")
}

// notOperator leaves the operator's own writes alone.
var notOperator = condition{Name: "not-the-operator", Expression: caller + " != '" + admission.OperatorUsername + "'"}

// notBeingDeleted keeps what a policy asks of an Engagement from standing in the way of its end: one that is being
// deleted is given nothing more. The other policies judge a change alone, which taking a finalizer off is not, and some
// are no less needed while access is being taken back.
var notBeingDeleted = condition{
	Name:       "not-being-deleted",
	Expression: "request.operation != 'UPDATE' || !has(oldObject.metadata.deletionTimestamp)",
}

// lines joins the lines of an expression that is too long for one.
func lines(l ...cel) cel {
	var out cel
	for i, line := range l {
		if i > 0 {
			out += "\n"
		}
		out += line
	}
	return out
}
