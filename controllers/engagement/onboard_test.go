package engagement

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

// designerOnboarding has a step of every kind that people and the operator see to.
func designerOnboarding() *v1alpha1.Checklist {
	return aChecklist("intro",
		aStep("nda", v1alpha1.StepDocument, blocking(v1alpha1.BlocksAccess), dueAfter(72*time.Hour), fast),
		aStep("chat", v1alpha1.StepAccess, waitingForAccess("chat")),
		aStep("brand", v1alpha1.StepTraining, training("brand-basics", 80, 2), attestedBy("ben"), after("chat")),
		aStep("contacts", v1alpha1.StepMeeting, by("Buddy"), after("chat")),
		aStep("lunch", v1alpha1.StepMeeting, optional),
	)
}

func onboarded(t *testing.T, changes ...func(*v1alpha1.EngagementSpec)) *world {
	t.Helper()
	eng := anEngagement("designer").Onboarding("intro").Access("chat")
	for _, change := range changes {
		eng.With(change)
	}
	return aMarketingTeam(t).add(designerOnboarding(), eng).hire()
}

func done(claim, author string) *attestationBuilder { return anAttestation(claim).By(author).Done() }

func TestOnboardingGoesThroughItsStepsInOrder(t *testing.T) {
	w := onboarded(t)
	w.expectWaits("onboarding/nda: Worker", "onboarding/lunch: Manager").expectAccess("chat", "")
	w.say(done("onboarding/nda", "ada")).expectAccess("chat", v1alpha1.GrantVerified).expectStep("onboarding", "chat", v1alpha1.StepDone)
	w.expectWaits("onboarding/brand: Worker", "onboarding/contacts: Buddy", "onboarding/lunch: Manager")
	w.say(done("onboarding/brand", "ben").Score(90), done("onboarding/contacts", "ben")).expectWaits("onboarding/lunch: Manager")
	w.expectPhase(v1alpha1.PhaseOnboarding).until("2026-12-01 08:00").expectWaits("start/confirmed: Manager", "onboarding/lunch: Manager")
	w.say(done("start/confirmed", "max")).expectPhase(v1alpha1.PhaseAssigned).expectCondition(v1alpha1.ConditionOnboarded, metav1.ConditionTrue)
}

func TestAnOverdueStepStallsAndSaysForWhom(t *testing.T) {
	w := onboarded(t).after(72*time.Hour - time.Second).expectStalled("")
	w.after(time.Second).expectStalled(v1alpha1.ReasonStepOverdue).expectCondition(v1alpha1.ConditionReady, metav1.ConditionFalse)
	w.say(done("onboarding/nda", "ada")).expectStalled("")
}

func TestOnTheFastTrackOnlyMarkedStepsAreAsked(t *testing.T) {
	w := onboarded(t, func(s *v1alpha1.EngagementSpec) { s.Onboarding.Mode = v1alpha1.OnboardingFastTrack })
	w.expectStep("onboarding", "brand", v1alpha1.StepDropped).expectWaits("onboarding/nda: Worker")
	w.say(done("onboarding/nda", "ada")).until("2026-12-01 08:00").expectWaits("start/confirmed: Manager")
}

func TestTrainingThatIsFailed(t *testing.T) {
	trained := func(t *testing.T) *world { return onboarded(t).say(done("onboarding/nda", "ada")) }
	result := func(score int32) *attestationBuilder { return done("onboarding/brand", "ben").Score(score) }
	t.Run("may be tried again", func(t *testing.T) {
		w := trained(t).say(result(60)).expectStep("onboarding", "brand", v1alpha1.StepFailed).expectStalled("")
		w.after(time.Hour).say(result(85)).expectStep("onboarding", "brand", v1alpha1.StepDone)
	})
	t.Run("as often as is allowed", func(t *testing.T) {
		w := trained(t).say(result(60)).after(time.Hour).say(result(70)).expectStalled(v1alpha1.ReasonStepFailed)
		w.after(time.Hour).say(result(99)).expectStep("onboarding", "brand", v1alpha1.StepFailed)
	})
	t.Run("may be waived", func(t *testing.T) {
		w := trained(t).say(result(60)).after(time.Hour).say(result(70))
		w.say(anAttestation("waiver/onboarding.brand").By("wendy").Says(v1alpha1.VerdictWaived)).expectStep("onboarding", "brand", v1alpha1.StepWaived).expectStalled("")
	})
	t.Run("counts only from those who report it", func(t *testing.T) {
		own := result(100).By("ada")
		trained(t).say(own).expectIgnored(own, "NotAnAttestor").expectStep("onboarding", "brand", v1alpha1.StepOpen)
	})
}

