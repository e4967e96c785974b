// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package digitalriver

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// The documented limits of one API key, in requests per second:
// https://docs.digitalriver.com/digital-river-api/developer-resources/rate-limiting
const (
	testModeLimit = 25
	liveModeLimit = 250
)

// limiter keeps the requests of one key below its rate limit, and holds all of
// them back while the API has asked for a pause.
type limiter struct {
	clock      Clock
	configured bool // the limit is the user's; live mode does not raise it
	bucket     *rate.Limiter
	turn       chan struct{} // full while a request takes its token from the bucket

	mu          sync.Mutex
	pausedUntil time.Time
}

// newLimiter returns a limiter of so many requests per second; 0 means the
// documented limit of test mode, until raiseToLiveMode.
func newLimiter(perSecond float64, clock Clock) *limiter {
	l := &limiter{clock: clock, configured: perSecond > 0, turn: make(chan struct{}, 1)}
	if !l.configured {
		perSecond = testModeLimit
	}
	l.bucket = rate.NewLimiter(rateAndBurst(perSecond))
	return l
}

// rateAndBurst divides a limit into a steady rate and a burst, so that together
// they stay within the limit in any one second.
func rateAndBurst(perSecond float64) (rate.Limit, int) {
	return rate.Limit(0.96 * perSecond), max(1, int(0.04*perSecond))
}

// raiseToLiveMode continues at the limit of live mode, unless the user set one.
func (l *limiter) raiseToLiveMode() {
	if l.configured {
		return
	}
	limit, burst := rateAndBurst(liveModeLimit)
	now := l.clock.Now()
	l.bucket.SetLimitAt(now, limit)
	l.bucket.SetBurstAt(now, burst)
}

// pause holds all requests back for d. It never shortens an earlier pause.
func (l *limiter) pause(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if until := l.clock.Now().Add(d); until.After(l.pausedUntil) {
		l.pausedUntil = until
	}
}

// pauseLeft is how much of a pause is left; 0 or less if there is none.
func (l *limiter) pauseLeft() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.pausedUntil.Sub(l.clock.Now())
}

// wait waits until the rate limit permits a request. It returns false if a pause
// began in the meantime: the caller waits for the end of the pause and calls
// wait again.
func (l *limiter) wait(ctx context.Context) (bool, error) {
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	if l.pauseLeft() > 0 {
		return false, nil
	}
	now := l.clock.Now()
	reservation := l.bucket.ReserveN(now, 1)
	if delay := reservation.DelayFrom(now); delay > 0 {
		if err := l.clock.Sleep(ctx, delay); err != nil {
			reservation.CancelAt(l.clock.Now())
			return false, err
		}
	}
	return l.pauseLeft() <= 0, ctx.Err()
}
