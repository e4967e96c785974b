// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

// Package delivery is how Digital River delivers an event to an endpoint: the
// body, the signed request, and which response acknowledges it. The sandbox and
// the command check-endpoint both deliver with it.
package delivery

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/signature"
)

const (
	// ResponseTimeout is the time that an endpoint has for its whole response,
	// as Digital River documents it.
	ResponseTimeout = 3000 * time.Millisecond
	// MaxResponseBody is the number of bytes that a response may have. The
	// documentation names no limit; a body that never ends must not be read
	// forever.
	MaxResponseBody = 64 << 10
)

// The reasons for which a response is not complete. [Response.Err] wraps one of
// them, unless the connection failed.
var (
	ErrTimeout = errors.New("no complete response")
	ErrTooLong = fmt.Errorf("the response body is longer than %d KiB", MaxResponseBody>>10)
	ErrInvalid = errors.New("the response is not valid HTTP")
	ErrTLSPort = errors.New("the port speaks TLS, not plain http")
)

// NewRequest returns the request that delivers body to an address at the time
// now, signed with each of the secrets. A user name and password in the address
// become basic authentication. The error may hold the address.
func NewRequest(
	ctx context.Context, address string, body []byte, now time.Time, secrets ...string,
) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if user := request.URL.User; user != nil {
		password, _ := user.Password()
		request.SetBasicAuth(user.Username(), password)
		request.URL.User = nil
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set(signature.HeaderName, signature.Header(now, body, secrets...))
	return request, nil
}

// Response is how an endpoint responded.
type Response struct {
	Status   int // 0 without a response.
	Header   http.Header
	Body     []byte               // What was read of the body, at most MaxResponseBody bytes.
	TLS      *tls.ConnectionState // nil for plain http.
	Duration time.Duration        // Until the end of the response, or until the delivery failed.
	Timing   Timing               // The parts of Duration.
	// Err is why the response is missing or not complete. It holds no part of the
	// request or the response, where credentials may be.
	Err error
}

// Acknowledged reports whether the delivery counts as acknowledged: only a
// complete response with a 2xx does that.
func (r Response) Acknowledged() bool {
	return r.Err == nil && r.Status >= 200 && r.Status < 300
}

// Redirected reports whether the endpoint redirects.
func (r Response) Redirected() bool {
	return r.Status >= 300 && r.Status < 400
}

// Send sends a request and reads the response, for at most the timeout. It does
// not follow redirects.
func Send(transport http.RoundTripper, request *http.Request, timeout time.Duration) (r Response) {
	ctx, cancel := context.WithTimeout(request.Context(), timeout)
	defer cancel()
	watch := newStopwatch()
	defer func() { r.Duration, r.Timing = watch.stop() }()
	response, err := transport.RoundTrip(request.WithContext(watch.trace(ctx)))
	if err != nil {
		return Response{Err: incomplete(ctx, err, timeout)}
	}
	defer func() { _ = response.Body.Close() }()
	r = Response{Status: response.StatusCode, Header: response.Header, TLS: response.TLS}
	r.Body, err = io.ReadAll(io.LimitReader(response.Body, MaxResponseBody+1))
	switch {
	case err != nil:
		r.Err = incomplete(ctx, err, timeout)
	case len(r.Body) > MaxResponseBody:
		r.Body, r.Err = r.Body[:MaxResponseBody], ErrTooLong
	}
	return r
}

// incomplete distinguishes a response that is too late from one that failed.
func incomplete(ctx context.Context, err error, timeout time.Duration) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("%w within %d ms", ErrTimeout, timeout.Milliseconds())
	}
	return Cause(err)
}

// tlsAlert is the beginning of a TLS alert, as errors of net/http quote it.
const tlsAlert = `malformed HTTP response "\x15\x03`

// Cause returns why a request failed: what went wrong with the connection,
// [ErrTLSPort] or [ErrInvalid]. Other errors of net/http quote the address, or a response that
// may repeat the request.
func Cause(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	if e, ok := errors.AsType[*net.OpError](err); ok {
		return e
	}
	if e, ok := errors.AsType[tls.RecordHeaderError](err); ok && string(e.RecordHeader[:]) == "HTTP/" {
		return http.ErrSchemeMismatch // As http.Client returns.
	}
	if strings.HasPrefix(err.Error(), "tls: ") {
		return err // From crypto/tls, which knows neither.
	}
	for _, known := range []error{
		http.ErrSchemeMismatch, io.ErrUnexpectedEOF, io.EOF, context.Canceled, context.DeadlineExceeded,
	} {
		if errors.Is(err, known) {
			return known
		}
	}
	if strings.Contains(err.Error(), tlsAlert) {
		return ErrTLSPort
	}
	return ErrInvalid
}
