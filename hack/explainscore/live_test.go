package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/scoring"
	"github.com/longshore-dev/longshore/hack/cluster"
	"github.com/longshore-dev/longshore/hack/cluster/clustertest"
)

var shared *cluster.Cluster

func TestMain(m *testing.M) {
	os.Exit(clustertest.Main(m, cluster.Options{}, func(ctx context.Context, c *cluster.Cluster) error {
		shared = c
		return c.InstallCRDs(ctx, "../../config/crd/bases")
	}))
}

func TestAScoreIsExplainedFromACluster(t *testing.T) {
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	api, err := client.New(shared.RESTConfig(), client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	namespace := clustertest.Namespace(t, shared)
	create := func(o client.Object) {
		t.Helper()
		if err := api.Create(t.Context(), o); err != nil {
			t.Fatalf("creating %T: %v", o, err)
		}
	}
	named := func(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Namespace: namespace, Name: name} }
	create(&v1alpha1.Scorecard{ObjectMeta: named("craft"), Spec: v1alpha1.ScorecardSpec{Criteria: []v1alpha1.Criterion{{Name: "craft", Weight: 3, Min: 1, Max: 5}}}})
	review := &v1alpha1.Evaluation{ObjectMeta: named("review"), Spec: v1alpha1.EvaluationSpec{
		EngagementRef: &v1alpha1.LocalReference{Name: "campaign"}, ScorecardRef: v1alpha1.LocalReference{Name: "craft"}, Kind: v1alpha1.EvaluationFinal,
		Scores: []v1alpha1.CriterionScore{{Name: "craft", Score: "4.5"}},
	}}
	create(review)
	worker := &v1alpha1.Worker{ObjectMeta: named("ada"), Spec: v1alpha1.WorkerSpec{PersonKey: "P-1"}}
	create(worker)
	ledger := []v1alpha1.RatedWork{{UID: review.UID, Name: review.Name, Engagement: namespace + "/campaign", Score: "87.5", At: review.CreationTimestamp}}
	applied, halfLife := scoring.Apply(&v1alpha1.TalentPoolSpec{}, nil)
	score, err := scoring.ScoreWorker(ledger, applied, halfLife)
	if err != nil {
		t.Fatal(err)
	}
	store := func() {
		t.Helper()
		worker.Status.Pools = []v1alpha1.PoolMembership{{Name: "designers", Score: score}}
		if err := api.Status().Update(t.Context(), worker); err != nil {
			t.Fatalf("recording a score: %v", err)
		}
	}
	store()

	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	if err := shared.Kubeconfig(kubeconfig); err != nil {
		t.Fatal(err)
	}
	explained := func() (string, error) {
		var out bytes.Buffer
		err := run(t.Context(), []string{"-kubeconfig", kubeconfig, "-namespace", namespace, "-worker", "ada", "-pool", "designers"}, &out)
		return out.String(), err
	}
	// (5 × 50 + 87.5) ÷ 6 = 56.25; 1.96 × 15 ÷ √6 = 12.00
	text, err := explained()
	if err != nil || !strings.Contains(text, "recomputed from the Evaluation and Scorecard craft:") || !strings.Contains(text, "the recomputed score 56.3 (44.2 to 68.3) is the recorded one\n") {
		t.Errorf("expected the score to be recomputed from what the cluster holds; got %v and\n%s", err, text)
	}
	score.Value = "99.0"
	store()
	if text, err := explained(); !errors.Is(err, errDiffers) || !strings.Contains(text, "is not the recorded one, 99.0") {
		t.Errorf("expected a score that was written by hand to be found out; got %v and\n%s", err, text)
	}
}
