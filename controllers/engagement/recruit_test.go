package engagement

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

func candidate(w *world, name string) v1alpha1.Candidate {
	w.t.Helper()
	for _, c := range w.status().Recruitment.Candidates {
		if c.Worker == name {
			return c
		}
	}
	w.t.Fatalf("%s is not among the candidates %+v", name, w.status().Recruitment.Candidates)
	return v1alpha1.Candidate{}
}

func (w *world) expectOffered(worker string) *world {
	w.t.Helper()
	if got := w.offered().Worker; got != worker {
		w.t.Fatalf("the offer of %s is %s's, expected it to be %s's", w.subject, got, worker)
	}
	return w
}

func TestTheBestCandidateIsOfferedTheWorkAndThenTheNext(t *testing.T) {
	automatic := func(t *testing.T) *world {
		return aMarketingTeam(t).add(anEngagement("designer").Recruiting(v1alpha1.Recruitment{Selection: v1alpha1.SelectionAutomatic, OfferTimeout: lasting(48 * time.Hour)})).approve()
	}
	t.Run("whoever declines is not asked again", func(t *testing.T) {
		w := automatic(t).expectOffered("ada")
		w.say(w.answer(v1alpha1.VerdictDeclined)).expectOffered("leo")
		if got := candidate(w, "ada").State; got != v1alpha1.CandidateDeclined {
			t.Errorf("ada declined, but is %s", got)
		}
	})
	t.Run("whoever does not answer in time is passed over", func(t *testing.T) {
		w := automatic(t).expectOffered("ada").after(48*time.Hour - time.Second).expectOffered("ada")
		w.after(time.Second).expectOffered("leo")
		if got := candidate(w, "ada").State; got != v1alpha1.CandidateTimedOut {
			t.Errorf("ada did not answer, but is %s", got)
		}
	})
	t.Run("nobody is left", func(t *testing.T) {
		w := automatic(t)
		for range 3 {
			w.say(w.answer(v1alpha1.VerdictDeclined))
		}
		w.expectStalled(v1alpha1.ReasonNoCandidates).expectWaits("recruitment/candidates: Manager").expectCondition(v1alpha1.ConditionRecruited, metav1.ConditionFalse)
	})
	t.Run("dearer terms are offered to all again", func(t *testing.T) {
		w := automatic(t)
		for range 3 {
			w.say(w.answer(v1alpha1.VerdictDeclined))
		}
		w.edit("designer", func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.Rate.Amount = "80" }).approve().expectOffered("ada")
	})
	t.Run("both answers in one second", func(t *testing.T) {
		w := automatic(t)
		w.say(w.answer(v1alpha1.VerdictAccepted).Named("a"), w.answer(v1alpha1.VerdictDeclined).Named("b")).expectPhase(v1alpha1.PhaseRecruiting).expectOffered("leo")
	})
	t.Run("on behalf of whoever has no account", func(t *testing.T) {
		w := automatic(t)
		w.say(w.answer(v1alpha1.VerdictAccepted).By("hr-sync").OnBehalfOf("ada")).expectPhase(v1alpha1.PhaseOnboarding)
	})
	t.Run("nobody screened", func(t *testing.T) {
		w := newWorld(t, "2026-11-20 08:00").add(aPool("designers"), aWorker("ada", "designers").With(func(wk *v1alpha1.Worker) {
			wk.Status.Pools[0].Screening = v1alpha1.ScreeningInProgress
		})).add(anEngagement("designer")).approve()
		w.expectStalled(v1alpha1.ReasonNoCandidates)
		if c := candidate(w, "ada"); !strings.Contains(c.Reason, "screening") {
			t.Errorf("ada is excluded because of the screening, but for %q", c.Reason)
		}
	})
}

