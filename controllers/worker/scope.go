package worker

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/account"
	"github.com/longshore-dev/longshore/controllers/index"
)

const kindWorker = "Worker"

// scope is everything that one pass knows. It is read once, before anything is decided, and never written to.
type scope struct {
	// Now in whole seconds, the precision of every time in the API.
	Now    time.Time
	Worker *v1alpha1.Worker
	// Pools are all pools of the namespace, by name in alphabetical order.
	Pools []v1alpha1.TalentPool
	// Checklists that the pools name, and Scorecards that their steps name, as far as they exist.
	Checklists map[string]*v1alpha1.Checklist
	Scorecards map[string]*v1alpha1.Scorecard
	// Attestations about the worker.
	Attestations []v1alpha1.Attestation
	// Evaluations of the worker's screening.
	Evaluations []v1alpha1.Evaluation
	// Engagements that concern the worker.
	Engagements []v1alpha1.Engagement
	// Person are all Worker objects of the same person, this one among them.
	Person []v1alpha1.Worker
	// Account are the workers of the namespace who have the worker's username and another personKey, by name in alphabetical order.
	Account []v1alpha1.Worker
}

// read collects everything that a pass needs from the cache.
func (r *Reconciler) read(ctx context.Context, w *v1alpha1.Worker) (*scope, error) {
	s := &scope{Now: r.Clock.Now().UTC().Truncate(time.Second), Worker: w}
	var attestations v1alpha1.AttestationList
	if err := r.Client.List(ctx, &attestations, client.InNamespace(w.Namespace), client.MatchingFields{index.AttestationBySubject: index.SubjectKey(kindWorker, w.Name)}); err != nil {
		return nil, fmt.Errorf("listing attestations: %w", err)
	}
	s.Attestations = attestations.Items
	var evaluations v1alpha1.EvaluationList
	if err := r.Client.List(ctx, &evaluations, client.InNamespace(w.Namespace), client.MatchingFields{index.EvaluationByWorker: w.Name}); err != nil {
		return nil, fmt.Errorf("listing evaluations: %w", err)
	}
	s.Evaluations = evaluations.Items
	var engagements v1alpha1.EngagementList
	if err := r.Client.List(ctx, &engagements, client.MatchingFields{index.EngagementByWorker: index.Key(w.Namespace, w.Name)}); err != nil {
		return nil, fmt.Errorf("listing engagements: %w", err)
	}
	s.Engagements = engagements.Items
	var person v1alpha1.WorkerList
	if err := r.Client.List(ctx, &person, client.MatchingFields{index.WorkerByPerson: w.Spec.PersonKey}); err != nil {
		return nil, fmt.Errorf("listing the person's workers: %w", err)
	}
	s.Person = person.Items
	var err error
	if s.Account, err = r.sameAccount(ctx, w); err != nil {
		return nil, fmt.Errorf("listing the workers with the same username: %w", err)
	}
	if err := s.readProcedures(ctx, r.Client); err != nil {
		return nil, err
	}
	return s, nil
}

// sameAccount are the workers of the same namespace who have a worker's username and are not the same person, by name in alphabetical order.
func (r *Reconciler) sameAccount(ctx context.Context, w *v1alpha1.Worker) ([]v1alpha1.Worker, error) {
	if w.Spec.Username == "" {
		return nil, nil
	}
	var account v1alpha1.WorkerList
	if err := r.Client.List(ctx, &account, client.InNamespace(w.Namespace), client.MatchingFields{index.WorkerByUsername: w.Spec.Username}); err != nil {
		return nil, err
	}
	others := slices.DeleteFunc(account.Items, func(other v1alpha1.Worker) bool { return other.Spec.PersonKey == w.Spec.PersonKey })
	slices.SortFunc(others, func(a, b v1alpha1.Worker) int { return strings.Compare(a.Name, b.Name) })
	return others, nil
}

// confirm reads anew, from the API server itself, all by which a statement is turned down.
func (r *Reconciler) confirm(ctx context.Context, s *scope) (*scope, error) {
	w := &v1alpha1.Worker{}
	if err := r.Reader.Get(ctx, client.ObjectKeyFromObject(s.Worker), w); err != nil {
		return nil, fmt.Errorf("reading the worker: %w", err)
	}
	confirmed := *s
	confirmed.Worker = w
	if err := confirmed.readProcedures(ctx, r.Reader); err != nil {
		return nil, err
	}
	return &confirmed, nil
}

