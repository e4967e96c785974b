package sandbox_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
)

// delivered is a request as an endpoint got it.
type delivered struct {
	header http.Header
	body   string
}

// endpoint records what it gets and answers with 204, or as a handler says.
func endpoint(t testing.TB, answer http.HandlerFunc) (url string, got chan delivered) {
	t.Helper()
	got = make(chan delivered, 1000)
	e := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- delivered{r.Header, string(body)}
		if answer == nil {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		answer(w, r)
	}))
	t.Cleanup(func() {
		e.CloseClientConnections()
		e.Close()
	})
	return e.URL + "/hook", got
}

func (s *server) subscribe(address, more string) string {
	s.t.Helper()
	return s.create(fmt.Sprintf(`{"types":["order.accepted"],"address":%q%s}`, address, more))
}

func (s *server) trigger(body string) map[string]any {
	s.t.Helper()
	return s.callAs("", 202, "POST", "/_sandbox/events", body).object(s.t)
}

const accepted = `{"type":"order.accepted"}`

// attempted is one line of the log of deliveries.
type attempted struct {
	EventID, EventType, WebhookID string
	Attempt                       int
	Time                          time.Time
	DurationMS                    int
	Status                        int
	Outcome, Reason               string
	NextAttempt                   *time.Time
}

func (s *server) deliveries(query string) []attempted {
	s.t.Helper()
	return decode[[]attempted](s.t, s.callAs("", 200, "GET", "/_sandbox/deliveries"+query, "").body)
}

// await waits for n deliveries in all and returns them, newest first.
func (s *server) await(n int) []attempted {
	s.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		d := s.deliveries("")
		if len(d) == n {
			return d
		}
		if len(d) > n || time.Now().After(deadline) {
			s.t.Fatalf("%d deliveries, want %d: %+v", len(d), n, d)
		}
	}
}

func (s *server) enabled(id string) bool {
	s.t.Helper()
	return s.call(200, "GET", "/webhooks/"+id, "").object(s.t)["enabled"].(bool)
}

// awaitDisabled waits until the webhook is disabled.
func (s *server) awaitDisabled(id string) {
	s.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); s.enabled(id); {
		if time.Now().After(deadline) {
			s.t.Fatal("the webhook is still enabled")
		}
	}
}

