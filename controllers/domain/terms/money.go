// Package terms reads, digests, compares and narrows what an engagement's two sides agree on: statement of work, money, access and dates.
package terms

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/shopspring/decimal"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// places is how many decimal places an Amount keeps.
const places = 3

// largest is the largest amount that the API can write: twelve digits and three places. Nine thousand such amounts can be
// added before an int64 overflows; no list of amounts in the API is nearly that long.
const largest = Amount(999_999_999_999_999)

var (
	amountPattern     = regexp.MustCompile(`^[0-9]{1,12}(\.[0-9]{1,3})?$`)
	multiplierPattern = regexp.MustCompile(`^[0-9]{1,2}(\.[0-9]{1,3})?$`)
)

// Amount is money in thousandths of the currency's unit.
type Amount int64

// ParseAmount reads a non-negative decimal with at most twelve digits before the point and three after it.
func ParseAmount(s string) (Amount, error) {
	if !amountPattern.MatchString(s) {
		return 0, fmt.Errorf("amount %q is not a non-negative decimal with at most three places, like \"5000\" or \"12.5\"", s)
	}
	d, err := decimal.NewFromString(s)
	if err != nil {
		return 0, fmt.Errorf("reading amount %q: %w", s, err)
	}
	return Amount(d.Shift(places).IntPart()), nil
}

// String writes the amount with at most three places and no trailing zeros.
func (a Amount) String() string {
	return decimal.New(int64(a), -places).String()
}

// Price is what accepting the deliverable costs: its own amount, or else the rate if that is paid per deliverable. The second
// result is false where the deliverable has no price of its own, because the work is paid by time or as a whole.
func Price(sow *v1alpha1.StatementOfWork, d *v1alpha1.Deliverable) (Amount, bool, error) {
	written := d.Amount
	if written == "" && sow.Rate != nil && sow.Rate.Per == v1alpha1.PerDeliverable {
		written = sow.Rate.Amount
	}
	if written == "" {
		return 0, false, nil
	}
	price, err := ParseAmount(written)
	if err != nil {
		return 0, false, fmt.Errorf("pricing deliverable %s: %w", d.Name, err)
	}
	return price, true, nil
}

// Prices adds up what accepting all of the statement of work's deliverables costs.
func Prices(sow *v1alpha1.StatementOfWork) (Amount, error) {
	var sum Amount
	for i := range sow.Deliverables {
		price, _, err := Price(sow, &sow.Deliverables[i])
		if err != nil {
			return 0, err
		}
		sum += price
	}
	return sum, nil
}

// OfferRate is the rate at which the work is offered to a worker: the statement of work's own, else the worker's base rate
// times the tier's multiplier (empty: 1), rounded half up to thousandths. It fails where there is neither, where the currency
// is not the budget's, and where the budget could not pay for it.
func OfferRate(sow *v1alpha1.StatementOfWork, base *v1alpha1.Rate, multiplier string) (*v1alpha1.Rate, error) {
	var rate *v1alpha1.Rate
	var err error
	switch {
	case sow.Rate != nil:
		rate, err = normalRate(sow.Rate)
	case base != nil:
		rate, err = multiplied(base, multiplier)
	default:
		return nil, errors.New("there is no rate to offer: set statementOfWork.rate, or give the worker a base rate")
	}
	if err != nil {
		return nil, err
	}
	if rate.Currency != sow.Budget.Currency {
		return nil, fmt.Errorf("the rate is in %s and the budget in %s: amounts of unequal currencies are never converted; set statementOfWork.rate in %s",
			rate.Currency, sow.Budget.Currency, sow.Budget.Currency)
	}
	over, err := unaffordable(sow, rate)
	if err != nil {
		return nil, err
	}
	if over != "" {
		return nil, errors.New(over)
	}
	return rate, nil
}

// AmendedRate is the rate that holds once an amendment stands: the spec's own if it names one, else the one accepted, for a
// worker's own rate was settled when it was offered.
func AmendedRate(accepted *v1alpha1.AcceptedTerms, spec *v1alpha1.EngagementSpec) *v1alpha1.Rate {
	if spec.StatementOfWork.Rate != nil {
		return spec.StatementOfWork.Rate.DeepCopy()
	}
	return acceptedRate(accepted).DeepCopy()
}

func acceptedRate(accepted *v1alpha1.AcceptedTerms) *v1alpha1.Rate {
	if accepted.Rate != nil {
		return accepted.Rate
	}
	return accepted.StatementOfWork.Rate
}

func multiplied(base *v1alpha1.Rate, multiplier string) (*v1alpha1.Rate, error) {
	amount, err := ParseAmount(base.Amount)
	if err != nil {
		return nil, fmt.Errorf("reading the worker's base rate: %w", err)
	}
	if multiplier == "" {
		multiplier = "1"
	}
	if !multiplierPattern.MatchString(multiplier) {
		return nil, fmt.Errorf("rate multiplier %q is not a non-negative decimal below 100 with at most three places, like \"1.15\"", multiplier)
	}
	factor, err := decimal.NewFromString(multiplier)
	if err != nil {
		return nil, fmt.Errorf("reading rate multiplier %q: %w", multiplier, err)
	}
	// Both are non-negative, for which Round's half away from zero is half up.
	product := decimal.New(int64(amount), -places).Mul(factor).Round(places)
	result := Amount(product.Shift(places).IntPart())
	if result > largest {
		return nil, fmt.Errorf("the base rate %s times %s is more than an amount can hold: lower one of them", base.Amount, multiplier)
	}
	return &v1alpha1.Rate{Currency: base.Currency, Amount: result.String(), Per: base.Per}, nil
}

// unaffordable says in a sentence that not even one unit of the rate, or for a rate per deliverable not all deliverables,
// can be paid from the budget. It is empty where the budget suffices; both are in one currency.
func unaffordable(sow *v1alpha1.StatementOfWork, rate *v1alpha1.Rate) (string, error) {
	budget, err := ParseAmount(sow.Budget.Amount)
	if err != nil {
		return "", fmt.Errorf("reading statementOfWork.budget: %w", err)
	}
	amount, err := ParseAmount(rate.Amount)
	if err != nil {
		return "", fmt.Errorf("reading the rate: %w", err)
	}
	if amount > budget {
		return fmt.Sprintf("the rate of %s %s per %s exceeds statementOfWork.budget of %s %s: lower the rate or raise the budget",
			amount, rate.Currency, rate.Per, budget, sow.Budget.Currency), nil
	}
	if rate.Per != v1alpha1.PerDeliverable {
		return "", nil
	}
	priced := *sow
	priced.Rate = rate
	sum, err := Prices(&priced)
	if err != nil {
		return "", err
	}
	if sum > budget {
		return fmt.Sprintf("statementOfWork.deliverables cost %s %s together at %s per deliverable without an amount of its own, which exceeds statementOfWork.budget of %s: lower the rate or raise the budget",
			sum, sow.Budget.Currency, amount, budget), nil
	}
	return "", nil
}
