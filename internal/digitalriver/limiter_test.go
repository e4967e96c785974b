package digitalriver

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// together runs n calls at once and waits for them.
func together(n int, call func(i int)) {
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { call(i) })
	}
	group.Wait()
}

// densest is the largest number of requests in any one second.
func densest(requests []sent) int {
	most := 0
	for i, first := range requests {
		count := 0
		for _, request := range requests[i:] {
			if request.At < first.At+time.Second {
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
				api.fill(1)
				client := api.connect(t, func(c *Config) { c.RequestsPerSecond = test.fixed })
				if err := do(t.Context(), client, "read"); err != nil {
					t.Fatal(err)
				}
				together(test.requests, func(int) {
					if _, err := client.getWebhook(t.Context(), "w1"); err != nil {
						t.Error(err)
					}
				})
				if most := densest(api.log()); most > test.limit {
					t.Errorf("%d requests in one second", most)
				}
				if took := time.Since(bubbleStart); took > test.atMost {
					t.Errorf("took %v", took)
				}
			})
		})
	}
}

// A create is the first that may show live mode.
func TestCreateShowsLiveMode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{live: true}
		client := api.connect(t, func(c *Config) { c.RequestsPerSecond = 0 })
		if _, known := client.LiveMode(); known {
			t.Error("the mode is known before an answer")
		}
		if client.Wrote() {
			t.Error("wrote before a request")
		}
		together(200, func(i int) {
			webhook := newWebhook()
			webhook.Address += string(rune('a' + i))
			if _, err := client.CreateWebhook(t.Context(), webhook); err != nil {
				t.Error(err)
			}
		})
		if live, known := client.LiveMode(); !live || !known {
			t.Error("live mode went unnoticed")
		}
		if !client.Wrote() {
			t.Error("writes went unnoticed")
		}
		if took := time.Since(bubbleStart); took > 1200*time.Millisecond || densest(api.log()) > 250 {
			t.Errorf("took %v", took)
		}
	})
}

// After a 429 nobody sends anything until it has passed, not even who was next,
// and then all go on one by one.
func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{latency: 100 * time.Millisecond}
		api.fill(1)
		client := api.connect(t, func(c *Config) { c.RequestsPerSecond = 0 })
		api.fail("PATCH", status(429, "Retry-After", "5"))
		together(50, func(i int) {
			if err := do(t.Context(), client, []string{"update", "reveal"}[min(i%25, 1)]); err != nil {
				t.Error(err)
			}
		})
		requests := api.log()
		var closed time.Duration
		for _, request := range requests {
			if request.Method == "PATCH" {
				closed = request.At + api.latency
				break
			}
		}
		for _, request := range requests {
			if request.At > closed && request.At < closed+5*time.Second {
				t.Errorf("%v %v after the gate closed", request, request.At-closed)
			}
		}
		if len(requests) != 51 || densest(requests) > 25 {
			t.Errorf("%d requests, %d in one second", len(requests), densest(requests))
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

// A create that meets the gate is sent again, and not looked for.
func TestGateAndCreate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		api.fail("POST", status(429, "Retry-After", "1"))
		if err := do(t.Context(), api.connect(t), "create"); err != nil {
			t.Fatal(err)
		}
		if requests := api.log(); len(requests) != 2 || len(api.webhooks) != 1 {
			t.Errorf("%v", requests)
		}
	})
}

// A closed gate that outlasts an operation is its error at once, also when
// another operation met it.
func TestGateOutlastsOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		api.fill(1)
		client := api.connect(t)
		api.fail("PATCH", status(429, "Retry-After", "3600"))
		if err := do(t.Context(), client, "update"); err == nil {
			t.Fatal("no error")
		}
		err := asError(t, do(t.Context(), client, "reveal"))
		if err.Attempts != 0 || err.RetryAfter < 59*time.Minute || !strings.Contains(err.Error(), "was not sent") ||
			!strings.Contains(err.Error(), "asked to wait") {
			t.Errorf("got %v", err)
		}
		if time.Since(bubbleStart) > 0 || len(api.log()) != 1 {
			t.Error("it waited or sent")
		}
	})
}

// Time in the queue is not taken from what an operation may take.
func TestQueueIsNotBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		api.fill(1)
		client := api.connect(t, func(c *Config) {
			c.RequestsPerSecond, c.MaxRetries, c.RequestTimeout = 1, 1, 2*time.Second
		})
		api.fail("GET", pass, pass, pass, pass, pass, pass, pass, pass, pass, status(429, "Retry-After", "3"))
		together(10, func(int) {
			if err := do(t.Context(), client, "reveal"); err != nil {
				t.Error(err)
			}
		})
	})
}

func TestLocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l keyedMutex
		release, err := l.lock(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		if other, err := l.lock(t.Context(), "b"); err != nil {
			t.Error("keys hold each other up")
		} else {
			other()
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := l.lock(ctx, "a"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a held lock gave %v", err)
		}
		next := make(chan error)
		go func() {
			release, err := l.lock(t.Context(), "a")
			release()
			next <- err
		}()
		release()
		if err := <-next; err != nil {
			t.Error(err)
		}
		if len(l.locks) != 0 {
			t.Errorf("%d locks are kept", len(l.locks))
		}
	})
}
