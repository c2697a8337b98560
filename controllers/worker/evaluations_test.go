package worker

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// rubric scores one criterion from 0 to 10, so that 7.25 of them are 72.5 points.
func rubric(passMark, reviewers int32, subjects ...string) *v1alpha1.Scorecard {
	card := &v1alpha1.Scorecard{ObjectMeta: named("rubric")}
	card.Spec.PassMark = passMark
	card.Spec.Criteria = []v1alpha1.Criterion{{Name: "craft", Weight: 1, Max: 10}}
	card.Spec.Reviewers = &v1alpha1.Reviewers{Min: reviewers}
	for _, s := range subjects {
		card.Spec.Reviewers.Subjects = append(card.Spec.Reviewers.Subjects, v1alpha1.Subject{Kind: v1alpha1.SubjectUser, Name: s})
	}
	return card
}

// scored is a step that is judged by a scorecard.
func scored(step v1alpha1.ChecklistStep, scorecard string) v1alpha1.ChecklistStep {
	step.Scorecard = &v1alpha1.StepScorecard{Name: scorecard}
	return step
}

// evaluate adds an Evaluation of ada for designers by the scorecard rubric.
func (w *world) evaluate(at time.Time, author, craft string, changes ...func(*v1alpha1.EvaluationSpec)) *v1alpha1.Evaluation {
	eval := v1alpha1.Evaluation{ObjectMeta: named(fmt.Sprintf("evaluation-%02d", len(w.Evaluations)+1))}
	eval.CreationTimestamp = metav1.NewTime(at)
	eval.Spec = v1alpha1.EvaluationSpec{
		WorkerRef: &v1alpha1.LocalReference{Name: "ada"}, PoolRef: &v1alpha1.LocalReference{Name: "designers"},
		ScorecardRef: v1alpha1.LocalReference{Name: "rubric"}, Kind: v1alpha1.EvaluationScreening,
		Scores: []v1alpha1.CriterionScore{{Name: "craft", Score: craft}},
	}
	if author != "" {
		eval.Spec.Author = &v1alpha1.Author{Username: author}
	}
	for _, change := range changes {
		change(&eval.Spec)
	}
	w.Evaluations = append(w.Evaluations, eval)
	return &w.Evaluations[len(w.Evaluations)-1]
}

func TestAnEvaluationDecidesTheStepThatItsScorecardJudges(t *testing.T) {
	limit := func(step v1alpha1.ChecklistStep, threshold int32) v1alpha1.ChecklistStep {
		step.Scorecard.Threshold = &threshold
		return step
	}
	for _, tc := range []struct {
		name   string
		step   v1alpha1.ChecklistStep
		craft  string
		want   v1alpha1.ScreeningState
		reason string
	}{
		{"at the pass mark", scored(interview("interview"), "rubric"), "7", v1alpha1.ScreeningPassed, "70 is enough"},
		{"just below it", scored(interview("interview"), "rubric"), "6.99", v1alpha1.ScreeningFailed, "69.9 is not 70: nothing is rounded up to a pass"},
		{"at the step's own threshold", limit(scored(interview("interview"), "rubric"), 50), "5", v1alpha1.ScreeningPassed, "the step asks for less than the scorecard"},
		{"below it", limit(scored(interview("interview"), "rubric"), 80), "7.5", v1alpha1.ScreeningFailed, "the step asks for more than the scorecard"},
		{"an attestation step", scored(attestation("portfolio"), "rubric"), "9", v1alpha1.ScreeningPassed, "every step that people speak of can have a scorecard"},
		{"a training, below what it asks for", scored(training("trial", "", "", 1), "rubric"), "7.5", v1alpha1.ScreeningFailed, "it asks for 80"},
		{"a training, passed", scored(training("trial", "", "", 1), "rubric"), "8", v1alpha1.ScreeningPassed, "it asks for 80"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t, tc.step)
			w.Scorecards["rubric"] = rubric(70, 0)
			w.look(after(0))
			eval := w.evaluate(after(1), "omar", tc.craft)
			m := w.stands(after(2), tc.want, after(1))
			if got := stepStatus(m.Steps, tc.step.Name).Attestation; got != eval.Name {
				t.Errorf("the step was decided by %q, expected by the evaluation, because %s", got, tc.reason)
			}
			if eval.Status != nil || len(eval.OwnerReferences) != 1 || len(w.Worker.Status.Attestations) != 1 {
				t.Fatalf("the evaluation stands %+v and is bound %d times, expected it to count and to be bound and recorded once", eval.Status, len(eval.OwnerReferences))
			}
			w.Evaluations = nil
			w.stands(after(3), tc.want, after(1))
		})
	}
}

