package access

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/controllers/domain/health"
	"github.com/longshore-dev/longshore/controllers/index"
)

// +kubebuilder:rbac:groups=gig.longshore.dev,resources=accessproviders,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=gig.longshore.dev,resources=accessproviders/status,verbs=update

const (
	// reprobe is how often a target system that answered is asked again; what fails in between is seen by the grants.
	reprobe = 10 * time.Minute
	// reprobeFailed is how often one that did not is asked: what waits for it should not wait much longer than the outage.
	reprobeFailed = 30 * time.Second
	// providerWorkers is how many AccessProviders are reconciled at once: one that hangs must not keep the others from being asked.
	providerWorkers = 4
	// countDelay gathers the changes of many grants into one write of the counts.
	countDelay = 5 * time.Second
)

// ProviderReconciler keeps an AccessProvider while anything is held or owed in its target system, and says whether it answers.
type ProviderReconciler struct {
	Client client.Client
	Clock  clock.PassiveClock
	// Recorder tells people of what nobody claims.
	Recorder events.EventRecorder
	// Targets are the GrantReconciler's.
	Targets *Targets

	mu     sync.Mutex
	probes map[string]probe
}

// probe is the last one of an AccessProvider.
type probe struct {
	uid        types.UID
	generation int64
	requested  string
	next       time.Time
}

// Reconcile does one pass over one AccessProvider.
func (r *ProviderReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	object := &v1alpha1.AccessProvider{}
	if err := r.Client.Get(ctx, req.NamespacedName, object); err != nil {
		if apierrors.IsNotFound(err) {
			r.forget(req.Name)
			return ctrl.Result{}, nil
		}
		return ctrl.Result{}, fmt.Errorf("reading the AccessProvider: %w", err)
	}
	counted, err := r.count(ctx, object.Name)
	if err != nil {
		return ctrl.Result{}, err
	}
	if !object.DeletionTimestamp.IsZero() && counted.open == 0 && !r.Targets.ledger.uses(object.Name) {
		return ctrl.Result{}, r.setFinalizer(ctx, object, controllerutil.RemoveFinalizer)
	}
	// The finalizer comes before anything can be given: a grant gives nothing in a target system without.
	if object.DeletionTimestamp.IsZero() {
		if err := r.setFinalizer(ctx, object, controllerutil.AddFinalizer); err != nil {
			return ctrl.Result{}, err
		}
	}

	status := object.Status.DeepCopy()
	status.ObservedGeneration = object.Generation
	status.Granted, status.Owed = counted.granted, counted.owed
	if object.Spec.Decommissioned != nil {
		status.Unclaimed = 0
	}
	ready, wait := r.readiness(ctx, object, counted)
	if ready != nil && ready.Status == metav1.ConditionTrue {
		if err := r.claim(ctx, object, status, ready); err != nil {
			r.probeAgain(object.Name)
			return ctrl.Result{}, err
		}
	}
	if ready != nil {
		ready.ObservedGeneration, ready.LastTransitionTime = object.Generation, metav1.NewTime(r.Clock.Now().Truncate(time.Second))
		health.Set(&status.Conditions, *ready)
	}
	if !equality.Semantic.DeepEqual(&object.Status, status) {
		appeared := object.Status.Unclaimed == 0 && status.Unclaimed > 0
		object.Status = *status
		if err := r.Client.Status().Update(ctx, object, client.FieldOwner(fieldOwner)); err != nil {
			r.probeAgain(object.Name)
			return ctrl.Result{}, fmt.Errorf("writing the status of the AccessProvider: %w", err)
		}
		if appeared {
			r.tellUnclaimed(object)
		}
	}
	return ctrl.Result{RequeueAfter: wait}, nil
}

// counts are what grants have in one target system.
type counts struct {
	granted, owed int32
	// open are the entitlements that may need the target system again.
	open int
}

