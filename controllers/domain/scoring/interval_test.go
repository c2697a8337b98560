package scoring

import (
	"math"
	"testing"
)

func TestWilsonsIntervalIsThePublishedOne(t *testing.T) {
	tests := []struct {
		successes, n int
		low, high    float64
	}{
		{81, 263, .2553, .3662}, {15, 148, .0624, .1605}, {0, 20, 0, .1611}, {1, 29, .0061, .1718},
		{1, 1, .2065, 1}, {10, 10, .7225, 1}, {90, 100, .8256, .9448},
	}
	for _, tt := range tests {
		low, high := Wilson(tt.successes, tt.n)
		if math.Abs(low-tt.low) > 5e-5 || math.Abs(high-tt.high) > 5e-5 {
			t.Errorf("expected %d of %d to lie within %.4f and %.4f; got %.5f and %.5f", tt.successes, tt.n, tt.low, tt.high, low, high)
		}
	}
}

func TestWilsonRanksManyGoodOnesAboveAFewPerfectOnes(t *testing.T) {
	many, _ := Wilson(90, 100)
	few, _ := Wilson(10, 10)
	if many <= few {
		t.Errorf("expected 90 of 100 to rank above 10 of 10 by the lower bound; got %.4f and %.4f", many, few)
	}
}

func TestWilsonsIntervalHoldsTheShareAndStaysWithinZeroAndOne(t *testing.T) {
	for n := 1; n <= 60; n++ {
		for successes := 0; successes <= n; successes++ {
			low, high := Wilson(successes, n)
			share := float64(successes) / float64(n)
			if math.IsNaN(low+high) || low < 0 || high > 1 || low > share || high < share {
				t.Errorf("expected an interval around %d of %d within 0 and 1; got %g to %g", successes, n, low, high)
			}
			if (successes == 0) != (low == 0) || (successes == n) != (high == 1) {
				t.Errorf("expected none of %d to begin at 0 and all of them to end at 1 exactly; %d give %g to %g", n, successes, low, high)
			}
			// The complement is the mirror image.
			if l, h := Wilson(n-successes, n); math.Abs(1-l-high) > 1e-12 || math.Abs(1-h-low) > 1e-12 {
				t.Errorf("expected failures of %d of %d to mirror the successes; got %g to %g", n-successes, n, l, h)
			}
			if _, wider := Wilson(2*successes, 2*n); wider-share > high-share {
				t.Errorf("expected the same share of twice as many to be no less certain than %d of %d", successes, n)
			}
		}
	}
}

func TestWilsonOfNothingIsEverything(t *testing.T) {
	for _, pair := range [][2]int{{0, 0}, {3, 0}, {1, -2}} {
		if low, high := Wilson(pair[0], pair[1]); low != 0 || high != 1 {
			t.Errorf("expected nothing to be known of %d of %d; got %g to %g", pair[0], pair[1], low, high)
		}
	}
	for _, pair := range [][2]int{{-1, 20}, {21, 20}} {
		low, high := Wilson(pair[0], pair[1])
		if wantLow, wantHigh := Wilson(min(max(pair[0], 0), 20), 20); low != wantLow || high != wantHigh {
			t.Errorf("expected %d of %d to be held within what is possible; got %g to %g", pair[0], pair[1], low, high)
		}
	}
}
