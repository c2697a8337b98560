package engagement

import (
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

// aReplacement is asked for after ada, who had a logo and assets to make, resigned with effect of 11 December and left a handover.
func aReplacement(t *testing.T, changes ...func(*v1alpha1.EngagementSpec)) *world {
	t.Helper()
	w := aMarketingTeam(t).add(aChecklist("exit", aStep("handover", v1alpha1.StepDocument, beforeEnd(120*time.Hour))), designerOnboarding())
	w.add(anEngagement("designer").Deliverable("logo", "2026-12-14 17:00", "2000").Deliverable("assets", "2026-12-28 17:00", "1000").Offboarding("exit")).hire().start()
	w.until("2026-12-09").say(said(v1alpha1.VerdictResigned, "ada").Effective("2026-12-11 08:00"), submitted("logo")).after(time.Hour)
	w.say(verdictOn("logo", v1alpha1.VerdictAccepted), done("offboarding/handover", "ada").Evidence("https://drive.example.com/handover"))
	next := anEngagement("replacement").From("2026-12-10 08:00", "2027-01-01 08:00").Replaces("designer", "assets").Onboarding("intro").FastTrack()
	for _, change := range changes {
		next.With(change)
	}
	return w.add(next).approve()
}

func TestAReplacementTakesOverWorkAndHandover(t *testing.T) {
	w := aReplacement(t).expectOffered("leo") // ada is the one who is replaced
	w.say(w.answer(v1alpha1.VerdictAccepted)).expectPhase(v1alpha1.PhaseOnboarding)
	if h := w.status().Onboarding.Handover; len(h) != 1 || h[0].URI != "https://drive.example.com/handover" {
		t.Errorf("what ada left behind appears in leo's onboarding, but it is %v", h)
	}
	w.expectDeliverable("assets", v1alpha1.DeliverableOpen)
	if got := w.status().Spend.Committed; got != "1000" {
		t.Errorf("assets keep the price they had, 1000, but %s is committed", got)
	}
	w.subject = "designer"
	w.expectDeliverable("assets", v1alpha1.DeliverableHandedOver).expectDeliverable("logo", v1alpha1.DeliverableAccepted)
	w.until("2026-12-11 08:00").expectOutcome(v1alpha1.OutcomeResigned).expectDeliverable("assets", v1alpha1.DeliverableHandedOver)
	w.subject = "replacement"
	w.say(done("onboarding/nda", "leo"), done("start/confirmed", "max")).expectPhase(v1alpha1.PhaseAssigned)
	w.say(submitted("assets").By("leo")).after(time.Hour).say(verdictOn("assets", v1alpha1.VerdictAccepted)).expectOutcome(v1alpha1.OutcomeCompleted)
	if got := w.status().Spend.Accepted; got != "1000" {
		t.Errorf("assets were accepted for 1000, but %s is", got)
	}
}

func TestAReplacementThatCannotTakeOver(t *testing.T) {
	tests := []struct {
		name, because string
		takes         []string
	}{
		{"what was accepted", "it is done and paid", []string{"logo"}},
		{"what there is not", "there is nothing of that name", []string{"website"}},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			w := aReplacement(t, func(s *v1alpha1.EngagementSpec) { s.Replaces.Deliverables = tc.takes })
			w.expectPhase(v1alpha1.PhasePending).expectStalled(v1alpha1.ReasonTermsInvalid)
		})
	}
	t.Run("more than its budget pays", func(t *testing.T) {
		aReplacement(t, budget("900")).expectPhase(v1alpha1.PhasePending).expectStalled(v1alpha1.ReasonTermsInvalid)
	})
	t.Run("from an engagement that nobody accepted", func(t *testing.T) {
		w := aMarketingTeam(t).add(anEngagement("designer").Deliverable("logo", "2026-12-14", "1")).approve()
		w.add(anEngagement("replacement").Replaces("designer", "logo")).approve().expectStalled(v1alpha1.ReasonTermsInvalid)
	})
}

