// Package index names the field indexes of the manager's cache and says what each of them holds.
package index

import (
	"context"
	"fmt"
	"slices"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/account"
)

// The indexes, for client.MatchingFields. Where the comment says no more, a value is the name of an object in the namespace of
// the one that is found: list with client.InNamespace. Values of the form namespace/name are made by Key.
const (
	// EngagementByPool holds the pool as namespace/name.
	EngagementByPool = "engagement-by-pool"
	// EngagementByWorker holds, as namespace/name, every worker whom the engagement concerns: the one who accepted, the one
	// who is pinned, and the one whose offer is open.
	EngagementByWorker = "engagement-by-worker"
	// EngagementByPerson holds the personKey of the worker who accepted.
	EngagementByPerson = "engagement-by-person"
	// EngagementByChecklist holds the checklists of onboarding and offboarding.
	EngagementByChecklist = "engagement-by-checklist"
	// EngagementByScorecard holds the rubric of the evaluations and those of the steps in force.
	EngagementByScorecard = "engagement-by-scorecard"
	// EngagementByProfile holds every AccessProfile that is asked for or accepted.
	EngagementByProfile = "engagement-by-profile"
	// EngagementByJurisdiction holds where the work is done, as proposed and as accepted, and where the engaged worker works: the country
	// and, if one is named, its subdivision. Closed engagements are left out.
	EngagementByJurisdiction = "engagement-by-jurisdiction"
	// EngagementByPoolName holds the pool's name alone. Closed engagements are left out.
	EngagementByPoolName = "engagement-by-pool-name"
	// EngagementByPredecessor holds the engagement that is replaced or continued.
	EngagementByPredecessor = "engagement-by-predecessor"

	// AttestationBySubject holds what the statement is about as kind/name.
	AttestationBySubject = "attestation-by-subject"
	// EvaluationByEngagement holds the engagement that is judged.
	EvaluationByEngagement = "evaluation-by-engagement"
	// EvaluationByWorker holds the worker who is screened.
	EvaluationByWorker = "evaluation-by-worker"
	// EvaluationByAssignment holds the assignment that is judged.
	EvaluationByAssignment = "evaluation-by-assignment"

	// AssignmentByPool holds the pool as namespace/name.
	AssignmentByPool = "assignment-by-pool"
	// AssignmentByEngagement holds the engagement that has the work, and the one to which it is pinned.
	AssignmentByEngagement = "assignment-by-engagement"

	// GrantByEngagement holds the engagement.
	GrantByEngagement = "grant-by-engagement"
	// GrantByEntitlement holds the key of every entitlement: a digest of provider, target and subject. It finds the other
	// holders of an access, in all namespaces.
	GrantByEntitlement = "grant-by-entitlement"
	// GrantByProvider holds the AccessProviders of the entitlements.
	GrantByProvider = "grant-by-provider"
	// GrantByProfile holds the AccessProfile.
	GrantByProfile = "grant-by-profile"
	// GrantByWorker holds the worker as namespace/name.
	GrantByWorker = "grant-by-worker"

	// WorkerByPerson holds the personKey.
	WorkerByPerson = "worker-by-person"
	// WorkerByUsername holds the cluster account.
	WorkerByUsername = "worker-by-username"
	// WorkerByAccount holds every account that a worker may act under: the username, and the subjects of the identities.
	WorkerByAccount = "worker-by-account"
	// WorkerByJurisdiction holds where they work: the country and, if one is named, its subdivision.
	WorkerByJurisdiction = "worker-by-jurisdiction"
	// PoolByChecklist holds the checklist of the screening.
	PoolByChecklist = "pool-by-checklist"

	// DossierByErasure holds the reason of the condition Erased, where there is one.
	DossierByErasure = "dossier-by-erasure"
)

// Key is how an index writes an object of another namespace.
func Key(namespace, name string) string { return namespace + "/" + name }

// SubjectKey is how AttestationBySubject writes what a statement is about.
func SubjectKey(kind, name string) string { return kind + "/" + name }

// PoolNamespace is where an engagement's pool and its workers live.
func PoolNamespace(e *v1alpha1.Engagement) string {
	if ns := e.Spec.PoolRef.Namespace; ns != "" {
		return ns
	}
	return e.Namespace
}

// Setup registers every index, once for each manager.
func Setup(ctx context.Context, indexer client.FieldIndexer) error {
	for _, i := range indexes {
		if err := indexer.IndexField(ctx, i.object, i.name, i.values); err != nil {
			return fmt.Errorf("indexing %s: %w", i.name, err)
		}
	}
	return nil
}

// definition is one index of one kind.
type definition struct {
	name   string
	object client.Object
	values client.IndexerFunc
}

var indexes = []definition{
	define(EngagementByPool, engagementPool),
	define(EngagementByWorker, engagementWorkers),
	define(EngagementByPerson, engagementPerson),
	define(EngagementByChecklist, engagementChecklists),
	define(EngagementByScorecard, engagementScorecards),
	define(EngagementByProfile, engagementProfiles),
	define(EngagementByJurisdiction, engagementJurisdictions),
	define(EngagementByPoolName, engagementPoolName),
	define(EngagementByPredecessor, engagementPredecessor),
	define(AttestationBySubject, attestationSubject),
	define(EvaluationByEngagement, evaluationEngagement),
	define(EvaluationByWorker, evaluationWorker),
	define(EvaluationByAssignment, evaluationAssignment),
	define(AssignmentByPool, assignmentPool),
	define(AssignmentByEngagement, assignmentEngagements),
	define(GrantByEngagement, func(g *v1alpha1.AccessGrant) []string { return []string{g.Spec.EngagementRef.Name} }),
	define(GrantByEntitlement, grantEntitlements),
	define(GrantByProvider, grantProviders),
	define(GrantByProfile, func(g *v1alpha1.AccessGrant) []string { return []string{g.Spec.Profile} }),
	define(GrantByWorker, func(g *v1alpha1.AccessGrant) []string {
		return []string{Key(g.Spec.WorkerRef.Namespace, g.Spec.WorkerRef.Name)}
	}),
	define(WorkerByPerson, func(w *v1alpha1.Worker) []string { return []string{w.Spec.PersonKey} }),
	define(WorkerByUsername, func(w *v1alpha1.Worker) []string { return []string{w.Spec.Username} }),
	define(WorkerByAccount, func(w *v1alpha1.Worker) []string { return account.Of(&w.Spec) }),
	define(WorkerByJurisdiction, func(w *v1alpha1.Worker) []string { return jurisdictions(w.Spec.Jurisdiction) }),
	define(PoolByChecklist, poolChecklist),
	define(DossierByErasure, dossierErasure),
}

// define makes an index of one kind. Each value is given once, none is empty.
func define[T any, P interface {
	*T
	client.Object
}](name string, values func(P) []string) definition {
	return definition{name: name, object: P(new(T)), values: func(o client.Object) []string {
		typed, is := o.(P)
		if !is {
			return nil
		}
		given := slices.DeleteFunc(values(typed), func(v string) bool { return v == "" })
		slices.Sort(given)
		return slices.Compact(given)
	}}
}
