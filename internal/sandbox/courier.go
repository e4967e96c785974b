package sandbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/signature"
)

const (
	// answerTime is what an endpoint has to answer (seed 002).
	answerTime = 3000 * time.Millisecond
	// maxAnswer is how much of an endpoint's answer is read [decided].
	maxAnswer = 64 << 10
	// perWebhook and inAll are how many attempts are under way at a time. Each
	// webhook has its own share, so that a slow endpoint delays no other.
	perWebhook = 8
	inAll      = 1000
)

// courier carries events to the endpoints of webhooks. Each attempt that is to
// be made has a goroutine, which waits until it is due.
type courier struct {
	store    *store
	anywhere bool
	timeout  time.Duration
	client   *http.Client
	inAll    chan struct{}
	// failed is told of failures, so that the next disabling can be foreseen.
	failed chan struct{}

	mu     sync.Mutex
	moved  chan struct{} // closed when the clock has moved
	shares map[string]chan struct{}
	tokens map[tokenKey]*token
	ctx    context.Context
	cancel context.CancelFunc
	work   sync.WaitGroup
}

// tokenKey is what a token was given for: it is not used for other settings.
type tokenKey struct {
	webhookID string
	oauth     oauth
}

// token is an access token; its mutex is held while it is asked for.
type token struct {
	mu      sync.Mutex
	value   *oauth2.Token
	expires time.Time // zero: not known
}

func newCourier(s *store, anywhere bool, timeout time.Duration) *courier {
	c := &courier{
		store:    s,
		anywhere: anywhere,
		timeout:  timeout,
		client: &http.Client{
			// No proxy: it would hide where a delivery goes.
			Transport:     &http.Transport{MaxIdleConnsPerHost: perWebhook, IdleConnTimeout: time.Minute},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		inAll:  make(chan struct{}, inAll),
		failed: make(chan struct{}, 1),
		moved:  make(chan struct{}),
	}
	c.start()
	return c
}

// start takes up what the file holds.
func (c *courier) start() {
	c.mu.Lock()
	c.shares, c.tokens = map[string]chan struct{}{}, map[tokenKey]*token{}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	ctx := c.ctx
	c.mu.Unlock()
	c.work.Go(func() { c.watch(ctx) })
	c.send(c.store.attempts())
}

// stop breaks off what is under way, which the file keeps as still to be done.
func (c *courier) stop() {
	c.mu.Lock()
	c.cancel()
	c.mu.Unlock()
	c.work.Wait()
	c.client.CloseIdleConnections()
}

// send has the attempts made when they are due.
func (c *courier) send(attempts []attempt) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ctx.Err() != nil {
		return
	}
	for _, a := range attempts {
		share := c.shares[a.WebhookID]
		if share == nil {
			share = make(chan struct{}, perWebhook)
			c.shares[a.WebhookID] = share
		}
		ctx := c.ctx
		c.work.Go(func() { c.carry(ctx, share, a) })
	}
}

// clockMoved makes all who wait for a time look again.
func (c *courier) clockMoved() {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.moved)
	c.moved = make(chan struct{})
}

func (c *courier) movement() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.moved
}

// carry makes an attempt when it is due, and those that follow from it.
func (c *courier) carry(ctx context.Context, share chan struct{}, a attempt) {
	for next := &a; next != nil; {
		if !c.waitUntil(ctx, next.Due.Time) || !acquire(ctx, share) {
			return
		}
		if !acquire(ctx, c.inAll) {
			<-share
			return
		}
		next = c.attempt(ctx, *next)
		<-c.inAll
		<-share
	}
}

