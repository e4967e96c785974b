// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package digitalriver

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
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
	// maxBodySize is the size of the largest body that is read, in bytes: five
	// times a list of 5,000 webhooks with 60 event types each.
	maxBodySize = 64 << 20
	// interruptGrace is how much longer a POST that was sent waits for its response
	// after its context ended: Terraform saves what it created only if the response
	// arrives.
	interruptGrace = 2 * time.Second
)

// requestIDHeader is the header of a response with the API's own ID of the request.
const requestIDHeader = "x-dr-requestid"

// response is the result of one attempt: an HTTP response read to its end, or
// the reason why there is none.
type response struct {
	status     int // 0: no response
	header     http.Header
	body       []byte
	err        error // why there is no response, or why its body is incomplete
	neverSent  bool  // there was no connection to send the request on
	timedOut   bool  // there was no complete response within the timeout
	upstreamID string
}

// An HTTP/2 connection may die without notice, and every request would go to it. One
// that is silent for pingAfter, and then does not respond to a ping within
// pingTimeout, is closed.
const (
	pingAfter   = 10 * time.Second
	pingTimeout = 5 * time.Second
)

// newTransport keeps a connection for each request that Terraform sends at the
// same time.
func newTransport() *http.Transport {
	transport := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // Nothing here replaces it.
	transport.ForceAttemptHTTP2 = true
	transport.HTTP2 = &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingTimeout}
	transport.MaxIdleConns = 0
	transport.MaxIdleConnsPerHost = 100
	return transport
}

// roundTrip sends r once and reads the response.
func (c *Client) roundTrip(ctx context.Context, r *request) *response {
	resp := &response{upstreamID: uuid.NewString()}
	defer func() {
		if resp.timedOut {
			c.reconnect.Store(true)
		}
	}()
	var connecting, connected atomic.Bool
	unsent := func() bool { return connecting.Load() && !connected.Load() }
	trace := &httptrace.ClientTrace{
		GetConn: func(string) { connecting.Store(true) },
		// A connection that comes after the end of ctx is not used; see requestBody.
		GotConn: func(httptrace.GotConnInfo) { connected.Store(ctx.Err() == nil) },
	}
	attemptCtx, cancel := c.attemptContext(ctx, r, unsent)
	defer cancel()
	httpRequest, err := c.newHTTPRequest(httptrace.WithClientTrace(attemptCtx, trace), r, resp.upstreamID)
	if err != nil {
		resp.err, resp.neverSent = err, true
		return resp
	}
	if r.method != http.MethodGet {
		c.wrote.Store(true)
	}
	if httpRequest.Body != nil {
		httpRequest.Body = &requestBody{ReadCloser: httpRequest.Body, unsent: unsent}
		httpRequest.GetBody = func() (io.ReadCloser, error) {
			return &requestBody{ReadCloser: io.NopCloser(bytes.NewReader(r.body)), unsent: unsent}, nil
		}
	}
	if c.reconnect.Swap(false) {
		c.closeIdleConnections()
	}
	// A RoundTripper follows no redirects, so the key is sent to no other host.
	httpResponse, err := c.config.Transport.RoundTrip(httpRequest)
	if err != nil {
		resp.err, resp.timedOut = c.transportError(ctx, attemptCtx, err)
		resp.neverSent = unsent() || isDialError(err)
		return resp
	}
	defer httpResponse.Body.Close()
	resp.status, resp.header = httpResponse.StatusCode, httpResponse.Header
	resp.body, err = io.ReadAll(io.LimitReader(httpResponse.Body, maxBodySize+1))
	switch {
	case err != nil:
		resp.err, resp.timedOut = c.transportError(ctx, attemptCtx, err)
	case len(resp.body) > maxBodySize:
		resp.body, resp.err = nil, errBodyTooLarge
	}
	return resp
}

// closeIdleConnections makes the next request use a new connection, if no other
// request uses the present one.
func (c *Client) closeIdleConnections() {
	if transport, ok := c.config.Transport.(interface{ CloseIdleConnections() }); ok {
		transport.CloseIdleConnections()
	}
}

// requestBody is the body of a request. It cannot be read while the request has no
// connection that it may be sent on.
type requestBody struct {
	io.ReadCloser
	unsent func() bool
}

func (b *requestBody) Read(p []byte) (int, error) {
	if b.unsent() {
		return 0, context.Canceled
	}
	return b.ReadCloser.Read(p)
}

var errBodyTooLarge = fmt.Errorf("the response is larger than %d MiB", maxBodySize>>20)

// attemptContext returns a context that ends with ctx or after the timeout of one
// attempt. For a POST that has a connection, it ends interruptGrace later than ctx.
func (c *Client) attemptContext(
	ctx context.Context, r *request, unsent func() bool,
) (context.Context, context.CancelFunc) {
	timeout := c.config.RequestTimeout
	if r.method != http.MethodPost {
		return context.WithTimeout(ctx, timeout)
	}
	attemptCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	stop := context.AfterFunc(ctx, func() {
		if unsent() {
			cancel()
			return
		}
		grace := time.AfterFunc(interruptGrace, cancel)
		context.AfterFunc(attemptCtx, func() { grace.Stop() })
	})
	return attemptCtx, func() {
		stop()
		cancel()
	}
}

// transportError separates the end of a context and the timeout of an attempt from
// a network failure.
func (c *Client) transportError(ctx, attemptCtx context.Context, err error) (_ error, timedOut bool) {
	switch {
	case ctx.Err() != nil:
		return ctx.Err(), false
	case errors.Is(attemptCtx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("no complete response within %v: %w", c.config.RequestTimeout, err), true
	default:
		return err, false
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

// newHTTPRequest sets the headers that the API documents:
// https://docs.digitalriver.com/digital-river-api/developer-resources/api-structure
func (c *Client) newHTTPRequest(ctx context.Context, r *request, upstreamID string) (*http.Request, error) {
	var body io.Reader
	if r.body != nil {
		body = bytes.NewReader(r.body)
	}
	httpRequest, err := http.NewRequestWithContext(ctx, r.method, c.baseURL+r.target(), body)
	if err != nil {
		return nil, err
	}
	set := func(name, value string) {
		if value != "" {
			httpRequest.Header.Set(name, value)
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
	return httpRequest, nil
}

// mayHaveSucceeded reports whether the API may have carried out a request although its
// response is none, or not a success.
func (r *response) mayHaveSucceeded() bool {
	return r.status == 0 && !r.neverSent || r.status/100 == 2 || r.status == http.StatusRequestTimeout || r.status >= 500
}

// isHTML reports whether the body is a web page, such as a proxy's.
func (r *response) isHTML() bool {
	return strings.Contains(strings.ToLower(r.header.Get("Content-Type")), "html") ||
		bytes.HasPrefix(bytes.TrimSpace(r.body), []byte("<"))
}

// notFromAPI reports whether the body cannot be the API's: a proxy sent it, or it
// is truncated. A response of the API may have no body.
func (r *response) notFromAPI() bool {
	return r.err != nil || len(r.body) > 0 && !json.Valid(r.body)
}
