// Package admission tries the admission policies on a real API server, as impersonated users with the roles that a real
// team would have, each rule from both sides.
package admission

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/hack/admission/active"
	"github.com/longshore-dev/longshore/hack/cluster"
)

// patience is how long anything that the API server does on its own may take.
const patience = 30 * time.Second

var (
	plane  *cluster.Cluster
	scheme = runtime.NewScheme()
	// admin may do everything, custom verbs included, and is bound by whatever binds everyone.
	admin client.Client
)

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	ctx := context.Background()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			return 1, fmt.Errorf("building a scheme: %w", err)
		}
	}
	if plane, err = cluster.Start(ctx, cluster.Options{ControllerManager: true}); err != nil {
		return 1, err
	}
	defer func() {
		if stopErr := plane.Stop(); err == nil {
			err = stopErr
		}
	}()
	if admin, err = client.New(plane.RESTConfig(), client.Options{Scheme: scheme}); err != nil {
		return 1, fmt.Errorf("building a client: %w", err)
	}
	if err := plane.InstallCRDs(ctx, "../../config/crd"); err != nil {
		return 1, err
	}
	if err := createLegacy(ctx); err != nil {
		return 1, err
	}
	if err := plane.Apply(ctx, "test", "../../config/rbac/teams", "../../config/rbac/kinds", "../../config/admission"); err != nil {
		return 1, err
	}
	if err := createPeople(ctx); err != nil {
		return 1, err
	}
	if err := active.Wait(ctx, plane.RESTConfig()); err != nil {
		return 1, err
	}
	return m.Run(), nil
}
