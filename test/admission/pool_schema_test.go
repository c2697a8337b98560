package admission

import (
	"context"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

func TestAnApprovalIsOfSomethingThatIsApproved(t *testing.T) {
	demotion := func(note string) func(context.Context, client.Client) error {
		a := attestation(wk, "spring", "approval/demotion", v1alpha1.VerdictApproved)
		a.Spec.Note = note
		return creating(a)
	}
	runAll(t, []attempt{
		{"a demotion with its reason", "somebody answers for it", ana, demotion("two complaints were upheld"), ""},
		{"a demotion without", "nobody is demoted for no reason", ana, demotion(""), "a decision on a demotion states its reason in note"},
		{"a demotion for a blank", "that is no reason", ana, demotion("  "), "a decision on a demotion states its reason in note"},
		{"a slip of the pen", "it would be approved of nothing", ana, creating(attestation(wk, "spring", "approval/demotoin", v1alpha1.VerdictApproved)), "approve engagement, amendment, stage.<name>"},
	})
}

func TestWorkIsWhatItsTypeSays(t *testing.T) {
	work := func(change func(*v1alpha1.AssignmentSpec)) func(context.Context, client.Client) error {
		a := &v1alpha1.Assignment{ObjectMeta: named("work"), Spec: v1alpha1.AssignmentSpec{
			Title: "Answer customers", PoolRef: v1alpha1.PoolReference{Name: "agents"}, Type: v1alpha1.AssignmentTask,
		}}
		change(&a.Spec)
		return creating(a)
	}
	window := func(from, to metav1.Time) *v1alpha1.Window { return &v1alpha1.Window{Start: from, End: to} }
	runAll(t, []attempt{
		{"a task", "nothing else is needed", mia, work(func(*v1alpha1.AssignmentSpec) {}), ""},
		{"a shift with its window", "it is then", mia, work(func(s *v1alpha1.AssignmentSpec) {
			s.Type, s.Shift, s.Window = v1alpha1.AssignmentShift, "late", window(start, end)
		}), ""},
		{"a shift without", "nobody knows when", mia, work(func(s *v1alpha1.AssignmentSpec) { s.Type = v1alpha1.AssignmentShift }), "a shift needs a window"},
		{"a task by the name of a shift", "a task is no shift", mia, work(func(s *v1alpha1.AssignmentSpec) { s.Shift = "late" }), "leave it out of a task"},
		{"a window that ends first", "it has no length", mia, work(func(s *v1alpha1.AssignmentSpec) { s.Window = window(end, start) }), "end must be after start"},
		{"a load of both kinds", "they cannot be added", mia, work(func(s *v1alpha1.AssignmentSpec) { s.Load = &v1alpha1.Load{Hours: 1, Points: 1} }), "give either hours or points"},
	})
}

func TestABandScoresWhatLiesWithinIt(t *testing.T) {
	card := func(target, worst, low, high string) func(context.Context, client.Client) error {
		c := &v1alpha1.Scorecard{ObjectMeta: named("card"), Spec: v1alpha1.ScorecardSpec{KPIs: []v1alpha1.KPI{{
			Name: "HandleTime", Weight: 1, Target: target, Worst: worst, Source: v1alpha1.KPIReported, Band: &v1alpha1.Band{Low: low, High: high},
		}}}}
		c.Namespace = pool
		return creating(c)
	}
	runAll(t, []attempt{
		{"worst above the band", "the score falls to it on both sides", tom, card("300", "600", "240", "360"), ""},
		{"numbers, not words", "99.5 is less than 240", tom, card("120", "600", "99.5", "240"), ""},
		{"upside down", "nothing lies within", tom, card("300", "600", "360", "240"), "low is above high"},
		{"worst within", "it would score 0 and 100", tom, card("300", "300.5", "240", "360"), "worst lies within the band"},
		{"target without", "it would not score 100", tom, card("100", "600", "240", "360"), "target lies outside the band"},
	})
}
