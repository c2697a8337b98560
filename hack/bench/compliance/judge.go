package main

import (
	"context"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/policy"
	"github.com/longshore-dev/longshore/controllers/index"
)

// bench is a world in the cache of a manager.
type bench struct {
	*world
	reader      client.Reader
	namespaceOf map[string]map[string]string
	poolOf      map[string]*v1alpha1.TalentPool
	workerOf    map[string]*v1alpha1.Worker
	byKey       map[types.NamespacedName]*v1alpha1.Engagement
}

func newBench(w *world, reader client.Reader) *bench {
	b := &bench{
		world: w, reader: reader, namespaceOf: map[string]map[string]string{}, poolOf: map[string]*v1alpha1.TalentPool{}, workerOf: map[string]*v1alpha1.Worker{},
		byKey: map[types.NamespacedName]*v1alpha1.Engagement{},
	}
	for _, ns := range w.namespaces {
		b.namespaceOf[ns.Name] = ns.Labels
	}
	for _, p := range w.pools {
		b.poolOf[p.Name] = p
	}
	for _, worker := range w.workers {
		b.workerOf[worker.Name] = worker
	}
	for _, eng := range w.engagements {
		b.byKey[client.ObjectKeyFromObject(eng)] = eng
	}
	return b
}

// works is who works, or is to work, in an engagement; nil while nobody is named.
func (b *bench) works(eng *v1alpha1.Engagement) *v1alpha1.Worker {
	switch st := &eng.Status; {
	case st.Worker != nil:
		return b.workerOf[st.Worker.Name]
	case eng.Spec.WorkerRef != nil:
		return b.workerOf[eng.Spec.WorkerRef.Name]
	case st.Recruitment != nil && st.Recruitment.Offer != nil:
		return b.workerOf[st.Recruitment.Offer.Worker]
	}
	return nil
}

// candidates are about whom an engagement asks the policies: the screened members of its pool, while it looks for somebody.
func (b *bench) candidates(eng *v1alpha1.Engagement) []*v1alpha1.Worker {
	if eng.Status.Phase != v1alpha1.PhaseRecruiting || b.works(eng) != nil {
		return nil
	}
	return b.members[eng.Spec.PoolRef.Name]
}

// judge asks the policies of an engagement what a pass asks them: about itself with whoever works in it and, while it looks for somebody, about every candidate.
func (b *bench) judge(ctx context.Context, policies []v1alpha1.CompliancePolicy, eng *v1alpha1.Engagement) ([]policy.Verdict, error) {
	c := &policy.Case{
		Engagement: eng, NamespaceLabels: b.namespaceOf[eng.Namespace], Statements: eng.Status.Attestations, Pool: b.poolOf[eng.Spec.PoolRef.Name], Worker: b.works(eng), Now: now,
	}
	if eng.Status.Proposed != nil {
		c.Classification = eng.Status.Proposed.Classification
	}
	var err error
	if c.Worker != nil {
		if c.History, err = b.history(ctx, eng, c.Worker); err != nil {
			return nil, err
		}
	}
	verdicts := []policy.Verdict{policy.Judge(policies, c)}
	for _, w := range b.candidates(eng) {
		history, err := b.history(ctx, eng, w)
		if err != nil {
			return nil, err
		}
		verdicts = append(verdicts, policy.Judge(policies, c.For(w, history)))
	}
	return verdicts, nil
}

// history is what else a person was, is, or will be engaged in, from the cache, as a pass reads it.
func (b *bench) history(ctx context.Context, eng *v1alpha1.Engagement, w *v1alpha1.Worker) ([]policy.Engaged, error) {
	accepted := &v1alpha1.EngagementList{}
	if err := b.reader.List(ctx, accepted, client.MatchingFields{index.EngagementByPerson: w.Spec.PersonKey}, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing the engagements of a person: %w", err)
	}
	var all []policy.Engaged
	for i := range accepted.Items {
		other := &accepted.Items[i]
		if other.UID == eng.UID {
			continue
		}
		t := other.Status.Terms
		e := policy.Engaged{WorkerType: t.Classification.WorkerType, Jurisdiction: t.Classification.Jurisdiction, Budget: t.StatementOfWork.Budget}
		e.Start, e.End, e.Namespace = t.StatementOfWork.Start.Time, t.StatementOfWork.End.Time, other.Namespace
		e.Pool = index.Key(index.PoolNamespace(other), other.Spec.PoolRef.Name)
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b policy.Engaged) int { return a.Start.Compare(b.Start) })
	return all, nil
}

// selected are the engagements that an edit is about, found the slow way: by asking of every engagement that is open whether the policy covers it, before or after,
// with anybody about whom it is asked.
func (b *bench) selected(e *edit) map[types.NamespacedName]bool {
	found := map[types.NamespacedName]bool{}
	for _, eng := range b.engagements {
		if eng.Status.Phase == v1alpha1.PhaseClosed {
			continue
		}
		workers := append([]*v1alpha1.Worker{b.works(eng)}, b.candidates(eng)...)
		covered := slices.ContainsFunc(e.specs(), func(spec *v1alpha1.CompliancePolicySpec) bool {
			return slices.ContainsFunc(workers, func(w *v1alpha1.Worker) bool {
				s := policy.Selection{
					Jurisdiction: eng.Spec.Classification.Jurisdiction, WorkerType: eng.Spec.Classification.WorkerType,
					NamespaceLabels: b.namespaceOf[eng.Namespace], Pool: eng.Spec.PoolRef.Name, Now: now,
				}
				if w != nil {
					s.WorkerJurisdiction = w.Spec.Jurisdiction
				}
				return policy.Covers(spec, s)
			})
		})
		if covered {
			found[client.ObjectKeyFromObject(eng)] = true
		}
	}
	return found
}
