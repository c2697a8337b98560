// Package reach finds the engagements that a piece of news may mean something to, by index, so that nothing else is looked at because of it.
package reach

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/policy"
	"github.com/longshore-dev/longshore/controllers/index"
)

// shared lists without copying: nothing that is found is written to.
const shared = client.UnsafeDisableDeepCopy

// Policy finds the engagements, but for closed ones, that any of a policy's specs covers, whatever its dates: the specs before and after an edit. An engagement is
// covered by what it asks for or has agreed, with the worker who is engaged, pinned or offered the work, or, while it looks for somebody, with a screened member of
// its pool. The reader needs the indexes of package index.
func Policy(ctx context.Context, reader client.Reader, specs ...*v1alpha1.CompliancePolicySpec) ([]types.NamespacedName, error) {
	found := map[types.NamespacedName]bool{}
	for i, spec := range specs {
		if i > 0 && equality.Semantic.DeepEqual(spec.AppliesTo, specs[i-1].AppliesTo) {
			continue // of a spec's fields it alone covers
		}
		s := search{Reader: reader, spec: spec, found: found}
		if err := s.run(ctx); err != nil {
			return nil, err
		}
	}
	keys := make([]types.NamespacedName, 0, len(found))
	for key := range found {
		keys = append(keys, key)
	}
	return keys, nil
}

// search is for what one spec covers.
type search struct {
	client.Reader
	spec *v1alpha1.CompliancePolicySpec
	// namespaces have their labels, where the spec selects by them.
	namespaces map[string]map[string]string
	residents  residents
	found      map[types.NamespacedName]bool
}

// run lists by the narrowest index that the selector allows, and keeps what is covered.
func (s *search) run(ctx context.Context) error {
	to := s.spec.AppliesTo
	if to == nil {
		to = &v1alpha1.PolicySelector{}
	}
	within, err := s.selectNamespaces(ctx, to.NamespaceSelector)
	if err != nil {
		return err
	}
	if s.residents, err = readResidents(ctx, s, to.Jurisdictions); err != nil {
		return err
	}
	for _, namespace := range within {
		switch {
		case len(to.Pools) > 0:
			err = s.keepEach(ctx, namespace, index.EngagementByPoolName, to.Pools)
		case len(to.Jurisdictions) > 0:
			err = s.keepEach(ctx, namespace, index.EngagementByJurisdiction, to.Jurisdictions)
		default:
			err = s.keep(ctx, client.InNamespace(namespace))
		}
		if err != nil {
			return err
		}
	}
	if len(to.Pools) == 0 {
		return s.keepResidents(ctx)
	}
	return nil
}

// selectNamespaces are the namespaces to look in; all of them are one without a name. A selector that cannot be read selects all, as it does where policies are judged.
func (s *search) selectNamespaces(ctx context.Context, selector *metav1.LabelSelector) ([]string, error) {
	if selector == nil {
		return []string{metav1.NamespaceAll}, nil
	}
	readable, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		return []string{metav1.NamespaceAll}, nil //nolint:nilerr // See above.
	}
	all := &corev1.NamespaceList{}
	if err := s.List(ctx, all, shared); err != nil {
		return nil, fmt.Errorf("listing namespaces: %w", err)
	}
	s.namespaces = make(map[string]map[string]string, len(all.Items))
	var selected []string
	for i := range all.Items {
		ns := &all.Items[i]
		s.namespaces[ns.Name] = ns.Labels
		if readable.Matches(labels.Set(ns.Labels)) {
			selected = append(selected, ns.Name)
		}
	}
	return selected, nil
}

// keepResidents keeps the engagements that a worker in the jurisdictions brings under the spec, wherever the work is done.
func (s *search) keepResidents(ctx context.Context) error {
	for key := range s.residents.workers {
		if err := s.keep(ctx, client.MatchingFields{index.EngagementByWorker: key}); err != nil {
			return err
		}
	}
	for key := range s.residents.people {
		if err := s.keep(ctx, client.MatchingFields{index.EngagementByPerson: key.person}); err != nil {
			return err
		}
	}
	for key := range s.residents.pools {
		if err := s.keep(ctx, client.MatchingFields{index.EngagementByPool: key}); err != nil {
			return err
		}
	}
	return nil
}

func (s *search) keepEach(ctx context.Context, namespace, field string, values []string) error {
	for _, value := range values {
		if err := s.keep(ctx, client.InNamespace(namespace), client.MatchingFields{field: value}); err != nil {
			return err
		}
	}
	return nil
}

// keep keeps of a list what is covered.
func (s *search) keep(ctx context.Context, opts ...client.ListOption) error {
	listed := &v1alpha1.EngagementList{}
	if err := s.List(ctx, listed, append(opts, shared)...); err != nil {
		return fmt.Errorf("listing the engagements that a policy may cover: %w", err)
	}
	for i := range listed.Items {
		eng := &listed.Items[i]
		key := client.ObjectKeyFromObject(eng)
		if eng.Status.Phase != v1alpha1.PhaseClosed && !s.found[key] && s.covers(ctx, eng) {
			s.found[key] = true
		}
	}
	return nil
}

// covers says whether the spec covers the engagement as it is proposed or as it was agreed, with anybody who may work in it.
func (s *search) covers(ctx context.Context, eng *v1alpha1.Engagement) bool {
	workers := s.residents.of(ctx, eng)
	if s.coversAs(eng, &eng.Spec.Classification, workers) {
		return true
	}
	return eng.Status.Terms != nil && s.coversAs(eng, &eng.Status.Terms.Classification, workers)
}

func (s *search) coversAs(eng *v1alpha1.Engagement, as *v1alpha1.Classification, workers []string) bool {
	for _, jurisdiction := range workers {
		if policy.Covers(s.spec, policy.Selection{
			Jurisdiction: as.Jurisdiction, WorkerJurisdiction: jurisdiction, WorkerType: as.WorkerType,
			NamespaceLabels: s.namespaces[eng.Namespace], Pool: eng.Spec.PoolRef.Name,
		}) {
			return true
		}
	}
	return false
}
