// Package access reconciles AccessGrants and AccessProviders: it gives what is wanted, reads it back, and proves it gone when it ends.
package access

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/handler"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// +kubebuilder:rbac:groups=gig.longshore.dev,resources=accessgrants,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=gig.longshore.dev,resources=accessgrants/status,verbs=update
// +kubebuilder:rbac:groups=gig.longshore.dev,resources=accessprofiles;accessproviders;engagements;workers,verbs=get;list;watch
// +kubebuilder:rbac:groups="",resources=namespaces,verbs=get;list;watch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// fieldOwner owns what the reconcilers of this package write.
const fieldOwner = "longshore-access"

// revokePriority puts what is to be revoked ahead of everything else in the queue.
const revokePriority = 100

// GrantReconciler gives an AccessGrant's accesses, keeps them as they were given, and revokes them when they end. Its creator, the
// engagement's reconciler, sets the finalizer and takes it off once what became of the accesses is sealed.
type GrantReconciler struct {
	Client client.Client
	// Reader reads the API server, never a cache.
	Reader client.Reader
	Clock  clock.PassiveClock
	// Recorder tells people, without naming any.
	Recorder events.EventRecorder
	Targets  *Targets

	// wake starts a pass over another grant; nil without a manager.
	wake func(types.NamespacedName)
}

// Reconcile does one pass over one grant. Every call to a target system comes after the status that records it and before the status
// that proves it, so a pass can be cut off anywhere and be run again.
func (r *GrantReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	grant := &v1alpha1.AccessGrant{}
	if err := r.Client.Get(ctx, req.NamespacedName, grant); err != nil {
		if apierrors.IsNotFound(err) {
			r.Targets.ledger.settle(req.NamespacedName, nil)
			r.Targets.ledger.outdated(req.NamespacedName, "")
			r.Targets.ledger.hurries(req.NamespacedName)
			return ctrl.Result{}, nil
		}
		return ctrl.Result{}, fmt.Errorf("reading the grant: %w", err)
	}
	if r.Targets.ledger.outdated(req.NamespacedName, grant.ResourceVersion) {
		return staleResult(), nil
	}
	f, err := r.gather(ctx, grant)
	if err != nil {
		return ctrl.Result{}, err
	}
	p := r.newPass(f)
	p.hurried = r.Targets.ledger.hurries(req.NamespacedName)
	err = p.runLocked(ctx)
	if err != nil && p.hurried {
		r.Targets.ledger.hurry(req.NamespacedName)
	}
	if errors.Is(err, errStale) || apierrors.IsConflict(err) {
		return staleResult(), nil
	}
	if err != nil {
		return ctrl.Result{}, err
	}
	p.wakeHolders()
	if err := p.release(ctx); err != nil {
		return ctrl.Result{}, err
	}
	return p.result(), nil
}

func (p *pass) runLocked(ctx context.Context) error {
	p.locks = p.Targets.ledger.lock(p.keys())
	defer p.locks.unlockAll()
	return p.run(ctx)
}

// staleResult is what a pass ends with for which the cache is behind: what it brings starts a pass, and this one makes sure.
func staleResult() ctrl.Result { return ctrl.Result{RequeueAfter: staleWait} }

// staleWait is a moment for the cache to catch up.
const staleWait = 50 * time.Millisecond

// gather reads what a pass has to know.
func (r *GrantReconciler) gather(ctx context.Context, grant *v1alpha1.AccessGrant) (*facts, error) {
	f := &facts{grant: grant, began: r.Clock.Now(), systems: map[string]*system{}}
	f.now = f.began.Truncate(time.Second)
	if err := r.gatherEngagement(ctx, f); err != nil {
		return nil, err
	}
	var err error
	if f.profile, err = get[v1alpha1.AccessProfile](ctx, r.Client, client.ObjectKey{Name: grant.Spec.Profile}); err != nil {
		return nil, err
	}
	ref := grant.Spec.WorkerRef
	if f.worker, err = get[v1alpha1.Worker](ctx, r.Client, client.ObjectKey{Namespace: ref.Namespace, Name: ref.Name}); err != nil {
		return nil, err
	}
	if f.worker != nil && f.worker.Spec.PersonKey != ref.PersonKey {
		f.worker = nil
	}
	for i := range grant.Status.Entitlements {
		row := &grant.Status.Entitlements[i]
		if err := r.gatherSystem(ctx, f, row.Provider, row.Target); err != nil {
			return nil, err
		}
	}
	if f.profile != nil {
		for i := range f.profile.Spec.Entitlements {
			if err := r.gatherSystem(ctx, f, f.profile.Spec.Entitlements[i].ProviderRef.Name, ""); err != nil {
				return nil, err
			}
		}
	}
	return f, nil
}

