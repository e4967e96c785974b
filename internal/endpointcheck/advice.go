// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package endpointcheck

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"syscall"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/delivery"
)

// plainHTTPRefused is how common servers respond to plain http on a port for
// https.
var plainHTTPRefused = regexp.MustCompile(`(?i)HTTP request to an HTTPS|plain HTTP|requires TLS`)

// advice explains why a request would count as failed, and what to do.
func (c Check) advice(r Request) string {
	switch {
	case r.Status == 0:
		return c.connectionAdvice(r)
	case r.Status == http.StatusBadRequest && c.URL.Scheme == "http" && plainHTTPRefused.MatchString(r.Body):
		return "It speaks https on this port. Use an address that begins with https://."
	case r.Problem != "":
		return fmt.Sprintf("It responded with %d, but %s. End the response at once; an empty body is enough.",
			r.Status, r.Problem)
	case r.response.Redirected():
		return fmt.Sprintf("It redirects (%d) to %s. Redirects are not followed: use that as the webhook's address.",
			r.Status, r.Location)
	}
	text := fmt.Sprintf("It responded with %d", r.Status) + statusAdvice(r)
	if r.Body != "" {
		text += fmt.Sprintf(" The response says: %q.", r.Body)
	}
	return text
}

// statusAdvice continues a sentence about the status.
func statusAdvice(r Request) string {
	switch {
	case r.Status == http.StatusUnauthorized || r.Status == http.StatusForbidden:
		return ". Compare the credentials and the signing secret with those that it expects."
	case r.Status == http.StatusNotFound:
		return ": it serves nothing at this path. Correct the path of the address, or serve it."
	case r.Status == http.StatusMethodNotAllowed:
		return ": it does not accept POST at this path, which is how events arrive. " +
			"Correct the path of the address, or accept POST."
	case r.Status >= 400 && r.Status < 500:
		return " to a valid event. Compare the signing secret with the one that it has, and see the endpoint's log."
	}
	return ". Only a 2xx acknowledges an event: see the endpoint's log."
}

// connectionAdvice explains why there was no response.
func (c Check) connectionAdvice(r Request) string {
	timing, timeout := r.response.Timing, c.Timeout.Milliseconds()
	timedOut := errors.Is(r.response.Err, delivery.ErrTimeout)
	switch {
	case timedOut && timing.Wait > 0:
		return fmt.Sprintf("There was no response within %d ms. Respond with 202 at once and do the work afterwards.",
			timeout)
	case timedOut && timing.TLS > 0:
		return fmt.Sprintf("There was a connection, but the TLS handshake did not end within %d ms. "+
			"Check that the port speaks https.", timeout)
	case timedOut:
		return fmt.Sprintf("There was no connection within %d ms. Check the host and the port of the address, "+
			"and let Digital River's addresses and this machine's through the firewall.", timeout)
	}
	return fmt.Sprintf("It cannot be reached: %s. %s", r.Problem, connectionHint(r.response.Err))
}

// connectionHint says what to do about an error of a connection.
func connectionHint(err error) string {
	if e, ok := errors.AsType[*net.OpError](err); ok && e.Op == "proxyconnect" {
		return "The proxy comes from HTTPS_PROXY in the environment of this machine. Digital River does not use it."
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return "Correct the host of the address, or add it to the public DNS."
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return "Use a certificate for the host of the address."
	}
	if e, ok := errors.AsType[x509.CertificateInvalidError](err); ok && e.Reason == x509.Expired {
		return "Renew the certificate."
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "Use a certificate of a public authority, and serve the intermediate certificates with it. " +
			"For a local test, the commands accept another authority with -cacert."
	}
	switch {
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, refusedOnWindows):
		return "Nothing listens on this port: start the endpoint, or correct the port of the address."
	case errors.Is(err, http.ErrSchemeMismatch):
		return "It speaks plain http on this port: serve https there, or correct the port of the address."
	case errors.Is(err, delivery.ErrTLSPort):
		return "Use an address that begins with https://."
	}
	return "See the endpoint's log."
}

// refusedOnWindows is WSAECONNREFUSED, which is not [syscall.ECONNREFUSED] there.
const refusedOnWindows syscall.Errno = 10061
