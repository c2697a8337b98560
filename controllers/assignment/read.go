package assignment

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/placement"
	"github.com/longshore-dev/longshore/controllers/index"
)

// facts are what is known of one pool. What is read is the cache's own: it is not written to.
type facts struct {
	in placement.Input
	// refused are those that may not draw on the pool, or whose pool does not exist.
	refused []*placement.Decision
}

// read collects everything that a placement depends on from the cache, by index. Without anything pending it is no more than a list.
func (p *Placer) read(ctx context.Context, key types.NamespacedName) (*facts, error) {
	f := &facts{in: placement.Input{Now: now(p.Clock)}}
	pool := &v1alpha1.TalentPool{}
	found, err := get(ctx, p.Client, key.Namespace, key.Name, pool)
	if err != nil {
		return nil, err
	}
	if found && pool.DeletionTimestamp.IsZero() {
		f.in.Pool = pool
	}
	pending, err := p.pending(ctx, key)
	if err != nil {
		return nil, err
	}
	namespaces := map[string]bool{}
	for _, a := range pending {
		if problem := refusal(key, f.in.Pool, a); problem != nil {
			f.refused = append(f.refused, problem)
			continue
		}
		f.in.Pending = append(f.in.Pending, a)
		namespaces[a.Namespace] = true
	}
	if len(f.in.Pending) == 0 {
		return f, nil
	}
	if err := p.readCandidates(ctx, key, f, namespaces); err != nil {
		return nil, err
	}
	return f, p.readHeld(ctx, f)
}

// pending are the pool's assignments that nobody has, as far as they are not being given right now.
func (p *Placer) pending(ctx context.Context, pool types.NamespacedName) ([]*v1alpha1.Assignment, error) {
	var all v1alpha1.AssignmentList
	if err := p.Client.List(ctx, &all, client.MatchingFields{index.AssignmentByPool: index.Key(pool.Namespace, pool.Name)}, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing the pool's assignments: %w", err)
	}
	var pending []*v1alpha1.Assignment
	for i := range all.Items {
		if a := &all.Items[i]; unplaced(a) && p.assumed[a.UID] == nil {
			pending = append(pending, a)
		}
	}
	return pending, nil
}

// unplaced says whether an assignment is to be given to somebody.
func unplaced(a *v1alpha1.Assignment) bool {
	return a.DeletionTimestamp.IsZero() && !a.Spec.Cancelled && a.Status.Engagement == "" && state(&a.Status) == v1alpha1.AssignmentPending
}

// refusal says why an assignment cannot draw on its pool at all, or nil.
func refusal(key types.NamespacedName, pool *v1alpha1.TalentPool, a *v1alpha1.Assignment) *placement.Decision {
	d := &placement.Decision{Assignment: a, State: v1alpha1.AssignmentPending}
	switch {
	case pool == nil:
		d.Problem = v1alpha1.ReasonReferenceNotFound
		d.Why = fmt.Sprintf("spec.poolRef: namespace %s has no TalentPool %s; create it or name another", key.Namespace, key.Name)
	case pool.Namespace != a.Namespace && !slices.Contains(pool.Spec.AllowedNamespaces, a.Namespace) && !slices.Contains(pool.Spec.AllowedNamespaces, "*"):
		d.Problem = v1alpha1.ReasonReferenceNotAllowed
		d.Why = fmt.Sprintf("spec.poolRef: pool %s/%s does not allow namespace %s; ask its owners to add it to allowedNamespaces", key.Namespace, key.Name, a.Namespace)
	default:
		return nil
	}
	return d
}

