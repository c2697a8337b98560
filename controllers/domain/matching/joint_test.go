package matching

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// able is a worker who can do the work, of a pool that allows a person one engagement.
func able(name string, tenths int32) Ranked {
	return Ranked{Name: name, PersonKey: "person-of-" + name, Tenths: tenths, Places: 1}
}

// open is an engagement with those who can do its work, the best first.
func open(key string, able ...Ranked) Open {
	o := Open{Key: key, Result: Result{Ranked: able}}
	for _, w := range able {
		o.Result.Candidates = append(o.Result.Candidates, v1alpha1.Candidate{Worker: w.Name, State: v1alpha1.CandidateEligible})
	}
	return o
}

func jointly(t *testing.T, engagements ...Open) *Plan {
	t.Helper()
	plan, err := Joint(engagements)
	if err != nil {
		t.Fatalf("planning %d engagements: %v", len(engagements), err)
	}
	return plan
}

func given(p *Plan) string {
	var pairs []string
	for key, g := range p.Given {
		pairs = append(pairs, key+"="+g.Worker)
	}
	slices.Sort(pairs)
	return strings.Join(pairs, " ")
}

func TestOpenEngagementsAreFilledTogether(t *testing.T) {
	twice := func(r Ranked) Ranked { r.Places, r.Busier = 2, 100; return r }
	without := func(r Ranked) Ranked { r.Places = 0; return r }
	renewing := func(o Open, person string) Open { o.Renews = person; return o }
	sameAs := func(r Ranked, person string) Ranked { r.PersonKey = person; return r }
	for _, tc := range []struct {
		name, reason string
		open         []Open
		want         string
		filled       int
		total        int64
	}{
		{"nothing is open", "there is nothing to plan", nil, "", 0, 0},
		{"one", "the best gets it", []Open{open("a", able("bob", 900), able("ada", 800))}, "a=bob", 1, 900},
		{"equals", "ties go by name", []Open{open("a", able("ada", 800), able("bob", 800))}, "a=ada", 1, 800},
		{"most come first", "first come, first served gives ada to a and leaves b without anybody", []Open{open("a", able("ada", 900), able("bob", 500)), open("b", able("ada", 700))}, "a=bob b=ada", 2, 1200},
		{"then the highest total", "900 + 400 is less than 850 + 800", []Open{open("a", able("ada", 900), able("bob", 850)), open("b", able("ada", 800), able("bob", 400))}, "a=bob b=ada", 2, 1650},
		{"more than there are workers", "the one where ada is worth more", []Open{open("a", able("ada", 700)), open("b", able("ada", 800))}, "a= b=ada", 1, 800},
		{"nobody can do it", "there is nobody to give", []Open{open("a")}, "a=", 0, 0},
		{"a person with two places", "a second engagement makes them busier, and bob is worth less still", []Open{open("a", twice(able("ada", 900)), able("bob", 750)), open("b", twice(able("ada", 900)), able("bob", 750))}, "a=ada b=ada", 2, 1700},
		{"a person with two places and a free one", "a second engagement makes them busier, so bob is better", []Open{open("a", twice(able("ada", 900)), able("bob", 850)), open("b", twice(able("ada", 900)), able("bob", 850))}, "", 2, 1750},
		{"two Worker objects of one person", "the person has the places of one", []Open{open("a", able("ada", 900)), open("b", sameAs(able("ada-2", 800), "person-of-ada"))}, "a=ada b=", 1, 900},
		{"two Worker objects of one person for one engagement", "the better one counts", []Open{open("a", sameAs(able("ada-2", 900), "person-of-ada"), able("ada", 800))}, "a=ada-2", 1, 900},
		{"a renewal", "it takes the place that the person holds", []Open{renewing(open("a", without(able("ada", 900))), "person-of-ada"), open("b", able("bob", 100))}, "a=ada b=bob", 2, 1000},
		{"a renewal beside a free place", "the renewal takes its own, the other the free one", []Open{renewing(open("a", able("ada", 900)), "person-of-ada"), open("b", able("ada", 800))}, "a=ada b=ada", 2, 1700},
	} {
		t.Run(tc.name, func(t *testing.T) {
			plan := jointly(t, tc.open...)
			if tc.want != "" && given(plan) != tc.want {
				t.Errorf("the plan is %q, expected %q, because %s", given(plan), tc.want, tc.reason)
			}
			if plan.Filled != tc.filled || plan.Total != tc.total {
				t.Errorf("%d are filled for %d tenths (%s), expected %d for %d, because %s", plan.Filled, plan.Total, given(plan), tc.filled, tc.total, tc.reason)
			}
		})
	}
}

