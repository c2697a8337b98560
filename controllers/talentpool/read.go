package talentpool

import (
	"context"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/census"
	"github.com/longshore-dev/longshore/controllers/index"
)

// uncopied reads objects as the cache has them: to copy thousands of engagements takes longer than to count them, and counting writes nothing to them.
const uncopied = client.UnsafeDisableDeepCopy

// checklist by which the pool screens, or nil where it names none or one that does not exist.
func (r *Reconciler) checklist(ctx context.Context, pool *v1alpha1.TalentPool) (*v1alpha1.Checklist, error) {
	if pool.Spec.Screening == nil {
		return nil, nil
	}
	cl := &v1alpha1.Checklist{}
	key := types.NamespacedName{Namespace: pool.Namespace, Name: pool.Spec.Screening.ChecklistRef.Name}
	if err := r.Client.Get(ctx, key, cl); err != nil {
		if apierrors.IsNotFound(err) {
			return nil, nil
		}
		return nil, fmt.Errorf("reading checklist %s: %w", key.Name, err)
	}
	return cl, nil
}

// read collects what is counted.
func (r *Reconciler) read(ctx context.Context, pool *v1alpha1.TalentPool) (census.Input, error) {
	in := census.Input{Pool: pool}
	var workers v1alpha1.WorkerList
	if err := r.Client.List(ctx, &workers, client.InNamespace(pool.Namespace), client.MatchingLabelsSelector{Selector: selectorOf(pool)}, uncopied); err != nil {
		return in, fmt.Errorf("listing workers: %w", err)
	}
	key := index.Key(pool.Namespace, pool.Name)
	var engagements v1alpha1.EngagementList
	if err := r.Client.List(ctx, &engagements, client.MatchingFields{index.EngagementByPool: key}, uncopied); err != nil {
		return in, fmt.Errorf("listing engagements: %w", err)
	}
	var assignments v1alpha1.AssignmentList
	if err := r.Client.List(ctx, &assignments, client.MatchingFields{index.AssignmentByPool: key}, uncopied); err != nil {
		return in, fmt.Errorf("listing assignments: %w", err)
	}
	in.Members, in.Engagements, in.Assignments = workers.Items, engagements.Items, assignments.Items
	var err error
	in.Elsewhere, err = r.elsewhere(ctx, in.Members, in.Engagements)
	return in, err
}

// selectorOf selects the pool's members; one that cannot be read selects nobody.
func selectorOf(pool *v1alpha1.TalentPool) labels.Selector {
	selector, err := metav1.LabelSelectorAsSelector(&pool.Spec.WorkerSelector)
	if err != nil {
		return labels.Nothing()
	}
	return selector
}

// elsewhere are the engagements that members hold and that are not among the pool's own.
func (r *Reconciler) elsewhere(ctx context.Context, members []v1alpha1.Worker, own []v1alpha1.Engagement) ([]v1alpha1.Engagement, error) {
	seen := make(map[types.NamespacedName]bool, len(own))
	for i := range own {
		seen[client.ObjectKeyFromObject(&own[i])] = true
	}
	var others []v1alpha1.Engagement
	for i := range members {
		for _, held := range members[i].Status.Engagements {
			namespace, name, _ := strings.Cut(held, "/")
			key := types.NamespacedName{Namespace: namespace, Name: name}
			if seen[key] {
				continue
			}
			seen[key] = true
			var e v1alpha1.Engagement
			if err := r.Client.Get(ctx, key, &e, uncopied); err != nil {
				if apierrors.IsNotFound(err) {
					continue
				}
				return nil, fmt.Errorf("reading engagement %s: %w", key, err)
			}
			others = append(others, e)
		}
	}
	return others, nil
}
