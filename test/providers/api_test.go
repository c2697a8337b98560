package providers_test

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/test/suite"
)

// indexes are the manager's, by name.
var indexes = suite.Indexes{}

// api reads the API server like a manager's cache that is never behind, and knows of one namespace.
type api struct {
	client.Client
	namespace string
}

func (a *api) List(ctx context.Context, list client.ObjectList, options ...client.ListOption) error {
	var given client.ListOptions
	given.ApplyOptions(options)
	if err := a.Client.List(ctx, list, client.InNamespace(a.namespace)); err != nil {
		return err
	}
	return indexes.Keep(list, given.FieldSelector)
}
