// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
)

// TestAccReads_manyShareOneList counts the requests of plans and applies of many
// webhooks.
func TestAccReads_manyShareOneList(t *testing.T) {
	api := startSandbox(t)
	config := func(address string) string {
		return api.config(fmt.Sprintf(`
resource "digitalriver_webhook" "many" {
  count   = 60
  address = "https://example.com/${count.index == 7 ? %q : count.index}"
  types   = ["order.accepted"]
}

data "digitalriver_webhooks" "all" {
  depends_on = [digitalriver_webhook.many]
}
`, address))
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: testProvidersOn(digitalriver.SystemClock{}),
		Steps: []resource.TestStep{
			{Config: config("7")},
			{PreConfig: api.clearRequests, Config: config("7"), PlanOnly: true},
			{
				PreConfig: func() {
					// A plan-only step plans twice, each time in a provider of its own.
					if got := api.reads(); len(got) > 4 {
						t.Errorf("two plans read %v", got)
					}
					api.clearRequests()
				},
				Config: config("changed"),
				Check:  api.wrote("PATCH /webhooks/{id} 200"),
			},
		},
	})
}

func TestAccReads_oneWebhookOfMany(t *testing.T) {
	api, w := startSandbox(t), newWorkspace(t)
	for i := range 50 {
		api.create(testKey, webhookBody(fmt.Sprintf("https://example.com/%d", i), "order.blocked"))
	}
	w.apply(api.config(basicWebhook))
	api.clearRequests()
	w.mustBeClean()
	if got := api.requests(); !slices.Equal(got, []string{"GET /webhooks/{id} 200"}) {
		t.Errorf("requests: %v", got)
	}
}

// delayedListAPI is a sandbox that can delay the response to a list on its way
// to the client, which has not received it while writes go on.
type delayedListAPI struct {
	*sandboxAPI
	mu      sync.Mutex
	delay   bool          // whether the next list is delayed
	ready   chan struct{} // receives once the response is there
	release chan struct{}
}

func startDelayedListAPI(t *testing.T) (*delayedListAPI, *digitalriver.Client) {
	t.Helper()
	api := &delayedListAPI{sandboxAPI: startSandbox(t), ready: make(chan struct{}), release: make(chan struct{})}
	client, err := digitalriver.New(digitalriver.Config{
		APIKey: testKey, BaseURL: api.url, RequestsPerSecond: 1e6, MaxRetries: 2, Transport: api,
	})
	if err != nil {
		t.Fatal(err)
	}
	return api, client
}

func (a *delayedListAPI) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(r)
	if r.Method == http.MethodGet && r.URL.Path == "/webhooks" && a.takeDelay() {
		a.ready <- struct{}{}
		<-a.release
	}
	return resp, err
}

func (a *delayedListAPI) delayNextList() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.delay = true
}

// takeDelay reports whether this list is the one to delay.
func (a *delayedListAPI) takeDelay() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	delay := a.delay
	a.delay = false
	return delay
}

