package main

import (
	"fmt"
	"hash/fnv"
	"strings"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// cast is how well each agent does: everything follows from their name, so that it is the same at every run. Only one of them changes.
type cast struct {
	// faltering is the agent whose work becomes bad once they have reached a higher tier.
	faltering string
}

var _ talent = (*cast)(nil)

// lot is a number from 0 to 1 that is drawn for a few words, once and for all.
func lot(words ...string) float64 {
	h := fnv.New64a()
	h.Write([]byte(strings.Join(words, "/")))
	// The last bits of FNV hardly depend on the first letters; mixing spreads them (the finaliser of MurmurHash3).
	x := h.Sum64()
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	x ^= x >> 33
	return float64(x>>11) / (1 << 53)
}

// course is what agents reach in training: between base and base + spread at first, and more by gain with each further attempt.
type course struct{ base, spread, gain float64 }

var courses = map[string]course{
	"language-test": {60, 40, 8}, // one in four repeats it, one in twenty fails for good
	"product":       {74, 26, 8},
	"privacy":       {84, 16, 4},
	"desk":          {70, 30, 8},
}

func (c *cast) mark(worker, step string, attempt int32) int32 {
	of := courses[step]
	return int32(min(of.base+of.spread*lot(worker, step)+of.gain*float64(attempt), 100))
}

// quality of an agent's work, from 0 to 1, as a reviewer sees it: most are good, nobody is perfect, and no two looks see the same.
func (c *cast) quality(worker string, look ...string) float64 {
	base := 0.62 + 0.36*lot(worker, "quality")
	if worker == c.faltering {
		base = 0.15
	}
	return min(max(base+0.12*(lot(append(look, worker)...)-0.5), 0), 1)
}

func (c *cast) judge(e *v1alpha1.Engagement, of *v1alpha1.Criterion, review string) string {
	return onScale(of, c.quality(workerName(e), of.Name, review))
}

func onScale(of *v1alpha1.Criterion, share float64) string {
	return fmt.Sprintf("%.1f", float64(of.Min)+float64(of.Max-of.Min)*share)
}

// interview is what an interviewer gives for a criterion: one in nine does not pass.
func (c *cast) interview(worker string, of *v1alpha1.Criterion) string {
	share := 0.56 + 0.44*lot(worker, "interview") + 0.04*(lot(worker, of.Name)-0.5)
	return onScale(of, min(max(share, 0), 1))
}

// report is what the systems of the floor measured: percent of the quality checklist, percent of satisfied answers, seconds per ticket.
func (c *cast) report(e *v1alpha1.Engagement, k *v1alpha1.KPI, review string) v1alpha1.ReportedKPI {
	worker := workerName(e)
	q := c.quality(worker, k.Name, review)
	r := v1alpha1.ReportedKPI{Name: k.Name, Sample: 20 + int32(40*lot(worker, k.Name, review, "sample"))}
	switch k.Name {
	case "HandleTime":
		// Who is good takes neither long nor strikingly short; who is not gets rid of people.
		r.Value = fmt.Sprintf("%.0f", 320+80*(lot(worker, review, k.Name)-0.5))
		if q < 0.5 {
			r.Value = "95"
		}
	default:
		r.Value = fmt.Sprintf("%.1f", 60+36*q)
	}
	return r
}
