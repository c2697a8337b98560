package providers_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// indexes are the manager's, by name.
var indexes = indexFuncs{}

type indexFuncs map[string]client.IndexerFunc

func (i indexFuncs) IndexField(_ context.Context, _ client.Object, name string, values client.IndexerFunc) error {
	i[name] = values
	return nil
}

// api reads the API server like a manager's cache that is never behind, and knows of one namespace.
type api struct {
	client.Client
	namespace string
}

func (a *api) List(ctx context.Context, list client.ObjectList, options ...client.ListOption) error {
	var given client.ListOptions
	given.ApplyOptions(options)
	if err := a.Client.List(ctx, list, client.InNamespace(a.namespace)); err != nil || given.FieldSelector == nil {
		return err
	}
	items, err := meta.ExtractList(list)
	if err != nil {
		return err
	}
	for _, requirement := range given.FieldSelector.Requirements() {
		values, known := indexes[requirement.Field]
		if !known {
			return fmt.Errorf("there is no index %s", requirement.Field)
		}
		items = slices.DeleteFunc(items, func(o runtime.Object) bool {
			object, is := o.(client.Object)
			return !is || !slices.Contains(values(object), requirement.Value)
		})
	}
	return meta.SetList(list, items)
}

// notebook notes events.
type notebook struct {
	mu    sync.Mutex
	lines []string
}

func (n *notebook) Eventf(regarding, _ runtime.Object, kind, reason, _, note string, args ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	about := strings.TrimPrefix(fmt.Sprintf("%T", regarding), "*v1alpha1.")
	n.lines = append(n.lines, fmt.Sprintf("%s %s %s: %s", about, kind, reason, fmt.Sprintf(note, args...)))
}

func (n *notebook) all() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.lines)
}
