package matching

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// reasons says why a worker cannot be offered the work: all of it, so that nobody has to guess twice. What rules the
// person out comes first, then what the work asks for.
func (m *match) reasons(w *Worker) []string {
	findings := []string{
		m.excluded(w),
		m.notScreened(w),
		m.notRehired(w),
		m.tooManyEngagements(w),
		m.tenureTooLong(w),
		m.noRate(w),
	}
	if m.Pinned == "" {
		findings = append(findings, m.lacksSkills(w), m.lacksLanguages(w), m.lacksDocuments(w), m.tierTooLow(w), m.tooFewHours(w), m.notAvailable(w),
			m.tooLittleOverlap(w))
	}
	var reasons []string
	for _, f := range findings {
		if f != "" {
			reasons = append(reasons, f)
		}
	}
	return reasons
}

func (m *match) excluded(w *Worker) string {
	reason, is := m.Exclude[w.Name]
	if is && reason == "" {
		return "is ruled out for this engagement"
	}
	return reason
}

func (m *match) notScreened(w *Worker) string {
	switch w.Screening {
	case v1alpha1.ScreeningPassed:
		return ""
	case v1alpha1.ScreeningFailed:
		return "failed the pool's screening"
	case v1alpha1.ScreeningLapsed:
		return "screening has lapsed: a certificate it rests on has expired"
	default:
		return "has not passed the pool's screening yet"
	}
}

func (m *match) notRehired(w *Worker) string {
	switch {
	case w.Rehire == v1alpha1.RehireIneligible:
		return "was decided not to be engaged again"
	case w.Rehire == v1alpha1.RehireWithReview && !w.RehireApproved:
		return "is to be engaged again only after a review: attest approval/rehire"
	}
	return ""
}

func (m *match) tooManyEngagements(w *Worker) string {
	if m.places(w) > 0 {
		return ""
	}
	holds := fmt.Sprintf("holds %d", w.Engaged)
	switch {
	case w.Offered > 0 && w.Engaged == 0:
		holds = fmt.Sprintf("has been offered %d", w.Offered)
	case w.Offered > 0:
		holds += fmt.Sprintf(" and has been offered %d", w.Offered)
	}
	return fmt.Sprintf("%s of the %d engagements that the pool allows a person at a time", holds, m.Pool.Limits.MaxConcurrentPerWorker)
}

// places is how many more engagements the pool's limit leaves a person. An open offer takes one: it may be accepted at any moment.
func (m *match) places(w *Worker) int32 {
	if m.Pool.Limits == nil || m.Pool.Limits.MaxConcurrentPerWorker == 0 {
		return math.MaxInt32
	}
	return max(m.Pool.Limits.MaxConcurrentPerWorker-w.Engaged-w.Offered, 0)
}

// tenureTooLong is whether the work would go on when the person may no longer be engaged.
func (m *match) tenureTooLong(w *Worker) string {
	if w.Tenure == nil {
		return ""
	}
	return w.Tenure.ReachedBefore(m.StatementOfWork.End.Time)
}

// ReachedBefore says that the limit is reached before an end, or nothing.
func (t *Tenure) ReachedBefore(end time.Time) string {
	if !t.Limit.Before(end) {
		return ""
	}
	return fmt.Sprintf("reaches the tenure limit of policy %s on %s, before the end", t.Policy, day(t.Limit))
}

func (m *match) lacksSkills(w *Worker) string {
	var lacks []string
	for _, s := range m.requirements.Skills {
		if !s.Required {
			continue
		}
		level, asked := skillLevel(w.Spec, s.Name), max(s.MinLevel, 1)
		switch {
		case level == 0:
			lacks = append(lacks, "lacks the skill "+s.Name)
		case level < asked:
			lacks = append(lacks, fmt.Sprintf("has %s at level %d, %d is asked for", s.Name, level, asked))
		}
	}
	return strings.Join(lacks, "; ")
}

