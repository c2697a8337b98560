package engagement

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

// aLogo is a designer at work with two deliverables: a logo for 2000 due on 14 December, and assets for 1000 due on the 28th.
func aLogo(t *testing.T, changes ...func(*v1alpha1.EngagementSpec)) *world {
	t.Helper()
	eng := anEngagement("designer").Deliverable("logo", "2026-12-14 17:00", "2000").Deliverable("assets", "2026-12-28 17:00", "1000")
	for _, change := range changes {
		eng.With(change)
	}
	return aMarketingTeam(t).add(eng).hire().start()
}

func submitted(name string) *attestationBuilder {
	return anAttestation("deliverable/" + name).By("ada").Says(v1alpha1.VerdictSubmitted)
}

func verdictOn(name string, v v1alpha1.Verdict) *attestationBuilder {
	return anAttestation("deliverable/" + name).By("mia").Says(v)
}

func TestADeliverableIsSubmittedRevisedAndAccepted(t *testing.T) {
	w := aLogo(t).expectWaits("deliverable/logo: Worker", "deliverable/assets: Worker")
	w.say(submitted("logo")).expectDeliverable("logo", v1alpha1.DeliverableSubmitted).expectWaits("deliverable/logo: Manager", "deliverable/assets: Worker")
	w.after(time.Hour).say(verdictOn("logo", v1alpha1.VerdictRevise)).expectWaits("deliverable/logo: Worker", "deliverable/assets: Worker")
	w.after(time.Hour).say(submitted("logo")).after(time.Hour).say(verdictOn("logo", v1alpha1.VerdictAccepted)).expectDeliverable("logo", v1alpha1.DeliverableAccepted)
	d := w.deliverable("logo")
	if d.Rounds != 1 || d.AcceptedAmount != "2000" || d.OnTime == nil || !*d.OnTime {
		t.Errorf("one round that the worker caused, on time, for 2000, but it is %+v", d)
	}
	if s := w.status().Spend; s.Accepted != "2000" || s.Committed != "1000" || s.Remaining != "2000" {
		t.Errorf("of 5000, 2000 are accepted and 1000 committed, but it is %+v", *s)
	}
}

func TestStatementsAboutADeliverableThatDoNotCount(t *testing.T) {
	tests := []struct {
		name, because string
		before        []*attestationBuilder
		said          *attestationBuilder
		reason        string
	}{
		{"of nothing", "the terms have no such deliverable", nil, submitted("website"), "UnknownDeliverable"},
		{"nothing was submitted", "there is nothing to accept", nil, verdictOn("logo", v1alpha1.VerdictAccepted), "NothingSubmitted"},
		{"the worker accepts", "nobody accepts their own work", []*attestationBuilder{submitted("logo").By("hr-sync").OnBehalfOf("ada")}, verdictOn("logo", v1alpha1.VerdictAccepted).By("ada"), "SelfDealing"},
		{"for the worker", "who speaks for somebody counts as both", []*attestationBuilder{submitted("logo")}, verdictOn("logo", v1alpha1.VerdictAccepted).By("hr-sync").OnBehalfOf("ada"), "SelfDealing"},
		{"whoever submitted accepts", "the author of the submission has a part in it", []*attestationBuilder{submitted("logo").By("max").OnBehalfOf("ada")}, verdictOn("logo", v1alpha1.VerdictAccepted).By("max"), "SelfDealing"},
		{"the requester accepts", "a requester may accept", []*attestationBuilder{submitted("logo")}, verdictOn("logo", v1alpha1.VerdictAccepted).By("mia"), ""},
		{"a part that is more than the whole", "more than was agreed is not accepted", []*attestationBuilder{submitted("logo")}, verdictOn("logo", v1alpha1.VerdictPartlyAccepted).Amount("2000.001"), "AmountInvalid"},
		{"a part that is nothing", "nothing is no part", []*attestationBuilder{submitted("logo")}, verdictOn("logo", v1alpha1.VerdictPartlyAccepted).Amount("0"), "AmountInvalid"},
		{"a part", "that is what it is for", []*attestationBuilder{submitted("logo")}, verdictOn("logo", v1alpha1.VerdictPartlyAccepted).Amount("800"), ""},
		{"disputed by anyone who may attest", "a dispute needs no more", []*attestationBuilder{submitted("logo")}, verdictOn("logo", v1alpha1.VerdictDisputed).By("ada"), ""},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			w := aLogo(t).say(tc.before...).after(time.Minute).say(tc.said).expectIgnored(tc.said, tc.reason)
			if tc.reason != "" && w.deliverable("logo").AcceptedAmount != "" {
				t.Errorf("%s: nothing may be paid for it", tc.because)
			}
		})
	}
	t.Run("before anybody is engaged", func(t *testing.T) {
		early := submitted("logo")
		aMarketingTeam(t).add(anEngagement("designer").Deliverable("logo", "2026-12-14", "1")).approve().say(early).expectIgnored(early, "NotNow")
	})
	t.Run("accepted in the second in which it was submitted by the same person", func(t *testing.T) {
		w := aLogo(t)
		own := verdictOn("logo", v1alpha1.VerdictAccepted).By("max").Named("a-verdict")
		w.say(submitted("logo").By("max").OnBehalfOf("ada").Named("b-submission"), own).expectIgnored(own, "SelfDealing")
	})
	t.Run("a part of what is paid by the deliverable", func(t *testing.T) {
		w := aMarketingTeam(t).add(anEngagement("designer").Rate("500", v1alpha1.PerDeliverable).Deliverable("logo", "2026-12-14", "")).hire().start()
		part := verdictOn("logo", v1alpha1.VerdictPartlyAccepted).Amount("300")
		w.say(submitted("logo")).after(time.Minute).say(part).expectIgnored(part, "")
		if got := w.status().Spend.Accepted; got != "300" {
			t.Errorf("300 of 500 are accepted, but %s are", got)
		}
	})
}

