// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package digitalriver

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestBaseURL(t *testing.T) {
	good := map[string]string{
		"https://api.digitalriver.com":   "https://api.digitalriver.com",
		"https://api.digitalriver.com/":  "https://api.digitalriver.com",
		"https://gateway.example/a%2Fb/": "https://gateway.example/a%2Fb",
		"https://10.0.0.1:8443":          "https://10.0.0.1:8443",
		"http://localhost:8787":          "http://localhost:8787",
		"http://LOCALHOST":               "http://LOCALHOST",
		"http://127.0.0.1:8787":          "http://127.0.0.1:8787",
		"http://127.255.255.254":         "http://127.255.255.254",
		"http://[::1]:8787":              "http://[::1]:8787",
	}
	for raw, want := range good {
		if got, err := parseBaseURL(raw); err != nil || got != want {
			t.Errorf("%s is %s, %v", raw, got, err)
		}
	}
	for _, raw := range []string{
		"api.digitalriver.com", "/webhooks", "https://", "https:///path", "https:opaque", "ftp://localhost",
		"http://api.digitalriver.com", "http://10.0.0.1", "http://localhost.example", "http://128.0.0.1",
		"https://user:hunter2@api.digitalriver.com", "https://hunter2@api.digitalriver.com",
		"http://user:hunter2@elsewhere", "https://user:hunter2@api.digitalriver.com:port",
		"https://api.digitalriver.com?hunter2", "https://api.digitalriver.com#hunter2", "https://api.digitalriver.com?",
		"https://api.digitalriver.com/#", "https://%zz/hunter2", "\x7f://hunter2", "https://api.digitalriver.com:99999",
	} {
		_, err := New(Config{BaseURL: raw})
		if err == nil {
			t.Errorf("%q is accepted", raw)
			continue
		}
		text := err.Error()
		if !strings.Contains(text, "absolute https URL") || !strings.Contains(text, "loopback") {
			t.Errorf("%q: %v does not say what is valid", raw, err)
		}
		if strings.Contains(text, "hunter2") {
			t.Errorf("%q: %v repeats a password", raw, err)
		}
	}
}

func TestAPIKeyWithLineBreak(t *testing.T) {
	if _, err := New(Config{APIKey: testKey + "\n"}); err == nil || strings.Contains(err.Error(), testKey) {
		t.Errorf("got %v", err)
	}
}

func TestDefaults(t *testing.T) {
	client, err := New(Config{APIKey: testKey})
	if err != nil {
		t.Fatal(err)
	}
	config := client.config
	if client.baseURL != DefaultBaseURL || config.RequestTimeout != DefaultRequestTimeout || config.MaxRetries != 0 {
		t.Errorf("base URL %s, configuration %+v", client.baseURL, config)
	}
	if _, ok := config.Transport.(*http.Transport); !ok {
		t.Errorf("transport %T", config.Transport)
	}
}

func TestResponsesShowTheMode(t *testing.T) {
	for _, live := range []bool{false, true} {
		for _, operation := range []string{"create", "read", "list", "update"} {
			synctest.Test(t, func(t *testing.T) {
				api := &fakeAPI{live: live}
				api.addWebhooks(1)
				client := api.newClient(t)
				mustRun(t, client, operation)
				if got, known := client.LiveMode(); got != live || !known {
					t.Errorf("%s: live %t, known %t; want %t, known", operation, got, known, live)
				}
			})
		}
	}
}

// In a new account, a create is the first request whose response shows the mode.
func TestCreateShowsLiveMode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{live: true}
		client := api.newClient(t, func(c *Config) { c.RequestsPerSecond = 0 })
		if _, known := client.LiveMode(); known {
			t.Error("the mode is known before a response")
		}
		if client.Wrote() {
			t.Error("wrote before a request")
		}
		runConcurrently(200, func(i int) {
			webhook := newWebhook()
			webhook.Address += string(rune('a' + i))
			if _, err := client.CreateWebhook(t.Context(), webhook); err != nil {
				t.Error(err)
			}
		})
		if live, known := client.LiveMode(); !live || !known {
			t.Error("live mode is not known")
		}
		if !client.Wrote() {
			t.Error("writes are not known")
		}
		if took := time.Since(bubbleStart); took > 1200*time.Millisecond || maxPerSecond(api.takeRequests()) > 250 {
			t.Errorf("took %v", took)
		}
	})
}

