// Package duration says how durations are written, in the flags of commands and in
// requests to the sandbox.
package duration

import (
	"errors"
	"time"
)

// Duration is a [time.Duration] that JSON has in the form that [Parse] accepts.
type Duration time.Duration

// MarshalText implements [encoding.TextMarshaler].
func (d Duration) MarshalText() ([]byte, error) {
	return []byte(time.Duration(d).String()), nil
}

// Form says what [Parse] accepts.
const Form = "a duration with units (ms, s, m or h), such as 30s, 1h30m or, for a day, 24h"

// errForm is the error of all texts that are not durations.
var errForm = errors.New("want " + Form)

// Parse parses a duration in the form of [time.ParseDuration] that is not
// negative. Its error says what it accepts.
func Parse(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, errForm
	}
	return d, nil
}