func TestADeliverableThatIsNotHandedInIsOverdue(t *testing.T) {
	w := aLogo(t).until("2026-12-14 17:00").expectStalled("").until("2026-12-14 17:00:01").expectStalled(v1alpha1.ReasonDeliverableOverdue)
	w.say(submitted("logo")).expectStalled("")
	if on := w.deliverable("logo").OnTime; on == nil || *on {
		t.Error("on time is judged on the first submission, and that was late")
	}
}

func TestTheWorkEndsWithTheLastAcceptance(t *testing.T) {
	w := aLogo(t).say(submitted("logo"), submitted("assets")).after(time.Hour).say(verdictOn("logo", v1alpha1.VerdictAccepted)).expectPhase(v1alpha1.PhaseAssigned)
	w.until("2026-12-05 12:00").say(verdictOn("assets", v1alpha1.VerdictPartlyAccepted).Amount("900")).expectOutcome(v1alpha1.OutcomeCompleted)
	w.expectEnded("2026-12-05 12:00", v1alpha1.EndDelivered)
	t.Run("but not in Onboarding", func(t *testing.T) {
		w := aMarketingTeam(t).add(anEngagement("designer").Deliverable("logo", "2026-12-14", "1")).hire().say(submitted("logo")).after(time.Minute)
		w.say(verdictOn("logo", v1alpha1.VerdictAccepted)).expectPhase(v1alpha1.PhaseOnboarding).startWithWorkDone()
	})
}

// startWithWorkDone confirms the start of work that was already done.
func (w *world) startWithWorkDone() {
	w.t.Helper()
	w.until("2026-12-01 08:00").say(done("start/confirmed", "max")).expectOutcome(v1alpha1.OutcomeCompleted)
}

