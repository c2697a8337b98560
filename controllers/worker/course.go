package worker

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/checklist"
	"github.com/longshore-dev/longshore/controllers/domain/terms"
)

// procedure is a checklist as it was when an attempt began.
type procedure struct {
	Version *v1alpha1.ObjectVersion
	Steps   []v1alpha1.ChecklistStep
}

// course is a worker's way through the screening of one pool, attempt by attempt. It follows from what was stated, each time
// at the moment when it was stated, so that it is the same whether the operator was there or away.
type course struct {
	procedure
	// StartedAt is when the attempt began.
	StartedAt time.Time
	// Attempt from 1. What was stated before a later one began was stated of an earlier one.
	Attempt int32
	// FailedAt is when the attempt failed for good, if it did, and RetryAt when the next one begins, if there is one.
	FailedAt, RetryAt *time.Time
	// Result is how far the attempt is.
	Result checklist.Result
	// Early are the statements of a new attempt that were made before the worker could try again.
	Early map[types.UID]bool
	// Judged are the steps that Evaluations judge, by the Evaluation; Unasked are those that judge none, and why.
	Judged  map[types.UID]string
	Unasked map[types.UID]v1alpha1.Standing
	// Earned are the certificates that were earned on the way, and Lost is when training that gives one was last failed.
	Earned []v1alpha1.Certificate
	Lost   map[string]time.Time
	// Lacking are the documents that are missing or expired.
	Lacking []document
	// ExpiredAt is when the first certificate or document expired on which the attempt rested and that has not been renewed.
	ExpiredAt *time.Time
	// Since is when the screening came into its state, as far as statements brought it there.
	Since time.Time

	// ends are when the last passes of training expire, by step.
	ends map[string]time.Time
	// panels are the Evaluations of each step that wait for those of further reviewers.
	panels map[string][]v1alpha1.WorkerAttestation
	// unseen says that nobody has looked at it before; then it began with the first statement.
	unseen bool
	facts  courseFacts
}

// courseFacts are what a course follows from, besides the statements.
type courseFacts struct {
	now        time.Time
	retryAfter string
	// newest is what a new attempt follows, if it can be followed.
	newest       *procedure
	certificates []v1alpha1.Certificate
	// documents that the pool asks for, as the worker's spec has them now.
	documents []document
	passMarks map[string]int32
	worker    map[string]any
	previous  []v1alpha1.StepStatus
}

// follow goes through the statements in the order of time. A failure ends the attempt there and then: only a waiver lifts it,
// and what else is stated counts for a new attempt, from the moment when there may be one.
func (c *course) follow(statements []v1alpha1.WorkerAttestation) {
	c.Early, c.Judged, c.Unasked = map[types.UID]bool{}, map[types.UID]string{}, map[types.UID]v1alpha1.Standing{}
	c.Lost, c.panels = map[string]time.Time{}, map[string][]v1alpha1.WorkerAttestation{}
	c.Since = c.StartedAt
	var counted []v1alpha1.AttestationRecord
	var state v1alpha1.ScreeningState
	for i, same := range bySecond(statements, recorded) {
		at := same[0].At.Time
		if i == 0 && c.unseen && at.Before(c.StartedAt) {
			c.StartedAt, c.Since = at, at
		}
		if c.Attempt > 1 && at.Before(c.StartedAt) {
			continue
		}
		if c.triesAgain(at) {
			counted, state = nil, ""
		}
		counted = append(counted, c.counting(same, counted)...)
		c.look(counted, at)
		if was := state; was != c.state() {
			state = c.state()
			if was != "" {
				c.Since = at
			}
		}
	}
	if c.triesAgain(c.facts.now) {
		counted = nil
	}
	c.look(counted, c.facts.now)
	if c.triesAgain(c.facts.now) {
		c.look(nil, c.facts.now)
	}
}

// counting says which of the statements of one second count, after those that counted before.
func (c *course) counting(same []v1alpha1.WorkerAttestation, before []v1alpha1.AttestationRecord) []v1alpha1.AttestationRecord {
	var counted []v1alpha1.AttestationRecord
	var given []v1alpha1.WorkerAttestation
	for i := range same {
		switch {
		case c.FailedAt != nil && same[i].Verdict != v1alpha1.VerdictWaived:
			c.Early[same[i].UID] = true
		case same[i].Evaluation != nil:
			given = append(given, same[i])
		default:
			counted = append(counted, same[i].AttestationRecord)
		}
	}
	if len(given) == 0 {
		return counted
	}
	// Which steps are open tells what the second before came to: within a second nobody knows what was first.
	c.look(before, given[0].At.Time)
	return append(counted, c.judge(given)...)
}

