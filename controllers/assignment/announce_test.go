package assignment

import (
	"slices"
	"testing"

	"k8s.io/client-go/tools/events"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

func TestThePoolIsToldHowManyAndWhereToLook(t *testing.T) {
	for _, c := range []struct {
		name  string
		state v1alpha1.AssignmentState
		in    []string
		want  string
	}{
		{"one", v1alpha1.AssignmentPending, []string{"care"}, "Warning Unplaceable 1 assignment is given to nobody: kubectl -n care get assignments -o wide says why"},
		{"two", v1alpha1.AssignmentPending, []string{"care", "care"}, "Warning Unplaceable 2 assignments are given to nobody: kubectl -n care get assignments -o wide says why"},
		{"of two namespaces, for which there is no one command", v1alpha1.AssignmentPending, []string{"care", "sales"}, "Warning Unplaceable 2 assignments are given to nobody, in 2 namespaces: status.why of each says why"},
		{"one missed", v1alpha1.AssignmentMissed, []string{"care"}, "Warning Missed the window of 1 assignment ended before anybody had it"},
		{"two missed", v1alpha1.AssignmentMissed, []string{"care", "care"}, "Warning Missed the windows of 2 assignments ended before anybody had them"},
	} {
		t.Run(c.name, func(t *testing.T) {
			recorder := events.NewFakeRecorder(10)
			w := &work{pool: &v1alpha1.TalentPool{}}
			for _, namespace := range c.in {
				a := &v1alpha1.Assignment{}
				a.Namespace = namespace
				w.writes = append(w.writes, write{a, &v1alpha1.AssignmentStatus{State: c.state}})
			}
			(&Placer{Recorder: recorder}).announce(w)
			close(recorder.Events)
			var told []string
			for e := range recorder.Events {
				told = append(told, e)
			}
			if !slices.Equal(told, []string{c.want}) {
				t.Errorf("expected the pool to be told %q, once, got %q", c.want, told)
			}
		})
	}
}
