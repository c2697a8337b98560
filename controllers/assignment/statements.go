package assignment

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/placement"
)

// Why a statement does not count.
const (
	reasonBeforeSubject     = "BeforeSubject"
	reasonNoAuthor          = "NoAuthor"
	reasonUnknownClaim      = "UnknownClaim"
	reasonUnknownAssignment = "UnknownAssignment"
	reasonNotNow            = "NotNow"
	reasonNotTheWorker      = "NotTheWorker"
	reasonNothingSubmitted  = "NothingSubmitted"
	reasonSelfDealing       = "SelfDealing"
	reasonTooLate           = "TooLate"
	reasonNotAsked          = "NotAsked"
)

// recordGivenBack is why a recorded statement does not count any more: whoever said it, or of whom it was said, has the work no longer.
const recordGivenBack = "GivenBack"

// readStatements looks at every statement that nobody has looked at before, in the order in which they were made. A statement is judged once: it is either
// recorded in status, which only the operator writes, or marked.
func (p *pass) readStatements() {
	known := map[types.UID]bool{}
	for i := range p.st.Attestations {
		known[p.st.Attestations[i].UID] = true
	}
	var fresh []*v1alpha1.Attestation
	for i := range p.Attestations {
		att := &p.Attestations[i]
		switch {
		case known[att.UID]:
			if !bound(att, p.Assignment.UID) {
				p.d.Bind[att.UID] = true
			}
		case att.Status != nil && att.Status.State != "", boundElsewhere(att, p.Assignment.UID):
			// Judged before, or said of another object of the same name, with which the garbage collector removes it.
		default:
			fresh = append(fresh, att)
		}
	}
	slices.SortFunc(fresh, func(a, b *v1alpha1.Attestation) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(placement.Rank(a.Spec.Verdict), placement.Rank(b.Spec.Verdict)), cmp.Compare(a.UID, b.UID))
	})
	for _, att := range fresh {
		record := recordOf(att)
		standing := p.judge(att, &record)
		if standing == nil && len(p.st.Attestations) >= maxRecords {
			standing = ignored(v1alpha1.ReasonTooManyAttestations, "this assignment has %d recorded statements, the most that can be kept; set spec.cancelled and create it anew", maxRecords)
		}
		if standing != nil {
			p.d.Ignore[att.UID] = *standing
			continue
		}
		if !bound(att, p.Assignment.UID) {
			p.d.Bind[att.UID] = true
		}
		p.st.Attestations = append(p.st.Attestations, record)
		if record.Verdict == v1alpha1.VerdictDeclined {
			p.decline()
		}
	}
}

// decline gives the work back, for good.
func (p *pass) decline() {
	if worker := p.st.Worker; !slices.Contains(p.st.Declined, worker) && len(p.st.Declined) < maxDeclined {
		p.st.Declined = append(p.st.Declined, worker)
	}
	p.takeBack("gave it back")
}

func recordOf(att *v1alpha1.Attestation) v1alpha1.AttestationRecord {
	s := &att.Spec
	record := v1alpha1.AttestationRecord{
		UID: att.UID, Name: att.Name, Claim: s.Claim, Verdict: s.Verdict, At: att.CreationTimestamp, Terms: s.Terms, Cause: s.Cause, Evidence: s.Evidence,
	}
	if s.Author != nil {
		record.Author = s.Author.Username
	}
	if s.OnBehalfOf != nil {
		record.OnBehalfOf = s.OnBehalfOf.Name
	}
	return record
}

// judge says why a statement does not count, or nil if it does. Identity and verbs were checked by the API server; what is checked here is what it cannot know.
func (p *pass) judge(att *v1alpha1.Attestation, record *v1alpha1.AttestationRecord) *v1alpha1.Standing {
	claim := "assignment/" + p.Assignment.Name
	course := placement.Follow(p.counted())
	switch {
	case att.CreationTimestamp.Time.Before(p.Assignment.CreationTimestamp.Time):
		return ignored(reasonBeforeSubject, "it was created before the assignment it names; state it again of this one")
	case record.Author == "":
		return ignored(reasonNoAuthor, "it has no author, because it was created while the admission policies were not installed; install config/admission and state it again")
	case record.Claim != claim:
		return ignored(reasonUnknownClaim, "claim %q cannot be made of this assignment: state %s", record.Claim, claim)
	case p.st.Engagement == "":
		return ignored(reasonNotNow, "nobody has the assignment: it is %s; state it again once somebody has it", state(p.st))
	case course.Accepted != nil && record.At.After(*course.Accepted):
		return ignored(reasonTooLate, "the assignment was accepted; nothing can be added")
	}
	switch record.Verdict {
	case v1alpha1.VerdictStarted, v1alpha1.VerdictDeclined, v1alpha1.VerdictSubmitted, v1alpha1.VerdictDisputed:
		return p.judgeWorker(record, &course)
	default:
		return p.judgeAcceptance(record, &course)
	}
}

