package placement

import (
	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// Values of parts, in tenths of a point.
const (
	full   = 1000
	middle = 500
	// fullWeek are the hours a week by which load is measured where neither the person nor the engagement states any.
	fullWeek = 40
)

// part is one part of a score.
type part struct {
	name          string
	value, weight int64 // value in tenths, 0 to 1000
}

// weights of the parts that the pool weighs. A preference has no weight in the pool, and counts 1.
type weights struct{ skills, performance, tier, load, preference int64 }

func weightsOf(pool *v1alpha1.TalentPoolSpec) weights {
	w := v1alpha1.MatchingWeights{}
	if pool.Matching != nil && pool.Matching.Weights != nil {
		w = *pool.Matching.Weights
	}
	of := func(w *int32) int64 {
		if w == nil {
			return 1
		}
		return int64(*w)
	}
	return weights{of(w.Skills), of(w.Performance), of(w.Tier), of(w.Load), 1}
}

// sum of the weights that count for an Assignment: preference only where it names a shift.
func (w weights) sum(r *row) int64 {
	sum := w.skills + w.performance + w.tier + w.load
	if r.shift != noShift {
		sum += w.preference
	}
	return sum
}

// score is the weighted mean of the parts, in tenths, a half rounded up. Where every weight is 0 everybody scores 0.
func (f *floor) score(r *row, c *candidate) int64 {
	w := &f.weights
	total := w.sum(r)
	if total == 0 {
		return 0
	}
	sum := w.skills*c.skillFit(r) + w.performance*c.performance + w.tier*c.tier + w.load*c.loadFit(r)
	if r.shift != noShift {
		sum += w.preference * c.preference(r)
	}
	return (2*sum + total) / (2 * total)
}

// parts are those of which a score was made, for the one who is chosen.
func (f *floor) parts(r *row, c *candidate) []part {
	all := []part{
		{"skills", c.skillFit(r), f.weights.skills},
		{"performance", c.performance, f.weights.performance},
		{"tier", c.tier, f.weights.tier},
		{"load", c.loadFit(r), f.weights.load},
	}
	if r.shift != noShift {
		all = append(all, part{"preference", c.preference(r), f.weights.preference})
	}
	var counted []part
	for _, p := range all {
		if p.weight > 0 {
			counted = append(counted, p)
		}
	}
	return counted
}

// step is by how much a score falls with each further task of a batch, at least a tenth: work spreads even where load has no weight.
func (f *floor) step(r *row, c *candidate) int32 {
	total := f.weights.sum(r)
	if total == 0 {
		return 1
	}
	base := int64(c.base())
	return int32(max(f.weights.load*full*int64(r.effort)/(base*total), 1)) //nolint:gosec // At most 10,000,000: a load has at most 10,000 points.
}

// skillFit is the weighted mean of how far each skill reaches the level asked for. More than that is no better fit.
func (c *candidate) skillFit(r *row) int64 {
	var sum, total int64
	for _, s := range r.skills {
		sum += s.weight * int64(min(c.levels[s.skill], s.level)) * full / int64(s.level)
		total += s.weight
	}
	if total == 0 {
		return full
	}
	return sum / total
}

// base are the hours a week by which a candidate's load is measured.
func (c *candidate) base() int32 {
	switch {
	case c.perWeek > 0 && c.agreed > 0:
		return min(c.perWeek, c.agreed)
	case c.perWeek+c.agreed > 0:
		return c.perWeek + c.agreed
	}
	return fullWeek
}

// loadFit is the free share of the week.
func (c *candidate) loadFit(r *row) int64 {
	base := int64(c.base())
	return max(base-int64(c.effort[r.week]), 0) * full / base
}

// preference is how much the person likes the shift; the middle for one who states no preferences at all.
func (c *candidate) preference(r *row) int64 {
	if c.likes == nil {
		return middle
	}
	return int64(c.likes[r.shift]) * full / 100
}

// tierFit is the tier's priority, of the highest that the pool gives. Where no tier has priority, all tiers are equal.
func (f *floor) tierFit(m *v1alpha1.PoolMembership) int64 {
	tiers := f.Pool.Spec.Tiers
	var highest, own int32
	for i := range tiers {
		highest = max(highest, tiers[i].Priority)
		// Who is in a tier that the pool does not have is in the lowest.
		if i == 0 || m != nil && tiers[i].Name == m.Tier {
			own = tiers[i].Priority
		}
	}
	if highest == 0 {
		return full
	}
	return int64(own) * full / int64(highest)
}

func membership(w *v1alpha1.Worker, pool string) *v1alpha1.PoolMembership {
	for i := range w.Status.Pools {
		if w.Status.Pools[i].Name == pool {
			return &w.Status.Pools[i]
		}
	}
	return nil
}
