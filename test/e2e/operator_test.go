// Package e2e runs the operator's own binary, as the manifests run it, against a real control plane.
package e2e

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/longshore-dev/longshore/controllers/domain/admission"
	"github.com/longshore-dev/longshore/hack/cluster"
	"github.com/longshore-dev/longshore/hack/process"
)

// patience is how long the operator may take to do what it does in a second on an idle machine.
const patience = 2 * time.Minute

// The operator is ready once its caches are synced, holds the lease, tells its metrics to those who may read them and to nobody else, and
// gives the lease back when it is stopped.
func TestTheOperatorServesProbesAndMetricsToThoseWhoMayReadThem(t *testing.T) {
	c := controlPlane(t)
	probes, metrics := freeAddress(t), freeAddress(t)
	operator := start(t, c, "--leader-elect", "--health-probe-bind-address="+probes, "--metrics-bind-address="+metrics)

	eventually(t, "ready once its caches are synced", func() bool { return code("http://"+probes+"/readyz", "") == http.StatusOK })
	if got := code("http://"+probes+"/healthz", ""); got != http.StatusOK {
		t.Errorf("expected a ready operator to be alive, got %d", got)
	}
	url := "https://" + metrics + "/metrics"
	if got := code(url, ""); got != http.StatusUnauthorized {
		t.Errorf("expected the metrics to be refused to whoever does not say who they are, got %d", got)
	}
	if got := code(url, token(t, c, "stranger")); got != http.StatusForbidden {
		t.Errorf("expected the metrics to be refused to whoever may not read them, got %d", got)
	}
	scraper := token(t, c, "scraper")
	mayRead(t, c, "scraper")
	var body string
	eventually(t, "serving its metrics to whoever may read them", func() bool {
		status, read := get(url, scraper)
		body = read
		return status == http.StatusOK && strings.Contains(read, `longshore_engagements{phase="Pending"} 0`)
	})
	for _, name := range []string{"leader_election_master_status", "rest_client_requests_total"} {
		if !strings.Contains(body, name) {
			t.Errorf("expected the metrics to hold %s", name)
		}
	}

	if err := operator.Stop(syscall.SIGTERM, patience); err != nil {
		t.Fatal(err)
	}
	if state := operator.State(); !state.Success() {
		t.Errorf("expected the operator to end without an error when it is told to, got %s", state)
	}
	client := kubernetes.NewForConfigOrDie(c.RESTConfig())
	lease, err := client.CoordinationV1().Leases(admission.OperatorNamespace).Get(t.Context(), "controller-manager.gig.longshore.dev", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if holder := lease.Spec.HolderIdentity; holder != nil && *holder != "" {
		t.Errorf("expected the lease to be given back, so that the other replica takes over at once; it is held by %s", *holder)
	}
}

func controlPlane(t *testing.T) *cluster.Cluster {
	t.Helper()
	c, err := cluster.Start(t.Context(), cluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	client := kubernetes.NewForConfigOrDie(c.RESTConfig())
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: admission.OperatorNamespace}}
	if _, err := client.CoreV1().Namespaces().Create(t.Context(), namespace, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := c.InstallCRDs(t.Context(), "../../config/crd/bases"); err != nil {
		t.Fatal(err)
	}
	if err := c.Apply(t.Context(), "test", "../../config/rbac", "../../config/admission"); err != nil {
		t.Fatal(err)
	}
	return c
}

// start builds and starts the operator under its own service account, with the rights that ship and nothing else.
func start(t *testing.T, c *cluster.Cluster, args ...string) *process.Process {
	t.Helper()
	log.SetLogger(logr.Discard())
	binary := filepath.Join(t.TempDir(), "manager")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "../..")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the operator: %v\n%s", err, out)
	}
	access, err := c.ServiceAccount(t.Context(), admission.OperatorNamespace, admission.OperatorServiceAccount)
	if err != nil {
		t.Fatal(err)
	}
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	if err := cluster.WriteKubeconfig(kubeconfig, access); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	command := exec.Command(binary, append(args, "--kubeconfig="+kubeconfig, "--leader-election-namespace="+admission.OperatorNamespace)...)
	command.Stdout, command.Stderr = &said, &said
	operator, err := process.Start(command, syscall.SIGKILL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := operator.Stop(syscall.SIGKILL, patience); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("the operator said:\n%s", said.String())
		}
	})
	return operator
}

// token of a service account in the default namespace.
func token(t *testing.T, c *cluster.Cluster, name string) string {
	t.Helper()
	access, err := c.ServiceAccount(t.Context(), "default", name)
	if err != nil {
		t.Fatal(err)
	}
	return access.BearerToken
}

func mayRead(t *testing.T, c *cluster.Cluster, name string) {
	t.Helper()
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "longshore-metrics-reader"},
		Subjects: []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: "default", Name: name}},
	}
	if _, err := kubernetes.NewForConfigOrDie(c.RESTConfig()).RbacV1().ClusterRoleBindings().Create(t.Context(), binding, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

func code(url, token string) int {
	status, _ := get(url, token)
	return status
}

// get gives the status code and the body; 0 while nobody answers.
func get(url, token string) (int, string) {
	// The operator signs its own certificate, as it does where none is mounted.
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return 0, ""
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, ""
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, ""
	}
	return response.StatusCode, string(body)
}

func eventually(t *testing.T, expected string, is func() bool) {
	t.Helper()
	if err := wait.PollUntilContextTimeout(t.Context(), 100*time.Millisecond, patience, true, func(context.Context) (bool, error) { return is(), nil }); err != nil {
		t.Fatalf("expected the operator to be %s: %v", expected, err)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	port, err := process.FreePort(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return process.Address(port)
}
