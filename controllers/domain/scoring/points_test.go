package scoring

import (
	"testing"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

func TestScoresAreReadAsTheAPIWritesThem(t *testing.T) {
	for score, want := range map[string]int64{"82.5": 825, "0": 0, "100": 1000, "100.0": 1000, "7.0": 70} {
		if got, err := Tenths(score); err != nil || got != want {
			t.Errorf("%q is %d tenths (%v), expected %d", score, got, err, want)
		}
	}
	for _, score := range []string{"", "-1", "100.1", "82.55", "8x", "1e2", ".5.5", "+1"} {
		if got, err := Tenths(score); err == nil {
			t.Errorf("%q is no score, but is read as %d tenths", score, got)
		}
	}
}

func TestPerformanceIsTheScoreOrElseThePriors(t *testing.T) {
	scored := &v1alpha1.PoolMembership{Score: &v1alpha1.WorkerScore{Value: "82.5"}}
	for _, tc := range []struct {
		reason string
		member *v1alpha1.PoolMembership
		prior  *v1alpha1.Prior
		want   int64
	}{
		{"their own score", scored, &v1alpha1.Prior{Mean: "70.0"}, 825},
		{"nobody evaluated them yet", &v1alpha1.PoolMembership{}, &v1alpha1.Prior{Mean: "70.0"}, 700},
		{"nobody was evaluated yet", nil, nil, 500},
	} {
		if got := Performance(tc.member, tc.prior); got != tc.want {
			t.Errorf("%s: expected %d tenths, got %d", tc.reason, tc.want, got)
		}
	}
}
