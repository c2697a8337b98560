package worker

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

const (
	done   = v1alpha1.VerdictDone
	failed = v1alpha1.VerdictFailed
	waived = v1alpha1.VerdictWaived
)

// stands compares how ada stands with what is expected.
func (w *world) stands(now time.Time, state v1alpha1.ScreeningState, since time.Time) v1alpha1.PoolMembership {
	w.t.Helper()
	m := w.standing(now)
	if m.Screening != state {
		w.t.Errorf("at %s the screening is %s, expected %s; the steps are %v", now.Format(time.DateOnly), m.Screening, state, m.Steps)
	}
	if m.Since == nil || !m.Since.Time.Equal(since) {
		w.t.Errorf("at %s the screening is %s since %v, expected since %s", now.Format(time.DateOnly), m.Screening, m.Since, since)
	}
	return m
}

func TestAWorkerOfAPoolWithoutScreeningHasPassed(t *testing.T) {
	w := newWorld(t)
	w.stands(after(0), v1alpha1.ScreeningPassed, after(0))
	m := w.stands(after(9), v1alpha1.ScreeningPassed, after(0))
	if len(m.Steps) > 0 || m.Checklist != nil || len(w.Worker.Status.WaitingFor) > 0 {
		t.Errorf("the membership is %+v, expected no steps, no checklist and nobody to wait for", m)
	}
}

func TestAWorkerPassesWithTheLastRequiredStep(t *testing.T) {
	optional := attestation("portfolio-talk")
	optional.Required = new(false)
	w := newWorld(t, attestation("identity"), interview("interview"), optional)
	w.stands(after(0), v1alpha1.ScreeningInProgress, after(0))
	w.state(after(1), "tess", "screening/identity", done)
	w.stands(after(1), v1alpha1.ScreeningInProgress, after(0))
	w.state(after(3), "omar", "screening/interview", done)
	m := w.stands(after(4), v1alpha1.ScreeningPassed, after(3))
	if m.Attempt != 1 || !m.StartedAt.Time.Equal(after(0)) || m.RetryAt != nil {
		t.Errorf("it is attempt %d since %v with retry at %v, expected the first since day 0 and no retry", m.Attempt, m.StartedAt, m.RetryAt)
	}
	if got := w.stepState("portfolio-talk"); got != v1alpha1.StepOpen {
		t.Errorf("the optional step is %s, expected it to be left open", got)
	}
	if waits := w.Worker.Status.WaitingFor; len(waits) > 0 {
		t.Errorf("after the screening is passed %v is waited for, expected nobody", waits)
	}
}

func TestAStatementMadeBeforeTheFirstLookCounts(t *testing.T) {
	w := newWorld(t, interview("interview"))
	w.state(after(0.5), "omar", "screening/interview", done)
	w.stands(after(2), v1alpha1.ScreeningPassed, after(0.5))
}

func TestACheckIsLookedAtByTheOperator(t *testing.T) {
	w := newWorld(t, check("basics", "worker.spec.skills.exists(s, s.level >= 3)"), interview("interview"))
	w.Checklists["funnel"].Spec.Steps[1].DependsOn = []string{"basics"}
	w.look(after(0))
	w.state(after(1), "omar", "screening/interview", done)
	w.stands(after(1), v1alpha1.ScreeningInProgress, after(0))
	w.Worker.Spec.Skills = []v1alpha1.Skill{{Name: "logo", Level: 4}}
	w.stands(after(2), v1alpha1.ScreeningPassed, after(2))

	w.Worker.Spec.Skills = nil
	w.stands(after(5), v1alpha1.ScreeningInProgress, after(5))
}

