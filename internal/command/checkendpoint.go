package command

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/catalog"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/signature"
)

const checkEndpointUsage = `Usage: terraform-provider-digitalriver check-endpoint URL [flags]

Sends to an endpoint what Digital River would send, and says whether the endpoint
would do: a signed sample event, the same event again (duplicates happen), and the
event with a broken signature, which the endpoint should refuse. It is sent from
this machine: Digital River's addresses may meet another firewall.

The event is a sample, but the endpoint cannot know that: check one whose handler
does no harm with it.

Flags:
  -type TYPE          the event's type (default order.accepted)
  -secret-file FILE   the signing secret, whk_... (default:
                      DIGITALRIVER_WEBHOOK_SECRET from the environment; without
                      either it signs with a secret made up on the spot)
  -username NAME      for basic authentication
  -password-file FILE its password (default: DIGITALRIVER_WEBHOOK_PASSWORD from
                      the environment)
  -json               print the result as JSON

It reports TLS and the certificate's expiry, redirects, status, and the duration
against the 3000 ms that Digital River waits, and ends with a verdict and what to
change.

Exit status: 0 when the deliveries would be acknowledged, 1 when one would be
counted as failed, 2 on wrong use.

For example:
  terraform-provider-digitalriver check-endpoint https://shop.example.com/events \
    -secret-file secret.txt -username shop -password-file password.txt
`

const (
	answerTime    = 3000 * time.Millisecond
	slowAnswer    = answerTime / 2
	maxAnswer     = 64 << 10
	soonToExpire  = 30 * 24 * time.Hour
	requestsCount = 3
)

// checker is what an endpoint is checked with.
type checker struct {
	client             *http.Client
	url                *url.URL
	secret             string
	invented           bool // The secret is known to nobody.
	username, password string
	timeout            time.Duration
	now                time.Time
}

// checkResult is what a check has found.
type checkResult struct {
	URL      string      `json:"url"`
	Type     string      `json:"type"`
	EventID  string      `json:"eventId"`
	TLS      *tlsResult  `json:"tls"`
	Requests []checkSent `json:"requests"`
	Failures []string    `json:"failures"`
	Warnings []string    `json:"warnings"`
	Passed   bool        `json:"passed"`
}

type tlsResult struct {
	Version string    `json:"version"`
	Expires time.Time `json:"expires"`
}

// checkSent is one request and how the endpoint answered.
type checkSent struct {
	Name       string `json:"name"`
	Status     int    `json:"status"`
	DurationMS int64  `json:"durationMs"`
	Location   string `json:"location,omitempty"`
	Problem    string `json:"problem,omitempty"`
}

// CheckEndpoint runs the check-endpoint command and returns its exit status.
func CheckEndpoint(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("check-endpoint", flag.ContinueOnError)
	eventType := flags.String("type", "order.accepted", "")
	secretFile := flags.String("secret-file", "", "")
	username := flags.String("username", "", "")
	passwordFile := flags.String("password-file", "", "")
	asJSON := flags.Bool("json", false, "")
	return run(flags, checkEndpointUsage, args, stdout, stderr, func(rest []string) error {
		if len(rest) != 1 {
			return useError("want one URL, got %d", len(rest))
		}
		address, err := url.Parse(rest[0])
		if err != nil || address.Scheme != "http" && address.Scheme != "https" || address.Hostname() == "" {
			return useError("the URL must begin with https:// or http:// and name a host")
		}
		if err := knownType(*eventType); err != nil {
			return err
		}
		c := checker{client: newCheckClient(), url: address, username: *username, timeout: answerTime, now: time.Now()}
		if err := c.readCredentials(*secretFile, *passwordFile); err != nil {
			return err
		}
		result, err := c.check(ctx, *eventType)
		if err != nil {
			return err
		}
		if *asJSON {
			err = printJSON(stdout, result)
		} else {
			result.print(stdout)
		}
		if err == nil && !result.Passed {
			err = errBad
		}
		return err
	})
}

// newCheckClient connects anew for each request, as for a first delivery.
func newCheckClient() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true, ForceAttemptHTTP2: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func (c *checker) readCredentials(secretFile, passwordFile string) error {
	secrets, err := readLines(secretFile, secretVariable)
	if err != nil {
		return err
	}
	if c.invented = len(secrets) == 0; c.invented {
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
		return useError("basic authentication needs both -username and a password (-password-file or %s)", passwordVariable)
	}
	return nil
}

