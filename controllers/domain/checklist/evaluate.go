package checklist

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// Evaluate says how far a procedure is. The same facts give the same answer, in whatever order they came and were looked at.
//
//   - A step is Pending until every step it depends on is Done, Waived or Dropped, and its notBefore (or, with beforeEnd, its moment ahead of the end) has come.
//     It then is Open. Should one of those steps fail later, it is Pending again until that one is settled.
//   - What is stated of a step that is Pending is kept, and counts from the moment it opens. A certificate and a waiver need not wait for that: nothing is
//     left to be done.
//   - Of several statements the newest decides, whoever made it; of the same second, the one that refuses. Failed is final but for training with attempts
//     left, for a newer Done (unless it is training without attempts left), and for a waiver. A waiver lets its own step pass and no other.
//   - A Check step is Done while its expression holds; where it cannot be evaluated it stays Open and waits for a person, its actor or the Manager. An Access
//     step is Done once its profile was verified. Nobody attests either.
//   - A Meeting step is done when it was attested once; every and until tell people when to meet again.
//   - since is the moment of the fact that brought the state about: the statement's, or the opening's where that is later.
//
// Steps in a cycle, or that depend on an unknown one, stay Pending and say so; Validate finds them first.
func Evaluate(in Input) Result {
	e := newEvaluation(in)
	for i := range in.Steps {
		e.resolve(i)
	}
	return e.result()
}

// evaluation is one look at a procedure.
type evaluation struct {
	in       Input
	index    map[string]int
	records  map[string][]*v1alpha1.AttestationRecord
	waivers  map[string]*v1alpha1.AttestationRecord
	previous map[string]*v1alpha1.StepStatus
	gates    []gate
}

// gate is what is known of one step.
type gate struct {
	visit  visit
	status v1alpha1.StepStatus
	// since when it is in its state, and due, if ever, both to the nanosecond; zero where not known.
	since time.Time
	due   *time.Time
	// next is when time alone changes the step, but for its becoming overdue.
	next *time.Time
	// waits says that who is waited for, from waitSince on.
	waits     bool
	who       string
	waitSince time.Time
	earned    *v1alpha1.Certificate
}

type visit int

const (
	unseen visit = iota
	underWay
	resolved
)

func newEvaluation(in Input) *evaluation {
	e := &evaluation{
		in:       in,
		index:    make(map[string]int, len(in.Steps)),
		records:  map[string][]*v1alpha1.AttestationRecord{},
		waivers:  map[string]*v1alpha1.AttestationRecord{},
		previous: make(map[string]*v1alpha1.StepStatus, len(in.Previous)),
		gates:    make([]gate, len(in.Steps)),
	}
	if in.Sealed && !in.SealedAt.IsZero() && in.Now.After(in.SealedAt) {
		// Nothing opens or expires any more.
		e.in.Now = in.SealedAt
	}
	claims, waivers := make(map[string]string, len(in.Steps)), make(map[string]string, len(in.Steps))
	for i := range in.Steps {
		name := in.Steps[i].Name
		e.index[name] = i
		claims[in.Area.Claim(name)], waivers[in.Area.Waiver(name)] = name, name
	}
	for i := range in.Previous {
		e.previous[in.Previous[i].Name] = &in.Previous[i]
	}
	for i := range in.Records {
		record := &in.Records[i]
		if record.Ignored != "" {
			continue
		}
		if name, ok := claims[record.Claim]; ok && (record.Verdict == v1alpha1.VerdictDone || record.Verdict == v1alpha1.VerdictFailed) {
			e.records[name] = append(e.records[name], record)
		}
		if name, ok := waivers[record.Claim]; ok && record.Verdict == v1alpha1.VerdictWaived && earlier(record, e.waivers[name]) {
			e.waivers[name] = record
		}
	}
	return e
}

