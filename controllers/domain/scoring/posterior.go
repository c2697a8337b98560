package scoring

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/sosodev/duration"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/terms"
)

const (
	// maxRated is how many evaluations count in a worker's score, the newest.
	maxRated = 50
	// quantile of the normal distribution as WorkerScore states it, for an interval that holds 95 of 100.
	quantile = 1.96
)

// ScoreWorker is the score of a worker in a pool, from their own evaluations there and the prior in force:
//
//	w     = 2^(−age ÷ half-life), the age of each evaluation counted back from the newest
//	W     = Σ w
//	value = (k × mean + Σ w × score) ÷ (k + W), with the prior's mean and strength k
//	low, high = value ∓ 1.96 × spread ÷ √(k + W), within 0 and 100
//
// The half-life is an ISO 8601 period; how long it is, is counted back in the calendar from the newest evaluation as well. Nothing else enters: no present time
// and nobody else's evaluations, so that a score cannot move by itself. The 50 newest count; the order in which they are given does not.
//
// It is an error if there is no evaluation, or if a score, a moment, the prior or the period cannot be read.
func ScoreWorker(ledger []v1alpha1.RatedWork, prior v1alpha1.AppliedPrior, halfLife string) (*v1alpha1.WorkerScore, error) {
	d, err := derive(ledger, prior, halfLife)
	if err != nil {
		return nil, fmt.Errorf("scoring a worker: %w", err)
	}
	newest := d.rated[len(d.rated)-1].work.At
	score := &v1alpha1.WorkerScore{
		Value:    formatPoints(d.value),
		Low:      formatPoints(d.value - d.margin),
		High:     formatPoints(d.value + d.margin),
		Sample:   int32(len(d.rated)), //nolint:gosec // At most maxRated.
		Weight:   strconv.FormatFloat(halfUp(d.weight, 100), 'f', 2, 64),
		At:       newest,
		Prior:    prior,
		HalfLife: halfLife,
	}
	for _, r := range d.rated {
		score.Evaluations = append(score.Evaluations, r.work)
	}
	return score, nil
}

// Shrink draws one's own mean towards the prior's: weight is what one's own counts for, from 0 (nothing) to 1 (all).
func Shrink(own, prior, weight float64) float64 {
	return float64(weight*own) + float64((1-weight)*prior)
}

// derivation is a worker's score with the numbers on the way to it.
type derivation struct {
	// rated are the evaluations that count, the oldest first.
	rated []rated
	// halfLife in days.
	halfLife float64
	// strength, mean and spread of the prior.
	strength, mean, spread float64
	// sum is Σ w × score, weight Σ w.
	sum, weight float64
	// value and margin are the score and half the interval's width, before they are rounded.
	value, margin float64
}

// rated is one evaluation that counts.
type rated struct {
	work v1alpha1.RatedWork
	// points it gave, its age in days before the newest one, and what it counts for.
	points, age, weight float64
}

const secondsPerDay = 24 * 60 * 60

// derive computes in float64, since the weights are irrational. A sum depends on the order of its terms, so they are put in order first; and Go may fuse
// a multiplication with an addition on some architectures, which rounds once less, unless the product is converted: hence the conversions that look idle.
func derive(ledger []v1alpha1.RatedWork, prior v1alpha1.AppliedPrior, halfLife string) (*derivation, error) {
	d := &derivation{}
	if err := d.readPrior(prior); err != nil {
		return nil, err
	}
	works, err := newest(ledger)
	if err != nil {
		return nil, err
	}
	last := works[len(works)-1].At.Time
	length, err := before(last, halfLife)
	if err != nil {
		return nil, fmt.Errorf("reading the half-life: %w", err)
	}
	d.halfLife = float64(length) / secondsPerDay
	for _, work := range works {
		points, err := Tenths(work.Score)
		if err != nil {
			return nil, fmt.Errorf("reading the score of evaluation %s of %s: %w", work.Name, work.Engagement, err)
		}
		age := last.Unix() - work.At.Unix()
		r := rated{work: work, points: float64(points) / 10, age: float64(age) / secondsPerDay, weight: halved(float64(age) / float64(length))}
		d.rated = append(d.rated, r)
		d.weight += r.weight
		d.sum += float64(r.weight * r.points)
	}
	d.value = Shrink(d.sum/d.weight, d.mean, d.weight/(d.strength+d.weight))
	d.margin = float64(quantile*d.spread) / math.Sqrt(d.strength+d.weight)
	return d, nil
}