// signed is the signature as the documentation describes it.
func signed(secret, timestamp, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = io.WriteString(mac, timestamp+"."+body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func TestDelivery(t *testing.T) {
	s := start(t, sandbox.Options{})
	address, got := endpoint(t, nil)
	id := s.subscribe(address, `,"authentication":{"userName":"shop","password":"pass word"}`)
	s.subscribe(address, `,"enabled":false`)
	s.callAs(liveKey, 201, "POST", "/webhooks", fmt.Sprintf(`{"types":["order.accepted"],"address":%q}`, address))
	s.create(fmt.Sprintf(`{"types":["order.blocked"],"address":%q}`, address))
	s.rotate("/webhooks/"+id+"/secrets", 12)

	e := s.trigger(`{"type":"order.accepted","data":{"currency":"EUR","shipTo":null,"own":{"a":1}}}`)
	equal(t, "webhookIds", e["webhookIds"], any([]any{id}))
	d := <-got
	user, password, _ := (&http.Request{Header: d.header}).BasicAuth()
	equal(t, "credentials", user+"/"+password, "shop/pass word")
	equal(t, "Content-Type", d.header.Get("Content-Type"), "application/json")
	timestamp, signatures, _ := strings.Cut(d.header.Get("DigitalRiver-Signature"), ", ")
	var want []string
	for _, secret := range s.secrets("/webhooks/" + id + "/secrets") {
		want = append(want, signed(secret.Secret, timestamp, d.body))
	}
	equal(t, "signatures", strings.Split(signatures, ", "), want)
	equal(t, "number of signatures", len(want), 2)

	body := decode[map[string]any](t, d.body)
	object := body["data"].(map[string]any)["object"].(map[string]any)
	equal(t, "merged", []any{object["currency"], object["shipTo"], object["own"]}, []any{"EUR", nil, map[string]any{"a": 1.0}})
	for name, want := range map[string]any{
		"id": e["id"], "type": "order.accepted", "liveMode": false, "webhookIds": []any{id}, "digitalriverVersion": "2021-12-13",
	} {
		equal(t, name, body[name], want)
	}
	if at := body["createdTime"].(string); !timeForm.MatchString(at) {
		t.Errorf("createdTime %q", at)
	}

	line := s.await(1)[0]
	if line.Time.IsZero() {
		t.Error("no time")
	}
	equal(t, "log", line, attempted{
		EventID: e["id"].(string), EventType: "order.accepted", WebhookID: id, Attempt: 1,
		Time: line.Time, DurationMS: line.DurationMS, Status: 204, Outcome: "acknowledged",
	})
}

func TestLiveDelivery(t *testing.T) {
	s := start(t, sandbox.Options{})
	address, got := endpoint(t, nil)
	s.subscribe(address, "")
	s.callAs(liveKey, 201, "POST", "/webhooks", fmt.Sprintf(`{"types":["order.accepted"],"address":%q}`, address))
	equal(t, "webhooks", len(s.trigger(`{"type":"order.accepted","mode":"live"}`)["webhookIds"].([]any)), 1)
	body := decode[map[string]any](t, (<-got).body)
	equal(t, "liveMode", []any{body["liveMode"], body["data"].(map[string]any)["object"].(map[string]any)["liveMode"]}, []any{true, true})
	s.await(1)
	equal(t, "further requests", len(got), 0)
}

func TestBadEvent(t *testing.T) {
	s := start(t, sandbox.Options{})
	for body, want := range map[string][]string{
		`{}`:                                   {"missing_parameter type"},
		`{"type":1}`:                           {"invalid_parameter type"},
		`{"type":"order.acepted"}`:             {"invalid_parameter type"},
		`{"type":"order.accepted","mode":"x"}`: {"invalid_parameter mode"},
		`{"type":"order.accepted","data":[]}`:  {"invalid_parameter data"},
		`{"type":"order.accepted","x":1}`:      {"invalid_parameter x"},
		`[]`:                                   {"invalid_body"},
	} {
		equal(t, body, s.callAs("", 400, "POST", "/_sandbox/events", body).parameters(t), want)
	}
	if r := s.callAs("", 400, "POST", "/_sandbox/events", `{"type":"order.acepted"}`); !strings.Contains(r.body, "order.accepted") {
		t.Errorf("no suggestion in %s", r.body)
	}
	equal(t, "query", s.callAs("", 400, "GET", "/_sandbox/deliveries?x=1", "").parameters(t), []string{"invalid_parameter x"})
	equal(t, "nobody asked", s.trigger(accepted)["webhookIds"], any([]any{}))
	equal(t, "log", len(s.deliveries("")), 0)
}

// TestOutcomes shows each way to fail, and that none shows a credential.
func TestOutcomes(t *testing.T) {
	status := func(n int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(n)
		}
	}
	silent := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	writing := func(n int, more func(*http.Request)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, strings.Repeat("x", n))
			_ = http.NewResponseController(w).Flush()
			more(r)
		}
	}
	nothing := func(*http.Request) {}
	hang := func(r *http.Request) { <-r.Context().Done() }
	endless := func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := io.WriteString(w, strings.Repeat("x", 4096)); err != nil {
				return
			}
		}
	}
	for _, test := range []struct {
		name    string
		answer  http.HandlerFunc
		status  int
		outcome string
	}{
		{"200", status(200), 200, "acknowledged"},
		{"202", status(202), 202, "acknowledged"},
		{"500", status(500), 500, "rejected"},
		{"400", status(400), 400, "rejected"},
		{"302", status(302), 302, "redirected"},
		{"308", status(308), 308, "redirected"},
		{"no answer", silent, 0, "timed_out"},
		{"cut", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 0, "unreachable"},
		{"64 KiB", writing(64<<10, nothing), 200, "acknowledged"},
		{"more than 64 KiB", writing(64<<10+1, nothing), 200, "rejected"},
		{"endless", endless, 200, "rejected"},
		{"never complete", writing(10, hang), 200, "timed_out"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := start(t, sandbox.Options{DeliveryTimeout: 300 * time.Millisecond})
			address, got := endpoint(t, test.answer)
			s.subscribe(strings.Replace(address, "://", "://inaddress:inaddress@", 1), "")
			s.trigger(accepted)
			line := s.await(1)[0]
			equal(t, "outcome", fmt.Sprint(line.Status, line.Outcome), fmt.Sprint(test.status, test.outcome))
			good := test.outcome == "acknowledged"
			if (line.Reason == "") != good || (line.NextAttempt == nil) != good || strings.Contains(line.Reason, "inaddress") {
				t.Errorf("%+v", line)
			}
			equal(t, "requests", len(got), 1)
		})
	}
}

