package worker

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

// career is a random history of ada's work in designers: evaluations in three engagements, and decisions.
func career(t *testing.T, seed uint64) (*world, *rand.Rand) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 7))
	w := newLadder(t)
	w.pool0().Spec.Hysteresis = int32(r.IntN(6))
	w.pool0().Spec.Scoring.HalfLife = []string{"P1D", "P1W", "P1M"}[r.IntN(3)]
	w.pool0().Spec.Tiers[2].MinEvaluations = int32(r.IntN(4))
	if r.IntN(4) == 0 {
		w.pool0().Spec.Demotion = v1alpha1.DemotionAutomatic
	}
	for i := range 3 {
		e := w.work(fmt.Sprintf("work-%d", i))
		for n := range r.IntN(6) {
			at := after(float64(r.IntN(240)) / 4)
			e.Status.Evaluations = append(e.Status.Evaluations, evaluated(fmt.Sprintf("%s-%d", e.Name, n), v1alpha1.EvaluationPeriodic, fmt.Sprintf("%d.%d", 50+r.IntN(50), r.IntN(10)), at))
		}
	}
	for range r.IntN(6) {
		verdict := approved
		if r.IntN(2) == 0 {
			verdict = rejected
		}
		w.state(after(float64(r.IntN(240))/4), "zoe", "approval/demotion", verdict)
	}
	return w, r
}

// until makes a pass over what was known by then.
func (w *world) until(now time.Time) *v1alpha1.WorkerStatus {
	w.t.Helper()
	all := w.Engagements
	w.Engagements = nil
	for i := range all {
		e := *all[i].DeepCopy()
		e.Status.Evaluations = slices.DeleteFunc(e.Status.Evaluations, func(r v1alpha1.EvaluationRecord) bool { return r.At.After(now) })
		w.Engagements = append(w.Engagements, e)
	}
	status := w.look(now)
	w.Engagements = all
	return status
}

// How often somebody looked, in which order the engagements came, and what was lost on the way changes nothing: neither in the score nor in the tier.
func FuzzATierFollowsFromTheFactsAlone(f *testing.F) {
	for seed := range uint64(80) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		present, _ := career(t, seed)
		for quarter := range 241 {
			present.until(after(float64(quarter) / 4))
		}
		want := present.until(after(60)).DeepCopy()
		if len(present.last.Bind)+len(present.last.Ignore)+len(present.last.News) > 0 {
			t.Fatalf("a second look at the same moment finds more to do: %+v", present.last)
		}
		ignore := cmp.Options{
			cmpopts.IgnoreTypes([]metav1.Condition{}), cmpopts.IgnoreFields(v1alpha1.PoolMembership{}, "Since"),
			cmpopts.SortSlices(func(a, b v1alpha1.WorkerAttestation) bool { return a.UID < b.UID }),
		}

		away, r := career(t, seed)
		r.Shuffle(len(away.Engagements), func(i, j int) {
			away.Engagements[i], away.Engagements[j] = away.Engagements[j], away.Engagements[i]
		})
		if diff := cmp.Diff(want, away.until(after(60)), ignore); diff != "" {
			t.Fatalf("somebody who looked all the time and somebody who was away disagree (-present +away):\n%s", diff)
		}

		crashed, r := career(t, seed)
		for quarter := range 241 {
			before := crashed.Worker.Status.DeepCopy()
			crashed.until(after(float64(quarter) / 4))
			if r.IntN(2) == 0 {
				// Killed before the status was written, and what was bound or marked is.
				crashed.Worker.Status = *before
			}
		}
		if diff := cmp.Diff(want, crashed.until(after(60)), ignore); diff != "" {
			t.Fatalf("somebody who crashed at every other pass disagrees (-present +crashed):\n%s", diff)
		}
	})
}

// Idle time and what others are rated move nobody: whenever somebody looks, and with whatever prior, the status stays.
func FuzzNobodyMovesWithoutAnEvaluationOfTheirOwn(f *testing.F) {
	for seed := range uint64(40) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		w, r := career(t, seed)
		w.look(after(60))
		want := w.look(after(60)).DeepCopy()
		for range 12 {
			w.pool0().Status.Prior = &v1alpha1.Prior{
				Version: r.Int64N(1000), Mean: fmt.Sprintf("%d.%d", r.IntN(100), r.IntN(10)), Spread: fmt.Sprintf("%d.0", 1+r.IntN(30)), Sample: r.Int32N(1000),
			}
			w.pool0().Spec.Scoring = &v1alpha1.Scoring{HalfLife: "P3M", PriorStrength: new(r.Int32N(100))}
			other := v1alpha1.Worker{ObjectMeta: named("bob")}
			others := w.work(fmt.Sprintf("of-bob-%d", r.IntN(1000)))
			others.Status.Worker.Name, others.Status.Worker.PersonKey = other.Name, "person-2"
			others.Status.Evaluations = []v1alpha1.EvaluationRecord{evaluated("bobs", v1alpha1.EvaluationPeriodic, "99.0", after(61))}
			r.Shuffle(len(w.Engagements), func(i, j int) { w.Engagements[i], w.Engagements[j] = w.Engagements[j], w.Engagements[i] })
			now := after(60 + float64(r.IntN(4000)))
			if diff := cmp.Diff(want, w.look(now)); diff != "" {
				t.Fatalf("at %s the status moved, without an evaluation of the worker's own (-before +now):\n%s", now, diff)
			}
			if len(w.last.Bind)+len(w.last.Ignore)+len(w.last.News) > 0 || !w.last.Next.IsZero() {
				t.Fatalf("at rest there is something to do: %+v", w.last)
			}
		}
	})
}
