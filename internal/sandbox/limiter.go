// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"fmt"
	"strconv"
	"sync"
	"time"
)

// limiter allows each key a number of requests a second. A window of one second
// begins with the first request after the previous window. It goes by real time,
// not by the sandbox's clock.
type limiter struct {
	test, live int // Requests a second; 0 is without limit.

	mu      sync.Mutex
	windows map[key]*window
}

type window struct {
	end  time.Time
	used int
}

// newLimiter returns a limiter for a value of [Options.RateLimit].
func newLimiter(limit string) (*limiter, error) {
	l := &limiter{windows: map[key]*window{}}
	switch limit {
	case "", "documented":
		l.test, l.live = 25, 250
	case "off":
	default:
		n, err := strconv.Atoi(limit)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%w: rate limit %q: want documented, off, or a number of requests a second",
				ErrOption, limit)
		}
		l.test, l.live = n, n
	}
	return l, nil
}

// allow reports whether a request at the time now is within the limit of its
// key. If not, it returns how long to wait.
func (l *limiter) allow(k key, now time.Time) (time.Duration, bool) {
	limit := l.test
	if k.live() {
		limit = l.live
	}
	if limit == 0 {
		return 0, true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	w := l.windows[k]
	if w == nil || !now.Before(w.end) {
		w = &window{end: now.Add(time.Second)}
		l.windows[k] = w
	}
	if w.used == limit {
		return w.end.Sub(now), false
	}
	w.used++
	return 0, true
}
