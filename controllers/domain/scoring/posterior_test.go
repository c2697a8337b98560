package scoring

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

var monday = time.Date(2026, time.September, 7, 9, 0, 0, 0, time.UTC)

// given is a ledger: each evaluation as days before monday and the score it gave.
func given(evaluations ...string) []v1alpha1.RatedWork {
	var ledger []v1alpha1.RatedWork
	for i, text := range evaluations {
		before, score, _ := strings.Cut(text, ":")
		days, err := strconv.Atoi(before)
		if err != nil {
			panic(err)
		}
		ledger = append(ledger, v1alpha1.RatedWork{
			UID: types.UID(fmt.Sprintf("uid-%03d", i)), Engagement: "talent/work", Name: fmt.Sprintf("review-%d", i), Score: score,
			At: metav1.NewTime(monday.AddDate(0, 0, -days)),
		})
	}
	return ledger
}

func prior(mean, spread string, strength int32) v1alpha1.AppliedPrior {
	return v1alpha1.AppliedPrior{Version: 1, Mean: mean, Spread: spread, Strength: strength}
}

func mustScore(t *testing.T, ledger []v1alpha1.RatedWork, p v1alpha1.AppliedPrior, halfLife string) *v1alpha1.WorkerScore {
	t.Helper()
	score, err := ScoreWorker(ledger, p, halfLife)
	if err != nil {
		t.Fatalf("expected a score of %d evaluations: %v", len(ledger), err)
	}
	return score
}

func number(t *testing.T, text string) float64 {
	t.Helper()
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatalf("expected a number: %v", err)
	}
	return n
}

func TestAWorkersScoreIsTheOneComputedByHand(t *testing.T) {
	tests := []struct {
		name   string
		reason string
		ledger []v1alpha1.RatedWork
		prior  v1alpha1.AppliedPrior
		period string
		want   string // value low high sample weight
	}{
		{"one evaluation", "(5 × 50 + 92) ÷ 6 = 57; 1.96 × 15 ÷ √6 = 12.002…", given("0:92.0"), prior("50.0", "15.0", 5), "P1Y", "57.0 45.0 69.0 1 1.00"},
		{"a half is rounded up", "(5 × 50 + 92.3) ÷ 6 = 57.05 exactly, of which floating point falls short", given("0:92.3"), prior("50.0", "0.0", 5), "P1Y", "57.1 57.1 57.1 1 1.00"},
		{"one and two half-lives old", "2026 has 365 days before September: w = 1, ½, ¼; (350 + 88 + 38 + 16) ÷ 6.75 = 72.88…; 1.96 × 12 ÷ √6.75 = 9.05…",
			given("0:88.0", "365:76.0", "730:64.0"), prior("70.0", "12.0", 5), "P1Y", "72.9 63.8 81.9 3 1.75"},
		{"without a prior's strength", "the evaluations alone: (80 + 60) ÷ 2", given("0:80.0", "0:60.0"), prior("50.0", "10.0", 0), "P1Y", "70.0 56.1 83.9 2 2.00"},
		{"the ends of the scale", "100 ∓ 29.4 ends at 100", given("0:100.0"), prior("100.0", "15.0", 0), "P1Y", "100.0 70.6 100.0 1 1.00"},
		{"and at 0", "0 ∓ 29.4 begins at 0", given("0:0.0"), prior("0.0", "15.0", 0), "P1Y", "0.0 0.0 29.4 1 1.00"},
		{"a month is as long as the one before", "7 September less a month is 31 days before: w = ½; (80 + 20) ÷ 1.5", given("0:80.0", "31:40.0"), prior("50.0", "0.0", 0), "P1M", "66.7 66.7 66.7 2 1.50"},
		{"a whole number may be written without decimals", "it is the same number", given("0:80"), prior("50", "0", 0), "P1Y", "80.0 80.0 80.0 1 1.00"},
		{"so old that nothing is left", "2^(−1500) is 0, and no fault", given("0:80.0", "1500:0.0"), prior("50.0", "0.0", 0), "P1D", "80.0 80.0 80.0 2 1.00"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := mustScore(t, tt.ledger, tt.prior, tt.period)
			if got := fmt.Sprint(s.Value, " ", s.Low, " ", s.High, " ", s.Sample, " ", s.Weight); got != tt.want {
				t.Errorf("value, low, high, sample and weight are %s; want %s, because %s", got, tt.want, tt.reason)
			}
		})
	}
}

