package assignment

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

func TestATaskGoesFromPendingToAccepted(t *testing.T) {
	h := openHall(t)
	h.pool("agents")
	h.worker("ada")
	h.engagement("floor-1", "ada")
	task := h.assignment("refund", func(a *v1alpha1.Assignment) { a.Spec.Due, a.Spec.Load = h.in(time.Hour), &v1alpha1.Load{Points: 5} })
	h.awaits(task, func(g Gomega, st *v1alpha1.AssignmentStatus) {
		with(v1alpha1.AssignmentAssigned, "ada")(g, st)
		g.Expect(st.Engagement).To(Equal("floor-1"))
		g.Expect(st.Score).NotTo(BeEmpty())
		g.Expect(st.Why).To(ContainSubstring("the only one of 1 considered"))
		g.Expect(st.OnTime).To(BeNil(), "that is open")
		g.Expect(st.WaitingFor).To(HaveLen(1))
		g.Expect(st.WaitingFor[0].Who).To(Equal(v1alpha1.ActorWorker))
		g.Expect(st.WaitingFor[0].Subject.Name).To(Equal("ada@example.com"))
		g.Expect(st.WaitingFor[0].Message).To(ContainSubstring("attest assignment/refund Started"))
		g.Expect(ready(st).Status).To(Equal(metav1.ConditionTrue))
	})
	h.state("begun", "refund", "ada@example.com", v1alpha1.VerdictStarted)
	h.awaits(task, with(v1alpha1.AssignmentStarted, "ada"))
	submitted := h.state("done", "refund", "bot@example.com", v1alpha1.VerdictSubmitted, func(s *v1alpha1.AttestationSpec) {
		s.OnBehalfOf = &v1alpha1.OnBehalfOf{Kind: "Worker", Name: "ada"}
	})
	h.awaits(task, func(g Gomega, st *v1alpha1.AssignmentStatus) {
		with(v1alpha1.AssignmentSubmitted, "ada")(g, st)
		g.Expect(st.OnTime).To(Equal(new(true)))
		g.Expect(st.WaitingFor[0].Who).To(Equal(v1alpha1.ActorRequester))
	})
	h.Expect(h.API.Get(t.Context(), client.ObjectKeyFromObject(submitted), submitted)).To(Succeed())
	h.Expect(submitted.OwnerReferences).To(HaveLen(1), "the statement should be bound to the assignment")
	h.state("again", "refund", "mia@example.com", v1alpha1.VerdictRevise)
	h.awaits(task, func(g Gomega, st *v1alpha1.AssignmentStatus) {
		with(v1alpha1.AssignmentRevise, "ada")(g, st)
		g.Expect(st.Rounds).To(Equal(int32(1)))
		g.Expect(st.WaitingFor[0].Who).To(Equal(v1alpha1.ActorWorker))
	})
	h.state("disputed", "refund", "ada@example.com", v1alpha1.VerdictDisputed)
	h.awaits(task, func(g Gomega, st *v1alpha1.AssignmentStatus) {
		with(v1alpha1.AssignmentSubmitted, "ada")(g, st)
		g.Expect(st.Rounds).To(BeZero(), "a revision that is disputed is no round yet")
		g.Expect(st.WaitingFor[0].Message).To(ContainSubstring("disputes"))
	})
	h.nextSecond()
	h.state("accepted", "refund", "mia@example.com", v1alpha1.VerdictAccepted)
	h.awaits(task, func(g Gomega, st *v1alpha1.AssignmentStatus) {
		with(v1alpha1.AssignmentAccepted, "ada")(g, st)
		g.Expect(st.AcceptedAt).NotTo(BeNil())
		g.Expect(st.WaitingFor).To(BeEmpty())
	})
	since := h.Mark()
	edit(h, task, func(a *v1alpha1.Assignment) { a.Labels = map[string]string{"touched": "yes"} })
	h.nextSecond()
	h.refuses(h.state("late", "refund", "mia@example.com", v1alpha1.VerdictRevise), reasonTooLate)
	for _, w := range h.writes(since) {
		h.Expect(w).NotTo(ContainSubstring("assignments/"), "at rest nothing is written to the assignment")
	}
}

