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
	api, namespace := start(t)
	cl := create(t, api, namespace, "sound", step("nda"), step("interview", "nda"))
	ready := judged(t, api, cl)
	g.Expect(ready.Type).To(Equal(v1alpha1.ConditionReady))
	g.Expect(ready.Status).To(Equal(metav1.ConditionTrue), ready.Message)
	g.Expect(ready.Reason).To(Equal(v1alpha1.ReasonHolds))
	g.Expect(ready.LastTransitionTime.Time).To(BeTemporally("==", now), "the time is the injected clock's")
	g.Expect(cl.Status.Steps).To(Equal(int32(2)))
}

func TestAChecklistThatCannotBeFollowedSaysWhere(t *testing.T) {
	api, namespace := start(t)
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
			ready := judged(t, api, create(t, api, namespace, tc.object, tc.steps...))
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
	api, namespace := start(t)
	cl := create(t, api, namespace, "edited", step("a", "b"))
	g.Expect(judged(t, api, cl).Status).To(Equal(metav1.ConditionFalse))

	cl.Spec.Steps = append(cl.Spec.Steps, step("b"))
	g.Expect(api.Update(t.Context(), cl)).To(Succeed())
	g.Expect(judged(t, api, cl).Status).To(Equal(metav1.ConditionTrue), "the step that was missing is there now")
	g.Expect(cl.Status.Steps).To(Equal(int32(2)))
}

func TestAChecklistIsWrittenToOnceAndThenLeftAlone(t *testing.T) {
	g := NewWithT(t)
	api, namespace := start(t)
	before := mark(t)
	cl := create(t, api, namespace, "quiet", step("a"))
	judged(t, api, cl)
	g.Expect(writes(t, before, cl)).To(HaveLen(1), "one write says all that there is to say")

	rest := mark(t)
	cl.Labels = map[string]string{"touched": "yes"}
	g.Expect(api.Update(t.Context(), cl)).To(Succeed())
	// The queue is worked off in order: once a later object is judged, the label has been looked at.
	judged(t, api, create(t, api, namespace, "later", step("a")))
	g.Expect(writes(t, rest, cl)).To(BeEmpty(), "nothing that matters has changed")
}

func TestALongMessageIsCutBetweenCharacters(t *testing.T) {
	got := clip(strings.Repeat("é", maxMessage))
	if len(got) > maxMessage || strings.ToValidUTF8(got, "") != got || !strings.HasSuffix(got, "é…") {
		t.Errorf("the message has %d bytes and ends in %q, expected at most %d and whole characters", len(got), got[len(got)-6:], maxMessage)
	}
}
