// Package season makes up a support floor of any size for the samples, the demo and measurements: agents, seats, shifts and tasks.
package season

import (
	"fmt"
	"math/rand/v2"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// What the sample floor in config/samples/case-3-support-floor calls its things.
const (
	Namespace = "care"
	Pool      = "agents"
	// Label is on every seat and every shift; a shift goes to seats of the same season alone.
	Label = "season"
	Name  = "winter"
)

// Start is the first day of the season, as in the samples.
var Start = time.Date(2026, time.November, 30, 0, 0, 0, 0, time.UTC)

// Options say how large the floor is. Equal options make equal floors.
type Options struct {
	// Agents is how many people apply.
	Agents int
	// Days is how long the season lasts.
	Days int
	// Seed of everything that is drawn.
	Seed uint64
	// Namespace of all objects.
	Namespace string
	// Start is the first day of the season.
	Start time.Time
}

// Season is a floor.
type Season struct {
	Workers     []*v1alpha1.Worker
	Engagements []*v1alpha1.Engagement
	Assignments []*v1alpha1.Assignment
}

// Plan makes up a floor.
func Plan(o Options) (*Season, error) {
	switch {
	case o.Agents < 1 || o.Agents > 9999:
		return nil, fmt.Errorf("planning a season: %d agents; there can be 1 to 9999", o.Agents)
	case o.Days < 1 || o.Days > 90:
		return nil, fmt.Errorf("planning a season: %d days; it can last 1 to 90", o.Days)
	}
	p := &plan{Options: o, random: rand.New(rand.NewPCG(o.Seed, 0))} //nolint:gosec // Nobody is to be surprised by a sample.
	s := &Season{}
	var err error
	if s.Workers, err = p.workers(); err != nil {
		return nil, err
	}
	s.Engagements, s.Assignments = p.seats(), append(p.shifts(), p.tasks()...)
	return s, nil
}

type plan struct {
	Options
	random *rand.Rand
}

// line is a kind of ticket.
type line struct {
	name string
	// share of the floor's work, in percent.
	share int
}

var lines = []line{{"billing", 40}, {"technical", 35}, {"returns", 25}}

// skill is what a line asks for.
func (l line) skill() string { return "tickets-" + l.name }

// lineAt is the line of the i-th of n things that are shared out among the lines.
func lineAt(i, n int) line {
	position := (2*i + 1) * 50 / n
	for _, l := range lines {
		if position -= l.share; position < 0 {
			return l
		}
	}
	return lines[len(lines)-1]
}

// Seats is how many seats a floor of so many applicants has: three for every five, since not everyone passes the screening.
func (o Options) Seats() int { return max(o.Agents*3/5, 1) }

func (o Options) meta(name, lineName string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Namespace: o.Namespace, Labels: map[string]string{Label: Name, "line": lineName}}
}

// chance says yes in so many of a hundred cases.
func (p *plan) chance(percent int) bool { return p.random.IntN(100) < percent }

func pick[T any](p *plan, from []T) T { return from[p.random.IntN(len(from))] }
