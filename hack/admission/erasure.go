package main

import (
	"reflect"
	"strings"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

func fillErasure() policy {
	return policy{
		name: "longshore-erasure",
		comment: `Whoever asks to erase what is personal in a sealed file, or decides on that, is named in it. Filled in where the request
leaves spec.erasure.by out or repeats the old value; any other value is left for the validating policy of the same name
to see and refuse.

failurePolicy Ignore opens nothing: where this policy fails, as on a malformed object, nothing is filled in, and the
schema or that validating policy refuses the request.`,
		match: []rule{on("dossiers", create, update)},
		when:  []condition{{"erasure-asked-for", "has(object.spec.erasure)"}},
		variables: []variable{
			{"erasure", "object.spec.erasure"},
			{"former", "request.operation == 'CREATE' ? {} : oldObject.spec.?erasure.orValue({})"},
			{"formerBy", "variables.former.?by.?username.orValue('')"},
			{"stated", "variables.erasure.?by.?username.orValue('')"},
			{"unaltered", lines(
				"variables.former.?reason == variables.erasure.?reason &&",
				"variables.former.?decision == variables.erasure.?decision")},
			{"by", "variables.unaltered ? variables.formerBy : " + caller},
		},
		patch: lines(
			"(variables.stated == '' || variables.stated == variables.formerBy) && variables.stated != variables.by ?",
			`[JSONPatch{op: "add", path: "/spec/erasure/by", value: {"username": variables.by}}] : []`),
	}
}

func erasure() policy {
	return policy{
		name: "longshore-erasure",
		comment: `What is erased does not come back, and what a policy demands to keep is evidence: whoever asks to erase what is personal in
a sealed file, decides between that and the duty to keep it, or alters either, holds the verb erase on the Dossier and
answers for it by name. The operator holds no such verb: it carries out what was asked and decided. That nothing else of
a Dossier is changed with it is for longshore-operator-only to see.`,
		match: []rule{on("dossiers", create, update)},
		when: []condition{{"asks-decides-or-alters", lines(
			"request.operation == 'CREATE' ? has(object.spec.erasure) :",
			"object.spec.?erasure != oldObject.spec.?erasure")}},
		validations: []validation{{
			Expression: mayDo("'erase'", "'dossiers'", "", "object.metadata.name"),
			Reason:     forbidden,
			Message:    "erase: setting or altering spec.erasure needs the verb erase on the dossier",
			MessageExpression: lines(
				"'erase: setting or altering spec.erasure needs the verb erase on dossiers/' + object.metadata.name +",
				"'; ask whoever answers requests to erase, by the role longshore-data-protection'"),
		}, {
			Expression: "!has(object.spec.erasure) || object.spec.erasure.?by.?username.orValue('') == " + caller,
			Reason:     forbidden,
			Message:    "erasure-by: whoever asks to erase, or decides on it, is named for it; leave spec.erasure.by out, or set it to your own username (kubectl auth whoami)",
		}},
	}
}

// onlyErasure holds for a change of a Dossier that touches spec.erasure at most. Every other field that the type has is
// compared, so that a new one is the operator's from the start.
func onlyErasure() cel {
	same := []cel{"request.resource.resource == 'dossiers' && request.operation == 'UPDATE'"}
	for _, field := range []string{"metadata.?labels", "metadata.?annotations", "metadata.?finalizers", "metadata.?ownerReferences", "metadata.?generateName"} {
		same = append(same, unchanged(field))
	}
	for field := range reflect.TypeFor[v1alpha1.DossierSpec]().Fields() {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "erasure" {
			same = append(same, unchanged("spec.?"+name))
		}
	}
	var all cel
	for i, s := range same {
		if i > 0 {
			all += " &&\n"
		}
		all += s
	}
	return "(" + all + ")"
}

func unchanged(field string) cel { return cel("object." + field + " == oldObject." + field) }
