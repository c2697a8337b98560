package main

// rules are the guard rails, in the order in which they are shown.
var rules = []rule{budgetCap, forbiddenProfile, mandatoryScorecard, maximumLength, requiredIntake}

// Amounts are compared as decimals, by the quantity library, which rounds nothing.
var budgetCap = rule{
	name: "budget-cap",
	comment: `Refuses an engagement whose budget is over the cap of its namespace, or in a currency that has no cap there. Amounts are compared
as decimals and never converted. A namespace with caps of its own has those alone.`,
	parameters: []parameter{
		{
			name: "others", comment: "The caps of every namespace without an entry of its own, as <currency> <amount>, separated by commas or line ends.",
			entry:  "EUR 25000, GBP 20000, USD 25000",
			value:  []money{{"EUR", "25000"}, {"GBP", "20000"}, {"USD", "25000"}},
			schema: caps("The caps of every namespace that is not in namespaces."),
		},
		{
			name: "namespaces", optional: true, comment: "namespace.marketing: USD 5000, EUR 4500.50", value: map[string]any{},
			schema: byNamespace("Caps by namespace.", caps("The caps of this namespace.")),
		},
	},
	fromConfigMap:  []variable{{"caps", list(ofNamespace) + ".map(item, item.split(' '))"}},
	fromConstraint: []variable{{"caps", fieldOfNamespace + ".map(cap, [cap.currency, cap.amount])"}},
	variables: []variable{
		{"currency", "object.spec.?statementOfWork.?budget.?currency.orValue('')"},
		{"amount", "object.spec.?statementOfWork.?budget.?amount.orValue('')"},
		{"written", "type(variables.amount) == string && variables.amount.matches('^[0-9]{1,12}([.][0-9]{1,3})?$')"},
		{"cap", "variables.caps.filter(cap, cap[0] == variables.currency).map(cap, cap[1])"},
	},
	problem: `!variables.written ?
  'spec.statementOfWork.budget.amount is not a decimal with at most three places; write it in quotes, for example "5000" or "5000.50"' :
size(variables.cap) == 0 ?
  'spec.statementOfWork.budget is in ' + variables.currency + ', which has no cap in namespace ' + variables.inNamespace + ' (caps: ' +
  variables.caps.map(cap, cap[1] + ' ' + cap[0]).join(', ') + '), and amounts are never converted; ' +
  'budget in a currency that has a cap, or` + askFor + ` for a cap in ' + variables.currency :
quantity(variables.amount).isGreaterThan(quantity(variables.cap[0])) ?
  'spec.statementOfWork.budget is ' + variables.amount + ' ' + variables.currency + ', and the cap in namespace ' + variables.inNamespace + ' is ' +
  variables.cap[0] + ' ' + variables.currency + '; lower the budget, or` + askFor + ` for a higher cap' :
''`,
	worse: `!variables.written || oldObject.spec.statementOfWork.budget.currency != variables.currency ||
quantity(variables.amount).isGreaterThan(quantity(oldObject.spec.statementOfWork.budget.amount))`,
	message: "the budget is over the cap of its namespace, or in a currency without a cap",
}

