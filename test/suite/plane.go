// Package suite is what the tests of reconcilers share: a real API server with Longshore's kinds, a reconciler at work in a namespace of the
// test's own, and what it wrote and said.
package suite

import (
	"context"
	"path/filepath"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/index"
	"github.com/longshore-dev/longshore/hack/cluster"
	"github.com/longshore-dev/longshore/hack/cluster/clustertest"
)

// operator is the user as whom a reconciler works, so that the audit log tells its writes from the tests'.
const operator = "operator"

// Plane is a control plane that the tests of a package share.
type Plane struct{ cluster *cluster.Cluster }

// Main starts the control plane, with an audit log and Longshore's kinds, runs the tests and stops it. It returns the exit code:
//
//	var plane suite.Plane
//
//	func TestMain(m *testing.M) { os.Exit(plane.Main(m, cluster.Options{})) }
func (p *Plane) Main(m *testing.M, options cluster.Options) int {
	options.Audit = true
	return clustertest.Main(m, options, func(ctx context.Context, c *cluster.Cluster) error {
		p.cluster = c
		root, err := cluster.ModuleRoot()
		if err != nil {
			return err
		}
		return c.InstallCRDs(ctx, filepath.Join(root, "config", "crd", "bases"))
	})
}

// Stage is a namespace of a test's own, in which a reconciler works.
type Stage struct {
	*testing.T
	Namespace string
	// API is the API server for somebody who may do everything.
	API     client.Client
	cluster *cluster.Cluster
}

// Namespace makes one of the test's own.
func (p *Plane) Namespace(t *testing.T) string {
	t.Helper()
	return clustertest.Namespace(t, p.cluster)
}

// Open has a reconciler work in a namespace of the test's own, until the test ends: setUp adds it to a manager that has the indexes of package
// index, and knows of that namespace and of others that are named, and of no more.
func (p *Plane) Open(t *testing.T, setUp func(context.Context, ctrl.Manager) error, others ...string) *Stage {
	t.Helper()
	s := &Stage{T: t, Namespace: p.Namespace(t), cluster: p.cluster}
	known := map[string]cache.Config{s.Namespace: {}}
	for _, namespace := range others {
		known[namespace] = cache.Config{}
	}
	scheme := runtime.NewScheme()
	s.must(clientgoscheme.AddToScheme(scheme))
	s.must(v1alpha1.AddToScheme(scheme))
	var err error
	s.API, err = client.New(p.cluster.RESTConfig(), client.Options{Scheme: scheme})
	s.must(err)
	mgr, err := ctrl.NewManager(p.cluster.As(operator, "system:masters"), ctrl.Options{
		Scheme:  scheme,
		Metrics: metricsserver.Options{BindAddress: "0"},
		Cache:   cache.Options{DefaultNamespaces: known},
		// Each test has a controller of the same name.
		Controller: config.Controller{SkipNameValidation: new(true)},
	})
	s.must(err)
	s.must(index.Setup(t.Context(), mgr.GetFieldIndexer()))
	s.must(setUp(t.Context(), mgr))
	stopped := make(chan error, 1)
	go func() { stopped <- mgr.Start(t.Context()) }()
	t.Cleanup(func() {
		if err := <-stopped; err != nil {
			t.Errorf("running the manager: %v", err)
		}
	})
	return s
}

func (s *Stage) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// Create stores an object, in the stage's namespace unless it names another.
func (s *Stage) Create(o client.Object) {
	s.Helper()
	if o.GetNamespace() == "" {
		o.SetNamespace(s.Namespace)
	}
	if err := s.API.Create(s.Context(), o); err != nil {
		s.Fatalf("creating %T %s: %v", o, o.GetName(), err)
	}
}

// Mark is this moment, for Writes.
func (s *Stage) Mark() cluster.AuditMark {
	s.Helper()
	mark, err := s.cluster.AuditMark(s.Context())
	s.must(err)
	return mark
}

// Writes are what the reconciler wrote in the stage's namespace since a mark.
func (s *Stage) Writes(since cluster.AuditMark) []cluster.AuditEvent {
	s.Helper()
	events, err := s.cluster.AuditSince(s.Context(), since)
	s.must(err)
	var own []cluster.AuditEvent
	for _, e := range events {
		if e.User == operator && e.Namespace == s.Namespace {
			own = append(own, e)
		}
	}
	return own
}
