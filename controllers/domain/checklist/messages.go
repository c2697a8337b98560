package checklist

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

const (
	// stepMessageLength is how many characters the status of a step has room for.
	stepMessageLength = 512
	// uriLength leaves room in a message for what to do with the URI.
	uriLength = 256
)

// waitsFor says what a pending step waits for.
func (e *evaluation) waitsFor(o opening) string {
	if len(o.blockers) > 0 {
		names := make([]string, 0, len(o.blockers))
		for _, name := range o.blockers {
			if _, exists := e.index[name]; !exists {
				name += " (which is no step of this checklist)"
			}
			names = append(names, name)
		}
		return "waits for " + strings.Join(names, ", ")
	}
	if !o.known {
		return "opens when " + string(e.in.Area) + " begins"
	}
	return "opens at " + o.at.UTC().Format(time.RFC3339)
}

// instruction says what is to be done about an open step, and how it is told.
func (e *evaluation) instruction(step *v1alpha1.ChecklistStep, b bar, s statement) string {
	claim := e.in.Area.Claim(step.Name)
	if s.unscored {
		return "attested as done without a score: attest " + claim + scoreWanted(b)
	}
	tell := "attest " + claim + scoreWanted(b)
	var what string
	switch {
	case step.Type == v1alpha1.StepTraining && step.Training != nil && step.Training.URI != "":
		what = "take the training " + clip(step.Training.URI, uriLength)
	case step.Type == v1alpha1.StepTraining:
		what = "take the training"
	case step.Type == v1alpha1.StepDocument && step.Document != nil:
		what = "sign or read " + clip(step.Document.URI, uriLength)
	case step.Type == v1alpha1.StepDocument:
		what = "sign or read the document"
	case step.Type == v1alpha1.StepMeeting && step.Meeting != nil && len(step.Meeting.With) > 0:
		what = "hold the meeting with " + strings.Join(step.Meeting.With, ", ")
	case step.Type == v1alpha1.StepMeeting:
		what = "hold the meeting"
	case step.Type == v1alpha1.StepAssignment:
		what = "give a first task and accept it"
	case step.Type == v1alpha1.StepInterview:
		what = "hold the interview"
	default:
		return "do it, then " + tell
	}
	return what + ", then " + tell
}

// failure says how a step failed, and what is left to do.
func (e *evaluation) failure(step *v1alpha1.ChecklistStep, b bar, s statement) string {
	how := "failed"
	if s.last.Score != nil && b.asked {
		how = fmt.Sprintf("failed with %d of at least %d", *s.last.Score, b.score)
	}
	claim, waiver := e.in.Area.Claim(step.Name), e.in.Area.Waiver(step.Name)
	switch {
	case step.Type != v1alpha1.StepTraining:
		return fmt.Sprintf("%s: a newer Done of %s, or a waiver by %s, lets it pass", how, claim, waiver)
	case s.spent:
		return fmt.Sprintf("%s on the last of %d attempts: only a waiver by %s lets it pass", how, s.attempts, waiver)
	case step.Training != nil && step.Training.MaxAttempts > 0:
		how += fmt.Sprintf(" on attempt %d of %d", s.attempts, step.Training.MaxAttempts)
	}
	if s.unscored {
		how += ", attested as done since without a score"
	}
	return how + ": try again, then attest " + claim + scoreWanted(b)
}

func scoreWanted(b bar) string {
	if !b.asked {
		return ""
	}
	return fmt.Sprintf(" with the score, at least %d", b.score)
}

// clip cuts text to a number of characters, which is how the API counts its lengths.
func clip(text string, length int) string {
	if utf8.RuneCountInString(text) <= length {
		return text
	}
	return string([]rune(text)[:length-1]) + "…"
}
