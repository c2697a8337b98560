package policy

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/terms"
)

// maxProblem bounds what is told of one problem, in characters: the name of a type can be as long as the expression.
const maxProblem = 512

// Problems says what keeps a policy from being evaluated: expressions that do not compile, are of the wrong type, or read the clock or what the policy does not
// ask for, periods that are none, and a namespace selector that cannot be read. Each begins with where it is, like rules[name].
func Problems(p *v1alpha1.CompliancePolicySpec) []string {
	var problems []string
	add := func(where string, err error) {
		if err != nil {
			problems = append(problems, clip(where+": "+err.Error(), maxProblem))
		}
	}
	if s := p.AppliesTo; s != nil && s.NamespaceSelector != nil {
		_, err := metav1.LabelSelectorAsSelector(s.NamespaceSelector)
		add("appliesTo.namespaceSelector", err)
	}
	if t := p.Tenure; t != nil {
		add("tenure.max", readPeriod(t.Max))
		add("tenure.resetGap", readOptional(t.ResetGap))
		add("tenure.warnBefore", readOptional(t.WarnBefore))
	}
	if p.Determination != nil {
		add("determination.validFor", readPeriod(p.Determination.ValidFor))
	}
	add("retention", readOptional(p.Retention))
	for i := range p.Rules {
		r := &p.Rules[i]
		where := "rules[" + r.Name + "]"
		program, err := compileRule(r.Expression)
		add(where, err)
		if err == nil {
			add(where, factsAskedFor(p, program))
			add(where, program.readsClock)
		}
		if r.MessageExpression != "" {
			program, err = compileMessage(r.MessageExpression)
			add(where+": messageExpression", err)
			if err == nil {
				add(where+": messageExpression", factsAskedFor(p, program))
				add(where+": messageExpression", program.readsClock)
			}
		}
		add(where+": warnBefore", readOptional(r.WarnBefore))
	}
	return problems
}

func factsAskedFor(p *v1alpha1.CompliancePolicySpec, program *program) error {
	if !program.readsFacts || p.Determination != nil {
		return nil
	}
	return fmt.Errorf("it reads engagement.spec.classification.facts, which count only as determined: add spec.determination.validFor to the policy")
}

func readPeriod(period string) error {
	_, err := terms.AddPeriod(time.Time{}, period)
	return err
}

func readOptional(period string) error {
	if period == "" {
		return nil
	}
	return readPeriod(period)
}
