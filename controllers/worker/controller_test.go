package worker

import (
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

type states = map[string]v1alpha1.ScreeningState

func TestAWorkerIsScreenedByWhatPeopleState(t *testing.T) {
	h := openHall(t)
	h.checklist("funnel", check("basics", "worker.spec.skills.exists(s, s.level >= 3)"), attestation("identity"), interview("interview", "omar"))
	h.pool("designers", "funnel")
	w := h.worker("ada", "designers")
	h.awaits(w, standsIn(states{"designers": v1alpha1.ScreeningInProgress}))
	h.Expect(w.Status.WaitingFor).To(HaveLen(3))

	identity := h.state("ada-identity", "ada", "designers", "tess", "screening/identity", done)
	forged := h.state("ada-interview-by-tess", "ada", "designers", "tess", "screening/interview", done)
	h.state("ada-interview", "ada", "designers", "omar", "screening/interview", done)
	h.awaits(w, func(g Gomega, st *v1alpha1.WorkerStatus) {
		g.Expect(st.WaitingFor).To(HaveLen(1), "only the check is left")
	})
	w.Spec.Skills = []v1alpha1.Skill{{Name: "logo", Level: 4}}
	h.Expect(h.API.Update(t.Context(), w)).To(Succeed())
	h.awaits(w, standsIn(states{"designers": v1alpha1.ScreeningPassed}))
	h.Expect(w.Status.Attestations).To(HaveLen(2))
	h.Expect(w.Status.Conditions[0].Status).To(Equal(metav1.ConditionTrue), w.Status.Conditions[0].Message)

	h.Expect(h.API.Get(t.Context(), client.ObjectKeyFromObject(identity), identity)).To(Succeed())
	h.Expect(identity.OwnerReferences).To(HaveLen(1))
	h.Expect(identity.OwnerReferences[0].UID).To(Equal(w.UID), "a statement that counts is tied to the worker's UID")
	h.Expect(identity.Status).To(BeNil(), "a statement that counts has no status")
	h.Expect(h.API.Get(t.Context(), client.ObjectKeyFromObject(forged), forged)).To(Succeed())
	h.Expect(forged.Status).NotTo(BeNil())
	h.Expect(forged.Status.Reason).To(Equal("NotAnAttestor"), forged.Status.Message)

	told := h.announced()
	h.Expect(contains(told, "ScreeningPassed")).To(BeTrue(), "the passed screening is an event: %v", told)
	h.Expect(contains(told, "NotAnAttestor")).To(BeTrue(), "the refused statement is an event: %v", told)
	for _, name := range []string{"tess", "omar", "ada@example.com"} {
		h.Expect(contains(told, name)).To(BeFalse(), "events name no person, and one of these names %s: %v", name, told)
	}
}

func TestPoolsAndChecklistsMayComeAfterTheirWorkers(t *testing.T) {
	h := openHall(t)
	w := h.worker("ada", "designers")
	h.awaits(w, standsIn(states{}))
	pool := h.pool("designers", "funnel")
	h.awaits(w, func(g Gomega, st *v1alpha1.WorkerStatus) {
		standsIn(states{"designers": v1alpha1.ScreeningInProgress})(g, st)
		g.Expect(st.Conditions[0].Reason).To(Equal(v1alpha1.ReasonReferenceNotFound), st.Conditions[0].Message)
	})
	h.state("ada-identity", "ada", "designers", "tess", "screening/identity", done)
	h.checklist("funnel", attestation("identity"))
	h.awaits(w, standsIn(states{"designers": v1alpha1.ScreeningPassed}))

	h.Expect(h.API.Delete(t.Context(), pool)).To(Succeed())
	h.awaits(w, standsIn(states{}))
	h.Expect(w.Status.Attestations).To(HaveLen(1), "what was stated stays on record")
}

func TestWhoStayedWhileASelectorCouldNotBeReadIsLookedAtOnceItCan(t *testing.T) {
	h := openHall(t)
	pool := h.pool("designers", "")
	w := h.worker("ada", "designers")
	passed := standsIn(states{"designers": v1alpha1.ScreeningPassed})
	h.awaits(w, passed)

	pool.Spec.WorkerSelector = metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "craft", Operator: "Near"}}}
	h.Expect(h.API.Update(t.Context(), pool)).To(Succeed())
	h.settled()
	h.awaits(w, passed)

	pool.Spec.WorkerSelector = metav1.LabelSelector{MatchLabels: map[string]string{"craft": "writers"}}
	h.Expect(h.API.Update(t.Context(), pool)).To(Succeed())
	h.awaits(w, standsIn(states{}))
}

