package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/hack/floor/season"
)

// floorView is what the auditor sees of the floor. With hundreds of agents it is followed by watches, not read again and again.
type floorView struct {
	reader      client.Client
	workers     []*v1alpha1.Worker
	engagements []*v1alpha1.Engagement
	assignments []*v1alpha1.Assignment
	pool        *v1alpha1.TalentPool

	byName map[string]*v1alpha1.Engagement
}

// watchFloor begins to follow the floor until ctx ends.
func watchFloor(ctx context.Context, s *stage) (*floorView, error) {
	access := s.cluster.As(auditor)
	followed, err := cache.New(access, cache.Options{
		Scheme: s.admin.Scheme(), Mapper: s.admin.RESTMapper(), DefaultNamespaces: map[string]cache.Config{season.Namespace: {}},
		DefaultTransform: cache.TransformStripManagedFields(), DefaultUnsafeDisableDeepCopy: ptr.To(true),
	})
	if err != nil {
		return nil, fmt.Errorf("following the floor: %w", err)
	}
	go func() { _ = followed.Start(ctx) }() // It ends with ctx; what it cannot read, no list below returns.
	if !followed.WaitForCacheSync(ctx) {
		return nil, fmt.Errorf("following the floor: %w", context.Cause(ctx))
	}
	reader, err := client.New(access, client.Options{Scheme: s.admin.Scheme(), Mapper: s.admin.RESTMapper(), Cache: &client.CacheOptions{Reader: followed}})
	if err != nil {
		return nil, fmt.Errorf("building the auditor's client: %w", err)
	}
	v := &floorView{reader: reader}
	if err := v.look(ctx); err != nil {
		return nil, err
	}
	return v, nil
}

// look takes over what the watches brought. Nothing of it may be changed: it is the cache's own.
func (v *floorView) look(ctx context.Context) error {
	var workers v1alpha1.WorkerList
	var engagements v1alpha1.EngagementList
	var assignments v1alpha1.AssignmentList
	pool := &v1alpha1.TalentPool{}
	err := errors.Join(v.reader.List(ctx, &workers), v.reader.List(ctx, &engagements), v.reader.List(ctx, &assignments),
		v.reader.Get(ctx, client.ObjectKey{Namespace: season.Namespace, Name: season.Pool}, pool))
	if err != nil {
		return fmt.Errorf("reading the floor: %w", err)
	}
	v.pool = pool
	v.workers = sortedByName(workers.Items, func(w *v1alpha1.Worker) string { return w.Name })
	v.engagements = sortedByName(engagements.Items, func(e *v1alpha1.Engagement) string { return e.Name })
	v.assignments = sortedByName(assignments.Items, func(a *v1alpha1.Assignment) string { return a.Name })
	v.byName = make(map[string]*v1alpha1.Engagement, len(v.engagements))
	for _, e := range v.engagements {
		v.byName[e.Name] = e
	}
	return nil
}

func sortedByName[T any](items []T, name func(*T) string) []*T {
	all := make([]*T, len(items))
	for i := range items {
		all[i] = &items[i]
	}
	slices.SortFunc(all, func(a, b *T) int { return strings.Compare(name(a), name(b)) })
	return all
}

func (v *floorView) engagement(name string) *v1alpha1.Engagement { return v.byName[name] }
