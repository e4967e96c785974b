// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package digitalriver

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// fakeAPI is the API in memory. It is a RoundTripper, so that tests can run in a
// bubble of testing/synctest: its clock advances only while all goroutines wait.
type fakeAPI struct {
	reading                  // of the documentation
	live       bool          // mode of the webhooks
	modeHidden bool          // whether webhooks do not show it
	latency    time.Duration // of each response

	mu       sync.Mutex
	webhooks []map[string]any
	secrets  map[string][]map[string]any // by ID of the webhook
	lastID   int
	requests []sentRequest
	faults   map[string][]fault // of the next requests, by method
}

// reading is what the API does where the documentation leaves it open.
type reading struct {
	userName    string // the only spelling of the user name that it knows; "": both
	drops       bool   // whether it drops the other one, instead of refusing it
	hides       bool   // whether responses do not show authentication
	listing     string // how it lists webhooks: one of the constants below
	newestFirst bool   // whether the newest webhook comes first in the list
}

const (
	listAll      = ""         // all at once
	listObjects  = "objects"  // in pages of 10, as objects that say whether there are more
	listCapped   = "capped"   // at most 100; refuses startingAfter
	listIgnoring = "ignoring" // at most 100; ignores startingAfter
	listCursor   = "cursor"   // in pages of 100; refuses an unknown startingAfter
)

// sentRequest is a request that reached the API.
type sentRequest struct {
	method, uri string
	at          time.Duration // since bubbleStart
	upstreamID  string
}

func (r sentRequest) String() string { return r.method + " " + r.uri }

// bubbleStart is when the clock of each bubble starts.
var bubbleStart = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// newClient returns a client of the API; change adapts its configuration.
func (f *fakeAPI) newClient(t *testing.T, change ...func(*Config)) *Client {
	t.Helper()
	return newClient(t, Config{MaxRetries: DefaultMaxRetries, Transport: f}, change...)
}

func (f *fakeAPI) RoundTrip(req *http.Request) (*http.Response, error) {
	f.mu.Lock()
	f.requests = append(f.requests, sentRequest{
		method: req.Method, uri: req.URL.RequestURI(),
		at: time.Since(bubbleStart), upstreamID: req.Header.Get("upstream-id"),
	})
	act := fault(noFault)
	if faults := f.faults[req.Method]; len(faults) > 0 {
		act, f.faults[req.Method] = faults[0], faults[1:]
	}
	f.mu.Unlock()
	if err := (SystemClock{}).Sleep(req.Context(), f.latency); err != nil {
		return nil, err
	}
	return act(req, func() *http.Response { return f.carryOut(req) })
}

// carryOut does what a request asks for.
func (f *fakeAPI) carryOut(req *http.Request) *http.Response {
	f.mu.Lock()
	defer f.mu.Unlock()
	body, refusal := f.readBody(req)
	if refusal != nil {
		return refusal
	}
	path := strings.Split(strings.Trim(req.URL.EscapedPath(), "/"), "/")
	if len(path) == 1 {
		if req.Method == http.MethodPost {
			f.add(body)
			return respond(201, f.shown(body))
		}
		return f.list(req.URL.Query().Get("startingAfter"))
	}
	i := f.index(path[1])
	if i < 0 {
		return apiError(404, "not_found", "no such webhook")
	}
	switch {
	case len(path) == 3 && req.Method == http.MethodPost:
		return f.rotate(path[1], time.Duration(body["expiresIn"].(float64))*time.Hour)
	case len(path) == 3:
		return respond(200, map[string]any{"data": f.secrets[path[1]]})
	case req.Method == http.MethodPatch:
		changed := maps.Clone(f.webhooks[i])
		maps.Copy(changed, body)
		f.webhooks[i] = changed
		return respond(200, f.shown(changed))
	case req.Method == http.MethodDelete:
		f.webhooks = slices.Delete(slices.Clone(f.webhooks), i, i+1)
		return respond(204, nil)
	default:
		return respond(200, f.shown(f.webhooks[i]))
	}
}

func (f *fakeAPI) list(startingAfter string) *http.Response {
	webhooks := append([]map[string]any{}, f.webhooks...) // not null when empty
	if f.newestFirst {
		slices.Reverse(webhooks)
	}
	start := slices.IndexFunc(webhooks, func(w map[string]any) bool { return w["id"] == startingAfter }) + 1
	end := min(start+maxPage, len(webhooks))
	switch {
	case f.listing == listAll:
		return respond(200, webhooks)
	case f.listing == listObjects:
		end = min(start+10, len(webhooks))
		return respond(200, map[string]any{"data": webhooks[start:end], "hasMore": end < len(webhooks)})
	case f.listing == listIgnoring:
		return respond(200, webhooks[:min(maxPage, len(webhooks))])
	case startingAfter != "" && (f.listing == listCapped || start == 0):
		return apiError(400, "invalid_parameter", "startingAfter")
	}
	return respond(200, webhooks[start:end])
}

