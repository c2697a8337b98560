package policy

import (
	"time"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// rules of a policy without problems. The facts of the classification are there until the determination expires, and absent without one.
func (j *judgement) rules(p *v1alpha1.CompliancePolicy, whole bool, determinedUntil *time.Time, tenure *tenureView) {
	v := j.variables(determinedUntil != nil, tenure)
	for i := range p.Spec.Rules {
		r := &p.Spec.Rules[i]
		program, err := compileRule(r.Expression)
		if err != nil {
			continue // Problems has said so.
		}
		if program.aboutPerson() && j.Worker == nil || !program.aboutPerson() && !whole {
			continue
		}
		v.schema = program.schema
		now, turn := program.turns(v, j.Now)
		switch {
		case turn.givenUp:
			j.lookAgain(turn.at)
		case !turn.at.IsZero():
			j.look(turn.at)
		}
		switch {
		case now.err != "":
			f := ruleFinding(p, r, "cannot be evaluated: "+now.err, "give the engagement or the worker what the rule reads, or have its owner mend the policy")
			f.Undecided = true
			j.violate(f)
		case !now.holds:
			j.broken(p, r, v)
		case r.WarnBefore != "" && turn.to != now && !turn.at.IsZero() && sameQuestion(p, turn.at, determinedUntil, program):
			if j.ahead(turn.at, r.WarnBefore) {
				j.warn(j.coming(p, r, v, turn), turn.at)
			}
		}
	}
}

// sameQuestion says whether a rule will still be asked the same at a moment: neither will the policy have ceased, nor the facts that it reads.
func sameQuestion(p *v1alpha1.CompliancePolicy, at time.Time, determinedUntil *time.Time, program *program) bool {
	return applies(p, at) && (!program.readsFacts || determinedUntil == nil || at.Before(*determinedUntil))
}

// coming tells of a rule that will not hold, in the words that it will be told in then.
func (j *judgement) coming(p *v1alpha1.CompliancePolicy, r *v1alpha1.PolicyRule, v *variables, turn turn) v1alpha1.Finding {
	from := "from " + stamp(turn.at) + " on: "
	if turn.to.err != "" {
		return ruleFinding(p, r, from+"cannot be evaluated: "+turn.to.err, "before then give the engagement or the worker what the rule reads")
	}
	said, told := wordsOf(r, v, turn.at)
	if told {
		return ruleFinding(p, r, from+said, "")
	}
	return ruleFinding(p, r, from+said, "change the engagement before then so that it holds")
}

// broken tells of a rule that does not hold.
func (j *judgement) broken(p *v1alpha1.CompliancePolicy, r *v1alpha1.PolicyRule, v *variables) {
	said, told := wordsOf(r, v, j.Now)
	f := ruleFinding(p, r, said, j.consequence(r.Enforcement, told))
	switch r.Enforcement {
	case v1alpha1.EnforceWarn:
		j.Warnings = append(j.Warnings, f)
	case v1alpha1.EnforceRequireApproval:
		j.Approvals = append(j.Approvals, f)
	default:
		j.violate(f)
	}
}

// wordsOf a rule that does not hold are its message at a moment, or its expression where there is none or it cannot be evaluated; told says that it is the message.
func wordsOf(r *v1alpha1.PolicyRule, v *variables, at time.Time) (said string, told bool) {
	if r.MessageExpression != "" {
		if program, err := compileMessage(r.MessageExpression); err == nil {
			read := *v
			read.schema = program.schema
			if message, err := program.message(&read, at); err == nil && message != "" {
				return message, true
			}
		}
	}
	return "does not hold: " + r.Expression, false
}

func (j *judgement) variables(determined bool, tenure *tenureView) *variables {
	v := &variables{engagement: &j.views.undetermined, pool: j.views.pool, checklist: &j.views.checklist, tenure: tenure}
	if determined {
		v.engagement = &j.views.determined
	}
	if j.Worker != nil {
		v.worker = &workerView{metadataOf(&j.Worker.ObjectMeta), &j.Worker.Spec}
	}
	return v
}