// judgeWorker judges what whoever has the work says of it.
func (p *pass) judgeWorker(record *v1alpha1.AttestationRecord, course *placement.Course) *v1alpha1.Standing {
	switch {
	case !p.isHolder(record):
		return ignored(reasonNotTheWorker, "worker %s has the assignment, and %s; %s states it under their own account, or somebody with the verb attest-for on behalf of worker %s",
			p.st.Worker, speaker(record), p.st.Worker, p.st.Worker)
	case record.Verdict == v1alpha1.VerdictDeclined && course.Submitted != nil:
		return ignored(reasonTooLate, "what was submitted cannot be given back")
	case record.Verdict == v1alpha1.VerdictDisputed && course.State != v1alpha1.AssignmentRevise:
		return ignored(reasonNotNow, "there is nothing to dispute: it was not sent back for revision")
	case record.Verdict == v1alpha1.VerdictSubmitted && p.lost() != "" && course.Submitted == nil:
		return ignored(reasonTooLate, "the engagement that had the assignment %s, and the assignment is given to somebody else", p.lost())
	}
	return nil
}

// speaker says who spoke, or for whom.
func speaker(record *v1alpha1.AttestationRecord) string {
	if record.OnBehalfOf != "" {
		return fmt.Sprintf("the statement was made on behalf of worker %q", record.OnBehalfOf)
	}
	return fmt.Sprintf("the statement was made by %q on nobody's behalf", record.Author)
}

// isHolder says whether a statement is made by whoever has the work now: a pass that sees it declined has given it back in its own copy already.
func (p *pass) isHolder(record *v1alpha1.AttestationRecord) bool {
	return p.st.Worker == p.Assignment.Status.Worker && p.isWorker(record.Author, record.OnBehalfOf)
}

// judgeAcceptance judges whether work is accepted or sent back.
func (p *pass) judgeAcceptance(record *v1alpha1.AttestationRecord, course *placement.Course) *v1alpha1.Standing {
	if p.mayBeWorker(record.Author, record.OnBehalfOf) {
		return ignored(reasonSelfDealing, "nobody accepts their own work; somebody else with the verb accept must")
	}
	if course.Submitted == nil {
		return ignored(reasonNothingSubmitted, "the assignment has not been submitted; it is accepted or sent back after a submission")
	}
	for _, r := range p.counted() {
		if r.Verdict == v1alpha1.VerdictSubmitted && r.Author == record.Author {
			return ignored(reasonSelfDealing, "whoever submitted the assignment cannot accept it; somebody else with the verb accept must")
		}
	}
	return nil
}

// refuseEvaluations says of evaluations of this one Assignment that they do not count.
func (p *pass) refuseEvaluations() {
	for i := range p.Evaluations {
		if eval := &p.Evaluations[i]; eval.Status == nil || eval.Status.State == "" {
			p.d.Ignore[eval.UID] = *notEvaluated()
		}
	}
}

func notEvaluated() *v1alpha1.Standing {
	return ignored(reasonNotAsked, "in this version an assignment is not evaluated on its own; evaluate the engagement, by engagementRef")
}

func state(st *v1alpha1.AssignmentStatus) v1alpha1.AssignmentState {
	return cmp.Or(st.State, v1alpha1.AssignmentPending)
}

func ignored(reason, format string, args ...any) *v1alpha1.Standing {
	return &v1alpha1.Standing{State: v1alpha1.StandingIgnored, Reason: reason, Message: clip(fmt.Sprintf(format, args...), maxStandingMessage)}
}

func bound(att *v1alpha1.Attestation, uid types.UID) bool {
	return slices.ContainsFunc(att.OwnerReferences, func(ref metav1.OwnerReference) bool { return ref.UID == uid })
}

func boundElsewhere(att *v1alpha1.Attestation, uid types.UID) bool {
	return slices.ContainsFunc(att.OwnerReferences, func(ref metav1.OwnerReference) bool { return ref.Kind == kindAssignment && ref.UID != uid })
}

// refuseOrphans says of statements about an Assignment that does not exist that they do not count: they are older than any of that name will be.
func (r *Reconciler) refuseOrphans(ctx context.Context, assignment types.NamespacedName) error {
	attestations, evaluations, err := r.statements(ctx, assignment)
	if err != nil {
		return fmt.Errorf("reading what was stated of assignment %s: %w", assignment, err)
	}
	attestations = slices.DeleteFunc(attestations, func(a v1alpha1.Attestation) bool {
		return a.Status != nil && a.Status.State != "" || boundElsewhere(&a, "")
	})
	evaluations = slices.DeleteFunc(evaluations, func(e v1alpha1.Evaluation) bool { return e.Status != nil && e.Status.State != "" })
	if len(attestations)+len(evaluations) == 0 {
		return nil
	}
	// The cache may not have seen the assignment yet.
	if err := r.Reader.Get(ctx, assignment, &v1alpha1.Assignment{}); !apierrors.IsNotFound(err) {
		return err
	}
	for i := range attestations {
		att := &attestations[i]
		marked := att.DeepCopy()
		marked.Status = ignored(reasonUnknownAssignment, "the namespace has no Assignment %q; state it again once there is one", assignment.Name)
		if err := r.mark(ctx, nil, att, marked, marked.Status); err != nil {
			return err
		}
	}
	for i := range evaluations {
		eval := &evaluations[i]
		marked := eval.DeepCopy()
		marked.Status = notEvaluated()
		if err := r.mark(ctx, nil, eval, marked, marked.Status); err != nil {
			return err
		}
	}
	return nil
}
