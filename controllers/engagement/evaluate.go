package engagement

import (
	"fmt"
	"time"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/scoring"
)

// evaluate waits for the final evaluation or for its time to pass. Access is already on its way out.
func (p *pass) evaluate() bool {
	p.runOffboarding()
	p.noteReviews(false)
	if p.deleting() || p.finalGiven() || !p.finalBy().After(p.Now) {
		p.enter(v1alpha1.PhaseOffboarding)
		return true
	}
	p.noteWaiting(p.offboard, "offboarding")
	p.noteScorecard()
	due := p.finalBy()
	p.wait("evaluation/final", v1alpha1.ActorReviewer, p.st.EndedAt.Time, &due, fmt.Sprintf("give the final evaluation by scorecard %s: %d of %d given; the engagement goes on without it at the due time", p.Engagement.Spec.Evaluation.ScorecardRef.Name, p.finals(), p.finalsNeeded()))
	p.noteUndecided()
	return false
}

// finalGiven says whether the final evaluation stands, by as many reviewers as the scorecard asks for.
func (p *pass) finalGiven() bool {
	return p.Engagement.Spec.Evaluation == nil || p.finals() >= p.finalsNeeded()
}

func (p *pass) finals() int {
	n := 0
	for _, e := range p.st.Evaluations {
		if e.Kind == v1alpha1.EvaluationFinal {
			n++
		}
	}
	return n
}

// noteScorecard says that the scorecard is gone, without which no evaluation can be judged.
func (p *pass) noteScorecard() {
	plan := p.Engagement.Spec.Evaluation
	if plan == nil || p.scorecard() != nil {
		return
	}
	message := fmt.Sprintf("Scorecard %s is gone, and evaluations are judged when it is there again: create it again, or name another in spec.evaluation", plan.ScorecardRef.Name)
	p.stall(v1alpha1.ReasonReferenceNotFound, message)
	p.wait("spec/references", v1alpha1.ActorRequester, p.since("spec/references"), nil, message)
}

func (p *pass) finalsNeeded() int {
	if card := p.scorecard(); card != nil && card.Spec.Reviewers != nil && card.Spec.Reviewers.Min > 0 {
		return int(card.Spec.Reviewers.Min)
	}
	return 1
}

func (p *pass) finalBy() time.Time {
	within := defaultFinalWithin
	if e := p.Engagement.Spec.Evaluation; e != nil && e.FinalWithin != nil {
		within = e.FinalWithin.Duration
	}
	return p.st.EndedAt.Add(within)
}

// score is the mean of all evaluations that count.
func (p *pass) score() {
	if len(p.st.Evaluations) == 0 {
		return
	}
	scores := make([]string, 0, len(p.st.Evaluations))
	for _, e := range p.st.Evaluations {
		scores = append(scores, e.Score)
	}
	if mean, err := scoring.Mean(scores); err == nil {
		p.st.Score = mean
	}
}