func TestACertificateCarriesOverToThePersonsNextEngagement(t *testing.T) {
	holds := func(source, expires string) func(*v1alpha1.Worker) {
		return func(wk *v1alpha1.Worker) {
			c := v1alpha1.Certificate{Name: "brand-basics", EarnedAt: metav1.NewTime(on("2026-06-01")), Source: source}
			if expires != "" {
				c.ExpiresAt = metaTime(on(expires))
			}
			wk.Status.Certificates = append(wk.Status.Certificates, c)
		}
	}
	tests := []struct {
		name, because string
		worker        *workerBuilder
		want          v1alpha1.StepState
	}{
		{"valid", "the person learned it before", aWorker("ada", "designers").With(holds("Engagement/marketing/autumn", "")), v1alpha1.StepDone},
		{"expired", "it is no longer valid", aWorker("ada", "designers").With(holds("Engagement/marketing/autumn", "2026-11-01")), v1alpha1.StepPending},
		{"earned here", "what is earned here is judged by what is stated here", aWorker("ada", "designers").With(holds("Engagement/marketing/designer", "")), v1alpha1.StepPending},
		{"earned under another of the person's Worker objects", "personKey joins them", aWorker("ada-again").Person("person-of-ada").With(holds("Engagement/marketing/autumn", "")), v1alpha1.StepDone},
		{"earned in another namespace", "whoever keeps Workers there could claim to know anybody", aWorker("ada-elsewhere").Person("person-of-ada").In("sales").With(holds("Engagement/sales/autumn", "")), v1alpha1.StepPending},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			w := aMarketingTeam(t).add(tc.worker, designerOnboarding(), anEngagement("designer").Onboarding("intro").Access("chat")).hire()
			w.expectStep("onboarding", "brand", tc.want)
		})
	}
	t.Run("and runs out where it expires midway", func(t *testing.T) {
		w := aMarketingTeam(t).add(aWorker("ada", "designers").With(holds("Engagement/marketing/autumn", "2026-11-24")), designerOnboarding(),
			anEngagement("designer").Onboarding("intro").Access("chat")).hire()
		w.say(done("onboarding/nda", "ada")).expectStep("onboarding", "brand", v1alpha1.StepDone).until("2026-11-24").expectStep("onboarding", "brand", v1alpha1.StepOpen)
	})
}

func TestWhoMayWaiveAStep(t *testing.T) {
	waives := func(item, author string) *attestationBuilder {
		return anAttestation("waiver/" + item).By(author).Says(v1alpha1.VerdictWaived)
	}
	tests := []struct {
		name, because string
		waiver        *attestationBuilder
		reason        string
	}{
		{"somebody else", "that is what the verb waive is for", waives("onboarding.contacts", "wendy"), ""},
		{"the requester", "they would waive their own checks", waives("onboarding.contacts", "mia"), "SelfDealing"},
		{"the worker", "they would waive what is asked of them", waives("onboarding.contacts", "ada"), "SelfDealing"},
		{"on behalf of the worker", "who speaks for somebody counts as both", waives("onboarding.contacts", "hr-sync").OnBehalfOf("ada"), "SelfDealing"},
		{"the step's actor", "the Buddy would waive their own work", waives("onboarding.contacts", "ben"), "SelfDealing"},
		{"the actor by default", "where a step names nobody the Manager does it", waives("onboarding.lunch", "max"), "SelfDealing"},
		{"the actor of another step", "ben has no part in the document", waives("onboarding.nda", "ben"), ""},
		{"no such step", "it means nothing", waives("onboarding.nothing", "wendy"), "UnknownStep"},
		{"screening", "that is waived of the Worker", waives("screening.interview", "wendy"), "UnknownClaim"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) { onboarded(t).say(tc.waiver).expectIgnored(tc.waiver, tc.reason) })
	}
	t.Run("before anybody is engaged", func(t *testing.T) {
		early := waives("onboarding.nda", "leo") // who may be the one yet
		aMarketingTeam(t).add(designerOnboarding(), anEngagement("designer").Onboarding("intro").Access("chat")).approve().say(early).expectIgnored(early, "NotNow")
	})
	t.Run("an actor who is a service account", func(t *testing.T) {
		w := aMarketingTeam(t).add(designerOnboarding(), anEngagement("designer").Onboarding("intro").Access("chat").With(func(s *v1alpha1.EngagementSpec) {
			s.Contacts[1].Subject = v1alpha1.Subject{Kind: v1alpha1.SubjectServiceAccount, Name: "bots:buddy"}
		})).hire()
		own := waives("onboarding.contacts", "system:serviceaccount:bots:buddy")
		w.say(own).expectIgnored(own, "SelfDealing")
	})
}

