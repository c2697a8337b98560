package season

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

func planned(t *testing.T, o Options) *Season {
	t.Helper()
	s, err := Plan(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func floorOf(agents, days int) Options {
	return Options{Agents: agents, Days: days, Seed: 1, Namespace: Namespace, Start: Start}
}

func text(t *testing.T, s *Season) string {
	t.Helper()
	var all strings.Builder
	for _, err := range []error{WriteYAML(&all, s.Workers), WriteYAML(&all, s.Engagements), WriteYAML(&all, s.Assignments)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return all.String()
}

func TestEqualOptionsMakeEqualFloors(t *testing.T) {
	one, again := text(t, planned(t, floorOf(200, 28))), text(t, planned(t, floorOf(200, 28)))
	if diff := cmp.Diff(one, again); diff != "" {
		t.Errorf("expected the same floor from the same options (-first +second):\n%s", diff)
	}
	other := floorOf(200, 28)
	other.Seed = 2
	if text(t, planned(t, other)) == one {
		t.Error("expected another floor from another seed")
	}
}

func TestTheVolumesAreAsAskedFor(t *testing.T) {
	for _, tc := range []struct{ agents, days, seats, tasks int }{{1, 1, 1, 1}, {100, 10, 60, 5}, {200, 28, 120, 10}, {999, 90, 599, 49}} {
		o := floorOf(tc.agents, tc.days)
		s := planned(t, o)
		shifts := 0
		for day := range tc.days {
			shifts += o.Demand(day)
		}
		want := map[string]int{"agents": tc.agents, "seats": tc.seats, "shifts": shifts, "tasks": tc.tasks}
		got := map[string]int{"agents": len(s.Workers), "seats": len(s.Engagements)}
		for _, a := range s.Assignments {
			if a.Spec.Type == v1alpha1.AssignmentShift {
				got["shifts"]++
			} else {
				got["tasks"]++
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("of %d agents and %d days (-expected +made):\n%s", tc.agents, tc.days, diff)
		}
	}
	for _, o := range []Options{floorOf(0, 10), floorOf(10000, 10), floorOf(100, 0), floorOf(100, 91)} {
		if _, err := Plan(o); err == nil {
			t.Errorf("expected %d agents for %d days to be refused", o.Agents, o.Days)
		}
	}
}

func TestDemandRisesFourfoldAndFallsAgain(t *testing.T) {
	o := floorOf(200, 28)
	least, most := o.Demand(0), 0
	for day := range o.Days {
		most = max(most, o.Demand(day))
		if mirrored := o.Demand(o.Days - 1 - day); mirrored != o.Demand(day) {
			t.Errorf("day %d needs %d shifts, expected as many as the day that is as far from the end, %d", day, o.Demand(day), mirrored)
		}
	}
	if least != 12 || most != 48 {
		t.Errorf("a day needs between %d and %d shifts, expected 12 to 48, four times as many", least, most)
	}
}

func TestEveryNameIsGivenOnce(t *testing.T) {
	s := planned(t, floorOf(300, 40))
	seen := map[string]bool{}
	note := func(kind, name string) {
		if seen[kind+name] {
			t.Errorf("the %s %s is there twice", kind, name)
		}
		seen[kind+name] = true
	}
	for _, w := range s.Workers {
		note("agent", w.Name)
		note("person", w.Spec.PersonKey)
	}
	for _, e := range s.Engagements {
		note("seat", e.Name)
	}
	for _, a := range s.Assignments {
		note("assignment", a.Name)
	}
}

func TestAgentsAreDescribedByTheirWorkAlone(t *testing.T) {
	for _, w := range planned(t, floorOf(300, 1)).Workers {
		if !strings.HasPrefix(w.Name, "agent-") || w.Spec.Username != "" || w.Spec.ContactSecretRef != nil || len(w.Spec.Segments) > 0 {
			t.Errorf("%s has a name, an account or contact data, expected a number and nothing else: %+v", w.Name, w.Spec)
		}
		if rate := rateFor(w.Spec.Skills); !cmp.Equal(rate, w.Spec.Rate) {
			t.Errorf("%s asks for %v, expected %v: the rate follows from the skills alone", w.Name, w.Spec.Rate, rate)
		}
		if p := w.Spec.Preferences; p != nil {
			for _, like := range p.Shifts {
				if !slices.Contains(w.Spec.Availability.Shifts, like.Name) {
					t.Errorf("%s likes %s shifts and cannot take them", w.Name, like.Name)
				}
			}
		}
	}
}

// Three of four applicants pass a screening like the sample's. Most seats must be fillable by those, or the floor shows nothing.
func TestMostSeatsCanBeFilledByTheThreeQuartersWhoPass(t *testing.T) {
	s := planned(t, floorOf(200, 10))
	taken, filled := map[string]bool{}, 0
	for _, e := range s.Engagements {
		// One after the other fills fewer than a joint plan can.
		for i, w := range s.Workers {
			if i%4 != 3 && !taken[w.Name] && fits(w, e.Spec.Requirements) {
				taken[w.Name], filled = true, filled+1
				break
			}
		}
	}
	if filled < len(s.Engagements)*95/100 {
		t.Errorf("%d of %d seats can be filled, expected nearly all", filled, len(s.Engagements))
	}
}

func fits(w *v1alpha1.Worker, asked *v1alpha1.Requirements) bool {
	for _, language := range asked.Languages {
		if !slices.Contains(w.Spec.Languages, language) {
			return false
		}
	}
	return w.Spec.Availability.HoursPerWeek >= asked.HoursPerWeek && able(w, asked.Skills[0])
}

func able(w *v1alpha1.Worker, asked v1alpha1.SkillRequirement) bool {
	return slices.ContainsFunc(w.Spec.Skills, func(s v1alpha1.Skill) bool { return s.Name == asked.Name && s.Level >= asked.MinLevel })
}

func TestEveryShiftCanBeTakenBySeveral(t *testing.T) {
	s := planned(t, floorOf(200, 10))
	for _, a := range s.Assignments {
		many := 0
		for _, w := range s.Workers {
			if able(w, a.Spec.Skills[0]) && (a.Spec.Shift == "" || slices.Contains(w.Spec.Availability.Shifts, a.Spec.Shift)) {
				many++
			}
		}
		if many < 15 {
			t.Errorf("%d of 200 applicants can take %s, expected more", many, a.Name)
		}
	}
}