func TestAnAnswerThatDoesNotCountToTheOpenOffer(t *testing.T) {
	tests := []struct {
		name, because string
		answer        func(w *world) *attestationBuilder
		reason        string
	}{
		{"by the requester", "a requester never answers for the other side", func(w *world) *attestationBuilder {
			return w.answer(v1alpha1.VerdictAccepted).By("mia").OnBehalfOf("ada")
		}, "SelfDealing"},
		{"by a stranger", "only the worker decides, or somebody named on their behalf", func(w *world) *attestationBuilder { return w.answer(v1alpha1.VerdictAccepted).By("max") }, "NotTheWorker"},
		{"by another candidate", "the offer is not theirs", func(w *world) *attestationBuilder { return w.answer(v1alpha1.VerdictAccepted).By("leo") }, "NotTheWorker"},
		{"of other terms", "consent covers exactly what was read", func(w *world) *attestationBuilder { return w.answer(v1alpha1.VerdictAccepted).Terms("sha256:00") }, "OtherTerms"},
		{"of the proposal instead of the offer", "the worker consents to their own rate too", func(w *world) *attestationBuilder { return w.answer(v1alpha1.VerdictAccepted).Terms(w.proposed()) }, "OtherTerms"},
		{"to an offer that was never made", "nothing was offered to leo", func(w *world) *attestationBuilder {
			return anAttestation("offer/leo").By("leo").Says(v1alpha1.VerdictAccepted).Terms(w.offered().Hash)
		}, "NoOffer"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			w := aMarketingTeam(t).add(anEngagement("designer")).approve().expectOffered("ada")
			answer := tc.answer(w)
			w.say(answer).expectIgnored(answer, tc.reason).expectPhase(v1alpha1.PhaseRecruiting).expectOffered("ada")
		})
	}
	t.Run("too late", func(t *testing.T) {
		w := aMarketingTeam(t).add(anEngagement("designer")).approve().expectOffered("ada")
		late := w.answer(v1alpha1.VerdictAccepted)
		w.after(48*time.Hour).after(time.Minute).say(late).expectIgnored(late, "NoOffer").expectOffered("leo")
	})
	t.Run("given in time and seen too late", func(t *testing.T) {
		w := aMarketingTeam(t).add(anEngagement("designer")).approve().expectOffered("ada")
		w.now = w.now.Add(47 * time.Hour)
		w.state(w.answer(v1alpha1.VerdictAccepted))
		w.now = w.now.Add(24 * time.Hour) // the operator was away meanwhile
		w.settle().expectPhase(v1alpha1.PhaseOnboarding)
	})
	t.Run("a second answer once it was accepted", func(t *testing.T) {
		w := aMarketingTeam(t).add(anEngagement("designer")).approve()
		declined := w.answer(v1alpha1.VerdictDeclined)
		w.say(w.answer(v1alpha1.VerdictAccepted)).after(time.Minute).say(declined).expectIgnored(declined, "NoOffer").expectPhase(v1alpha1.PhaseOnboarding)
	})
}

func TestChangedTermsMakeTheOpenOfferVoid(t *testing.T) {
	w := aMarketingTeam(t).add(anEngagement("designer")).approve()
	old := w.answer(v1alpha1.VerdictAccepted)
	w.edit("designer", func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.Summary = "and the website too" }).settle()
	if offerOf(w.status()) != nil {
		t.Fatal("the terms changed and are not approved, so no offer may be open")
	}
	w.approve().expectOffered("ada")
	w.say(old).expectIgnored(old, "OtherTerms").expectPhase(v1alpha1.PhaseRecruiting)
	w.say(w.answer(v1alpha1.VerdictAccepted)).expectPhase(v1alpha1.PhaseOnboarding)
}

func TestAWorkerMadeAnewUnderTheSameNameCannotTakeUpTheOldOnesOffer(t *testing.T) {
	w := aMarketingTeam(t).add(anEngagement("designer")).approve()
	old := w.answer(v1alpha1.VerdictAccepted)
	w.add(aWorker("ada", "designers").With(func(wk *v1alpha1.Worker) { wk.UID = "another"; wk.Spec.PersonKey = "somebody-else" })).settle()
	w.say(old).expectIgnored(old, "OtherTerms").expectPhase(v1alpha1.PhaseRecruiting)
}

func TestAPersonChoosesFromTheShortlist(t *testing.T) {
	shortlisted := func(t *testing.T) *world {
		return aMarketingTeam(t).add(anEngagement("designer").Recruiting(v1alpha1.Recruitment{Selection: v1alpha1.SelectionRequester, Shortlist: 2})).approve().
			expectWaits("selection/candidate: Requester")
	}
	chooses := func(worker string) *attestationBuilder {
		return anAttestation("selection/" + worker).By("mia").Says(v1alpha1.VerdictChosen)
	}
	t.Run("as many as the shortlist is long are put forward", func(t *testing.T) {
		w := shortlisted(t)
		if candidate(w, "leo").State != v1alpha1.CandidateShortlisted || candidate(w, "zoe").State == v1alpha1.CandidateShortlisted {
			t.Errorf("two of three are on the shortlist, but it is %+v", w.status().Recruitment.Candidates)
		}
	})
	t.Run("the chosen one is offered the work", func(t *testing.T) { shortlisted(t).say(chooses("leo")).expectOffered("leo") })
	t.Run("an eligible one beyond the shortlist may be chosen", func(t *testing.T) { shortlisted(t).say(chooses("zoe")).expectOffered("zoe") })
	t.Run("when the chosen one declines, a person chooses again", func(t *testing.T) {
		w := shortlisted(t).say(chooses("leo"))
		w.say(w.answer(v1alpha1.VerdictDeclined)).expectWaits("selection/candidate: Requester")
		w.after(time.Minute).say(chooses("zoe")).expectOffered("zoe")
	})
	t.Run("whoever is passed over is not put forward", func(t *testing.T) {
		w := shortlisted(t).say(anAttestation("selection/ada").By("mia").Says(v1alpha1.VerdictPassed))
		if got := candidate(w, "ada").State; got != v1alpha1.CandidatePassed {
			t.Errorf("ada was passed over, but is %s", got)
		}
		w.say(chooses("zoe")).expectOffered("zoe")
	})
	t.Run("nobody chooses themselves", func(t *testing.T) {
		own := chooses("leo").By("leo")
		shortlisted(t).say(own).expectIgnored(own, "SelfDealing").expectWaits("selection/candidate: Requester")
	})
	t.Run("nor has somebody else do it for them", func(t *testing.T) {
		own := chooses("leo").By("hr-sync").OnBehalfOf("leo")
		shortlisted(t).say(own).expectIgnored(own, "SelfDealing")
	})
	t.Run("there must be such a worker", func(t *testing.T) {
		unknown := chooses("nobody")
		shortlisted(t).say(unknown).expectIgnored(unknown, "UnknownWorker")
	})
	t.Run("once somebody is engaged nobody is chosen", func(t *testing.T) {
		w := shortlisted(t).say(chooses("leo"))
		w.say(w.answer(v1alpha1.VerdictAccepted))
		late := chooses("ada")
		w.after(time.Minute).say(late).expectIgnored(late, "NotNow")
	})
}

