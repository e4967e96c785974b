// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox/contracttest"
)

// The sandbox's API keys.
const (
	testKey       = "sk_test_sandbox"
	liveKey       = "sk_live_sandbox"
	restrictedKey = "rk_test_sandbox"
)

// object is a JSON object.
type object = map[string]any

// sandboxAPI is a sandbox that lives as long as a test. Its traffic is checked
// against the OpenAPI document.
type sandboxAPI struct {
	t       *testing.T
	url     string
	handler http.Handler
}

func startSandbox(t *testing.T) *sandboxAPI {
	t.Helper()
	return startSandboxWith(t, sandbox.Options{RateLimit: "off"})
}

func startSandboxWith(t *testing.T, options sandbox.Options) *sandboxAPI {
	t.Helper()
	if options.DataFile == "" {
		options.DataFile = filepath.Join(t.TempDir(), "sandbox.db")
	}
	if options.DeliveryTimeout == 0 {
		// On a busy machine, the documented 3000 ms may be too short.
		options.DeliveryTimeout = patience
	}
	box, err := sandbox.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	handler := contracttest.Handler(t, box, options.Readings...)
	server := httptest.NewServer(handler)
	t.Cleanup(func() {
		server.Close()
		if err := box.Close(); err != nil {
			t.Error(err)
		}
	})
	return &sandboxAPI{t: t, url: server.URL, handler: handler}
}

// config is a configuration whose provider uses the sandbox.
func (a *sandboxAPI) config(body string) string { return a.configWith(testKey, "", body) }

// configWith is config with another key and further provider arguments.
func (a *sandboxAPI) configWith(key, arguments, body string) string {
	return fmt.Sprintf(`provider "digitalriver" {
  api_key  = %q
  base_url = %q
%s
}

%s`, key, a.url, arguments, body)
}

