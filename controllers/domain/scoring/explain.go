package scoring

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// Objects are those that an evaluation in a worker's ledger came from, as far as they still exist; nil where they do not.
type Objects struct {
	Engagement *v1alpha1.Engagement
	Evaluation *v1alpha1.Evaluation
	Scorecard  *v1alpha1.Scorecard
}

// Explanation is how a worker's score comes about.
type Explanation struct {
	// Lines to read from the first to the last, the conclusion.
	Lines []string
	// Differences between what was recorded and what was recomputed; none if the recorded score is right.
	Differences []string
}

// Explain derives a worker's score in a pool again, line by line: every evaluation's score from the objects that it came from, as far as they still exist,
// and from them and the prior that was in force the worker's score.
//
// It is an error if there is no score to explain, or if it cannot be computed.
func Explain(worker *v1alpha1.Worker, pool string, objects func(v1alpha1.RatedWork) Objects) (*Explanation, error) {
	i := slices.IndexFunc(worker.Status.Pools, func(m v1alpha1.PoolMembership) bool { return m.Name == pool })
	switch {
	case i < 0:
		return nil, fmt.Errorf("worker %s/%s does not belong to pool %q; name one of status.pools", worker.Namespace, worker.Name, pool)
	case worker.Status.Pools[i].Score == nil:
		return nil, fmt.Errorf("worker %s/%s has no score in pool %s yet: the first evaluation of an engagement in the pool brings one", worker.Namespace, worker.Name, pool)
	}
	recorded := worker.Status.Pools[i].Score
	e := &explanation{}
	e.say("score of worker %s/%s in pool %s", worker.Namespace, worker.Name, pool)
	ledger, err := newest(recorded.Evaluations)
	if err != nil {
		return nil, fmt.Errorf("reading the evaluations of worker %s/%s: %w", worker.Namespace, worker.Name, err)
	}
	for i := range ledger {
		e.say("")
		e.say("[%d] Evaluation %s of engagement %s, given %s", i+1, ledger[i].Name, ledger[i].Engagement, ledger[i].At.UTC().Format(time.RFC3339))
		ledger[i].Score = e.evaluation(ledger[i], objects(ledger[i]))
	}
	e.say("")
	if err := e.posterior(ledger, recorded); err != nil {
		return nil, fmt.Errorf("explaining the score of worker %s/%s in pool %s: %w", worker.Namespace, worker.Name, pool, err)
	}
	return &e.Explanation, nil
}

type explanation struct {
	Explanation
}

func (e *explanation) say(format string, args ...any) {
	e.Lines = append(e.Lines, fmt.Sprintf(format, args...))
}

func (e *explanation) differ(format string, args ...any) {
	e.Differences = append(e.Differences, fmt.Sprintf(format, args...))
}

// evaluation explains one evaluation's score and says which one counts: the recomputed one where there is one, else the recorded one.
func (e *explanation) evaluation(work v1alpha1.RatedWork, o Objects) string {
	score, record := e.recorded(work, o.Engagement)
	asRecorded := func(why string, args ...any) string {
		e.say("    score %s, taken from the record of the %s: %s", score, record, fmt.Sprintf(why, args...))
		return score
	}
	switch {
	case o.Evaluation == nil:
		return asRecorded("the Evaluation is gone")
	case o.Evaluation.UID != work.UID:
		return asRecorded("the Evaluation is gone, and the one that has its name now is another")
	case o.Scorecard == nil:
		return asRecorded("Scorecard %s is gone", o.Evaluation.Spec.ScorecardRef.Name)
	}
	card, eval := &o.Scorecard.Spec, &o.Evaluation.Spec
	if problems := Validate(card, eval); len(problems) > 0 {
		e.differ("Evaluation %s does not fit Scorecard %s as it is now%s: %s", work.Name, o.Scorecard.Name, edited(o.Scorecard), strings.Join(problems, "; "))
		return asRecorded("it does not fit Scorecard %s as it is now", o.Scorecard.Name)
	}
	parts, err := partsOf(card, eval, nil)
	if err != nil {
		e.differ("Evaluation %s cannot be scored: %v", work.Name, err)
		return asRecorded("it cannot be scored: %v", err)
	}
	computed := computedKPIs(card)
	e.say("    recomputed from the Evaluation and Scorecard %s:", o.Scorecard.Name)
	for i := range parts {
		e.say("      %s", parts[i].derivation())
	}
	if len(computed) > 0 {
		low, high := e.bounds(parts, computed)
		if !lies(score, low, high) {
			e.differ("Evaluation %s scores from %s to %s by Scorecard %s%s, whatever Longshore computed; recorded is %s", work.Name, low, high, o.Scorecard.Name, edited(o.Scorecard), score)
		}
		return asRecorded("by the parts above it lies from %s to %s", low, high)
	}
	recomputed := meanOf(parts).String()
	e.say("    score (%s) ÷ (%s) = %s", weighted(parts), weights(parts), recomputed)
	if recomputed != score {
		e.differ("Evaluation %s scores %s by Scorecard %s%s; recorded is %s", work.Name, recomputed, o.Scorecard.Name, edited(o.Scorecard), score)
	}
	return recomputed
}

