package engagement

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/admission"
	"github.com/longshore-dev/longshore/controllers/index"
)

// read collects everything that a pass needs from the cache, by index; the pool's roster unless it is known.
func (r *Reconciler) read(ctx context.Context, eng *v1alpha1.Engagement, known *roster) (*scope, error) {
	s := &scope{Now: r.Clock.Now().Truncate(time.Second), Engagement: eng, Workers: map[string]*v1alpha1.Worker{}, Head: r.chain.Head()}
	steps := []func(context.Context, *scope) error{r.readStatements, r.readGrants}
	if eng.Status.Phase != v1alpha1.PhaseClosed {
		steps = append(steps, r.readPool, r.readReferences, r.readRelatives, r.readWorkers, r.readPolicies, r.readHistory, r.readAssignments, func(ctx context.Context, s *scope) error {
			return r.readMembers(ctx, s, known)
		})
	}
	for _, step := range steps {
		if err := step(ctx, s); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (r *Reconciler) readStatements(ctx context.Context, s *scope) error {
	atts := &v1alpha1.AttestationList{}
	if err := r.Client.List(ctx, atts, client.InNamespace(s.Engagement.Namespace), client.MatchingFields{index.AttestationBySubject: index.SubjectKey("Engagement", s.Engagement.Name)}); err != nil {
		return fmt.Errorf("listing attestations: %w", err)
	}
	s.Attestations = atts.Items
	evals := &v1alpha1.EvaluationList{}
	if err := r.Client.List(ctx, evals, client.InNamespace(s.Engagement.Namespace), client.MatchingFields{index.EvaluationByEngagement: s.Engagement.Name}); err != nil {
		return fmt.Errorf("listing evaluations: %w", err)
	}
	s.Evaluations = evals.Items
	return nil
}

// readGrants reads the grants of this very engagement, not of one that had its name before.
func (r *Reconciler) readGrants(ctx context.Context, s *scope) error {
	grants := &v1alpha1.AccessGrantList{}
	if err := r.Client.List(ctx, grants, client.InNamespace(s.Engagement.Namespace), client.MatchingFields{index.GrantByEngagement: s.Engagement.Name}); err != nil {
		return fmt.Errorf("listing grants: %w", err)
	}
	s.Grants = slices.DeleteFunc(grants.Items, func(g v1alpha1.AccessGrant) bool { return g.Spec.EngagementRef.UID != s.Engagement.UID })
	return nil
}

// readAssignments reads the work that this very engagement has.
func (r *Reconciler) readAssignments(ctx context.Context, s *scope) error {
	assignments := &v1alpha1.AssignmentList{}
	if err := r.Client.List(ctx, assignments, client.InNamespace(s.Engagement.Namespace), client.MatchingFields{index.AssignmentByEngagement: s.Engagement.Name}); err != nil {
		return fmt.Errorf("listing assignments: %w", err)
	}
	s.Assignments = slices.DeleteFunc(assignments.Items, func(a v1alpha1.Assignment) bool { return a.Status.EngagementUID != s.Engagement.UID })
	return nil
}

func (r *Reconciler) readPool(ctx context.Context, s *scope) error {
	var err error
	if s.Pool, err = get[v1alpha1.TalentPool](ctx, r.Client, index.PoolNamespace(s.Engagement), s.Engagement.Spec.PoolRef.Name); err != nil {
		return err
	}
	s.Namespace, err = get[corev1.Namespace](ctx, r.Client, "", s.Engagement.Namespace)
	return err
}

func (r *Reconciler) readReferences(ctx context.Context, s *scope) (err error) {
	spec := &s.Engagement.Spec
	if o := spec.Onboarding; o != nil && o.ChecklistRef != nil {
		if s.OnboardingChecklist, err = get[v1alpha1.Checklist](ctx, r.Client, s.Engagement.Namespace, o.ChecklistRef.Name); err != nil {
			return err
		}
	}
	if o := spec.Offboarding; o != nil && o.ChecklistRef != nil {
		if s.OffboardingChecklist, err = get[v1alpha1.Checklist](ctx, r.Client, s.Engagement.Namespace, o.ChecklistRef.Name); err != nil {
			return err
		}
	}
	s.Scorecards = map[string]*v1alpha1.Scorecard{}
	for _, name := range scorecardNames(s.Engagement, s.OnboardingChecklist, s.OffboardingChecklist) {
		sc, err := get[v1alpha1.Scorecard](ctx, r.Client, s.Engagement.Namespace, name)
		if err != nil {
			return err
		}
		if sc != nil {
			s.Scorecards[name] = sc
		}
	}
	s.Profiles = map[string]*v1alpha1.AccessProfile{}
	for _, name := range profileNames(s) {
		ap, err := get[v1alpha1.AccessProfile](ctx, r.Client, "", name)
		if err != nil {
			return err
		}
		if ap != nil {
			s.Profiles[name] = ap
		}
	}
	return nil
}

func profileNames(s *scope) []string {
	var names []string
	for _, a := range s.Engagement.Spec.Access {
		names = append(names, a.Name)
	}
	if t := s.Engagement.Status.Terms; t != nil {
		for _, a := range t.Access {
			names = append(names, a.Name)
		}
	}
	for i := range s.Grants {
		names = append(names, s.Grants[i].Spec.Profile)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (r *Reconciler) readRelatives(ctx context.Context, s *scope) (err error) {
	name := ""
	if ref := s.Engagement.Spec.Replaces; ref != nil {
		name = ref.Name
	} else if ref := s.Engagement.Spec.Continues; ref != nil {
		name = ref.Name
	}
	if name != "" && name != s.Engagement.Name {
		if s.Predecessor, err = get[v1alpha1.Engagement](ctx, r.Client, s.Engagement.Namespace, name); err != nil {
			return err
		}
	}
	successors := &v1alpha1.EngagementList{}
	if err := r.Client.List(ctx, successors, client.InNamespace(s.Engagement.Namespace), client.MatchingFields{index.EngagementByPredecessor: s.Engagement.Name}); err != nil {
		return fmt.Errorf("listing successors: %w", err)
	}
	s.Successors = successors.Items
	return nil
}

// readWorkers reads every Worker that the engagement or a statement names, and all Worker objects of the person who is engaged.
func (r *Reconciler) readWorkers(ctx context.Context, s *scope) error {
	names := map[string]bool{}
	if ref := s.Engagement.Spec.WorkerRef; ref != nil {
		names[ref.Name] = true
	}
	if w := s.Engagement.Status.Worker; w != nil {
		names[w.Name] = true
	}
	if rec := s.Engagement.Status.Recruitment; rec != nil {
		if rec.Offer != nil {
			names[rec.Offer.Worker] = true
		}
		for _, refusal := range rec.Refusals {
			names[refusal.Worker] = true
		}
	}
	for i := range s.Attestations {
		if area, item, _ := strings.Cut(s.Attestations[i].Spec.Claim, "/"); area == areaSelection || area == areaOffer {
			names[item] = true
		}
	}
	for _, name := range sortedKeys(names) {
		w, err := get[v1alpha1.Worker](ctx, r.Client, index.PoolNamespace(s.Engagement), name)
		if err != nil {
			return err
		}
		if w != nil {
			s.Workers[name] = w
		}
	}
	if err := r.readColleagues(ctx, s); err != nil {
		return err
	}
	return r.readPerson(ctx, s)
}

// readColleagues finds out who of those who say that somebody did not turn up is a worker of the pool's namespace themselves.
func (r *Reconciler) readColleagues(ctx context.Context, s *scope) error {
	s.Colleagues = people{}
	for _, author := range noShowAuthors(s.Attestations) {
		workers := &v1alpha1.WorkerList{}
		if err := r.Client.List(ctx, workers, client.InNamespace(index.PoolNamespace(s.Engagement)), client.MatchingFields{index.WorkerByAccount: author}, shared); err != nil {
			return fmt.Errorf("listing the workers with the account of an author: %w", err)
		}
		if len(workers.Items) > 0 {
			s.Colleagues[author] = true
		}
	}
	return nil
}

// noShowAuthors are those who say that somebody did not turn up.
func noShowAuthors(statements []v1alpha1.Attestation) []string {
	var authors []string
	for i := range statements {
		if spec := &statements[i].Spec; spec.Claim == claimStart && spec.Verdict == v1alpha1.VerdictNoShow && spec.Author != nil {
			authors = append(authors, spec.Author.Username)
		}
	}
	slices.Sort(authors)
	return slices.Compact(authors)
}

func (r *Reconciler) readPerson(ctx context.Context, s *scope) error {
	key := ""
	switch {
	case s.Engagement.Status.Worker != nil:
		key = s.Engagement.Status.Worker.PersonKey
	case s.Engagement.Status.Recruitment != nil && s.Engagement.Status.Recruitment.Offer != nil:
		if w := s.Workers[s.Engagement.Status.Recruitment.Offer.Worker]; w != nil {
			key = w.Spec.PersonKey
		}
	}
	if key == "" {
		return nil
	}
	person := &v1alpha1.WorkerList{}
	if err := r.Client.List(ctx, person, client.MatchingFields{index.WorkerByPerson: key}); err != nil {
		return fmt.Errorf("listing the person's workers: %w", err)
	}
	s.Person = person.Items
	return nil
}

func (r *Reconciler) readPolicies(ctx context.Context, s *scope) error {
	policies := &v1alpha1.CompliancePolicyList{}
	if err := r.Client.List(ctx, policies, shared); err != nil {
		return fmt.Errorf("listing compliance policies: %w", err)
	}
	s.Policies = policies.Items
	slices.SortFunc(s.Policies, func(a, b v1alpha1.CompliancePolicy) int { return strings.Compare(a.Name, b.Name) })
	installed := &admissionregistrationv1.ValidatingAdmissionPolicyList{}
	if err := r.Client.List(ctx, installed, shared); err != nil {
		return fmt.Errorf("listing admission policies: %w", err)
	}
	bindings := &admissionregistrationv1.ValidatingAdmissionPolicyBindingList{}
	if err := r.Client.List(ctx, bindings, shared); err != nil {
		return fmt.Errorf("listing admission policy bindings: %w", err)
	}
	s.AdmissionMissing = admission.Missing(installed.Items, bindings.Items)
	return nil
}

// get reads one object from the cache; nil if it does not exist.
func get[T any, P interface {
	*T
	client.Object
}](ctx context.Context, c client.Client, namespace, name string) (P, error) {
	o := P(new(T))
	if err := c.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, o); err != nil {
		if client.IgnoreNotFound(err) == nil {
			return nil, nil
		}
		return nil, fmt.Errorf("getting %T %s: %w", o, name, err)
	}
	return o, nil
}