func TestAPlanSaysWhyTheOthersAreNotOfferedTheWork(t *testing.T) {
	a := open("a", able("ada", 900), able("bob", 500), able("cleo", 400))
	a.Result.Candidates = append(a.Result.Candidates, v1alpha1.Candidate{Worker: "dan", State: v1alpha1.CandidateExcluded, Reason: "lacks the skill go"})
	plan := jointly(t, a, open("b", able("ada", 700)), open("c", able("ada", 600)))
	want := map[string]Given{
		"a": {Worker: "bob", Candidates: []v1alpha1.Candidate{
			{Worker: "ada", State: v1alpha1.CandidateEligible, Reason: goesElsewhere},
			{Worker: "bob", State: v1alpha1.CandidateEligible},
			{Worker: "cleo", State: v1alpha1.CandidateEligible, Reason: rankedLower},
			{Worker: "dan", State: v1alpha1.CandidateExcluded, Reason: "lacks the skill go"},
		}},
		"b": {Worker: "ada", Candidates: []v1alpha1.Candidate{{Worker: "ada", State: v1alpha1.CandidateEligible}}},
		"c": {Candidates: []v1alpha1.Candidate{{Worker: "ada", State: v1alpha1.CandidateEligible, Reason: goesElsewhere}}},
	}
	if diff := cmp.Diff(want, plan.Given); diff != "" {
		t.Errorf("the plan does not say what becomes of everybody (-expected +got):\n%s", diff)
	}
	if a.Result.Candidates[0].Reason != "" {
		t.Error("planning changed the ranking that it was given")
	}
	if len(goesElsewhere) > maxReason || len(rankedLower) > maxReason {
		t.Errorf("a reason is longer than the %d bytes that a candidate can carry", maxReason)
	}
}

// randomPool is a request of each of some engagements and the workers of their pool, drawn from a seed.
func randomPool(r *rand.Rand, engagements, workers int) ([]Request, []Worker) {
	pool := &v1alpha1.TalentPoolSpec{Limits: &v1alpha1.PoolLimits{MaxConcurrentPerWorker: int32(r.IntN(3))}}
	skills := []string{"go", "sql", "design"}
	var requests []Request
	for range engagements {
		req := request(func(q *Request) { q.Pool = pool })
		for _, s := range skills[:r.IntN(3)] {
			req.Requirements.Skills = append(req.Requirements.Skills, v1alpha1.SkillRequirement{Name: s, MinLevel: int32(r.IntN(6)), Required: r.IntN(2) == 0})
		}
		requests = append(requests, req)
	}
	var members []Worker
	for i := range workers {
		w := worker(fmt.Sprintf("worker-%02d", i), rated(int32(r.IntN(1001))))
		w.Engaged = int32(r.IntN(2))
		for _, s := range skills {
			if r.IntN(2) == 0 {
				skilled(s, int32(1+r.IntN(5)))(&w)
			}
		}
		members = append(members, w)
	}
	return requests, members
}

func planned(t *testing.T, requests []Request, workers []Worker) ([]Open, *Plan) {
	t.Helper()
	var all []Open
	for i, req := range requests {
		all = append(all, Open{Key: fmt.Sprintf("ns/e-%02d", i), Result: Rank(req, workers)})
	}
	return all, jointly(t, all...)
}

