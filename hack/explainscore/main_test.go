package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/scoring"
)

var update = flag.Bool("update", false, "write the golden explanations anew")

// store holds objects by kind, namespace and name; what is forbidden is there and may not be read.
type store struct {
	objects   []client.Object
	forbidden string
}

func (s *store) Get(_ context.Context, key client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	resource := schema.GroupResource{Group: v1alpha1.GroupVersion.Group, Resource: fmt.Sprintf("%T", into)}
	if key.Name == s.forbidden {
		return apierrors.NewForbidden(resource, key.Name, errors.New("no rule allows it"))
	}
	for _, o := range s.objects {
		if reflect.TypeOf(o) == reflect.TypeOf(into) && client.ObjectKeyFromObject(o) == key {
			reflect.ValueOf(into).Elem().Set(reflect.ValueOf(o).Elem())
			return nil
		}
	}
	return apierrors.NewNotFound(resource, key.Name)
}

var september = time.Date(2026, time.September, 1, 10, 0, 0, 0, time.UTC)

func meta(name string, uid types.UID) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: "marketing", Name: name, UID: uid, Generation: 1}
}

// world is a worker with four evaluations: of two the objects are there, of one a KPI was computed, of one everything is gone.
func world(t *testing.T) (*v1alpha1.Worker, []client.Object) {
	t.Helper()
	craft := &v1alpha1.Scorecard{ObjectMeta: meta("craft", "card-1"), Spec: v1alpha1.ScorecardSpec{
		Criteria: []v1alpha1.Criterion{{Name: "craft", Weight: 3, Min: 1, Max: 5}, {Name: "clarity", Weight: 2, Min: 0, Max: 5}},
	}}
	floor := &v1alpha1.Scorecard{ObjectMeta: meta("floor", "card-2"), Spec: v1alpha1.ScorecardSpec{
		Criteria: []v1alpha1.Criterion{{Name: "accuracy", Weight: 2, Min: 1, Max: 5}},
		KPIs: []v1alpha1.KPI{
			{Name: "csat", Weight: 2, Source: v1alpha1.KPIReported, Worst: "50", Target: "100"},
			{Name: "balance", Weight: 1, Source: v1alpha1.KPIReported, Worst: "-10", Target: "10"},
			{Name: "handle-time", Weight: 2, Source: v1alpha1.KPIReported, Worst: "900", Target: "300", Band: &v1alpha1.Band{Low: "240", High: "420"}},
			{Name: "pace", Weight: 1, Source: v1alpha1.KPIReported, Worst: "0", Target: "50", Band: &v1alpha1.Band{Low: "40", High: "60"}},
		},
	}}
	punctual := &v1alpha1.Scorecard{ObjectMeta: meta("punctual", "card-3"), Spec: v1alpha1.ScorecardSpec{
		Criteria: []v1alpha1.Criterion{{Name: "craft", Weight: 3, Min: 1, Max: 5}},
		KPIs:     []v1alpha1.KPI{{Name: "on-time", Weight: 1, Source: v1alpha1.KPIOnTimeDeliveryRate, Worst: "0.5", Target: "1"}},
	}}
	first := &v1alpha1.Evaluation{ObjectMeta: meta("first", "uid-1"), Spec: v1alpha1.EvaluationSpec{ScorecardRef: v1alpha1.LocalReference{Name: "craft"},
		Scores: []v1alpha1.CriterionScore{{Name: "craft", Score: "4.5"}, {Name: "clarity", Score: "4"}}}}
	second := &v1alpha1.Evaluation{ObjectMeta: meta("second", "uid-2"), Spec: v1alpha1.EvaluationSpec{ScorecardRef: v1alpha1.LocalReference{Name: "floor"},
		Scores: []v1alpha1.CriterionScore{{Name: "accuracy", Score: "4"}},
		KPIs: []v1alpha1.ReportedKPI{{Name: "csat", Value: "92", Sample: 210}, {Name: "balance", Value: "-2.5", Sample: 12},
			{Name: "handle-time", Value: "180", Sample: 1200}, {Name: "pace", Value: "45", Sample: 9}}}}
	third := &v1alpha1.Evaluation{ObjectMeta: meta("third", "uid-3"), Spec: v1alpha1.EvaluationSpec{ScorecardRef: v1alpha1.LocalReference{Name: "punctual"},
		Scores: []v1alpha1.CriterionScore{{Name: "craft", Score: "4"}}}}
	campaign := &v1alpha1.Engagement{ObjectMeta: meta("campaign", "eng-1"), Status: v1alpha1.EngagementStatus{Evaluations: []v1alpha1.EvaluationRecord{
		{UID: "uid-1", Name: "first", Score: "84.5"}, {UID: "uid-2", Name: "second", Score: "78.8"}, {UID: "uid-3", Name: "third", Score: "76.3"},
	}}}
	rated := func(uid types.UID, name, engagement, score string, years int) v1alpha1.RatedWork {
		return v1alpha1.RatedWork{UID: uid, Engagement: engagement, Name: name, Score: score, At: metav1.NewTime(september.AddDate(-years, 0, 0))}
	}
	prior := v1alpha1.AppliedPrior{Version: 4, Mean: "70.0", Spread: "12.0", Strength: 5}
	score, err := scoring.ScoreWorker([]v1alpha1.RatedWork{
		rated("uid-3", "third", "marketing/campaign", "76.3", 0), rated("uid-2", "second", "marketing/campaign", "78.8", 1),
		rated("uid-1", "first", "marketing/campaign", "84.5", 1), rated("uid-0", "final", "studio/brochure", "62.0", 2),
	}, prior, "P1Y")
	if err != nil {
		t.Fatalf("expected a score: %v", err)
	}
	ada := &v1alpha1.Worker{ObjectMeta: metav1.ObjectMeta{Namespace: "talent", Name: "ada"}}
	ada.Status.Pools = []v1alpha1.PoolMembership{{Name: "writers"}, {Name: "designers", Score: score}}
	return ada, []client.Object{ada, craft, floor, punctual, first, second, third, campaign}
}

