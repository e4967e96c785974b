// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package digitalriver

import (
	"math"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestParseRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	tests := map[string]time.Duration{
		"":                                 0,
		"0":                                0,
		"7":                                7 * time.Second,
		" 7 ":                              7 * time.Second,
		"007":                              7 * time.Second,
		"31536000":                         maxRetryAfter,
		"31536001":                         maxRetryAfter,
		"9223372036854775807":              maxRetryAfter,
		"9223372036854775808":              maxRetryAfter,
		"99999999999999999999999999":       maxRetryAfter,
		"-7":                               0,
		"+7":                               0,
		"7.5":                              0,
		"7s":                               0,
		"1e9":                              0,
		"soon":                             0,
		"Fri, 02 Jan 2026 03:04:25 GMT":    20 * time.Second,
		"Friday, 02-Jan-26 03:04:25 GMT":   20 * time.Second,
		"Fri Jan  2 03:04:25 2026":         20 * time.Second,
		"Fri, 02 Jan 2026 03:04:04 GMT":    0,
		"Fri, 31 Dec 9999 23:59:59 GMT":    maxRetryAfter,
		"Fri, 02 Jan 2026 25:61:61 GMT":    0,
		"Mon, 01 Jan 0001 00:00:00 GMT":    0,
		"\x00":                             0,
		strings.Repeat("9", math.MaxInt16): maxRetryAfter,
	}
	for value, want := range tests {
		if got := parseRetryAfter(value, now); got != want {
			t.Errorf("%.40q is %v, want %v", value, got, want)
		}
	}
}

// A date in Retry-After is by the API's clock, which may differ from ours.
func TestRetryAfterDateWithSkew(t *testing.T) {
	for _, skew := range []time.Duration{-time.Hour, time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			api := &fakeAPI{}
			at := bubbleStart.Add(20 * time.Second).Format(http.TimeFormat)
			api.failNext("GET", failWith(429, "Retry-After", at), failWith(503, "Retry-After", at))
			client := api.newClient(t, func(c *Config) { c.Clock = shiftedClock{by: skew} })
			mustRun(t, client, "list")
			if waited := api.takeRequests()[1].at; waited < 20*time.Second || waited > 20*time.Second+maxJitter {
				t.Errorf("clock off by %v: waited %v", skew, waited)
			}
		})
	}
}

func FuzzParseRetryAfter(f *testing.F) {
	for _, seed := range []string{
		"", "7", "-1", "99999999999999999999", "soon", "Fri, 02 Jan 2026 03:04:25 GMT", "Fri, 31 Dec 9999 23:59:59 GMT",
	} {
		f.Add(seed, int64(1767323045))
	}
	f.Fuzz(func(t *testing.T, value string, now int64) {
		if got := parseRetryAfter(value, time.Unix(now, 0)); got < 0 || got > maxRetryAfter {
			t.Errorf("%q is %v", value, got)
		}
	})
}