func TestThePinnedWorkerIsAskedWithoutMatchingButNotWithoutScreening(t *testing.T) {
	t.Run("skills do not matter", func(t *testing.T) {
		eng := anEngagement("designer").Pinned("zoe").With(func(s *v1alpha1.EngagementSpec) {
			s.Recruitment.Selection = v1alpha1.SelectionRequester
			s.Requirements = &v1alpha1.Requirements{Skills: []v1alpha1.SkillRequirement{{Name: "design", Required: true}}}
		})
		aMarketingTeam(t).add(eng).approve().expectOffered("zoe")
	})
	t.Run("screening does", func(t *testing.T) {
		w := aMarketingTeam(t).add(aWorker("kai", "designers").With(func(wk *v1alpha1.Worker) { wk.Status.Pools[0].Screening = v1alpha1.ScreeningFailed }))
		w.add(anEngagement("designer").Pinned("kai")).approve().expectStalled(v1alpha1.ReasonNoCandidates)
	})
	t.Run("when they decline nobody else is asked", func(t *testing.T) {
		w := aMarketingTeam(t).add(anEngagement("designer").Pinned("zoe")).approve()
		w.say(w.answer(v1alpha1.VerdictDeclined)).expectStalled(v1alpha1.ReasonNoCandidates).expectWaits("recruitment/candidates: Manager")
	})
	t.Run("pinning another takes the offer back", func(t *testing.T) {
		w := aMarketingTeam(t).add(anEngagement("designer").Pinned("zoe")).approve().expectOffered("zoe")
		w.edit("designer", func(s *v1alpha1.EngagementSpec) { s.WorkerRef.Name = "ada" }).settle().expectOffered("ada")
	})
	t.Run("one who is not of the pool", func(t *testing.T) {
		w := aMarketingTeam(t).add(aWorker("kai")).add(anEngagement("designer").Pinned("kai")).approve().expectStalled(v1alpha1.ReasonNoCandidates)
		if c := condition(w.status().Conditions, v1alpha1.ConditionStalled); !strings.Contains(c.Message, "does not select them") {
			t.Errorf("kai is not in the pool, but one is told %q", c.Message)
		}
	})
}

func TestWhoeverFindsNobodyIsToldWhatToMend(t *testing.T) {
	free := aPool("designers")
	unscreened := func() *workerBuilder {
		return aWorker("ada", "designers").With(func(wk *v1alpha1.Worker) { wk.Status.Pools[0].Screening = v1alpha1.ScreeningInProgress })
	}
	const selector, limit, candidates = "mend spec.workerSelector of the pool", "limits.maxConcurrentPerWorker", "See status.recruitment.candidates"
	tests := []struct {
		name, because string
		world         *world
		told, untold  string
	}{
		{"the pool selects nobody", "there are no candidates to look at", newWorld(t, "2026-11-20 08:00").add(free).add(anEngagement("b")).approve(), selector, candidates},
		{"everybody is busy", "the candidates lack nothing", aPoolOf(t, aWorker("ada", "designers")).together(anEngagement("a"), anEngagement("b")).of("b"), limit, candidates},
		{"one is busy, one is not screened", "a higher limit would help with one of them only",
			aPoolOf(t, aWorker("leo", "designers"), unscreened()).together(anEngagement("a"), anEngagement("b")).of("b"), candidates, limit},
		{"nobody is screened", "nobody is busy", aPoolOf(t, unscreened()).add(anEngagement("b")).approve(), candidates, limit},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			c := condition(tc.world.expectStalled(v1alpha1.ReasonNoCandidates).status().Conditions, v1alpha1.ConditionStalled)
			if !strings.Contains(c.Message, tc.told) || strings.Contains(c.Message, tc.untold) {
				t.Errorf("%s: one should be told of %q and not of %q, but reads %q", tc.because, tc.told, tc.untold, c.Message)
			}
		})
	}
}