func TestWhatWasHandedOverIsPaidOnlyOnce(t *testing.T) {
	w := aReplacement(t)
	w.subject = "designer"
	w.say(submitted("assets")) // while it was hers
	w.subject = "replacement"
	w.say(w.answer(v1alpha1.VerdictAccepted)).after(time.Hour)
	w.subject = "designer"
	late := verdictOn("assets", v1alpha1.VerdictAccepted)
	w.say(late).expectIgnored(late, "HandedOver").expectDeliverable("assets", v1alpha1.DeliverableHandedOver)
}

func TestWhatASuccessorListsOnlyAfterwardsStaysWithItsWorker(t *testing.T) {
	w := aReplacement(t, func(s *v1alpha1.EngagementSpec) { s.Replaces.Deliverables = nil })
	w.say(w.answer(v1alpha1.VerdictAccepted)).edit("replacement", func(s *v1alpha1.EngagementSpec) { s.Replaces.Deliverables = []string{"assets"} }).settle()
	w.subject = "designer"
	w.expectDeliverable("assets", v1alpha1.DeliverableOpen)
}

func TestWhatWasTakenOverStaysWhenThePredecessorIsGone(t *testing.T) {
	w := aReplacement(t)
	w.say(w.answer(v1alpha1.VerdictAccepted)).until("2026-12-12").remove("designer").settle()
	if w.engagements["designer"] != nil {
		t.Fatal("the predecessor is closed, so it goes at once")
	}
	w.expectDeliverable("assets", v1alpha1.DeliverableOpen)
	if len(w.status().Onboarding.Handover) != 1 {
		t.Error("the handover was taken over, and stays")
	}
}

// renewed is ada's engagement to the end of the year, onboarded, at work, and a renewal of it for January that she accepted.
func renewed(t *testing.T, changes ...func(*v1alpha1.Checklist)) *world {
	t.Helper()
	intro := designerOnboarding()
	for _, change := range changes {
		change(intro)
	}
	w := aMarketingTeam(t).add(intro, anEngagement("designer").Onboarding("intro").Access("chat", "drive")).hire()
	w.say(done("onboarding/nda", "ada")).say(done("onboarding/brand", "ben").Score(90), done("onboarding/contacts", "ben")).start()
	next := anEngagement("renewal").From("2027-01-01 08:00", "2027-02-01 08:00").Pinned("ada").Continues("designer").Onboarding("intro").Access("chat", "drive")
	w.until("2026-12-20").add(next).approve()
	return w.say(w.answer(v1alpha1.VerdictAccepted)).expectPhase(v1alpha1.PhaseOnboarding)
}

func TestARenewalGoesOnWhereItsPredecessorEnds(t *testing.T) {
	w := renewed(t).expectStep("onboarding", "nda", v1alpha1.StepDone).expectStep("onboarding", "brand", v1alpha1.StepDone)
	w.expectAccess("chat", v1alpha1.GrantVerified).expectAccess("drive", v1alpha1.GrantVerified) // without a gap
	w.expectNoWait("start/confirmed").until("2027-01-01 08:00").expectPhase(v1alpha1.PhaseAssigned)
	w.subject = "designer"
	w.expectOutcome(v1alpha1.OutcomeCompleted)
	w.subject = "renewal"
	t.Run("also when its predecessor is removed", func(t *testing.T) {
		w.remove("designer").settle().expectStep("onboarding", "nda", v1alpha1.StepDone).expectNoWait("onboarding/nda")
	})
}

func TestARenewalDoesNotCarryTrainingThatIsToBeTakenAgain(t *testing.T) {
	w := renewed(t, func(cl *v1alpha1.Checklist) { cl.Spec.Steps[2].Training.ValidFor = "P3W" })
	w.expectStep("onboarding", "nda", v1alpha1.StepDone).expectStep("onboarding", "brand", v1alpha1.StepOpen)
}

func TestARenewalKeepsItsStepsThoughItsPredecessorWasRemoved(t *testing.T) {
	w := renewed(t).remove("designer").settle()
	w.expectStep("onboarding", "nda", v1alpha1.StepDone).expectNoWait("onboarding/nda")
}

