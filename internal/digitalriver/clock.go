// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package digitalriver

import (
	"context"
	"time"
)

// Clock tells a Client the time, so that tests need not wait.
type Clock interface {
	// Now is the current time.
	Now() time.Time
	// Sleep returns nil after d, or the error of ctx as soon as ctx ends.
	Sleep(ctx context.Context, d time.Duration) error
}

// SystemClock is the clock of the operating system.
type SystemClock struct{}

var _ Clock = SystemClock{}

// Now is [time.Now].
func (SystemClock) Now() time.Time { return time.Now() }

// Sleep returns nil after d, or the error of ctx as soon as ctx ends.
func (SystemClock) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return ctx.Err()
	}
}
