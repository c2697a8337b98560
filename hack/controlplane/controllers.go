package main

import (
	"context"
	"fmt"
	"os"
	"time"

	corev1 "k8s.io/api/core/v1"
	apiextensionsscheme "k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset/scheme"
	"k8s.io/apimachinery/pkg/api/meta"
	policy "k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/cel/openapi/resolver"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/util/keyutil"
	"k8s.io/controller-manager/pkg/clientbuilder"
	"k8s.io/controller-manager/pkg/informerfactory"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/controller/clusterroleaggregation"
	"k8s.io/kubernetes/pkg/controller/garbagecollector"
	"k8s.io/kubernetes/pkg/controller/namespace"
	serviceaccountcontroller "k8s.io/kubernetes/pkg/controller/serviceaccount"
	"k8s.io/kubernetes/pkg/controller/validatingadmissionpolicystatus"
	"k8s.io/kubernetes/pkg/generated/openapi"
	"k8s.io/kubernetes/pkg/serviceaccount"
)

const (
	// resync is upstream's --min-resync-period.
	resync = 12 * time.Hour
	// discoveryPeriod is how often new resources are looked for, and so how long the garbage collector ignores objects
	// of a CustomResourceDefinition that was just installed. Upstream looks every 30 s, which a test would wait for.
	discoveryPeriod = 2 * time.Second
	// monitorSyncTimeout is how long the garbage collector waits for its first lists before it starts regardless.
	monitorSyncTimeout = 30 * time.Second
)

// constructors holds the built-in controllers by upstream's names. Each returns the loop to run until its context ends,
// or nil where it is not configured. The account each one uses, and the concurrency, are upstream's.
var constructors = map[string]func(context.Context, *environment) (func(context.Context), error){
	"clusterrole-aggregation-controller":          newClusterRoleAggregation,
	"garbage-collector-controller":                newGarbageCollector,
	"namespace-controller":                        newNamespace,
	"serviceaccount-controller":                   newServiceAccount,
	"serviceaccount-token-controller":             newServiceAccountToken,
	"validatingadmissionpolicy-status-controller": newPolicyStatus,
}

// environment is what the controllers share.
type environment struct {
	options *options
	// root has this program's own credentials, clients those of a service account for each controller.
	root, clients clientbuilder.ControllerClientBuilder
	// typed and metadata start together, in startInformers, once every controller has asked for what it watches.
	typed      informers.SharedInformerFactory
	metadata   metadatainformer.SharedInformerFactory
	started    chan struct{}
	restMapper *restmapper.DeferredDiscoveryRESTMapper
}

func newEnvironment(config *rest.Config, o *options) (*environment, error) {
	config = rest.AddUserAgent(config, "kube-controller-manager")
	config.QPS, config.Burst = 200, 300 // Upstream's 20 and 30 are for a server that has other work too.
	root := clientbuilder.SimpleControllerClientBuilder{ClientConfig: config}
	client, err := root.Client("shared-informers")
	if err != nil {
		return nil, fmt.Errorf("building the informers' client: %w", err)
	}
	metadataClient, err := metadata.NewForConfig(root.ConfigOrDie("metadata-informers"))
	if err != nil {
		return nil, fmt.Errorf("building the metadata informers' client: %w", err)
	}
	discoveryClient, err := root.DiscoveryClient("controller-discovery")
	if err != nil {
		return nil, fmt.Errorf("building the discovery client: %w", err)
	}
	return &environment{
		options:    o,
		root:       root,
		clients:    clientbuilder.NewDynamicClientBuilder(rest.AnonymousClientConfig(config), client.CoreV1(), "kube-system"),
		typed:      informers.NewSharedInformerFactoryWithOptions(client, resync, informers.WithTransform(trim)),
		metadata:   metadatainformer.NewSharedInformerFactoryWithOptions(metadataClient, resync, metadatainformer.WithTransform(trim)),
		started:    make(chan struct{}),
		restMapper: restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(discoveryClient)),
	}, nil
}

// trim drops what no controller reads and what is most of a cached object's memory.
func trim(obj any) (any, error) {
	if accessor, err := meta.Accessor(obj); err == nil {
		accessor.SetManagedFields(nil)
	}
	return obj, nil
}

func (e *environment) startInformers(ctx context.Context) {
	e.typed.Start(ctx.Done())
	e.metadata.Start(ctx.Done())
	close(e.started)
}

