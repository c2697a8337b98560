package matching

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// best is the order of the workers who can do it, in one line.
func best(r Result) string { return strings.Join(r.Names(), " ") }

func partOf(t *testing.T, r Result, name, part string) string {
	t.Helper()
	for _, c := range r.Candidates {
		for _, p := range c.Parts {
			if c.Worker == name && p.Name == part {
				return p.Value
			}
		}
	}
	t.Fatalf("%s has no part %s among %v", name, part, r.Candidates)
	return ""
}

func TestTheBestFitComesFirst(t *testing.T) {
	skills := asking(func(r *v1alpha1.Requirements) {
		r.Skills = []v1alpha1.SkillRequirement{{Name: "go", MinLevel: 4, Weight: 3}, {Name: "sql", MinLevel: 2}}
	})
	for _, tc := range []struct {
		name    string
		reason  string
		req     Request
		workers []Worker
		want    string
	}{
		{"equal workers", "ties go by name", request(), []Worker{worker("zoe"), worker("ada"), worker("mel")}, "ada mel zoe"},
		{"a nearer level", "3 of 4 is more than 2 of 4", request(skills), []Worker{worker("ada", skilled("go", 2)), worker("bob", skilled("go", 3))}, "bob ada"},
		{"the heavier skill", "go weighs three times as much", request(skills), []Worker{worker("ada", skilled("sql", 2)), worker("bob", skilled("go", 4))}, "bob ada"},
		{"more than is asked for", "over-qualification is no better fit", request(skills), []Worker{worker("bob", skilled("go", 5), skilled("sql", 5)), worker("ada", skilled("go", 4), skilled("sql", 2))}, "ada bob"},
		{"over-qualification makes up for nothing", "sql at 5 does not stand in for go", request(skills), []Worker{worker("ada", skilled("go", 3), skilled("sql", 5)), worker("bob", skilled("go", 4), skilled("sql", 2))}, "bob ada"},
		{"a higher tier", "priority counts", request(), []Worker{worker("ada"), worker("bob", ofTier("Platinum")), worker("cleo", ofTier("Gold"))}, "bob cleo ada"},
		{"a lower rate", "all else is equal", request(), []Worker{worker("ada", charging("4000", "USD", v1alpha1.PerFixed)), worker("bob", charging("3000", "USD", v1alpha1.PerFixed))}, "bob ada"},
		{"a lower own rate", "all else is equal", request(atOwnRate), []Worker{worker("ada", charging("30", "USD", v1alpha1.PerHour)), worker("bob", charging("20", "USD", v1alpha1.PerHour))}, "bob ada"},
		{"less to do", "all else is equal", request(), []Worker{worker("ada", working(40, 30)), worker("bob", working(40, 10))}, "bob ada"},
		{"fewer engagements", "hours are not stated", request(), []Worker{worker("ada", func(w *Worker) { w.Engaged = 1 }), worker("bob")}, "bob ada"},
		{"an open offer is as much to do as an engagement", "it may be accepted at any moment", request(), []Worker{worker("ada", func(w *Worker) { w.Offered = 1 }), worker("bob")}, "bob ada"},
		{"better work before", "all else is equal", request(), []Worker{worker("ada", rated(500)), worker("bob", rated(510))}, "bob ada"},
		{"more of the day in common", "all else is equal", request(overlapping("Europe/London", 3)), []Worker{worker("ada", in("America/New_York")), worker("bob", in("Europe/Berlin"))}, "bob ada"},
		{"only skills count", "every other weight is 0", request(skills, weighing(1, 0, 0, 0)), []Worker{worker("ada", ofTier("Platinum"), skilled("go", 3)), worker("bob", skilled("go", 4))}, "bob ada"},
		{"the tier weighs more", "3 points of weight beat 1", request(skills, weighing(1, 3, 0, 0)), []Worker{worker("ada", ofTier("Platinum")), worker("bob", skilled("go", 4), skilled("sql", 2))}, "ada bob"},
		{"nothing counts", "the names decide", request(weighing(0, 0, 0, 0)), []Worker{worker("bob", ofTier("Platinum")), worker("ada")}, "ada bob"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := best(Rank(tc.req, tc.workers)); got != tc.want {
				t.Errorf("the order is %q, expected %q, because %s", got, tc.want, tc.reason)
			}
		})
	}
}

