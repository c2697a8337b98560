package reach

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/index"
)

// entry is one engagement of a person as tenure is counted by it; empty while nobody has accepted. Times are Unix seconds, the precision of the API.
type entry struct {
	person, pool      string
	start, end, ended int64
	workerType        v1alpha1.WorkerType
	jurisdiction      string
	budget            v1alpha1.Money
}

func entryOf(eng *v1alpha1.Engagement) entry {
	t, w := eng.Status.Terms, eng.Status.Worker
	if t == nil || w == nil {
		return entry{}
	}
	e := entry{
		person: w.PersonKey, pool: index.Key(index.PoolNamespace(eng), eng.Spec.PoolRef.Name),
		start: t.StatementOfWork.Start.Unix(), end: t.StatementOfWork.End.Unix(),
		workerType: t.Classification.WorkerType, jurisdiction: t.Classification.Jurisdiction, budget: t.StatementOfWork.Budget,
	}
	if ended := eng.Status.EndedAt; ended != nil {
		e.ended = ended.Unix()
	}
	return e
}

// Tenure finds the other engagements, but for closed ones, to which a change of one means something, because tenure is counted by it: those of the same person, those
// in which they are pinned or have been offered the work, and those that look for somebody in a pool of theirs. It finds none where nothing changed by which tenure is
// counted, or where no policy counts it. Before or after is nil where the engagement is new or gone.
func Tenure(ctx context.Context, reader client.Reader, before, after *v1alpha1.Engagement) ([]types.NamespacedName, error) {
	var was, is entry
	var self types.NamespacedName
	if before != nil {
		was, self = entryOf(before), client.ObjectKeyFromObject(before)
	}
	if after != nil {
		is, self = entryOf(after), client.ObjectKeyFromObject(after)
	}
	if was == is {
		return nil, nil
	}
	if counted, err := tenureCounts(ctx, reader); err != nil || !counted {
		return nil, err
	}
	w := walk{Reader: reader, found: map[types.NamespacedName]bool{self: true}}
	for _, e := range []entry{was, is} {
		if e.person == "" {
			continue
		}
		if err := w.run(ctx, e.person); err != nil {
			return nil, err
		}
	}
	delete(w.found, self)
	keys := make([]types.NamespacedName, 0, len(w.found))
	for key := range w.found {
		keys = append(keys, key)
	}
	return keys, nil
}

// tenureCounts says whether any policy limits tenure or has a rule that may read it.
func tenureCounts(ctx context.Context, reader client.Reader) (bool, error) {
	return anyPolicy(ctx, reader, func(spec *v1alpha1.CompliancePolicySpec) bool { return spec.Tenure != nil || mayRead(spec, "tenure") })
}

// walk follows a person to the engagements that concern them.
type walk struct {
	client.Reader
	found map[types.NamespacedName]bool
}

func (w *walk) run(ctx context.Context, person string) error {
	everybody := func(*v1alpha1.Engagement) bool { return true }
	if err := w.keep(ctx, everybody, index.EngagementByPerson, person); err != nil {
		return err
	}
	workers := &v1alpha1.WorkerList{}
	if err := w.List(ctx, workers, client.MatchingFields{index.WorkerByPerson: person}, shared); err != nil {
		return fmt.Errorf("listing the workers of a person: %w", err)
	}
	for i := range workers.Items {
		worker := &workers.Items[i]
		if err := w.keep(ctx, everybody, index.EngagementByWorker, index.Key(worker.Namespace, worker.Name)); err != nil {
			return err
		}
		for _, m := range worker.Status.Pools {
			if m.Screening != v1alpha1.ScreeningPassed {
				continue
			}
			if err := w.keep(ctx, looks, index.EngagementByPool, index.Key(worker.Namespace, m.Name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// keep keeps of a list what is not closed and passes.
func (w *walk) keep(ctx context.Context, passes func(*v1alpha1.Engagement) bool, field, value string) error {
	listed := &v1alpha1.EngagementList{}
	if err := w.List(ctx, listed, client.MatchingFields{field: value}, shared); err != nil {
		return fmt.Errorf("listing the engagements that a person's tenure concerns: %w", err)
	}
	for i := range listed.Items {
		eng := &listed.Items[i]
		if eng.Status.Phase != v1alpha1.PhaseClosed && passes(eng) {
			w.found[client.ObjectKeyFromObject(eng)] = true
		}
	}
	return nil
}
