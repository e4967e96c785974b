package command

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/catalog"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/delivery"
)

const checkEndpointUsage = `Usage: terraform-provider-digitalriver check-endpoint URL [flags]

Sends an endpoint what Digital River would send, and reports whether its responses
are acceptable: a signed sample event, the same event again (duplicates happen),
and the event with a broken signature, which the endpoint should refuse. The
requests come from this machine. Digital River's addresses may meet another
firewall.

The event is a sample, but the endpoint cannot know that. Check an endpoint whose
handler does no harm with it.

Flags:
  -type TYPE          the event's type (default order.accepted)
  -secret-file FILE   the signing secret, whk_... (default:
                      DIGITALRIVER_WEBHOOK_SECRET from the environment; without
                      either, a secret that is made up on the spot)
  -username NAME      for basic authentication
  -password-file FILE its password (default: DIGITALRIVER_WEBHOOK_PASSWORD from
                      the environment)
  -json               print the result as JSON

It reports TLS and when the certificate expires, redirects, the status, and the
duration compared with the 3000 ms that Digital River waits. It ends with a verdict
and what to change.

Exit status: 0 if the deliveries would be acknowledged, 1 if one would count as
failed, 2 for wrong usage.

For example:
  terraform-provider-digitalriver check-endpoint https://shop.example.com/events \
    -secret-file secret.txt -username shop -password-file password.txt
`

const (
	// slowResponse is the duration from which a response gets a warning.
	slowResponse = delivery.ResponseTimeout / 2
	// soonToExpire is the validity below which a certificate gets a warning.
	soonToExpire = 30 * 24 * time.Hour
)

// checker is what an endpoint is checked with.
type checker struct {
	client             *http.Client
	url                *url.URL
	secret             string
	madeUp             bool // The endpoint cannot know the secret.
	username, password string
	timeout            time.Duration
	now                time.Time
}

// checkResult is the result of a check.
type checkResult struct {
	URL      string         `json:"url"`
	Type     string         `json:"type"`
	EventID  string         `json:"eventId"`
	TLS      *tlsResult     `json:"tls"`
	Requests []checkRequest `json:"requests"`
	Failures []string       `json:"failures"`
	Warnings []string       `json:"warnings"`
	Passed   bool           `json:"passed"`
}

type tlsResult struct {
	Version string    `json:"version"`
	Expires time.Time `json:"expires"`
}

// checkRequest is one request and how the endpoint responded.
type checkRequest struct {
	Name       string `json:"name"`
	Status     int    `json:"status"`
	DurationMS int64  `json:"durationMs"`
	Location   string `json:"location,omitempty"`
	Problem    string `json:"problem,omitempty"`

	response delivery.Response
}

func defineCheckEndpoint(flags *flag.FlagSet) action {
	eventType := flags.String("type", "order.accepted", "")
	secretFile := flags.String("secret-file", "", "")
	username := flags.String("username", "", "")
	passwordFile := flags.String("password-file", "", "")
	asJSON := flags.Bool("json", false, "")
	return func(ctx context.Context, args []string, std streams) error {
		if len(args) != 1 {
			return wrongUsage("want one URL, got %d", len(args))
		}
		address, err := url.Parse(args[0])
		if err != nil || address.Scheme != "http" && address.Scheme != "https" || address.Hostname() == "" {
			return wrongUsage("the URL must begin with https:// or http:// and name a host")
		}
		if err := checkEventType(*eventType); err != nil {
			return err
		}
		c := checker{
			client: newCheckClient(), url: address, username: *username,
			timeout: delivery.ResponseTimeout, now: time.Now(),
		}
		if err := c.readCredentials(*secretFile, *passwordFile); err != nil {
			return err
		}
		result, err := c.check(ctx, *eventType)
		if err != nil {
			return err
		}
		if *asJSON {
			err = printJSON(std.out, result)
		} else {
			result.print(std.out)
		}
		if err == nil && !result.Passed {
			err = errBadResult
		}
		return err
	}
}

// newCheckClient returns a client that connects anew for each request, as for a
// first delivery.
func newCheckClient() *http.Client {
	return &http.Client{Transport: &http.Transport{
		Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true, ForceAttemptHTTP2: true,
	}}
}

func (c *checker) readCredentials(secretFile, passwordFile string) error {
	secrets, err := readLines(secretFile, secretVariable)
	if err != nil {
		return err
	}
	if c.madeUp = len(secrets) == 0; c.madeUp {
		secrets = []string{"whk_" + uuid.NewString()}
	}
	c.secret = secrets[0]
	passwords, err := readLines(passwordFile, passwordVariable)
	if err != nil {
		return err
	}
	if len(passwords) > 0 {
		c.password = passwords[0]
	}
	if (c.username == "") != (c.password == "") && (c.username != "" || passwordFile != "") {
		return wrongUsage("basic authentication needs both -username and a password (-password-file or %s)",
			passwordVariable)
	}
	return nil
}

