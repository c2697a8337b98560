# Refuses an engagement without a scorecard that is longer than a limit, and of one of the worker types. Without a scorecard
# nobody's work is scored, however long it took.
package longshore.mandatory_scorecard

import data.longshore

policy := "longshore-mandatory-scorecard"

longer_than := object.get(data.guardrails[policy], "longerThan", "")

worker_types := object.get(data.guardrails[policy], "workerTypes", [])

configured if {
	longshore.duration(longer_than) >= 0
	longshore.is_strings(worker_types)
}

of_type if count(worker_types) == 0

of_type if input.spec.classification.workerType in worker_types

# What has no type may be of any type.
of_type if not input.spec.classification.workerType

# What has no length may be of any length.
within if longshore.length <= longshore.duration(longer_than)

has_scorecard if object.get(input, ["spec", "evaluation", "scorecardRef", "name"], "") != ""

types_said := "" if count(worker_types) == 0

else := sprintf(" of type %s", [concat(" or ", worker_types)])

problem := longshore.unconfigured if not configured

else := sprintf("spec.evaluation.scorecardRef is missing, and an engagement%s that is longer than %s needs a scorecard; name one in spec.evaluation.scorecardRef.name, or ask whoever keeps this policy for an exception", [types_said, longer_than]) if {
	of_type
	not within
	not has_scorecard
}

refusals contains longshore.refusal(policy, problem) if longshore.is_engagement
