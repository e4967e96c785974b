// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

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

var (
	errForm     = errors.New("must be " + Form)
	errNegative = errors.New("must not be negative")
)

// Parse parses a duration in the form of [time.ParseDuration] that is not
// negative. Its error is what comes after the name of the value, and says what is
// accepted.
func Parse(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	switch {
	case err != nil:
		return 0, errForm
	case d < 0:
		return 0, errNegative
	}
	return d, nil
}
