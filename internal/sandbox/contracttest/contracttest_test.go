// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package contracttest

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox/readings"
)

// witness keeps what a Handler reports.
type witness struct {
	testing.TB
	reports []string
}

func (w *witness) Errorf(format string, args ...any) {
	w.reports = append(w.reports, fmt.Sprintf(format, args...))
}

const (
	validRequest = `{"types":["order.accepted"],"address":"https://example.com"}`
	validWebhook = `{"id":"1","types":["order.accepted"],"address":"https://example.com","apiVersion":"default",` +
		`"enabled":true,"liveMode":false,"transportType":"HTTP","createdTime":"2026-01-02T03:04:05Z",` +
		`"updatedTime":"2026-01-02T03:04:05.678Z","new":1}`
	validSecret   = `{"id":"1","secret":"whk_1","createdTime":"2026-01-02T03:04:05Z","expiresTime":null}`
	validError    = `{"type":"bad_request","errors":[{"code":"invalid_parameter","message":"No."}]}`
	withoutErrors = `{"type":"bad_request","errors":[]}`
)

func TestHandler(t *testing.T) {
	const minimal = `{"types":["a.b"],"address":"https://x"`
	tests := []struct {
		name, method, path, request string
		status                      int
		contentType, response       string
		want                        string
	}{
		{"valid", "POST", "/webhooks", validRequest, 201, "", validWebhook, ""},
		{"null objects", "POST", "/webhooks", minimal + `,"oauth":null,"authentication":null}`, 201, "", validWebhook, ""},
		{"no content", "DELETE", "/webhooks/1", "", 204, "", "", ""},
		{"list", "GET", "/webhooks?types=a.b,c.d", "", 200, "", "[" + validWebhook + "]", ""},
		{"repeated types", "GET", "/webhooks?types=a.b&types=c.d", "", 200, "", "[]", ""},
		{"group", "GET", "/webhooks?type=order.*", "", 200, "", "[]", ""},
		{"page", "GET", "/webhooks?limit=1", "", 200, "", `{"data":[` + validWebhook + `],"hasMore":true}`, ""},
		{"escaped id", "GET", "/webhooks/a%2Fb", "", 404, "", validError, ""},
		{"secrets", "GET", "/webhooks/a%2Fb/secrets", "", 200, "", `{"data":[]}`, ""},
		{"wrong request, refused", "POST", "/webhooks", `{"foo":1}`, 400, "", validError, ""},
		{"unknown path, refused", "GET", "/nothing", "", 404, "", validError, ""},
		{"unknown method, refused", "PUT", "/webhooks", "", 405, "", validError, ""},
		{"unusual status", "GET", "/webhooks", "", 418, "", validError, ""},
		{"gateway", "GET", "/webhooks", "", 502, "text/html", "<html>", ""},
		{"control", "GET", "/_sandbox/anything", "", 200, "", `1`, ""},

		{"unknown member accepted", "POST", "/webhooks", minimal + `,"foo":1}`, 201, "", validWebhook, "request"},
		{"missing member accepted", "POST", "/webhooks", `{"types":["a.b"]}`, 201, "", validWebhook, "request"},
		{"oauth with HTTP accepted", "POST", "/webhooks",
			minimal + `,"oauth":{"tokenEndPoint":"https://x","clientID":"x","clientSecret":"x"}}`,
			201, "", validWebhook, "request"},
		{"bad id in update", "PATCH", "/webhooks/1", `{"id":"2"}`, 200, "", validWebhook, "request"},
		{"bad hours", "POST", "/webhooks/1/secrets", `{"expiresIn":2}`, 201, "", validSecret, "request"},
		{"type in list", "GET", "/webhooks?type=order", "", 200, "", `[]`, "request"},
		{"limit", "GET", "/webhooks?limit=101", "", 200, "", `[]`, "request"},
		{"unknown operation", "PUT", "/webhooks/1", validRequest, 200, "", validWebhook, "request"},
		{"webhook without id", "POST", "/webhooks", validRequest, 201, "",
			strings.Replace(validWebhook, `"id":"1",`, "", 1), "response"},
		{"time without Z", "GET", "/webhooks/1", "", 200, "",
			strings.Replace(validWebhook, `05Z`, "05+01:00", 1), "response"},
		{"bad time", "GET", "/webhooks/1", "", 200, "", strings.Replace(validWebhook, `05Z`, "65Z", 1), "response"},
		{"no id of the request", "GET", "/webhooks/1", "", 200, "", validWebhook, "response without id"},
		{"wrong status", "POST", "/webhooks", validRequest, 200, "", validWebhook, "response"},
		{"error without entries", "GET", "/webhooks", "", 400, "", withoutErrors, "response"},
		{"error of another form", "GET", "/webhooks", "", 500, "", `{"error":"x"}`, "response"},
		{"not JSON", "GET", "/webhooks", "", 200, "", `[`, "response"},
		{"object without data", "GET", "/webhooks", "", 200, "", `{"hasMore":false}`, "response"},
		{"secret of another form", "GET", "/webhooks/1/secrets", "", 200, "",
			`{"data":[` + strings.Replace(validSecret, "whk_1", "x", 1) + `]}`, "response"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := &witness{TB: t}
			handler := Handler(w, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if body, _ := io.ReadAll(r.Body); string(body) != test.request {
					t.Errorf("the handler read %q", body)
				}
				w.Header().Set("Content-Type", "application/json")
				if test.contentType != "" {
					w.Header().Set("Content-Type", test.contentType)
				}
				if test.want != "response without id" {
					w.Header().Set("x-dr-requestid", "1")
				}
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.response)
			}))
			r := httptest.NewRequest(test.method, test.path, strings.NewReader(test.request))
			r.Header.Set("Authorization", "Bearer key")
			r.Header.Set("Content-Type", "application/json")
			response := httptest.NewRecorder()
			handler.ServeHTTP(response, r)

			if response.Code != test.status || response.Body.String() != test.response {
				t.Errorf("the client got %d %s", response.Code, response.Body)
			}
			switch {
			case test.want == "" && len(w.reports) > 0:
				t.Errorf("reports: %s", w.reports)
			case test.want != "" && (len(w.reports) == 0 || !strings.HasPrefix(w.reports[0], strings.Fields(test.want)[0])):
				t.Errorf("reports: %q; want one about the %s", w.reports, test.want)
			}
		})
	}
}

