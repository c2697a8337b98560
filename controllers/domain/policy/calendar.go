package policy

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"

	"github.com/longshore-dev/longshore/controllers/domain/matching"
	"github.com/longshore-dev/longshore/controllers/domain/terms"
)

const (
	day = 24 * time.Hour
	// shiftMonths is how many months ahead a shifted moment is searched for the day on which its distance changes. Then it is looked at again.
	shiftMonths = 12
)

// A calendarField is one part of a timestamp as a calendar shows it, and the time for which it stays as it is.
type calendarField struct {
	value func(time.Time) int
	// during returns the first moment of the part and the first after it, in the moment's own zone. Nil where it stays as it is: now moves by whole seconds.
	during func(time.Time) (from, to time.Time)
}

// calendarFields by the names of CEL's functions, which count months, days of the month and days of the year from 0, and getDate from 1.
var calendarFields = map[string]calendarField{
	"getFullYear":     {time.Time.Year, years},
	"getMonth":        {func(t time.Time) int { return int(t.Month()) - 1 }, months},
	"getDayOfYear":    {func(t time.Time) int { return t.YearDay() - 1 }, days},
	"getDayOfMonth":   {func(t time.Time) int { return t.Day() - 1 }, days},
	"getDate":         {time.Time.Day, days},
	"getDayOfWeek":    {func(t time.Time) int { return int(t.Weekday()) }, days},
	"getHours":        {time.Time.Hour, every(time.Hour)},
	"getMinutes":      {time.Time.Minute, every(time.Minute)},
	"getSeconds":      {time.Time.Second, every(time.Second)},
	"getMilliseconds": {func(t time.Time) int { return t.Nanosecond() / int(time.Millisecond) }, nil},
}

func years(t time.Time) (from, to time.Time) {
	return time.Date(t.Year(), 1, 1, 0, 0, 0, 0, t.Location()), time.Date(t.Year()+1, 1, 1, 0, 0, 0, 0, t.Location())
}

func months(t time.Time) (from, to time.Time) {
	return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, t.Location()), time.Date(t.Year(), t.Month()+1, 1, 0, 0, 0, 0, t.Location())
}

func days(t time.Time) (from, to time.Time) {
	from = time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
	return from, from.Add(day)
}

func every(unit time.Duration) func(t time.Time) (from, to time.Time) {
	return func(t time.Time) (from, to time.Time) {
		midnight, _ := days(t)
		from = midnight.Add(t.Sub(midnight).Truncate(unit))
		return from, from.Add(unit)
	}
}

// of reads the part of a moment in a zone, and notes when it changes: with the calendar, or with the zone's offset.
func (f calendarField) of(m moment, zone *time.Location) ref.Val {
	local := m.at.In(zone)
	if f.during != nil && m.rate != 0 {
		_, offset := local.Zone()
		from, to := f.during(m.at.In(time.FixedZone("", offset)))
		since, until := local.ZoneBounds()
		if since.After(from) {
			from = since
		}
		if !until.IsZero() && until.Before(to) {
			to = until
		}
		m.watch.within(m.linear(), linearOf(from, 0), linearOf(to, 0))
	}
	return types.Int(f.value(local))
}

func (f calendarField) inUTC(v ref.Val) ref.Val {
	if m, ok := v.(moment); ok {
		return f.of(m, time.UTC)
	}
	return types.MaybeNoSuchOverloadErr(v)
}

func (f calendarField) inZone(v, name ref.Val) ref.Val {
	m, ok := v.(moment)
	written, named := name.(types.String)
	if !ok || !named {
		return types.MaybeNoSuchOverloadErr(v)
	}
	zone, err := zoneOf(string(written))
	if err != nil {
		return types.WrapErr(err)
	}
	return f.of(m, zone)
}

