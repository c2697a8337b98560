package matching

import (
	"slices"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/scoring"
)

const partLoad = "load"

// scored is an eligible worker with the parts of the score.
type scored struct {
	Ranked
	parts []part
}

// part is one part of a score, in tenths from 0 to 1000, with its weight.
type part struct {
	name          string
	value, weight int64
}

func (m *match) score(w *Worker) scored {
	parts := m.parts(w)
	s := scored{parts: parts, Ranked: Ranked{Name: w.Name, PersonKey: w.PersonKey, Tenths: mean(parts), Places: m.places(w)}}
	if i := slices.IndexFunc(parts, func(p part) bool { return p.name == partLoad }); i >= 0 {
		busier := slices.Clone(parts)
		busier[i].value = 10 * loadFit(w.Spec.Availability, w.Engaged+w.Offered+1, w.HoursTaken+m.requirements.HoursPerWeek)
		s.Busier = s.Tenths - mean(busier)
	}
	return s
}

// parts are those that have a weight.
func (m *match) parts(w *Worker) []part {
	parts := []part{
		{"skills", 10 * m.skillFit(w), weight(m.weights.Skills)},
		{"performance", min(max(int64(w.Performance), 0), 1000), weight(m.weights.Performance)},
		{"tier", 10 * m.tierFit(w), weight(m.weights.Tier)},
		{"cost", 10 * m.costFit(w), weight(m.weights.Cost)},
		{partLoad, 10 * loadFit(w.Spec.Availability, w.Engaged+w.Offered, w.HoursTaken), weight(m.weights.Load)},
	}
	if m.overlaps != nil {
		parts = append(parts, part{"timeZone", m.timeZoneFit(w), weight(m.weights.TimeZone)})
	}
	return slices.DeleteFunc(parts, func(p part) bool { return p.weight == 0 })
}

// mean is the weighted mean of the parts, in tenths, rounded half up. Where all are left out, everybody scores 0 and the names decide.
func mean(parts []part) int32 {
	var sum, total int64
	for _, p := range parts {
		sum += p.value * p.weight
		total += p.weight
	}
	if total == 0 {
		return 0
	}
	return int32((2*sum + total) / (2 * total)) //nolint:gosec // A mean of values up to 1000.
}

func (s scored) candidate() v1alpha1.Candidate {
	c := v1alpha1.Candidate{Worker: s.Name, State: v1alpha1.CandidateEligible, Score: scoring.FormatTenths(int64(s.Tenths))}
	for _, p := range s.parts {
		c.Parts = append(c.Parts, v1alpha1.ScorePart{Name: p.name, Value: scoring.FormatTenths(p.value)})
	}
	return c
}

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

// timeZoneFit is the share of the eight hours that the worker's working day has in common with the one that is asked for, on the day on which they share
// the least; in tenths.
func (m *match) timeZoneFit(w *Worker) int64 {
	shortest, err := m.overlaps.with(w.Spec.TimeZone)
	if err != nil {
		return 0 // of a pinned worker, whom the requirement does not exclude
	}
	const full = (workdayEnd - workdayStart) * 60
	return (int64(shortest.minutes)*1000 + full/2) / full // half up
}

// loadFit is the free share of the hours that a worker gives; of one who states none, it halves with the first engagement.
func loadFit(a *v1alpha1.Availability, engagements, hours int32) int64 {
	if a != nil && a.HoursPerWeek > 0 {
		return int64(max(a.HoursPerWeek-max(hours, 0), 0)) * 100 / int64(a.HoursPerWeek)
	}
	return 100 / int64(1+max(engagements, 0))
}