// check sends the three requests and judges the answers.
func (c *checker) check(ctx context.Context, eventType string) (*checkResult, error) {
	result := &checkResult{
		URL: c.url.Redacted(), Type: eventType, EventID: uuid.NewString(),
		Requests: make([]checkSent, 0, requestsCount), Failures: []string{}, Warnings: []string{},
	}
	body, err := sampleEvent(result.EventID, eventType, c.now)
	if err != nil {
		return nil, err
	}
	for _, request := range []struct{ name, secret string }{
		{"signed event", c.secret}, {"the same again", c.secret}, {"broken signature", rand.Text()},
	} {
		sent := c.send(ctx, request.name, body, request.secret, result)
		result.Requests = append(result.Requests, sent)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if sent.Status == 0 && len(result.Requests) == 1 {
			break // Nothing new comes of sending more to where nothing answers.
		}
	}
	c.judge(result)
	result.Passed = len(result.Failures) == 0
	return result, nil
}

func sampleEvent(id, eventType string, now time.Time) ([]byte, error) {
	t, _ := catalog.Lookup(eventType)
	object := t.Sample().Object
	return json.Marshal(map[string]any{
		"id": id, "type": eventType, "data": map[string]any{"object": object}, "liveMode": false,
		"createdTime": now.UTC().Format("2006-01-02T15:04:05.000Z"), "webhookIds": []string{uuid.NewString()}, "digitalriverVersion": "2021-12-13",
	})
}

func (c *checker) send(ctx context.Context, name string, body []byte, secret string, result *checkResult) (sent checkSent) {
	sent.Name = name
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url.String(), bytes.NewReader(body))
	if err != nil {
		sent.Problem = "the URL cannot be sent to"
		return sent
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set(signature.HeaderName, signature.Header(c.now, body, secret))
	if c.username != "" {
		request.SetBasicAuth(c.username, c.password)
	}
	begin := time.Now()
	answer, err := c.client.Do(request)
	if err == nil {
		defer func() { _ = answer.Body.Close() }()
		sent.Status, sent.Location = answer.StatusCode, redacted(answer.Header.Get("Location"))
		if result.TLS == nil && answer.TLS != nil && len(answer.TLS.PeerCertificates) > 0 {
			result.TLS = &tlsResult{tls.VersionName(answer.TLS.Version), answer.TLS.PeerCertificates[0].NotAfter}
		}
		var n int64
		if n, err = io.Copy(io.Discard, io.LimitReader(answer.Body, maxAnswer+1)); err == nil && n > maxAnswer {
			sent.Problem = fmt.Sprintf("its answer is longer than %d KiB", maxAnswer>>10)
		}
	}
	sent.DurationMS = time.Since(begin).Milliseconds()
	switch wrapped, isURL := errors.AsType[*url.Error](err); {
	case err == nil:
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		sent.Problem = fmt.Sprintf("no whole answer within %d ms", c.timeout.Milliseconds())
	case isURL:
		sent.Problem = wrapped.Err.Error()
	default:
		sent.Problem = err.Error()
	}
	return sent
}

// redacted leaves passwords and query strings out.
func redacted(location string) string {
	u, err := url.Parse(location)
	if err != nil {
		return ""
	}
	u.RawQuery = ""
	return u.Redacted()
}

// acknowledges says whether Digital River would take the answer for a yes.
func (s checkSent) acknowledges() bool {
	return s.Problem == "" && s.Status >= 200 && s.Status < 300
}

