package census

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/scoring"
)

func count(input Input) v1alpha1.TalentPoolStatus {
	if input.Pool == nil {
		input.Pool = pool()
	}
	if input.Now.IsZero() {
		input.Now = now
	}
	st, _ := Count(input)
	return st
}

func TestAPoolWithoutAnybodyIsCountedAsEmpty(t *testing.T) {
	got := count(Input{})
	prior := scoring.InitialPrior()
	prior.At = metav1.NewTime(now)
	want := v1alpha1.TalentPoolStatus{Screening: &v1alpha1.ScreeningCounts{}, Tiers: []v1alpha1.TierCounts{{Name: v1alpha1.DefaultTier}}, Prior: &prior}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("a pool that nobody is in says more than that (-expected +got):\n%s", diff)
	}
}

func TestMembersAreCountedByScreeningAndTier(t *testing.T) {
	demoted := func(rejected *metav1.Time) func(*v1alpha1.Worker) {
		return standing(func(m *v1alpha1.PoolMembership) {
			m.Demotion = &v1alpha1.ProposedDemotion{To: "Standard", Since: at(1), RejectedAt: rejected}
		})
	}
	elsewhere := worker("elsewhere", ranked("Gold"))
	elsewhere.Status.Pools[0].Name = "developers"
	st := count(Input{Pool: pool(tiered("Standard", "Gold")), Members: []v1alpha1.Worker{
		worker("gold", ranked("Gold"), holding("talent/a", "talent/b")),
		worker("proposed", ranked("Gold"), demoted(nil)),
		worker("rejected", ranked("Gold"), demoted(moment(2))),
		worker("standard", ranked("Standard"), screened(v1alpha1.ScreeningFailed)),
		worker("former", ranked("Platinum"), screened(v1alpha1.ScreeningLapsed), holding("talent/a")),
		worker("new", screened(v1alpha1.ScreeningInProgress)),
		elsewhere,
	}})
	want := v1alpha1.TalentPoolStatus{
		Members: 7, Screened: 3, Engaged: 2,
		Screening: &v1alpha1.ScreeningCounts{InProgress: 2, Passed: 3, Failed: 1, Lapsed: 1},
		Tiers: []v1alpha1.TierCounts{
			{Name: "Standard", Members: 4, Engaged: 1},
			{Name: "Gold", Members: 3, Screened: 3, Engaged: 1, Demotions: 1},
		},
	}
	st.Prior = nil
	if diff := cmp.Diff(want, st); diff != "" {
		t.Errorf("who is in no tier of the pool counts in the lowest, whom nobody has looked at is on the way, and a rejected demotion waits for nobody (-expected +got):\n%s", diff)
	}
}

func TestUtilisationIsOfTheHoursThatScreenedMembersOffer(t *testing.T) {
	engagements := []v1alpha1.Engagement{engagement("a", asking(10)), engagement("b", asking(25)), engagement("unstated")}
	other := engagement("other", asking(8))
	other.Spec.PoolRef.Name = "developers"
	for _, tc := range []struct {
		reason  string
		members []v1alpha1.Worker
		want    *v1alpha1.Utilisation
	}{
		{"nobody states hours", []v1alpha1.Worker{worker("ada", holding("talent/a"))}, nil},
		{"somebody free", []v1alpha1.Worker{worker("ada", offering(40))}, &v1alpha1.Utilisation{HoursAvailable: 40}},
		{"what is held in the pool and in others", []v1alpha1.Worker{worker("ada", offering(40), holding("talent/a", "talent/other"))}, &v1alpha1.Utilisation{HoursAvailable: 40, HoursTaken: 18, Percent: 45}},
		{"more than is offered", []v1alpha1.Worker{worker("ada", offering(20), holding("talent/b"))}, &v1alpha1.Utilisation{HoursAvailable: 20, HoursTaken: 25, Percent: 125}},
		{"a half is rounded up", []v1alpha1.Worker{worker("ada", offering(100), holding("talent/a")), worker("bob", offering(100), holding("talent/b"))}, &v1alpha1.Utilisation{HoursAvailable: 200, HoursTaken: 35, Percent: 18}},
		{"an engagement that asks for no hours takes none", []v1alpha1.Worker{worker("ada", offering(40), holding("talent/unstated"))}, &v1alpha1.Utilisation{HoursAvailable: 40}},
		{"an engagement that is gone takes none", []v1alpha1.Worker{worker("ada", offering(40), holding("talent/gone"))}, &v1alpha1.Utilisation{HoursAvailable: 40}},
		{"who may not be offered work is left out", []v1alpha1.Worker{worker("ada", offering(40)), worker("bob", offering(40), holding("talent/a"), screened(v1alpha1.ScreeningLapsed))},
			&v1alpha1.Utilisation{HoursAvailable: 40}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			got := count(Input{Members: tc.members, Engagements: engagements, Elsewhere: []v1alpha1.Engagement{other}}).Utilisation
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("utilisation is wrong (-expected +got):\n%s", diff)
			}
		})
	}
}