func TestAScoreShowsHowItCameAbout(t *testing.T) {
	req := request(atOwnRate, overlapping("Europe/London", 2), asking(func(r *v1alpha1.Requirements) {
		r.Skills = []v1alpha1.SkillRequirement{{Name: "go", MinLevel: 3, Weight: 2}, {Name: "sql", MinLevel: 3}}
	}))
	got := Rank(req, []Worker{worker("ada", skilled("go", 3), skilled("sql", 1), ofTier("Gold"), rated(825), in("America/New_York"),
		charging("2500", "USD", v1alpha1.PerFixed), working(40, 10))}).Candidates
	want := []v1alpha1.Candidate{{
		// The mean of the six is 65.83.
		Worker: "ada", State: v1alpha1.CandidateEligible, Score: "65.8",
		Parts: []v1alpha1.ScorePart{
			{Name: "skills", Value: "77.0"},      // (2 × 100 + 33) / 3
			{Name: "performance", Value: "82.5"}, // the score in the pool
			{Name: "tier", Value: "50.0"},        // priority 10 of 20
			{Name: "cost", Value: "73.0"},        // 2,500 × 1.1 of 5,000
			{Name: "load", Value: "75.0"},        // 30 of 40 hours
			{Name: "timeZone", Value: "37.5"},    // 3 of 8 hours
		},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the score is not what its parts make (-expected +got):\n%s", diff)
	}
}

func TestAPartOfNoWeightIsLeftOut(t *testing.T) {
	c := Rank(request(weighing(2, 0, 0, 1)), []Worker{worker("ada", ofTier("Gold"))}).Candidates[0]
	var names []string
	for _, p := range c.Parts {
		names = append(names, p.Name)
	}
	if diff := cmp.Diff([]string{"skills", "load"}, names); diff != "" {
		t.Errorf("the parts are not those with a weight (-expected +got):\n%s", diff)
	}
}

func TestCostIsHowFarTheRateIsBelowWhatIsExpected(t *testing.T) {
	offering := func(amount string, per v1alpha1.RateUnit) func(*Request) {
		return func(r *Request) {
			r.StatementOfWork.Rate = &v1alpha1.Rate{Currency: "USD", Amount: amount, Per: per}
		}
	}
	fourWeeks := lasting(workStart, workStart.AddDate(0, 0, 28))
	halfTime := asking(func(r *v1alpha1.Requirements) { r.HoursPerWeek = 20 })
	deliverables := func(n int) func(*Request) {
		return func(r *Request) {
			for i := range n {
				r.StatementOfWork.Deliverables = append(r.StatementOfWork.Deliverables, v1alpha1.Deliverable{Name: strconv.Itoa(i)})
			}
		}
	}
	for _, tc := range []struct {
		name   string
		req    Request
		worker Worker
		want   string
	}{
		{"just the rate offered", request(offering("50", v1alpha1.PerHour)), worker("ada", charging("50", "USD", v1alpha1.PerHour)), "50.0"},
		{"half the rate offered", request(offering("50", v1alpha1.PerHour)), worker("ada", charging("25", "USD", v1alpha1.PerHour)), "75.0"},
		{"for nothing", request(offering("50", v1alpha1.PerHour)), worker("ada", charging("0", "USD", v1alpha1.PerHour)), "100.0"},
		{"twice the rate offered", request(offering("50", v1alpha1.PerHour)), worker("ada", charging("100", "USD", v1alpha1.PerHour)), "0.0"},
		{"ten times the rate offered", request(offering("50", v1alpha1.PerHour)), worker("ada", charging("500", "USD", v1alpha1.PerHour)), "0.0"},
		{"the tier's multiplier is part of it", request(offering("50", v1alpha1.PerHour)), worker("ada", ofTier("Platinum"), charging("40", "USD", v1alpha1.PerHour)), "50.0"},
		{"another unit says nothing", request(offering("50", v1alpha1.PerHour)), worker("ada", charging("1", "USD", v1alpha1.PerDay)), "50.0"},
		{"another currency says nothing", request(offering("50", v1alpha1.PerHour)), worker("ada", charging("1", "EUR", v1alpha1.PerHour)), "50.0"},
		{"no rate says nothing", request(offering("50", v1alpha1.PerHour)), worker("ada"), "50.0"},
		{"something for a rate of nothing", request(offering("0", v1alpha1.PerHour)), worker("ada", charging("1", "USD", v1alpha1.PerHour)), "0.0"},
		{"nothing for a rate of nothing", request(offering("0", v1alpha1.PerHour)), worker("ada", charging("0", "USD", v1alpha1.PerHour)), "50.0"},

		{"the whole budget", request(atOwnRate), worker("ada", charging("5000", "USD", v1alpha1.PerFixed)), "50.0"},
		{"a fifth of the budget", request(atOwnRate), worker("ada", charging("1000", "USD", v1alpha1.PerFixed)), "90.0"},
		{"20 hours a week for four weeks", request(atOwnRate, fourWeeks, halfTime), worker("ada", charging("50", "USD", v1alpha1.PerHour)), "60.0"},
		{"full weeks where no hours are asked for", request(atOwnRate, fourWeeks), worker("ada", charging("25", "USD", v1alpha1.PerHour)), "60.0"},
		{"20 working days", request(atOwnRate, fourWeeks), worker("ada", charging("200", "USD", v1alpha1.PerDay)), "60.0"},
		{"four deliverables", request(atOwnRate, deliverables(4)), worker("ada", charging("1000", "USD", v1alpha1.PerDeliverable)), "60.0"},
		{"units that nobody has counted", request(atOwnRate), worker("ada", charging("1", "USD", v1alpha1.PerUnit)), "50.0"},
		{"far more than the budget", request(atOwnRate, fourWeeks), worker("ada", charging("4999", "USD", v1alpha1.PerHour)), "0.0"},
		{"more than any integer", request(atOwnRate, lasting(workStart, workStart.AddDate(250, 0, 0)), func(r *Request) { r.StatementOfWork.Budget.Amount = "999999999999" }),
			worker("ada", charging("999999999999", "USD", v1alpha1.PerHour)), "0.0"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := partOf(t, Rank(tc.req, []Worker{tc.worker}), "ada", "cost"); got != tc.want {
				t.Errorf("the cost's part is %s, expected %s", got, tc.want)
			}
		})
	}
}

