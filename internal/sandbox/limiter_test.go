// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"slices"
	"testing"
	"time"
)

// TestLimiter moves through windows of one second.
func TestLimiter(t *testing.T) {
	testKey, liveKey, otherKey := key{mode: modeTest}, key{mode: modeLive}, key{mode: modeTest, readOnly: true}
	type step struct {
		at   time.Duration
		key  key
		wait time.Duration
	}
	repeat := func(n int, s step) []step { return slices.Repeat([]step{s}, n) }
	tests := []struct {
		limit string
		steps []step
	}{
		{"2", []step{
			{at: 0, key: testKey}, {at: 900 * time.Millisecond, key: testKey},
			{at: 900 * time.Millisecond, key: testKey, wait: 100 * time.Millisecond},
			{at: 900 * time.Millisecond, key: otherKey}, {at: 900 * time.Millisecond, key: liveKey},
			{at: 999 * time.Millisecond, key: testKey, wait: time.Millisecond},
			{at: time.Second, key: testKey}, {at: 1100 * time.Millisecond, key: testKey},
			{at: 1500 * time.Millisecond, key: testKey, wait: 500 * time.Millisecond},
			// The next window begins with its first request.
			{at: 5500 * time.Millisecond, key: testKey}, {at: 6400 * time.Millisecond, key: testKey},
			{at: 6400 * time.Millisecond, key: testKey, wait: 100 * time.Millisecond},
		}},
		{"documented", append(repeat(25, step{key: testKey}), step{key: testKey, wait: time.Second})},
		{"", append(repeat(250, step{key: liveKey}), step{key: liveKey, wait: time.Second})},
		{"off", repeat(1000, step{key: testKey})},
	}
	for _, test := range tests {
		t.Run(test.limit, func(t *testing.T) {
			l, err := newLimiter(test.limit)
			if err != nil {
				t.Fatal(err)
			}
			begin := time.Now()
			for i, s := range test.steps {
				wait, ok := l.allow(s.key, begin.Add(s.at))
				if wait != s.wait || ok != (s.wait == 0) {
					t.Fatalf("step %d: wait %s, allowed %t", i, wait, ok)
				}
			}
		})
	}
}

func TestRetryAfterIsInWholeSeconds(t *testing.T) {
	for wait, want := range map[time.Duration]string{
		time.Nanosecond: "1", time.Second: "1", 1001 * time.Millisecond: "2",
	} {
		if got := tooManyRequests(wait).header["Retry-After"]; got != want {
			t.Errorf("%s: %s", wait, got)
		}
	}
}
