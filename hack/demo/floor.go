package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/hack/floor/season"
)

const (
	// seasonDays is how long the season lasts in the demo.
	seasonDays = 10
	// floorTick is how often people look at what waits for them.
	floorTick = 250 * time.Millisecond
	// hands is how many people state something at the same time.
	hands = 12
	// A day of the season lasts about as long as the screening took, which says how fast the machine is: agents are onboarded within a week then,
	// and nobody misses a shift because the machine is slow.
	shortestDay, longestDay = 8 * time.Second, 25 * time.Second
	// dashboardPatience is how long the pool's dashboard may take to show the end.
	dashboardPatience = 25 * time.Second
)

// floor has hundreds of agents screened, trained, placed on shifts and reviewed, until the season is over.
type floor struct {
	stage    *stage
	people   *people
	office   *office
	cast     *cast
	view     *floorView
	probes   *probes
	board    *floorBoard
	calendar calendar
	season   *season.Season
	scenes   []floorScene
	twists   floorTwists

	// said are the waits that were answered; refused is since when an answer is refused.
	said                    map[string]bool
	refused                 map[string]time.Time
	statements, evaluations int
	happenings              []happening
	// applied is when the agents applied, closed when everything was first seen to be over.
	applied, closed time.Time
	// giveUp says that the story has ended: scenes that had no occasion are not played any more.
	giveUp bool
	// fixedDay is how long a day is to last, if that was asked for.
	fixedDay time.Duration
}

// playFloor plays the third case and says in one line how it ended.
func playFloor(ctx context.Context, s *stage, o options, out *os.File) (string, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	f, err := newFloor(ctx, s, o, out)
	if err != nil {
		return "", err
	}
	if err := f.run(ctx); err != nil {
		return "", fmt.Errorf("%w\n%s", err, f.open())
	}
	r, err := f.collect(ctx)
	if err != nil {
		return "", err
	}
	f.print(out, r)
	if err := f.explain(ctx, out, r); err != nil {
		return "", err
	}
	if err := s.keep(r.record, strings.TrimSuffix(o.record, ".json")+"-floor.json", out); err != nil {
		return "", err
	}
	if faults := r.faults(); len(faults) > 0 {
		return "", fmt.Errorf("not everything is as it should be:\n%s", strings.Join(faults, "\n"))
	}
	return r.lastLine(), nil
}

// newFloor sets the floor up, with everybody who applies.
func newFloor(ctx context.Context, s *stage, o options, out *os.File) (*floor, error) {
	began := time.Now().Truncate(time.Second)
	f := &floor{
		stage: s, people: newPeople(s), cast: &cast{}, calendar: calendar{from: storyBegins, to: began, day: cmp.Or(o.day, shortestDay)}, fixedDay: o.day,
		said: map[string]bool{}, refused: map[string]time.Time{}, scenes: floorScenes(),
	}
	var err error
	f.season, err = season.Plan(season.Options{Agents: o.agents - 1, Days: seasonDays, Seed: o.seed, Namespace: season.Namespace, Start: season.Start})
	if err != nil {
		return nil, err
	}
	stretchHours(f.season)
	if err := s.prepare(ctx, f.calendar, []storyCase{supportFloor}); err != nil {
		return nil, err
	}
	fmt.Fprintf(out, "\n%d agents apply for %d seats. What was applied is in %s.\n\n", o.agents, len(f.season.Engagements)+1, s.relative(s.dir))
	f.applied = time.Now()
	if err := applyGenerated(ctx, s, f.calendar, "workers", "tess", f.season.Workers); err != nil {
		return nil, err
	}
	if f.view, err = watchFloor(ctx, s); err != nil {
		return nil, err
	}
	reader, err := f.people.as(auditor)
	if err != nil {
		return nil, err
	}
	if f.office, err = newOffice(ctx, reader, f.calendar, f.cast); err != nil {
		return nil, err
	}
	f.probes = newProbes(s.admin, f.view.reader, &s.outside)
	f.board = newFloorBoard(began, out)
	return f, nil
}

