package perf

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// hoursPerWeek that everybody gives.
const hoursPerWeek = 48

var shifts = []string{"early", "late", "night"}

// parallel does something for each number below n, by several at once, and stops at the first error.
func parallel(ctx context.Context, by, n int, do func(context.Context, int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	numbers := make(chan int)
	var group sync.WaitGroup
	for range by {
		group.Go(func() {
			for i := range numbers {
				if err := do(ctx, i); err != nil {
					cancel(err)
				}
			}
		})
	}
	for i := range n {
		select {
		case numbers <- i:
		case <-ctx.Done():
		}
	}
	close(numbers)
	group.Wait()
	return context.Cause(ctx)
}

// openFloor makes a pool whose people are all at work. Their engagements are written as their own reconciler leaves them.
func openFloor(t *testing.T, api client.Client, namespace string, people int) {
	t.Helper()
	pool := &v1alpha1.TalentPool{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "agents"}}
	if err := api.Create(t.Context(), pool); err != nil {
		t.Fatalf("creating the pool: %v", err)
	}
	err := parallel(t.Context(), clients, people, func(ctx context.Context, i int) error {
		if err := api.Create(ctx, aWorker(namespace, i)); err != nil {
			return err
		}
		e := anEngagement(namespace, i)
		if err := api.Create(ctx, e); err != nil {
			return err
		}
		e.Status = v1alpha1.EngagementStatus{
			ObservedGeneration: e.Generation, Phase: v1alpha1.PhaseAssigned,
			Worker: &v1alpha1.EngagedWorker{Name: name(i), Namespace: namespace, PersonKey: personKey(namespace, i), Username: name(i) + "@example.com"},
			Terms: &v1alpha1.AcceptedTerms{
				Worker: name(i), StatementOfWork: e.Spec.StatementOfWork, Classification: e.Spec.Classification,
				Proposed: "sha256:0", Hash: "sha256:0", AcceptedAt: e.Spec.StatementOfWork.Start,
			},
		}
		return api.Status().Update(ctx, e)
	})
	if err != nil {
		t.Fatalf("engaging %d people: %v", people, err)
	}
}

func name(i int) string { return fmt.Sprintf("agent-%03d", i) }

func personKey(namespace string, i int) string { return fmt.Sprintf("%s-%03d", namespace, i) }

// aWorker speaks a language or two, and one in three takes some shifts alone.
func aWorker(namespace string, i int) *v1alpha1.Worker {
	w := &v1alpha1.Worker{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name(i)}}
	w.Spec.PersonKey, w.Spec.Username = personKey(namespace, i), name(i)+"@example.com"
	w.Spec.Skills = []v1alpha1.Skill{{Name: "english", Level: int32(3 + i%3)}}
	if i%2 == 0 {
		w.Spec.Skills = append(w.Spec.Skills, v1alpha1.Skill{Name: "spanish", Level: int32(2 + i%4)})
	}
	w.Spec.Availability = &v1alpha1.Availability{HoursPerWeek: hoursPerWeek}
	if i%3 == 0 {
		w.Spec.Availability.Shifts = []string{shifts[i/3%3], shifts[(i/3+1)%3]}
	}
	w.Spec.Preferences = &v1alpha1.Preferences{Shifts: []v1alpha1.ShiftPreference{{Name: shifts[i%3], Weight: int32(1 + i%100)}}}
	return w
}

func anEngagement(namespace string, i int) *v1alpha1.Engagement {
	start := monday().AddDate(0, 0, -28)
	e := &v1alpha1.Engagement{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name(i), Labels: map[string]string{"project": []string{"voice", "chat"}[i%2]}}}
	e.Spec.Title, e.Spec.PoolRef.Name = "Agent", "agents"
	e.Spec.StatementOfWork = v1alpha1.StatementOfWork{
		Summary: "Answers customers", Start: metav1.NewTime(start), End: metav1.NewTime(start.AddDate(0, 3, 0)), Budget: v1alpha1.Money{Currency: "USD", Amount: "9000"},
	}
	e.Spec.Classification = v1alpha1.Classification{WorkerType: v1alpha1.PayrolledWorker, Jurisdiction: "US-CA"}
	return e
}

// monday is the beginning of the week after the next: all of it is ahead.
func monday() time.Time {
	now := time.Now().UTC()
	day := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC)
	return day.AddDate(0, 0, 14-(int(day.Weekday())+6)%7)
}

// aBurst is a week's work: a third are shifts of eight hours, the others tasks of one or two. Half of the tasks ask for a language, and some are one
// project's alone. It takes about four of every five hours that people have.
func aBurst(namespace string, n int) []*v1alpha1.Assignment {
	var all []*v1alpha1.Assignment
	for i := range n {
		a := &v1alpha1.Assignment{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: fmt.Sprintf("work-%04d", i)}}
		a.Spec.Title, a.Spec.PoolRef.Name, a.Spec.Priority = "Answer customers", "agents", int32(i%2)
		if i%3 == 0 {
			k := i / 3 % 21
			start := monday().Add(time.Duration(24*(k/3)+6+8*(k%3)) * time.Hour)
			a.Spec.Type, a.Spec.Shift = v1alpha1.AssignmentShift, shifts[k%3]
			a.Spec.Window = &v1alpha1.Window{Start: metav1.NewTime(start), End: metav1.NewTime(start.Add(8 * time.Hour))}
		} else {
			a.Spec.Type, a.Spec.Load = v1alpha1.AssignmentTask, &v1alpha1.Load{Hours: int32(1 + i%3%2)}
			a.Spec.Due = new(metav1.NewTime(monday().Add(time.Duration(24*(1+i%6)+17) * time.Hour)))
			if i%2 == 0 {
				a.Spec.Skills = []v1alpha1.SkillRequirement{{Name: []string{"english", "spanish"}[i/2%2], MinLevel: 2, Required: true}}
			}
			if i%5 == 0 {
				a.Spec.Engagements = &metav1.LabelSelector{MatchLabels: map[string]string{"project": []string{"voice", "chat"}[i/5%2]}}
			}
		}
		all = append(all, a)
	}
	return all
}
