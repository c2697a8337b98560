package worker

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/checklist"
)

// maxPools is how many memberships a worker's status keeps.
const maxPools = 32

// screening is how a worker stands in one pool.
type screening struct {
	pool *v1alpha1.TalentPool
	// previous is the membership as it was stored.
	previous *v1alpha1.PoolMembership
	// begun is the attempt as it was stored.
	begun procedure
	// course is nil where the pool asks for no screening, and where its screening cannot be followed.
	course *course
	// rating is the score and the tier in the pool.
	rating *rating
	// scorecards by name, as far as they exist.
	scorecards map[string]*v1alpha1.Scorecard
	// problem says why the screening cannot be followed, with a reason for programs.
	problem *finding
}

// finding is a reason with a message that says what to do.
type finding struct {
	Reason  string
	Message string
}

// screen begins or takes up the screening of one pool, without following what was stated.
func (s *scope) screen(pool *v1alpha1.TalentPool, certificates []v1alpha1.Certificate) *screening {
	sc := &screening{pool: pool, previous: membership(s.Worker.Status.Pools, pool.Name), scorecards: s.Scorecards}
	if pool.Spec.Screening == nil {
		return sc
	}
	newest, problem := s.newest(pool)
	c := &course{StartedAt: s.Now, Attempt: 1, unseen: sc.previous == nil}
	switch m := sc.previous; {
	case sc.underWay():
		sc.begun = procedure{m.Checklist, m.Definition}
		c.procedure = sc.begun
		c.StartedAt, c.Attempt = m.StartedAt.Time, m.Attempt
		c.facts.previous = m.Steps
	case newest != nil:
		c.procedure = *newest
	default:
		sc.problem = problem
		return sc
	}
	c.facts.now, c.facts.retryAfter, c.facts.newest, c.facts.certificates = s.Now, pool.Spec.Screening.RetryAfter, newest, certificates
	c.facts.documents = s.documents(pool)
	c.facts.worker, c.facts.passMarks = s.variables(), map[string]int32{}
	for name, scorecard := range s.Scorecards {
		if scorecard != nil {
			c.facts.passMarks[name] = scorecard.Spec.PassMark
		}
	}
	if sc.problem = s.missingScorecard(pool, c.Steps); sc.problem == nil {
		sc.course = c
	}
	return sc
}

// underWay says whether the stored membership is of the screening that the pool asks for. One that names another checklist
// asks for another screening.
func (sc *screening) underWay() bool {
	m := sc.previous
	return m != nil && m.Checklist != nil && m.StartedAt != nil && m.Checklist.Name == sc.pool.Spec.Screening.ChecklistRef.Name
}

// newest is the pool's checklist as it is now, or why it cannot be followed.
func (s *scope) newest(pool *v1alpha1.TalentPool) (*procedure, *finding) {
	name := pool.Spec.Screening.ChecklistRef.Name
	cl := s.Checklists[name]
	if cl == nil {
		return nil, &finding{v1alpha1.ReasonReferenceNotFound, fmt.Sprintf("pool %s screens by the checklist %s, which does not exist: create it, or name another one in spec.screening", pool.Name, name)}
	}
	if err := checklist.Validate(cl.Spec.Steps); err != nil {
		return nil, &finding{v1alpha1.ReasonChecklistInvalid, fmt.Sprintf("pool %s screens by the checklist %s, which cannot be followed: %v", pool.Name, name, err)}
	}
	if missing := s.missingScorecard(pool, cl.Spec.Steps); missing != nil {
		return nil, missing
	}
	p := &procedure{Version: &v1alpha1.ObjectVersion{Name: cl.Name, UID: cl.UID, Generation: cl.Generation}, Steps: cl.DeepCopy().Spec.Steps}
	for i := range p.Steps {
		// The pass mark is part of the procedure in force: a scorecard that is edited or deleted midway changes nothing here.
		ref := p.Steps[i].Scorecard
		if ref == nil || ref.Threshold != nil {
			continue
		}
		if card := s.Scorecards[ref.Name]; card != nil {
			ref.Threshold = new(card.Spec.PassMark)
		}
	}
	return p, nil
}

// missingScorecard finds a step that nobody can judge: without its Scorecard, it has no threshold.
func (s *scope) missingScorecard(pool *v1alpha1.TalentPool, steps []v1alpha1.ChecklistStep) *finding {
	for i := range steps {
		ref := steps[i].Scorecard
		if ref != nil && ref.Threshold == nil && s.Scorecards[ref.Name] == nil {
			return &finding{v1alpha1.ReasonReferenceNotFound, fmt.Sprintf("step %s of pool %s's screening is judged by the scorecard %s, which does not exist: create it, or give the step a threshold",
				steps[i].Name, pool.Name, ref.Name)}
		}
	}
	return nil
}