// look evaluates the attempt as it was at a moment.
func (c *course) look(records []v1alpha1.AttestationRecord, at time.Time) {
	if at.Before(c.StartedAt) {
		at = c.StartedAt
	}
	valid, ends := c.unexpired(records, at)
	c.Result, c.ends = c.evaluate(valid, at), ends
	c.Lacking = lacking(c.facts.documents, at)
	for i := range c.Result.Steps {
		// What some reviewers gave for a step that is settled otherwise has no part in judging it anew.
		if s := &c.Result.Steps[i]; s.State == v1alpha1.StepDone || s.State == v1alpha1.StepWaived {
			delete(c.panels, s.Name)
		}
	}
	c.ExpiredAt = c.expiry(records, at)
	c.certify(valid)
	c.FailedAt, c.RetryAt = nil, nil
	for _, name := range c.Result.FailedForGood {
		if failed := c.failure(name, valid); c.FailedAt == nil || failed.Before(*c.FailedAt) {
			c.FailedAt = &failed
		}
	}
	if c.FailedAt == nil || c.facts.retryAfter == "" {
		return
	}
	// A period that cannot be read allows no new attempt; the pool says what is wrong with it.
	if retry, err := terms.AddPeriod(*c.FailedAt, c.facts.retryAfter); err == nil {
		c.RetryAt = &retry
	}
}

// certify notes what was earned and what was failed by now.
func (c *course) certify(records []v1alpha1.AttestationRecord) {
	c.Earned = mergeCertificates(c.Earned, c.Result.EarnedCertificates)
	for i := range c.Steps {
		training := c.Steps[i].Training
		s := stepStatus(c.Result.Steps, c.Steps[i].Name)
		if training == nil || training.Certificate == "" || s == nil || s.State != v1alpha1.StepFailed {
			continue
		}
		c.Lost[training.Certificate] = later(c.Lost[training.Certificate], c.failure(c.Steps[i].Name, records))
	}
	c.Earned = slices.DeleteFunc(c.Earned, c.lost)
}

// lost says whether training was failed since it gave a certificate.
func (c *course) lost(certificate v1alpha1.Certificate) bool {
	at, is := c.Lost[certificate.Name]
	return is && !certificate.EarnedAt.After(at)
}

// failure is when a step failed: with its last attempt, but not before it was open.
func (c *course) failure(step string, records []v1alpha1.AttestationRecord) time.Time {
	var at time.Time
	status := stepStatus(c.Result.Steps, step)
	if status == nil {
		return at
	}
	if status.Since != nil {
		at = status.Since.Time
	}
	for i := range records {
		if records[i].Name == status.Attestation {
			at = later(at, records[i].At.Time)
		}
	}
	return at
}

// evaluate asks how far the attempt was at a moment; what was earned later was not yet there.
func (c *course) evaluate(records []v1alpha1.AttestationRecord, at time.Time) checklist.Result {
	certificates := slices.DeleteFunc(slices.Clone(c.facts.certificates), func(held v1alpha1.Certificate) bool { return held.EarnedAt.After(at) })
	return checklist.Evaluate(checklist.Input{
		Area: checklist.Screening, Steps: c.Steps, Open: true, StartedAt: c.StartedAt, Records: records,
		Certificates: certificates, PassMarks: c.facts.passMarks, Worker: c.facts.worker, Previous: c.facts.previous, Now: at,
	})
}

// triesAgain begins the next attempt if it may have begun by then, with the newest checklist.
func (c *course) triesAgain(at time.Time) bool {
	if c.RetryAt == nil || at.Before(*c.RetryAt) {
		return false
	}
	c.StartedAt, c.Since = *c.RetryAt, *c.RetryAt
	c.Attempt++
	c.FailedAt, c.RetryAt = nil, nil
	c.facts.previous = nil
	clear(c.panels)
	if c.facts.newest != nil {
		c.procedure = *c.facts.newest
	}
	return true
}

// unexpired leaves out, for each training, what was stated before a pass expired: what the person once knew has to be shown anew.
// It gives the moments at which the last passes expired or will, by step.
func (c *course) unexpired(records []v1alpha1.AttestationRecord, at time.Time) (valid []v1alpha1.AttestationRecord, ends map[string]time.Time) {
	valid, ends = slices.Clone(records), map[string]time.Time{}
	for i := range c.Steps {
		step := &c.Steps[i]
		if step.Training == nil || step.Training.ValidFor == "" {
			continue
		}
		claim := checklist.Screening.Claim(step.Name)
		var kept []v1alpha1.AttestationRecord
		keep := func(now time.Time) {
			end := c.passUntil(step, kept, now)
			if end == nil {
				return
			}
			ends[step.Name] = *end
			if !now.Before(*end) {
				kept = nil
			}
		}
		for _, same := range bySecond(valid, itself) {
			if same = slices.DeleteFunc(same, func(r v1alpha1.AttestationRecord) bool { return r.Claim != claim }); len(same) > 0 {
				keep(same[0].At.Time)
				kept = append(kept, same...)
			}
		}
		keep(at)
		valid = append(slices.DeleteFunc(valid, func(r v1alpha1.AttestationRecord) bool { return r.Claim == claim }), kept...)
	}
	return valid, ends
}

