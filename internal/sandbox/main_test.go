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
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox/contracttest"
)

// commandVariable makes the test binary the sandbox command.
const commandVariable = "SANDBOX_TEST_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(commandVariable) != "" {
		os.Exit(sandbox.Main(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
	}
	goleak.VerifyTestMain(m)
}

const (
	testKey       = "sk_test_sandbox"
	liveKey       = "sk_live_sandbox"
	restrictedKey = "rk_test_sandbox"

	simple = `{"types":["order.accepted"],"address":"https://example.com/hook"}`
)

// server is a sandbox behind a port, held to the OpenAPI document.
type server struct {
	t      testing.TB
	url    string
	client *http.Client
}

func start(t testing.TB, o sandbox.Options) *server {
	t.Helper()
	if o.DataFile == "" {
		o.DataFile = filepath.Join(t.TempDir(), "data")
	}
	if o.RateLimit == "" {
		o.RateLimit = "off"
	}
	s, err := sandbox.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	listener := httptest.NewServer(contracttest.Handler(t, s))
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

// in is the server within a subtest.
func (s *server) in(t testing.TB) *server {
	return &server{t: t, url: s.url, client: s.client}
}

// reply is an answer read to its end.
type reply struct {
	status int
	header http.Header
	body   string
}

// send is one request; its error is that of a connection which was cut.
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
	answer, err := s.client.Do(r)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	return reply{answer.StatusCode, answer.Header, string(text)}, err
}

// call is a request in test mode that must be answered with the status.
func (s *server) call(status int, method, path, body string) reply {
	s.t.Helper()
	return s.callAs(testKey, status, method, path, body)
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

// create is the id of a new webhook.
func (s *server) create(body string) string {
	s.t.Helper()
	return s.call(201, "POST", "/webhooks", body).object(s.t)["id"].(string)
}

func (r reply) object(t testing.TB) map[string]any {
	t.Helper()
	return decode[map[string]any](t, r.body)
}

func decode[T any](t testing.TB, text string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
}

// parameters lists code and parameter of each entry of an error.
func (r reply) parameters(t testing.TB) []string {
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

func equal(t testing.TB, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// logged is the request log as "METHOD path?query status mode fault".
func (s *server) logged() []string {
	s.t.Helper()
	type entry struct {
		Time, Method, Path, Query, Mode, Fault string
		Status                                 int
	}
	var lines []string
	for _, e := range decode[[]entry](s.t, s.callAs("", 200, "GET", "/_sandbox/requests", "").body) {
		lines = append(lines, line(e.Method, e.Path, e.Query, e.Status, e.Mode, e.Fault))
	}
	return lines
}

func line(method, path, query string, status int, mode, fault string) string {
	return fmt.Sprintf("%s %s?%s %d %s %s", method, path, query, status, mode, fault)
}