func (f *fakeAPI) index(id string) int {
	return slices.IndexFunc(f.webhooks, func(w map[string]any) bool { return w["id"] == id })
}

func (f *fakeAPI) rotate(webhookID string, expiresIn time.Duration) *http.Response {
	if len(f.secrets[webhookID]) == MaxActiveSecrets {
		return apiError(409, codeSecretLimit, "too many secrets")
	}
	f.addSecret(webhookID, expiresIn)
	return respond(201, f.secrets[webhookID][0])
}

// addSecret adds a secret to a webhook; its others expire.
func (f *fakeAPI) addSecret(webhookID string, expiresIn time.Duration) {
	secrets := f.secrets[webhookID]
	for _, secret := range secrets {
		if secret["expiresTime"] == nil {
			secret["expiresTime"] = time.Now().Add(expiresIn)
		}
	}
	f.lastID++
	f.secrets[webhookID] = slices.Insert(secrets, 0, f.newSecret())
}

// add adds a webhook, with the next ID.
func (f *fakeAPI) add(webhook map[string]any) {
	f.lastID++
	id := fmt.Sprint("w", f.lastID)
	webhook["id"], webhook["createdTime"] = id, time.Now()
	if !f.modeHidden {
		webhook["liveMode"] = f.live
	}
	f.webhooks = append(f.webhooks, webhook)
	if f.secrets == nil {
		f.secrets = make(map[string][]map[string]any)
	}
	f.secrets[id] = []map[string]any{f.newSecret()}
}

func (f *fakeAPI) newSecret() map[string]any {
	return map[string]any{
		"id": fmt.Sprint("s", f.lastID), "secret": fmt.Sprint("whk_", f.lastID),
		"createdTime": time.Now(), "expiresTime": nil,
	}
}

// addWebhooks adds n webhooks, the first of them w1.
func (f *fakeAPI) addWebhooks(n int) {
	for range n {
		f.add(map[string]any{"types": []string{"order.accepted"}, "address": "https://filled.example"})
	}
}

// after makes the API act after a delay.
func (f *fakeAPI) after(delay time.Duration, act func()) {
	time.AfterFunc(delay, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		act()
	})
}

// failNext makes the next requests of a method meet faults, one each.
func (f *fakeAPI) failNext(method string, faults ...fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.faults == nil {
		f.faults = make(map[string][]fault)
	}
	f.faults[method] = append(f.faults[method], faults...)
}

// takeRequests returns the requests since the last call.
func (f *fakeAPI) takeRequests() []sentRequest {
	f.mu.Lock()
	defer f.mu.Unlock()
	requests := f.requests
	f.requests = nil
	return requests
}

// takeRequestLines is takeRequests, with the method and URI of each.
func (f *fakeAPI) takeRequestLines() []string {
	var lines []string
	for _, request := range f.takeRequests() {
		lines = append(lines, request.String())
	}
	return lines
}

// readBody reads the body of a request, if it has one. refusal is the response to
// a spelling of the user name that the API does not know.
func (f *fakeAPI) readBody(req *http.Request) (body map[string]any, refusal *http.Response) {
	if req.Body == nil {
		return nil, nil
	}
	if err := json.NewDecoder(req.Body).Decode(&body); err != nil {
		panic(err)
	}
	authentication, _ := body["authentication"].(map[string]any)
	for name := range authentication {
		if f.userName == "" || name == f.userName || name == "password" {
			continue
		}
		if !f.drops {
			return nil, respond(400, map[string]any{"type": "bad_request", "errors": []any{map[string]any{
				"code": "unknown_parameter", "parameter": "authentication." + name, "message": "Unknown parameter.",
			}}})
		}
		delete(authentication, name)
	}
	return body, nil
}

// shown returns a webhook as a response shows it.
func (f *fakeAPI) shown(webhook map[string]any) map[string]any {
	if !f.hides {
		return webhook
	}
	webhook = maps.Clone(webhook)
	delete(webhook, "authentication")
	return webhook
}

// respond returns a response with a text or a JSON value as its body; header has
// names and values in turn.
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

func apiError(status int, code, message string, header ...string) *http.Response {
	errorType := strings.ReplaceAll(strings.ToLower(http.StatusText(status)), " ", "_")
	return respond(status, map[string]any{
		"type": errorType, "errors": []any{map[string]any{"code": code, "message": message}},
	}, header...)
}
