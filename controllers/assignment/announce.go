package assignment

import (
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// announce tells the pool's people, once for all, of what has become impossible in this pass.
func (p *Placer) announce(w *work) {
	if w.pool == nil {
		return
	}
	missed, unplaceable := tally{}, tally{}
	for _, each := range w.writes {
		switch {
		case each.status.State == v1alpha1.AssignmentMissed:
			missed[each.assignment.Namespace]++
		case each.status.State == v1alpha1.AssignmentPending && !unplaceableBefore(each.assignment):
			unplaceable[each.assignment.Namespace]++
		}
	}
	if n := missed.total(); n > 0 {
		p.Recorder.Eventf(w.pool, nil, corev1.EventTypeWarning, "Missed", "Place", "%s", missedMessage(n))
	}
	if unplaceable.total() > 0 {
		p.Recorder.Eventf(w.pool, nil, corev1.EventTypeWarning, "Unplaceable", "Place", "%s", unplaceable.message())
	}
}

// tally counts assignments by their namespace.
type tally map[string]int

func (t tally) total() int {
	sum := 0
	for _, n := range t {
		sum += n
	}
	return sum
}

func missedMessage(n int) string {
	if n == 1 {
		return "the window of 1 assignment ended before anybody had it"
	}
	return fmt.Sprintf("the windows of %d assignments ended before anybody had them", n)
}

// message gives a command where one answers: whoever reads it may not be allowed to list all namespaces.
func (t tally) message() string {
	n := t.total()
	what := "1 assignment is"
	if n > 1 {
		what = fmt.Sprintf("%d assignments are", n)
	}
	if len(t) == 1 {
		return fmt.Sprintf("%s given to nobody: kubectl -n %s get assignments -o wide says why", what, slices.Collect(maps.Keys(t))[0])
	}
	return fmt.Sprintf("%s given to nobody, in %d namespaces: status.why of each says why", what, len(t))
}

func unplaceableBefore(a *v1alpha1.Assignment) bool {
	for _, c := range a.Status.Conditions {
		if c.Type == v1alpha1.ConditionReady {
			return a.Status.State == v1alpha1.AssignmentPending && c.Status == metav1.ConditionFalse
		}
	}
	return false
}
