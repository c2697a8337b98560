package worker

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/checklist"
	"github.com/longshore-dev/longshore/controllers/index"
)

// The areas of a claim that can be made of a worker.
const (
	areaScreening = "screening"
	areaWaiver    = "waiver"
	areaApproval  = "approval"
)

// Why a statement does not count.
const (
	reasonSelfDealing   = "SelfDealing"
	reasonBeforeSubject = "BeforeSubject"
	reasonUnknownClaim  = "UnknownClaim"
	reasonUnknownPool   = "UnknownPool"
	reasonUnknownStep   = "UnknownStep"
	reasonUnknownWorker = "UnknownWorker"
	reasonNotAMember    = "NotAMember"
	reasonNotAnAttestor = "NotAnAttestor"
	reasonNotAttestable = "NotAttestable"
	reasonNotAsked      = "NotAsked"
	reasonNoAuthor      = "NoAuthor"
	reasonTooEarly      = "TooEarly"
)

// Lengths that the schema allows.
const (
	maxStandingMessage = 1024
	maxWaitMessage     = 1024
)

// readStatements looks at every statement that nobody has looked at before. A statement is judged once: it is either recorded in
// status, which only the operator writes, or marked. One that cannot be judged yet, because the procedure it speaks of
// cannot be read, is left for later.
func (p *pass) readStatements() {
	known := map[types.UID]bool{}
	for i := range p.Worker.Status.Attestations {
		known[p.Worker.Status.Attestations[i].UID] = true
	}
	statements := slices.Clone(p.Attestations)
	slices.SortFunc(statements, func(a, b v1alpha1.Attestation) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.UID, b.UID))
	})
	for i := range statements {
		att := &statements[i]
		if known[att.UID] || att.Status != nil && att.Status.State != "" || boundElsewhere(att, p.Worker.UID) {
			// Judged before, or said of another object of the same name, with which the garbage collector removes it.
			continue
		}
		record := recordOf(att)
		standing, ready := p.judge(att, &record)
		switch {
		case !ready:
		case standing != nil:
			p.d.Ignore[att.UID] = *standing
		case len(p.Worker.Status.Attestations)+len(p.fresh) >= maxRecords:
			p.d.Ignore[att.UID] = *ignored(v1alpha1.ReasonTooManyAttestations, "this worker has %d recorded statements, the most that can be kept", maxRecords)
		default:
			p.fresh = append(p.fresh, record)
		}
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

// judge says why a statement does not count, or nil if it does, and whether that can be said yet. Identity and verbs were
// checked by the API server; what is checked here is what it cannot know.
func (p *pass) judge(att *v1alpha1.Attestation, record *v1alpha1.WorkerAttestation) (standing *v1alpha1.Standing, ready bool) {
	switch {
	case att.CreationTimestamp.Time.Before(p.Worker.CreationTimestamp.Time):
		return ignored(reasonBeforeSubject, "it was created before the worker it names; state it again of this one"), true
	case record.Author == "":
		return ignored(reasonNoAuthor, "it has no author, because it was created while the admission policies were not installed; install config/admission and state it again"), true
	case p.pool(record.Pool) == nil:
		return ignored(reasonUnknownPool, "the worker's namespace has no TalentPool %q; name the pool of which it is said in subjectRef.poolRef", record.Pool), true
	}
	sc := p.screening(record.Pool)
	if sc == nil {
		return ignored(reasonNotAMember, "the worker does not belong to pool %s: its workerSelector does not select them", record.Pool), true
	}
	area, item, _ := strings.Cut(record.Claim, "/")
	switch area {
	case areaScreening:
		return p.judgeStep(sc, record, item)
	case areaWaiver:
		return p.judgeWaiver(sc, record, item)
	case areaApproval:
		return p.judgeApproval(record, item), true
	default:
		return ignored(reasonUnknownClaim, "claim %q cannot be made of a worker: state screening/<step>, waive screening.<step>, or decide approval/rehire", record.Claim), true
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

// judgeApproval judges what engagements ask of a worker: that a person whom somebody wanted reviewed may be engaged again.
func (p *pass) judgeApproval(record *v1alpha1.WorkerAttestation, item string) *v1alpha1.Standing {
	switch {
	case item == "demotion":
		return ignored(reasonNotAsked, "tiers are not computed in this version, so that there is no demotion to decide about")
	case item != "rehire":
		return ignored(reasonUnknownClaim, "of a worker, decide approval/rehire; everything else is approved of the Engagement")
	case p.isWorker(record.Author, record.OnBehalfOf):
		return ignored(reasonSelfDealing, "nobody approves their own rehire; somebody else with the verb approve must")
	}
	return nil
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
	return &v1alpha1.Standing{State: v1alpha1.StandingIgnored, Reason: reason, Message: truncate(fmt.Sprintf(format, args...), maxStandingMessage)}
}

func boundTo(att *v1alpha1.Attestation, uid types.UID) bool {
	return slices.ContainsFunc(att.OwnerReferences, func(ref metav1.OwnerReference) bool { return ref.UID == uid })
}

func boundElsewhere(att *v1alpha1.Attestation, uid types.UID) bool {
	return slices.ContainsFunc(att.OwnerReferences, func(ref metav1.OwnerReference) bool { return ref.Kind == kindWorker && ref.UID != uid })
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

// refuseOrphans says of statements about a worker who does not exist that they do not count: they are older than any worker
// of that name will be.
func (r *Reconciler) refuseOrphans(ctx context.Context, worker types.NamespacedName) error {
	var statements v1alpha1.AttestationList
	if err := r.Client.List(ctx, &statements, client.InNamespace(worker.Namespace), client.MatchingFields{index.AttestationBySubject: index.SubjectKey(kindWorker, worker.Name)}); err != nil {
		return fmt.Errorf("listing attestations about worker %s: %w", worker, err)
	}
	orphans := slices.DeleteFunc(statements.Items, func(a v1alpha1.Attestation) bool {
		return a.Status != nil && a.Status.State != "" || boundElsewhere(&a, "")
	})
	if len(orphans) == 0 {
		return nil
	}
	// The cache may not have seen the worker yet.
	if err := r.Reader.Get(ctx, worker, &v1alpha1.Worker{}); !apierrors.IsNotFound(err) {
		return client.IgnoreNotFound(err)
	}
	for i := range orphans {
		standing := ignored(reasonUnknownWorker, "the namespace has no Worker %q; state it again once there is one", worker.Name)
		if err := r.mark(ctx, &orphans[i], *standing); err != nil {
			return err
		}
	}
	return nil
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

func truncate(s string, bytes int) string {
	const more = "…"
	if len(s) <= bytes {
		return s
	}
	return strings.ToValidUTF8(s[:bytes-len(more)], "") + more
}

func stamp(t time.Time) *metav1.Time { return &metav1.Time{Time: t.UTC().Truncate(time.Second)} }
