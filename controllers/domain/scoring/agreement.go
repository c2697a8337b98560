package scoring

import (
	"maps"
	"math"
	"slices"
)

// Level is what can be said of two ratings that differ.
type Level string

// The levels of measurement.
const (
	// Nominal: that they differ.
	Nominal Level = "Nominal"
	// Ordinal: which is higher.
	Ordinal Level = "Ordinal"
	// Interval: by how much, as scores from 0 to 100 do.
	Interval Level = "Interval"
	// Ratio: in what proportion, on a scale that begins at nothing.
	Ratio Level = "Ratio"
)

// Alpha is Krippendorff's α of several raters: 1 for perfect agreement, 0 for what chance gives, below 0 for less. Each unit has the ratings of one piece of
// work; who gave none is left out, or NaN. A unit with one rating says nothing and does not count.
//
//	α = 1 − observed ÷ expected disagreement (K. Krippendorff, Computing Krippendorff's Alpha-Reliability, 2011)
//
// It cannot be told, and false is returned, where no unit has two ratings, where all ratings are the same, since agreement by chance is then complete as
// well, or where a Ratio is negative.
func Alpha(level Level, units [][]float64) (float64, bool) {
	counts := map[float64]int{}
	var paired [][]float64
	total := 0
	for _, unit := range units {
		ratings := slices.DeleteFunc(slices.Clone(unit), func(r float64) bool { return math.IsNaN(r) || math.IsInf(r, 0) })
		if len(ratings) < 2 {
			continue
		}
		slices.Sort(ratings)
		if level == Ratio && ratings[0] < 0 {
			return 0, false
		}
		for _, r := range ratings {
			counts[r]++
		}
		paired = append(paired, ratings)
		total += len(ratings)
	}
	values := slices.Sorted(maps.Keys(counts))
	if len(values) < 2 {
		return 0, false
	}
	difference := distance(level, values, counts)
	observed := make([]float64, 0, len(paired))
	for _, ratings := range paired {
		observed = append(observed, disagreement(ratings, difference))
	}
	expected := 0.0
	for i, a := range values {
		for _, b := range values[:i] {
			expected += float64(2 * float64(counts[a]*counts[b]) * difference(b, a))
		}
	}
	// In order, so that the units' order does not change the last digit.
	slices.Sort(observed)
	sum := 0.0
	for _, o := range observed {
		sum += o
	}
	return 1 - sum/(expected/float64(total-1)), true
}

// disagreement within one unit: the differences of all pairs of ratings, over the number of other ratings that each is paired with.
func disagreement(ratings []float64, difference func(low, high float64) float64) float64 {
	sum := 0.0
	for i, high := range ratings {
		for _, low := range ratings[:i] {
			sum += float64(2 * difference(low, high))
		}
	}
	return sum / float64(len(ratings)-1)
}

// distance is the squared difference of two ratings at the level, of which the first is no higher than the second.
func distance(level Level, values []float64, counts map[float64]int) func(low, high float64) float64 {
	square := func(x float64) float64 { return float64(x * x) }
	switch level {
	case Ordinal:
		// How many ratings lie between, the two counting half.
		below := make(map[float64]float64, len(values))
		sum := 0
		for _, v := range values {
			below[v] = float64(2*sum+counts[v]) / 2
			sum += counts[v]
		}
		return func(low, high float64) float64 { return square(below[high] - below[low]) }
	case Interval:
		return func(low, high float64) float64 { return square(high - low) }
	case Ratio:
		return func(low, high float64) float64 {
			if high == low {
				return 0
			}
			return square((high - low) / (high + low))
		}
	default:
		return func(low, high float64) float64 {
			if high == low {
				return 0
			}
			return 1
		}
	}
}

// Kappa is Cohen's κ of two raters: a row for each category of the one, a column for each of the other, with how often the pair was given. It is 0 where it
// cannot be told: of nothing, of a table that is not square, and where chance alone would agree completely.
func Kappa(table [][]int) float64 {
	rows, columns := make([]float64, len(table)), make([]float64, len(table))
	total, agreed := 0.0, 0.0
	for i, row := range table {
		if len(row) != len(table) {
			return 0
		}
		for j, count := range row {
			rows[i] += float64(count)
			columns[j] += float64(count)
			total += float64(count)
			if i == j {
				agreed += float64(count)
			}
		}
	}
	if total <= 0 {
		return 0
	}
	chance := 0.0
	for i := range table {
		chance += float64((rows[i] / total) * (columns[i] / total))
	}
	if chance >= 1 {
		return 0
	}
	return (agreed/total - chance) / (1 - chance)
}
