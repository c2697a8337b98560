// Package attacks tries to get past Longshore, as people who each have the roles that a real team would give them, on a real
// control plane with the operator at work. Each attempt is refused, or kept and without effect, by a rule that is named; and each has a
// twin, the same by whoever may, which succeeds. What becomes of them is a table in the books.
package attacks

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers"
	"github.com/longshore-dev/longshore/controllers/domain/admission"
	"github.com/longshore-dev/longshore/hack/admission/active"
	"github.com/longshore-dev/longshore/hack/cluster"
)

var (
	plane  *cluster.Cluster
	scheme = runtime.NewScheme()
	// admin may do everything.
	admin client.Client
	// bot is a service account of the team with credentials of its own; everybody else is impersonated.
	bot *rest.Config
)

func TestMain(m *testing.M) {
	flag.Parse()
	if *write { // The table is written without trying anything.
		os.Exit(m.Run())
	}
	code := 1
	if err := run(func() { code = m.Run() }); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// run runs the tests between the start and the stop of the control plane and the operator.
func run(tests func()) (err error) {
	if plane, err = cluster.Start(context.Background(), cluster.Options{ControllerManager: true}); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, plane.Stop()) }()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel() // The operator's watches end before the API server is stopped.
	log.SetLogger(logr.Discard())
	if err := prepare(ctx); err != nil {
		return err
	}
	tests()
	return nil
}

// prepare installs what config/default installs but for the Deployment, and runs the operator in this process, under its own account.
func prepare(ctx context.Context) error {
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			return err
		}
	}
	var err error
	if admin, err = client.New(plane.RESTConfig(), client.Options{Scheme: scheme}); err != nil {
		return err
	}
	if err := plane.InstallCRDs(ctx, "../../config/crd/bases"); err != nil {
		return err
	}
	for _, name := range []string{admission.OperatorNamespace, team, talent, vault, elsewhere} {
		if err := admin.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}); err != nil {
			return err
		}
	}
	if err := admin.Create(ctx, early); err != nil {
		return fmt.Errorf("writing what is older than the policies: %w", err)
	}
	if err := plane.Apply(ctx, "test", "../../config/rbac", "../../config/admission"); err != nil {
		return err
	}
	if err := bindPeople(ctx); err != nil {
		return err
	}
	if err := active.Wait(ctx, plane.RESTConfig()); err != nil {
		return err
	}
	for _, object := range furniture() {
		if err := admin.Create(ctx, object); err != nil {
			return fmt.Errorf("creating %T %s: %w", object, object.GetName(), err)
		}
	}
	config, err := plane.ServiceAccount(ctx, admission.OperatorNamespace, admission.OperatorServiceAccount)
	if err != nil {
		return err
	}
	return startOperator(ctx, config)
}

// bindable is the ClusterRole that profiles hand out.
const bindable = "design-tools-user"

func allowBinding(ctx context.Context) error {
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: bindable}, Rules: []rbacv1.PolicyRule{{
		APIGroups: []string{""}, Resources: []string{"configmaps"}, ResourceNames: []string{"designs"}, Verbs: []string{"get"},
	}}}
	if err := admin.Create(ctx, role); err != nil {
		return err
	}
	list := &rbacv1.ClusterRole{}
	if err := admin.Get(ctx, client.ObjectKey{Name: "longshore-bind"}, list); err != nil {
		return err
	}
	list.Rules[0].ResourceNames = []string{bindable}
	return admin.Update(ctx, list)
}

func startOperator(ctx context.Context, config *rest.Config) error {
	options := cache.Options{DefaultTransform: cache.TransformStripManagedFields()}
	controllers.NarrowCache(&options)
	mgr, err := ctrl.NewManager(config, ctrl.Options{Scheme: scheme, Cache: options, Metrics: metricsserver.Options{BindAddress: "0"}})
	if err != nil {
		return err
	}
	if err := controllers.SetupAll(ctx, mgr, clock.RealClock{}, admission.OperatorNamespace); err != nil {
		return err
	}
	go func() {
		if err := mgr.Start(ctx); err != nil {
			fmt.Fprintln(os.Stderr, "the operator stopped:", err)
		}
	}()
	if !mgr.GetCache().WaitForCacheSync(ctx) {
		return fmt.Errorf("the operator's caches did not sync")
	}
	return nil
}
