package provider

import (
	"errors"
	"fmt"
	"time"
)

// Error is a provider's error with what is known about trying again.
type Error struct {
	// Refused says that the same call fails until somebody changes something.
	Refused bool
	// Busy says that the call was not made: too many others are under way.
	Busy bool
	// Open says that the call was not made: the target system has not answered the last ones.
	Open bool
	// Waits says that a person has to act first, which is no failure. The message says who, and what to do.
	Waits bool
	// RetryAfter is how long the target system asks to be left alone; zero if it does not say.
	RetryAfter time.Duration
	// Err is what happened.
	Err error
}

// Error says what happened.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns what happened.
func (e *Error) Unwrap() error { return e.Err }

// Refused makes an error that stays until somebody changes something. The message says what.
func Refused(format string, args ...any) error {
	return &Error{Refused: true, Err: fmt.Errorf(format, args...)}
}

// Waits makes an error that stays until a person has acted, as they are expected to. The message says who, and what to do.
func Waits(format string, args ...any) error {
	return &Error{Waits: true, Err: fmt.Errorf(format, args...)}
}

// Retryable makes an error that may pass by itself, as an error without a class may.
func Retryable(format string, args ...any) error {
	return &Error{Err: fmt.Errorf(format, args...)}
}

// After adds to an error how long the target system asks to be left alone.
func After(wait time.Duration, err error) error {
	return &Error{Refused: IsRefused(err), RetryAfter: wait, Err: err}
}

// IsRefused says whether an error stays until somebody changes something.
func IsRefused(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Refused
}

// IsWaiting says whether a person has to act first.
func IsWaiting(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Waits
}

// IsBusy says whether a call was not made because too many others are under way.
func IsBusy(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Busy
}

// IsOpen says whether a call was not made because the target system has not answered the last ones. RetryAfter says when one tries again.
func IsOpen(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Open
}

// RetryAfter returns how long the target system asks to be left alone, or zero.
func RetryAfter(err error) time.Duration {
	var e *Error
	if errors.As(err, &e) {
		return e.RetryAfter
	}
	return 0
}
