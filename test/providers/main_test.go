// Package providers_test shows that access is given and proven gone whatever the target systems do: real servers, behind proxies that put
// faults on the wire, under the reconcilers of AccessGrants and AccessProviders.
package providers_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
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
)

func TestMain(m *testing.M) {
	utilruntime.Must(clientgoscheme.AddToScheme(scheme))
	utilruntime.Must(v1alpha1.AddToScheme(scheme))
	os.Exit(clustertest.Main(m, cluster.Options{}, func(ctx context.Context, c *cluster.Cluster) error {
		shared = c
		if err := c.InstallCRDs(ctx, "../../config/crd/bases"); err != nil {
			return err
		}
		if err := index.Setup(ctx, indexes); err != nil {
			return err
		}
		var err error
		admin, err = client.New(c.RESTConfig(), client.Options{Scheme: scheme})
		return err
	}))
}

// report prints a line that make test-providers shows, of the tests that pass too.
func report(format string, args ...any) {
	fmt.Fprintf(os.Stdout, "report: "+format+"\n", args...)
}
