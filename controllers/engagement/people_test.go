package engagement

import (
	"fmt"
	"slices"
	"strings"
	"time"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

// A cast are people who read status.waitingFor and do what it asks of them, each after a while, in their own name.
type cast struct {
	w *world
	// answered are the waits that somebody has taken up, by engagement, what, and since when.
	answered map[string]bool
	due      []reaction
	// tried counts how often something was asked, for those who do not get it right at once.
	tried map[string]int
}

// reaction is something that somebody will do.
type reaction struct {
	at time.Time
	do func()
}

// read has everybody look at what is waited for, and make up their minds.
func (c *cast) read() {
	c.w.t.Helper()
	for _, eng := range values(c.w.engagements) {
		for _, wait := range eng.Status.WaitingFor {
			key := fmt.Sprintf("%s %s %s %s", eng.Name, wait.What, wait.Who, wait.Since.UTC().Format(time.DateTime))
			if c.answered[key] || wait.Who == v1alpha1.ActorOperator {
				continue
			}
			c.answered[key] = true
			c.due = append(c.due, c.reaction(eng, wait))
		}
	}
}

// happening are the reactions whose time has come.
func (c *cast) happening() []reaction {
	var now []reaction
	c.due = slices.DeleteFunc(c.due, func(r reaction) bool {
		if r.at.After(c.w.now) {
			return false
		}
		now = append(now, r)
		return true
	})
	return now
}

func (c *cast) reaction(eng *v1alpha1.Engagement, wait v1alpha1.WaitingFor) reaction {
	c.w.t.Helper()
	area, item, _ := strings.Cut(wait.What, "/")
	try := eng.Name + " " + wait.What + " " + wait.Who
	c.tried[try]++
	first := c.tried[try] == 1
	say := func(after time.Duration, b *attestationBuilder) reaction {
		return reaction{c.w.now.Add(after), func() { c.w.state(b.Of(eng.Name)) }}
	}
	author := ""
	if wait.Subject != nil {
		author = wait.Subject.Name
	}
	switch area {
	case "approval":
		approvers := map[string][]string{"engagement": {"dana"}, "stage.Budget": {"dana", "dora"}, "stage.Security": {"sam", "sue"}}[item]
		if !strings.Contains(wait.Message, "of 2 approvals") {
			approvers = approvers[:1]
		}
		return reaction{c.w.now.Add(4 * time.Hour), func() {
			for _, author := range approvers {
				c.w.state(anAttestation(wait.What).By(author).Says(v1alpha1.VerdictApproved).Of(eng.Name).Terms(eng.Status.Proposed.Hash))
			}
		}}
	case "compliance":
		return say(2*time.Hour, determines("lee").Terms(eng.Status.Proposed.Classification))
	case "selection":
		return say(6*time.Hour, anAttestation("selection/"+shortlistedFirst(eng)).By(author).Says(v1alpha1.VerdictChosen))
	case "offer":
		b := anAttestation(wait.What).By(author).Terms(eng.Status.Recruitment.Offer.Hash)
		if item == "fay" && first {
			return say(6*time.Hour, b.Says(v1alpha1.VerdictDeclined)) // she has another offer
		}
		return say(8*time.Hour, b.Says(v1alpha1.VerdictAccepted))
	case "onboarding":
		return say(3*time.Hour, c.step(eng.Status.Onboarding, wait, author, first))
	case "offboarding":
		after := 5 * time.Hour
		if item == "exit-talk" {
			after = 2 * time.Hour // not in the second in which somebody else's step closes the file
		}
		return say(after, c.step(eng.Status.Offboarding, wait, author, first))
	case "start":
		return say(time.Hour, done(wait.What, author))
	case "deliverable":
		return c.work(eng, wait, author, first)
	case "evaluation":
		return c.review(eng, item)
	}
	c.w.t.Fatalf("at %s %s waits for %s by %s, and nobody knows what to do: %s", c.w.now.Format(time.DateTime), eng.Name, wait.What, wait.Who, wait.Message)
	return reaction{}
}

func shortlistedFirst(eng *v1alpha1.Engagement) string {
	for _, c := range eng.Status.Recruitment.Candidates {
		if c.State == v1alpha1.CandidateShortlisted {
			return c.Worker
		}
	}
	return "nobody"
}

// step is attested by whom the checklist lists, or else by whoever does it. Training is failed the first time.
func (c *cast) step(proc *v1alpha1.ProcedureStatus, wait v1alpha1.WaitingFor, author string, first bool) *attestationBuilder {
	_, name, _ := strings.Cut(wait.What, "/")
	step := findStep(proc.Definition, name)
	if len(step.Attestors) > 0 {
		author = step.Attestors[0].Name
	}
	b := done(wait.What, author)
	switch {
	case step.Type == v1alpha1.StepTraining && first:
		b.Score(60)
	case step.Type == v1alpha1.StepTraining:
		b.Score(90)
	case step.Type == v1alpha1.StepDocument:
		b.Evidence("https://docs.example.com/" + name)
	}
	return b
}

// work is handed in a day before it is due, and accepted a day later; the logo only after a revision.
func (c *cast) work(eng *v1alpha1.Engagement, wait v1alpha1.WaitingFor, author string, first bool) reaction {
	b := anAttestation(wait.What).By(author).Of(eng.Name)
	if wait.Who == v1alpha1.ActorWorker {
		at := c.w.now.Add(20 * time.Hour)
		if first && wait.Due != nil && wait.Due.Add(-day).After(at) {
			at = wait.Due.Add(-day)
		}
		return reaction{at, func() {
			if eng := c.w.engagements[eng.Name]; eng.Status.EndedAt == nil || !first { // whoever has left hands nothing in
				c.w.state(b.Says(v1alpha1.VerdictSubmitted))
			}
		}}
	}
	verdict := v1alpha1.VerdictAccepted
	if first && wait.What == "deliverable/logo-set" {
		verdict = v1alpha1.VerdictRevise
	}
	return reaction{c.w.now.Add(22 * time.Hour), func() { c.w.state(b.Says(verdict)) }}
}

// review is given by the scorecard's reviewer, who needs longer for the longer names, so that no two files close at one moment.
func (c *cast) review(eng *v1alpha1.Engagement, item string) reaction {
	card := c.w.scorecards[eng.Namespace+"/"+eng.Spec.Evaluation.ScorecardRef.Name]
	kind, score := v1alpha1.EvaluationFinal, "4.5"
	if strings.HasPrefix(item, "period-") {
		kind, score = v1alpha1.EvaluationPeriodic, "4"
	}
	b := anEvaluation(kind, card.Spec.Reviewers.Subjects[0].Name, score).Of(eng.Name)
	b.Spec.ScorecardRef.Name = card.Name
	b.Spec.Period = strings.TrimPrefix(item, "period-")
	if kind == v1alpha1.EvaluationFinal {
		b.Spec.Period = ""
	}
	return reaction{c.w.now.Add(time.Duration(24+len(eng.Name)) * time.Hour), func() { c.w.evaluate(b) }}
}