func TestAScoreRecordsWhatItWasComputedFrom(t *testing.T) {
	ledger := given("0:88.0", "365:76.0")
	s := mustScore(t, ledger, prior("70.0", "12.0", 5), "P1Y")
	slices.Reverse(ledger)
	want := &v1alpha1.WorkerScore{Value: "73.2", Low: "64.0", High: "82.5", Sample: 2, Weight: "1.50", At: metav1.NewTime(monday), Prior: prior("70.0", "12.0", 5), HalfLife: "P1Y", Evaluations: ledger}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Errorf("expected the score with its evaluations, the oldest first, the prior and the half-life (-want +got):\n%s", diff)
	}
	again := mustScore(t, s.Evaluations, s.Prior, s.HalfLife)
	if diff := cmp.Diff(s, again); diff != "" {
		t.Errorf("expected the score to follow from its own record (-want +got):\n%s", diff)
	}
}

func TestWhatCannotBeScoredIsRefused(t *testing.T) {
	twice := given("0:80.0", "1:80.0")
	twice[1].UID = twice[0].UID
	timeless := given("0:80.0")
	timeless[0].At = metav1.Time{}
	tests := []struct {
		name   string
		ledger []v1alpha1.RatedWork
		prior  v1alpha1.AppliedPrior
		period string
		want   string
	}{
		{"no evaluation", nil, prior("50.0", "15.0", 5), "P1Y", "no evaluation yet"},
		{"a score that is no number", given("0:high"), prior("50.0", "15.0", 5), "P1Y", `score of evaluation review-0 of talent/work: "high"`},
		{"a score above 100", given("0:100.1"), prior("50.0", "15.0", 5), "P1Y", "not between 0 and 100"},
		{"a score below 0", given("0:-1.0"), prior("50.0", "15.0", 5), "P1Y", "not a number of points"},
		{"not a number", given("0:NaN"), prior("50.0", "15.0", 5), "P1Y", "not a number of points"},
		{"more decimals than a score has", given("0:80.25"), prior("50.0", "15.0", 5), "P1Y", "one decimal"},
		{"a prior without a mean", given("0:80.0"), prior("", "15.0", 5), "P1Y", "the prior's mean"},
		{"a prior without a spread", given("0:80.0"), prior("50.0", "Inf", 5), "P1Y", "the prior's spread"},
		{"a prior of negative strength", given("0:80.0"), prior("50.0", "15.0", -1), "P1Y", "-1 evaluations"},
		{"no period", given("0:80.0"), prior("50.0", "15.0", 5), "", "half-life"},
		{"a period in hours", given("0:80.0"), prior("50.0", "15.0", 5), "PT8H", "half-life"},
		{"a period of no length", given("0:80.0"), prior("50.0", "15.0", 5), "P0D", "at least a day"},
		{"the same evaluation twice", twice, prior("50.0", "15.0", 5), "P1Y", "there twice"},
		{"an evaluation without a time", timeless, prior("50.0", "15.0", 5), "P1Y", "has no time"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := ScoreWorker(tt.ledger, tt.prior, tt.period)
			if err == nil || !strings.Contains(err.Error(), tt.want) || s != nil {
				t.Errorf("expected a refusal that says %q and no score; got %v, %v", tt.want, s, err)
			}
		})
	}
}

