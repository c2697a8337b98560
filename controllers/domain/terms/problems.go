package terms

import (
	"fmt"
	"time"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// Problems lists the contradictions in a spec's terms that its schema cannot see, each with the field, the values and what to
// do. Where an amount or a period cannot be read at all, that is the problem, and sums over it are left out.
//
// Deliverables may cost less than a Fixed rate: what they leave is paid for the rest of the work. They may not cost more.
func Problems(spec *v1alpha1.EngagementSpec) []string {
	sow := &spec.StatementOfWork
	problems := unreadable(sow)
	readable := len(problems) == 0
	for i := range sow.Deliverables {
		d := &sow.Deliverables[i]
		if d.Due.Time.Before(sow.Start.Time) {
			problems = append(problems, fmt.Sprintf("statementOfWork.deliverables[%s].due is %s, before statementOfWork.start at %s: move one of them",
				d.Name, stamp(d.Due.Time), stamp(sow.Start.Time)))
		}
	}
	if !readable {
		return problems
	}
	return append(problems, unpayable(spec)...)
}

func unreadable(sow *v1alpha1.StatementOfWork) []string {
	var problems []string
	check := func(field, amount string) {
		if _, err := ParseAmount(amount); err != nil {
			problems = append(problems, fmt.Sprintf("%s is %q: write a non-negative decimal with at most three places, like \"5000\" or \"12.5\"", field, amount))
		}
	}
	check("statementOfWork.budget.amount", sow.Budget.Amount)
	if sow.Rate != nil {
		check("statementOfWork.rate.amount", sow.Rate.Amount)
	}
	for i := range sow.Deliverables {
		if d := &sow.Deliverables[i]; d.Amount != "" {
			check(fmt.Sprintf("statementOfWork.deliverables[%s].amount", d.Name), d.Amount)
		}
	}
	if sow.Terms != nil {
		if _, err := normalPeriod(sow.Terms.NoticePeriod); err != nil {
			problems = append(problems, fmt.Sprintf("statementOfWork.terms.noticePeriod is %q: write an ISO 8601 period of whole years, months, weeks and days, like \"P7D\"", sow.Terms.NoticePeriod))
		}
	}
	return problems
}

// unpayable expects amounts that can be read.
func unpayable(spec *v1alpha1.EngagementSpec) []string {
	sow := &spec.StatementOfWork
	var problems []string
	budget, err := ParseAmount(sow.Budget.Amount)
	if err != nil {
		return []string{err.Error()}
	}
	// A rate per deliverable is left to the rate's own check, which names it.
	bare := *sow
	bare.Rate = nil
	sum, err := Prices(&bare)
	if err != nil {
		return []string{err.Error()}
	}
	if sum > budget {
		problems = append(problems, fmt.Sprintf("the amounts of statementOfWork.deliverables are %s %s together and exceed statementOfWork.budget of %s: lower an amount or raise the budget",
			sum, sow.Budget.Currency, budget))
	}
	if sow.Rate == nil {
		return problems
	}
	if sow.Rate.Currency != sow.Budget.Currency {
		return append(problems, fmt.Sprintf("statementOfWork.rate is in %s and statementOfWork.budget in %s: amounts of unequal currencies are never converted; write both in one",
			sow.Rate.Currency, sow.Budget.Currency))
	}
	over, err := unaffordable(sow, sow.Rate)
	if err != nil {
		return append(problems, err.Error())
	}
	if over != "" {
		problems = append(problems, over)
	}
	rate, err := ParseAmount(sow.Rate.Amount)
	if err != nil {
		return append(problems, err.Error())
	}
	if sow.Rate.Per == v1alpha1.PerFixed && sum > rate {
		problems = append(problems, fmt.Sprintf("the amounts of statementOfWork.deliverables are %s %s together and exceed statementOfWork.rate, which pays %s for the whole: lower an amount or raise the rate",
			sum, sow.Budget.Currency, rate))
	}
	if sow.Rate.Per == v1alpha1.PerDeliverable && len(sow.Deliverables) == 0 && (spec.Replaces == nil || len(spec.Replaces.Deliverables) == 0) {
		problems = append(problems, "statementOfWork.rate is paid per Deliverable, but statementOfWork.deliverables is empty, so that nothing would ever be paid: add a deliverable or choose another rate.per")
	}
	return problems
}

func stamp(t time.Time) string {
	return t.UTC().Format(time.RFC3339)
}
