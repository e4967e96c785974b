// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
)

// createCut sends a create whose connection must be cut, and returns the error.
func (s *server) createCut() error {
	s.t.Helper()
	r, err := s.send(context.Background(), testKey, "POST", "/webhooks", simpleWebhook)
	if err == nil {
		s.t.Fatalf("response %d %s", r.status, r.body)
	}
	return err
}

// createAbandoned sends a create whose client goes away after a second.
func (s *server) createAbandoned() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if _, err := s.send(ctx, testKey, "POST", "/webhooks", simpleWebhook); !errors.Is(err, context.DeadlineExceeded) {
		s.t.Fatal(err)
	}
	settle()
}

func TestFaultStatus(t *testing.T) {
	s := start(t, sandbox.Options{})
	s.setFaults(`[
		{"method":"POST","kind":"status","status":503,"retryAfter":7,"times":1},
		{"method":"POST","kind":"status","status":400,"times":1},
		{"method":"POST","kind":"status","status":599,"times":1}]`)
	r := s.call(503, "POST", "/webhooks", simpleWebhook)
	equal(t, "Retry-After", r.header.Get("Retry-After"), "7")
	equal(t, "type", r.object(t)["type"], any("service_unavailable"))
	r = s.call(400, "POST", "/webhooks", simpleWebhook)
	equal(t, "Retry-After", r.header.Values("Retry-After"), []string(nil))
	equal(t, "type", r.object(t)["type"], any("bad_request"))
	r = s.call(599, "POST", "/webhooks", simpleWebhook)
	equal(t, "type", r.object(t)["type"], any("internal_server_error"))
	equal(t, "webhooks", s.count(), 0)
	equal(t, "log", s.requestLog()[0], "POST /webhooks? 503 test status")
}

func TestFaultHTML(t *testing.T) {
	s := start(t, sandbox.Options{})
	s.setFaults(`[{"method":"POST","kind":"html","status":502,"retryAfter":0}]`)
	r := s.call(502, "POST", "/webhooks", simpleWebhook)
	equal(t, "Content-Type", r.header.Get("Content-Type"), "text/html; charset=utf-8")
	equal(t, "Retry-After", r.header.Get("Retry-After"), "0")
	if !strings.Contains(r.body, "<h1>502 Bad Gateway</h1>") {
		t.Error(r.body)
	}
	equal(t, "webhooks", s.count(), 0)
	equal(t, "log", s.requestLog()[0], "POST /webhooks? 502 test html")
}

// resetOnWindows is WSAECONNRESET, which is not [syscall.ECONNRESET] there.
const resetOnWindows syscall.Errno = 10054

// TestFaultReset needs real connections, which alone can be reset.
func TestFaultReset(t *testing.T) {
	for kind, webhooks := range map[string]int{"reset_before": 0, "reset_after": 1} {
		t.Run(kind, func(t *testing.T) {
			s := start(t, sandbox.Options{})
			s.setFaults(`[{"kind":"` + kind + `","times":1}]`)
			if err := s.createCut(); !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, resetOnWindows) {
				t.Error(err)
			}
			equal(t, "webhooks", s.count(), webhooks)
			equal(t, "log", s.requestLog()[0], "POST /webhooks? 0 test "+kind)
		})
	}
}

func TestFaultHang(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		s, _ := n.sandbox(sandbox.Options{})
		s.setFaults(`[{"kind":"hang","delay":"1h","times":1}]`)
		begin := time.Now()
		_ = s.createCut()
		equal(t, "time taken", time.Since(begin), time.Hour)
		equal(t, "webhooks", s.count(), 0)
		equal(t, "log", s.requestLog()[0], "POST /webhooks? 0 test hang")
	})
}

func TestFaultSlow(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		s, _ := n.sandbox(sandbox.Options{})
		s.setFaults(`[{"method":"POST","kind":"slow","delay":"1h"}]`)
		begin := time.Now()
		s.create(simpleWebhook)
		equal(t, "time taken", time.Since(begin), time.Hour)
		equal(t, "webhooks", s.count(), 1)
		equal(t, "log", s.requestLog()[0], "POST /webhooks? 201 test slow")
	})
}

