package placement

import (
	"fmt"
	"time"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// faultKind is why somebody cannot be given an Assignment.
type faultKind uint8

const (
	noFault faultKind = iota
	hasEnded
	isSuspended
	notAtWork
	isGone
	notSelected
	hasDeclined
	lacksSkill
	takesOtherShifts
	notAvailable
	outsideWork
	noHours
	noAgreedHours
	hasOtherShift
	// takenInRound: could, and got other work in the same batch.
	takenInRound
)

// fault is a reason with the number of the skill that it is about, so that many can be counted without a word being written.
type fault struct {
	kind  faultKind
	skill int
}

// fault is the first reason why a candidate cannot be given an Assignment, in the order in which a person would ask: may they, are they able,
// do they have the time.
func (f *floor) fault(r *row, c *candidate) fault {
	switch {
	case c.barred.kind != noFault:
		return c.barred
	case r.a.Spec.Engagements != nil && !r.selected[c.number]:
		return fault{kind: notSelected}
	case r.declined != nil && r.declined[c.worker]:
		return fault{kind: hasDeclined}
	}
	for _, s := range r.skills {
		if s.required && c.levels[s.skill] < s.level {
			return fault{kind: lacksSkill, skill: s.skill}
		}
	}
	switch {
	case r.shift != noShift && c.takes != nil && !c.takes[r.shift]:
		return fault{kind: takesOtherShifts}
	case r.span.from < c.from || r.span.to > c.until:
		return fault{kind: notAvailable}
	case r.span.from < c.start || r.span.to > c.end:
		return fault{kind: outsideWork}
	case r.hours > 0 && c.perWeek > 0 && c.hours[r.week]+r.hours > c.perWeek:
		return fault{kind: noHours}
	case r.hours > 0 && c.agreed > 0 && c.taken[r.week]+r.hours > c.agreed:
		return fault{kind: noAgreedHours}
	}
	if r.a.Spec.Type == v1alpha1.AssignmentShift {
		for _, w := range c.windows {
			if w.overlaps(r.span) {
				return fault{kind: hasOtherShift}
			}
		}
	}
	return fault{}
}

// room is how many of a batch's tasks the hours of a candidate allow.
func (c *candidate) room(r *row, most int) int32 {
	room := int32(min(most, 1<<30)) //nolint:gosec // Bounded.
	if r.a.Spec.Type == v1alpha1.AssignmentShift {
		return 1
	}
	if r.hours == 0 {
		return room
	}
	if c.perWeek > 0 {
		room = min(room, (c.perWeek-c.hours[r.week])/r.hours)
	}
	if c.agreed > 0 {
		room = min(room, (c.agreed-c.taken[r.week])/r.hours)
	}
	return max(room, 0)
}

// say is a fault in words, of one person: "<worker> …".
func (f *floor) say(r *row, c *candidate, why fault) string {
	switch why.kind {
	case notAtWork:
		return fmt.Sprintf("is not at work yet: engagement %s is in phase %s", c.engagement.Name, c.engagement.Status.Phase)
	case isSuspended:
		return fmt.Sprintf("engagement %s is suspended", c.engagement.Name)
	case lacksSkill:
		s := r.a.Spec.Skills[r.place(why.skill)]
		if level := c.levels[why.skill]; level > 0 {
			return fmt.Sprintf("has %s at level %d, %d is asked for", s.Name, level, max(s.MinLevel, 1))
		}
		return "lacks the skill " + s.Name
	case notAvailable:
		if r.span.from < c.from {
			return "is available only from " + date(c.from)
		}
		return "is available only until " + date(c.until)
	case outsideWork:
		if r.span.from < c.start {
			return "begins work only on " + date(c.start)
		}
		return "works only until " + date(c.end)
	case noHours:
		return fmt.Sprintf("has %d of %d hours left in week %s, this takes %d", max(c.perWeek-c.hours[r.week], 0), c.perWeek, r.week, r.hours)
	case noAgreedHours:
		return fmt.Sprintf("has %d of the engagement's %d hours left in week %s, this takes %d", max(c.agreed-c.taken[r.week], 0), c.agreed, r.week, r.hours)
	default:
		return f.sayMany(r, why, false)
	}
}

// sayMany is a fault in words, of several people or one: "200 do not take the shift late".
func (f *floor) sayMany(r *row, why fault, many bool) string {
	verb := func(one, several string) string {
		if many {
			return several
		}
		return one
	}
	switch why.kind {
	case hasEnded:
		return verb("is", "are") + " not engaged any more"
	case isSuspended:
		return verb("is", "are") + " suspended"
	case notAtWork:
		return verb("is", "are") + " not at work yet"
	case isGone:
		return verb("has", "have") + " no Worker object any more"
	case notSelected:
		return verb("is", "are") + " not selected by spec.engagements"
	case hasDeclined:
		return verb("has", "have") + " declined it"
	case lacksSkill:
		s := r.a.Spec.Skills[r.place(why.skill)]
		return fmt.Sprintf("%s the skill %s at level %d", verb("lacks", "lack"), s.Name, max(s.MinLevel, 1))
	case takesOtherShifts:
		return verb("does", "do") + " not take the shift " + r.a.Spec.Shift
	case notAvailable:
		return verb("is", "are") + " not available at that time"
	case outsideWork:
		return verb("is", "are") + " not engaged for all of that time"
	case noHours, noAgreedHours:
		return fmt.Sprintf("%s not %d hours left in week %s", verb("has", "have"), r.hours, r.week)
	case hasOtherShift:
		return verb("has", "have") + " another shift at that time"
	case takenInRound:
		return verb("is", "are") + " given other work of the same batch"
	default:
		return ""
	}
}

// place is where a skill stands in the spec.
func (r *row) place(skill int) int {
	for i, s := range r.skills {
		if s.skill == skill {
			return i
		}
	}
	return 0
}

func date(seconds int64) string { return time.Unix(seconds, 0).UTC().Format("2006-01-02 15:04 UTC") }
