package controllers

import (
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/yaml"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/dossier"
	"github.com/longshore-dev/longshore/hack/cluster"
	"github.com/longshore-dev/longshore/hack/cluster/clustertest"
)

const patience = time.Minute

var (
	shared *cluster.Cluster
	crds   = filepath.Join("..", "config", "crd", "bases")
)

func TestMain(m *testing.M) {
	os.Exit(clustertest.Main(m, cluster.Options{}, func(ctx context.Context, c *cluster.Cluster) error {
		shared = c
		return c.InstallCRDs(ctx, crds)
	}))
}

// TestEveryKindThatWaitsToBeLookedAtIsLookedAt runs what SetupAll sets up over one object of every kind: a reconciler that is left out shows itself in nothing but
// that its kind is never answered.
func TestEveryKindThatWaitsToBeLookedAtIsLookedAt(t *testing.T) {
	g := NewWithT(t)
	api := operate(t)
	namespace := clustertest.Namespace(t, shared)
	hour := metav1.NewTime(time.Now().Add(time.Hour))
	month := metav1.NewTime(hour.AddDate(0, 1, 0))

	eng := &v1alpha1.Engagement{ObjectMeta: metav1.ObjectMeta{Name: "work"}}
	eng.Spec.Title, eng.Spec.PoolRef.Name = "Work", "designers"
	eng.Spec.StatementOfWork = v1alpha1.StatementOfWork{Summary: "Work", Start: hour, End: month, Budget: v1alpha1.Money{Currency: "EUR", Amount: "9000"}}
	eng.Spec.Classification = v1alpha1.Classification{WorkerType: v1alpha1.IndependentContractor, Jurisdiction: "DE"}
	rule := &v1alpha1.CompliancePolicy{ObjectMeta: metav1.ObjectMeta{Name: "law"}}
	rule.Spec.EffectiveFrom, rule.Spec.Source.Title = hour, "Handbook"
	waiting := map[string]client.Object{
		"AccessGrant": &v1alpha1.AccessGrant{ObjectMeta: metav1.ObjectMeta{Name: "chat"}, Spec: v1alpha1.AccessGrantSpec{
			EngagementRef: v1alpha1.EngagementReference{Name: "work", UID: "some"}, WorkerRef: v1alpha1.WorkerReference{Name: "ada", Namespace: namespace, PersonKey: "ada"},
			Profile: "chat", NotBefore: hour, ExpiresAt: month,
		}},
		"AccessProvider":   &v1alpha1.AccessProvider{ObjectMeta: metav1.ObjectMeta{Name: "stores"}, Spec: v1alpha1.AccessProviderSpec{Type: v1alpha1.ProviderManual}},
		"Assignment":       &v1alpha1.Assignment{ObjectMeta: metav1.ObjectMeta{Name: "logo"}, Spec: v1alpha1.AssignmentSpec{Title: "Logo", PoolRef: v1alpha1.PoolReference{Name: "designers"}, Type: v1alpha1.AssignmentTask}},
		"Checklist":        &v1alpha1.Checklist{ObjectMeta: metav1.ObjectMeta{Name: "onboarding"}, Spec: v1alpha1.ChecklistSpec{Steps: []v1alpha1.ChecklistStep{{Name: "contract", Type: v1alpha1.StepDocument}}}},
		"CompliancePolicy": rule,
		"Engagement":       eng,
		"TalentPool":       &v1alpha1.TalentPool{ObjectMeta: metav1.ObjectMeta{Name: "designers"}},
		"Worker":           &v1alpha1.Worker{ObjectMeta: metav1.ObjectMeta{Name: "ada"}, Spec: v1alpha1.WorkerSpec{PersonKey: "ada", Jurisdiction: "DE"}},
	}
	clusterScoped := []string{"AccessProvider", "CompliancePolicy"}
	g.Expect(kindsThatWait(t)).To(ConsistOf(keys(waiting)), "a kind whose status waits for a first look has its place in this test")
	for kind, o := range waiting {
		if !slices.Contains(clusterScoped, kind) {
			o.SetNamespace(namespace)
		}
		g.Expect(api.Create(t.Context(), o)).To(Succeed(), kind)
		looked := &unstructured.Unstructured{}
		looked.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(kind))
		g.Eventually(func(g Gomega) {
			g.Expect(api.Get(t.Context(), client.ObjectKeyFromObject(o), looked)).To(Succeed())
			observed, _, err := unstructured.NestedInt64(looked.Object, "status", "observedGeneration")
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(observed).To(Equal(looked.GetGeneration()))
		}).WithTimeout(patience).Should(Succeed(), "somebody should look at every %s", kind)
	}
}

