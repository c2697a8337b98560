package talentpool

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

const (
	passes   = v1alpha1.ScreeningPassed
	underWay = v1alpha1.ScreeningInProgress
)

func plain(*v1alpha1.TalentPoolSpec) {}

func counting(members, screened, engaged int32) func(Gomega, *v1alpha1.TalentPoolStatus) {
	return func(g Gomega, st *v1alpha1.TalentPoolStatus) {
		g.Expect([]int32{st.Members, st.Screened, st.Engaged}).To(Equal([]int32{members, screened, engaged}), "members, screened and engaged")
	}
}

func TestAPoolCountsItsMembers(t *testing.T) {
	o := open(t)
	o.worker("ada", "designers", passes, o.Namespace+"/campaign")
	o.worker("bob", "designers", passes)
	cleo := o.worker("cleo", "designers", underWay)
	o.worker("dan", "developers", passes, o.Namespace+"/feature")
	pool := o.pool("designers", plain)
	o.awaits(pool, counting(3, 2, 1))
	o.Expect(pool.Status.Conditions).To(HaveLen(1))
	o.Expect(pool.Status.Conditions[0].Status).To(Equal(metav1.ConditionTrue), pool.Status.Conditions[0].Message)

	o.clock.SetTime(start.Add(writeInterval))
	cleo.Status.Pools[0].Screening, cleo.Status.Engagements = passes, []string{o.Namespace + "/other"}
	o.Expect(o.API.Status().Update(t.Context(), cleo)).To(Succeed())
	o.awaits(pool, counting(3, 3, 2))
}

func TestAPoolThatSelectsNobodySaysSo(t *testing.T) {
	o := open(t)
	pool := o.pool("designers", plain)
	o.awaits(pool, func(g Gomega, st *v1alpha1.TalentPoolStatus) {
		g.Expect(st.Conditions).To(HaveLen(1))
		g.Expect(st.Conditions[0].Status).To(Equal(metav1.ConditionTrue), "workers may come later")
		g.Expect(st.Conditions[0].Message).To(Equal("spec.workerSelector selects no Worker of this namespace yet: label Workers so, or mend the selector"))
	})
	stored := &unstructured.Unstructured{}
	stored.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("TalentPool"))
	o.Expect(o.API.Get(t.Context(), client.ObjectKeyFromObject(pool), stored)).To(Succeed())
	for _, count := range []string{"members", "screened", "engaged", "recruiting", "pendingAssignments"} {
		value, is, err := unstructured.NestedInt64(stored.Object, "status", count)
		o.Expect(err).NotTo(HaveOccurred())
		o.Expect(is).To(BeTrue(), "status.%s should be stored, or its column is blank", count)
		o.Expect(value).To(BeZero(), "status.%s of a pool that selects nobody", count)
	}

	o.clock.SetTime(start.Add(writeInterval))
	o.worker("ada", "designers", passes)
	o.awaits(pool, func(g Gomega, st *v1alpha1.TalentPoolStatus) {
		g.Expect(st.Members).To(Equal(int32(1)))
		g.Expect(st.Conditions[0].Message).To(Equal("it can be drawn on"))
	})
}

func TestAMemberWhoIsRelabelledIsCountedNoMore(t *testing.T) {
	o := open(t)
	w := o.worker("ada", "designers", passes)
	pool := o.pool("designers", plain)
	o.awaits(pool, counting(1, 1, 0))
	o.clock.SetTime(start.Add(writeInterval))
	w.Labels["craft"] = "developers"
	o.Expect(o.API.Update(t.Context(), w)).To(Succeed())
	o.awaits(pool, counting(0, 0, 0))
}

func TestAPoolIsReadyOnceItsChecklistIsThere(t *testing.T) {
	o := open(t)
	pool := o.pool("designers", func(s *v1alpha1.TalentPoolSpec) {
		s.Screening = &v1alpha1.Screening{ChecklistRef: v1alpha1.LocalReference{Name: "funnel"}}
	})
	o.awaits(pool, func(g Gomega, st *v1alpha1.TalentPoolStatus) {
		g.Expect(st.Conditions).To(HaveLen(2), "Ready and Stalled")
		g.Expect(st.Conditions[0].Reason).To(Equal(v1alpha1.ReasonReferenceNotFound), st.Conditions[0].Message)
		g.Expect(st.Conditions[0].LastTransitionTime.Time).To(BeTemporally("==", start), "the time is the injected clock's")
	})
	o.clock.SetTime(start.Add(writeInterval))
	o.Create(&v1alpha1.Checklist{
		ObjectMeta: metav1.ObjectMeta{Name: "funnel"},
		Spec:       v1alpha1.ChecklistSpec{Steps: []v1alpha1.ChecklistStep{{Name: "identity", Type: v1alpha1.StepAttestation}}},
	})
	o.awaits(pool, func(g Gomega, st *v1alpha1.TalentPoolStatus) {
		g.Expect(st.Conditions[0].Status).To(Equal(metav1.ConditionTrue), st.Conditions[0].Message)
		g.Expect(st.Conditions[0].LastTransitionTime.Time).To(BeTemporally("==", start.Add(writeInterval)))
	})
}

func TestAPoolIsWrittenToAtMostOnceInTenSeconds(t *testing.T) {
	o := open(t)
	pool := o.pool("designers", plain)
	o.awaits(pool, counting(0, 0, 0))

	busy := o.Mark()
	o.clock.SetTime(start.Add(writeInterval - time.Second))
	o.worker("ada", "designers", passes)
	o.worker("bob", "designers", passes)
	// The queue is worked off in order: once a later pool is counted, these two have been looked at.
	later := o.pool("later", plain)
	o.awaits(later, counting(0, 0, 0))
	o.Expect(o.writes(busy, pool)).To(BeEmpty(), "it was written to less than ten seconds ago")

	o.clock.SetTime(start.Add(writeInterval))
	o.awaits(pool, counting(2, 2, 0))
	o.Expect(o.writes(busy, pool)).To(HaveLen(1), "what gathered meanwhile is told in one write")
}

func TestAPoolAtRestIsLeftAlone(t *testing.T) {
	o := open(t)
	w := o.worker("ada", "designers", passes)
	pool := o.pool("designers", plain)
	o.awaits(pool, counting(1, 1, 0))

	rest := o.Mark()
	o.clock.SetTime(start.Add(10 * writeInterval))
	w.Labels["touched"] = "yes"
	o.Expect(o.API.Update(t.Context(), w)).To(Succeed())
	pool.Labels = map[string]string{"touched": "yes"}
	o.Expect(o.API.Update(t.Context(), pool)).To(Succeed())
	o.awaits(o.pool("later", plain), counting(0, 0, 0))
	o.Expect(o.writes(rest, pool)).To(BeEmpty(), "nothing that is counted has changed")
}
