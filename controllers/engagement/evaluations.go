package engagement

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/delivery"
	"github.com/longshore-dev/longshore/controllers/domain/scoring"
)

// readEvaluations records every evaluation that counts, with its score, and says of every other why it does not.
func (p *pass) readEvaluations(last bool) {
	known := map[string]bool{}
	for _, r := range p.st.Evaluations {
		known[string(r.UID)] = true
	}
	evals := slices.Clone(p.Evaluations)
	slices.SortFunc(evals, func(a, b v1alpha1.Evaluation) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.UID, b.UID))
	})
	for i := range evals {
		eval := &evals[i]
		switch {
		case known[string(eval.UID)]:
			if !p.bound(eval.OwnerReferences) {
				p.acts.BindEvaluations[eval.Name] = true
			}
			continue
		case eval.Status != nil && eval.Status.State != "", p.boundElsewhere(eval.OwnerReferences):
			continue
		case p.scorecard() == nil && p.Engagement.Spec.Evaluation != nil && p.st.Phase != v1alpha1.PhaseClosed:
			continue // judged when the scorecard is there
		}
		standing := p.judgeEvaluation(eval)
		if standing != nil && !last {
			continue
		}
		if standing != nil {
			p.acts.IgnoreEvaluations[eval.Name] = *standing
			continue
		}
		score, err := scoring.Score(&p.scorecard().Spec, &eval.Spec, p.kpisAt(eval.CreationTimestamp.Time))
		if err != nil {
			p.acts.IgnoreEvaluations[eval.Name] = *invalid("NotScorable", "it cannot be scored: %v", err)
			continue
		}
		p.st.Evaluations = append(p.st.Evaluations, v1alpha1.EvaluationRecord{
			UID: eval.UID, Name: eval.Name, Kind: eval.Spec.Kind, Evaluator: eval.Spec.Author.Username, Period: eval.Spec.Period,
			Score: score, At: eval.CreationTimestamp, Digest: digest(eval.Spec),
		})
		if !p.bound(eval.OwnerReferences) {
			p.acts.BindEvaluations[eval.Name] = true
		}
	}
}

func (p *pass) judgeEvaluation(eval *v1alpha1.Evaluation) *v1alpha1.Standing {
	s := eval.Spec
	plan := p.Engagement.Spec.Evaluation
	switch {
	case eval.CreationTimestamp.Time.Before(p.Engagement.CreationTimestamp.Time):
		return ignored("BeforeSubject", "it was created before the engagement it names; give it again for this one")
	case s.Author == nil:
		return ignored("NoAuthor", "it has no author, because it was created while the admission policies were not installed; install config/admission and give it again")
	case p.st.Phase == v1alpha1.PhaseClosed:
		return ignored("Closed", "the engagement is closed and its file sealed; nothing can be added")
	case plan == nil:
		return ignored(reasonNotAsked, "spec.evaluation is not set, so no evaluation is asked for; name a scorecard in spec.evaluation.scorecardRef, then give it again")
	case plan.ScorecardRef.Name != s.ScorecardRef.Name:
		return invalid("OtherScorecard", "the engagement is judged by the scorecard %s, not by %s", plan.ScorecardRef.Name, s.ScorecardRef.Name)
	case !p.engaged():
		return ignored(reasonNotNow, "nobody is engaged yet")
	case p.isWorker(s.Author.Username, ""):
		return selfDealing("the worker cannot evaluate themselves; somebody else with the verb evaluate must")
	case p.scorecard().Spec.Reviewers != nil && !listed(p.scorecard().Spec.Reviewers.Subjects, s.Author.Username):
		return ignored("NotAReviewer", "scorecard %s is filled in by the reviewers it lists", plan.ScorecardRef.Name)
	case len(p.st.Evaluations) >= maxEvaluations:
		return ignored("TooManyEvaluations", "this engagement already has %d evaluations, the most it can keep", len(p.st.Evaluations))
	}
	switch s.Kind {
	case v1alpha1.EvaluationFinal:
		if p.st.EndedAt == nil || eval.CreationTimestamp.Before(p.st.EndedAt) {
			return ignored(reasonNotNow, "the final evaluation is given after the work has ended; give a periodic one until then")
		}
	case v1alpha1.EvaluationPeriodic:
		if standing := p.judgePeriod(s.Period, s.Author.Username, eval.CreationTimestamp.Time); standing != nil {
			return standing
		}
	default:
		return ignored(reasonUnknown, "kind %s is not for engagements", s.Kind)
	}
	if r := p.evaluationBy(s.Author.Username, s.Kind, s.Period); r != nil {
		return ignored(reasonDuplicate, "%s already counts for this author and period", r.Name)
	}
	if problems := scoring.Validate(&p.scorecard().Spec, &s); len(problems) > 0 {
		return invalid("NotByScorecard", "%s", strings.Join(problems, "; "))
	}
	return nil
}

// evaluationBy is what an author has given of a period, or at the end.
func (p *pass) evaluationBy(author string, kind v1alpha1.EvaluationKind, period string) *v1alpha1.EvaluationRecord {
	for i := range p.st.Evaluations {
		r := &p.st.Evaluations[i]
		if r.Kind == kind && r.Evaluator == author && (r.Period == period || kind == v1alpha1.EvaluationFinal) {
			return r
		}
	}
	return nil
}

// judgePeriod says whether the period's evaluation could be given at a moment, as noteReviews counts them.
func (p *pass) judgePeriod(period, author string, at time.Time) *v1alpha1.Standing {
	plan := p.Engagement.Spec.Evaluation
	if plan.Cadence == nil || plan.Cadence.Duration <= 0 {
		return ignored(reasonNotAsked, "spec.evaluation sets no cadence, so there are no periods; give a Final one at the end")
	}
	if p.enteredAt(v1alpha1.PhaseAssigned).IsZero() {
		return ignored(reasonNotNow, "work has not begun, so no period has")
	}
	n, err := strconv.ParseInt(period, 10, 64)
	if err != nil || n < 1 {
		return invalid("UnknownPeriod", "period %q is not a number from 1", period)
	}
	over := p.periodsOver(at)
	switch {
	case n > over+1:
		return invalid("UnknownPeriod", "period %d has not begun; the current one is %d", n, over+1)
	case n < over:
		return ignored(reasonTooLate, "period %d could be given until %s, when the next fell due; give the one of period %d instead", n,
			p.periodEnd(n+1).UTC().Format(time.RFC3339), p.periodToGive(author))
	}
	return nil
}

// periodToGive is the period of which an author can give an evaluation now: the last that is over or, where they gave that already, the current one.
func (p *pass) periodToGive(author string) int64 {
	over := p.periodsOver(p.Now)
	if over < 1 || p.evaluationBy(author, v1alpha1.EvaluationPeriodic, strconv.FormatInt(over, 10)) != nil {
		return over + 1
	}
	return over
}

// kpisAt computes the KPIs from what was known at a moment, so that a score does not depend on when it was first looked at.
func (p *pass) kpisAt(at time.Time) []v1alpha1.KPIValue {
	in := p.deliveryInput()
	in.Now = at
	in.Records = slices.DeleteFunc(slices.Clone(in.Records), func(r v1alpha1.AttestationRecord) bool { return r.At.After(at) })
	return p.computeKPIs(delivery.Evaluate(in).Deliverables, at)
}

// digest of anything that has one JSON form, as sha256:<hex>.
func digest(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(raw)
	return "sha256:" + hex.EncodeToString(sum[:])
}