// variables are what a Check step's expression reads.
func (s *scope) variables() map[string]any {
	spec, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&s.Worker.Spec)
	if err != nil {
		// A spec that came from the API server can be converted; a check that finds nothing says what it misses.
		return map[string]any{}
	}
	return map[string]any{"spec": spec}
}

// inForce is the procedure that was in force at a moment, and whether it is known: that of the attempt that was stored, for what
// was stated before a new one began.
func (sc *screening) inForce(at time.Time) (procedure, bool) {
	switch {
	case sc.course == nil:
		return procedure{}, sc.pool.Spec.Screening == nil
	case sc.begun.Version != nil && at.Before(sc.course.StartedAt):
		return sc.begun, true
	default:
		return sc.course.procedure, true
	}
}

// membership is what the status says of the screening for the pool.
func (sc *screening) membership(now time.Time) v1alpha1.PoolMembership {
	m := v1alpha1.PoolMembership{Name: sc.pool.Name}
	if sc.course == nil {
		m.Screening = v1alpha1.ScreeningInProgress
		if sc.pool.Spec.Screening == nil {
			m.Screening = v1alpha1.ScreeningPassed
		} else if sc.underWay() {
			// What cannot be followed stays as it was.
			m = *sc.previous.DeepCopy()
		}
		m.Since = sc.since(m.Screening, now)
		return m
	}
	c := sc.course
	m.Checklist, m.Definition, m.Steps = c.Version, c.Steps, c.Result.Steps
	m.StartedAt, m.Attempt = &metav1.Time{Time: c.StartedAt}, c.Attempt
	switch m.Screening = c.state(); m.Screening {
	case v1alpha1.ScreeningFailed:
		m.Since = &metav1.Time{Time: *c.FailedAt}
		if c.RetryAt != nil {
			m.RetryAt = &metav1.Time{Time: *c.RetryAt}
		}
		m.Steps = sc.failedSteps()
	case v1alpha1.ScreeningPassed:
		ready, _ := c.Result.ReadyAt(c.Steps, checklist.Screening)
		m.Since = &metav1.Time{Time: sc.passedSince(ready, now)}
	case v1alpha1.ScreeningLapsed:
		m.Since = &metav1.Time{Time: *c.ExpiredAt}
	default:
		m.Since = sc.inProgressSince(now)
	}
	return m
}

// inProgressSince is when a statement, or the beginning of the attempt, brought the screening where it is. A check that holds no
// more leaves no dated fact behind: then it is since it was seen.
func (sc *screening) inProgressSince(now time.Time) *metav1.Time {
	since := sc.course.Since
	if p := sc.previous; p != nil && p.Since != nil && p.Attempt == sc.course.Attempt && p.StartedAt != nil && p.StartedAt.Time.Equal(sc.course.StartedAt) {
		switch {
		case p.Screening == v1alpha1.ScreeningInProgress:
			since = later(since, p.Since.Time)
		case !p.Since.Time.Before(since):
			since = now
		}
	}
	return &metav1.Time{Time: since}
}

// since is when a state began that leaves no dated fact behind: as stored, if it was that state; now otherwise.
func (sc *screening) since(state v1alpha1.ScreeningState, now time.Time) *metav1.Time {
	if p := sc.previous; p != nil && p.Screening == state && p.Since != nil {
		return p.Since.DeepCopy()
	}
	return &metav1.Time{Time: now}
}

// failedSteps says of the steps that ended the attempt what can be done.
func (sc *screening) failedSteps() []v1alpha1.StepStatus {
	steps := slices.Clone(sc.course.Result.Steps)
	for i := range steps {
		if !slices.Contains(sc.course.Result.FailedForGood, steps[i].Name) {
			continue
		}
		waiver := checklist.Screening.Waiver(steps[i].Name)
		if sc.course.RetryAt != nil {
			steps[i].Message = fmt.Sprintf("failed: the worker may try again from %s; until then only a waiver by %s lets it pass", sc.course.RetryAt.UTC().Format(time.RFC3339), waiver)
		} else {
			steps[i].Message = fmt.Sprintf("failed, and the pool allows no new attempt (spec.screening.retryAfter): only a waiver by %s lets it pass", waiver)
		}
	}
	return steps
}

// lowestTier is where everybody begins.
func lowestTier(pool *v1alpha1.TalentPool) string {
	if len(pool.Spec.Tiers) == 0 {
		return v1alpha1.DefaultTier
	}
	return cmp.Or(pool.Spec.Tiers[0].Name, v1alpha1.DefaultTier)
}
