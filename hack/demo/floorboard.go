package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// every is how often the board is printed where it cannot be redrawn in place.
const every = 10 * time.Second

// floorBoard shows hundreds of people in a few lines: redrawn in place on a terminal, elsewhere printed now and then.
type floorBoard struct {
	began time.Time
	out   io.Writer
	// file is the terminal, or nil where there is none.
	file *os.File

	news    []string
	drawn   int
	printed time.Time
}

func newFloorBoard(began time.Time, out *os.File) *floorBoard {
	b := &floorBoard{began: began, out: out}
	if term.IsTerminal(int(out.Fd())) {
		b.file = out
	}
	return b
}

// show draws the floor as it is now; the last time in any case.
func (b *floorBoard) show(f *floor, now time.Time, last bool) {
	if b.file == nil {
		if last || now.Sub(b.printed) >= every {
			b.printed = now
			fmt.Fprintln(b.out, strings.Join(b.lines(f, now), "\n")+"\n")
		}
		return
	}
	width, height, err := term.GetSize(int(b.file.Fd()))
	if err != nil || width < 40 {
		width, height = 120, 40
	}
	lines := append(b.lines(f, now), "")
	lines = append(lines, b.news...)
	lines = lines[:min(len(lines), max(height-1, 1))]
	var frame strings.Builder
	if b.drawn > 0 {
		fmt.Fprintf(&frame, "\x1b[%dA", b.drawn)
	}
	for _, line := range lines {
		frame.WriteString("\r\x1b[K" + clip(line, width-1) + "\n")
	}
	frame.WriteString("\x1b[J")
	b.drawn = len(lines)
	fmt.Fprint(b.out, frame.String())
}

// tell shows that something happened.
func (b *floorBoard) tell(f *floor, now time.Time, what string) {
	line := f.date(now).Format("2 Jan") + "  " + what
	if b.file == nil {
		fmt.Fprintf(b.out, "%4.0fs  %s\n", now.Sub(b.began).Seconds(), line)
		return
	}
	b.news = append(b.news, line)
	b.news = b.news[max(0, len(b.news)-newsLines):]
}

// lines are the board.
func (b *floorBoard) lines(f *floor, now time.Time) []string {
	p := &f.view.pool.Status
	lines := []string{
		board{calendar: f.calendar, began: b.began}.headingOf(f.date(now), now),
		"screening  " + screeningLine(f.view.workers),
		"funnel     " + funnelLine(p.Funnel),
		"seats      " + phasesLine(f.view.engagements),
		"academy    " + academyLine(f.view.engagements),
		"shifts     " + shiftsLine(f.view.assignments),
		"tiers      " + tiersLine(f.view.workers, p.Tiers),
		fmt.Sprintf("people     %d statements, %d evaluations", f.statements, f.evaluations),
	}
	return lines
}

func screeningLine(workers []*v1alpha1.Worker) string {
	n := map[v1alpha1.ScreeningState]int{}
	for _, w := range workers {
		if m := membershipOf(w); m != nil {
			n[m.Screening]++
		}
	}
	return fmt.Sprintf("%d agents: %d in progress, %d passed, %d failed, %d lapsed", len(workers),
		n[v1alpha1.ScreeningInProgress], n[v1alpha1.ScreeningPassed], n[v1alpha1.ScreeningFailed], n[v1alpha1.ScreeningLapsed])
}

func funnelLine(steps []v1alpha1.FunnelStep) string {
	var parts []string
	for _, s := range steps {
		parts = append(parts, fmt.Sprintf("%s %d of %d", s.Name, s.Passed, s.Entered))
	}
	return strings.Join(parts, " → ")
}

func phasesLine(engagements []*v1alpha1.Engagement) string {
	n := map[v1alpha1.Phase]int{}
	for _, e := range engagements {
		n[cmp.Or(e.Status.Phase, v1alpha1.PhasePending)]++
	}
	parts := []string{fmt.Sprintf("%d:", len(engagements))}
	for _, phase := range v1alpha1.Phases {
		parts = append(parts, fmt.Sprintf("%s %d", phase, n[phase]))
	}
	return strings.Join(parts, "  ")
}

// academyLine counts who has passed each module.
func academyLine(engagements []*v1alpha1.Engagement) string {
	var names []string
	done := map[string]int{}
	in := 0
	for _, e := range engagements {
		if e.Status.Onboarding == nil {
			continue
		}
		in++
		for _, s := range e.Status.Onboarding.Steps {
			if _, known := done[s.Name]; !known {
				names, done[s.Name] = append(names, s.Name), 0
			}
			if s.State == v1alpha1.StepDone {
				done[s.Name]++
			}
		}
	}
	parts := []string{fmt.Sprintf("%d:", in)}
	for _, name := range names {
		parts = append(parts, fmt.Sprintf("%s %d", name, done[name]))
	}
	return strings.Join(parts, "  ")
}

var assignmentStates = []v1alpha1.AssignmentState{
	v1alpha1.AssignmentPending, v1alpha1.AssignmentAssigned, v1alpha1.AssignmentStarted, v1alpha1.AssignmentSubmitted, v1alpha1.AssignmentAccepted, v1alpha1.AssignmentMissed,
}

func shiftsLine(assignments []*v1alpha1.Assignment) string {
	n := map[v1alpha1.AssignmentState]int{}
	for _, a := range assignments {
		n[cmp.Or(a.Status.State, v1alpha1.AssignmentPending)]++
	}
	parts := []string{fmt.Sprintf("%d:", len(assignments))}
	for _, state := range assignmentStates {
		parts = append(parts, fmt.Sprintf("%s %d", state, n[state]))
	}
	return strings.Join(parts, "  ")
}

func tiersLine(workers []*v1alpha1.Worker, tiers []v1alpha1.TierCounts) string {
	n, scored, demotions := map[string]int{}, 0, 0
	for _, w := range workers {
		m := membershipOf(w)
		if m == nil || m.Screening != v1alpha1.ScreeningPassed {
			continue
		}
		n[m.Tier]++
		if m.Score != nil {
			scored++
		}
		if m.Demotion != nil && m.Demotion.RejectedAt == nil {
			demotions++
		}
	}
	var parts []string
	for _, t := range tiers {
		parts = append(parts, fmt.Sprintf("%s %d", t.Name, n[t.Name]))
	}
	return strings.Join(append(parts, fmt.Sprintf("(%d have a score, %d demotions wait for a decision)", scored, demotions)), "  ")
}
