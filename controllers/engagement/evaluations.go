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
		return ignored(reasonNotAsked, "spec.evaluation asks for no evaluation")
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
		if standing := p.judgePeriod(s.Period, eval.CreationTimestamp.Time); standing != nil {
			return standing
		}
	default:
		return ignored(reasonUnknown, "kind %s is not for engagements", s.Kind)
	}
	for _, r := range p.st.Evaluations {
		if r.Kind == s.Kind && r.Evaluator == s.Author.Username && (r.Period == s.Period || s.Kind == v1alpha1.EvaluationFinal) {
			return ignored(reasonDuplicate, "%s already counts for this author and period", r.Name)
		}
	}
	if problems := scoring.Validate(&p.scorecard().Spec, &s); len(problems) > 0 {
		return invalid("NotByScorecard", "%s", strings.Join(problems, "; "))
	}
	return nil
}

func (p *pass) judgePeriod(period string, at time.Time) *v1alpha1.Standing {
	plan := p.Engagement.Spec.Evaluation
	assigned := p.enteredAt(v1alpha1.PhaseAssigned)
	if plan.Cadence == nil || plan.Cadence.Duration <= 0 {
		return ignored(reasonNotAsked, "spec.evaluation sets no cadence, so there are no periods; give a Final one at the end")
	}
	if assigned.IsZero() {
		return ignored(reasonNotNow, "work has not begun, so no period has")
	}
	n, err := strconv.Atoi(period)
	if err != nil || n < 1 {
		return invalid("UnknownPeriod", "period %q is not a number from 1", period)
	}
	if p.ended() {
		at = earlier(at, p.st.EndedAt.Time)
	}
	if begun := 1 + int(at.Sub(assigned)/plan.Cadence.Duration); n > begun {
		return invalid("UnknownPeriod", "period %d has not begun; the current one is %d", n, begun)
	}
	return nil
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