func TestUnreachable(t *testing.T) {
	s := start(t, sandbox.Options{})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	s.subscribe("http://"+listener.Addr().String(), "")
	s.trigger(accepted)
	line := s.await(1)[0]
	equal(t, "outcome", line.Outcome, "unreachable")
	if !strings.Contains(line.Reason, "refused") {
		t.Errorf("reason %q", line.Reason)
	}
}

// TestTimeLimit waits for the documented 3000 ms.
func TestTimeLimit(t *testing.T) {
	s := start(t, sandbox.Options{})
	address, _ := endpoint(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	s.subscribe(address, "")
	s.trigger(accepted)
	line := s.await(1)[0]
	if line.Outcome != "timed_out" || line.DurationMS < 3000 || line.DurationMS > 3400 {
		t.Errorf("%+v", line)
	}
}

// TestNotSent shows that addresses beyond this machine get nothing, and that
// this is no failure of theirs.
func TestNotSent(t *testing.T) {
	s := start(t, sandbox.Options{})
	id := s.subscribe("https://shop.example.com", "")
	s.create(`{"types":["order.accepted"],"address":"http://localhost:1","transportType":"OAUTH","oauth":{"tokenEndPoint":"https://id.example.com","clientID":"a","clientSecret":"b"}}`)
	s.trigger(accepted)
	for _, line := range s.await(2) {
		if line.Outcome != "not_sent" || !strings.Contains(line.Reason, "-deliver-anywhere") || line.NextAttempt != nil {
			t.Errorf("%+v", line)
		}
	}
	s.advance("100h")
	equal(t, "enabled", s.enabled(id), true)

	anywhere := start(t, sandbox.Options{DeliverAnywhere: true})
	anywhere.subscribe("http://nowhere.invalid", "")
	anywhere.trigger(accepted)
	equal(t, "outcome", anywhere.await(1)[0].Outcome, "unreachable")
}

// tokenEndpoint gives out tokens that last an hour, and records what it is
// asked with.
func tokenEndpoint(t *testing.T, status int) (string, chan string) {
	t.Helper()
	asked := make(chan string, 100)
	e := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		_ = r.ParseForm()
		asked <- user + "/" + password + " " + r.PostForm.Encode()
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `{"access_token":"token%d","token_type":"bearer","expires_in":3600,"secret":%q}`, len(asked), password)
	}))
	t.Cleanup(e.Close)
	return e.URL, asked
}

func TestOAuth(t *testing.T) {
	for _, test := range []struct{ members, asked string }{
		{`"userName":"u","password":"p"`, "client/c secret grant_type=password&password=p&username=u"},
		{`"grantType":"client_credentials","audience":"shop"`, "client/c secret audience=shop&grant_type=client_credentials"},
	} {
		s := start(t, sandbox.Options{})
		var unauthorized atomic.Bool
		address, got := endpoint(t, func(w http.ResponseWriter, _ *http.Request) {
			if unauthorized.Load() {
				w.WriteHeader(http.StatusUnauthorized)
			}
		})
		tokens, asked := tokenEndpoint(t, 200)
		s.subscribe(address, fmt.Sprintf(`,"transportType":"OAUTH","oauth":{"tokenEndPoint":%q,"clientID":"client","clientSecret":"c secret",%s}`, tokens, test.members))
		event := func(n int) string {
			s.trigger(accepted)
			authorization := (<-got).header.Get("Authorization")
			s.await(n)
			return authorization
		}
		equal(t, "first", event(1), "Bearer token1")
		equal(t, "asked with", strings.ReplaceAll(<-asked, "+", " "), test.asked)
		asked <- "keeps the number of the token"
		s.advance("59m")
		equal(t, "cached", event(2), "Bearer token1")
		s.advance("2m")
		equal(t, "expired", event(3), "Bearer token2")
		unauthorized.Store(true)
		equal(t, "refused", event(4), "Bearer token2")
		equal(t, "asked again", event(5), "Bearer token3")
	}
}

func TestTokenRefused(t *testing.T) {
	for status, reason := range map[int]string{401: "the token endpoint answered 401", 200: "the token endpoint could not be asked"} {
		s := start(t, sandbox.Options{})
		address, got := endpoint(t, nil)
		tokens, _ := tokenEndpoint(t, status)
		if status == 200 {
			tokens = "http://127.0.0.1:1/"
		}
		s.subscribe(address, fmt.Sprintf(`,"transportType":"OAUTH","oauth":{"tokenEndPoint":%q,"clientID":"client","clientSecret":"hidden"}`, tokens))
		s.trigger(accepted)
		line := s.await(1)[0]
		if line.Outcome != "token_refused" || !strings.HasPrefix(line.Reason, reason) || strings.Contains(line.Reason, "hidden") {
			t.Errorf("%+v", line)
		}
		equal(t, "requests", len(got), 0)
	}
}

