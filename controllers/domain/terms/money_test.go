package terms

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

func TestAmountsAreReadAsThousandthsAndWrittenWithoutTrailingZeros(t *testing.T) {
	for _, c := range []struct {
		reason, in string
		amount     Amount
		out        string
	}{
		{"a whole number", "5000", 5_000_000, "5000"},
		{"one place", "12.5", 12_500, "12.5"},
		{"three places", "0.001", 1, "0.001"},
		{"trailing zeros mean nothing", "12.500", 12_500, "12.5"},
		{"leading zeros mean nothing", "007", 7_000, "7"},
		{"nothing", "0", 0, "0"},
		{"nothing, at length", "0.000", 0, "0"},
		{"the largest that the API can write", "999999999999.999", largest, "999999999999.999"},
	} {
		t.Run(c.reason, func(t *testing.T) {
			got, err := ParseAmount(c.in)
			if err != nil || got != c.amount || got.String() != c.out {
				t.Errorf("%q is %d thousandths, written %s; read %d, written %s, error %v", c.in, c.amount, c.out, got, got, err)
			}
		})
	}
	if got := Amount(-12_500).String(); got != "-12.5" {
		t.Errorf("a budget overdrawn by 12.5 is written -12.5, not %s", got)
	}
}

func TestWhatIsNoAmountIsRefused(t *testing.T) {
	for reason, in := range map[string]string{
		"empty": "", "negative": "-5", "explicitly positive": "+5", "four places": "1.2345", "an exponent": "1e3", "no digit before the point": ".5",
		"no digit after the point": "5.", "thirteen digits": "1234567890123", "a comma": "1,5", "white space": " 5", "a second line": "5\n", "a word": "NaN", "other digits": "٥",
	} {
		if got, err := ParseAmount(in); err == nil {
			t.Errorf("%s: %q must be refused, not read as %s", reason, in, got)
		}
	}
}

func FuzzParseAmount(f *testing.F) {
	for _, seed := range []string{"0", "5000", "12.5", "0.001", "999999999999.999", "-1", "1e9", "1.2345", "", ".", "00.100"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		amount, err := ParseAmount(s)
		if err != nil {
			return
		}
		if amount < 0 || amount > largest {
			t.Fatalf("%q must be within 0 and the largest amount, not %d", s, amount)
		}
		again, err := ParseAmount(amount.String())
		if err != nil || again != amount {
			t.Fatalf("%q is written as %s, which reads %d, error %v", s, amount, again, err)
		}
	})
}

func TestTheRateOfferedIsTheStatementsOwnOrTheWorkersTimesTheTier(t *testing.T) {
	sow := func(own *v1alpha1.Rate) *v1alpha1.StatementOfWork {
		s := designer(t).StatementOfWork
		s.Rate = own
		return &s
	}
	for _, c := range []struct {
		reason     string
		sow        *v1alpha1.StatementOfWork
		base       *v1alpha1.Rate
		multiplier string
		want       *v1alpha1.Rate
		fails      string
	}{
		{"the statement's own rate wins", sow(rate("4000.00", "USD", v1alpha1.PerFixed)), rate("50", "USD", v1alpha1.PerHour), "2", rate("4000", "USD", v1alpha1.PerFixed), ""},
		{"no multiplier is 1", sow(nil), rate("50", "USD", v1alpha1.PerHour), "", rate("50", "USD", v1alpha1.PerHour), ""},
		{"a tier pays more", sow(nil), rate("50", "USD", v1alpha1.PerHour), "1.15", rate("57.5", "USD", v1alpha1.PerHour), ""},
		{"half a thousandth is rounded up", sow(nil), rate("0.001", "USD", v1alpha1.PerHour), "1.5", rate("0.002", "USD", v1alpha1.PerHour), ""},
		{"half above an even thousandth is rounded up too", sow(nil), rate("0.005", "USD", v1alpha1.PerHour), "0.5", rate("0.003", "USD", v1alpha1.PerHour), ""},
		{"less than half is dropped", sow(nil), rate("33.333", "USD", v1alpha1.PerHour), "1.013", rate("33.766", "USD", v1alpha1.PerHour), ""},
		{"there is no rate at all", sow(nil), nil, "1", nil, "no rate to offer"},
		{"the worker asks in another currency", sow(nil), rate("50", "EUR", v1alpha1.PerHour), "1", nil, "never converted"},
		{"the statement contradicts itself in currency", sow(rate("50", "EUR", v1alpha1.PerHour)), nil, "", nil, "never converted"},
		{"the multiplier is negative", sow(nil), rate("50", "USD", v1alpha1.PerHour), "-1", nil, "multiplier"},
		{"the base rate cannot be read", sow(nil), rate("fifty", "USD", v1alpha1.PerHour), "1", nil, "base rate"},
		{"the product is too large", sow(nil), rate("999999999999", "USD", v1alpha1.PerHour), "99", nil, "more than an amount can hold"},
		{"one unit costs more than the budget", sow(nil), rate("4000", "USD", v1alpha1.PerFixed), "1.3", nil, "exceeds statementOfWork.budget"},
	} {
		t.Run(c.reason, func(t *testing.T) {
			got, err := OfferRate(c.sow, c.base, c.multiplier)
			if c.fails != "" {
				if err == nil || !strings.Contains(err.Error(), c.fails) {
					t.Fatalf("the offer must fail with %q, not offer %v with error %v", c.fails, got, err)
				}
				return
			}
			if err != nil {
				t.Fatalf("the offer must be made: %v", err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("the rate offered (-want +got):\n%s", diff)
			}
		})
	}
}
