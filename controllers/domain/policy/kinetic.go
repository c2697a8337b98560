package policy

import (
	"reflect"
	"time"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

// Time in rules is kinetic: now, and what is computed from it, knows how fast it moves, and whatever looks at it notes on a watch when the outcome of that look
// will turn. All timestamps and durations in rules are of the two types below, those that stand still too, so that either side of an operator understands the other.

// A moment is a timestamp that is rate·δ seconds later at δ seconds after now.
type moment struct {
	at    time.Time
	rate  int64
	watch *watch
}

// A span is a duration that is rate·δ seconds longer at δ seconds after now.
type span struct {
	length time.Duration
	rate   int64
	watch  *watch
}

var (
	_ traits.Adder      = moment{}
	_ traits.Comparer   = moment{}
	_ traits.Subtractor = moment{}
	_ traits.Zeroer     = moment{}
	_ traits.Adder      = span{}
	_ traits.Comparer   = span{}
	_ traits.Subtractor = span{}
	_ traits.Zeroer     = span{}

	// What CEL's timestamps and durations can hold.
	firstMoment = linear{sec: -62_135_596_800}
	pastMoment  = linear{sec: 253_402_300_800}
	firstSpan   = linearOfDuration(-1<<63, 0)
	pastSpan    = linearOfDuration(1<<63-1, 0).plus(linear{nsec: 1})
)

func (m moment) linear() linear { return linearOf(m.at, m.rate) }
func (s span) linear() linear   { return linearOfDuration(s.length, s.rate) }

func momentOf(x linear, w *watch) ref.Val {
	if !w.within(x, firstMoment, pastMoment) {
		return types.NewErrFromString("timestamp overflow")
	}
	x = w.bounded(x)
	return moment{time.Unix(x.sec, x.nsec).UTC(), x.rate, w}
}

func spanOf(x linear, w *watch) ref.Val {
	if !w.within(x, firstSpan, pastSpan) {
		return types.NewErrFromString("duration overflow")
	}
	x = w.bounded(x)
	return span{time.Duration(x.sec*int64(time.Second) + x.nsec), x.rate, w}
}

// Add implements traits.Adder.
func (m moment) Add(other ref.Val) ref.Val {
	if o, ok := other.(span); ok {
		return momentOf(m.linear().plus(o.linear()), either(m.watch, o.watch))
	}
	return types.MaybeNoSuchOverloadErr(other)
}

// Subtract implements traits.Subtractor.
func (m moment) Subtract(other ref.Val) ref.Val {
	switch o := other.(type) {
	case span:
		return momentOf(m.linear().minus(o.linear()), either(m.watch, o.watch))
	case moment:
		return spanOf(m.linear().minus(o.linear()), either(m.watch, o.watch))
	}
	return types.MaybeNoSuchOverloadErr(other)
}

// Compare implements traits.Comparer.
func (m moment) Compare(other ref.Val) ref.Val {
	if o, ok := other.(moment); ok {
		return types.Int(either(m.watch, o.watch).sign(m.linear().minus(o.linear())))
	}
	return types.MaybeNoSuchOverloadErr(other)
}

// Equal implements ref.Val.
func (m moment) Equal(other ref.Val) ref.Val {
	o, ok := other.(moment)
	return types.Bool(ok && either(m.watch, o.watch).sign(m.linear().minus(o.linear())) == 0)
}

// IsZeroValue implements traits.Zeroer.
func (m moment) IsZeroValue() bool {
	return m.watch.sign(m.linear().minus(linearOf(time.Time{}, 0))) == 0
}

// ConvertToType implements ref.Val.
func (m moment) ConvertToType(t ref.Type) ref.Val {
	switch t {
	case types.TimestampType:
		return m
	case types.StringType, types.IntType:
		m.watch.moves(m.rate)
	}
	return types.Timestamp{Time: m.at}.ConvertToType(t)
}

// ConvertToNative implements ref.Val.
func (m moment) ConvertToNative(t reflect.Type) (any, error) {
	m.watch.moves(m.rate)
	return types.Timestamp{Time: m.at}.ConvertToNative(t)
}

// Type implements ref.Val.
func (m moment) Type() ref.Type { return types.TimestampType }

// Value implements ref.Val.
func (m moment) Value() any {
	m.watch.moves(m.rate)
	return m.at
}

// Add implements traits.Adder.
func (s span) Add(other ref.Val) ref.Val {
	switch o := other.(type) {
	case span:
		return spanOf(s.linear().plus(o.linear()), either(s.watch, o.watch))
	case moment:
		return o.Add(s)
	}
	return types.MaybeNoSuchOverloadErr(other)
}

// Subtract implements traits.Subtractor.
func (s span) Subtract(other ref.Val) ref.Val {
	if o, ok := other.(span); ok {
		return spanOf(s.linear().minus(o.linear()), either(s.watch, o.watch))
	}
	return types.MaybeNoSuchOverloadErr(other)
}

// Compare implements traits.Comparer.
func (s span) Compare(other ref.Val) ref.Val {
	if o, ok := other.(span); ok {
		return types.Int(either(s.watch, o.watch).sign(s.linear().minus(o.linear())))
	}
	return types.MaybeNoSuchOverloadErr(other)
}

// Equal implements ref.Val.
func (s span) Equal(other ref.Val) ref.Val {
	o, ok := other.(span)
	return types.Bool(ok && either(s.watch, o.watch).sign(s.linear().minus(o.linear())) == 0)
}

// IsZeroValue implements traits.Zeroer.
func (s span) IsZeroValue() bool {
	return s.watch.sign(s.linear()) == 0
}

// ConvertToType implements ref.Val.
func (s span) ConvertToType(t ref.Type) ref.Val {
	switch t {
	case types.DurationType:
		return s
	case types.StringType, types.IntType:
		s.watch.moves(s.rate)
	}
	return types.Duration{Duration: s.length}.ConvertToType(t)
}

// ConvertToNative implements ref.Val.
func (s span) ConvertToNative(t reflect.Type) (any, error) {
	s.watch.moves(s.rate)
	return types.Duration{Duration: s.length}.ConvertToNative(t)
}

// Type implements ref.Val.
func (s span) Type() ref.Type { return types.DurationType }

// Value implements ref.Val.
func (s span) Value() any {
	s.watch.moves(s.rate)
	return s.length
}

// kinetic turns CEL's own timestamps and durations into those above.
func kinetic(v ref.Val) ref.Val {
	switch t := v.(type) {
	case types.Timestamp:
		return moment{at: t.Time}
	case types.Duration:
		return span{length: t.Duration}
	default:
		return v
	}
}
