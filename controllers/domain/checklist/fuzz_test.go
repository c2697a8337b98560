package checklist

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

const fuzzSeeds = 400

// A world is a random procedure with random facts, all of them dated.
func world(r *rand.Rand) Input {
	end := hours(100 + float64(r.IntN(100)))
	in := Input{
		Area: []Area{Screening, Onboarding, Offboarding}[r.IntN(3)], FastTrack: r.IntN(5) == 0,
		StartedAt: start.Add(time.Duration(r.IntN(3)) * 250 * time.Millisecond), Open: r.IntN(4) > 0, Sealed: r.IntN(8) == 0,
		Access:      map[string]v1alpha1.GrantState{"p0": v1alpha1.GrantPending, "p1": v1alpha1.GrantVerified},
		AccessSince: map[string]time.Time{"p1": hours(float64(r.IntN(60)))},
		Now:         hours(float64(r.IntN(250))),
	}
	in.SealedAt = in.Now
	if r.IntN(3) > 0 {
		in.End = &end
	}
	for i := range 1 + r.IntN(10) {
		in.Steps = append(in.Steps, randomStep(r, i))
	}
	for i := range r.IntN(40) {
		name := fmt.Sprintf("s%d", r.IntN(11))
		record := v1alpha1.AttestationRecord{
			UID: types.UID(fmt.Sprint(i)), Name: fmt.Sprintf("att-%d", i), Claim: in.Area.Claim(name), Verdict: v1alpha1.VerdictDone,
			Author: fmt.Sprintf("author-%d", r.IntN(3)), At: metav1.Time{Time: hours(min(float64(r.IntN(80))-5, in.Now.Sub(start).Hours()))},
		}
		switch r.IntN(6) {
		case 0:
			record.Verdict = v1alpha1.VerdictFailed
		case 1:
			record.Claim, record.Verdict = in.Area.Waiver(name), v1alpha1.VerdictWaived
		}
		if score := int32(r.IntN(101)); r.IntN(2) == 0 {
			record.Score = &score
		}
		in.Records = append(in.Records, record)
	}
	for range r.IntN(4) {
		c := v1alpha1.Certificate{Name: fmt.Sprintf("c%d", r.IntN(2)), EarnedAt: *moment(hours(float64(r.IntN(200) - 150))), Source: fmt.Sprint(r.IntN(9))}
		if r.IntN(3) > 0 {
			c.ExpiresAt = moment(hours(float64(r.IntN(200))))
		}
		in.Certificates = append(in.Certificates, c)
	}
	return in
}

func randomStep(r *rand.Rand, i int) v1alpha1.ChecklistStep {
	s := step(fmt.Sprintf("s%d", i))
	s.FastTrack = r.IntN(2) == 0
	for range r.IntN(3) {
		// Mostly earlier steps, now and then a later one, which makes a cycle, or one that does not exist.
		if on := r.IntN(12); i > 0 && on > 1 {
			s.DependsOn = append(s.DependsOn, fmt.Sprintf("s%d", on%i))
		} else if on == 0 {
			s.DependsOn = append(s.DependsOn, fmt.Sprintf("s%d", r.IntN(12)))
		}
	}
	span := func(n int) *metav1.Duration {
		if r.IntN(n) > 0 {
			return nil
		}
		return length(time.Duration(r.IntN(90)) * time.Hour)
	}
	s.NotBefore, s.DueAfter, s.BeforeEnd = span(3), span(2), span(4)
	switch r.IntN(6) {
	case 0:
		accessTo(fmt.Sprintf("p%d", r.IntN(3)))(&s)
	case 1, 2:
		training(v1alpha1.Training{Certificate: fmt.Sprintf("c%d", r.IntN(3)), PassScore: int32(r.IntN(2) * 60), MaxAttempts: int32(r.IntN(4)), ValidFor: "P3D"})(&s)
	case 3:
		threshold := int32(r.IntN(100))
		judgedBy("card", &threshold)(&s)
	case 4:
		s.Type = []v1alpha1.StepType{v1alpha1.StepTraining, v1alpha1.StepCheck, v1alpha1.StepAccess, "Unheard"}[r.IntN(4)]
	}
	if r.IntN(5) == 0 {
		optional()(&s)
	}
	return s
}

func seeded(seed uint64) *rand.Rand {
	return rand.New(rand.NewPCG(seed, 1))
}

