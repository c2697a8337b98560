package reach

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/index"
)

// residents are the workers in some jurisdictions. Each map holds one of their jurisdictions: to be covered, one is as good as another.
type residents struct {
	client.Reader
	// workers by namespace/name.
	workers map[string]string
	people  map[person]string
	// pools, by namespace/name, in which one of them can be offered work.
	pools map[string]string
}

// person is how somebody is known among the workers of a namespace: another Worker of theirs takes the place of one that is gone.
type person struct{ namespace, person string }

func readResidents(ctx context.Context, reader client.Reader, jurisdictions []string) (residents, error) {
	r := residents{Reader: reader, workers: map[string]string{}, people: map[person]string{}, pools: map[string]string{}}
	for _, j := range jurisdictions {
		found := &v1alpha1.WorkerList{}
		if err := reader.List(ctx, found, client.MatchingFields{index.WorkerByJurisdiction: j}, shared); err != nil {
			return r, fmt.Errorf("listing the workers in a jurisdiction: %w", err)
		}
		for i := range found.Items {
			w := &found.Items[i]
			r.workers[index.Key(w.Namespace, w.Name)] = w.Spec.Jurisdiction
			r.people[person{w.Namespace, w.Spec.PersonKey}] = w.Spec.Jurisdiction
			for _, m := range w.Status.Pools {
				if m.Screening == v1alpha1.ScreeningPassed {
					r.pools[index.Key(w.Namespace, m.Name)] = w.Spec.Jurisdiction
				}
			}
		}
	}
	return r, nil
}

// of are the jurisdictions of whoever works, or may work, in an engagement, as far as they are residents; the first is empty, for nobody.
func (r *residents) of(ctx context.Context, eng *v1alpha1.Engagement) []string {
	found := []string{""}
	add := func(jurisdiction string, is bool) {
		if is {
			found = append(found, jurisdiction)
		}
	}
	if w := eng.Status.Worker; w != nil {
		jurisdiction, is := r.workers[index.Key(w.Namespace, w.Name)]
		if !is {
			jurisdiction, is = r.people[person{w.Namespace, w.PersonKey}]
			is = is && r.gone(ctx, w)
		}
		add(jurisdiction, is)
		add(w.Jurisdiction, w.Jurisdiction != "")
		return found
	}
	namespace := index.PoolNamespace(eng)
	if ref := eng.Spec.WorkerRef; ref != nil {
		jurisdiction, is := r.workers[index.Key(namespace, ref.Name)]
		add(jurisdiction, is)
	}
	if rec := eng.Status.Recruitment; rec != nil && rec.Offer != nil {
		jurisdiction, is := r.workers[index.Key(namespace, rec.Offer.Worker)]
		add(jurisdiction, is)
	}
	if looks(eng) {
		jurisdiction, is := r.pools[index.Key(namespace, eng.Spec.PoolRef.Name)]
		add(jurisdiction, is)
	}
	return found
}

// gone says whether the Worker who accepted is there no more; where that cannot be read, it may be.
func (r *residents) gone(ctx context.Context, w *v1alpha1.EngagedWorker) bool {
	worker := &v1alpha1.Worker{}
	err := r.Get(ctx, client.ObjectKey{Namespace: w.Namespace, Name: w.Name}, worker, shared)
	return err != nil || !worker.DeletionTimestamp.IsZero()
}

// looks says whether an engagement looks for anybody of its pool.
func looks(eng *v1alpha1.Engagement) bool {
	st := &eng.Status
	return st.Phase == v1alpha1.PhaseRecruiting && st.Terms == nil && eng.Spec.WorkerRef == nil && (st.Recruitment == nil || st.Recruitment.Offer == nil)
}