func TestThe50NewestEvaluationsCount(t *testing.T) {
	ledger := given()
	for i := range 50 {
		ledger = append(ledger, given(fmt.Sprintf("%d:80.0", i))[0])
		ledger[i].UID = types.UID(fmt.Sprint(i))
	}
	without := mustScore(t, ledger, prior("80.0", "10.0", 5), "P1Y")
	old := given("51:0.0")[0]
	old.UID = "old"
	with := mustScore(t, append([]v1alpha1.RatedWork{old}, ledger...), prior("80.0", "10.0", 5), "P1Y")
	if diff := cmp.Diff(without, with); diff != "" {
		t.Errorf("expected the 51st newest evaluation to count no more (-want +got):\n%s", diff)
	}
}

// random ledgers of up to 60 evaluations within about four years, several of them at the same moment.
func random(r *rand.Rand) []v1alpha1.RatedWork {
	var ledger []string
	for range 1 + r.IntN(60) {
		ledger = append(ledger, fmt.Sprintf("%d:%d.%d", 30*r.IntN(50), r.IntN(100), r.IntN(10)))
	}
	return given(ledger...)
}

func TestTheOrderOfTheEvaluationsDoesNotMatter(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		ledger := random(r)
		want := mustScore(t, ledger, prior("61.3", "12.7", 5), "P6M")
		r.Shuffle(len(ledger), func(i, j int) { ledger[i], ledger[j] = ledger[j], ledger[i] })
		if diff := cmp.Diff(want, mustScore(t, ledger, prior("61.3", "12.7", 5), "P6M")); diff != "" {
			t.Fatalf("seed %d: expected the same score in another order (-want +got):\n%s", seed, diff)
		}
	}
}

func TestTheAgeCountsBackFromTheNewestEvaluationAndNotFromToday(t *testing.T) {
	// Weeks, since calendar months are not equally long.
	for seed := range uint64(200) {
		ledger := random(rand.New(rand.NewPCG(seed, 2)))
		before := mustScore(t, ledger, prior("61.3", "12.7", 5), "P26W")
		for i := range ledger {
			ledger[i].At = metav1.NewTime(ledger[i].At.AddDate(0, 0, -7*int(seed)))
		}
		after := mustScore(t, ledger, prior("61.3", "12.7", 5), "P26W")
		if before.Value != after.Value || before.Low != after.Low || before.High != after.High {
			t.Fatalf("seed %d: expected the same score of the same evaluations %d weeks earlier; %s and %s", seed, seed, before.Value, after.Value)
		}
	}
}

func TestAScoreIsTheFormulasToTheDecimal(t *testing.T) {
	for seed := range uint64(300) {
		ledger := random(rand.New(rand.NewPCG(seed, 3)))
		got := mustScore(t, ledger, prior("61.3", "12.7", 5), "P180D")
		var sum, weight float64
		for _, r := range got.Evaluations {
			w := math.Exp2(-got.At.Sub(r.At.Time).Hours() / (180 * 24))
			weight += w
			sum += w * number(t, r.Score)
		}
		value, margin := (5*61.3+sum)/(5+weight), 1.96*12.7/math.Sqrt(5+weight)
		for text, want := range map[string]float64{got.Value: value, got.Low: max(0, value-margin), got.High: min(100, value+margin)} {
			if math.Abs(number(t, text)-want) > 0.05+1e-9 {
				t.Fatalf("seed %d: expected %f, rounded to a decimal; got %s", seed, want, text)
			}
		}
		if math.Abs(number(t, got.Weight)-weight) > 0.005+1e-9 {
			t.Fatalf("seed %d: expected the weight %f, rounded to two decimals; got %s", seed, weight, got.Weight)
		}
	}
}