func TestAnEvaluationIsRecordedWithWhatItCameTo(t *testing.T) {
	w := newWorld(t, scored(interview("interview"), "rubric"))
	w.Scorecards["rubric"] = rubric(70, 0)
	w.evaluate(after(1), "omar", "7.25", func(s *v1alpha1.EvaluationSpec) { s.Comment = "between us" })
	want := []v1alpha1.WorkerAttestation{{
		AttestationRecord: v1alpha1.AttestationRecord{
			UID: "uid-of-evaluation-01", Name: "evaluation-01", Claim: "screening/interview", Verdict: done, Author: "omar", At: metav1.NewTime(after(1)), Score: new(int32(72)),
		},
		Pool: "designers", Evaluation: &v1alpha1.ScreeningEvaluation{Scorecard: "rubric", Score: "72.5", Reviewers: 1},
	}}
	if diff := cmp.Diff(want, w.look(after(1)).Attestations); diff != "" {
		t.Errorf("the record is not the evaluation's, without its comment (-expected +got):\n%s", diff)
	}
}

func TestAnEvaluationThatDoesNotCountSaysWhy(t *testing.T) {
	by := func(scorecard string) func(*v1alpha1.EvaluationSpec) {
		return func(s *v1alpha1.EvaluationSpec) { s.ScorecardRef.Name = scorecard }
	}
	of := func(pool string) func(*v1alpha1.EvaluationSpec) {
		return func(s *v1alpha1.EvaluationSpec) { s.PoolRef.Name = pool }
	}
	for _, tc := range []struct {
		name string
		give func(*world) *v1alpha1.Evaluation
		// reason is empty for one that counts.
		state, reason, message string
	}{
		{"by a reviewer", func(w *world) *v1alpha1.Evaluation { return w.evaluate(after(1), "omar", "7") }, "", "", ""},
		{"by the worker", func(w *world) *v1alpha1.Evaluation { return w.evaluate(after(1), "ada.l", "10") }, "Ignored", "SelfDealing", "their own screening"},
		{"by the worker's other account", func(w *world) *v1alpha1.Evaluation { return w.evaluate(after(1), "ada@agency", "10") }, "Ignored", "SelfDealing", "their own screening"},
		{"by another scorecard", func(w *world) *v1alpha1.Evaluation { return w.evaluate(after(1), "omar", "7", by("other")) }, "Invalid", "OtherScorecard", "rubric (step interview), closed (step trial)"},
		{"by somebody who is no reviewer", func(w *world) *v1alpha1.Evaluation { return w.evaluate(after(1), "tess", "7") }, "Ignored", "NotAReviewer", "the reviewers it lists"},
		{"by somebody whom the step does not list", func(w *world) *v1alpha1.Evaluation { return w.evaluate(after(1), "omar", "7", by("closed")) }, "Ignored", "NotAnAttestor", "under attestors"},
		{"off the scale", func(w *world) *v1alpha1.Evaluation { return w.evaluate(after(1), "omar", "11") }, "Invalid", "NotByScorecard", "off its scale"},
		{"incomplete", func(w *world) *v1alpha1.Evaluation {
			return w.evaluate(after(1), "omar", "7", func(s *v1alpha1.EvaluationSpec) { s.Scores = nil })
		}, "Invalid", "NotByScorecard", `"craft" is not scored`},
		{"older than the worker", func(w *world) *v1alpha1.Evaluation { return w.evaluate(after(-1), "omar", "7") }, "Ignored", "BeforeSubject", "before the worker"},
		{"by nobody", func(w *world) *v1alpha1.Evaluation { return w.evaluate(after(1), "", "7") }, "Ignored", "NoAuthor", "no author"},
		{"of a pool that is not there", func(w *world) *v1alpha1.Evaluation { return w.evaluate(after(1), "omar", "7", of("writers")) }, "Ignored", "UnknownPool", `no TalentPool "writers"`},
		{"of a pool to which the worker does not belong", func(w *world) *v1alpha1.Evaluation { return w.evaluate(after(1), "omar", "7", of("testers")) }, "Ignored", "NotAMember", "does not belong"},
		{"of a pool without screening", func(w *world) *v1alpha1.Evaluation { return w.evaluate(after(1), "omar", "7", of("everybody")) }, "Ignored", "NotAsked", "asks for no screening"},
		{"of a step that is settled", func(w *world) *v1alpha1.Evaluation {
			w.state(after(0.5), "omar", "screening/interview", done, withScore(90))
			return w.evaluate(after(1), "omar", "2")
		}, "Ignored", "NotAsked", "is settled"},
		{"of a step that is waived", func(w *world) *v1alpha1.Evaluation {
			w.state(after(0.5), "zoe", "waiver/screening.interview", waived)
			return w.evaluate(after(1), "omar", "2")
		}, "Ignored", "NotAsked", "is settled"},
		{"of a screening that failed", func(w *world) *v1alpha1.Evaluation {
			w.state(after(0.5), "omar", "screening/identity", failed)
			return w.evaluate(after(1), "omar", "7")
		}, "Ignored", "TooEarly", "allows no new attempt"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			restricted := scored(interview("trial", "yan"), "closed")
			w := newWorld(t, attestation("identity"), scored(interview("interview"), "rubric"), restricted)
			w.havePool("everybody", "").Spec = v1alpha1.TalentPoolSpec{}
			w.havePool("testers", "funnel").Spec.WorkerSelector.MatchLabels["craft"] = "test"
			w.Scorecards["rubric"], w.Scorecards["closed"] = rubric(70, 0, "omar", "ada.l", "ada@agency"), rubric(70, 0)
			other := v1alpha1.Worker{ObjectMeta: named("ada-at-the-agency")}
			other.Spec.Username = "ada@agency"
			w.Person = []v1alpha1.Worker{*w.Worker, other}
			w.look(after(0))
			eval := tc.give(w)
			recordedBefore := len(w.Attestations)
			w.look(after(2))
			recorded := len(w.Worker.Status.Attestations) > recordedBefore
			if tc.reason == "" {
				if eval.Status != nil || !recorded || len(eval.OwnerReferences) != 1 {
					t.Errorf("the evaluation stands %+v, is recorded: %t, and bound %d times; expected it to count", eval.Status, recorded, len(eval.OwnerReferences))
				}
				return
			}
			if eval.Status == nil || eval.Status.State != tc.state || eval.Status.Reason != tc.reason || !strings.Contains(eval.Status.Message, tc.message) {
				t.Errorf("the evaluation stands %+v, expected %s/%s with %q", eval.Status, tc.state, tc.reason, tc.message)
			}
			if recorded || len(eval.OwnerReferences) > 0 {
				t.Errorf("the evaluation is recorded or bound, expected neither: it does not count")
			}
		})
	}
}

