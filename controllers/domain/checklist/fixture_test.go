package checklist

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// start of the phase in every test here.
var start = time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)

func hours(n float64) time.Time {
	return start.Add(time.Duration(n * float64(time.Hour)))
}

func length(d time.Duration) *metav1.Duration {
	return &metav1.Duration{Duration: d}
}

func moment(t time.Time) *metav1.Time {
	return &metav1.Time{Time: t}
}

// option changes a step that is being written down.
type option func(*v1alpha1.ChecklistStep)

func step(name string, options ...option) v1alpha1.ChecklistStep {
	s := v1alpha1.ChecklistStep{Name: name, Type: v1alpha1.StepAttestation}
	for _, o := range options {
		o(&s)
	}
	return s
}

func ofType(t v1alpha1.StepType) option {
	return func(s *v1alpha1.ChecklistStep) { s.Type = t }
}

func after(names ...string) option {
	return func(s *v1alpha1.ChecklistStep) { s.DependsOn = names }
}

func notBefore(d time.Duration) option {
	return func(s *v1alpha1.ChecklistStep) { s.NotBefore = length(d) }
}

func dueAfter(d time.Duration) option {
	return func(s *v1alpha1.ChecklistStep) { s.DueAfter = length(d) }
}

func beforeEnd(d time.Duration) option {
	return func(s *v1alpha1.ChecklistStep) { s.BeforeEnd = length(d) }
}

func blocking(b v1alpha1.StepBlocks) option {
	return func(s *v1alpha1.ChecklistStep) { s.Blocks = b }
}

func by(actor string) option {
	return func(s *v1alpha1.ChecklistStep) { s.Actor = actor }
}

func optional() option {
	return func(s *v1alpha1.ChecklistStep) { no := false; s.Required = &no }
}

func fast() option {
	return func(s *v1alpha1.ChecklistStep) { s.FastTrack = true }
}

func training(t v1alpha1.Training) option {
	return func(s *v1alpha1.ChecklistStep) { s.Type, s.Training = v1alpha1.StepTraining, &t }
}

func checking(expression string) option {
	return func(s *v1alpha1.ChecklistStep) {
		s.Type, s.Check = v1alpha1.StepCheck, &v1alpha1.Check{Expression: expression}
	}
}

func accessTo(profile string) option {
	return func(s *v1alpha1.ChecklistStep) {
		s.Type, s.Access = v1alpha1.StepAccess, &v1alpha1.StepAccessRef{Profile: profile}
	}
}

func judgedBy(card string, threshold *int32) option {
	return func(s *v1alpha1.ChecklistStep) {
		s.Scorecard = &v1alpha1.StepScorecard{Name: card, Threshold: threshold}
	}
}

func meetings(m v1alpha1.Meeting) option {
	return func(s *v1alpha1.ChecklistStep) { s.Type, s.Meeting = v1alpha1.StepMeeting, &m }
}

// says is one statement about a step of onboarding.
func says(author, name string, verdict v1alpha1.Verdict, at time.Time, score ...int32) v1alpha1.AttestationRecord {
	claim := Onboarding.Claim(name)
	if verdict == v1alpha1.VerdictWaived {
		claim = Onboarding.Waiver(name)
	}
	id := fmt.Sprintf("%s-%s-%s-%d", author, name, verdict, at.Unix())
	r := v1alpha1.AttestationRecord{UID: types.UID(id), Name: id, Claim: claim, Verdict: verdict, Author: author, At: metav1.Time{Time: at}}
	if len(score) > 0 {
		r.Score = &score[0]
	}
	return r
}

func done(name string, at time.Time, score ...int32) v1alpha1.AttestationRecord {
	return says("mia", name, v1alpha1.VerdictDone, at, score...)
}

func failing(name string, at time.Time, score ...int32) v1alpha1.AttestationRecord {
	return says("ben", name, v1alpha1.VerdictFailed, at, score...)
}

func waived(name string, at time.Time) v1alpha1.AttestationRecord {
	return says("olga", name, v1alpha1.VerdictWaived, at)
}

// onboarding is a phase that began at start, looked at now.
func onboarding(now time.Time, steps []v1alpha1.ChecklistStep, records ...v1alpha1.AttestationRecord) Input {
	return Input{Area: Onboarding, Steps: steps, StartedAt: start, Open: true, Records: records, Now: now}
}

func steps(s ...v1alpha1.ChecklistStep) []v1alpha1.ChecklistStep {
	return s
}