func TestStatementsThatDoNotCountSayWhy(t *testing.T) {
	h := openHall(t)
	h.pool("agents")
	h.worker("ada")
	h.worker("bob")
	h.engagement("floor-1", "ada")
	task := h.assignment("refund")
	h.awaits(task, with(v1alpha1.AssignmentAssigned, "ada"))
	behalfOfAda := func(s *v1alpha1.AttestationSpec) { s.OnBehalfOf = &v1alpha1.OnBehalfOf{Kind: "Worker", Name: "ada"} }
	for name, c := range map[string]struct {
		author  string
		verdict v1alpha1.Verdict
		change  func(*v1alpha1.AttestationSpec)
		reason  string
	}{
		"begun-by-another":     {"bob@example.com", v1alpha1.VerdictStarted, nil, reasonNotTheWorker},
		"submitted-by-another": {"mia@example.com", v1alpha1.VerdictSubmitted, nil, reasonNotTheWorker},
		"declined-by-another":  {"bob@example.com", v1alpha1.VerdictDeclined, nil, reasonNotTheWorker},
		"on-behalf-of-another": {"bot@example.com", v1alpha1.VerdictStarted, func(s *v1alpha1.AttestationSpec) { s.OnBehalfOf = &v1alpha1.OnBehalfOf{Kind: "Worker", Name: "bob"} }, reasonNotTheWorker},
		"disputed-too-early":   {"ada@example.com", v1alpha1.VerdictDisputed, nil, reasonNotNow},
		"accepted-too-early":   {"mia@example.com", v1alpha1.VerdictAccepted, nil, reasonNothingSubmitted},
		"accepted-by-oneself":  {"ada@example.com", v1alpha1.VerdictAccepted, nil, reasonSelfDealing},
		"accepted-for-oneself": {"bot@example.com", v1alpha1.VerdictAccepted, behalfOfAda, reasonSelfDealing},
		"of-another":           {"ada@example.com", v1alpha1.VerdictStarted, func(s *v1alpha1.AttestationSpec) { s.Claim = "assignment/other" }, reasonUnknownClaim},
		"feedback":             {"ada@example.com", v1alpha1.VerdictRaised, func(s *v1alpha1.AttestationSpec) { s.Claim = "feedback/pay" }, reasonUnknownClaim},
		"of-nothing":           {"ada@example.com", v1alpha1.VerdictStarted, func(s *v1alpha1.AttestationSpec) { s.SubjectRef.Name, s.Claim = "none", "assignment/none" }, reasonUnknownAssignment},
		"nobodys":              {"", v1alpha1.VerdictStarted, func(s *v1alpha1.AttestationSpec) { s.Author = nil }, reasonNoAuthor},
	} {
		t.Run(name, func(t *testing.T) {
			h.refuses(h.state(name, "refund", c.author, c.verdict, func(s *v1alpha1.AttestationSpec) {
				if c.change != nil {
					c.change(s)
				}
			}), c.reason)
		})
	}
	unknown := h.state("on-behalf-of-nobody-known", "refund", "bot@example.com", v1alpha1.VerdictStarted, func(s *v1alpha1.AttestationSpec) {
		s.OnBehalfOf = &v1alpha1.OnBehalfOf{Kind: "Worker", Name: "adda"}
	})
	h.refuses(unknown, reasonNotTheWorker)
	h.Expect(unknown.Status.Message).To(HavePrefix(`worker ada has the assignment, and the statement was made on behalf of worker "adda"; ada states it`), "who has it, and whom the statement named")
	h.state("submitted-for-ada", "refund", "bot@example.com", v1alpha1.VerdictSubmitted, behalfOfAda)
	h.awaits(task, with(v1alpha1.AssignmentSubmitted, "ada"))
	h.refuses(h.state("accepted-by-who-submitted", "refund", "bot@example.com", v1alpha1.VerdictAccepted), reasonSelfDealing)
	h.refuses(h.state("declined-too-late", "refund", "ada@example.com", v1alpha1.VerdictDeclined), reasonTooLate)
	h.awaits(task, with(v1alpha1.AssignmentSubmitted, "ada"))
	eval := &v1alpha1.Evaluation{ObjectMeta: metav1.ObjectMeta{Name: "judged"}, Spec: v1alpha1.EvaluationSpec{
		AssignmentRef: &v1alpha1.LocalReference{Name: "refund"}, ScorecardRef: v1alpha1.LocalReference{Name: "care"}, Kind: v1alpha1.EvaluationFinal, Author: &v1alpha1.Author{Username: "mia@example.com"},
	}}
	h.Create(eval)
	h.Eventually(func(g Gomega) {
		g.Expect(h.API.Get(t.Context(), client.ObjectKeyFromObject(eval), eval)).To(Succeed())
		g.Expect(eval.Status).NotTo(BeNil())
		g.Expect(eval.Status.Message).To(ContainSubstring("evaluate the engagement, by engagementRef"))
	}).WithTimeout(30 * time.Second).Should(Succeed())
}

