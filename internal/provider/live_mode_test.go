package provider

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

func TestAccLiveMode_emptyAccount(t *testing.T) {
	api := startSandbox(t)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: testProviders(),
		Steps: []resource.TestStep{
			{
				Config:      api.configWith(testKey, "live_mode = true", basicWebhook),
				ExpectError: regexp.MustCompile(`(?s)API key of the wrong mode.*live\s+mode.*test\s+mode`),
			},
			{
				PreConfig: func() {
					if diff := cmp.Diff([]string{"POST /webhooks 201", "DELETE /webhooks/{id} 204"}, api.writes()); diff != "" {
						t.Errorf("changes sent (-want +got):\n%s", diff)
					}
					if left := api.webhooks(testKey); len(left) != 0 {
						t.Errorf("webhooks left: %v", left)
					}
					api.clearRequests()
				},
				Config: api.configWith(testKey, "live_mode = false", basicWebhook),
				Check: resource.ComposeAggregateTestCheckFunc(
					api.wrote("POST /webhooks 201", "PATCH /webhooks/{id} 200"),
					resource.TestCheckResourceAttr(webhookName1, "enabled", "true"),
				),
			},
		},
	})
}

func TestAccLiveMode_wrongKeyChangesNothing(t *testing.T) {
	api := startSandbox(t)
	api.create(testKey, object{"address": "https://example.com/there", "types": []string{"order.accepted"}})
	api.create(liveKey, object{"address": "https://example.com/there", "types": []string{"order.accepted"}})
	changed := webhookConfig("address = \"https://example.com/changed\"\ntypes = [\"order.accepted\"]")
	wrong := regexp.MustCompile(`(?s)API key of (the wrong|another) mode`)
	nothingSent := func() {
		if writes := api.writes(); len(writes) != 0 {
			t.Errorf("changes sent: %v", writes)
		}
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: testProviders(),
		Steps: []resource.TestStep{
			{PreConfig: api.clearRequests, Config: api.configWith(testKey, "live_mode = true", basicWebhook), ExpectError: wrong},
			{PreConfig: nothingSent, Config: api.configWith(liveKey, "live_mode = true", basicWebhook)},
			{PreConfig: api.clearRequests, Config: api.configWith(testKey, "live_mode = true", changed), ExpectError: wrong},
			{PreConfig: nothingSent, Config: api.configWith(testKey, "", basicWebhook), ExpectError: regexp.MustCompile(`(?s)another mode than the webhook.*of\s+live\s+mode.*of\s+test\s+mode`)},
			{PreConfig: nothingSent, Config: api.configWith(testKey, "", basicWebhook), Destroy: true, ExpectError: wrong},
			{PreConfig: nothingSent, Config: api.configWith(liveKey, "live_mode = true", basicWebhook), ConfigPlanChecks: expectEmptyPlan()},
		},
	})
}

// TestAccLiveMode_deleteWithoutRefresh deletes with a key of the other mode,
// for which the webhook does not exist.
func TestAccLiveMode_deleteWithoutRefresh(t *testing.T) {
	api, w := startSandbox(t), newWorkspace(t)
	api.create(testKey, object{"address": "https://example.com/there", "types": []string{"order.accepted"}})
	w.write("main.tf", api.configWith(liveKey, "", basicWebhook))
	w.must("apply", "-auto-approve")
	w.write("main.tf", api.configWith(testKey, "", basicWebhook))
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

func TestAccLiveMode_accountWithoutWebhooksIsWarnedOf(t *testing.T) {
	api, w := startSandbox(t), newWorkspace(t)
	w.write("main.tf", api.configWith(liveKey, "", basicWebhook))
	w.must("apply", "-auto-approve")
	w.write("main.tf", api.configWith(testKey, "", basicWebhook))
	out := w.must("plan")
	if strings.Count(out, "Warning: Account without webhooks") != 1 {
		t.Errorf("want one warning:\n%s", out)
	}
}