// earlier says whether record stands before what was found so far, so that the first waiver of a step is the one that counts.
func earlier(record, found *v1alpha1.AttestationRecord) bool {
	if found == nil || !record.At.Equal(&found.At) {
		return found == nil || record.At.Before(&found.At)
	}
	return record.UID < found.UID || record.UID == found.UID && record.Name < found.Name
}

// resolve decides one step after those it depends on.
func (e *evaluation) resolve(i int) *gate {
	g := &e.gates[i]
	if g.visit != unseen {
		return g
	}
	step := &e.in.Steps[i]
	g.visit = underWay
	g.status.Name = step.Name
	if waiver := e.waivers[step.Name]; waiver != nil {
		// Known before the steps it depends on are looked at: in a cycle, the waiver of one of its steps opens the rest.
		g.settle(v1alpha1.StepWaived, waiver.At.Time)
	}
	decided := e.decide(step)
	decided.visit, decided.status.Name = resolved, step.Name
	*g = decided
	return g
}

// decide says how far a step is by itself, by its waiver, and by the file's being sealed.
func (e *evaluation) decide(step *v1alpha1.ChecklistStep) gate {
	if g, dropped := e.dropped(step); dropped {
		return g
	}
	g := e.pass(step)
	if waiver := e.waivers[step.Name]; waiver != nil && (g.status.State != v1alpha1.StepDone || g.since.After(waiver.At.Time)) {
		var w gate
		w.settle(v1alpha1.StepWaived, waiver.At.Time)
		w.status.Attestation = waiver.Name
		w.status.Attempts = g.status.Attempts
		w.earned = g.earned
		return w
	}
	if e.in.Sealed && (g.status.State == v1alpha1.StepPending || g.status.State == v1alpha1.StepOpen) {
		return e.notDone(step, g)
	}
	return g
}

func (e *evaluation) dropped(step *v1alpha1.ChecklistStep) (gate, bool) {
	var g gate
	var start time.Time
	if e.in.Open {
		start = e.in.StartedAt
	}
	if e.in.FastTrack && !step.FastTrack {
		g.settle(v1alpha1.StepDropped, start)
		g.status.Message = "not on the fast track"
		return g, true
	}
	if step.Type != v1alpha1.StepAccess || step.Access == nil {
		return g, false
	}
	if _, listed := e.in.Access[step.Access.Profile]; listed {
		return g, false
	}
	if p := e.previous[step.Name]; p != nil && p.State != v1alpha1.StepPending {
		start = e.becameAt(step, v1alpha1.StepDropped, start)
	}
	g.settle(v1alpha1.StepDropped, start)
	g.status.Message = "not in spec.access"
	return g, true
}

// pass decides a step by its own type.
func (e *evaluation) pass(step *v1alpha1.ChecklistStep) gate {
	o := e.opening(step)
	turns := o.turns()
	open := turns != nil && !e.in.Now.Before(*turns)
	switch step.Type {
	case v1alpha1.StepCheck:
		if open {
			return e.check(step, o)
		}
	case v1alpha1.StepAccess:
		if open {
			return e.access(step, o)
		}
	default:
		return e.stated(step, o, open)
	}
	return e.pending(step, o, false)
}

// stated decides a step that people speak of. What it earns and how often it was tried are facts about the person, whether or not the step is open.
func (e *evaluation) stated(step *v1alpha1.ChecklistStep, o opening, open bool) gate {
	b := e.barOf(step)
	s := judge(step, b, e.records[step.Name])
	g := e.byStatements(step, o, open, b, s)
	g.status.Attempts = s.attempts
	g.earned = earned(step, s)
	return g
}

