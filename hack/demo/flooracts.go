package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/hack/cluster"
	"github.com/longshore-dev/longshore/hack/floor/season"
)

// When the seats are asked for, and when the shifts are published. Screening comes before and takes what it takes.
var (
	asksOn      = storyBegins
	publishesOn = time.Date(2026, time.November, 29, 12, 0, 0, 0, time.UTC)
	leavesOn    = time.Date(2026, time.December, 5, 9, 0, 0, 0, time.UTC)
)

// settled is how long nobody may have had anything to do before a screening counts as over.
const settled = 2 * time.Second

// floorScene is something that people do of their own accord: nothing waits for it. It says whether it was played.
type floorScene func(ctx context.Context, f *floor, now time.Time) (bool, error)

// floorTwists is what became of the scenes, for those who check afterwards.
type floorTwists struct {
	quietSince time.Time
	// opened is when the seats were asked for.
	opened time.Time
	// absent is the seat whose agent does not turn up, left the one whose agent resigns, and leaves when.
	absent, left string
	leaves       time.Time
	// declined is a shift that was given back, and by whom.
	declined, decliner string
	// demoted is when the faltering agent's demotion was approved, and fell from which tier.
	demoted time.Time
	fell    string
	// decided are the proposals that somebody has decided about.
	decided map[string]bool
	// lonely is since when nobody is found for the seat in spring.
	lonely time.Time
}

func floorScenes() []floorScene {
	return []floorScene{askForSeats, publishShifts, declineShift, leaveEarly, falter, decideOnDemotions, giveFeedbackOnTools, askForTheBest, cancelTheBest}
}

// playScenes plays what can be played now. When the season is over, what had no occasion is given up: those who check afterwards will miss it.
func (f *floor) playScenes(ctx context.Context, now time.Time) error {
	var err error
	f.scenes = slices.DeleteFunc(f.scenes, func(s floorScene) bool {
		if err != nil {
			return false
		}
		var played bool
		played, err = s(ctx, f, now)
		return played || f.giveUp
	})
	return err
}

// date of the story. It begins when the seats are asked for: screening takes what it takes.
func (f *floor) date(at time.Time) time.Time {
	if f.twists.opened.IsZero() {
		return asksOn
	}
	return f.calendar.date(at)
}

// askForSeats: the head of the floor asks for the season's seats when the funnel has nobody left who could get further.
func askForSeats(ctx context.Context, f *floor, now time.Time) (bool, error) {
	if !f.screened(now) {
		return false, nil
	}
	f.twists.opened = now
	took := f.twists.quietSince.Sub(f.applied).Round(time.Second)
	day := cmp.Or(f.fixedDay, min(max(took, shortestDay), longestDay))
	f.calendar = calendar{from: asksOn, to: now.Truncate(time.Second), day: day}
	f.office.calendar = f.calendar
	sample := supportFloor.requests[0]
	if err := f.stage.apply(ctx, f.calendar, sample); err != nil {
		return false, err
	}
	if err := applyGenerated(ctx, f.stage, f.calendar, "engagements", sample.by, f.season.Engagements); err != nil {
		return false, err
	}
	f.tell(sample.by, fmt.Sprintf("asks for %d seats, all filled by one plan of the pool (the screening took %s; from now on a day lasts %s)", len(f.season.Engagements)+1, took, day))
	return true, nil
}

// screened says whether everybody is as far in the funnel as they get.
func (f *floor) screened(now time.Time) bool {
	busy := len(f.view.workers) <= len(f.season.Workers) || slices.ContainsFunc(f.view.workers, func(w *v1alpha1.Worker) bool {
		m := membershipOf(w)
		return m == nil || m.Screening == "" || slices.ContainsFunc(w.Status.WaitingFor, func(wait v1alpha1.WaitingFor) bool {
			_, known := f.answerScreening(w, wait)
			return known
		})
	})
	if busy || f.twists.quietSince.IsZero() {
		f.twists.quietSince = now
	}
	return !busy && now.Sub(f.twists.quietSince) >= settled
}

