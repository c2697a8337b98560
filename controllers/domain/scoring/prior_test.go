package scoring

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

func TestThePriorIsAppliedWithWhatThePoolLeavesOut(t *testing.T) {
	own := &v1alpha1.Prior{Version: 7, Mean: "71.4", Spread: "9.3", Sample: 240, At: metav1.NewTime(monday)}
	tests := []struct {
		name     string
		pool     *v1alpha1.TalentPoolSpec
		prior    *v1alpha1.Prior
		want     v1alpha1.AppliedPrior
		halfLife string
	}{
		{"nothing is said and nothing known", &v1alpha1.TalentPoolSpec{}, nil, prior("50.0", "15.0", 5), "P1Y"},
		{"the pool's prior", &v1alpha1.TalentPoolSpec{}, own, v1alpha1.AppliedPrior{Version: 7, Mean: "71.4", Spread: "9.3", Strength: 5}, "P1Y"},
		{"the pool's settings", &v1alpha1.TalentPoolSpec{Scoring: &v1alpha1.Scoring{HalfLife: "P6M", PriorStrength: ptr.To[int32](0)}}, own,
			v1alpha1.AppliedPrior{Version: 7, Mean: "71.4", Spread: "9.3", Strength: 0}, "P6M"},
	}
	for _, tt := range tests {
		got, halfLife := Apply(tt.pool, tt.prior)
		if got != tt.want || halfLife != tt.halfLife {
			t.Errorf("%s: expected %+v and %s to be in force; got %+v and %s", tt.name, tt.want, tt.halfLife, got, halfLife)
		}
	}
}

// members have each the same number of evaluations, of which one half lies above their mean by the deviation and one half below.
func members(workers, evaluations int, mean, deviation int) [][]v1alpha1.RatedWork {
	var ledgers [][]v1alpha1.RatedWork
	for range workers {
		var ledger []string
		for i := range evaluations {
			ledger = append(ledger, fmt.Sprintf("%d:%d.0", i, mean+deviation-2*deviation*(i%2)))
		}
		ledgers = append(ledgers, given(ledger...))
	}
	return ledgers
}

func TestThePriorIsReplaced(t *testing.T) {
	pool := &v1alpha1.TalentPoolSpec{}
	at := func(version int64, mean string, ago time.Duration) *v1alpha1.Prior {
		return &v1alpha1.Prior{Version: version, Mean: mean, Spread: "12.0", Sample: 30, At: metav1.NewTime(monday.Add(-ago))}
	}
	by := func(version int64, mean, spread string, sample int32) v1alpha1.Prior {
		return v1alpha1.Prior{Version: version, Mean: mean, Spread: spread, Sample: sample, At: metav1.NewTime(monday)}
	}
	day := 24 * time.Hour
	mixed := members(5, 4, 70, 0)
	mixed[0] = given("0:100.0", "1:100.0", "2:90.0", "3:90.0") // 380 + 16 × 70 = 1500, ÷ 20 = 75
	half := members(5, 4, 70, 0)
	half[0][0].Score = "71.0" // 1401 ÷ 20 = 70.05
	tests := []struct {
		name    string
		reason  string
		pool    *v1alpha1.TalentPoolSpec
		present *v1alpha1.Prior
		ledgers [][]v1alpha1.RatedWork
		want    v1alpha1.Prior
		again   time.Time
	}{
		{"nothing is known", "the first prior is the middle of the scale, from now on", pool, nil, nil, by(1, "50.0", "15.0", 0), time.Time{}},
		{"19 evaluations", "20 are needed", pool, at(1, "50.0", day), append(members(4, 4, 70, 5), members(1, 3, 70, 5)...), *at(1, "50.0", day), time.Time{}},
		{"4 workers", "5 are needed, or one person's score would be the pool's mean", pool, at(1, "50.0", day), members(4, 10, 70, 5), *at(1, "50.0", day), time.Time{}},
		{"workers without evaluations", "they count for nobody", pool, at(1, "50.0", day), append(members(4, 10, 70, 5), nil, given()), *at(1, "50.0", day), time.Time{}},
		{"the first replacement", "an assumption may be replaced at once; deviations of 8 of 40 evaluations, 35 free: 8 × √(40 ÷ 35) = 8.55", pool, at(1, "50.0", 0), members(5, 8, 70, 8), by(2, "70.0", "8.6", 40), time.Time{}},
		{"nothing yet, and evaluations enough", "the assumption is replaced as soon as it is made", pool, nil, members(5, 8, 70, 8), by(2, "70.0", "8.6", 40), time.Time{}},
		{"15 degrees of freedom", "too few to tell the spread", pool, at(1, "50.0", day), members(5, 4, 70, 8), by(2, "70.0", "15.0", 20), time.Time{}},
		{"20 degrees of freedom", "enough: 78, 62 and 78 deviate by 170.67 together, and √(10 × 170.67 ÷ 20) = 9.24", pool, at(1, "50.0", day), members(10, 3, 70, 8), by(2, "72.7", "9.2", 30), time.Time{}},
		{"all alike", "the spread is at least 5", pool, at(2, "50.0", day), members(5, 8, 70, 0), by(3, "70.0", "5.0", 40), time.Time{}},
		{"workers who differ from each other only", "the spread is that of evaluations of the same worker", pool, at(2, "50.0", day), append(members(5, 4, 90, 6), members(5, 4, 30, 6)...), by(3, "60.0", "6.9", 40), time.Time{}},
		{"a mean of unequal members", "the mean is that of the evaluations", pool, at(2, "70.0", day), mixed, by(3, "75.0", "15.0", 20), time.Time{}},
		{"a half", "is rounded up", pool, at(2, "60.0", day), half, by(3, "70.1", "15.0", 20), time.Time{}},
		{"drift below 2 points", "it stays", pool, at(2, "68.1", 9*day), members(5, 8, 70, 8), *at(2, "68.1", 9*day), time.Time{}},
		{"drift of 2 points", "it is replaced", pool, at(2, "68.0", day), members(5, 8, 70, 8), by(3, "70.0", "8.6", 40), time.Time{}},
		{"drift downwards", "it is replaced as well", pool, at(2, "72.0", day), members(5, 8, 70, 8), by(3, "70.0", "8.6", 40), time.Time{}},
		{"the pool's own drift", "5 points are less than 6", &v1alpha1.TalentPoolSpec{Scoring: &v1alpha1.Scoring{PriorDrift: 6}}, at(2, "65.0", day), members(5, 8, 70, 8), *at(2, "65.0", day), time.Time{}},
		{"drift of an assumption", "the first prior too stays without drift", pool, at(1, "50.0", day), members(5, 8, 51, 8), *at(1, "50.0", day), time.Time{}},
		{"less than a day", "again says when the day has passed", pool, at(2, "60.0", 23*time.Hour), members(5, 8, 70, 8), *at(2, "60.0", 23*time.Hour), monday.Add(time.Hour)},
		{"less than a day and no drift", "nothing is pending", pool, at(2, "70.0", 23*time.Hour), members(5, 8, 70, 8), *at(2, "70.0", 23*time.Hour), time.Time{}},
		{"a mean that cannot be read", "it is replaced by one that can", pool, at(2, "about 70", day), members(5, 8, 70, 8), by(3, "70.0", "8.6", 40), time.Time{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, again := NextPrior(tt.pool, tt.present, tt.ledgers, monday)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("expected another prior, because %s (-want +got):\n%s", tt.reason, diff)
			}
			if !again.Equal(tt.again) {
				t.Errorf("expected the next look at %v, because %s; got %v", tt.again, tt.reason, again)
			}
			slices.Reverse(tt.ledgers)
			if reversed, _ := NextPrior(tt.pool, tt.present, tt.ledgers, monday); reversed != got {
				t.Errorf("expected the members' order not to matter; got %+v and %+v", got, reversed)
			}
		})
	}
}

