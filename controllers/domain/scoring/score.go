// Package scoring turns filled-in scorecards and measured facts into scores from 0 to 100 that anyone can compute again by hand.
package scoring

import (
	"errors"
	"fmt"
	"math/big"
	"strings"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

var (
	worstScore = new(big.Rat)
	bestScore  = big.NewRat(100, 1)
)

// Score is the score of an evaluation by its scorecard, from 0 to 100 with one decimal, a half rounded up:
//
//	Σ weight × part ÷ Σ weight
//
// over the criteria, each part being (score − min) ÷ (max − min) × 100, and the KPIs, each part as Part computes it. The KPIs that the operator computes are
// taken from computed, by name; one of which nothing was measured counts neither as a part nor as a weight. The sum is exact, and rounded once.
//
// It is an error if Validate finds anything, if a computed value is no decimal, or if nothing at all was measured.
func Score(card *v1alpha1.ScorecardSpec, eval *v1alpha1.EvaluationSpec, computed []v1alpha1.KPIValue) (string, error) {
	if problems := Validate(card, eval); len(problems) > 0 {
		return "", fmt.Errorf("scoring the evaluation: %s", strings.Join(problems, "; "))
	}
	parts, err := partsOf(card, eval, computed)
	if err != nil {
		return "", err
	}
	if len(parts) == 0 {
		return "", errors.New("scoring the evaluation: of no KPI of the scorecard was anything measured yet: evaluate once something was due or delivered")
	}
	return meanOf(parts).String(), nil
}

// part is one criterion or KPI, with what it adds to a score.
type part struct {
	// criterion or kpi, one of them.
	criterion *v1alpha1.Criterion
	kpi       *v1alpha1.KPI
	// value that was given or measured, and the points from 0 to 100 that it is.
	value  string
	points *big.Rat
}

func (p *part) weight() int64 {
	if p.criterion != nil {
		return int64(p.criterion.Weight)
	}
	return int64(p.kpi.Weight)
}

// partsOf are the parts of a score: every criterion, and every KPI of which something was measured, in the scorecard's order.
func partsOf(card *v1alpha1.ScorecardSpec, eval *v1alpha1.EvaluationSpec, computed []v1alpha1.KPIValue) ([]part, error) {
	given := make(map[string]string, len(eval.Scores))
	for _, s := range eval.Scores {
		given[s.Name] = s.Score
	}
	parts := make([]part, 0, len(card.Criteria)+len(card.KPIs))
	for i := range card.Criteria {
		c := &card.Criteria[i]
		score, err := decimal(given[c.Name])
		if err != nil {
			return nil, fmt.Errorf("reading the score of criterion %q: %w", c.Name, err)
		}
		points := between(score, big.NewRat(int64(c.Min), 1), big.NewRat(int64(c.Max), 1))
		parts = append(parts, part{criterion: c, value: given[c.Name], points: points})
	}
	values := measured(card, eval, computed)
	for i := range card.KPIs {
		k := &card.KPIs[i]
		value, known := values[k.Name]
		if !known {
			continue
		}
		points, err := Part(k, value)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part{kpi: k, value: value, points: points})
	}
	return parts, nil
}

func meanOf(parts []part) *mean {
	m := &mean{}
	for i := range parts {
		m.add(parts[i].weight(), parts[i].points)
	}
	return m
}

// measured is the value of every KPI of which something was measured.
func measured(card *v1alpha1.ScorecardSpec, eval *v1alpha1.EvaluationSpec, computed []v1alpha1.KPIValue) map[string]string {
	reported := make(map[string]string, len(eval.KPIs))
	for _, k := range eval.KPIs {
		reported[k.Name] = k.Value
	}
	found := make(map[string]string, len(computed))
	for _, k := range computed {
		if k.Sample > 0 {
			found[k.Name] = k.Value
		}
	}
	values := make(map[string]string, len(card.KPIs))
	for i := range card.KPIs {
		source := found
		if card.KPIs[i].Source == v1alpha1.KPIReported {
			source = reported
		}
		if value, known := source[card.KPIs[i].Name]; known {
			values[card.KPIs[i].Name] = value
		}
	}
	return values
}

// Part is what one value of a KPI scores, from 0 to 100, exactly.
//
// Without a band it is (value − worst) ÷ (target − worst) × 100, so that worst may lie on either side of target. With a band, what lies within it scores 100,
// and on both sides the score falls to 0 over the distance from worst to the nearer end of the band.
func Part(k *v1alpha1.KPI, value string) (*big.Rat, error) {
	s, err := scaleOf(k)
	if err != nil {
		return nil, fmt.Errorf("reading KPI %q of the scorecard: %w", k.Name, err)
	}
	v, err := decimal(value)
	if err != nil {
		return nil, fmt.Errorf("reading the value of KPI %q: %w", k.Name, err)
	}
	return new(big.Rat).Set(s.part(v)), nil // the caller's own, never the constants above
}

