package matching

import (
	"fmt"
	"time"
	_ "time/tzdata" // A minimal image may carry no time-zone database; the answer must not depend on the image.
)

const (
	workdayStart = 9
	workdayEnd   = 17
	// maxHorizon bounds how far ahead working days are compared. A year shows every combination of the two zones' rules
	// for daylight saving time that is known; what they will be in ten years nobody knows.
	maxHorizon = 10 * 366 * 24 * time.Hour
)

// overlaps finds how much of the working day other zones share with one zone while an engagement lasts. Many workers live
// in few zones, so each zone is worked out once.
type overlaps struct {
	zone  *time.Location
	err   error
	start time.Time
	end   time.Time
	known map[string]overlap
}

// overlap is the working day that shares the least.
type overlap struct {
	minutes int
	date    time.Time
	err     error
}

func newOverlaps(zone string, start, end time.Time) *overlaps {
	location, err := LoadZone(zone)
	if err != nil {
		err = fmt.Errorf("the time zone %q that is asked for is not in the IANA database", zone)
	}
	if end.Sub(start) > maxHorizon {
		end = start.Add(maxHorizon)
	}
	return &overlaps{zone: location, err: err, start: start, end: end, known: map[string]overlap{}}
}

// with is the least that the zone shares on any working day. Its error is written for people.
func (o *overlaps) with(zone string) (overlap, error) {
	if o.err != nil {
		return overlap{}, o.err
	}
	if zone == "" {
		return overlap{}, fmt.Errorf("states no time zone, and a common working day with %s is asked for", o.zone)
	}
	known, is := o.known[zone]
	if !is {
		known = o.find(zone)
		o.known[zone] = known
	}
	return known, known.err
}

func (o *overlaps) find(zone string) overlap {
	location, err := LoadZone(zone)
	if err != nil {
		return overlap{err: fmt.Errorf("states the time zone %q, which is not in the IANA database", zone)}
	}
	least := overlap{minutes: (workdayEnd - workdayStart) * 60}
	first, last := o.start.In(o.zone), o.end.In(o.zone)
	for y, m, d := first.Date(); ; d++ {
		morning := time.Date(y, m, d, workdayStart, 0, 0, 0, o.zone)
		if !morning.Before(last) {
			return least
		}
		evening := time.Date(y, m, d, workdayEnd, 0, 0, 0, o.zone)
		if weekend(morning) || !evening.After(first) {
			continue
		}
		if shared := sharedMinutes(morning, evening, location); shared < least.minutes {
			least = overlap{minutes: shared, date: morning}
		}
	}
}

// sharedMinutes is how much of a span lies within the working days of a zone. So far apart can two zones be that the span
// touches the end of one working day there and the beginning of the next.
func sharedMinutes(from, to time.Time, zone *time.Location) int {
	var shared time.Duration
	y, m, d := from.In(zone).Date()
	for _, d := range []int{d - 1, d, d + 1} {
		morning := time.Date(y, m, d, workdayStart, 0, 0, 0, zone)
		if weekend(morning) {
			continue
		}
		evening := time.Date(y, m, d, workdayEnd, 0, 0, 0, zone)
		shared += max(earlier(to, evening).Sub(later(from, morning)), 0)
	}
	return int(shared / time.Minute)
}

// LoadZone finds a time zone in the IANA database. It refuses "Local": where a worker works does not depend on where the operator runs.
func LoadZone(name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, fmt.Errorf("no zone %q", name)
	}
	return time.LoadLocation(name)
}

func weekend(t time.Time) bool { return t.Weekday() == time.Saturday || t.Weekday() == time.Sunday }

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
