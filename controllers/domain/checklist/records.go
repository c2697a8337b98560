package checklist

import (
	"cmp"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/terms"
)

// outcome is what the statements about a step come to.
type outcome int

const (
	undecided outcome = iota
	passed
	failed
)

// bar is the score that a statement must carry to pass.
type bar struct {
	asked bool
	score int32
}

func (e *evaluation) barOf(step *v1alpha1.ChecklistStep) bar {
	var b bar
	if step.Training != nil && step.Training.PassScore > 0 {
		b = bar{asked: true, score: step.Training.PassScore}
	}
	if step.Scorecard != nil {
		threshold := e.in.PassMarks[step.Scorecard.Name]
		if step.Scorecard.Threshold != nil {
			threshold = *step.Scorecard.Threshold
		}
		b = bar{asked: true, score: max(b.score, threshold)}
	}
	return b
}

// of says what one statement comes to. Done without a score that is asked for comes to nothing: nobody knows whether it was enough.
func (b bar) of(record *v1alpha1.AttestationRecord) outcome {
	switch {
	case record.Verdict == v1alpha1.VerdictFailed:
		return failed
	case !b.asked:
		return passed
	case record.Score == nil:
		return undecided
	case *record.Score < b.score:
		return failed
	default:
		return passed
	}
}

// statement is what all statements about one step come to.
type statement struct {
	outcome outcome
	// since when the outcome is what it is: an unbroken row of statements to the same end counts from its first.
	since time.Time
	// last is the newest statement that counted.
	last *v1alpha1.AttestationRecord
	// attempts at training.
	attempts int32
	// spent says that training failed as often as it may be tried.
	spent bool
	// unscored says that a newer Done lacks the score that is asked for.
	unscored bool
}

// judge reads the statements about one step in the order of time. The newest decides, whoever made it, and of the same second the one that refuses: so a
// Failed stands until a newer Done, and no order of arrival changes the answer. Every result of training is an attempt; those after the last attempt come
// to nothing.
func judge(step *v1alpha1.ChecklistStep, b bar, records []*v1alpha1.AttestationRecord) statement {
	ordered := slices.Clone(records)
	slices.SortFunc(ordered, func(x, y *v1alpha1.AttestationRecord) int {
		return cmp.Or(
			cmp.Compare(x.At.Unix(), y.At.Unix()),
			cmp.Compare(b.of(x), b.of(y)),
			cmp.Compare(x.UID, y.UID),
			cmp.Compare(x.Name, y.Name),
		)
	})
	var attempts int32
	if step.Training != nil {
		attempts = step.Training.MaxAttempts
	}
	var s statement
	for _, record := range ordered {
		came := b.of(record)
		if came == undecided {
			s.unscored = true
			continue
		}
		if attempts > 0 && s.attempts == attempts {
			break
		}
		if step.Type == v1alpha1.StepTraining {
			s.attempts++
		}
		if came != s.outcome {
			s.outcome, s.since = came, record.At.Time
		}
		s.last, s.unscored = record, false
	}
	s.spent = s.outcome == failed && attempts > 0 && s.attempts == attempts
	return s
}

// carried is the certificate by which training is done already: valid now, of those the one that lasts longest. One that was earned here, by a statement about
// this step, is not carried from anywhere; one that is older than a failure here does not outweigh it.
func (e *evaluation) carried(step *v1alpha1.ChecklistStep, b bar, s statement) *v1alpha1.Certificate {
	if step.Training == nil || step.Training.Certificate == "" {
		return nil
	}
	here := map[int64]bool{}
	for _, record := range e.records[step.Name] {
		if b.of(record) == passed {
			here[record.At.Unix()] = true
		}
	}
	var best *v1alpha1.Certificate
	for i := range e.in.Certificates {
		c := &e.in.Certificates[i]
		valid := c.Name == step.Training.Certificate && !here[c.EarnedAt.Unix()] && (c.ExpiresAt == nil || c.ExpiresAt.After(e.in.Now))
		if valid && s.outcome == failed {
			valid = c.EarnedAt.After(s.last.At.Time)
		}
		if valid && (best == nil || compareValidity(c, best) > 0) {
			best = c
		}
	}
	return best
}

// compareValidity orders certificates by how long they last, those without end last, and then by anything that tells them apart.
func compareValidity(a, b *v1alpha1.Certificate) int {
	switch {
	case a.ExpiresAt == nil && b.ExpiresAt != nil:
		return 1
	case a.ExpiresAt != nil && b.ExpiresAt == nil:
		return -1
	case a.ExpiresAt != nil && !a.ExpiresAt.Equal(b.ExpiresAt):
		return a.ExpiresAt.Compare(b.ExpiresAt.Time)
	default:
		return cmp.Or(b.EarnedAt.Compare(a.EarnedAt.Time), cmp.Compare(a.Source, b.Source))
	}
}

// lapsedAt is when the newest certificate for the step expired, if one has.
func (e *evaluation) lapsedAt(step *v1alpha1.ChecklistStep) time.Time {
	var at time.Time
	if step.Training == nil || step.Training.Certificate == "" {
		return at
	}
	for i := range e.in.Certificates {
		c := &e.in.Certificates[i]
		if c.Name == step.Training.Certificate && c.ExpiresAt != nil && !c.ExpiresAt.After(e.in.Now) {
			at = later(at, c.ExpiresAt.Time)
		}
	}
	return at
}

// earned is the certificate that passing the step here gives.
func earned(step *v1alpha1.ChecklistStep, s statement) *v1alpha1.Certificate {
	if s.outcome != passed || step.Training == nil || step.Training.Certificate == "" {
		return nil
	}
	c := &v1alpha1.Certificate{Name: step.Training.Certificate, EarnedAt: s.last.At, Score: s.last.Score}
	if step.Training.ValidFor != "" {
		expires, err := terms.AddPeriod(s.last.At.Time, step.Training.ValidFor)
		if err != nil {
			// How long it lasts is not known, so nothing may be carried over by it; Validate tells its author.
			return nil
		}
		c.ExpiresAt = &metav1.Time{Time: expires}
	}
	return c
}
