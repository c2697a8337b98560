// Package census counts what a pool's members and engagements are, and sums up how long things took them and what was said of them.
package census

import (
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/scoring"
)

// Input is everything that is counted, each list in any order. Nothing of it is written to.
type Input struct {
	// Pool with its spec, and in its status the prior that is in force.
	Pool *v1alpha1.TalentPool
	// Steps of the screening as the pool asks for it now; they order the funnel.
	Steps []v1alpha1.ChecklistStep
	// Members whom the pool selects.
	Members []v1alpha1.Worker
	// Engagements that name the pool. Those of namespaces that may not draw on it are passed over, with their assignments.
	Engagements []v1alpha1.Engagement
	// Elsewhere are engagements that members hold and that name other pools; only their hours count.
	Elsewhere []v1alpha1.Engagement
	// Assignments that name the pool.
	Assignments []v1alpha1.Assignment
	// Now dates a new prior, and tells whether the present one may be replaced.
	Now time.Time
}

// Count is the pool's dashboard: its status, but for observedGeneration and the conditions. Again is when time alone changes it: when a prior that waits for
// that may be replaced; zero if it does not.
//
// The same facts give the same status in whatever order they come. What cannot be read, a score that is no number say, is left out.
func Count(in Input) (dashboard v1alpha1.TalentPoolStatus, again time.Time) {
	c := newCounting(in.Pool)
	hours := hoursOf(in.Engagements, in.Elsewhere)
	for i := range in.Members {
		c.member(memberOf(&in.Members[i], in.Pool.Name), hours)
	}
	accepted := c.assignments(in.Pool, in.Assignments)
	for i := range in.Engagements {
		if e := &in.Engagements[i]; draws(in.Pool, e.Namespace) {
			c.work(workOf(e), accepted[e.UID])
		}
	}
	st := &c.status
	st.Utilisation = c.utilisation()
	st.Funnel = c.funnel(in.Steps)
	st.Times = c.times()
	st.SlowestSteps = c.slowest()
	st.Scores = distribution(c.scores)
	st.Agreement = c.agreement()
	st.Feedback = c.feedback()
	prior, again := scoring.NextPrior(&in.Pool.Spec, in.Pool.Status.Prior, c.ledgers, in.Now.UTC().Truncate(time.Second))
	st.Prior = &prior
	return *st, again
}

// draws says whether a namespace may draw on the pool. What others name it in is none of its dashboard: nobody writes there who may not.
func draws(pool *v1alpha1.TalentPool, namespace string) bool {
	allowed := pool.Spec.AllowedNamespaces
	return namespace == pool.Namespace || slices.Contains(allowed, namespace) || slices.Contains(allowed, "*")
}

// counting is how far a count is.
type counting struct {
	status v1alpha1.TalentPoolStatus
	// tiers by name, as places in the status.
	tiers map[string]int
	// available and taken are hours a week.
	available, taken int
	scores           []int64
	ledgers          [][]v1alpha1.RatedWork
	// steps by area and name.
	steps map[stepKey]*stepTally
	// filled, onboarded and delivered are how long it took to find somebody, to begin, and to have something accepted.
	filled, onboarded, delivered []time.Duration
	// ratings by scorecard.
	ratings map[string]*ratingTally
	themes  map[string]*theme
}

func newCounting(pool *v1alpha1.TalentPool) *counting {
	c := &counting{tiers: map[string]int{}, steps: map[stepKey]*stepTally{}, ratings: map[string]*ratingTally{}, themes: map[string]*theme{}}
	c.status.Screening = &v1alpha1.ScreeningCounts{}
	tiers := pool.Spec.Tiers
	if len(tiers) == 0 {
		tiers = []v1alpha1.Tier{{Name: v1alpha1.DefaultTier}}
	}
	for i := range tiers {
		c.tiers[tiers[i].Name] = i
		c.status.Tiers = append(c.status.Tiers, v1alpha1.TierCounts{Name: tiers[i].Name})
	}
	return c
}

// hoursOf are the hours a week that engagements ask for, by namespace/name.
func hoursOf(lists ...[]v1alpha1.Engagement) map[string]int32 {
	hours := map[string]int32{}
	for _, list := range lists {
		for i := range list {
			if n := hoursAsked(&list[i]); n > 0 {
				hours[list[i].Namespace+"/"+list[i].Name] = n
			}
		}
	}
	return hours
}

// member counts one worker.
func (c *counting) member(m *member, hours map[string]int32) {
	st := &c.status
	// Somebody in a tier that the pool no longer has, or in none yet, is about to be in the lowest.
	tier := &st.Tiers[c.tiers[m.tier]]
	st.Members++
	tier.Members++
	screened := false
	switch m.screening {
	case v1alpha1.ScreeningPassed:
		screened = true
		st.Screened++
		tier.Screened++
		st.Screening.Passed++
	case v1alpha1.ScreeningFailed:
		st.Screening.Failed++
	case v1alpha1.ScreeningLapsed:
		st.Screening.Lapsed++
	default:
		st.Screening.InProgress++
	}
	if len(m.engagements) > 0 {
		st.Engaged++
		tier.Engaged++
	}
	if m.demotion {
		tier.Demotions++
	}
	if screened && m.hours > 0 {
		c.available += int(m.hours)
		for _, held := range m.engagements {
			c.taken += int(hours[held])
		}
	}
	if m.score != nil {
		if value, err := scoring.Tenths(m.score.Value); err == nil {
			c.scores = append(c.scores, value)
		}
		c.ledgers = append(c.ledgers, m.score.Evaluations)
	}
	c.count(m.steps)
	c.hear(m.said)
}

// utilisation is nil where nobody states hours.
func (c *counting) utilisation() *v1alpha1.Utilisation {
	if c.available == 0 {
		return nil
	}
	return &v1alpha1.Utilisation{HoursAvailable: size(c.available), HoursTaken: size(c.taken), Percent: size((200*c.taken + c.available) / (2 * c.available))}
}

// work counts one engagement; accepted is when the first of its assignments was.
func (c *counting) work(w *work, accepted *metav1.Time) {
	if w.recruiting {
		c.status.Recruiting++
	}
	take(&c.filled, w.recruited, w.filled)
	take(&c.onboarded, w.filled, w.begun)
	take(&c.delivered, w.begun, earliest(w.accepted, accepted))
	c.count(w.steps)
	c.rate(w.scorecard, w.ratings)
	c.hear(w.said)
}

// assignments counts those that nobody has, and finds when the first of each engagement's was accepted.
func (c *counting) assignments(pool *v1alpha1.TalentPool, list []v1alpha1.Assignment) map[types.UID]*metav1.Time {
	accepted := map[types.UID]*metav1.Time{}
	for i := range list {
		if !draws(pool, list[i].Namespace) {
			continue
		}
		a := assignedOf(&list[i])
		if a.pending {
			c.status.PendingAssignments++
		}
		if a.accepted != nil && a.engagement != "" {
			accepted[a.engagement] = earliest(accepted[a.engagement], a.accepted)
		}
	}
	return accepted
}