func (e *evaluation) byStatements(step *v1alpha1.ChecklistStep, o opening, open bool, b bar, s statement) gate {
	var done gate
	if open && s.outcome == passed {
		done.settle(v1alpha1.StepDone, later(o.at, s.since))
		done.status.Attestation, done.status.Score = s.last.Name, s.last.Score
	}
	c := e.carried(step, b, s)
	if c != nil && o.begun(e.in.Now) {
		// Training that was passed here as well counts from what came first.
		if carried := carriedOver(o, c); done.status.State == "" || carried.since.Before(done.since) {
			return carried
		}
	}
	switch {
	case done.status.State != "":
		return done
	case !open:
		g := e.pending(step, o, s.outcome != undecided)
		if c != nil && o.known {
			g.next = &o.begin
		}
		return g
	case s.outcome == failed:
		return e.failed(step, o, b, s)
	default:
		g := e.open(step, o)
		g.since = later(g.since, e.lapsedAt(step))
		g.waitSince = g.since
		g.status.Message = e.instruction(step, b, s)
		return g
	}
}

// carriedOver is the step done by a certificate, for as long as that is valid.
func carriedOver(o opening, c *v1alpha1.Certificate) gate {
	var g gate
	g.settle(v1alpha1.StepDone, later(o.begin, c.EarnedAt.Time))
	g.status.Score = c.Score
	g.status.Message = "carried over"
	if c.ExpiresAt != nil {
		g.next = &c.ExpiresAt.Time
	}
	return g
}

func (e *evaluation) failed(step *v1alpha1.ChecklistStep, o opening, b bar, s statement) gate {
	g := e.open(step, o)
	g.status.State = v1alpha1.StepFailed
	g.since = later(o.at, s.since)
	g.waitSince = later(o.at, s.last.At.Time)
	g.waits = step.Type == v1alpha1.StepTraining && !s.spent
	g.status.Attestation, g.status.Score = s.last.Name, s.last.Score
	g.status.Message = e.failure(step, b, s)
	if !g.waits {
		g.due = nil
	}
	return g
}

func (e *evaluation) check(step *v1alpha1.ChecklistStep, o opening) gate {
	holds, err := e.holds(step)
	if holds {
		var g gate
		g.settle(v1alpha1.StepDone, later(o.at, e.becameAt(step, v1alpha1.StepDone, o.at)))
		return g
	}
	g := e.open(step, o)
	e.reopened(step, &g)
	if err == nil {
		g.status.Message = "the check does not hold yet: it is looked at again whenever the worker or the engagement changes"
		return g
	}
	if step.Actor == "" {
		g.who = RoleManager
	}
	g.status.Message = "the check cannot be evaluated (" + err.Error() + "): supply what it asks for, or have the step waived by " + e.in.Area.Waiver(step.Name)
	return g
}

func (e *evaluation) holds(step *v1alpha1.ChecklistStep) (bool, error) {
	var expression string
	if step.Check != nil {
		expression = step.Check.Expression
	}
	check, err := CompileCheck(expression)
	if err != nil {
		return false, err
	}
	return check.Holds(e.in.Engagement, e.in.Worker)
}

func (e *evaluation) access(step *v1alpha1.ChecklistStep, o opening) gate {
	if step.Access == nil {
		g := e.open(step, o)
		g.status.Message = "the step names no profile to wait for: have it waived by " + e.in.Area.Waiver(step.Name)
		return g
	}
	switch e.in.Access[step.Access.Profile] {
	case "", v1alpha1.GrantPending, v1alpha1.GrantGranted:
		g := e.open(step, o)
		e.reopened(step, &g)
		g.status.Message = "access by the profile " + step.Access.Profile + " is being given and read back"
		return g
	default:
		var g gate
		at, known := e.in.AccessSince[step.Access.Profile]
		if !known {
			at = e.becameAt(step, v1alpha1.StepDone, e.in.Now)
		}
		g.settle(v1alpha1.StepDone, later(o.at, at))
		return g
	}
}

// reopened dates a step that is open and leaves no dated fact behind when it falls back to that.
func (e *evaluation) reopened(step *v1alpha1.ChecklistStep, g *gate) {
	g.since = later(g.since, e.becameAt(step, v1alpha1.StepOpen, g.since))
	g.waitSince = g.since
}

