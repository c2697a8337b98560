package worker

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/checklist"
)

// The areas of a claim that can be made of a worker.
const (
	areaScreening = "screening"
	areaWaiver    = "waiver"
	areaApproval  = "approval"
)

// What can be approved of a worker.
const (
	itemRehire   = "rehire"
	itemDemotion = "demotion"

	claimDemotion = areaApproval + "/" + itemDemotion
)

// Why a statement does not count.
const (
	reasonSelfDealing    = "SelfDealing"
	reasonBeforeSubject  = "BeforeSubject"
	reasonDuplicate      = "Duplicate"
	reasonUnknownClaim   = "UnknownClaim"
	reasonUnknownPool    = "UnknownPool"
	reasonUnknownStep    = "UnknownStep"
	reasonUnknownWorker  = "UnknownWorker"
	reasonNotAMember     = "NotAMember"
	reasonNotAnAttestor  = "NotAnAttestor"
	reasonNotAReviewer   = "NotAReviewer"
	reasonNotAttestable  = "NotAttestable"
	reasonNotAsked       = "NotAsked"
	reasonNotByScorecard = "NotByScorecard"
	reasonNotScorable    = "NotScorable"
	reasonNoAuthor       = "NoAuthor"
	reasonOtherScorecard = "OtherScorecard"
	reasonTooEarly       = "TooEarly"
)

const (
	// maxMessage is how long the schema allows the message of a wait or a standing to be.
	maxMessage = 1024
	// maxCondition is how long the message of a condition may be.
	maxCondition = 32768
)

// read looks at every statement that nobody has looked at before. A statement is judged once: it is either recorded in
// status, which only the operator writes, or marked. One that cannot be judged yet, because the procedure it speaks of
// cannot be read, is left for later.
func (p *pass) read() {
	known := map[types.UID]bool{}
	for i := range p.Worker.Status.Attestations {
		known[p.Worker.Status.Attestations[i].UID] = true
	}
	p.readStatements(known)
	p.readEvaluations(known)
	slices.SortFunc(p.fresh, func(a, b v1alpha1.WorkerAttestation) int {
		return cmp.Or(a.At.Compare(b.At.Time), cmp.Compare(a.UID, b.UID))
	})
}

func (p *pass) readStatements(known map[types.UID]bool) {
	statements := slices.Clone(p.Attestations)
	slices.SortFunc(statements, func(a, b v1alpha1.Attestation) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.UID, b.UID))
	})
	for i := range statements {
		att := &statements[i]
		if known[att.UID] || att.Status != nil && att.Status.State != "" || boundElsewhere(att.OwnerReferences, p.Worker.UID) {
			// Judged before, or said of another object of the same name, with which the garbage collector removes it.
			continue
		}
		record := recordOf(att)
		p.hear(&record, func(sc *screening) (*v1alpha1.Standing, bool) { return p.judge(sc, &record) })
	}
}

// hear takes up a statement that seems to count, and turns down one that does not.
func (p *pass) hear(record *v1alpha1.WorkerAttestation, judge func(*screening) (standing *v1alpha1.Standing, ready bool)) {
	sc, standing := p.concerned(record)
	ready := true
	if standing == nil {
		standing, ready = judge(sc)
	}
	switch {
	case !ready:
	case standing != nil:
		p.d.Ignore[record.UID] = *standing
	case len(p.Worker.Status.Attestations)+len(p.fresh) >= maxRecords:
		p.d.Ignore[record.UID] = *ignored(v1alpha1.ReasonTooManyAttestations, "this worker has %d recorded statements, the most that can be kept", maxRecords)
	default:
		p.fresh = append(p.fresh, *record)
	}
}

func recordOf(att *v1alpha1.Attestation) v1alpha1.WorkerAttestation {
	s := &att.Spec
	record := v1alpha1.WorkerAttestation{AttestationRecord: v1alpha1.AttestationRecord{
		UID: att.UID, Name: att.Name, Claim: s.Claim, Verdict: s.Verdict, At: att.CreationTimestamp, Terms: s.Terms, Score: s.Score, Evidence: s.Evidence,
	}}
	if s.SubjectRef.PoolRef != nil {
		record.Pool = s.SubjectRef.PoolRef.Name
	}
	if s.Author != nil {
		record.Author = s.Author.Username
	}
	if s.OnBehalfOf != nil {
		record.OnBehalfOf = s.OnBehalfOf.Name
	}
	return record
}

// concerned is the screening of which a statement is made, or why there is none.
func (p *pass) concerned(record *v1alpha1.WorkerAttestation) (*screening, *v1alpha1.Standing) {
	switch {
	case record.At.Time.Before(p.Worker.CreationTimestamp.Time):
		return nil, ignored(reasonBeforeSubject, "it was created before the worker it names; state it again of this one")
	case record.Author == "":
		return nil, ignored(reasonNoAuthor, "it has no author, because it was created while the admission policies were not installed; install config/admission and state it again")
	case p.pool(record.Pool) == nil:
		return nil, ignored(reasonUnknownPool, "the worker's namespace has no TalentPool %q; name the pool of which it is said in poolRef", record.Pool)
	}
	sc := p.screening(record.Pool)
	if sc == nil {
		return nil, ignored(reasonNotAMember, "the worker does not belong to pool %s: its workerSelector does not select them", record.Pool)
	}
	return sc, nil
}

