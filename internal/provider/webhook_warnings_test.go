// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"strings"
	"testing"
)

// duplicateWarning begins the summary of the warning of a webhook that exists
// already.
const duplicateWarning = "Webhook already exists: "

// TestAccWebhook_warnings counts the warnings of a plan: each is given once.
func TestAccWebhook_warnings(t *testing.T) {
	const warned = `
variable "address" {
  default = "http://example.com/webhooks"
}

resource "digitalriver_webhook" "test" {
  address = var.address
  types   = ["order.acepted", "refund.completed", "order.blocked"]
}
`
	api, w := startSandbox(t), newWorkspace(t)
	count := func(out, summary string, want int) {
		t.Helper()
		if got := strings.Count(out, "Warning: "+summary); got != want {
			t.Errorf("%d times %q, want %d:\n%s", got, summary, want, out)
		}
		if strings.Contains(out, "similar warning") {
			t.Errorf("a warning is given twice:\n%s", out)
		}
	}

	w.write("main.tf", warned)
	out := w.must("validate")
	count(out, "Unknown event type", 1)
	count(out, "Older event type", 1)

	out = w.plan(api.config(warned))
	count(out, "Unknown event type", 1)
	count(out, "Older event type", 1)
	count(out, "Unencrypted events", 1)
	for _, want := range []string{
		`Did you mean "order.accepted"`, `Use "refund.complete"`, `"order.acepted", "refund.completed"`,
	} {
		if !strings.Contains(unwrapped(out), want) {
			t.Errorf("the plan does not say %q:\n%s", want, out)
		}
	}

	w.must("apply", "-auto-approve")
	out = w.must("plan")
	count(out, "Unknown event type", 1)

	api.patch(api.onlyID(), object{"enabled": false})
	out = w.must("plan")
	count(out, "Webhook was disabled", 1)
	count(out, "Webhook is turned off", 0)
	if !strings.Contains(unwrapped(out), "enables the webhook again") {
		t.Errorf("the plan does not say what applying does:\n%s", out)
	}
	w.must("apply", "-auto-approve")

	out = w.plan(api.config(strings.Replace(warned, "types ", "enabled = false\n  types ", 1)))
	count(out, "Webhook is turned off", 1)
	if !strings.Contains(unwrapped(out), "http://example.com/webhooks no longer receives events") {
		t.Errorf("the plan does not say which events stop where:\n%s", out)
	}
}

// TestAccWebhook_disabledWarningOnlyIfPlanEnables disables a webhook outside
// Terraform: only a plan that enables it again may say so.
func TestAccWebhook_disabledWarningOnlyIfPlanEnables(t *testing.T) {
	const arguments = "  address = \"https://example.com\"\n  types   = [\"order.accepted\"]\n"
	api, w := startSandbox(t), newWorkspace(t)
	w.apply(api.config(webhookConfig(arguments)))
	api.patch(api.onlyID(), object{"enabled": false})
	for name, test := range map[string]struct {
		arguments string
		options   []string
		want      int
	}{
		"enables it":         {want: 1},
		"keeps it disabled":  {arguments: "  enabled = false\n"},
		"ignores the change": {arguments: "  lifecycle {\n    ignore_changes = [enabled]\n  }\n"},
		"only refreshes":     {options: []string{"-refresh-only"}},
		"without a refresh":  {options: []string{"-refresh=false"}},
	} {
		w.write("main.tf", api.config(webhookConfig(arguments+test.arguments)))
		out := w.must(append([]string{"plan"}, test.options...)...)
		if got := strings.Count(out, "Warning: Webhook was disabled"); got != test.want {
			t.Errorf("%s: %d warnings, want %d:\n%s", name, got, test.want, out)
		}
	}
}

// TestAccWebhook_offlineWarningsOnceWithoutKey plans without a key.
func TestAccWebhook_offlineWarningsOnceWithoutKey(t *testing.T) {
	t.Setenv(envAPIKey, "")
	w := newWorkspace(t)
	out := w.plan(strings.ReplaceAll(basicWebhook, "order.blocked", "order.bloked"))
	for _, summary := range []string{"Unknown event type", "Missing API key"} {
		if got := strings.Count(out, "Warning: "+summary); got != 1 || strings.Contains(out, "similar warning") {
			t.Errorf("%d times %q, want 1:\n%s", got, summary, out)
		}
	}
}

// TestAccWebhook_planWithoutAPI plans two new webhooks with an API that does not work.
func TestAccWebhook_planWithoutAPI(t *testing.T) {
	api, w := startSandbox(t), newWorkspace(t)
	config := api.configWith("sk_test_wrong", "  max_retries = 0\n",
		basicWebhook+strings.NewReplacer("\"test\"", "\"second\"", "/webhooks", "/second").Replace(basicWebhook))
	for want, config := range map[string]string{
		"GET /webhooks returned 401": config,
		"start the sandbox":          strings.Replace(config, api.url, "http://127.0.0.1:1", 1),
	} {
		out := w.plan(config)
		if strings.Count(out, "Warning: Could not list webhooks") != 1 || !strings.Contains(unwrapped(out), want) ||
			strings.Contains(out, "similar warning") {
			t.Errorf("want one warning with %q:\n%s", want, out)
		}
	}
}