// publishShifts: the planner publishes the shifts of the season.
func publishShifts(ctx context.Context, f *floor, now time.Time) (bool, error) {
	if f.twists.opened.IsZero() || now.Before(f.calendar.at(publishesOn)) {
		return false, nil
	}
	sample := supportFloor.requests[1]
	if err := f.stage.apply(ctx, f.calendar, sample); err != nil {
		return false, err
	}
	if err := applyGenerated(ctx, f.stage, f.calendar, "assignments", sample.by, f.season.Assignments); err != nil {
		return false, err
	}
	f.tell(sample.by, fmt.Sprintf("publishes %d shifts and tasks", len(f.season.Assignments)+2))
	return true, nil
}

// absent says whether this is the seat whose agent does not turn up: the first that is waited for.
func (f *floor) absent(e *v1alpha1.Engagement) bool {
	if f.twists.absent == "" {
		f.twists.absent = e.Name
		f.tell("tara", workerName(e)+" has not turned up, "+e.Name)
	}
	return f.twists.absent == e.Name
}

// declineShift: an agent gives a shift back a day ahead.
func declineShift(ctx context.Context, f *floor, now time.Time) (bool, error) {
	for _, a := range f.view.assignments {
		if a.Status.State != v1alpha1.AssignmentAssigned || a.Spec.Window == nil || a.Spec.Window.Start.Time.Before(now.Add(f.calendar.span(wholeDay))) {
			continue
		}
		f.twists.declined, f.twists.decliner = a.Name, a.Status.Worker
		return true, f.attest(ctx, agentDesk, a, &v1alpha1.AttestationSpec{
			SubjectRef: v1alpha1.SubjectReference{Kind: "Assignment"}, Claim: "assignment/" + a.Name, Verdict: v1alpha1.VerdictDeclined,
			OnBehalfOf: &v1alpha1.OnBehalfOf{Kind: "Worker", Name: a.Status.Worker},
		})
	}
	return false, nil
}

// givesBack says whether whoever has a shift has just given it back.
func (f *floor) givesBack(a *v1alpha1.Assignment) bool {
	return a.Name == f.twists.declined && a.Status.Worker == f.twists.decliner
}

// goneBy says whether whoever has the work will have left by then.
func (f *floor) goneBy(a *v1alpha1.Assignment, at time.Time) bool {
	return a.Status.Engagement == f.twists.left && f.twists.left != "" && !at.Before(f.twists.leaves)
}

// leaveEarly: halfway an agent resigns, with shifts to come.
func leaveEarly(ctx context.Context, f *floor, now time.Time) (bool, error) {
	if f.twists.opened.IsZero() || now.Before(f.calendar.at(leavesOn)) {
		return false, nil
	}
	for _, a := range f.view.assignments {
		e := f.view.engagement(a.Status.Engagement)
		if e == nil || e.Status.Phase != v1alpha1.PhaseAssigned || a.Status.State != v1alpha1.AssignmentAssigned || workerName(e) == f.cast.faltering ||
			a.Spec.Window == nil || a.Spec.Window.Start.Time.Before(now.Add(f.calendar.span(2*wholeDay))) {
			continue
		}
		leaves := metav1.NewTime(now.Add(f.calendar.span(12 * time.Hour)))
		f.twists.left, f.twists.leaves = e.Name, leaves.Time
		return true, f.attest(ctx, agentDesk, e, &v1alpha1.AttestationSpec{
			SubjectRef: v1alpha1.SubjectReference{Kind: "Engagement"}, Claim: "end/engagement", Verdict: v1alpha1.VerdictResigned,
			Effective: &leaves, Note: "I begin a permanent position next week.",
			OnBehalfOf: &v1alpha1.OnBehalfOf{Kind: "Worker", Name: workerName(e)},
		})
	}
	return false, nil
}

// falter: the work of one who has reached a higher tier becomes bad. Nothing is stated; the reviewers will see it.
func falter(_ context.Context, f *floor, _ time.Time) (bool, error) {
	for _, w := range f.view.workers {
		m := membershipOf(w)
		if m == nil || m.Tier != "Gold" || len(w.Status.Engagements) == 0 || w.Name == f.twists.decliner {
			continue
		}
		f.cast.faltering = w.Name
		f.tell("vera", w.Name+", who has reached "+m.Tier+", begins to get rid of customers")
		return true, nil
	}
	return false, nil
}

