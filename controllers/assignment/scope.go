package assignment

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/account"
	"github.com/longshore-dev/longshore/controllers/index"
)

// scope is everything that one pass knows. It is read once, before anything is decided, and never written to.
type scope struct {
	// Now in whole seconds, the precision of every time in the API.
	Now        time.Time
	Assignment *v1alpha1.Assignment
	// Engagement that has the work; nil if nobody has it or it is gone.
	Engagement *v1alpha1.Engagement
	// Worker who has the work; nil if nobody has it or the object is gone.
	Worker *v1alpha1.Worker
	// Person are all Worker objects of that human in the worker's namespace.
	Person []v1alpha1.Worker
	// Attestations and Evaluations of the Assignment.
	Attestations []v1alpha1.Attestation
	Evaluations  []v1alpha1.Evaluation
}

// read collects everything that a pass needs from the cache.
func (r *Reconciler) read(ctx context.Context, a *v1alpha1.Assignment) (*scope, error) {
	s := &scope{Now: now(r.Clock), Assignment: a}
	var err error
	if s.Attestations, s.Evaluations, err = r.statements(ctx, client.ObjectKeyFromObject(a)); err != nil {
		return nil, err
	}
	if err := s.readHolder(ctx, r.Client, r.Client); err != nil {
		return nil, err
	}
	return s, nil
}

// confirm reads anew, from the API server itself, all by which a statement is turned down and work taken from somebody.
func (r *Reconciler) confirm(ctx context.Context, s *scope) (*scope, error) {
	a := &v1alpha1.Assignment{}
	if err := r.Reader.Get(ctx, client.ObjectKeyFromObject(s.Assignment), a); err != nil {
		return nil, fmt.Errorf("reading the assignment: %w", err)
	}
	confirmed := &scope{Now: s.Now, Assignment: a, Attestations: s.Attestations, Evaluations: s.Evaluations}
	if err := confirmed.readHolder(ctx, r.Reader, r.Client); err != nil {
		return nil, err
	}
	return confirmed, nil
}

// readHolder reads who has the work. All Worker objects of the person are found by an index, which the cache alone has.
func (s *scope) readHolder(ctx context.Context, from client.Reader, cached client.Client) error {
	a := s.Assignment
	if a.Status.Engagement == "" {
		return nil
	}
	e := &v1alpha1.Engagement{}
	found, err := get(ctx, from, a.Namespace, a.Status.Engagement, e)
	if err != nil {
		return err
	}
	namespace, person := poolKey(a).Namespace, ""
	if found && e.UID == a.Status.EngagementUID {
		s.Engagement = e
		if e.Status.Worker != nil {
			namespace, person = cmp.Or(e.Status.Worker.Namespace, namespace), e.Status.Worker.PersonKey
		}
	}
	w := &v1alpha1.Worker{}
	if found, err = get(ctx, from, namespace, a.Status.Worker, w); err != nil {
		return err
	}
	// Another person's Worker may have been created under the name since.
	if found && (person == "" || person == w.Spec.PersonKey) {
		s.Worker, person = w, w.Spec.PersonKey
	}
	if person == "" {
		return nil
	}
	var workers v1alpha1.WorkerList
	if err := cached.List(ctx, &workers, client.InNamespace(namespace), client.MatchingFields{index.WorkerByPerson: person}); err != nil {
		return fmt.Errorf("listing the person's workers: %w", err)
	}
	s.Person = workers.Items
	return nil
}

// statements are those about an Assignment of this name.
func (r *Reconciler) statements(ctx context.Context, assignment types.NamespacedName) ([]v1alpha1.Attestation, []v1alpha1.Evaluation, error) {
	var attestations v1alpha1.AttestationList
	if err := r.Client.List(ctx, &attestations, client.InNamespace(assignment.Namespace), client.MatchingFields{index.AttestationBySubject: index.SubjectKey(kindAssignment, assignment.Name)}); err != nil {
		return nil, nil, fmt.Errorf("listing attestations: %w", err)
	}
	var evaluations v1alpha1.EvaluationList
	if err := r.Client.List(ctx, &evaluations, client.InNamespace(assignment.Namespace), client.MatchingFields{index.EvaluationByAssignment: assignment.Name}); err != nil {
		return nil, nil, fmt.Errorf("listing evaluations: %w", err)
	}
	return attestations.Items, evaluations.Items, nil
}

// get reads an object, and says whether there is one.
func get(ctx context.Context, from client.Reader, namespace, name string, o client.Object) (bool, error) {
	err := from.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, o)
	switch {
	case apierrors.IsNotFound(err):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("reading %s/%s: %w", namespace, name, err)
	}
	return true, nil
}

// mayBeWorker says whether an account, or the person on whose behalf it speaks, is or may be whoever has the work: what is their own, it does not decide.
func (s *scope) mayBeWorker(author, onBehalfOf string) bool {
	own := func(w v1alpha1.Worker) bool { return account.Has(&w.Spec, author) }
	return s.isWorker(author, onBehalfOf) || s.Assignment.Status.Worker != "" && (slices.ContainsFunc(s.Person, own) || s.Worker != nil && own(*s.Worker))
}

// isWorker says whether an account, or the person on whose behalf it speaks, is whoever has the work.
func (s *scope) isWorker(author, onBehalfOf string) bool {
	name := s.Assignment.Status.Worker
	if name == "" {
		return false
	}
	if onBehalfOf == name {
		return true
	}
	if s.Engagement != nil && s.Engagement.Status.Worker != nil && author != "" && author == s.Engagement.Status.Worker.Username {
		return true
	}
	for i := range s.Person {
		// Only where the pool's own people say who is who: elsewhere anybody could claim to be this person.
		if w := &s.Person[i]; author != "" && author == w.Spec.Username || onBehalfOf != "" && onBehalfOf == w.Name {
			return true
		}
	}
	return author != "" && s.Worker != nil && author == s.Worker.Spec.Username
}

// poolKey is the pool that an Assignment draws on.
func poolKey(a *v1alpha1.Assignment) types.NamespacedName {
	return types.NamespacedName{Namespace: cmp.Or(a.Spec.PoolRef.Namespace, a.Namespace), Name: a.Spec.PoolRef.Name}
}