func TestAScorecardThatAppearsLetsTheScreeningGoOn(t *testing.T) {
	h := openHall(t)
	step := interview("interview")
	step.Scorecard = &v1alpha1.StepScorecard{Name: "rubric"}
	h.checklist("funnel", step)
	h.pool("designers", "funnel")
	w := h.worker("ada", "designers")
	h.awaits(w, func(g Gomega, st *v1alpha1.WorkerStatus) {
		g.Expect(st.Conditions[0].Message).To(ContainSubstring("the scorecard rubric, which does not exist"))
	})
	h.Create(&v1alpha1.Scorecard{ObjectMeta: metav1.ObjectMeta{Name: "rubric"}, Spec: v1alpha1.ScorecardSpec{
		PassMark: 70, Criteria: []v1alpha1.Criterion{{Name: "craft", Weight: 1, Min: 1, Max: 5}},
	}})
	h.awaits(w, func(g Gomega, st *v1alpha1.WorkerStatus) {
		g.Expect(st.Conditions[0].Reason).To(Equal(v1alpha1.ReasonWaiting), st.Conditions[0].Message)
	})
}

func TestTimeAloneLetsAWorkerTryAgain(t *testing.T) {
	h := openHall(t)
	h.checklist("funnel", interview("interview"))
	pool := h.pool("designers", "funnel")
	pool.Spec.Screening.RetryAfter = "P1D"
	h.Expect(h.API.Update(t.Context(), pool)).To(Succeed())
	w := h.worker("ada", "designers")
	h.awaits(w, standsIn(states{"designers": v1alpha1.ScreeningInProgress}))
	failure := h.state("ada-interview", "ada", "designers", "omar", "screening/interview", failed)
	h.awaits(w, standsIn(states{"designers": v1alpha1.ScreeningFailed}))
	retryAt := w.Status.Pools[0].RetryAt
	h.Expect(retryAt).NotTo(BeNil())

	h.Eventually(func() int64 { return time.Now().Unix() }).WithTimeout(5*time.Second).Should(BeNumerically(">", failure.CreationTimestamp.Unix()), "within a second nobody knows what was said first")
	early := h.state("ada-again", "ada", "designers", "omar", "screening/interview", done)
	h.Eventually(func(g Gomega) {
		g.Expect(h.API.Get(t.Context(), client.ObjectKeyFromObject(early), early)).To(Succeed())
		g.Expect(early.Status).NotTo(BeNil())
		g.Expect(early.Status.Reason).To(Equal("TooEarly"), early.Status.Message)
	}).WithTimeout(30 * time.Second).Should(Succeed())

	// A test cannot wait for a day: the clock goes on, and an edit stands in for the requeue, whose moment the pure tests check.
	h.clock.SetTime(retryAt.Time)
	h.touch(w)
	h.awaits(w, standsIn(states{"designers": v1alpha1.ScreeningInProgress}))
	h.Expect(w.Status.Pools[0].Attempt).To(Equal(int32(2)))
}

func TestAStatementAboutNobodyIsToldSo(t *testing.T) {
	h := openHall(t)
	h.pool("designers", "")
	orphan := h.state("about-nobody", "nobody", "designers", "omar", "screening/interview", done)
	h.Eventually(func(g Gomega) {
		g.Expect(h.API.Get(t.Context(), client.ObjectKeyFromObject(orphan), orphan)).To(Succeed())
		g.Expect(orphan.Status).NotTo(BeNil())
		g.Expect(orphan.Status.Reason).To(Equal("UnknownWorker"), orphan.Status.Message)
	}).WithTimeout(30 * time.Second).Should(Succeed())
	w := h.worker("nobody", "designers")
	h.awaits(w, standsIn(states{"designers": v1alpha1.ScreeningPassed}))
	h.Expect(w.Status.Attestations).To(BeEmpty(), "a statement that is older than the worker is not of them")
}

func TestAStatementGoesWithTheWorkerOfWhomItWasMade(t *testing.T) {
	h := openHall(t)
	h.checklist("funnel", interview("interview"))
	h.pool("designers", "funnel")
	w := h.worker("ada", "designers")
	att := h.state("ada-interview", "ada", "designers", "omar", "screening/interview", done)
	h.awaits(w, standsIn(states{"designers": v1alpha1.ScreeningPassed}))
	h.Expect(h.API.Delete(t.Context(), w)).To(Succeed())
	successor := h.worker("ada", "designers")
	h.awaits(successor, standsIn(states{"designers": v1alpha1.ScreeningInProgress}))
	h.Eventually(func() bool {
		return apierrors.IsNotFound(h.API.Get(t.Context(), client.ObjectKeyFromObject(att), att))
	}).WithTimeout(60*time.Second).Should(BeTrue(), "the garbage collector should remove it with the worker it was said of")
	h.awaits(successor, standsIn(states{"designers": v1alpha1.ScreeningInProgress}))
}

