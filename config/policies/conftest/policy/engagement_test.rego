package longshore_test

import data.longshore

test_amounts_are_read_without_rounding if {
	longshore.thousandths("0") == 0
	longshore.thousandths("5000") == 5000000
	longshore.thousandths("0005000.010") == 5000010
	longshore.thousandths("12.5") == 12500
	longshore.thousandths("999999999999.999") == 999999999999999
}

test_what_is_no_amount_has_no_value if {
	every text in ["", "5,000", "1e3", "-1", "1.0001", ".5", "5.", 5000] {
		not longshore.thousandths(text)
	}
}

test_lengths_do_not_depend_on_the_zone if {
	longshore.length == 3600000000000 with input as {"spec": {"statementOfWork": {
		"start": "2026-12-01T08:00:00Z",
		"end": "2026-12-01T10:00:00+01:00",
	}}}
}

test_a_day_that_is_not_in_the_calendar_has_no_length if {
	not longshore.length with input as {"spec": {"statementOfWork": {
		"start": "2026-02-01T08:00:00Z",
		"end": "2026-02-30T08:00:00Z",
	}}}
}

test_other_kinds_are_let_alone if {
	count(data.main.deny_longshore_budget_cap) == 0 with input as {"apiVersion": "v1", "kind": "ConfigMap"}
	count(data.main.deny_longshore_budget_cap) == 0 with input as {"apiVersion": "example.com/v1", "kind": "Engagement"}
}

# Without parameters nothing passes: what is not configured is not allowed.
test_without_parameters_every_rule_refuses if {
	every refusals in [
		data.main.deny_longshore_budget_cap,
		data.main.deny_longshore_forbidden_profile,
		data.main.deny_longshore_mandatory_scorecard,
		data.main.deny_longshore_maximum_length,
		data.main.deny_longshore_required_intake,
	] {
		some refusal in refusals
		contains(refusal, "missing or malformed")
	} with input as {"apiVersion": "gig.longshore.dev/v1alpha1", "kind": "Engagement"} with data.guardrails as {}
}

# What the schema refuses is refused here too, since files are judged that no API server has seen.
test_what_has_no_type_is_of_any_type if {
	data.longshore.mandatory_scorecard.of_type with input as {"spec": {}}
		with data.guardrails as {"longshore-mandatory-scorecard": {"longerThan": "720h", "workerTypes": ["AgencyWorker"]}}
}

test_profiles_are_found_however_they_are_listed if {
	every access in [[{"name": "payroll"}], ["payroll"], {"name": "payroll"}] {
		data.longshore.forbidden_profile.listed == ["payroll"] with input as {"spec": {"access": access}}
			with data.guardrails as {"longshore-forbidden-profile": {"everywhere": ["payroll"]}}
	}
}
