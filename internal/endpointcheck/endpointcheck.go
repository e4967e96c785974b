// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

// Package endpointcheck sends an endpoint what Digital River would send, and
// judges its responses. The command check-endpoint and the action
// digitalriver_check_webhook both check with it.
package endpointcheck

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/google/uuid"
	"golang.org/x/oauth2"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/catalog"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/delivery"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/redact"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/signature"
)

const (
	// soonToExpire is the validity below which a certificate gets a warning.
	soonToExpire = 30 * 24 * time.Hour
	// maxShown is how many characters of a response's body are shown.
	maxShown = 200
)

// Check is what an endpoint is checked with.
type Check struct {
	Transport http.RoundTripper // See [NewTransport].
	URL       *url.URL
	EventType string
	// Data is a JSON merge patch for the event's object, nil for none. The object
	// of an event type that the catalog does not know has nothing else.
	Data     json.RawMessage
	Secret   string // The signing secret of the webhook.
	UserName string // For basic authentication, "" for none.
	Password string
	Grant    *delivery.Grant // For OAuth, nil for none.
	// Timeout is the time that the endpoint has for each response, at most
	// [delivery.ResponseTimeout].
	Timeout time.Duration
	Now     time.Time
}

// Result is the result of a check. Nothing in it holds a credential.
type Result struct {
	URL      string    `json:"url"`
	Type     string    `json:"type"`
	EventID  string    `json:"eventId"`
	TLS      *TLS      `json:"tls"` // nil for plain http, or without a connection.
	Requests []Request `json:"requests"`
	// Failures are the reasons for which deliveries would fail, and what to do.
	Failures []string `json:"failures"`
	Warnings []string `json:"warnings"`
	Passed   bool     `json:"passed"` // There are no failures.
}

// TLS is what the endpoint's connection showed.
type TLS struct {
	Version string    `json:"version"`
	Expires time.Time `json:"expires"`
}

// Request is one request and how the endpoint responded. For requests that were
// sent at once, it is the one with the worst response.
type Request struct {
	Name       string `json:"name"`
	Status     int    `json:"status"` // 0 without a response.
	DurationMS int64  `json:"durationMs"`
	Location   string `json:"location,omitempty"`
	// Body is the beginning of the response's body, on one line. It is "" if the
	// request was acknowledged.
	Body    string `json:"body,omitempty"`
	Problem string `json:"problem,omitempty"`

	response delivery.Response
}

// NewTransport returns a transport that connects anew for each request, as for a
// first delivery. The configuration of TLS may be nil.
func NewTransport(config *tls.Config) *http.Transport {
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true, ForceAttemptHTTP2: true, TLSClientConfig: config,
		OnProxyConnectResponse: func(_ context.Context, _ *url.URL, _ *http.Request, response *http.Response) error {
			if response.StatusCode != http.StatusOK {
				return &net.OpError{Op: "proxyconnect", Err: fmt.Errorf("the proxy responded with %d", response.StatusCode)}
			}
			return nil
		},
	}
}

// Run sends a signed event and, if that is acknowledged, what else an endpoint has
// to accept and to refuse. It judges the responses. The error is about the check,
// not about the endpoint: the context ended, or the event cannot be encoded.
func (c Check) Run(ctx context.Context) (*Result, error) {
	event, err := c.event()
	if err != nil {
		return nil, err
	}
	result := &Result{
		URL: redact.URL(c.URL.String()), Type: c.EventType, EventID: event.ID,
		Requests: []Request{}, Failures: []string{}, Warnings: []string{},
	}
	s := sender{Check: c}
	if c.Grant != nil {
		if s.token, err = c.Grant.Token(ctx, c.Transport, c.Timeout); err != nil {
			result.fail("There is no OAuth token to send: %v. Digital River needs one before it can deliver an event.", err)
			return result, ctx.Err()
		}
	}
	if err := s.sendAll(ctx, result, event); err != nil {
		return nil, err
	}
	c.judgeConnection(result)
	result.Passed = len(result.Failures) == 0
	return result, nil
}

// event returns the event to check with.
func (c Check) event() (delivery.Event, error) {
	data := delivery.Data{Object: json.RawMessage("{}")}
	eventType, known := catalog.Lookup(c.EventType)
	if known {
		data = delivery.Data(eventType.Sample())
	}
	if c.Data != nil {
		var err error
		if data.Object, err = jsonpatch.MergePatch(data.Object, c.Data); err != nil {
			return delivery.Event{}, err
		}
	}
	return delivery.Event{
		ID: uuid.NewString(), Type: c.EventType, Data: data,
		CreatedTime: delivery.FormatTime(c.Now), WebhookIDs: []string{uuid.NewString()},
		DigitalRiverVersion: delivery.Version, Commerce: eventType.Product == catalog.ProductCommerceAPI,
	}, nil
}

