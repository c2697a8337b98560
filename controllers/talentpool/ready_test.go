package talentpool

import (
	"strconv"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/scoring"
)

func TestAPoolSaysWhyItCannotBeDrawnOn(t *testing.T) {
	sound := &v1alpha1.Checklist{Spec: v1alpha1.ChecklistSpec{Steps: []v1alpha1.ChecklistStep{{Name: "identity", Type: v1alpha1.StepAttestation}}}}
	circular := &v1alpha1.Checklist{Spec: v1alpha1.ChecklistSpec{Steps: []v1alpha1.ChecklistStep{
		{Name: "a", Type: v1alpha1.StepAttestation, DependsOn: []string{"b"}}, {Name: "b", Type: v1alpha1.StepAttestation, DependsOn: []string{"a"}},
	}}}
	screened := func(retryAfter string) v1alpha1.TalentPoolSpec {
		return v1alpha1.TalentPoolSpec{Screening: &v1alpha1.Screening{ChecklistRef: v1alpha1.LocalReference{Name: "funnel"}, RetryAfter: retryAfter}}
	}
	tiers := func(tiers ...v1alpha1.Tier) v1alpha1.TalentPoolSpec { return v1alpha1.TalentPoolSpec{Tiers: tiers} }

	for _, tc := range []struct {
		name      string
		spec      v1alpha1.TalentPoolSpec
		checklist *v1alpha1.Checklist
		// reason is empty for a pool that is Ready.
		reason string
		say    []string
	}{
		{"nothing but everybody", v1alpha1.TalentPoolSpec{}, nil, "", nil},
		{"a sound screening", screened("P3M"), sound, "", nil},
		{"a checklist that is not there", screened(""), nil, v1alpha1.ReasonReferenceNotFound, []string{"checklist funnel does not exist", "create it"}},
		{"a checklist with a cycle", screened(""), circular, v1alpha1.ReasonChecklistInvalid, []string{"checklist funnel", "a → b → a"}},
		{"a period of nothing", screened("P"), sound, v1alpha1.ReasonInvalid, []string{"retryAfter"}},
		{"a selector that cannot be read", v1alpha1.TalentPoolSpec{WorkerSelector: metav1.LabelSelector{
			MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "craft", Operator: "Near"}},
		}}, nil, v1alpha1.ReasonInvalid, []string{"workerSelector", "Near"}},
		{"rising tiers", tiers(v1alpha1.Tier{Name: "Standard"}, v1alpha1.Tier{Name: "Gold", MinScore: 70, RateMultiplier: "1.1"}, v1alpha1.Tier{Name: "Platinum", MinScore: 70, MinEvaluations: 5}), nil, "", nil},
		{"falling tiers", tiers(v1alpha1.Tier{Name: "Standard"}, v1alpha1.Tier{Name: "Platinum", MinScore: 90}, v1alpha1.Tier{Name: "Gold", MinScore: 70}), nil,
			v1alpha1.ReasonInvalid, []string{"tier Gold", "minScore 70 after 90", "from the lowest to the highest"}},
		{"a lowest tier that must be earned", tiers(v1alpha1.Tier{Name: "Gold", MinScore: 70}), nil, v1alpha1.ReasonInvalid, []string{"tier Gold is the lowest"}},
		{"a lowest tier that asks for evaluations", tiers(v1alpha1.Tier{Name: "Gold", MinEvaluations: 1}), nil, v1alpha1.ReasonInvalid, []string{"tier Gold is the lowest"}},
		{"a tier that the next one swallows", tiers(v1alpha1.Tier{Name: "Standard"}, v1alpha1.Tier{Name: "Gold", MinScore: 70, MinEvaluations: 5}, v1alpha1.Tier{Name: "Platinum", MinScore: 70, MinEvaluations: 5}), nil,
			v1alpha1.ReasonInvalid, []string{"nobody is ever in tier Gold", "raise minScore or minEvaluations of Platinum"}},
		{"the lowest two tiers differ by having a score at all", tiers(v1alpha1.Tier{Name: "Standard"}, v1alpha1.Tier{Name: "Rated"}), nil, "", nil},
		{"as many evaluations as count", tiers(v1alpha1.Tier{Name: "Standard"}, v1alpha1.Tier{Name: "Gold", MinEvaluations: 50}), nil, "", nil},
		{"more evaluations than count", tiers(v1alpha1.Tier{Name: "Standard"}, v1alpha1.Tier{Name: "Gold", MinEvaluations: 51}), nil,
			v1alpha1.ReasonInvalid, []string{"nobody reaches tier Gold", "asks for 51 evaluations", "the newest 50"}},
		{"a score that the kindest prior allows", tiers(v1alpha1.Tier{Name: "Standard"}, v1alpha1.Tier{Name: "Gold", MinScore: 98}), nil, "", nil},
		{"a score that no prior allows", tiers(v1alpha1.Tier{Name: "Standard"}, v1alpha1.Tier{Name: "Gold", MinScore: 99}), nil,
			v1alpha1.ReasonInvalid, []string{"nobody reaches tier Gold", "minScore is 99", "98.7 at the most"}},
		{"a half-life", v1alpha1.TalentPoolSpec{Scoring: &v1alpha1.Scoring{HalfLife: "P6M"}}, nil, "", nil},
		{"the usual half-life", v1alpha1.TalentPoolSpec{Scoring: &v1alpha1.Scoring{PriorDrift: 3}}, nil, "", nil},
		{"a half-life of no time", v1alpha1.TalentPoolSpec{Scoring: &v1alpha1.Scoring{HalfLife: "P0D"}}, nil, v1alpha1.ReasonInvalid, []string{"scoring.halfLife P0D", "give a period such as P1Y"}},
		{"a half-life that is none", v1alpha1.TalentPoolSpec{Scoring: &v1alpha1.Scoring{HalfLife: "P"}}, nil, v1alpha1.ReasonInvalid, []string{"scoring.halfLife", "P18M"}},
		{"some weights left out", v1alpha1.TalentPoolSpec{Matching: &v1alpha1.Matching{Weights: &v1alpha1.MatchingWeights{Cost: new(int32)}}}, nil, "", nil},
		{"all weights left out", v1alpha1.TalentPoolSpec{Matching: &v1alpha1.Matching{Weights: &v1alpha1.MatchingWeights{
			Skills: new(int32), Performance: new(int32), Tier: new(int32), Cost: new(int32), Load: new(int32), TimeZone: new(int32),
		}}}, nil, v1alpha1.ReasonInvalid, []string{"matching.weights", "above 0"}},
		{"a tier that is paid nothing", tiers(v1alpha1.Tier{Name: "Standard", RateMultiplier: "0.00"}), nil, v1alpha1.ReasonInvalid, []string{"tier Standard", "for nothing"}},
		{"a tier that is paid a tenth", tiers(v1alpha1.Tier{Name: "Standard", RateMultiplier: "0.1"}), nil, "", nil},
		{"several faults", v1alpha1.TalentPoolSpec{
			Screening: &v1alpha1.Screening{ChecklistRef: v1alpha1.LocalReference{Name: "funnel"}}, Tiers: []v1alpha1.Tier{{Name: "Gold", MinScore: 70}},
		}, nil, v1alpha1.ReasonReferenceNotFound, []string{"checklist funnel", "tier Gold"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ready := readiness(&v1alpha1.TalentPool{Spec: tc.spec}, tc.checklist)
			if tc.reason == "" {
				if ready.Status != metav1.ConditionTrue || ready.Reason != v1alpha1.ReasonHolds {
					t.Errorf("Ready is %s/%s: %q, expected it to be drawn on", ready.Status, ready.Reason, ready.Message)
				}
				return
			}
			if ready.Status != metav1.ConditionFalse || ready.Reason != tc.reason {
				t.Errorf("Ready is %s/%s, expected %s", ready.Status, ready.Reason, tc.reason)
			}
			for _, say := range tc.say {
				if !strings.Contains(ready.Message, say) {
					t.Errorf("the message %q does not say %q", ready.Message, say)
				}
			}
		})
	}
}