// bruteForce tries every plan.
func bruteForce(all []Open) (filled int, total int64) {
	taken := map[string]int32{}
	var try func(i, n int, sum int64)
	try = func(i, n int, sum int64) {
		if i == len(all) {
			if n > filled || n == filled && sum > total {
				filled, total = n, sum
			}
			return
		}
		try(i+1, n, sum)
		for _, w := range all[i].Result.Ranked {
			if taken[w.PersonKey] < w.Places {
				taken[w.PersonKey]++
				try(i+1, n+1, sum+int64(w.Tenths)-int64(taken[w.PersonKey]-1)*int64(w.Busier))
				taken[w.PersonKey]--
			}
		}
	}
	try(0, 0, 0)
	return filled, total
}

func TestNoPlanIsBetter(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 11))
		all, plan := smallPlan(t, r)
		filled, total := bruteForce(all)
		if plan.Filled != filled || plan.Total != total {
			t.Fatalf("with seed %d the plan fills %d for %d tenths (%s), and %d for %d tenths can be had", seed, plan.Filled, plan.Total, given(plan), filled, total)
		}
	}
}

// smallPlan is a plan small enough to try all others.
func smallPlan(t *testing.T, r *rand.Rand) ([]Open, *Plan) {
	t.Helper()
	requests, workers := randomPool(r, r.IntN(6), r.IntN(6))
	return planned(t, requests, workers)
}

func FuzzAPlanDependsOnTheFactsAlone(f *testing.F) {
	for seed := range uint64(50) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 13))
		requests, workers := randomPool(r, r.IntN(20), r.IntN(20))
		all, plan := planned(t, requests, workers)

		shuffled := slices.Clone(all)
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if diff := cmp.Diff(plan, jointly(t, shuffled...)); diff != "" {
			t.Fatalf("the order of the engagements changes the plan (-first +second):\n%s", diff)
		}
		others := slices.Clone(workers)
		r.Shuffle(len(others), func(i, j int) { others[i], others[j] = others[j], others[i] })
		if _, again := planned(t, requests, others); cmp.Diff(plan, again) != "" {
			t.Fatalf("the order of the workers changes the plan (-first +second):\n%s", cmp.Diff(plan, again))
		}

		taken := map[string]int32{}
		for _, o := range all {
			g := plan.Given[o.Key]
			if i := slices.IndexFunc(o.Result.Ranked, func(w Ranked) bool { return w.Name == g.Worker }); i >= 0 {
				taken[o.Result.Ranked[i].PersonKey]++
			} else if g.Worker != "" {
				t.Fatalf("%s goes to %s, who cannot do it", o.Key, g.Worker)
			}
		}
		for _, o := range all {
			for _, w := range o.Result.Ranked {
				if taken[w.PersonKey] > w.Places {
					t.Fatalf("%s is given %d engagements and has room for %d", w.Name, taken[w.PersonKey], w.Places)
				}
				if plan.Given[o.Key].Worker == "" && taken[w.PersonKey] < w.Places {
					t.Fatalf("%s goes to nobody, and %s could do it and is free", o.Key, w.Name)
				}
			}
		}

		more := append(slices.Clone(workers), worker("new", skilled("go", 5), skilled("sql", 5), rated(int32(r.IntN(1001)))))
		if _, p := planned(t, requests, more); p.Filled < plan.Filled || p.Filled == plan.Filled && p.Total < plan.Total {
			t.Fatalf("with one more worker %d are filled for %d tenths, and without %d for %d", p.Filled, p.Total, plan.Filled, plan.Total)
		}
	})
}

func BenchmarkPlanningFiveHundredEngagementsOverFiveHundredWorkers(b *testing.B) {
	requests, workers := randomPool(rand.New(rand.NewPCG(1, 1)), 500, 500)
	for i := range requests {
		requests[i].Pool = &v1alpha1.TalentPoolSpec{Limits: &v1alpha1.PoolLimits{MaxConcurrentPerWorker: 2}}
	}
	for b.Loop() {
		var all []Open
		for i, req := range requests {
			all = append(all, Open{Key: fmt.Sprintf("ns/e-%03d", i), Result: Rank(req, workers)})
		}
		if _, err := Joint(all); err != nil {
			b.Fatal(err)
		}
	}
}