// TestRetries goes through all attempts of an event, each with a timestamp of
// its own.
func TestRetries(t *testing.T) {
	live := []string{}
	for i := range 12 {
		live = append(live, fmt.Sprintf("%dm", 1<<i))
	}
	for mode, steps := range map[string][]string{"test": {"10m", "50m", "2h"}, "live": live} {
		t.Run(mode, func(t *testing.T) {
			s := start(t, sandbox.Options{})
			address, got := endpoint(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) })
			key := map[string]string{"test": testKey, "live": liveKey}[mode]
			s.callAs(key, 201, "POST", "/webhooks", fmt.Sprintf(`{"types":["order.accepted"],"address":%q}`, address))
			s.trigger(fmt.Sprintf(`{"type":"order.accepted","mode":%q}`, mode))
			seen := map[string]bool{(<-got).header.Get("DigitalRiver-Signature"): true}
			for i, step := range steps {
				line := s.await(i + 1)[0]
				d, err := time.ParseDuration(step)
				if err != nil {
					t.Fatal(err)
				}
				if wait := line.NextAttempt.Sub(line.Time); (wait - d).Abs() > 20*time.Second {
					t.Errorf("attempt %d follows after %s, want %s", line.Attempt+1, wait, step)
				}
				s.advance(step)
				seen[(<-got).header.Get("DigitalRiver-Signature")] = true
			}
			last := s.await(len(steps) + 1)[0]
			if last.NextAttempt != nil || last.Attempt != len(steps)+1 {
				t.Errorf("last attempt: %+v", last)
			}
			equal(t, "headers", len(seen), len(steps)+1)
		})
	}
}

func TestAcknowledgedRetryEndsIt(t *testing.T) {
	s := start(t, sandbox.Options{})
	answers := make(chan int, 2)
	answers <- 503
	answers <- 202
	address, _ := endpoint(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(<-answers) })
	id := s.subscribe(address, "")
	s.trigger(accepted)
	s.await(1)
	s.advance("10m")
	lines := s.await(2)
	equal(t, "second", []any{lines[0].Attempt, lines[0].Outcome, lines[0].NextAttempt == nil}, []any{2, "acknowledged", true})
	s.advance("100h")
	equal(t, "deliveries", len(s.deliveries("?webhook="+id+"&event="+lines[0].EventID)), 2)
	equal(t, "of another webhook", len(s.deliveries("?webhook=other")), 0)
	equal(t, "of another event", len(s.deliveries("?event=other")), 0)
	equal(t, "enabled", s.enabled(id), true)
}

// TestDisabling holds the 72 hours to both sides, and shows what starts them
// anew.
func TestDisabling(t *testing.T) {
	s := start(t, sandbox.Options{})
	status := make(chan int, 1)
	current := 500
	address, _ := endpoint(t, func(w http.ResponseWriter, _ *http.Request) {
		select {
		case current = <-status:
		default:
		}
		w.WriteHeader(current)
	})
	id := s.subscribe(address, "")
	updated := func() any { return s.call(200, "GET", "/webhooks/"+id, "").object(t)["updatedTime"] }
	before := updated()
	s.trigger(accepted)
	s.await(1)
	for i, step := range []string{"10m", "1h", "3h"} {
		s.advance(step)
		s.await(i + 2)
	}
	s.advance("67h")
	equal(t, "after 71 hours", s.enabled(id), true)
	status <- 204
	s.trigger(accepted)
	equal(t, "acknowledged", s.await(5)[0].Outcome, "acknowledged")
	s.advance("2h")
	equal(t, "after an acknowledgement", s.enabled(id), true)
	status <- 500
	s.trigger(accepted)
	s.await(6)
	s.advance("71h")
	s.await(9)
	equal(t, "71 hours after the next failure", s.enabled(id), true)
	equal(t, "updatedTime", updated(), before)
	s.advance("1h1m")
	s.awaitDisabled(id)
	if updated() == before {
		t.Error("updatedTime has not moved on")
	}
	equal(t, "webhooks of an event", s.trigger(accepted)["webhookIds"], any([]any{}))

	s.call(200, "PATCH", "/webhooks/"+id, `{"enabled":true}`)
	s.trigger(accepted)
	s.await(10)
	s.advance("71h")
	equal(t, "enabled again", s.enabled(id), true)
}

