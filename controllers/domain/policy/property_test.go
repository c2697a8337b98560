package policy

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// An author writes random rules over now and moments around it.
type author struct {
	*rand.Rand
	// moment and length write a constant near what matters.
	moment func(*rand.Rand) time.Time
	length func(*rand.Rand) time.Duration
	zones  []string
	// calendar allows what turns with every second, and what reads the calendar.
	calendar []string
	periods  []string
	depth    int
	variable string
}

func (a *author) pick(options ...func() string) string {
	return options[a.IntN(len(options))]()
}

func (a *author) deeper(f func() string) string {
	a.depth--
	defer func() { a.depth++ }()
	return f()
}

func (a *author) timestamp() string {
	constant := func() string { return fmt.Sprintf("timestamp('%s')", a.moment(a.Rand).UTC().Format(time.RFC3339Nano)) }
	now := func() string { return "now" }
	if a.variable != "" && a.IntN(3) == 0 {
		return a.variable
	}
	if a.depth <= 0 {
		return a.pick(constant, now, now)
	}
	return a.deeper(func() string {
		return a.pick(constant, now, now,
			func() string { return "(" + a.timestamp() + " + " + a.duration() + ")" },
			func() string { return "(" + a.duration() + " + " + a.timestamp() + ")" },
			func() string { return "(" + a.timestamp() + " - " + a.duration() + ")" },
			func() string { return "(" + a.truth() + " ? " + a.timestamp() + " : " + a.timestamp() + ")" },
			func() string { return "timestamp(" + a.timestamp() + ")" },
			func() string { return "timestamp(int(" + a.timestamp() + "))" },
			func() string {
				return a.timestamp() + []string{".plus", ".minus"}[a.IntN(2)] + "('" + a.periods[a.IntN(len(a.periods))] + "')"
			},
		)
	})
}

func (a *author) duration() string {
	constant := func() string { return fmt.Sprintf("duration('%s')", a.length(a.Rand)) }
	if a.depth <= 0 {
		return constant()
	}
	return a.deeper(func() string {
		return a.pick(constant,
			func() string { return "(" + a.timestamp() + " - " + a.timestamp() + ")" },
			func() string { return "(" + a.duration() + " + " + a.duration() + ")" },
			func() string { return "(" + a.duration() + " - " + a.duration() + ")" },
			func() string { return "optional.ofNonZeroValue(" + a.duration() + ").orValue(" + a.duration() + ")" },
		)
	})
}

func (a *author) number() string {
	constant := func() string { return fmt.Sprint(a.IntN(70) - 5) }
	if a.depth <= 0 {
		return constant()
	}
	return a.deeper(func() string {
		return a.pick(constant,
			func() string { return a.timestamp() + "." + a.calendar[a.IntN(len(a.calendar))] + "()" },
			func() string {
				return a.timestamp() + "." + a.calendar[a.IntN(len(a.calendar))] + "('" + a.zones[a.IntN(len(a.zones))] + "')"
			},
			func() string {
				return a.duration() + "." + []string{"getHours", "getMinutes", "getSeconds"}[a.IntN(3)] + "()"
			},
			func() string { return "(" + a.number() + " / " + a.number() + ")" },
			func() string { return "(" + a.number() + " - " + a.number() + ")" },
			func() string {
				return "size([" + "timestamp('2026-12-31T23:59:00Z')].filter(x, " + a.over("x", a.truth) + "))"
			},
		)
	})
}

func (a *author) over(variable string, f func() string) string {
	before := a.variable
	a.variable = variable
	defer func() { a.variable = before }()
	return f()
}

func (a *author) moments() string {
	var list []string
	for range 1 + a.IntN(3) {
		list = append(list, fmt.Sprintf("timestamp('%s')", a.moment(a.Rand).UTC().Format(time.RFC3339Nano)))
	}
	return "[" + strings.Join(list, ", ") + "]"
}

func (a *author) truth() string {
	compare := func() string { return []string{" < ", " <= ", " > ", " >= ", " == ", " != "}[a.IntN(6)] }
	moments := func() string { return "(" + a.timestamp() + compare() + a.timestamp() + ")" }
	if a.depth <= 0 {
		return moments()
	}
	return a.deeper(func() string {
		return a.pick(moments, moments,
			func() string { return "(" + a.duration() + compare() + a.duration() + ")" },
			func() string { return "(" + a.number() + compare() + a.number() + ")" },
			func() string { return "(" + a.truth() + " && " + a.truth() + ")" },
			func() string { return "(" + a.truth() + " || " + a.truth() + ")" },
			func() string { return "!" + a.truth() },
			func() string { return "(" + a.truth() + " ? " + a.truth() + " : " + a.truth() + ")" },
			func() string { return "(" + a.timestamp() + " in " + a.moments() + ")" },
			func() string {
				return "(" + a.timestamp() + " in " + a.moments() + ".map(x, " + a.over("x", a.timestamp) + "))"
			},
			func() string { return a.moments() + ".exists(x, " + a.over("x", a.truth) + ")" },
			func() string { return a.moments() + ".all(x, " + a.over("x", a.truth) + ")" },
			func() string {
				return "(" + a.moments() + " == " + a.moments() + ".map(x, " + a.over("x", a.timestamp) + "))"
			},
			func() string { return "optional.ofNonZeroValue(" + a.duration() + ").hasValue()" },
			func() string { return "(string(" + a.timestamp() + ")" + compare() + "string(" + a.timestamp() + "))" },
		)
	})
}

