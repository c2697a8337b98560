package policy

import (
	"testing"
	"time"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

func TestTenureIsCountedBackToTheFirstGapThatIsTooLong(t *testing.T) {
	span := func(start, end string) Span {
		return Span{Start: date(start), End: date(end), Pool: "talent/designers", Namespace: "marketing"}
	}
	elsewhere := func(s Span, pool, namespace string) Span { s.Pool, s.Namespace = pool, namespace; return s }
	next := span("2026-12-01", "2027-01-01")
	limit := func(across v1alpha1.TenureScope) *v1alpha1.Tenure {
		return &v1alpha1.Tenure{Max: "P18M", ResetGap: "P3M", Across: across}
	}
	for _, tc := range []struct {
		name    string
		reason  string
		tenure  *v1alpha1.Tenure
		engaged []Span
		want    string
	}{
		{"nobody was engaged before", "the count begins with the work", limit(""), nil, "2028-06-01"},
		{"engaged up to the day before", "[start, end): there is no gap", limit(""), []Span{span("2026-06-01", "2026-12-01")}, "2027-12-01"},
		{"a gap of just the reset", "only a longer one begins anew", limit(""), []Span{span("2026-06-01", "2026-09-01")}, "2028-02-29"},
		{"a gap of a day more", "it exceeds the reset", limit(""), []Span{span("2026-06-01", "2026-08-31")}, "2028-06-01"},
		{"no reset", "no gap ends the count", &v1alpha1.Tenure{Max: "P18M"}, []Span{span("2010-06-01", "2010-09-01")}, "2028-02-29"},
		{"a gap too long further back", "what is behind it does not count", limit(""), []Span{span("2025-01-01", "2026-01-01"), span("2026-06-01", "2026-12-01")}, "2027-12-01"},
		{"a chain of short gaps", "each gap is measured alone", limit(""), []Span{span("2026-01-01", "2026-02-01"), span("2026-04-01", "2026-05-01"), span("2026-07-01", "2026-10-01")}, "2028-01-01"},
		{"two at a time", "a day counts once", limit(""), []Span{span("2026-06-01", "2026-12-01"), span("2026-07-01", "2026-08-01")}, "2027-12-01"},
		{"one that goes on beside the work", "up to the start it counts once", limit(""), []Span{span("2026-06-01", "2027-12-01")}, "2027-12-01"},
		{"one that begins later", "it is yet to come", limit(""), []Span{span("2027-06-01", "2027-12-01")}, "2028-06-01"},
		{"one that ended before it began", "nobody was engaged", limit(""), []Span{span("2026-11-01", "2026-10-01")}, "2028-06-01"},
		{"another pool", "across Pool it does not count", limit(acrossPool), []Span{elsewhere(span("2026-06-01", "2026-12-01"), "talent/agents", "marketing")}, "2028-06-01"},
		{"the same pool, another namespace", "across Pool it counts", limit(acrossPool), []Span{elsewhere(span("2026-06-01", "2026-12-01"), "talent/designers", "sales")}, "2027-12-01"},
		{"another namespace", "across Namespace it does not count", limit(acrossNamespace), []Span{elsewhere(span("2026-06-01", "2026-12-01"), "talent/designers", "sales")}, "2028-06-01"},
		{"anywhere", "across Cluster everything counts", limit("Cluster"), []Span{elsewhere(span("2026-06-01", "2026-12-01"), "x/y", "sales")}, "2027-12-01"},
		{"the end of February", "calendar periods keep to the calendar", &v1alpha1.Tenure{Max: "P3M"}, []Span{span("2026-11-30", "2026-12-01")}, "2027-02-28"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, got, err := countTenure(tc.tenure, tc.engaged, next)
			if err != nil {
				t.Fatal(err)
			}
			if !got.Equal(date(tc.want)) {
				t.Errorf("the limit is %s, expected %s, because %s", got.Format(time.DateOnly), tc.want, tc.reason)
			}
		})
	}
	for _, unreadable := range []v1alpha1.Tenure{{Max: "18 months"}, {Max: "P18M", ResetGap: "soon"}} {
		if _, _, err := countTenure(&unreadable, []Span{span("2026-06-01", "2026-12-01")}, next); err == nil {
			t.Errorf("%+v cannot be read, and no error says so", unreadable)
		}
	}
}