func TestAFailureEndsTheAttemptUntilItMayBeTriedAgain(t *testing.T) {
	w := newWorld(t, attestation("identity"), interview("interview"))
	w.pool0().Spec.Screening.RetryAfter = "P30D"
	w.state(after(1), "tess", "screening/identity", done)
	w.state(after(2), "omar", "screening/interview", failed)
	m := w.stands(after(2), v1alpha1.ScreeningFailed, after(2))
	if m.RetryAt == nil || !m.RetryAt.Time.Equal(after(32)) {
		t.Errorf("a new attempt may begin at %v, expected 30 days after the failure", m.RetryAt)
	}
	if !w.last.Next.Equal(after(32)) {
		t.Errorf("the worker is looked at again at %s, expected when a new attempt may begin", w.last.Next)
	}
	if message := stepStatus(m.Steps, "interview").Message; !strings.Contains(message, "2026-04-03T09:00:00Z") || !strings.Contains(message, "waiver/screening.interview") {
		t.Errorf("the failed step says %q, expected until when, and how it can be waived", message)
	}
	if waits := w.Worker.Status.WaitingFor; len(waits) > 0 {
		t.Errorf("while nobody can act %v is waited for", waits)
	}

	early := w.state(after(31.9), "omar", "screening/interview", done)
	w.stands(after(31.9), v1alpha1.ScreeningFailed, after(2))
	if early.Status == nil || early.Status.Reason != "TooEarly" || !strings.Contains(early.Status.Message, "2026-04-03T09:00:00Z") {
		t.Errorf("a new attempt before its time has the standing %+v, expected TooEarly with the moment", early.Status)
	}

	m = w.stands(after(32), v1alpha1.ScreeningInProgress, after(32))
	if m.Attempt != 2 || m.RetryAt != nil || !m.StartedAt.Time.Equal(after(32)) {
		t.Errorf("it is attempt %d since %v, expected the second since it may begin", m.Attempt, m.StartedAt)
	}
	if got := w.stepState("identity"); got != v1alpha1.StepOpen {
		t.Errorf("the first step of the new attempt is %s, expected it to be open: the procedure begins anew", got)
	}
	w.state(after(33), "omar", "screening/interview", done)
	w.state(after(34), "tess", "screening/identity", done)
	w.stands(after(34), v1alpha1.ScreeningPassed, after(34))
}

func TestASecondFailureKeepsWhatWasSaidOfTheFirstAttemptOut(t *testing.T) {
	w := newWorld(t, attestation("identity"), interview("interview"))
	w.pool0().Spec.Screening.RetryAfter = "P10D"
	w.state(after(1), "tess", "screening/identity", done)
	w.state(after(2), "omar", "screening/interview", failed)
	w.state(after(15), "omar", "screening/interview", failed)
	for _, look := range []float64{0, 2, 12, 15, 16} {
		w.look(after(look))
	}
	m := w.stands(after(17), v1alpha1.ScreeningFailed, after(15))
	if m.Attempt != 2 || !m.RetryAt.Time.Equal(after(25)) {
		t.Errorf("it is attempt %d with the next at %v, expected the second and ten days after its failure", m.Attempt, m.RetryAt)
	}
	if got := w.stepState("identity"); got != v1alpha1.StepOpen {
		t.Errorf("identity is %s, expected what was said of it in the first attempt not to count", got)
	}
	w.stands(after(40), v1alpha1.ScreeningInProgress, after(25))
}

func TestWithoutRetryAfterAFailureIsForGood(t *testing.T) {
	w := newWorld(t, interview("interview"))
	w.look(after(0))
	w.state(after(1), "omar", "screening/interview", failed)
	again := w.state(after(300), "omar", "screening/interview", done)
	m := w.stands(after(400), v1alpha1.ScreeningFailed, after(1))
	if m.RetryAt != nil || !w.last.Next.IsZero() {
		t.Errorf("a new attempt at %v is expected, and the next look at %s: the pool allows none", m.RetryAt, w.last.Next)
	}
	if again.Status == nil || again.Status.Reason != "TooEarly" || !strings.Contains(again.Status.Message, "allows no new attempt") {
		t.Errorf("a second interview has the standing %+v, expected it to be told that the pool allows none", again.Status)
	}
	if message := stepStatus(m.Steps, "interview").Message; !strings.Contains(message, "allows no new attempt") {
		t.Errorf("the failed step says %q, expected that there is no new attempt", message)
	}
}

func TestAWaiverLiftsAFailureAtOnce(t *testing.T) {
	w := newWorld(t, interview("interview"), attestation("identity"))
	w.state(after(1), "omar", "screening/interview", failed)
	w.stands(after(1), v1alpha1.ScreeningFailed, after(1))
	waiver := w.state(after(2), "zoe", "waiver/screening.interview", waived)
	w.state(after(3), "tess", "screening/identity", done)
	w.stands(after(3), v1alpha1.ScreeningPassed, after(3))
	if waiver.Status != nil {
		t.Errorf("the waiver has the standing %+v, expected it to count", waiver.Status)
	}
	if got := w.stepState("interview"); got != v1alpha1.StepWaived {
		t.Errorf("the interview is %s, expected it to be waived", got)
	}
}