func TestAnEvaluationWaitsForItsScorecard(t *testing.T) {
	w := newWorld(t, scored(interview("interview"), "rubric"))
	w.Scorecards["rubric"] = rubric(70, 0)
	w.look(after(0))
	delete(w.Scorecards, "rubric")
	eval := w.evaluate(after(1), "omar", "7")
	w.stands(after(2), v1alpha1.ScreeningInProgress, after(0))
	if eval.Status != nil || len(w.Worker.Status.Attestations) > 0 {
		t.Errorf("the evaluation was judged (%+v), expected it to be left until it can be", eval.Status)
	}
	if message := w.Worker.Status.WaitingFor[0].Message; !strings.Contains(message, "create the scorecard rubric again") {
		t.Errorf("the wait says %q, expected that the scorecard is gone", message)
	}
	w.Scorecards["rubric"] = rubric(70, 0)
	w.stands(after(3), v1alpha1.ScreeningPassed, after(1))
}

func TestAsManyReviewersAsTheScorecardAsksForDecideByTheirMean(t *testing.T) {
	for _, tc := range []struct {
		name   string
		second string
		want   v1alpha1.ScreeningState
		score  int32
	}{{"the mean passes", "8", v1alpha1.ScreeningPassed, 70}, {"the mean does not", "7.9", v1alpha1.ScreeningFailed, 69},
		{"the mean is short by less than a score is printed with", "7.99", v1alpha1.ScreeningFailed, 69}} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t, scored(interview("interview"), "rubric"))
			w.Scorecards["rubric"] = rubric(70, 2)
			w.look(after(0))
			w.evaluate(after(1), "omar", "6")
			w.stands(after(1), v1alpha1.ScreeningInProgress, after(0))
			if message := w.Worker.Status.WaitingFor[0].Message; !strings.Contains(message, "1 of 2 reviewers have") || !strings.Contains(message, "by the scorecard rubric") {
				t.Errorf("the wait says %q, expected how many reviewers have judged, by what", message)
			}
			again := w.evaluate(after(2), "omar", "10")
			w.stands(after(2), v1alpha1.ScreeningInProgress, after(0))
			if again.Status == nil || again.Status.Reason != "Duplicate" {
				t.Errorf("a second evaluation by the same reviewer stands %+v, expected Duplicate", again.Status)
			}
			w.evaluate(after(3), "tess", tc.second)
			m := w.stands(after(4), tc.want, after(3))
			if s := stepStatus(m.Steps, "interview"); s.Score == nil || *s.Score != tc.score {
				t.Errorf("the step has the score %v, expected the mean, rounded down: %d", s.Score, tc.score)
			}
			late := w.evaluate(after(5), "yan", "0")
			w.stands(after(5), tc.want, after(3))
			if late.Status == nil {
				t.Error("a third evaluation counts, expected the panel to be closed")
			}
		})
	}
}

