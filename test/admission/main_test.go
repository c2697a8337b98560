// Package admission tries the admission policies on a real API server, as impersonated users with the roles that a real
// team would have, each rule from both sides.
package admission

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
	if err := spareOlderCluster(ctx); err != nil {
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

// olderCluster labels what a test writes as if the cluster served no MutatingAdmissionPolicy.
const olderCluster = "older-cluster"

func spareOlderCluster(ctx context.Context) error {
	var bindings admissionregistrationv1.MutatingAdmissionPolicyBindingList
	if err := admin.List(ctx, &bindings); err != nil {
		return fmt.Errorf("listing what fills in fields: %w", err)
	}
	for _, binding := range bindings.Items {
		binding.Spec.MatchResources = &admissionregistrationv1.MatchResources{ObjectSelector: &metav1.LabelSelector{
			MatchExpressions: []metav1.LabelSelectorRequirement{{Key: olderCluster, Operator: metav1.LabelSelectorOpDoesNotExist}},
		}}
		if err := admin.Update(ctx, &binding); err != nil {
			return fmt.Errorf("sparing what is labeled %s: %w", olderCluster, err)
		}
	}
	return nil
}