func TestWhatIsGivenBackGoesToSomebodyElse(t *testing.T) {
	for name, c := range map[string]struct {
		lose   func(*hall, *v1alpha1.Engagement)
		why    string
		denied string
	}{
		"declined": {func(h *hall, _ *v1alpha1.Engagement) {
			h.state("no", "refund", "ada@example.com", v1alpha1.VerdictDeclined)
		}, "has declined it", "has declined it"},
		"suspended": {func(h *hall, e *v1alpha1.Engagement) {
			edit(h, e, func(e *v1alpha1.Engagement) { e.Spec.Suspend = true })
		}, "is suspended", "engagement floor-1 is suspended"},
		"ended": {func(h *hall, e *v1alpha1.Engagement) {
			h.Expect(h.API.Get(h.Context(), client.ObjectKeyFromObject(e), e)).To(Succeed())
			e.Status.EndedAt, e.Status.Phase = h.in(0), v1alpha1.PhaseEvaluating
			h.Expect(h.API.Status().Update(h.Context(), e)).To(Succeed())
		}, "nobody of pool agents is engaged", ""},
		"gone": {func(h *hall, e *v1alpha1.Engagement) { h.Expect(h.API.Delete(h.Context(), e)).To(Succeed()) }, "nobody of pool agents is engaged", ""},
	} {
		t.Run(name, func(t *testing.T) {
			h := openHall(t)
			h.pool("agents")
			h.worker("ada")
			h.worker("bob")
			first := h.engagement("floor-1", "ada")
			task, done := h.assignment("refund"), h.assignment("done")
			h.awaits(task, with(v1alpha1.AssignmentAssigned, "ada"))
			h.awaits(done, with(v1alpha1.AssignmentAssigned, "ada"))
			h.state("begun", "refund", "ada@example.com", v1alpha1.VerdictStarted)
			h.state("submitted", "done", "ada@example.com", v1alpha1.VerdictSubmitted)
			h.awaits(task, with(v1alpha1.AssignmentStarted, "ada"))
			h.awaits(done, with(v1alpha1.AssignmentSubmitted, "ada"))
			c.lose(h, first)
			h.awaits(task, func(g Gomega, st *v1alpha1.AssignmentStatus) {
				with(v1alpha1.AssignmentPending, "")(g, st)
				g.Expect(st.Why).To(ContainSubstring(c.why))
				g.Expect(ready(st).Reason).To(Equal(v1alpha1.ReasonNoCandidates))
			})
			h.engagement("floor-2", "bob")
			h.awaits(task, func(g Gomega, st *v1alpha1.AssignmentStatus) {
				with(v1alpha1.AssignmentAssigned, "bob")(g, st)
				if c.denied != "" {
					g.Expect(st.Others).To(ContainElement(v1alpha1.NotChosen{Worker: "ada", Reason: c.denied}))
				}
			})
			h.awaits(done, with(v1alpha1.AssignmentSubmitted, "ada"))
			h.state("accepted", "done", "mia@example.com", v1alpha1.VerdictAccepted)
			h.awaits(done, with(v1alpha1.AssignmentAccepted, "ada"))
		})
	}
}

