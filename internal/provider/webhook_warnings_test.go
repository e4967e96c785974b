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