func TestWhoLooksForSomebodyIsCounted(t *testing.T) {
	phase := func(p v1alpha1.Phase, accepted bool) v1alpha1.Engagement {
		return engagement("e", func(e *v1alpha1.Engagement) {
			e.Status.Phase = p
			if accepted {
				e.Status.Terms = &v1alpha1.AcceptedTerms{}
			}
		})
	}
	for _, tc := range []struct {
		reason string
		one    v1alpha1.Engagement
		want   int32
	}{
		{"not yet recruiting", phase(v1alpha1.PhasePending, false), 0},
		{"recruiting", phase(v1alpha1.PhaseRecruiting, false), 1},
		{"somebody accepted, and the phase follows", phase(v1alpha1.PhaseRecruiting, true), 0},
		{"onboarding", phase(v1alpha1.PhaseOnboarding, true), 0},
		{"closed without anybody", phase(v1alpha1.PhaseClosed, false), 0},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			if got := count(Input{Engagements: []v1alpha1.Engagement{tc.one}}).Recruiting; got != tc.want {
				t.Errorf("%d engagements look for somebody, expected %d", got, tc.want)
			}
		})
	}
}

func TestWorkThatNobodyHasIsPending(t *testing.T) {
	cancelled := func(a *v1alpha1.Assignment) { a.Spec.Cancelled = true }
	for _, tc := range []struct {
		reason string
		one    v1alpha1.Assignment
		want   int32
	}{
		{"nobody has looked at it yet", assignment(""), 1},
		{"nobody has it", assignment(v1alpha1.AssignmentPending), 1},
		{"it was taken back and nobody has looked since", assignment(v1alpha1.AssignmentPending, cancelled), 0},
		{"somebody has it", assignment(v1alpha1.AssignmentAssigned), 0},
		{"its window passed", assignment(v1alpha1.AssignmentMissed), 0},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			if got := count(Input{Assignments: []v1alpha1.Assignment{tc.one}}).PendingAssignments; got != tc.want {
				t.Errorf("%d are pending, expected %d", got, tc.want)
			}
		})
	}
}

