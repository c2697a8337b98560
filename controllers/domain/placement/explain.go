package placement

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/matching/optimum"
	"github.com/longshore-dev/longshore/controllers/domain/scoring"
)

// Lengths that the schema allows.
const (
	maxWhy    = 1024
	maxReason = 256
	maxOthers = 20
)

// explain says why this one and not the others, by what was known before the batch was given.
func (f *floor) explain(r *row, to *candidate, edges []optimum.Edge, got [][]*row) Decision {
	score := f.score(r, to)
	d := Decision{Assignment: r.a, State: v1alpha1.AssignmentAssigned, Engagement: to.engagement, Worker: to.worker, Score: scoring.FormatTenths(score)}
	parts := f.parts(r, to)
	for _, p := range parts {
		d.Parts = append(d.Parts, v1alpha1.ScorePart{Name: p.name, Value: scoring.FormatTenths(p.value)})
	}
	considered := len(f.asked(r))
	switch {
	case r.a.Spec.EngagementRef != nil:
		d.Why = fmt.Sprintf("it is pinned to engagement %s, which can take it", to.engagement.Name)
	case len(edges) == 1:
		d.Why = fmt.Sprintf("the only one of %d considered who can take it; scores %s", considered, d.Score)
	default:
		d.Why = fmt.Sprintf("scores %s; %d of %d considered can take it. %s", d.Score, len(edges), considered, strongest(parts))
	}
	d.Others = f.better(r, score, edges, got)
	if len(d.Others) > 0 {
		d.Why += fmt.Sprintf(" %d of them would score higher: they are given other work, so that most of the batch is placed, with the highest total score.", len(d.Others))
	}
	d.Why = clip(d.Why, maxWhy)
	d.Others = f.excluded(r, to.worker, d.Others)
	return d
}

// strongest are the parts that speak most for the one who was chosen.
func strongest(parts []part) string {
	const most = 3
	sorted := slices.Clone(parts)
	slices.SortStableFunc(sorted, func(a, b part) int { return cmp.Compare(b.value*b.weight, a.value*a.weight) })
	var said []string
	for _, p := range sorted[:min(len(sorted), most)] {
		said = append(said, p.name+" "+scoring.FormatTenths(p.value))
	}
	if len(said) == 0 {
		return "The pool weighs nothing."
	}
	return "Most speak for it: " + strings.Join(said, ", ") + "."
}

// better are those who would have scored higher, with what they were given instead.
func (f *floor) better(r *row, score int64, edges []optimum.Edge, got [][]*row) []v1alpha1.NotChosen {
	var higher []optimum.Edge
	for _, e := range edges {
		if int64(e.Value) > score {
			higher = append(higher, e)
		}
	}
	slices.SortStableFunc(higher, func(a, b optimum.Edge) int { return cmp.Compare(b.Value, a.Value) })
	var others []v1alpha1.NotChosen
	for _, e := range higher[:min(len(higher), maxOthers)] {
		others = append(others, v1alpha1.NotChosen{
			Worker: f.people[e.Column].engagementIn(r.a.Namespace).worker,
			Reason: clip(fmt.Sprintf("would score %s; is given %s", scoring.FormatTenths(int64(e.Value)), instead(r, got[e.Column])), maxReason),
		})
	}
	return others
}

func (p *person) engagementIn(namespace string) *candidate {
	i := slices.IndexFunc(p.engagements, func(c *candidate) bool { return c.engagement.Namespace == namespace })
	return p.engagements[max(i, 0)]
}

// instead names what somebody was given, as far as it is of the same namespace: nobody reads here what others work on.
func instead(r *row, got []*row) string {
	const most = 3
	var named []string
	for _, g := range got {
		if g.a.Namespace == r.a.Namespace && len(named) < most {
			named = append(named, g.a.Name)
		}
	}
	switch {
	case len(named) == 0:
		return "other work"
	case len(got) > len(named):
		return fmt.Sprintf("%s and %d more", strings.Join(named, ", "), len(got)-len(named))
	}
	return strings.Join(named, ", ")
}

// excluded adds those who cannot take it, as far as there is room: who is not selected at all comes last, and whoever was named stays.
func (f *floor) excluded(r *row, chosen string, others []v1alpha1.NotChosen) []v1alpha1.NotChosen {
	named := map[string]bool{chosen: true}
	for _, o := range others {
		named[o.Worker] = true
	}
	for _, selected := range []bool{true, false} {
		for _, c := range f.asked(r) {
			if len(others) == maxOthers {
				return others
			}
			why := f.fault(r, c)
			if why.kind == noFault || (why.kind == notSelected) == selected || named[c.worker] {
				continue
			}
			named[c.worker] = true
			others = append(others, v1alpha1.NotChosen{Worker: c.worker, Reason: clip(f.say(r, c, why), maxReason)})
		}
	}
	return others
}

// explainNobody sums up why nobody has it yet.
func (f *floor) explainNobody(r *row) Decision {
	d := Decision{Assignment: r.a, State: v1alpha1.AssignmentPending, Problem: v1alpha1.ReasonNoCandidates}
	asked := f.asked(r)
	counts := map[fault]int{}
	for _, c := range asked {
		why := f.fault(r, c)
		if why.kind == noFault {
			// Everybody who is able is full by now, but for those asked in a round of their own.
			why.kind = takenInRound
		}
		if why.kind == noAgreedHours {
			why.kind = noHours
		}
		counts[why]++
	}
	type count struct {
		fault
		n int
	}
	var sorted []count
	for why, n := range counts {
		sorted = append(sorted, count{why, n})
	}
	slices.SortFunc(sorted, func(a, b count) int {
		return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.kind, b.kind), cmp.Compare(r.place(a.skill), r.place(b.skill)))
	})
	const most = 5
	var said []string
	rest := 0
	for i, c := range sorted {
		if i >= most {
			rest += c.n
			continue
		}
		said = append(said, fmt.Sprintf("%d %s", c.n, f.sayMany(r, c.fault, c.n != 1)))
	}
	if rest > 0 {
		said = append(said, fmt.Sprintf("%d cannot for other reasons", rest))
	}
	switch {
	case len(asked) == 0:
		d.Why = fmt.Sprintf("nobody of pool %s is engaged in this namespace", f.Pool.Name)
	case r.a.Spec.EngagementRef != nil:
		d.Why = fmt.Sprintf("it is pinned to engagement %s, whose worker %s", asked[0].engagement.Name, f.sayMany(r, sorted[0].fault, false))
	default:
		d.Why = fmt.Sprintf("%d considered: %s", len(asked), strings.Join(said, ", "))
	}
	d.Why = clip(d.Why, maxWhy)
	if r.a.Spec.EngagementRef == nil {
		d.Others = f.excluded(r, "", nil)
	}
	return d
}

// clip shortens a text to what the schema allows, between two characters.
func clip(text string, bytes int) string {
	const more = "…"
	if len(text) <= bytes {
		return text
	}
	return strings.ToValidUTF8(text[:bytes-len(more)], "") + more
}
