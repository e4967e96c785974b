package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox/contracttest"
)

const (
	testKey       = "sk_test_sandbox"
	liveKey       = "sk_live_sandbox"
	restrictedKey = "rk_test_sandbox"
)

// testClock is the provider's clock in tests: it does not wait.
type testClock struct {
	mu     sync.Mutex
	offset time.Duration
	slept  []time.Duration
}

func (c *testClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.offset)
}

func (c *testClock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.slept = append(c.slept, d)
	return ctx.Err()
}

func (c *testClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset += d
}

// factories serves the provider in process, on a clock.
func factories(clock digitalriver.Clock) map[string]func() (tfprotov6.ProviderServer, error) {
	return map[string]func() (tfprotov6.ProviderServer, error){
		"digitalriver": func() (tfprotov6.ProviderServer, error) {
			return newServer(newProvider("test", clock)), nil
		},
	}
}

// testProviders serves the provider in process, on a clock that does not wait.
func testProviders() map[string]func() (tfprotov6.ProviderServer, error) {
	return factories(&testClock{})
}

// sandboxAPI is a sandbox of one test, held to the OpenAPI document.
type sandboxAPI struct {
	t       *testing.T
	url     string
	handler http.Handler
}

func startSandbox(t *testing.T) *sandboxAPI {
	return startSandboxWith(t, sandbox.Options{RateLimit: "off"})
}

func startSandboxWith(t *testing.T, options sandbox.Options) *sandboxAPI {
	t.Helper()
	if options.DataFile == "" {
		options.DataFile = filepath.Join(t.TempDir(), "sandbox.db")
	}
	box, err := sandbox.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	handler := contracttest.Handler(t, box)
	server := httptest.NewServer(handler)
	t.Cleanup(func() {
		server.Close()
		if err := box.Close(); err != nil {
			t.Error(err)
		}
	})
	return &sandboxAPI{t: t, url: server.URL, handler: handler}
}

// config is a configuration with the provider pointed at the sandbox.
func (a *sandboxAPI) config(body string) string { return a.configWith(testKey, "", body) }

func (a *sandboxAPI) configWith(key, arguments, body string) string {
	return fmt.Sprintf("provider \"digitalriver\" {\n  api_key  = %q\n  base_url = %q\n%s\n}\n\n%s", key, a.url, arguments, body)
}

// call asks the sandbox directly, outside the provider.
func (a *sandboxAPI) call(key, method, path string, body any) (int, []byte) {
	a.t.Helper()
	var content io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			a.t.Fatal(err)
		}
		content = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(context.Background(), method, a.url+path, content)
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
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	return resp.StatusCode, answer
}

type object = map[string]any

// must is call that has to succeed; it returns the decoded answer.
func (a *sandboxAPI) must(method, path string, body any) any {
	a.t.Helper()
	return a.mustAs(testKey, method, path, body)
}

func (a *sandboxAPI) mustAs(key, method, path string, body any) any {
	a.t.Helper()
	status, answer := a.call(key, method, path, body)
	if status >= 300 {
		a.t.Fatalf("%s %s: %d %s", method, path, status, answer)
	}
	if len(answer) == 0 {
		return nil
	}
	var decoded any
	if err := json.Unmarshal(answer, &decoded); err != nil {
		a.t.Fatalf("%s %s: %s", method, path, err)
	}
	return decoded
}

// create makes a webhook outside Terraform and returns its id.
func (a *sandboxAPI) create(key string, webhook object) string {
	a.t.Helper()
	return a.mustAs(key, http.MethodPost, "/webhooks", webhook).(object)["id"].(string)
}

func (a *sandboxAPI) webhook(id string) object {
	a.t.Helper()
	return a.must(http.MethodGet, "/webhooks/"+id, nil).(object)
}

func (a *sandboxAPI) webhooks(key string) []any {
	a.t.Helper()
	return a.mustAs(key, http.MethodGet, "/webhooks", nil).([]any)
}

func (a *sandboxAPI) secrets(id string) []any {
	a.t.Helper()
	return a.must(http.MethodGet, "/webhooks/"+id+"/secrets", nil).(object)["data"].([]any)
}

func (a *sandboxAPI) advance(by time.Duration) {
	a.t.Helper()
	a.must(http.MethodPost, "/_sandbox/clock", object{"advance": by.String()})
}

func (a *sandboxAPI) faults(rules ...object) {
	a.t.Helper()
	if rules == nil {
		rules = []object{}
	}
	a.must(http.MethodPut, "/_sandbox/faults", rules)
}

func (a *sandboxAPI) clearRequests() {
	a.t.Helper()
	a.must(http.MethodDelete, "/_sandbox/requests", nil)
}

var webhookPath = regexp.MustCompile(`^/webhooks/[^/]+`)

// requests returns what was asked since the last clearing, as "GET
// /webhooks/{id} 200".
func (a *sandboxAPI) requests() []string {
	a.t.Helper()
	requests := []string{}
	for _, entry := range a.must(http.MethodGet, "/_sandbox/requests", nil).([]any) {
		request := entry.(object)
		path := webhookPath.ReplaceAllString(request["path"].(string), "/webhooks/{id}")
		requests = append(requests, fmt.Sprintf("%s %s %v", request["method"], path, request["status"]))
	}
	return requests
}

// writes returns the requests that are no GET.
func (a *sandboxAPI) writes() []string {
	a.t.Helper()
	return slices.DeleteFunc(a.requests(), func(request string) bool { return strings.HasPrefix(request, "GET ") })
}

// wrote is a check that the changes sent since the last clearing are these.
func (a *sandboxAPI) wrote(want ...string) func(*terraform.State) error {
	return func(*terraform.State) error {
		if want == nil {
			want = []string{}
		}
		if diff := cmp.Diff(want, a.writes()); diff != "" {
			return fmt.Errorf("changes sent (-want +got):\n%s", diff)
		}
		return nil
	}
}

// attribute stores an attribute of a resource for later steps.
func attribute(resource, name string, into *string) func(*terraform.State) error {
	return func(state *terraform.State) error {
		found, ok := state.RootModule().Resources[resource]
		if !ok {
			return fmt.Errorf("%s is not in state", resource)
		}
		*into = found.Primary.Attributes[name]
		return nil
	}
}
