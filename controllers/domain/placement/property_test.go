package placement

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// aFloor is a floor of people and work of all sorts.
func aFloor(random *rand.Rand, people, work int) Input {
	in := Input{Pool: aPool(func(p *v1alpha1.TalentPool) {
		p.Spec.Tiers = []v1alpha1.Tier{{Name: "Bronze"}, {Name: "Gold", Priority: 10}}
	}), Now: monday}
	shifts := []string{"early", "late", "night"}
	for i := range people {
		c := engaged(fmt.Sprintf("w%03d", i), perWeek(int32(8*(2+random.IntN(4)))), skilled("voice", 1+random.Int32N(5)), likes(shifts[random.IntN(3)], 1+random.Int32N(100)))
		c.Engagement.Labels = map[string]string{"team": fmt.Sprint(random.IntN(2))}
		if random.IntN(2) == 0 {
			availability(&c).Shifts = []string{shifts[random.IntN(3)], shifts[random.IntN(3)]}
			slices.Sort(availability(&c).Shifts)
			availability(&c).Shifts = slices.Compact(availability(&c).Shifts)
		}
		c.Worker.Status.Pools = []v1alpha1.PoolMembership{{Name: "agents", Tier: []string{"Bronze", "Gold"}[random.IntN(2)], Score: &v1alpha1.WorkerScore{Value: fmt.Sprintf("%d.%d", 40+random.IntN(60), random.IntN(10))}}}
		if i > 0 && random.IntN(10) == 0 {
			// The same person as the one before, by another engagement.
			c.Engagement.Status.Worker.PersonKey = PersonOf(in.Candidates[i-1].Engagement)
		}
		in.Candidates = append(in.Candidates, c)
	}
	for i := range work {
		name := fmt.Sprintf("a%04d", i)
		switch random.IntN(3) {
		case 0:
			in.Pending = append(in.Pending, anAssignment(name, loaded(1+random.Int32N(3)), due(random.IntN(7), 17), priority(random.Int32N(2)), asks("voice", 1+random.Int32N(4))))
		default:
			k := random.IntN(3)
			in.Pending = append(in.Pending, aShift(name, shifts[k], random.IntN(6), 6+8*k+random.IntN(2), 8, priority(random.Int32N(2))))
		}
		if random.IntN(4) == 0 {
			in.Pending[i].Spec.Engagements = &metav1.LabelSelector{MatchLabels: map[string]string{"team": fmt.Sprint(random.IntN(2))}}
		}
	}
	return in
}

// hold is what a floor looks like once everything was written that was decided.
func hold(in *Input, result Result) {
	in.Pending = nil
	for _, d := range result.Decisions {
		a := d.Assignment.DeepCopy()
		if d.Engagement == nil {
			in.Pending = append(in.Pending, a)
			continue
		}
		a.Status.State, a.Status.Engagement, a.Status.Worker, a.Status.AssignedAt = v1alpha1.AssignmentAssigned, d.Engagement.Name, d.Worker, new(metav1.NewTime(in.Now))
		in.Held = append(in.Held, Held{Person: PersonOf(d.Engagement), Assignment: a})
	}
}

// checkNobodyHasTooMuch holds what everybody has against what they can.
func checkNobodyHasTooMuch(t *testing.T, in Input) {
	t.Helper()
	type weekly struct {
		person string
		week   week
	}
	worked, perWeek := map[weekly]int32{}, map[string]int32{}
	for _, c := range in.Candidates {
		person := PersonOf(c.Engagement)
		perWeek[person] = max(perWeek[person], c.Worker.Spec.Availability.HoursPerWeek)
	}
	shifts := map[string][]*v1alpha1.Assignment{}
	for _, h := range in.Held {
		w := weekly{h.Person, weekOf(day(h.Assignment, in.Now))}
		if worked[w] += hours(h.Assignment); worked[w] > perWeek[h.Person] {
			t.Errorf("%s works %d hours in week %s, %d are given", h.Person, worked[w], w.week, perWeek[h.Person])
		}
		if h.Assignment.Spec.Type != v1alpha1.AssignmentShift {
			continue
		}
		for _, other := range shifts[h.Person] {
			if spanOf(other, in.Now).overlaps(spanOf(h.Assignment, in.Now)) {
				t.Errorf("%s has the shifts %s and %s, which overlap", h.Person, other.Name, h.Assignment.Name)
			}
		}
		shifts[h.Person] = append(shifts[h.Person], h.Assignment)
	}
}