// TestHandlerCutConnections shows that faults which cut the connection reach the
// client, and are not violations.
func TestHandlerCutConnections(t *testing.T) {
	for _, kind := range []string{"reset_before", "reset_after", "hang", "truncate"} {
		t.Run(kind, func(t *testing.T) {
			s, err := sandbox.Open(sandbox.Options{DataFile: filepath.Join(t.TempDir(), "data")})
			if err != nil {
				t.Fatal(err)
			}
			server := httptest.NewServer(Handler(t, s))
			t.Cleanup(func() {
				server.Close()
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
			send := func(method, path, body string) error {
				r, err := http.NewRequest(method, server.URL+path, strings.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				r.Header.Set("Authorization", "Bearer sk_test_sandbox")
				response, err := http.DefaultTransport.RoundTrip(r)
				if err != nil {
					return err
				}
				defer func() { _ = response.Body.Close() }()
				_, err = io.ReadAll(response.Body)
				return err
			}
			if err := send("PUT", "/_sandbox/faults", `[{"kind":"`+kind+`","times":1}]`); err != nil {
				t.Fatal(err)
			}
			if err := send("POST", "/webhooks", validRequest); err == nil {
				t.Error("the connection was not cut")
			}
			if err := send("GET", "/webhooks", ""); err != nil {
				t.Errorf("after the fault: %v", err)
			}
		})
	}
}

// TestDeviations shows that a reading leaves unchecked only what the document
// does not describe under it.
func TestDeviations(t *testing.T) {
	const badRequest, badWebhook = `{"foo":1}`, `{}`
	tests := []struct {
		reading, request string
		status           int
		response         string
		reports          bool
	}{
		{readings.UnknownMembersDropped, badRequest, 201, validWebhook, false},
		{readings.UnknownMembersDropped, badRequest, 400, withoutErrors, true},
		{readings.LiveModeAbsent, validRequest, 201, badWebhook, false},
		{readings.LiveModeAbsent, badRequest, 201, validWebhook, true},
		{readings.ErrorsEmpty, badRequest, 400, "", false},
		{readings.ErrorsEmpty, validRequest, 201, badWebhook, true},
		{readings.ListAll, validRequest, 201, badWebhook, true},
	}
	for _, test := range tests {
		w := &witness{TB: t}
		handler := Handler(w, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("x-dr-requestid", "1")
			w.WriteHeader(test.status)
			_, _ = io.WriteString(w, test.response)
		}), test.reading)
		r := httptest.NewRequest("POST", "/webhooks", strings.NewReader(test.request))
		r.Header.Set("Authorization", "Bearer key")
		r.Header.Set("Content-Type", "application/json")
		handler.ServeHTTP(httptest.NewRecorder(), r)
		if (len(w.reports) > 0) != test.reports {
			t.Errorf("%s: %s, %d %s: reports %q", test.reading, test.request, test.status, test.response, w.reports)
		}
	}
}
