package placement

import (
	"fmt"
	"time"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// week is a week of ISO 8601 in UTC, as year × 100 + week.
type week int32

func weekOf(t time.Time) week {
	year, number := t.UTC().ISOWeek()
	return week(year*100 + number) //nolint:gosec // A year of four digits.
}

func (w week) String() string { return fmt.Sprintf("%d-W%02d", w/100, w%100) }

// nextWeek is the beginning of the week after.
func nextWeek(t time.Time) time.Time {
	t = t.UTC()
	days := (7 - (int(t.Weekday())+6)%7)
	return time.Date(t.Year(), t.Month(), t.Day()+days, 0, 0, 0, 0, time.UTC)
}

// day is the moment to whose week an Assignment's hours belong: when its window begins, else when it is due, or, where it was given after that
// or has no date, when it was given.
func day(a *v1alpha1.Assignment, given time.Time) time.Time {
	switch {
	case a.Spec.Window != nil:
		return a.Spec.Window.Start.Time
	case a.Spec.Due != nil && a.Spec.Due.After(given):
		return a.Spec.Due.Time
	}
	return given
}

// span is from when to when somebody must be there, in seconds; both ends are the same moment for a task with a due time alone or without a date.
type span struct{ from, to int64 }

func (s span) overlaps(o span) bool { return s.from < o.to && o.from < s.to }

func spanOf(a *v1alpha1.Assignment, now time.Time) span {
	if w := a.Spec.Window; w != nil {
		return span{w.Start.Unix(), w.End.Unix()}
	}
	at := day(a, now).Unix()
	return span{at, at}
}

// Due is when an Assignment must be submitted: its due time, else of a shift the end of its window; nil if it has neither.
func Due(spec *v1alpha1.AssignmentSpec) *time.Time {
	switch {
	case spec.Due != nil:
		return &spec.Due.Time
	case spec.Type == v1alpha1.AssignmentShift && spec.Window != nil:
		return &spec.Window.End.Time
	}
	return nil
}

// hours of work that an Assignment is; none if it is measured in points or not at all.
func hours(a *v1alpha1.Assignment) int32 {
	switch {
	case a.Spec.Load != nil:
		return a.Spec.Load.Hours
	case a.Spec.Type == v1alpha1.AssignmentShift && a.Spec.Window != nil:
		length := a.Spec.Window.End.Sub(a.Spec.Window.Start.Time)
		return int32(min((length+time.Hour-1)/time.Hour, 1<<16)) //nolint:gosec // Bounded.
	}
	return 0
}

// effort is what an Assignment weighs in the load part of a score: its hours, a point like an hour, and work without a load like one hour.
func effort(a *v1alpha1.Assignment) int32 {
	if h := hours(a); h > 0 {
		return h
	}
	if a.Spec.Load != nil {
		return a.Spec.Load.Points
	}
	return 1
}
