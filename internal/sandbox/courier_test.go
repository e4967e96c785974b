// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
)

// loggedDelivery is an entry of the log of deliveries.
type loggedDelivery struct {
	ID, EventID, EventType, WebhookID string
	Attempt                           int
	Time                              time.Time
	DurationMS                        int
	Status                            int
	Outcome, Reason, Fault            string
	NextAttempt                       *time.Time
}

// deliveries returns the log of deliveries, newest first.
func (s *server) deliveries(query string) []loggedDelivery {
	s.t.Helper()
	return decode[[]loggedDelivery](s.t, s.control(200, "GET", "/deliveries"+query, "").body)
}

// settledDeliveries returns the log of deliveries, newest first, once nothing
// more happens. It must have n entries.
func (s *server) settledDeliveries(n int) []loggedDelivery {
	s.t.Helper()
	settle()
	d := s.deliveries("")
	if len(d) != n {
		s.t.Fatalf("%d deliveries, want %d: %+v", len(d), n, d)
	}
	return d
}

func (s *server) enabled(id string) bool {
	s.t.Helper()
	return s.webhook(id)["enabled"].(bool)
}

// status responds with a status that a test can change.
type status struct{ atomic.Int64 }

func (s *status) ServeHTTP(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(int(s.Load())) }

func respondWith(code int) *status {
	s := &status{}
	s.Store(int64(code))
	return s
}

// TestRetries makes every attempt for an event, each with its own timestamp.
func TestRetries(t *testing.T) {
	live := []time.Duration{}
	for i := range 12 {
		live = append(live, time.Minute<<i)
	}
	for mode, pauses := range map[string][]time.Duration{
		"test": {10 * time.Minute, 50 * time.Minute, 2 * time.Hour}, "live": live,
	} {
		t.Run(mode, func(t *testing.T) {
			inBubble(t, func(t *testing.T, n *network) {
				s, _ := n.sandbox(sandbox.Options{})
				e := n.endpoint(respondWith(500).ServeHTTP)
				key := map[string]string{"test": testKey, "live": liveKey}[mode]
				s.callAs(key, 201, "POST", "/webhooks", fmt.Sprintf(`{"types":["order.accepted"],"address":%q}`, e.url))
				s.trigger(fmt.Sprintf(`{"type":"order.accepted","mode":%q}`, mode))
				for i, pause := range pauses {
					d := s.settledDeliveries(i + 1)[0]
					equal(t, "pause", d.NextAttempt.Sub(d.Time), pause)
					s.advance((pause - time.Millisecond).String())
					s.settledDeliveries(i + 1)
					s.advance("1ms")
				}
				last := s.settledDeliveries(len(pauses) + 1)[0]
				if last.NextAttempt != nil || last.Attempt != len(pauses)+1 {
					t.Errorf("last attempt: %+v", last)
				}
				signatures := map[string]bool{}
				for _, request := range e.requests() {
					signatures[request.header.Get("DigitalRiver-Signature")] = true
				}
				equal(t, "signatures", len(signatures), len(pauses)+1)
			})
		})
	}
}

// TestRetriesInRealTime shows that retries need no advance of the clock.
func TestRetriesInRealTime(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		s, _ := n.sandbox(sandbox.Options{})
		s.subscribe(n.endpoint(respondWith(500).ServeHTTP).url, "")
		s.trigger(acceptedEvent)
		s.settledDeliveries(1)
		pass(10*time.Minute - time.Millisecond)
		s.settledDeliveries(1)
		pass(time.Millisecond)
		s.settledDeliveries(2)
	})
}

func TestNoRetryAfterAcknowledgement(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		s, _ := n.sandbox(sandbox.Options{})
		endpointStatus := respondWith(503)
		id := s.subscribe(n.endpoint(endpointStatus.ServeHTTP).url, "")
		s.trigger(acceptedEvent)
		s.settledDeliveries(1)
		endpointStatus.Store(202)
		s.advance("10m")
		d := s.settledDeliveries(2)
		equal(t, "second", []any{d[0].Attempt, d[0].Outcome, d[0].NextAttempt == nil}, []any{2, "acknowledged", true})
		s.advance("100h")
		s.settledDeliveries(2)
		equal(t, "both", len(s.deliveries("?webhook="+id+"&event="+d[0].EventID)), 2)
		equal(t, "of another webhook", len(s.deliveries("?webhook=other")), 0)
		equal(t, "of another event", len(s.deliveries("?event=other")), 0)
		equal(t, "enabled", s.enabled(id), true)
		equal(t, "unknown filter", s.control(400, "GET", "/deliveries?x=1", "").errors(t),
			[]string{"invalid_parameter x"})
	})
}

