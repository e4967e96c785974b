package digitalriver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const testKey = "sk_test_4711"

// fakeAPI is the API in memory, as a RoundTripper, so that tests can run in a
// bubble of testing/synctest: time passes only while everybody waits.
type fakeAPI struct {
	mu       sync.Mutex
	webhooks []map[string]any
	secrets  map[string][]map[string]any
	made     int
	live     bool
	paged    bool
	latency  time.Duration
	requests []sent
	// faults are taken one by one by the requests of a method.
	faults map[string][]fault
}

type sent struct {
	Method, Path string
	At           time.Duration // since the start of the bubble
	UpstreamID   string
}

func (s sent) String() string { return s.Method + " " + s.Path }

// fault answers a request in the place of do, which carries it out.
type fault func(req *http.Request, do func() *http.Response) (*http.Response, error)

var bubbleStart = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func (f *fakeAPI) RoundTrip(req *http.Request) (*http.Response, error) {
	f.mu.Lock()
	f.requests = append(f.requests, sent{req.Method, req.URL.RequestURI(), time.Since(bubbleStart), req.Header.Get("upstream-id")})
	act := fault(pass)
	if faults := f.faults[req.Method]; len(faults) > 0 {
		act, f.faults[req.Method] = faults[0], faults[1:]
	}
	f.mu.Unlock()
	if err := (SystemClock{}).Sleep(req.Context(), f.latency); err != nil {
		return nil, err
	}
	return act(req, func() *http.Response { return f.serve(req) })
}

func (f *fakeAPI) serve(req *http.Request) *http.Response {
	f.mu.Lock()
	defer f.mu.Unlock()
	path := strings.Split(strings.Trim(req.URL.EscapedPath(), "/"), "/")
	switch {
	case len(path) == 1 && req.Method == http.MethodPost:
		webhook := readJSON(req)
		f.add(webhook)
		return respond(201, webhook)
	case len(path) == 1 && f.paged:
		start := 0
		if after := req.URL.Query().Get("startingAfter"); after != "" {
			start = 1 + slices.IndexFunc(f.webhooks, func(w map[string]any) bool { return w["id"] == after })
		}
		end := min(start+10, len(f.webhooks))
		return respond(200, map[string]any{"data": append([]map[string]any{}, f.webhooks[start:end]...), "hasMore": end < len(f.webhooks)})
	case len(path) == 1:
		return respond(200, append([]map[string]any{}, f.webhooks...))
	}
	i := slices.IndexFunc(f.webhooks, func(w map[string]any) bool { return w["id"] == path[1] })
	if i < 0 {
		return refuse(404, "not_found", "no such webhook")
	}
	webhook := f.webhooks[i]
	switch {
	case len(path) == 3 && req.Method == http.MethodPost:
		secrets := f.secrets[path[1]]
		if len(secrets) == MaxActiveSecrets {
			return refuse(409, codeSecretLimit, "too many secrets")
		}
		f.made++
		expires := time.Now().Add(time.Duration(readJSON(req)["expiresIn"].(float64)) * time.Hour)
		for _, secret := range secrets {
			if secret["expiresTime"] == nil {
				secret["expiresTime"] = expires
			}
		}
		secret := map[string]any{"id": fmt.Sprint("s", f.made), "secret": fmt.Sprint("whk_", f.made), "createdTime": time.Now(), "expiresTime": nil}
		f.secrets[path[1]] = append([]map[string]any{secret}, secrets...)
		return respond(201, secret)
	case len(path) == 3:
		return respond(200, map[string]any{"data": f.secrets[path[1]]})
	case req.Method == http.MethodPatch:
		changed := make(map[string]any)
		for _, members := range []map[string]any{webhook, readJSON(req)} {
			for name, value := range members {
				changed[name] = value
			}
		}
		f.webhooks[i] = changed
		return respond(200, changed)
	case req.Method == http.MethodDelete:
		f.webhooks = slices.Delete(slices.Clone(f.webhooks), i, i+1)
		return respond(204, nil)
	default:
		return respond(200, webhook)
	}
}

func (f *fakeAPI) add(webhook map[string]any) {
	f.made++
	webhook["id"] = fmt.Sprint("w", f.made)
	webhook["createdTime"] = time.Now()
	webhook["liveMode"] = f.live
	f.webhooks = append(f.webhooks, webhook)
	if f.secrets == nil {
		f.secrets = make(map[string][]map[string]any)
	}
	f.secrets[webhook["id"].(string)] = []map[string]any{{
		"id": fmt.Sprint("s", f.made), "secret": fmt.Sprint("whk_", f.made), "createdTime": time.Now(), "expiresTime": nil,
	}}
}

// fill makes n webhooks, w1 to wn.
func (f *fakeAPI) fill(n int) {
	for range n {
		f.add(map[string]any{"types": []string{"order.accepted"}, "address": "https://filled.example"})
	}
}

// fail lets the next requests of a method meet faults.
func (f *fakeAPI) fail(method string, faults ...fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.faults == nil {
		f.faults = make(map[string][]fault)
	}
	f.faults[method] = append(f.faults[method], faults...)
}