// TestARequestToEraseIsAnswered is about the one kind that waits for nobody until somebody asks.
func TestARequestToEraseIsAnswered(t *testing.T) {
	g := NewWithT(t)
	api := operate(t)
	closed := &v1alpha1.Engagement{ObjectMeta: metav1.ObjectMeta{Namespace: "marketing", Name: "spring", UID: "11111111-2222-3333-4444-555555555555"}}
	closed.Status.Worker = &v1alpha1.EngagedWorker{Name: "ada", Namespace: "talent", PersonKey: "person-7", Username: "ada@example.com"}
	sealed, err := dossier.Seal(dossier.Head{}, dossier.Facts{Engagement: closed, SealedAt: metav1.Now(), Outcome: v1alpha1.OutcomeCompleted}, rand.Reader)
	g.Expect(err).NotTo(HaveOccurred())
	sealed.Spec.Erasure = &v1alpha1.Erasure{Reason: "request 17", By: &v1alpha1.Author{Username: "dee@example.com"}}
	g.Expect(api.Create(t.Context(), sealed)).To(Succeed())
	g.Eventually(func(g Gomega) {
		g.Expect(api.Get(t.Context(), client.ObjectKeyFromObject(sealed), sealed)).To(Succeed())
		g.Expect(sealed.Status).NotTo(BeNil())
		g.Expect(sealed.Status.Conditions).To(ContainElement(And(HaveField("Type", v1alpha1.ConditionErased), HaveField("Reason", v1alpha1.ReasonErased))))
	}).WithTimeout(patience).Should(Succeed(), "somebody should erase what nothing keeps")
}

// TestEveryControllerRuns names them all: two controllers fill pools and write in no status of their own, so that nothing else tells whether they are there.
func TestEveryControllerRuns(t *testing.T) {
	g := NewWithT(t)
	operate(t)
	g.Eventually(running).WithTimeout(patience).Should(ConsistOf(
		"accessgrant", "accessprovider", "assignment", "placer", "checklist", "compliancepolicy", "dossier", "talentpool", "worker", "engagement", "engagement-planner", "grant-statement",
	))
}

// running are the controllers that were started.
func running() ([]string, error) {
	families, err := metrics.Registry.Gather()
	var names []string
	for _, family := range families {
		if family.GetName() != "controller_runtime_max_concurrent_reconciles" {
			continue
		}
		for _, m := range family.GetMetric() {
			names = append(names, m.GetLabel()[0].GetValue())
		}
	}
	return names, err
}

// operate runs the operator until the test ends.
func operate(t *testing.T) client.Client {
	t.Helper()
	g := NewWithT(t)
	scheme := runtime.NewScheme()
	g.Expect(clientgoscheme.AddToScheme(scheme)).To(Succeed())
	g.Expect(v1alpha1.AddToScheme(scheme)).To(Succeed())
	api, err := client.New(shared.RESTConfig(), client.Options{Scheme: scheme})
	g.Expect(err).NotTo(HaveOccurred())
	home := clustertest.Namespace(t, shared)
	var options cache.Options
	NarrowCache(&options)
	mgr, err := ctrl.NewManager(shared.RESTConfig(), ctrl.Options{
		Scheme: scheme, Cache: options, Metrics: metricsserver.Options{BindAddress: "0"},
		Controller: config.Controller{SkipNameValidation: new(true)}, // each test has an operator of its own
	})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(SetupAll(t.Context(), mgr, clock.RealClock{}, home)).To(Succeed())
	stopped := make(chan error, 1)
	go func() { stopped <- mgr.Start(t.Context()) }()
	t.Cleanup(func() {
		if err := <-stopped; err != nil {
			t.Errorf("running the operator: %v", err)
		}
	})
	g.Expect(mgr.GetCache().WaitForCacheSync(t.Context())).To(BeTrue())
	return api
}

// kindsThatWait are the kinds whose status says, before anybody looked, that nobody did.
func kindsThatWait(t *testing.T) []string {
	t.Helper()
	g := NewWithT(t)
	files, err := filepath.Glob(filepath.Join(crds, "*.yaml"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(files).NotTo(BeEmpty())
	var kinds []string
	for _, file := range files {
		raw, err := os.ReadFile(file)
		g.Expect(err).NotTo(HaveOccurred())
		var crd struct {
			Spec struct {
				Names    struct{ Kind string }
				Versions []struct {
					Schema struct {
						OpenAPIV3Schema struct {
							Properties struct {
								Status struct {
									Default *struct{ ObservedGeneration int64 }
								}
							}
						}
					}
				}
			}
		}
		g.Expect(yaml.Unmarshal(raw, &crd)).To(Succeed(), file)
		for _, version := range crd.Spec.Versions {
			if waits := version.Schema.OpenAPIV3Schema.Properties.Status.Default; waits != nil && waits.ObservedGeneration == -1 {
				kinds = append(kinds, crd.Spec.Names.Kind)
			}
		}
	}
	return kinds
}

func keys(m map[string]client.Object) []string {
	all := make([]string, 0, len(m))
	for key := range m {
		all = append(all, key)
	}
	return all
}
