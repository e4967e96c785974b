// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

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

// DefaultBaseURL is the address of the live service, which serves both modes:
// https://docs.digitalriver.com/digital-river-api/developer-resources/api-structure
const DefaultBaseURL = "https://api.digitalriver.com"

// The environment variables that hold APIKey, BaseURL and APIVersion of a Config. An
// empty variable means the same as none. The caller reads them.
const (
	APIKeyVariable     = "DIGITALRIVER_API_KEY"
	BaseURLVariable    = "DIGITALRIVER_BASE_URL"
	APIVersionVariable = "DIGITALRIVER_API_VERSION"
)

// Config configures a Client. Zero values stand for the defaults.
type Config struct {
	APIKey     string
	BaseURL    string // absolute, https unless the host is a loopback one; default: DefaultBaseURL
	APIVersion string // sent as digitalriver-version; default: not sent
	UserAgent  string
	// ApplicationID is sent as upstream-application-id, "<application>/<version>".
	ApplicationID string

	RequestsPerSecond float64       // default: the documented limit of the key's mode
	MaxRetries        int           // of one request, after the first attempt; default: none
	RequestTimeout    time.Duration // of one attempt; default: DefaultRequestTimeout

	Transport http.RoundTripper // default: the settings of http.DefaultTransport
	Clock     Clock             // default: SystemClock
	// Log receives one line for each attempt and each wait. The fields contain no
	// credentials.
	Log func(ctx context.Context, message string, fields map[string]any)
}

// What the provider configures by default. The waits before four retries add up
// to about four seconds, which outlasts a short failure.
const (
	DefaultMaxRetries     = 4
	DefaultRequestTimeout = 30 * time.Second
)

// Client is a client of the Webhooks API for one API key. It is safe for
// concurrent use.
type Client struct {
	config   Config
	baseURL  string // without a slash at its end
	limiter  *limiter
	cache    *cache
	locks    keyedMutex // one change of a webhook at a time, and one of several alike creates
	seen     seenIDs
	redactor *redactor    // knows every credential that was sent or received
	mode     atomic.Int32 // one of the mode constants
	wrote    atomic.Bool
	// reconnect is true after a timeout: its connection may be dead.
	reconnect atomic.Bool
	// unlistable is true if the list could not be read, but single webhooks may be.
	unlistable atomic.Bool
	// userName is one of the spelling constants.
	userName atomic.Int32
	// clockSkew is how far the API's clock is ahead of ours, in nanoseconds.
	clockSkew atomic.Int64
}

const (
	modeUnknown = iota
	modeTest
	modeLive
	modeHidden // the API does not show it
)

// ErrInvalidAPIKey means that an API key cannot be sent.
var ErrInvalidAPIKey = errors.New("the API key contains a line break or another control character")

// New returns a Client. It sends nothing. An error means that APIKey
// (ErrInvalidAPIKey) or BaseURL is malformed; it does not repeat their values.
func New(config Config) (*Client, error) {
	if config.BaseURL == "" {
		config.BaseURL = DefaultBaseURL
	}
	baseURL, err := parseBaseURL(config.BaseURL)
	if err != nil {
		return nil, err
	}
	if strings.ContainsFunc(config.APIKey, unicode.IsControl) {
		return nil, ErrInvalidAPIKey
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
	redactor := &redactor{}
	redactor.add(config.APIKey)
	return &Client{
		redactor: redactor,
		config:   config,
		baseURL:  baseURL,
		limiter:  newLimiter(config.RequestsPerSecond, config.Clock),
		cache:    newCache(),
	}, nil
}

// LiveMode reports whether the key is a live mode key. Only a webhook shows the
// mode: known is false until a response contained one that does.
func (c *Client) LiveMode() (live, known bool) {
	mode := c.mode.Load()
	return mode == modeLive, mode == modeLive || mode == modeTest
}

// HidesMode reports whether the API has returned webhooks, but none that shows its
// mode.
func (c *Client) HidesMode() bool { return c.mode.Load() == modeHidden }

// learn records what webhooks in responses show: the mode, and their credentials.
func (c *Client) learn(webhooks ...*Webhook) {
	for _, webhook := range webhooks {
		c.setMode(webhook.LiveMode)
		c.redactor.add(webhook.credentials()...)
	}
}

// Now returns the time of the API: our clock, corrected by what the Date header of
// the last response showed. Before the first response it is our clock.
func (c *Client) Now() time.Time {
	return c.config.Clock.Now().Add(time.Duration(c.clockSkew.Load()))
}

// Wrote reports whether the client has sent a request that changes something.
func (c *Client) Wrote() bool { return c.wrote.Load() }

// setMode records the mode that a webhook shows; nil if it shows none.
func (c *Client) setMode(live *bool) {
	if live == nil {
		c.mode.CompareAndSwap(modeUnknown, modeHidden)
		return
	}
	mode := int32(modeTest)
	if *live {
		mode = modeLive
	}
	if c.mode.Swap(mode) != mode && *live {
		c.limiter.raiseToLiveMode()
	}
}

var errBaseURL = errors.New("the base URL must be an absolute https URL such as " + DefaultBaseURL +
	", or http for a loopback host (localhost, 127.0.0.0/8 or ::1), without user, query or fragment")

// parseBaseURL checks raw and removes the slashes at its end. The error does not
// repeat raw, which may contain a password.
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
