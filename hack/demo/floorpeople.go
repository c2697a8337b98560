package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

const (
	// agentDesk is the integration that passes on what agents say.
	agentDesk = "agent-desk"
	// clockOut is how long before the end of a shift it is handed in: statements have whole seconds, and one at the end itself would be late.
	clockOut = 1500 * time.Millisecond
	// doubleRated says which agents a second person reviews as well, one in so many, from the second period on: how far reviewers agree is measured by them.
	doubleRated = 8
)

// intent is what somebody is about to state.
type intent struct {
	// id of what it answers, so that it is answered once.
	id     string
	by     string
	object client.Object
}

// intents are all that people can do now about what waits for them.
func (f *floor) intents(now time.Time) []intent {
	var all []intent
	for _, w := range f.view.workers {
		for _, wait := range w.Status.WaitingFor {
			if a, known := f.answerScreening(w, wait); known {
				all = append(all, f.due(a, fmt.Sprintf("%s %s %d", w.UID, wait.What, statements(w, wait.What)), now)...)
			}
		}
	}
	for _, e := range f.view.engagements {
		for _, wait := range e.Status.WaitingFor {
			if a, known := f.answerEngagement(e, wait); known {
				id := fmt.Sprintf("%s %s %s %d", e.UID, wait.What, wait.Who, statements(e, wait.What))
				all = append(all, f.due(a, id, now)...)
				all = append(all, f.due(f.secondReview(e, wait, a), id+" again", now)...)
			}
		}
	}
	for _, a := range f.view.assignments {
		if said, known := f.answerAssignment(a); known {
			all = append(all, f.due(said, fmt.Sprintf("%s %s %s %d", a.UID, a.Status.State, a.Status.Worker, len(a.Status.Attestations)), now)...)
		}
	}
	return all
}

// due is an answer whose time has come and that was not given before: what waits, and the terms that are answered, make it that answer.
func (f *floor) due(a answer, id string, now time.Time) []intent {
	if a.object == nil || now.Before(a.after) {
		return nil
	}
	if s, is := a.object.(*v1alpha1.Attestation); is {
		id += " " + s.Spec.Terms
	}
	if f.said[id] {
		return nil
	}
	return []intent{{id: id, by: a.by, object: a.object}}
}

// answerScreening takes a candidate one step further through the funnel, or not.
func (f *floor) answerScreening(w *v1alpha1.Worker, wait v1alpha1.WaitingFor) (answer, bool) {
	name, found := strings.CutPrefix(wait.What, "screening/")
	m := membershipOf(w)
	if !found || m == nil {
		return answer{}, false
	}
	step := f.office.screeningStep(w.Namespace, *m, name)
	if step == nil || len(step.Attestors) == 0 {
		return answer{}, false
	}
	a := answer{by: step.Attestors[int(lot(w.Name, name)*float64(len(step.Attestors)))].Name, after: wait.Since.Time}
	if step.Scorecard != nil {
		a.object = f.interview(w, m.Name, step)
		return a, a.object != nil
	}
	s := &v1alpha1.AttestationSpec{
		SubjectRef: v1alpha1.SubjectReference{Kind: "Worker", Name: w.Name, PoolRef: &v1alpha1.LocalReference{Name: m.Name}},
		Claim:      wait.What, Verdict: v1alpha1.VerdictDone,
	}
	if step.Type == v1alpha1.StepTraining {
		attempt := int32(0)
		for _, st := range m.Steps {
			if st.Name == step.Name {
				attempt = st.Attempts
			}
		}
		s.Score = new(f.cast.mark(w.Name, step.Name, attempt))
	}
	for _, r := range w.Status.Attestations {
		if next := nextSecond(r.At.Time); r.Claim == s.Claim && next.After(a.after) {
			a.after = next
		}
	}
	a.object = attestation(w.Namespace, w.Name, s)
	return a, true
}

// interview is the interviewer's filled-in scorecard.
func (f *floor) interview(w *v1alpha1.Worker, pool string, step *v1alpha1.ChecklistStep) client.Object {
	card := f.office.scorecards[key(w.Namespace, step.Scorecard.Name)]
	if card == nil {
		return nil
	}
	e := &v1alpha1.Evaluation{Spec: v1alpha1.EvaluationSpec{
		WorkerRef: &v1alpha1.LocalReference{Name: w.Name}, PoolRef: &v1alpha1.LocalReference{Name: pool},
		ScorecardRef: v1alpha1.LocalReference{Name: card.Name}, Kind: v1alpha1.EvaluationScreening,
	}}
	e.Namespace, e.GenerateName = w.Namespace, w.Name+"-"
	for i := range card.Spec.Criteria {
		c := &card.Spec.Criteria[i]
		e.Spec.Scores = append(e.Spec.Scores, v1alpha1.CriterionScore{Name: c.Name, Score: f.cast.interview(w.Name, c)})
	}
	return e
}