func TestWorkThatIsUndecidedAtTheEnd(t *testing.T) {
	atEnd := func(t *testing.T) *world {
		return aLogo(t).until("2026-12-31").say(submitted("logo")).until("2027-01-01 08:00").expectPhase(v1alpha1.PhaseOffboarding)
	}
	t.Run("is waited for and can still be accepted", func(t *testing.T) {
		w := atEnd(t).expectWaits("deliverable/logo: Manager")
		w.until("2027-01-05").say(verdictOn("logo", v1alpha1.VerdictAccepted)).expectOutcome(v1alpha1.OutcomeCompleted).expectDeliverable("logo", v1alpha1.DeliverableAccepted)
	})
	t.Run("can be revised and handed in again", func(t *testing.T) {
		w := atEnd(t).until("2027-01-02").say(verdictOn("logo", v1alpha1.VerdictRevise)).expectWaits("deliverable/logo: Worker")
		again := submitted("logo")
		w.until("2027-01-03").say(again).expectIgnored(again, "").expectWaits("deliverable/logo: Manager")
		w.until("2027-01-04").say(verdictOn("logo", v1alpha1.VerdictAccepted)).expectOutcome(v1alpha1.OutcomeCompleted).expectDeliverable("logo", v1alpha1.DeliverableAccepted)
	})
	t.Run("lapses when the time to accept it is over", func(t *testing.T) {
		atEnd(t).until("2027-01-06 08:00").expectOutcome(v1alpha1.OutcomeCompleted).expectDeliverable("logo", v1alpha1.DeliverableLapsed)
	})
	t.Run("what was never submitted lapses at the end", func(t *testing.T) {
		late := submitted("assets")
		atEnd(t).expectDeliverable("assets", v1alpha1.DeliverableLapsed).after(time.Hour).say(late).expectIgnored(late, "TooLate")
	})
	t.Run("a decision after its time does not count", func(t *testing.T) {
		w := aLogo(t, func(s *v1alpha1.EngagementSpec) {
			s.Evaluation = &v1alpha1.EvaluationPlan{ScorecardRef: v1alpha1.LocalReference{Name: "creative"}, FinalWithin: lasting(240 * time.Hour)}
		})
		w.until("2026-12-31").say(submitted("logo")).until("2027-01-07").expectPhase(v1alpha1.PhaseEvaluating).expectDeliverable("logo", v1alpha1.DeliverableLapsed)
		late := verdictOn("logo", v1alpha1.VerdictAccepted)
		w.say(late).expectIgnored(late, "TooLate").expectDeliverable("logo", v1alpha1.DeliverableLapsed)
	})
}

func TestTheClientsChangeOfMindMakesNobodyLate(t *testing.T) {
	w := aLogo(t)
	w.say(submitted("logo")).after(time.Hour).say(verdictOn("logo", v1alpha1.VerdictRevise).Cause(v1alpha1.CauseClient)).after(time.Hour)
	if d := w.deliverable("logo"); d.Rounds != 0 || d.ClientRounds != 1 {
		t.Errorf("the client caused the round, but it counts as %+v", d)
	}
}

func judged(t *testing.T, cadence time.Duration) *world {
	t.Helper()
	return aMarketingTeam(t).add(anEngagement("designer").Evaluated("creative", cadence, 120*time.Hour)).hire().start()
}

