// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package digitalriver

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// maxPerSecond is the largest number of requests in any one second.
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
		live       bool
		configured float64
		requests   int
		limit      int
		atMost     time.Duration
	}{
		"test mode":               {requests: 100, limit: 25, atMost: 4200 * time.Millisecond},
		"live mode":               {live: true, requests: 500, limit: 250, atMost: 2200 * time.Millisecond},
		"configured":              {configured: 100, requests: 200, limit: 100, atMost: 2200 * time.Millisecond},
		"configured in live mode": {live: true, configured: 10, requests: 20, limit: 10, atMost: 2200 * time.Millisecond},
		"below one":               {configured: 0.5, requests: 3, limit: 1, atMost: 6300 * time.Millisecond},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := &fakeAPI{live: test.live}
				api.addWebhooks(1)
				client := api.newClient(t, func(c *Config) { c.RequestsPerSecond = test.configured })
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

// After a 429, no request is sent until the pause has passed. Then the requests
// keep to the rate limit again.
func TestPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{latency: 100 * time.Millisecond}
		api.addWebhooks(1)
		client := api.newClient(t, func(c *Config) { c.RequestsPerSecond = 0 })
		api.failNext("PATCH", failWith(429, "Retry-After", "5"))
		runConcurrently(50, func(i int) {
			mustRun(t, client, []string{"update", "list secrets"}[min(i%25, 1)])
		})
		requests := api.takeRequests()
		var paused time.Duration
		for _, request := range requests {
			if request.method == "PATCH" {
				paused = request.at + api.latency
				break
			}
		}
		for _, request := range requests {
			if request.at > paused && request.at < paused+5*time.Second {
				t.Errorf("%v was sent %v after the pause began", request, request.at-paused)
			}
		}
		if len(requests) != 51 || maxPerSecond(requests) > 25 {
			t.Errorf("%d requests, %d in one second", len(requests), maxPerSecond(requests))
		}
	})
}

func TestPauseIsNotShortened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(1, SystemClock{})
		l.pause(time.Minute)
		l.pause(time.Second)
		if left := l.pauseLeft(); left != time.Minute {
			t.Errorf("%v are left", left)
		}
	})
}

func TestCanceledWaitTakesNoToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(1/0.96, SystemClock{})
		for i := range 3 {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
			if permitted, err := l.wait(ctx); permitted != (i == 0) {
				t.Errorf("permitted %t, %v", permitted, err)
			}
			cancel()
		}
		permitted, err := l.wait(t.Context())
		if took := time.Since(bubbleStart); !permitted || err != nil || took > 1001*time.Millisecond {
			t.Errorf("after %v: permitted %t, %v", took, permitted, err)
		}
	})
}