func TestAnOptionalStepFailsNobody(t *testing.T) {
	optional := interview("chat")
	optional.Required = new(false)
	w := newWorld(t, optional, attestation("identity"))
	w.look(after(0))
	w.state(after(1), "omar", "screening/chat", failed)
	w.stands(after(1), v1alpha1.ScreeningInProgress, after(0))
	w.state(after(2), "tess", "screening/identity", done)
	w.stands(after(2), v1alpha1.ScreeningPassed, after(2))
}

func TestTrainingFailsWithItsLastAttempt(t *testing.T) {
	w := newWorld(t, training("safety", "safety", "", 2))
	w.pool0().Spec.Screening.RetryAfter = "P7D"
	w.look(after(0))
	w.state(after(1), "academy", "screening/safety", done, withScore(60))
	w.stands(after(1), v1alpha1.ScreeningInProgress, after(0))
	w.state(after(4), "academy", "screening/safety", failed)
	m := w.stands(after(4), v1alpha1.ScreeningFailed, after(4))
	if !m.RetryAt.Time.Equal(after(11)) {
		t.Errorf("a new attempt may begin at %v, expected a week after the last attempt, not after the first", m.RetryAt)
	}
	w.state(after(12), "academy", "screening/safety", done, withScore(81))
	w.stands(after(12), v1alpha1.ScreeningPassed, after(12))
}

func TestAScreeningLapsesWithACertificateAndIsPassedAgain(t *testing.T) {
	w := newWorld(t, interview("interview"), training("safety", "safety", "P1Y", 0))
	w.look(after(0))
	w.state(after(1), "omar", "screening/interview", done)
	w.state(after(2), "academy", "screening/safety", done, withScore(90))
	w.stands(after(2), v1alpha1.ScreeningPassed, after(2))
	expires := after(2).AddDate(1, 0, 0)
	if !w.last.Next.Equal(expires) {
		t.Errorf("the worker is looked at again at %s, expected when the certificate expires", w.last.Next)
	}
	w.stands(expires.Add(-time.Second), v1alpha1.ScreeningPassed, after(2))
	w.stands(expires, v1alpha1.ScreeningLapsed, expires)
	w.stands(expires.AddDate(0, 1, 0), v1alpha1.ScreeningLapsed, expires)
	waits := w.Worker.Status.WaitingFor
	if len(waits) != 1 || waits[0].What != "screening/safety" || waits[0].Who != "Worker" || !waits[0].Since.Time.Equal(expires) {
		t.Errorf("%v is waited for, expected the worker, for the training, since the certificate expired", waits)
	}

	renewed := expires.AddDate(0, 2, 0)
	w.state(renewed, "academy", "screening/safety", done, withScore(95))
	w.stands(renewed, v1alpha1.ScreeningPassed, renewed)
	w.stands(renewed.AddDate(1, 0, 0), v1alpha1.ScreeningLapsed, renewed.AddDate(1, 0, 0))
}

func TestAFailedTrainingDoesNotExpire(t *testing.T) {
	w := newWorld(t, training("safety", "safety", "P1M", 1))
	w.look(after(0))
	w.state(after(1), "academy", "screening/safety", done, withScore(10))
	w.stands(after(1), v1alpha1.ScreeningFailed, after(1))
	w.stands(after(90), v1alpha1.ScreeningFailed, after(1))
}

func TestACertificateFromElsewhereCarriesOverWhileItIsValid(t *testing.T) {
	w := newWorld(t, training("safety", "safety", "P1Y", 0))
	other := v1alpha1.Worker{ObjectMeta: named("ada-at-the-agency")}
	other.Status.Certificates = []v1alpha1.Certificate{{Name: "safety", EarnedAt: metav1.NewTime(after(-100)), ExpiresAt: &metav1.Time{Time: after(50)}, Source: "Engagement/x/y"}}
	w.Person = []v1alpha1.Worker{*w.Worker, other}
	w.stands(after(0), v1alpha1.ScreeningPassed, after(0))
	if !w.last.Next.Equal(after(50)) {
		t.Errorf("the worker is looked at again at %s, expected when the certificate expires", w.last.Next)
	}
	w.stands(after(50), v1alpha1.ScreeningLapsed, after(50))
	if len(w.Worker.Status.Certificates) > 0 {
		t.Errorf("the worker holds %v, expected what the person earned under another name to stay there", w.Worker.Status.Certificates)
	}
}