func (r *ProviderReconciler) count(ctx context.Context, name string) (counts, error) {
	list := &v1alpha1.AccessGrantList{}
	if err := r.Client.List(ctx, list, client.MatchingFields{index.GrantByProvider: name}, client.UnsafeDisableDeepCopy); err != nil {
		return counts{}, fmt.Errorf("listing what is granted: %w", err)
	}
	var c counts
	for i := range list.Items {
		grant := &list.Items[i]
		for j := range grant.Status.Entitlements {
			r := &grant.Status.Entitlements[j]
			if r.Provider != name || concluded(r) {
				continue
			}
			switch r.State {
			case v1alpha1.GrantGranted, v1alpha1.GrantVerified:
				c.granted++
			case v1alpha1.GrantRevoking:
				c.owed++
			case v1alpha1.GrantPreexisting:
				if d := decisionOn(r, grant.Spec.Preexisting); d != nil && d.Decision == v1alpha1.VerdictKeep {
					continue
				}
			default:
			}
			c.open++
		}
	}
	return c, nil
}

// tally counts the rows of a grant by provider and state.
func tally(grant *v1alpha1.AccessGrant) map[string]map[v1alpha1.GrantState]int32 {
	tallied := map[string]map[v1alpha1.GrantState]int32{}
	for i := range grant.Status.Entitlements {
		r := &grant.Status.Entitlements[i]
		if tallied[r.Provider] == nil {
			tallied[r.Provider] = map[v1alpha1.GrantState]int32{}
		}
		tallied[r.Provider][r.State]++
	}
	return tallied
}

func (r *ProviderReconciler) setFinalizer(ctx context.Context, object *v1alpha1.AccessProvider, set func(client.Object, string) bool) error {
	before := object.DeepCopy()
	if !set(object, v1alpha1.ProviderFinalizer) {
		return nil
	}
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	if err := r.Client.Patch(ctx, object, patch, client.FieldOwner(fieldOwner)); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("setting or removing the finalizer of the AccessProvider: %w", err)
	}
	return nil
}

// readiness says whether the target system can be used, and when to look again. It is nil while the last answer still stands.
func (r *ProviderReconciler) readiness(ctx context.Context, object *v1alpha1.AccessProvider, c counts) (*metav1.Condition, time.Duration) {
	if object.Spec.Decommissioned != nil {
		// That it does not answer is nobody's concern any more.
		r.Targets.disconnect(object.Name)
		return &metav1.Condition{Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonDecommissioned, Message: "the target system was declared gone for good: what it held is abandoned, not proven revoked, and nothing is granted in it"}, 0
	}
	answers, wait := r.answers(ctx, object)
	if !object.DeletionTimestamp.IsZero() {
		return &metav1.Condition{Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonDeleted, Message: fmt.Sprintf("being deleted; it stays until nothing is held in the target system: %d accesses are granted, %d revocations are owed: end the engagements, or, if the target system is gone for good, declare it in spec.decommissioned", c.granted, c.owed)}, min(wait, reprobeFailed)
	}
	return answers, wait
}

// answers says whether the target system answers, and when to ask again. It is nil while the last answer still stands. One that is silent is asked
// for all who wait for it, also while its AccessProvider is being deleted: what it owes must not wait longer than it is silent.
func (r *ProviderReconciler) answers(ctx context.Context, object *v1alpha1.AccessProvider) (*metav1.Condition, time.Duration) {
	if wait, stands := r.stands(object); stands {
		return nil, wait
	}
	err := r.probe(ctx, object)
	if provider.IsBusy(err) || ctx.Err() != nil {
		// It was not asked: what it answered before stands.
		return nil, min(max(provider.RetryAfter(err), firstRetry), reprobeFailed)
	}
	wait := reprobe - spread(reprobe/5, object.Name)
	since, trial, silent := r.Targets.silence(object.Name)
	switch {
	case silent:
		wait = max(trial, firstRetry)
	case err != nil:
		wait = reprobeFailed
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.probes == nil {
		r.probes = map[string]probe{}
	}
	r.probes[object.Name] = probe{object.UID, object.Generation, requestedAt(object), r.Clock.Now().Add(wait)}
	switch {
	case err != nil && silent:
		return silentCondition(object, since, err), wait
	case err != nil:
		return &metav1.Condition{Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonProviderFailed, Message: cut(fmt.Sprintf("the target system does not answer as it should: %v", err))}, wait
	}
	message := "the target system answers"
	if object.Spec.Type == v1alpha1.ProviderManual {
		message = "there is nothing to ask: custodians attest what they hand out and take back"
	}
	return &metav1.Condition{Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonHolds, Message: message}, wait
}

// silentCondition says of a target system that does not answer since when. By what exactly it does not may change with each probe, and is told once.
func silentCondition(object *v1alpha1.AccessProvider, since time.Time, err error) *metav1.Condition {
	words := fmt.Sprintf("the target system has not answered since %s, and calls are held back until it does: bring it back, or, if it is gone for good, declare it in spec.decommissioned", since.UTC().Format(time.RFC3339))
	condition := metav1.Condition{Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonProviderFailed, Message: words}
	if !provider.IsOpen(err) {
		condition.Message = cut(words + "; the last call ended with: " + err.Error())
	}
	if told := meta.FindStatusCondition(object.Status.Conditions, v1alpha1.ConditionReady); told != nil && strings.HasPrefix(told.Message, words) {
		condition.Message = told.Message
	}
	return &condition
}

// stands says whether the last probe is of this spec and recent enough, and how long it still is.
func (r *ProviderReconciler) stands(object *v1alpha1.AccessProvider) (time.Duration, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := r.probes[object.Name]
	wait := last.next.Sub(r.Clock.Now())
	return wait, last.uid == object.UID && last.generation == object.Generation && last.requested == requestedAt(object) && wait > 0
}

func (r *ProviderReconciler) probeAgain(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.probes, name)
}