func newGarbageCollector(ctx context.Context, e *environment) (func(context.Context), error) {
	const account = "generic-garbage-collector"
	client, err := e.clients.Client(account)
	if err != nil {
		return nil, err
	}
	discoveryClient, err := e.clients.DiscoveryClient(account)
	if err != nil {
		return nil, err
	}
	config, err := e.clients.Config(account)
	if err != nil {
		return nil, err
	}
	metadataClient, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	// Events are watched and owned by nothing; following them would double the collector's work.
	ignored := garbagecollector.DefaultIgnoredResources()
	graph := garbagecollector.NewDependencyGraphBuilder(ctx, metadataClient, e.restMapper, ignored,
		informerfactory.NewInformerFactory(e.typed, e.metadata), e.started)
	gc, err := garbagecollector.NewComposedGarbageCollector(ctx, client, metadataClient, e.restMapper, graph)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) {
		go gc.Sync(ctx, discoveryClient, discoveryPeriod)
		gc.Run(ctx, 20, monitorSyncTimeout)
	}, nil
}

func newNamespace(ctx context.Context, e *environment) (func(context.Context), error) {
	config, err := e.clients.Config("namespace-controller")
	if err != nil {
		return nil, err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	metadataClient, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	controller := namespace.NewNamespaceController(ctx, client, metadataClient,
		client.Discovery().ServerPreferredNamespacedResources, e.typed.Core().V1().Namespaces(), 5*time.Minute, corev1.FinalizerKubernetes)
	return func(ctx context.Context) { controller.Run(ctx, 10) }, nil
}

func newServiceAccount(ctx context.Context, e *environment) (func(context.Context), error) {
	client, err := e.clients.Client("service-account-controller")
	if err != nil {
		return nil, err
	}
	core := e.typed.Core().V1()
	controller, err := serviceaccountcontroller.NewServiceAccountsController(klog.FromContext(ctx), core.ServiceAccounts(), core.Namespaces(),
		client, serviceaccountcontroller.DefaultServiceAccountsControllerOptions())
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) { controller.Run(ctx, 1) }, nil
}

func newServiceAccountToken(ctx context.Context, e *environment) (func(context.Context), error) {
	if e.options.serviceAccountPrivateKeyFile == "" {
		return nil, nil
	}
	key, err := keyutil.PrivateKeyFromFile(e.options.serviceAccountPrivateKeyFile)
	if err != nil {
		return nil, fmt.Errorf("reading the signing key: %w", err)
	}
	var rootCA []byte
	if e.options.rootCAFile != "" {
		if rootCA, err = os.ReadFile(e.options.rootCAFile); err != nil {
			return nil, fmt.Errorf("reading the certificate authority: %w", err)
		}
	}
	generator, err := serviceaccount.JWTTokenGenerator(serviceaccount.LegacyIssuer, key)
	if err != nil {
		return nil, fmt.Errorf("building the token generator: %w", err)
	}
	client, err := e.root.Client("tokens-controller")
	if err != nil {
		return nil, err
	}
	core := e.typed.Core().V1()
	controller, err := serviceaccountcontroller.NewTokensController(klog.FromContext(ctx), core.ServiceAccounts(), core.Secrets(), client,
		serviceaccountcontroller.TokensControllerOptions{TokenGenerator: generator, RootCA: rootCA})
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) { controller.Run(ctx, 5) }, nil
}

// newClusterRoleAggregation fills the ClusterRoles admin, edit and view, which have no rules until it has run.
func newClusterRoleAggregation(_ context.Context, e *environment) (func(context.Context), error) {
	client, err := e.clients.Client("clusterrole-aggregation-controller")
	if err != nil {
		return nil, err
	}
	controller := clusterroleaggregation.NewClusterRoleAggregation(e.typed.Rbac().V1().ClusterRoles(), client.RbacV1())
	return func(ctx context.Context) { controller.Run(ctx, 5) }, nil
}

// newPolicyStatus type-checks the expressions of admission policies against the schemas and reports in their status.
func newPolicyStatus(_ context.Context, e *environment) (func(context.Context), error) {
	const account = "validatingadmissionpolicy-status-controller"
	discoveryClient, err := e.clients.DiscoveryClient(account)
	if err != nil {
		return nil, err
	}
	client, err := e.clients.Client(account)
	if err != nil {
		return nil, err
	}
	checker := &policy.TypeChecker{
		SchemaResolver: resolver.NewDefinitionsSchemaResolver(openapi.GetOpenAPIDefinitions, scheme.Scheme, apiextensionsscheme.Scheme).
			Combine(&resolver.ClientDiscoveryResolver{Discovery: discoveryClient}),
		RestMapper: e.restMapper,
	}
	controller, err := validatingadmissionpolicystatus.NewController(
		e.typed.Admissionregistration().V1().ValidatingAdmissionPolicies(),
		client.AdmissionregistrationV1().ValidatingAdmissionPolicies(), checker)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) { controller.Run(ctx, 5) }, nil
}
