package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// row is what the board shows of one engagement.
type row struct {
	name    string
	phase   v1alpha1.Phase
	passed  map[v1alpha1.Phase]bool
	worker  string
	detail  string
	waiting string
}

// rowOf reads a row off the engagement's status, and off nothing else.
func rowOf(e *v1alpha1.Engagement) row {
	r := row{name: e.Namespace + "/" + e.Name, phase: e.Status.Phase, passed: map[v1alpha1.Phase]bool{}, detail: detail(e), waiting: waiting(e)}
	for _, p := range e.Status.Phases {
		r.passed[p.Name] = p.LeftAt != nil || p.Name == v1alpha1.PhaseClosed
	}
	if w := e.Status.Worker; w != nil {
		r.worker = w.Name
	}
	return r
}

// detail says how far the present phase is.
func detail(e *v1alpha1.Engagement) string {
	st := &e.Status
	switch st.Phase {
	case v1alpha1.PhaseRecruiting:
		if st.Recruitment != nil && st.Recruitment.Offer != nil {
			return "offer"
		}
	case v1alpha1.PhaseOnboarding:
		if st.Onboarding != nil {
			return fmt.Sprintf("%d/%d", st.Onboarding.Done, st.Onboarding.Total)
		}
	case v1alpha1.PhaseAssigned:
		accepted := 0
		for _, d := range st.Deliverables {
			if d.State == v1alpha1.DeliverableAccepted {
				accepted++
			}
		}
		return fmt.Sprintf("%d/%d", accepted, len(st.Deliverables))
	case v1alpha1.PhaseOffboarding:
		if st.Offboarding != nil {
			return fmt.Sprintf("%d/%d", st.Offboarding.Done, st.Offboarding.Total)
		}
	case v1alpha1.PhaseClosed:
		return string(st.Outcome)
	}
	return ""
}

// waiting says for whom the engagement waits, and for what: one entry for each person.
func waiting(e *v1alpha1.Engagement) string {
	var people []string
	what := map[string][]string{}
	for _, w := range e.Status.WaitingFor {
		who := w.Who
		if w.Subject != nil {
			who = w.Subject.Name + " (" + w.Who + ")"
		}
		if !slices.Contains(people, who) {
			people = append(people, who)
		}
		what[who] = append(what[who], w.What)
	}
	for i, who := range people {
		people[i] = who + ": " + strings.Join(what[who], ", ")
	}
	if len(people) == 0 && e.Status.Phase != v1alpha1.PhaseClosed {
		return "nobody: " + nextDate(e)
	}
	return strings.Join(people, "; ")
}

// nextDate says what an engagement that waits for nobody waits for.
func nextDate(e *v1alpha1.Engagement) string {
	switch e.Status.Phase {
	case v1alpha1.PhaseOnboarding:
		return "the start, or a step's time, has not come"
	case v1alpha1.PhaseAssigned:
		return "nothing is due"
	default:
		return "the operator is at work"
	}
}

// board is what a person watches: engagements × phases, and for whom each waits.
type board struct {
	calendar calendar
	began    time.Time
}

// heading says where in the story we are.
func (b board) heading(now time.Time) string { return b.headingOf(b.calendar.date(now), now) }

func (b board) headingOf(date, now time.Time) string {
	return fmt.Sprintf("Longshore   %s of the story (a day lasts %s)   %s since the start",
		date.Format("Mon 2 Jan 2006"), b.calendar.day, now.Sub(b.began).Round(time.Second))
}

const (
	phaseWidth = 13
	minWaiting = 24
)

// table draws the rows for a terminal of so many columns.
func (b board) table(rows []row, width int) []string {
	names := len("ENGAGEMENT")
	for _, r := range rows {
		names = max(names, utf8.RuneCountInString(r.name))
	}
	names += 2
	head := pad("ENGAGEMENT", names)
	for _, p := range v1alpha1.Phases {
		head += pad(strings.ToUpper(string(p)), phaseWidth)
	}
	lines := []string{clip(head+"WORKER", width)}
	for _, r := range rows {
		line := pad(r.name, names)
		for _, p := range v1alpha1.Phases {
			line += pad(cell(r, p), phaseWidth)
		}
		lines = append(lines, clip(line+r.worker, width))
		if r.waiting != "" {
			lines = append(lines, clip("  └ waits for "+r.waiting, max(width, minWaiting)))
		}
	}
	return lines
}

// cell is one phase of one engagement.
func cell(r row, p v1alpha1.Phase) string {
	switch {
	case r.passed[p]:
		return strings.TrimSpace("✓ " + only(p == v1alpha1.PhaseClosed, r.detail))
	case r.phase == p:
		return strings.TrimSpace("▶ " + r.detail)
	default:
		return "·"
	}
}

func only(condition bool, s string) string {
	if condition {
		return s
	}
	return ""
}

// line is one row for a place where nothing can be redrawn, such as a log.
func (r row) line() string {
	parts := []string{r.name, cmp.Or(string(r.phase), "new")}
	for _, part := range []string{r.detail, r.worker} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	line := strings.Join(parts, "  ")
	if r.waiting != "" {
		line += "  waits for " + r.waiting
	}
	return line
}

func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(width-utf8.RuneCountInString(s), 1))
}

func clip(s string, width int) string {
	if utf8.RuneCountInString(s) <= width {
		return s
	}
	return string([]rune(s)[:width-1]) + "…"
}