func TestTheProcedureInForceIsKept(t *testing.T) {
	original := func(t *testing.T) *world {
		t.Helper()
		w := newWorld(t, attestation("identity"), interview("interview"))
		w.pool0().Spec.Screening.RetryAfter = "P10D"
		w.look(after(0))
		w.state(after(1), "tess", "screening/identity", done)
		w.look(after(1))
		return w
	}
	edited := func(w *world) {
		cl := w.haveChecklist("funnel", attestation("identity"), interview("interview"), attestation("references"))
		cl.Generation = 2
	}
	names := func(m v1alpha1.PoolMembership) string {
		var all []string
		for _, s := range m.Definition {
			all = append(all, s.Name)
		}
		return strings.Join(all, " ")
	}
	t.Run("an edit midway asks for nothing more", func(t *testing.T) {
		w := original(t)
		edited(w)
		m := w.stands(after(2), v1alpha1.ScreeningInProgress, after(0))
		if names(m) != "identity interview" || m.Checklist.Generation != 1 {
			t.Errorf("the steps in force are %q of generation %d, expected those of the beginning", names(m), m.Checklist.Generation)
		}
		w.state(after(3), "omar", "screening/interview", done)
		w.stands(after(3), v1alpha1.ScreeningPassed, after(3))
		added := w.state(after(4), "tess", "screening/references", done)
		w.look(after(4))
		if added.Status == nil || added.Status.Reason != "UnknownStep" || !strings.Contains(added.Status.Message, "funnel at generation 1") {
			t.Errorf("a statement about the new step has the standing %+v, expected UnknownStep, with the checklist in force", added.Status)
		}
	})
	t.Run("a checklist that is deleted midway", func(t *testing.T) {
		w := original(t)
		delete(w.Checklists, "funnel")
		w.state(after(3), "omar", "screening/interview", done)
		w.stands(after(3), v1alpha1.ScreeningPassed, after(3))
	})
	t.Run("a new attempt follows the newest", func(t *testing.T) {
		w := original(t)
		edited(w)
		w.state(after(3), "omar", "screening/interview", failed)
		w.stands(after(3), v1alpha1.ScreeningFailed, after(3))
		m := w.stands(after(13), v1alpha1.ScreeningInProgress, after(13))
		if names(m) != "identity interview references" || m.Checklist.Generation != 2 {
			t.Errorf("the new attempt follows %q of generation %d, expected the newest", names(m), m.Checklist.Generation)
		}
	})
	t.Run("a pool that names another checklist asks for another screening", func(t *testing.T) {
		w := original(t)
		w.state(after(3), "omar", "screening/interview", done)
		w.stands(after(3), v1alpha1.ScreeningPassed, after(3))
		w.haveChecklist("harder", attestation("trial"))
		w.pool0().Spec.Screening.ChecklistRef.Name = "harder"
		m := w.stands(after(4), v1alpha1.ScreeningInProgress, after(4))
		if names(m) != "trial" {
			t.Errorf("the steps in force are %q, expected those of the other checklist", names(m))
		}
	})
	t.Run("a pool that begins to screen asks those who passed without", func(t *testing.T) {
		w := newWorld(t)
		w.stands(after(0), v1alpha1.ScreeningPassed, after(0))
		w.pool0().Spec.Screening = &v1alpha1.Screening{ChecklistRef: v1alpha1.LocalReference{Name: "funnel"}}
		w.haveChecklist("funnel", attestation("identity"))
		w.stands(after(4), v1alpha1.ScreeningInProgress, after(4))
	})
}