func TestTheOrderOfTheInputChangesNothing(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for range 20 {
		in := aFloor(random, 2+random.IntN(12), random.IntN(60))
		want := place(t, in)
		for range 3 {
			shuffle(random, in.Pending)
			shuffle(random, in.Candidates)
			if diff := cmp.Diff(want, place(t, in), cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("expected the same decisions in whatever order things are read (- first, + shuffled):\n%s", diff)
			}
		}
	}
}

func shuffle[T any](random *rand.Rand, all []T) {
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
}

func TestPlacingAgainMovesNothingAndFillsOnlyWhatIsFree(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 2))
	for range 20 {
		in := aFloor(random, 2+random.IntN(12), random.IntN(60))
		hold(&in, place(t, in))
		checkNobodyHasTooMuch(t, in)
		left := given(place(t, in))
		again := place(t, in)
		for _, d := range again.Decisions {
			if d.Engagement != nil {
				t.Fatalf("expected nothing more to be placed where nothing has changed, got %s for %s", d.Assignment.Name, d.Worker)
			}
		}
		if diff := cmp.Diff(left, given(again)); diff != "" {
			t.Fatalf("expected to be told the same reasons (- before, + again):\n%s", diff)
		}
		before := slices.Clone(in.Held)
		more := aFloor(random, 1, 30)
		for i, a := range more.Pending {
			a.Name = fmt.Sprintf("later-%02d", i)
			a.Spec.Priority += 2
		}
		in.Pending = append(in.Pending, more.Pending...)
		hold(&in, place(t, in))
		checkNobodyHasTooMuch(t, in)
		if diff := cmp.Diff(before, in.Held[:len(before)]); diff != "" {
			t.Fatalf("expected arrivals of higher priority to move nothing (- before, + after):\n%s", diff)
		}
	}
}

func TestEveryoneMorePlacesNoLessOfABatch(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 3))
	for range 50 {
		in := aFloor(random, 2+random.IntN(10), 0)
		for i := range 1 + random.IntN(20) {
			in.Pending = append(in.Pending, aShift(fmt.Sprintf("s%02d", i), []string{"early", "late"}[random.IntN(2)], 1, 8, 8))
		}
		more := in
		more.Candidates = append(slices.Clone(in.Candidates), engaged("zoe", perWeek(40), skilled("voice", 5)))
		fewer, many := place(t, in).Batches[0], place(t, more).Batches[0]
		if many.Matched < fewer.Matched || many.Matched == fewer.Matched && many.Total < fewer.Total {
			t.Errorf("expected one more person to make a batch no worse: %+v, then %+v", fewer, many)
		}
	}
}

// BenchmarkPlace is a burst of 3,000 Assignments over 300 engaged people.
func BenchmarkPlace(b *testing.B) {
	in := aFloor(rand.New(rand.NewPCG(4, 4)), 300, 3000)
	for b.Loop() {
		result, err := Place(in)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(result.Batches)), "batches")
	}
}

func TestAnAssignmentBelongsToTheWeekInWhichItIsDone(t *testing.T) {
	sunday := time.Date(2026, time.December, 6, 22, 0, 0, 0, time.UTC)
	night := aShift("night", "night", 6, 22, 8)
	overdue := anAssignment("overdue", due(-10, 12))
	for name, c := range map[string]struct {
		a     *pending
		given time.Time
		week  string
	}{
		"a night shift from Sunday to Monday":  {night, monday, "2026-W49"},
		"what is due next week":                {anAssignment("x", due(7, 12)), monday, "2026-W50"},
		"what was overdue when it was given":   {overdue, monday, "2026-W49"},
		"what has no date":                     {anAssignment("x"), sunday, "2026-W49"},
		"the first days of a year of 53 weeks": {anAssignment("x"), time.Date(2027, time.January, 3, 0, 0, 0, 0, time.UTC), "2026-W53"},
	} {
		if got := weekOf(day(c.a, c.given)).String(); got != c.week {
			t.Errorf("%s: expected week %s, got %s", name, c.week, got)
		}
	}
	for _, from := range []time.Time{monday, sunday} {
		if next := nextWeek(from); !next.Equal(time.Date(2026, time.December, 7, 0, 0, 0, 0, time.UTC)) {
			t.Errorf("expected the week after %s to begin on Monday at midnight, got %s", from, next)
		}
	}
}