// sendAll sends the event and its variations, and judges the responses. It stops
// after the event if that is not acknowledged: the others would show nothing new.
func (s sender) sendAll(ctx context.Context, result *Result, event delivery.Event) error {
	body, err := event.Encode()
	if err != nil {
		return err
	}
	first, err := s.send(ctx, variation{name: "signed event", body: body, signed: body, secrets: []string{s.Secret}})
	if err != nil {
		return err
	}
	result.Requests = append(result.Requests, first)
	if !first.response.Acknowledged() {
		result.fail("%s", s.advice(first))
		return nil
	}
	verifies := true
	for _, v := range s.variations(body) {
		if v.refuse && !verifies {
			continue
		}
		sent, err := s.send(ctx, v)
		if err != nil {
			return err
		}
		result.Requests = append(result.Requests, sent)
		result.judge(v, sent)
		verifies = verifies && (v.name != brokenSignature || !sent.response.Acknowledged())
	}
	if err := s.sendAtOnce(ctx, result, event); err != nil {
		return err
	}
	result.judgeDurations(s.Timeout)
	return nil
}

// judge adds a failure or a warning if a response is not the right one.
func (r *Result) judge(v variation, sent Request) {
	acknowledged := sent.response.Acknowledged()
	switch {
	case !v.refuse && !acknowledged:
		r.fail(v.problem, sent.Outcome())
	case v.refuse && acknowledged:
		r.Warn("%s", v.problem)
	case v.refuse && (sent.Status < 400 || sent.Status >= 500):
		r.Warn("The %s was not refused (%s). Respond with 400 and a message.", v.name, sent.Outcome())
	}
}

// judgeDurations warns of an endpoint that takes half of the time, or more.
func (r *Result) judgeDurations(timeout time.Duration) {
	var slowest int64
	for _, request := range r.Requests {
		if request.Problem == "" {
			slowest = max(slowest, request.DurationMS)
		}
	}
	if slowest >= timeout.Milliseconds()/2 {
		r.Warn("It took %d of the %d ms allowed. Respond with 202 at once and do the work afterwards.",
			slowest, timeout.Milliseconds())
	}
}

// judgeConnection adds the certificate, and warnings about the connection.
func (c Check) judgeConnection(r *Result) {
	if c.URL.Scheme == "http" {
		r.Warn("Plain http shows events and credentials to everyone on the way. Use https.")
	}
	state := r.Requests[0].response.TLS
	if state == nil || len(state.PeerCertificates) == 0 {
		return
	}
	r.TLS = &TLS{tls.VersionName(state.Version), state.PeerCertificates[0].NotAfter}
	if len(state.VerifiedChains) == 0 {
		r.Warn("The certificate was not checked. Digital River does not deliver to one that it cannot verify.")
	} else if r.TLS.Expires.Sub(c.Now) < soonToExpire {
		r.Warn("The certificate expires on %s. Renew it in time, or deliveries will fail.",
			r.TLS.Expires.Format(time.DateOnly))
	}
}

func (r *Result) fail(format string, args ...any) {
	r.Failures = append(r.Failures, fmt.Sprintf(format, args...))
}

// Warn adds a warning.
func (r *Result) Warn(format string, args ...any) {
	r.Warnings = append(r.Warnings, fmt.Sprintf(format, args...))
}

// Outcome returns the status, the response's body and the problem in words.
func (r Request) Outcome() string {
	switch {
	case r.Problem == "" && r.Body == "":
		return fmt.Sprintf("status %d", r.Status)
	case r.Problem == "":
		return fmt.Sprintf("status %d with %q", r.Status, r.Body)
	case r.Status == 0:
		return r.Problem
	}
	return fmt.Sprintf("status %d, but %s", r.Status, r.Problem)
}

// sender sends the requests of a check.
type sender struct {
	Check
	token *oauth2.Token // nil for none.
}

// send sends a variation of the event.
func (s sender) send(ctx context.Context, v variation) (Request, error) {
	at := s.Now.Add(-v.age)
	request, err := delivery.NewRequest(ctx, s.URL.String(), v.body, at, v.secrets...)
	if err != nil {
		return Request{}, err
	}
	request.Header.Set(signature.HeaderName, signature.Header(at, v.signed, v.secrets...))
	if s.UserName != "" {
		request.SetBasicAuth(s.UserName, s.Password)
	}
	if s.token != nil {
		s.token.SetAuthHeader(request)
	}
	response := delivery.Send(s.Transport, request, s.Timeout)
	sent := Request{
		Name: v.name, Status: response.Status, DurationMS: response.Duration.Milliseconds(),
		Location: redact.URL(response.Header.Get("Location")), response: response,
	}
	if !response.Acknowledged() {
		sent.Body = shown(string(response.Body), append(redact.RequestCredentials(request), s.Secret))
	}
	if response.Err != nil {
		sent.Problem = response.Err.Error()
	}
	return sent, ctx.Err()
}

// shown returns the beginning of a response's body on one line, without
// credentials that it repeats.
func shown(body string, credentials []string) string {
	body = redact.Replacer(credentials...).Replace(strings.ToValidUTF8(body, "\uFFFD"))
	line := []rune(strings.Join(strings.Fields(body), " "))
	if len(line) > maxShown {
		return string(line[:maxShown]) + "…"
	}
	return string(line)
}
