package worker

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/types"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/checklist"
	"github.com/longshore-dev/longshore/controllers/domain/scoring"
)

// readEvaluations looks at every Evaluation of the worker that nobody has looked at before, as readStatements does at
// attestations. Which step it judges is told by the course, since that depends on which are open by then.
func (p *pass) readEvaluations(known map[types.UID]bool) {
	evaluations := slices.Clone(p.Evaluations)
	slices.SortFunc(evaluations, func(a, b v1alpha1.Evaluation) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.UID, b.UID))
	})
	for i := range evaluations {
		eval := &evaluations[i]
		if known[eval.UID] || eval.Status != nil && eval.Status.State != "" || boundElsewhere(eval.OwnerReferences, p.Worker.UID) {
			continue
		}
		record := v1alpha1.WorkerAttestation{AttestationRecord: v1alpha1.AttestationRecord{UID: eval.UID, Name: eval.Name, At: eval.CreationTimestamp}}
		if eval.Spec.PoolRef != nil {
			record.Pool = eval.Spec.PoolRef.Name
		}
		if eval.Spec.Author != nil {
			record.Author = eval.Spec.Author.Username
		}
		p.hear(&record, func(sc *screening) (*v1alpha1.Standing, bool) { return p.judgeEvaluation(sc, eval, &record) })
	}
}

// judgeEvaluation says why an Evaluation does not count, or puts down what it came to, and whether that can be said yet.
func (p *pass) judgeEvaluation(sc *screening, eval *v1alpha1.Evaluation, record *v1alpha1.WorkerAttestation) (standing *v1alpha1.Standing, ready bool) {
	followed, known := sc.inForce(record.At.Time)
	if !known {
		return nil, false
	}
	if sc.pool.Spec.Screening == nil {
		return ignored(reasonNotAsked, "pool %s asks for no screening", sc.pool.Name), true
	}
	name := eval.Spec.ScorecardRef.Name
	var by, asked []string
	var mayJudge bool
	for i := range followed.Steps {
		step := &followed.Steps[i]
		if !takesEvaluations(step) {
			continue
		}
		asked = append(asked, fmt.Sprintf("%s (step %s)", step.Scorecard.Name, step.Name))
		if step.Scorecard.Name == name {
			by = append(by, step.Name)
			mayJudge = mayJudge || listed(step.Attestors, record.Author)
		}
	}
	card := p.Scorecards[name]
	switch {
	case len(asked) == 0:
		return invalid(reasonOtherScorecard, "no step of the screening for pool %s is judged by a scorecard; attest its steps", sc.pool.Name), true
	case len(by) == 0:
		return invalid(reasonOtherScorecard, "no step of the screening for pool %s is judged by the scorecard %s; these are asked for: %s", sc.pool.Name, name, strings.Join(asked, ", ")), true
	case card == nil:
		return nil, false // judged when the scorecard is there
	case p.isWorker(record.Author, ""):
		return ignored(reasonSelfDealing, "the worker cannot judge their own screening; somebody else with the verb evaluate must"), true
	case card.Spec.Reviewers != nil && !listed(card.Spec.Reviewers.Subjects, record.Author):
		return ignored(reasonNotAReviewer, "scorecard %s is filled in by the reviewers it lists", name), true
	case !mayJudge:
		return ignored(reasonNotAnAttestor, "step %s is judged by the people that the checklist lists under attestors", strings.Join(by, ", ")), true
	}
	if outdated := sc.outdated(record); outdated != nil {
		return outdated, true
	}
	if problems := scoring.Validate(&card.Spec, &eval.Spec); len(problems) > 0 {
		return invalid(reasonNotByScorecard, "%s", strings.Join(problems, "; ")), true
	}
	// Nothing of a screening is measured by the operator, so KPIs that it would compute count for nothing.
	score, err := scoring.Score(&card.Spec, &eval.Spec, nil)
	if err != nil {
		return invalid(reasonNotScorable, "it cannot be scored: %v", err), true
	}
	record.Evaluation = &v1alpha1.ScreeningEvaluation{Scorecard: name, Score: score, Reviewers: reviewersAsked(card)}
	return nil, true
}

// takesEvaluations says whether a step is judged by a scorecard. What the operator sees for itself is judged by nobody.
func takesEvaluations(step *v1alpha1.ChecklistStep) bool {
	return step.Scorecard != nil && step.Type != v1alpha1.StepCheck && step.Type != v1alpha1.StepAccess
}

// reviewersAsked is how many different people a scorecard asks for.
func reviewersAsked(card *v1alpha1.Scorecard) int32 {
	if card.Spec.Reviewers == nil {
		return 1
	}
	return max(1, card.Spec.Reviewers.Min)
}