// readProcedures reads the pools of the namespace, and the checklists and scorecards of those to which the worker belongs.
func (s *scope) readProcedures(ctx context.Context, from client.Reader) error {
	namespace := s.Worker.Namespace
	var pools v1alpha1.TalentPoolList
	if err := from.List(ctx, &pools, client.InNamespace(namespace)); err != nil {
		return fmt.Errorf("listing talent pools: %w", err)
	}
	s.Pools = pools.Items
	slices.SortFunc(s.Pools, func(a, b v1alpha1.TalentPool) int { return strings.Compare(a.Name, b.Name) })
	s.Checklists, s.Scorecards = map[string]*v1alpha1.Checklist{}, map[string]*v1alpha1.Scorecard{}
	for _, pool := range s.memberships() {
		var steps []v1alpha1.ChecklistStep
		if m := membership(s.Worker.Status.Pools, pool.Name); m != nil {
			steps = m.Definition
		}
		if pool.Spec.Screening != nil {
			cl, err := fetch(ctx, from, s.Checklists, namespace, pool.Spec.Screening.ChecklistRef.Name)
			if err != nil {
				return err
			}
			if cl != nil {
				steps = slices.Concat(steps, cl.Spec.Steps)
			}
		}
		for i := range steps {
			if steps[i].Scorecard == nil {
				continue
			}
			if _, err := fetch(ctx, from, s.Scorecards, namespace, steps[i].Scorecard.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

// fetch reads an object once and remembers it. One that does not exist, or is going, is nil.
func fetch[T any, P interface {
	*T
	client.Object
}](ctx context.Context, from client.Reader, known map[string]P, namespace, name string) (P, error) {
	if o, is := known[name]; is {
		return o, nil
	}
	o := P(new(T))
	err := from.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, o)
	switch {
	case apierrors.IsNotFound(err), err == nil && !o.GetDeletionTimestamp().IsZero():
		o = nil
	case err != nil:
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	known[name] = o
	return o, nil
}

// memberships are the pools to which the worker belongs. While a selector cannot be read, whoever belonged to the pool still does: a slip in an edit must not
// undo screenings, nor forget the evaluations of engagements that are gone.
func (s *scope) memberships() []*v1alpha1.TalentPool {
	var members []*v1alpha1.TalentPool
	for i := range s.Pools {
		selected, readable := selects(&s.Pools[i], s.Worker)
		if selected || !readable && membership(s.Worker.Status.Pools, s.Pools[i].Name) != nil {
			members = append(members, &s.Pools[i])
		}
	}
	return members
}

// selects says whether a pool of the same namespace selects a worker, and whether its selector can be read; if not, the pool says so.
func selects(pool *v1alpha1.TalentPool, w *v1alpha1.Worker) (selected, readable bool) {
	selector, err := metav1.LabelSelectorAsSelector(&pool.Spec.WorkerSelector)
	return err == nil && selector.Matches(labels.Set(w.Labels)), err == nil
}

func (s *scope) pool(name string) *v1alpha1.TalentPool {
	for i := range s.Pools {
		if s.Pools[i].Name == name {
			return &s.Pools[i]
		}
	}
	return nil
}

// isWorker says whether an account, or the person on whose behalf it speaks, is or may be the worker. Every account of the person is.
func (s *scope) isWorker(author, onBehalfOf string) bool {
	if onBehalfOf == s.Worker.Name {
		return true
	}
	for i := range s.Person {
		w := &s.Person[i]
		if account.Has(&w.Spec, author) {
			return true
		}
		if onBehalfOf == w.Name && w.Namespace == s.Worker.Namespace {
			return true
		}
	}
	return account.Has(&s.Worker.Spec, author)
}

// certificates of the person, whichever Worker object holds them.
func (s *scope) certificates() []v1alpha1.Certificate {
	certificates := slices.Clone(s.Worker.Status.Certificates)
	for i := range s.Person {
		if s.Person[i].UID != s.Worker.UID {
			certificates = append(certificates, s.Person[i].Status.Certificates...)
		}
	}
	return certificates
}

func membership(pools []v1alpha1.PoolMembership, name string) *v1alpha1.PoolMembership {
	for i := range pools {
		if pools[i].Name == name {
			return &pools[i]
		}
	}
	return nil
}
