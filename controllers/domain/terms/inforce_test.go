package terms

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

func TestAccessFollowsTheNarrowerOfSpecAndAcceptedTerms(t *testing.T) {
	for _, c := range []struct {
		reason string
		change func(*v1alpha1.EngagementSpec)
		end    string
		grace  time.Duration
		access []string
	}{
		{"nothing is amended", func(*v1alpha1.EngagementSpec) {}, "2027-01-01T08:00:00Z", 2 * time.Hour, []string{"chat", "design-tools"}},
		{"a shorter end takes effect at once", func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.End = meta(t, "2026-12-20T08:00:00Z") },
			"2026-12-20T08:00:00Z", 2 * time.Hour, []string{"chat", "design-tools"}},
		{"a later end waits for both sides", func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.End = meta(t, "2027-03-01T08:00:00Z") },
			"2027-01-01T08:00:00Z", 2 * time.Hour, []string{"chat", "design-tools"}},
		{"a shorter grace takes effect at once", func(s *v1alpha1.EngagementSpec) { s.Offboarding = nil },
			"2027-01-01T08:00:00Z", 0, []string{"chat", "design-tools"}},
		{"a longer grace waits", func(s *v1alpha1.EngagementSpec) { s.Offboarding.AccessGrace = lasting(9 * time.Hour) },
			"2027-01-01T08:00:00Z", 2 * time.Hour, []string{"chat", "design-tools"}},
		{"a profile swapped for another leaves only what is in both", func(s *v1alpha1.EngagementSpec) {
			s.Access = []v1alpha1.AccessRequest{{Name: "admin"}, {Name: "chat"}}
		}, "2027-01-01T08:00:00Z", 2 * time.Hour, []string{"chat"}},
		{"access dropped altogether", func(s *v1alpha1.EngagementSpec) { s.Access = nil }, "2027-01-01T08:00:00Z", 2 * time.Hour, []string{}},
	} {
		t.Run(c.reason, func(t *testing.T) {
			graced := func(s *v1alpha1.EngagementSpec) {
				s.Offboarding = &v1alpha1.Offboarding{AccessGrace: lasting(2 * time.Hour)}
				s.StatementOfWork.Rate = nil
			}
			agreed := accepted(t, designer(t, graced), rate("40", "USD", v1alpha1.PerHour))
			got := Narrower(agreed, designer(t, graced, c.change, func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.Budget.Amount = "1" }))
			if !got.End.Equal(at(t, c.end)) || got.Grace != c.grace {
				t.Errorf("the work ends %s with %s of grace, not %s with %s", c.end, c.grace, got.End, got.Grace)
			}
			if diff := cmp.Diff(c.access, got.Access); diff != "" {
				t.Errorf("access in force (-want +got):\n%s", diff)
			}
			if got.StatementOfWork.Budget.Amount != "5000" {
				t.Error("the statement of work in force is the accepted one")
			}
			if diff := cmp.Diff(rate("40", "USD", v1alpha1.PerHour), got.StatementOfWork.Rate); diff != "" {
				t.Errorf("the rate in force is the one that was accepted:\n%s", diff)
			}
		})
	}
}

func TestBeforeAnyoneAcceptedTheSpecAloneCounts(t *testing.T) {
	got := Narrower(nil, designer(t))
	if !got.End.Equal(at(t, "2027-01-01T08:00:00Z")) || !got.Start.Equal(at(t, "2026-12-01T08:00:00Z")) || len(got.Access) != 2 {
		t.Errorf("the proposed terms are in force, not %+v", got)
	}
}

func TestAGrantNeverOutlivesTheEndTheSmallerGraceAndTheTenureLimit(t *testing.T) {
	end := at(t, "2027-01-01T08:00:00Z")
	before, after := end.Add(-time.Hour), end.Add(30*time.Minute)
	for _, c := range []struct {
		reason            string
		access, mostGrace time.Duration
		forCause          bool
		tenure            *time.Time
		want              time.Time
	}{
		{"no grace", 0, 0, false, nil, end},
		{"the profile caps the grace", 2 * time.Hour, time.Hour, false, nil, end.Add(time.Hour)},
		{"the engagement asks for less", time.Hour, 2 * time.Hour, false, nil, end.Add(time.Hour)},
		{"for cause there is no grace", time.Hour, 2 * time.Hour, true, nil, end},
		{"the tenure limit cuts the grace", time.Hour, time.Hour, false, &after, after},
		{"the tenure limit comes before the end", time.Hour, time.Hour, false, &before, before},
		{"the tenure limit holds for cause as well", 0, 0, true, &before, before},
		{"a tenure limit far away changes nothing", 0, time.Hour, false, &after, end},
		{"a negative grace is none", -time.Hour, time.Hour, false, nil, end},
	} {
		t.Run(c.reason, func(t *testing.T) {
			if got := GrantExpiry(end, c.access, c.mostGrace, c.forCause, c.tenure); !got.Equal(c.want) {
				t.Errorf("access ends %s, not %s", c.want, got)
			}
		})
	}
}
