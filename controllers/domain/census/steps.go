package census

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/checklist"
	"github.com/longshore-dev/longshore/controllers/domain/scoring"
	"github.com/longshore-dev/longshore/controllers/domain/terms"
)

const (
	// maxFunnel and maxSlowest are as many steps as the status has places for.
	maxFunnel  = 64
	maxSlowest = 5
)

// outcome is what became of a step that was opened.
type outcome int

const (
	// left: it was open when the procedure was over.
	left outcome = iota
	waiting
	passed
	failed
)

// stepKey is a step of one area, by name.
type stepKey struct {
	area checklist.Area
	name string
}

// stepFact is what became of one step for one person.
type stepFact struct {
	key     stepKey
	outcome outcome
	// took is from its opening to its decision, of a step that passed or failed.
	took time.Duration
}

// procedure is how far one person is in one checklist.
type procedure struct {
	area       checklist.Area
	definition []v1alpha1.ChecklistStep
	steps      []v1alpha1.StepStatus
	// started is when the phase or the attempt began; nil while only steps with beforeEnd can be open.
	started *metav1.Time
	// end is the end ahead of which steps with beforeEnd opened, but not before notAhead; nil where there is none.
	end      func() time.Time
	notAhead time.Time
	records  iter.Seq[*v1alpha1.AttestationRecord]
	// over says that nobody is waited for any more.
	over bool
}

// facts are what became of the steps that were opened.
func (p *procedure) facts() []stepFact {
	if len(p.steps) == 0 {
		return nil
	}
	facts := make([]stepFact, 0, len(p.steps))
	for i := range p.steps {
		st := &p.steps[i]
		fact := stepFact{key: stepKey{p.area, st.Name}}
		switch st.State {
		case v1alpha1.StepDone, v1alpha1.StepWaived:
			fact.outcome = passed
		case v1alpha1.StepFailed:
			fact.outcome = failed
			if p.mayBeTriedAgain(st) {
				fact.outcome = p.undecided()
			}
		case v1alpha1.StepOpen:
			fact.outcome = p.undecided()
		case v1alpha1.StepPending, v1alpha1.StepDropped, v1alpha1.StepNotDone:
			continue
		default:
			continue
		}
		if fact.outcome == passed || fact.outcome == failed {
			fact.took = p.took(st)
		}
		facts = append(facts, fact)
	}
	return facts
}

func (p *procedure) undecided() outcome {
	if p.over {
		return left
	}
	return waiting
}

// mayBeTriedAgain says whether a step that failed is training with attempts left.
func (p *procedure) mayBeTriedAgain(st *v1alpha1.StepStatus) bool {
	step := p.step(st.Name)
	return step != nil && step.Training != nil && (step.Training.MaxAttempts == 0 || st.Attempts < step.Training.MaxAttempts)
}

// took is how long a step was open until it was decided. One that was settled before it opened, by a certificate or a waiver, took no time.
func (p *procedure) took(st *v1alpha1.StepStatus) time.Duration {
	opened, known := p.opened(st)
	if !known || st.Since == nil {
		return 0
	}
	decided := st.Since.Time
	if st.State == v1alpha1.StepFailed {
		// A row of failures counts from the first; it is decided by the last.
		for r := range p.records {
			if r.Name == st.Attestation && r.At.After(decided) {
				decided = r.At.Time
			}
		}
	}
	return max(decided.Sub(opened), 0)
}

// opened is when a step opened, which is not recorded: it follows, as in the checklist itself, from the beginning, the step's notBefore or beforeEnd, and
// when the steps were settled on which it depends; of training that has to be passed anew, from the end of the last pass.
func (p *procedure) opened(st *v1alpha1.StepStatus) (at time.Time, known bool) {
	if p.started != nil {
		at, known = p.started.Time, true
	}
	step := p.step(st.Name)
	if step == nil {
		return at, known
	}
	ahead := false
	if step.BeforeEnd != nil && p.end != nil {
		if moment := later(p.end().Add(-step.BeforeEnd.Duration), p.notAhead); !known || !at.Before(moment) {
			at, known, ahead = moment, true, true
		}
	}
	if !known {
		return time.Time{}, false
	}
	if step.NotBefore != nil {
		at = at.Add(step.NotBefore.Duration)
	}
	for _, name := range step.DependsOn {
		i := slices.IndexFunc(p.steps, func(s v1alpha1.StepStatus) bool { return s.Name == name })
		if i < 0 || p.steps[i].Since == nil {
			continue
		}
		switch p.steps[i].State {
		case v1alpha1.StepDone, v1alpha1.StepWaived:
			at = later(at, p.steps[i].Since.Time)
		case v1alpha1.StepDropped:
			if !ahead {
				at = later(at, p.steps[i].Since.Time)
			}
		default:
			return time.Time{}, false
		}
	}
	return later(at, p.lapsed(step, st)), true
}

