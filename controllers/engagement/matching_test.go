package engagement

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

// aPoolOf three who differ in what they can do, each for one engagement at a time.
func aPoolOf(t *testing.T, workers ...*workerBuilder) *world {
	t.Helper()
	pool := aPool("designers")
	pool.Spec.Limits = &v1alpha1.PoolLimits{MaxConcurrentPerWorker: 1}
	w := newWorld(t, "2026-11-20 08:00").add(pool)
	for _, b := range workers {
		w.add(b)
	}
	return w
}

// needing is an engagement that ranks by a skill, and asks for it at all where required.
func needing(name, skill string, required bool) *engagementBuilder {
	return anEngagement(name).With(func(s *v1alpha1.EngagementSpec) {
		s.Requirements = &v1alpha1.Requirements{Skills: []v1alpha1.SkillRequirement{{Name: skill, MinLevel: 4, Required: required}}}
	})
}

// together approves engagements in one moment.
func (w *world) together(engagements ...*engagementBuilder) *world {
	w.t.Helper()
	for _, b := range engagements {
		w.add(b)
	}
	for _, b := range engagements {
		w.subject = b.Name
		w.settle()
	}
	for _, b := range engagements {
		w.state(anAttestation("approval/engagement").By("dana").Says(v1alpha1.VerdictApproved).Of(b.Name).Terms(w.eng(b.Name).Status.Proposed.Hash))
	}
	return w.settle()
}

// offers are to whom each engagement is offered, in one line.
func (w *world) offers() string {
	var pairs []string
	for _, eng := range values(w.engagements) {
		to := "nobody"
		if offer := offerOf(&eng.Status); offer != nil {
			to = offer.Worker
		}
		pairs = append(pairs, eng.Name+"="+to)
	}
	return strings.Join(pairs, " ")
}

func (w *world) expectOffers(want string) *world {
	w.t.Helper()
	if got := w.offers(); got != want {
		w.t.Fatalf("the offers are %q, expected %q", got, want)
	}
	return w
}

func (w *world) of(name string) *world { w.subject = name; return w }

func TestOpenEngagementsAreFilledTogether(t *testing.T) {
	t.Run("as many as possible, not first come, first served", func(t *testing.T) {
		w := aPoolOf(t, aWorker("ada", "designers").Skilled("web", 4).Skilled("print", 4), aWorker("bob", "designers").Skilled("web", 2))
		w.together(needing("a-site", "web", false), needing("b-poster", "print", true)).expectOffers("a-site=bob b-poster=ada")
		ada := candidate(w.of("a-site"), "ada")
		if ada.State != v1alpha1.CandidateEligible || !strings.Contains(ada.Reason, "another open engagement of the pool") {
			t.Errorf("ada scores higher than bob and goes elsewhere, but she is %s because %q", ada.State, ada.Reason)
		}
		if strings.Contains(fmt.Sprint(w.status().Recruitment.Candidates), "b-poster") {
			t.Error("an engagement's status names another engagement")
		}
		if bob := candidate(w, "bob"); bob.State != v1alpha1.CandidateOffered || bob.Reason != "" {
			t.Errorf("bob is offered the work, but is %s because %q", bob.State, bob.Reason)
		}
	})
	t.Run("then the highest total", func(t *testing.T) {
		// Alone, each would have ada; together ada is worth more where bob is worth least.
		w := aPoolOf(t, aWorker("ada", "designers").Skilled("web", 4).Skilled("print", 4), aWorker("bob", "designers").Skilled("web", 3))
		w.together(needing("a-site", "web", false), needing("b-poster", "print", false)).expectOffers("a-site=bob b-poster=ada")
	})
	t.Run("one plan for all that are approved together", func(t *testing.T) {
		w := aPoolOf(t, aWorker("ada", "designers"), aWorker("bob", "designers"), aWorker("cleo", "designers"))
		w.together(anEngagement("a"), anEngagement("b"), anEngagement("c")).expectOffers("a=ada b=bob c=cleo")
		if w.planned != 1 {
			t.Errorf("expected one plan, and %d were made", w.planned)
		}
	})
	t.Run("at rest nothing is planned", func(t *testing.T) {
		w := aPoolOf(t, aWorker("ada", "designers")).together(anEngagement("a"), anEngagement("b")).expectOffers("a=ada b=nobody")
		planned := w.planned
		w.after(24 * time.Hour)
		if w.planned != planned {
			t.Errorf("nothing happened for a day, and %d plans were made", w.planned-planned)
		}
	})
	t.Run("another leader, who knows of no plan, writes nothing", func(t *testing.T) {
		w := aPoolOf(t, aWorker("ada", "designers")).together(anEngagement("a"), anEngagement("b"))
		writes, planned := w.writes, w.planned
		w.plans, w.wanted = plans{}, map[types.NamespacedName]bool{}
		w.settle()
		if w.writes != writes || w.planned != planned {
			t.Errorf("expected a restart to write and to plan nothing, it made %d writes and %d plans", w.writes-writes, w.planned-planned)
		}
	})
}

