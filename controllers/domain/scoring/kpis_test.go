package scoring

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

func TestKPIsAreComputedWhereSomethingWasMeasured(t *testing.T) {
	card := &v1alpha1.ScorecardSpec{KPIs: []v1alpha1.KPI{
		kpi("punctual", 1, v1alpha1.KPIOnTimeDeliveryRate, "0", "1"), kpi("rounds", 1, v1alpha1.KPIRevisionRounds, "3", "0"),
		kpi("velocity", 1, v1alpha1.KPIPointsAccepted, "0", "20"), kpi("no-show", 1, v1alpha1.KPINoShowRate, "1", "0"), kpi("csat", 1, v1alpha1.KPIReported, "0", "100"),
	}}
	value := func(name, v string, sample int32) v1alpha1.KPIValue {
		return v1alpha1.KPIValue{Name: name, Value: v, Sample: sample}
	}
	tests := []struct {
		name   string
		reason string
		facts  Facts
		want   []v1alpha1.KPIValue
	}{
		{"nothing happened", "what was not measured has no value", Facts{}, nil},
		{"it began", "somebody who came did not fail to show", Facts{Started: true}, []v1alpha1.KPIValue{value("no-show", "0.00", 1)}},
		{"nobody came", "one start, one no-show", Facts{NoShow: true}, []v1alpha1.KPIValue{value("no-show", "1.00", 1)}},
		{"two thirds on time", "two places, rounded", Facts{Started: true, OnTime: 2, Due: 3, Rounds: 1, Submitted: 8, PointsAccepted: 13},
			[]v1alpha1.KPIValue{value("punctual", "0.67", 3), value("rounds", "0.13", 8), value("velocity", "13.00", 8), value("no-show", "0.00", 1)}},
		{"due and not delivered", "no points of something due are zero points; no rounds of nothing submitted are nothing", Facts{Started: true, Due: 2},
			[]v1alpha1.KPIValue{value("punctual", "0.00", 2), value("velocity", "0.00", 2), value("no-show", "0.00", 1)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, ComputeKPIs(card, tt.facts)); diff != "" {
				t.Errorf("the values differ, though %s (-want +got):\n%s", tt.reason, diff)
			}
		})
	}
	if got := ComputeKPIs(nil, Facts{Due: 1}); got != nil {
		t.Errorf("without a scorecard %v is computed", got)
	}
}
