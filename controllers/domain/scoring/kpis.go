package scoring

import (
	"math/big"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// Facts are what the KPIs that the operator computes are made of.
type Facts struct {
	// OnTime is how many of the Due deliverables were first submitted in time.
	OnTime, Due int32
	// Rounds of revision that the worker caused, over the Submitted deliverables.
	Rounds, Submitted int32
	// PointsAccepted is the sum of the accepted deliverables' points.
	PointsAccepted int32
	// NoShow says that the start was not confirmed, Started that it was.
	NoShow, Started bool
}

// ComputeKPIs is the scorecard's computed KPIs, in its order, each as a decimal with two places, a half rounded up, with how many things were measured. One of
// which nothing was measured yet is left out: no deliverable due, none submitted, the start still to come.
func ComputeKPIs(card *v1alpha1.ScorecardSpec, f Facts) []v1alpha1.KPIValue {
	if card == nil {
		return nil
	}
	var values []v1alpha1.KPIValue
	for i := range card.KPIs {
		value, sample := f.measure(card.KPIs[i].Source)
		if sample < 1 {
			continue
		}
		values = append(values, v1alpha1.KPIValue{Name: card.KPIs[i].Name, Value: value.FloatString(2), Sample: sample})
	}
	return values
}

// measure is one computed value and its sample, which is 0 where there is nothing to measure and for what reviewers report.
func (f Facts) measure(source v1alpha1.KPISource) (*big.Rat, int32) {
	switch source {
	case v1alpha1.KPIOnTimeDeliveryRate:
		return ratio(f.OnTime, f.Due), f.Due
	case v1alpha1.KPIRevisionRounds:
		return ratio(f.Rounds, f.Submitted), f.Submitted
	case v1alpha1.KPIPointsAccepted:
		// Measured over what was submitted or should have been: nothing accepted of nothing due says nothing, of something due it says zero.
		return ratio(f.PointsAccepted, 1), max(f.Submitted, f.Due)
	case v1alpha1.KPINoShowRate:
		switch {
		case f.NoShow:
			return ratio(1, 1), 1
		case f.Started:
			return ratio(0, 1), 1
		default:
			return ratio(0, 1), 0
		}
	default:
		return ratio(0, 1), 0
	}
}

func ratio(part, whole int32) *big.Rat {
	if whole < 1 {
		return new(big.Rat)
	}
	return big.NewRat(int64(part), int64(whole))
}