// TestDisabling has both sides of the 72 hours, and what restarts them.
func TestDisabling(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		s, _ := n.sandbox(sandbox.Options{})
		endpointStatus := respondWith(500)
		id := s.subscribe(n.endpoint(endpointStatus.ServeHTTP).url, "")
		before := s.webhook(id)["updatedTime"]
		advance := func(duration string) {
			s.advance(duration)
			settle()
		}

		s.trigger(acceptedEvent)
		settle()
		advance("71h59m59s")
		equal(t, "just before 72 hours", s.enabled(id), true)
		endpointStatus.Store(204)
		s.trigger(acceptedEvent)
		settle()
		advance("2s")
		equal(t, "after an acknowledgement", s.enabled(id), true)

		endpointStatus.Store(500)
		s.trigger(acceptedEvent)
		settle()
		advance("71h59m59s")
		equal(t, "just before the next 72 hours", s.enabled(id), true)
		equal(t, "updatedTime", s.webhook(id)["updatedTime"], before)
		advance("1s")
		equal(t, "after 72 hours", s.enabled(id), false)
		if s.webhook(id)["updatedTime"] == before {
			t.Error("updatedTime has not changed")
		}
		equal(t, "receivers", s.trigger(acceptedEvent)["webhookIds"], any([]any{}))

		s.call(200, "PATCH", "/webhooks/"+id, `{"enabled":true}`)
		s.trigger(acceptedEvent)
		settle()
		advance("71h59m59s")
		equal(t, "enabled again", s.enabled(id), true)
		pass(time.Second)
		equal(t, "disabled in real time", s.enabled(id), false)
	})
}

// TestNoRetryWithoutWebhook has a webhook that is disabled and one that is
// deleted before the retry.
func TestNoRetryWithoutWebhook(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		s, _ := n.sandbox(sandbox.Options{})
		e := n.endpoint(respondWith(500).ServeHTTP)
		disabled, deleted := s.subscribe(e.url, ""), s.subscribe(e.url, "")
		s.trigger(acceptedEvent)
		s.settledDeliveries(2)
		s.call(200, "PATCH", "/webhooks/"+disabled, `{"enabled":false}`)
		s.call(204, "DELETE", "/webhooks/"+deleted, "")
		s.advance("10m")
		d := s.settledDeliveries(3)[0]
		equal(t, "outcome", []string{d.WebhookID, d.Outcome, d.Reason},
			[]string{disabled, "not_sent", "the webhook is disabled"})
		equal(t, "requests", len(e.requests()), 2)
	})
}

// TestSlowEndpoints has many endpoints that never respond beside some that do: no
// delivery to these waits.
func TestSlowEndpoints(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		s, _ := n.sandbox(sandbox.Options{DeliveryTimeout: time.Hour})
		slow := n.endpoint(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		const slowOnes, events, underWay, quickOnes = 130, 10, 8, 20
		for range slowOnes {
			s.subscribe(slow.url, "")
		}
		for range events {
			s.trigger(acceptedEvent)
		}
		equal(t, "requests to the slow endpoints", len(slow.requests()), slowOnes*underWay)
		quick := n.endpoint(nil)
		for range quickOnes {
			s.subscribe(quick.url, "")
		}
		begin := time.Now()
		s.trigger(acceptedEvent)
		equal(t, "requests to the quick ones", len(quick.requests()), quickOnes)
		for _, d := range s.settledDeliveries(quickOnes) {
			equal(t, "delivery", []any{d.Outcome, d.Time.Equal(begin), d.DurationMS}, []any{"acknowledged", true, 0})
		}
		equal(t, "time taken", time.Since(begin), time.Duration(0))
		equal(t, "requests to the slow endpoints", len(slow.requests()), slowOnes*underWay)
	})
}

// TestPendingAttemptsNeedNoGoroutines shows that only attempts under way do.
func TestPendingAttemptsNeedNoGoroutines(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		s, _ := n.sandbox(sandbox.Options{})
		e := n.endpoint(respondWith(500).ServeHTTP)
		s.subscribe(e.url, "")
		s.trigger(acceptedEvent)
		s.settledDeliveries(1)
		before := runtime.NumGoroutine()
		for range 99 {
			s.trigger(acceptedEvent)
		}
		s.settledDeliveries(100)
		if now := runtime.NumGoroutine(); now > before+10 { // Some serve idle connections.
			t.Errorf("%d goroutines for 100 attempts, %d for one", now, before)
		}
		s.advance("10m")
		s.settledDeliveries(200)
	})
}

// TestRestartKeepsDeliveries shows that the data file has the attempts to be
// made, the time since when a webhook fails, and the log.
func TestRestartKeepsDeliveries(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		o := sandbox.Options{DataFile: filepath.Join(t.TempDir(), "data")}
		e := n.endpoint(respondWith(500).ServeHTTP)
		s, stop := n.sandbox(o)
		id := s.subscribe(e.url, "")
		s.trigger(acceptedEvent)
		first := s.settledDeliveries(1)[0]
		stop()

		s, stop = n.sandbox(o)
		equal(t, "first", s.settledDeliveries(1)[0], first)
		s.advance("10m")
		d := s.settledDeliveries(2)[0]
		equal(t, "second", []any{d.EventID, d.Attempt}, []any{first.EventID, 2})
		equal(t, "same body", e.requests()[1].body, e.requests()[0].body)
		stop()

		s, stop = n.sandbox(o)
		s.advance("71h50m")
		s.settledDeliveries(4)
		equal(t, "enabled", s.enabled(id), false)
		stop()

		s, _ = n.sandbox(o)
		s.advance("1000h")
		s.settledDeliveries(4)
	})
}
