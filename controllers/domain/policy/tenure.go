package policy

import (
	"fmt"
	"slices"
	"time"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/terms"
)

// Span is a time for which a person is engaged: Start is part of it, End is not.
type Span struct {
	Start, End time.Time
	// Pool as namespace/name, and the Namespace of the engagement.
	Pool, Namespace string
}

// What a TenureScope can be.
const (
	acrossPool      v1alpha1.TenureScope = "Pool"
	acrossNamespace v1alpha1.TenureScope = "Namespace"
)

// countTenure is since when a person would have been engaged had there been no gaps, and when the longest tenure is reached. What they were engaged before the
// start of a span counts too, by whichever supplier, back to the first gap that is longer than resetGap; without a resetGap, all of it. Gaps themselves do not
// count, and what overlaps counts once. So does the German AÜG count, §1(1b): earlier assignments count whole where not more than three months lie between two.
//
// It counts days, as laws do: the day on which work begins or ends counts whole, and the limit is the midnight at which the last lawful day ends. Days are those of UTC.
//
// Time served is elapsed days, the limit a calendar period: served days move the start back, and the limit is that start plus max. It is the one normalisation
// there is: 61 days served before a start on 1 December move it to 1 October, whatever months they were.
func countTenure(t *v1alpha1.Tenure, engaged []Span, next Span) (since, limit time.Time, err error) {
	since, err = runSince(t, engaged, next)
	if err != nil {
		return time.Time{}, time.Time{}, err
	}
	limit, err = terms.AddPeriod(since, t.Max)
	if err != nil {
		return time.Time{}, time.Time{}, fmt.Errorf("reading tenure.max: %w", err)
	}
	return since, limit, nil
}

// runSince moves the day on which a span begins back by the days that were served before.
func runSince(t *v1alpha1.Tenure, engaged []Span, next Span) (time.Time, error) {
	start := dayOf(next.Start)
	begin := start
	var served time.Duration
	for _, s := range before(t.Across, engaged, next) {
		if t.ResetGap != "" {
			reset, err := terms.AddPeriod(s.End, t.ResetGap)
			if err != nil {
				return time.Time{}, fmt.Errorf("reading tenure.resetGap: %w", err)
			}
			if reset.Before(begin) {
				break
			}
		}
		if s.Start.Before(begin) {
			served += earlier(s.End, begin).Sub(s.Start)
			begin = s.Start
		}
	}
	return start.Add(-served), nil
}

// inDays is a span from the beginning of its first day to the end of its last; one that ends at midnight has no part in the day that begins then.
func inDays(s Span) Span {
	s.Start = dayOf(s.Start)
	if last := dayOf(s.End); last.Before(s.End) {
		s.End = last.Add(day)
	} else {
		s.End = last
	}
	return s
}

// dayOf is the midnight in UTC at which the day of a moment begins.
func dayOf(t time.Time) time.Time { return t.UTC().Truncate(day) }

// before are the spans that begin before another and are counted together with it, in days, as blocks without overlap, the latest first.
func before(across v1alpha1.TenureScope, engaged []Span, next Span) []Span {
	spans := slices.DeleteFunc(slices.Clone(engaged), func(s Span) bool {
		return !s.Start.Before(next.Start) || !s.Start.Before(s.End) || !sameTenure(across, s, next)
	})
	for i := range spans {
		spans[i] = inDays(spans[i])
	}
	slices.SortFunc(spans, func(a, b Span) int { return a.Start.Compare(b.Start) })
	var blocks []Span
	for _, s := range spans {
		if n := len(blocks); n > 0 && !s.Start.After(blocks[n-1].End) {
			if s.End.After(blocks[n-1].End) {
				blocks[n-1].End = s.End
			}
			continue
		}
		blocks = append(blocks, s)
	}
	slices.Reverse(blocks)
	return blocks
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// sameTenure says whether two spans are counted together.
func sameTenure(across v1alpha1.TenureScope, a, b Span) bool {
	switch across {
	case acrossPool:
		return a.Pool == b.Pool
	case acrossNamespace:
		return a.Namespace == b.Namespace
	default:
		return true
	}
}
