// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
)

// BenchmarkRead reads one webhook among many over HTTP.
func BenchmarkRead(b *testing.B) {
	s, path := startWithMany(b)
	for b.Loop() {
		s.call(200, "GET", path, "")
	}
}

// BenchmarkCreate creates webhooks.
func BenchmarkCreate(b *testing.B) {
	s, _ := startWithMany(b)
	for b.Loop() {
		s.call(201, "POST", "/webhooks", simpleWebhook)
	}
}

// BenchmarkList lists 5,000 webhooks with 60 types each.
func BenchmarkList(b *testing.B) {
	s, _ := startWithMany(b)
	for b.Loop() {
		s.call(200, "GET", "/webhooks", "")
	}
}

// startWithMany starts a sandbox with 5,000 webhooks with 60 types each, and
// returns the path of one of them. Nothing is checked against the OpenAPI
// document.
func startWithMany(b *testing.B) (s *server, path string) {
	b.Helper()
	opened, err := sandbox.Open(withDefaults(b, sandbox.Options{}))
	if err != nil {
		b.Fatal(err)
	}
	listener := httptest.NewServer(opened)
	client := &http.Client{Transport: &http.Transport{}}
	b.Cleanup(func() {
		client.CloseIdleConnections()
		listener.Close()
		_ = opened.Close()
	})
	s = &server{t: b, url: listener.URL, client: client}
	body := `{"types":["` + strings.ReplaceAll(eventTypes(60), ",", `","`) + `"],"address":"https://example.com"}`
	var id string
	for range 5000 {
		id = s.create(body)
	}
	return s, "/webhooks/" + id
}
