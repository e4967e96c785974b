// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package endpointcheck

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/delivery"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/signature"
)

const secret = "whk_test"

// run checks an endpoint over a transport at a time.
func run(t *testing.T, address string, transport http.RoundTripper, now time.Time) *Result {
	t.Helper()
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	check := Check{
		Transport: transport, URL: parsed, EventType: "order.accepted", Secret: secret,
		Timeout: delivery.ResponseTimeout, Now: now,
	}
	result, err := check.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// verify reports whether an endpoint that does everything right would accept a
// request.
func verify(r *http.Request, body []byte) bool {
	return signature.Verify(r.Header.Get(signature.HeaderName), secret, body, time.Now(), 5*time.Minute) == nil
}

// endpoint responds with 202 to what it accepts, and with 400 to anything else.
type endpoint func(r *http.Request, body []byte) bool

func (accepts endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if accepts(r, body) {
		w.WriteHeader(http.StatusAccepted)
		return
	}
	http.Error(w, "not valid:\n "+r.Header.Get("Authorization")+" "+secret+strings.Repeat(" x", 200),
		http.StatusBadRequest)
}

// matches reports whether a signature of the header, the first or any, is that of
// a body with a timestamp of any age.
func matches(r *http.Request, body []byte, onlyFirst bool) bool {
	fields, err := signature.Parse(r.Header.Get(signature.HeaderName))
	if err != nil {
		return false
	}
	if onlyFirst {
		fields.Signatures = fields.Signatures[:1]
	}
	return slices.Contains(fields.Signatures, signature.Sign(secret, fields.Timestamp, body))
}

// TestFaultyEndpoints checks endpoints that do one thing wrong.
func TestFaultyEndpoints(t *testing.T) {
	var duplicates, events, underWay atomic.Int64
	tests := map[string]struct {
		endpoint          endpoint
		failures, warning string // How the only one begins.
		requests          int
	}{
		"none": {verify, "", "", 8},
		"refuses duplicates": {func(r *http.Request, body []byte) bool {
			return verify(r, body) && duplicates.Add(1) != 2
		}, "The same event again was not acknowledged (status 400 with ", "", 8},
		"first signature": {func(r *http.Request, body []byte) bool {
			return verify(r, body) && matches(r, body, true)
		}, "The event with two signatures, ", "", 8},
		"no verification": {func(*http.Request, []byte) bool { return true }, "", "The broken signature was accepted", 5},
		"no tolerance": {func(r *http.Request, body []byte) bool {
			return matches(r, body, false)
		}, "", "The stale timestamp, ", 8},
		"changed members": {func(r *http.Request, body []byte) bool {
			return verify(r, bytes.Replace(body, []byte(`"changed":true,`), nil, 1))
		}, "", "The changed body was accepted", 8},
		"parsed body": {func(r *http.Request, body []byte) bool {
			var compact bytes.Buffer
			return json.Compact(&compact, body) == nil && verify(r, compact.Bytes())
		}, "", "The re-encoded body, ", 8},
		"one lost": {func(r *http.Request, body []byte) bool {
			return verify(r, body) && events.Add(1) != 13
		}, "1 of 10 events at once were not acknowledged (status 400 with ", "", 8},
		"one at a time": {func(r *http.Request, body []byte) bool {
			defer underWay.Add(-1)
			if underWay.Add(1) > 1 {
				return false
			}
			<-time.After(5 * time.Millisecond) // In a bubble, until all other requests have arrived.
			return verify(r, body)
		}, "9 of 10 events at once were not acknowledged (status 400 with ", "", 8},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				result := run(t, "https://shop.example.com", handlerTransport{test.endpoint}, time.Now())
				check := func(kind string, got []string, want string) {
					if len(got) > 1 || (want == "") != (len(got) == 0) ||
						!strings.HasPrefix(strings.Join(got, ""), want) {
						t.Errorf("%s %q, want %q", kind, got, want)
					}
				}
				check("failures", result.Failures, test.failures)
				check("warnings", result.Warnings, test.warning)
				if len(result.Requests) != test.requests || result.Passed != (test.failures == "") {
					t.Errorf("%+v", result)
				}
			})
		})
	}
}