func TestAnEvaluationThatCannotBeReadIsNotInThePrior(t *testing.T) {
	ledgers := members(5, 8, 70, 8)
	want, _ := NextPrior(&v1alpha1.TalentPoolSpec{}, nil, ledgers, monday)
	ledgers[2] = append(ledgers[2], given("0:NaN", "0:", "0:1e9", "0:101.0")...)
	ledgers = append(ledgers, given("0:none"))
	if got, _ := NextPrior(&v1alpha1.TalentPoolSpec{}, nil, ledgers, monday); got != want {
		t.Errorf("expected the prior of the evaluations that can be read, %+v; got %+v", want, got)
	}
}

func TestTheWaitForADayEndsWithTheReplacement(t *testing.T) {
	present := &v1alpha1.Prior{Version: 4, Mean: "60.0", Spread: "10.0", At: metav1.NewTime(monday)}
	ledgers := members(5, 8, 70, 8)
	_, again := NextPrior(&v1alpha1.TalentPoolSpec{}, present, ledgers, monday.Add(time.Minute))
	if next, more := NextPrior(&v1alpha1.TalentPoolSpec{}, present, ledgers, again); next.Version != 5 || !more.IsZero() {
		t.Errorf("expected version 5 at the moment that was named, %v, and nothing pending; got version %d, %v", again, next.Version, more)
	}
}

// What others are rated reaches a worker's score with their own next evaluation only: the score holds the prior that it was computed with.
func TestScoresDoNotMoveWithoutTheWorkersOwnNewEvaluation(t *testing.T) {
	pool := &v1alpha1.TalentPoolSpec{}
	before, _ := NextPrior(pool, nil, members(5, 8, 70, 8), monday)
	applied, halfLife := Apply(pool, &before)
	own := mustScore(t, given("0:92.0", "200:81.5"), applied, halfLife)

	after, _ := NextPrior(pool, &before, members(50, 8, 30, 8), monday.AddDate(3, 0, 0))
	if after.Mean == before.Mean {
		t.Fatalf("expected the others' evaluations to move the pool's prior from %s", before.Mean)
	}
	if again := mustScore(t, own.Evaluations, own.Prior, own.HalfLife); !cmp.Equal(own, again) {
		t.Errorf("expected the same score three years later, with another prior in the pool; %s became %s", own.Value, again.Value)
	}
}