func TestPeriodicReviews(t *testing.T) {
	const twoWeeks = 14 * day
	review := func(period int, author string) *evaluationBuilder {
		return anEvaluation(v1alpha1.EvaluationPeriodic, author, "4").Period(period)
	}
	reviews := func(w *world) v1alpha1.ReviewStatus { return *w.status().Reviews }
	t.Run("are asked for when they are due", func(t *testing.T) {
		w := judged(t, twoWeeks).expectWaits().until("2026-12-15 08:00").expectWaits("evaluation/period-1: Reviewer").expectStalled("")
		w.give(review(1, "rosa")).expectWaits()
		if r := reviews(w); r.Held != 1 || r.Missed != 0 {
			t.Errorf("one review was held and none missed, but it is %+v", r)
		}
		if w.status().Score != "75.0" {
			t.Errorf("4 of 1 to 5 is 75.0, but the score is %s", w.status().Score)
		}
	})
	t.Run("can be given ahead of that", func(t *testing.T) {
		judged(t, twoWeeks).until("2026-12-10").give(review(1, "rosa")).until("2026-12-15 08:00").expectWaits()
	})
	t.Run("are missed once the next is due, which can be seen", func(t *testing.T) {
		w := judged(t, 7*day).until("2026-12-15 08:00").expectStalled(v1alpha1.ReasonReviewOverdue).expectWaits("evaluation/period-2: Reviewer")
		if r := reviews(w); r.Held != 0 || r.Missed != 1 {
			t.Errorf("one review was missed, but it is %+v", r)
		}
	})
	t.Run("are counted to the end", func(t *testing.T) {
		w := judged(t, twoWeeks).until("2026-12-20").give(review(1, "rosa")).until("2027-01-01 08:00").expectPhase(v1alpha1.PhaseEvaluating)
		if r := reviews(w); r.Held != 1 || r.Missed != 0 || r.NextDue != nil {
			t.Errorf("one review was held, one can be given still, and none falls due any more, but it is %+v", r)
		}
		if r := reviews(w.until("2027-01-06 08:00").expectPhase(v1alpha1.PhaseClosed)); r.Held != 1 || r.Missed != 1 {
			t.Errorf("one review was held, and one was not given before the file was sealed, but it is %+v", r)
		}
	})
	tests := []struct {
		name, because string
		eval          *evaluationBuilder
		reason        string
	}{
		{"a period to come", "it has not begun", review(2, "rosa"), "UnknownPeriod"},
		{"a period that is no number", "nobody knows which", review(1, "rosa").With(func(s *v1alpha1.EvaluationSpec) { s.Period = "first" }), "UnknownPeriod"},
		{"by the worker", "nobody judges themselves", review(1, "ada"), "SelfDealing"},
		{"by nobody in particular", "the scorecard lists its reviewers", review(1, "max"), "NotAReviewer"},
		{"without an author", "what nobody said does not count", review(1, "").With(func(s *v1alpha1.EvaluationSpec) { s.Author = nil }), "NoAuthor"},
		{"by another scorecard", "the engagement names what it is judged by", review(1, "rosa").With(func(s *v1alpha1.EvaluationSpec) { s.ScorecardRef.Name = "other" }), "OtherScorecard"},
		{"off the scale", "it goes from 1 to 5", review(1, "rosa").With(func(s *v1alpha1.EvaluationSpec) { s.Scores[0].Score = "6" }), "NotByScorecard"},
		{"incomplete", "every criterion is scored", review(1, "rosa").With(func(s *v1alpha1.EvaluationSpec) { s.Scores = nil }), "NotByScorecard"},
		{"final while work goes on", "it is given after the end", anEvaluation(v1alpha1.EvaluationFinal, "rosa", "4"), "NotNow"},
		{"of a screening", "that is said of the Worker", anEvaluation(v1alpha1.EvaluationScreening, "rosa", "4"), "UnknownClaim"},
	}
	for _, tc := range tests {
		t.Run(tc.name+" does not count", func(t *testing.T) {
			w := judged(t, twoWeeks).until("2026-12-10").give(tc.eval)
			standing := w.evals[tc.eval.Name].Status
			if standing == nil || standing.Reason != tc.reason || len(w.status().Evaluations) > 0 {
				t.Errorf("%s: expected %s, but it is %+v", tc.because, tc.reason, standing)
			}
		})
	}
	t.Run("count once for each author and period", func(t *testing.T) {
		again := review(1, "rosa").With(func(s *v1alpha1.EvaluationSpec) { s.Scores[0].Score = "1" })
		w := judged(t, twoWeeks).until("2026-12-10").give(review(1, "rosa")).after(time.Hour).give(again, review(1, "rita"))
		if s := w.evals[again.Name].Status; s == nil || s.Reason != "Duplicate" || len(w.status().Evaluations) != 2 {
			t.Errorf("one evaluation counts per author and period, but the second is %+v of %d", s, len(w.status().Evaluations))
		}
	})
	t.Run("without a cadence there are none", func(t *testing.T) {
		eval := review(1, "rosa")
		w := judged(t, 0).until("2026-12-10").give(eval)
		if s := w.evals[eval.Name].Status; s == nil || s.Reason != "NotAsked" {
			t.Errorf("no cadence, no periods, but it is %+v", s)
		}
	})
	t.Run("of a period after the end do not count", func(t *testing.T) {
		eval := review(4, "rosa")
		w := aMarketingTeam(t).add(anEngagement("designer").Evaluated("creative", twoWeeks, 2400*time.Hour)).hire().start().until("2027-02-15").give(eval)
		if s := w.evals[eval.Name].Status; s == nil || s.Reason != "UnknownPeriod" {
			t.Errorf("the work ended in its third period, so there is no fourth, but it is %+v", s)
		}
	})
}