func TestARenewalOfARenewalCarriesTheSameSteps(t *testing.T) {
	w := renewed(t).until("2027-01-20")
	w.add(anEngagement("third").From("2027-02-01 08:00", "2027-03-01 08:00").Pinned("ada").Continues("renewal").Onboarding("intro").Access("chat")).approve()
	w.say(w.answer(v1alpha1.VerdictAccepted)).expectStep("onboarding", "nda", v1alpha1.StepDone).expectStep("onboarding", "contacts", v1alpha1.StepDone)
}

func TestARenewalKeepsTheWorkerAndTakesTheirPlace(t *testing.T) {
	t.Run("another worker is no renewal", func(t *testing.T) {
		w := aMarketingTeam(t).add(anEngagement("designer").Pinned("ada")).hire()
		w.add(anEngagement("renewal").Pinned("leo").Continues("designer")).approve().expectStalled(v1alpha1.ReasonReferenceNotAllowed)
	})
	t.Run("nobody is engaged yet", func(t *testing.T) {
		w := aMarketingTeam(t).add(anEngagement("designer").Pinned("ada")).approve()
		w.add(anEngagement("renewal").Pinned("ada").Continues("designer")).approve().expectStalled(v1alpha1.ReasonReferenceNotAllowed)
	})
	t.Run("the engagement that ends does not count against the limit", func(t *testing.T) {
		limited := aPool("designers")
		limited.Spec.Limits = &v1alpha1.PoolLimits{MaxConcurrentPerWorker: 1}
		w := aMarketingTeam(t).add(limited, anEngagement("designer").Pinned("ada")).hire()
		w.add(anEngagement("renewal").From("2027-01-01 08:00", "2027-02-01 08:00").Pinned("ada").Continues("designer")).approve().expectOffered("ada")
	})
	t.Run("a predecessor that never began has no start to go on from", func(t *testing.T) {
		w := aMarketingTeam(t).add(anEngagement("designer").Pinned("ada")).hire()
		w.add(anEngagement("renewal").Pinned("ada").Continues("designer")).approve()
		w.say(w.answer(v1alpha1.VerdictAccepted)).until("2026-12-01 08:00").expectWaits("start/confirmed: Manager")
	})
}

