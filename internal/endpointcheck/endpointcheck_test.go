package endpointcheck

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/delivery"
)

// run checks an endpoint over a transport at a time.
func run(t *testing.T, address string, transport http.RoundTripper, now time.Time) *Result {
	t.Helper()
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	check := Check{
		Transport: transport, URL: parsed, EventType: "order.accepted", Secret: "whk_test",
		Timeout: delivery.ResponseTimeout, Now: now,
	}
	result, err := check.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// refusing acknowledges the first requests and refuses the broken signature.
func refusing() http.Handler {
	n := 0
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if n++; n == 3 {
			w.WriteHeader(http.StatusBadRequest)
		}
	})
}

func TestCertificateExpiry(t *testing.T) {
	for age, want := range map[time.Duration]string{
		31 * 24 * time.Hour: "",
		29 * 24 * time.Hour: "The certificate expires on ",
	} {
		endpoint := httptest.NewTLSServer(refusing())
		expires := endpoint.Certificate().NotAfter
		roots := x509.NewCertPool()
		roots.AddCert(endpoint.Certificate())
		transport := &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: roots}}
		result := run(t, endpoint.URL, transport, expires.Add(-age))
		endpoint.Close()
		warnings := strings.Join(result.Warnings, "\n")
		if !strings.HasPrefix(warnings, want) || (want == "") != (warnings == "") {
			t.Errorf("%s before it expires: warnings %q", age, result.Warnings)
		}
		if !result.Passed || !result.TLS.Expires.Equal(expires) || result.TLS.Version != "TLS 1.3" {
			t.Errorf("%s before it expires: %+v", age, result)
		}
	}
}

func TestUntrustedCertificate(t *testing.T) {
	endpoint := httptest.NewUnstartedServer(refusing())
	endpoint.Config.ErrorLog = log.New(io.Discard, "", 0)
	endpoint.StartTLS()
	defer endpoint.Close()
	result := run(t, endpoint.URL, &http.Transport{DisableKeepAlives: true}, time.Now())
	if result.Passed || !strings.HasPrefix(result.Failures[0], "It cannot be reached: tls: failed to verify certificate") {
		t.Errorf("%+v", result)
	}
}

// slowTransport takes a while for each response.
type slowTransport time.Duration

func (d slowTransport) RoundTrip(r *http.Request) (*http.Response, error) {
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
	transport := NewTransport()
	transport.Proxy = http.ProxyURL(address)
	result := run(t, "https://shop.example.com", transport, time.Now())
	if !strings.HasPrefix(result.Failures[0], "It cannot be reached: proxyconnect: the proxy responded with 407.") {
		t.Errorf("%+v", result)
	}
}