func (c *checker) judge(r *checkResult) {
	fail := func(format string, args ...any) { r.Failures = append(r.Failures, fmt.Sprintf(format, args...)) }
	warn := func(format string, args ...any) { r.Warnings = append(r.Warnings, fmt.Sprintf(format, args...)) }
	first := r.Requests[0]
	if !first.acknowledges() {
		fail("%s", c.advice(first))
	}
	if first.acknowledges() && len(r.Requests) > 1 && !r.Requests[1].acknowledges() {
		fail("The same event again was not acknowledged (%s). The same event may arrive twice: answer 2xx to one that is known already.", r.Requests[1].answer())
	}
	if len(r.Requests) == requestsCount {
		switch broken := r.Requests[2]; {
		case broken.acknowledges():
			warn("The broken signature was accepted, so anyone could send events. Verify the signature over the raw body and answer 400 where it is wrong.")
		case first.acknowledges() && (broken.Status < 400 || broken.Status >= 500):
			warn("The broken signature was not refused but answered with: %s. Answer 400, with a message.", broken.answer())
		}
	}
	if c.url.Scheme == "http" {
		warn("Plain http shows events and credentials to everyone on the way. Use https.")
	}
	if r.TLS != nil && r.TLS.Expires.Sub(c.now) < soonToExpire {
		warn("The certificate expires on %s: renew it in time, or deliveries fail.", r.TLS.Expires.Format(time.DateOnly))
	}
	if slow := max(first.DurationMS, r.Requests[len(r.Requests)-1].DurationMS); first.acknowledges() && slow >= slowAnswer.Milliseconds() {
		warn("It took %d ms of the %d that there are. Answer 202 at once and do the work afterwards.", slow, c.timeout.Milliseconds())
	}
	if c.invented {
		warn("No secret was given, so the event was signed with one that nobody knows. Give -secret-file to check how it is verified.")
	}
}

// advice is what to do about a delivery that would be counted as failed.
func (c *checker) advice(s checkSent) string {
	switch {
	case s.Problem != "" && s.Status == 0 && s.DurationMS >= c.timeout.Milliseconds():
		return fmt.Sprintf("There was no answer within %d ms. Answer 202 at once and do the work afterwards.", c.timeout.Milliseconds())
	case s.Problem != "" && s.Status == 0:
		return "It cannot be reached: " + s.Problem + ". Mend that, and let Digital River's addresses through the firewall."
	case s.Problem != "":
		return fmt.Sprintf("It answered %d, but %s. End the answer at once; an empty body will do.", s.Status, s.Problem)
	case s.Status >= 300 && s.Status < 400:
		return fmt.Sprintf("It redirects (%d) to %s. Redirects are not followed: use that as the webhook's address.", s.Status, s.Location)
	case s.Status == http.StatusUnauthorized || s.Status == http.StatusForbidden:
		return fmt.Sprintf("It answered %d. Compare the credentials (-username, -password-file) and the secret with what it expects.", s.Status)
	case s.Status >= 400 && s.Status < 500:
		return fmt.Sprintf("It answered %d to a good event. Compare the secret with the one that it knows, and the path with the one that it serves.", s.Status)
	}
	return fmt.Sprintf("It answered %d. Only a 2xx acknowledges: look at the endpoint's log.", s.Status)
}

// answer is status and problem in words.
func (s checkSent) answer() string {
	switch {
	case s.Problem == "":
		return fmt.Sprintf("status %d", s.Status)
	case s.Status == 0:
		return s.Problem
	}
	return fmt.Sprintf("status %d, but %s", s.Status, s.Problem)
}

func (r *checkResult) print(w io.Writer) {
	_, _ = fmt.Fprintf(w, "%s, event %s of type %s\n\n", r.URL, r.EventID, r.Type)
	if r.TLS != nil {
		_, _ = fmt.Fprintf(w, "  %-18s%s, certificate valid until %s\n", "TLS", r.TLS.Version, r.TLS.Expires.Format(time.DateOnly))
	}
	for _, s := range r.Requests {
		_, _ = fmt.Fprintf(w, "  %-18s%s, %d ms of %d\n", s.Name, s.answer(), s.DurationMS, answerTime.Milliseconds())
	}
	_, _ = fmt.Fprintln(w)
	for _, text := range r.Failures {
		_, _ = fmt.Fprintln(w, "FAILURE: "+text)
	}
	for _, text := range r.Warnings {
		_, _ = fmt.Fprintln(w, "WARNING: "+text)
	}
	verdict := "Verdict: Digital River would count its deliveries as acknowledged."
	if !r.Passed {
		verdict = "Verdict: Digital River would count deliveries as failed, and disable the webhook if that goes on."
	}
	_, _ = fmt.Fprintln(w, verdict)
}