// TestFaultSlowAbandoned shows that a slow request is not carried out for a
// client that has gone.
func TestFaultSlowAbandoned(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		s, _ := n.sandbox(sandbox.Options{})
		s.setFaults(`[{"kind":"slow","delay":"1h","times":1}]`)
		s.createAbandoned()
		equal(t, "log", s.requestLog(), []string{"POST /webhooks? 0 test slow"})
		pass(2 * time.Hour)
		equal(t, "webhooks", s.count(), 0)
	})
}

func TestFaultTruncate(t *testing.T) {
	s := start(t, sandbox.Options{})
	s.setFaults(`[{"method":"POST","kind":"truncate"},{"method":"DELETE","kind":"truncate"}]`)
	r, err := s.send(context.Background(), testKey, "POST", "/webhooks", simpleWebhook)
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error %v", err)
	}
	equal(t, "status", r.status, http.StatusCreated)
	list := s.call(200, "GET", "/webhooks", "").body
	complete := list[1 : len(list)-1]
	equal(t, "body", r.body, complete[:len(complete)/2])
	equal(t, "log", s.requestLog()[0], "POST /webhooks? 201 test truncate")
	s.call(204, "DELETE", "/webhooks/"+s.ids("/webhooks")[0], "")
}

// TestFaultOrder shows which of several rules fires, and when one is used up.
func TestFaultOrder(t *testing.T) {
	s := start(t, sandbox.Options{})
	s.setFaults(`[
		{"kind":"status","status":500,"probability":0},
		{"method":"POST","kind":"status","status":501},
		{"path":"/webhooks/","kind":"status","status":502,"times":2},
		{"method":"GET","path":"/webhooks/x%2F","kind":"status","status":503,"times":1}]`)
	rules := func() string { return s.control(200, "GET", "/faults", "").body }
	for i, call := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/webhooks", 200},
		{"POST", "/webhooks/x", 501},
		{"GET", "/webhooks/x%2Fy", 502},
		{"GET", "/webhooks/x%2Fy", 502},
		{"GET", "/webhooks/x/y", 404},
		{"GET", "/webhooks/x%2Fy", 503},
		{"GET", "/webhooks/x%2Fy", 404},
		{"POST", "/webhooks", 501},
	} {
		s.call(call.status, call.method, call.path, "")
		if i == 2 {
			equal(t, "rule", decode[[]map[string]any](t, rules())[2], map[string]any{
				"method": "", "path": "/webhooks/", "kind": "status", "status": 502.0, "delay": "0s",
				"probability": 1.0, "times": 1.0,
			})
		}
	}
	s.callAs("wrong", 401, "POST", "/webhooks", "")
	equal(t, "rules left", len(decode[[]any](t, rules())), 2)
	left := rules()
	equal(t, "put what was listed", s.control(200, "PUT", "/faults", left).body, left)
	s.setFaults(`[]`)
	s.create(simpleWebhook)
}

// TestFaultSeed shows that the same seed fails the same requests, also after a
// reset, and about as many as the probability says.
func TestFaultSeed(t *testing.T) {
	statuses := func(s *server) string {
		s.setFaults(`[{"kind":"status","status":500,"probability":0.3}]`)
		var b strings.Builder
		for range 200 {
			r, err := s.send(context.Background(), testKey, "GET", "/webhooks", "")
			if err != nil {
				t.Fatal(err)
			}
			b.WriteByte("0123456789"[r.status/100])
		}
		return b.String()
	}
	s := start(t, sandbox.Options{Seed: 1})
	first := statuses(s)
	if n := strings.Count(first, "5"); n < 40 || n > 80 {
		t.Errorf("%d of 200 failed", n)
	}
	s.control(204, "POST", "/reset", "")
	equal(t, "after a reset", statuses(s), first)
	equal(t, "same seed", statuses(start(t, sandbox.Options{Seed: 1})), first)
	if statuses(start(t, sandbox.Options{Seed: 2})) == first {
		t.Error("another seed fails the same requests")
	}
}

