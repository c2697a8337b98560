package suite

import (
	"context"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Indexes are a manager's, by name, for lists that no cache answers. They are registered as a manager's are.
type Indexes map[string]client.IndexerFunc

// IndexField registers an index.
func (i Indexes) IndexField(_ context.Context, _ client.Object, name string, values client.IndexerFunc) error {
	i[name] = values
	return nil
}

// Keep keeps of a list what the indexes find by a selector.
func (i Indexes) Keep(list client.ObjectList, selector fields.Selector) error {
	if selector == nil || selector.Empty() {
		return nil
	}
	items, err := meta.ExtractList(list)
	if err != nil {
		return err
	}
	for _, requirement := range selector.Requirements() {
		values, known := i[requirement.Field]
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