// recorded is the score as it was recorded, and by whom: by the engagement, where the worker's comes from, else by the worker.
func (e *explanation) recorded(work v1alpha1.RatedWork, engagement *v1alpha1.Engagement) (score, record string) {
	if engagement == nil {
		return work.Score, "worker"
	}
	for _, r := range engagement.Status.Evaluations {
		if r.UID != work.UID {
			continue
		}
		if r.Score != work.Score {
			e.differ("Evaluation %s is recorded with %s in engagement %s, and with %s in the worker", work.Name, r.Score, work.Engagement, work.Score)
		}
		return r.Score, "engagement"
	}
	return work.Score, "worker"
}

// bounds of a score some of whose KPIs Longshore computed from what was known when it was given, which is not stored apart: whatever they were, it lies between
// the score with nothing for them and the one with 100 for each. One of which nothing was measured is left out, and that lies between as well.
func (e *explanation) bounds(parts []part, computed []*v1alpha1.KPI) (low, high string) {
	lowest, highest := meanOf(parts), meanOf(parts)
	for _, k := range computed {
		e.say("      KPI %s, weight %d: %s, as Longshore computed it when the Evaluation was given; that value is not stored", k.Name, k.Weight, k.Source)
		lowest.add(int64(k.Weight), worstScore)
		highest.add(int64(k.Weight), bestScore)
	}
	return lowest.String(), highest.String()
}

// lies says whether a score lies within two others; one that cannot be read does not.
func lies(score, low, high string) bool {
	s, err := Tenths(score)
	l, lowErr := Tenths(low)
	h, highErr := Tenths(high)
	return errors.Join(err, lowErr, highErr) == nil && l <= s && s <= h
}

func computedKPIs(card *v1alpha1.ScorecardSpec) []*v1alpha1.KPI {
	var computed []*v1alpha1.KPI
	for i := range card.KPIs {
		if card.KPIs[i].Source != v1alpha1.KPIReported {
			computed = append(computed, &card.KPIs[i])
		}
	}
	return computed
}

// edited says of a Scorecard that is not as it was created that the difference may come from there.
func edited(card *v1alpha1.Scorecard) string {
	if card.Generation < 2 {
		return ""
	}
	return fmt.Sprintf(" (edited since it was created, generation %d: what it asked for before is not stored)", card.Generation)
}

// derivation of a part's points, with its numbers.
func (p *part) derivation() string {
	points := p.points.FloatString(2)
	if c := p.criterion; c != nil {
		return fmt.Sprintf("criterion %s, weight %d: (%s − %d) ÷ (%d − %d) × 100 = %s", c.Name, c.Weight, p.value, c.Min, c.Max, c.Min, points)
	}
	k := p.kpi
	name := fmt.Sprintf("KPI %s, weight %d", k.Name, k.Weight)
	if k.Band == nil {
		return fmt.Sprintf("%s: (%s − %s) ÷ (%s − %s) × 100 = %s, within 0 and 100", name, operand(p.value), operand(k.Worst), operand(k.Target), operand(k.Worst), points)
	}
	band := fmt.Sprintf("the band from %s to %s", k.Band.Low, k.Band.High)
	s, err := scaleOf(k)
	v, valueErr := decimal(p.value)
	if err != nil || valueErr != nil || v.Cmp(s.low) >= 0 && v.Cmp(s.high) <= 0 {
		return fmt.Sprintf("%s: %s lies within %s = %s", name, p.value, band, points)
	}
	off, width := plain(outside(v, s).FloatString(6)), plain(outside(s.worst, s).FloatString(6))
	return fmt.Sprintf("%s: (1 − %s ÷ %s) × 100 = %s, within 0 and 100: %s lies %s outside %s, and worst, %s, lies %s outside",
		name, off, width, points, p.value, off, band, k.Worst, width)
}

