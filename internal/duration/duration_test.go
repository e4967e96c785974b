// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package duration

import (
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]time.Duration{"0": 0, "0s": 0, "1h30m": 90 * time.Minute, "5ms": 5e6} {
		if d, err := Parse(text); err != nil || d != want {
			t.Errorf("%q: %v, %v", text, d, err)
		}
	}
	const form = "must be " + Form
	for text, want := range map[string]string{
		"": form, "5": form, "1d": form, "soon": form, "-1s": "must not be negative",
	} {
		if d, err := Parse(text); err == nil || err.Error() != want {
			t.Errorf("%q: %v, %v", text, d, err)
		}
	}
}
