// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package digitalriver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const testKey = "sk_test_4711"

// newClient returns a client that no rate limit slows down; change adapts its
// configuration.
func newClient(t *testing.T, config Config, change ...func(*Config)) *Client {
	t.Helper()
	config.APIKey, config.RequestsPerSecond = testKey, 1e6
	for _, apply := range change {
		apply(&config)
	}
	client, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func newWebhook() Webhook {
	return Webhook{
		Types: []string{"order.accepted", "order.blocked"}, Address: "https://example.com/hook", Enabled: true,
	}
}

// run runs one operation by its name, on the webhook w1.
func run(ctx context.Context, c *Client, operation string) error {
	var err error
	enabled := false
	switch operation {
	case "create":
		_, err = c.CreateWebhook(ctx, newWebhook())
	case "read":
		_, err = c.GetWebhook(ctx, "w1")
	case "list":
		_, _, err = c.ListWebhooks(ctx)
	case "update":
		_, err = c.UpdateWebhook(ctx, "w1", Webhook{Enabled: enabled}, "enabled")
	case "delete":
		err = c.DeleteWebhook(ctx, "w1")
	case "rotate":
		_, err = c.RotateSecret(ctx, "w1", 3)
	case "list secrets":
		_, err = c.ListSecrets(ctx, "w1")
	default:
		panic(operation)
	}
	return err
}

// mustRun is run for an operation that has to succeed.
func mustRun(t *testing.T, c *Client, operation string) {
	t.Helper()
	if err := run(t.Context(), c, operation); err != nil {
		t.Errorf("%s: %v", operation, err)
	}
}

// mustRead reads the nth webhook.
func mustRead(t *testing.T, c *Client, n int) *Webhook {
	t.Helper()
	webhook, err := c.GetWebhook(t.Context(), fmt.Sprint("w", n))
	if err != nil {
		t.Error(err)
	}
	return webhook
}

// mustList lists all webhooks.
func mustList(t *testing.T, c *Client) []*Webhook {
	t.Helper()
	webhooks, _, err := c.ListWebhooks(t.Context())
	if err != nil {
		t.Error(err)
	}
	return webhooks
}

// checkListed checks that a client lists what the API has.
func checkListed(t *testing.T, c *Client, api *fakeAPI) {
	t.Helper()
	got, want := make(map[string]bool), make(map[string]bool)
	for _, webhook := range mustList(t, c) {
		got[webhook.ID] = webhook.Enabled
	}
	for _, webhook := range api.webhooks {
		want[webhook["id"].(string)] = webhook["enabled"] != false
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// asError returns the *Error that err is or wraps.
func asError(t *testing.T, err error) *Error {
	t.Helper()
	var apiError *Error
	if !errors.As(err, &apiError) {
		t.Fatalf("got %v, want an *Error", err)
	}
	return apiError
}

func ids(webhooks []*Webhook) []string {
	ids := make([]string, len(webhooks))
	for i, webhook := range webhooks {
		ids[i] = webhook.ID
	}
	return ids
}

// countMethod returns how many requests have a method.
func countMethod(requests []sentRequest, method string) int {
	return len(slices.DeleteFunc(requests, func(r sentRequest) bool { return r.method != method }))
}

// runConcurrently makes n calls at the same time and waits for them.
func runConcurrently(n int, call func(i int)) {
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { call(i) })
	}
	group.Wait()
}

// sleep advances the clock of a bubble.
func sleep(t *testing.T, d time.Duration) {
	t.Helper()
	if err := (SystemClock{}).Sleep(t.Context(), d); err != nil {
		t.Fatal(err)
	}
}

// shiftedClock is ahead of the bubble's clock, which is the API's.
type shiftedClock struct {
	SystemClock
	by time.Duration
}

func (c shiftedClock) Now() time.Time { return time.Now().Add(c.by) }

// roundTripFunc is a RoundTripper.
type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