// checkTurn says what is wrong with the turn of a rule: nothing may differ before it, and it must differ at it. The samples are later moments, in order.
func checkTurn(written string, now time.Time, samples func(yield func(time.Time) bool)) error {
	program, err := compileRule(written)
	if err != nil {
		return fmt.Errorf("it does not compile: %w", err)
	}
	v := campaign().variablesOf(program)
	first, turn := program.turns(v, now)
	if !turn.at.IsZero() {
		if !turn.at.After(now) || turn.at.Nanosecond() != 0 {
			return fmt.Errorf("the turn at %s is not a whole second to come", turn.at)
		}
		if then, _, _ := program.evaluate(v, turn.at); then != turn.to {
			return fmt.Errorf("at %s it says %+v, and the turn %+v", turn.at, then, turn.to)
		}
	}
	for t := range samples {
		if !turn.at.IsZero() && !t.Before(turn.at) {
			break
		}
		if then, _, _ := program.evaluate(v, t); then != first {
			return fmt.Errorf("at %s it says %+v, and at %s %+v, before the turn at %s", now, first, t, then, turn.at)
		}
	}
	return nil
}

func (c *Case) variablesOf(p *program) *variables {
	c.views = c.newViews()
	v := (&judgement{Case: *c}).variables(true, nil)
	v.schema = p.schema
	return v
}

// switches are moments around which the calendar changes: a year, a leap day, and both changes of the clocks in Berlin.
var switches = []time.Time{
	time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2028, 2, 29, 0, 0, 0, 0, time.UTC), time.Date(2027, 3, 28, 1, 0, 0, 0, time.UTC),
	time.Date(2027, 10, 31, 1, 0, 0, 0, time.UTC), time.Date(2026, 12, 31, 23, 30, 0, 0, time.UTC),
}

func FuzzNothingTurnsBeforeNextByTheSecond(f *testing.F) {
	for seed := range uint64(300) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 5))
		now := switches[r.IntN(len(switches))].Add(time.Duration(r.IntN(200)-150) * time.Second)
		a := &author{
			Rand: r, depth: 1 + r.IntN(4),
			moment: func(r *rand.Rand) time.Time {
				switch r.IntN(12) {
				case 0: // so long ago that the difference soon overflows
					return now.Add(-1<<63 + 1 + time.Duration(r.IntN(200))*time.Second)
				case 1:
					return now.Add(time.Duration(r.IntN(400)-100) * time.Second / 2)
				default:
					return now.Add(time.Duration(r.IntN(250)-50) * time.Second)
				}
			},
			length:   func(r *rand.Rand) time.Duration { return time.Duration(r.IntN(300)-100) * time.Second },
			zones:    []string{"Europe/Berlin", "America/Los_Angeles", "Asia/Kathmandu", "-00:30", "+05:30"},
			calendar: []string{"getFullYear", "getMonth", "getDayOfYear", "getDayOfMonth", "getDate", "getDayOfWeek", "getHours", "getMinutes", "getSeconds", "getMilliseconds"},
			periods:  []string{"P1D", "P1M", "P18M", "P1Y", "P0D", "P1M1D"},
		}
		written := a.truth()
		every := func(yield func(time.Time) bool) {
			for s := 1; s <= 300 && yield(now.Add(time.Duration(s)*time.Second)); s++ { //nolint:revive // The condition does the work.
			}
		}
		if err := checkTurn(written, now, every); err != nil {
			t.Errorf("%s: %v", written, err)
		}
	})
}

func FuzzNothingTurnsBeforeNextByTheDay(f *testing.F) {
	for seed := range uint64(150) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 6))
		now := date("2026-12-15").AddDate(0, 0, r.IntN(500))
		edge := func(r *rand.Rand) time.Duration { return time.Duration(r.IntN(3)-1) * time.Second }
		a := &author{
			Rand: r, depth: 1 + r.IntN(4),
			moment:   func(r *rand.Rand) time.Time { return now.AddDate(0, 0, r.IntN(900)-200).Add(edge(r)) },
			length:   func(r *rand.Rand) time.Duration { return time.Duration(r.IntN(800)-200)*day + edge(r) },
			zones:    []string{"Europe/Berlin", "-08:00"},
			calendar: []string{"getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfYear", "getDayOfWeek"},
			periods:  []string{"P1M", "P3M", "P18M", "P1Y", "P4Y", "P1W", "P1M1D", "P300Y"},
		}
		written := a.truth()
		midnights := func(yield func(time.Time) bool) {
			for d := range 1100 {
				for _, s := range []int{-1, 0, 1} {
					if at := now.AddDate(0, 0, d).Add(time.Duration(s) * time.Second); at.After(now) && !yield(at) {
						return
					}
				}
			}
		}
		if err := checkTurn(written, now, midnights); err != nil {
			t.Errorf("%s: %v", written, err)
		}
	})
}