// decideOnDemotions: whoever is responsible for people decides on each demotion that is proposed, and says why.
func decideOnDemotions(ctx context.Context, f *floor, _ time.Time) (bool, error) {
	for _, w := range f.view.workers {
		m := membershipOf(w)
		if m == nil || m.Demotion == nil || m.Demotion.RejectedAt != nil {
			continue
		}
		id := w.Name + m.Demotion.Since.String()
		if f.twists.decided[id] {
			continue
		}
		s := &v1alpha1.AttestationSpec{
			SubjectRef: v1alpha1.SubjectReference{Kind: "Worker", PoolRef: &v1alpha1.LocalReference{Name: m.Name}},
			Claim:      "approval/demotion", Verdict: v1alpha1.VerdictRejected, Note: "One bad week after a good season: the next review is to decide.",
		}
		if w.Name == f.cast.faltering {
			s.Verdict, s.Note = v1alpha1.VerdictApproved, "Calls ended after a minute and a half, in four reviews by two people; talked about twice."
			f.twists.demoted, f.twists.fell = time.Now(), m.Tier
		}
		if f.twists.decided == nil {
			f.twists.decided = map[string]bool{}
		}
		f.twists.decided[id] = true
		if err := f.attest(ctx, "petra", w, s); err != nil {
			return false, err
		}
	}
	return f.seasonOver(), nil
}

// seasonOver says whether all of the season's seats are closed.
func (f *floor) seasonOver() bool {
	return len(f.view.engagements) > 0 && !slices.ContainsFunc(f.view.engagements, func(e *v1alpha1.Engagement) bool {
		return e.Status.Phase != v1alpha1.PhaseClosed && e.Name != springSeat
	})
}

// springSeat is asked for when the season is over, for one of the best: what they are offered then is their tier's rate.
const springSeat = "spring-billing-001"

func askForTheBest(ctx context.Context, f *floor, now time.Time) (bool, error) {
	if !f.seasonOver() {
		return false, nil
	}
	e := f.season.Engagements[0].DeepCopy()
	e.Name, e.Labels[season.Label] = springSeat, "spring"
	e.Spec.Title = "Support agent, spring season"
	e.Spec.Requirements.Skills, e.Spec.Requirements.MinTier = nil, "Platinum"
	e.Spec.StatementOfWork.Summary = "Trains the newcomers of the spring season."
	e.Spec.StatementOfWork.Start = metav1.NewTime(now.Add(time.Hour).Truncate(time.Second))
	e.Spec.StatementOfWork.End = metav1.NewTime(now.Add(2 * time.Hour).Truncate(time.Second))
	cora, err := f.people.as("cora")
	if err != nil {
		return false, err
	}
	if err := cora.Create(ctx, e); err != nil {
		return false, fmt.Errorf("asking for %s: %w", springSeat, err)
	}
	f.tell("cora", "asks for one more seat, for somebody in Platinum")
	return true, nil
}

// cancelTheBest: once somebody has accepted, the seat is taken back. The story ends here.
func cancelTheBest(ctx context.Context, f *floor, now time.Time) (bool, error) {
	e := f.view.engagement(springSeat)
	if e == nil {
		return false, nil
	}
	waits := slices.ContainsFunc(e.Status.WaitingFor, func(w v1alpha1.WaitingFor) bool { return w.What == "recruitment/candidates" })
	if !waits || f.twists.lonely.IsZero() {
		f.twists.lonely = now
	}
	nobody := now.Sub(f.twists.lonely) > patience
	if e.Status.Terms == nil && !nobody {
		return false, nil
	}
	if e.Status.Terms != nil {
		f.tell(agentDesk, fmt.Sprintf("%s (%s) has accepted %s USD an hour", workerName(e), e.Status.Worker.Tier, e.Status.Terms.Rate.Amount))
	}
	f.giveUp = true
	return true, f.attest(ctx, "cora", e, &v1alpha1.AttestationSpec{
		SubjectRef: v1alpha1.SubjectReference{Kind: "Engagement"}, Claim: "end/engagement", Verdict: v1alpha1.VerdictEndNow, Note: "Spring is planned anew.",
	})
}