func TestTheIntervalNarrowsWithEveryFurtherEvaluation(t *testing.T) {
	for _, rhythm := range []int{0, 1, 30, 365} {
		var ledger []string
		last := math.Inf(1)
		for i := range 12 {
			ledger = append(ledger, fmt.Sprintf("%d:60.0", rhythm*i))
			d, err := derive(given(ledger...), prior("60.0", "15.0", 5), "P1Y")
			if err != nil {
				t.Fatal(err)
			}
			if d.margin >= last {
				t.Errorf("expected the interval to narrow with evaluation %d at one each %d days; it went from ∓%f to ∓%f", i+1, rhythm, last, d.margin)
			}
			last = d.margin
		}
	}
}

func TestABetterEvaluationNeverMakesAScoreWorse(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 4))
		ledger := random(r)
		before := mustScore(t, ledger, prior("61.3", "12.7", 5), "P1Y")
		ledger[r.IntN(len(ledger))].Score = "100.0"
		if after := mustScore(t, ledger, prior("61.3", "12.7", 5), "P1Y"); number(t, after.Value) < number(t, before.Value) {
			t.Fatalf("seed %d: expected no lower score after an evaluation was raised to 100; %s became %s", seed, before.Value, after.Value)
		}
	}
}

func TestHalvingIsExactToTheLastDigits(t *testing.T) {
	for i := range 4000 {
		times := float64(i) / 97
		if got, want := halved(times), math.Exp2(-times); math.Abs(got-want) > 4e-16*want {
			t.Fatalf("expected 2^(−%f) to be %g; got %g", times, want, got)
		}
	}
	if halved(0) != 1 || halved(3) != 0.125 || halved(1e6) != 0 {
		t.Errorf("expected whole half-lives to halve exactly; got %g, %g, %g", halved(0), halved(3), halved(1e6))
	}
}

// The batting averages of 18 players after 45 at-bats, by which B. Efron and C. Morris (Scientific American, 1977) show that means drawn towards the grand
// mean come nearer to the rest of the season.
func TestShrinkageReproducesEfronAndMorris(t *testing.T) {
	averages := []float64{.400, .378, .356, .333, .311, .311, .289, .267, .244, .244, .222, .222, .222, .222, .222, .200, .178, .156}
	var grand, squares float64
	for _, y := range averages {
		grand += y / float64(len(averages))
	}
	for _, y := range averages {
		squares += (y - grand) * (y - grand)
	}
	c := 1 - float64(len(averages)-3)*(grand*(1-grand)/45)/squares
	for what, pair := range map[string][2]float64{"grand mean": {grand, .2654}, "c": {c, .2124}} {
		if math.Abs(pair[0]-pair[1]) > 5e-5 {
			t.Errorf("expected the %s to be %.4f, as published; got %.5f", what, pair[1], pair[0])
		}
	}
	if got := Shrink(.400, grand, c); math.Abs(got-.294) > 5e-4 {
		t.Errorf("expected .400 to be drawn to .294, as published; got %.4f", got)
	}
}

func FuzzAWorkersScoreIsANumberOrAnError(f *testing.F) {
	f.Add("80.0", "61.3", "12.7", "P1Y", int32(5), int64(86400))
	f.Add("NaN", "-0", "1e3", "P0D", int32(-5), int64(-1))
	f.Add("100", "0", "100.0", "P999Y9999M9999W99999D", int32(0), int64(math.MaxInt32))
	f.Fuzz(func(t *testing.T, score, mean, spread, period string, strength int32, seconds int64) {
		ledger := given("0:80.0", "0:"+score)
		ledger[1].At = metav1.Unix(seconds, 0)
		s, err := ScoreWorker(ledger, prior(mean, spread, strength), period)
		if err != nil {
			return
		}
		for _, text := range []string{s.Value, s.Low, s.High} {
			if !oneDecimal.MatchString(text) {
				t.Errorf("the score is %q; it lies between 0 and 100 and has one decimal", text)
			}
		}
		if low, value, high := number(t, s.Low), number(t, s.Value), number(t, s.High); low > value || value > high {
			t.Errorf("expected the score %s to lie within its interval, %s to %s", s.Value, s.Low, s.High)
		}
	})
}