func TestWhoeverIsFreeAgainIsPlannedForAnew(t *testing.T) {
	contested := func(t *testing.T) *world {
		return aPoolOf(t, aWorker("ada", "designers")).together(anEngagement("a"), anEngagement("b")).expectOffers("a=ada b=nobody").of("b").
			expectStalled(v1alpha1.ReasonNoCandidates).of("a")
	}
	t.Run("whoever waits is told for whom", func(t *testing.T) {
		w := contested(t).of("b").expectWaits("recruitment/candidates: Manager")
		if c := candidate(w, "ada"); !strings.Contains(c.Reason, "has been offered 1 of the 1 engagements") {
			t.Errorf("ada has an open offer, but is excluded because %q", c.Reason)
		}
	})
	t.Run("when they decline, the other is offered the work", func(t *testing.T) {
		w := contested(t)
		w.say(w.answer(v1alpha1.VerdictDeclined)).expectOffers("a=nobody b=ada")
	})
	t.Run("when they do not answer in time, the other is offered the work", func(t *testing.T) {
		contested(t).after(48 * time.Hour).expectOffers("a=nobody b=ada")
	})
	t.Run("when the terms change, the other is offered the work", func(t *testing.T) {
		w := contested(t)
		w.edit("a", func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.Summary = "and more" }).settle().expectOffers("a=nobody b=ada")
		w.of("a").approve().expectOffers("a=nobody b=ada")
	})
	t.Run("when they accept, nobody else is", func(t *testing.T) {
		w := contested(t)
		w.say(w.answer(v1alpha1.VerdictAccepted)).expectPhase(v1alpha1.PhaseOnboarding).of("b").expectStalled(v1alpha1.ReasonNoCandidates)
	})
	t.Run("somebody new gets what is open", func(t *testing.T) {
		contested(t).add(aWorker("bob", "designers")).settle().expectOffers("a=ada b=bob")
	})
}

func TestThePlanTakesOpenOffersForTaken(t *testing.T) {
	t.Run("of a pinned worker", func(t *testing.T) {
		w := aPoolOf(t, aWorker("ada", "designers"), aWorker("bob", "designers")).add(anEngagement("pinned").Pinned("ada")).approve()
		w.together(anEngagement("a")).expectOffers("a=bob pinned=ada")
	})
	t.Run("of another Worker object of the same person", func(t *testing.T) {
		w := aPoolOf(t, aWorker("ada", "designers"), aWorker("ada-2", "designers").Person("person-of-ada"), aWorker("bob", "designers"))
		w.together(anEngagement("a"), anEngagement("b"), anEngagement("c"))
		if got := w.offers(); strings.Count(got, "=nobody") != 1 || strings.Count(got, "=bob") != 1 {
			t.Errorf("the offers are %q, expected one for bob and one for ada, who is one person", got)
		}
	})
	t.Run("whom a person chose", func(t *testing.T) {
		w := aPoolOf(t, aWorker("ada", "designers"), aWorker("bob", "designers"))
		w.add(anEngagement("chosen").Recruiting(v1alpha1.Recruitment{Selection: v1alpha1.SelectionRequester})).approve()
		w.say(anAttestation("selection/ada").By("mia").Says(v1alpha1.VerdictChosen)).together(anEngagement("a")).expectOffers("a=bob chosen=ada")
	})
	t.Run("without a limit it makes people busier", func(t *testing.T) {
		w := newWorld(t, "2026-11-20 08:00").add(aPool("designers"), aWorker("ada", "designers"), aWorker("bob", "designers"))
		w.together(anEngagement("a"), anEngagement("b"))
		if got := w.offers(); got != "a=ada b=bob" && got != "a=bob b=ada" {
			t.Errorf("the offers are %q, expected one for each: both are equally good, and a second engagement makes busier", got)
		}
	})
	t.Run("a renewal keeps the place of its predecessor", func(t *testing.T) {
		w := aPoolOf(t, aWorker("ada", "designers").Skilled("web", 5)).add(anEngagement("first")).hire()
		w.together(needing("renewal", "web", true).From("2027-01-01 08:00", "2027-02-01 08:00").Continues("first")).of("renewal").expectOffered("ada")
	})
}