func TestAScoreIsExplainedFromTheStoredObjects(t *testing.T) {
	confirmed := func(*v1alpha1.Worker, []client.Object) {}
	tests := []struct {
		golden string
		reason string
		change func(ada *v1alpha1.Worker, objects []client.Object)
		want   error
	}{
		{"confirmed", "everything is as it was recorded", confirmed, nil},
		{"gone", "what is gone, or has a namesake, is taken from the record", func(_ *v1alpha1.Worker, objects []client.Object) {
			objects[1].SetName("another-card")
			objects[5].SetUID("namesake")
			objects[6].SetName("another-evaluation")
		}, nil},
		{"score-changed", "the score in the worker's status was written by somebody else", func(ada *v1alpha1.Worker, _ []client.Object) {
			ada.Status.Pools[1].Score.Value = "95.0"
		}, errDiffers},
		{"ledger-changed", "one evaluation in the worker's status was, and its engagement knows better", func(ada *v1alpha1.Worker, _ []client.Object) {
			ada.Status.Pools[1].Score.Evaluations[2].Score = "99.0"
			ada.Status.Pools[1].Score.Evaluations[3].Score = "99.0"
			ada.Status.Pools[1].Score.Sample = 9
		}, errDiffers},
		{"scorecard-edited", "a Scorecard asks for something else than it did", func(_ *v1alpha1.Worker, objects []client.Object) {
			for _, o := range objects {
				card, is := o.(*v1alpha1.Scorecard)
				switch {
				case is && card.Name == "craft":
					card.Spec.Criteria[0].Weight, card.Generation = 30, 3
				case is && card.Name == "floor":
					card.Spec.Criteria[0].Name, card.Generation = "truth", 2
				}
			}
		}, errDiffers},
	}
	for _, tt := range tests {
		t.Run(tt.golden, func(t *testing.T) {
			ada, objects := world(t)
			tt.change(ada, objects)
			var out bytes.Buffer
			if err := explain(t.Context(), &store{objects: objects}, client.ObjectKeyFromObject(ada), "designers", &out); !errors.Is(err, tt.want) {
				t.Errorf("expected %v, because %s; got %v", tt.want, tt.reason, err)
			}
			golden := filepath.Join("testdata", tt.golden+".txt")
			if *update {
				if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), out.String()); diff != "" {
				t.Errorf("the explanation differs from %s; look closely, then go test -update (-golden +now):\n%s", golden, diff)
			}
		})
	}
}

func TestWhatCannotBeExplainedSaysWhatToDo(t *testing.T) {
	tests := []struct {
		name   string
		worker string
		pool   string
		change func(s *store, ada *v1alpha1.Worker)
		want   string
	}{
		{"a worker who is not there", "zoe", "designers", nil, "reading Worker talent/zoe"},
		{"a pool that the worker is not in", "ada", "coders", nil, `does not belong to pool "coders"; name one of status.pools`},
		{"no score yet", "ada", "writers", nil, "no score in pool writers yet: the first evaluation"},
		{"an Evaluation that may not be read", "ada", "designers", func(s *store, _ *v1alpha1.Worker) { s.forbidden = "second" }, "no rule allows it"},
		{"a half-life that cannot be read", "ada", "designers", func(_ *store, ada *v1alpha1.Worker) { ada.Status.Pools[1].Score.HalfLife = "soon" }, `period "soon"`},
		{"a ledger without evaluations", "ada", "designers", func(_ *store, ada *v1alpha1.Worker) { ada.Status.Pools[1].Score.Evaluations = nil }, "no evaluation yet"},
		{"an engagement that cannot be found", "ada", "designers", func(_ *store, ada *v1alpha1.Worker) { ada.Status.Pools[1].Score.Evaluations[0].Engagement = "campaign" }, "not namespace/name"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ada, objects := world(t)
			s := &store{objects: objects}
			if tt.change != nil {
				tt.change(s, ada)
			}
			var out bytes.Buffer
			err := explain(t.Context(), s, client.ObjectKey{Namespace: "talent", Name: tt.worker}, tt.pool, &out)
			if err == nil || !strings.Contains(err.Error(), tt.want) || errors.Is(err, errDiffers) {
				t.Errorf("expected an error that says %q; got %v", tt.want, err)
			}
		})
	}
}

func TestItSaysWhatItNeedsToBeTold(t *testing.T) {
	for _, args := range [][]string{nil, {"-worker", "ada"}, {"-pool", "designers"}, {"-worker", "ada", "-pool", "designers", "more"}} {
		if err := run(t.Context(), args, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "say whose score in which pool") {
			t.Errorf("expected %v to be refused with how to say it; got %v", args, err)
		}
	}
	missing := filepath.Join(t.TempDir(), "kubeconfig")
	err := run(t.Context(), []string{"-worker", "ada", "-pool", "designers", "-kubeconfig", missing}, &bytes.Buffer{})
	if err == nil || !strings.Contains(err.Error(), "reading the kubeconfig") {
		t.Errorf("expected a kubeconfig that is not there to be refused; got %v", err)
	}
}
