// Package gitops tests what GitOps tools do with Longshore's kinds, against a real control plane with the operator at work: they apply in any order, read
// health, act, share objects with others, prune, and sync the repository layout that ships as an example.
package gitops

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
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
	// unseen are objects of each kind as they were before any operator ran.
	unseen = map[string]*unstructured.Unstructured{}
	config = filepath.Join("..", "..", "config")
)

// chat is a ClusterRole that stands for a target system.
const chat = "gitops-chat-user"

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
	c, err := cluster.Start(context.Background(), cluster.Options{ControllerManager: true})
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
	if err := c.InstallCRDs(ctx, filepath.Join(config, "crd", "bases")); err != nil {
		return err
	}
	for _, o := range []client.Object{
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: admission.OperatorNamespace}},
		&rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: chat}, Rules: []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"configmaps"}, ResourceNames: []string{chat}, Verbs: []string{"get"}}}},
	} {
		if err := admin.Create(ctx, o); err != nil {
			return err
		}
	}
	if err := c.Apply(ctx, "test", filepath.Join(config, "rbac"), filepath.Join(config, "admission")); err != nil {
		return err
	}
	bindable := &rbacv1.ClusterRole{}
	if err := admin.Get(ctx, client.ObjectKey{Name: "longshore-bind"}, bindable); err != nil {
		return err
	}
	bindable.Rules[0].ResourceNames = []string{chat}
	if err := admin.Update(ctx, bindable); err != nil {
		return err
	}
	if err := active.Wait(ctx, c.RESTConfig()); err != nil {
		return err
	}
	account, err := c.ServiceAccount(ctx, admission.OperatorNamespace, admission.OperatorServiceAccount)
	if err != nil {
		return err
	}
	if err := keepUnseen(ctx); err != nil {
		return err
	}
	return startOperator(ctx, account)
}

func startOperator(ctx context.Context, account *rest.Config) error {
	options := cache.Options{DefaultTransform: cache.TransformStripManagedFields()}
	controllers.NarrowCache(&options)
	mgr, err := ctrl.NewManager(account, ctrl.Options{Scheme: scheme, Cache: options, Metrics: metricsserver.Options{BindAddress: "0"}})
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
