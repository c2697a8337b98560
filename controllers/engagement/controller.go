// Package engagement takes every Engagement through its life: it reads a scope, decides in pure functions, acts, and writes status once.
package engagement

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

const fieldOwner = client.FieldOwner("longshore-engagement")

// Reconciler takes engagements through their lives.
type Reconciler struct {
	// Client reads from the manager's cache and writes to the API server.
	Client client.Client
	// Reader reads from the API server itself, where a stale answer would do harm.
	Reader client.Reader
	// Clock is the only clock that is read.
	Clock clock.PassiveClock
	// Recorder tells people of what happened.
	Recorder events.EventRecorder
	// Random is the source of the Dossiers' salts. Default: crypto/rand.
	Random io.Reader
	// MaxConcurrent is how many engagements are worked on at once. Default: 4.
	MaxConcurrent int

	chain  chain
	plans  plans
	places places
	// queue and pools are where engagements and, for the planner, pools wait.
	queue, pools queue
}

// +kubebuilder:rbac:groups=gig.longshore.dev,resources=engagements,verbs=get;list;watch;update;patch
// +kubebuilder:rbac:groups=gig.longshore.dev,resources=engagements/status,verbs=patch
// +kubebuilder:rbac:groups=gig.longshore.dev,resources=engagements/finalizers,verbs=update
// +kubebuilder:rbac:groups=gig.longshore.dev,resources=attestations;evaluations,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=gig.longshore.dev,resources=attestations/status;evaluations/status,verbs=patch
// +kubebuilder:rbac:groups=gig.longshore.dev,resources=accessgrants,verbs=get;list;watch;create;patch
// +kubebuilder:rbac:groups=gig.longshore.dev,resources=dossiers,verbs=get;list;watch;create
// +kubebuilder:rbac:groups=gig.longshore.dev,resources=talentpools;workers;checklists;scorecards;accessprofiles;compliancepolicies,verbs=get;list;watch
// +kubebuilder:rbac:groups="",resources=namespaces,verbs=get;list;watch
// +kubebuilder:rbac:groups=admissionregistration.k8s.io,resources=validatingadmissionpolicies;validatingadmissionpolicybindings,verbs=get;list;watch
// +kubebuilder:rbac:groups=authorization.k8s.io,resources=subjectaccessreviews,verbs=create
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// Reconcile makes one pass over one engagement. It can be killed after any step and run again from the start with the same end.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	eng := &v1alpha1.Engagement{}
	if err := r.Client.Get(ctx, req.NamespacedName, eng); apierrors.IsNotFound(err) {
		r.leavePlans(req.NamespacedName, types.NamespacedName{})
		return ctrl.Result{}, r.refuseOrphans(ctx, req.NamespacedName)
	} else if err != nil {
		return ctrl.Result{}, fmt.Errorf("reading engagement %s: %w", req, err)
	}
	r.leavePlans(req.NamespacedName, poolOf(eng))
	if done, err := r.ensureFinalizer(ctx, eng); done || err != nil {
		return ctrl.Result{}, ignoreRaces(err)
	}
	s, err := r.read(ctx, eng, nil)
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("reading what engagement %s refers to: %w", req, err)
	}
	s.Planned = r.plans.of(poolOf(eng), req.NamespacedName)
	d, unreviewed := r.decide(ctx, s)
	if d == nil {
		return ctrl.Result{}, unreviewed
	}
	if err := r.act(ctx, s, d); errors.Is(err, errBehind) {
		return ctrl.Result{RequeueAfter: behindRetry}, nil
	} else if err != nil {
		return ctrl.Result{}, ignoreRaces(err)
	}
	if pool, wanted := r.plans.keep(s, d); wanted {
		r.pools.add(pool, batchWindow)
	}
	if unreviewed != nil {
		return ctrl.Result{}, unreviewed
	}
	if d.Next.IsZero() {
		return ctrl.Result{}, nil
	}
	// Every time in the API is a whole second, so a requeue that is not early is not late by more than the queue.
	return ctrl.Result{RequeueAfter: max(d.Next.Sub(r.Clock.Now()), time.Millisecond)}, nil
}

// ensureFinalizer puts the finalizer on in a write of its own, before any side effect. It says whether the pass is over.
func (r *Reconciler) ensureFinalizer(ctx context.Context, eng *v1alpha1.Engagement) (bool, error) {
	if eng.Status.Phase == v1alpha1.PhaseClosed || controllerutil.ContainsFinalizer(eng, v1alpha1.EngagementFinalizer) {
		return false, nil
	}
	if !eng.DeletionTimestamp.IsZero() {
		return true, nil // it was never ours to wind up: nothing was done for it
	}
	patched := eng.DeepCopy()
	controllerutil.AddFinalizer(patched, v1alpha1.EngagementFinalizer)
	if err := r.Client.Patch(ctx, patched, client.MergeFromWithOptions(eng, client.MergeFromWithOptimisticLock{}), fieldOwner); err != nil {
		return true, fmt.Errorf("adding the finalizer to engagement %s: %w", eng.Name, err)
	}
	*eng = *patched
	return false, nil
}

