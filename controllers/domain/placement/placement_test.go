package placement

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

func place(t *testing.T, in Input) Result {
	t.Helper()
	if in.Pool == nil {
		in.Pool = aPool()
	}
	if in.Now.IsZero() {
		in.Now = monday
	}
	result, err := Place(in)
	if err != nil {
		t.Fatalf("placing: %v", err)
	}
	return result
}

func TestWhoCannotTakeItIsTurnedDownWithTheReason(t *testing.T) {
	late := aShift("late", "late", 1, 14, 8)
	ada := engaged("ada")
	for name, c := range map[string]struct {
		of     Candidate
		wanted *pending
		held   []Held
		reason string
	}{
		"suspended":           {engaged("ada", of(func(e *v1alpha1.Engagement) { e.Spec.Suspend = true })), late, nil, "1 is suspended"},
		"onboarding":          {engaged("ada", of(func(e *v1alpha1.Engagement) { e.Status.Phase = v1alpha1.PhaseOnboarding })), late, nil, "1 is not at work yet"},
		"gone":                {engaged("ada", func(c *Candidate) { c.Worker = nil }), late, nil, "1 has no Worker object any more"},
		"ended":               {engaged("ada", of(func(e *v1alpha1.Engagement) { e.Status.EndedAt = new(metav1.NewTime(monday)) })), late, nil, "1 is not engaged any more"},
		"another project":     {ada, anAssignment("task", func(a *pending) { a.Spec.Engagements = &metav1.LabelSelector{MatchLabels: map[string]string{"p": "x"}} }), nil, "1 is not selected by spec.engagements"},
		"declined":            {ada, anAssignment("task", func(a *pending) { a.Status.Declined = []string{"ada"} }), nil, "1 has declined it"},
		"without the skill":   {ada, anAssignment("task", asks("go", 2)), nil, "1 lacks the skill go at level 2"},
		"at a lower level":    {engaged("ada", skilled("go", 1)), anAssignment("task", asks("go", 2)), nil, "1 lacks the skill go at level 2"},
		"other shifts":        {engaged("ada", takes("early")), late, nil, "1 does not take the shift late"},
		"away until then":     {engaged("ada", func(c *Candidate) { availability(c).From = new(metav1.NewTime(at(2, 0))) }), late, nil, "1 is not available at that time"},
		"away before its end": {engaged("ada", func(c *Candidate) { availability(c).Until = new(metav1.NewTime(at(1, 20))) }), late, nil, "1 is not available at that time"},
		"work that ends before it is due": {engaged("ada", of(func(e *v1alpha1.Engagement) { e.Status.Terms.StatementOfWork.End = metav1.NewTime(at(3, 0)) })), anAssignment("task", due(3, 1)), nil,
			"1 is not engaged for all of that time"},
		"no hours left": {engaged("ada", perWeek(40)), anAssignment("task", loaded(8), due(4, 17)), []Held{had(anAssignment("other", loaded(33), due(3, 17)), ada)},
			"1 has not 8 hours left in week 2026-W49"},
		"no hours left of what was agreed": {engaged("ada", perWeek(40), of(func(e *v1alpha1.Engagement) { e.Spec.Requirements = &v1alpha1.Requirements{HoursPerWeek: 7} })), late, nil,
			"1 has not 8 hours left in week 2026-W49"},
		"another shift at that time": {ada, late, []Held{had(aShift("early", "early", 1, 6, 9), ada)}, "1 has another shift at that time"},
	} {
		t.Run(name, func(t *testing.T) {
			result := place(t, Input{Pending: []*pending{c.wanted}, Candidates: []Candidate{c.of}, Held: c.held})
			want := map[string]string{c.wanted.Name: "Pending (NoCandidates): 1 considered: " + c.reason}
			if diff := cmp.Diff(want, given(result)); diff != "" {
				t.Errorf("expected nobody to get it, with the reason (- want, + got):\n%s", diff)
			}
			if others := result.Decisions[0].Others; len(others) != 1 || others[0].Worker != "ada" || others[0].Reason == "" {
				t.Errorf("expected the reason to stand beside the name too, got %v", others)
			}
		})
	}
}

