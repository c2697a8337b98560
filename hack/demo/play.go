package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

const (
	// tick is how often people look at what waits for them.
	tick = 100 * time.Millisecond
	// pause is how long a person takes to answer.
	pause = 400 * time.Millisecond
	// patience is how long a statement may be refused by the API server before the play is given up.
	patience = 15 * time.Second
	// auditor reads what the board shows.
	auditor = "iris"
)

// play has people do what waits for them, until every engagement is closed.
type play struct {
	stage    *stage
	people   *people
	office   *office
	screen   *screen
	calendar calendar

	// seen is when a wait was first seen; said are the waits that were answered; refused is since when an answer is refused.
	seen, refused map[string]time.Time
	said          map[string]bool
	scenes        []scene
	probes        *probes
	happenings    []happening

	engagements []v1alpha1.Engagement
	workers     []v1alpha1.Worker
}

// happening is something that a person did.
type happening struct {
	At   time.Time `json:"at"`
	Date time.Time `json:"date"`
	By   string    `json:"by"`
	What string    `json:"what"`
}

func newPlay(ctx context.Context, s *stage, c calendar, chosen choice, show *screen) (*play, error) {
	p := &play{
		stage: s, people: newPeople(s), screen: show, calendar: c,
		seen: map[string]time.Time{}, refused: map[string]time.Time{}, said: map[string]bool{}, scenes: newScenes(chosen),
	}
	reader, err := p.people.as(auditor)
	if err != nil {
		return nil, err
	}
	p.probes = newProbes(s.admin, reader, &s.outside)
	p.office, err = newOffice(ctx, reader, c, smallCast{})
	return p, err
}

// newOffice reads what people know besides the object that waits for them.
func newOffice(ctx context.Context, reader client.Reader, c calendar, t talent) (*office, error) {
	var err error
	o := &office{calendar: c, talent: t, scorecards: map[client.ObjectKey]*v1alpha1.Scorecard{}, checklists: map[client.ObjectKey]*v1alpha1.Checklist{}}
	if o.roster, err = readRoster(ctx, reader); err != nil {
		return nil, err
	}
	var cards v1alpha1.ScorecardList
	var lists v1alpha1.ChecklistList
	if err := errors.Join(reader.List(ctx, &cards), reader.List(ctx, &lists)); err != nil {
		return nil, fmt.Errorf("reading scorecards and checklists: %w", err)
	}
	for i := range cards.Items {
		o.scorecards[client.ObjectKeyFromObject(&cards.Items[i])] = &cards.Items[i]
	}
	for i := range lists.Items {
		o.checklists[client.ObjectKeyFromObject(&lists.Items[i])] = &lists.Items[i]
	}
	return o, nil
}

// run plays until every engagement is closed and every scene was played.
func (p *play) run(ctx context.Context) error {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		if err := p.turn(ctx); err != nil {
			return err
		}
		if p.over() {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the play was not over in time: %w", context.Cause(ctx))
		case <-ticker.C:
		}
		if err := p.stage.operator.failed(); err != nil {
			return err
		}
	}
}

func (p *play) turn(ctx context.Context) error {
	if err := p.look(ctx); err != nil {
		return err
	}
	now := time.Now()
	rows := make([]row, 0, len(p.engagements))
	for i := range p.engagements {
		rows = append(rows, rowOf(&p.engagements[i]))
	}
	p.screen.show(rows, now)
	if err := p.probes.whileGranted(ctx); err != nil {
		return err
	}
	for i := range p.workers {
		for _, w := range p.workers[i].Status.WaitingFor {
			if err := p.consider(ctx, &p.workers[i], w, now); err != nil {
				return err
			}
		}
	}
	for i := range p.engagements {
		for _, w := range p.engagements[i].Status.WaitingFor {
			if err := p.consider(ctx, &p.engagements[i], w, now); err != nil {
				return err
			}
		}
	}
	return p.playScenes(ctx, now)
}

// look reads what the auditor may read.
func (p *play) look(ctx context.Context) error {
	reader, err := p.people.as(auditor)
	if err != nil {
		return err
	}
	var engagements v1alpha1.EngagementList
	var workers v1alpha1.WorkerList
	if err := errors.Join(reader.List(ctx, &engagements), reader.List(ctx, &workers)); err != nil {
		return fmt.Errorf("reading engagements and workers: %w", err)
	}
	p.engagements, p.workers = engagements.Items, workers.Items
	slices.SortFunc(p.engagements, func(a, b v1alpha1.Engagement) int {
		return strings.Compare(a.Namespace+"/"+a.Name, b.Namespace+"/"+b.Name)
	})
	return nil
}

