// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"golang.org/x/oauth2"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/delivery"
)

// sender sends events to the endpoints of webhooks, with their signatures and
// credentials.
type sender struct {
	clock    *clock
	reading  reading
	anywhere bool // It also sends to addresses that are not loopback addresses.
	timeout  time.Duration
	// transport has a new connection for each delivery, so that none is lost to one
	// that the endpoint is about to close.
	transport http.RoundTripper

	mu     sync.Mutex
	tokens map[tokenKey]*token
}

// tokenKey is what a token was issued for. Other settings need another one.
type tokenKey struct {
	webhookID string
	oauth     oauth
}

// token is an access token. Its mutex is held while a new one is requested.
type token struct {
	mu      sync.Mutex
	value   *oauth2.Token
	expires time.Time // On the sandbox's clock. Zero: unknown.
}

func newSender(clock *clock, reading reading, o Options) *sender {
	return &sender{
		clock:    clock,
		reading:  reading,
		anywhere: o.DeliverAnywhere,
		timeout:  o.deliveryTimeout(),
		// No proxy: it would hide where a delivery goes. The limit bounds transcripts.
		transport: &http.Transport{
			DialContext: o.dialer(), TLSClientConfig: o.TLS, DisableKeepAlives: true,
			MaxResponseHeaderBytes: delivery.MaxResponseBody,
		},
		tokens: map[tokenKey]*token{},
	}
}

// forgetAll forgets all tokens.
func (s *sender) forgetAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens = map[tokenKey]*token{}
}

// sent is what became of an event that was to be sent.
type sent struct {
	status          int
	outcome, reason string
	transcript      *transcript // nil if the endpoint was sent nothing.
}

// send sends a body to a webhook's endpoint. The fault may be empty.
func (s *sender) send(ctx context.Context, r *record, body []byte, now time.Time, fault string) sent {
	w := r.Webhook
	if !w.Enabled {
		return notSent("the webhook is disabled")
	}
	if fault == faultDrop {
		return notSent("a fault rule drops it")
	}
	if !s.maySendTo(w.Address) {
		return notSent(notLoopback("address"))
	}
	secrets, now := s.signing(r, now, fault)
	request, err := delivery.NewRequest(ctx, w.Address, body, now, secrets...)
	if err != nil {
		return notSent("the address is not a valid URL")
	}
	request.Header.Set("User-Agent", "Digital-River-Webhooks-Sandbox")
	if w.Authentication != nil {
		request.SetBasicAuth(w.Authentication.UserName, w.Authentication.Password)
	}
	if w.OAuth == nil {
		return sentWith(w, secrets, request, delivery.Send(s.transport, request, s.timeout))
	}
	if !s.maySendTo(w.OAuth.TokenEndPoint) {
		return notSent(notLoopback("token endpoint"))
	}
	key := tokenKey{w.ID, *w.OAuth}
	t, err := s.token(ctx, key)
	if errors.Is(err, errNotLoopback) {
		return notSent(notLoopback("token endpoint"))
	}
	if err != nil {
		return sent{outcome: outcomeTokenRefused, reason: err.Error()}
	}
	t.SetAuthHeader(request)
	response := delivery.Send(s.transport, request, s.timeout)
	if response.Status == http.StatusUnauthorized {
		s.forget(key)
	}
	return sentWith(w, secrets, request, response)
}

// lateBy is how much too early the timestamp of a late event is. Receivers are
// advised to tolerate 5 minutes.
const lateBy = 10 * time.Minute

// signing returns the secrets that an event is signed with, and the time of its
// signatures.
func (s *sender) signing(r *record, now time.Time, fault string) ([]string, time.Time) {
	secrets := s.reading.signing(activeSecrets(r.Secrets, now))
	switch fault {
	case faultLate:
		now = now.Add(-lateBy)
	case faultOldSecret:
		secrets = []string{r.Secrets[1].Secret}
	case faultBadSignature:
		for i := range secrets {
			secrets[i] += "-bad"
		}
	}
	return secrets, now
}

func notSent(reason string) sent { return sent{outcome: outcomeNotSent, reason: reason} }

// sentWith returns what became of a request that was sent to a webhook, signed
// with the secrets.
func sentWith(w webhook, secrets []string, request *http.Request, r delivery.Response) sent {
	result := sent{transcript: newTranscript(w, secrets, request, r)}
	result.status, result.outcome, result.reason = outcomeOf(r)
	if line := result.transcript.firstLine(); result.outcome == outcomeRejected && line != "" {
		result.reason += ": " + line
	}
	if result.outcome == outcomeNotSent {
		result.transcript = nil
	}
	return result
}

// maySendTo reports whether the sandbox may send to an address, as far as the
// text of the address shows. The transport also checks the IP addresses.
func (s *sender) maySendTo(address string) bool { return s.anywhere || loopbackURL(address) }

func notLoopback(address string) string {
	return "the " + address + " is not a loopback address; start the sandbox with -deliver-anywhere to send there"
}

// outcomeOf returns what an endpoint's response means, and why.
func outcomeOf(r delivery.Response) (status int, outcome, reason string) {
	switch {
	case errors.Is(r.Err, errNotLoopback):
		return 0, outcomeNotSent, notLoopback("address")
	case r.Acknowledged():
		return r.Status, outcomeAcknowledged, ""
	case r.Redirected():
		return r.Status, outcomeRedirected, "redirects are not followed"
	case r.Status != 0 && (r.Status < 200 || r.Status >= 400):
		return r.Status, outcomeRejected, fmt.Sprintf("the endpoint responded with status %d", r.Status)
	case errors.Is(r.Err, delivery.ErrTooLong):
		return r.Status, outcomeRejected, r.Err.Error()
	case errors.Is(r.Err, delivery.ErrTimeout):
		return r.Status, outcomeTimedOut, r.Err.Error()
	}
	return r.Status, outcomeUnreachable, r.Err.Error()
}

// token returns a token for a webhook: the last one, or a new one if that has
// expired on the sandbox's clock.
func (s *sender) token(ctx context.Context, key tokenKey) (*oauth2.Token, error) {
	s.mu.Lock()
	t := s.tokens[key]
	if t == nil {
		t = &token{}
		s.tokens[key] = t
	}
	s.mu.Unlock()
	t.mu.Lock()
	defer t.mu.Unlock()
	now := s.clock.now()
	if t.value != nil && (t.expires.IsZero() || now.Before(t.expires)) {
		return t.value, nil
	}
	value, err := delivery.Grant(key.oauth).Token(ctx, s.transport, s.timeout)
	if err != nil {
		return nil, err
	}
	t.value, t.expires = value, time.Time{}
	if !value.Expiry.IsZero() {
		t.expires = now.Add(time.Until(value.Expiry))
	}
	return value, nil
}

func (s *sender) forget(key tokenKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tokens, key)
}

// errNotLoopback is the error of a connection to another machine.
var errNotLoopback = errors.New("not a loopback address")

// dialer returns how the sandbox connects to endpoints. A name may lead anywhere,
// even localhost, so it checks the IP address to which it connects.
func (o Options) dialer() func(ctx context.Context, network, address string) (net.Conn, error) {
	if o.dial != nil {
		return o.dial
	}
	d := &net.Dialer{}
	if !o.DeliverAnywhere {
		d.Control = func(_, address string, _ syscall.RawConn) error {
			if to, err := netip.ParseAddrPort(address); err != nil || !to.Addr().IsLoopback() {
				return errNotLoopback
			}
			return nil
		}
	}
	return d.DialContext
}
