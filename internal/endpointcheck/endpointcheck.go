// Package endpointcheck sends an endpoint what Digital River would send, and
// judges its responses. The command check-endpoint and the action
// digitalriver_check_webhook both check with it.
package endpointcheck

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"
	"golang.org/x/oauth2"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/catalog"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/delivery"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/redact"
)

// soonToExpire is the validity below which a certificate gets a warning.
const soonToExpire = 30 * 24 * time.Hour

// Check is what an endpoint is checked with.
type Check struct {
	Transport http.RoundTripper // See [NewTransport].
	URL       *url.URL
	EventType string
	Secret    string // The signing secret of the webhook.
	UserName  string // For basic authentication, "" for none.
	Password  string
	Grant     *delivery.Grant // For OAuth, nil for none.
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

// Request is one request and how the endpoint responded.
type Request struct {
	Name       string `json:"name"`
	Status     int    `json:"status"` // 0 without a response.
	DurationMS int64  `json:"durationMs"`
	Location   string `json:"location,omitempty"`
	Problem    string `json:"problem,omitempty"`

	response delivery.Response
}

// NewTransport returns a transport that connects anew for each request, as for a
// first delivery.
func NewTransport() *http.Transport {
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true, ForceAttemptHTTP2: true,
		OnProxyConnectResponse: func(_ context.Context, _ *url.URL, _ *http.Request, response *http.Response) error {
			if response.StatusCode != http.StatusOK {
				return &net.OpError{Op: "proxyconnect", Err: fmt.Errorf("the proxy responded with %d", response.StatusCode)}
			}
			return nil
		},
	}
}

// Run sends a signed sample event, the same event again, and the event with a
// broken signature, and judges the responses. The error is about the check, not
// about the endpoint: the context ended, or the event cannot be encoded.
func (c Check) Run(ctx context.Context) (*Result, error) {
	known, _ := catalog.Lookup(c.EventType)
	event := delivery.Event{
		ID: uuid.NewString(), Type: c.EventType, Data: delivery.Data(known.Sample()),
		CreatedTime: delivery.FormatTime(c.Now), WebhookIDs: []string{uuid.NewString()},
		DigitalRiverVersion: delivery.Version, Commerce: known.Product == catalog.ProductCommerceAPI,
	}
	body, err := event.Encode()
	if err != nil {
		return nil, err
	}
	result := &Result{
		URL: redact.URL(c.URL.String()), Type: c.EventType, EventID: event.ID,
		Requests: []Request{}, Failures: []string{}, Warnings: []string{},
	}
	var token *oauth2.Token
	if c.Grant != nil {
		if token, err = c.Grant.Token(ctx, c.Transport, c.Timeout); err != nil {
			result.fail("There is no OAuth token to send: %v. Digital River needs one before it can deliver an event.", err)
			return result, ctx.Err()
		}
	}
	for _, request := range []struct{ name, secret string }{
		{"signed event", c.Secret}, {"the same again", c.Secret}, {"broken signature", rand.Text()},
	} {
		sent, err := c.send(ctx, request.name, body, request.secret, token)
		if err != nil {
			return nil, err
		}
		result.Requests = append(result.Requests, sent)
		if sent.Status == 0 && len(result.Requests) == 1 {
			break // Nothing responds, so further requests would show nothing new.
		}
	}
	c.judge(result)
	return result, nil
}

func (c Check) send(
	ctx context.Context, name string, body []byte, secret string, token *oauth2.Token,
) (Request, error) {
	request, err := delivery.NewRequest(ctx, c.URL.String(), body, c.Now, secret)
	if err != nil {
		return Request{}, err
	}
	if c.UserName != "" {
		request.SetBasicAuth(c.UserName, c.Password)
	}
	if token != nil {
		token.SetAuthHeader(request)
	}
	response := delivery.Send(c.Transport, request, c.Timeout)
	sent := Request{
		Name: name, Status: response.Status, DurationMS: response.Duration.Milliseconds(),
		Location: redact.URL(response.Header.Get("Location")), response: response,
	}
	if response.Err != nil {
		sent.Problem = response.Err.Error()
	}
	return sent, ctx.Err()
}

