package compliance

import (
	"slices"
	"testing"
	"time"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/policy"
)

// selected is a case that the policy is about.
func selected(spec *v1alpha1.CompliancePolicySpec) *policy.Case {
	c := given()
	c.Now = spec.EffectiveFrom.Time
	if s := spec.AppliesTo; s != nil {
		if len(s.Jurisdictions) > 0 {
			c.Engagement.Spec.Classification.Jurisdiction = s.Jurisdictions[0]
		}
		if len(s.WorkerTypes) > 0 {
			c.Engagement.Spec.Classification.WorkerType = s.WorkerTypes[0]
		}
	}
	return c
}

func TestEveryPolicyIsAboutWhatItSaysAndNothingElse(t *testing.T) {
	for _, p := range shipped(t) {
		about := func(why string, want bool, change func(*policy.Case)) {
			t.Helper()
			c := selected(&p.Spec)
			change(c)
			if got := policy.Judge([]v1alpha1.CompliancePolicy{p}, c).Selected == 1; got != want {
				t.Errorf("%s selects: %t, expected %t, because %s", p.Name, got, want, why)
			}
		}
		about("it is within its dates", true, func(*policy.Case) {})
		about("it begins a second later", false, func(c *policy.Case) { c.Now = p.Spec.EffectiveFrom.Add(-time.Second) })
		if to := p.Spec.EffectiveTo; to != nil {
			about("it ends a second later", true, func(c *policy.Case) { c.Now = to.Add(-time.Second) })
			about("it ends now", false, func(c *policy.Case) { c.Now = to.Time })
		}
		if s := p.Spec.AppliesTo; s != nil && len(s.Jurisdictions) > 0 {
			for _, place := range s.Jurisdictions {
				about("the work is in "+place, true, in(place))
				about("the worker is in "+place, true, func(c *policy.Case) { in("XX")(c); livingIn(place)(c) })
				if len(place) == len("DE") {
					about("the work is in a part of "+place, true, in(place+"-ZZ"))
				} else {
					about("the work is elsewhere in the country of "+place, false, in(place[:2]))
				}
			}
			about("neither the work nor the worker is there", false, func(c *policy.Case) { in("XX")(c); livingIn("XY")(c) })
		}
		if s := p.Spec.AppliesTo; s != nil && len(s.WorkerTypes) > 0 {
			for _, form := range []v1alpha1.WorkerType{
				v1alpha1.IndependentContractor, v1alpha1.AgencyWorker, v1alpha1.PayrolledWorker, v1alpha1.ServiceProvider, v1alpha1.FixedTermEmployee,
			} {
				about("of the worker type "+string(form), slices.Contains(s.WorkerTypes, form), as(form))
			}
		}
	}
}

func TestNoMomentIsWithoutAPolicyBetweenASupersededOneAndItsSuccessor(t *testing.T) {
	for _, pair := range [][2]string{{"us-1099-nec-2025", "us-1099-nec-2026"}, {"eu-platform-work-ahead", "eu-platform-work"}} {
		superseded, successor := the(t, pair[0]), the(t, pair[1])
		if superseded.Spec.EffectiveTo == nil || !superseded.Spec.EffectiveTo.Equal(&successor.Spec.EffectiveFrom) {
			t.Errorf("%s should begin to apply at the moment at which %s ceases to", successor.Name, superseded.Name)
		}
	}
}

func TestTheMemberStatesAreAllThere(t *testing.T) {
	const memberStates = 27
	for _, name := range []string{"eu-platform-work-ahead", "eu-platform-work", "eu-platform-work-presumption"} {
		p := the(t, name)
		if n := len(p.Spec.AppliesTo.Jurisdictions); n != memberStates {
			t.Errorf("%s is about %d countries, expected the %d member states", name, n, memberStates)
		}
	}
}
