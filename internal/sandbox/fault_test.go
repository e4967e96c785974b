package sandbox_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
)

func (s *server) setFaults(rules string) {
	s.t.Helper()
	s.callAs("", 200, "PUT", "/_sandbox/faults", rules)
}

// webhooks counts those there are.
func (s *server) webhooks() int {
	s.t.Helper()
	return len(s.ids("/webhooks"))
}

// cut is a create whose connection must be cut.
func (s *server) cut() error {
	s.t.Helper()
	r, err := s.send(context.Background(), testKey, "POST", "/webhooks", simple)
	if err == nil {
		s.t.Fatalf("answered %d %s", r.status, r.body)
	}
	return err
}

func TestFaultStatus(t *testing.T) {
	s := start(t, sandbox.Options{})
	s.setFaults(`[{"method":"POST","kind":"status","status":503,"retryAfter":7,"times":1},{"method":"POST","kind":"status","status":400,"times":1},{"method":"POST","kind":"status","status":599,"times":1}]`)
	r := s.call(503, "POST", "/webhooks", simple)
	equal(t, "Retry-After", r.header.Get("Retry-After"), "7")
	equal(t, "type", r.object(t)["type"], any("service_unavailable"))
	r = s.call(400, "POST", "/webhooks", simple)
	equal(t, "no Retry-After", r.header.Values("Retry-After"), []string(nil))
	equal(t, "type", r.object(t)["type"], any("bad_request"))
	equal(t, "type", s.call(599, "POST", "/webhooks", simple).object(t)["type"], any("internal_server_error"))
	equal(t, "webhooks", s.webhooks(), 0)
	equal(t, "log", s.logged()[0], "POST /webhooks? 503 test status")
}

func TestFaultHTML(t *testing.T) {
	s := start(t, sandbox.Options{})
	s.setFaults(`[{"method":"POST","kind":"html","status":502,"retryAfter":0}]`)
	r := s.call(502, "POST", "/webhooks", simple)
	equal(t, "Content-Type", r.header.Get("Content-Type"), "text/html; charset=utf-8")
	equal(t, "Retry-After", r.header.Get("Retry-After"), "0")
	if !strings.Contains(r.body, "<h1>502 Bad Gateway</h1>") {
		t.Error(r.body)
	}
	equal(t, "webhooks", s.webhooks(), 0)
	equal(t, "log", s.logged()[0], "POST /webhooks? 502 test html")
}

func TestFaultResetBefore(t *testing.T) {
	s := start(t, sandbox.Options{})
	s.setFaults(`[{"kind":"reset_before","times":1}]`)
	if err := s.cut(); !errors.Is(err, syscall.ECONNRESET) {
		t.Error(err)
	}
	equal(t, "webhooks", s.webhooks(), 0)
	equal(t, "log", s.logged()[0], "POST /webhooks? 0 test reset_before")
}

func TestFaultResetAfter(t *testing.T) {
	s := start(t, sandbox.Options{})
	s.setFaults(`[{"kind":"reset_after","times":1}]`)
	if err := s.cut(); !errors.Is(err, syscall.ECONNRESET) {
		t.Error(err)
	}
	equal(t, "webhooks", s.webhooks(), 1)
	equal(t, "log", s.logged()[0], "POST /webhooks? 0 test reset_after")
}

func TestFaultHang(t *testing.T) {
	s := start(t, sandbox.Options{})
	s.setFaults(`[{"kind":"hang","delay":"30ms","times":1}]`)
	begin := time.Now()
	if err := s.cut(); !errors.Is(err, syscall.ECONNRESET) {
		t.Error(err)
	}
	if took := time.Since(begin); took < 30*time.Millisecond {
		t.Errorf("cut after %s", took)
	}
	equal(t, "webhooks", s.webhooks(), 0)
	equal(t, "log", s.logged()[0], "POST /webhooks? 0 test hang")
}

func TestFaultSlow(t *testing.T) {
	s := start(t, sandbox.Options{})
	s.setFaults(`[{"method":"POST","kind":"slow","delay":"30ms"}]`)
	begin := time.Now()
	s.create(simple)
	if took := time.Since(begin); took < 30*time.Millisecond {
		t.Errorf("answered after %s", took)
	}
	equal(t, "webhooks", s.webhooks(), 1)
	equal(t, "log", s.logged()[0], "POST /webhooks? 201 test slow")
}

// abandon is a create whose client soon goes away. It returns when the sandbox
// has noticed.
func (s *server) abandon() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.send(ctx, testKey, "POST", "/webhooks", simple); !errors.Is(err, context.DeadlineExceeded) {
		s.t.Fatal(err)
	}
	for len(s.logged()) == 0 {
		runtime.Gosched()
	}
}

// TestFaultSlowAbandoned shows that nothing is done for a client that has gone.
func TestFaultSlowAbandoned(t *testing.T) {
	s := start(t, sandbox.Options{})
	s.setFaults(`[{"kind":"slow","delay":"1h","times":1}]`)
	s.abandon()
	equal(t, "log", s.logged(), []string{"POST /webhooks? 0 test slow"})
	equal(t, "webhooks", s.webhooks(), 0)
}