// passUntil is when the pass of a training expires, or nil if what was stated of it does not come to a pass.
func (c *course) passUntil(step *v1alpha1.ChecklistStep, records []v1alpha1.AttestationRecord, at time.Time) *time.Time {
	alone := *step
	alone.DependsOn = nil
	result := checklist.Evaluate(checklist.Input{
		Area: checklist.Screening, Steps: []v1alpha1.ChecklistStep{alone}, Open: true, StartedAt: c.StartedAt, Records: records, PassMarks: c.facts.passMarks, Now: at,
	})
	for _, certificate := range result.EarnedCertificates {
		if certificate.ExpiresAt != nil {
			return &certificate.ExpiresAt.Time
		}
	}
	return nil
}

// expiry is when the attempt lost the first of the certificates and documents that it now lacks, if it was complete until then.
func (c *course) expiry(records []v1alpha1.AttestationRecord, at time.Time) *time.Time {
	var first *time.Time
	for i := range c.Steps {
		step := &c.Steps[i]
		s := stepStatus(c.Result.Steps, step.Name)
		if step.Training == nil || !step.IsRequired() || s == nil || s.State == v1alpha1.StepDone || s.State == v1alpha1.StepWaived {
			continue
		}
		end, is := c.ends[step.Name]
		is = is && !at.Before(end)
		for _, certificate := range c.facts.certificates {
			if certificate.Name == step.Training.Certificate && certificate.ExpiresAt != nil && !at.Before(certificate.ExpiresAt.Time) {
				end, is = later(end, certificate.ExpiresAt.Time), true
			}
		}
		if is && end.After(c.StartedAt) && (first == nil || end.Before(*first)) {
			first = &end
		}
	}
	for _, d := range c.Lacking {
		if end := d.expiresAt; end != nil && end.After(c.StartedAt) && (first == nil || end.Before(*first)) {
			first = end
		}
	}
	if first == nil {
		return nil
	}
	before := first.Add(-time.Second)
	if len(lacking(c.facts.documents, before)) > 0 {
		return nil
	}
	until, _ := c.unexpired(slices.DeleteFunc(slices.Clone(records), func(r v1alpha1.AttestationRecord) bool { return r.At.After(before) }), before)
	if !c.evaluate(until, before).Complete(c.Steps, checklist.Screening) {
		return nil
	}
	return first
}

// state of the screening.
func (c *course) state() v1alpha1.ScreeningState {
	switch {
	case c.FailedAt != nil:
		return v1alpha1.ScreeningFailed
	case len(c.Lacking) == 0 && c.Result.Complete(c.Steps, checklist.Screening):
		return v1alpha1.ScreeningPassed
	case c.ExpiredAt != nil:
		return v1alpha1.ScreeningLapsed
	default:
		return v1alpha1.ScreeningInProgress
	}
}

// next is when time alone changes the course.
func (c *course) next() []time.Time {
	var moments []time.Time
	if c.Result.Next != nil {
		moments = append(moments, *c.Result.Next)
	}
	if c.RetryAt != nil {
		moments = append(moments, *c.RetryAt)
	}
	for _, end := range c.ends {
		moments = append(moments, end)
	}
	for _, d := range c.facts.documents {
		if d.expiresAt != nil {
			moments = append(moments, *d.expiresAt)
		}
	}
	return moments
}

// bySecond puts statements in order of time, those of one second together: within it nobody knows which was first.
func bySecond[T any](statements []T, record func(*T) *v1alpha1.AttestationRecord) [][]T {
	ordered := slices.SortedFunc(slices.Values(statements), func(a, b T) int {
		x, y := record(&a), record(&b)
		return cmp.Or(cmp.Compare(x.At.Unix(), y.At.Unix()), strings.Compare(string(x.UID), string(y.UID)))
	})
	var seconds [][]T
	for i := range ordered {
		if i > 0 && record(&ordered[i-1]).At.Unix() == record(&ordered[i]).At.Unix() {
			seconds[len(seconds)-1] = append(seconds[len(seconds)-1], ordered[i])
			continue
		}
		seconds = append(seconds, []T{ordered[i]})
	}
	return seconds
}

func recorded(a *v1alpha1.WorkerAttestation) *v1alpha1.AttestationRecord { return &a.AttestationRecord }

func itself(r *v1alpha1.AttestationRecord) *v1alpha1.AttestationRecord { return r }

func stepStatus(steps []v1alpha1.StepStatus, name string) *v1alpha1.StepStatus {
	for i := range steps {
		if steps[i].Name == name {
			return &steps[i]
		}
	}
	return nil
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