// operand puts a negative number in brackets.
func operand(number string) string {
	if strings.HasPrefix(number, "-") {
		return "(" + number + ")"
	}
	return number
}

// plain leaves the noughts at the end of decimals out.
func plain(number string) string {
	return strings.TrimSuffix(strings.TrimRight(number, "0"), ".")
}

func weighted(parts []part) string {
	terms := make([]string, 0, len(parts))
	for i := range parts {
		terms = append(terms, fmt.Sprintf("%d × %s", parts[i].weight(), parts[i].points.FloatString(2)))
	}
	return strings.Join(terms, " + ")
}

func weights(parts []part) string {
	terms := make([]string, 0, len(parts))
	for i := range parts {
		terms = append(terms, fmt.Sprint(parts[i].weight()))
	}
	return strings.Join(terms, " + ")
}

// posterior explains the worker's score from the evaluations' and compares it with the one that is recorded.
func (e *explanation) posterior(ledger []v1alpha1.RatedWork, recorded *v1alpha1.WorkerScore) error {
	d, err := derive(ledger, recorded.Prior, recorded.HalfLife)
	if err != nil {
		return err
	}
	score, err := ScoreWorker(ledger, recorded.Prior, recorded.HalfLife)
	if err != nil {
		return err
	}
	p := recorded.Prior
	e.say("prior: version %d of the pool's, mean %s, spread %s, counting for k = %d evaluations", p.Version, p.Mean, p.Spread, p.Strength)
	e.say("half-life: %s, which is %s days before the newest evaluation", recorded.HalfLife, days(d.halfLife))
	e.say("w = 2^(−age ÷ half-life):")
	for i, r := range d.rated {
		e.say("  [%d] 2^(−%s ÷ %s) = %.6f, × %s = %.4f", i+1, days(r.age), days(d.halfLife), r.weight, r.work.Score, r.weight*r.points)
	}
	total := d.strength + d.weight
	e.say("W = Σ w = %.6f, Σ w × score = %.4f", d.weight, d.sum)
	e.say("value = (k × mean + Σ w × score) ÷ (k + W) = (%d × %s + %.4f) ÷ (%d + %.6f) = %s", p.Strength, p.Mean, d.sum, p.Strength, d.weight, score.Value)
	e.say("value ∓ 1.96 × spread ÷ √(k + W) = value ∓ 1.96 × %s ÷ √%.6f = value ∓ %.4f, within 0 and 100: %s to %s", p.Spread, total, d.margin, score.Low, score.High)
	e.say("")
	e.conclude(score, recorded)
	return nil
}

func (e *explanation) conclude(score, recorded *v1alpha1.WorkerScore) {
	same := score.Value == recorded.Value && score.Low == recorded.Low && score.High == recorded.High
	recomputed := fmt.Sprintf("the recomputed score %s (%s to %s)", score.Value, score.Low, score.High)
	if !same {
		e.differ("%s is not the recorded one, %s (%s to %s)", recomputed, recorded.Value, recorded.Low, recorded.High)
	}
	if score.Sample != recorded.Sample || score.Weight != recorded.Weight {
		e.differ("%d evaluations count for %s together; recorded are %d that count for %s", score.Sample, score.Weight, recorded.Sample, recorded.Weight)
	}
	if len(e.Differences) == 0 {
		e.say("%s is the recorded one", recomputed)
		return
	}
	e.say("what was recorded is not confirmed:")
	for _, difference := range e.Differences {
		e.say("  %s", difference)
	}
}

// days without needless decimals.
func days(d float64) string {
	return plain(fmt.Sprintf("%.4f", d))
}
