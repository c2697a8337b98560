package attacks

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/rand"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

// patience is how long anything that should happen at once may take on a loaded machine.
const patience = 60 * time.Second

// world is the control plane to one test.
type world struct{ *testing.T }

// outcome is what became of an attempt: who decided, and what they say. The zero outcome is success.
type outcome struct{ by, says string }

var passes = outcome{}

// Who decides.
const (
	byRBAC     = "RBAC"
	bySchema   = "schema"
	byServer   = "API server"
	byOperator = "operator"
)

var policyName = regexp.MustCompile(`ValidatingAdmissionPolicy '([a-z-]+)'`)

// answer is what the API server says to a request.
func answer(err error) outcome {
	switch {
	case err == nil:
		return passes
	case policyName.MatchString(err.Error()):
		return outcome{policyName.FindStringSubmatch(err.Error())[1], err.Error()}
	case apierrors.IsForbidden(err):
		return outcome{byRBAC, err.Error()}
	case apierrors.IsInvalid(err):
		return outcome{bySchema, err.Error()}
	default:
		return outcome{byServer, err.Error()}
	}
}

// until waits until an engagement is as it should be.
func (w world) until(name, expected string, is func(*v1alpha1.Engagement) bool) *v1alpha1.Engagement {
	w.Helper()
	e := &v1alpha1.Engagement{}
	err := wait.PollUntilContextTimeout(w.Context(), 50*time.Millisecond, patience, true, func(ctx context.Context) (bool, error) {
		err := admin.Get(ctx, types.NamespacedName{Namespace: team, Name: name}, e)
		return err == nil && is(e), err
	})
	if err != nil {
		st := e.Status.DeepCopy()
		st.Attestations, st.Terms = nil, nil
		w.Fatalf("expected of engagement %s: %s (%v); its status is %+v", name, expected, err, st)
	}
	return e
}