// decide runs the pure decision. Where it asks for a review of somebody's right to hand a profile out, the review is made and the decision run again.
// A review that fails gives nothing, and holds nothing back that takes access away; its error is returned beside the decision.
func (r *Reconciler) decide(ctx context.Context, s *scope) (*decision, error) {
	d, err := decide(s)
	if err != nil {
		return nil, err
	}
	if s.MayGrant == nil {
		s.MayGrant = map[handOut]right{}
	}
	var failed error
	for len(d.Actions.Review) > 0 {
		for _, asked := range d.Actions.Review {
			answer, err := r.mayGrant(ctx, asked)
			failed = errors.Join(failed, err)
			s.MayGrant[asked] = answer
		}
		if d, err = decide(s); err != nil {
			return nil, err
		}
	}
	return d, failed
}

// act does what was decided, in an order in which every step can be repeated: side effects before the status that claims them.
func (r *Reconciler) act(ctx context.Context, s *scope, d *decision) error {
	if err := r.applyGrants(ctx, s, d.Actions.Grants); err != nil {
		return err
	}
	if err := r.markStatements(ctx, s, &d.Actions); err != nil {
		return err
	}
	if d.Actions.Seal != nil {
		if err := r.seal(ctx, s, d); err != nil {
			return err
		}
		sealed, err := r.decide(ctx, s)
		if err != nil {
			return err
		}
		d.Status, d.Next = sealed.Status, sealed.Next
	}
	closed := d.Status.Phase == v1alpha1.PhaseClosed && s.Engagement.Status.Phase != v1alpha1.PhaseClosed
	if err := r.give(ctx, s, d.Status); err != nil {
		return err
	}
	if d.Actions.Release || closed {
		return r.release(ctx, s)
	}
	return nil
}

// give writes the status. Where it offers the work to somebody, or engages them, the person must have a place left that no other pass has taken meanwhile.
func (r *Reconciler) give(ctx context.Context, s *scope, status *v1alpha1.EngagementStatus) error {
	took, err := r.takePlace(ctx, s, status)
	if err != nil {
		return err
	}
	against := s.Engagement.ResourceVersion
	err = r.writeStatus(ctx, s.Engagement, status)
	switch {
	case !took:
	case err == nil:
		r.places.wrote(s.Engagement.UID, s.Engagement.ResourceVersion)
	case refused(err):
		r.places.wrote(s.Engagement.UID, "")
	default:
		r.places.doubt(s.Engagement.UID, against)
	}
	return err
}

// refused says whether the API server answered that it does not do what it was asked: any other failure may hide that it did.
func refused(err error) bool {
	var status apierrors.APIStatus
	return errors.As(err, &status) && status.Status().Code >= http.StatusBadRequest && status.Status().Code < http.StatusInternalServerError
}

// writeStatus writes the status once, if it differs. The optimistic lock turns a decision on a stale cache into a repetition.
func (r *Reconciler) writeStatus(ctx context.Context, eng *v1alpha1.Engagement, status *v1alpha1.EngagementStatus) error {
	if equality.Semantic.DeepEqual(&eng.Status, status) {
		return nil
	}
	patched := eng.DeepCopy()
	patched.Status = *status
	if err := r.Client.Status().Patch(ctx, patched, client.MergeFromWithOptions(eng, client.MergeFromWithOptimisticLock{}), fieldOwner); err != nil {
		if apierrors.IsInvalid(err) || apierrors.IsRequestEntityTooLargeError(err) {
			r.event(eng, corev1.EventTypeWarning, "StatusRefused", "Record", "the API server refuses this engagement's status, so nothing about it advances; access still ends by its expiry: %s", refusal(err))
		}
		return fmt.Errorf("writing the status of engagement %s: %w", eng.Name, err)
	}
	r.announce(eng, status)
	eng.ResourceVersion, eng.Status = patched.ResourceVersion, *status
	return nil
}

// ignoreRaces drops errors that only say that the cache was stale or the object is gone: the event that brings the cache up to date brings the next pass.
func ignoreRaces(err error) error {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return err
	}
	if apierrors.IsConflict(err) || (apierrors.IsNotFound(err) && status.Status().Details != nil && status.Status().Details.Kind == "engagements") {
		return nil
	}
	return err
}

// refusal is the reason of a refused write without the values, which may name people.
func refusal(err error) string {
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Details == nil {
		return "no reason given"
	}
	var fields []string
	for _, cause := range status.Status().Details.Causes {
		fields = append(fields, cause.Field)
	}
	return strings.Join(fields, ", ")
}

// errBehind says that the cache does not show every grant, the newest Dossier, or who has been offered what, as it is: the pass is run again when it may.
var errBehind = errors.New("the cache is behind the API server")

const behindRetry = 200 * time.Millisecond

func (r *Reconciler) random() io.Reader {
	if r.Random != nil {
		return r.Random
	}
	return rand.Reader
}
