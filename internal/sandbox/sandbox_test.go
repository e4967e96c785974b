// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
)

func TestHealth(t *testing.T) {
	start(t, sandbox.Options{}).control(200, "GET", "/health", "")
}

func TestRateLimit(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		s, _ := n.sandbox(sandbox.Options{RateLimit: "2"})
		s.call(200, "GET", "/webhooks", "")
		s.call(200, "GET", "/webhooks", "")
		r := s.call(429, "GET", "/webhooks", "")
		equal(t, "Retry-After", r.header.Get("Retry-After"), "1")
		equal(t, "type", r.object(t)["type"], any("too_many_requests"))
		s.callAs(liveKey, 200, "GET", "/webhooks", "")
		s.callAs("wrong", 401, "GET", "/webhooks", "")
		s.advance("1h") // Real time counts.
		s.call(429, "GET", "/webhooks", "")
		pass(time.Second)
		s.call(200, "GET", "/webhooks", "")
		equal(t, "log", s.requestLog(), []string{
			"GET /webhooks? 200 test ", "GET /webhooks? 200 test ", "GET /webhooks? 429 test ",
			"GET /webhooks? 200 live ", "GET /webhooks? 401  ", "GET /webhooks? 429 test ", "GET /webhooks? 200 test ",
		})
	})
}

// TestReset shows that a reset leaves nothing, in memory or in the data file.
func TestReset(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		o := sandbox.Options{DataFile: filepath.Join(t.TempDir(), "data")}
		e := n.endpoint(respondWith(500).ServeHTTP)
		s, stop := n.sandbox(o)
		id := s.subscribe(e.url, "")
		s.callAs(liveKey, 201, "POST", "/webhooks", simpleWebhook)
		s.trigger(acceptedEvent)
		s.settledDeliveries(1)
		s.advance("1m")
		s.setFaults(`[{"kind":"status","status":500}]`)
		s.control(204, "POST", "/reset", "")
		empty := func() {
			t.Helper()
			equal(t, "log", s.requestLog(), []string(nil))
			equal(t, "faults", s.control(200, "GET", "/faults", "").body, "[]")
			equal(t, "test list", s.call(200, "GET", "/webhooks", "").body, "[]")
			equal(t, "live list", s.callAs(liveKey, 200, "GET", "/webhooks", "").body, "[]")
			s.call(404, "GET", "/webhooks/"+id+"/secrets", "")
			s.settledDeliveries(0)
			equal(t, "time", s.control(200, "POST", "/clock", `{"advance":"0s"}`).object(t)["time"],
				any(time.Now().UTC().Format("2006-01-02T15:04:05.000Z")))
		}
		empty()
		stop()
		s, _ = n.sandbox(o)
		empty()
		pass(100 * time.Hour)
		equal(t, "requests", len(e.requests()), 1)
		s.subscribe(e.url, "")
		s.trigger(acceptedEvent)
		equal(t, "attempt", s.settledDeliveries(1)[0].Attempt, 1)
	})
}

// TestResetBreaksOffDeliveries shows that a reset ends the deliveries under way.
func TestResetBreaksOffDeliveries(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		s, _ := n.sandbox(sandbox.Options{})
		broken := make(chan struct{})
		e := n.endpoint(func(_ http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
			close(broken)
		})
		s.subscribe(e.url, "")
		begin := time.Now()
		s.trigger(acceptedEvent)
		equal(t, "requests", len(e.requests()), 1)
		s.control(204, "POST", "/reset", "")
		<-broken
		equal(t, "time taken", time.Since(begin), time.Duration(0))
		pass(100 * time.Hour)
		s.settledDeliveries(0)
	})
}

func TestRestart(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		o := sandbox.Options{DataFile: filepath.Join(t.TempDir(), "data")}
		s, stop := n.sandbox(o)
		var id string
		for range 3 {
			id = s.create(oauthWebhook)
		}
		s.call(200, "PATCH", "/webhooks/"+id, `{"transportType":"HTTP"}`)
		s.rotate(id, 12)
		list, secrets := s.call(200, "GET", "/webhooks", "").body, s.secrets(id)
		stop()

		s, _ = n.sandbox(o)
		equal(t, "list", s.call(200, "GET", "/webhooks", "").body, list)
		equal(t, "secrets", s.secrets(id), secrets)
		equal(t, "log", len(s.requestLog()), 2)
		last := s.create(simpleWebhook)
		if ids := s.ids("/webhooks"); ids[0] != last {
			t.Errorf("the new webhook is not the last of %s", ids)
		}
	})
}

