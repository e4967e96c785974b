// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
)

// signed returns the signature that the documentation describes.
func signed(secret, timestamp, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = io.WriteString(mac, timestamp+"."+body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func TestDelivery(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		s, _ := n.sandbox(sandbox.Options{})
		e := n.endpoint(nil)
		id := s.subscribe(e.url, `,"authentication":{"userName":"shop","password":"pass word"}`)
		s.rotate(id, 12)
		s.advance("1h")
		s.trigger(acceptedEvent)

		d := e.last(t)
		user, password, _ := (&http.Request{Header: d.header}).BasicAuth()
		equal(t, "credentials", user+"/"+password, "shop/pass word")
		equal(t, "Content-Type", d.header.Get("Content-Type"), "application/json")
		timestamp, signatures, _ := strings.Cut(d.header.Get("DigitalRiver-Signature"), ", ")
		equal(t, "timestamp", timestamp, fmt.Sprint(time.Now().Add(time.Hour).Unix()))
		var want []string
		for _, secret := range s.secrets(id) {
			want = append(want, signed(secret.Secret, timestamp, d.body))
		}
		equal(t, "signatures", strings.Split(signatures, ", "), want)
		equal(t, "number of signatures", len(want), 2)
		s.advance("11h")
		s.trigger(acceptedEvent)
		_, signatures, _ = strings.Cut(e.last(t).header.Get("DigitalRiver-Signature"), ", ")
		equal(t, "signatures after the overlap", len(strings.Split(signatures, ", ")), 1)
	})
}

func TestDeliveryIsLogged(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		s, _ := n.sandbox(sandbox.Options{})
		id := s.subscribe(n.endpoint(nil).url, "")
		s.advance("1h")
		triggered := s.trigger(acceptedEvent)
		equal(t, "log", s.settledDeliveries(1)[0], loggedDelivery{
			ID: "1", EventID: triggered["id"].(string), EventType: "order.accepted", WebhookID: id, Attempt: 1,
			Time: time.Now().Add(time.Hour).UTC(), Status: 204, Outcome: "acknowledged",
		})
	})
}

// TestOutcomes has each way to fail, none of which may show a credential.
func TestOutcomes(t *testing.T) {
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(code)
		}
	}
	hang := func(r *http.Request) { <-r.Context().Done() }
	body := func(size int, then func(*http.Request)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, strings.Repeat("x", size))
			_ = http.NewResponseController(w).Flush()
			then(r)
		}
	}
	end := func(*http.Request) {}
	tests := []struct {
		name       string
		respond    http.HandlerFunc
		status     int
		outcome    string
		durationMS int
	}{
		{"200", status(200), 200, "acknowledged", 0},
		{"202", status(202), 202, "acknowledged", 0},
		{"500", status(500), 500, "rejected", 0},
		{"400", status(400), 400, "rejected", 0},
		{"302", status(302), 302, "redirected", 0},
		{"308", status(308), 308, "redirected", 0},
		{"just in time", func(http.ResponseWriter, *http.Request) { time.Sleep(2999 * time.Millisecond) },
			200, "acknowledged", 2999},
		{"too late", func(http.ResponseWriter, *http.Request) { time.Sleep(3001 * time.Millisecond) },
			0, "timed_out", 3000},
		{"no response", func(_ http.ResponseWriter, r *http.Request) { hang(r) }, 0, "timed_out", 3000},
		{"never complete", body(10, hang), 200, "timed_out", 3000},
		{"to nowhere", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://inaddress:in address@shop.example.com")
			w.WriteHeader(302)
		}, 302, "redirected", 0},
		{"repeats the request", repeatRequest, 0, "unreachable", 0},
		{"cut", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 0, "unreachable", 0},
		{"64 KiB", body(64<<10, end), 200, "acknowledged", 0},
		{"more than 64 KiB", body(64<<10+1, end), 200, "rejected", 0},
		{"more than 64 KiB and no end", body(64<<10+1, hang), 200, "rejected", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, n *network) {
				s, _ := n.sandbox(sandbox.Options{})
				e := n.endpoint(test.respond)
				s.subscribe(strings.Replace(e.url, "://", "://inaddress:inaddress@", 1)+"/?token=inaddress", "")
				s.trigger(acceptedEvent)
				pass(time.Minute)
				d := s.settledDeliveries(1)[0]
				equal(t, "outcome", []any{d.Status, d.Outcome, d.DurationMS},
					[]any{test.status, test.outcome, test.durationMS})
				acknowledged := test.outcome == "acknowledged"
				if (d.Reason == "") != acknowledged || (d.NextAttempt == nil) != acknowledged ||
					strings.Contains(d.Reason, "inaddress") {
					t.Errorf("%+v", d)
				}
				equal(t, "requests", len(e.requests()), 1)
			})
		})
	}
}

// repeatRequest responds as a server of another protocol may, which sends back
// what it gets.
func repeatRequest(w http.ResponseWriter, r *http.Request) {
	conn, _, _ := http.NewResponseController(w).Hijack()
	_, _ = fmt.Fprintf(conn, "%s %s %s\r\n%s\r\n", r.Method, r.RequestURI, r.Proto, r.Header)
	_ = conn.Close()
}

// TestEndpointClosesConnections has an endpoint whose idle timeout ends whenever
// another request comes on a connection.
func TestEndpointClosesConnections(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		s, _ := n.sandbox(sandbox.Options{})
		e := n.endpoint(func(w http.ResponseWriter, _ *http.Request) {
			conn, next, _ := http.NewResponseController(w).Hijack()
			_, _ = io.WriteString(conn, "HTTP/1.1 204 No Content\r\n\r\n")
			_, _ = next.ReadByte()
			_ = conn.Close()
		})
		s.subscribe(e.url, "")
		for i := range 3 {
			s.trigger(acceptedEvent)
			equal(t, "outcome", s.settledDeliveries(i + 1)[0].Outcome, "acknowledged")
		}
	})
}

