package scoring

import (
	"math"
	"math/big"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// What a pool goes by that does not say otherwise.
const (
	defaultHalfLife      = "P1Y"
	defaultPriorStrength = 5
	defaultPriorDrift    = 2
)

// What the first prior assumes, in tenths: the middle of the scale, and a spread of evaluations of the same worker at which about two thirds of them lie within
// 15 points of their mean.
const (
	initialMean   = 500
	initialSpread = 150
)

const (
	// minEvaluations of minWorkers are the fewest from which a prior is computed.
	minEvaluations = 20
	minWorkers     = 5
	// minFreedom is how many evaluations beyond each worker's first are needed to tell the spread.
	minFreedom = 20
	// minSpread keeps an interval from closing around a few evaluations that happen to be alike, in tenths.
	minSpread = 50
	// priorRest is the least time between two replacements.
	priorRest = 24 * time.Hour
)

// InitialPrior is what is assumed in a pool of which nothing is known yet. It has no time; NextPrior gives it one.
func InitialPrior() v1alpha1.Prior {
	return v1alpha1.Prior{Version: 1, Mean: FormatTenths(initialMean), Spread: FormatTenths(initialSpread)}
}

// Apply is the prior as a score in the pool is computed with it now, and the half-life. Without a prior it is the initial one.
func Apply(pool *v1alpha1.TalentPoolSpec, prior *v1alpha1.Prior) (applied v1alpha1.AppliedPrior, halfLife string) {
	p := InitialPrior()
	if prior != nil {
		p = *prior
	}
	s := scoringOf(pool)
	return v1alpha1.AppliedPrior{Version: p.Version, Mean: p.Mean, Spread: p.Spread, Strength: *s.PriorStrength}, s.HalfLife
}

// scoringOf is what the pool says of scoring, with what it leaves out filled in.
func scoringOf(pool *v1alpha1.TalentPoolSpec) v1alpha1.Scoring {
	var s v1alpha1.Scoring
	if pool != nil && pool.Scoring != nil {
		s = *pool.Scoring
	}
	if s.HalfLife == "" {
		s.HalfLife = defaultHalfLife
	}
	if s.PriorStrength == nil {
		s.PriorStrength = ptr.To[int32](defaultPriorStrength)
	}
	if s.PriorDrift <= 0 {
		s.PriorDrift = defaultPriorDrift
	}
	return s
}

// NextPrior is the pool's prior after a look at all its members' evaluations, one ledger for each: the present one, or one that replaces it, with the next
// version. Its mean is the mean of all evaluations; its spread the standard deviation of the evaluations of the same worker, pooled over the workers. Each
// is rounded to one decimal, a half up.
//
// It is replaced when there are at least 20 evaluations of 5 workers, the mean has moved by the pool's priorDrift, and the present one is at least a day
// old; version 1, a mere assumption, may be replaced at once. Where only the day is missing, again is when it has passed; else it is zero.
//
// An evaluation whose score cannot be read is left out.
func NextPrior(pool *v1alpha1.TalentPoolSpec, present *v1alpha1.Prior, ledgers [][]v1alpha1.RatedWork, now time.Time) (next v1alpha1.Prior, again time.Time) {
	if present == nil {
		initial := InitialPrior()
		initial.At = metav1.NewTime(now)
		present = &initial
	}
	observed := observe(ledgers)
	if observed.evaluations < minEvaluations || observed.workers < minWorkers {
		return *present, time.Time{}
	}
	mean := observed.mean()
	// A mean that cannot be read is replaced.
	if old, err := Tenths(present.Mean); err == nil && max(mean-old, old-mean) < 10*int64(scoringOf(pool).PriorDrift) {
		return *present, time.Time{}
	}
	if allowed := present.At.Add(priorRest); present.Version > 1 && now.Before(allowed) {
		return *present, allowed
	}
	return v1alpha1.Prior{
		Version: present.Version + 1, Mean: FormatTenths(mean), Spread: FormatTenths(observed.spread()),
		Sample: int32(min(observed.evaluations, math.MaxInt32)), At: metav1.NewTime(now),
	}, time.Time{}
}

// observation is what the evaluations of a pool's members add up to, in tenths.
type observation struct {
	// workers who have evaluations.
	workers, evaluations int64
	sum                  int64
	// squares is Σ (score − the worker's own mean)².
	squares big.Rat
}

func observe(ledgers [][]v1alpha1.RatedWork) *observation {
	o := &observation{}
	for _, ledger := range ledgers {
		var count, sum, squares int64
		for _, work := range ledger {
			score, err := Tenths(work.Score)
			if err != nil {
				continue
			}
			count++
			sum += score
			squares += score * score
		}
		if count == 0 {
			continue
		}
		o.workers++
		o.evaluations += count
		o.sum += sum
		// Σ (x − x̄)² = (n Σ x² − (Σ x)²) ÷ n
		o.squares.Add(&o.squares, big.NewRat(count*squares-sum*sum, count))
	}
	return o
}

// mean of all evaluations, a half rounded up.
func (o *observation) mean() int64 {
	return (2*o.sum + o.evaluations) / (2 * o.evaluations)
}

// spread of the evaluations of the same worker. Each worker's mean takes one of their evaluations to tell.
func (o *observation) spread() int64 {
	freedom := o.evaluations - o.workers
	if freedom < minFreedom {
		return initialSpread
	}
	variance, _ := new(big.Rat).Quo(&o.squares, big.NewRat(freedom, 1)).Float64()
	return max(minSpread, int64(math.Floor(math.Sqrt(variance)+0.5)))
}