// judge says why an attestation does not count, or nil if it does, and whether that can be said yet. Identity and verbs were
// checked by the API server; what is checked here is what it cannot know.
func (p *pass) judge(sc *screening, record *v1alpha1.WorkerAttestation) (standing *v1alpha1.Standing, ready bool) {
	area, item, _ := strings.Cut(record.Claim, "/")
	switch area {
	case areaScreening:
		return p.judgeStep(sc, record, item)
	case areaWaiver:
		return p.judgeWaiver(sc, record, item)
	case areaApproval:
		return p.judgeApproval(sc, record, item), true
	default:
		return ignored(reasonUnknownClaim, "claim %q cannot be made of a worker: state screening/<step>, waive screening.<step>, or decide approval/rehire or approval/demotion", record.Claim), true
	}
}

func (p *pass) judgeStep(sc *screening, record *v1alpha1.WorkerAttestation, name string) (standing *v1alpha1.Standing, ready bool) {
	step, standing, ready := sc.stepFor(name, record.At.Time)
	if step == nil {
		return standing, ready
	}
	switch {
	case step.Type == v1alpha1.StepCheck || step.Type == v1alpha1.StepAccess:
		return ignored(reasonNotAttestable, "step %s is of type %s: the operator sees for itself when it is done", name, step.Type), true
	case !listed(step.Attestors, record.Author):
		return ignored(reasonNotAnAttestor, "step %s is attested by the people that the checklist lists under attestors", name), true
	case step.Type == v1alpha1.StepInterview && p.isWorker(record.Author, record.OnBehalfOf):
		return ignored(reasonSelfDealing, "nobody judges their own interview; the interviewer with the verb attest must"), true
	case step.Scorecard != nil && p.isWorker(record.Author, record.OnBehalfOf):
		return ignored(reasonSelfDealing, "step %s is judged by a scorecard, and nobody judges themselves; somebody else with the verb attest or evaluate must", name), true
	}
	return sc.outdated(record), true
}

func (p *pass) judgeWaiver(sc *screening, record *v1alpha1.WorkerAttestation, item string) (standing *v1alpha1.Standing, ready bool) {
	area, name, _ := strings.Cut(item, ".")
	if area != areaScreening {
		return ignored(reasonUnknownClaim, "of a worker, waive screening.<step>; steps of onboarding and offboarding are waived of the Engagement"), true
	}
	step, standing, ready := sc.stepFor(name, record.At.Time)
	if step == nil {
		return standing, ready
	}
	if p.isWorker(record.Author, record.OnBehalfOf) {
		return ignored(reasonSelfDealing, "the worker cannot waive a step of their own screening; somebody else with the verb waive must"), true
	}
	return sc.outdated(record), true
}

// outdated turns down what was stated of an attempt that was over when it was looked at before.
func (sc *screening) outdated(record *v1alpha1.WorkerAttestation) *v1alpha1.Standing {
	if m := sc.previous; sc.underWay() && m.Attempt > 1 && record.At.Before(m.StartedAt) {
		return ignored(reasonTooEarly, "it was stated of an attempt that is over; a new one began at %s", m.StartedAt.UTC().Format(time.RFC3339))
	}
	return nil
}

// judgeApproval judges who decides: that a person whom somebody wanted reviewed may be engaged again, or that a worker loses a
// tier. Whether a demotion is proposed by then follows from the evaluations, and is told by the rating.
func (p *pass) judgeApproval(sc *screening, record *v1alpha1.WorkerAttestation, item string) *v1alpha1.Standing {
	switch {
	case item != itemRehire && item != itemDemotion:
		return ignored(reasonUnknownClaim, "of a worker, decide approval/rehire or approval/demotion; everything else is approved of the Engagement")
	case p.isWorker(record.Author, record.OnBehalfOf):
		return ignored(reasonSelfDealing, "nobody decides on their own %s; somebody else with the verb approve must", item)
	case item == itemDemotion && p.requested(sc.pool, record):
		return ignored(reasonSelfDealing, "a requester of the worker's engagements in pool %s pays by the tier and does not decide on it; somebody else with the verb approve must", sc.pool.Name)
	}
	return nil
}

// requested says whether the author of a statement was by then a requester of work that the worker has accepted in the pool. Who decides on a rehire is
// judged by the engagement, which knows who wants it.
func (p *pass) requested(pool *v1alpha1.TalentPool, record *v1alpha1.WorkerAttestation) bool {
	return slices.ContainsFunc(p.Engagements, func(e v1alpha1.Engagement) bool {
		return p.engagedIn(&e) && of(&e, pool) && acceptedBy(&e, record.At.Time) && slices.Contains(e.Status.Requesters, record.Author)
	})
}

