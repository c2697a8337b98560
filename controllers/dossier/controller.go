// Package dossier erases what is personal in sealed files: when somebody asked for it, and when the time for which it had to be kept is over.
package dossier

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/dossier"
	"github.com/longshore-dev/longshore/controllers/metrics"
)

const (
	fieldOwner = client.FieldOwner("longshore-dossier")
	// passTimeout bounds one pass; it calls nothing but the API server.
	passTimeout = time.Minute
	// maxNote is the longest message that an event can carry, in bytes. The source of a policy alone may be as long.
	maxNote = 1024
)

// Reconciler erases, and says why it does not.
type Reconciler struct {
	// Client reads from the manager's cache and writes to the API server.
	Client client.Client
	// Clock is the only clock that is read.
	Clock clock.PassiveClock
	// Recorder tells people of what happened.
	Recorder events.EventRecorder
}

// +kubebuilder:rbac:groups=gig.longshore.dev,resources=dossiers,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=gig.longshore.dev,resources=dossiers/status,verbs=patch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// SetupWithManager registers the reconciler. Of the many sealed files that nobody asks to erase, and that no policy demands to keep, it hears nothing.
func (r *Reconciler) SetupWithManager(_ context.Context, mgr ctrl.Manager) error {
	return ctrl.NewControllerManagedBy(mgr).
		Named("dossier").
		For(&v1alpha1.Dossier{}, builder.WithPredicates(predicate.NewPredicateFuncs(mayBeErased))).
		WithOptions(controller.Options{ReconciliationTimeout: passTimeout}).
		Complete(r)
}

func mayBeErased(o client.Object) bool {
	d, is := o.(*v1alpha1.Dossier)
	return is && (d.Spec.Erasure != nil || d.Spec.Record.RetainUntil != nil)
}

// Reconcile erases, or says of one sealed file what became of it. It never does both: that what is personal is gone is said of the file as it was
// read back, by the pass that its disappearance brings. A file is looked at while it is being deleted too, since somebody's finalizer may hold it.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	d := &v1alpha1.Dossier{}
	if err := r.Client.Get(ctx, req.NamespacedName, d); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	now := r.Clock.Now()
	erasure := dossier.Erase(d, now)
	var result ctrl.Result
	if !erasure.LookAgain.IsZero() {
		result.RequeueAfter = erasure.LookAgain.Sub(now)
	}
	if erasure.Now {
		return result, r.erase(ctx, d)
	}
	if erasure.Say == nil {
		return result, nil
	}
	return result, r.say(ctx, d, *erasure.Say, metav1.NewTime(now))
}

// erase takes out all that is personal. Who decided otherwise in the meantime is heard: the file is changed only as it was read.
func (r *Reconciler) erase(ctx context.Context, d *v1alpha1.Dossier) error {
	erased := d.DeepCopy()
	erased.Spec.Personal = nil
	err := r.Client.Patch(ctx, erased, client.MergeFromWithOptions(d, client.MergeFromWithOptimisticLock{}), fieldOwner)
	if err := unlessBehind(err); err != nil {
		return fmt.Errorf("erasing what is personal in dossier %s: %w", d.Name, err)
	}
	return nil
}

// say writes the condition, if it differs from what was said, and announces it.
func (r *Reconciler) say(ctx context.Context, d *v1alpha1.Dossier, erased metav1.Condition, now metav1.Time) error {
	said := d.DeepCopy()
	if said.Status == nil {
		said.Status = &v1alpha1.DossierStatus{}
	}
	var before metav1.Condition
	if c := meta.FindStatusCondition(said.Status.Conditions, v1alpha1.ConditionErased); c != nil {
		before = *c
	}
	erased.ObservedGeneration, erased.LastTransitionTime = d.Generation, now
	meta.SetStatusCondition(&said.Status.Conditions, erased)
	if equality.Semantic.DeepEqual(d.Status, said.Status) {
		return nil
	}
	err := r.Client.Status().Patch(ctx, said, client.MergeFromWithOptions(d, client.MergeFromWithOptimisticLock{}), fieldOwner)
	if err != nil {
		if err := unlessBehind(err); err != nil {
			return fmt.Errorf("writing the status of dossier %s: %w", d.Name, err)
		}
		return nil
	}
	if before.Status != erased.Status || before.Reason != erased.Reason {
		r.announce(said, erased)
	}
	return nil
}

func (r *Reconciler) announce(d *v1alpha1.Dossier, erased metav1.Condition) {
	switch {
	case erased.Status == metav1.ConditionTrue:
		metrics.CountErased(erased.Reason)
		r.Recorder.Eventf(d, nil, corev1.EventTypeNormal, "Erased", "Erase", "%s", clip(erased.Message))
	case erased.Reason == v1alpha1.ReasonRetentionConflict:
		r.Recorder.Eventf(d, nil, corev1.EventTypeWarning, v1alpha1.ReasonRetentionConflict, "Erase", "%s", clip(erased.Message))
	}
}

// clip shortens a message to what an event can carry, between two characters.
func clip(message string) string {
	const more = "…"
	if len(message) <= maxNote {
		return message
	}
	return strings.ToValidUTF8(message[:maxNote-len(more)], "") + more
}

// unlessBehind is no error where the cache is behind: the event that brings it up to date brings the next pass.
func unlessBehind(err error) error {
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
