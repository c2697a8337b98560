package cluster

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/longshore-dev/longshore/hack/process/processtest"
)

// shared runs everything, for the tests that only use a cluster.
var shared *Cluster

func TestMain(m *testing.M) {
	log.SetLogger(logr.Discard())
	os.Exit(processtest.Main(tests{m}, own))
}

// tests run with the shared cluster.
type tests struct{ *testing.M }

func (m tests) Run() int {
	var err error
	if shared, err = Start(context.Background(), Options{ControllerManager: true, Audit: true}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.M.Run()
	if err := shared.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

func newClient(t *testing.T, config *rest.Config) client.Client {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	c, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	return c
}
