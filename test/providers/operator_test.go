package providers_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"github.com/go-logr/logr"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/controllers/access/provider/postgres"
	"github.com/longshore-dev/longshore/controllers/domain/admission"
	"github.com/longshore-dev/longshore/controllers/index"
	"github.com/longshore-dev/longshore/hack/cluster"
	"github.com/longshore-dev/longshore/hack/process"
)

// By these variables the test binary is not the tests but an operator: the kubeconfig that it calls the API server by, and the world that is its
// own.
const (
	kubeconfigVariable = "LONGSHORE_TEST_OPERATOR_KUBECONFIG"
	worldVariable      = "LONGSHORE_TEST_OPERATOR_WORLD"
)

// operate is an operator with a real clock, until it is killed. It returns an exit code where it cannot go on.
func operate(kubeconfig, world string) int {
	log.SetLogger(logr.Discard())
	err := func() error {
		account, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
		if err != nil {
			return err
		}
		named := cache.ByObject{Field: fields.OneTermEqualSelector(metav1.ObjectNameField, world)}
		mgr, err := newManager(account, cache.Options{
			// Of what other tests have in the same cluster it knows nothing.
			DefaultNamespaces: map[string]cache.Config{world: {}},
			ByObject:          map[client.Object]cache.ByObject{&v1alpha1.AccessProvider{}: named, &v1alpha1.AccessProfile{}: named},
		})
		if err != nil {
			return err
		}
		ctx := context.Background()
		registry := provider.Registry{v1alpha1.ProviderPostgreSQL: postgres.Type()}
		if err := setUp(ctx, mgr, registry, access.Keyring{Reader: mgr.GetAPIReader(), Namespace: world}); err != nil {
			return err
		}
		return mgr.Start(ctx)
	}()
	fmt.Fprintln(os.Stderr, "the operator ended:", err)
	return 1
}

func newManager(account *rest.Config, follow cache.Options) (ctrl.Manager, error) {
	return ctrl.NewManager(account, ctrl.Options{
		Scheme: scheme, Cache: follow, Metrics: server.Options{BindAddress: "0"}, Controller: config.Controller{SkipNameValidation: new(true)},
	})
}

// setUp has a manager reconcile AccessGrants and AccessProviders by the real clock.
func setUp(ctx context.Context, mgr ctrl.Manager, registry provider.Registry, keyring access.Keyring) error {
	if err := index.Setup(ctx, mgr.GetFieldIndexer()); err != nil {
		return err
	}
	targets := access.NewTargets(registry, clock.RealClock{}, keyring)
	recorder := mgr.GetEventRecorder("longshore")
	grants := &access.GrantReconciler{Client: mgr.GetClient(), Reader: mgr.GetAPIReader(), Clock: clock.RealClock{}, Recorder: recorder, Targets: targets}
	providers := &access.ProviderReconciler{Client: mgr.GetClient(), Clock: clock.RealClock{}, Recorder: recorder, Targets: targets}
	return errors.Join(grants.SetupWithManager(ctx, mgr), providers.SetupWithManager(ctx, mgr))
}

// instance is an operator in a process of its own, in one world.
type instance struct {
	*world
	process *process.Process
	said    bytes.Buffer
}

// startOperator starts an operator, and waits until it has probed the target system.
func startOperator(w *world) *instance {
	w.Helper()
	w.letReadKeys()
	kubeconfig := filepath.Join(w.TempDir(), "kubeconfig")
	w.Expect(cluster.WriteKubeconfig(kubeconfig, operator)).To(Succeed())
	self, err := os.Executable()
	w.Expect(err).NotTo(HaveOccurred())
	o := &instance{world: w}
	command := exec.Command(self)
	command.Env = append(os.Environ(), kubeconfigVariable+"="+kubeconfig, worldVariable+"="+w.name)
	command.Stdout, command.Stderr = &o.said, &o.said
	o.process, err = process.Start(command, syscall.SIGKILL)
	w.Expect(err).NotTo(HaveOccurred())
	// Most often it was killed by then.
	w.Cleanup(func() { w.Expect(o.process.Stop(syscall.SIGKILL, patience)).To(Succeed()) })
	w.Eventually(func() v1alpha1.AccessProviderStatus {
		o.expectRunning()
		behind := &v1alpha1.AccessProvider{}
		w.Expect(admin.Get(w.Context(), keyOf(w.name), behind)).To(Succeed())
		return behind.Status
	}, patience).Should(HaveField("Conditions", ContainElement(And(HaveField("Type", v1alpha1.ConditionReady), HaveField("Status", metav1.ConditionTrue)))), "the operator reaches the target system")
	return o
}

// letReadKeys lists what the AccessProvider refers to for the operator, as the installer does.
func (w *world) letReadKeys() {
	w.Helper()
	meta := metav1.ObjectMeta{Namespace: w.name, Name: "longshore-credentials"}
	w.create(&rbacv1.Role{ObjectMeta: meta, Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{corev1.GroupName}, Resources: []string{"secrets", "configmaps"}, Verbs: []string{"get"}, ResourceNames: []string{w.name}},
	}})
	w.create(&rbacv1.RoleBinding{
		ObjectMeta: meta, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: meta.Name},
		Subjects: []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: admission.OperatorNamespace, Name: admission.OperatorServiceAccount}},
	})
}

func (o *instance) expectRunning() {
	o.Helper()
	select {
	case <-o.process.Ended():
		o.Fatalf("the operator ended, and was not killed yet: %s", o.said.String())
	default:
	}
}

// kill kills the operator, as nothing can be prepared for.
func (o *instance) kill() {
	o.Helper()
	o.expectRunning()
	o.Expect(o.process.Stop(syscall.SIGKILL, patience)).To(Succeed())
	status, is := o.process.State().Sys().(syscall.WaitStatus)
	o.Expect(is && status.Signaled()).To(BeTrue(), "the operator was killed, and did not end by itself")
	o.Expect(status.Signal()).To(Equal(syscall.SIGKILL))
}
