// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
)

// TestKeys uses every key with every operation.
func TestKeys(t *testing.T) {
	s := start(t, sandbox.Options{})
	path := "/webhooks/" + s.create(simpleWebhook)
	before := s.call(200, "GET", path, "").body
	secrets := s.call(200, "GET", path+"/secrets", "").body
	operations := []struct{ method, path, body string }{
		{"GET", "/webhooks", ""},
		{"GET", path, ""},
		{"GET", "/webhooks/none", ""},
		{"POST", "/webhooks", simpleWebhook},
		{"PATCH", path, `{"enabled":false}`},
		{"DELETE", path, ""},
		{"GET", path + "/secrets", ""},
		{"POST", path + "/secrets", `{"expiresIn":1}`},
		{"GET", "/nothing", ""},
		{"PUT", "/webhooks", ""},
	}
	types := map[int]string{401: "unauthorized", 403: "forbidden", 404: "not_found", 405: "method_not_allowed"}
	for key, want := range map[string][]int{
		"":              {401, 401, 401, 401, 401, 401, 401, 401, 401, 401},
		"sk_test_other": {401, 401, 401, 401, 401, 401, 401, 401, 401, 401},
		restrictedKey:   {200, 200, 404, 403, 403, 403, 403, 403, 404, 405},
		liveKey:         {200, 404, 404, 201, 404, 404, 404, 404, 404, 405},
	} {
		for i, o := range operations {
			r := s.callAs(key, want[i], o.method, o.path, o.body)
			if name := types[r.status]; name != "" {
				equal(t, key+" "+o.method+" "+o.path, r.object(t)["type"], any(name))
			}
		}
	}
	equal(t, "webhook", s.call(200, "GET", path, "").body, before)
	equal(t, "secrets", s.call(200, "GET", path+"/secrets", "").body, secrets)
	equal(t, "test list", s.count(), 1)
	equal(t, "restricted list", s.callAs(restrictedKey, 200, "GET", "/webhooks", "").body, "["+before+"]")
}

func TestModesAreApart(t *testing.T) {
	s := start(t, sandbox.Options{})
	live := s.callAs(liveKey, 201, "POST", "/webhooks", simpleWebhook)
	equal(t, "liveMode", live.object(t)["liveMode"], any(true))
	equal(t, "live list", s.callAs(liveKey, 200, "GET", "/webhooks", "").body, "["+live.body+"]")
	equal(t, "test list", s.call(200, "GET", "/webhooks", "").body, "[]")
}

func TestPathsAndMethods(t *testing.T) {
	s := start(t, sandbox.Options{})
	tests := []struct {
		method, path string
		status       int
		want, allow  string
	}{
		{"GET", "/webhooks/a%2Fb", 404, "not_found id", ""},
		{"GET", "/webhooks/%20%C3%BC%3F", 404, "not_found id", ""},
		{"GET", "/webhooks/a%2Fb/secrets", 404, "not_found id", ""},
		{"GET", "/webhooks/a/b", 404, "not_found", ""},
		{"GET", "/webhooks/a/secrets/x", 404, "not_found", ""},
		{"GET", "/webhooks/", 404, "not_found", ""},
		{"GET", "//webhooks", 404, "not_found", ""},
		{"GET", "/webhook", 404, "not_found", ""},
		{"GET", "/_sandboxes", 404, "not_found", ""},
		{"PUT", "/webhooks", 405, "method_not_allowed", "GET, POST"},
		{"POST", "/webhooks/a", 405, "method_not_allowed", "GET, PATCH, DELETE"},
		{"DELETE", "/webhooks/a/secrets", 405, "method_not_allowed", "GET, POST"},
		{"OPTIONS", "/webhooks", 405, "method_not_allowed", "GET, POST"},
		{"HEAD", "/webhooks", 405, "", "GET, POST"},

		{"GET", "/_sandbox", 404, "not_found", ""},
		{"GET", "/_sandbox/nothing", 404, "not_found", ""},
		{"POST", "/_sandbox/health", 405, "method_not_allowed", "GET"},
		{"PUT", "/_sandbox/requests", 405, "method_not_allowed", "GET, DELETE"},
		{"POST", "/_sandbox/faults", 405, "method_not_allowed", "GET, PUT"},
		{"PUT", "/_sandbox/clock", 405, "method_not_allowed", "GET, POST"},
		{"POST", "/_sandbox/", 405, "method_not_allowed", "GET"},
		{"GET", "/_sandbox/deliveries/1/resend", 405, "method_not_allowed", "POST"},
		{"GET", "/_sandbox/reset", 405, "method_not_allowed", "POST"},
		{"PUT", "/_sandbox/events", 405, "method_not_allowed", "GET, POST"},
		{"DELETE", "/_sandbox/deliveries", 405, "method_not_allowed", "GET"},
	}
	for _, test := range tests {
		r := s.call(test.status, test.method, test.path, "")
		if test.method != http.MethodHead {
			equal(t, test.method+" "+test.path, r.errors(t), []string{test.want})
		}
		equal(t, test.method+" "+test.path, r.header.Get("Allow"), test.allow)
	}
}

// TestControlIsApart shows that control endpoints have no key, rate limit,
// faults or latency, and no entry in the request log.
func TestControlIsApart(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		s, _ := n.sandbox(sandbox.Options{RateLimit: "1", Latency: time.Hour})
		begin := time.Now()
		s.setFaults(`[{"kind":"status","status":500}]`)
		for range 3 {
			s.control(200, "GET", "/health", "")
		}
		equal(t, "log", s.requestLog(), []string(nil))
		equal(t, "time taken", time.Since(begin), time.Duration(0))
	})
}

func TestBodyTooLarge(t *testing.T) {
	s := start(t, sandbox.Options{})
	id := s.create(simpleWebhook)
	big := `{"address":"https://x/` + strings.Repeat("x", 2<<20) + `"}`
	for _, call := range [][2]string{
		{"POST", "/webhooks"}, {"PATCH", "/webhooks/" + id}, {"POST", "/webhooks/" + id + "/secrets"},
	} {
		equal(t, call[1], s.call(400, call[0], call[1], big).errors(t), []string{"invalid_format"})
	}
	s.control(400, "PUT", "/faults", big)
	almost := `{"types":["a.b"],"address":"https://x/`
	s.call(201, "POST", "/webhooks", almost+strings.Repeat("x", 1<<20-len(almost)-2)+`"}`)
}

func TestVersionHeader(t *testing.T) {
	s := start(t, sandbox.Options{})
	for version, want := range map[string]int{"2021-12-13": 200, "2021-13-13": 400, "newest": 400} {
		r, err := http.NewRequest("GET", s.url+"/webhooks", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "bearer "+testKey)
		r.Header.Set("digitalriver-version", version)
		response, err := s.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		equal(t, version, response.StatusCode, want)
	}
}