func TestOnlyNamespacesThatMayDrawOnThePoolAreCounted(t *testing.T) {
	from := func(namespace string) Input {
		e := engagement("e", in(namespace), heard(statement("feedback/anything", v1alpha1.VerdictRaised, 1)))
		e.Status.Phase = v1alpha1.PhaseRecruiting
		a := assignment(v1alpha1.AssignmentPending)
		a.Namespace = namespace
		return Input{Engagements: []v1alpha1.Engagement{e}, Assignments: []v1alpha1.Assignment{a}}
	}
	for _, tc := range []struct {
		reason    string
		namespace string
		allowed   []string
		want      int32
	}{
		{"the pool's own", "talent", nil, 1},
		{"one that is listed", "marketing", []string{"checkout", "marketing"}, 1},
		{"any, where every one may", "marketing", []string{"*"}, 1},
		{"one that is not listed", "marketing", []string{"checkout"}, 0},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			input := from(tc.namespace)
			input.Pool = pool(func(p *v1alpha1.TalentPool) { p.Spec.AllowedNamespaces = tc.allowed })
			st := count(input)
			if got := []int32{st.Recruiting, st.PendingAssignments, int32(len(st.Feedback))}; !cmp.Equal(got, []int32{tc.want, tc.want, tc.want}) {
				t.Errorf("searches, pending work and themes are %v, expected %d of each: who may not draw on a pool writes nothing on its dashboard", got, tc.want)
			}
		})
	}
}

func TestThePriorFollowsTheMembersEvaluations(t *testing.T) {
	var members []v1alpha1.Worker
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		members = append(members, worker(name, scored("80.0", "80.0", "82.0", "78.0", "80.0", "80.0")))
	}
	moved := count(Input{Members: members}).Prior
	if moved.Version != 2 || moved.Mean != "80.0" || moved.Sample != 25 || !moved.At.Time.Equal(now) {
		t.Errorf("the first prior after 25 evaluations of 80 on average is %+v, expected version 2 at once", moved)
	}
	held := pool(func(p *v1alpha1.TalentPool) {
		p.Status.Prior = &v1alpha1.Prior{Version: 2, Mean: "60.0", Spread: "15.0", At: metav1.NewTime(now.Add(-time.Hour))}
	})
	st, again := Count(Input{Pool: held, Members: members, Now: now.Add(time.Millisecond)})
	if st.Prior.Version != 2 || !again.Equal(now.Add(23*time.Hour)) {
		t.Errorf("the prior is version %d, to be looked at again %v; expected it to stay for the rest of its day, and a look when that has passed", st.Prior.Version, again)
	}
	if st, again = Count(Input{Pool: held, Members: members, Now: now.Add(23*time.Hour + time.Millisecond)}); st.Prior.Version != 3 || !again.IsZero() {
		t.Errorf("the prior is version %d, expected 3 after a day", st.Prior.Version)
	}
	if !st.Prior.At.Time.Equal(st.Prior.At.Truncate(time.Second)) {
		t.Errorf("the prior is of %v, which a status cannot keep: it has whole seconds", st.Prior.At)
	}
}

func TestTheOrderOfWhatIsCountedChangesNothing(t *testing.T) {
	for seed := range uint64(10) {
		input := many(60, 120, seed)
		want := count(input)
		r := rand.New(rand.NewPCG(seed, 1))
		for range 5 {
			shuffle(r, input.Members)
			shuffle(r, input.Engagements)
			shuffle(r, input.Assignments)
			for i := range input.Members {
				shuffle(r, input.Members[i].Status.Attestations)
			}
			for i := range input.Engagements {
				shuffle(r, input.Engagements[i].Status.Evaluations)
				shuffle(r, input.Engagements[i].Status.Attestations)
				shuffle(r, input.Engagements[i].Status.Deliverables)
			}
			if diff := cmp.Diff(want, count(input)); diff != "" {
				t.Fatalf("the same facts in another order are counted otherwise (-before +after):\n%s", diff)
			}
		}
	}
}

func shuffle[T any](r *rand.Rand, list []T) {
	r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
}

func TestCountingWritesNothingToWhatItReads(t *testing.T) {
	input, same := many(40, 80, 7), many(40, 80, 7)
	count(input)
	if diff := cmp.Diff(same, input); diff != "" {
		t.Errorf("what is counted is the cache's own, and was changed (-before +after):\n%s", diff)
	}
}

func BenchmarkCount(b *testing.B) {
	input := many(1000, 5000, 1)
	b.ReportAllocs()
	for b.Loop() {
		Count(input)
	}
}