func TestAPartAloneIsTheScore(t *testing.T) {
	spring := lasting(time.Date(2027, 1, 4, 0, 0, 0, 0, time.UTC), time.Date(2027, 4, 1, 0, 0, 0, 0, time.UTC))
	for _, tc := range []struct {
		name, reason, part string
		change             func(*Request)
		worker             Worker
		want               string
	}{
		{"a score in the pool", "with its decimal", "performance", nil, worker("ada", rated(825)), "82.5"},
		{"no score yet", "what the pool expects of a new one", "performance", nil, worker("ada", rated(500)), "50.0"},
		{"the highest score", "100 is the most", "performance", nil, worker("ada", rated(1000)), "100.0"},
		{"a score that cannot be", "it is held within 0 and 100", "performance", nil, worker("ada", rated(2000)), "100.0"},
		{"nothing to do", "all of the person is free", "load", nil, worker("ada"), "100.0"},
		{"an engagement and an open offer", "100 / (1 + 2)", "load", nil, worker("ada", func(w *Worker) { w.Engaged, w.Offered = 1, 1 }), "33.0"},
		{"hours that are taken", "10 of 40 are free", "load", nil, worker("ada", working(40, 30), func(w *Worker) { w.Engaged = 3 }), "25.0"},
		{"the same zone", "8 of 8 hours", "timeZone", overlapping("Europe/London", 1), worker("ada", in("Europe/London")), "100.0"},
		{"five and a half hours apart", "2.5 of 8 hours", "timeZone", overlapping("Europe/London", 1), worker("ada", in("Asia/Kolkata")), "31.3"},
		{"an hour less in summer", "the worst day counts: 7 of 8 hours", "timeZone", func(r *Request) { spring(r); overlapping("Europe/Berlin", 1)(r) }, worker("ada", in("Africa/Lagos")), "87.5"},
		{"a pinned worker without a zone", "nothing is known to be shared", "timeZone", func(r *Request) { r.Pinned = "ada"; overlapping("Europe/London", 1)(r) }, worker("ada"), "0.0"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			req := request(weighingOnly(tc.part))
			if tc.change != nil {
				tc.change(&req)
			}
			c := Rank(req, []Worker{tc.worker}).Candidates[0]
			if len(c.Parts) != 1 || c.Parts[0].Name != tc.part || c.Parts[0].Value != c.Score || c.Score != tc.want {
				t.Errorf("the score is %q of %v, expected %s of %s alone, because %s", c.Score, c.Parts, tc.want, tc.part, tc.reason)
			}
		})
	}
	if c := Rank(request(), []Worker{worker("ada", in("Asia/Tokyo"))}).Candidates[0]; len(c.Parts) != 5 {
		t.Errorf("no overlap is asked for, so the time zone is no part of the score, but the parts are %v", c.Parts)
	}
}