// scale is a KPI's numbers, read.
type scale struct {
	target, worst *big.Rat
	// low and high are the band's ends; nil without one.
	low, high *big.Rat
}

func scaleOf(k *v1alpha1.KPI) (scale, error) {
	var s scale
	type field struct {
		name, text string
		into       **big.Rat
	}
	fields := []field{{"target", k.Target, &s.target}, {"worst", k.Worst, &s.worst}}
	if k.Band != nil {
		fields = append(fields, field{"band.low", k.Band.Low, &s.low}, field{"band.high", k.Band.High, &s.high})
	}
	for _, f := range fields {
		number, err := decimal(f.text)
		if err != nil {
			return scale{}, fmt.Errorf("%s: %w", f.name, err)
		}
		*f.into = number
	}
	switch {
	case s.low == nil && s.target.Cmp(s.worst) == 0:
		return scale{}, errors.New("target and worst are the same: set them apart")
	case s.low == nil:
		return s, nil
	case s.low.Cmp(s.high) > 0:
		return scale{}, errors.New("band.low is above band.high: exchange them")
	case s.worst.Cmp(s.low) >= 0 && s.worst.Cmp(s.high) <= 0:
		return scale{}, errors.New("worst lies within the band: set it outside")
	case s.target.Cmp(s.low) < 0 || s.target.Cmp(s.high) > 0:
		return scale{}, errors.New("target lies outside the band, within which every value scores 100: set it within")
	default:
		return s, nil
	}
}

func (s scale) part(v *big.Rat) *big.Rat {
	if s.low == nil {
		return between(v, s.worst, s.target)
	}
	if v.Cmp(s.low) >= 0 && v.Cmp(s.high) <= 0 {
		return bestScore
	}
	// The distances from the band: of the value, on its own side, and of worst, on either.
	off, width := outside(v, s), outside(s.worst, s)
	return between(off, width, worstScore)
}

// outside is how far v lies outside the band.
func outside(v *big.Rat, s scale) *big.Rat {
	if v.Cmp(s.high) > 0 {
		return new(big.Rat).Sub(v, s.high)
	}
	return new(big.Rat).Sub(s.low, v)
}

// between is where v lies on the way from zero to full, from 0 to 100, no less and no more.
func between(v, zero, full *big.Rat) *big.Rat {
	part := new(big.Rat).Sub(v, zero)
	part.Quo(part, new(big.Rat).Sub(full, zero))
	part.Mul(part, bestScore)
	switch {
	case part.Cmp(worstScore) < 0:
		return worstScore
	case part.Cmp(bestScore) > 0:
		return bestScore
	default:
		return part
	}
}

// Mean is the plain mean of scores, with one decimal, a half rounded up; empty where there is none.
func Mean(scores []string) (string, error) {
	if len(scores) == 0 {
		return "", nil
	}
	m, err := meanOfScores(scores)
	if err != nil {
		return "", err
	}
	return m.String(), nil
}

// WholeMean is the plain mean of scores in whole points, rounded down from the exact one, so that it reaches a threshold, which is a whole number, exactly if
// the mean does. It is an error if there is none.
func WholeMean(scores []string) (int32, error) {
	if len(scores) == 0 {
		return 0, errors.New("taking the mean of scores: there is none")
	}
	m, err := meanOfScores(scores)
	if err != nil {
		return 0, err
	}
	exact := new(big.Rat).Quo(&m.sum, &m.weight)
	return int32(new(big.Int).Quo(exact.Num(), exact.Denom()).Int64()), nil //nolint:gosec // At most 100.
}

func meanOfScores(scores []string) (*mean, error) {
	m := &mean{}
	for _, text := range scores {
		score, err := decimal(text)
		if err != nil {
			return nil, fmt.Errorf("reading a score: %w", err)
		}
		if score.Cmp(worstScore) < 0 || score.Cmp(bestScore) > 0 {
			return nil, fmt.Errorf("reading a score: %s is not between 0 and 100", text)
		}
		m.add(1, score)
	}
	return m, nil
}

// mean is a weighted mean under way.
type mean struct {
	sum, weight big.Rat
}

func (m *mean) add(weight int64, part *big.Rat) {
	w := big.NewRat(weight, 1)
	m.weight.Add(&m.weight, w)
	m.sum.Add(&m.sum, w.Mul(w, part))
}

// String rounds to one decimal. Scores are never negative, so that half away from zero, which big.Rat rounds by, is half up.
func (m *mean) String() string {
	return new(big.Rat).Quo(&m.sum, &m.weight).FloatString(1)
}