func TestOpenErrors(t *testing.T) {
	inUse := filepath.Join(t.TempDir(), "data")
	start(t, sandbox.Options{DataFile: inUse})
	other := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(other, []byte(strings.Repeat("not a sandbox ", 10_000)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		options sandbox.Options
		want    string
		option  bool
	}{
		"file in use": {sandbox.Options{DataFile: inUse}, "data file " + inUse + " is locked: another sandbox is using it",
			false},
		"another file":    {sandbox.Options{DataFile: other}, "data file " + other, false},
		"no directory":    {sandbox.Options{DataFile: filepath.Join(other, "data")}, "data file", false},
		"rate limit zero": {sandbox.Options{RateLimit: "0"}, `rate limit "0"`, true},
		"rate limit":      {sandbox.Options{RateLimit: "fast"}, `rate limit "fast"`, true},
		"list form":       {sandbox.Options{ListForm: "dictionary"}, `list form "dictionary"`, true},
		"reading":         {sandbox.Options{Readings: []string{"list=none"}}, `reading "list=none"`, true},
		"list forms": {sandbox.Options{ListForm: "page", Readings: []string{"list=all"}},
			`"list=all" and "list=page"`, true},
		"latency": {sandbox.Options{Latency: -1}, "latency -1ns", true},
	} {
		s, err := sandbox.Open(test.options)
		if err == nil {
			_ = s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), test.want) || errors.Is(err, sandbox.ErrOption) != test.option {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestServeEnds shows that Serve ends although a request waits for a fault.
func TestServeEnds(t *testing.T) {
	s, err := sandbox.Open(withDefaults(t, sandbox.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, listener) }()
	client := &http.Client{Transport: &http.Transport{ExpectContinueTimeout: time.Hour}}
	running := &server{t: t, url: "http://" + listener.Addr().String(), client: client}
	running.setFaults(`[{"kind":"hang","delay":"1h"}]`)

	// The server continues the request when the sandbox reads its body.
	trace := &httptrace.ClientTrace{Got100Continue: end}
	r, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace),
		"POST", running.url+"/webhooks", strings.NewReader(simpleWebhook))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+testKey)
	r.Header.Set("Expect", "100-continue")
	if response, err := client.Do(r); err == nil {
		_ = response.Body.Close()
		t.Errorf("response %s", response.Status)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
	client.CloseIdleConnections()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestServeEndsWithUnfinishedRequests shows that no client can keep Serve from
// ending.
func TestServeEndsWithUnfinishedRequests(t *testing.T) {
	const header = " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + testKey + "\r\n"
	const half = header + "Content-Length: 100\r\n\r\n{"
	for name, test := range map[string]struct {
		request string
		after   time.Duration
	}{
		"idle connection": {"GET /webhooks" + header + "\r\n", 0},
		"nothing":         {"", time.Second},
		"half a header":   {"POST /webhooks" + header, time.Second},
		"half a body":     {"POST /webhooks" + half, time.Second},
		"half an event":   {"POST /_sandbox/events" + half, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, n *network) {
				s, err := sandbox.Open(withDefaults(t, sandbox.Options{}))
				if err != nil {
					t.Fatal(err)
				}
				listener := n.listen()
				ctx, end := context.WithCancel(t.Context())
				served := make(chan error, 1)
				go func() { served <- s.Serve(ctx, listener) }()
				conn, err := n.dial(t.Context(), "", listener.address)
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = conn.Close() }()
				go func() { _, _ = io.WriteString(conn, test.request) }()
				go func() { _, _ = io.Copy(io.Discard, conn) }()
				settle()
				begin := time.Now()
				end()
				if err := <-served; err != nil {
					t.Error(err)
				}
				equal(t, "time taken", time.Since(begin), test.after)
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}
