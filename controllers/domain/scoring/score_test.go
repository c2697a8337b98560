package scoring

import (
	"strings"
	"testing"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

func criterion(name string, weight, low, high int32) v1alpha1.Criterion {
	return v1alpha1.Criterion{Name: name, Weight: weight, Min: low, Max: high}
}

func kpi(name string, weight int32, source v1alpha1.KPISource, worst, target string, band ...string) v1alpha1.KPI {
	k := v1alpha1.KPI{Name: name, Weight: weight, Source: source, Worst: worst, Target: target}
	if len(band) == 2 {
		k.Band = &v1alpha1.Band{Low: band[0], High: band[1]}
	}
	return k
}

func scored(pairs ...string) *v1alpha1.EvaluationSpec {
	var e v1alpha1.EvaluationSpec
	for i := 0; i < len(pairs); i += 2 {
		e.Scores = append(e.Scores, v1alpha1.CriterionScore{Name: pairs[i], Score: pairs[i+1]})
	}
	return &e
}

func reporting(e *v1alpha1.EvaluationSpec, name, value string, sample int32) *v1alpha1.EvaluationSpec {
	e.KPIs = append(e.KPIs, v1alpha1.ReportedKPI{Name: name, Value: value, Sample: sample})
	return e
}

// The worked example of the designer's scorecard, by hand:
//
//	craft          4 of 1..5, weight 3   (4 − 1) ÷ (5 − 1)        = 75       × 3 = 225
//	communication  3.5 of 0..5, weight 2  3.5 ÷ 5                 = 70       × 2 = 140
//	on time        0.75, worst 0.5, target 1, weight 4            = 50       × 4 = 200
//	rounds         1.5, worst 3, target 0, weight 1               = 50       × 1 =  50
//	handle time    480, band 240..420, worst 900, weight 2
//	               1 − (480 − 420) ÷ (900 − 420)                  = 87.5     × 2 = 175
//	                                                               790 ÷ 12 = 65.83… → 65.8
func TestTheWorkedExample(t *testing.T) {
	card := &v1alpha1.ScorecardSpec{
		Criteria: []v1alpha1.Criterion{criterion("craft", 3, 1, 5), criterion("communication", 2, 0, 5)},
		KPIs: []v1alpha1.KPI{
			kpi("on-time", 4, v1alpha1.KPIOnTimeDeliveryRate, "0.5", "1"),
			kpi("rounds", 1, v1alpha1.KPIRevisionRounds, "3", "0"),
			kpi("handle-time", 2, v1alpha1.KPIReported, "900", "300", "240", "420"),
		},
	}
	eval := reporting(scored("craft", "4", "communication", "3.5"), "handle-time", "480", 1200)
	computed := ComputeKPIs(card, Facts{OnTime: 3, Due: 4, Rounds: 3, Submitted: 2})
	got, err := Score(card, eval, computed)
	if err != nil || got != "65.8" {
		t.Errorf("the score is %q, %v; by hand it is 65.8", got, err)
	}
	// Before anything is due, on time (200 of 4) and rounds (50 of 1) are left out: 540 ÷ 7 = 77.142…
	if got, err := Score(card, eval, ComputeKPIs(card, Facts{})); err != nil || got != "77.1" {
		t.Errorf("without anything delivered the score is %q, %v; by hand it is 77.1", got, err)
	}
}

func TestAValueScoresBetweenWorstAndTarget(t *testing.T) {
	tests := []struct {
		reason string
		kpi    v1alpha1.KPI
		value  string
		want   string
	}{
		{"the target scores 100", kpi("k", 1, v1alpha1.KPIReported, "0", "10"), "10", "100.0"},
		{"beyond the target it stays 100", kpi("k", 1, v1alpha1.KPIReported, "0", "10"), "25", "100.0"},
		{"worst scores 0", kpi("k", 1, v1alpha1.KPIReported, "0", "10"), "0", "0.0"},
		{"below worst it stays 0", kpi("k", 1, v1alpha1.KPIReported, "0", "10"), "-4", "0.0"},
		{"where less is better, worst lies above", kpi("k", 1, v1alpha1.KPIReported, "3", "0.5"), "1", "80.0"},
		{"and beyond worst is 0", kpi("k", 1, v1alpha1.KPIReported, "3", "0.5"), "30", "0.0"},
		{"a half is rounded up", kpi("k", 1, v1alpha1.KPIReported, "0", "2000"), "1", "0.1"},
		{"and less than a half down", kpi("k", 1, v1alpha1.KPIReported, "0", "2000"), "0.999999", "0.0"},
		{"thirds are exact until the end", kpi("k", 1, v1alpha1.KPIReported, "0", "3"), "2", "66.7"},
		{"within the band it is 100", kpi("k", 1, v1alpha1.KPIReported, "900", "300", "240", "420"), "250", "100.0"},
		{"at the band's end too", kpi("k", 1, v1alpha1.KPIReported, "900", "300", "240", "420"), "420", "100.0"},
		{"above, it falls to worst", kpi("k", 1, v1alpha1.KPIReported, "900", "300", "240", "420"), "660", "50.0"},
		{"below, it falls over the same distance", kpi("k", 1, v1alpha1.KPIReported, "900", "300", "240", "420"), "120", "75.0"},
		{"and no further than 0", kpi("k", 1, v1alpha1.KPIReported, "900", "300", "240", "420"), "-240", "0.0"},
		{"worst may lie below the band", kpi("k", 1, v1alpha1.KPIReported, "0", "50", "40", "60"), "20", "50.0"},
		{"then above falls over that distance", kpi("k", 1, v1alpha1.KPIReported, "0", "50", "40", "60"), "70", "75.0"},
	}
	for _, tt := range tests {
		card := &v1alpha1.ScorecardSpec{KPIs: []v1alpha1.KPI{tt.kpi}}
		got, err := Score(card, reporting(&v1alpha1.EvaluationSpec{}, "k", tt.value, 1), nil)
		if err != nil || got != tt.want {
			t.Errorf("%s of worst %s, target %s scores %q, %v; want %s, because %s", tt.value, tt.kpi.Worst, tt.kpi.Target, got, err, tt.want, tt.reason)
		}
	}
}

func TestValidateSaysWhatToDo(t *testing.T) {
	card := &v1alpha1.ScorecardSpec{
		Criteria: []v1alpha1.Criterion{criterion("craft", 1, 1, 5)},
		KPIs:     []v1alpha1.KPI{kpi("csat", 1, v1alpha1.KPIReported, "0", "100"), kpi("on-time", 1, v1alpha1.KPIOnTimeDeliveryRate, "0", "1")},
	}
	complete := func() *v1alpha1.EvaluationSpec { return reporting(scored("craft", "4"), "csat", "90", 12) }
	tests := []struct {
		name string
		card *v1alpha1.ScorecardSpec
		eval *v1alpha1.EvaluationSpec
		want []string
	}{
		{"complete", card, complete(), nil},
		{"above the scale", card, reporting(scored("craft", "5.01"), "csat", "90", 12), []string{"5.01", "craft", "off its scale", "from 1 to 5"}},
		{"below the scale", card, reporting(scored("craft", "0"), "csat", "90", 12), []string{"off its scale"}},
		{"no number", card, reporting(scored("craft", "1e0"), "csat", "90", 12), []string{`"1e0" is not a decimal`}},
		{"criterion missing", card, reporting(scored(), "csat", "90", 12), []string{`criterion "craft" is not scored: give a score from 1 to 5`}},
		{"criterion unknown", card, reporting(scored("craft", "4", "speed", "4"), "csat", "90", 12), []string{`no criterion "speed"`, "leave it out"}},
		{"criterion twice", card, reporting(scored("craft", "4", "craft", "5"), "csat", "90", 12), []string{`"craft" is scored twice`}},
		{"reported KPI missing", card, scored("craft", "4"), []string{`KPI "csat" is not reported: give its value and sample`}},
		{"reported KPI without a sample", card, reporting(scored("craft", "4"), "csat", "90", 0), []string{"sample of at least 1"}},
		{"reported KPI no number", card, reporting(scored("craft", "4"), "csat", "9/10", 3), []string{`"9/10" is not a decimal`}},
		{"KPI unknown", card, reporting(complete(), "speed", "3", 1), []string{`no KPI "speed"`}},
		{"KPI twice", card, reporting(complete(), "csat", "3", 1), []string{`"csat" is given twice`}},
		{"value for a computed KPI", card, reporting(complete(), "on-time", "1", 1), []string{`"on-time" is computed`, "leave it out"}},
		{"no scorecard", nil, complete(), []string{"no scorecard"}},
		{"target that equals worst, written otherwise", &v1alpha1.ScorecardSpec{KPIs: []v1alpha1.KPI{kpi("on-time", 1, v1alpha1.KPIOnTimeDeliveryRate, "1", "1.0")}}, scored(), []string{"target and worst are the same"}},
		{"worst within the band", &v1alpha1.ScorecardSpec{KPIs: []v1alpha1.KPI{kpi("k", 1, v1alpha1.KPINoShowRate, "5", "6", "4", "8")}}, scored(), []string{"worst lies within the band"}},
		{"target outside the band", &v1alpha1.ScorecardSpec{KPIs: []v1alpha1.KPI{kpi("k", 1, v1alpha1.KPINoShowRate, "50", "9", "4", "8")}}, scored(), []string{"target lies outside the band"}},
		{"band upside down", &v1alpha1.ScorecardSpec{KPIs: []v1alpha1.KPI{kpi("k", 1, v1alpha1.KPINoShowRate, "50", "6", "8", "4")}}, scored(), []string{"band.low is above band.high"}},
		{"criterion without a scale", &v1alpha1.ScorecardSpec{Criteria: []v1alpha1.Criterion{criterion("craft", 1, 5, 5)}}, scored("craft", "5"), []string{"has no scale"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			problems := strings.Join(Validate(tt.card, tt.eval), "; ")
			if len(tt.want) == 0 {
				if problems != "" {
					t.Errorf("an evaluation that counts is refused: %s", problems)
				}
				return
			}
			for _, want := range tt.want {
				if !strings.Contains(problems, want) {
					t.Errorf("the evaluation's author reads %q and should read %q", problems, want)
				}
			}
			if score, err := Score(tt.card, tt.eval, nil); err == nil {
				t.Errorf("what does not count scores %s", score)
			}
		})
	}
}

func TestNothingMeasuredIsNoScore(t *testing.T) {
	card := &v1alpha1.ScorecardSpec{KPIs: []v1alpha1.KPI{kpi("on-time", 1, v1alpha1.KPIOnTimeDeliveryRate, "0", "1")}}
	if got, err := Score(card, scored(), []v1alpha1.KPIValue{{Name: "on-time", Value: "1.00"}}); err == nil {
		t.Errorf("a KPI of which nothing was measured scores %s", got)
	}
	if got, err := Score(card, scored(), []v1alpha1.KPIValue{{Name: "on-time", Value: "all", Sample: 1}}); err == nil {
		t.Errorf("a value that is no number scores %s", got)
	}
}

func TestMeanRoundsHalvesUp(t *testing.T) {
	tests := []struct {
		scores []string
		want   string
	}{
		{nil, ""}, {[]string{"82.5"}, "82.5"}, {[]string{"80.0", "80.1"}, "80.1"}, {[]string{"0", "0", "0.1"}, "0.0"}, {[]string{"100", "99.9", "99.9"}, "99.9"},
	}
	for _, tt := range tests {
		if got, err := Mean(tt.scores); err != nil || got != tt.want {
			t.Errorf("the mean of %v is %q, %v; want %q", tt.scores, got, err, tt.want)
		}
	}
	for _, bad := range []string{"", "100.1", "-1", "high", "0x10"} {
		if got, err := Mean([]string{"50", bad}); err == nil {
			t.Errorf("the mean with %q is %s; want a refusal", bad, got)
		}
	}
}

func TestAWholeMeanReachesAThresholdOnlyIfTheMeanDoes(t *testing.T) {
	for _, tt := range []struct {
		scores []string
		want   int32
	}{
		{[]string{"70.0"}, 70}, {[]string{"69.9"}, 69}, {[]string{"69.9", "70.0"}, 69}, {[]string{"60.0", "80.0"}, 70},
		{[]string{"70.0", "70.0", "69.9"}, 69}, {[]string{"0.0"}, 0}, {[]string{"100.0", "100"}, 100},
	} {
		if got, err := WholeMean(tt.scores); err != nil || got != tt.want {
			t.Errorf("the mean of %v is %d whole points, %v; want %d", tt.scores, got, err, tt.want)
		}
	}
	for _, bad := range [][]string{nil, {"50", "high"}, {"100.1"}} {
		if got, err := WholeMean(bad); err == nil {
			t.Errorf("the mean of %v is %d whole points; want a refusal", bad, got)
		}
	}
}
