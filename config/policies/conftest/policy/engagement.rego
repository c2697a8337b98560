# What the guard rails read of an engagement. Everything is defined for every input: a rule that is undefined would let
# pass what it cannot read.
package longshore

# Other kinds in the same files are nobody's concern here.
is_engagement if {
	input.kind == "Engagement"
	startswith(input.apiVersion, "gig.longshore.dev/")
}

namespace := object.get(input, ["metadata", "namespace"], "default")

name := object.get(input, ["metadata", "name"], object.get(input, ["metadata", "generateName"], "?"))

refusal(policy, problem) := sprintf("%s: engagement %s/%s: %s", [policy, namespace, name, problem])

# of_namespace is what parameters say for the engagement's namespace, or else for all others.
of_namespace(parameters) := object.get(parameters, ["namespaces", namespace], object.get(parameters, "others", null))

unconfigured := "the parameters of this policy are missing or malformed; pass them with --data, as in config/policies/conftest/data"

# thousandths of a decimal with at most three places, as an integer: nothing is rounded.
thousandths(amount) := (whole * 1000) + rest if {
	is_string(amount)
	regex.match(`^[0-9]{1,12}([.][0-9]{1,3})?$`, amount)
	parts := split(amount, ".")
	whole := integer(parts[0])
	rest := integer(substring(concat("", [array.concat(parts, [""])[1], "000"]), 0, 3))
}

# integer reads digits; to_number knows no leading zeros.
integer(digits) := to_number(significant) if {
	significant := trim_left(digits, "0")
	significant != ""
} else := 0

moment := `^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$`

start_text := object.get(input, ["spec", "statementOfWork", "start"], "")

end_text := object.get(input, ["spec", "statementOfWork", "end"], "")

start := time.parse_rfc3339_ns(start_text) if regex.match(moment, start_text)

# length from start to end in nanoseconds, undefined where either is not there or cannot be read.
length := ns if {
	regex.match(moment, end_text)
	ns := time.parse_rfc3339_ns(end_text) - start
}

duration(text) := ns if {
	is_string(text)
	regex.match(`^([0-9]+(h|m|s))+$`, text)
	ns := time.parse_duration_ns(text)
}

is_strings(value) if {
	is_array(value)
	every item in value { is_string(item) }
}
