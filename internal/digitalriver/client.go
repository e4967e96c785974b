package digitalriver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unicode"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/loopback"
)

// DefaultBaseURL is where the live service answers (seed 001).
const DefaultBaseURL = "https://api.digitalriver.com"

// Config says how a Client reaches the API. Zero values take the defaults.
type Config struct {
	APIKey     string
	BaseURL    string // DefaultBaseURL
	APIVersion string // sent as digitalriver-version; empty: not sent
	UserAgent  string
	// ApplicationID is sent as upstream-application-id: "<application>/<version>".
	ApplicationID string

	RequestsPerSecond float64       // 0: the documented limit of the key's mode
	MaxRetries        int           // after the first attempt; 0: none
	RequestTimeout    time.Duration // of one attempt; DefaultRequestTimeout

	Transport http.RoundTripper // http.DefaultTransport's settings
	Clock     Clock             // the system's
	// Log receives one line per request sent and per wait; no secrets.
	Log func(ctx context.Context, message string, fields map[string]any)
}

// Defaults of Config (decided).
const (
	DefaultMaxRetries     = 4
	DefaultRequestTimeout = 30 * time.Second
)

// Clock is the time that a Client goes by, so that tests need not wait.
type Clock interface {
	Now() time.Time
	// Sleep returns after d, or with ctx's error as soon as it is done.
	Sleep(ctx context.Context, d time.Duration) error
}

// Client speaks the Webhooks API with one key. It is safe for concurrent use.
type Client struct {
	config  Config
	base    string // no trailing slash
	limiter *limiter
	cache   *cache
	changes locks // one change at a time per webhook, one create per likeness
	known   known
	mode    atomic.Int32 // one of the mode constants
	wrote   atomic.Bool
}

const (
	modeUnknown = iota
	modeTest
	modeLive
)

// New returns a Client; it sends nothing. The error names a bad BaseURL or
// APIKey and does not repeat it.
func New(config Config) (*Client, error) {
	if config.BaseURL == "" {
		config.BaseURL = DefaultBaseURL
	}
	base, err := parseBaseURL(config.BaseURL)
	if err != nil {
		return nil, err
	}
	if strings.ContainsFunc(config.APIKey, unicode.IsControl) {
		return nil, errors.New("the API key holds a line break or another control character")
	}
	if config.RequestTimeout <= 0 {
		config.RequestTimeout = DefaultRequestTimeout
	}
	config.MaxRetries = max(0, config.MaxRetries)
	if config.Transport == nil {
		config.Transport = newTransport()
	}
	if config.Clock == nil {
		config.Clock = SystemClock{}
	}
	if config.Log == nil {
		config.Log = func(context.Context, string, map[string]any) {}
	}
	return &Client{
		config:  config,
		base:    base,
		limiter: newLimiter(config.RequestsPerSecond, config.Clock),
		cache:   newCache(),
	}, nil
}

// LiveMode tells whether the key is a live one, as far as the answers of this
// client have shown it: known is false until a webhook was seen.
func (c *Client) LiveMode() (live, known bool) {
	mode := c.mode.Load()
	return mode == modeLive, mode != modeUnknown
}

// Wrote tells whether this client has sent a request that changes something.
func (c *Client) Wrote() bool { return c.wrote.Load() }

// saw takes notice of the mode that an answer shows.
func (c *Client) saw(live bool) {
	mode := int32(modeTest)
	if live {
		mode = modeLive
	}
	if c.mode.Swap(mode) != mode && live {
		c.limiter.goLive()
	}
}

var errBaseURL = errors.New("the base URL must be absolute, like " + DefaultBaseURL +
	": https, or http for a loopback host (localhost, 127.0.0.0/8 or ::1), " +
	"with no user, query or fragment")

// parseBaseURL returns raw without trailing slashes. Its error does not repeat
// raw, which may hold a password.
func parseBaseURL(raw string) (string, error) {
	base, err := url.Parse(raw)
	if err != nil || base.Hostname() == "" || base.User != nil || base.Opaque != "" ||
		strings.ContainsAny(raw, "?#") {
		return "", errBaseURL
	}
	if port := base.Port(); port != "" {
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return "", errBaseURL
		}
	}
	switch base.Scheme {
	case "https":
	case "http":
		if !loopback.Host(base.Hostname()) {
			return "", fmt.Errorf("%w; %s is not a loopback host", errBaseURL, base.Hostname())
		}
	default:
		return "", errBaseURL
	}
	return strings.TrimRight(base.String(), "/"), nil
}

// newTransport keeps a connection for each request that Terraform runs in
// parallel.
func newTransport() *http.Transport {
	transport := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // Nothing here replaces it.
	transport.ForceAttemptHTTP2 = true
	transport.MaxIdleConns = 0
	transport.MaxIdleConnsPerHost = 100
	return transport
}

// SystemClock is the time of the system.
type SystemClock struct{}

// Now is time.Now.
func (SystemClock) Now() time.Time { return time.Now() }

// Sleep returns after d, or with ctx's error as soon as it is done.
func (SystemClock) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return ctx.Err()
	}
}
