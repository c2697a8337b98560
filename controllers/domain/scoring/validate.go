package scoring

import (
	"fmt"
	"math/big"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// Validate says everything for which an evaluation does not count against its scorecard, each with what to do. An evaluation is immutable, so what is to be
// done about it is to create another.
func Validate(card *v1alpha1.ScorecardSpec, eval *v1alpha1.EvaluationSpec) []string {
	if card == nil || eval == nil {
		return []string{"there is no scorecard to go by: create it, or name another"}
	}
	var problems []string
	say := func(format string, args ...any) {
		problems = append(problems, fmt.Sprintf(format, args...))
	}
	validateCriteria(card, eval, say)
	validateKPIs(card, eval, say)
	return problems
}

func validateCriteria(card *v1alpha1.ScorecardSpec, eval *v1alpha1.EvaluationSpec, say func(string, ...any)) {
	given := make(map[string]string, len(eval.Scores))
	for _, s := range eval.Scores {
		if _, twice := given[s.Name]; twice {
			say("criterion %q is scored twice: give one score", s.Name)
		}
		given[s.Name] = s.Score
	}
	asked := make(map[string]bool, len(card.Criteria))
	for i := range card.Criteria {
		c := &card.Criteria[i]
		asked[c.Name] = true
		text, present := given[c.Name]
		if c.Max <= c.Min {
			say("criterion %q of the scorecard has no scale, from %d to %d: correct the scorecard", c.Name, c.Min, c.Max)
			continue
		}
		if !present {
			say("criterion %q is not scored: give a score from %d to %d", c.Name, c.Min, c.Max)
			continue
		}
		score, err := decimal(text)
		switch {
		case err != nil:
			say("the score of criterion %q cannot be read: %v", c.Name, err)
		case score.Cmp(big.NewRat(int64(c.Min), 1)) < 0 || score.Cmp(big.NewRat(int64(c.Max), 1)) > 0:
			say("the score %s of criterion %q is off its scale: give a score from %d to %d", text, c.Name, c.Min, c.Max)
		}
	}
	for _, s := range eval.Scores {
		if !asked[s.Name] {
			say("the scorecard has no criterion %q: leave it out, or correct the name", s.Name)
		}
	}
}

func validateKPIs(card *v1alpha1.ScorecardSpec, eval *v1alpha1.EvaluationSpec, say func(string, ...any)) {
	given := make(map[string]*v1alpha1.ReportedKPI, len(eval.KPIs))
	for i := range eval.KPIs {
		if given[eval.KPIs[i].Name] != nil {
			say("KPI %q is given twice: give one value", eval.KPIs[i].Name)
		}
		given[eval.KPIs[i].Name] = &eval.KPIs[i]
	}
	asked := make(map[string]bool, len(card.KPIs))
	for i := range card.KPIs {
		k := &card.KPIs[i]
		asked[k.Name] = true
		if _, err := scaleOf(k); err != nil {
			say("KPI %q of the scorecard cannot be scored: %v", k.Name, err)
		}
		value := given[k.Name]
		switch {
		case k.Source != v1alpha1.KPIReported && value != nil:
			say("KPI %q is computed by Longshore from the engagement itself (%s): leave it out", k.Name, k.Source)
		case k.Source != v1alpha1.KPIReported:
		case value == nil:
			say("KPI %q is not reported: give its value and sample", k.Name)
		case value.Sample < 1:
			say("KPI %q was measured %d times: give a sample of at least 1", k.Name, value.Sample)
		default:
			if _, err := decimal(value.Value); err != nil {
				say("the value of KPI %q cannot be read: %v", k.Name, err)
			}
		}
	}
	for i := range eval.KPIs {
		if !asked[eval.KPIs[i].Name] {
			say("the scorecard has no KPI %q: leave it out, or correct the name", eval.KPIs[i].Name)
		}
	}
}