func TestRequests(t *testing.T) {
	tests := map[string]string{
		"create":       "POST /webhooks",
		"read":         "GET /webhooks/w1",
		"list":         "GET /webhooks",
		"update":       "PATCH /webhooks/w1",
		"delete":       "DELETE /webhooks/w1",
		"list secrets": "GET /webhooks/w1/secrets",
	}
	for operation, want := range tests {
		synctest.Test(t, func(t *testing.T) {
			api := &fakeAPI{}
			api.addWebhooks(1)
			client := api.newClient(t)
			mustRun(t, client, operation)
			if diff := cmp.Diff([]string{want}, api.takeRequestLines()); diff != "" {
				t.Errorf("%s: %s", operation, diff)
			}
			if wrote := slices.Contains([]string{"create", "update", "delete"}, operation); client.Wrote() != wrote {
				t.Errorf("%s: Wrote is %t", operation, !wrote)
			}
		})
	}
}

func TestNotFound(t *testing.T) {
	tests := map[string][]string{
		"read":         {"GET /webhooks/w1", "GET /webhooks"},
		"update":       {"PATCH /webhooks/w1"},
		"delete":       {"DELETE /webhooks/w1", "GET /webhooks"},
		"rotate":       {"GET /webhooks/w1/secrets", "GET /webhooks/w1", "GET /webhooks"},
		"list secrets": {"GET /webhooks/w1/secrets", "GET /webhooks/w1", "GET /webhooks"},
	}
	for operation, want := range tests {
		synctest.Test(t, func(t *testing.T) {
			api := &fakeAPI{}
			err := run(t.Context(), api.newClient(t), operation)
			if !IsNotFound(err) {
				t.Errorf("%s: %v", operation, err)
			}
			if diff := cmp.Diff(want, api.takeRequestLines()); diff != "" {
				t.Errorf("%s: %s", operation, diff)
			}
		})
	}
}

func TestEmptyID(t *testing.T) {
	api := &fakeAPI{}
	client := api.newClient(t)
	_, getErr := client.GetWebhook(t.Context(), "")
	_, updateErr := client.UpdateWebhook(t.Context(), "", Webhook{})
	_, secretsErr := client.ListSecrets(t.Context(), "")
	_, rotateErr := client.RotateSecret(t.Context(), "", 0)
	for _, err := range []error{getErr, updateErr, secretsErr, rotateErr, client.DeleteWebhook(t.Context(), "")} {
		if err == nil || !strings.Contains(err.Error(), "ID is empty") {
			t.Errorf("got %v", err)
		}
	}
	if len(api.takeRequests()) != 0 {
		t.Error("a request was sent")
	}
}

// The clock of the API is ours until a response shows how far they differ.
func TestNowIsTheTimeOfTheAPI(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		client := api.newClient(t, func(c *Config) { c.Clock = shiftedClock{by: time.Hour} })
		if ahead := time.Until(client.Now()); ahead != time.Hour {
			t.Errorf("before a response, it is %v ahead", ahead)
		}
		mustRun(t, client, "list")
		sleep(t, time.Minute)
		if ahead := time.Until(client.Now()); ahead != 0 {
			t.Errorf("after a response, it is %v ahead", ahead)
		}
	})
}

// The mode stays unknown, and the rate the lower one, if webhooks do not show it.
func TestWebhooksWithoutMode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{modeHidden: true, live: true}
		api.addWebhooks(1)
		client := api.newClient(t, func(c *Config) { c.RequestsPerSecond = 0 })
		for _, operation := range []string{"create", "read", "list", "update"} {
			mustRun(t, client, operation)
		}
		if _, known := client.LiveMode(); known {
			t.Error("the mode is known")
		}
		if webhook := mustRead(t, client, 1); webhook.LiveMode != nil {
			t.Error("the webhook has a mode")
		}
		runConcurrently(50, func(int) { mustRun(t, client, "list secrets") })
		if most := maxPerSecond(api.takeRequests()); most > testModeLimit {
			t.Errorf("%d requests in one second", most)
		}
	})
}

// The Error has the API's ID of the request, which support asks for.
func TestRequestIDOfTheAPI(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		api.failNext("GET", failWith(403, "x-dr-requestid", "r-1"))
		err := asError(t, run(t.Context(), api.newClient(t), "list"))
		if err.RequestID != "r-1" || !strings.Contains(err.Error(), "x-dr-requestid r-1") {
			t.Errorf("got %v", err)
		}
	})
}
