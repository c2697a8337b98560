// Package installed applies the compliance catalogue to a real API server, as kubectl apply -k does.
package installed

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/hack/cluster"
	"github.com/longshore-dev/longshore/hack/cluster/clustertest"
)

var shared *cluster.Cluster

func TestMain(m *testing.M) {
	os.Exit(clustertest.Main(m, cluster.Options{}, func(ctx context.Context, c *cluster.Cluster) error {
		shared = c
		return c.InstallCRDs(ctx, fromRoot("config", "crd", "bases"))
	}))
}

func fromRoot(path ...string) string {
	return filepath.Join(append([]string{"..", "..", ".."}, path...)...)
}

func api(t *testing.T) client.Client {
	t.Helper()
	scheme := runtime.NewScheme()
	err := v1alpha1.AddToScheme(scheme)
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New(shared.RESTConfig(), client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// kubectl runs it as an administrator, and gives what it printed.
func kubectl(t *testing.T, args ...string) string {
	t.Helper()
	config := filepath.Join(t.TempDir(), "kubeconfig")
	if err := cluster.WriteKubeconfig(config, shared.RESTConfig()); err != nil {
		t.Fatal(err)
	}
	var out, problems bytes.Buffer
	cmd := exec.CommandContext(t.Context(), shared.Kubectl(), append([]string{"--kubeconfig", config}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil {
		t.Fatalf("kubectl %v: %v\n%s%s", args, err, out.String(), problems.String())
	}
	return out.String()
}

func TestTheCatalogueIsInstalledWholeAndTwice(t *testing.T) {
	catalogue := fromRoot("config", "compliance")
	kubectl(t, "apply", "--server-side", "-k", catalogue)
	var policies v1alpha1.CompliancePolicyList
	if err := api(t).List(t.Context(), &policies); err != nil {
		t.Fatal(err)
	}
	const shipped = 15
	if len(policies.Items) != shipped {
		t.Errorf("the API server has %d policies, expected the %d of the catalogue", len(policies.Items), shipped)
	}
	kubectl(t, "apply", "--server-side", "-k", catalogue)
	if diff := kubectl(t, "diff", "--server-side", "-k", catalogue); diff != "" {
		t.Errorf("a catalogue that is applied again should change nothing:\n%s", diff)
	}
}