func (r *ProviderReconciler) forget(name string) {
	r.probeAgain(name)
	r.Targets.disconnect(name)
}

func (r *ProviderReconciler) probe(ctx context.Context, object *v1alpha1.AccessProvider) error {
	opened, err := r.Targets.connect(ctx, object)
	if err != nil {
		return err
	}
	return opened.Probe(ctx)
}

// SetupWithManager follows AccessProviders and what grants have in them. The indexes of package index must be registered.
func (r *ProviderReconciler) SetupWithManager(_ context.Context, mgr ctrl.Manager) error {
	err := ctrl.NewControllerManagedBy(mgr).
		For(&v1alpha1.AccessProvider{}, builder.WithPredicates(predicate.Or[client.Object](predicate.GenerationChangedPredicate{}, requested))).
		Watches(&v1alpha1.AccessGrant{}, countLater).
		WatchesRawSource(source.Func(r.followAnswers)).
		WithOptions(controller.Options{MaxConcurrentReconciles: providerWorkers, ReconciliationTimeout: passTimeout}).
		Complete(r)
	if err != nil {
		return fmt.Errorf("setting up the reconciler of access providers: %w", err)
	}
	return nil
}

// followAnswers asks a target system that stopped answering, or answers again, whether that is so.
func (r *ProviderReconciler) followAnswers(_ context.Context, q queue) error {
	r.Targets.tell(func(providerName string) {
		r.probeAgain(providerName)
		q.Add(reconcile.Request{NamespacedName: types.NamespacedName{Name: providerName}})
	})
	return nil
}

// countLater enqueues the AccessProviders whose counts a grant changes, after a while.
var countLater = handler.Funcs{
	CreateFunc: func(_ context.Context, e event.CreateEvent, q queue) {
		enqueueChanged(q, nil, e.Object)
	},
	UpdateFunc: func(_ context.Context, e event.UpdateEvent, q queue) {
		enqueueChanged(q, e.ObjectOld, e.ObjectNew)
	},
	DeleteFunc: func(_ context.Context, e event.DeleteEvent, q queue) {
		enqueueChanged(q, e.Object, nil)
	},
}

func enqueueChanged(q queue, before, after client.Object) {
	was, is := tallyOf(before), tallyOf(after)
	for name := range was {
		if !maps.Equal(was[name], is[name]) {
			q.AddAfter(reconcile.Request{NamespacedName: types.NamespacedName{Name: name}}, countDelay)
		}
	}
	for name := range is {
		if was[name] == nil {
			q.AddAfter(reconcile.Request{NamespacedName: types.NamespacedName{Name: name}}, countDelay)
		}
	}
}

func tallyOf(o client.Object) map[string]map[v1alpha1.GrantState]int32 {
	if grant, is := o.(*v1alpha1.AccessGrant); is {
		return tally(grant)
	}
	return nil
}