// zoneOf reads a zone as CEL writes it: a name of the IANA database, or an offset from UTC like "-08:00".
func zoneOf(written string) (*time.Location, error) {
	hours, minutes, isOffset := strings.Cut(written, ":")
	if !isOffset {
		return matching.LoadZone(written)
	}
	h, err := strconv.ParseInt(hours, 10, 8)
	if err != nil {
		return nil, fmt.Errorf("reading the hours of the offset %q: %w", written, err)
	}
	m, err := strconv.ParseUint(minutes, 10, 8)
	if err != nil {
		return nil, fmt.Errorf("reading the minutes of the offset %q: %w", written, err)
	}
	seconds := int(m) * 60
	if strings.HasPrefix(hours, "-") {
		seconds = -seconds
	}
	return time.FixedZone("", int(h)*60*60+seconds), nil
}

// durationUnits by the names of CEL's functions, which count whole units towards zero.
var durationUnits = map[string]time.Duration{
	"getHours": time.Hour, "getMinutes": time.Minute, "getSeconds": time.Second, "getMilliseconds": time.Millisecond,
}

// unitsOf counts the whole units of a duration, and notes when there is one more or less.
func unitsOf(unit time.Duration) func(ref.Val) ref.Val {
	return func(v ref.Val) ref.Val {
		s, ok := v.(span)
		if !ok {
			return types.MaybeNoSuchOverloadErr(v)
		}
		n := int64(s.length / unit)
		if s.rate != 0 {
			least := linearOfDuration(s.length.Truncate(unit), 0)
			past := least.plus(linearOfDuration(unit, 0))
			// Towards zero: from -1h to 1h, both excluded, are 0 hours; from -2h excluded to -1h are -1.
			if n <= 0 {
				least = linearOfDuration(s.length.Truncate(unit), 0).minus(linearOfDuration(unit-1, 0))
			}
			if n < 0 {
				past = linearOfDuration(s.length.Truncate(unit), 0).plus(linear{nsec: 1})
			}
			s.watch.within(s.linear(), least, past)
		}
		return types.Int(n)
	}
}

// shifted moves a moment by a calendar period, forth or back, and notes when the distance between the two changes: it is the same from one midnight to the
// next in UTC, and mostly to the end of a month.
func shifted(by func(time.Time, string) (time.Time, error)) func(v, period ref.Val) ref.Val {
	return func(v, period ref.Val) ref.Val {
		m, ok := v.(moment)
		written, isString := period.(types.String)
		if !ok || !isString {
			return types.MaybeNoSuchOverloadErr(v)
		}
		if err := readPeriod(string(written)); err != nil {
			return types.WrapErr(err)
		}
		if m.rate != 0 {
			from, to := sameDistance(m.at, func(t time.Time) (time.Time, error) { return by(t, string(written)) })
			m.watch.within(m.linear(), linearOf(from, 0), linearOf(to, 0))
		}
		to, err := by(m.at, string(written))
		if err != nil {
			return types.WrapErr(err)
		}
		return momentOf(linearOf(to, m.rate), m.watch)
	}
}

// sameDistance is a time around t, beginning with its day, in which shift moves every moment as far as t, or moves none. Adding months moves every day of a month
// as far as any other, but for the last three, which can be past the end of the other month.
func sameDistance(t time.Time, shift func(time.Time) (time.Time, error)) (from, to time.Time) {
	distance := func(t time.Time) int64 {
		moved, err := shift(t)
		if err != nil {
			return math.MinInt64
		}
		return moved.Unix() - t.Unix() // a Duration ends at 292 years
	}
	from, _ = days(t.UTC())
	here := distance(from)
	for month := range shiftMonths {
		for _, date := range []int{1, 29, 30, 31} {
			to = time.Date(from.Year(), from.Month()+time.Month(month), date, 0, 0, 0, 0, time.UTC)
			if to.After(from) && distance(to) != here {
				return from, to
			}
		}
	}
	return from, to
}

var (
	plus  = shifted(terms.AddPeriod)
	minus = shifted(terms.SubtractPeriod)
)
