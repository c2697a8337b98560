package assignment

import (
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/placement"
)

// Lengths that the schema allows.
const (
	maxRecords         = 128
	maxDeclined        = 64
	maxWhy             = 1024
	maxStandingMessage = 1024
	maxWaitMessage     = 1024
)

// decision is what one pass came to.
type decision struct {
	Status *v1alpha1.AssignmentStatus
	// Bind are the statements to be tied to the Assignment, Ignore those that do not count.
	Bind   map[types.UID]bool
	Ignore map[types.UID]v1alpha1.Standing
	// TakenBack says that whoever had the work has lost it.
	TakenBack bool
	// Next is the earliest moment at which time alone changes the answer; zero if it never does.
	Next time.Time
}

// pass decides what one scope means. It reads no clock and calls nobody.
type pass struct {
	*scope
	d  *decision
	st *v1alpha1.AssignmentStatus
}

func decide(s *scope) *decision {
	p := &pass{scope: s, d: &decision{Status: s.Assignment.Status.DeepCopy(), Bind: map[types.UID]bool{}, Ignore: map[types.UID]v1alpha1.Standing{}}}
	p.st = p.d.Status
	p.readStatements()
	p.refuseEvaluations()
	if p.st.Engagement == "" {
		p.settleUnheld()
		return p.d
	}
	submitted := placement.Follow(p.counted()).Submitted != nil
	if lost := p.lost(); lost != "" && !submitted {
		p.takeBack(lost)
		return p.d
	}
	if p.Assignment.Spec.Cancelled && !submitted {
		p.takeBack("")
		p.settleUnheld()
		return p.d
	}
	p.d.Next = settle(p.Assignment, p.st, p.Engagement, p.Now)
	return p.d
}

// lost says why whoever has the work cannot do it any more, or nothing.
func (p *pass) lost() string {
	e := p.Engagement
	switch {
	case e == nil:
		return "is gone"
	case !e.DeletionTimestamp.IsZero() || e.Status.EndedAt != nil || v1alpha1.PhaseAssigned.Before(e.Status.Phase):
		return "has ended"
	case e.Spec.Suspend:
		return "is suspended"
	}
	return ""
}

// takeBack frees the work. What was stated while somebody had it says nothing of whoever has it next.
func (p *pass) takeBack(lost string) {
	st := p.st
	for i := range st.Attestations {
		if r := &st.Attestations[i]; r.Ignored == "" && r.Verdict != v1alpha1.VerdictDeclined {
			r.Ignored = recordGivenBack
		}
	}
	why := fmt.Sprintf("engagement %s, which had it, %s: it is placed anew", st.Engagement, lost)
	p.d.TakenBack = p.d.TakenBack || lost != ""
	*st = v1alpha1.AssignmentStatus{
		ObservedGeneration: p.Assignment.Generation, State: v1alpha1.AssignmentPending, Why: why,
		Declined: st.Declined, Attestations: st.Attestations, Conditions: st.Conditions,
	}
	p.setReady(true, v1alpha1.ReasonProgressing, why)
}

// settleUnheld says what has become of work that nobody has, as far as that is not the Placer's to say.
func (p *pass) settleUnheld() {
	a, st := p.Assignment, p.st
	switch {
	case a.Spec.Cancelled:
		why := "cancelled before it was submitted"
		*st = v1alpha1.AssignmentStatus{
			ObservedGeneration: a.Generation, State: v1alpha1.AssignmentCancelled, Why: why, Declined: st.Declined, Attestations: st.Attestations, Conditions: st.Conditions,
		}
		p.setReady(true, v1alpha1.ReasonClosed, why)
	case st.State == v1alpha1.AssignmentCancelled, st.State == v1alpha1.AssignmentMissed && (a.Spec.Window == nil || a.Spec.Window.End.After(p.Now)):
		why := "it can be done again: it is placed anew"
		*st = v1alpha1.AssignmentStatus{
			ObservedGeneration: a.Generation, State: v1alpha1.AssignmentPending, Why: why, Declined: st.Declined, Attestations: st.Attestations, Conditions: st.Conditions,
		}
		p.setReady(true, v1alpha1.ReasonProgressing, why)
	case st.State == v1alpha1.AssignmentMissed:
		st.ObservedGeneration = a.Generation
	}
}

// counted are the recorded statements that count for whoever has the work.
func (p *pass) counted() []v1alpha1.AttestationRecord { return counted(p.st) }

func counted(st *v1alpha1.AssignmentStatus) []v1alpha1.AttestationRecord {
	return slices.DeleteFunc(slices.Clone(st.Attestations), func(r v1alpha1.AttestationRecord) bool { return r.Ignored != "" })
}

func now(c clock.PassiveClock) time.Time { return c.Now().UTC().Truncate(time.Second) }