// handlerTransport passes requests to a handler.
type handlerTransport struct{ handler http.Handler }

func (t handlerTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	recorder := httptest.NewRecorder()
	t.handler.ServeHTTP(recorder, r)
	return recorder.Result(), nil
}

// TestShownBody shows the beginning of a response's body, without credentials.
func TestShownBody(t *testing.T) {
	refuse := endpoint(func(*http.Request, []byte) bool { return false })
	const address = "https://shop:open%20sesame@shop.example.com/in?token=hush-hush"
	result := run(t, address, handlerTransport{refuse}, time.Now())
	want := "not valid: Basic … …" + strings.Repeat(" x", 90) + "…"
	if got := result.Requests[0].Body; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if !strings.HasPrefix(result.Failures[0], "It responded with 400 to a valid event. ") ||
		!strings.Contains(result.Failures[0], ` The response says: "not valid: Basic … … x`) {
		t.Error(result.Failures)
	}
}

func TestCertificateExpiry(t *testing.T) {
	for age, want := range map[time.Duration]string{
		31 * 24 * time.Hour: "",
		29 * 24 * time.Hour: "The certificate expires on ",
	} {
		var now atomic.Int64 // In Unix seconds.
		server := httptest.NewTLSServer(endpoint(func(r *http.Request, body []byte) bool {
			header := r.Header.Get(signature.HeaderName)
			return signature.Verify(header, secret, body, time.Unix(now.Load(), 0), time.Minute) == nil
		}))
		expires := server.Certificate().NotAfter
		now.Store(expires.Add(-age).Unix())
		roots := x509.NewCertPool()
		roots.AddCert(server.Certificate())
		transport := &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: roots}}
		result := run(t, server.URL, transport, expires.Add(-age))
		server.Close()
		warnings := strings.Join(result.Warnings, "\n")
		if !strings.HasPrefix(warnings, want) || (want == "") != (warnings == "") {
			t.Errorf("%s before it expires: warnings %q", age, result.Warnings)
		}
		if !result.Passed || !result.TLS.Expires.Equal(expires) || result.TLS.Version != "TLS 1.3" {
			t.Errorf("%s before it expires: %+v", age, result)
		}
	}
}

// slowTransport takes a while for each response.
type slowTransport time.Duration

func (d slowTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	httptrace.ContextClientTrace(r.Context()).GotConn(httptrace.GotConnInfo{})
	select {
	case <-time.After(time.Duration(d)):
		return &http.Response{StatusCode: http.StatusAccepted, Body: http.NoBody}, nil
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

func TestSlowEndpoint(t *testing.T) {
	tests := []struct {
		duration          time.Duration
		failures, warning string
	}{
		{1499 * time.Millisecond, "", ""},
		{1500 * time.Millisecond, "", "It took 1500 of the 3000 ms allowed."},
		{2999 * time.Millisecond, "", "It took 2999 of the 3000 ms allowed."},
		{3001 * time.Millisecond, "There was no response within 3000 ms.", ""},
	}
	for _, test := range tests {
		synctest.Test(t, func(t *testing.T) {
			result := run(t, "https://shop.example.com", slowTransport(test.duration), time.Now())
			if failures := strings.Join(result.Failures, "\n"); !strings.HasPrefix(failures, test.failures) ||
				result.Passed != (test.failures == "") {
				t.Errorf("%s: failures %q", test.duration, failures)
			}
			warnings := strings.Join(result.Warnings, "\n")
			if !strings.Contains(warnings, test.warning) || test.warning == "" && strings.Contains(warnings, "It took") {
				t.Errorf("%s: warnings %q", test.duration, warnings)
			}
		})
	}
}

func TestProxyRefuses(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusProxyAuthRequired)
	}))
	defer proxy.Close()
	address, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	transport := NewTransport(nil)
	transport.Proxy = http.ProxyURL(address)
	result := run(t, "https://shop.example.com", transport, time.Now())
	if !strings.HasPrefix(result.Failures[0], "It cannot be reached: proxyconnect: the proxy responded with 407.") {
		t.Errorf("%+v", result)
	}
}