// judge puts each Evaluation to the step that it judges, and says what they come to: once there are as many reviewers as the
// scorecard asked for, the mean of their scores is one statement of the step, held against its threshold like any other.
func (c *course) judge(given []v1alpha1.WorkerAttestation) []v1alpha1.AttestationRecord {
	for i := range given {
		e := &given[i]
		step, standing := c.stepFor(e)
		if standing != nil {
			c.Unasked[e.UID] = *standing
			continue
		}
		c.Judged[e.UID] = step
		c.panels[step] = append(c.panels[step], *e)
	}
	var decided []v1alpha1.AttestationRecord
	for i := range c.Steps {
		panel := c.panels[c.Steps[i].Name]
		if len(panel) == 0 || len(panel) < int(panel[len(panel)-1].Evaluation.Reviewers) {
			continue
		}
		record := panel[len(panel)-1].AttestationRecord
		mean, err := meanScore(panel)
		if err != nil {
			// A score that the operator wrote can be read; if not, nothing is decided by it.
			continue
		}
		record.Claim, record.Verdict, record.Score = checklist.Screening.Claim(c.Steps[i].Name), v1alpha1.VerdictDone, &mean
		decided = append(decided, record)
		delete(c.panels, c.Steps[i].Name)
	}
	return decided
}

// stepFor is the step that an Evaluation judges: the one on record, or else the first that is judged by its scorecard and not settled,
// in the order of the checklist. Where there is none, it says why.
func (c *course) stepFor(e *v1alpha1.WorkerAttestation) (name string, standing *v1alpha1.Standing) {
	standing = ignored(reasonNotAsked, "every step that is judged by the scorecard %s is settled; what was decided is changed by an attestation of the step, or by a waiver", e.Evaluation.Scorecard)
	for i := range c.Steps {
		step := &c.Steps[i]
		s := stepStatus(c.Result.Steps, step.Name)
		switch {
		case e.Claim != "" && e.Claim != checklist.Screening.Claim(step.Name),
			!takesEvaluations(step) || step.Scorecard.Name != e.Evaluation.Scorecard || !listed(step.Attestors, e.Author),
			s == nil || s.State != v1alpha1.StepPending && s.State != v1alpha1.StepOpen && s.State != v1alpha1.StepFailed:
		case slices.ContainsFunc(c.panels[step.Name], func(other v1alpha1.WorkerAttestation) bool { return other.Author == e.Author }):
			standing = ignored(reasonDuplicate, "its author has judged step %s already, which waits for another reviewer", step.Name)
		default:
			return step.Name, nil
		}
	}
	return "", standing
}

// meanScore of a panel, in whole points.
func meanScore(panel []v1alpha1.WorkerAttestation) (int32, error) {
	scores := make([]string, 0, len(panel))
	for i := range panel {
		scores = append(scores, panel[i].Evaluation.Score)
	}
	mean, err := scoring.WholeMean(scores)
	if err != nil {
		return 0, fmt.Errorf("taking the mean of a panel: %w", err)
	}
	return mean, nil
}

// put writes down what an Evaluation says of the step that it judges, as an attestation would have said it.
func (c *course) put(record *v1alpha1.WorkerAttestation) {
	name := c.Judged[record.UID]
	record.Claim, record.Verdict = checklist.Screening.Claim(name), v1alpha1.VerdictFailed
	points, err := meanScore([]v1alpha1.WorkerAttestation{*record})
	if err != nil {
		return
	}
	record.Score = &points
	for i := range c.Steps {
		if c.Steps[i].Name == name && points >= c.threshold(&c.Steps[i]) {
			record.Verdict = v1alpha1.VerdictDone
		}
	}
}

// threshold is the lowest score by which a step passes.
func (c *course) threshold(step *v1alpha1.ChecklistStep) int32 {
	least := c.facts.passMarks[step.Scorecard.Name]
	if step.Scorecard.Threshold != nil {
		least = *step.Scorecard.Threshold
	}
	if step.Training != nil {
		least = max(least, step.Training.PassScore)
	}
	return least
}

// byScorecard tells of a step that is judged by a scorecard how that is done, and how many have.
func (sc *screening) byScorecard(name string) string {
	i := slices.IndexFunc(sc.course.Steps, func(step v1alpha1.ChecklistStep) bool { return step.Name == name })
	if i < 0 || !takesEvaluations(&sc.course.Steps[i]) {
		return ""
	}
	scorecard := sc.course.Steps[i].Scorecard.Name
	card := sc.scorecards[scorecard]
	if card == nil {
		return fmt.Sprintf("; or create the scorecard %s again, which is gone, and give an Evaluation of kind Screening by it", scorecard)
	}
	how := fmt.Sprintf("; or give an Evaluation of kind Screening by the scorecard %s", scorecard)
	if asked := reviewersAsked(card); asked > 1 {
		how += fmt.Sprintf(" (%d of %d reviewers have)", len(sc.course.panels[name]), asked)
	}
	return how
}
