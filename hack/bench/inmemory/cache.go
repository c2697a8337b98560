// Package inmemory fills a manager's cache, with its indexes, from objects instead of from an API server.
package inmemory

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/index"
)

// Start makes a cache that holds the objects, which it keeps and does not copy, and has the indexes of package index. It is the cache of a manager but for where its
// informers list: it calls nobody, and stays as it is until the context ends.
func Start(ctx context.Context, objects []client.Object) (client.Reader, error) {
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		return nil, fmt.Errorf("making a scheme: %w", err)
	}
	lists := map[string]*list{}
	mapper := meta.NewDefaultRESTMapper(nil)
	for _, o := range objects {
		gvk, err := apiutil.GVKForObject(o, scheme)
		if err != nil {
			return nil, fmt.Errorf("finding the kind of an object: %w", err)
		}
		l, known := lists[gvk.Kind]
		if !known {
			l = &list{}
			lists[gvk.Kind] = l
			scope := meta.RESTScopeNamespace
			if o.GetNamespace() == "" {
				scope = meta.RESTScopeRoot
			}
			mapper.Add(gvk, scope)
		}
		l.items = append(l.items, o)
	}
	// Kinds of which there is no object are indexed, and listed, too.
	for gvk := range scheme.AllKnownTypes() {
		if gvk.Group == v1alpha1.GroupVersion.Group && lists[gvk.Kind] == nil {
			lists[gvk.Kind] = &list{}
			mapper.Add(gvk, meta.RESTScopeNamespace)
		}
	}
	var unknown error
	c, err := cache.New(&rest.Config{}, cache.Options{
		Scheme: scheme, Mapper: mapper, HTTPClient: &http.Client{},
		NewInformer: func(_ toolscache.ListerWatcher, o runtime.Object, _ time.Duration, indexers toolscache.Indexers) toolscache.SharedIndexInformer {
			gvk, err := apiutil.GVKForObject(o, scheme)
			if err != nil || lists[gvk.Kind] == nil {
				unknown = errors.Join(unknown, err, fmt.Errorf("nothing is known of %T", o))
				return toolscache.NewSharedIndexInformer(&list{}, o, 0, indexers)
			}
			return toolscache.NewSharedIndexInformer(lists[gvk.Kind], o, 0, indexers)
		},
	})
	if err != nil {
		return nil, fmt.Errorf("making a cache: %w", err)
	}
	if err := index.Setup(ctx, c); err != nil {
		return nil, err
	}
	for _, o := range objects {
		if _, err := c.GetInformer(ctx, o, cache.BlockUntilSynced(false)); err != nil {
			return nil, fmt.Errorf("following %T: %w", o, err)
		}
	}
	go func() {
		// It ends with the context, and then without an error.
		_ = c.Start(ctx)
	}()
	if !c.WaitForCacheSync(ctx) {
		return nil, errors.Join(errors.New("the cache did not fill"), context.Cause(ctx))
	}
	return c, unknown
}

// list is where an informer lists: some objects, of which there is never any news.
type list struct{ items []client.Object }

// List implements toolscache.Lister.
func (l *list) List(metav1.ListOptions) (runtime.Object, error) {
	all := &metav1.List{ListMeta: metav1.ListMeta{ResourceVersion: "1"}}
	for _, o := range l.items {
		all.Items = append(all.Items, runtime.RawExtension{Object: o})
	}
	return all, nil
}

// Watch implements toolscache.Watcher.
func (l *list) Watch(metav1.ListOptions) (watch.Interface, error) { return watch.NewFake(), nil }

// IsWatchListSemanticsUnSupported has the informer list before it watches.
func (l *list) IsWatchListSemanticsUnSupported() bool { return true }
