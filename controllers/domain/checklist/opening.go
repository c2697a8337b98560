package checklist

import (
	"time"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// opening is when a step opens.
type opening struct {
	// known is false while the step opens with a phase that has not begun.
	known bool
	// begin is the earliest moment for anything about the step: the phase's start, or the time ahead of the end.
	begin time.Time
	// at is when it opens as far as is known now: begin, its notBefore, and when the steps were settled on which it depends.
	at time.Time
	// ahead says that it opens by the planned end rather than by the phase.
	ahead bool
	// blockers are the steps it still waits for.
	blockers []string
}

// turns is when time alone opens the step; nil where it has to wait for more than that.
func (o *opening) turns() *time.Time {
	if !o.known || o.blockers != nil {
		return nil
	}
	at := o.at
	return &at
}

// begun says whether the phase, or the step's time ahead of the end, has come.
func (o *opening) begun(now time.Time) bool {
	return o.known && !now.Before(o.begin)
}

func (e *evaluation) opening(step *v1alpha1.ChecklistStep) opening {
	o := opening{known: e.in.Open, begin: e.in.StartedAt}
	if step.BeforeEnd != nil && e.in.End != nil {
		ahead := later(e.in.End.Add(-step.BeforeEnd.Duration), e.in.Earliest)
		if !o.known || !o.begin.Before(ahead) {
			o = opening{known: true, begin: ahead, ahead: true}
		}
	}
	o.at = o.begin
	if step.NotBefore != nil {
		o.at = o.begin.Add(step.NotBefore.Duration)
	}
	for _, name := range step.DependsOn {
		i, exists := e.index[name]
		if !exists {
			o.blockers = append(o.blockers, name)
			continue
		}
		g := e.resolve(i)
		if !settled(g.status.State) {
			o.blockers = append(o.blockers, name)
			continue
		}
		if o.ahead && g.status.State == v1alpha1.StepDropped {
			// Dropped dates from the phase's start, which must not move what opened ahead of it.
			continue
		}
		o.at = later(o.at, g.since)
	}
	return o
}

// due is when an open step becomes overdue: at the end, if it opens ahead of it, or dueAfter the phase's start.
func (e *evaluation) due(step *v1alpha1.ChecklistStep, o opening) *time.Time {
	var due time.Time
	switch {
	case o.ahead:
		due = *e.in.End
	case step.DueAfter != nil && o.known:
		due = o.begin.Add(step.DueAfter.Duration)
	default:
		return nil
	}
	return &due
}

// open is a step that waits for its actor.
func (e *evaluation) open(step *v1alpha1.ChecklistStep, o opening) gate {
	g := gate{since: o.at, waitSince: o.at, due: e.due(step, o), waits: true, who: Actor(step)}
	g.status.State = v1alpha1.StepOpen
	return g
}

// pending is a step that waits for other steps or for its time.
func (e *evaluation) pending(step *v1alpha1.ChecklistStep, o opening, stated bool) gate {
	var g gate
	g.status.State = v1alpha1.StepPending
	if e.in.Open {
		g.since = e.in.StartedAt
	}
	g.next = o.turns()
	g.status.Message = e.waitsFor(o)
	if stated {
		g.status.Message += "; what was stated of " + e.in.Area.Claim(step.Name) + " counts from then on"
	}
	return g
}
