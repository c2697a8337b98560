# Refuses an engagement that asks for an AccessProfile which nobody may be given, everywhere or in its namespace.
package longshore.forbidden_profile

import data.longshore

policy := "longshore-forbidden-profile"

everywhere := object.get(data.guardrails[policy], "everywhere", [])

here := object.get(data.guardrails[policy], ["namespaces", longshore.namespace], [])

# Under a misspelt key nothing would be forbidden, and nobody would notice.
configured if {
	longshore.is_strings(data.guardrails[policy].everywhere)
	longshore.is_strings(here)
}

forbidden := array.concat(everywhere, here)

forbids(pattern, profile) if pattern == profile

forbids(pattern, profile) if {
	endswith(pattern, "*")
	startswith(profile, trim_suffix(pattern, "*"))
}

listed := [profile |
	some access in object.get(input, ["spec", "access"], [])
	profile := name_of(access)
	is_forbidden(profile)
]

# A profile that is written as a bare name is none by the schema; here it counts all the same.
name_of(access) := access.name if is_object(access)

else := access

is_forbidden(profile) if {
	some pattern in forbidden
	forbids(pattern, profile)
}

problem := longshore.unconfigured if not configured

else := sprintf("spec.access lists %s, and nobody in namespace %s may be given %s; take it out of spec.access, or ask whoever keeps this policy for an exception", [concat(", ", listed), longshore.namespace, concat(", ", forbidden)]) if {
	count(listed) > 0
}

refusals contains longshore.refusal(policy, problem) if longshore.is_engagement
