// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/tfversion"
)

// Terraform has `terraform query` and actions from 1.14 on, OpenTofu has neither.

const queryAll = `
list "digitalriver_webhook" "all" {
  provider         = digitalriver
  include_resource = true
}

list "digitalriver_webhook_secret_rotation" "all" {
  provider         = digitalriver
  include_resource = true

  config {
    types = ["order.*"]
  }
}
`

// TestAccQuery_adoptsAccount queries an account, and imports all that it found
// with the configuration that the query generates.
func TestAccQuery_adoptsAccount(t *testing.T) {
	api, w := startSandbox(t), newWorkspace(t)
	w.require(tfversion.Version1_14_0)
	w.requireImportBlocks()
	plain := webhookBody("https://example.com/plain", "order.accepted", "order.blocked")
	basic := webhookBody("https://example.com/basic", "order.accepted")
	basic["authentication"] = object{"username": "u", "password": "hush-hush"}
	oauth := merged(webhookBody("https://example.com/oauth", "refund.failed"), object{
		"apiVersion": "latest", "enabled": false, "transportType": "OAUTH",
		"oauth": object{"tokenEndPoint": "https://example.com/t", "clientID": "i", "clientSecret": "hush-hush"},
	})
	for _, webhook := range []object{plain, basic, oauth} {
		api.create(testKey, webhook)
	}
	api.clearRequests()
	w.write("main.tf", api.config(""))
	w.write("all.tfquery.hcl", queryAll)
	found := w.must("query", "-generate-config-out=generated.tf")
	for _, want := range []string{
		"https://example.com/basic (1 event type)", "https://example.com/oauth (1 event type, disabled)",
		"https://example.com/plain (2 event types)", "Secret of https://example.com/plain (2 event types)",
	} {
		if !strings.Contains(found, want) {
			t.Errorf("the query does not list %q:\n%s", want, found)
		}
	}
	planned := w.must("plan")
	if !strings.Contains(planned, "5 to import, 0 to add, 0 to change, 0 to destroy") {
		t.Errorf("the plan does not import 3 webhooks and 2 rotations:\n%s\n%s", planned, w.read("generated.tf"))
	}
	w.must("apply", "-auto-approve")
	w.mustBeClean()
	api.checkNoWrites()
	for _, file := range []string{"generated.tf", "terraform.tfstate"} {
		checkNoCredentials(t, []string{w.read(file)}, "hush-hush", "whk_")
	}
}

// TestAccActions invokes an action from the command line, and lets another one
// follow a create and an update.
func TestAccActions(t *testing.T) {
	api, w := startSandbox(t), newWorkspace(t)
	w.require(tfversion.Version1_14_0)
	r := startReceiver(t, "")
	config := func(types string) string {
		return api.config(fmt.Sprintf(`
resource "digitalriver_webhook" "test" {
  address = %q
  types   = %s

  lifecycle {
    action_trigger {
      events  = [after_create, after_update]
      actions = [action.digitalriver_check_webhook.test]
    }
  }
}

action "digitalriver_check_webhook" "test" {
  config {
    webhook_id = digitalriver_webhook.test.id
  }
}

action "digitalriver_rotate_webhook_secret" "leaked" {
  config {
    webhook_id                  = digitalriver_webhook.test.id
    previous_secret_valid_hours = 0
  }
}
`, r.url, types))
	}
	w.write("main.tf", config(`["order.accepted"]`))
	code, out := w.run("apply", "-auto-approve", "-no-color")
	if text := unwrapped(out); code == 0 || !strings.Contains(text, "Endpoint would not acknowledge events") ||
		!strings.Contains(text, "It responded with 400 to a valid event.") {
		t.Errorf("the receiver has another secret, and the apply exits with %d:\n%s", code, out)
	}
	id := api.onlyID()
	before, _ := api.secrets(id)[0].(object)
	r.write("secret", fmt.Sprintln(before["secret"]))
	w.write("main.tf", config(`["order.accepted", "order.blocked"]`))
	out = w.must("apply", "-auto-approve")
	if !strings.Contains(out, "Signed event: status 202") || !strings.Contains(out, "Broken signature: status 400") {
		t.Errorf("the check does not show in the apply:\n%s", out)
	}
	state := w.read("terraform.tfstate")
	out = w.must("apply", "-auto-approve", "-invoke=action.digitalriver_rotate_webhook_secret.leaked")
	secrets := api.secrets(id)
	after, _ := secrets[0].(object)
	if len(secrets) != 1 || after["id"] == before["id"] || !strings.Contains(out, fmt.Sprint(after["id"])) {
		t.Errorf("the action left the secrets %v:\n%s", secrets, out)
	}
	if attributesIn(t, state) != attributesIn(t, w.read("terraform.tfstate")) {
		t.Error("the action changed state")
	}
	checkNoCredentials(t, []string{out}, fmt.Sprint(after["secret"]), fmt.Sprint(before["secret"]))
	if status, _ := api.call(testKey, http.MethodGet, "/webhooks/"+id, nil); status != http.StatusOK {
		t.Error(status)
	}
}

// attributesIn returns the resources of a state file as JSON.
func attributesIn(t *testing.T, state string) string {
	t.Helper()
	_, resources, found := strings.Cut(state, `"resources":`)
	if !found {
		t.Fatal("no resources in state")
	}
	return resources
}