func TestWhatCannotBeFollowedHoldsAndSaysWhy(t *testing.T) {
	scored := interview("interview")
	scored.Scorecard = &v1alpha1.StepScorecard{Name: "rubric"}
	for _, tc := range []struct {
		name    string
		spoil   func(*world)
		reason  string
		message string
	}{
		{"no such checklist", func(w *world) { delete(w.Checklists, "funnel") }, v1alpha1.ReasonReferenceNotFound, "the checklist funnel, which does not exist"},
		{"a cycle", func(w *world) { w.haveChecklist("funnel", attestation("a", "b"), attestation("b", "a")) }, v1alpha1.ReasonChecklistInvalid, "a → b → a"},
		{"no such scorecard", func(w *world) { w.haveChecklist("funnel", scored) }, v1alpha1.ReasonReferenceNotFound, "the scorecard rubric, which does not exist"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t, interview("interview"))
			tc.spoil(w)
			statement := w.state(after(1), "omar", "screening/interview", done, withScore(90))
			w.stands(after(1), v1alpha1.ScreeningInProgress, after(1))
			ready := w.Worker.Status.Conditions[0]
			if ready.Status != metav1.ConditionFalse || ready.Reason != tc.reason || !strings.Contains(ready.Message, tc.message) {
				t.Errorf("Ready is %s/%s: %q, expected %s with %q", ready.Status, ready.Reason, ready.Message, tc.reason, tc.message)
			}
			if waits := w.Worker.Status.WaitingFor; len(waits) != 1 || !strings.Contains(waits[0].Message, tc.message) || !waits[0].Since.Time.Equal(after(1)) {
				t.Errorf("%v is waited for, expected somebody to mend it", waits)
			}
			if statement.Status != nil || len(w.Worker.Status.Attestations) > 0 {
				t.Errorf("the statement was judged (%+v), expected it to be left until it can be", statement.Status)
			}

			w.haveChecklist("funnel", scored)
			w.Scorecards["rubric"] = &v1alpha1.Scorecard{Spec: v1alpha1.ScorecardSpec{PassMark: 70}}
			w.stands(after(2), v1alpha1.ScreeningPassed, after(2))
		})
	}
}

func TestAScorecardsPassMarkIsTheThreshold(t *testing.T) {
	scored := interview("interview")
	scored.Scorecard = &v1alpha1.StepScorecard{Name: "rubric"}
	for _, tc := range []struct {
		score int32
		want  v1alpha1.ScreeningState
	}{{69, v1alpha1.ScreeningFailed}, {70, v1alpha1.ScreeningPassed}} {
		w := newWorld(t, scored)
		w.Scorecards["rubric"] = &v1alpha1.Scorecard{Spec: v1alpha1.ScorecardSpec{PassMark: 70}}
		w.state(after(1), "omar", "screening/interview", done, withScore(tc.score))
		w.stands(after(2), tc.want, after(1))
	}
}

func TestATierIsThePoolsLowest(t *testing.T) {
	for _, tc := range []struct {
		name  string
		tiers []v1alpha1.Tier
		want  string
	}{{"no tiers", nil, "Standard"}, {"three tiers", []v1alpha1.Tier{{Name: "Bronze"}, {Name: "Gold"}}, "Bronze"}} {
		w := newWorld(t, interview("interview"))
		w.pool0().Spec.Tiers = tc.tiers
		if got := w.standing(after(0)).Tier; got != tc.want {
			t.Errorf("%s: the worker is in tier %q, expected %q", tc.name, got, tc.want)
		}
	}
}

func TestAWorkerBelongsToThePoolsThatSelectThem(t *testing.T) {
	w := newWorld(t)
	w.havePool("everybody", "").Spec = v1alpha1.TalentPoolSpec{}
	w.havePool("testers", "").Spec = v1alpha1.TalentPoolSpec{WorkerSelector: metav1.LabelSelector{MatchLabels: map[string]string{"craft": "test"}}}
	w.havePool("unreadable", "").Spec = v1alpha1.TalentPoolSpec{WorkerSelector: metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "craft", Operator: "Near"}}}}
	names := func(st *v1alpha1.WorkerStatus) []string {
		var all []string
		for _, m := range st.Pools {
			all = append(all, m.Name)
		}
		return all
	}
	if diff := cmp.Diff([]string{"designers", "everybody"}, names(w.look(after(0)))); diff != "" {
		t.Errorf("the worker is in the wrong pools (-expected +got):\n%s", diff)
	}
	w.Worker.Labels["craft"] = "test"
	if diff := cmp.Diff([]string{"everybody", "testers"}, names(w.look(after(1)))); diff != "" {
		t.Errorf("with another label the worker is in the wrong pools (-expected +got):\n%s", diff)
	}
}

func TestASelectorThatCannotBeReadTakesNobodyOut(t *testing.T) {
	w := newLadder(t)
	w.rates(after(1), "95.0")
	want := w.inTier(after(1), "Gold")
	w.Engagements = nil
	readable := w.pool0().Spec.WorkerSelector
	w.pool0().Spec.WorkerSelector = metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "craft", Operator: "Near"}}}
	if diff := cmp.Diff(want, w.standing(after(2))); diff != "" {
		t.Errorf("a slip in the selector changed the membership (-before +now):\n%s", diff)
	}
	w.pool0().Spec.WorkerSelector = readable
	if diff := cmp.Diff(want, w.standing(after(3))); diff != "" {
		t.Errorf("after the slip was mended the membership is another (-before +now):\n%s", diff)
	}
}
