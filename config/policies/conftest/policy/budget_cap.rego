# Refuses an engagement whose budget is over the cap of its namespace, or in a currency that has no cap there. Amounts are
# compared as decimals and never converted. A namespace with caps of its own has those alone.
package longshore.budget_cap

import data.longshore

policy := "longshore-budget-cap"

caps := longshore.of_namespace(data.guardrails[policy])

budget := object.get(input, ["spec", "statementOfWork", "budget"], {})

currency := object.get(budget, "currency", "")

amount := object.get(budget, "amount", "")

written if longshore.thousandths(amount)

cap := [c.amount | some c in caps; c.currency == currency][0]

configured if {
	is_array(caps)
	every c in caps {
		is_string(c.currency)
		longshore.thousandths(c.amount) >= 0
	}
}

problem := longshore.unconfigured if not configured

else := `spec.statementOfWork.budget.amount is not a decimal with at most three places; write it in quotes, for example "5000" or "5000.50"` if {
	not written
}

else := sprintf("spec.statementOfWork.budget is in %s, which has no cap in namespace %s (caps: %s), and amounts are never converted; budget in a currency that has a cap, or ask whoever keeps this policy for a cap in %s", [currency, longshore.namespace, listed, currency]) if {
	not cap
	listed := concat(", ", [sprintf("%s %s", [c.amount, c.currency]) | some c in caps])
}

else := sprintf("spec.statementOfWork.budget is %s %s, and the cap in namespace %s is %s %s; lower the budget, or ask whoever keeps this policy for a higher cap", [amount, currency, longshore.namespace, cap, currency]) if {
	longshore.thousandths(amount) > longshore.thousandths(cap)
}

refusals contains longshore.refusal(policy, problem) if longshore.is_engagement