func TestTheLimitIsCheckedAgainWhenAnOfferIsAccepted(t *testing.T) {
	generous, strict := aPool("designers"), aPool("designers")
	generous.Spec.Limits = &v1alpha1.PoolLimits{MaxConcurrentPerWorker: 2}
	strict.Spec.Limits = &v1alpha1.PoolLimits{MaxConcurrentPerWorker: 1}
	w := newWorld(t, "2026-11-20 08:00").add(generous, aWorker("ada", "designers")).together(anEngagement("a"), anEngagement("b")).expectOffers("a=ada b=ada")
	w.add(strict)
	w.of("a").say(w.answer(v1alpha1.VerdictAccepted)).expectPhase(v1alpha1.PhaseOnboarding)
	w.of("b").say(w.answer(v1alpha1.VerdictAccepted)).expectPhase(v1alpha1.PhaseRecruiting).expectWaits("recruitment/accepted: Manager").expectStalled(v1alpha1.ReasonNoCandidates)
	w.add(generous).settle().expectPhase(v1alpha1.PhaseOnboarding)
}

func TestWhoeverMayNotBeEngagedAgainWhenTheyAcceptIsNotEngaged(t *testing.T) {
	w := aMarketingTeam(t).add(anEngagement("first").Pinned("ada")).hire().add(anEngagement("second").Pinned("ada")).approve().expectOffered("ada")
	w.edit("first", terminated(v1alpha1.Termination{Reason: v1alpha1.TerminationMisconduct})).settle()
	w.say(w.answer(v1alpha1.VerdictAccepted)).expectPhase(v1alpha1.PhaseRecruiting).expectWaits("recruitment/accepted: Manager")
}

func TestAReviewedRehireIsACandidateAgain(t *testing.T) {
	reviewed := func(t *testing.T, statements ...v1alpha1.WorkerAttestation) *world {
		w := aMarketingTeam(t).add(anEngagement("first").Pinned("ada")).hire().say(anAttestation("rehire/decision").By("max").Says(v1alpha1.VerdictWithReview))
		w.edit("first", terminated(v1alpha1.Termination{Reason: v1alpha1.TerminationOther})).settle().expectOutcome(v1alpha1.OutcomeTerminated)
		w.workers["marketing/ada"].Status.Attestations = statements
		return w.add(anEngagement("second")).approve()
	}
	approval := func(pool string, verdict v1alpha1.Verdict, author string) v1alpha1.WorkerAttestation {
		return v1alpha1.WorkerAttestation{Pool: pool, AttestationRecord: v1alpha1.AttestationRecord{
			UID: types.UID(pool + author + string(verdict)), Claim: "approval/rehire", Verdict: verdict, Author: author, At: *metaTime(on("2026-11-21")),
		}}
	}
	old := approval("designers", v1alpha1.VerdictApproved, "dana")
	old.At = *metaTime(on("2026-11-01"))
	for _, tc := range []struct {
		name       string
		statements []v1alpha1.WorkerAttestation
		offered    string
	}{
		{"without an approval", nil, "leo"},
		{"with one", []v1alpha1.WorkerAttestation{approval("designers", v1alpha1.VerdictApproved, "dana")}, "ada"},
		{"with one from before the decision", []v1alpha1.WorkerAttestation{old}, "leo"},
		{"with one of another pool", []v1alpha1.WorkerAttestation{approval("agents", v1alpha1.VerdictApproved, "dana")}, "leo"},
		{"with the requester's own", []v1alpha1.WorkerAttestation{approval("designers", v1alpha1.VerdictApproved, "mia")}, "leo"},
		{"with a rejection", []v1alpha1.WorkerAttestation{approval("designers", v1alpha1.VerdictRejected, "dana")}, "leo"},
	} {
		t.Run(tc.name, func(t *testing.T) { reviewed(t, tc.statements...).expectOffered(tc.offered) })
	}
}

