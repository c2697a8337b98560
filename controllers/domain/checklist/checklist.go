// Package checklist decides how far a procedure is: a graph of steps that open by time and by each other, and are settled by what people stated and what the operator sees.
package checklist

import (
	"slices"
	"time"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// Area is the part of a life to which a procedure belongs, and the first half of its steps' claims.
type Area string

// The areas.
const (
	Screening   Area = "screening"
	Onboarding  Area = "onboarding"
	Offboarding Area = "offboarding"
)

// Claim is what an attestation of the step claims, <area>/<step>.
func (a Area) Claim(step string) string {
	return string(a) + "/" + step
}

// Waiver is what a waiver of the step claims, waiver/<area>.<step>.
func (a Area) Waiver(step string) string {
	return "waiver/" + string(a) + "." + step
}

// Input is every fact from which a procedure's state follows.
type Input struct {
	// Area of the procedure.
	Area Area
	// Steps as they were when the phase began.
	Steps []v1alpha1.ChecklistStep
	// FastTrack drops the steps that are not marked for it.
	FastTrack bool
	// StartedAt is the phase's start, from which notBefore and dueAfter count. It means nothing unless Open.
	StartedAt time.Time
	// Open says that the phase has begun. Before, only steps with beforeEnd may open.
	Open bool
	// Earliest bounds from below when a step with beforeEnd opens, for work that is shorter than beforeEnd: the acceptance, say. Zero: no bound.
	Earliest time.Time
	// End is the planned end: a step with beforeEnd opens that long ahead of it and is due at it. Nil where the work ended without being planned to.
	End *time.Time
	// Sealed turns what is undone into NotDone, for a file that is sealed now.
	Sealed bool
	// SealedAt is the moment from which what is undone counts as NotDone, and time changes nothing any more. Zero: when it is first seen.
	SealedAt time.Time
	// Records are the statements that count, in any order: <area>/<step> Done or Failed, waiver/<area>.<step> Waived. Others are passed over.
	Records []v1alpha1.AttestationRecord
	// Certificates that the person holds.
	Certificates []v1alpha1.Certificate
	// PassMarks by Scorecard, for steps that are judged by one without a threshold of their own.
	PassMarks map[string]int32
	// Access says how far each profile of spec.access is.
	Access map[string]v1alpha1.GrantState
	// AccessSince says since when a profile is in that state, where that is known.
	AccessSince map[string]time.Time
	// Engagement and Worker are the variables of Check steps, each with its spec as a map under "spec".
	Engagement, Worker map[string]any
	// Previous is the status as it was stored. It only tells since when a Check or an Access step has been in its state, and only where no fact does.
	Previous []v1alpha1.StepStatus
	// Now is the moment of the decision.
	Now time.Time
}

// Wait is an open step, or failed training that may be tried again.
type Wait struct {
	// Step by name, and its Title for people (the name where it has none).
	Step, Title string
	// Who is waited for: a contact's role, Worker, Supplier or Operator.
	Who string
	// Since when.
	Since time.Time
	// Due is when the step becomes overdue, if ever.
	Due *time.Time
	// Message says what is awaited and what to do next.
	Message string
	// Required is false where nothing is held up by the step.
	Required bool
}

// Result is how far a procedure is.
type Result struct {
	// Steps in the order of the input.
	Steps []v1alpha1.StepStatus
	// Done is how many of the Total required steps are done, waived or dropped.
	Done, Total int32
	// Waiting names who is waited for, in the order of the steps. It is empty once sealed.
	Waiting []Wait
	// Overdue names the required steps that are open and past their due time.
	Overdue []string
	// FailedForGood names the required steps that failed and have no attempt left: only a waiver, or for what is not training a newer Done, moves them.
	FailedForGood []string
	// Next is the earliest moment at which time alone changes the answer; nil if it never does.
	Next *time.Time
	// EarnedCertificates were earned by passing training here, open or not. Their source is left to the caller.
	EarnedCertificates []v1alpha1.Certificate
}

// Complete says whether every required step that blocks one of blocks is done, waived or dropped; without blocks, whether every required step is.
func (r Result) Complete(steps []v1alpha1.ChecklistStep, area Area, blocks ...v1alpha1.StepBlocks) bool {
	_, complete := r.ReadyAt(steps, area, blocks...)
	return complete
}

// ReadyAt is when the last of the required steps that block one of blocks was settled, and whether all of them are.
// The time is zero where no such step has one, as for a procedure of which nothing blocks: it was ready from the start.
func (r Result) ReadyAt(steps []v1alpha1.ChecklistStep, area Area, blocks ...v1alpha1.StepBlocks) (time.Time, bool) {
	states := make(map[string]*v1alpha1.StepStatus, len(r.Steps))
	for i := range r.Steps {
		states[r.Steps[i].Name] = &r.Steps[i]
	}
	var ready time.Time
	for i := range steps {
		step := &steps[i]
		if !step.IsRequired() || len(blocks) > 0 && !slices.Contains(blocks, Blocks(step, area)) {
			continue
		}
		status, known := states[step.Name]
		if !known || !settled(status.State) {
			return time.Time{}, false
		}
		if status.Since != nil {
			ready = later(ready, status.Since.Time)
		}
	}
	return ready, true
}

// Blocks is what the undone step holds up. In screening, where nothing but the screening itself can be held up, a step that does not say has none.
func Blocks(step *v1alpha1.ChecklistStep, area Area) v1alpha1.StepBlocks {
	switch {
	case step.Blocks != "":
		return step.Blocks
	case area == Onboarding:
		return v1alpha1.BlocksAssignment
	case area == Offboarding:
		return v1alpha1.BlocksClosing
	default:
		return ""
	}
}

// RoleManager is the contact who acts where a step names nobody.
const RoleManager = "Manager"

// Actor is who does the step: as the step says, or the Worker for training and documents, the operator for what it checks itself, else the Manager.
func Actor(step *v1alpha1.ChecklistStep) string {
	if step.Actor != "" {
		return step.Actor
	}
	switch step.Type {
	case v1alpha1.StepTraining, v1alpha1.StepDocument:
		return v1alpha1.ActorWorker
	case v1alpha1.StepCheck, v1alpha1.StepAccess:
		return v1alpha1.ActorOperator
	default:
		return RoleManager
	}
}

// settled says whether a step in this state holds nothing up any more.
func settled(state v1alpha1.StepState) bool {
	return state == v1alpha1.StepDone || state == v1alpha1.StepWaived || state == v1alpha1.StepDropped
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func title(step *v1alpha1.ChecklistStep) string {
	if step.Title != "" {
		return step.Title
	}
	return step.Name
}