func TestAnEditOfTheScorecardMidwayChangesNothing(t *testing.T) {
	w := newWorld(t, scored(interview("interview"), "rubric"))
	w.Scorecards["rubric"] = rubric(70, 0)
	w.evaluate(after(1), "omar", "7.5")
	w.stands(after(1), v1alpha1.ScreeningPassed, after(1))
	w.Scorecards["rubric"] = rubric(90, 3)
	w.stands(after(2), v1alpha1.ScreeningPassed, after(1))
	delete(w.Scorecards, "rubric")
	w.stands(after(3), v1alpha1.ScreeningPassed, after(1))
}

func TestStepsThatShareAScorecardAreJudgedInTheirOrder(t *testing.T) {
	w := newWorld(t, scored(interview("first"), "rubric"), scored(interview("second"), "rubric"))
	w.Scorecards["rubric"] = rubric(70, 0)
	w.look(after(0))
	w.evaluate(after(1), "omar", "8")
	w.stands(after(1), v1alpha1.ScreeningInProgress, after(0))
	if got := w.stepState("first"); got != v1alpha1.StepDone {
		t.Errorf("the first step is %s, expected the first evaluation to decide it", got)
	}
	w.evaluate(after(2), "omar", "9")
	w.stands(after(2), v1alpha1.ScreeningPassed, after(2))
}

func TestOfAnEvaluationAndAnAttestationTheNewestCounts(t *testing.T) {
	w := newWorld(t, scored(interview("interview"), "rubric"), attestation("identity"))
	w.Scorecards["rubric"] = rubric(70, 0)
	w.look(after(0))
	w.evaluate(after(1), "omar", "8")
	w.look(after(1))
	w.state(after(2), "zoe", "screening/interview", failed)
	w.stands(after(2), v1alpha1.ScreeningFailed, after(2))
}

func TestAWorkerWhoFailedByEvaluationAppliesAgain(t *testing.T) {
	w := newWorld(t, scored(interview("interview"), "rubric"))
	w.pool0().Spec.Screening.RetryAfter = "P30D"
	w.Scorecards["rubric"] = rubric(70, 2)
	w.look(after(0))
	w.evaluate(after(1), "omar", "5")
	w.evaluate(after(2), "tess", "5")
	m := w.stands(after(3), v1alpha1.ScreeningFailed, after(2))
	if m.RetryAt == nil || !m.RetryAt.Time.Equal(after(32)) {
		t.Errorf("a new attempt may begin at %v, expected 30 days after the failure", m.RetryAt)
	}
	early := w.evaluate(after(31), "omar", "10")
	w.stands(after(31), v1alpha1.ScreeningFailed, after(2))
	if early.Status == nil || early.Status.Reason != "TooEarly" {
		t.Errorf("an evaluation before the new attempt stands %+v, expected TooEarly", early.Status)
	}
	w.evaluate(after(33), "omar", "9")
	m = w.stands(after(33), v1alpha1.ScreeningInProgress, after(32))
	if m.Attempt != 2 {
		t.Errorf("it is attempt %d, expected the second", m.Attempt)
	}
	w.evaluate(after(34), "tess", "9")
	w.stands(after(34), v1alpha1.ScreeningPassed, after(34))
}