func TestWhatStandsOnEngagingAPersonAgain(t *testing.T) {
	ended := func(moment string, r v1alpha1.Rehire, more ...func(*v1alpha1.EngagementStatus)) v1alpha1.Engagement {
		st := v1alpha1.EngagementStatus{EndedAt: metaTime(on(moment)), Rehire: r, Ending: &v1alpha1.Ending{}}
		for _, change := range more {
			change(&st)
		}
		return v1alpha1.Engagement{Status: st}
	}
	forCause := func(st *v1alpha1.EngagementStatus) { st.Ending.ForCause = true }
	decided := func(moment string) func(*v1alpha1.EngagementStatus) {
		return func(st *v1alpha1.EngagementStatus) {
			st.Attestations = append(st.Attestations, v1alpha1.AttestationRecord{Claim: claimRehire, Verdict: v1alpha1.Verdict(st.Rehire), At: *metaTime(on(moment))})
		}
	}
	turnedDown := func(moment string) func(*v1alpha1.EngagementStatus) {
		return func(st *v1alpha1.EngagementStatus) {
			decided(moment)(st)
			st.Attestations[len(st.Attestations)-1].Ignored = "SelfDealing"
		}
	}
	const eligible, review, ineligible = v1alpha1.RehireEligible, v1alpha1.RehireWithReview, v1alpha1.RehireIneligible
	tests := []struct {
		name, because string
		engagements   []v1alpha1.Engagement
		want          v1alpha1.Rehire
		since         string
	}{
		{"none has ended", "nobody knows anything", []v1alpha1.Engagement{{}}, "", ""},
		{"one is not wound up", "what it says is told when it is", []v1alpha1.Engagement{ended("2026-11-01", "")}, "", ""},
		{"for cause, and then another ends well", "that nothing was found there lifts nothing here", []v1alpha1.Engagement{ended("2026-11-01", ineligible, forCause), ended("2026-12-01", eligible)}, ineligible, "2026-11-01"},
		{"for cause after one that ended well", "it is the only one that found anything", []v1alpha1.Engagement{ended("2026-10-01", eligible), ended("2026-11-01", ineligible, forCause)}, ineligible, "2026-11-01"},
		{"decided, and then another ends well", "a person's word stands until another's", []v1alpha1.Engagement{ended("2026-11-01", review, decided("2026-10-30")), ended("2026-12-01", eligible)}, review, "2026-11-01"},
		{"for cause, and then somebody decides", "that is how it is lifted", []v1alpha1.Engagement{ended("2026-11-01", ineligible, forCause), ended("2026-12-01", eligible, decided("2026-11-30"))}, eligible, "2026-12-01"},
		{"decided, and then for cause", "it is newer", []v1alpha1.Engagement{ended("2026-11-01", eligible, decided("2026-10-30")), ended("2026-12-01", ineligible, forCause)}, ineligible, "2026-12-01"},
		{"for cause, and it was decided otherwise", "whoever knows the cause decided", []v1alpha1.Engagement{ended("2026-11-01", review, forCause, decided("2026-11-03"))}, review, "2026-11-03"},
		{"decided twice", "the newest decision counts", []v1alpha1.Engagement{ended("2026-11-01", ineligible, decided("2026-11-09")), ended("2026-11-05", eligible, decided("2026-11-06"))}, ineligible, "2026-11-09"},
		{"decided by the worker", "what does not count decides nothing", []v1alpha1.Engagement{ended("2026-11-01", ineligible, forCause), ended("2026-12-01", eligible, turnedDown("2026-11-30"))}, ineligible, "2026-11-01"},
		{"two at once", "the stricter counts, in whatever order they are listed", []v1alpha1.Engagement{ended("2026-11-01", eligible, decided("2026-10-30")), ended("2026-11-01", ineligible, forCause), ended("2026-11-01", review, decided("2026-10-31"))}, ineligible, "2026-11-01"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			for range 2 {
				l := loadOf(tc.engagements, nil)
				if l.Rehire != tc.want || tc.since != "" && !l.RehireAt.Equal(on(tc.since)) {
					t.Errorf("%s: expected %q since %s, got %q since %s", tc.because, tc.want, tc.since, l.Rehire, l.RehireAt)
				}
				slices.Reverse(tc.engagements)
			}
		})
	}
}

func TestLoadCountsWhatHasNotEndedAndWhatIsOffered(t *testing.T) {
	ended := metaTime(on("2026-12-01"))
	var running, offered, over, older v1alpha1.Engagement
	running.UID, offered.UID = "running", "offered"
	running.Spec.Requirements = &v1alpha1.Requirements{HoursPerWeek: 20}
	offered.Spec.Requirements = &v1alpha1.Requirements{HoursPerWeek: 5}
	running.Status.Terms = &v1alpha1.AcceptedTerms{}
	over.Status = v1alpha1.EngagementStatus{EndedAt: ended, Rehire: v1alpha1.RehireIneligible, Terms: &v1alpha1.AcceptedTerms{}}
	older.Status = v1alpha1.EngagementStatus{EndedAt: &metav1.Time{Time: on("2026-11-01")}, Rehire: v1alpha1.RehireEligible, Terms: &v1alpha1.AcceptedTerms{}}
	l := loadOf([]v1alpha1.Engagement{over, running, older, offered}, nil)
	if engaged, open, hours := l.taken(); engaged != 1 || open != 1 || hours != 25 || l.Rehire != v1alpha1.RehireIneligible {
		t.Errorf("one engagement of 20 hours runs, one of 5 is offered, and the newest decision is Ineligible, but it is %+v", l)
	}
	if engaged, open, hours := l.taken("running"); engaged != 0 || open != 1 || hours != 5 {
		t.Errorf("without the one that runs there is an offer of 5 hours, but there are %d and %d of %d hours", engaged, open, hours)
	}
}