func TestFaultTruncate(t *testing.T) {
	s := start(t, sandbox.Options{})
	s.setFaults(`[{"method":"POST","kind":"truncate"},{"method":"DELETE","kind":"truncate"}]`)
	r, err := s.send(context.Background(), testKey, "POST", "/webhooks", simple)
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error %v", err)
	}
	equal(t, "status", r.status, http.StatusCreated)
	whole := s.call(200, "GET", "/webhooks", "").body
	whole = whole[1 : len(whole)-1]
	equal(t, "body", r.body, whole[:len(whole)/2])
	equal(t, "log", s.logged()[0], "POST /webhooks? 201 test truncate")
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
			equal(t, "rules", decode[[]map[string]any](t, s.callAs("", 200, "GET", "/_sandbox/faults", "").body)[2], map[string]any{
				"method": "", "path": "/webhooks/", "kind": "status", "status": 502.0, "delay": "0s", "probability": 1.0, "times": 1.0,
			})
		}
	}
	s.callAs("wrong", 401, "POST", "/webhooks", "")
	rules := s.callAs("", 200, "GET", "/_sandbox/faults", "").body
	equal(t, "rules left", len(decode[[]any](t, rules)), 2)
	equal(t, "put what was got", s.callAs("", 200, "PUT", "/_sandbox/faults", rules).body, rules)
	s.setFaults(`[]`)
	s.create(simple)
}

// TestFaultSeed shows that the same seed fails the same requests, also after a
// reset, and about as many as the probability says.
func TestFaultSeed(t *testing.T) {
	pattern := func(s *server) string {
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
	first := pattern(s)
	if n := strings.Count(first, "5"); n < 40 || n > 80 {
		t.Errorf("%d of 200 failed", n)
	}
	s.callAs("", 204, "POST", "/_sandbox/reset", "")
	equal(t, "after a reset", pattern(s), first)
	equal(t, "same seed", pattern(start(t, sandbox.Options{Seed: 1})), first)
	if pattern(start(t, sandbox.Options{Seed: 2})) == first {
		t.Error("another seed fails the same requests")
	}
}

func TestBadFaults(t *testing.T) {
	s := start(t, sandbox.Options{})
	const kept = `[{"method":"","path":"/kept","kind":"hang","status":0,"delay":"1m30s","probability":1,"times":0}]`
	equal(t, "put", s.callAs("", 200, "PUT", "/_sandbox/faults", `[{"path":"/kept","kind":"hang","delay":"90s"}]`).body, kept)
	for body, want := range map[string][]string{
		`{}`:                                     {"invalid_body"},
		`null`:                                   {"invalid_body"},
		`[1]`:                                    {"invalid_parameter [0]"},
		`[null]`:                                 {"invalid_parameter [0]"},
		`[{}]`:                                   {"missing_parameter [0].kind"},
		`[{"kind":"slow"},{"kind":"none"}]`:      {"invalid_parameter [1].kind"},
		`[{"kind":"slow","x":1}]`:                {"invalid_parameter [0].x"},
		`[{"kind":"slow","method":"post"}]`:      {"invalid_parameter [0].method"},
		`[{"kind":"slow","method":1}]`:           {"invalid_parameter [0].method"},
		`[{"kind":"slow","path":"webhooks"}]`:    {"invalid_parameter [0].path"},
		`[{"kind":"status"}]`:                    {"invalid_parameter [0].status"},
		`[{"kind":"status","status":200}]`:       {"invalid_parameter [0].status"},
		`[{"kind":"status","status":600}]`:       {"invalid_parameter [0].status"},
		`[{"kind":"html","status":199}]`:         {"invalid_parameter [0].status"},
		`[{"kind":"slow","status":99}]`:          {"invalid_parameter [0].status"},
		`[{"kind":"slow","retryAfter":-1}]`:      {"invalid_parameter [0].retryAfter"},
		`[{"kind":"slow","retryAfter":1.5}]`:     {"invalid_parameter [0].retryAfter"},
		`[{"kind":"slow","retryAfter":"1"}]`:     {"invalid_parameter [0].retryAfter"},
		`[{"kind":"slow","delay":"-1s"}]`:        {"invalid_parameter [0].delay"},
		`[{"kind":"slow","delay":"1"}]`:          {"invalid_parameter [0].delay"},
		`[{"kind":"slow","delay":1}]`:            {"invalid_parameter [0].delay"},
		`[{"kind":"slow","probability":1.01}]`:   {"invalid_parameter [0].probability"},
		`[{"kind":"slow","probability":-0.1}]`:   {"invalid_parameter [0].probability"},
		`[{"kind":"slow","probability":"0.5"}]`:  {"invalid_parameter [0].probability"},
		`[{"kind":"slow","times":-1}]`:           {"invalid_parameter [0].times"},
		`[{"kind":"slow","times":1.5}]`:          {"invalid_parameter [0].times"},
		`[{"kind":"x","times":-1},{"path":"x"}]`: {"invalid_parameter [0].kind", "invalid_parameter [0].times", "missing_parameter [1].kind", "invalid_parameter [1].path"},
	} {
		equal(t, body, s.callAs("", 400, "PUT", "/_sandbox/faults", body).parameters(t), want)
	}
	equal(t, "rules", s.callAs("", 200, "GET", "/_sandbox/faults", "").body, kept)
}

// TestLatency shows that all answers have the latency.
func TestLatency(t *testing.T) {
	s := start(t, sandbox.Options{Latency: 30 * time.Millisecond})
	for _, call := range []struct {
		key    string
		status int
	}{{testKey, 201}, {"wrong", 401}} {
		begin := time.Now()
		s.callAs(call.key, call.status, "POST", "/webhooks", simple)
		if took := time.Since(begin); took < 30*time.Millisecond {
			t.Errorf("%d after %s", call.status, took)
		}
	}
}

// TestLatencyAbandoned shows that the work is done before the latency passes.
func TestLatencyAbandoned(t *testing.T) {
	file := filepath.Join(t.TempDir(), "data")
	t.Run("abandon", func(t *testing.T) {
		s := start(t, sandbox.Options{DataFile: file, Latency: time.Hour})
		s.abandon()
		equal(t, "log", s.logged(), []string{"POST /webhooks? 0 test "})
	})
	equal(t, "webhooks", start(t, sandbox.Options{DataFile: file}).webhooks(), 1)
}
