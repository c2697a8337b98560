package policy

import (
	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// beginning warns of what a policy that covers the case and is not in force yet will deny or end once it is, as if it were that moment and nothing else had changed.
// Where the work is over by then, there is nothing to warn of.
func (j *judgement) beginning(p *v1alpha1.CompliancePolicy, in Selection, whole bool) {
	from := p.Spec.EffectiveFrom.UTC()
	if !j.Now.Before(from) || !from.Before(j.plannedEnd()) {
		return
	}
	in.Now = from
	if !selects(&p.Spec, in) || !j.ahead(from, defaultWarnBefore) {
		return
	}
	then := &judgement{Case: j.Case}
	then.Now = from
	then.policy(p, whole)
	words := "from " + stamp(from) + " on: "
	for _, f := range then.Violations {
		f.Message = clipMiddle(words+f.Message, maxMessage)
		j.warn(f, from)
	}
	if then.Tenure != nil && !from.Before(then.Tenure.Limit.Time) {
		f := finding(p, "limits one person's tenure to "+p.Spec.Tenure.Max+", which will have been reached, at "+stamp(then.Tenure.Limit.Time)+": the engagement ends when the policy begins, and its access",
			"plan the end or a successor for then")
		f.Message = clipMiddle(words+f.Message, maxMessage)
		j.warn(f, from)
	}
}