func TestStatementsAboutStepsThatMeanNothing(t *testing.T) {
	tests := []struct {
		name, because string
		said          *attestationBuilder
		reason        string
	}{
		{"an access step", "the operator reads it back itself", done("onboarding/chat", "max"), "NotAttestable"},
		{"no such step", "the checklist in force does not have it", done("onboarding/nothing", "max"), "UnknownStep"},
		{"screening", "that is said of the Worker", done("screening/interview", "max"), "UnknownClaim"},
		{"an assignment", "that is said of the Assignment", done("assignment/task", "max"), "UnknownClaim"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) { onboarded(t).say(tc.said).expectIgnored(tc.said, tc.reason) })
	}
	t.Run("a step before anybody is engaged", func(t *testing.T) {
		early := done("onboarding/nda", "ada")
		aMarketingTeam(t).add(designerOnboarding(), anEngagement("designer").Onboarding("intro").Access("chat")).approve().say(early).expectIgnored(early, "NotNow")
	})
}

func TestAChecklistThatIsEditedOrDeletedMidwayChangesNothing(t *testing.T) {
	w := onboarded(t).say(done("onboarding/nda", "ada"))
	w.add(aChecklist("intro", aStep("exam", v1alpha1.StepTraining))).settle().expectStep("onboarding", "nda", v1alpha1.StepDone)
	delete(w.checklists, "marketing/intro")
	w.settle().expectStep("onboarding", "nda", v1alpha1.StepDone).expectStep("onboarding", "brand", v1alpha1.StepOpen).expectStalled("")
}

func TestTheOffboardingChecklistIsNotLostWhenItIsDeletedBeforeTheStart(t *testing.T) {
	exit := aChecklist("exit", aStep("keys", v1alpha1.StepAttestation))
	w := aMarketingTeam(t).add(exit, anEngagement("designer").Offboarding("exit")).hire()
	delete(w.checklists, "marketing/exit")
	w.start().until("2027-01-01 08:00").expectPhase(v1alpha1.PhaseOffboarding).expectStep("offboarding", "keys", v1alpha1.StepOpen)
	w.say(done("offboarding/keys", "max")).expectOutcome(v1alpha1.OutcomeCompleted)
}

func TestTheStart(t *testing.T) {
	ready := func(t *testing.T) *world { return aMarketingTeam(t).add(anEngagement("designer")).hire() }
	noShow := func() *attestationBuilder {
		return anAttestation("start/confirmed").By("max").Says(v1alpha1.VerdictNoShow)
	}
	t.Run("is waited for", func(t *testing.T) {
		ready(t).expectWaits().until("2026-11-30 12:00").expectPhase(v1alpha1.PhaseOnboarding)
	})
	t.Run("is not brought forward by a confirmation", func(t *testing.T) {
		w := ready(t).say(done("start/confirmed", "max")).expectPhase(v1alpha1.PhaseOnboarding)
		w.until("2026-12-01 08:00").expectPhase(v1alpha1.PhaseAssigned)
	})
	t.Run("not confirmed in time", func(t *testing.T) {
		w := ready(t).until("2026-12-02 07:59:59").expectPhase(v1alpha1.PhaseOnboarding).until("2026-12-02 08:00")
		w.expectOutcome(v1alpha1.OutcomeNoShow).expectEnded("2026-12-02 08:00", v1alpha1.EndNoShow)
	})
	t.Run("attested as not happened", func(t *testing.T) {
		ready(t).until("2026-12-01 09:00").say(noShow()).expectOutcome(v1alpha1.OutcomeNoShow).expectEnded("2026-12-01 09:00", v1alpha1.EndNoShow)
	})
	t.Run("attested both ways in one second", func(t *testing.T) {
		ready(t).until("2026-12-01 09:00").say(noShow(), done("start/confirmed", "ben")).expectOutcome(v1alpha1.OutcomeNoShow)
	})
	t.Run("the grace counts from readiness where that is later", func(t *testing.T) {
		w := onboarded(t).until("2026-12-03 08:00").expectPhase(v1alpha1.PhaseOnboarding)
		w.say(done("onboarding/nda", "ada")).say(done("onboarding/brand", "ben").Score(80), done("onboarding/contacts", "ben"))
		w.until("2026-12-04 07:59:59").expectPhase(v1alpha1.PhaseOnboarding).until("2026-12-04 08:00").expectOutcome(v1alpha1.OutcomeNoShow)
	})
	t.Run("cannot be confirmed before anybody is engaged", func(t *testing.T) {
		early := done("start/confirmed", "max")
		aMarketingTeam(t).add(anEngagement("designer")).approve().say(early).expectIgnored(early, "NotNow")
	})
	t.Run("is not missed while suspended", func(t *testing.T) {
		w := ready(t).edit("designer", func(s *v1alpha1.EngagementSpec) { s.Suspend = true }).until("2026-12-05").expectPhase(v1alpha1.PhaseOnboarding)
		w.expectWaits("spec/suspend: Requester")
	})
	t.Run("a no-show loses the access that onboarding gave", func(t *testing.T) {
		w := aMarketingTeam(t).add(anEngagement("designer").Access("chat").Evaluated("creative", 336*time.Hour, day)).hire().expectAccess("chat", v1alpha1.GrantVerified)
		w.until("2026-12-02 08:00").expectOutcome(v1alpha1.OutcomeNoShow).expectAccess("chat", v1alpha1.GrantRevoked)
		if r := w.status().Reviews; r != nil && r.Missed > 0 {
			t.Errorf("work never began, so no review was missed, but %d were", r.Missed)
		}
	})
}