func FuzzTheOrderOfFactsChangesNothing(f *testing.F) {
	for seed := range uint64(fuzzSeeds) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		r := seeded(seed)
		in := world(r)
		want := Evaluate(in)
		in.Records, in.Certificates = slices.Clone(in.Records), slices.Clone(in.Certificates)
		r.Shuffle(len(in.Records), func(i, j int) { in.Records[i], in.Records[j] = in.Records[j], in.Records[i] })
		r.Shuffle(len(in.Certificates), func(i, j int) {
			in.Certificates[i], in.Certificates[j] = in.Certificates[j], in.Certificates[i]
		})
		if diff := cmp.Diff(want, Evaluate(in)); diff != "" {
			t.Errorf("the same facts in another order give another answer (-want +got):\n%s", diff)
		}
	})
}

func FuzzPassesInBetweenChangeNothing(f *testing.F) {
	for seed := range uint64(fuzzSeeds) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		r := seeded(seed)
		in := world(r)
		for i := range in.Steps {
			// What the operator sees for itself leaves no dated fact behind, and is dated by what was stored.
			if t := in.Steps[i].Type; t == v1alpha1.StepCheck || t == v1alpha1.StepAccess {
				in.Steps[i].Type = v1alpha1.StepAttestation
			}
		}
		want := Evaluate(in)
		seen := in
		for i := 1; i < 5; i++ {
			// What was stated by then is known by then; what an operator saw and stored on the way must not show in the end.
			seen.Now = start.Add(in.Now.Sub(start) * time.Duration(i) / 5)
			seen.Sealed = false
			seen.Records = nil
			for _, record := range in.Records {
				if !record.At.After(seen.Now) {
					seen.Records = append(seen.Records, record)
				}
			}
			seen.Previous = Evaluate(seen).Steps
		}
		in.Previous = seen.Previous
		if diff := cmp.Diff(want, Evaluate(in)); diff != "" {
			t.Errorf("the answer depends on the passes that were made before (-want +got):\n%s", diff)
		}
	})
}

func FuzzAStoredStatusIsComputedAgainUnchanged(f *testing.F) {
	for seed := range uint64(fuzzSeeds) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		in := world(seeded(seed))
		in.AccessSince = nil
		stored, err := json.Marshal(Evaluate(in).Steps)
		if err != nil {
			t.Fatalf("storing the status: %v", err)
		}
		if err := json.Unmarshal(stored, &in.Previous); err != nil {
			t.Fatalf("reading the status back: %v", err)
		}
		// The comparison by which reconcilers decide whether to write.
		if again := Evaluate(in).Steps; !equality.Semantic.DeepEqual(in.Previous, again) {
			diff := cmp.Diff(in.Previous, again)
			t.Errorf("at rest, a second pass would write (-stored +computed):\n%s", diff)
		}
	})
}

func FuzzTimeChangesNothingBeforeNext(f *testing.F) {
	for seed := range uint64(fuzzSeeds) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		in := world(seeded(seed))
		first := Evaluate(in)
		in.Previous = first.Steps
		in.Now = hours(100000)
		if first.Next != nil {
			if !first.Next.After(world(seeded(seed)).Now) {
				t.Fatalf("the next change, %v, is not to come: a reconciler would spin", first.Next)
			}
			in.Now = first.Next.Add(-time.Nanosecond)
		}
		again := Evaluate(in)
		if diff := cmp.Diff(first, again); diff != "" {
			t.Errorf("time alone changed the answer ahead of what Next said, %v (-then +later):\n%s", first.Next, diff)
		}
	})
}

func FuzzNoGraphHangsOrPanics(f *testing.F) {
	for seed := range uint64(fuzzSeeds) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		r := seeded(seed)
		n := 1 + r.IntN(64)
		graph := make([]v1alpha1.ChecklistStep, n)
		for i := range graph {
			graph[i] = randomStep(r, i)
			for range r.IntN(32) {
				graph[i].DependsOn = append(graph[i].DependsOn, fmt.Sprintf("s%d", r.IntN(n+1)))
			}
		}
		err := Validate(graph)
		got := Evaluate(onboarding(hours(1), graph))
		if len(got.Steps) != n || got.Done > got.Total || int(got.Total) > n {
			t.Errorf("%d steps give %d states, %d of %d done", n, len(got.Steps), got.Done, got.Total)
		}
		if err != nil {
			return
		}
		// A valid procedure can be followed to its end, one open step after another.
		in := onboarding(hours(1000), graph)
		in.Access = map[string]v1alpha1.GrantState{}
		for range n {
			for _, w := range Evaluate(in).Waiting {
				in.Records = append(in.Records, done(w.Step, hours(1), 100))
			}
		}
		if end := Evaluate(in); !end.Complete(graph, Onboarding) {
			t.Errorf("Validate accepts a procedure that nobody can finish: %v", lines(end))
		}
	})
}
