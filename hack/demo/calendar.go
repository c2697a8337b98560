package main

import (
	"fmt"
	"regexp"
	"time"
)

// storyBegins is the moment at which the samples under config/samples are written to be applied.
var storyBegins = time.Date(2026, time.November, 23, 9, 0, 0, 0, time.UTC)

// calendar moves the dates of the samples, and how long a day lasts. Nothing in the product knows of it: the operator is
// given ordinary dates that lie close together.
type calendar struct {
	// from is the date in the samples that falls on to.
	from, to time.Time
	// day is how long a day of the samples lasts.
	day time.Duration
}

// The dates of an object of Longshore's are in whole seconds, and so is what the calendar makes of them.
const wholeDay = 24 * time.Hour

// at is when a date of the samples comes.
func (c calendar) at(date time.Time) time.Time {
	return c.to.Add(c.scale(date.Sub(c.from))).Round(time.Second)
}

// date is the samples' date at a moment.
func (c calendar) date(at time.Time) time.Time {
	return c.from.Add(time.Duration(float64(at.Sub(c.to)) * float64(wholeDay) / float64(c.day)))
}

// span is how long a duration of the samples takes: a second at least, unless it is none.
func (c calendar) span(d time.Duration) time.Duration {
	if d == 0 {
		return 0
	}
	return max(c.scale(d).Round(time.Second), time.Second)
}

func (c calendar) scale(d time.Duration) time.Duration {
	return time.Duration(float64(d) * float64(c.day) / float64(wholeDay))
}

var (
	dateInText = regexp.MustCompile(`\b[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z`)
	// Only what people count in days is moved: an AccessProvider's timeout is a matter of the network. A period (P7D) counts
	// days of the real calendar and is left alone.
	durationInText = regexp.MustCompile(`\b(offerTimeout|acceptWithin|startGrace|notBefore|dueAfter|beforeEnd|cadence|finalWithin|` +
		`accessGrace|maxDuration|maxGrace|every|until): "?((?:[0-9]+(?:ms|s|m|h))+)"?`)
)

// render moves every date and duration in the text of a manifest and leaves the rest as it is, comments included.
func (c calendar) render(text []byte) ([]byte, error) {
	var failed error
	text = dateInText.ReplaceAllFunc(text, func(found []byte) []byte {
		date, err := time.Parse(time.RFC3339, string(found))
		if err != nil {
			failed = fmt.Errorf("reading a date: %w", err)
			return found
		}
		return []byte(c.at(date).UTC().Format(time.RFC3339))
	})
	if c.day == wholeDay {
		return text, failed
	}
	text = durationInText.ReplaceAllFunc(text, func(found []byte) []byte {
		parts := durationInText.FindSubmatch(found)
		d, err := time.ParseDuration(string(parts[2]))
		if err != nil {
			failed = fmt.Errorf("reading %s: %w", parts[1], err)
			return found
		}
		return fmt.Appendf(nil, "%s: %s", parts[1], c.span(d))
	})
	return text, failed
}
