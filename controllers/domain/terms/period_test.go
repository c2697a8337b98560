package terms

import (
	"testing"
	"time"
)

func TestPeriodsFollowTheCalendar(t *testing.T) {
	for _, c := range []struct{ reason, from, period, want string }{
		{"days", "2026-12-01T08:00:00Z", "P7D", "2026-12-08T08:00:00Z"},
		{"a week is seven days", "2026-12-01T08:00:00Z", "P1W", "2026-12-08T08:00:00Z"},
		{"a month keeps the day", "2026-12-15T08:00:00Z", "P1M", "2027-01-15T08:00:00Z"},
		{"31 January and a month is the end of February", "2027-01-31T08:00:00Z", "P1M", "2027-02-28T08:00:00Z"},
		{"in a leap year, the 29th", "2028-01-31T08:00:00Z", "P1M", "2028-02-29T08:00:00Z"},
		{"29 February and a year is the 28th", "2028-02-29T08:00:00Z", "P1Y", "2029-02-28T08:00:00Z"},
		{"29 February and four years is the 29th", "2028-02-29T08:00:00Z", "P4Y", "2032-02-29T08:00:00Z"},
		{"31 March and 18 months is 30 September", "2026-03-31T00:00:00Z", "P18M", "2027-09-30T00:00:00Z"},
		{"the 31st stays where the month has one", "2026-12-31T23:59:59Z", "P1M", "2027-01-31T23:59:59Z"},
		{"days are added after the month is clamped", "2027-01-31T08:00:00Z", "P1M1D", "2027-03-01T08:00:00Z"},
		{"everything at once", "2026-01-30T08:00:00Z", "P1Y1M1W1D", "2027-03-08T08:00:00Z"},
		{"nothing", "2026-12-01T08:00:00Z", "P0D", "2026-12-01T08:00:00Z"},
		{"counted in UTC: east of it the next month has begun", "2027-02-01T00:30:00+01:00", "P1M", "2027-02-28T23:30:00Z"},
	} {
		t.Run(c.reason, func(t *testing.T) {
			got, err := AddPeriod(at(t, c.from), c.period)
			if err != nil || !got.Equal(at(t, c.want)) {
				t.Errorf("%s + %s is %s, not %s (error %v)", c.from, c.period, c.want, got, err)
			}
			if got.Location() != time.UTC {
				t.Errorf("the sum is in UTC, not %s", got.Location())
			}
		})
	}
}

func TestPeriodsAreSubtractedByTheCalendarToo(t *testing.T) {
	for _, c := range []struct{ reason, from, period, want string }{
		{"days", "2026-12-08T08:00:00Z", "P7D", "2026-12-01T08:00:00Z"},
		{"a month keeps the day", "2027-01-15T08:00:00Z", "P1M", "2026-12-15T08:00:00Z"},
		{"a month before 31 March is the end of February", "2027-03-31T08:00:00Z", "P1M", "2027-02-28T08:00:00Z"},
		{"in a leap year, the 29th", "2028-03-31T08:00:00Z", "P1M", "2028-02-29T08:00:00Z"},
		{"a year before 29 February is the 28th", "2028-02-29T08:00:00Z", "P1Y", "2027-02-28T08:00:00Z"},
		{"days are subtracted after the month is clamped", "2027-03-31T08:00:00Z", "P1M1D", "2027-02-27T08:00:00Z"},
		{"30 days", "2027-03-01T00:00:00Z", "P30D", "2027-01-30T00:00:00Z"},
		{"counted in UTC: west of it the month has not ended", "2027-02-28T23:30:00-01:00", "P1M", "2027-02-01T00:30:00Z"},
		{"nothing", "2026-12-01T08:00:00Z", "P0D", "2026-12-01T08:00:00Z"},
	} {
		t.Run(c.reason, func(t *testing.T) {
			got, err := SubtractPeriod(at(t, c.from), c.period)
			if err != nil || !got.Equal(at(t, c.want)) {
				t.Errorf("%s - %s is %s, not %s (error %v)", c.from, c.period, c.want, got, err)
			}
		})
	}
	for reason, period := range map[string]string{"no period": "a month", "before the first year": "P999Y9999M9999W99999D"} {
		if got, err := SubtractPeriod(at(t, "1200-12-01T00:00:00Z"), period); err == nil {
			t.Errorf("%s: %q must be refused, not give %s", reason, period, got)
		}
	}
}

func TestWhatIsNoCalendarPeriodIsRefused(t *testing.T) {
	for reason, period := range map[string]string{
		"empty": "", "no component": "P", "hours": "PT5H", "a time part after days": "P1DT1H", "negative": "-P1D", "a fraction": "P1.5D", "the wrong order": "P1D1Y",
		"a component twice": "P1D1D", "a second P": "PP1D", "a Go duration": "48h", "no unit": "P1", "past the last year that can be written": "P999Y9999M",
	} {
		from := at(t, "2026-12-01T08:00:00Z")
		if period == "P999Y9999M" {
			from = at(t, "9000-01-01T00:00:00Z")
		}
		if got, err := AddPeriod(from, period); err == nil {
			t.Errorf("%s: %q must be refused, not give %s", reason, period, got)
		}
	}
}

func FuzzAddPeriod(f *testing.F) {
	for _, seed := range []string{"P18M", "P7D", "P1Y2M3W4D", "P0D", "P", "PT1H", "-P1D", "P1.5M", "P999Y9999M9999W99999D"} {
		f.Add(int64(1_801_382_400), seed)
	}
	f.Fuzz(func(t *testing.T, seconds int64, period string) {
		// Within the years 0 to 9999; no object holds another.
		from := time.Unix(((seconds%253_402_300_800)+253_402_300_800)%253_402_300_800, 0).UTC()
		to, err := AddPeriod(from, period)
		if err != nil {
			return
		}
		if to.Before(from) {
			t.Fatalf("%s + %s must not lie before it, at %s", from, period, to)
		}
		if from.Sub(from.Truncate(24*time.Hour)) != to.Sub(to.Truncate(24*time.Hour)) {
			t.Fatalf("%s + %s must keep the time of day, not give %s", from, period, to)
		}
		if _, err := to.MarshalJSON(); err != nil {
			t.Fatalf("%s + %s must be a time that can be written: %v", from, period, err)
		}
		normal, err := normalPeriod(period)
		if err != nil {
			t.Fatalf("a period that can be added has a normal form: %v", err)
		}
		if normal == "" {
			normal = "P0D"
		}
		if months, days, err := parsePeriod(period); err != nil || months > 9999 || days > 99999 {
			return // The normal form of such lengths is for comparing, not for reading.
		}
		if same, err := AddPeriod(from, normal); err != nil || !same.Equal(to) {
			t.Fatalf("%s and its normal form %s must mean the same: %s and %s (%v)", period, normal, to, same, err)
		}
	})
}
