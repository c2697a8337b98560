package terms

import (
	"fmt"
	"regexp"
	"time"

	"github.com/sosodev/duration"
)

// periodPattern is the API's: whole numbers, in order, no hours. A period without any component is refused below.
var periodPattern = regexp.MustCompile(`^P([0-9]{1,3}Y)?([0-9]{1,4}M)?([0-9]{1,4}W)?([0-9]{1,5}D)?$`)

// lastYear is the last one that RFC 3339 can write.
const lastYear = 9999

// AddPeriod adds an ISO 8601 calendar period like P18M, P7D or P1Y2M3D to a moment: years and months first, a day past the
// month's end becoming its last (31 January + P1M is 28 or 29 February), then weeks and days. It counts in UTC and keeps the
// time of day, so that the answer does not depend on where the operator runs.
func AddPeriod(t time.Time, period string) (time.Time, error) {
	months, days, err := parsePeriod(period)
	if err != nil {
		return time.Time{}, err
	}
	sum := shift(t, months, days)
	if sum.Year() > lastYear {
		return time.Time{}, fmt.Errorf("adding period %s to %s leads past the year %d", period, t.UTC().Format(time.RFC3339), lastYear)
	}
	return sum, nil
}

// SubtractPeriod is as long before a moment as the period says, by the same rules: years and months first, a day past the month's end becoming its last
// (31 March - P1M is 28 or 29 February), then weeks and days. It does not always undo AddPeriod: months differ in length.
func SubtractPeriod(t time.Time, period string) (time.Time, error) {
	months, days, err := parsePeriod(period)
	if err != nil {
		return time.Time{}, err
	}
	difference := shift(t, -months, -days)
	if difference.Year() < 1 {
		return time.Time{}, fmt.Errorf("subtracting period %s from %s leads before the year 1", period, t.UTC().Format(time.RFC3339))
	}
	return difference, nil
}

func shift(t time.Time, months, days int) time.Time {
	t = t.UTC()
	// The first of a month exists in every month; the day is put back once the month is known.
	first := time.Date(t.Year(), t.Month(), 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC).AddDate(0, months, 0)
	day := min(t.Day(), first.AddDate(0, 1, -1).Day())
	return first.AddDate(0, 0, day-1+days)
}

// parsePeriod reads a period as whole months and whole days, the only units that differ in a calendar.
func parsePeriod(period string) (months, days int, err error) {
	if len(period) < len("P1D") || !periodPattern.MatchString(period) {
		return 0, 0, fmt.Errorf("period %q is not an ISO 8601 period of whole years, months, weeks and days, like \"P18M\" or \"P7D\"", period)
	}
	d, err := duration.Parse(period)
	if err != nil {
		return 0, 0, fmt.Errorf("reading period %q: %w", period, err)
	}
	return 12*int(d.Years) + int(d.Months), 7*int(d.Weeks) + int(d.Days), nil
}

// normalPeriod writes a period in one way for all equal ones: P1W and P7D alike, P1Y and P12M alike, and nothing for none.
func normalPeriod(period string) (string, error) {
	if period == "" {
		return "", nil
	}
	months, days, err := parsePeriod(period)
	if err != nil || months == 0 && days == 0 {
		return "", err
	}
	normal := "P"
	if months > 0 {
		normal += fmt.Sprintf("%dM", months)
	}
	if days > 0 {
		normal += fmt.Sprintf("%dD", days)
	}
	return normal, nil
}
