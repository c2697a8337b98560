package engagement

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

var (
	designers = types.NamespacedName{Namespace: "marketing", Name: "designers"}
	first     = types.NamespacedName{Namespace: "marketing", Name: "a"}
	second    = types.NamespacedName{Namespace: "sales", Name: "b"}
)

func woken(news []types.NamespacedName) string {
	var names []string
	for _, key := range news {
		names = append(names, key.String())
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func plansOf(a, b string) map[types.NamespacedName]planned {
	return map[types.NamespacedName]planned{first: {Hash: "sha256:1", Worker: a}, second: {Hash: "sha256:2", Worker: b}}
}

func TestAPlanWakesThoseToWhomItIsNews(t *testing.T) {
	var p plans
	if !p.ask(designers, first, nil) || !p.ask(designers, second, nil) {
		t.Fatal("there is no plan yet, so whoever asks gets one")
	}
	if asked := p.demanded(designers); len(asked) != 2 || len(p.demanded(designers)) != 0 {
		t.Errorf("two asked, once, but it is %v", asked)
	}
	if got := woken(p.replace(designers, plansOf("ada", "bob"))); got != "marketing/a sales/b" {
		t.Errorf("the first plan is news to all in it, but it wakes %q", got)
	}
	if got := woken(p.replace(designers, plansOf("ada", "bob"))); got != "" {
		t.Errorf("planning again with the same facts is news to nobody, but it wakes %q", got)
	}
	if got := woken(p.replace(designers, plansOf("ada", "cleo"))); got != "sales/b" {
		t.Errorf("only the second goes to somebody else, but the plan wakes %q", got)
	}
	changed := plansOf("ada", "cleo")
	changed[first] = planned{Hash: "sha256:3", Worker: "ada"}
	if got := woken(p.replace(designers, changed)); got != "marketing/a" {
		t.Errorf("the terms of the first changed, but the plan wakes %q", got)
	}
	if p.of(types.NamespacedName{Name: "another"}, first) != nil {
		t.Error("a plan of one pool says nothing of another")
	}
}

func TestWhoeverHasNotSeenTheNewestPlanIsNotPlannedForAgain(t *testing.T) {
	var p plans
	p.replace(designers, plansOf("ada", "bob"))
	saw := p.of(designers, first)
	p.replace(designers, plansOf("cleo", "bob"))
	if p.ask(designers, first, saw) || p.ask(designers, first, nil) {
		t.Error("a plan was made since, and woke the engagement: another one is of no use")
	}
	if !p.ask(designers, first, p.of(designers, first)) {
		t.Error("the newest plan is of no use to the engagement, so there must be another")
	}
}

func TestAPlanIsUnsettledWhileOffersAreToBeMade(t *testing.T) {
	var p plans
	p.replace(designers, plansOf("ada", ""))
	if saw := p.of(designers, second); saw.Worker != "" || !saw.Unsettled {
		t.Errorf("the first has yet to offer ada the work, but the second sees %+v", saw)
	}
	if p.settle(designers, first, "ada") {
		t.Error("the first did as planned: nobody is free who was not, so there is nothing to plan")
	}
	if saw := p.of(designers, second); saw.Unsettled || p.of(designers, first) != nil {
		t.Errorf("every offer is made, but the second sees %+v", saw)
	}
}

func TestWhoeverDoesNotDoAsPlannedFreesAWorkerForTheOthers(t *testing.T) {
	var p plans
	p.replace(designers, plansOf("ada", ""))
	if !p.settle(designers, first, "") {
		t.Error("the first was suspended and looks for nobody: ada is free for the second, so there is to be a new plan")
	}
	if asked := p.demanded(designers); len(asked) != 1 || !asked[second] {
		t.Errorf("the second asks for it, but it is %v", asked)
	}
	p.replace(designers, plansOf("ada", "bob"))
	if p.settle(designers, first, "") {
		t.Error("nobody was left without a worker, so nobody needs a new plan")
	}
}

func TestWhoeverWasPlannedForAnEngagementThatIsGoneIsFreeForTheOthers(t *testing.T) {
	elsewhere := types.NamespacedName{Namespace: "marketing", Name: "agents"}
	for name, stays := range map[string]types.NamespacedName{"deleted": {}, "of another pool now": elsewhere} {
		t.Run(name, func(t *testing.T) {
			var p plans
			p.replace(designers, plansOf("ada", ""))
			if wanted := p.leave(first, designers); len(wanted) != 0 || p.of(designers, first) == nil {
				t.Errorf("the first is of this pool still, but it left the plan, and new ones are asked for of %v", wanted)
			}
			if wanted := p.leave(first, stays); len(wanted) != 1 || wanted[0] != designers {
				t.Errorf("ada is free for the second now, so there is to be a new plan, but new ones are asked for of %v", wanted)
			}
			if saw := p.of(designers, second); saw.Unsettled {
				t.Error("the second waits for an offer that nobody will make any more")
			}
		})
	}
}

func TestOfPoolsInWhichNobodyIsLookedForNothingIsRemembered(t *testing.T) {
	var p plans
	p.of(designers, first)
	p.demanded(designers)
	p.settle(designers, first, "")
	p.ask(designers, first, nil)
	p.demanded(designers)
	p.replace(designers, plansOf("ada", "bob"))
	p.settle(designers, first, "ada")
	p.leave(second, types.NamespacedName{})
	if len(p.pools) != 0 {
		t.Errorf("nobody is planned for, but %d pools are remembered", len(p.pools))
	}
}

func TestThePlaceOfAPersonIsGivenOnce(t *testing.T) {
	eng := func(name, version string) types.NamespacedName {
		return types.NamespacedName{Namespace: version, Name: name}
	}
	// The cache shows, of each engagement, the version that its test namespace says.
	shown := func(key types.NamespacedName) string { return key.Namespace }
	offer := func(uid types.UID, key types.NamespacedName) givenPlace {
		return givenPlace{place: place{UID: uid, Offered: true, Hours: 20}, Person: "person-of-ada", Engagement: key}
	}
	accepted := func(uid types.UID, key types.NamespacedName) givenPlace {
		g := offer(uid, key)
		g.Offered = false
		return g
	}
	cached := func(places ...place) func() (load, error) {
		return func() (load, error) { return load{Places: places}, nil }
	}
	take := func(p *places, g givenPlace, limit int32, read func() (load, error), without ...types.UID) bool {
		t.Helper()
		taken, err := p.take(g, limit, read, shown, without...)
		if err != nil {
			t.Fatal(err)
		}
		return taken
	}
	t.Run("while the write is under way", func(t *testing.T) {
		var p places
		if !take(&p, offer("a", eng("a", "5")), 1, cached()) {
			t.Error("nobody has the place, but it is not given")
		}
		if take(&p, offer("b", eng("b", "5")), 1, cached()) {
			t.Error("the last place was given twice")
		}
		if !take(&p, offer("c", eng("c", "5")), 2, cached()) {
			t.Error("one of two places is left, but it is not given")
		}
	})
	t.Run("until the cache shows it", func(t *testing.T) {
		var p places
		take(&p, offer("a", eng("a", "5")), 1, cached())
		p.wrote("a", "6")
		if take(&p, offer("b", eng("b", "5")), 1, cached()) {
			t.Error("the cache is behind, and the last place was given twice")
		}
		if l := (load{}).with(p.pending(shown)["person-of-ada"]); len(l.Places) != 1 || l.Places[0].Hours != 20 {
			t.Errorf("the load is to count what the cache does not show, but is %+v", l)
		}
		p.wrote("a", "5")
		if pending := p.pending(shown); len(pending) != 0 {
			t.Errorf("the cache shows the write, but %v is still remembered", pending)
		}
		if take(&p, offer("b", eng("b", "5")), 1, cached(place{UID: "a", Offered: true})) {
			t.Error("the cache shows that the place is taken, and it was given")
		}
		if !take(&p, offer("b", eng("b", "5")), 1, cached()) {
			t.Error("the cache shows that the place is free again, but it is not given")
		}
	})
	t.Run("and so are the hours of a week", func(t *testing.T) {
		var p places
		week := func(uid types.UID) givenPlace {
			g := offer(uid, eng(string(uid), "5"))
			g.PerWeek = 50
			return g
		}
		if !take(&p, week("a"), 0, cached()) || !take(&p, week("b"), 0, cached()) {
			t.Error("twice 20 of 50 hours are free, but they are not given")
		}
		if take(&p, week("c"), 0, cached()) {
			t.Error("10 of 50 hours are left, and 20 were given")
		}
		g := week("b")
		g.Offered = false
		if !take(&p, g, 0, cached(place{UID: "c", Hours: 20})) {
			t.Error("whoever accepts has the hours that they were offered, but they are not given")
		}
	})
	t.Run("a write that failed frees it", func(t *testing.T) {
		var p places
		take(&p, offer("a", eng("a", "5")), 1, cached())
		p.wrote("a", "")
		if !take(&p, offer("b", eng("b", "5")), 1, cached()) {
			t.Error("nothing was written, but the place is not given")
		}
	})
	t.Run("a write whose answer was lost keeps it until the cache shows what became of it", func(t *testing.T) {
		for version, free := range map[string]bool{"5": false, "6": true} {
			var p places
			take(&p, offer("a", eng("a", version)), 1, cached())
			p.doubt("a", "5")
			if got := take(&p, offer("b", eng("b", "5")), 1, cached()); got != free {
				t.Errorf("the write was made against version 5, and the cache shows %s without an offer: the place was given: %v, expected %v", version, got, free)
			}
		}
	})
	t.Run("an offer does not stand in the way of an acceptance", func(t *testing.T) {
		var p places
		take(&p, offer("a", eng("a", "5")), 2, cached())
		if !take(&p, accepted("b", eng("b", "5")), 1, cached()) {
			t.Error("only an offer is open elsewhere, but whoever accepted does not get the place")
		}
		if take(&p, accepted("a", eng("a", "5")), 1, cached()) {
			t.Error("two accepted at once, and both got the last place")
		}
	})
	t.Run("a renewal takes the place of its predecessor", func(t *testing.T) {
		var p places
		if !take(&p, offer("b", eng("b", "5")), 1, cached(place{UID: "a"}), "a") {
			t.Error("the predecessor's place is free for the renewal, but it is not given")
		}
	})
}

func TestOnlyAnAnswerSaysThatNothingWasWritten(t *testing.T) {
	resource := schema.GroupResource{Group: "gig.longshore.dev", Resource: "engagements"}
	for _, tc := range []struct {
		err  error
		want bool
	}{
		{apierrors.NewConflict(resource, "a", nil), true},
		{fmt.Errorf("writing the status: %w", apierrors.NewInvalid(schema.GroupKind{}, "a", nil)), true},
		{apierrors.NewTooManyRequests("later", 1), true},
		{apierrors.NewTimeoutError("too slow", 1), false},
		{apierrors.NewInternalError(errors.New("no leader")), false},
		{errors.New("connection reset by peer"), false},
		{context.DeadlineExceeded, false},
	} {
		if got := refused(tc.err); got != tc.want {
			t.Errorf("after %q nothing was written: %v, expected %v", tc.err, got, tc.want)
		}
	}
}

func TestTheWorkerWhoIsPlannedMustStillBeAbleToDoIt(t *testing.T) {
	w := aPoolOf(t, aWorker("ada", "designers"), aWorker("bob", "designers")).add(anEngagement("a"))
	w.settle()
	w.state(anAttestation("approval/engagement").By("dana").Says(v1alpha1.VerdictApproved).Terms(w.proposed()))
	decided := func(plan *planned) *decision {
		t.Helper()
		s := w.scope(w.eng("a"))
		s.Planned = plan
		return w.decide(s)
	}
	hash := w.proposed()
	for _, tc := range []struct {
		name    string
		plan    *planned
		offered string
		asks    bool
	}{
		{"no plan", nil, "", true},
		{"a plan for these terms", &planned{Hash: hash, Worker: "bob"}, "bob", false},
		{"a plan for other terms", &planned{Hash: "sha256:00", Worker: "bob"}, "", true},
		{"somebody who is not of the pool", &planned{Hash: hash, Worker: "kai"}, "", true},
		{"nobody, while others have yet to make their offers", &planned{Hash: hash, Unsettled: true}, "", false},
		{"nobody, and every offer is made", &planned{Hash: hash}, "", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := decided(tc.plan)
			offered := ""
			if offer := offerOf(d.Status); offer != nil {
				offered = offer.Worker
			}
			if offered != tc.offered || (d.Actions.Plan != nil) != tc.asks {
				t.Errorf("the work is offered to %q and another plan is asked for: %v; expected %q and %v", offered, d.Actions.Plan != nil, tc.offered, tc.asks)
			}
			waits := slices.ContainsFunc(d.Status.WaitingFor, func(w v1alpha1.WaitingFor) bool { return w.What == waitPlan })
			if waits != (tc.offered == "") {
				t.Errorf("whoever looks is told that a plan is awaited: %v, expected %v", waits, tc.offered == "")
			}
		})
	}
}