func TestAPoolSaysWhetherThereIsAnybodyToDrawOn(t *testing.T) {
	craft := metav1.LabelSelector{MatchLabels: map[string]string{"craft": "design"}}
	for _, tc := range []struct {
		reason   string
		selector metav1.LabelSelector
		members  int32
		want     string
	}{
		{"somebody is selected", craft, 1, "it can be drawn on"},
		{"nobody is labelled so", craft, 0, "spec.workerSelector selects no Worker of this namespace yet: label Workers so, or mend the selector"},
		{"a selector by expressions selects nobody", metav1.LabelSelector{
			MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "craft", Operator: metav1.LabelSelectorOpExists}},
		}, 0, "spec.workerSelector selects no Worker of this namespace yet: label Workers so, or mend the selector"},
		{"everybody is selected, and there is nobody to label", metav1.LabelSelector{}, 0, "spec.workerSelector selects every Worker of this namespace, which has none yet: create Workers"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			pool := &v1alpha1.TalentPool{Spec: v1alpha1.TalentPoolSpec{WorkerSelector: tc.selector}, Status: v1alpha1.TalentPoolStatus{Members: tc.members}}
			ready := readiness(pool, nil)
			if ready.Status != metav1.ConditionTrue || ready.Message != tc.want {
				t.Errorf("Ready is %s: %q, expected True: %q", ready.Status, ready.Message, tc.want)
			}
		})
	}
}