// TestAccWebhook_warnsBeforeItLeavesState swaps the accounts of two aliases. No other
// sign shows that the webhooks are still there.
func TestAccWebhook_warnsBeforeItLeavesState(t *testing.T) {
	one, two, w := startSandbox(t), startSandbox(t), newWorkspace(t)
	config := func(first, second *sandboxAPI) string {
		return first.config(strings.Replace(second.config(""), "{", "{\n  alias = \"second\"", 1) +
			strings.Replace(basicWebhook, "https://", "https://dr:s3cret@", 1) + `
resource "digitalriver_webhook_secret_rotation" "test" {
  webhook_id = digitalriver_webhook.test.id
}

resource "digitalriver_webhook" "second" {
  provider = digitalriver.second
  address  = "https://example.com/second"
  types    = ["order.accepted"]
}
`)
	}
	w.apply(config(one, two))
	out := unwrapped(w.plan(config(two, one)))
	for _, want := range []string{
		fmt.Sprintf("Webhook %q for https://example.com/webhooks is not in the test mode account", one.onlyID()),
		fmt.Sprintf("Webhook %q for https://example.com/second is not in the test mode account", two.onlyID()),
		fmt.Sprintf("Webhook %q is not in the test mode account", one.onlyID()),
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the plan does not say %q:\n%s", want, out)
		}
	}
	if strings.Contains(out, "s3cret is not") || strings.Contains(out, "for https://dr:") {
		t.Errorf("a warning shows a credential:\n%s", out)
	}
	out = unwrapped(w.must("destroy", "-auto-approve", "-refresh=false"))
	if strings.Count(out, "Warning: Webhook not found: ") != 2 || strings.Count(out, "Nothing was deleted") != 2 {
		t.Errorf("the destruction of what the key does not see is silent:\n%s", out)
	}
}

// TestAccWebhook_duplicatesInTerraform checks with Terraform itself what
// TestWebhook_duplicates checks in each order of requests.
func TestAccWebhook_duplicatesInTerraform(t *testing.T) {
	api, w := startSandbox(t), newWorkspace(t)
	other := strings.NewReplacer("\"test\"", "\"other\"", ", \"order.blocked\"", "").Replace(basicWebhook)
	check := func(when, out string, twice int) {
		t.Helper()
		if strings.Count(out, "Warning: Events would arrive twice") != twice || strings.Contains(out, duplicateWarning) ||
			strings.Contains(out, "similar warning") {
			t.Errorf("%s: want %d warnings:\n%s", when, twice, out)
		}
	}
	check("two new", w.plan(api.config(basicWebhook+other)), 1)
	w.apply(api.config(basicWebhook))
	check("one more", w.plan(api.config(basicWebhook+other)), 1)
	check("one more, without a refresh", w.must("plan", "-refresh=false"), 1)
	check("renamed", w.plan(api.config(other)), 0)
	check("renamed, without a refresh", w.must("plan", "-refresh=false"), 0)
	w.write("main.tf", api.config(strings.Replace(basicWebhook, "  types",
		"  lifecycle {\n    create_before_destroy = true\n  }\n  types", 1)))
	check("replaced", w.must("plan", "-replace="+webhookAddress), 0)
	check("replaced, without a refresh", w.must("plan", "-refresh=false", "-replace="+webhookAddress), 0)
}

func TestAccWebhook_warnsOfDuplicate(t *testing.T) {
	const address = "https://example.com/webhooks"
	api, w := startSandbox(t), newWorkspace(t)
	id := api.create(testKey, webhookBody(address, "order.accepted", "order.updated"))
	api.create(testKey, webhookBody(address, "order.updated"))
	disabled := webhookBody(address, "order.accepted")
	disabled["enabled"] = false
	api.create(testKey, disabled)
	api.create(testKey, webhookBody("https://example.com/other", "order.accepted"))
	api.clearRequests()
	out := w.plan(api.config(basicWebhook))
	if got := strings.Count(out, "Warning: "+duplicateWarning); got != 1 {
		t.Errorf("%d warnings, want 1:\n%s", got, out)
	}
	if want := fmt.Sprintf("id = %q", id); !strings.Contains(out, want) {
		t.Errorf("the warning does not name %s:\n%s", id, out)
	}
	if got := api.requests(); len(got) != 1 || got[0] != "GET /webhooks 200" {
		t.Errorf("requests: %v", got)
	}
}
