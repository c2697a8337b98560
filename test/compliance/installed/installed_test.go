// Package installed applies the compliance catalogue to a real API server, as kubectl apply -k does, and has the operator read it.
package installed

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	testclock "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/compliance"
	"github.com/longshore-dev/longshore/controllers/domain/policy"
	"github.com/longshore-dev/longshore/hack/cluster"
	"github.com/longshore-dev/longshore/hack/cluster/clustertest"
)

const root = "../../.."

var (
	shared *cluster.Cluster

	catalogue = filepath.Join(root, "config", "compliance")
	company   = filepath.Join(root, "config", "samples", "compliance", "company")
)

func TestMain(m *testing.M) {
	os.Exit(clustertest.Main(m, cluster.Options{}, func(ctx context.Context, c *cluster.Cluster) error {
		shared = c
		return c.InstallCRDs(ctx, filepath.Join(root, "config", "crd", "bases"))
	}))
}

// operate runs the reconciler of policies until the test ends, and gives a client.
func operate(t *testing.T) client.Client {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	mgr, err := ctrl.NewManager(shared.RESTConfig(), ctrl.Options{Scheme: scheme, Metrics: metricsserver.Options{BindAddress: "0"}})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2027, 3, 10, 0, 0, 0, 0, time.UTC)
	if err := (&compliance.Reconciler{Client: mgr.GetClient(), Clock: testclock.NewFakePassiveClock(now)}).SetupWithManager(t.Context(), mgr); err != nil {
		t.Fatal(err)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- mgr.Start(t.Context()) }()
	t.Cleanup(func() {
		if err := <-stopped; err != nil {
			t.Errorf("running the manager: %v", err)
		}
	})
	api, err := client.New(shared.RESTConfig(), client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	return api
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

// rendered are the policies of a kustomization.
func rendered(t *testing.T, folder string) []v1alpha1.CompliancePolicy {
	t.Helper()
	objects, err := shared.Objects(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	policies := make([]v1alpha1.CompliancePolicy, len(objects))
	for i, o := range objects {
		const strict = true
		if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(o.Object, &policies[i], strict); err != nil {
			t.Fatalf("%s is not a policy: %v", o.GetName(), err)
		}
	}
	return policies
}

func TestTheCatalogueAsItIsInstalledIsReady(t *testing.T) {
	g := NewWithT(t)
	shipped := rendered(t, catalogue)
	kubectl(t, "apply", "--server-side", "-k", catalogue)
	api := operate(t)
	g.Eventually(func(g Gomega) {
		var policies v1alpha1.CompliancePolicyList
		g.Expect(api.List(t.Context(), &policies)).To(Succeed())
		g.Expect(policies.Items).To(HaveLen(len(shipped)), "every policy of the catalogue should be there, and no other")
		for _, p := range policies.Items {
			ready := meta.FindStatusCondition(p.Status.Conditions, v1alpha1.ConditionReady)
			g.Expect(ready).NotTo(BeNil(), "the operator should have looked at %s", p.Name)
			g.Expect(ready.Status).To(Equal(metav1.ConditionTrue), "%s should be Ready as it is shipped: %s", p.Name, ready.Message)
			g.Expect(p.Status.ObservedGeneration).To(Equal(p.Generation), "the status of %s should speak of it as it is", p.Name)
		}
	}).WithTimeout(30 * time.Second).Should(Succeed())

	kubectl(t, "apply", "--server-side", "-k", catalogue)
	g.Expect(kubectl(t, "diff", "--server-side", "-k", catalogue)).To(BeEmpty(), "a catalogue that is applied again should change nothing")
}

func TestTheSampleOfACompanysOwnChoiceIsTaken(t *testing.T) {
	kubectl(t, "apply", "--server-side", "--dry-run=server", "-k", company)
	for _, p := range rendered(t, company) {
		for _, problem := range policy.Problems(&p.Spec) {
			t.Errorf("%s of the sample should be Ready: %s", p.Name, problem)
		}
	}
}

func TestTheSampleOfACompanysOwnChoiceChangesWhatItSays(t *testing.T) {
	policies := rendered(t, company)
	moment := func(date string) time.Time {
		parsed, err := time.Parse(time.RFC3339, date)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	agencyWork := func(place, now string, labels map[string]string) policy.Verdict {
		c := &policy.Case{
			Engagement: &v1alpha1.Engagement{Spec: v1alpha1.EngagementSpec{
				StatementOfWork: v1alpha1.StatementOfWork{Start: metav1.NewTime(moment("2027-03-01T00:00:00Z")), End: metav1.NewTime(moment("2029-12-01T00:00:00Z"))},
				Classification:  v1alpha1.Classification{WorkerType: v1alpha1.AgencyWorker, Jurisdiction: place},
			}},
			Pool: &v1alpha1.TalentPool{}, Worker: &v1alpha1.Worker{}, NamespaceLabels: labels, Now: moment(now),
		}
		return policy.Judge(policies, c)
	}

	told := func(v policy.Verdict) bool {
		return slices.ContainsFunc(v.Warnings, func(f v1alpha1.Finding) bool { return f.Rule == "equal-pay" && f.At == nil })
	}
	if told(agencyWork("NL", "2027-08-29T23:59:59Z", nil)) {
		t.Error("in the 26th week the collective agreement of the sample asks for nothing yet")
	}
	if !told(agencyWork("NL", "2027-08-30T00:00:00Z", nil)) {
		t.Error("after 26 weeks equal pay should be asked for")
	}

	for _, tc := range []struct {
		why, place, want string
		labels           map[string]string
	}{
		{"the law gives 18 months", "DE", "2028-09-01T00:00:00Z", nil},
		{"the collective agreement of the sample gives 24, and the law's policy leaves its namespaces out", "DE", "2029-03-01T00:00:00Z", map[string]string{"example.com/collective-agreement": "metal"}},
		{"the company's cap is twelve months", "US", "2028-03-01T00:00:00Z", nil},
	} {
		if got := agencyWork(tc.place, "2027-03-10T00:00:00Z", tc.labels).Tenure; got == nil || !got.Limit.Equal(new(metav1.NewTime(moment(tc.want)))) {
			t.Errorf("the tenure should be reached on %s, because %s; it is %+v", tc.want, tc.why, got)
		}
	}
}
