package scoring

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// pointsForm is how every score is written: one decimal, which a whole number may leave out.
var pointsForm = regexp.MustCompile(`^[0-9]{1,3}(\.[0-9])?$`)

// Tenths reads a score, a mean or a spread from 0 to 100 as whole tenths of a point, in which sums are exact in any order.
func Tenths(text string) (int64, error) {
	if !pointsForm.MatchString(text) {
		return 0, fmt.Errorf("%q is not a number of points with one decimal, like 82.5", text)
	}
	whole, decimals, _ := strings.Cut(text, ".")
	number, err := strconv.ParseInt(whole+(decimals + "0")[:1], 10, 64)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%q is not a number of points with one decimal, like 82.5: %w", text, err)
	case number > 1000:
		return 0, fmt.Errorf("%s is not between 0 and 100", text)
	default:
		return number, nil
	}
}

// Performance is a worker's score in a pool, in tenths of a point; of one without evaluations the mean of the pool's prior, and without that the first
// prior's.
func Performance(m *v1alpha1.PoolMembership, prior *v1alpha1.Prior) int64 {
	if m != nil && m.Score != nil {
		if score, err := Tenths(m.Score.Value); err == nil {
			return score
		}
	}
	if prior != nil {
		if mean, err := Tenths(prior.Mean); err == nil {
			return mean
		}
	}
	return initialMean
}

// FormatTenths writes whole tenths as points.
func FormatTenths(t int64) string {
	return fmt.Sprintf("%d.%d", t/10, t%10)
}

// noise is how far the floating-point sums of this package may be off, amply: 50 terms of at most 100 points are exact to about 10⁻¹².
const noise = 1e-9

// formatPoints writes points with one decimal, within 0 and 100.
func formatPoints(points float64) string {
	return strconv.FormatFloat(halfUp(min(max(points, 0), 100), 10), 'f', 1, 64)
}

// halfUp rounds to a multiple of 1/parts. What misses a half by no more than noise is the half: (250 + 92.3) ÷ 6 is 57.05, of which a float64 falls short.
func halfUp(number, parts float64) float64 {
	return math.Floor(float64(number*parts)+0.5+noise) / parts
}