// gatherEngagement reads the engagement and its namespace. That it is gone for good is asked of the API server itself.
func (r *GrantReconciler) gatherEngagement(ctx context.Context, f *facts) error {
	ref := f.grant.Spec.EngagementRef
	key := client.ObjectKey{Namespace: f.grant.Namespace, Name: ref.Name}
	for _, reader := range []client.Reader{r.Client, r.Reader} {
		engagement, err := get[v1alpha1.Engagement](ctx, reader, key)
		if err != nil {
			return err
		}
		if engagement == nil || engagement.UID != ref.UID {
			continue
		}
		f.engagement = engagement
		break
	}
	f.orphaned = f.engagement == nil
	f.workerType = workerType(f.engagement)
	namespace, err := get[corev1.Namespace](ctx, r.Client, client.ObjectKey{Name: f.grant.Namespace})
	if namespace != nil {
		f.namespace = namespace.Labels
	}
	return err
}

// workerType is the one in force: the accepted one, else the one that is asked for.
func workerType(e *v1alpha1.Engagement) v1alpha1.WorkerType {
	switch {
	case e == nil:
		return ""
	case e.Status.Terms != nil:
		return e.Status.Terms.Classification.WorkerType
	}
	return e.Spec.Classification.WorkerType
}

// gatherSystem opens a target system, once for each pass. One whose AccessProvider is gone is opened by what a Target's name says.
func (r *GrantReconciler) gatherSystem(ctx context.Context, f *facts, name, targetName string) error {
	if f.systems[name] != nil {
		return nil
	}
	s := &system{name: name}
	var err error
	if s.object, err = get[v1alpha1.AccessProvider](ctx, r.Client, client.ObjectKey{Name: name}); err != nil {
		return err
	}
	behind := s.object
	if behind == nil {
		behind = &v1alpha1.AccessProvider{}
		behind.Name = name
		behind.Spec.Type, _ = provider.TypeOf(targetName)
	}
	s.provider, s.err = r.Targets.connect(ctx, behind)
	f.systems[name] = s
	return nil
}

// get reads an object, or nil if there is none.
func get[T any, P interface {
	*T
	client.Object
}](ctx context.Context, reader client.Reader, key client.ObjectKey) (P, error) {
	o := P(new(T))
	err := reader.Get(ctx, key, o)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading %T %s: %w", o, key, err)
	}
	return o, nil
}

// release takes the finalizer off a grant whose engagement is gone, once nothing is owed. As long as there is an engagement, that is
// for its reconciler to do, after sealing.
func (p *pass) release(ctx context.Context) error {
	if !p.orphaned || !controllerutil.ContainsFinalizer(p.stored, v1alpha1.GrantFinalizer) {
		return nil
	}
	for i := range p.stored.Status.Entitlements {
		// Nobody is left to decide on access from before, which was never Longshore's.
		if row := &p.stored.Status.Entitlements[i]; !concluded(row) && row.State != v1alpha1.GrantPreexisting {
			return nil
		}
	}
	before := p.stored.DeepCopy()
	controllerutil.RemoveFinalizer(p.stored, v1alpha1.GrantFinalizer)
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	if err := p.Client.Patch(ctx, p.stored, patch, client.FieldOwner(fieldOwner)); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("taking the finalizer off a grant whose engagement is gone: %w", err)
	}
	ctrl.LoggerFrom(ctx).Info("released a grant whose engagement is gone; nothing is owed")
	return nil
}

// result says when to look again: at the next moment at which time alone changes something, and at every resync while anything is held.
func (p *pass) result() ctrl.Result {
	status := &p.stored.Status
	priority := 0
	if status.Owed > 0 {
		priority = revokePriority
	}
	if p.ending == nil {
		if p.now.Before(p.grant.Spec.NotBefore.Time) {
			p.found.wake(p.grant.Spec.NotBefore.Time)
		}
		p.found.wake(status.ExpiresAt.Time)
		if p.found.wakeAt.Equal(status.ExpiresAt.Time) {
			priority = revokePriority
		}
	}
	if again := p.began.Add(resync - spread(resync/5, string(p.grant.UID))); p.resyncs() && (p.found.wakeAt.IsZero() || again.Before(p.found.wakeAt)) {
		p.found.wakeAt, priority = again, handler.LowPriority
	}
	if p.found.wakeAt.IsZero() {
		return ctrl.Result{Priority: ptr.To(0)}
	}
	return ctrl.Result{RequeueAfter: max(p.found.wakeAt.Sub(p.Clock.Now()), time.Millisecond), Priority: &priority}
}

// resyncs says whether there is anything to be read back: what is wanted, and what waits for people.
func (p *pass) resyncs() bool {
	if p.ending == nil || len(p.found.waits) > 0 {
		return true
	}
	for i := range p.rows {
		if p.action(&p.rows[i]) == settle && decisionOn(&p.rows[i], p.grant.Spec.Preexisting) == nil {
			return true
		}
	}
	return false
}