// stretchHours makes the hours of a week those of the season: its days are short, but a week is one of the real calendar.
func stretchHours(s *season.Season) {
	for _, e := range s.Engagements {
		e.Spec.Requirements.HoursPerWeek = e.Spec.Requirements.HoursPerWeek * seasonDays / 7
	}
	for _, w := range s.Workers {
		w.Spec.Availability.HoursPerWeek = w.Spec.Availability.HoursPerWeek * seasonDays / 7
	}
}

// run plays until the season is over.
func (f *floor) run(ctx context.Context) error {
	ticker := time.NewTicker(floorTick)
	defer ticker.Stop()
	for {
		if err := f.turn(ctx); err != nil {
			return err
		}
		if f.over(time.Now()) {
			f.board.show(f, time.Now(), true)
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the season was not over in time: %w", context.Cause(ctx))
		case <-ticker.C:
		}
		if err := f.stage.operator.failed(); err != nil {
			return err
		}
	}
}

func (f *floor) turn(ctx context.Context) error {
	if err := f.view.look(ctx); err != nil {
		return err
	}
	now := time.Now()
	f.board.show(f, now, false)
	if err := f.probes.whileGranted(ctx); err != nil {
		return err
	}
	if err := f.state(ctx, f.intents(now), now); err != nil {
		return err
	}
	return f.playScenes(ctx, now)
}

// over says whether every scene was played, every seat is closed and no shift is left.
func (f *floor) over(now time.Time) bool {
	open := slices.ContainsFunc(f.view.engagements, func(e *v1alpha1.Engagement) bool { return e.Status.Phase != v1alpha1.PhaseClosed })
	if len(f.scenes) > 0 || len(f.view.engagements) == 0 || open {
		return false
	}
	if f.closed.IsZero() {
		f.closed = now
	}
	// The dashboard is written at most once in ten seconds.
	st := &f.view.pool.Status
	return st.Engaged == 0 && st.Recruiting == 0 && now.Sub(f.closed) > floorTick || now.Sub(f.closed) > dashboardPatience
}

// state has people say what they are about to, many at a time, each under their own name.
func (f *floor) state(ctx context.Context, intents []intent, now time.Time) error {
	errs := make([]error, len(intents))
	next := make(chan int)
	for i := range intents {
		if _, err := f.people.as(intents[i].by); err != nil { // the clients are made here, where nothing else is under way
			return err
		}
	}
	var all sync.WaitGroup
	for range min(hands, len(intents)) {
		all.Go(func() {
			for i := range next {
				errs[i] = f.people.known[intents[i].by].Create(ctx, intents[i].object)
			}
		})
	}
	for i := range intents {
		next <- i
	}
	close(next)
	all.Wait()
	for i := range intents {
		if err := f.noteStated(&intents[i], errs[i], now); err != nil {
			return err
		}
	}
	return nil
}

// noteStated remembers what was said. What the API server refuses is tried again for a while.
func (f *floor) noteStated(in *intent, err error, now time.Time) error {
	if err == nil {
		f.said[in.id] = true
		delete(f.refused, in.id)
		switch in.object.(type) {
		case *v1alpha1.Evaluation:
			f.evaluations++
		default:
			f.statements++
		}
		return nil
	}
	since, found := f.refused[in.id]
	if !found {
		f.refused[in.id], since = now, now
	}
	if now.Sub(since) < patience {
		return nil
	}
	return fmt.Errorf("%s cannot state what %s waits for: %w", in.by, in.object.GetGenerateName(), err)
}

// attest has somebody state something of their own accord.
func (f *floor) attest(ctx context.Context, by string, of client.Object, s *v1alpha1.AttestationSpec) error {
	api, err := f.people.as(by)
	if err != nil {
		return err
	}
	s.SubjectRef.Name = of.GetName()
	statement := attestation(of.GetNamespace(), of.GetName(), s)
	if err := api.Create(ctx, statement); err != nil {
		return fmt.Errorf("%s cannot state %s of %s: %w", by, s.Claim, client.ObjectKeyFromObject(of), err)
	}
	f.statements++
	f.tell(by, said(statement, of))
	return nil
}

// tell shows that something happened that is not one of hundreds.
func (f *floor) tell(by, what string) {
	now := time.Now()
	f.happenings = append(f.happenings, happening{At: now, Date: f.date(now), By: by, What: what})
	f.board.tell(f, now, by+": "+what)
}