var forbiddenProfile = rule{
	name:    "forbidden-profile",
	comment: `Refuses an engagement that asks for an AccessProfile which nobody may be given, everywhere or in its namespace.`,
	parameters: []parameter{
		{
			name: "everywhere", comment: "The profiles that are forbidden in every namespace, separated by commas or line ends; break-glass-* is every name that begins so.",
			entry: "break-glass-*", value: []string{"break-glass-*"}, schema: stringsOf("Profiles that are forbidden in every namespace; name-* is every name that begins so."),
		},
		{
			name: "namespaces", optional: true, comment: "namespace.care: production-*, payroll", value: map[string]any{},
			schema: byNamespace("Profiles that are forbidden in a namespace too.", stringsOf("Names, or beginnings that end in *.")),
		},
	},
	fromConfigMap: []variable{{"forbidden", list("variables.parameters['everywhere'] + ',' + variables.parameters[?'namespace.' + variables.inNamespace].orValue('')")}},
	fromConstraint: []variable{{"forbidden",
		"variables.params.everywhere + variables.params.?namespaces[?variables.inNamespace].orValue([])"}},
	variables: []variable{
		{"profiles", "object.spec.?access.orValue([]).map(access, access.name)"},
		{"former", "variables.created ? [] : oldObject.spec.?access.orValue([]).map(access, access.name)"},
		{"added", `variables.profiles.filter(profile, !(profile in variables.former) && variables.forbidden.exists(f,
  f.endsWith('*') ? profile.startsWith(f.substring(0, size(f) - 1)) : profile == f))`},
	},
	problem: `size(variables.added) == 0 ? '' :
'spec.access lists ' + variables.added.join(', ') + ', and nobody in namespace ' + variables.inNamespace + ' may be given ' + variables.forbidden.join(', ') +
'; take it out of spec.access, or` + askFor + ` for an exception'`,
	worse:   "variables.profiles.exists(profile, !(profile in variables.former)) && size(variables.added) > 0",
	message: "spec.access lists a profile that nobody in this namespace may be given",
}

var mandatoryScorecard = rule{
	name: "mandatory-scorecard",
	comment: `Refuses an engagement without a scorecard that is longer than a limit, and of one of the worker types. Without a scorecard nobody's
work is scored, however long it took.`,
	parameters: []parameter{
		{
			name: "longerThan", comment: "Engagements that are longer than this need a scorecard; 0s is every engagement. From the start to the end, as a Go duration.",
			entry: "720h", value: "720h", schema: durationOf("Engagements that are longer than this need a scorecard; 0s is every engagement."),
		},
		{
			name: "workerTypes", comment: "Only these worker types, separated by commas or line ends; none is all of them.",
			entry: "", value: []string{}, schema: stringsOf("Only these worker types; none is all of them."),
		},
	},
	fromConfigMap: []variable{
		{"longerThan", "variables.parameters['longerThan']"},
		{"workerTypes", list("variables.parameters[?'workerTypes'].orValue('')")},
	},
	fromConstraint: []variable{
		{"longerThan", "variables.params.longerThan"},
		{"workerTypes", "variables.params.?workerTypes.orValue([])"},
	},
	variables: []variable{
		dated,
		{"required", `(size(variables.workerTypes) == 0 || object.spec.classification.workerType in variables.workerTypes) &&
(!variables.dated || ` + length("object") + ` > duration(variables.longerThan))`},
	},
	problem: `!variables.required || object.spec.?evaluation.?scorecardRef.?name.orValue('') != '' ? '' :
'spec.evaluation.scorecardRef is missing, and an engagement' + (size(variables.workerTypes) == 0 ? '' : ' of type ' + variables.workerTypes.join(' or ')) +
' that is longer than ' + variables.longerThan + ' needs a scorecard; name one in spec.evaluation.scorecardRef.name, or` + askFor + ` for an exception'`,
	worse: `(object.spec.?evaluation != oldObject.spec.?evaluation || object.spec.classification.workerType != oldObject.spec.classification.workerType ||
  ` + length("object") + ` != ` + length("oldObject") + `) &&
(oldObject.spec.?evaluation.?scorecardRef.?name.orValue('') != '' ||
!((size(variables.workerTypes) == 0 || oldObject.spec.classification.workerType in variables.workerTypes) &&
  ` + length("oldObject") + ` > duration(variables.longerThan)))`,
	message: "spec.evaluation.scorecardRef is missing",
}

