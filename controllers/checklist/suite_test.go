package checklist

import (
	"context"
	"os"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	testclock "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/hack/cluster"
	"github.com/longshore-dev/longshore/hack/cluster/clustertest"
)

// operator is the user as whom the reconciler works, so that the audit log tells its writes from the tests'.
const operator = "operator"

var (
	shared *cluster.Cluster
	now    = time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)
)

func TestMain(m *testing.M) {
	os.Exit(clustertest.Main(m, cluster.Options{Audit: true}, func(ctx context.Context, c *cluster.Cluster) error {
		shared = c
		return c.InstallCRDs(ctx, "../../config/crd/bases")
	}))
}

// start runs the reconciler over a namespace of the test's own until the test ends.
func start(t *testing.T) (api client.Client, namespace string) {
	t.Helper()
	g := NewWithT(t)
	namespace = clustertest.Namespace(t, shared)
	scheme := runtime.NewScheme()
	g.Expect(v1alpha1.AddToScheme(scheme)).To(Succeed())
	api, err := client.New(shared.RESTConfig(), client.Options{Scheme: scheme})
	g.Expect(err).NotTo(HaveOccurred())
	mgr, err := ctrl.NewManager(shared.As(operator, "system:masters"), ctrl.Options{
		Scheme:     scheme,
		Metrics:    metricsserver.Options{BindAddress: "0"},
		Cache:      cache.Options{DefaultNamespaces: map[string]cache.Config{namespace: {}}},
		Controller: config.Controller{SkipNameValidation: new(true)},
	})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect((&Reconciler{Client: mgr.GetClient(), Clock: testclock.NewFakePassiveClock(now)}).SetupWithManager(t.Context(), mgr)).To(Succeed())
	stopped := make(chan error, 1)
	go func() { stopped <- mgr.Start(t.Context()) }()
	t.Cleanup(func() {
		if err := <-stopped; err != nil {
			t.Errorf("running the manager: %v", err)
		}
	})
	return api, namespace
}

// create stores a checklist with the steps.
func create(t *testing.T, api client.Client, namespace, name string, steps ...v1alpha1.ChecklistStep) *v1alpha1.Checklist {
	t.Helper()
	cl := &v1alpha1.Checklist{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Spec: v1alpha1.ChecklistSpec{Steps: steps}}
	if err := api.Create(t.Context(), cl); err != nil {
		t.Fatalf("creating the checklist %s: %v", name, err)
	}
	return cl
}

// judged waits until the status speaks of the spec as it is, and returns its Ready.
func judged(t *testing.T, api client.Client, cl *v1alpha1.Checklist) *metav1.Condition {
	t.Helper()
	g := NewWithT(t)
	g.Eventually(func(g Gomega) {
		g.Expect(api.Get(t.Context(), client.ObjectKeyFromObject(cl), cl)).To(Succeed())
		g.Expect(cl.Status.ObservedGeneration).To(Equal(cl.Generation), "the status should speak of the spec as it is")
		g.Expect(cl.Status.Conditions).To(HaveLen(1))
	}).WithTimeout(30 * time.Second).Should(Succeed())
	return &cl.Status.Conditions[0]
}

func step(name string, dependsOn ...string) v1alpha1.ChecklistStep {
	return v1alpha1.ChecklistStep{Name: name, Type: v1alpha1.StepAttestation, DependsOn: dependsOn}
}

// writes are what the reconciler wrote to the checklist since the mark.
func writes(t *testing.T, since cluster.AuditMark, cl *v1alpha1.Checklist) []cluster.AuditEvent {
	t.Helper()
	events, err := shared.AuditSince(t.Context(), since)
	if err != nil {
		t.Fatalf("reading the audit log: %v", err)
	}
	var own []cluster.AuditEvent
	for _, e := range events {
		if e.User == operator && e.Namespace == cl.Namespace && e.Name == cl.Name {
			own = append(own, e)
		}
	}
	return own
}

func mark(t *testing.T) cluster.AuditMark {
	t.Helper()
	m, err := shared.AuditMark(t.Context())
	if err != nil {
		t.Fatalf("marking the audit log: %v", err)
	}
	return m
}