// check sends the three requests and judges the responses.
func (c *checker) check(ctx context.Context, eventType string) (*checkResult, error) {
	event := delivery.Event{
		ID: uuid.NewString(), Type: eventType, CreatedTime: delivery.FormatTime(c.now),
		WebhookIDs: []string{uuid.NewString()}, DigitalRiverVersion: delivery.Version,
	}
	known, _ := catalog.Lookup(eventType)
	event.Data.Object = known.Sample().Object
	body, err := event.Encode()
	if err != nil {
		return nil, err
	}
	result := &checkResult{
		URL: c.url.Redacted(), Type: eventType, EventID: event.ID,
		Requests: []checkRequest{}, Failures: []string{}, Warnings: []string{},
	}
	for _, request := range []struct{ name, secret string }{
		{"signed event", c.secret}, {"the same again", c.secret}, {"broken signature", rand.Text()},
	} {
		sent, err := c.send(ctx, request.name, body, request.secret)
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

func (c *checker) send(ctx context.Context, name string, body []byte, secret string) (checkRequest, error) {
	request, err := delivery.NewRequest(ctx, c.url.String(), body, c.now, secret)
	if err != nil {
		return checkRequest{}, err
	}
	if c.username != "" {
		request.SetBasicAuth(c.username, c.password)
	}
	response := delivery.Send(c.client, request, c.timeout)
	sent := checkRequest{
		Name: name, Status: response.Status, DurationMS: response.Duration.Milliseconds(),
		Location: withoutSecrets(response.Header.Get("Location")), response: response,
	}
	if response.Err != nil {
		sent.Problem = response.Err.Error()
	}
	return sent, ctx.Err()
}

// withoutSecrets returns a URL without its password and query.
func withoutSecrets(location string) string {
	u, err := url.Parse(location)
	if err != nil {
		return ""
	}
	u.RawQuery = ""
	return u.Redacted()
}

// judge adds the failures and warnings, the certificate, and the verdict.
func (c *checker) judge(r *checkResult) {
	c.judgeResponses(r)
	if state := r.Requests[0].response.TLS; state != nil && len(state.PeerCertificates) > 0 {
		r.TLS = &tlsResult{tls.VersionName(state.Version), state.PeerCertificates[0].NotAfter}
		if r.TLS.Expires.Sub(c.now) < soonToExpire {
			r.warn("The certificate expires on %s. Renew it in time, or deliveries will fail.",
				r.TLS.Expires.Format(time.DateOnly))
		}
	}
	if c.url.Scheme == "http" {
		r.warn("Plain http shows events and credentials to everyone on the way. Use https.")
	}
	if c.madeUp {
		r.warn("The event was signed with a made-up secret. Use -secret-file to check how the endpoint verifies signatures.")
	}
	r.Passed = len(r.Failures) == 0
}

func (c *checker) judgeResponses(r *checkResult) {
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
			"An event may arrive twice: respond with a 2xx to one that is already known.", again.outcome())
	}
	switch {
	case broken.response.Acknowledged():
		r.warn("The broken signature was accepted, so anyone could send events. " +
			"Verify the signature over the raw body, and respond with 400 if it is not valid.")
	case acknowledged && (broken.Status < 400 || broken.Status >= 500):
		r.warn("The broken signature was not refused (%s). Respond with 400 and a message.", broken.outcome())
	}
	if slowest := max(first.DurationMS, broken.DurationMS); acknowledged && slowest >= slowResponse.Milliseconds() {
		r.warn("It took %d of the %d ms allowed. Respond with 202 at once and do the work afterwards.",
			slowest, c.timeout.Milliseconds())
	}
}

func (r *checkResult) fail(format string, args ...any) {
	r.Failures = append(r.Failures, fmt.Sprintf(format, args...))
}

func (r *checkResult) warn(format string, args ...any) {
	r.Warnings = append(r.Warnings, fmt.Sprintf(format, args...))
}

// advice explains why a request would count as failed, and what to do.
func (c *checker) advice(r checkRequest) string {
	switch {
	case errors.Is(r.response.Err, delivery.ErrTimeout) && r.Status == 0:
		return fmt.Sprintf("There was no response within %d ms. Respond with 202 at once and do the work afterwards.",
			c.timeout.Milliseconds())
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
		return fmt.Sprintf("It responded with %d. "+
			"Compare the credentials (-username, -password-file) and the secret with those that it expects.", r.Status)
	case r.Status >= 400 && r.Status < 500:
		return fmt.Sprintf("It responded with %d to a valid event. "+
			"Compare the secret with the one that it has, and the path with the one that it serves.", r.Status)
	}
	return fmt.Sprintf("It responded with %d. Only a 2xx acknowledges an event: see the endpoint's log.", r.Status)
}

// outcome returns the status and the problem in words.
func (r checkRequest) outcome() string {
	switch {
	case r.Problem == "":
		return fmt.Sprintf("status %d", r.Status)
	case r.Status == 0:
		return r.Problem
	}
	return fmt.Sprintf("status %d, but %s", r.Status, r.Problem)
}

func (r *checkResult) print(w io.Writer) {
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) }
	line("%s, event %s of type %s\n", r.URL, r.EventID, r.Type)
	if r.TLS != nil {
		line("  %-18s%s, certificate valid until %s", "TLS", r.TLS.Version, r.TLS.Expires.Format(time.DateOnly))
	}
	for _, s := range r.Requests {
		line("  %-18s%s, %d ms of %d", s.Name, s.outcome(), s.DurationMS, delivery.ResponseTimeout.Milliseconds())
	}
	line("")
	for _, text := range r.Failures {
		line("FAILURE: %s", text)
	}
	for _, text := range r.Warnings {
		line("WARNING: %s", text)
	}
	if r.Passed {
		line("Verdict: Digital River would count its deliveries as acknowledged.")
	} else {
		line("Verdict: Digital River would count deliveries as failed, and would disable the webhook if that continues.")
	}
}