// lapsed is when the last pass of a training ended before the present one.
func (p *procedure) lapsed(step *v1alpha1.ChecklistStep, st *v1alpha1.StepStatus) time.Time {
	var last time.Time
	if step.Training == nil || step.Training.ValidFor == "" || st.Since == nil {
		return last
	}
	claim := p.area.Claim(step.Name)
	for r := range p.records {
		if r.Claim != claim || r.Verdict != v1alpha1.VerdictDone || r.Ignored != "" || r.Score != nil && *r.Score < step.Training.PassScore {
			continue
		}
		if end, err := terms.AddPeriod(r.At.Time, step.Training.ValidFor); err == nil && !end.After(st.Since.Time) {
			last = later(last, end)
		}
	}
	return last
}

func (p *procedure) step(name string) *v1alpha1.ChecklistStep {
	for i := range p.definition {
		if p.definition[i].Name == name {
			return &p.definition[i]
		}
	}
	return nil
}

// stepTally is what became of everybody at one step.
type stepTally struct {
	entered, passed, failed, waiting int32
	took                             []time.Duration
}

func (c *counting) count(facts []stepFact) {
	for _, f := range facts {
		t := c.steps[f.key]
		if t == nil {
			t = &stepTally{}
			c.steps[f.key] = t
		}
		t.entered++
		switch f.outcome {
		case passed:
			t.passed++
			t.took = append(t.took, f.took)
		case failed:
			t.failed++
			t.took = append(t.took, f.took)
		case waiting:
			t.waiting++
		case left:
		}
	}
}

// funnel lists the steps as the pool asks for them now, and after those what members still follow of a former checklist.
func (c *counting) funnel(steps []v1alpha1.ChecklistStep) []v1alpha1.FunnelStep {
	names := make([]string, 0, len(steps))
	for i := range steps {
		names = append(names, steps[i].Name)
	}
	var former []string
	for key := range c.steps {
		if key.area == checklist.Screening && !slices.Contains(names, key.name) {
			former = append(former, key.name)
		}
	}
	slices.Sort(former)
	names = append(names, former...)
	var funnel []v1alpha1.FunnelStep
	for _, name := range names[:min(len(names), maxFunnel)] {
		t := c.steps[stepKey{checklist.Screening, name}]
		if t == nil {
			t = &stepTally{}
		}
		funnel = append(funnel, t.funnel(name))
	}
	return funnel
}

func (t *stepTally) funnel(name string) v1alpha1.FunnelStep {
	f := v1alpha1.FunnelStep{Name: name, Entered: t.entered, Passed: t.passed, Failed: t.failed, Waiting: t.waiting}
	if decided := t.passed + t.failed; decided > 0 {
		low, high := scoring.Wilson(int(t.passed), int(decided))
		f.Conversion, f.ConversionLow, f.ConversionHigh = thousandths(float64(t.passed)/float64(decided)), thousandths(low), thousandths(high)
		f.Median = &metav1.Duration{Duration: median(t.took)}
	}
	return f
}

// slowest are the steps of all areas that take longest. One that takes no time is not slow.
func (c *counting) slowest() []v1alpha1.SlowStep {
	var slow []v1alpha1.SlowStep
	for _, key := range slices.SortedFunc(maps.Keys(c.steps), func(a, b stepKey) int {
		return cmp.Or(cmp.Compare(a.area, b.area), cmp.Compare(a.name, b.name))
	}) {
		t := c.steps[key]
		if m := median(t.took); m > 0 {
			slow = append(slow, v1alpha1.SlowStep{Step: key.area.Claim(key.name), Median: metav1.Duration{Duration: m}, Sample: t.passed + t.failed, Waiting: t.waiting})
		}
	}
	slices.SortStableFunc(slow, func(a, b v1alpha1.SlowStep) int { return cmp.Compare(b.Median.Duration, a.Median.Duration) })
	return slow[:min(len(slow), maxSlowest)]
}
