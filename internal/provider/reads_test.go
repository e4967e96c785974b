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
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
)

// TestAccReads_manyShareOneList counts requests, never time.
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
	reads := func() []string {
		return slices.DeleteFunc(api.requests(), func(request string) bool { return !strings.HasPrefix(request, "GET ") })
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories(digitalriver.SystemClock{}),
		Steps: []resource.TestStep{
			{Config: config("7")},
			{
				PreConfig: api.clearRequests,
				Config:    config("7"),
				PlanOnly:  true,
			},
			{
				PreConfig: func() {
					// Plan-only steps plan twice, each in a provider process of its own.
					if got := reads(); len(got) > 4 {
						t.Errorf("two plans read %v", got)
					}
					api.clearRequests()
				},
				Config: config("changed"),
				Check: func(state *terraform.State) error {
					if got := api.writes(); len(got) != 1 {
						return fmt.Errorf("changes sent: %v", got)
					}
					return nil
				},
			},
		},
	})
}

func TestAccReads_oneWebhookOfMany(t *testing.T) {
	api, w := startSandbox(t), newWorkspace(t)
	for i := range 50 {
		api.create(testKey, object{"address": fmt.Sprintf("https://example.com/%d", i), "types": []string{"order.blocked"}})
	}
	w.write("main.tf", api.config(basicWebhook))
	w.must("apply", "-auto-approve")
	api.clearRequests()
	w.mustBeClean()
	if got := api.requests(); !slices.Equal(got, []string{"GET /webhooks/{id} 200"}) {
		t.Errorf("requests: %v", got)
	}
}

// heldAPI is a sandbox whose next answer to a list is held back once it is made.
type heldAPI struct {
	*sandboxAPI
	mu      sync.Mutex
	hold    bool
	made    chan struct{}
	release chan struct{}
}

func startHeldAPI(t *testing.T) (*heldAPI, *digitalriver.Client) {
	held := &heldAPI{made: make(chan struct{}), release: make(chan struct{})}
	held.sandboxAPI = startSandbox(t)
	client, err := digitalriver.New(digitalriver.Config{
		APIKey: testKey, BaseURL: held.url, RequestsPerSecond: 1e6, MaxRetries: 2, Transport: held,
	})
	if err != nil {
		t.Fatal(err)
	}
	return held, client
}

// RoundTrip holds the list back on its way to the client: the sandbox has
// answered, the client has not heard it.
func (h *heldAPI) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(r)
	h.mu.Lock()
	hold := h.hold && r.Method == http.MethodGet && r.URL.Path == "/webhooks"
	if hold {
		h.hold = false
	}
	h.mu.Unlock()
	if hold {
		h.made <- struct{}{}
		<-h.release
	}
	return resp, err
}

func (h *heldAPI) holdNextList() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hold = true
}

// TestReads_seeWritesOfTheSameRun has each kind of write overlap a list that was
// answered before it and arrives after it.
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
			api, client := startHeldAPI(t)
			id := api.create(testKey, object{"address": "https://example.com/webhooks", "types": []string{"order.accepted"}})
			api.holdNextList()
			listed := make(chan error)
			go func() {
				_, _, err := client.ListWebhooks(ctx)
				listed <- err
			}()
			<-api.made
			if err := test.write(ctx, client, id); err != nil {
				t.Fatal(err)
			}
			if err := test.check(client.GetWebhook(ctx, id)); err != nil {
				t.Errorf("while the list is under way: %s", err)
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

// TestReads_twoWriters lets many writers change webhooks while others read: each
// reads its own last write.
func TestReads_twoWriters(t *testing.T) {
	ctx := t.Context()
	api, client := startHeldAPI(t)
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			webhook, err := client.CreateWebhook(ctx, digitalriver.Webhook{
				Types: []string{"order.accepted"}, Address: fmt.Sprintf("https://example.com/%d", worker), Enabled: true, APIVersion: "default", TransportType: "HTTP",
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
	if left := api.webhooks(testKey); len(left) != 0 {
		t.Errorf("webhooks left: %v", left)
	}
}

// TestAccReads_changedBetweenPlanAndApply applies a saved plan after somebody
// else changed the webhook: what the plan says is sent, and nothing else; the
// rest is an error now and a difference in the next plan.
func TestAccReads_changedBetweenPlanAndApply(t *testing.T) {
	api, w := startSandbox(t), newWorkspace(t)
	w.write("main.tf", api.config(basicWebhook))
	w.must("apply", "-auto-approve")
	id := api.webhooks(testKey)[0].(object)["id"].(string)
	w.write("main.tf", api.config(strings.Replace(basicWebhook, "/webhooks", "/planned", 1)))
	w.must("plan", "-out=saved.tfplan")
	api.must(http.MethodPatch, "/webhooks/"+id, object{"enabled": false})
	code, out := w.run("apply", "-no-color", "saved.tfplan")
	if code == 0 || !strings.Contains(out, "Webhook was changed by somebody else") || !strings.Contains(strings.Join(strings.Fields(out), " "), `after the plan, in "enabled"`) {
		t.Errorf("exit code %d\n%s", code, out)
	}
	if out = w.must("plan"); !strings.Contains(out, "enabled        = false -> true") {
		t.Errorf("the plan does not show what somebody else changed:\n%s", out)
	}
	w.must("apply", "-auto-approve")
	w.mustBeClean()
	if got := api.webhook(id); got["enabled"] != true || got["address"] != "https://example.com/planned" {
		t.Errorf("the webhook is %v", got)
	}
}
