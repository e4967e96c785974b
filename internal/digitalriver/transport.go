package digitalriver

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

const (
	// maxAnswer is the largest body that is read, in bytes (decided).
	maxAnswer = 64 << 20
	// answerGrace is for how long a POST that was sent may still be answered
	// after its context ended, so that what it created is not lost (decided).
	answerGrace = 2 * time.Second
)

// answer is what came of one attempt.
type answer struct {
	status     int // 0: none came
	header     http.Header
	body       []byte
	err        error // why there is no answer, or why its body is cut off
	neverSent  bool  // no connection stood
	upstreamID string
}

// attempt sends r once.
func (c *Client) attempt(ctx context.Context, r *request) *answer {
	a := &answer{upstreamID: uuid.NewString()}
	attempt, cancel := c.attemptContext(ctx, r)
	defer cancel()
	var wanted, stood atomic.Bool
	trace := &httptrace.ClientTrace{
		GetConn: func(string) { wanted.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { stood.Store(true) },
	}
	req, err := c.newRequest(httptrace.WithClientTrace(attempt, trace), r, a.upstreamID)
	if err != nil {
		a.err, a.neverSent = err, true
		return a
	}
	if r.method != http.MethodGet {
		c.wrote.Store(true)
	}
	// A RoundTripper follows no redirect: the key goes nowhere else.
	response, err := c.config.Transport.RoundTrip(req)
	if err != nil {
		a.err = c.whyNot(ctx, attempt, err)
		a.neverSent = wanted.Load() && !stood.Load() || isDialError(err)
		return a
	}
	defer response.Body.Close()
	a.status, a.header = response.StatusCode, response.Header
	a.body, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		a.err = c.whyNot(ctx, attempt, err)
	case len(a.body) > maxAnswer:
		a.body, a.err = nil, errTooLarge
	}
	return a
}

var errTooLarge = fmt.Errorf("the answer is larger than %d MiB", maxAnswer>>20)

// attemptContext ends with the attempt's timeout, and with ctx; a POST gets
// some grace to be answered.
func (c *Client) attemptContext(ctx context.Context, r *request) (context.Context, context.CancelFunc) {
	timeout := c.config.RequestTimeout
	if r.method != http.MethodPost {
		return context.WithTimeout(ctx, timeout)
	}
	attempt, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	stop := context.AfterFunc(ctx, func() {
		grace := time.AfterFunc(answerGrace, cancel)
		context.AfterFunc(attempt, func() { grace.Stop() })
	})
	return attempt, func() {
		stop()
		cancel()
	}
}

// whyNot tells an ended context from a fault of the network.
func (c *Client) whyNot(ctx, attempt context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(attempt.Err(), context.DeadlineExceeded):
		return fmt.Errorf("no complete answer within %v: %w", c.config.RequestTimeout, err)
	default:
		return err
	}
}

func isDialError(err error) bool {
	var opError *net.OpError
	return errors.As(err, &opError) && opError.Op == "dial"
}

func isCertificateError(err error) bool {
	var certificateError *tls.CertificateVerificationError
	return errors.As(err, &certificateError)
}

func (c *Client) newRequest(ctx context.Context, r *request, upstreamID string) (*http.Request, error) {
	var body io.Reader
	if r.body != nil {
		body = bytes.NewReader(r.body)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, c.base+r.target(), body)
	if err != nil {
		return nil, err
	}
	set := func(name, value string) {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	set("Authorization", "Bearer "+c.config.APIKey)
	set("Accept", "application/json")
	set("User-Agent", c.config.UserAgent)
	set("upstream-application-id", c.config.ApplicationID)
	set("upstream-id", upstreamID)
	set("digitalriver-version", c.config.APIVersion)
	if r.body != nil {
		set("Content-Type", "application/json")
	}
	return req, nil
}

// isHTML tells a page for people from an answer of the API.
func (a *answer) isHTML() bool {
	return strings.Contains(strings.ToLower(a.header.Get("Content-Type")), "html") ||
		bytes.HasPrefix(bytes.TrimSpace(a.body), []byte("<"))
}
