package assignment

import (
	"fmt"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

func TestAPoolMustExistAndAllowTheNamespace(t *testing.T) {
	talent := plane.Namespace(t)
	h := openHall(t, talent)
	inTalent := func(a *v1alpha1.Assignment) { a.Spec.PoolRef.Namespace = talent }
	task := h.assignment("refund", inTalent)
	reason := func(expected string) func(Gomega, *v1alpha1.AssignmentStatus) {
		return func(g Gomega, st *v1alpha1.AssignmentStatus) {
			with(v1alpha1.AssignmentPending, "")(g, st)
			g.Expect(ready(st).Reason).To(Equal(expected))
			g.Expect(ready(st).Message).To(Equal(st.Why))
			g.Expect(st.WaitingFor).To(HaveLen(1))
			if expected == v1alpha1.ReasonNoCandidates {
				g.Expect(st.WaitingFor[0].Message).To(HavePrefix("nobody can be given it; engage somebody who can"))
			} else {
				g.Expect(st.WaitingFor[0].Message).To(Equal(st.Why), "what is to be mended, and not that somebody is to be engaged")
			}
		}
	}
	h.awaits(task, reason(v1alpha1.ReasonReferenceNotFound))
	pool := &v1alpha1.TalentPool{ObjectMeta: metav1.ObjectMeta{Name: "agents", Namespace: talent}}
	h.Create(pool)
	h.awaits(task, reason(v1alpha1.ReasonReferenceNotAllowed))
	edit(h, pool, func(p *v1alpha1.TalentPool) { p.Spec.AllowedNamespaces = []string{h.Namespace} })
	h.awaits(task, reason(v1alpha1.ReasonNoCandidates))
	ada := &v1alpha1.Worker{ObjectMeta: metav1.ObjectMeta{Name: "ada", Namespace: talent}, Spec: v1alpha1.WorkerSpec{PersonKey: "person-of-ada"}}
	h.Create(ada)
	h.engagement("floor-1", "ada", func(e *v1alpha1.Engagement) { e.Spec.PoolRef.Namespace = talent })
	h.awaits(task, with(v1alpha1.AssignmentAssigned, "ada"))
}

func TestWhatCannotBePlacedIsSaidOnceAndPlacedWhenItCan(t *testing.T) {
	h := openHall(t)
	h.pool("agents")
	ada := h.worker("ada")
	h.engagement("floor-1", "ada")
	task := h.assignment("refund", func(a *v1alpha1.Assignment) {
		a.Spec.Skills = []v1alpha1.SkillRequirement{{Name: "french", MinLevel: 3, Required: true}}
	})
	other := h.assignment("other", func(a *v1alpha1.Assignment) { a.Spec.EngagementRef = &v1alpha1.LocalReference{Name: "floor-2"} })
	h.awaits(task, func(g Gomega, st *v1alpha1.AssignmentStatus) {
		g.Expect(st.Why).To(Equal("1 considered: 1 lacks the skill french at level 3"))
		g.Expect(st.Others).To(ConsistOf(v1alpha1.NotChosen{Worker: "ada", Reason: "lacks the skill french"}))
	})
	h.awaits(other, func(g Gomega, st *v1alpha1.AssignmentStatus) {
		g.Expect(ready(st).Reason).To(Equal(v1alpha1.ReasonReferenceNotFound))
		g.Expect(st.WaitingFor[0].Message).To(And(HavePrefix("engagement floor-2, to which it is pinned, "), HaveSuffix("mend spec.engagementRef")))
	})
	h.Eventually(h.announced).Should(ContainSubstring("Unplaceable"))
	since := h.Mark()
	// A change that is no answer makes the pool look again; the write that it makes shows that it has.
	edit(h, ada, func(w *v1alpha1.Worker) { w.Spec.Skills = []v1alpha1.Skill{{Name: "french", Level: 1}} })
	h.awaits(task, func(g Gomega, st *v1alpha1.AssignmentStatus) {
		g.Expect(st.Others).To(ConsistOf(v1alpha1.NotChosen{Worker: "ada", Reason: "has french at level 1, 3 is asked for"}))
	})
	h.Expect(h.writes(since)).To(HaveLen(1), "nothing should be written of what has not changed")
	h.Expect(h.announced()).To(BeEmpty(), "it should be announced once")
	edit(h, ada, func(w *v1alpha1.Worker) { w.Spec.Skills[0].Level = 4 })
	h.awaits(task, with(v1alpha1.AssignmentAssigned, "ada"))
	h.worker("bob")
	h.engagement("floor-2", "bob")
	h.awaits(other, with(v1alpha1.AssignmentAssigned, "bob"))
}

func TestNobodyGetsOverlappingShiftsHoweverFastTheyArrive(t *testing.T) {
	h := openHall(t)
	h.pool("agents")
	h.pool("backup")
	for i := range 5 {
		name := fmt.Sprintf("w%d", i)
		h.worker(name)
		h.engagement("floor-"+name, name)
		// Everybody is engaged through a second pool, too.
		h.engagement("backup-"+name, name, func(e *v1alpha1.Engagement) { e.Spec.PoolRef.Name = "backup" })
	}
	var shifts []*v1alpha1.Assignment
	for i := range 30 {
		shifts = append(shifts, h.assignment(fmt.Sprintf("s%02d", i), h.shift(time.Duration(1+i%4)*time.Hour, 2*time.Hour), func(a *v1alpha1.Assignment) {
			if i%2 == 0 {
				a.Spec.PoolRef.Name = "backup"
			}
		}))
	}
	windows := map[string][]*v1alpha1.Window{}
	placed := 0
	for _, s := range shifts {
		h.awaits(s, func(g Gomega, st *v1alpha1.AssignmentStatus) {
			g.Expect(ready(st).Reason).NotTo(BeEmpty(), "it should have been looked at")
		})
		if s.Status.Worker == "" {
			continue
		}
		placed++
		for _, w := range windows[s.Status.Worker] {
			if w.Start.Before(&s.Spec.Window.End) && s.Spec.Window.Start.Before(&w.End) {
				t.Errorf("%s has two shifts that overlap, %s among them", s.Status.Worker, s.Name)
			}
		}
		windows[s.Status.Worker] = append(windows[s.Status.Worker], s.Spec.Window)
	}
	if placed < 5 {
		t.Errorf("expected everybody to have at least one shift, got %d of 30", placed)
	}
}

func TestOneWriteForEachPlacementAndNoneAtRest(t *testing.T) {
	h := openHall(t)
	h.pool("agents")
	h.worker("ada")
	h.engagement("floor-1", "ada")
	since := h.Mark()
	var tasks []*v1alpha1.Assignment
	for i := range 10 {
		tasks = append(tasks, h.assignment(fmt.Sprintf("t%d", i)))
	}
	for _, task := range tasks {
		h.awaits(task, with(v1alpha1.AssignmentAssigned, "ada"))
	}
	// Statements make the reconciler pass over each of them once more.
	for _, task := range tasks {
		h.refuses(h.state("by-another-"+task.Name, task.Name, "bob@example.com", v1alpha1.VerdictStarted), reasonNotTheWorker)
	}
	count := 0
	for _, w := range h.writes(since) {
		if !strings.Contains(w, "attestations") {
			count++
		}
	}
	if count != len(tasks) {
		t.Errorf("expected one write for each of the %d placements, got %d: %v", len(tasks), count, h.writes(since))
	}
}
