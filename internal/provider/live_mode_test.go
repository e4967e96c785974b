// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox/readings"
)

func TestAccLiveMode_emptyAccount(t *testing.T) {
	api := startSandbox(t)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: testProviders(),
		Steps: []resource.TestStep{
			{
				Config: api.configWith(testKey, "live_mode = true", basicWebhook),
				ExpectError: regexp.MustCompile(
					`(?s)API key of the wrong mode.*live\s+mode.*test\s+mode.*and\s+deleted\s+it\s+again`),
			},
			{
				PreConfig: func() {
					if err := api.wrote("POST /webhooks 201", "DELETE /webhooks/{id} 204")(nil); err != nil {
						t.Error(err)
					}
					api.checkNoWebhooks(testKey)
					api.clearRequests()
				},
				Config: api.configWith(testKey, "live_mode = false", basicWebhook),
				Check: resource.ComposeAggregateTestCheckFunc(
					api.wrote("POST /webhooks 201", "PATCH /webhooks/{id} 200"),
					resource.TestCheckResourceAttr(webhookAddress, "enabled", "true"),
				),
			},
		},
	})
}

func TestAccLiveMode_wrongKeyChangesNothing(t *testing.T) {
	api := startSandbox(t)
	api.create(testKey, webhookBody("https://example.com/existing", "order.accepted"))
	api.create(liveKey, webhookBody("https://example.com/existing", "order.accepted"))
	live := api.configWith(liveKey, "live_mode = true", basicWebhook)
	changed := webhookConfig("address = \"https://example.com/changed\"\ntypes = [\"order.accepted\"]")
	wrong := regexp.MustCompile(`API key of (the wrong|another) mode`)
	bothModes := regexp.MustCompile(`(?s)another mode than the webhook.*to\s+live\s+mode.*to\s+test\s+mode`)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: testProviders(),
		Steps: []resource.TestStep{
			{
				PreConfig:   api.clearRequests,
				Config:      api.configWith(testKey, "live_mode = true", basicWebhook),
				ExpectError: wrong,
			},
			{PreConfig: api.checkNoWrites, Config: live},
			{
				PreConfig:   api.clearRequests,
				Config:      api.configWith(testKey, "live_mode = true", changed),
				ExpectError: wrong,
			},
			{
				PreConfig:   api.checkNoWrites,
				Config:      api.config(basicWebhook),
				ExpectError: bothModes,
			},
			{
				PreConfig:   api.checkNoWrites,
				Config:      api.config(basicWebhook),
				Destroy:     true,
				ExpectError: wrong,
			},
			{PreConfig: api.checkNoWrites, Config: live, ConfigPlanChecks: expectEmptyPlan()},
		},
	})
}

// TestAccLiveMode_deleteWithoutRefresh deletes with a key of the other mode,
// for which the webhook does not exist.
func TestAccLiveMode_deleteWithoutRefresh(t *testing.T) {
	api, w := startSandbox(t), newWorkspace(t)
	api.create(testKey, webhookBody("https://example.com/existing", "order.accepted"))
	w.apply(api.configWith(liveKey, "", basicWebhook))
	w.write("main.tf", api.config(basicWebhook))
	code, out := w.run("destroy", "-auto-approve", "-refresh=false", "-no-color")
	if code == 0 || !strings.Contains(out, "another mode than the webhook") {
		t.Errorf("exit code %d\n%s", code, out)
	}
	if got := len(api.webhooks(liveKey)); got != 1 {
		t.Errorf("%d live webhooks, want 1", got)
	}
	if !strings.Contains(w.read("terraform.tfstate"), "digitalriver_webhook") {
		t.Error("the webhook left state")
	}
}

func TestAccLiveMode_warnsOfAccountWithoutWebhooks(t *testing.T) {
	api, w := startSandbox(t), newWorkspace(t)
	w.apply(api.configWith(liveKey, "", basicWebhook))
	out := w.plan(api.config(basicWebhook))
	if strings.Count(out, "Warning: Webhook not found: ") != 1 || !strings.Contains(out, "sees no webhooks at all") {
		t.Errorf("want one warning, that the account is empty:\n%s", out)
	}
}

// TestLiveMode_hidden creates webhooks with an API that does not show their mode.
// Only the first one is created disabled; the user is told once that live_mode
// protects nothing. A webhook that is gone is removed with a warning.
func TestLiveMode_hidden(t *testing.T) {
	api := startSandboxWith(t, sandbox.Options{RateLimit: "off", Readings: []string{readings.LiveModeAbsent}})
	server := newServer(newProvider("test", &testClock{}))
	configure(t, server, object{"api_key": testKey, "base_url": api.url, "live_mode": false})
	var webhooks []*managedObject
	for _, address := range []string{"https://example.com/1", "https://example.com/2"} {
		webhook := newManagedObject(t, server, webhookTypeName, newWebhookResource(&digitalRiver{}))
		if !webhook.apply(object{"address": address, "types": []any{"order.accepted"}}) {
			t.Fatal("the create failed")
		}
		webhooks = append(webhooks, webhook)
	}
	if err := api.wrote("POST /webhooks 201", "PATCH /webhooks/{id} 200", "POST /webhooks 201")(nil); err != nil {
		t.Error(err)
	}

	server = newServer(newProvider("test", &testClock{}))
	configure(t, server, object{"api_key": testKey, "base_url": api.url, "live_mode": false})
	for _, webhook := range webhooks {
		api.delete(decodedAs[string](t, decodedAs[map[string]tftypes.Value](t, webhook.state)["id"]))
	}
	api.create(testKey, webhookBody("https://example.com/3", "order.accepted"))
	for _, webhook := range webhooks {
		webhook.server = server
		warnings := webhook.refreshWithWarnings()
		if len(warnings) != 1 || !strings.Contains(warnings[0].Detail, "whose mode the API does not show") {
			t.Errorf("warnings %v", warnings)
		}
		if !webhook.state.IsNull() {
			t.Error("the webhook is still in state")
		}
	}
}
