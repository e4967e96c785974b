package digitalriver

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// densest is the largest number of requests in any one second.
func maxPerSecond(requests []sentRequest) int {
	most := 0
	for i, first := range requests {
		count := 0
		for _, request := range requests[i:] {
			if request.at < first.at+time.Second {
				count++
			}
		}
		most = max(most, count)
	}
	return most
}

func TestRate(t *testing.T) {
	tests := map[string]struct {
		live     bool
		fixed    float64
		requests int
		limit    int
		atMost   time.Duration
	}{
		"test mode":  {requests: 100, limit: 25, atMost: 4200 * time.Millisecond},
		"live mode":  {live: true, requests: 500, limit: 250, atMost: 2200 * time.Millisecond},
		"fixed":      {fixed: 100, requests: 200, limit: 100, atMost: 2200 * time.Millisecond},
		"fixed live": {live: true, fixed: 10, requests: 20, limit: 10, atMost: 2200 * time.Millisecond},
		"slow":       {fixed: 0.5, requests: 3, limit: 1, atMost: 6300 * time.Millisecond},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := &fakeAPI{live: test.live}
				api.addWebhooks(1)
				client := api.newClient(t, func(c *Config) { c.RequestsPerSecond = test.fixed })
				mustRun(t, client, "read")
				runConcurrently(test.requests, func(int) {
					if _, err := client.getWebhook(t.Context(), "w1"); err != nil {
						t.Error(err)
					}
				})
				if most := maxPerSecond(api.takeRequests()); most > test.limit {
					t.Errorf("%d requests in one second", most)
				}
				if took := time.Since(bubbleStart); took > test.atMost {
					t.Errorf("took %v", took)
				}
			})
		})
	}
}

// After a 429 nobody sends anything until it has passed, not even who was next,
// and then all go on one by one.
func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{latency: 100 * time.Millisecond}
		api.addWebhooks(1)
		client := api.newClient(t, func(c *Config) { c.RequestsPerSecond = 0 })
		api.failNext("PATCH", failWith(429, "Retry-After", "5"))
		runConcurrently(50, func(i int) {
			mustRun(t, client, []string{"update", "list secrets"}[min(i%25, 1)])
		})
		requests := api.takeRequests()
		var closed time.Duration
		for _, request := range requests {
			if request.method == "PATCH" {
				closed = request.at + api.latency
				break
			}
		}
		for _, request := range requests {
			if request.at > closed && request.at < closed+5*time.Second {
				t.Errorf("%v %v after the gate closed", request, request.at-closed)
			}
		}
		if len(requests) != 51 || maxPerSecond(requests) > 25 {
			t.Errorf("%d requests, %d in one second", len(requests), maxPerSecond(requests))
		}
	})
}

func TestGateOnlyOpensLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(1, SystemClock{})
		l.pause(time.Minute)
		l.pause(time.Second)
		if closed := l.pauseLeft(); closed != time.Minute {
			t.Errorf("closed for %v", closed)
		}
	})
}

// Who stops waiting gives its place back.
func TestCancelledPlaceIsGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(1/0.96, SystemClock{})
		for i := range 3 {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
			if open, err := l.wait(ctx); open != (i == 0) {
				t.Errorf("%v, %v", open, err)
			}
			cancel()
		}
		if open, err := l.wait(t.Context()); !open || err != nil || time.Since(bubbleStart) > 1001*time.Millisecond {
			t.Errorf("after %v: %v", time.Since(bubbleStart), err)
		}
	})
}
