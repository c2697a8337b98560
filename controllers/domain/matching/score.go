package matching

import (
	"fmt"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// scored is an eligible worker with a score.
type scored struct {
	name string
	// tenths is the score in tenths of a point, 0 to 1000.
	tenths int64
	parts  []part
}

// part is one part of a score, 0 to 100, with its weight.
type part struct {
	name          string
	value, weight int64
}

// score is the weighted mean of the parts, rounded half up to one decimal. A part of weight 0 is left out; where all are,
// everybody scores 0 and the names decide.
func (m *match) score(w *Worker) scored {
	weights := v1alpha1.MatchingWeights{}
	if m.Pool.Matching != nil && m.Pool.Matching.Weights != nil {
		weights = *m.Pool.Matching.Weights
	}
	s := scored{name: w.Name}
	for _, p := range []part{
		{"skills", m.skillFit(w), weight(weights.Skills)},
		{"tier", m.tierFit(w), weight(weights.Tier)},
		{"cost", m.costFit(w), weight(weights.Cost)},
		{"load", loadFit(w), weight(weights.Load)},
	} {
		if p.weight > 0 {
			s.parts = append(s.parts, p)
		}
	}
	var sum, total int64
	for _, p := range s.parts {
		sum += p.value * p.weight
		total += p.weight
	}
	if total > 0 {
		s.tenths = (20*sum + total) / (2 * total)
	}
	return s
}

func (s scored) candidate() v1alpha1.Candidate {
	c := v1alpha1.Candidate{Worker: s.name, State: v1alpha1.CandidateEligible, Score: decimal(s.tenths)}
	for _, p := range s.parts {
		c.Parts = append(c.Parts, v1alpha1.ScorePart{Name: p.name, Value: decimal(10 * p.value)})
	}
	return c
}

func decimal(tenths int64) string { return fmt.Sprintf("%d.%d", tenths/10, tenths%10) }

func weight(w *int32) int64 {
	if w == nil {
		return 1
	}
	return int64(*w)
}

// skillFit is the weighted mean of how far each skill reaches the level asked for. More than what is asked for is no better
// fit. Where no skill is asked for, everybody fits.
func (m *match) skillFit(w *Worker) int64 {
	var sum, total int64
	for _, s := range m.requirements.Skills {
		asked := int64(max(s.MinLevel, 1))
		level := min(int64(skillLevel(w.Spec, s.Name)), asked)
		weight := int64(max(s.Weight, 1))
		sum += weight * level * 100 / asked
		total += weight
	}
	if total == 0 {
		return 100
	}
	return sum / total
}

// tierFit is the tier's priority, of the highest that the pool gives. Where no tier has priority, all tiers are equal.
func (m *match) tierFit(w *Worker) int64 {
	var highest int32
	for i := range m.tiers {
		highest = max(highest, m.tiers[i].Priority)
	}
	if highest == 0 {
		return 100
	}
	return int64(m.tier(w.Tier).Priority) * 100 / int64(highest)
}

// loadFit is the free share of the hours that a worker gives; of one who states none, it halves with the first engagement.
func loadFit(w *Worker) int64 {
	if a := w.Spec.Availability; a != nil && a.HoursPerWeek > 0 {
		return int64(max(a.HoursPerWeek-max(w.HoursTaken, 0), 0)) * 100 / int64(a.HoursPerWeek)
	}
	return 100 / int64(1+max(w.Engaged, 0))
}
