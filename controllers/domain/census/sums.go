package census

import (
	"math"
	"slices"
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/scoring"
)

// take notes how long it was from one moment to another. What is not known, or goes backwards, is no measurement.
func take(took *[]time.Duration, from, to *metav1.Time) {
	if from != nil && to != nil && !to.Before(from) {
		*took = append(*took, to.Sub(from.Time))
	}
}

// times sums up what the engagements took; nil while nothing was measured.
func (c *counting) times() *v1alpha1.PoolTimes {
	t := v1alpha1.PoolTimes{ToFill: timeTaken(c.filled), ToOnboard: timeTaken(c.onboarded), ToFirstAccepted: timeTaken(c.delivered)}
	if t == (v1alpha1.PoolTimes{}) {
		return nil
	}
	return &t
}

func timeTaken(took []time.Duration) *v1alpha1.TimeTaken {
	if len(took) == 0 {
		return nil
	}
	m := median(took)
	return &v1alpha1.TimeTaken{
		Median: metav1.Duration{Duration: m}, P90: metav1.Duration{Duration: took[rank(90, len(took))].Round(time.Second)},
		Sample: size(len(took)),
	}
}

// median sorts what it is given, and is the middle of it, or the mean of the two in the middle, in whole seconds; 0 of nothing.
func median(took []time.Duration) time.Duration {
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	low, high := took[(len(took)-1)/2], took[len(took)/2]
	return (low + (high-low)/2).Round(time.Second)
}

// rank is the place of the smallest of n sorted values that percent of them do not exceed.
func rank(percent, n int) int {
	return max((percent*n+99)/100, 1) - 1
}

// distribution sums up scores in tenths; nil while there are none.
func distribution(scores []int64) *v1alpha1.ScoreDistribution {
	n := len(scores)
	if n == 0 {
		return nil
	}
	slices.Sort(scores)
	d := &v1alpha1.ScoreDistribution{
		Sample: size(n),
		P10:    scoring.FormatTenths(scores[rank(10, n)]), Median: scoring.FormatTenths((scores[(n-1)/2] + scores[n/2] + 1) / 2), P90: scoring.FormatTenths(scores[rank(90, n)]),
		Histogram: make([]int32, 10),
	}
	for _, score := range scores {
		d.Histogram[min(score/100, 9)]++
	}
	return d
}

// size is a number as the API has it.
func size(n int) int32 {
	return int32(min(max(n, 0), math.MaxInt32))
}

// thousandths writes a number with three decimals, a half rounded up.
func thousandths(x float64) string {
	return strconv.FormatFloat(math.Floor(1000*x+0.5)/1000, 'f', 3, 64)
}

func earliest(a, b *metav1.Time) *metav1.Time {
	if a == nil || b != nil && b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
