// Package policies tries the guard rails in config/policies: the ValidatingAdmissionPolicies on a real API server, as
// impersonated tenants, and the forms for the other engines by the libraries that these engines are made of. The engines'
// own command-line tools are run by make test-policies.
package policies

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/go-logr/logr"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/longshore-dev/longshore/hack/admission/active"
	"github.com/longshore-dev/longshore/hack/cluster"
	"github.com/longshore-dev/longshore/test/policies/fixtures"
)

const (
	// patience is how long anything that the API server does on its own may take.
	patience     = 30 * time.Second
	pollInterval = 50 * time.Millisecond

	shipped    = "../../config/policies"
	parameters = "parameters"
	samples    = "../../config/samples"

	// tessa is a requester in every namespace of the fixtures.
	tessa = "tessa@example.com"
)

var (
	plane  *cluster.Cluster
	scheme = runtime.NewScheme()
	admin  client.Client
	all    []fixtures.Fixture
	update []fixtures.Update
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
	ctrllog.SetLogger(logr.Discard())
	if all, err = fixtures.All(); err != nil {
		return 1, err
	}
	if update, err = fixtures.Updates(); err != nil {
		return 1, err
	}
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		return 1, fmt.Errorf("building a scheme: %w", err)
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
	if err := plane.Apply(ctx, "test", "../../config/rbac/teams"); err != nil {
		return 1, err
	}
	if err := createNamespaces(ctx); err != nil {
		return 1, err
	}
	if err := createBefore(ctx); err != nil {
		return 1, err
	}
	if err := plane.Apply(ctx, "test", parameters+"/vap"); err != nil {
		return 1, err
	}
	if err := observe(ctx); err != nil {
		return 1, err
	}
	if err := active.Wait(ctx, plane.RESTConfig()); err != nil {
		return 1, err
	}
	return m.Run(), nil
}

// createNamespaces creates the namespaces of the fixtures, with their requester.
func createNamespaces(ctx context.Context) error {
	for _, name := range []string{"longshore-system", "marketing", "care", "checkout", metav1.NamespaceDefault} {
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
		if err := admin.Create(ctx, namespace); client.IgnoreAlreadyExists(err) != nil {
			return fmt.Errorf("creating the namespace %s: %w", name, err)
		}
		if name == "longshore-system" {
			continue
		}
		binding := &rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{Namespace: name, Name: "requester"},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "longshore-requester"},
			Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: tessa}},
		}
		if err := admin.Create(ctx, binding); err != nil {
			return fmt.Errorf("binding the requester in %s: %w", name, err)
		}
	}
	return nil
}

// createBefore creates what the updates change, before there are guard rails: most of it would be refused.
func createBefore(ctx context.Context) error {
	created := map[string]bool{}
	for _, u := range update {
		if created[u.Old.GetName()] {
			continue
		}
		created[u.Old.GetName()] = true
		if err := admin.Create(ctx, u.Old.DeepCopy()); err != nil {
			return fmt.Errorf("creating %s: %w", u.Old.GetName(), err)
		}
	}
	return nil
}

// observe binds every policy once more, as a warning: of several refusals the API server tells only the first, of
// warnings it tells all.
func observe(ctx context.Context) error {
	for _, policy := range fixtures.Policies {
		for _, name := range []string{policy, policy + onUpdate} {
			binding, err := rebound(ctx, name, observed)
			if err != nil {
				return err
			}
			binding.Spec.ValidationActions = []admissionregistrationv1.ValidationAction{admissionregistrationv1.Warn}
			if err := admin.Create(ctx, binding); err != nil {
				return fmt.Errorf("binding %s once more: %w", policy, err)
			}
		}
	}
	return nil
}

// rebound is a copy of a binding, under a name that ends differently.
func rebound(ctx context.Context, name, end string) (*admissionregistrationv1.ValidatingAdmissionPolicyBinding, error) {
	var binding admissionregistrationv1.ValidatingAdmissionPolicyBinding
	if err := admin.Get(ctx, client.ObjectKey{Name: name}, &binding); err != nil {
		return nil, fmt.Errorf("reading the binding %s: %w", name, err)
	}
	return &admissionregistrationv1.ValidatingAdmissionPolicyBinding{ObjectMeta: metav1.ObjectMeta{Name: name + end}, Spec: *binding.Spec.DeepCopy()}, nil
}

const (
	observed = "-observed"
	// onUpdate is what the names of the bindings for updates end in.
	onUpdate = "-on-update"
)