// judge adds the failures and warnings, the certificate, and the verdict.
func (c Check) judge(r *Result) {
	c.judgeResponses(r)
	if state := r.Requests[0].response.TLS; state != nil && len(state.PeerCertificates) > 0 {
		r.TLS = &TLS{tls.VersionName(state.Version), state.PeerCertificates[0].NotAfter}
		if r.TLS.Expires.Sub(c.Now) < soonToExpire {
			r.Warn("The certificate expires on %s. Renew it in time, or deliveries will fail.",
				r.TLS.Expires.Format(time.DateOnly))
		}
	}
	if c.URL.Scheme == "http" {
		r.Warn("Plain http shows events and credentials to everyone on the way. Use https.")
	}
	r.Passed = len(r.Failures) == 0
}

func (c Check) judgeResponses(r *Result) {
	first := r.Requests[0]
	acknowledged := first.response.Acknowledged()
	if !acknowledged {
		r.fail("%s", c.advice(first))
	}
	if len(r.Requests) == 1 {
		return
	}
	again, broken := r.Requests[1], r.Requests[2]
	if acknowledged && !again.response.Acknowledged() {
		r.fail("The same event again was not acknowledged (%s). "+
			"An event may arrive twice: respond with a 2xx to one that is already known.", again.Outcome())
	}
	switch {
	case broken.response.Acknowledged():
		r.Warn("The broken signature was accepted, so anyone could send events. " +
			"Verify the signature over the raw body, and respond with 400 if it is not valid.")
	case acknowledged && (broken.Status < 400 || broken.Status >= 500):
		r.Warn("The broken signature was not refused (%s). Respond with 400 and a message.", broken.Outcome())
	}
	if slowest := max(first.DurationMS, broken.DurationMS); acknowledged && slowest >= c.Timeout.Milliseconds()/2 {
		r.Warn("It took %d of the %d ms allowed. Respond with 202 at once and do the work afterwards.",
			slowest, c.Timeout.Milliseconds())
	}
}

func (r *Result) fail(format string, args ...any) {
	r.Failures = append(r.Failures, fmt.Sprintf(format, args...))
}

// Warn adds a warning.
func (r *Result) Warn(format string, args ...any) {
	r.Warnings = append(r.Warnings, fmt.Sprintf(format, args...))
}

// advice explains why a request would count as failed, and what to do.
func (c Check) advice(r Request) string {
	switch {
	case errors.Is(r.response.Err, delivery.ErrTimeout) && r.Status == 0:
		return fmt.Sprintf("There was no response within %d ms. Respond with 202 at once and do the work afterwards.",
			c.Timeout.Milliseconds())
	case r.Problem != "" && r.Status == 0:
		return fmt.Sprintf("It cannot be reached: %s. "+
			"Fix that, and let Digital River's addresses through the firewall.", r.Problem)
	case r.Problem != "":
		return fmt.Sprintf("It responded with %d, but %s. End the response at once; an empty body is enough.",
			r.Status, r.Problem)
	case r.response.Redirected():
		return fmt.Sprintf("It redirects (%d) to %s. Redirects are not followed: use that as the webhook's address.",
			r.Status, r.Location)
	case r.Status == http.StatusUnauthorized || r.Status == http.StatusForbidden:
		return fmt.Sprintf("It responded with %d. Compare the credentials and the signing secret with those that it "+
			"expects.", r.Status)
	case r.Status >= 400 && r.Status < 500:
		return fmt.Sprintf("It responded with %d to a valid event. "+
			"Compare the signing secret with the one that it has, and the path with the one that it serves.", r.Status)
	}
	return fmt.Sprintf("It responded with %d. Only a 2xx acknowledges an event: see the endpoint's log.", r.Status)
}

// Outcome returns the status and the problem in words.
func (r Request) Outcome() string {
	switch {
	case r.Problem == "":
		return fmt.Sprintf("status %d", r.Status)
	case r.Status == 0:
		return r.Problem
	}
	return fmt.Sprintf("status %d, but %s", r.Status, r.Problem)
}