func TestCandidatesAreTheBestThenTheExcludedFiftyAtMost(t *testing.T) {
	for _, tc := range []struct {
		eligible, excluded    int
		wantTop, wantExcluded int
	}{
		{0, 0, 0, 0}, {3, 2, 3, 2}, {50, 10, 50, 0}, {49, 10, 49, 1}, {120, 120, 50, 0}, {0, 80, 0, 50},
	} {
		t.Run(fmt.Sprintf("%d eligible, %d excluded", tc.eligible, tc.excluded), func(t *testing.T) {
			var workers []Worker
			for i := range tc.excluded {
				workers = append(workers, worker(fmt.Sprintf("a-%03d", i), func(w *Worker) { w.Screening = v1alpha1.ScreeningFailed }))
			}
			for i := range tc.eligible {
				workers = append(workers, worker(fmt.Sprintf("b-%03d", i)))
			}
			r := Rank(request(), workers)
			if int(r.Considered) != tc.eligible+tc.excluded || int(r.Eligible) != tc.eligible || len(r.Ranked) != tc.eligible {
				t.Errorf("%d are considered, %d eligible and %d ranked, expected %d, %d and %d", r.Considered, r.Eligible, len(r.Ranked), tc.eligible+tc.excluded, tc.eligible, tc.eligible)
			}
			var top, excluded int
			for _, c := range r.Candidates {
				if c.State == v1alpha1.CandidateExcluded {
					excluded++
					continue
				}
				if excluded > 0 {
					t.Fatalf("%s is eligible and comes after an excluded one", c.Worker)
				}
				if c.Worker != r.Ranked[top].Name {
					t.Fatalf("candidate %d is %s, expected %s as ranked", top, c.Worker, r.Ranked[top].Name)
				}
				top++
			}
			if top != tc.wantTop || excluded != tc.wantExcluded {
				t.Errorf("%d eligible and %d excluded candidates are kept, expected %d and %d", top, excluded, tc.wantTop, tc.wantExcluded)
			}
		})
	}
}