func (d *derivation) readPrior(prior v1alpha1.AppliedPrior) error {
	mean, err := Tenths(prior.Mean)
	if err != nil {
		return fmt.Errorf("reading the prior's mean: %w", err)
	}
	spread, err := Tenths(prior.Spread)
	if err != nil {
		return fmt.Errorf("reading the prior's spread: %w", err)
	}
	if prior.Strength < 0 {
		return fmt.Errorf("the prior cannot count for %d evaluations", prior.Strength)
	}
	d.mean, d.spread, d.strength = float64(mean)/10, float64(spread)/10, float64(prior.Strength)
	return nil
}

// newest are the evaluations that count, the oldest first. Whole seconds decide, which is what is stored.
func newest(ledger []v1alpha1.RatedWork) ([]v1alpha1.RatedWork, error) {
	works := slices.Clone(ledger)
	slices.SortFunc(works, func(a, b v1alpha1.RatedWork) int {
		return cmp.Or(cmp.Compare(a.At.Unix(), b.At.Unix()), cmp.Compare(a.UID, b.UID))
	})
	if len(works) == 0 {
		return nil, errors.New("there is no evaluation yet")
	}
	seen := make(map[string]bool, len(works))
	for _, work := range works {
		if work.At.IsZero() {
			return nil, fmt.Errorf("evaluation %s of %s has no time", work.Name, work.Engagement)
		}
		if seen[string(work.UID)] {
			return nil, fmt.Errorf("evaluation %s of %s is there twice", work.Name, work.Engagement)
		}
		seen[string(work.UID)] = true
	}
	return works[max(0, len(works)-maxRated):], nil
}

// before is how many seconds a period before a moment lasts: from the moment less the period, years and months first, to the moment. A day past the month's end
// becomes its last, as where terms.AddPeriod adds.
func before(t time.Time, period string) (int64, error) {
	if _, err := terms.AddPeriod(t, period); err != nil {
		return 0, err
	}
	p, err := duration.Parse(period)
	if err != nil {
		return 0, fmt.Errorf("reading period %q: %w", period, err)
	}
	t = t.UTC().Truncate(time.Second)
	first := time.Date(t.Year(), t.Month(), 1, t.Hour(), t.Minute(), t.Second(), 0, time.UTC).AddDate(0, -(12*int(p.Years) + int(p.Months)), 0)
	day := min(t.Day(), first.AddDate(0, 1, -1).Day())
	length := t.Unix() - first.AddDate(0, 0, day-1-(7*int(p.Weeks)+int(p.Days))).Unix()
	if length <= 0 {
		return 0, fmt.Errorf("period %s lasts no time: write one of at least a day, like P1Y", period)
	}
	return length, nil
}

// halved is 2^(−times), for times ≥ 0: what is left after so many half-lives. math.Exp2 is written anew for some architectures and may differ in the last digit;
// these are additions, multiplications and divisions, which IEEE 754 rounds alike everywhere.
func halved(times float64) float64 {
	whole := math.Floor(times)
	x := -float64((times - whole) * math.Ln2)
	// e^x = 1 + x (1 + x/2 (1 + x/3 (…))), exact to the last digit after 20 terms, since −ln 2 < x ≤ 0.
	power := 1.0
	for i := 24.0; i >= 1; i-- {
		power = float64(power*x)/i + 1
	}
	return math.Ldexp(power, -int(whole))
}