func TestWhatDoesNotExclude(t *testing.T) {
	ada := engaged("ada", perWeek(40))
	for name, c := range map[string]struct {
		of     Candidate
		wanted *pending
		held   []Held
	}{
		"hours of another week":            {ada, anAssignment("task", loaded(8), due(4, 17)), []Held{had(anAssignment("other", loaded(40), due(8, 17)), ada)}},
		"the last hours of the week":       {ada, anAssignment("task", loaded(8), due(4, 17)), []Held{had(anAssignment("other", loaded(32), due(3, 17)), ada)}},
		"points":                           {ada, anAssignment("task", func(a *pending) { a.Spec.Load = &v1alpha1.Load{Points: 400} }), nil},
		"a shift that ends when it begins": {ada, aShift("late", "late", 1, 14, 8), []Held{had(aShift("early", "early", 1, 6, 8), ada)}},
		"a task beside a shift":            {ada, anAssignment("task", due(1, 10)), []Held{had(aShift("early", "early", 1, 6, 8), ada)}},
		"a preference for another shift":   {engaged("ada", likes("early", 100)), aShift("late", "late", 1, 14, 8), nil},
		"a skill that only ranks":          {ada, anAssignment("task", func(a *pending) { a.Spec.Skills = []v1alpha1.SkillRequirement{{Name: "go"}} }), nil},
		"a due time that has passed":       {ada, anAssignment("task", due(-3, 12)), nil},
		"a shift that has begun":           {ada, aShift("early", "early", 0, 6, 8), nil},
		"work that was cancelled before": {ada, anAssignment("task", loaded(8)), []Held{func() Held {
			h := had(anAssignment("other", loaded(40)), ada)
			h.Assignment.Status.State = v1alpha1.AssignmentCancelled
			return h
		}()}},
		"what another person has":         {ada, aShift("late", "late", 1, 14, 8), []Held{had(aShift("other", "late", 1, 14, 8), engaged("bob"))}},
		"any shift, where none is listed": {ada, aShift("night", "night", 1, 22, 8), nil},
		"a shift without a name":          {engaged("ada", takes("early")), aShift("x", "", 1, 22, 8), nil},
		"a pin":                           {ada, anAssignment("task", pinnedTo("eng-ada")), nil},
	} {
		t.Run(name, func(t *testing.T) {
			result := place(t, Input{Pending: []*pending{c.wanted}, Candidates: []Candidate{c.of}, Held: c.held})
			if diff := cmp.Diff(map[string]string{c.wanted.Name: "ada"}, given(result)); diff != "" {
				t.Errorf("expected ada to get it (- want, + got):\n%s", diff)
			}
		})
	}
}

func TestWhatNobodyCanHaveSaysWhatToMend(t *testing.T) {
	for name, c := range map[string]struct {
		wanted *pending
		says   string
	}{
		"a window that is over":        {aShift("x", "", -1, 6, 8), "Missed (DeadlinePassed): its window ended at 2026-11-29 14:00 UTC before anybody had it"},
		"a pin to what does not exist": {anAssignment("x", pinnedTo("eng-zoe")), "Pending (ReferenceNotFound): engagement eng-zoe, to which it is pinned, does not exist"},
		"a pin to who cannot":          {anAssignment("x", pinnedTo("eng-ada"), asks("go", 1)), "Pending (NoCandidates): it is pinned to engagement eng-ada, whose worker lacks the skill go at level 1"},
		"a selector without a meaning": {anAssignment("x", func(a *pending) {
			a.Spec.Engagements = &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "p", Operator: "Near"}}}
		}), "Pending (Invalid): spec.engagements cannot be read"},
		"another namespace": {anAssignment("x", func(a *pending) { a.Namespace = "elsewhere" }), "Pending (NoCandidates): nobody of pool agents is engaged in this namespace"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := given(place(t, Input{Pending: []*pending{c.wanted}, Candidates: []Candidate{engaged("ada")}}))["x"]; !strings.HasPrefix(got, c.says) {
				t.Errorf("expected %q, got %q", c.says, got)
			}
		})
	}
}

func TestAsMuchAsPossibleIsPlacedAndThenWhatScoresMost(t *testing.T) {
	// Both would score higher on the first; only ada takes the second.
	people := []Candidate{engaged("ada", scored("90.0"), takes("early", "late")), engaged("bob", scored("60.0"), takes("early"))}
	result := place(t, Input{Candidates: people, Pending: []*pending{aShift("a-early", "early", 1, 8, 8), aShift("b-late", "late", 1, 10, 8)}})
	if diff := cmp.Diff(map[string]string{"a-early": "bob", "b-late": "ada"}, given(result)); diff != "" {
		t.Fatalf("expected both to be placed (- want, + got):\n%s", diff)
	}
	d := result.Decisions[0]
	if len(d.Others) != 1 || d.Others[0].Worker != "ada" || !strings.Contains(d.Others[0].Reason, "is given b-late") || !strings.HasPrefix(d.Others[0].Reason, "would score 88.0;") {
		t.Errorf("expected it to be said that ada would score higher, and what she was given instead, got %v", d.Others)
	}
	if want := "scores 82.0; 2 of 2 considered can take it. Most speak for it: skills 100.0, tier 100.0, load 100.0. 1 of them would score higher"; !strings.HasPrefix(d.Why, want) {
		t.Errorf("expected why to begin with %q, got %q", want, d.Why)
	}
	if len(result.Batches) != 1 || result.Batches[0].Matched != 2 || result.Batches[0].Total != 820+880 {
		t.Errorf("expected one batch of shifts that overlap, with what it is worth, got %+v", result.Batches)
	}
}

func TestHigherPriorityIsPlacedFirst(t *testing.T) {
	result := place(t, Input{
		Candidates: []Candidate{engaged("ada", perWeek(8))},
		Pending:    []*pending{anAssignment("a", loaded(8), due(1, 12)), anAssignment("b", loaded(8), due(4, 12), priority(1))},
	})
	want := map[string]string{"a": "Pending (NoCandidates): 1 considered: 1 has not 8 hours left in week 2026-W49", "b": "ada"}
	if diff := cmp.Diff(want, given(result)); diff != "" {
		t.Errorf("expected the higher priority to be served although it is due later (- want, + got):\n%s", diff)
	}
}

