package checklist

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

func TestAChecklistThatCanBeFollowedIsReady(t *testing.T) {
	g := NewWithT(t)
	s := open(t)
	cl := s.create("sound", step("nda"), step("interview", "nda"))
	ready := s.judged(cl)
	g.Expect(ready.Type).To(Equal(v1alpha1.ConditionReady))
	g.Expect(ready.Status).To(Equal(metav1.ConditionTrue), ready.Message)
	g.Expect(ready.Reason).To(Equal(v1alpha1.ReasonHolds))
	g.Expect(ready.LastTransitionTime.Time).To(BeTemporally("==", now), "the time is the injected clock's")
	g.Expect(cl.Status.Steps).To(Equal(int32(2)))
}

func TestAChecklistThatCannotBeFollowedSaysWhere(t *testing.T) {
	s := open(t)
	for _, tc := range []struct {
		name   string
		object string
		steps  []v1alpha1.ChecklistStep
		say    []string
	}{
		{"a cycle", "cycle", []v1alpha1.ChecklistStep{step("a", "b"), step("b", "c"), step("c", "a")}, []string{"a → b → c → a"}},
		{"an unknown step", "unknown", []v1alpha1.ChecklistStep{step("a", "nowhere")}, []string{`"a"`, `"nowhere"`}},
		{"a check that does not compile", "check", []v1alpha1.ChecklistStep{{Name: "basics", Type: v1alpha1.StepCheck, Check: &v1alpha1.Check{Expression: "worker.spec."}}}, []string{`"basics"`, "check.expression"}},
		{"two faults", "two", []v1alpha1.ChecklistStep{step("a", "x"), step("b", "y")}, []string{`"x"`, `"y"`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			g := NewWithT(t)
			ready := s.judged(s.create(tc.object, tc.steps...))
			g.Expect(ready.Status).To(Equal(metav1.ConditionFalse))
			g.Expect(ready.Reason).To(Equal(v1alpha1.ReasonChecklistInvalid))
			for _, say := range tc.say {
				g.Expect(ready.Message).To(ContainSubstring(say), "the message should say where")
			}
		})
	}
}

func TestAnEditedChecklistIsJudgedAnew(t *testing.T) {
	g := NewWithT(t)
	s := open(t)
	cl := s.create("edited", step("a", "b"))
	g.Expect(s.judged(cl).Status).To(Equal(metav1.ConditionFalse))

	cl.Spec.Steps = append(cl.Spec.Steps, step("b"))
	g.Expect(s.API.Update(t.Context(), cl)).To(Succeed())
	g.Expect(s.judged(cl).Status).To(Equal(metav1.ConditionTrue), "the step that was missing is there now")
	g.Expect(cl.Status.Steps).To(Equal(int32(2)))
}

func TestAChecklistIsWrittenToOnceAndThenLeftAlone(t *testing.T) {
	g := NewWithT(t)
	s := open(t)
	before := s.Mark()
	cl := s.create("quiet", step("a"))
	s.judged(cl)
	g.Expect(s.Writes(before)).To(HaveLen(1), "one write says all that there is to say")

	rest := s.Mark()
	cl.Labels = map[string]string{"touched": "yes"}
	g.Expect(s.API.Update(t.Context(), cl)).To(Succeed())
	// The queue is worked off in order: once a later object is judged, the label has been looked at.
	s.judged(s.create("later", step("a")))
	g.Expect(s.Writes(rest)).To(ConsistOf(HaveField("Name", "later")), "nothing that matters of the other has changed")
}

func TestALongMessageIsCutBetweenCharacters(t *testing.T) {
	got := clip(strings.Repeat("é", maxMessage))
	if len(got) > maxMessage || strings.ToValidUTF8(got, "") != got || !strings.HasSuffix(got, "é…") {
		t.Errorf("the message has %d bytes and ends in %q, expected at most %d and whole characters", len(got), got[len(got)-6:], maxMessage)
	}
}