func TestAReviewIsGivenUntilTheNextOneIsDue(t *testing.T) {
	tests := []struct {
		name, because string
		cadence       time.Duration
		given         string
		period        int
		counts        bool
		message       string
	}{
		{"in its last second", "the second period is not over", 7 * day, "2026-12-15 07:59:59", 1, true, ""},
		{"when the next is due", "then it is missed", 7 * day, "2026-12-15 08:00", 1, false, "period 1 could be given until 2026-12-15T08:00:00Z, when the next fell due; give the one of period 2 instead"},
		{"long after", "a newcomer does not fill in what nobody gave", 7 * day, "2026-12-29 09:00", 1, false, "give the one of period 4 instead"},
		{"of the period that is over", "it is the one that is due", 7 * day, "2026-12-29 09:00", 4, true, ""},
		{"of the current period", "it can be given ahead", 7 * day, "2026-12-29 09:00", 5, true, ""},
		{"of the last period that was over, after the end", "no next one falls due", 7 * day, "2027-01-03", 4, true, ""},
		{"of the period in which the work ended", "it was not over, and nobody else will judge it", 7 * day, "2027-01-03", 5, true, ""},
		{"of the one before, after the end", "it was missed while work went on", 7 * day, "2027-01-03", 3, false, "period 3 could be given until 2026-12-29T08:00:00Z"},
	}
	for _, tc := range tests {
		for _, away := range []bool{false, true} {
			t.Run(tc.name+map[bool]string{true: ", and looked at later"}[away], func(t *testing.T) {
				eval := anEvaluation(v1alpha1.EvaluationPeriodic, "rosa", "4").Period(tc.period)
				w := judged(t, tc.cadence)
				if away { // the operator sees it a day later than it was given
					eval.CreationTimestamp = metav1.NewTime(on(tc.given))
					w.until(tc.given)
					w.now = w.now.Add(day)
					w.give(eval)
				} else {
					w.until(tc.given).give(eval)
				}
				standing := w.evals[eval.Name].Status
				switch {
				case tc.counts && (standing != nil || len(w.status().Evaluations) != 1 || w.status().Reviews.Held != 1):
					t.Errorf("%s: it counts, but it is %+v, and the reviews are %+v", tc.because, standing, w.status().Reviews)
				case !tc.counts && (standing == nil || standing.Reason != reasonTooLate || len(w.status().Evaluations) > 0 || w.status().Score != ""):
					t.Errorf("%s: it does not count, but it is %+v, and the score is %q", tc.because, standing, w.status().Score)
				case !tc.counts && !away && !strings.Contains(standing.Message, tc.message):
					t.Errorf("the reviewer should read %q, not %q", tc.message, standing.Message)
				}
			})
		}
	}
	t.Run("all that were missed at once", func(t *testing.T) {
		w := judged(t, 2*day).until("2026-12-22 09:00")
		var late []*evaluationBuilder
		for n := 1; n <= 9; n++ {
			late = append(late, anEvaluation(v1alpha1.EvaluationPeriodic, "rosa", "5").Period(n))
		}
		w.give(late...).give(anEvaluation(v1alpha1.EvaluationPeriodic, "rosa", "5").Period(10))
		if r := w.status().Reviews; r.Held != 1 || r.Missed != 9 || len(w.status().Evaluations) != 1 {
			t.Errorf("nine were missed and stay so, and the tenth was given in time, but it is %+v", r)
		}
		w.expectStalled("").until("2026-12-23 09:00").expectWaits("evaluation/period-11: Reviewer").expectStalled("")
		w.until("2026-12-25 09:00").expectStalled(v1alpha1.ReasonReviewOverdue)
	})
	t.Run("and whoever gave the one that is due is told to give the current one", func(t *testing.T) {
		late := anEvaluation(v1alpha1.EvaluationPeriodic, "rosa", "5").Period(1)
		w := judged(t, 7*day).until("2026-12-16").give(anEvaluation(v1alpha1.EvaluationPeriodic, "rosa", "4").Period(2)).give(late)
		if s := w.evals[late.Name].Status; s == nil || !strings.Contains(s.Message, "give the one of period 3 instead") {
			t.Errorf("of period 2 rosa gave one already, but she reads %+v", s)
		}
	})
}