func TestPerformanceInThePoolRanks(t *testing.T) {
	rated := func(name, score string) *workerBuilder {
		return aWorker(name, "designers").With(func(wk *v1alpha1.Worker) {
			wk.Status.Pools[0].Score = &v1alpha1.WorkerScore{Value: score}
		})
	}
	w := aPoolOf(t, rated("ada", "41.5"), aWorker("bob", "designers"), rated("cleo", "82.5"))
	w.pools["marketing/designers"].Status.Prior = &v1alpha1.Prior{Mean: "61.0"}
	w.add(anEngagement("work").Recruiting(v1alpha1.Recruitment{Selection: v1alpha1.SelectionRequester})).approve()
	var got []string
	for _, c := range w.status().Recruitment.Candidates {
		for _, part := range c.Parts {
			if part.Name == "performance" {
				got = append(got, c.Worker+" "+part.Value)
			}
		}
	}
	if want := "cleo 82.5, bob 61.0, ada 41.5"; strings.Join(got, ", ") != want {
		t.Errorf("the ranking by performance is %v, expected %s: of bob, who has no evaluation, the pool's prior mean counts", got, want)
	}
	w.pools["marketing/designers"].Status.Prior = nil
	w.settle()
	if c := candidate(w, "bob"); len(c.Parts) < 2 || c.Parts[1].Value != "50.0" {
		t.Errorf("a pool without a prior expects 50 of bob, but his parts are %v", c.Parts)
	}
}

func TestTheTierAndTheBaseRateCountAtTheTimeOfTheOffer(t *testing.T) {
	earning := func(tier, base string) *workerBuilder {
		return aWorker("ada", "designers").With(func(wk *v1alpha1.Worker) {
			wk.Spec.Rate = &v1alpha1.Rate{Currency: "USD", Amount: base, Per: v1alpha1.PerHour}
			wk.Status.Pools[0].Tier = tier
		})
	}
	offered := func(t *testing.T) *world {
		w := aPoolOf(t, earning("Standard", "40"))
		w.pools["marketing/designers"].Spec.Tiers = []v1alpha1.Tier{{Name: "Standard"}, {Name: "Gold", RateMultiplier: "1.5"}}
		w.add(anEngagement("designer").With(func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.Rate = nil })).approve().expectOffered("ada")
		if got := w.offered(); got.Rate.Amount != "40" || got.Tier != "Standard" {
			t.Fatalf("a Standard worker's base rate is offered as it is, 40, but it is %s in tier %s", got.Rate.Amount, got.Tier)
		}
		return w
	}
	t.Run("of a tier that the pool does not have, the lowest counts", func(t *testing.T) {
		w := aPoolOf(t, earning("Bronze", "40"))
		w.pools["marketing/designers"].Spec.Tiers = []v1alpha1.Tier{{Name: "Standard", RateMultiplier: "0.9"}, {Name: "Gold", RateMultiplier: "1.5"}}
		w.add(anEngagement("designer").With(func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.Rate = nil })).approve().expectOffered("ada")
		if got := w.offered(); got.Rate.Amount != "36" || got.Tier != "Standard" {
			t.Errorf("the lowest tier's multiplier makes 36 of 40, but %s is offered in tier %s", got.Rate.Amount, got.Tier)
		}
	})
	agreed := func(w *world, want string) {
		w.t.Helper()
		if got := w.status().Terms.Rate.Amount; got != want {
			w.t.Errorf("the rate agreed is %s, expected %s", got, want)
		}
	}
	t.Run("an open offer stands as it was made", func(t *testing.T) {
		w := offered(t)
		before := *w.offered()
		w.add(earning("Gold", "60")).settle()
		if after := *w.offered(); after.Hash != before.Hash || after.Rate.Amount != "40" || after.Tier != "Standard" {
			t.Errorf("the offer of %s changed under the worker who reads it: it is %+v", before.Rate.Amount, after)
		}
		w.say(w.answer(v1alpha1.VerdictAccepted)).expectPhase(v1alpha1.PhaseOnboarding)
		agreed(w, "40")
	})
	t.Run("an accepted rate does not follow tier or base rate", func(t *testing.T) {
		w := offered(t)
		w.say(w.answer(v1alpha1.VerdictAccepted)).expectPhase(v1alpha1.PhaseOnboarding)
		w.add(earning("Gold", "60")).settle()
		agreed(w, "40")
		if w.status().Amendment != nil || offerOf(w.status()) != nil && offerOf(w.status()).Rate.Amount != "40" {
			t.Errorf("nobody asked for a change, but there is the amendment %+v and the offer %+v", w.status().Amendment, offerOf(w.status()))
		}
	})
	t.Run("an amendment that says nothing of the rate keeps it", func(t *testing.T) {
		w := offered(t)
		w.say(w.answer(v1alpha1.VerdictAccepted)).expectPhase(v1alpha1.PhaseOnboarding).add(earning("Gold", "60"))
		w.edit("designer", func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.Summary = "and the website" }).settle()
		w.say(w.answer(v1alpha1.VerdictAccepted))
		agreed(w, "40")
		if got := w.status().Terms.StatementOfWork.Summary; got != "and the website" {
			t.Errorf("the amendment was accepted, but the terms in force say %q", got)
		}
	})
	t.Run("an amendment of the rate changes it", func(t *testing.T) {
		w := offered(t)
		w.say(w.answer(v1alpha1.VerdictAccepted)).expectPhase(v1alpha1.PhaseOnboarding)
		w.edit("designer", func(s *v1alpha1.EngagementSpec) {
			s.StatementOfWork.Rate = &v1alpha1.Rate{Currency: "USD", Amount: "45", Per: v1alpha1.PerHour}
		}).settle()
		w.say(anAttestation("approval/amendment").By("dana").Says(v1alpha1.VerdictApproved).Terms(w.proposed()))
		w.say(w.answer(v1alpha1.VerdictAccepted))
		agreed(w, "45")
	})
	t.Run("whoever declined is asked again at the rate of a higher tier", func(t *testing.T) {
		w := offered(t)
		w.say(w.answer(v1alpha1.VerdictDeclined)).expectStalled(v1alpha1.ReasonNoCandidates)
		w.add(earning("Gold", "40")).settle()
		if got := w.offered().Rate.Amount; got != "60" {
			t.Errorf("40 times 1.5 is 60, but %s is offered", got)
		}
	})
}

