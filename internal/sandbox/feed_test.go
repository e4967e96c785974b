// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
)

// logBuffer is a log in JSON.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// lines returns the lines so far, once nothing more happens.
func (b *logBuffer) lines(t testing.TB) (lines []map[string]any) {
	t.Helper()
	settle()
	b.mu.Lock()
	defer b.mu.Unlock()
	for line := range strings.Lines(b.text.String()) {
		lines = append(lines, decode[map[string]any](t, line))
	}
	return lines
}

// TestLog has a line of each kind.
func TestLog(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		var log logBuffer
		s, _ := n.sandbox(sandbox.Options{
			Logger: slog.New(slog.NewJSONHandler(&log, nil)), Latency: 5 * time.Millisecond,
		})
		checked := 0
		expect := func(what string, want ...map[string]any) {
			t.Helper()
			lines := log.lines(t)
			got := lines[checked:]
			checked = len(lines)
			for _, line := range got {
				delete(line, "time")
			}
			// The courier works beside the requests, so its lines have no place among theirs.
			inOrder := func(a, b map[string]any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) }
			slices.SortFunc(got, inOrder)
			slices.SortFunc(want, inOrder)
			equal(t, what, got, want)
		}
		request := func(level, method, path string, status, ms float64, more ...string) map[string]any {
			line := map[string]any{
				"level": level, "msg": "request", "method": method, "path": path, "status": status, "durationMs": ms,
			}
			for i := 0; i < len(more); i += 2 {
				line[more[i]] = more[i+1]
			}
			return line
		}

		e := n.endpoint(respondWith(500).ServeHTTP)
		id := s.subscribe(e.url, "")
		s.call(404, "GET", "/webhooks/x?token=hidden", "")
		s.control(200, "GET", "/clock", "")
		s.setFaults(`[{"kind":"reset_before","times":1},{"kind":"status","status":503,"times":1}]`)
		_ = s.createCut()
		s.call(503, "GET", "/events", "")
		expect("requests",
			request("INFO", "POST", "/webhooks", 201, 5),
			request("WARN", "GET", "/webhooks/x", 404, 5, "reason", "not_found id"),
			request("INFO", "PUT", "/_sandbox/faults", 200, 0),
			request("ERROR", "POST", "/webhooks", 0, 0, "fault", "reset_before", "reason", "the connection was cut"),
			request("ERROR", "GET", "/events", 503, 5, "fault", "status", "reason", "unknown_error"))

		s.setFaults(`[{"kind":"late","times":1}]`)
		event := s.trigger(acceptedEvent)["id"]
		next := time.Now().Add(10 * time.Minute).UTC().Format(time.RFC3339Nano)
		expect("delivery",
			request("INFO", "PUT", "/_sandbox/faults", 200, 0),
			map[string]any{
				"level": "INFO", "msg": "event", "eventType": "order.accepted", "eventId": event, "webhooks": 1.0,
			},
			request("INFO", "POST", "/_sandbox/events", 202, 0),
			map[string]any{
				"level": "WARN", "msg": "delivery", "eventType": "order.accepted", "eventId": event, "webhookId": id,
				"id": "1", "attempt": 1.0, "outcome": "rejected", "status": 500.0, "durationMs": 0.0, "fault": "late",
				"reason": "the endpoint responded with status 500", "nextAttempt": next,
			})

		since := time.Now().UTC().Format(time.RFC3339)
		s.advance("72h")
		settle()
		lines := log.lines(t)
		disabled := lines[slices.IndexFunc(lines, func(line map[string]any) bool {
			return line["msg"] == "webhook disabled"
		})]
		equal(t, "time", disabled["time"], any(time.Now().Add(72*time.Hour).UTC().Format(time.RFC3339Nano)))
		equal(t, "disabled", []any{disabled["level"], disabled["webhookId"], disabled["reason"]}, []any{
			"ERROR", id, "it has acknowledged nothing for 72 hours, since " + since,
		})
		checked = len(lines)

		s.call(200, "PATCH", "/webhooks/"+id, `{"enabled":true}`)
		s.setFaults(`[{"kind":"reorder","times":1}]`)
		checked = len(log.lines(t))
		event = s.trigger(acceptedEvent)["id"]
		expect("held",
			map[string]any{
				"level": "INFO", "msg": "event", "eventType": "order.accepted", "eventId": event, "webhooks": 1.0,
			},
			request("INFO", "POST", "/_sandbox/events", 202, 0),
			map[string]any{
				"level": "WARN", "msg": "delivery held", "eventType": "order.accepted", "eventId": event, "webhookId": id,
				"fault": "reorder",
			})
		event = s.trigger(`{"type":"order.blocked"}`)["id"]
		expect("no webhook", map[string]any{
			"level": "WARN", "msg": "event", "eventType": "order.blocked", "eventId": event, "webhooks": 0.0,
		}, request("INFO", "POST", "/_sandbox/events", 202, 0))
	})
}

// TestStream reads the log as Server-Sent Events until the client goes.
func TestStream(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		var log logBuffer
		s, _ := n.sandbox(sandbox.Options{Logger: slog.New(slog.NewJSONHandler(&log, nil))})
		s.subscribe(n.endpoint(nil).url, "")
		ctx, leave := context.WithCancel(t.Context())
		defer leave()
		r, err := http.NewRequestWithContext(ctx, "GET", s.url+"/_sandbox/stream", nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := s.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		equal(t, "Content-Type", response.Header.Get("Content-Type"), "text/event-stream")
		settle()
		s.trigger(acceptedEvent)
		want := log.lines(t)[1:]
		equal(t, "lines", len(want), 3)
		var got []map[string]any
		scanner := bufio.NewScanner(response.Body)
		for len(got) < len(want) && scanner.Scan() {
			if data, ok := strings.CutPrefix(scanner.Text(), "data: "); ok {
				got = append(got, decode[map[string]any](t, data))
			} else if scanner.Text() != "" {
				t.Errorf("line %q", scanner.Text())
			}
		}
		equal(t, "stream", got, want)
		leave()
		settle()
		s.trigger(acceptedEvent)
	})
}

// TestStreamEndsWithSandbox shows that an open stream does not keep a sandbox.
func TestStreamEndsWithSandbox(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		opened, err := sandbox.Open(withDefaults(t, sandbox.Options{}))
		if err != nil {
			t.Fatal(err)
		}
		l := n.listen()
		ctx, end := context.WithCancel(t.Context())
		served := make(chan error)
		go func() { served <- opened.Serve(ctx, l) }()
		client := &http.Client{Transport: &http.Transport{DialContext: n.dial}}
		response, err := client.Get("http://" + l.address + "/_sandbox/stream")
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		end()
		_, _ = io.Copy(io.Discard, response.Body)
		if err := <-served; err != nil {
			t.Error(err)
		}
		if d := time.Since(begin); d > 500*time.Millisecond {
			t.Errorf("it took %s", d)
		}
		_ = response.Body.Close()
		client.CloseIdleConnections()
		if err := opened.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestControlEndpointsAreListed(t *testing.T) {
	s := start(t, sandbox.Options{})
	type endpoint struct{ Method, Path, Description string }
	list := decode[[]endpoint](t, s.control(200, "GET", "/", "").body)
	for _, e := range list {
		if !strings.HasSuffix(e.Description, ".") {
			t.Errorf("%+v", e)
		}
	}
	equal(t, "number", len(list), len(sandbox.ControlEndpoints()))
	equal(t, "first", fmt.Sprint(list[0]), "{GET /_sandbox/ Lists the control endpoints.}")
}
