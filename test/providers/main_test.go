// Package providers_test shows that access is given and proven gone whatever the target systems do: real servers, behind proxies that put
// faults on the wire, under the reconcilers of AccessGrants and AccessProviders.
package providers_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/admission"
	"github.com/longshore-dev/longshore/controllers/index"
	"github.com/longshore-dev/longshore/hack/cluster"
	"github.com/longshore-dev/longshore/hack/cluster/clustertest"
)

// patience bounds waits for what must come.
const patience = time.Minute

var (
	shared *cluster.Cluster
	scheme = runtime.NewScheme()
	admin  client.Client
	// operator is the operator's own account, with the rights that it ships with and the ClusterRole that tests list for it.
	operator *rest.Config
)

func TestMain(m *testing.M) {
	utilruntime.Must(clientgoscheme.AddToScheme(scheme))
	utilruntime.Must(v1alpha1.AddToScheme(scheme))
	if kubeconfig, is := os.LookupEnv(kubeconfigVariable); is {
		os.Exit(operate(kubeconfig, os.Getenv(worldVariable)))
	}
	os.Exit(clustertest.Main(m, cluster.Options{}, func(ctx context.Context, c *cluster.Cluster) error {
		shared = c
		if err := c.InstallCRDs(ctx, "../../config/crd/bases"); err != nil {
			return err
		}
		if err := index.Setup(ctx, indexes); err != nil {
			return err
		}
		var err error
		if admin, err = client.New(c.RESTConfig(), client.Options{Scheme: scheme}); err != nil {
			return err
		}
		operator, err = install(ctx, c)
		return err
	}))
}

// install installs the operator's account, and returns it.
func install(ctx context.Context, c *cluster.Cluster) (*rest.Config, error) {
	if err := admin.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: admission.OperatorNamespace}}); err != nil {
		return nil, err
	}
	const rbac = "../../config/rbac/"
	if err := c.Apply(ctx, "test", rbac+"role.yaml", rbac+"role_binding.yaml", rbac+"bindable_clusterroles.yaml"); err != nil {
		return nil, err
	}
	bindable := &rbacv1.ClusterRole{}
	if err := admin.Get(ctx, keyOf("longshore-bind"), bindable); err != nil {
		return nil, err
	}
	bindable.Rules[0].ResourceNames = []string{listed}
	if err := admin.Update(ctx, bindable); err != nil {
		return nil, err
	}
	return c.ServiceAccount(ctx, admission.OperatorNamespace, admission.OperatorServiceAccount)
}

// report prints a line that make test-providers shows, of the tests that pass too.
func report(format string, args ...any) {
	fmt.Fprintf(os.Stdout, "report: "+format+"\n", args...)
}