// TestReads_seeWritesOfTheSameRun has each kind of write overlap a list whose
// response was made before the write and arrives after it.
func TestReads_seeWritesOfTheSameRun(t *testing.T) {
	address := "https://example.com/changed"
	for name, test := range map[string]struct {
		write func(ctx context.Context, client *digitalriver.Client, id string) error
		check func(webhook *digitalriver.Webhook, err error) error
	}{
		"update": {
			func(ctx context.Context, client *digitalriver.Client, id string) error {
				_, err := client.UpdateWebhook(ctx, id, digitalriver.Webhook{Address: address}, "address")
				return err
			},
			func(webhook *digitalriver.Webhook, err error) error {
				if err != nil || webhook.Address != address {
					return fmt.Errorf("read %v, %w", webhook, err)
				}
				return nil
			},
		},
		"delete": {
			func(ctx context.Context, client *digitalriver.Client, id string) error {
				return client.DeleteWebhook(ctx, id)
			},
			func(webhook *digitalriver.Webhook, err error) error {
				if !digitalriver.IsNotFound(err) {
					return fmt.Errorf("read %v, %w", webhook, err)
				}
				return nil
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			api, client := startDelayedListAPI(t)
			id := api.create(testKey, webhookBody("https://example.com/webhooks", "order.accepted"))
			api.delayNextList()
			listed := make(chan error)
			go func() {
				_, _, err := client.ListWebhooks(ctx)
				listed <- err
			}()
			<-api.ready
			if err := test.write(ctx, client, id); err != nil {
				t.Fatal(err)
			}
			if err := test.check(client.GetWebhook(ctx, id)); err != nil {
				t.Errorf("while the list is in flight: %s", err)
			}
			api.release <- struct{}{}
			if err := <-listed; err != nil {
				t.Fatal(err)
			}
			for range 3 {
				if err := test.check(client.GetWebhook(ctx, id)); err != nil {
					t.Errorf("after the list: %s", err)
				}
			}
			all, _, err := client.ListWebhooks(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if i := slices.IndexFunc(all, func(w *digitalriver.Webhook) bool { return w.ID == id }); i >= 0 {
				if err := test.check(all[i], nil); err != nil {
					t.Errorf("a later list: %s", err)
				}
			} else if name == "update" {
				t.Error("a later list lacks the webhook")
			}
		})
	}
}

// TestReads_concurrentWriters has many writers change webhooks while others read:
// each reads its own last write.
func TestReads_concurrentWriters(t *testing.T) {
	ctx := t.Context()
	api, client := startDelayedListAPI(t)
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			webhook, err := client.CreateWebhook(ctx, digitalriver.Webhook{
				Types: []string{"order.accepted"}, Address: fmt.Sprintf("https://example.com/%d", worker),
				Enabled: true, APIVersion: "default", TransportType: "HTTP",
			})
			if err != nil {
				t.Error(err)
				return
			}
			for round := range 10 {
				address := fmt.Sprintf("https://example.com/%d/%d", worker, round)
				if _, err := client.UpdateWebhook(ctx, webhook.ID, digitalriver.Webhook{Address: address}, "address"); err != nil {
					t.Error(err)
				}
				if read, err := client.GetWebhook(ctx, webhook.ID); err != nil || read.Address != address {
					t.Errorf("read %v, %v; want %s", read, err, address)
				}
				if _, _, err := client.ListWebhooks(ctx); err != nil {
					t.Error(err)
				}
			}
			if err := client.DeleteWebhook(ctx, webhook.ID); err != nil {
				t.Error(err)
			}
			if _, err := client.GetWebhook(ctx, webhook.ID); !digitalriver.IsNotFound(err) {
				t.Errorf("read a deleted webhook: %v", err)
			}
		})
	}
	wg.Wait()
	api.checkNoWebhooks(testKey)
}

// TestAccReads_changedBetweenPlanAndApply applies a saved plan after somebody
// else has changed the webhook: the plan's changes are sent, and nothing else; the
// rest is an error now and a difference in the next plan.
func TestAccReads_changedBetweenPlanAndApply(t *testing.T) {
	api, w := startSandbox(t), newWorkspace(t)
	w.apply(api.config(basicWebhook))
	id := api.onlyID()
	w.write("main.tf", api.config(strings.Replace(basicWebhook, "/webhooks", "/planned", 1)))
	w.must("plan", "-out=saved.tfplan")
	api.patch(id, object{"enabled": false})
	code, out := w.run("apply", "-no-color", "saved.tfplan")
	if code == 0 || !strings.Contains(out, "Webhook was changed outside Terraform") ||
		!strings.Contains(unwrapped(out), `after the plan was made: "enabled"`) {
		t.Errorf("exit code %d\n%s", code, out)
	}
	if out = w.must("plan"); !strings.Contains(out, "enabled        = false -> true") {
		t.Errorf("the plan does not show the change made outside Terraform:\n%s", out)
	}
	w.must("apply", "-auto-approve")
	w.mustBeClean()
	if got := api.webhook(id); got["enabled"] != true || got["address"] != "https://example.com/planned" {
		t.Errorf("the webhook is %v", got)
	}
}
