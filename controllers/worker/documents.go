package worker

import (
	"fmt"
	"slices"
	"time"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/checklist"
)

const areaDocument = "document"

// document is one that a pool asks for, as the worker's spec has it.
type document struct {
	name string
	// held says that the spec names it.
	held bool
	// expiresAt is when it stops being valid; nil if never, or if it is not held.
	expiresAt *time.Time
}

// documents that a pool asks for, in the order of the pool.
func (s *scope) documents(pool *v1alpha1.TalentPool) []document {
	var asked []document
	for _, name := range pool.Spec.Screening.Documents {
		d := document{name: name}
		held := slices.IndexFunc(s.Worker.Spec.Documents, func(w v1alpha1.WorkerDocument) bool { return w.Name == name })
		if held >= 0 {
			d.held = true
			if at := s.Worker.Spec.Documents[held].ExpiresAt; at != nil {
				d.expiresAt = &at.Time
			}
		}
		asked = append(asked, d)
	}
	return asked
}

// lacking are the documents that were not valid at a moment. Since when a document is in the spec nobody knows; one that is there
// now is taken to have been there.
func lacking(documents []document, at time.Time) []document {
	var without []document
	for _, d := range documents {
		if !d.held || d.expiresAt != nil && !at.Before(*d.expiresAt) {
			without = append(without, d)
		}
	}
	return without
}

// documentWaits are the documents that the worker has to bring. Only the spec can have them, so whoever keeps it is told as well.
func (sc *screening) documentWaits() []v1alpha1.WaitingFor {
	var waits []v1alpha1.WaitingFor
	for _, d := range sc.course.Lacking {
		w := v1alpha1.WaitingFor{What: areaDocument + "/" + d.name, Who: v1alpha1.ActorWorker}
		how := "is missing: bring it, and have it added to the Worker's spec.documents"
		if d.expiresAt != nil {
			// One that had expired before the attempt began is awaited since then.
			w.Since.Time = later(*d.expiresAt, sc.course.StartedAt)
			how = fmt.Sprintf("expired at %s: renew it, and have the Worker's spec.documents say so, with the new expiresAt", d.expiresAt.UTC().Format(time.RFC3339))
		}
		w.Message = truncate(fmt.Sprintf("document %s %s, by somebody with the verb identify (pool %s)", d.name, how, sc.pool.Name))
		waits = append(waits, w)
	}
	return waits
}

// passedSince is when the last of steps and documents was there. A document leaves no dated fact behind when it is brought: if
// nothing but documents was missing when the screening was last looked at, it is since it was seen.
func (sc *screening) passedSince(ready, now time.Time) time.Time {
	since := later(sc.course.StartedAt, ready)
	m := sc.previous
	if len(sc.course.facts.documents) == 0 || m == nil || m.Since == nil || m.StartedAt == nil || !m.StartedAt.Time.Equal(sc.course.StartedAt) {
		return since
	}
	if m.Screening == v1alpha1.ScreeningPassed {
		return later(since, m.Since.Time)
	}
	if (checklist.Result{Steps: m.Steps}).Complete(m.Definition, checklist.Screening) {
		return later(since, now)
	}
	return since
}
