package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/longshore-dev/longshore/hack/process"
)

const pollInterval = 50 * time.Millisecond

// controllers are the ones that a cluster without nodes has work for, and all that hack/controlplane builds.
var controllers = []string{
	"clusterrole-aggregation-controller",
	"garbage-collector-controller",
	"namespace-controller",
	"serviceaccount-controller",
	"serviceaccount-token-controller",
	"validatingadmissionpolicy-status-controller",
}

// startControllerManager starts kube-controller-manager and waits until its controllers have been seen to work.
func (c *Cluster) startControllerManager(ctx context.Context) error {
	user, err := c.servers.AddUser(envtest.User{Name: "system:kube-controller-manager"}, nil)
	if err != nil {
		return fmt.Errorf("making the controller manager's certificate: %w", err)
	}
	kubeconfig := filepath.Join(c.certDir(), "kube-controller-manager.kubeconfig")
	if err := WriteKubeconfig(kubeconfig, user.Config()); err != nil {
		return err
	}
	rootCA := filepath.Join(c.certDir(), "root-ca.crt")
	if err := os.WriteFile(rootCA, c.admin.CAData, 0o600); err != nil {
		return fmt.Errorf("writing the root certificate: %w", err)
	}
	launcher, err := c.launcher("kube-controller-manager")
	if err != nil {
		return err
	}
	log, err := os.Create(c.logFile("kube-controller-manager"))
	if err != nil {
		return fmt.Errorf("making the controller manager's log: %w", err)
	}
	defer log.Close()
	command := exec.Command(launcher,
		"--kubeconfig="+kubeconfig,
		"--controllers="+strings.Join(controllers, ","),
		"--use-service-account-credentials=true",
		"--service-account-private-key-file="+filepath.Join(c.certDir(), "sa-signer.key"),
		"--root-ca-file="+rootCA,
		"--leader-elect=false",
		// It serves nothing: what it does is the health check, and no port can be taken in between.
		"--secure-port=0",
	)
	command.Stdout, command.Stderr = log, log
	if c.manager, err = process.Start(command, syscall.SIGKILL); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, errors.New("kube-controller-manager does not do its work"))
	defer cancel()
	return c.waitForControllers(ctx)
}

// waitForControllers waits for a piece of work from each controller that others would otherwise wait for.
func (c *Cluster) waitForControllers(ctx context.Context) error {
	admin, err := client.New(c.admin, client.Options{})
	if err != nil {
		return fmt.Errorf("building a client: %w", err)
	}
	// The garbage collector removes what is owned by nothing that exists.
	orphan := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{
		GenerateName: "garbage-collector-probe-", Namespace: metav1.NamespaceSystem,
		OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: "nobody", UID: uuid.NewUUID()}},
	}}
	if err := admin.Create(ctx, orphan); err != nil {
		return fmt.Errorf("creating a probe for the garbage collector: %w", err)
	}
	probes := []struct {
		what string
		done func() (bool, error)
	}{
		{"collect an object without an owner", func() (bool, error) {
			err := admin.Get(ctx, client.ObjectKeyFromObject(orphan), &corev1.ConfigMap{})
			return apierrors.IsNotFound(err), client.IgnoreNotFound(err)
		}},
		{"create the default service account", func() (bool, error) {
			err := admin.Get(ctx, client.ObjectKey{Namespace: metav1.NamespaceDefault, Name: "default"}, &corev1.ServiceAccount{})
			return err == nil, client.IgnoreNotFound(err)
		}},
		{"aggregate the ClusterRole view", func() (bool, error) {
			var view rbacv1.ClusterRole
			err := admin.Get(ctx, client.ObjectKey{Name: "view"}, &view)
			return len(view.Rules) > 0, client.IgnoreNotFound(err)
		}},
	}
	for _, probe := range probes {
		err := wait.PollUntilContextCancel(ctx, pollInterval, true, func(context.Context) (bool, error) {
			select {
			case <-c.manager.Ended():
				return false, fmt.Errorf("it ended: %s", c.manager.State())
			default:
				return probe.done()
			}
		})
		if err != nil {
			return fmt.Errorf("waiting for the controller manager to %s: %w", probe.what, errors.Join(err, context.Cause(ctx)))
		}
	}
	return nil
}