// acceptedBy says whether an engagement was accepted by a moment. An amendment dates the terms anew; onboarding keeps the first acceptance.
func acceptedBy(e *v1alpha1.Engagement, at time.Time) bool {
	if o := e.Status.Onboarding; o != nil && o.StartedAt != nil {
		return !o.StartedAt.After(at)
	}
	return e.Status.Terms != nil && !e.Status.Terms.AcceptedAt.After(at)
}

// stepFor finds the step of a statement. Where there is none, it says why the statement does not count, or that nobody can
// tell yet.
func (sc *screening) stepFor(name string, at time.Time) (step *v1alpha1.ChecklistStep, standing *v1alpha1.Standing, ready bool) {
	followed, known := sc.inForce(at)
	if !known {
		return nil, nil, false
	}
	if sc.pool.Spec.Screening == nil {
		return nil, ignored(reasonNotAsked, "pool %s asks for no screening", sc.pool.Name), true
	}
	for i := range followed.Steps {
		if followed.Steps[i].Name == name {
			return &followed.Steps[i], nil, true
		}
	}
	version := followed.Version
	return nil, ignored(reasonUnknownStep, "the checklist in force, %s at generation %d, has no step %q", version.Name, version.Generation, name), true
}

// tooEarly is said of a new attempt before its time.
func tooEarly(c *course) *v1alpha1.Standing {
	if c.FailedAt != nil && c.RetryAt == nil {
		return ignored(reasonTooEarly, "the worker failed the screening, and the pool allows no new attempt (spec.screening.retryAfter); a step can be waived by somebody with the verb waive")
	}
	at := c.StartedAt
	if c.RetryAt != nil {
		at = *c.RetryAt
	}
	return ignored(reasonTooEarly, "the worker had failed the screening by then; a new attempt counts from %s", at.UTC().Format(time.RFC3339))
}

func ignored(reason, format string, args ...any) *v1alpha1.Standing {
	return &v1alpha1.Standing{State: v1alpha1.StandingIgnored, Reason: reason, Message: truncate(fmt.Sprintf(format, args...))}
}

func invalid(reason, format string, args ...any) *v1alpha1.Standing {
	return &v1alpha1.Standing{State: v1alpha1.StandingInvalid, Reason: reason, Message: truncate(fmt.Sprintf(format, args...))}
}

func boundTo(owners []metav1.OwnerReference, uid types.UID) bool {
	return slices.ContainsFunc(owners, func(ref metav1.OwnerReference) bool { return ref.UID == uid })
}

func boundElsewhere(owners []metav1.OwnerReference, uid types.UID) bool {
	return slices.ContainsFunc(owners, func(ref metav1.OwnerReference) bool { return ref.Kind == kindWorker && ref.UID != uid })
}

// listed says whether an author is among the subjects. Without subjects everyone is, and who is in a group only the API server knows: there the verb decides.
func listed(subjects []v1alpha1.Subject, author string) bool {
	return len(subjects) == 0 || slices.ContainsFunc(subjects, func(s v1alpha1.Subject) bool {
		switch s.Kind {
		case v1alpha1.SubjectGroup:
			return true
		case v1alpha1.SubjectServiceAccount:
			return author == s.Name || author == "system:serviceaccount:"+s.Name
		default:
			return author == s.Name
		}
	})
}

// stepOf is the step that a wait is for.
func (sc *screening) stepOf(what string) *v1alpha1.ChecklistStep {
	if sc.course == nil {
		return nil
	}
	for i := range sc.course.Steps {
		claim := checklist.Screening.Claim(sc.course.Steps[i].Name)
		if what == claim || what == claim+"."+sc.pool.Name {
			return &sc.course.Steps[i]
		}
	}
	return nil
}

// subject is the identity behind a wait, where it is known by name: the worker's own account, or the one who may attest the step.
func (p *pass) subject(sc *screening, who, what string) *v1alpha1.Subject {
	if who == v1alpha1.ActorWorker {
		if p.Worker.Spec.Username == "" {
			return nil
		}
		return &v1alpha1.Subject{Kind: v1alpha1.SubjectUser, Name: p.Worker.Spec.Username}
	}
	if step := sc.stepOf(what); step != nil && len(step.Attestors) == 1 {
		return step.Attestors[0].DeepCopy()
	}
	return nil
}

func truncate(message string) string { return clip(message, maxMessage) }

// clip shortens a message to so many bytes, between two characters.
func clip(message string, most int) string {
	const more = "…"
	if len(message) <= most {
		return message
	}
	return strings.ToValidUTF8(message[:most-len(more)], "") + more
}

func stamp(t time.Time) *metav1.Time { return &metav1.Time{Time: t.UTC().Truncate(time.Second)} }