// call sends a request to the sandbox without the provider.
func (a *sandboxAPI) call(key, method, path string, body any) (status int, content []byte) {
	a.t.Helper()
	var raw []byte
	if body != nil {
		var err error
		if raw, err = json.Marshal(body); err != nil {
			a.t.Fatal(err)
		}
	}
	req, err := http.NewRequest(method, a.url+path, bytes.NewReader(raw))
	if err != nil {
		a.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		a.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	content, err = io.ReadAll(resp.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	return resp.StatusCode, content
}

// must is call with the test mode's key, for a request that has to succeed. It
// returns the decoded response.
func (a *sandboxAPI) must(method, path string, body any) any {
	a.t.Helper()
	return a.mustAs(testKey, method, path, body)
}

func (a *sandboxAPI) mustAs(key, method, path string, body any) any {
	a.t.Helper()
	status, content := a.call(key, method, path, body)
	if status >= 300 {
		a.t.Fatalf("%s %s: %d %s", method, path, status, content)
	}
	if len(content) == 0 {
		return nil
	}
	var decoded any
	if err := json.Unmarshal(content, &decoded); err != nil {
		a.t.Fatalf("%s %s: %s", method, path, err)
	}
	return decoded
}

// webhookBody is the body of a request that creates a webhook.
func webhookBody(address string, types ...string) object {
	return object{"address": address, "types": types}
}

// create creates a webhook without Terraform and returns its id.
func (a *sandboxAPI) create(key string, webhook object) string {
	a.t.Helper()
	return a.mustAs(key, http.MethodPost, "/webhooks", webhook).(object)["id"].(string)
}

// patch changes a webhook without Terraform.
func (a *sandboxAPI) patch(id string, body object) {
	a.t.Helper()
	a.must(http.MethodPatch, "/webhooks/"+id, body)
}

// delete deletes a webhook without Terraform.
func (a *sandboxAPI) delete(id string) {
	a.t.Helper()
	a.must(http.MethodDelete, "/webhooks/"+id, nil)
}

// rotate makes a new signing secret without Terraform.
func (a *sandboxAPI) rotate(id string, previousValidHours int) {
	a.t.Helper()
	a.must(http.MethodPost, "/webhooks/"+id+"/secrets", object{"expiresIn": previousValidHours})
}

func (a *sandboxAPI) webhook(id string) object {
	a.t.Helper()
	return a.must(http.MethodGet, "/webhooks/"+id, nil).(object)
}

func (a *sandboxAPI) webhooks(key string) []any {
	a.t.Helper()
	return a.mustAs(key, http.MethodGet, "/webhooks", nil).([]any)
}

// onlyID is the id of the only webhook in test mode.
func (a *sandboxAPI) onlyID() string {
	a.t.Helper()
	webhooks := a.webhooks(testKey)
	if len(webhooks) != 1 {
		a.t.Fatalf("%d webhooks, want 1: %v", len(webhooks), webhooks)
	}
	return webhooks[0].(object)["id"].(string)
}

// checkNoWebhooks reports the webhooks that are left for a key.
func (a *sandboxAPI) checkNoWebhooks(key string) {
	a.t.Helper()
	if left := a.webhooks(key); len(left) != 0 {
		a.t.Errorf("webhooks left: %v", left)
	}
}

// secrets are the active signing secrets of a webhook, newest first.
func (a *sandboxAPI) secrets(id string) []any {
	a.t.Helper()
	return a.must(http.MethodGet, "/webhooks/"+id+"/secrets", nil).(object)["data"].([]any)
}

// advance moves the sandbox's clock.
func (a *sandboxAPI) advance(by time.Duration) {
	a.t.Helper()
	a.must(http.MethodPost, "/_sandbox/clock", object{"advance": by.String()})
}

// advanceWith moves the sandbox's clock and the provider's.
func (a *sandboxAPI) advanceWith(clock *testClock, by time.Duration) {
	a.t.Helper()
	clock.advance(by)
	a.advance(by)
}

// faults replaces the fault rules; without any, no request fails.
func (a *sandboxAPI) faults(rules ...object) {
	a.t.Helper()
	if rules == nil {
		rules = []object{}
	}
	a.must(http.MethodPut, "/_sandbox/faults", rules)
}

// clearRequests empties the log of requests.
func (a *sandboxAPI) clearRequests() {
	a.t.Helper()
	a.must(http.MethodDelete, "/_sandbox/requests", nil)
}

// requestLog has the API requests since the last clearing, oldest first.
func (a *sandboxAPI) requestLog() []object {
	a.t.Helper()
	var log []object
	for _, entry := range a.must(http.MethodGet, "/_sandbox/requests", nil).([]any) {
		log = append(log, entry.(object))
	}
	return log
}

// faultCount is the number of faults since the last clearing that slowed down or
// broke a response; those of one kind can be left out.
func (a *sandboxAPI) faultCount(except string) int {
	a.t.Helper()
	count := 0
	for _, entry := range a.requestLog() {
		if kind := entry["fault"]; kind != "" && kind != except {
			count++
		}
	}
	return count
}

var webhookPath = regexp.MustCompile(`^/webhooks/[^/]+`)

// requests is the log in the form "GET /webhooks/{id} 200".
func (a *sandboxAPI) requests() []string {
	a.t.Helper()
	requests := []string{}
	for _, entry := range a.requestLog() {
		path := webhookPath.ReplaceAllString(entry["path"].(string), "/webhooks/{id}")
		requests = append(requests, fmt.Sprintf("%s %s %v", entry["method"], path, entry["status"]))
	}
	return requests
}

// reads are the requests that are GETs, writes are the others.
func (a *sandboxAPI) reads() []string {
	a.t.Helper()
	return slices.DeleteFunc(a.requests(), func(request string) bool { return !isRead(request) })
}

func (a *sandboxAPI) writes() []string {
	a.t.Helper()
	return slices.DeleteFunc(a.requests(), isRead)
}

func isRead(request string) bool { return strings.HasPrefix(request, "GET ") }

// checkNoWrites reports the writes since the last clearing.
func (a *sandboxAPI) checkNoWrites() {
	a.t.Helper()
	if err := a.wrote()(nil); err != nil {
		a.t.Error(err)
	}
}

// wrote is the check that these are the writes since the last clearing.
func (a *sandboxAPI) wrote(want ...string) func(*terraform.State) error {
	return func(*terraform.State) error {
		if want == nil {
			want = []string{}
		}
		if diff := cmp.Diff(want, a.writes()); diff != "" {
			return fmt.Errorf("writes (-want +got):\n%s", diff)
		}
		return nil
	}
}