// skillLevel is 0 for a worker without the skill.
func skillLevel(spec *v1alpha1.WorkerSpec, name string) int32 {
	for _, s := range spec.Skills {
		if s.Name == name {
			return max(s.Level, 1)
		}
	}
	return 0
}

func (m *match) lacksLanguages(w *Worker) string {
	var lacks []string
	for _, asked := range m.requirements.Languages {
		if !speaks(w.Spec.Languages, asked) {
			lacks = append(lacks, asked)
		}
	}
	if len(lacks) == 0 {
		return ""
	}
	return "does not speak " + strings.Join(lacks, ", ")
}

// speaks is basic filtering of RFC 4647: en accepts en-GB, en-GB does not accept en; case does not matter.
func speaks(languages []string, asked string) bool {
	asked = strings.ToLower(asked)
	for _, l := range languages {
		l = strings.ToLower(l)
		if l == asked || strings.HasPrefix(l, asked+"-") {
			return true
		}
	}
	return false
}

// lacksDocuments says which documents the worker does not hold until the end.
func (m *match) lacksDocuments(w *Worker) string {
	var lacks []string
	for _, name := range m.requirements.Documents {
		i := slices.IndexFunc(w.Spec.Documents, func(d v1alpha1.WorkerDocument) bool { return d.Name == name })
		switch {
		case i < 0:
			lacks = append(lacks, "does not hold the document "+name)
		case w.Spec.Documents[i].ExpiresAt != nil && w.Spec.Documents[i].ExpiresAt.Before(&m.StatementOfWork.End):
			lacks = append(lacks, fmt.Sprintf("the document %s expires on %s, before the end", name, day(w.Spec.Documents[i].ExpiresAt.Time)))
		}
	}
	return strings.Join(lacks, "; ")
}

func (m *match) tierTooLow(w *Worker) string {
	asked := m.requirements.MinTier
	if asked == "" {
		return ""
	}
	lowest := m.tierIndex(asked)
	if lowest < 0 {
		return fmt.Sprintf("tier %s is asked for, and the pool has no such tier", asked)
	}
	if max(m.tierIndex(w.Tier), 0) < lowest {
		return fmt.Sprintf("is in tier %s, %s is asked for", m.tier(w.Tier).Name, asked)
	}
	return ""
}

func (m *match) tooFewHours(w *Worker) string {
	asked := m.requirements.HoursPerWeek
	if asked == 0 || w.Spec.Availability == nil || w.Spec.Availability.HoursPerWeek == 0 {
		return ""
	}
	free := max(w.Spec.Availability.HoursPerWeek-w.HoursTaken, 0)
	if free >= asked {
		return ""
	}
	return fmt.Sprintf("has %d hours a week free, %d are asked for", free, asked)
}

func (m *match) notAvailable(w *Worker) string {
	a := w.Spec.Availability
	if a == nil {
		return ""
	}
	if a.From != nil && a.From.After(m.StatementOfWork.Start.Time) {
		return "is available only from " + day(a.From.Time)
	}
	if a.Until != nil && a.Until.Time.Before(m.StatementOfWork.End.Time) {
		return "is available only until " + day(a.Until.Time)
	}
	return ""
}

func (m *match) tooLittleOverlap(w *Worker) string {
	if m.overlaps == nil {
		return ""
	}
	asked := m.requirements.TimeZoneOverlap
	shortest, err := m.overlaps.with(w.Spec.TimeZone)
	if err != nil {
		return err.Error()
	}
	if shortest.minutes >= int(asked.Hours)*60 {
		return ""
	}
	return fmt.Sprintf("shares %s of the working day with %s on %s, %dh are asked for", hours(shortest.minutes), asked.Zone,
		shortest.date.Format(time.DateOnly), asked.Hours)
}

func hours(minutes int) string {
	if minutes%60 == 0 {
		return fmt.Sprintf("%dh", minutes/60)
	}
	return fmt.Sprintf("%dh%02dm", minutes/60, minutes%60)
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }
