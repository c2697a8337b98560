package main

import "strings"

const (
	group = "gig.longshore.dev"
	// home is where the ConfigMaps with the parameters are: only administrators write there.
	home = "longshore-system"
)

// rule is one guard rail. Its judgement is written once, in CEL, over variables that hold its parameters; how these are
// read from a ConfigMap or a constraint is all that the engines differ in.
type rule struct {
	// name of the policy in every engine, without the prefix longshore-.
	name string
	// comment says, at the head of each file, what is refused.
	comment string
	// parameters in the order in which they are shown.
	parameters []parameter
	// fromConfigMap and fromConstraint make the same variables, of variables.parameters and variables.params.
	fromConfigMap, fromConstraint []variable
	// variables that the judgement uses.
	variables []variable
	// problem says what is wrong, and is empty where nothing is.
	problem cel
	// worse says whether it is wrong through this very write: an update that leaves alone what was wrong before, or
	// makes it better, goes through, so that no guard rail stands in the way of an end. There is an oldObject. Where the
	// update does not touch what is judged it is false whatever the parameters, even if they cannot be read: what goes
	// wrong in problem does not count then.
	worse cel
	// message is what is said where the problem cannot be told.
	message string
}

// parameter is one entry of the ConfigMap, and one field of the constraint and of the data for Conftest.
type parameter struct {
	name string
	// comment stands above it in the ConfigMap.
	comment string
	// entry is the default in the ConfigMap, value the same as structured data.
	entry string
	value any
	// schema of the field of the constraint.
	schema any
	// optional entries have no line in the ConfigMap until somebody adds them.
	optional bool
}

func (r rule) policy() string { return "longshore-" + r.name }

func (r rule) fileName() string { return strings.ReplaceAll(r.name, "-", "_") + ".yaml" }

// kind of the constraint.
func (r rule) kind() string {
	var kind strings.Builder
	for word := range strings.SplitSeq(r.policy(), "-") {
		kind.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return kind.String()
}

// judgement is what every engine evaluates after it has read the parameters.
func (r rule) judgement() []variable {
	judged := append([]variable{}, r.variables...)
	return append(judged,
		variable{"problem", r.problem},
		variable{"worse", "variables.created || (" + r.worse + ")"},
	)
}

// subject is what comes first, since the parameters depend on the namespace. There is no old object where something is
// created, or was there before the policy; Kyverno's command-line tool has an empty one.
var subject = []variable{
	{"created", "oldObject == null || !has(oldObject.spec)"},
	{"inNamespace", "object.metadata.?namespace.orValue('default')"},
	{"subject", "'engagement ' + variables.inNamespace + '/' + object.metadata.?name.orValue(object.metadata.?generateName.orValue('?'))"},
}

func (r rule) validation() validation {
	return validation{
		Expression:        "variables.problem == '' || !variables.worse",
		Message:           cel(r.policy() + ": " + r.message),
		MessageExpression: cel("'" + r.policy() + ": ' + variables.subject + ': ' + variables.problem"),
	}
}

// list is the items of a ConfigMap's entry, an expression: separated by commas or line ends, so that they can be written
// below each other.
func list(entry string) cel {
	return cel("(" + entry + ").replace('\\n', ',').split(',').map(item, item.trim()).filter(item, item != '')")
}

// The expressions that several rules use.
const (
	// ofNamespace is the entry for the namespace, or else the one for all others. That one has no default, and nor has the first
	// parameter of any rule: under a misspelt key nothing would be limited, and nobody would notice.
	ofNamespace = "variables.parameters[?'namespace.' + variables.inNamespace].orValue(variables.parameters['others'])"
	// fieldOfNamespace is the same of a constraint, without the last default.
	fieldOfNamespace = "variables.params.?namespaces[?variables.inNamespace].orValue(variables.params.others)"

	moment = `'^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$'`
)

// dated says whether start and end are there and can be read; strings are compared by what they say, whatever their zone.
var dated = variable{"dated", `has(object.spec.statementOfWork.start) && string(object.spec.statementOfWork.start).matches(` + moment + `) &&
has(object.spec.statementOfWork.end) && string(object.spec.statementOfWork.end).matches(` + moment + `)`}

// length is how long an engagement, an expression, runs.
func length(engagement cel) cel {
	return "timestamp(" + engagement + ".spec.statementOfWork.end) - timestamp(" + engagement + ".spec.statementOfWork.start)"
}

// strings that the schema of a constraint holds.
func stringsOf(description string) any {
	return map[string]any{"type": "array", "description": description, "items": map[string]any{"type": "string", "minLength": 1}}
}

func durationOf(description string) any {
	return map[string]any{"type": "string", "description": description, "pattern": `^([0-9]+(h|m|s))+$`}
}

func byNamespace(description string, values any) any {
	return map[string]any{"type": "object", "description": description, "additionalProperties": values}
}

const askFor = " ask whoever keeps this policy"

// intakeFields are the fields of spec.intake.
var intakeFields = []string{"costCenter", "project", "justification", "dataClassification"}

// intake is what an engagement, an expression, says in spec.intake, by field.
func intake(engagement string) cel {
	entries := make([]string, 0, len(intakeFields))
	for _, field := range intakeFields {
		entries = append(entries, "'"+field+"': string("+engagement+".spec.?intake.?"+field+".orValue(''))")
	}
	return cel("{\n  " + strings.Join(entries, ",\n  ") + "\n}")
}

type money struct {
	Currency string `yaml:"currency"`
	Amount   quoted `yaml:"amount"`
}

// caps is the schema of a list of money.
func caps(description string) any {
	return map[string]any{
		"type": "array", "description": description,
		"items": map[string]any{
			"type": "object", "required": []string{"currency", "amount"},
			"properties": map[string]any{
				"currency": map[string]any{"type": "string", "pattern": "^[A-Z]{3}$"},
				"amount":   map[string]any{"type": "string", "pattern": `^[0-9]{1,12}(\.[0-9]{1,3})?$`},
			},
		},
	}
}
