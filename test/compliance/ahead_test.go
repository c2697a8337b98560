package compliance

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/policy"
)

func TestAWarningIsGivenAheadOfTime(t *testing.T) {
	agency, long := as(v1alpha1.AgencyWorker), from("2027-03-01", "2028-12-01")
	raised := said("feedback/status-determination", v1alpha1.VerdictRaised, "ada", "2027-01-01T18:00:00Z")
	for _, tc := range []struct {
		policy, rule, why string
		given             *policy.Case
		// first is when the warning is first given, and fails when the rule ceases to hold.
		first, fails string
	}{
		{"us-1099-nec-2026", "w9-before-the-threshold", "30 days before the document expires", given(in("US"), holding("w9", "2027-06-01")), "2027-05-02", "2027-06-01"},
		{"uk-agency-workers", "equal-treatment-after-12-weeks", "14 days before the right begins", given(in("GB"), agency, long), "2027-05-10", "2027-05-24"},
		{"uk-off-payroll", "disagreement-answered", "14 days before the time is over", given(in("GB"), determined(statement, "2027-01-01"), raised), "2027-02-01", "2027-02-15"},
		{"de-aueg", "equal-pay-at-nine-months", "30 days before pay has to be equal", given(in("DE"), agency, long), "2027-11-01", "2027-12-01"},
		{"de-aueg", "", "60 days before the 18 months are over", given(in("DE"), agency, long), "2028-07-03", "2028-09-01"},
		{"company-tenure-cap", "", "60 days before the cap", given(in("US"), long), "2028-07-03", "2028-09-01"},
		{"us-ca-abc", "", "30 days before the determination expires, where the work goes on", given(in("US-CA"), long, determined(abc, "2027-03-01")), "2028-01-31", "2028-03-01"},
	} {
		t.Run(tc.policy+"/"+tc.rule, func(t *testing.T) {
			ahead := func(now time.Time) *v1alpha1.Finding {
				tc.given.Now = now
				verdict := policy.Judge([]v1alpha1.CompliancePolicy{the(t, tc.policy)}, tc.given)
				i := slices.IndexFunc(verdict.Warnings, func(f v1alpha1.Finding) bool {
					return f.Rule == tc.rule && f.At != nil && f.At.Equal(new(on(tc.fails)))
				})
				if i < 0 {
					return nil
				}
				return &verdict.Warnings[i]
			}
			first := on(tc.first).Time
			if w := ahead(first.Add(-time.Second)); w != nil {
				t.Errorf("nothing should be told earlier than %s: %s", tc.why, w.Message)
			}
			w := ahead(first)
			if w == nil {
				t.Fatalf("a warning should be given from %s on, %s, that names %s", tc.first, tc.why, tc.fails)
			}
			if phrase := "from " + tc.fails + "T00:00:00Z on: "; tc.rule != "" && !strings.Contains(w.Message, phrase) {
				t.Errorf("the warning should say %q and what the rule says then: %s", phrase, w.Message)
			}
		})
	}
}

func TestTheSealedFileIsKeptForAsLongAsTheLawOfThePlaceAsks(t *testing.T) {
	end := on("2027-04-01").Time
	for place, want := range map[string]string{"US-NY": "2033-04-01", "US-IL": "2029-04-01", "US-CA": "2031-04-01"} {
		until, by := policy.Retention(shipped(t), given(in(place)), end)
		if until == nil || !until.Equal(on(want).Time) {
			t.Errorf("in %s the file should be kept until %s; it is kept until %v by %s", place, want, until, by)
		}
	}
	if until, by := policy.Retention(shipped(t), given(in("FR")), end); until != nil {
		t.Errorf("no policy of the catalogue keeps the file of work in France; it is kept until %v by %s", until, by)
	}
}

func TestAFinancialYearThatCannotBeReadHoldsTheEngagement(t *testing.T) {
	for _, year := range []string{"6 April 2025", "2025", "2025-13-01", "x"} {
		verdict := policy.Judge([]v1alpha1.CompliancePolicy{the(t, "uk-off-payroll")}, given(in("GB"), determined(small.but("clientFinancialYearFrom", year), "2027-03-01")))
		if len(verdict.Violations) != 1 || !verdict.Violations[0].Undecided || verdict.Violations[0].Rule != "status-determination-statement" {
			t.Errorf("%q is no date, so nobody can tell which limits count; the verdict is %+v", year, verdict)
		}
	}
}

func TestAnAnswerThatCannotBeReadHoldsTheEngagement(t *testing.T) {
	verdict := policy.Judge([]v1alpha1.CompliancePolicy{the(t, "uk-off-payroll")}, given(in("GB"), determined(small.but("clientTurnoverGBP", "15m"), "2027-03-01")))
	if len(verdict.Violations) != 1 || !verdict.Violations[0].Undecided || verdict.Violations[0].Rule != "status-determination-statement" {
		t.Errorf("a turnover of \"15m\" is no amount, so nobody can tell whether the client is small; the verdict is %+v", verdict)
	}
}
