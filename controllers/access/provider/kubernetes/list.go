package kubernetes

import (
	"context"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// pageSize is how many bindings are listed by one request.
const pageSize = 500

// List returns the keys of all bindings that bear Longshore's mark, whichever installation made them.
func (p *Provider) List(ctx context.Context) ([]string, error) {
	var keys []string
	for _, kind := range bindingKinds {
		list := &metav1.PartialObjectMetadataList{}
		list.SetGroupVersionKind(rbacv1.SchemeGroupVersion.WithKind(kind + "List"))
		for {
			err := p.reader.List(ctx, list, client.MatchingLabels{v1alpha1.ManagedByLabel: v1alpha1.ManagedByValue}, client.HasLabels{KeyLabel},
				client.Limit(pageSize), client.Continue(list.Continue))
			if err != nil {
				return nil, explain(err, "listing what Longshore made of the kind %s", kind)
			}
			for i := range list.Items {
				if key := list.Items[i].Labels[KeyLabel]; list.Items[i].Name == namePrefix+key {
					keys = append(keys, key)
				}
			}
			if list.Continue == "" {
				break
			}
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys), nil
}