func TestUnreachable(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		s, _ := n.sandbox(sandbox.Options{})
		s.subscribe("http://127.0.0.1:9999", "")
		s.trigger(acceptedEvent)
		d := s.settledDeliveries(1)[0]
		equal(t, "outcome", d.Outcome, "unreachable")
		if !strings.Contains(d.Reason, "refused") {
			t.Errorf("reason %q", d.Reason)
		}
	})
}

// TestNotSent shows that other machines get nothing, which does not count as
// their failure.
func TestNotSent(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		s, _ := n.sandbox(sandbox.Options{})
		id := s.subscribe("https://shop.example.com", "")
		s.subscribe("http://localhost.evil", "")
		s.subscribe("http://127.0.0.1.evil.example", "")
		s.subscribe("http://127.0.0.1@evil.example", "")
		s.subscribe("http://localhost:1", `,"transportType":"OAUTH",`+oauthMember)
		s.trigger(acceptedEvent)
		for _, d := range s.settledDeliveries(5) {
			if d.Outcome != "not_sent" || !strings.Contains(d.Reason, "-deliver-anywhere") || d.NextAttempt != nil {
				t.Errorf("%+v", d)
			}
		}
		s.advance("100h")
		settle()
		equal(t, "enabled", s.enabled(id), true)

		anywhere, _ := n.sandbox(sandbox.Options{DeliverAnywhere: true})
		anywhere.subscribe("http://nowhere.example.com", "")
		anywhere.trigger(acceptedEvent)
		equal(t, "outcome", anywhere.settledDeliveries(1)[0].Outcome, "unreachable")
	})
}

// tokenEndpoint issues tokens that last an hour: token1, token2 and so on.
type tokenEndpoint struct {
	url      string
	status   int
	issued   atomic.Int64
	requests chan string // "client/secret form"
}

func (n *network) tokenEndpoint(status int) *tokenEndpoint {
	e := &tokenEndpoint{status: status, requests: make(chan string, 100)}
	e.url, _ = n.serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		client, secret, _ := r.BasicAuth()
		_ = r.ParseForm()
		e.requests <- client + "/" + secret + " " + r.PostForm.Encode()
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(e.status)
		_, _ = fmt.Fprintf(w, `{"access_token":"token%d","token_type":"bearer","expires_in":3600,"secret":%q}`,
			e.issued.Add(1), secret)
	}))
	return e
}

func TestOAuth(t *testing.T) {
	for members, form := range map[string]string{
		`"userName":"u","password":"p"`:                        "grant_type=password&password=p&username=u",
		`"grantType":"client_credentials","audience":"a shop"`: "audience=a+shop&grant_type=client_credentials",
	} {
		inBubble(t, func(t *testing.T, n *network) {
			s, _ := n.sandbox(sandbox.Options{})
			var status atomic.Int64
			status.Store(200)
			e := n.endpoint(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(int(status.Load())) })
			tokens := n.tokenEndpoint(200)
			s.subscribe(e.url, fmt.Sprintf(
				`,"transportType":"OAUTH","oauth":{"tokenEndPoint":%q,"clientID":"client","clientSecret":"c secret",%s}`,
				tokens.url, members))
			deliver := func() string {
				s.trigger(acceptedEvent)
				return e.last(t).header.Get("Authorization")
			}
			equal(t, "first", deliver(), "Bearer token1")
			equal(t, "token request", <-tokens.requests, "client/c+secret "+form)
			s.advance("59m")
			equal(t, "cached", deliver(), "Bearer token1")
			s.advance("2m")
			equal(t, "expired", deliver(), "Bearer token2")
			status.Store(401)
			equal(t, "unauthorized", deliver(), "Bearer token2")
			equal(t, "new after that", deliver(), "Bearer token3")
		})
	}
}

func TestTokenRefused(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		s, _ := n.sandbox(sandbox.Options{})
		e := n.endpoint(nil)
		refusing, missing := n.tokenEndpoint(401).url, "http://127.0.0.1:9999"
		garbled, _ := n.serve(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "{}")
		}))
		repeating, _ := n.serve(http.HandlerFunc(repeatRequest))
		redirecting, _ := n.serve(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://client:hid den@id.example.com")
			w.WriteHeader(302)
		}))
		for i, test := range []struct{ tokens, reason string }{
			{repeating, "the token endpoint cannot be reached: the response is not valid HTTP"},
			{redirecting, "the token endpoint cannot be reached: the response is not valid HTTP"},
			{refusing, "the token endpoint responded with status 401"},
			{missing, "the token endpoint cannot be reached: dial tcp: connection refused"},
			{garbled, "the token endpoint's response is not a token"},
		} {
			id := s.subscribe(e.url, fmt.Sprintf(
				`,"transportType":"OAUTH","oauth":{"tokenEndPoint":%q,"clientID":"client","clientSecret":"hidden"}`, test.tokens))
			s.trigger(acceptedEvent)
			d := s.settledDeliveries(i + 1)[0]
			equal(t, "outcome", []string{d.Outcome, d.Reason}, []string{"token_refused", test.reason})
			s.call(204, "DELETE", "/webhooks/"+id, "")
		}
		equal(t, "requests", len(e.requests()), 0)
	})
}
