package digitalriver

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Documented requests per second and key (docs).
const (
	testLimit = 25
	liveLimit = 250
)

// limiter spreads the requests of a key out, and holds all of them back while
// the API has asked for it.
type limiter struct {
	clock  Clock
	fixed  bool
	bucket *rate.Limiter
	turn   chan struct{} // one request at a time takes from the bucket

	mu   sync.Mutex
	gate time.Time // nothing is sent before
}

func newLimiter(perSecond float64, clock Clock) *limiter {
	l := &limiter{clock: clock, fixed: perSecond > 0, turn: make(chan struct{}, 1)}
	if !l.fixed {
		perSecond = testLimit
	}
	l.bucket = rate.NewLimiter(split(perSecond))
	return l
}

// split makes a limit for any one second out of a steady rate and a burst.
func split(perSecond float64) (rate.Limit, int) {
	return rate.Limit(0.96 * perSecond), max(1, int(0.04*perSecond))
}

// goLive goes on at live mode's limit.
func (l *limiter) goLive() {
	if l.fixed {
		return
	}
	limit, burst := split(liveLimit)
	now := l.clock.Now()
	l.bucket.SetLimitAt(now, limit)
	l.bucket.SetBurstAt(now, burst)
}

// closeFor holds every request back for d.
func (l *limiter) closeFor(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if gate := l.clock.Now().Add(d); gate.After(l.gate) {
		l.gate = gate
	}
}

// closed returns for how long the gate stays closed.
func (l *limiter) closed() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.gate.Sub(l.clock.Now())
}

// queue waits until the caller may send a request. It returns false when the
// gate closed meanwhile: the caller waits for that first.
func (l *limiter) queue(ctx context.Context) (bool, error) {
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	if l.closed() > 0 {
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
	return l.closed() <= 0, ctx.Err()
}
