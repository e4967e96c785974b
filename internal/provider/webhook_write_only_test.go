// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"
)

// importBlock imports a webhook as webhookAddress.
func importBlock(id string) string {
	return fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\n", webhookAddress, id)
}

func TestAccWebhook_writeOnlyPassword(t *testing.T) {
	api := startSandbox(t)
	var id string
	config := func(userName, password string) string {
		return api.config(webhookConfig(fmt.Sprintf(`
  address = "https://example.com/webhooks"
  types   = ["order.accepted"]
  authentication = {
    username = %q
    %s
  }`, userName, password)))
	}
	writeOnly := func(password string, version int) string {
		return fmt.Sprintf("password_wo = %q\n    password_wo_version = %d", password, version)
	}
	holds := func(userName, password string) func(*terraform.State) error {
		return func(*terraform.State) error {
			want := object{"username": userName, "userName": userName, "password": password}
			if diff := cmp.Diff(want, api.webhook(id)["authentication"]); diff != "" {
				return fmt.Errorf("authentication (-want +got):\n%s", diff)
			}
			return nil
		}
	}
	passwordIsNull := []statecheck.StateCheck{statecheck.ExpectKnownValue(webhookAddress,
		tfjsonpath.New("authentication").AtMapKey("password"), knownvalue.Null())}
	const patched = "PATCH /webhooks/{id} 200"
	resource.Test(t, resource.TestCase{
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_11_0)},
		ProtoV6ProviderFactories: testProviders(),
		Steps: []resource.TestStep{
			{
				Config:            config("u", writeOnly("first", 1)),
				Check:             resource.ComposeTestCheckFunc(saveAttribute(webhookAddress, "id", &id), holds("u", "first")),
				ConfigStateChecks: passwordIsNull,
			},
			{ // The same version: the value is not sent again.
				PreConfig: api.clearRequests,
				Config:    config("u", writeOnly("second", 1)),
				Check:     resource.ComposeTestCheckFunc(api.wrote(), holds("u", "first")),
			},
			{
				PreConfig:         api.clearRequests,
				Config:            config("u", writeOnly("second", 2)),
				ConfigPlanChecks:  expectUpdate(webhookAddress),
				Check:             resource.ComposeTestCheckFunc(api.wrote(patched), holds("u", "second")),
				ConfigStateChecks: passwordIsNull,
			},
			{ // Another user name: the password goes with it.
				PreConfig: api.clearRequests,
				Config:    config("other", writeOnly("second", 2)),
				Check:     resource.ComposeTestCheckFunc(api.wrote(patched), holds("other", "second")),
			},
			{
				PreConfig:        api.clearRequests,
				Config:           config("other", `password = "plain"`),
				ConfigPlanChecks: expectUpdate(webhookAddress),
				Check:            resource.ComposeTestCheckFunc(api.wrote(patched), holds("other", "plain")),
			},
			{
				PreConfig:         api.clearRequests,
				Config:            config("other", writeOnly("plain", 1)),
				ConfigPlanChecks:  expectUpdate(webhookAddress),
				Check:             resource.ComposeTestCheckFunc(api.wrote(patched), holds("other", "plain")),
				ConfigStateChecks: passwordIsNull,
			},
		},
	})
}

func TestAccWebhook_writeOnlyImport(t *testing.T) {
	api := startSandbox(t)
	webhook := webhookBody("https://example.com/webhooks", "order.accepted")
	webhook["transportType"] = "OAUTH"
	webhook["oauth"] = object{
		"tokenEndPoint": "https://example.com/t", "clientID": "i", "clientSecret": "hush",
		"userName": "u", "password": "p",
	}
	id := api.create(testKey, webhook)
	api.clearRequests()
	config := api.config(importBlock(id) + webhookConfig(`
address = "https://example.com/webhooks"
types   = ["order.accepted"]
oauth = {
  token_endpoint           = "https://example.com/t"
  client_id                = "i"
  client_secret_wo         = "hush"
  client_secret_wo_version = 1
  username                 = "u"
  password_wo              = "p"
  password_wo_version      = 1
}`))
	resource.Test(t, resource.TestCase{
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_11_0)},
		ProtoV6ProviderFactories: testProviders(),
		Steps: []resource.TestStep{{
			Config:           config,
			ConfigPlanChecks: expectAction(webhookAddress, plancheck.ResourceActionNoop),
			Check:            api.wrote(),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(webhookAddress, tfjsonpath.New("oauth").AtMapKey("client_secret"), knownvalue.Null()),
				statecheck.ExpectKnownValue(webhookAddress, tfjsonpath.New("oauth").AtMapKey("password"), knownvalue.Null()),
			},
		}},
	})
}

// TestAccWebhook_generatedConfigPlansClean imports webhooks with and without
// credentials into generated configuration.
func TestAccWebhook_generatedConfigPlansClean(t *testing.T) {
	for name, test := range map[string]struct {
		further object
		asks    string
	}{
		"plain": {object{}, ""},
		"basic": {
			object{"authentication": object{"userName": "u", "password": "hush-hush"}},
			"Set authentication.password_wo in the configuration",
		},
		"oauth": {
			object{
				"apiVersion": "latest", "enabled": false, "transportType": "OAUTH",
				"oauth": object{
					"tokenEndPoint": "https://example.com/t", "clientID": "i", "clientSecret": "hush-hush",
					"grantType": "client_credentials", "audience": "a",
				},
			},
			"Set oauth.client_secret_wo in the configuration",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api, w := startSandbox(t), newWorkspace(t)
			w.requireImportBlocks()
			webhook := webhookBody("https://example.com/webhooks", "order.accepted", "order.blocked")
			maps.Copy(webhook, test.further)
			id := api.create(testKey, webhook)
			api.clearRequests()
			w.write("main.tf", api.config(importBlock(id)))
			planned := unwrapped(w.must("plan", "-generate-config-out=generated.tf"))
			if strings.Contains(planned, "Credentials are not imported") != (test.asks != "") ||
				!strings.Contains(planned, test.asks) {
				t.Errorf("the plan does not ask for %q:\n%s", test.asks, planned)
			}
			w.must("apply", "-auto-approve")
			w.mustBeClean()
			api.checkNoWrites()
			if state := w.read("terraform.tfstate"); strings.Contains(state, "hush-hush") {
				t.Error("state holds the secret")
			}
		})
	}
}

func TestAccWebhook_writeOnlyValueMissing(t *testing.T) {
	api, w := startSandbox(t), newWorkspace(t)
	webhook := webhookBody("https://example.com", "order.accepted")
	webhook["authentication"] = object{"userName": "u", "password": "p"}
	id := api.create(testKey, webhook)
	config := func(userName string) string {
		return api.config(importBlock(id) + webhookConfig(fmt.Sprintf(`
  address        = "https://example.com"
  types          = ["order.accepted"]
  authentication = { username = %q, password_wo_version = 1 }`, userName)))
	}
	w.apply(config("u"))
	w.write("main.tf", config("other"))
	code, out := w.run("plan", "-no-color")
	if code == 0 || !strings.Contains(out, "Missing password") {
		t.Errorf("plan: exit code %d\n%s", code, out)
	}
	if status, _ := api.call(testKey, http.MethodGet, "/webhooks/"+id, nil); status != http.StatusOK {
		t.Errorf("webhook: %d", status)
	}
}
