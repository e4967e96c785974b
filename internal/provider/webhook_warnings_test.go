package provider

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// TestAccWebhook_warnings counts the warnings of a plan: each comes once.
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
			t.Errorf("a warning is there twice:\n%s", out)
		}
	}
	flat := func(out string) string { return strings.Join(strings.Fields(strings.ReplaceAll(out, "│", "")), " ") }

	w.write("main.tf", warned)
	out := w.must("validate")
	count(out, "Unknown event type", 1)
	count(out, "Older event type", 1)

	w.write("main.tf", api.config(warned))
	out = w.must("plan")
	count(out, "Unknown event type", 1)
	count(out, "Older event type", 1)
	count(out, "Events in clear text", 1)
	for _, want := range []string{`Did you mean "order.accepted"`, `Use "refund.complete"`, `"order.acepted", "refund.completed"`} {
		if !strings.Contains(flat(out), want) {
			t.Errorf("the plan does not say %q:\n%s", want, out)
		}
	}

	w.must("apply", "-auto-approve")
	out = w.must("plan")
	count(out, "Unknown event type", 1)
	id := api.webhooks(testKey)[0].(object)["id"].(string)

	api.must(http.MethodPatch, "/webhooks/"+id, object{"enabled": false})
	out = w.must("plan")
	count(out, "Webhook was disabled", 1)
	count(out, "Webhook is turned off", 0)
	if !strings.Contains(flat(out), "turns the webhook on again") {
		t.Errorf("the plan does not say what applying does:\n%s", out)
	}
	w.must("apply", "-auto-approve")

	w.write("main.tf", api.config(strings.Replace(warned, "types ", "enabled = false\n  types ", 1)))
	out = w.must("plan")
	count(out, "Webhook is turned off", 1)
	if !strings.Contains(flat(out), "stop reaching http://example.com/webhooks") {
		t.Errorf("the plan does not say which events stop where:\n%s", out)
	}
}

func TestAccWebhook_duplicateIsWarnedOf(t *testing.T) {
	api, w := startSandbox(t), newWorkspace(t)
	id := api.create(testKey, object{"address": "https://example.com/webhooks", "types": []string{"order.accepted", "order.updated"}})
	api.create(testKey, object{"address": "https://example.com/webhooks", "types": []string{"order.updated"}})
	api.create(testKey, object{"address": "https://example.com/webhooks", "types": []string{"order.accepted"}, "enabled": false})
	api.create(testKey, object{"address": "https://example.com/other", "types": []string{"order.accepted"}})
	w.write("main.tf", api.config(basicWebhook))
	api.clearRequests()
	out := w.must("plan")
	if got := strings.Count(out, "Warning: Webhook exists already"); got != 1 {
		t.Errorf("%d warnings, want 1:\n%s", got, out)
	}
	if want := fmt.Sprintf("id = %q", id); !strings.Contains(out, want) {
		t.Errorf("the warning does not name %s:\n%s", id, out)
	}
	if got := api.requests(); len(got) != 1 || got[0] != "GET /webhooks 200" {
		t.Errorf("requests: %v", got)
	}
}
