# Refuses an engagement that lacks a field of spec.intake, or a label, that finance, security or planning ask for.
package longshore.required_intake

import data.longshore

policy := "longshore-required-intake"

fields := object.get(data.guardrails[policy], "fields", [])

labels := object.get(data.guardrails[policy], "labels", [])

# Under a misspelt key nothing would be required, and nobody would notice.
configured if {
	longshore.is_strings(data.guardrails[policy].fields)
	longshore.is_strings(labels)
}

blank(path) if trim_space(sprintf("%v", [object.get(input, path, "")])) == ""

said_field(field) := sprintf("spec.intake.%s", [field])

said_label(label) := sprintf("metadata.labels[%q]", [label])

missing := array.concat(
	[said_field(field) | some field in fields; blank(["spec", "intake", field])],
	[said_label(label) | some label in labels; blank(["metadata", "labels", label])],
)

asked := array.concat([said_field(field) | some field in fields], [said_label(label) | some label in labels])

verb := "is" if count(missing) == 1

else := "are"

problem := longshore.unconfigured if not configured

else := sprintf("%s %s missing or blank, and every engagement must say %s; fill in what is missing, or ask whoever keeps this policy for an exception", [concat(", ", missing), verb, concat(", ", asked)]) if {
	count(missing) > 0
}

refusals contains longshore.refusal(policy, problem) if longshore.is_engagement
