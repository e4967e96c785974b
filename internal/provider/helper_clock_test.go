// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"sync"
	"time"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
)

// testClock is a clock on which nobody waits: Sleep returns at once and time
// moves only with real time and with advance.
type testClock struct {
	mu     sync.Mutex
	offset time.Duration
}

func (c *testClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.offset)
}

func (c *testClock) Sleep(ctx context.Context, _ time.Duration) error { return ctx.Err() }

func (c *testClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset += d
}

// leapingClock is a clock that leaps over each wait: Sleep returns at once, and
// the time slept has passed.
type leapingClock struct{ testClock }

func (c *leapingClock) Sleep(ctx context.Context, d time.Duration) error {
	c.advance(d)
	return ctx.Err()
}

// fastClock runs a hundred times faster than real time. Unlike on a leapingClock,
// requests that wait at the same time share the wait.
type fastClock struct{ start time.Time }

const fastClockSpeed = 100

func (c fastClock) Now() time.Time { return c.start.Add(fastClockSpeed * time.Since(c.start)) }

func (c fastClock) Sleep(ctx context.Context, d time.Duration) error {
	return digitalriver.SystemClock{}.Sleep(ctx, d/fastClockSpeed)
}