func (p *play) over() bool {
	for i := range p.engagements {
		if p.engagements[i].Status.Phase != v1alpha1.PhaseClosed {
			return false
		}
	}
	return len(p.scenes) == 0 && len(p.engagements) > 0
}

// consider has the person who is waited for answer, once, after a pause.
func (p *play) consider(ctx context.Context, subject client.Object, w v1alpha1.WaitingFor, now time.Time) error {
	id := fmt.Sprintf("%s %s %s %d", subject.GetUID(), w.What, w.Who, statements(subject, w.What))
	if p.said[id] {
		return nil
	}
	if _, found := p.seen[id]; !found {
		p.seen[id] = now
	}
	a, known := p.office.answer(subject, w)
	if !known || now.Before(p.seen[id].Add(pause)) || now.Before(a.after) {
		return nil
	}
	done, err := p.state(ctx, a.by, subject, w)
	if err != nil {
		since, found := p.refused[id]
		if !found {
			p.refused[id], since = now, now
		}
		if now.Sub(since) < patience {
			return nil
		}
		return fmt.Errorf("%s cannot answer %s of %s: %w", a.by, w.What, client.ObjectKeyFromObject(subject), err)
	}
	p.said[id] = done
	return nil
}

// statements is how many statements were recorded about what is waited for: after each, the same may be waited for anew.
func statements(subject client.Object, what string) int {
	n := 0
	switch s := subject.(type) {
	case *v1alpha1.Engagement:
		for _, r := range s.Status.Attestations {
			if r.Claim == what || strings.HasPrefix(what, "selection/") && strings.HasPrefix(r.Claim, "selection/") {
				n++
			}
		}
		if strings.HasPrefix(what, "evaluation/") {
			n = len(s.Status.Evaluations)
		}
	case *v1alpha1.Worker:
		for _, r := range s.Status.Attestations {
			if r.Claim == what {
				n++
			}
		}
	}
	return n
}

// state has a person read the object under their own name, find what waits for them, and answer that. It says whether an
// answer was given: what they read may be newer than what the board shows.
func (p *play) state(ctx context.Context, user string, subject client.Object, w v1alpha1.WaitingFor) (bool, error) {
	api, err := p.people.as(user)
	if err != nil {
		return false, err
	}
	fresh, isObject := subject.DeepCopyObject().(client.Object)
	if !isObject {
		return false, fmt.Errorf("%T is no object", subject)
	}
	if err := api.Get(ctx, client.ObjectKeyFromObject(subject), fresh); err != nil {
		return false, err
	}
	i := slices.IndexFunc(waits(fresh), func(f v1alpha1.WaitingFor) bool { return f.What == w.What && f.Who == w.Who })
	if i < 0 || statements(fresh, w.What) != statements(subject, w.What) {
		return false, nil
	}
	a, known := p.office.answer(fresh, waits(fresh)[i])
	if !known || a.by != user {
		return false, nil
	}
	if err := api.Create(ctx, a.object); err != nil {
		return false, err
	}
	p.note(user, said(a.object, fresh))
	return true, nil
}

func waits(subject client.Object) []v1alpha1.WaitingFor {
	switch s := subject.(type) {
	case *v1alpha1.Engagement:
		return s.Status.WaitingFor
	case *v1alpha1.Worker:
		return s.Status.WaitingFor
	}
	return nil
}

// said puts a statement into words.
func said(statement, of client.Object) string {
	switch s := statement.(type) {
	case *v1alpha1.Attestation:
		words := fmt.Sprintf("%s %s, %s/%s", s.Spec.Claim, s.Spec.Verdict, of.GetNamespace(), of.GetName())
		if s.Spec.Score != nil {
			words += fmt.Sprintf(" (score %d)", *s.Spec.Score)
		}
		if s.Spec.OnBehalfOf != nil {
			words += " on behalf of " + s.Spec.OnBehalfOf.Name
		}
		return words
	case *v1alpha1.Evaluation:
		kind := strings.TrimSpace(strings.ToLower(string(s.Spec.Kind)) + " " + s.Spec.Period)
		return fmt.Sprintf("evaluation (%s), %s/%s", kind, of.GetNamespace(), of.GetName())
	}
	return ""
}

func (p *play) note(user, what string) {
	now := time.Now()
	p.happenings = append(p.happenings, happening{At: now, Date: p.calendar.date(now), By: user, What: what})
	p.screen.tell(now, user+" states "+what)
}

// find returns the engagement with the name, if it is there.
func (p *play) find(name string) *v1alpha1.Engagement {
	for i := range p.engagements {
		if p.engagements[i].Name == name {
			return &p.engagements[i]
		}
	}
	return nil
}
