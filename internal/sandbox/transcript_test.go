// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
)

// openedDelivery is an attempt as GET /_sandbox/deliveries/{id} returns it.
type openedDelivery struct {
	ID, EventID, Outcome, Reason, Fault string
	Status                              int
	Request                             *struct {
		URL     string
		Headers http.Header
		Body    *string
	}
	Response *struct {
		Headers http.Header
		Body    string
	}
	Timing *struct{ ConnectMS, TLSMS, WaitMS, ReadMS float64 }
}

func (s *server) delivery(id string) openedDelivery {
	s.t.Helper()
	return decode[openedDelivery](s.t, s.control(200, "GET", "/deliveries/"+id, "").body)
}

// TestTranscript opens a delivery that the endpoint refused with a reason.
func TestTranscript(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		o := sandbox.Options{DataFile: filepath.Join(t.TempDir(), "data")}
		s, stop := n.sandbox(o)
		e := n.endpoint(func(w http.ResponseWriter, _ *http.Request) {
			time.Sleep(200 * time.Millisecond)
			w.Header().Set("X-Reason", "unsigned")
			w.WriteHeader(400)
			_, _ = io.WriteString(w, "the signature ")
			_ = http.NewResponseController(w).Flush()
			time.Sleep(100 * time.Millisecond)
			_, _ = io.WriteString(w, "does not \x1b[1mmatch\nat line 2")
		})
		s.subscribe(strings.Replace(e.url, "://", "://name:hidden@", 1)+"/in?token=hidden", "")
		s.trigger(acceptedEvent)
		pass(time.Second)
		id := s.settledDeliveries(1)[0].ID
		stop()

		s, _ = n.sandbox(o)
		d, got := s.delivery(id), e.last(t)
		equal(t, "delivery", []any{d.ID, d.Status, d.Outcome}, []any{id, 400, "rejected"})
		equal(t, "URL", d.Request.URL, e.url+"/in")
		equal(t, "body", *d.Request.Body, got.body)
		equal(t, "signature", d.Request.Headers.Get("DigitalRiver-Signature"), got.header.Get("DigitalRiver-Signature"))
		equal(t, "Authorization", d.Request.Headers.Values("Authorization"), []string{"Basic …"})
		equal(t, "Content-Type", d.Request.Headers.Get("Content-Type"), "application/json")
		equal(t, "reason", d.Response.Headers.Get("X-Reason"), "unsigned")
		equal(t, "response", d.Response.Body, "the signature does not \x1b[1mmatch\nat line 2")
		equal(t, "timing", []float64{d.Timing.WaitMS, d.Timing.ReadMS}, []float64{200, 100})
		list := s.control(200, "GET", "/deliveries", "").body
		if strings.Contains(list, "at line 2") || strings.Contains(list, "Signature") {
			t.Errorf("the list has what belongs to one delivery: %s", list)
		}
		equal(t, "reason", d.Reason, `the endpoint responded with status 400: the signature does not \x1b[1mmatch`)
		for _, missing := range []string{"0", "2", "x", "-1", "18446744073709551616"} {
			equal(t, missing, s.control(404, "GET", "/deliveries/"+missing, "").errors(t), []string{"not_found id"})
		}
	})
}

// TestTranscriptHasNoCredentials has an endpoint that sends back all it gets.
func TestTranscriptHasNoCredentials(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		s, _ := n.sandbox(sandbox.Options{})
		tokens := n.tokenEndpoint(200)
		echo := func(known ...string) string {
			return n.endpoint(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("X-Echo", r.Header.Get("Authorization"))
				w.WriteHeader(400) // So that the reason has the first line.
				_ = json.NewEncoder(w).Encode([]any{r.URL.String(), r.Header, known})
			}).url
		}
		s.subscribe(echo("pass word")+"/?token=hidden", `,"authentication":{"userName":"shop","password":"pass word"}`)
		s.subscribe(echo("client secret", "user secret"), fmt.Sprintf(`,"transportType":"OAUTH","oauth":{
			"tokenEndPoint":%q,"clientID":"client","clientSecret":"client secret","userName":"user","password":"user secret"}`,
			tokens.url))
		s.trigger(acceptedEvent)
		for _, d := range s.settledDeliveries(2) {
			text := s.control(200, "GET", "/deliveries/"+d.ID, "").body
			for _, credential := range []string{
				"hidden", "pass word", "c2hvcDpwYXNzIHdvcmQ=", "token1", "client secret", "user secret",
			} {
				if d.Outcome != "rejected" || strings.Contains(text, credential) {
					t.Errorf("%s is in %s", credential, text)
				}
			}
		}
	})
}