func TestWhatWasNotAskedForSaysWhatToAskFor(t *testing.T) {
	eval, step := anEvaluation(v1alpha1.EvaluationFinal, "rosa", "4"), done("onboarding/nda", "max")
	w := aMarketingTeam(t).add(anEngagement("designer")).hire().start().give(eval).say(step).expectIgnored(step, "UnknownStep")
	for standing, want := range map[*v1alpha1.Standing]string{
		w.evals[eval.Name].Status: "name a scorecard in spec.evaluation.scorecardRef",
		w.atts[step.Name].Status:  "no onboarding checklist is in force",
	} {
		if standing == nil || !strings.Contains(standing.Message, want) {
			t.Errorf("who reads it should learn %q, but it is %+v", want, standing)
		}
	}
}

func TestTheFinalEvaluation(t *testing.T) {
	final := func(author string) *evaluationBuilder { return anEvaluation(v1alpha1.EvaluationFinal, author, "5") }
	t.Run("is waited for and closes", func(t *testing.T) {
		w := judged(t, 0).until("2027-01-01 08:00").expectPhase(v1alpha1.PhaseEvaluating).expectWaits("evaluation/final: Reviewer")
		w.give(final("rosa")).expectOutcome(v1alpha1.OutcomeCompleted)
		if w.status().Score != "100.0" {
			t.Errorf("5 of 5 is 100.0, but the score is %s", w.status().Score)
		}
	})
	t.Run("is gone without when its time has passed", func(t *testing.T) {
		w := judged(t, 0).until("2027-01-06 07:59:59").expectPhase(v1alpha1.PhaseEvaluating).until("2027-01-06 08:00").expectOutcome(v1alpha1.OutcomeCompleted)
		if c := condition(w.status().Conditions, v1alpha1.ConditionEvaluated); c.Reason != v1alpha1.ReasonDeadlinePassed {
			t.Errorf("nobody evaluated in time, but Evaluated is %+v", c)
		}
	})
	t.Run("is given by as many as the scorecard asks for", func(t *testing.T) {
		two := aScorecard("creative", "rosa", "rita")
		two.Spec.Reviewers.Min = 2
		w := judged(t, 0).add(two).until("2027-01-01 08:00").give(final("rosa")).expectPhase(v1alpha1.PhaseEvaluating)
		w.give(final("rosa").Period(2)).expectPhase(v1alpha1.PhaseEvaluating)
		w.give(final("rita")).expectOutcome(v1alpha1.OutcomeCompleted)
	})
	t.Run("that was given before the end does not count, whenever it is seen", func(t *testing.T) {
		w := judged(t, 0).until("2027-01-01 07:00")
		early := final("rosa")
		w.evaluate(early)
		w.now = on("2027-01-01 08:00:01") // the operator was away
		w.settle().expectPhase(v1alpha1.PhaseEvaluating)
		if s := w.evals[early.Name].Status; s == nil || s.Reason != "NotNow" {
			t.Errorf("it was given before the end, but it is %+v", s)
		}
	})
	t.Run("needs the scorecard, and says so when that is gone", func(t *testing.T) {
		w := judged(t, 0).until("2027-01-01 08:00")
		delete(w.scorecards, "marketing/creative")
		w.give(final("rosa")).expectPhase(v1alpha1.PhaseEvaluating).expectStalled(v1alpha1.ReasonReferenceNotFound)
		w.add(aScorecard("creative", "rosa")).settle().expectOutcome(v1alpha1.OutcomeCompleted)
	})
}