func TestEngagementsShowOnTheirWorker(t *testing.T) {
	h := openHall(t)
	h.pool("designers", "")
	w := h.worker("ada", "designers")
	h.awaits(w, standsIn(states{"designers": v1alpha1.ScreeningPassed}))
	e := h.engagement("campaign", w)
	h.awaits(w, func(g Gomega, st *v1alpha1.WorkerStatus) {
		g.Expect(st.Engagements).To(Equal([]string{h.Namespace + "/campaign"}))
	})
	e.Status.Onboarding = &v1alpha1.ProcedureStatus{
		Definition: []v1alpha1.ChecklistStep{training("safety", "safety", "P1Y", 0)},
		Steps:      []v1alpha1.StepStatus{{Name: "safety", State: v1alpha1.StepDone, Attestation: "result"}},
	}
	e.Status.Attestations = []v1alpha1.AttestationRecord{{
		UID: "u", Name: "result", Claim: "onboarding/safety", Verdict: done, Author: "academy", At: metav1.NewTime(h.clock.Now()), Score: new(int32(90)),
	}}
	h.Expect(h.API.Status().Update(t.Context(), e)).To(Succeed())
	h.awaits(w, func(g Gomega, st *v1alpha1.WorkerStatus) {
		g.Expect(st.Certificates).To(HaveLen(1))
		g.Expect(st.Certificates[0].Source).To(Equal("Engagement/" + h.Namespace + "/campaign"))
	})

	h.Expect(h.API.Delete(t.Context(), e)).To(Succeed())
	h.awaits(w, func(g Gomega, st *v1alpha1.WorkerStatus) { g.Expect(st.Engagements).To(BeEmpty()) })
	h.Expect(w.Status.Certificates).To(HaveLen(1), "what was learnt outlives the engagement")
}

// engagement is one that the worker has accepted; what its own reconciler would say is put into the status.
func (h *hall) engagement(name string, w *v1alpha1.Worker) *v1alpha1.Engagement {
	h.Helper()
	start := metav1.NewTime(time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC))
	end := metav1.NewTime(start.AddDate(0, 1, 0))
	e := &v1alpha1.Engagement{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.EngagementSpec{
		Title: name, PoolRef: v1alpha1.PoolReference{Name: "designers"},
		StatementOfWork: v1alpha1.StatementOfWork{Start: start, End: end, Budget: v1alpha1.Money{Currency: "USD", Amount: "5000"}},
		Classification:  v1alpha1.Classification{WorkerType: v1alpha1.IndependentContractor, Jurisdiction: "GB"},
	}}
	h.Create(e)
	e.Status.Phase = v1alpha1.PhaseOnboarding
	e.Status.Worker = &v1alpha1.EngagedWorker{Name: w.Name, Namespace: w.Namespace, UID: w.UID, PersonKey: w.Spec.PersonKey}
	hash := "sha256:" + fmt.Sprintf("%064d", 0)
	e.Status.Terms = &v1alpha1.AcceptedTerms{
		StatementOfWork: e.Spec.StatementOfWork, Classification: e.Spec.Classification, Worker: w.Name, Proposed: hash, Hash: hash, AcceptedAt: start,
	}
	h.Expect(h.API.Status().Update(h.Context(), e)).To(Succeed())
	return e
}

func TestAtRestNothingIsWritten(t *testing.T) {
	h := openHall(t)
	h.checklist("funnel", attestation("identity"), training("safety", "safety", "P1Y", 2), check("basics", "'en' in worker.spec.languages"))
	h.pool("designers", "funnel")
	h.pool("everybody", "")
	w := h.worker("ada", "designers")
	h.state("ada-identity", "ada", "designers", "tess", "screening/identity", done)
	h.state("ada-unknown", "ada", "designers", "tess", "screening/juggling", done)
	h.awaits(w, func(g Gomega, st *v1alpha1.WorkerStatus) { g.Expect(st.Attestations).To(HaveLen(1)) })
	h.settled()

	rest := h.Mark()
	h.clock.SetTime(h.clock.Now().Add(time.Hour))
	h.touch(w)
	h.settled()
	for _, written := range h.writes(rest) {
		h.Expect(written).To(ContainSubstring("later-"), "only what is new is written to")
	}
}

// settled returns once everything that was done before has been looked at: the queue is worked off in order, so that a worker who
// comes later is looked at later.
func (h *hall) settled() {
	h.Helper()
	// Each time they are others.
	h.clock.SetTime(h.clock.Now().Add(time.Second))
	for i := range maxConcurrent + 1 {
		w := h.worker(fmt.Sprintf("later-%d-%d", h.clock.Now().Unix(), i), "nothing")
		h.awaits(w, standsIn(states{}))
	}
}

func TestAWorkersScreeningIsWrittenOncePerFact(t *testing.T) {
	h := openHall(t)
	h.checklist("funnel", attestation("identity"), interview("interview"))
	h.pool("designers", "funnel")
	before := h.Mark()
	w := h.worker("ada", "designers")
	h.awaits(w, standsIn(states{"designers": v1alpha1.ScreeningInProgress}))
	h.Expect(h.writes(before)).To(HaveLen(1), "one write for a new worker")
	before = h.Mark()
	h.state("ada-identity", "ada", "designers", "tess", "screening/identity", done)
	h.awaits(w, func(g Gomega, st *v1alpha1.WorkerStatus) { g.Expect(st.Attestations).To(HaveLen(1)) })
	h.settled()
	var own []string
	for _, written := range h.writes(before) {
		// A pass on a stale cache is refused as a conflict, and writes nothing.
		if !contains([]string{written}, "later-") && !contains([]string{written}, ": 409") {
			own = append(own, written)
		}
	}
	h.Expect(own).To(HaveLen(2), "one write binds the statement and one records it: %v", own)
}
