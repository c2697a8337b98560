package worker

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// readyOf is the Ready condition.
func readyOf(t *testing.T, st *v1alpha1.WorkerStatus) metav1.Condition {
	t.Helper()
	for _, c := range st.Conditions {
		if c.Type == v1alpha1.ConditionReady {
			return c
		}
	}
	t.Fatal("the worker has no condition Ready")
	return metav1.Condition{}
}

func noZone(name string) string {
	return "spec.timeZone " + name + " is no time zone of the IANA database: write one like Europe/Berlin"
}

func TestAWorkerSaysWhatIsWrongWithTheSpec(t *testing.T) {
	sharing := func(names ...string) func(*world) {
		return func(w *world) {
			for _, name := range names {
				other := v1alpha1.Worker{ObjectMeta: named(name)}
				other.Spec.PersonKey, other.Spec.Username = "person-of-"+name, w.Worker.Spec.Username
				w.Account = append(w.Account, other)
			}
		}
	}
	in := func(zone string) func(*world) { return func(w *world) { w.Worker.Spec.TimeZone = zone } }
	for _, tc := range []struct {
		reason string
		change func(*world)
		// want is the message, empty for a worker who is Ready.
		want string
		// awaited are the fields that a person has to mend.
		awaited []string
	}{
		{"nothing", func(*world) {}, "", nil},
		{"somebody else has the account", sharing("ann2"),
			"spec.username is also that of Worker ann2, who has another personKey: one account is one person; mend one of them", []string{"spec/username"}},
		{"several others have the account", sharing("ann2", "ann3"),
			"spec.username is also that of Workers ann2, ann3, who have other personKeys: one account is one person; mend all but one of them", []string{"spec/username"}},
		{"a time zone", in("Europe/Berlin"), "", nil},
		{"a time zone of no place", in("UTC"), "", nil},
		{"a time zone with a slip", in("Europe/Berln"), noZone("Europe/Berln"), []string{"spec/timeZone"}},
		{"a time zone that is wherever the operator runs", in("Local"), noZone("Local"), []string{"spec/timeZone"}},
		{"a time zone that is a whole continent", in("Europe"), noZone("Europe"), []string{"spec/timeZone"}},
		{"a path out of the database", in("../etc/localtime"), noZone("../etc/localtime"), []string{"spec/timeZone"}},
		{"both", func(w *world) { sharing("ann2")(w); in("Mars")(w) },
			"spec.username is also that of Worker ann2, who has another personKey: one account is one person; mend one of them; " + noZone("Mars"),
			[]string{"spec/timeZone", "spec/username"}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			w := newWorld(t)
			tc.change(w)
			st := w.look(after(1))
			if m := membership(st.Pools, "designers"); m == nil || m.Screening != v1alpha1.ScreeningPassed {
				t.Errorf("the worker stands as %+v in designers, expected that the spec's faults leave the screening as it is", m)
			}
			ready := readyOf(t, st)
			var awaited []string
			for _, wait := range st.WaitingFor {
				awaited = append(awaited, wait.What)
				if wait.Who != "Manager" || !wait.Since.Time.Equal(after(1)) || !strings.Contains(tc.want, wait.Message) {
					t.Errorf("it waits for %+v, expected it to wait for the Manager since the fault was seen, saying it", wait)
				}
			}
			if strings.Join(awaited, " ") != strings.Join(tc.awaited, " ") {
				t.Errorf("it waits for %v, expected %v", awaited, tc.awaited)
			}
			if tc.want == "" {
				if ready.Status != metav1.ConditionTrue {
					t.Errorf("Ready is %s: %q, expected True", ready.Status, ready.Message)
				}
				return
			}
			if ready.Status != metav1.ConditionFalse || ready.Reason != v1alpha1.ReasonInvalid || ready.Message != tc.want {
				t.Errorf("Ready is %s/%s: %q, expected False/%s: %q", ready.Status, ready.Reason, ready.Message, v1alpha1.ReasonInvalid, tc.want)
			}
		})
	}
}

func TestAFaultIsAwaitedSinceItWasFirstSeen(t *testing.T) {
	w := newWorld(t)
	w.Account = []v1alpha1.Worker{{ObjectMeta: named("ann2")}}
	w.look(after(1))
	if st := w.look(after(3)); len(st.WaitingFor) != 1 || !st.WaitingFor[0].Since.Time.Equal(after(1)) {
		t.Errorf("on the third day it waits for %+v, expected one wait since the first day", st.WaitingFor)
	}
	w.Account = nil
	if st := w.look(after(4)); len(st.WaitingFor) != 0 || readyOf(t, st).Status != metav1.ConditionTrue {
		t.Errorf("once it is mended it waits for %+v and is %+v, expected nobody to be waited for", st.WaitingFor, readyOf(t, st))
	}
}

func TestTwoPeopleBehindOneAccountAreBothToldUntilOneIsMended(t *testing.T) {
	h := openHall(t)
	ann, ann2 := h.worker("ann", "designers"), h.worker("ann2", "designers")
	isReady := func(status metav1.ConditionStatus, names string) func(Gomega, *v1alpha1.WorkerStatus) {
		return func(g Gomega, st *v1alpha1.WorkerStatus) {
			g.Expect(st.Conditions).NotTo(BeEmpty())
			g.Expect(st.Conditions[0].Status).To(Equal(status), st.Conditions[0].Message)
			g.Expect(st.Conditions[0].Message).To(ContainSubstring(names))
		}
	}
	h.awaits(ann, isReady(metav1.ConditionTrue, "nobody is waited for"))
	h.awaits(ann2, isReady(metav1.ConditionTrue, "nobody is waited for"))

	ann2.Spec.Username = ann.Spec.Username
	h.Expect(h.API.Update(t.Context(), ann2)).To(Succeed())
	h.awaits(ann, isReady(metav1.ConditionFalse, "that of Worker ann2, "))
	h.awaits(ann2, isReady(metav1.ConditionFalse, "that of Worker ann, "))

	same := &v1alpha1.Worker{ObjectMeta: metav1.ObjectMeta{Name: "ann-by-agency", Labels: map[string]string{"craft": "designers"}}}
	same.Spec.PersonKey, same.Spec.Username = ann.Spec.PersonKey, ann.Spec.Username
	h.Create(same)
	h.awaits(same, isReady(metav1.ConditionFalse, "that of Worker ann2, "))
	h.awaits(ann2, isReady(metav1.ConditionFalse, "that of Workers ann, ann-by-agency, "))

	ann2.Spec.Username = "ann2@example.com"
	h.Expect(h.API.Update(t.Context(), ann2)).To(Succeed())
	h.awaits(ann2, isReady(metav1.ConditionTrue, "nobody is waited for"))
	h.awaits(ann, isReady(metav1.ConditionTrue, "nobody is waited for"))
	h.awaits(same, isReady(metav1.ConditionTrue, "nobody is waited for"))

	ann2.Spec.Username = ann.Spec.Username
	h.Expect(h.API.Update(t.Context(), ann2)).To(Succeed())
	h.awaits(ann, isReady(metav1.ConditionFalse, "that of Worker ann2, "))
	h.Expect(h.API.Delete(t.Context(), ann2)).To(Succeed())
	h.awaits(ann, isReady(metav1.ConditionTrue, "nobody is waited for"))
}