// giveFeedbackOnTools: agents say what is in the way, and something is done about the one thing.
func giveFeedbackOnTools(ctx context.Context, f *floor, now time.Time) (bool, error) {
	if f.twists.opened.IsZero() || now.Before(f.calendar.at(leavesOn)) {
		return false, nil
	}
	raised := 0
	for _, e := range f.view.engagements {
		if e.Status.Phase != v1alpha1.PhaseAssigned || e.Name == f.twists.left {
			continue
		}
		theme := "headset"
		if raised%4 == 3 {
			theme = "shift-changes"
		}
		if err := f.feedback(ctx, e, theme, raised == 0); err != nil {
			return false, err
		}
		if raised++; raised == 8 {
			break
		}
	}
	return true, nil
}

func (f *floor) feedback(ctx context.Context, e *v1alpha1.Engagement, theme string, actioned bool) error {
	claim := "feedback/" + theme
	steps := []struct {
		by string
		v1alpha1.AttestationSpec
	}{
		{agentDesk, v1alpha1.AttestationSpec{Verdict: v1alpha1.VerdictRaised, OnBehalfOf: &v1alpha1.OnBehalfOf{Kind: "Worker", Name: workerName(e)}}},
		{"tess", v1alpha1.AttestationSpec{Verdict: v1alpha1.VerdictAcknowledged}},
		{"tess", v1alpha1.AttestationSpec{Verdict: v1alpha1.VerdictActioned, Note: "New headsets are on their way."}},
	}
	if !actioned {
		steps = steps[:1]
	}
	for _, s := range steps {
		s.Claim, s.SubjectRef = claim, v1alpha1.SubjectReference{Kind: "Engagement"}
		if err := f.attest(ctx, s.by, e, &s.AttestationSpec); err != nil {
			return err
		}
	}
	return nil
}

// applyGenerated writes generated objects as YAML with their dates moved, where a person can read them, and applies them as somebody, several at a time.
func applyGenerated[T runtime.Object](ctx context.Context, s *stage, c calendar, kind, by string, objects []T) error {
	var text bytes.Buffer
	if err := season.WriteYAML(&text, objects); err != nil {
		return err
	}
	moved, err := c.render(text.Bytes())
	if err != nil {
		return fmt.Errorf("moving the dates of the generated %s: %w", kind, err)
	}
	path := filepath.Join(s.dir, "case-3-support-floor", "generated", kind+".yaml")
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return fmt.Errorf("making a folder: %w", err)
	}
	if err := os.WriteFile(path, moved, 0o600); err != nil {
		return fmt.Errorf("writing the generated %s: %w", kind, err)
	}
	read, err := s.cluster.Objects(ctx, path)
	if err != nil {
		return err
	}
	return s.applyAtOnce(ctx, by, read)
}

// applyAtOnce applies objects that do not depend on one another.
func (s *stage) applyAtOnce(ctx context.Context, by string, objects []*unstructured.Unstructured) error {
	const at = 8
	errs := make([]error, at)
	var all sync.WaitGroup
	for i, part := range slices.Collect(slices.Chunk(objects, (len(objects)+at-1)/at)) {
		all.Go(func() { errs[i] = cluster.Apply(ctx, s.cluster.As(by), fieldOwner, part...) })
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// open says what is not over.
func (f *floor) open() string {
	lines := f.board.lines(f, time.Now())
	const most = 12
	for _, e := range f.view.engagements {
		if len(lines) > most+len(f.board.lines(f, time.Now())) || e.Status.Phase == v1alpha1.PhaseClosed {
			continue
		}
		var waits []string
		for _, w := range e.Status.WaitingFor {
			waits = append(waits, w.What+" ("+w.Who+")")
		}
		lines = append(lines, fmt.Sprintf("%s is %s and waits for %s", e.Name, e.Status.Phase, strings.Join(waits, ", ")))
	}
	return strings.Join(lines, "\n") + fmt.Sprintf("\n%d scenes were not played", len(f.scenes))
}
