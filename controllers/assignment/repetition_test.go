package assignment

import (
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// aTaskOf takes some hours, of the week in which it is given.
func aTaskOf(name string, hours int32) *v1alpha1.Assignment {
	a := aLateShift(name)
	a.Spec.Type, a.Spec.Window, a.Spec.Load = v1alpha1.AssignmentTask, nil, &v1alpha1.Load{Hours: hours}
	return a
}

func TestArrivalsThatChangeOnlyNumbersRewriteNothingOfWhatWaits(t *testing.T) {
	place := aPlace()[:3]
	for _, o := range place {
		if w, is := o.(*v1alpha1.Worker); is {
			w.Spec.Availability = &v1alpha1.Availability{HoursPerWeek: 40}
		}
	}
	b := openBackroom(t, append(place, client.Object(aTaskOf("big", 50)))...)
	b.look()
	b.show("big")
	first := b.get(b.server, "big")
	const reason = "has 40 of 40 hours left in week 2026-W49, this takes 50"
	if others := first.Status.Others; len(others) != 1 || others[0].Reason != reason {
		t.Fatalf("expected it to be said that ada %s, got %v", reason, others)
	}
	for _, name := range []string{"small-1", "small-2", "small-3"} {
		b.create(aTaskOf(name, 3))
		b.look()
		b.show(name)
		if got := b.get(b.server, name).Status.Worker; got != "ada" {
			t.Fatalf("expected ada to get %s, got %q", name, got)
		}
	}
	if then := b.get(b.server, "big"); then.ResourceVersion != first.ResourceVersion {
		t.Errorf("expected nothing to be written of what waits when only numbers change, got %v", then.Status.Others)
	}
	e := &v1alpha1.Engagement{}
	if err := b.cache.Get(t.Context(), client.ObjectKey{Namespace: "care", Name: "floor-1"}, e); err != nil {
		t.Fatal(err)
	}
	e.Spec.Suspend = true
	if err := b.cache.Update(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	b.look()
	if why := b.get(b.server, "big").Status.Why; why != "1 considered: 1 is suspended" {
		t.Errorf("expected another reason to be written, got %q", why)
	}
}

func TestOnlyNumbersThatStandAloneAreLeftOutOfTheComparison(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"3 considered: 2 lack the skill go at level 3, 1 is suspended", "4 considered: 3 lack the skill go at level 3, 1 is suspended", true},
		{"3 considered: 2 lack the skill go at level 3", "3 considered: 3 lack the skill go at level 3", true},
		{"2 considered: 2 are suspended", "2 considered: 1 is suspended", false},
		{"has 3 of 40 hours left in week 2026-W49, this takes 8", "has 0 of 40 hours left in week 2026-W49, this takes 8", true},
		{"has 3 of 40 hours left in week 2026-W49, this takes 8", "has 3 of 40 hours left in week 2026-W50, this takes 8", false},
		{"engagement floor-1 is suspended", "engagement floor-2 is suspended", false},
		{"works only until 2026-12-01 14:00 UTC", "works only until 2026-12-02 14:00 UTC", false},
		{"has declined it", "lacks the skill go", false},
	} {
		if got := sameButNumbers(c.a, c.b); got != c.same {
			t.Errorf("expected %q and %q to be the same but for numbers: %t, got %t", c.a, c.b, c.same, got)
		}
	}
}
