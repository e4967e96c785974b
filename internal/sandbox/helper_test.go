// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox/contracttest"
)

func TestMain(m *testing.M) {
	if file := os.Getenv(dataFileVariable); file != "" {
		os.Exit(serveProcess(file))
	}
	goleak.VerifyTestMain(m)
}

const (
	testKey       = "sk_test_sandbox"
	liveKey       = "sk_live_sandbox"
	restrictedKey = "rk_test_sandbox"
)

// Bodies of creates, and members for them.
const (
	simpleWebhook = `{"types":["order.accepted"],"address":"https://example.com/hook"}`

	oauthMember  = `"oauth":{"tokenEndPoint":"https://id.example.com/token","clientID":"id","clientSecret":"cs"}`
	oauthWebhook = `{"types":["order.accepted"],"address":"https://example.com","transportType":"OAUTH",` +
		oauthMember + `}`
	authenticationMember  = `"authentication":{"userName":"u","password":"p"}`
	authenticationWebhook = `{"types":["order.accepted"],"address":"https://example.com",` + authenticationMember + `}`
)

var (
	uuidForm = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	timeForm = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`)
)

// server is a sandbox that is being served. Its API requests and responses are
// checked against the OpenAPI document.
type server struct {
	t      testing.TB
	url    string
	client *http.Client
}

// withDefaults completes the options of a sandbox for a test.
func withDefaults(t testing.TB, o sandbox.Options) sandbox.Options {
	if o.DataFile == "" {
		o.DataFile = filepath.Join(t.TempDir(), "data")
	}
	if o.RateLimit == "" {
		o.RateLimit = "off"
	}
	return o
}

// start serves a sandbox on a port until the test ends.
func start(t testing.TB, o sandbox.Options) *server {
	t.Helper()
	s, err := sandbox.Open(withDefaults(t, o))
	if err != nil {
		t.Fatal(err)
	}
	listener := httptest.NewServer(contracttest.Handler(t, s, o.Readings...))
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(func() {
		client.CloseIdleConnections()
		listener.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &server{t: t, url: listener.URL, client: client}
}

// in returns the server for a subtest.
func (s *server) in(t testing.TB) *server {
	return &server{t: t, url: s.url, client: s.client}
}

// reply is a response that was read to its end.
type reply struct {
	status int
	header http.Header
	body   string
}

// send sends a request. It returns an error if the connection was cut.
func (s *server) send(ctx context.Context, key, method, path, body string) (reply, error) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(ctx, method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	response, err := s.client.Do(r)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	return reply{response.StatusCode, response.Header, string(text)}, err
}

// call sends a request in test mode, and expects a status.
func (s *server) call(status int, method, path, body string) reply {
	s.t.Helper()
	return s.callAs(testKey, status, method, path, body)
}

// control sends a request to a control endpoint, and expects a status.
func (s *server) control(status int, method, path, body string) reply {
	s.t.Helper()
	return s.callAs("", status, method, "/_sandbox"+path, body)
}

func (s *server) callAs(key string, status int, method, path, body string) reply {
	s.t.Helper()
	r, err := s.send(context.Background(), key, method, path, body)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	if r.status != status {
		s.t.Fatalf("%s %s: %d %s; want %d", method, path, r.status, r.body, status)
	}
	return r
}

// create creates a webhook and returns its id.
func (s *server) create(body string) string {
	s.t.Helper()
	return s.call(201, "POST", "/webhooks", body).object(s.t)["id"].(string)
}

// webhook returns a webhook.
func (s *server) webhook(id string) map[string]any {
	s.t.Helper()
	return s.call(200, "GET", "/webhooks/"+id, "").object(s.t)
}

// ids returns the ids of the webhooks in an array, in its order.
func (s *server) ids(path string) []string {
	s.t.Helper()
	ids := []string{}
	for _, w := range decode[[]struct{ ID string }](s.t, s.call(200, "GET", path, "").body) {
		ids = append(ids, w.ID)
	}
	return ids
}

// count returns the number of webhooks.
func (s *server) count() int {
	s.t.Helper()
	return len(s.ids("/webhooks"))
}

func (s *server) setFaults(rules string) {
	s.t.Helper()
	s.control(200, "PUT", "/faults", rules)
}

// advance moves the sandbox's clock forward.
func (s *server) advance(duration string) {
	s.t.Helper()
	s.control(200, "POST", "/clock", `{"advance":"`+duration+`"}`)
}

// requestLog returns the request log as lines "METHOD path?query status mode
// fault".
func (s *server) requestLog() []string {
	s.t.Helper()
	type entry struct {
		Method, Path, Query, Mode, Fault string
		Status                           int
	}
	var lines []string
	for _, e := range decode[[]entry](s.t, s.control(200, "GET", "/requests", "").body) {
		lines = append(lines, fmt.Sprintf("%s %s?%s %d %s %s", e.Method, e.Path, e.Query, e.Status, e.Mode, e.Fault))
	}
	return lines
}

func (r reply) object(t testing.TB) map[string]any {
	t.Helper()
	return decode[map[string]any](t, r.body)
}

// errors returns the code and parameter of each entry of an error.
func (r reply) errors(t testing.TB) []string {
	t.Helper()
	e := decode[struct {
		Errors []struct{ Code, Parameter string }
	}](t, r.body)
	var list []string
	for _, one := range e.Errors {
		list = append(list, strings.TrimSpace(one.Code+" "+one.Parameter))
	}
	return list
}

func decode[T any](t testing.TB, text string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
}

func equal(t testing.TB, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}