func TestATenureLimitRulesOutWhoReachesItBeforeTheEnd(t *testing.T) {
	limit := aPolicy("leased-workers", "DE")
	limit.Spec.Tenure = &v1alpha1.Tenure{Max: "P12M", ResetGap: "P3M"}
	german := func(name string) *workerBuilder {
		return aWorker(name, "designers").With(func(wk *v1alpha1.Worker) { wk.Spec.Jurisdiction = "DE" })
	}
	w := aPoolOf(t, german("ada"), german("bob"), aWorker("cleo", "designers"))
	w.add(anEngagement("first").Pinned("ada").From("2025-12-15 08:00", "2026-11-20 09:00")).hire().start().until("2026-11-20 09:00")
	w.add(limit, anEngagement("second")).approve().expectOffered("bob")
	if c := candidate(w, "ada"); !strings.Contains(c.Reason, "reaches the tenure limit of policy leased-workers on 2026-12-25, before the end") {
		t.Errorf("ada has been engaged for all but a month of the year that is allowed, but is excluded because %q", c.Reason)
	}
	if c := candidate(w, "bob"); strings.Contains(c.Reason, "tenure") {
		t.Errorf("bob was never engaged, but is excluded because %q", c.Reason)
	}
}

func TestTheWorkedExampleOfTheGuide(t *testing.T) {
	ada := aWorker("ada", "designers").Skilled("web", 4).Skilled("print", 4).With(func(wk *v1alpha1.Worker) {
		wk.Status.Pools[0].Score = &v1alpha1.WorkerScore{Value: "82.5"}
	})
	w := aPoolOf(t, ada, aWorker("bob", "designers").Skilled("web", 2))
	w.pools["marketing/designers"].Status.Prior = &v1alpha1.Prior{Mean: "61.0"}
	w.together(needing("a-site", "web", false), needing("b-poster", "print", true)).expectOffers("a-site=bob b-poster=ada")
	for _, want := range []struct{ engagement, worker, score string }{{"a-site", "ada", "86.5"}, {"a-site", "bob", "72.2"}, {"b-poster", "ada", "86.5"}} {
		if got := candidate(w.of(want.engagement), want.worker).Score; got != want.score {
			t.Errorf("%s for %s scores %s, and the guide says %s", want.worker, want.engagement, got, want.score)
		}
	}
}