func acquire(ctx context.Context, slots chan<- struct{}) bool {
	select {
	case slots <- struct{}{}:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// waitUntil reports whether the sandbox's clock has come to t.
func (c *courier) waitUntil(ctx context.Context, t time.Time) bool {
	for ctx.Err() == nil {
		moved := c.movement()
		wait := t.Sub(c.store.clock.now())
		if wait <= 0 {
			return true
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-moved:
		case <-ctx.Done():
		}
		timer.Stop()
	}
	return false
}

// watch disables webhooks whose time is up.
func (c *courier) watch(ctx context.Context) {
	for ctx.Err() == nil {
		moved := c.movement()
		next, failing := c.store.disableFailing()
		var timer <-chan time.Time
		if failing {
			timer = time.After(max(next.Sub(c.store.clock.now()), time.Millisecond))
		}
		select {
		case <-timer:
		case <-moved:
		case <-c.failed:
		case <-ctx.Done():
		}
	}
}

// attempt makes one attempt and returns the one that is to follow.
func (c *courier) attempt(ctx context.Context, a attempt) *attempt {
	r, err := c.store.get(a.LiveMode, a.WebhookID)
	if err != nil {
		return nil // Deleted, and its attempts with it.
	}
	d := delivery{
		EventID: a.EventID, EventType: a.EventType, WebhookID: a.WebhookID, Attempt: a.Number,
		Time: timestamp{c.store.clock.now()},
	}
	begin := time.Now()
	d.Status, d.Outcome, d.Reason = c.deliver(ctx, r, a.body, d.Time.Time)
	d.DurationMS = time.Since(begin).Milliseconds()
	if ctx.Err() != nil {
		return nil
	}
	var next *attempt
	if d.failed() {
		if next = a.next(); next != nil {
			d.NextAttempt = &next.Due
		}
	}
	if err := c.store.finish(a, d, next); err != nil {
		return nil
	}
	if d.failed() {
		select {
		case c.failed <- struct{}{}:
		default:
		}
	}
	return next
}

// deliver sends a body to a webhook's endpoint and says how that went.
func (c *courier) deliver(ctx context.Context, r *record, body []byte, now time.Time) (status int, outcome, reason string) {
	w := r.Webhook
	if !w.Enabled {
		return 0, outcomeNotSent, "the webhook is disabled"
	}
	if !c.anywhere && !loopback(w.Address) {
		return 0, outcomeNotSent, "the address is no loopback address: start the sandbox with -deliver-anywhere to send there"
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.Address, bytes.NewReader(body))
	if err != nil {
		return 0, outcomeNotSent, "the address is no URL to send to"
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "Digital-River-Webhooks-Sandbox")
	var secrets []string
	for _, s := range activeSecrets(r.Secrets, now) {
		secrets = append(secrets, s.Secret)
	}
	request.Header.Set(signature.HeaderName, signature.Header(now, body, secrets...))
	if w.Authentication != nil {
		request.SetBasicAuth(w.Authentication.UserName, w.Authentication.Password)
	}
	if w.OAuth == nil {
		return c.post(request)
	}
	if !c.anywhere && !loopback(w.OAuth.TokenEndPoint) {
		return 0, outcomeNotSent, "the token endpoint is no loopback address: start the sandbox with -deliver-anywhere to ask there"
	}
	key := tokenKey{w.ID, *w.OAuth}
	t, err := c.token(ctx, key)
	if err != nil {
		return 0, outcomeTokenRefused, tokenReason(err)
	}
	t.SetAuthHeader(request)
	status, outcome, reason = c.post(request)
	if status == http.StatusUnauthorized {
		c.forget(key)
	}
	return status, outcome, reason
}

// post sends a delivery. The whole answer has to come in time and to end within
// maxAnswer [decided].
func (c *courier) post(request *http.Request) (status int, outcome, reason string) {
	ctx, cancel := context.WithTimeout(request.Context(), c.timeout)
	defer cancel()
	response, err := c.client.Do(request.WithContext(ctx))
	if err != nil {
		outcome, reason := c.failure(ctx, err)
		return 0, outcome, reason
	}
	defer func() { _ = response.Body.Close() }()
	status = response.StatusCode
	switch {
	case status >= 300 && status < 400:
		return status, outcomeRedirected, "redirects are not followed"
	case status < 200 || status >= 400:
		return status, outcomeRejected, fmt.Sprintf("the endpoint answered %d", status)
	}
	n, err := io.Copy(io.Discard, io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		outcome, reason := c.failure(ctx, err)
		return status, outcome, reason
	case n > maxAnswer:
		return status, outcomeRejected, fmt.Sprintf("the answer's body is longer than %d KiB", maxAnswer>>10)
	}
	return status, outcomeAcknowledged, ""
}

// failure tells a missing answer from one that came too late. What it says
// leaves the address out, which may hold credentials.
func (c *courier) failure(ctx context.Context, err error) (outcome, reason string) {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return outcomeTimedOut, fmt.Sprintf("no whole answer within %d ms", c.timeout.Milliseconds())
	}
	return outcomeUnreachable, cause(err)
}

func cause(err error) string {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err.Error()
	}
	return err.Error()
}

// token is a token for the webhook: the last one, or a new one where that has
// expired on the sandbox's clock.
func (c *courier) token(ctx context.Context, key tokenKey) (*oauth2.Token, error) {
	c.mu.Lock()
	t := c.tokens[key]
	if t == nil {
		t = &token{}
		c.tokens[key] = t
	}
	c.mu.Unlock()
	t.mu.Lock()
	defer t.mu.Unlock()
	now := c.store.clock.now()
	if t.value != nil && (t.expires.IsZero() || now.Before(t.expires)) {
		return t.value, nil
	}
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, oauth2.HTTPClient, c.client), c.timeout)
	defer cancel()
	value, err := key.oauth.config().Token(ctx)
	if err != nil {
		return nil, err
	}
	t.value, t.expires = value, time.Time{}
	if !value.Expiry.IsZero() {
		t.expires = now.Add(time.Until(value.Expiry))
	}
	return value, nil
}

func (c *courier) forget(key tokenKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.tokens, key)
}

// config is for both grants: they differ in parameters alone.
func (o oauth) config() *clientcredentials.Config {
	parameters := url.Values{"grant_type": {o.GrantType}}
	if o.GrantType == "password" {
		parameters.Set("username", o.UserName)
		parameters.Set("password", o.Password)
	}
	if o.Audience != "" {
		parameters.Set("audience", o.Audience)
	}
	return &clientcredentials.Config{
		ClientID: o.ClientID, ClientSecret: o.ClientSecret, TokenURL: o.TokenEndPoint,
		AuthStyle: oauth2.AuthStyleInHeader, EndpointParams: parameters,
	}
}

// tokenReason leaves out what the token endpoint said, which may repeat a
// credential.
func tokenReason(err error) string {
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		return fmt.Sprintf("the token endpoint answered %d", refused.Response.StatusCode)
	}
	if _, ok := errors.AsType[*url.Error](err); ok {
		return "the token endpoint could not be asked: " + cause(err)
	}
	return "the token endpoint's answer is no token"
}