// readCandidates reads the pool's engagements in which somebody is engaged, and their workers.
func (p *Placer) readCandidates(ctx context.Context, pool types.NamespacedName, f *facts, namespaces map[string]bool) error {
	var engagements v1alpha1.EngagementList
	if err := p.Client.List(ctx, &engagements, client.MatchingFields{index.EngagementByPool: index.Key(pool.Namespace, pool.Name)}, client.UnsafeDisableDeepCopy); err != nil {
		return fmt.Errorf("listing the pool's engagements: %w", err)
	}
	var workers v1alpha1.WorkerList
	if err := p.Client.List(ctx, &workers, client.InNamespace(pool.Namespace), client.UnsafeDisableDeepCopy); err != nil {
		return fmt.Errorf("listing the workers of the pool's namespace: %w", err)
	}
	byName := map[string]*v1alpha1.Worker{}
	for i := range workers.Items {
		if w := &workers.Items[i]; w.DeletionTimestamp.IsZero() {
			byName[w.Name] = w
		}
	}
	for i := range engagements.Items {
		e := &engagements.Items[i]
		if !namespaces[e.Namespace] || !engaged(e) {
			continue
		}
		w := byName[e.Status.Worker.Name]
		// Another person's Worker may have been created under the name since.
		if w != nil && e.Status.Worker.PersonKey != "" && e.Status.Worker.PersonKey != w.Spec.PersonKey {
			w = nil
		}
		f.in.Candidates = append(f.in.Candidates, placement.Candidate{Engagement: e, Worker: w})
	}
	return nil
}

// engaged says whether somebody has accepted an engagement that goes on.
func engaged(e *v1alpha1.Engagement) bool {
	return e.Status.Worker != nil && e.Status.Terms != nil && e.Status.EndedAt == nil && e.DeletionTimestamp.IsZero()
}

// readHeld reads what the candidates' people have already, through whatever engagement, with what was just decided in place of what the cache shows.
func (p *Placer) readHeld(ctx context.Context, f *facts) error {
	people := map[string]bool{}
	for i := range f.in.Candidates {
		person := placement.PersonOf(f.in.Candidates[i].Engagement)
		if people[person] {
			continue
		}
		people[person] = true
		if err := p.readHeldBy(ctx, f, person, f.in.Candidates[i].Engagement); err != nil {
			return err
		}
	}
	for _, a := range p.assumed {
		if people[a.person] {
			f.in.Held = append(f.in.Held, placement.Held{Person: a.person, Assignment: a.assignment})
		}
	}
	return nil
}

func (p *Placer) readHeldBy(ctx context.Context, f *facts, person string, one *v1alpha1.Engagement) error {
	engagements := v1alpha1.EngagementList{Items: []v1alpha1.Engagement{*one}}
	if key := one.Status.Worker.PersonKey; key != "" {
		if err := p.Client.List(ctx, &engagements, client.MatchingFields{index.EngagementByPerson: key}, client.UnsafeDisableDeepCopy); err != nil {
			return fmt.Errorf("listing the engagements of a person: %w", err)
		}
	}
	for i := range engagements.Items {
		e := &engagements.Items[i]
		if e.Status.Phase == v1alpha1.PhaseClosed {
			continue
		}
		var held v1alpha1.AssignmentList
		if err := p.Client.List(ctx, &held, client.InNamespace(e.Namespace), client.MatchingFields{index.AssignmentByEngagement: e.Name}, client.UnsafeDisableDeepCopy); err != nil {
			return fmt.Errorf("listing what engagement %s/%s has: %w", e.Namespace, e.Name, err)
		}
		for j := range held.Items {
			a := &held.Items[j]
			if a.Status.Engagement == e.Name && a.Status.EngagementUID == e.UID && placement.Holds(a) && p.assumed[a.UID] == nil {
				f.in.Held = append(f.in.Held, placement.Held{Person: person, Assignment: a})
			}
		}
	}
	return nil
}

// poolOf is the pool of an engagement.
func poolOf(e *v1alpha1.Engagement) types.NamespacedName {
	return types.NamespacedName{Namespace: cmp.Or(e.Spec.PoolRef.Namespace, e.Namespace), Name: e.Spec.PoolRef.Name}
}