func TestWhoSaysThatSomebodyDidNotTurnUp(t *testing.T) {
	const counts = ""
	tests := []struct {
		name, because string
		author        string
		more          []any
		reason        string
	}{
		{"the manager", "who was to meet them knows", "max", nil, counts},
		{"the requester", "they hold the work", "mia", nil, counts},
		{"somebody else", "the verb attest is theirs to have", "hr-sync", nil, counts},
		{"a colleague", "it would end the engagement of whom they compete with", "leo", nil, "NotIndependent"},
		{"a colleague under the account that access is given to", "that is the same person", "leo-at-work", []any{
			aWorker("leo", "designers").With(func(wk *v1alpha1.Worker) {
				wk.Spec.Identities = []v1alpha1.Identity{{Provider: "this-cluster", Subject: "leo-at-work"}}
			}),
		}, "NotIndependent"},
		{"the worker", "who does not turn up resigns", "ada", nil, "NotIndependent"},
		{"a manager who is a worker too", "the spec names them for it", "max", []any{aWorker("max")}, counts},
		{"a worker of another namespace", "who is whose colleague is told where the pool is", "kim", []any{aWorker("kim").In("sales")}, counts},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			w := aMarketingTeam(t).add(tc.more...).add(anEngagement("designer").Pinned("ada")).hire().until("2026-12-01 09:00")
			said := anAttestation("start/confirmed").By(tc.author).Says(v1alpha1.VerdictNoShow)
			w.say(said).expectIgnored(said, tc.reason)
			if ended := w.status().EndedAt != nil; ended != (tc.reason == counts) {
				t.Errorf("%s: ended %v", tc.because, ended)
			}
		})
	}
	t.Run("whoever speaks for a worker counts as both", func(t *testing.T) {
		said := anAttestation("start/confirmed").By("hr-sync").OnBehalfOf("leo").Says(v1alpha1.VerdictNoShow)
		aMarketingTeam(t).add(anEngagement("designer").Pinned("ada")).hire().until("2026-12-01 09:00").say(said).expectIgnored(said, "NotIndependent")
	})
	t.Run("but the worker may confirm that they started", func(t *testing.T) {
		aMarketingTeam(t).add(anEngagement("designer").Pinned("ada")).hire().until("2026-12-01 09:00").say(done("start/confirmed", "ada")).expectPhase(v1alpha1.PhaseAssigned)
	})
}

func TestACheckStepFollowsTheWorker(t *testing.T) {
	check := aChecklist("intro", aStep("permit", v1alpha1.StepCheck, checking("has(worker.spec.documents) && worker.spec.documents.exists(d, d.name == 'permit')")))
	w := aMarketingTeam(t).add(check, anEngagement("designer").Onboarding("intro")).hire().expectWaits("onboarding/permit: Operator")
	w.add(aWorker("ada", "designers").With(func(wk *v1alpha1.Worker) {
		wk.Spec.Documents = []v1alpha1.WorkerDocument{{Name: "permit", URI: "https://example.com/permit"}}
	})).settle().expectStep("onboarding", "permit", v1alpha1.StepDone)
}
