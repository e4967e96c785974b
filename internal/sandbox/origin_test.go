// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
)

// sendAs sends a request as a browser may, and returns the status. The headers
// alternate between name and value; Host is the host.
func (s *server) sendAs(method, path, body string, headers ...string) int {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+testKey)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	r.Host = r.Header.Get("Host")
	response, err := s.client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode
}

// TestForeignHost shows that nothing is served at a loopback address under the
// name of another host, which may lead there to get around the same-origin policy.
func TestForeignHost(t *testing.T) {
	s := start(t, sandbox.Options{})
	secrets := "/webhooks/" + s.create(simpleWebhook) + "/secrets"
	u, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]int{
		u.Host:                     200,
		"localhost:" + u.Port():    200,
		"LOCALHOST":                200,
		"[::1]:" + u.Port():        200,
		"evil.example":             403,
		"evil.example:" + u.Port(): 403,
		"localhost.evil.example":   403,
		"127.0.0.1.evil.example":   403,
		"192.0.2.1":                403,
	} {
		for _, path := range []string{secrets, "/_sandbox/health"} {
			equal(t, host+path, s.sendAs("GET", path, "", "Host", host), want)
		}
	}
	inBubble(t, func(t *testing.T, n *network) {
		elsewhere, _ := n.sandbox(sandbox.Options{})
		equal(t, "at another address", elsewhere.sendAs("GET", "/_sandbox/health", "", "Host", "sandbox.example"), 200)
	})
}

// TestCrossSiteRequests shows that the page of another site cannot change
// anything, also not with a request that browsers send without asking first.
func TestCrossSiteRequests(t *testing.T) {
	s := start(t, sandbox.Options{})
	id := s.create(simpleWebhook)
	for _, request := range [][]string{
		{"POST", "/_sandbox/events", acceptedEvent},
		{"POST", "/_sandbox/clock", `{"advance":"1h"}`},
		{"PUT", "/_sandbox/faults", "[]"},
		{"DELETE", "/_sandbox/requests", ""},
		{"POST", "/webhooks", simpleWebhook},
		{"PATCH", "/webhooks/" + id, "{}"},
		{"DELETE", "/webhooks/" + id, ""},
		{"POST", "/_sandbox/reset", ""},
	} {
		for _, headers := range [][]string{
			{"Origin", "https://evil.example", "Content-Type", "text/plain"},
			{"Origin", "http://localhost:3000"},
			{"Origin", "null"},
			{"Sec-Fetch-Site", "cross-site"},
			{"Sec-Fetch-Site", "same-site"},
		} {
			equal(t, strings.Join(append(request, headers...), " "),
				s.sendAs(request[0], request[1], request[2], headers...), 403)
		}
	}
	equal(t, "webhooks", s.count(), 1)
	for _, headers := range [][]string{{"Origin", s.url}, {"Sec-Fetch-Site", "same-origin"}, {"Sec-Fetch-Site", "none"}} {
		equal(t, strings.Join(headers, " "), s.sendAs("POST", "/_sandbox/reset", "", headers...), 204)
	}
	equal(t, "webhooks", s.count(), 0)
}
