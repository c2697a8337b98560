package scoring

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// published is K. Krippendorff's example of four observers and twelve units, with ratings missing; a unit in each row.
func published() [][]float64 {
	missing := math.NaN()
	observers := [][]float64{
		{1, 2, 3, 3, 2, 1, 4, 1, 2, missing, missing, missing},
		{1, 2, 3, 3, 2, 2, 4, 1, 2, 5, missing, 3},
		{missing, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, missing},
		{1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, missing},
	}
	units := make([][]float64, len(observers[0]))
	for i := range units {
		for _, ratings := range observers {
			units[i] = append(units[i], ratings[i])
		}
	}
	return units
}

func TestAlphaIsKrippendorffsPublishedOne(t *testing.T) {
	for level, want := range map[Level]float64{Nominal: .743, Ordinal: .815, Interval: .849, Ratio: .797} {
		got, ok := Alpha(level, published())
		if !ok || math.Abs(got-want) > 5e-4 {
			t.Errorf("expected α for %s data to be %.3f, as published; got %.4f, %v", level, want, got, ok)
		}
	}
}

func TestAlphaIsTheSameInAnyOrderAndWithMissingRatingsLeftOut(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 1))
		units := published()
		for i := range units {
			units[i] = slices.DeleteFunc(units[i], func(x float64) bool { return math.IsNaN(x) && seed%2 == 0 })
			r.Shuffle(len(units[i]), func(a, b int) { units[i][a], units[i][b] = units[i][b], units[i][a] })
		}
		r.Shuffle(len(units), func(a, b int) { units[a], units[b] = units[b], units[a] })
		for _, level := range []Level{Nominal, Ordinal, Interval, Ratio} {
			want, _ := Alpha(level, published())
			if got, ok := Alpha(level, units); !ok || got != want {
				t.Errorf("seed %d: expected the same α for %s data in another order, %v; got %v, %v", seed, level, want, got, ok)
			}
		}
	}
}

func TestAlphaSaysHowFarRatersAgree(t *testing.T) {
	tests := []struct {
		name   string
		reason string
		level  Level
		units  [][]float64
		want   float64
		known  bool
	}{
		{"complete agreement", "α is 1", Interval, [][]float64{{80, 80}, {60, 60, 60}}, 1, true},
		{"complete disagreement", "two units, each other's opposite: observed 1, expected 2·2·2 ÷ (4·3) = ⅔", Nominal, [][]float64{{0, 1}, {1, 0}}, -.5, true},
		{"one rater", "nobody to agree with", Interval, [][]float64{{80}, {60}, {math.NaN(), 70}}, 0, false},
		{"nothing rated", "nothing to agree on", Interval, nil, 0, false},
		{"all the same", "agreement by chance is complete as well", Interval, [][]float64{{80, 80}, {80, 80}}, 0, false},
		{"nothing on a ratio scale", "nothing twice is no difference, and no division by nothing", Ratio, [][]float64{{0, 0}, {4, 4}}, 1, true},
		{"below nothing on a ratio scale", "there is no proportion", Ratio, [][]float64{{-1, 1}, {4, 4}}, 0, false},
		{"infinite", "what is no number is as good as missing", Interval, [][]float64{{80, math.Inf(1)}, {60, 60}, {70, 70}}, 1, true},
	}
	for _, tt := range tests {
		got, known := Alpha(tt.level, tt.units)
		if known != tt.known || math.Abs(got-tt.want) > 1e-12 {
			t.Errorf("%s: expected α = %g, %v, because %s; got %g, %v", tt.name, tt.want, tt.known, tt.reason, got, known)
		}
	}
}

func TestKappaIsCohens(t *testing.T) {
	tests := []struct {
		reason string
		table  [][]int
		want   float64
	}{
		{"observed .7, by chance .5", [][]int{{20, 5}, {10, 15}}, .40},
		{"complete agreement", [][]int{{7, 0}, {0, 9}}, 1},
		{"as by chance", [][]int{{4, 4}, {4, 4}}, 0},
		{"opposite raters", [][]int{{0, 5}, {5, 0}}, -1},
		{"nothing rated", [][]int{{0, 0}, {0, 0}}, 0},
		{"no categories", nil, 0},
		{"not square", [][]int{{1, 2}, {3}}, 0},
		{"one category only, in which chance agrees completely", [][]int{{5, 0}, {0, 0}}, 0},
	}
	for _, tt := range tests {
		if got := Kappa(tt.table); math.Abs(got-tt.want) > 1e-12 {
			t.Errorf("expected κ of %v to be %.2f (%s); got %g", tt.table, tt.want, tt.reason, got)
		}
	}
}