// TestDisabledGetsNoRetry also shows that the attempts of a deleted webhook go.
func TestDisabledGetsNoRetry(t *testing.T) {
	s := start(t, sandbox.Options{})
	address, got := endpoint(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) })
	id := s.subscribe(address, "")
	deleted := s.subscribe(address, "")
	s.trigger(accepted)
	s.await(2)
	s.call(200, "PATCH", "/webhooks/"+id, `{"enabled":false}`)
	s.call(204, "DELETE", "/webhooks/"+deleted, "")
	s.advance("10m")
	line := s.await(3)[0]
	equal(t, "outcome", []string{line.WebhookID, line.Outcome, line.Reason}, []string{id, "not_sent", "the webhook is disabled"})
	equal(t, "requests", len(got), 2)
}

// TestSlowEndpoint has an endpoint that never answers beside many that do.
func TestSlowEndpoint(t *testing.T) {
	s := start(t, sandbox.Options{DeliveryTimeout: time.Hour})
	slow, slowGot := endpoint(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	quick, got := endpoint(t, nil)
	s.subscribe(slow, "")
	for range 20 {
		s.trigger(accepted)
	}
	for range 8 {
		<-slowGot
	}
	const webhooks = 200
	for range webhooks {
		s.subscribe(quick, "")
	}
	begin := time.Now()
	s.trigger(accepted)
	for range webhooks {
		<-got
	}
	s.await(webhooks)
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("%d webhooks took %s", webhooks, took)
	}
	equal(t, "requests to the slow one", len(slowGot), 0)
}

// TestDeliveriesSurviveKill kills the sandbox right after events were accepted:
// each of them comes all the same.
func TestDeliveriesSurviveKill(t *testing.T) {
	file := filepath.Join(t.TempDir(), "data")
	var hold atomic.Bool
	hold.Store(true)
	address, got := endpoint(t, func(w http.ResponseWriter, r *http.Request) {
		if hold.Load() {
			<-r.Context().Done()
			return
		}
		w.WriteHeader(204)
	})
	s, kill := startProcess(t, file)
	id := s.subscribe(address, "")
	missing := map[string]bool{}
	for range 20 {
		missing[s.trigger(accepted)["id"].(string)] = true
	}
	<-got
	kill()
	hold.Store(false)
	s, kill = startProcess(t, file)
	s.await(20)
	for _, line := range s.deliveries("?webhook=" + id) {
		delete(missing, line.EventID)
	}
	equal(t, "missing", missing, map[string]bool{})
	kill()

	s, _ = startProcess(t, file)
	equal(t, "log after a restart", len(s.await(20)), 20)
}

// TestRetriesSurviveRestart shows that attempts, and the time without an
// acknowledgement, are in the file.
func TestRetriesSurviveRestart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "data")
	address, _ := endpoint(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) })
	var id string
	t.Run("before", func(t *testing.T) {
		s := start(t, sandbox.Options{DataFile: file})
		id = s.subscribe(address, "")
		s.trigger(accepted)
		s.await(1)
	})
	t.Run("retry", func(t *testing.T) {
		s := start(t, sandbox.Options{DataFile: file})
		s.advance("10m")
		equal(t, "attempt", s.await(2)[0].Attempt, 2)
	})
	t.Run("disabling", func(t *testing.T) {
		s := start(t, sandbox.Options{DataFile: file})
		s.advance("72h")
		s.awaitDisabled(id)
		equal(t, "deliveries", len(s.await(4)), 4)
	})
	t.Run("reset", func(t *testing.T) {
		s := start(t, sandbox.Options{DataFile: file})
		s.subscribe(address, "")
		s.trigger(accepted)
		s.await(5)
		s.callAs("", 204, "POST", "/_sandbox/reset", "")
		equal(t, "log", len(s.deliveries("")), 0)
		s.advance("10m")
		s.subscribe(address, "")
		s.trigger(accepted)
		equal(t, "attempt", s.await(1)[0].Attempt, 1)
	})
}

// TestEventSamples sends samples of several resources.
func TestEventSamples(t *testing.T) {
	s := start(t, sandbox.Options{})
	address, got := endpoint(t, nil)
	for _, eventType := range []string{"order.accepted", "fulfillment.created", "refund.complete", "subscription.created"} {
		s.create(fmt.Sprintf(`{"types":[%q],"address":%q}`, eventType, address))
		s.trigger(fmt.Sprintf(`{"type":%q}`, eventType))
		var e struct {
			Type string
			Data struct{ Object map[string]any }
		}
		if err := json.Unmarshal([]byte((<-got).body), &e); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(eventType, e.Type); diff != "" || e.Data.Object["id"] == nil {
			t.Errorf("%s: %v", diff, e.Data.Object)
		}
	}
}