func TestTasksSpreadEvenly(t *testing.T) {
	for name, pool := range map[string]*v1alpha1.TalentPool{
		"by load": aPool(),
		"even where load has no weight": aPool(func(p *v1alpha1.TalentPool) {
			p.Spec.Matching = &v1alpha1.Matching{Weights: &v1alpha1.MatchingWeights{Load: new(int32)}}
		}),
	} {
		t.Run(name, func(t *testing.T) {
			var tasks []*pending
			for _, n := range strings.Split("abcdefghijkl", "") {
				tasks = append(tasks, anAssignment(n, loaded(4), due(4, 12)))
			}
			counts := map[string]int{}
			for _, worker := range given(place(t, Input{Pool: pool, Pending: tasks, Candidates: []Candidate{engaged("ada"), engaged("bob"), engaged("cyd")}})) {
				counts[worker]++
			}
			if diff := cmp.Diff(map[string]int{"ada": 4, "bob": 4, "cyd": 4}, counts); diff != "" {
				t.Errorf("expected equals to get equally much (- want, + got):\n%s", diff)
			}
		})
	}
}

func TestAPersonEngagedTwiceWorksOnceAtATime(t *testing.T) {
	again := engaged("ada", perWeek(20), of(func(e *v1alpha1.Engagement) { e.Name = "eng-second" }))
	first := engaged("ada", perWeek(20), of(func(e *v1alpha1.Engagement) { e.Spec.Requirements = &v1alpha1.Requirements{HoursPerWeek: 8} }))
	result := place(t, Input{Candidates: []Candidate{first, again}, Pending: []*pending{
		aShift("a", "", 1, 8, 8), aShift("b", "", 1, 9, 8), aShift("c", "", 2, 8, 8), aShift("d", "", 3, 8, 8),
	}})
	want := map[string]string{
		"a": "ada", "b": "Pending (NoCandidates): 2 considered: 2 have not 8 hours left in week 2026-W49",
		"c": "ada", "d": "Pending (NoCandidates): 2 considered: 2 have not 8 hours left in week 2026-W49",
	}
	if diff := cmp.Diff(want, given(result)); diff != "" {
		t.Errorf("expected the windows and hours of a person to be one, whatever engagements they have (- want, + got):\n%s", diff)
	}
	through := map[string]string{}
	for _, d := range result.Decisions {
		if d.Engagement != nil {
			through[d.Assignment.Name] = d.Engagement.Name
		}
	}
	if diff := cmp.Diff(map[string]string{"a": "eng-ada", "c": "eng-second"}, through); diff != "" {
		t.Errorf("expected the second engagement to be asked once the hours of the first are given (- want, + got):\n%s", diff)
	}
}

func TestPreferencesRank(t *testing.T) {
	people := []Candidate{engaged("ada", likes("early", 80)), engaged("bob", likes("late", 80)), engaged("cyd")}
	result := place(t, Input{Candidates: people, Pending: []*pending{aShift("a", "early", 1, 6, 8), aShift("b", "late", 1, 13, 8)}})
	if diff := cmp.Diff(map[string]string{"a": "ada", "b": "bob"}, given(result)); diff != "" {
		t.Errorf("expected both to get what they like (- want, + got):\n%s", diff)
	}
	if diff := cmp.Diff([]v1alpha1.ScorePart{{Name: "skills", Value: "100.0"}, {Name: "performance", Value: "50.0"}, {Name: "tier", Value: "100.0"}, {Name: "load", Value: "100.0"},
		{Name: "preference", Value: "80.0"}}, result.Decisions[0].Parts); diff != "" {
		t.Errorf("expected the parts to be told (- want, + got):\n%s", diff)
	}
}

func TestNextIsWhenTimeAloneChangesTheAnswer(t *testing.T) {
	away := engaged("ada", func(c *Candidate) { availability(c).From = new(metav1.NewTime(at(2, 0))) })
	for name, c := range map[string]struct {
		wanted *pending
		of     Candidate
		next   time.Time
	}{
		"a shift is missed when its window ends":             {aShift("x", "", 1, 6, 8, asks("go", 1)), engaged("ada"), at(1, 14)},
		"work with a date becomes work of the week":          {anAssignment("x", due(3, 12), asks("go", 1)), engaged("ada"), at(3, 12)},
		"work without a date has the hours of the next week": {anAssignment("x", asks("go", 1)), engaged("ada"), at(7, 0)},
		"somebody becomes available":                         {anAssignment("x"), away, at(2, 0)},
		"nothing is left":                                    {anAssignment("x"), engaged("ada"), time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := place(t, Input{Pending: []*pending{c.wanted}, Candidates: []Candidate{c.of}}).Next; !got.Equal(c.next) {
				t.Errorf("expected the next look at %s, got %s", c.next, got)
			}
		})
	}
}
