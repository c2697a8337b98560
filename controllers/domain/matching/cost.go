package matching

import (
	"math/big"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/terms"
)

const (
	// asExpected is the fit of a worker who costs what is expected, and of one of whom nothing can be said.
	asExpected = 50
	// What a full week has, where the engagement does not say how many hours it asks for.
	fullWeekHours = 40
	weekDays      = 5
	weekSeconds   = 7 * 24 * 3600
)

// noRate says why no rate could be offered to a worker.
func (m *match) noRate(w *Worker) string {
	if _, err := m.rates.offer(m.StatementOfWork, w.Spec.Rate, m.tier(w.Tier).RateMultiplier); err != nil {
		return err.Error()
	}
	return ""
}

// rates are those that were worked out already: exact decimals take their time, and many workers have the same rate, or none that matters.
type rates map[rateKey]offered

type rateKey struct {
	base       v1alpha1.Rate
	hasBase    bool
	multiplier string
	// own says that the worker's own rate is asked for, whatever the work offers.
	own bool
}

type offered struct {
	rate *v1alpha1.Rate
	err  error
}

func (r rates) offer(sow *v1alpha1.StatementOfWork, base *v1alpha1.Rate, multiplier string) (*v1alpha1.Rate, error) {
	key := rateKey{own: sow.Rate == nil}
	if key.own && base != nil {
		key.base, key.hasBase, key.multiplier = *base, true, multiplier
	}
	known, is := r[key]
	if !is {
		known.rate, known.err = terms.OfferRate(sow, base, multiplier)
		r[key] = known
	}
	return known.rate, known.err
}

// costFit is how far a worker's own rate is below what is expected: 50 for just that, 100 for nothing at all, 0 from twice
// that on. Expected is the rate offered or, where the worker's own is offered, that the work takes up the budget.
func (m *match) costFit(w *Worker) int64 {
	expected, base := m.StatementOfWork.Rate, w.Spec.Rate
	if base == nil || base.Currency != m.StatementOfWork.Budget.Currency {
		return asExpected
	}
	if expected != nil && expected.Per != base.Per {
		return asExpected
	}
	own, err := m.rates.offer(&m.atOwnRate, base, m.tier(w.Tier).RateMultiplier)
	if err != nil {
		// The budget does not reach for it.
		return 0
	}
	asked, err := terms.ParseAmount(own.Amount)
	if err != nil {
		return 0
	}
	if expected != nil {
		return m.fit(asked, expected.Amount, 1, 1)
	}
	units, per := m.units(own.Per)
	if units == 0 {
		return asExpected
	}
	return m.fit(asked, m.StatementOfWork.Budget.Amount, units, per)
}

// units is how many units of a rate the work takes, as a fraction; zero where nobody knows.
func (m *match) units(per v1alpha1.RateUnit) (units, divisor int64) {
	seconds := int64(m.StatementOfWork.End.Sub(m.StatementOfWork.Start.Time).Seconds())
	switch per {
	case v1alpha1.PerFixed:
		return 1, 1
	case v1alpha1.PerDeliverable:
		return int64(len(m.StatementOfWork.Deliverables)), 1
	case v1alpha1.PerDay:
		return weekDays * seconds, weekSeconds
	case v1alpha1.PerHour:
		hours := int64(m.requirements.HoursPerWeek)
		if hours == 0 {
			hours = fullWeekHours
		}
		return hours * seconds, weekSeconds
	default:
		return 0, 1
	}
}

// fit is 100 - 50 × asked × units / (divisor × expected), within 0 and 100. Whole numbers of any size: an amount times the
// seconds of a year is more than an int64 holds.
func (m *match) fit(asked terms.Amount, expected string, units, divisor int64) int64 {
	reference, err := terms.ParseAmount(expected)
	if err != nil {
		return 0
	}
	cost := new(big.Int).Mul(big.NewInt(int64(asked)), big.NewInt(units))
	full := new(big.Int).Mul(big.NewInt(int64(reference)), big.NewInt(divisor))
	if full.Sign() == 0 {
		if cost.Sign() == 0 {
			return asExpected
		}
		return 0
	}
	over := cost.Mul(cost, big.NewInt(asExpected)).Div(cost, full)
	if !over.IsInt64() {
		return 0
	}
	return max(100-over.Int64(), 0)
}
