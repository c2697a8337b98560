package matching

import (
	"strings"
	"testing"
	"time"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

func TestTheWorkingDaysOfTwoZonesOverlapOnEveryWorkingDay(t *testing.T) {
	date := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }
	december := lasting(workStart, workEnd)
	// The United States begin daylight saving time on 14 March 2027, Europe on 28 March: for two weeks they are an hour closer.
	march := lasting(date(2027, 3, 1), date(2027, 4, 30))
	for _, tc := range []struct {
		name   string
		when   func(*Request)
		zone   string
		hours  int32
		worker string
		// reason is empty where the overlap suffices.
		reason string
	}{
		{"the same zone", december, "Europe/London", 8, "Europe/London", ""},
		{"an hour apart", december, "Europe/London", 7, "Europe/Lisbon", ""},
		{"an hour apart, all day asked for", december, "Europe/London", 8, "Europe/Berlin", "shares 7h of the working day with Europe/London on 2026-12-01, 8h are asked for"},
		{"five hours apart", december, "Europe/London", 3, "America/New_York", ""},
		{"five hours apart, four asked for", december, "Europe/London", 4, "America/New_York", "shares 3h of the working day"},
		{"five and a half hours apart", december, "Europe/London", 3, "Asia/Kolkata", "shares 2h30m of the working day"},
		{"half a day apart", december, "Europe/London", 1, "Pacific/Auckland", "shares 0h of the working day"},
		{"closer for two weeks of March only", march, "Europe/London", 4, "America/New_York", "shares 3h of the working day with Europe/London on 2027-03-01"},
		{"within the two weeks of March", lasting(date(2027, 3, 15), date(2027, 3, 27)), "Europe/London", 4, "America/New_York", ""},
		{"further apart when one side changes its clock", lasting(date(2027, 3, 1), date(2027, 3, 27)), "America/New_York", 3, "America/Sao_Paulo", ""},
		{"a change of clocks late in the engagement", lasting(date(2027, 1, 4), date(2027, 4, 1)), "Europe/Berlin", 7, "Africa/Lagos", ""},
		{"summer brings it to an hour less", lasting(date(2027, 1, 4), date(2027, 4, 1)), "Europe/Berlin", 8, "Africa/Lagos", "on 2027-03-29"},
		{"a weekend asks for nothing", lasting(date(2027, 3, 6), date(2027, 3, 8)), "Europe/London", 8, "Pacific/Auckland", ""},
		{"the worker's Sunday is no working day", lasting(date(2026, 12, 7), date(2026, 12, 8)), "Australia/Sydney", 1, "America/Los_Angeles", "shares 0h of the working day with Australia/Sydney on 2026-12-07"},
		{"the evening there is the next morning here", lasting(date(2026, 12, 8), date(2026, 12, 10)), "Australia/Sydney", 3, "America/Los_Angeles", ""},
		{"work that ends before the day begins", lasting(date(2027, 3, 28), time.Date(2027, 3, 29, 7, 59, 0, 0, time.UTC)), "Europe/London", 8, "Asia/Tokyo", ""},
		{"work that ends as the day begins", lasting(date(2027, 3, 28), time.Date(2027, 3, 29, 8, 1, 0, 0, time.UTC)), "Europe/London", 8, "Asia/Tokyo", "shares 0h"},
		{"a worker who states no zone", december, "Europe/London", 1, "", "states no time zone"},
		{"a worker's zone that does not exist", december, "Europe/London", 1, "Europe/Atlantis", `states the time zone "Europe/Atlantis", which is not in the IANA database`},
		{"the zone of this machine", december, "Europe/London", 1, "Local", `states the time zone "Local"`},
		{"a path", december, "Europe/London", 1, "../etc/passwd", "which is not in the IANA database"},
		{"a zone asked for that does not exist", december, "Mars/Olympus", 1, "Europe/London", `the time zone "Mars/Olympus" that is asked for is not in the IANA database`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := Rank(request(tc.when, overlapping(tc.zone, tc.hours)), []Worker{worker("ada", in(tc.worker))}).Candidates[0]
			if tc.reason == "" && c.State != v1alpha1.CandidateEligible {
				t.Errorf("the worker is excluded because %q, expected the overlap to suffice", c.Reason)
			}
			if !strings.Contains(c.Reason, tc.reason) {
				t.Errorf("the worker is excluded because %q, expected because %q", c.Reason, tc.reason)
			}
		})
	}
}

func TestTheOverlapIsTheSameWhicheverSideAsks(t *testing.T) {
	zones := []string{"Europe/London", "Europe/Berlin", "America/New_York", "America/Caracas", "Asia/Kolkata", "Asia/Kathmandu", "Africa/Casablanca", "Australia/Lord_Howe"}
	start, end := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC), time.Date(2027, 5, 1, 0, 0, 0, 0, time.UTC)
	for _, a := range zones {
		for _, b := range zones {
			here, err := newOverlaps(a, start, end).with(b)
			if err != nil {
				t.Fatalf("%s with %s: %v", a, b, err)
			}
			there, err := newOverlaps(b, start, end).with(a)
			if err != nil {
				t.Fatalf("%s with %s: %v", b, a, err)
			}
			// On the first and the last day a zone may have a working day that the other no longer has.
			if here.minutes != there.minutes {
				t.Errorf("%s shares %d minutes with %s, which shares %d with it", a, here.minutes, b, there.minutes)
			}
		}
	}
}

func TestAnEngagementOfAThousandYearsIsAnswered(t *testing.T) {
	far := lasting(workStart, workStart.AddDate(1000, 0, 0))
	c := Rank(request(far, overlapping("Europe/London", 4)), []Worker{worker("ada", in("America/New_York"))}).Candidates[0]
	if !strings.Contains(c.Reason, "shares 3h") {
		t.Errorf("the reason is %q, expected the shortest of the working days that can be foreseen", c.Reason)
	}
}

func BenchmarkRankingTwentyThousandWorkers(b *testing.B) {
	zones := []string{"Europe/London", "Europe/Berlin", "America/New_York", "Asia/Kolkata"}
	var workers []Worker
	for i := range 20_000 {
		workers = append(workers, worker(string(rune('a'+i%26))+strings.Repeat("x", i%40), in(zones[i%len(zones)]), skilled("go", int32(i%6))))
	}
	req := request(overlapping("Europe/London", 3), lasting(workStart, workStart.AddDate(2, 0, 0)))
	for b.Loop() {
		Rank(req, workers)
	}
}
