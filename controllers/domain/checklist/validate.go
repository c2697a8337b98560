package checklist

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/terms"
)

// Validate says everything for which a procedure cannot be followed as it is written: each time the step, the field, and what to do.
func Validate(steps []v1alpha1.ChecklistStep) error {
	v := validation{steps: steps, index: make(map[string]int, len(steps))}
	for i := range steps {
		if _, twice := v.index[steps[i].Name]; twice {
			v.say(&steps[i], "name", "is given twice: rename one of the two")
		}
		v.index[steps[i].Name] = i
	}
	for i := range steps {
		v.dependsOn(&steps[i])
		v.content(&steps[i])
		v.ahead(&steps[i])
	}
	if path := v.cycle(); path != nil {
		v.say(&steps[v.index[path[0]]], "dependsOn", "leads back to the step itself, "+strings.Join(path, " → ")+": remove one of these dependencies")
	} else {
		v.times()
	}
	if len(v.problems) == 0 {
		return nil
	}
	return errors.New(strings.Join(v.problems, "; "))
}

type validation struct {
	steps    []v1alpha1.ChecklistStep
	index    map[string]int
	problems []string
}

func (v *validation) say(step *v1alpha1.ChecklistStep, field, problem string) {
	v.problems = append(v.problems, fmt.Sprintf("step %q: %s %s", step.Name, field, problem))
}

func (v *validation) dependsOn(step *v1alpha1.ChecklistStep) {
	for _, name := range step.DependsOn {
		if _, exists := v.index[name]; !exists {
			v.say(step, "dependsOn", fmt.Sprintf("names %q, which is no step of this checklist: correct the name or add the step", name))
		}
	}
}

// content checks what belongs to the step's type.
func (v *validation) content(step *v1alpha1.ChecklistStep) {
	switch step.Type {
	case v1alpha1.StepTraining:
		v.training(step)
	case v1alpha1.StepCheck:
		if step.Check == nil {
			v.say(step, "check", "is missing: give the expression that must hold")
		} else if _, err := CompileCheck(step.Check.Expression); err != nil {
			v.say(step, "check.expression", fmt.Sprintf("does not compile (%v): correct it", err))
		}
	case v1alpha1.StepAccess:
		if step.Access == nil || step.Access.Profile == "" {
			v.say(step, "access.profile", "is missing: name the profile to wait for")
		}
	case v1alpha1.StepMeeting:
		if step.Meeting != nil && step.Meeting.Until != nil && step.Meeting.Every == nil {
			v.say(step, "meeting.until", "repeats nothing: give meeting.every as well, or leave it out")
		}
	default:
	}
}

func (v *validation) training(step *v1alpha1.ChecklistStep) {
	if step.Training == nil {
		v.say(step, "training", "is missing: say what is to be passed")
		return
	}
	if step.Training.ValidFor == "" {
		return
	}
	if step.Training.Certificate == "" {
		v.say(step, "training.validFor", "is the validity of a certificate, and none is named: give training.certificate as well, or leave it out")
	}
	if _, err := terms.AddPeriod(time.Time{}, step.Training.ValidFor); err != nil {
		v.say(step, "training.validFor", fmt.Sprintf("cannot be read (%v): write a period such as P1Y", err))
	}
}

// ahead checks that a step that is to open ahead of the end can do so.
func (v *validation) ahead(step *v1alpha1.ChecklistStep) {
	if step.BeforeEnd == nil {
		return
	}
	if step.NotBefore != nil {
		v.say(step, "notBefore", "counts from the start of a phase that beforeEnd runs ahead of: give one of the two")
	}
	if step.Blocks == v1alpha1.BlocksAccess || step.Blocks == v1alpha1.BlocksAssignment {
		v.say(step, "blocks", fmt.Sprintf("%s is held up in onboarding, and beforeEnd is of offboarding: give Closing or leave it out", step.Blocks))
	}
	for _, name := range step.DependsOn {
		if i, exists := v.index[name]; exists && v.steps[i].BeforeEnd == nil {
			v.say(step, "beforeEnd", fmt.Sprintf("has no effect, because %q opens only with offboarding: give that one beforeEnd too, or do not depend on it", name))
		}
	}
}

// cycle returns the names along one cycle, the first again at the end, or nil.
func (v *validation) cycle() []string {
	state := make([]visit, len(v.steps))
	var path []string
	var walk func(i int) []string
	walk = func(i int) []string {
		state[i] = underWay
		path = append(path, v.steps[i].Name)
		for _, name := range v.steps[i].DependsOn {
			j, exists := v.index[name]
			if !exists || state[j] == resolved {
				continue
			}
			if state[j] == underWay {
				return append(path[firstOf(path, name):], name)
			}
			if found := walk(j); found != nil {
				return found
			}
		}
		state[i] = resolved
		path = path[:len(path)-1]
		return nil
	}
	for i := range v.steps {
		if state[i] != unseen {
			continue
		}
		if found := walk(i); found != nil {
			return found
		}
	}
	return nil
}

func firstOf(path []string, name string) int {
	for i := range path {
		if path[i] == name {
			return i
		}
	}
	return 0
}

// times checks that no step is due before it can open. It needs a graph without cycles.
func (v *validation) times() {
	opens := make([]time.Duration, len(v.steps))
	known := make([]bool, len(v.steps))
	var earliest func(i int) time.Duration
	earliest = func(i int) time.Duration {
		if known[i] {
			return opens[i]
		}
		known[i] = true
		if step := &v.steps[i]; step.NotBefore != nil {
			opens[i] = step.NotBefore.Duration
		}
		for _, name := range v.steps[i].DependsOn {
			if j, exists := v.index[name]; exists {
				opens[i] = max(opens[i], earliest(j))
			}
		}
		return opens[i]
	}
	for i := range v.steps {
		step := &v.steps[i]
		if step.DueAfter != nil && earliest(i) > 0 && step.DueAfter.Duration <= earliest(i) {
			v.say(step, "dueAfter", fmt.Sprintf("is %s, and the step opens after %s at the earliest, by notBefore of its own or of what it depends on: make it later",
				step.DueAfter.Duration, earliest(i)))
		}
	}
}
