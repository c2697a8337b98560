# Refuses an engagement that is longer than the limit of its namespace, or has no end.
package longshore.maximum_length

import data.longshore

policy := "longshore-maximum-length"

limit := longshore.of_namespace(data.guardrails[policy])

configured if longshore.duration(limit) >= 0

has_length if is_number(longshore.length)

problem := longshore.unconfigured if not configured

else := `spec.statementOfWork needs a start and an end, each written as "2026-12-01T08:00:00Z"; set them, since nothing is engaged without an end` if {
	not has_length
}

else := sprintf("spec.statementOfWork.end is %s, and the limit in namespace %s is %s from the start; end it by %s, or ask whoever keeps this policy for a longer limit", [longshore.end_text, longshore.namespace, limit, time.format(longshore.start + longshore.duration(limit))]) if {
	longshore.length > longshore.duration(limit)
}

refusals contains longshore.refusal(policy, problem) if longshore.is_engagement