// TestDeliveryWithoutTranscript has attempts that reached no endpoint.
func TestDeliveryWithoutTranscript(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		s, _ := n.sandbox(sandbox.Options{})
		s.subscribe("https://shop.example.com", "")
		s.trigger(acceptedEvent)
		d := s.delivery(s.settledDeliveries(1)[0].ID)
		equal(t, "not sent", []bool{d.Request == nil, d.Response == nil, d.Timing == nil}, []bool{true, true, true})
		s.subscribe("http://127.0.0.1:9999", "")
		s.trigger(acceptedEvent)
		for _, d := range s.settledDeliveries(3)[:2] {
			if d.Outcome == "unreachable" {
				opened := s.delivery(d.ID)
				equal(t, "unreachable", []bool{opened.Request == nil, opened.Response == nil}, []bool{false, true})
			}
		}
	})
}

func TestEndlessResponseIsCut(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		s, _ := n.sandbox(sandbox.Options{})
		s.subscribe(n.endpoint(func(w http.ResponseWriter, _ *http.Request) {
			for {
				if _, err := w.Write(make([]byte, 4096)); err != nil {
					return
				}
			}
		}).url, "")
		s.trigger(acceptedEvent)
		equal(t, "size", len(s.delivery(s.settledDeliveries(1)[0].ID).Response.Body), 64<<10)
	})
}

// TestResend sends an event again: at once, signed with the secrets of now, and
// then with the retries of a new event.
func TestResend(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		s, _ := n.sandbox(sandbox.Options{})
		endpointStatus := respondWith(500)
		e := n.endpoint(endpointStatus.ServeHTTP)
		id := s.subscribe(e.url, "")
		s.trigger(acceptedEvent)
		first := s.settledDeliveries(1)[0]
		s.advance("5m")
		s.rotate(id, 0)
		resend := func(id string) {
			t.Helper()
			equal(t, "resent", s.control(202, "POST", "/deliveries/"+id+"/resend", "").object(t),
				map[string]any{"eventId": first.EventID, "webhookId": first.WebhookID})
		}
		resend(first.ID)
		second := s.settledDeliveries(2)[0]
		equal(t, "second", []any{second.EventID, second.Attempt, second.NextAttempt.Sub(second.Time)},
			[]any{first.EventID, 1, 10 * time.Minute})
		got := e.requests()
		equal(t, "same body", got[1].body, got[0].body)
		timestamp, signature, _ := strings.Cut(got[1].header.Get("DigitalRiver-Signature"), ", ")
		equal(t, "timestamp", timestamp, fmt.Sprint(time.Now().Add(5*time.Minute).Unix()))
		equal(t, "signature", signature, signed(s.secrets(id)[0].Secret, timestamp, got[1].body))

		s.advance("5m")
		s.settledDeliveries(2) // The first retry has been replaced.
		endpointStatus.Store(204)
		s.advance("5m")
		equal(t, "retry", s.settledDeliveries(3)[0].Attempt, 2)
		resend(second.ID)
		equal(t, "after an acknowledgement", s.settledDeliveries(4)[0].Outcome, "acknowledged")

		s.call(200, "PATCH", "/webhooks/"+id, `{"enabled":false}`)
		resend(first.ID)
		equal(t, "disabled", s.settledDeliveries(5)[0].Reason, "the webhook is disabled")
		s.call(204, "DELETE", "/webhooks/"+id, "")
		equal(t, "deleted", s.control(409, "POST", "/deliveries/1/resend", "").errors(t), []string{"conflict"})
		equal(t, "missing", s.control(404, "POST", "/deliveries/99/resend", "").errors(t), []string{"not_found id"})
		s.advance("721h")
		s.trigger(acceptedEvent)
		equal(t, "expired", s.control(409, "POST", "/deliveries/1/resend", "").errors(t), []string{"conflict"})
		equal(t, "body", s.delivery("1").Request.Body == nil, true)
	})
}

// TestResendUnderWay sends an event again while an attempt is under way, whose
// result then has no retry of its own.
func TestResendUnderWay(t *testing.T) {
	inBubble(t, func(t *testing.T, n *network) {
		s, _ := n.sandbox(sandbox.Options{})
		endpointStatus := respondWith(500)
		s.subscribe(n.endpoint(func(w http.ResponseWriter, r *http.Request) {
			if endpointStatus.Add(1) == 503 { // The third request.
				time.Sleep(time.Second)
			}
			w.WriteHeader(500)
		}).url, "")
		s.trigger(acceptedEvent)
		s.control(202, "POST", "/deliveries/"+s.settledDeliveries(1)[0].ID+"/resend", "")
		s.control(202, "POST", "/deliveries/"+s.settledDeliveries(2)[0].ID+"/resend", "")
		settle()
		s.control(202, "POST", "/deliveries/1/resend", "")
		pass(time.Second)
		d := s.settledDeliveries(4)
		equal(t, "next attempts", []bool{d[0].NextAttempt == nil, d[1].NextAttempt == nil}, []bool{true, false})
		s.advance("10m")
		s.settledDeliveries(5)
	})
}
