// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package endpointcheck

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// newCertificate returns a certificate for a host that signs itself, and the pool
// in which it is trusted.
func newCertificate(t *testing.T, host string, expires time.Time) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{host}, NotBefore: expires.AddDate(-1, 0, 0), NotAfter: expires,
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

// TestAdviceCertificate says what is wrong with a certificate.
func TestAdviceCertificate(t *testing.T) {
	later := time.Now().AddDate(0, 6, 0)
	tests := map[string]struct {
		host    string
		expires time.Time
		trusted bool
		want    string
	}{
		"expired":           {"localhost", time.Now().Add(-time.Hour), true, "Renew the certificate."},
		"other host":        {"shop.example.com", later, true, "Use a certificate for the host of the address."},
		"unknown authority": {"localhost", later, false, "Use a certificate of a public authority, "},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			certificate, roots := newCertificate(t, test.host, test.expires)
			if !test.trusted {
				roots = x509.NewCertPool()
			}
			server := httptest.NewUnstartedServer(endpoint(verify))
			server.Config.ErrorLog = log.New(io.Discard, "", 0)
			server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
			server.StartTLS()
			defer server.Close()
			address := strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
			transport := NewTransport(&tls.Config{RootCAs: roots})
			result := run(t, address, transport, time.Now())
			if len(result.Failures) != 1 || !strings.Contains(result.Failures[0], test.want) ||
				!strings.HasPrefix(result.Failures[0], "It cannot be reached: tls: failed to verify certificate") {
				t.Errorf("%q, want %q", result.Failures, test.want)
			}
			result = run(t, address, NewTransport(&tls.Config{InsecureSkipVerify: true}), time.Now())
			if !result.Passed || len(result.Warnings) != 1 ||
				!strings.HasPrefix(result.Warnings[0], "The certificate was not checked.") {
				t.Errorf("unchecked: %+v", result)
			}
		})
	}
}

// TestAdvicePort says that the port speaks another protocol, or none.
func TestAdvicePort(t *testing.T) {
	plain := httptest.NewServer(endpoint(verify))
	defer plain.Close()
	nginx := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "<h1>400</h1>\nThe plain HTTP request was sent to HTTPS port", http.StatusBadRequest)
	}))
	defer nginx.Close()
	for address, want := range map[string]string{
		strings.Replace(plain.URL, "http:", "https:", 1): "It speaks plain http on this port: ",
		nginx.URL:               "It speaks https on this port. ",
		"http://" + alerting(t): "Use an address that begins with https://.",
		"http://127.0.0.1:1":    "Nothing listens on this port: ",
		"http://shop.invalid":   "Correct the host of the address, or add it to the public DNS.",
	} {
		result := run(t, address, &http.Transport{DisableKeepAlives: true}, time.Now())
		if len(result.Failures) != 1 || !strings.Contains(result.Failures[0], want) ||
			strings.Contains(result.Failures[0], "firewall") {
			t.Errorf("%s: %q, want %q", address, result.Failures, want)
		}
	}
}

// alerting returns the address of a server that answers plain http with a TLS
// alert, as OpenSSL does.
func alerting(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		request, err := http.ReadRequest(bufio.NewReader(conn))
		if err == nil {
			_, _ = io.Copy(io.Discard, request.Body)
		}
		_, _ = conn.Write([]byte("\x15\x03\x01\x00\x02\x02\n"))
		_ = conn.Close()
	}()
	return listener.Addr().String()
}

// stalledTransport never connects.
type stalledTransport struct{}

func (stalledTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// TestAdviceNoConnection names the firewall only if there is no connection.
func TestAdviceNoConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		result := run(t, "https://shop.example.com", stalledTransport{}, time.Now())
		if !strings.HasPrefix(result.Failures[0], "There was no connection within 3000 ms.") ||
			!strings.Contains(result.Failures[0], "firewall") {
			t.Error(result.Failures)
		}
	})
}

// TestAdviceStatus says what a status means.
func TestAdviceStatus(t *testing.T) {
	for status, want := range map[int]string{
		401: "It responded with 401. Compare the credentials ",
		404: "It responded with 404: it serves nothing at this path. ",
		405: "It responded with 405: it does not accept POST at this path, ",
		422: "It responded with 422 to a valid event. Compare the signing secret ",
		503: "It responded with 503. Only a 2xx ",
	} {
		handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		result := run(t, "https://shop.example.com", handlerTransport{handler}, time.Now())
		if len(result.Failures) != 1 || !strings.HasPrefix(result.Failures[0], want) {
			t.Errorf("%q, want %q", result.Failures, want)
		}
	}
}
