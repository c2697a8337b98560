package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// newsLines is how many of the newest happenings stand below the board.
const newsLines = 8

// screen shows the board: redrawn in place on a terminal, anywhere else every change as a line of its own.
type screen struct {
	board board
	out   io.Writer
	// file is the terminal, or nil where there is none.
	file *os.File

	news  []string
	drawn int
	last  map[string]string
}

func newScreen(b board, out *os.File) *screen {
	s := &screen{board: b, out: out, last: map[string]string{}}
	if term.IsTerminal(int(out.Fd())) {
		s.file = out
	}
	return s
}

// show draws the rows as they are now.
func (s *screen) show(rows []row, now time.Time) {
	if s.file == nil {
		for _, r := range rows {
			if line := r.line(); s.last[r.name] != line {
				s.last[r.name] = line
				s.say(now, line)
			}
		}
		return
	}
	width, height, err := term.GetSize(int(s.file.Fd()))
	if err != nil || width < 40 {
		width, height = 120, 40
	}
	lines := append([]string{s.board.heading(now), ""}, s.board.table(rows, width-1)...)
	lines = append(lines, "")
	for _, n := range s.news {
		lines = append(lines, clip(n, width-1))
	}
	// What is taller than the window cannot be redrawn in place: the upper lines have scrolled out of reach.
	lines = lines[:min(len(lines), max(height-1, 1))]
	var frame strings.Builder
	if s.drawn > 0 {
		fmt.Fprintf(&frame, "\x1b[%dA", s.drawn)
	}
	for _, line := range lines {
		frame.WriteString("\r\x1b[K" + line + "\n")
	}
	frame.WriteString("\x1b[J")
	s.drawn = len(lines)
	fmt.Fprint(s.out, frame.String())
}

// tell shows that something happened.
func (s *screen) tell(now time.Time, what string) {
	if s.file == nil {
		s.say(now, what)
		return
	}
	s.news = append(s.news, s.board.calendar.date(now).Format("2 Jan")+"  "+what)
	s.news = s.news[max(0, len(s.news)-newsLines):]
}

func (s *screen) say(now time.Time, line string) {
	fmt.Fprintf(s.out, "%4.0fs  %-6s  %s\n", now.Sub(s.board.began).Seconds(), s.board.calendar.date(now).Format("2 Jan"), line)
}