// log returns the requests since the last call.
func (f *fakeAPI) log() []sent {
	f.mu.Lock()
	defer f.mu.Unlock()
	requests := f.requests
	f.requests = nil
	return requests
}

func (f *fakeAPI) names() []string {
	var names []string
	for _, request := range f.log() {
		names = append(names, request.String())
	}
	return names
}

func readJSON(req *http.Request) map[string]any {
	var body map[string]any
	if err := json.NewDecoder(req.Body).Decode(&body); err != nil {
		panic(err)
	}
	return body
}

func respond(status int, body any, header ...string) *http.Response {
	recorder := httptest.NewRecorder()
	recorder.Header().Set("Date", time.Now().UTC().Format(http.TimeFormat))
	for i := 0; i < len(header); i += 2 {
		recorder.Header().Set(header[i], header[i+1])
	}
	recorder.WriteHeader(status)
	switch body := body.(type) {
	case nil:
	case string:
		recorder.WriteString(body)
	default:
		recorder.Write(encode(body))
	}
	return recorder.Result()
}

func refuse(status int, code, message string, header ...string) *http.Response {
	return respond(status, map[string]any{
		"type": "error", "errors": []any{map[string]any{"code": code, "message": message}},
	}, header...)
}

// The faults.

// pass is none.
func pass(_ *http.Request, do func() *http.Response) (*http.Response, error) { return do(), nil }

func status(status int, header ...string) fault {
	return func(*http.Request, func() *http.Response) (*http.Response, error) {
		return refuse(status, "injected", "an injected fault", header...), nil
	}
}

func page404(*http.Request, func() *http.Response) (*http.Response, error) {
	return respond(404, "<html><title>Nothing here</title></html>"), nil
}

func html503(*http.Request, func() *http.Response) (*http.Response, error) {
	return respond(503, "<html><title>Service down</title></html>", "Content-Type", "text/html"), nil
}

func html200(*http.Request, func() *http.Response) (*http.Response, error) {
	return respond(200, "<html><title>Log in</title></html>"), nil
}

// resetBefore cuts the connection; nothing is done.
func resetBefore(req *http.Request, _ func() *http.Response) (*http.Response, error) {
	connected(req, true)
	return nil, errors.New("connection reset by peer")
}

// resetAfter does it, and cuts the connection.
func resetAfter(req *http.Request, do func() *http.Response) (*http.Response, error) {
	connected(req, true)
	do()
	return nil, io.ErrUnexpectedEOF
}

// noConnection is a connection that never stands.
func noConnection(req *http.Request, _ func() *http.Response) (*http.Response, error) {
	connected(req, false)
	return nil, errors.New("connection refused")
}

func hang(req *http.Request, _ func() *http.Response) (*http.Response, error) {
	connected(req, true)
	<-req.Context().Done()
	return nil, req.Context().Err()
}

// truncate does it, and answers half of the JSON.
func truncate(_ *http.Request, do func() *http.Response) (*http.Response, error) {
	response := do()
	body, err := io.ReadAll(response.Body)
	response.Body = io.NopCloser(bytes.NewReader(body[:len(body)/2]))
	return response, err
}

// cut does it, and ends the body too early.
func cut(_ *http.Request, do func() *http.Response) (*http.Response, error) {
	response := do()
	response.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"id"`), brokenReader{}))
	return response, nil
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func connected(req *http.Request, stood bool) {
	trace := httptrace.ContextClientTrace(req.Context())
	trace.GetConn(req.URL.Host)
	if stood {
		trace.GotConn(httptrace.GotConnInfo{})
	}
}

// connect returns a client of the API; change adapts its configuration.
func (f *fakeAPI) connect(t *testing.T, change ...func(*Config)) *Client {
	t.Helper()
	config := Config{APIKey: testKey, MaxRetries: DefaultMaxRetries, Transport: f, RequestsPerSecond: 1e6}
	for _, apply := range change {
		apply(&config)
	}
	client, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func newWebhook() NewWebhook {
	return NewWebhook{Types: []string{"order.accepted", "order.blocked"}, Address: "https://example.com/hook", Enabled: true}
}

func asError(t *testing.T, err error) *Error {
	t.Helper()
	var apiError *Error
	if !errors.As(err, &apiError) {
		t.Fatalf("got %v, want an *Error", err)
	}
	return apiError
}

// do runs one operation by its name.
func do(ctx context.Context, c *Client, operation string) error {
	var err error
	enabled := false
	switch operation {
	case "create":
		_, err = c.CreateWebhook(ctx, newWebhook())
	case "read":
		_, err = c.GetWebhook(ctx, "w1")
	case "list":
		_, err = c.ListWebhooks(ctx)
	case "update":
		_, err = c.UpdateWebhook(ctx, "w1", WebhookPatch{Enabled: &enabled})
	case "delete":
		err = c.DeleteWebhook(ctx, "w1")
	case "rotate":
		_, err = c.RotateSecret(ctx, "w1", 3)
	case "reveal":
		_, err = c.ListSecrets(ctx, "w1")
	default:
		panic(operation)
	}
	return err
}