// becameAt is since when a step has been in a state that leaves no dated fact behind: as stored, if it was in that state; now, if it was in another one that
// could be seen; otherwise, at first sight, the given moment.
func (e *evaluation) becameAt(step *v1alpha1.ChecklistStep, state v1alpha1.StepState, atFirstSight time.Time) time.Time {
	p := e.previous[step.Name]
	switch {
	case p == nil || p.State == v1alpha1.StepPending:
		return atFirstSight
	case p.State != state:
		return e.in.Now
	case p.Since == nil:
		return atFirstSight
	default:
		return p.Since.Time
	}
}

func (e *evaluation) notDone(step *v1alpha1.ChecklistStep, g gate) gate {
	n := gate{since: e.in.SealedAt}
	n.status.State = v1alpha1.StepNotDone
	n.status.Attempts = g.status.Attempts
	n.status.Message = "undone when the file was sealed"
	if n.since.IsZero() {
		n.since = e.becameAt(step, v1alpha1.StepNotDone, e.in.Now)
	}
	return n
}

func (g *gate) settle(state v1alpha1.StepState, since time.Time) {
	g.status.State, g.since = state, since
}

// result gathers what the steps came to.
func (e *evaluation) result() Result {
	r := Result{Steps: make([]v1alpha1.StepStatus, 0, len(e.gates))}
	for i := range e.gates {
		step, g := &e.in.Steps[i], &e.gates[i]
		g.status.Since, g.status.Due = stamp(g.since), nil
		if g.due != nil {
			g.status.Due = stamp(*g.due)
		}
		g.status.Message = clip(g.status.Message, stepMessageLength)
		r.Steps = append(r.Steps, g.status)
		if step.IsRequired() {
			r.Total++
			if settled(g.status.State) {
				r.Done++
			}
			if g.status.State == v1alpha1.StepFailed && !g.waits {
				r.FailedForGood = append(r.FailedForGood, step.Name)
			}
		}
		if g.earned != nil {
			r.EarnedCertificates = keepNewest(r.EarnedCertificates, *g.earned)
		}
		if !e.in.Sealed {
			e.await(&r, step, g)
		}
	}
	return r
}

// await adds what a step waits for, and when time changes it.
func (e *evaluation) await(r *Result, step *v1alpha1.ChecklistStep, g *gate) {
	r.Next = soonest(r.Next, g.next, e.in.Now)
	if !g.waits {
		return
	}
	w := Wait{Step: step.Name, Title: title(step), Who: g.who, Since: g.waitSince, Message: g.status.Message, Required: step.IsRequired()}
	if g.due != nil {
		due := *g.due
		w.Due = &due
		r.Next = soonest(r.Next, &due, e.in.Now)
		if step.IsRequired() && !e.in.Now.Before(due) {
			r.Overdue = append(r.Overdue, step.Name)
		}
	}
	r.Waiting = append(r.Waiting, w)
}

// soonest is the earlier of a and b, of which b counts only if it is still to come.
func soonest(a, b *time.Time, now time.Time) *time.Time {
	if b == nil || !b.After(now) || a != nil && !b.Before(*a) {
		return a
	}
	at := *b
	return &at
}

func keepNewest(held []v1alpha1.Certificate, c v1alpha1.Certificate) []v1alpha1.Certificate {
	for i := range held {
		if held[i].Name != c.Name {
			continue
		}
		if held[i].EarnedAt.Before(&c.EarnedAt) {
			held[i] = c
		}
		return held
	}
	return append(held, c)
}

// stamp cuts a moment to the second, as it is stored: a status that is computed again equals the stored one.
func stamp(t time.Time) *metav1.Time {
	if t.IsZero() {
		return nil
	}
	return &metav1.Time{Time: t.UTC().Truncate(time.Second)}
}
