package main

import (
	"strings"
	"testing"
	"time"
)

func date(t *testing.T, s string) time.Time {
	t.Helper()
	d, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestRenderMovesWhatPeopleCountInDaysAndNothingElse(t *testing.T) {
	start := date(t, "2030-05-01T12:00:00Z")
	cases := []struct {
		reason       string
		day          time.Duration
		text, expect string
	}{
		{
			reason: "the first moment of the story is now",
			day:    3 * time.Second,
			text:   `start: "2026-11-23T09:00:00Z"`,
			expect: `start: "2030-05-01T12:00:00Z"`,
		},
		{
			reason: "ten days later come ten short days later",
			day:    3 * time.Second,
			text:   `due: "2026-12-03T09:00:00Z"`,
			expect: `due: "2030-05-01T12:00:30Z"`,
		},
		{
			reason: "a date of which only whole seconds are left is rounded to the nearest",
			day:    3 * time.Second,
			text:   `due: "2026-11-23T15:00:00Z"`, // a quarter of a day: 0.75 s
			expect: `due: "2030-05-01T12:00:01Z"`,
		},
		{
			reason: "a duration shrinks as the dates do",
			day:    3 * time.Second,
			text:   "recruitment: {offerTimeout: 48h, shortlist: 3}",
			expect: "recruitment: {offerTimeout: 6s, shortlist: 3}",
		},
		{
			reason: "a duration never shrinks to nothing: no time at all means something else",
			day:    time.Second,
			text:   "beforeEnd: 2h",
			expect: "beforeEnd: 1s",
		},
		{
			reason: "no grace is still no grace",
			day:    3 * time.Second,
			text:   "accessGrace: 0s",
			expect: "accessGrace: 0s",
		},
		{
			reason: "the network does not know the story's calendar",
			day:    3 * time.Second,
			text:   "timeout: 10s",
			expect: "timeout: 10s",
		},
		{
			reason: "a period counts days of the real calendar",
			day:    3 * time.Second,
			text:   "noticePeriod: P7D",
			expect: "noticePeriod: P7D",
		},
		{
			reason: "dates in comments stay true",
			day:    24 * time.Hour,
			text:   "# apply by 2026-11-24T09:00:00Z",
			expect: "# apply by 2030-05-02T12:00:00Z",
		},
		{
			reason: "when a day lasts a day, only the dates move",
			day:    24 * time.Hour,
			text:   `{start: "2026-11-23T09:00:00Z", cadence: 336h}`,
			expect: `{start: "2030-05-01T12:00:00Z", cadence: 336h}`,
		},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			got, err := calendar{from: storyBegins, to: start, day: c.day}.render([]byte(c.text))
			if err != nil {
				t.Fatalf("expected the text to be rendered, got: %v", err)
			}
			if string(got) != c.expect {
				t.Errorf("expected %q to become %q, got %q", c.text, c.expect, got)
			}
		})
	}
}

func TestRenderRefusesADateThatIsNone(t *testing.T) {
	c := calendar{from: storyBegins, to: storyBegins, day: time.Second}
	if _, err := c.render([]byte(`start: "2026-13-45T09:00:00Z"`)); err == nil || !strings.Contains(err.Error(), "2026-13-45") {
		t.Errorf("expected an error that names the date, got: %v", err)
	}
}

func TestTheStorysDateIsToldFromTheClock(t *testing.T) {
	c := calendar{from: storyBegins, to: date(t, "2030-05-01T12:00:00Z"), day: 3 * time.Second}
	expect := storyBegins.AddDate(0, 0, 21)
	if got := c.date(c.at(expect)); !got.Equal(expect) {
		t.Errorf("expected the clock to say %s, got %s", expect, got)
	}
}
