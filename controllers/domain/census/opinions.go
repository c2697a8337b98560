package census

import (
	"cmp"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/scoring"
)

// As many as the status has places for.
const (
	maxScorecards = 32
	maxThemes     = 32
)

// rating is one person's score of one piece of work.
type rating struct {
	unit      unit
	evaluator string
	score     int64
}

// unit is a piece of an engagement's work that several people may rate: a period, or the end.
type unit struct {
	kind   v1alpha1.EvaluationKind
	period string
}

// ratingsOf are the first ratings by each evaluator of each unit; a score that cannot be read is none.
func ratingsOf(evaluations []v1alpha1.EvaluationRecord) []rating {
	ordered := make([]*v1alpha1.EvaluationRecord, 0, len(evaluations))
	for i := range evaluations {
		ordered = append(ordered, &evaluations[i])
	}
	slices.SortFunc(ordered, func(a, b *v1alpha1.EvaluationRecord) int {
		return cmp.Or(a.At.Compare(b.At.Time), cmp.Compare(a.UID, b.UID))
	})
	ratings := make([]rating, 0, len(ordered))
	for _, r := range ordered {
		score, err := scoring.Tenths(r.Score)
		given := rating{unit{r.Kind, r.Period}, r.Evaluator, score}
		if err == nil && !slices.ContainsFunc(ratings, func(o rating) bool { return o.unit == given.unit && o.evaluator == given.evaluator }) {
			ratings = append(ratings, given)
		}
	}
	return ratings
}

// ratingTally is what was rated by one scorecard, where at least two people rated it.
type ratingTally struct {
	units   [][]float64
	ratings int32
}

// rate notes the ratings of one engagement.
func (c *counting) rate(scorecard string, ratings []rating) {
	byUnit := map[unit][]float64{}
	for _, r := range ratings {
		byUnit[r.unit] = append(byUnit[r.unit], float64(r.score)/10)
	}
	for _, scores := range byUnit {
		if len(scores) < 2 {
			continue
		}
		t := c.ratings[scorecard]
		if t == nil {
			t = &ratingTally{}
			c.ratings[scorecard] = t
		}
		t.units = append(t.units, scores)
		t.ratings += size(len(scores))
	}
}

// agreement by scorecard, in alphabetical order; where there are too many, of those with the most units.
func (c *counting) agreement() []v1alpha1.RaterAgreement {
	var all []v1alpha1.RaterAgreement
	for scorecard, t := range c.ratings {
		a := v1alpha1.RaterAgreement{Scorecard: scorecard, Units: size(len(t.units)), Ratings: t.ratings}
		if alpha, told := scoring.Alpha(scoring.Interval, t.units); told {
			a.Alpha = thousandths(alpha)
		}
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b v1alpha1.RaterAgreement) int {
		return cmp.Or(cmp.Compare(b.Units, a.Units), strings.Compare(a.Scorecard, b.Scorecard))
	})
	all = all[:min(len(all), maxScorecards)]
	slices.SortFunc(all, func(a, b v1alpha1.RaterAgreement) int { return strings.Compare(a.Scorecard, b.Scorecard) })
	return all
}

// theme is what was said of one theme, by everybody in the pool.
type theme struct {
	raised                 []time.Time
	acknowledged, actioned int32
	lastActioned           time.Time
}

func (c *counting) hear(statements []said) {
	for _, s := range statements {
		t := c.themes[s.theme]
		if t == nil {
			t = &theme{}
			c.themes[s.theme] = t
		}
		switch s.verdict {
		case v1alpha1.VerdictRaised:
			t.raised = append(t.raised, s.at)
		case v1alpha1.VerdictAcknowledged:
			t.acknowledged++
		case v1alpha1.VerdictActioned:
			t.actioned++
			t.lastActioned = later(t.lastActioned, s.at)
		}
	}
}

// feedback by theme, the most often raised first.
func (c *counting) feedback() []v1alpha1.FeedbackTheme {
	var all []v1alpha1.FeedbackTheme
	for name, t := range c.themes {
		f := v1alpha1.FeedbackTheme{Theme: name, Raised: size(len(t.raised)), Acknowledged: t.acknowledged, Actioned: t.actioned}
		for _, at := range t.raised {
			if at.After(t.lastActioned) {
				f.OldestOpen = earliest(f.OldestOpen, &metav1.Time{Time: at})
			}
		}
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b v1alpha1.FeedbackTheme) int {
		return cmp.Or(cmp.Compare(b.Raised, a.Raised), strings.Compare(a.Theme, b.Theme))
	})
	return all[:min(len(all), maxThemes)]
}
