# The guard rails for engagements, where Conftest looks for them. Each is a package of its own, so that your rules can stand
# beside them.
package main

import data.longshore.budget_cap
import data.longshore.forbidden_profile
import data.longshore.mandatory_scorecard
import data.longshore.maximum_length
import data.longshore.required_intake

deny_longshore_budget_cap contains refusal if some refusal in budget_cap.refusals

deny_longshore_forbidden_profile contains refusal if some refusal in forbidden_profile.refusals

deny_longshore_mandatory_scorecard contains refusal if some refusal in mandatory_scorecard.refusals

deny_longshore_maximum_length contains refusal if some refusal in maximum_length.refusals

deny_longshore_required_intake contains refusal if some refusal in required_intake.refusals
