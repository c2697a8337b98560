package worker

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/index"
	"github.com/longshore-dev/longshore/controllers/metrics"
)

// statement is an Attestation or an Evaluation.
type statement[T any] interface {
	client.Object
	DeepCopy() T
}

// act does what was decided: statements are bound before the status that records them.
func (r *Reconciler) act(ctx context.Context, s *scope, d *decision) error {
	for i := range s.Attestations {
		if err := actOn(ctx, r, s.Worker, &s.Attestations[i], "attestations", setAttestation, d); err != nil {
			return err
		}
	}
	for i := range s.Evaluations {
		if err := actOn(ctx, r, s.Worker, &s.Evaluations[i], "evaluations", setEvaluation, d); err != nil {
			return err
		}
	}
	return r.writeStatus(ctx, s.Worker, d)
}

func setAttestation(a *v1alpha1.Attestation, standing *v1alpha1.Standing) { a.Status = standing }

func setEvaluation(e *v1alpha1.Evaluation, standing *v1alpha1.Standing) { e.Status = standing }

func actOn[T statement[T]](ctx context.Context, r *Reconciler, w *v1alpha1.Worker, said T, plural string, set func(T, *v1alpha1.Standing), d *decision) error {
	if standing, is := d.Ignore[said.GetUID()]; is {
		if err := mark(ctx, r, said, set, standing); err != nil {
			return err
		}
		metrics.CountIgnored(standing.Reason)
		// Its name, its claim and the message may name people, so they stay on the statement itself.
		r.Recorder.Eventf(w, nil, corev1.EventTypeWarning, standing.Reason, "Refuse", "one of the %s does not count: kubectl get %s -o wide says which, and why", plural, plural)
	}
	if d.Bind[said.GetUID()] {
		return bind(ctx, r, said, w)
	}
	return nil
}

// bind ties a statement to the worker's UID, so that the garbage collector removes it with the worker.
func bind[T statement[T]](ctx context.Context, r *Reconciler, said T, w *v1alpha1.Worker) error {
	bound := said.DeepCopy()
	bound.SetOwnerReferences(append(bound.GetOwnerReferences(), metav1.OwnerReference{
		APIVersion: v1alpha1.GroupVersion.String(), Kind: kindWorker, Name: w.Name, UID: w.UID,
	}))
	if err := r.Client.Patch(ctx, bound, client.MergeFrom(said), fieldOwner); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("binding statement %s: %w", said.GetName(), err)
	}
	return nil
}

// mark says of a statement why it does not count.
func mark[T statement[T]](ctx context.Context, r *Reconciler, said T, set func(T, *v1alpha1.Standing), standing v1alpha1.Standing) error {
	marked := said.DeepCopy()
	set(marked, &standing)
	if err := r.Client.Status().Patch(ctx, marked, client.MergeFrom(said), fieldOwner); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("marking statement %s: %w", said.GetName(), err)
	}
	return nil
}

// writeStatus writes the status once, if it differs. The optimistic lock turns a decision on a stale cache into a repetition.
func (r *Reconciler) writeStatus(ctx context.Context, w *v1alpha1.Worker, d *decision) error {
	status := d.Status
	if equality.Semantic.DeepEqual(&w.Status, status) {
		return nil
	}
	patched := w.DeepCopy()
	patched.Status = *status
	if err := r.Client.Status().Patch(ctx, patched, client.MergeFromWithOptions(w, client.MergeFromWithOptimisticLock{}), fieldOwner); err != nil {
		return fmt.Errorf("writing the status of worker %s: %w", w.Name, err)
	}
	r.announce(w, d)
	return nil
}

// announce tells people how screenings go on, and of tiers.
func (r *Reconciler) announce(w *v1alpha1.Worker, d *decision) {
	for i := range d.Status.Pools {
		m := &d.Status.Pools[i]
		if was := membership(w.Status.Pools, m.Name); was != nil && was.Screening == m.Screening {
			continue
		}
		r.Recorder.Eventf(w, nil, corev1.EventTypeNormal, "Screening"+string(m.Screening), "Screen", "screening for pool %s: %s", m.Name, m.Screening)
	}
	for _, n := range d.News {
		r.Recorder.Eventf(w, nil, n.kind, n.reason, "Rate", "%s", n.message)
	}
}

// refuseOrphans says of statements about a worker who does not exist that they do not count: they are older than any worker
// of that name will be.
func (r *Reconciler) refuseOrphans(ctx context.Context, worker types.NamespacedName) error {
	var attestations v1alpha1.AttestationList
	if err := r.Client.List(ctx, &attestations, client.InNamespace(worker.Namespace), client.MatchingFields{index.AttestationBySubject: index.SubjectKey(kindWorker, worker.Name)}); err != nil {
		return fmt.Errorf("listing attestations about worker %s: %w", worker, err)
	}
	var evaluations v1alpha1.EvaluationList
	if err := r.Client.List(ctx, &evaluations, client.InNamespace(worker.Namespace), client.MatchingFields{index.EvaluationByWorker: worker.Name}); err != nil {
		return fmt.Errorf("listing evaluations of worker %s: %w", worker, err)
	}
	said := slices.DeleteFunc(attestations.Items, func(a v1alpha1.Attestation) bool { return judged(a.Status, a.OwnerReferences) })
	given := slices.DeleteFunc(evaluations.Items, func(e v1alpha1.Evaluation) bool { return judged(e.Status, e.OwnerReferences) })
	if len(said)+len(given) == 0 {
		return nil
	}
	// The cache may not have seen the worker yet.
	if err := r.Reader.Get(ctx, worker, &v1alpha1.Worker{}); !apierrors.IsNotFound(err) {
		return client.IgnoreNotFound(err)
	}
	standing := ignored(reasonUnknownWorker, "the namespace has no Worker %q; state it again once there is one", worker.Name)
	for i := range said {
		if err := mark(ctx, r, &said[i], setAttestation, *standing); err != nil {
			return err
		}
	}
	for i := range given {
		if err := mark(ctx, r, &given[i], setEvaluation, *standing); err != nil {
			return err
		}
	}
	return nil
}

// judged says whether a statement was looked at before, or was made of a worker who is gone.
func judged(standing *v1alpha1.Standing, owners []metav1.OwnerReference) bool {
	return standing != nil && standing.State != "" || boundElsewhere(owners, "")
}
