// Package lifecycle tests the whole operator against a real control plane: every reconciler, under its own account and with the
// permissions and admission policies that ship, and people who act only through the API, each under their own name.
package lifecycle

import (
	"context"
	"errors"
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
	shared *cluster.Cluster
	scheme = runtime.NewScheme()
	admin  client.Client
)

func TestMain(m *testing.M) {
	code := 1
	if err := run(func() { code = m.Run() }); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// run runs the tests between the start and the stop of the control plane and the operator.
func run(tests func()) (err error) {
	c, err := cluster.Start(context.Background(), cluster.Options{ControllerManager: true, Audit: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Stop()) }()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel() // the operator's watches end before the API server is stopped
	log.SetLogger(logr.Discard())
	if err := prepare(ctx, c); err != nil {
		return err
	}
	tests()
	return nil
}

// prepare installs what `kubectl apply -k config/default` installs but for the Deployment, and runs the operator in this process, under its own service account.
func prepare(ctx context.Context, c *cluster.Cluster) error {
	shared = c
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		return err
	}
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return err
	}
	var err error
	if admin, err = client.New(c.RESTConfig(), client.Options{Scheme: scheme}); err != nil {
		return err
	}
	if err := admin.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: admission.OperatorNamespace}}); err != nil {
		return err
	}
	if err := c.InstallCRDs(ctx, "../../config/crd/bases"); err != nil {
		return err
	}
	if err := c.Apply(ctx, "test", "../../config/rbac", "../../config/admission"); err != nil {
		return err
	}
	if err := makeTargets(ctx); err != nil {
		return err
	}
	config, err := c.ServiceAccount(ctx, admission.OperatorNamespace, admission.OperatorServiceAccount)
	if err != nil {
		return err
	}
	if err := active.Wait(ctx, c.RESTConfig()); err != nil {
		return err
	}
	return startOperator(ctx, config)
}

// The ClusterRoles that stand for target systems.
var targets = []string{"chat-user", "drive-user", "tracker-user"}

func makeTargets(ctx context.Context) error {
	for _, name := range targets {
		role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: name}, Rules: []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"configmaps"}, ResourceNames: []string{name}, Verbs: []string{"get"}}}}
		if err := admin.Create(ctx, role); err != nil {
			return err
		}
	}
	// An account that prunes what left Git, without the verb end.
	prune := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "longshore-gitops-test"}, Rules: []rbacv1.PolicyRule{{APIGroups: []string{v1alpha1.GroupVersion.Group}, Resources: []string{"engagements"}, Verbs: []string{"get", "list", "delete"}}}}
	if err := admin.Create(ctx, prune); err != nil {
		return err
	}
	bindable := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "longshore-bind"}}
	if err := admin.Get(ctx, client.ObjectKeyFromObject(bindable), bindable); err != nil {
		return err
	}
	bindable.Rules[0].ResourceNames = targets
	return admin.Update(ctx, bindable)
}

func startOperator(ctx context.Context, config *rest.Config) error {
	options := cache.Options{DefaultTransform: cache.TransformStripManagedFields()}
	controllers.NarrowCache(&options)
	mgr, err := ctrl.NewManager(config, ctrl.Options{Scheme: scheme, Cache: options, Metrics: metricsserver.Options{BindAddress: "0"}})
	if err != nil {
		return err
	}
	if err := controllers.SetupAll(ctx, mgr, clock.RealClock{}, "longshore-system"); err != nil {
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