func (w world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// stalled waits until an engagement is held up for a reason, and gives what it says.
func (w world) stalled(name, reason string) outcome {
	w.Helper()
	says := ""
	w.until(name, "Stalled by "+reason, func(e *v1alpha1.Engagement) bool {
		for _, c := range e.Status.Conditions {
			if c.Type == v1alpha1.ConditionStalled && c.Status == metav1.ConditionTrue && c.Reason == reason {
				says = c.Message
				return true
			}
		}
		return false
	})
	return outcome{byOperator, reason + ": " + says}
}

// requested creates an engagement of a name of its own, and waits until the operator knows it.
func (w world) requested(user string, changes ...spec) *v1alpha1.Engagement {
	w.Helper()
	e := engagement("case-"+rand.String(8), changes...)
	w.must(as(w.T, user).Create(w.Context(), e))
	return w.until(e.Name, "terms to approve", func(e *v1alpha1.Engagement) bool { return e.Status.Proposed != nil })
}

// approved has ana approve.
func (w world) approved(e *v1alpha1.Engagement) {
	w.Helper()
	w.must(as(w.T, ana).Create(w.Context(), attestation(e.Name, "approval/engagement", v1alpha1.VerdictApproved, terms(w.current(e).Status.Proposed.Hash))))
}

func (w world) current(e *v1alpha1.Engagement) *v1alpha1.Engagement {
	return w.until(e.Name, "to be there", func(*v1alpha1.Engagement) bool { return true })
}

// offered waits for an offer to the worker, and gives its hash.
func (w world) offered(e *v1alpha1.Engagement, worker string) string {
	w.Helper()
	e = w.until(e.Name, "an offer to "+worker, func(e *v1alpha1.Engagement) bool {
		r := e.Status.Recruitment
		return r != nil && r.Offer != nil && r.Offer.Worker == worker
	})
	return e.Status.Recruitment.Offer.Hash
}

// hired takes an engagement with a pinned worker, who has an account, to their acceptance.
func (w world) hired(user string, changes ...spec) *v1alpha1.Engagement {
	w.Helper()
	e := w.requested(user, changes...)
	w.approved(e)
	worker := e.Spec.WorkerRef.Name
	w.must(as(w.T, worker).Create(w.Context(), attestation(e.Name, "offer/"+worker, v1alpha1.VerdictAccepted, terms(w.offered(e, worker)))))
	return w.until(e.Name, "Onboarding", func(e *v1alpha1.Engagement) bool { return !e.Status.Phase.Before(v1alpha1.PhaseOnboarding) })
}

// working takes it to the work itself.
func (w world) working(user string, changes ...spec) *v1alpha1.Engagement {
	w.Helper()
	e := w.hired(user, changes...)
	w.must(as(w.T, tess).Create(w.Context(), attestation(e.Name, "start/confirmed", v1alpha1.VerdictDone)))
	return w.until(e.Name, "Assigned", func(e *v1alpha1.Engagement) bool { return e.Status.Phase == v1alpha1.PhaseAssigned })
}

func attestation(subject, claim string, verdict v1alpha1.Verdict, changes ...func(*v1alpha1.Attestation)) *v1alpha1.Attestation {
	a := &v1alpha1.Attestation{ObjectMeta: metav1.ObjectMeta{Namespace: team, Name: "said-" + rand.String(8)}, Spec: v1alpha1.AttestationSpec{
		SubjectRef: v1alpha1.SubjectReference{Kind: "Engagement", Name: subject}, Claim: claim, Verdict: verdict,
	}}
	for _, change := range changes {
		change(a)
	}
	return a
}

func terms(hash string) func(*v1alpha1.Attestation) {
	return func(a *v1alpha1.Attestation) { a.Spec.Terms = hash }
}

func statedBy(name string) func(*v1alpha1.Attestation) {
	return func(a *v1alpha1.Attestation) { a.Spec.Author = author(name) }
}

func speakingFor(worker string) func(*v1alpha1.Attestation) {
	return func(a *v1alpha1.Attestation) { a.Spec.OnBehalfOf = &v1alpha1.OnBehalfOf{Kind: "Worker", Name: worker} }
}

// states has somebody state something, and waits until the operator has judged it.
func (w world) states(user string, a *v1alpha1.Attestation) outcome {
	w.Helper()
	if err := as(w.T, user).Create(w.Context(), a); err != nil {
		return answer(err)
	}
	return w.judged(a, a.Spec.SubjectRef.Name, func() *v1alpha1.Standing { return a.Status })
}

// evaluates has somebody fill in the scorecard for a first period.
func (w world) evaluates(user string, of *v1alpha1.Engagement) outcome {
	w.Helper()
	e := &v1alpha1.Evaluation{ObjectMeta: metav1.ObjectMeta{Namespace: team, Name: "judged-" + rand.String(8)}, Spec: v1alpha1.EvaluationSpec{
		EngagementRef: &v1alpha1.LocalReference{Name: of.Name}, ScorecardRef: v1alpha1.LocalReference{Name: "card"}, Kind: v1alpha1.EvaluationPeriodic, Period: "1",
		Scores: []v1alpha1.CriterionScore{{Name: "quality", Score: "5"}},
	}}
	if err := as(w.T, user).Create(w.Context(), e); err != nil {
		return answer(err)
	}
	return w.judged(e, of.Name, func() *v1alpha1.Standing { return e.Status })
}

// judged waits until a statement counts, which the engagement's record tells, or is marked as one that does not.
func (w world) judged(statement client.Object, engagement string, standing func() *v1alpha1.Standing) outcome {
	w.Helper()
	found := passes
	err := wait.PollUntilContextTimeout(w.Context(), 50*time.Millisecond, patience, true, func(ctx context.Context) (bool, error) {
		if err := admin.Get(ctx, client.ObjectKeyFromObject(statement), statement); err != nil {
			return false, err
		}
		if s := standing(); s != nil && s.State != "" {
			found = outcome{byOperator, s.Reason + ": " + s.Message}
			return true, nil
		}
		e := &v1alpha1.Engagement{}
		if err := admin.Get(ctx, types.NamespacedName{Namespace: team, Name: engagement}, e); err != nil {
			return false, client.IgnoreNotFound(err)
		}
		return counts(e, statement.GetUID()), nil
	})
	if err != nil {
		w.Fatalf("expected %s to be judged: %v", statement.GetName(), err)
	}
	return found
}

func counts(e *v1alpha1.Engagement, uid types.UID) bool {
	for _, r := range e.Status.Attestations {
		if r.UID == uid && r.Ignored == "" {
			return true
		}
	}
	for _, r := range e.Status.Evaluations {
		if r.UID == uid {
			return true
		}
	}
	return false
}

// grants of an engagement, by profile.
func (w world) grants(e *v1alpha1.Engagement) map[string]*v1alpha1.AccessGrant {
	w.Helper()
	list := &v1alpha1.AccessGrantList{}
	w.must(admin.List(w.Context(), list, client.InNamespace(team)))
	found := map[string]*v1alpha1.AccessGrant{}
	for i := range list.Items {
		if g := &list.Items[i]; g.Spec.EngagementRef.UID == e.UID {
			found[g.Spec.Profile] = g
		}
	}
	return found
}

// hasAccess waits until a profile is verified in the target system.
func (w world) hasAccess(e *v1alpha1.Engagement, profile string) outcome {
	w.Helper()
	return w.grantIs(e, profile, func(g *v1alpha1.AccessGrant) outcome {
		if g.Status.State == v1alpha1.GrantVerified {
			return passes
		}
		return outcome{byOperator, string(g.Status.State)}
	}, passes)
}

// grantIs waits until a grant is in some way.
func (w world) grantIs(e *v1alpha1.Engagement, profile string, look func(*v1alpha1.AccessGrant) outcome, want outcome) outcome {
	w.Helper()
	found := outcome{byOperator, "no grant"}
	_ = wait.PollUntilContextTimeout(w.Context(), 50*time.Millisecond, patience, true, func(context.Context) (bool, error) {
		if g := w.grants(e)[profile]; g != nil {
			found = look(g)
		}
		return found.by == want.by && strings.Contains(found.says, want.says), nil
	})
	return found
}

// noAccess fails if a profile was given, now that its time would have come.
func (w world) noAccess(e *v1alpha1.Engagement, profile string) {
	w.Helper()
	if g := w.grants(e)[profile]; g != nil && g.Status.FirstGrantedAt != nil {
		w.Errorf("expected no access to %s; it was given: %+v", profile, g.Status)
	}
}

// edits changes what the API server holds and writes it as a PUT does, without leaving it behind.
func edits[T client.Object](w world, user string, object T, change func(T)) outcome {
	w.Helper()
	changed, is := object.DeepCopyObject().(T)
	if !is {
		w.Fatalf("a copy of %T is of another type", object)
	}
	w.must(admin.Get(w.Context(), client.ObjectKeyFromObject(object), changed))
	change(changed)
	err := as(w.T, user).Update(w.Context(), changed, client.DryRunAll)
	if apierrors.IsConflict(err) { // the operator was faster
		return edits(w, user, object, change)
	}
	return answer(err)
}

// keeps changes an object for good; nobody in particular is an administrator.
func keeps[T client.Object](w world, user string, object T, change func(T)) {
	w.Helper()
	w.must(admin.Get(w.Context(), client.ObjectKeyFromObject(object), object))
	change(object)
	api := admin
	if user != "" {
		api = as(w.T, user)
	}
	err := api.Update(w.Context(), object)
	if apierrors.IsConflict(err) {
		keeps(w, user, object, change)
		return
	}
	w.must(err)
}

func (w world) creates(user string, object client.Object) outcome {
	w.Helper()
	return answer(as(w.T, user).Create(w.Context(), object, client.DryRunAll))
}

func (w world) deletes(user string, object client.Object) outcome {
	w.Helper()
	return answer(as(w.T, user).Delete(w.Context(), object, client.DryRunAll))
}

// patches sends a patch of any kind, to an object or its status.
func (w world) patches(user string, object client.Object, kind types.PatchType, patch string, status bool) outcome {
	w.Helper()
	copied, is := object.DeepCopyObject().(client.Object)
	if !is {
		w.Fatalf("a copy of %T is no object", object)
	}
	raw := client.RawPatch(kind, []byte(patch))
	force := []client.PatchOption{client.DryRunAll}
	if kind == types.ApplyPatchType {
		force = append(force, client.ForceOwnership, client.FieldOwner("attacker"))
	}
	if !status {
		return answer(as(w.T, user).Patch(w.Context(), copied, raw, force...))
	}
	var options []client.SubResourcePatchOption
	for _, o := range force {
		option, is := o.(client.SubResourcePatchOption)
		if !is {
			w.Fatalf("%T is no option for status", o)
		}
		options = append(options, option)
	}
	return answer(as(w.T, user).Status().Patch(w.Context(), copied, raw, options...))
}

// applying is a manifest of one object for server-side apply.
func applying(kind string, object client.Object, rest string) string {
	return fmt.Sprintf(`{"apiVersion": "gig.longshore.dev/v1alpha1", "kind": %q, "metadata": {"name": %q, "namespace": %q}, %s}`, kind, object.GetName(), object.GetNamespace(), rest)
}

// waits gives what an engagement says of something that it waits for, once it does.
func (w world) waits(e *v1alpha1.Engagement, what string) outcome {
	w.Helper()
	says := ""
	w.until(e.Name, "waiting for "+what, func(e *v1alpha1.Engagement) bool {
		for _, wait := range e.Status.WaitingFor {
			if wait.What == what {
				says = wait.Message
				return true
			}
		}
		return false
	})
	return outcome{byOperator, what + ": " + says}
}

// withdrawnBy is an engagement whose access somebody withdrew.
func (w world) withdrawnBy(user string) *v1alpha1.Engagement {
	w.Helper()
	e := w.hired(mia)
	w.hasAccess(e, design)
	if got := w.states(user, attestation(e.Name, "access/withdraw", v1alpha1.VerdictDone)); got != passes {
		w.Fatalf("%s should be able to withdraw access: %+v", user, got)
	}
	w.stillWithdrawn(e)
	return e
}

func (w world) stillWithdrawn(e *v1alpha1.Engagement) outcome {
	w.Helper()
	e = w.until(e.Name, "access withdrawn", func(e *v1alpha1.Engagement) bool { return e.Status.Access != nil && e.Status.Access.Withdrawn != "" })
	return outcome{byOperator, "status.access.withdrawn: " + e.Status.Access.Withdrawn}
}

// revoked waits until a grant is proven gone, or still held by another alone.
func (w world) revoked(e *v1alpha1.Engagement, profile string) outcome {
	w.Helper()
	return w.grantIs(e, profile, func(g *v1alpha1.AccessGrant) outcome {
		switch g.Status.State {
		case v1alpha1.GrantRevoked, v1alpha1.GrantStillHeld:
			return outcome{byOperator, "status.state: Revoked"}
		default:
			return outcome{byOperator, string(g.Status.State)}
		}
	}, outcome{byOperator, "status.state: Revoked"})
}

// nextSecond lets the second pass: of two opposite statements within one the refusing one counts.
func (w world) nextSecond() {
	w.Helper()
	this := time.Now().Unix()
	w.must(wait.PollUntilContextCancel(w.Context(), 20*time.Millisecond, true, func(context.Context) (bool, error) { return time.Now().Unix() > this, nil }))
}
