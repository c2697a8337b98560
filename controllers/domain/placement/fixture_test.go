package placement

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// monday is the first day of week 2026-W49.
var monday = time.Date(2026, time.November, 30, 8, 0, 0, 0, time.UTC)

func at(days, hours int) time.Time {
	return monday.Add(time.Duration(24*days+hours-8) * time.Hour)
}

// aPool without weights.
func aPool(changes ...func(*v1alpha1.TalentPool)) *v1alpha1.TalentPool {
	p := &v1alpha1.TalentPool{ObjectMeta: metav1.ObjectMeta{Name: "agents", Namespace: "floor"}}
	for _, change := range changes {
		change(p)
	}
	return p
}

// engaged is somebody at work from October to the end of the year.
func engaged(name string, changes ...func(*Candidate)) Candidate {
	e := &v1alpha1.Engagement{ObjectMeta: metav1.ObjectMeta{Name: "eng-" + name, Namespace: "floor", UID: types.UID("uid-of-eng-" + name)}}
	e.Spec.PoolRef.Name = "agents"
	e.Status.Phase = v1alpha1.PhaseAssigned
	e.Status.Worker = &v1alpha1.EngagedWorker{Name: name, PersonKey: "person-" + name}
	e.Status.Terms = &v1alpha1.AcceptedTerms{Worker: name}
	e.Status.Terms.StatementOfWork.Start, e.Status.Terms.StatementOfWork.End = metav1.NewTime(monday.AddDate(0, -2, 0)), metav1.NewTime(monday.AddDate(0, 1, 0))
	c := Candidate{Engagement: e, Worker: &v1alpha1.Worker{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "floor"}}}
	c.Worker.Spec.PersonKey = "person-" + name
	for _, change := range changes {
		change(&c)
	}
	return c
}

func availability(c *Candidate) *v1alpha1.Availability {
	if c.Worker.Spec.Availability == nil {
		c.Worker.Spec.Availability = &v1alpha1.Availability{}
	}
	return c.Worker.Spec.Availability
}

func perWeek(hours int32) func(*Candidate) {
	return func(c *Candidate) { availability(c).HoursPerWeek = hours }
}

func takes(shifts ...string) func(*Candidate) {
	return func(c *Candidate) { availability(c).Shifts = shifts }
}

func likes(shift string, weight int32) func(*Candidate) {
	return func(c *Candidate) {
		c.Worker.Spec.Preferences = &v1alpha1.Preferences{Shifts: []v1alpha1.ShiftPreference{{Name: shift, Weight: weight}}}
	}
}

func skilled(name string, level int32) func(*Candidate) {
	return func(c *Candidate) {
		c.Worker.Spec.Skills = append(c.Worker.Spec.Skills, v1alpha1.Skill{Name: name, Level: level})
	}
}

func scored(value string) func(*Candidate) {
	return func(c *Candidate) {
		c.Worker.Status.Pools = []v1alpha1.PoolMembership{{Name: "agents", Score: &v1alpha1.WorkerScore{Value: value}}}
	}
}

func of(change func(*v1alpha1.Engagement)) func(*Candidate) {
	return func(c *Candidate) { change(c.Engagement) }
}

type pending = v1alpha1.Assignment

func anAssignment(name string, changes ...func(*pending)) *pending {
	a := &pending{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "floor", UID: types.UID("uid-of-" + name)}}
	a.Spec.Title, a.Spec.PoolRef.Name, a.Spec.Type = name, "agents", v1alpha1.AssignmentTask
	for _, change := range changes {
		change(a)
	}
	return a
}

// aShift begins on a day of week 2026-W49, at an hour, and lasts hours.
func aShift(name, shift string, day, hour, length int, changes ...func(*pending)) *pending {
	a := anAssignment(name)
	a.Spec.Type, a.Spec.Shift = v1alpha1.AssignmentShift, shift
	a.Spec.Window = &v1alpha1.Window{Start: metav1.NewTime(at(day, hour)), End: metav1.NewTime(at(day, hour+length))}
	for _, change := range changes {
		change(a)
	}
	return a
}

func loaded(hours int32) func(*pending) {
	return func(a *pending) { a.Spec.Load = &v1alpha1.Load{Hours: hours} }
}

func due(days, hours int) func(*pending) {
	return func(a *pending) { a.Spec.Due = new(metav1.NewTime(at(days, hours))) }
}

func priority(p int32) func(*pending) { return func(a *pending) { a.Spec.Priority = p } }

func asks(skill string, level int32) func(*pending) {
	return func(a *pending) {
		a.Spec.Skills = append(a.Spec.Skills, v1alpha1.SkillRequirement{Name: skill, MinLevel: level, Required: true})
	}
}

func pinnedTo(engagement string) func(*pending) {
	return func(a *pending) { a.Spec.EngagementRef = &v1alpha1.LocalReference{Name: engagement} }
}

// had is an Assignment as the operator writes it once it is given.
func had(a *pending, c Candidate) Held {
	a = a.DeepCopy()
	a.Status.State, a.Status.Engagement, a.Status.EngagementUID, a.Status.Worker = v1alpha1.AssignmentAssigned, c.Engagement.Name, c.Engagement.UID, c.Engagement.Status.Worker.Name
	a.Status.AssignedAt = new(metav1.NewTime(monday))
	return Held{Person: PersonOf(c.Engagement), Assignment: a}
}

// given says who gets what.
func given(result Result) map[string]string {
	all := map[string]string{}
	for _, d := range result.Decisions {
		switch d.State {
		case v1alpha1.AssignmentAssigned:
			all[d.Assignment.Name] = d.Worker
		default:
			all[d.Assignment.Name] = fmt.Sprintf("%s (%s): %s", d.State, d.Problem, d.Why)
		}
	}
	return all
}