func TestFillByTellsTheManagerAndRecruitingGoesOn(t *testing.T) {
	fillBy := metav1.NewTime(on("2026-11-24"))
	w := aMarketingTeam(t).add(anEngagement("designer").Recruiting(v1alpha1.Recruitment{Selection: v1alpha1.SelectionAutomatic, FillBy: &fillBy})).approve()
	w.expectStalled("").until("2026-11-24").expectStalled(v1alpha1.ReasonNoCandidates).expectWaits("recruitment/fill: Manager", w.waits()[0])
	w.say(w.answer(v1alpha1.VerdictAccepted)).expectPhase(v1alpha1.PhaseOnboarding).expectStalled("")
}

func TestNobodyAcceptsBeforeTheEnd(t *testing.T) {
	aMarketingTeam(t).add(anEngagement("designer")).approve().until("2027-01-01 08:00").expectOutcome(v1alpha1.OutcomeUnfilled)
}

func TestWhoeverIsNoLongerScreenedWhenTheyAcceptIsNotEngaged(t *testing.T) {
	w := aMarketingTeam(t).add(anEngagement("designer")).approve().expectOffered("ada")
	w.add(aWorker("ada", "designers").With(func(wk *v1alpha1.Worker) { wk.Status.Pools[0].Screening = v1alpha1.ScreeningLapsed }))
	w.say(w.answer(v1alpha1.VerdictAccepted)).expectPhase(v1alpha1.PhaseRecruiting).expectWaits("recruitment/accepted: Manager")
	t.Run("until they are again", func(t *testing.T) {
		w.add(aWorker("ada", "designers")).settle().expectPhase(v1alpha1.PhaseOnboarding)
	})
	t.Run("or the next is asked when the offer's time is over", func(t *testing.T) {
		w := aMarketingTeam(t).add(anEngagement("designer")).approve()
		w.add(aWorker("ada", "designers").With(func(wk *v1alpha1.Worker) { wk.Status.Pools[0].Screening = v1alpha1.ScreeningLapsed }))
		w.say(w.answer(v1alpha1.VerdictAccepted)).after(48 * time.Hour).expectOffered("leo")
	})
}

func TestRecruitingPausesWhileSuspended(t *testing.T) {
	w := aMarketingTeam(t).add(anEngagement("designer").With(func(s *v1alpha1.EngagementSpec) { s.Suspend = true })).approve()
	w.expectWaits("spec/suspend: Requester")
	w.edit("designer", func(s *v1alpha1.EngagementSpec) { s.Suspend = false }).settle().expectOffered("ada")
}

func TestThePoolGoneStallsOnlyRecruiting(t *testing.T) {
	w := aMarketingTeam(t).add(anEngagement("designer").Access("chat")).hire()
	delete(w.pools, "marketing/designers")
	w.settle().expectStalled("").expectAccess("chat", v1alpha1.GrantVerified)
	other := aMarketingTeam(t).add(anEngagement("designer")).approve()
	delete(other.pools, "marketing/designers")
	other.settle().expectPhase(v1alpha1.PhaseRecruiting).expectStalled(v1alpha1.ReasonReferenceNotFound)
}

func TestHowMuchAPersonHoldsElsewhere(t *testing.T) {
	limited := aPool("designers")
	limited.Spec.Limits = &v1alpha1.PoolLimits{MaxConcurrentPerWorker: 1}
	w := aMarketingTeam(t).add(limited).add(anEngagement("first")).hire().add(anEngagement("second")).approve()
	w.expectOffered("leo")
}

func TestADecisionOnRehireCountsForTheNextEngagement(t *testing.T) {
	ineligible := func(t *testing.T) *world {
		w := aMarketingTeam(t).add(anEngagement("first").Pinned("ada")).hire()
		w.edit("first", func(s *v1alpha1.EngagementSpec) {
			s.Termination = &v1alpha1.Termination{Reason: v1alpha1.TerminationMisconduct}
		}).settle().expectOutcome(v1alpha1.OutcomeTerminated)
		if got := w.status().Rehire; got != v1alpha1.RehireIneligible {
			t.Fatalf("an end for cause makes Ineligible, but rehire is %s", got)
		}
		return w
	}
	ineligible(t).add(anEngagement("second")).approve().expectOffered("leo")
	ineligible(t).add(anEngagement("second").Pinned("ada")).approve().expectStalled(v1alpha1.ReasonNoCandidates)
}