func TestTenureIsCountedByTheCalendarInUTC(t *testing.T) {
	for _, tc := range []struct {
		name, reason, start  string
		engaged              []Span
		longest              string
		wantSince, wantLimit string
	}{
		{"the last of a month", "31 August has no counterpart in February", "2026-08-31", nil, "P18M", "2026-08-31", "2028-02-29"},
		{"the last of February", "a leap day is the last, not the 29th, a year later", "2028-02-29", nil, "P1Y", "2028-02-29", "2029-02-28"},
		{"a leap day within", "18 months are 18 months", "2027-01-15", nil, "P18M", "2027-01-15", "2028-07-15"},
		{"a month of 31 days served", "served days move the start back by as many days", "2027-03-01", []Span{{Start: date("2026-12-01"), End: date("2027-01-01")}}, "P3M", "2027-01-29", "2027-04-29"},
		{"the clocks of the hirer change", "a day has 24 hours in UTC", "2027-03-29", []Span{{Start: date("2027-03-20"), End: date("2027-03-29")}}, "P1M", "2027-03-20", "2027-04-20"},
		{"three months' gap, to the day", "the German count goes on: only more than three months reset it, and the earlier assignment counts whole", "2027-05-28", []Span{{Start: date("2026-09-01"), End: date("2027-02-28")}}, "P18M", "2026-11-29", "2028-05-29"},
		{"three months' gap and a day", "the count begins anew", "2027-05-29", []Span{{Start: date("2026-09-01"), End: date("2027-02-28")}}, "P18M", "2027-05-29", "2028-11-29"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			next := Span{Start: date(tc.start), End: date("2030-01-01")}
			since, limit, err := countTenure(&v1alpha1.Tenure{Max: tc.longest, ResetGap: "P3M"}, tc.engaged, next)
			if err != nil {
				t.Fatal(err)
			}
			if !since.Equal(date(tc.wantSince)) || !limit.Equal(date(tc.wantLimit)) {
				t.Errorf("the tenure is from %s to %s, expected %s to %s, because %s", since.Format(time.DateOnly), limit.Format(time.DateOnly), tc.wantSince, tc.wantLimit, tc.reason)
			}
		})
	}
}

func TestTenureCountsWholeDays(t *testing.T) {
	hours := func(first, last string) Span {
		return Span{Start: date(first).Add(8 * time.Hour), End: date(last).Add(17 * time.Hour)}
	}
	var monthly []Span
	for month := range 17 {
		first := date("2026-01-01").AddDate(0, month, 0)
		monthly = append(monthly, Span{Start: first.Add(8 * time.Hour), End: first.AddDate(0, 1, -1).Add(17 * time.Hour)})
	}
	for _, tc := range []struct {
		name, reason         string
		engaged              []Span
		next                 Span
		wantSince, wantLimit string
	}{
		{"a start in the morning", "the first day counts whole", nil, hours("2027-03-01", "2029-01-01"), "2027-03-01", "2028-09-01"},
		{"three months between an evening and a morning", "from 1 April to 30 June are just three months, and only more than that resets", []Span{{Start: date("2025-10-01").Add(8 * time.Hour), End: date("2026-03-31").Add(15 * time.Hour)}},
			Span{Start: date("2026-07-01").Add(6 * time.Hour), End: date("2028-01-01")}, "2025-12-31", "2027-06-30"},
		{"three months and a day between an evening and a morning", "the count begins anew", []Span{hours("2025-10-01", "2026-03-31")}, hours("2026-07-02", "2028-01-01"), "2026-07-02", "2028-01-02"},
		{"an end at midnight", "the day that begins then was not worked, so the gap is a day longer", []Span{{Start: date("2025-10-01"), End: date("2026-03-31")}}, hours("2026-07-01", "2028-01-01"), "2026-07-01", "2028-01-01"},
		{"an end a second after midnight", "that day counts whole", []Span{{Start: date("2025-10-01"), End: date("2026-03-31").Add(time.Second)}}, hours("2026-07-01", "2028-01-01"), "2025-12-31", "2027-06-30"},
		{"17 monthly contracts before", "nobody is away for the nights between them", monthly, hours("2027-06-01", "2027-06-30"), "2026-01-01", "2027-07-01"},
		{"an end and a start on one day", "a day counts once", []Span{hours("2027-02-01", "2027-03-01")}, Span{Start: date("2027-03-01").Add(18 * time.Hour), End: date("2029-01-01")}, "2027-02-01", "2028-08-01"},
		{"a morning in Berlin that is the evening before in UTC", "days are those of UTC", nil, Span{Start: date("2027-03-01").Add(-30 * time.Minute).In(time.FixedZone("CET", 3600)), End: date("2029-01-01")}, "2027-02-28", "2028-08-28"},
		{"one that ended before it began, on one day", "nobody was engaged", []Span{{Start: date("2027-02-01").Add(9 * time.Hour), End: date("2027-02-01").Add(8 * time.Hour)}}, hours("2027-03-01", "2029-01-01"), "2027-03-01", "2028-09-01"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			since, limit, err := countTenure(&v1alpha1.Tenure{Max: "P18M", ResetGap: "P3M"}, tc.engaged, tc.next)
			if err != nil {
				t.Fatal(err)
			}
			if !since.Equal(date(tc.wantSince)) || !limit.Equal(date(tc.wantLimit)) {
				t.Errorf("the tenure is from %s to %s, expected %s to %s, both midnights, because %s", since.Format(time.RFC3339), limit.Format(time.RFC3339), tc.wantSince, tc.wantLimit, tc.reason)
			}
		})
	}
}