func TestTimeAloneMovesAShiftOn(t *testing.T) {
	h := openHall(t)
	h.pool("agents")
	h.worker("ada")
	h.engagement("floor-1", "ada")
	shift := h.assignment("late", h.shift(3*time.Second, 3*time.Second))
	h.awaits(shift, with(v1alpha1.AssignmentAssigned, "ada"))
	h.awaits(shift, func(g Gomega, st *v1alpha1.AssignmentStatus) {
		with(v1alpha1.AssignmentStarted, "ada")(g, st)
		g.Expect(st.StartedAt.Time).To(BeTemporally("==", shift.Spec.Window.Start.Time))
	})
	h.awaits(shift, func(g Gomega, st *v1alpha1.AssignmentStatus) {
		g.Expect(st.OnTime).To(Equal(new(false)), "its window ended without a submission")
		g.Expect(ready(st).Reason).To(Equal(v1alpha1.ReasonDeadlinePassed))
		g.Expect(ready(st).Status).To(Equal(metav1.ConditionFalse))
	})
	missed := h.assignment("missed", h.shift(0, 3*time.Second), func(a *v1alpha1.Assignment) {
		a.Spec.Skills = []v1alpha1.SkillRequirement{{Name: "go", Required: true}}
	})
	h.awaits(missed, with(v1alpha1.AssignmentPending, ""))
	h.awaits(missed, with(v1alpha1.AssignmentMissed, ""))
	h.Eventually(h.announced).Should(ContainSubstring("Missed"))
	edit(h, missed, func(a *v1alpha1.Assignment) {
		a.Spec.Window.End = *h.in(time.Hour)
		a.Spec.Skills = nil
	})
	h.awaits(missed, with(v1alpha1.AssignmentStarted, "ada"))
}

func TestCancelledWorkIsTakenBackAndWhatWasSubmittedIsNot(t *testing.T) {
	h := openHall(t)
	h.pool("agents")
	h.worker("ada", func(s *v1alpha1.WorkerSpec) { s.Availability = &v1alpha1.Availability{HoursPerWeek: 8} })
	h.engagement("floor-1", "ada")
	eight := func(a *v1alpha1.Assignment) { a.Spec.Load = &v1alpha1.Load{Hours: 8} }
	task, next := h.assignment("a", eight), h.assignment("b", eight)
	h.awaits(task, with(v1alpha1.AssignmentAssigned, "ada"))
	h.awaits(next, with(v1alpha1.AssignmentPending, ""))
	edit(h, task, func(a *v1alpha1.Assignment) { a.Spec.Cancelled = true })
	h.awaits(task, with(v1alpha1.AssignmentCancelled, ""))
	h.awaits(next, with(v1alpha1.AssignmentAssigned, "ada"))
	edit(h, task, func(a *v1alpha1.Assignment) { a.Spec.Cancelled = false })
	h.awaits(task, with(v1alpha1.AssignmentPending, ""))
	h.state("done", "b", "ada@example.com", v1alpha1.VerdictSubmitted)
	h.awaits(next, with(v1alpha1.AssignmentSubmitted, "ada"))
	edit(h, next, func(a *v1alpha1.Assignment) { a.Spec.Cancelled = true })
	h.awaits(next, func(g Gomega, st *v1alpha1.AssignmentStatus) {
		g.Expect(st.ObservedGeneration).To(Equal(next.Generation))
		g.Expect(ready(st).Message).To(Equal("waits to be accepted; spec.cancelled came after it was submitted and takes nothing back"))
	})
	h.state("accepted", "b", "mia@example.com", v1alpha1.VerdictAccepted)
	h.awaits(next, func(g Gomega, st *v1alpha1.AssignmentStatus) {
		with(v1alpha1.AssignmentAccepted, "ada")(g, st)
		g.Expect(ready(st).Message).To(Equal("accepted; spec.cancelled came after it was submitted and takes nothing back"))
	})
}
