package docs

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/scoring"
	"github.com/longshore-dev/longshore/controllers/domain/terms"
)

// example is what the guide to scores shows, read as the API reads it.
type example struct {
	text       string
	scorecard  v1alpha1.Scorecard
	evaluation v1alpha1.Evaluation
	pool       v1alpha1.TalentPool
	decision   v1alpha1.Attestation
	// workers are Mira before and after the last evaluation.
	workers []v1alpha1.Worker
}

func scoresGuide(t *testing.T) *example {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("guides", "scores.md"))
	if err != nil {
		t.Fatalf("reading the guide: %v", err)
	}
	e := &example{text: string(text)}
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(e.text, -1) {
		for document := range strings.SplitSeq(block[1], "---\n") {
			var kind struct{ Kind string }
			if err := yaml.Unmarshal([]byte(document), &kind); err != nil {
				t.Fatalf("reading the guide's YAML: %v", err)
			}
			var worker v1alpha1.Worker
			into := map[string]any{"Scorecard": &e.scorecard, "Evaluation": &e.evaluation, "TalentPool": &e.pool, "Attestation": &e.decision, "Worker": &worker}[kind.Kind]
			if err := yaml.UnmarshalStrict([]byte(document), into); err != nil {
				t.Fatalf("expected the guide's %s to be one that the API knows: %v", kind.Kind, err)
			}
			if kind.Kind == "Worker" {
				e.workers = append(e.workers, worker)
			}
		}
	}
	if len(e.workers) != 2 {
		t.Fatalf("expected the guide to show the worker before and after; it shows %d", len(e.workers))
	}
	return e
}

func TestTheScoresInTheGuideAreTheOnesThatAreComputed(t *testing.T) {
	e := scoresGuide(t)
	score, err := scoring.Score(&e.scorecard.Spec, &e.evaluation.Spec, nil)
	newest := e.workers[0].Status.Pools[0].Score.Evaluations[2]
	if err != nil || newest.Name != e.evaluation.Name || newest.Score != score {
		t.Errorf("expected the Evaluation, which scores %s, to be the newest one of the worker; %v, %+v", score, err, newest)
	}
	prior, halfLife := scoring.Apply(&e.pool.Spec, e.pool.Status.Prior)
	for _, worker := range e.workers {
		shown := worker.Status.Pools[0].Score
		computed, err := scoring.ScoreWorker(shown.Evaluations, prior, halfLife)
		if err != nil {
			t.Fatalf("scoring the guide's worker: %v", err)
		}
		if diff := cmp.Diff(computed, shown); diff != "" {
			t.Errorf("expected the guide to show what is computed (-computed +guide):\n%s", diff)
		}
	}
}

func TestTheGuideSpeaksOfTheNumbersThatItShows(t *testing.T) {
	e := scoresGuide(t)
	before, after := e.workers[0].Status.Pools[0].Score, e.workers[1].Status.Pools[0].Score
	var scores []string
	for _, rated := range before.Evaluations {
		scores = append(scores, rated.Score)
	}
	mean, err := scoring.Mean(scores)
	if err != nil {
		t.Fatalf("averaging the guide's evaluations: %v", err)
	}
	gold, keeps := e.pool.Spec.Tiers[1], e.pool.Spec.Tiers[1].MinScore-e.pool.Spec.Hysteresis
	for _, said := range []string{
		fmt.Sprintf("The plain mean of the three is %s. The score says %s, and that anything from %s to %s may be true", mean, before.Value, before.Low, before.High),
		fmt.Sprintf("in a pool whose mean is %s:", e.pool.Status.Prior.Mean),
		fmt.Sprintf("Mira's %s reaches the %d of Gold, with %d evaluations of %d.", before.Low, gold.MinScore, before.Sample, gold.MinEvaluations),
		fmt.Sprintf("Gold is earned at %d.0 and kept down to\n%d.0.", gold.MinScore, keeps),
		fmt.Sprintf("A year later Mira is given %s:", after.Evaluations[3].Score),
		fmt.Sprintf("%s is below %d, so Gold is lost", after.Low, keeps),
	} {
		if !strings.Contains(e.text, said) {
			t.Errorf("expected the guide to say %q", said)
		}
	}
}

func TestTheTiersInTheGuideAreTheOnesThatFollow(t *testing.T) {
	e := scoresGuide(t)
	before, after := e.workers[0].Status.Pools[0], e.workers[1].Status.Pools[0]
	first := scoring.NextTier(&e.pool.Spec, scoring.TierStanding{}, before.Score, nil, before.Score.At.Time)
	if first.Tier != before.Tier || first.Demotion != nil {
		t.Errorf("expected the first score to earn %s; it earns %s", before.Tier, first.Tier)
	}
	second := scoring.NextTier(&e.pool.Spec, first, after.Score, nil, after.Score.At.Time)
	if diff := cmp.Diff(second.Demotion, after.Demotion); diff != "" || second.Tier != after.Tier {
		t.Errorf("expected the second score to keep %s and to propose the demotion that the guide shows; it gives %s (-computed +guide):\n%s", after.Tier, second.Tier, diff)
	}
	base := e.workers[0].Spec.Rate
	sow := &v1alpha1.StatementOfWork{}
	sow.Budget.Currency, sow.Budget.Amount = base.Currency, "10000"
	rate, err := terms.OfferRate(sow, base, e.pool.Spec.Tiers[1].RateMultiplier)
	if err != nil {
		t.Fatalf("offering a rate: %v", err)
	}
	if want := fmt.Sprintf("%s %s × %s = %s", base.Currency, base.Amount, e.pool.Spec.Tiers[1].RateMultiplier, rate.Amount); !strings.Contains(e.text, want) {
		t.Errorf("expected the guide to say %q", want)
	}
	if s := e.decision.Spec; s.SubjectRef.Name != e.workers[1].Name || s.SubjectRef.PoolRef == nil || s.SubjectRef.PoolRef.Name != e.pool.Name || s.Claim != "approval/demotion" || s.Note == "" {
		t.Errorf("expected the guide to decide the demotion of the worker in the pool, with a reason; it says %+v", s)
	}
}

func TestTheExplanationInTheGuideIsWhatIsPrinted(t *testing.T) {
	e := scoresGuide(t)
	e.evaluation.UID = e.workers[0].Status.Pools[0].Score.Evaluations[2].UID
	explanation, err := scoring.Explain(&e.workers[0], e.pool.Name, func(work v1alpha1.RatedWork) scoring.Objects {
		if work.Name != e.evaluation.Name {
			return scoring.Objects{}
		}
		return scoring.Objects{Evaluation: &e.evaluation, Scorecard: &e.scorecard}
	})
	if err != nil {
		t.Fatalf("explaining the guide's score: %v", err)
	}
	if printed := strings.Join(explanation.Lines, "\n"); !strings.Contains(e.text, "```text\n"+printed+"\n```") {
		t.Errorf("expected the guide to show what make explain-score prints:\n%s", printed)
	}
}