func membershipOf(w *v1alpha1.Worker) *v1alpha1.PoolMembership {
	if len(w.Status.Pools) == 0 {
		return nil
	}
	return &w.Status.Pools[0]
}

// answerEngagement does what anybody in the office does, except that one agent does not turn up, and that the reviewers share their work.
func (f *floor) answerEngagement(e *v1alpha1.Engagement, wait v1alpha1.WaitingFor) (answer, bool) {
	a, known := f.office.answerEngagement(e, wait)
	if !known {
		return a, false
	}
	if said, is := a.object.(*v1alpha1.Attestation); is && said.Spec.Claim == "start/confirmed" && f.absent(e) {
		said.Spec.Verdict = v1alpha1.VerdictNoShow
	}
	if strings.HasPrefix(wait.What, "evaluation/") {
		a.by = f.reviewers(e)[0]
	}
	return a, true
}

// secondReview is what a second reviewer says of the same work.
func (f *floor) secondReview(e *v1alpha1.Engagement, wait v1alpha1.WaitingFor, first answer) answer {
	period, periodic := strings.CutPrefix(wait.What, "evaluation/period-")
	if !periodic || period == "1" || int(lot(workerName(e), "double")*doubleRated) != 0 {
		return answer{}
	}
	given, is := first.object.(*v1alpha1.Evaluation)
	reviewers := f.reviewers(e)
	if !is || len(reviewers) < 2 {
		return answer{}
	}
	second := given.DeepCopy()
	second.Spec.Scores, second.Spec.KPIs = nil, nil
	fillIn(&second.Spec, f.office.scorecards[key(e.Namespace, second.Spec.ScorecardRef.Name)], e, wait.What+"/again", f.cast)
	return answer{by: reviewers[1], after: first.after, object: second}
}

// reviewers of an engagement, the one who is in charge of it first.
func (f *floor) reviewers(e *v1alpha1.Engagement) []string {
	var names []string
	if card := f.office.scorecards[key(e.Namespace, e.Spec.Evaluation.ScorecardRef.Name)]; card != nil && card.Spec.Reviewers != nil {
		for _, s := range card.Spec.Reviewers.Subjects {
			names = append(names, s.Name)
		}
	}
	if lot(e.Name, "reviewer") < 0.5 {
		slices.Reverse(names)
	}
	return names
}

// answerAssignment hands work in when it is done, as the agents' time clock does, and has the team lead accept it.
func (f *floor) answerAssignment(a *v1alpha1.Assignment) (answer, bool) {
	s := &v1alpha1.AttestationSpec{SubjectRef: v1alpha1.SubjectReference{Kind: "Assignment", Name: a.Name}, Claim: "assignment/" + a.Name}
	said := answer{object: attestation(a.Namespace, a.Name, s)}
	switch a.Status.State {
	case v1alpha1.AssignmentAssigned, v1alpha1.AssignmentStarted:
		said.by, said.after = agentDesk, f.doneAt(a)
		if f.givesBack(a) || f.goneBy(a, said.after) {
			return said, false // somebody else will get it
		}
		s.Verdict, s.OnBehalfOf = v1alpha1.VerdictSubmitted, &v1alpha1.OnBehalfOf{Kind: "Worker", Name: a.Status.Worker}
		if a.Spec.Type == v1alpha1.AssignmentTask {
			s.Evidence = []v1alpha1.Evidence{{URI: "https://help.example.com/drafts/" + a.Name}}
		}
	case v1alpha1.AssignmentSubmitted:
		said.by = f.lead(a)
		s.Verdict = v1alpha1.VerdictAccepted
	default:
		return said, false
	}
	said.object = attestation(a.Namespace, a.Name, s)
	return said, said.by != ""
}

// doneAt is when work is handed in: a shift at its end, a task a day before it is due.
func (f *floor) doneAt(a *v1alpha1.Assignment) time.Time {
	switch {
	case a.Spec.Window != nil:
		return a.Spec.Window.End.Add(-clockOut)
	case a.Spec.Due != nil:
		return a.Spec.Due.Add(-f.calendar.span(wholeDay))
	default:
		return time.Time{}
	}
}

// lead is the team lead of whoever has the work.
func (f *floor) lead(a *v1alpha1.Assignment) string {
	e := f.view.engagement(a.Status.Engagement)
	if e == nil {
		return ""
	}
	for _, c := range e.Spec.Contacts {
		if c.Role == v1alpha1.RoleManager {
			return c.Subject.Name
		}
	}
	return ""
}