// random is a request and its workers, drawn from a seed.
func random(r *rand.Rand) (Request, []Worker) {
	skills, tiers := []string{"go", "sql", "design"}, []string{"Standard", "Gold", "Platinum", "Gone"}
	units := []v1alpha1.RateUnit{v1alpha1.PerHour, v1alpha1.PerDay, v1alpha1.PerFixed, v1alpha1.PerUnit, v1alpha1.PerDeliverable}
	states := []v1alpha1.ScreeningState{v1alpha1.ScreeningPassed, v1alpha1.ScreeningPassed, v1alpha1.ScreeningPassed, v1alpha1.ScreeningFailed, ""}
	req := request()
	if r.IntN(2) == 0 {
		req.StatementOfWork.Rate = nil
	}
	for _, s := range skills[:r.IntN(4)] {
		req.Requirements.Skills = append(req.Requirements.Skills, v1alpha1.SkillRequirement{Name: s, MinLevel: int32(r.IntN(6)), Weight: int32(r.IntN(5)), Required: r.IntN(3) == 0})
	}
	if r.IntN(3) == 0 {
		weighing(int32(r.IntN(4)), int32(r.IntN(4)), int32(r.IntN(4)), int32(r.IntN(4)))(&req)
	}
	if r.IntN(3) == 0 {
		req.Requirements.HoursPerWeek = int32(1 + r.IntN(40))
	}
	if r.IntN(3) == 0 {
		overlapping("Europe/London", int32(1+r.IntN(8)))(&req)
	}
	var workers []Worker
	for i := range r.IntN(80) {
		w := worker(fmt.Sprintf("worker-%02d", i), ofTier(tiers[r.IntN(len(tiers))]), working(int32(r.IntN(60)), int32(r.IntN(60))),
			in([]string{"Europe/London", "Asia/Tokyo", "America/New_York", ""}[r.IntN(4)]))
		w.Screening, w.Engaged, w.Offered, w.Performance = states[r.IntN(len(states))], int32(r.IntN(4)), int32(r.IntN(2)), int32(r.IntN(1001))
		for _, s := range skills {
			if r.IntN(2) == 0 {
				skilled(s, int32(r.IntN(6)))(&w)
			}
		}
		if r.IntN(4) > 0 {
			charging(strconv.Itoa(r.IntN(7000)), []string{"USD", "USD", "USD", "EUR"}[r.IntN(4)], units[r.IntN(len(units))])(&w)
		}
		workers = append(workers, w)
	}
	return req, workers
}

func tenths(t *testing.T, score string) int64 {
	t.Helper()
	whole, decimals, is := strings.Cut(score, ".")
	n, err := strconv.ParseInt(whole+decimals, 10, 64)
	if err != nil || !is || len(decimals) != 1 {
		t.Fatalf("the score %q is not a number with one decimal", score)
	}
	return n
}

func FuzzARankingDependsOnTheFactsAlone(f *testing.F) {
	for seed := range uint64(50) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 1))
		req, workers := random(r)
		want := Rank(req, workers)

		shuffled := slices.Clone(workers)
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if diff := cmp.Diff(want, Rank(req, shuffled)); diff != "" {
			t.Fatalf("the order of the input changes the ranking (-first +second):\n%s", diff)
		}

		if int(want.Considered) != len(workers) || int(want.Eligible) != len(want.Ranked) || len(want.Candidates) > 50 || len(want.Candidates) != min(len(workers), 50) {
			t.Fatalf("of %d workers %d are considered, %d eligible, %d ranked, %d candidates", len(workers), want.Considered, want.Eligible, len(want.Ranked), len(want.Candidates))
		}
		last := int64(1000)
		for _, c := range want.Candidates {
			if (c.State == v1alpha1.CandidateExcluded) != (c.Reason != "") {
				t.Fatalf("%s is %s with the reason %q, expected a reason for the excluded and for nobody else", c.Worker, c.State, c.Reason)
			}
			if c.State != v1alpha1.CandidateEligible {
				continue
			}
			score := tenths(t, c.Score)
			if score > last || score < 0 {
				t.Fatalf("%s has %s after a score of %d tenths, expected falling scores from 0 to 100", c.Worker, c.Score, last)
			}
			last = score
			for _, p := range c.Parts {
				if v := tenths(t, p.Value); v < 0 || v > 1000 {
					t.Fatalf("the %s of %s is %s, expected 0 to 100", p.Name, c.Worker, p.Value)
				}
			}
		}

		if len(want.Ranked) == 0 {
			return
		}
		// Who is not there any more changes nothing between the others.
		gone := want.Names()[r.IntN(len(want.Ranked))]
		req.Exclude = map[string]string{gone: "declined this offer"}
		got := Rank(req, workers).Names()
		if diff := cmp.Diff(slices.DeleteFunc(want.Names(), func(n string) bool { return n == gone }), got); len(want.Ranked) > 1 && diff != "" {
			t.Fatalf("excluding %s changes the order of the others (-expected +got):\n%s", gone, diff)
		}
	})
}