var maximumLength = rule{
	name:    "maximum-length",
	comment: `Refuses an engagement that is longer than the limit of its namespace, or has no end.`,
	parameters: []parameter{
		{
			name: "others", comment: "The longest that an engagement may be, from its start to its end, where its namespace has no entry of its own. A Go duration: 8760h is a year.",
			entry: "8760h", value: "8760h", schema: durationOf("The longest that an engagement may be in every namespace that is not in namespaces."),
		},
		{
			name: "namespaces", optional: true, comment: "namespace.care: 2160h", value: map[string]any{},
			schema: byNamespace("The longest that an engagement may be, by namespace.", durationOf("The longest in this namespace.")),
		},
	},
	fromConfigMap:  []variable{{"limit", ofNamespace}},
	fromConstraint: []variable{{"limit", fieldOfNamespace}},
	variables:      []variable{dated},
	problem: `!variables.dated ?
  'spec.statementOfWork needs a start and an end, each written as "2026-12-01T08:00:00Z"; set them, since nothing is engaged without an end' :
` + length("object") + ` > duration(variables.limit) ?
  'spec.statementOfWork.end is ' + string(object.spec.statementOfWork.end) + ', and the limit in namespace ' + variables.inNamespace + ' is ' + variables.limit +
  ' from the start; end it by ' + string(timestamp(object.spec.statementOfWork.start) + duration(variables.limit)) + ', or` + askFor + ` for a longer limit' :
''`,
	worse:   "!variables.dated || " + length("object") + " > " + length("oldObject"),
	message: "the engagement is longer than the limit of its namespace, or has no end",
}

var requiredIntake = rule{
	name:    "required-intake",
	comment: `Refuses an engagement that lacks a field of spec.intake, or a label, that finance, security or planning ask for.`,
	parameters: []parameter{
		{
			name: "fields", comment: "The fields of spec.intake that must be there: costCenter, project, justification, dataClassification.",
			entry: "costCenter, project, dataClassification", value: []string{"costCenter", "project", "dataClassification"},
			schema: map[string]any{
				"type": "array", "description": "The fields of spec.intake that must be there.",
				"items": map[string]any{"type": "string", "enum": intakeFields},
			},
		},
		{
			name: "labels", comment: "The labels that must be there, by key.",
			entry: "", value: []string{}, schema: stringsOf("The labels that must be there, by key."),
		},
	},
	fromConfigMap: []variable{
		{"fields", list("variables.parameters['fields']")},
		{"labels", list("variables.parameters[?'labels'].orValue('')")},
	},
	fromConstraint: []variable{
		{"fields", "variables.params.fields"},
		{"labels", "variables.params.?labels.orValue([])"},
	},
	variables: []variable{
		{"given", intake("object")},
		{"former", "variables.created ? {} : " + intake("oldObject")},
		{"missingFields", `variables.fields.filter(field, variables.given[?field].orValue('').trim() == '' &&
  (variables.created || variables.former[?field].orValue('').trim() != '')).map(field, 'spec.intake.' + field)`},
		{"missingLabels", `variables.labels.filter(label, object.metadata.?labels[?label].orValue('').trim() == '' &&
  (variables.created || oldObject.metadata.?labels[?label].orValue('').trim() != '')).map(label, 'metadata.labels["' + label + '"]')`},
		{"missing", "variables.missingFields + variables.missingLabels"},
	},
	problem: `size(variables.missing) == 0 ? '' :
variables.missing.join(', ') + (size(variables.missing) == 1 ? ' is' : ' are') + ' missing or blank, and every engagement must say ' +
(variables.fields.map(field, 'spec.intake.' + field) + variables.labels.map(label, 'metadata.labels["' + label + '"]')).join(', ') +
'; fill in what is missing, or` + askFor + ` for an exception'`,
	// Each asks for its own parameter alone: whoever sets a label is not held up by fields that cannot be read.
	worse: `(variables.given != variables.former && size(variables.missingFields) > 0) ||
(object.metadata.?labels != oldObject.metadata.?labels && size(variables.missingLabels) > 0)`,
	message: "a field of spec.intake, or a label, that must be there is missing or blank",
}