func TestFaultsRefuse(t *testing.T) {
	s := start(t, sandbox.Options{})
	const kept = `[{"method":"","path":"/kept","kind":"hang","status":0,"delay":"1m30s","probability":1,"times":0}]`
	equal(t, "put", s.control(200, "PUT", "/faults", `[{"path":"/kept","kind":"hang","delay":"90s"}]`).body, kept)
	for body, want := range map[string][]string{
		`{}`:                                    {"invalid_format"},
		`null`:                                  {"invalid_format"},
		`[1]`:                                   {"invalid_parameter [0]"},
		`[null]`:                                {"invalid_parameter [0]"},
		`[{}]`:                                  {"missing_parameter [0].kind"},
		`[{"kind":"slow"},{"kind":"none"}]`:     {"invalid_parameter [1].kind"},
		`[{"kind":"slow","x":1}]`:               {"unknown_parameter [0].x"},
		`[{"kind":"slow","method":"post"}]`:     {"invalid_parameter [0].method"},
		`[{"kind":"slow","method":1}]`:          {"invalid_parameter [0].method"},
		`[{"kind":"slow","path":"webhooks"}]`:   {"invalid_parameter [0].path"},
		`[{"kind":"status"}]`:                   {"invalid_parameter [0].status"},
		`[{"kind":"status","status":200}]`:      {"invalid_parameter [0].status"},
		`[{"kind":"status","status":600}]`:      {"invalid_parameter [0].status"},
		`[{"kind":"html"}]`:                     {"invalid_parameter [0].status"},
		`[{"kind":"html","status":199}]`:        {"invalid_parameter [0].status"},
		`[{"kind":"slow","status":99}]`:         {"invalid_parameter [0].status"},
		`[{"kind":"slow","retryAfter":-1}]`:     {"invalid_parameter [0].retryAfter"},
		`[{"kind":"slow","retryAfter":1.5}]`:    {"invalid_parameter [0].retryAfter"},
		`[{"kind":"slow","retryAfter":"1"}]`:    {"invalid_parameter [0].retryAfter"},
		`[{"kind":"slow","delay":"-1s"}]`:       {"invalid_parameter [0].delay"},
		`[{"kind":"slow","delay":"1"}]`:         {"invalid_parameter [0].delay"},
		`[{"kind":"slow","delay":1}]`:           {"invalid_parameter [0].delay"},
		`[{"kind":"slow","probability":1.01}]`:  {"invalid_parameter [0].probability"},
		`[{"kind":"slow","probability":-0.1}]`:  {"invalid_parameter [0].probability"},
		`[{"kind":"slow","probability":"0.5"}]`: {"invalid_parameter [0].probability"},
		`[{"kind":"slow","times":-1}]`:          {"invalid_parameter [0].times"},
		`[{"kind":"slow","times":1.5}]`:         {"invalid_parameter [0].times"},
		`[{"kind":"x","times":-1},{"path":"x"}]`: {
			"invalid_parameter [0].kind", "invalid_parameter [0].times",
			"missing_parameter [1].kind", "invalid_parameter [1].path",
		},
	} {
		equal(t, body, s.control(400, "PUT", "/faults", body).errors(t), want)
	}
	equal(t, "rules", s.control(200, "GET", "/faults", "").body, kept)
}

// TestLatency shows that all API responses have the latency.
func TestLatency(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		s, _ := n.sandbox(sandbox.Options{Latency: 30 * time.Millisecond})
		for key, status := range map[string]int{testKey: 201, "wrong": 401} {
			begin := time.Now()
			s.callAs(key, status, "POST", "/webhooks", simpleWebhook)
			equal(t, "time taken", time.Since(begin), 30*time.Millisecond)
		}
	})
}

// TestLatencyAbandoned shows that the work is done before the latency passes.
func TestLatencyAbandoned(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		file := filepath.Join(t.TempDir(), "data")
		s, stop := n.sandbox(sandbox.Options{DataFile: file, Latency: time.Hour})
		s.createAbandoned()
		equal(t, "log", s.requestLog(), []string{"POST /webhooks? 0 test "})
		stop()
		s, _ = n.sandbox(sandbox.Options{DataFile: file})
		equal(t, "webhooks", s.count(), 1)
	})
}