func TestAPoolSaysWhichTierIsOutOfReachUnderItsPrior(t *testing.T) {
	harsh := &v1alpha1.Prior{Version: 3, Mean: "50.0", Spread: "15.0"}
	for _, tc := range []struct {
		reason string
		prior  *v1alpha1.Prior
		// strength of the prior; nil for the usual.
		strength *int32
		say      []string
	}{
		{"no prior yet", nil, nil, nil},
		{"a pool of good people", &v1alpha1.Prior{Version: 2, Mean: "85.0", Spread: "8.0"}, nil, nil},
		{"a pool of which little is known", harsh, nil, []string{"Platinum (minScore 95)", "mean of 50.0", "spread of 15.0", "counts for 5 evaluations", "91.5 at the most"}},
		{"a prior that is left out", harsh, new(int32), nil},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			pool := &v1alpha1.TalentPool{Status: v1alpha1.TalentPoolStatus{Prior: tc.prior}}
			pool.Spec.Tiers = []v1alpha1.Tier{{Name: "Standard"}, {Name: "Gold", MinScore: 80}, {Name: "Platinum", MinScore: 95}}
			pool.Spec.Scoring = &v1alpha1.Scoring{PriorStrength: tc.strength}
			ready := readiness(pool, nil)
			if ready.Status != metav1.ConditionTrue {
				t.Errorf("Ready is %s: %q, expected that the pool can be drawn on all the same: the prior follows the scores", ready.Status, ready.Message)
			}
			if got := strings.Contains(ready.Message, "nobody reaches"); got != (tc.say != nil) || strings.Contains(ready.Message, "Gold") {
				t.Errorf("the message is %q", ready.Message)
			}
			for _, say := range tc.say {
				if !strings.Contains(ready.Message, say) {
					t.Errorf("the message %q does not say %q", ready.Message, say)
				}
			}
		})
	}
}

// What readiness assumes of scores is what scoring does.
func TestNoScoreIsBetterThanReadinessAssumes(t *testing.T) {
	var ledgers [][]v1alpha1.RatedWork
	for range 10 {
		var ledger []v1alpha1.RatedWork
		for i := range maxSample + 10 {
			ledger = append(ledger, v1alpha1.RatedWork{UID: types.UID(strconv.Itoa(i)), Score: "100.0", At: metav1.Unix(int64(i), 0)})
		}
		ledgers = append(ledgers, ledger)
	}
	prior, _ := scoring.NextPrior(&v1alpha1.TalentPoolSpec{}, nil, ledgers, start)
	if prior.Mean != kindest.Mean || prior.Spread != kindest.Spread {
		t.Errorf("the prior of a pool where everybody is perfect is %s ± %s, readiness assumes %s ± %s", prior.Mean, prior.Spread, kindest.Mean, kindest.Spread)
	}
	applied, halfLife := scoring.Apply(&v1alpha1.TalentPoolSpec{}, &prior)
	score, err := scoring.ScoreWorker(ledgers[0], applied, halfLife)
	if err != nil || score.Sample != maxSample {
		t.Errorf("of %d evaluations %d count (%v), readiness assumes %d", len(ledgers[0]), score.Sample, err, maxSample)
	}
}

func TestALongMessageIsCutBetweenCharacters(t *testing.T) {
	got := clip(strings.Repeat("é", maxMessage))
	if len(got) > maxMessage || strings.ToValidUTF8(got, "") != got || !strings.HasSuffix(got, "é…") {
		t.Errorf("the message has %d bytes and ends in %q, expected at most %d and whole characters", len(got), got[len(got)-6:], maxMessage)
	}
}
