package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// establishTimeout bounds how long the API server may take to serve a new kind; about a second is usual.
const establishTimeout = time.Minute

const kindCRD = "CustomResourceDefinition"

// Objects reads YAML or JSON objects from paths: a file, which may hold many documents; a folder with a kustomization,
// which is rendered; or any other folder, of which every manifest is read in the order of the names.
func (c *Cluster) Objects(ctx context.Context, paths ...string) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	for _, path := range paths {
		manifests, err := c.manifests(ctx, path)
		if err != nil {
			return nil, err
		}
		for _, manifest := range manifests {
			decoded, err := decode(manifest.content)
			if err != nil {
				return nil, fmt.Errorf("reading %s: %w", manifest.path, err)
			}
			objects = append(objects, decoded...)
		}
	}
	return objects, nil
}

// InstallCRDs applies the CustomResourceDefinitions of a file or folder and returns once the API server serves them.
func (c *Cluster) InstallCRDs(ctx context.Context, path string) error {
	objects, err := c.Objects(ctx, path)
	if err != nil {
		return err
	}
	objects = slices.DeleteFunc(objects, func(o *unstructured.Unstructured) bool { return o.GetKind() != kindCRD })
	if len(objects) == 0 {
		return fmt.Errorf("installing CustomResourceDefinitions: there are none in %s", path)
	}
	return Apply(ctx, c.admin, "crd-installer", objects...)
}

// Apply applies what Objects reads from the paths, as the administrator.
func (c *Cluster) Apply(ctx context.Context, fieldOwner string, paths ...string) error {
	return c.ApplyAs(ctx, c.admin, fieldOwner, paths...)
}

// ApplyAs applies what Objects reads from the paths, with the access of config.
func (c *Cluster) ApplyAs(ctx context.Context, config *rest.Config, fieldOwner string, paths ...string) error {
	objects, err := c.Objects(ctx, paths...)
	if err != nil {
		return err
	}
	return Apply(ctx, config, fieldOwner, objects...)
}

// Apply applies objects from the server's side, as `kubectl apply --server-side` does: it forces no conflict, and an
// object that needs a namespace and has none goes to "default". CustomResourceDefinitions come first, and are served
// when anything else is applied; then come Namespaces; the rest keeps its order.
func Apply(ctx context.Context, config *rest.Config, fieldOwner string, objects ...*unstructured.Unstructured) error {
	api, err := client.New(config, client.Options{})
	if err != nil {
		return fmt.Errorf("building a client: %w", err)
	}
	objects = slices.Clone(objects)
	slices.SortStableFunc(objects, func(a, b *unstructured.Unstructured) int { return rank(a) - rank(b) })
	crds, others := objects, objects[len(objects):]
	if i := slices.IndexFunc(objects, func(o *unstructured.Unstructured) bool { return o.GetKind() != kindCRD }); i >= 0 {
		crds, others = objects[:i], objects[i:]
	}
	for _, object := range crds {
		if err := applyOne(ctx, api, fieldOwner, object); err != nil {
			return err
		}
	}
	if err := waitServed(ctx, config, crds); err != nil {
		return err
	}
	for _, object := range others {
		if err := applyOne(ctx, api, fieldOwner, object); err != nil {
			return err
		}
	}
	return nil
}

func rank(object *unstructured.Unstructured) int {
	switch object.GetKind() {
	case kindCRD:
		return 0
	case "Namespace":
		return 1
	default:
		return 2
	}
}

func applyOne(ctx context.Context, api client.Client, fieldOwner string, object *unstructured.Unstructured) error {
	object = object.DeepCopy()
	describe := func(err error) error {
		return fmt.Errorf("applying %s %s: %w", object.GetKind(), client.ObjectKeyFromObject(object), err)
	}
	namespaced, err := api.IsObjectNamespaced(object)
	if err != nil {
		return describe(err)
	}
	if namespaced && object.GetNamespace() == "" {
		object.SetNamespace(metav1.NamespaceDefault)
	}
	if err := api.Apply(ctx, client.ApplyConfigurationFromUnstructured(object), client.FieldOwner(fieldOwner)); err != nil {
		return describe(err)
	}
	return nil
}

// waitServed waits until each CustomResourceDefinition is established and its versions are found by discovery.
func waitServed(ctx context.Context, config *rest.Config, crds []*unstructured.Unstructured) error {
	if len(crds) == 0 {
		return nil
	}
	scheme := runtime.NewScheme()
	if err := apiextensionsv1.AddToScheme(scheme); err != nil {
		return fmt.Errorf("registering CustomResourceDefinitions: %w", err)
	}
	api, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		return fmt.Errorf("building a client: %w", err)
	}
	served, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return fmt.Errorf("building a discovery client: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, establishTimeout)
	defer cancel()
	for _, object := range crds {
		var state string
		err := wait.PollUntilContextCancel(ctx, pollInterval, true, func(ctx context.Context) (bool, error) {
			var crd apiextensionsv1.CustomResourceDefinition
			if err := api.Get(ctx, client.ObjectKey{Name: object.GetName()}, &crd); err != nil {
				return false, err
			}
			state = conditions(&crd)
			return established(&crd) && discovered(served, &crd), nil
		})
		if err != nil {
			return fmt.Errorf("waiting for %s to be served (%s): %w", object.GetName(), state, err)
		}
	}
	return nil
}

func established(crd *apiextensionsv1.CustomResourceDefinition) bool {
	return slices.ContainsFunc(crd.Status.Conditions, func(c apiextensionsv1.CustomResourceDefinitionCondition) bool {
		return c.Type == apiextensionsv1.Established && c.Status == apiextensionsv1.ConditionTrue
	})
}

func discovered(api discovery.DiscoveryInterface, crd *apiextensionsv1.CustomResourceDefinition) bool {
	for _, version := range crd.Spec.Versions {
		if !version.Served {
			continue
		}
		list, err := api.ServerResourcesForGroupVersion(schema.GroupVersion{Group: crd.Spec.Group, Version: version.Name}.String())
		if err != nil || !slices.ContainsFunc(list.APIResources, func(r metav1.APIResource) bool { return r.Name == crd.Spec.Names.Plural }) {
			return false
		}
	}
	return true
}

// conditions says why a CustomResourceDefinition is not served, in the API server's words.
func conditions(crd *apiextensionsv1.CustomResourceDefinition) string {
	var parts []string
	for _, c := range crd.Status.Conditions {
		parts = append(parts, fmt.Sprintf("%s=%s: %s", c.Type, c.Status, c.Message))
	}
	return strings.Join(parts, "; ")
}
