package worker

import (
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// rated records an evaluation in an engagement's status, as its own reconciler would.
func (h *hall) rated(e *v1alpha1.Engagement, score string) {
	h.Helper()
	h.Expect(h.API.Get(h.Context(), client.ObjectKeyFromObject(e), e)).To(Succeed())
	n := len(e.Status.Evaluations) + 1
	e.Status.Evaluations = append(e.Status.Evaluations, v1alpha1.EvaluationRecord{
		UID: types.UID(fmt.Sprintf("%s-%d", e.UID, n)), Name: fmt.Sprintf("review-%d", n), Kind: v1alpha1.EvaluationPeriodic, Evaluator: "mia", Score: score,
		// A day apart, in the past: nobody can give a decision before it is asked for.
		At: metav1.NewTime(h.clock.Now().AddDate(0, 0, n-10).Truncate(time.Second)),
	})
	h.Expect(h.API.Status().Update(h.Context(), e)).To(Succeed())
}

func TestAnEvaluationPromotesAndADemotionIsDecided(t *testing.T) {
	h := openHall(t)
	pool := h.pool("designers", "")
	pool.Spec.Tiers = []v1alpha1.Tier{{Name: "Bronze"}, {Name: "Silver", MinScore: 50}}
	pool.Spec.Scoring = &v1alpha1.Scoring{PriorStrength: new(int32(0)), HalfLife: "P1D"}
	h.Expect(h.API.Update(t.Context(), pool)).To(Succeed())
	pool.Status.Prior = &v1alpha1.Prior{Version: 2, Mean: "60.0", Spread: "5.0", Sample: 40, At: metav1.NewTime(h.clock.Now())}
	h.Expect(h.API.Status().Update(t.Context(), pool)).To(Succeed())
	w := h.worker("ada", "designers")
	inTier := func(tier string) func(Gomega, *v1alpha1.WorkerStatus) {
		return func(g Gomega, st *v1alpha1.WorkerStatus) {
			g.Expect(st.Pools).To(HaveLen(1))
			g.Expect(st.Pools[0].Tier).To(Equal(tier), "the score is %+v", st.Pools[0].Score)
		}
	}
	h.awaits(w, inTier("Bronze"))
	e := h.engagement("campaign", w)
	h.awaits(w, func(g Gomega, st *v1alpha1.WorkerStatus) { g.Expect(st.Engagements).To(HaveLen(1)) })

	before := h.Mark()
	h.rated(e, "90.0")
	h.awaits(w, inTier("Silver"))
	score := w.Status.Pools[0].Score
	h.Expect(score.Value).To(Equal("90.0"))
	h.Expect(score.Low).To(Equal("80.2"))
	h.Expect(score.Prior.Version).To(Equal(int64(2)))
	h.settled()
	var own []string
	for _, written := range h.writes(before) {
		if !contains([]string{written}, "later-") && !contains([]string{written}, ": 409") {
			own = append(own, written)
		}
	}
	h.Expect(own).To(HaveLen(1), "one evaluation is one write: %v", own)

	h.rated(e, "10.0")
	h.awaits(w, func(g Gomega, st *v1alpha1.WorkerStatus) {
		inTier("Silver")(g, st)
		g.Expect(st.Pools[0].Demotion).NotTo(BeNil())
		g.Expect(st.WaitingFor).To(HaveLen(1))
		g.Expect(st.WaitingFor[0].What).To(Equal("approval/demotion"))
	})
	decision := &v1alpha1.Attestation{ObjectMeta: metav1.ObjectMeta{Name: "demotion"}, Spec: v1alpha1.AttestationSpec{
		SubjectRef: v1alpha1.SubjectReference{Kind: "Worker", Name: "ada", PoolRef: &v1alpha1.LocalReference{Name: "designers"}},
		Claim:      "approval/demotion", Verdict: approved, Author: &v1alpha1.Author{Username: "zoe"},
	}}
	decision.Namespace = h.Namespace
	for _, none := range []string{"", " \n"} {
		decision.Spec.Note = none
		h.Expect(h.API.Create(t.Context(), decision)).To(MatchError(ContainSubstring("states its reason in note")))
	}
	decision.Spec.Note = "two campaigns came back in a row"
	h.Create(decision)
	h.awaits(w, inTier("Bronze"))
	h.Expect(w.Status.WaitingFor).To(BeEmpty())
	h.Expect(w.Status.Attestations).To(HaveLen(1))
	h.Expect(h.API.Get(t.Context(), client.ObjectKeyFromObject(decision), decision)).To(Succeed())
	h.Expect(decision.OwnerReferences).To(HaveLen(1))

	told := h.announced()
	for _, reason := range []string{"Promoted", "DemotionProposed", "Demoted"} {
		h.Expect(contains(told, reason)).To(BeTrue(), "%s should be an event: %v", reason, told)
	}
	for _, name := range []string{"zoe", "mia", "ada"} {
		h.Expect(contains(told, name)).To(BeFalse(), "events name no person, and one of these names %s: %v", name, told)
	}

	h.settled()
	rest := h.Mark()
	h.Expect(h.API.Get(t.Context(), client.ObjectKeyFromObject(pool), pool)).To(Succeed())
	pool.Status.Prior = &v1alpha1.Prior{Version: 3, Mean: "30.0", Spread: "9.0", Sample: 80, At: metav1.NewTime(h.clock.Now())}
	h.Expect(h.API.Status().Update(t.Context(), pool)).To(Succeed())
	h.clock.SetTime(h.clock.Now().AddDate(1, 0, 0))
	h.touch(w)
	h.settled()
	for _, written := range h.writes(rest) {
		h.Expect(written).To(ContainSubstring("later-"), "neither a year nor another prior moves anybody")
	}
}

func (h *hall) evaluate(name, worker, pool, author, craft string) *v1alpha1.Evaluation {
	h.Helper()
	eval := &v1alpha1.Evaluation{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.EvaluationSpec{
		WorkerRef: &v1alpha1.LocalReference{Name: worker}, PoolRef: &v1alpha1.LocalReference{Name: pool}, ScorecardRef: v1alpha1.LocalReference{Name: "rubric"},
		Kind: v1alpha1.EvaluationScreening, Scores: []v1alpha1.CriterionScore{{Name: "craft", Score: craft}}, Author: &v1alpha1.Author{Username: author},
	}}
	h.Create(eval)
	return eval
}

func TestAWorkerIsScreenedByEvaluations(t *testing.T) {
	h := openHall(t)
	card := rubric(70, 2)
	card.ObjectMeta = metav1.ObjectMeta{Name: "rubric"}
	h.Create(card)
	h.checklist("funnel", scored(interview("interview"), "rubric"))
	pool := h.pool("designers", "funnel")
	pool.Spec.Screening.Documents = []string{"work-permit"}
	h.Expect(h.API.Update(t.Context(), pool)).To(Succeed())
	w := h.worker("ada", "designers")
	h.awaits(w, func(g Gomega, st *v1alpha1.WorkerStatus) {
		g.Expect(st.WaitingFor).To(HaveLen(2), "the permit and the interview")
	})
	first := h.evaluate("by-omar", "ada", "designers", "omar", "6")
	own := h.evaluate("by-ada", "ada", "designers", "ada@example.com", "10")
	orphan := h.evaluate("of-nobody", "nobody", "designers", "omar", "6")
	h.awaits(w, func(g Gomega, st *v1alpha1.WorkerStatus) { g.Expect(st.Attestations).To(HaveLen(1)) })
	h.evaluate("by-tess", "ada", "designers", "tess", "9.5")
	h.awaits(w, func(g Gomega, st *v1alpha1.WorkerStatus) {
		g.Expect(st.WaitingFor).To(HaveLen(1))
		g.Expect(st.WaitingFor[0].What).To(Equal("document/work-permit"))
	})
	before := w.DeepCopy()
	w.Spec.Documents = []v1alpha1.WorkerDocument{{Name: "work-permit", URI: "https://files.example.com/permit", ExpiresAt: &metav1.Time{Time: h.clock.Now().AddDate(0, 1, 0)}}}
	h.Expect(h.API.Patch(t.Context(), w, client.MergeFrom(before))).To(Succeed())
	h.awaits(w, standsIn(states{"designers": v1alpha1.ScreeningPassed}))

	h.Expect(h.API.Get(t.Context(), client.ObjectKeyFromObject(first), first)).To(Succeed())
	h.Expect(first.Status).To(BeNil(), "an evaluation that counts has no status")
	h.Expect(first.OwnerReferences).To(HaveLen(1))
	h.Expect(first.OwnerReferences[0].UID).To(Equal(w.UID), "an evaluation that counts is tied to the worker's UID")
	for eval, reason := range map[*v1alpha1.Evaluation]string{own: "SelfDealing", orphan: "UnknownWorker"} {
		h.Eventually(func(g Gomega) {
			g.Expect(h.API.Get(t.Context(), client.ObjectKeyFromObject(eval), eval)).To(Succeed())
			g.Expect(eval.Status).NotTo(BeNil())
			g.Expect(eval.Status.Reason).To(Equal(reason), eval.Status.Message)
		}).WithTimeout(30 * time.Second).Should(Succeed())
	}

	// A test cannot wait for a month: the clock goes on, and an edit stands in for the requeue, whose moment the pure tests check.
	h.clock.SetTime(h.clock.Now().AddDate(0, 2, 0))
	h.touch(w)
	h.awaits(w, standsIn(states{"designers": v1alpha1.ScreeningLapsed}))
}

func TestOnlyWhatConcernsTheWorkerOfAnEngagementWakesThem(t *testing.T) {
	accepted := func() *v1alpha1.Engagement {
		w := newWorld(t)
		w.rates(after(1), "70.0")
		return &w.Engagements[0]
	}
	for _, tc := range []struct {
		name   string
		change func(*v1alpha1.Engagement)
		want   bool
	}{
		{"another evaluation", func(e *v1alpha1.Engagement) {
			e.Status.Evaluations = append(e.Status.Evaluations, evaluated("second", v1alpha1.EvaluationFinal, "80.0", after(2)))
		}, true},
		{"the end", func(e *v1alpha1.Engagement) { e.Status.EndedAt = &metav1.Time{Time: after(3)} }, true},
		{"whom it waits for", func(e *v1alpha1.Engagement) { e.Status.WaitingFor = []v1alpha1.WaitingFor{{What: "start/confirmed"}} }, false},
		{"its access", func(e *v1alpha1.Engagement) { e.Status.Access = &v1alpha1.AccessStatus{} }, false},
		{"its mean score alone", func(e *v1alpha1.Engagement) { e.Status.Score = "71.0" }, false},
	} {
		after := accepted()
		tc.change(after)
		if got := concernsWorker(event.UpdateEvent{ObjectOld: accepted(), ObjectNew: after}); got != tc.want {
			t.Errorf("%s wakes the worker: %t, expected %t", tc.name, got, tc.want)
		}
	}
}
