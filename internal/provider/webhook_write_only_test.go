package provider

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
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

func TestAccWebhook_writeOnlyPassword(t *testing.T) {
	api := startSandbox(t)
	var id string
	config := func(authentication string) string {
		return api.config(webhookConfig("address = \"https://example.com/webhooks\"\ntypes = [\"order.accepted\"]\nauthentication = {\n" + authentication + "\n}"))
	}
	holds := func(userName, password string) func(*terraform.State) error {
		return func(*terraform.State) error {
			if diff := cmp.Diff(object{"userName": userName, "password": password}, api.webhook(id)["authentication"]); diff != "" {
				return fmt.Errorf("authentication (-want +got):\n%s", diff)
			}
			return nil
		}
	}
	plainIsNull := statecheck.ExpectKnownValue(webhookName1, tfjsonpath.New("authentication").AtMapKey("password"), knownvalue.Null())
	const patched = "PATCH /webhooks/{id} 200"
	resource.Test(t, resource.TestCase{
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_11_0)},
		ProtoV6ProviderFactories: testProviders(),
		Steps: []resource.TestStep{
			{
				Config:            config("username = \"u\"\npassword_wo = \"first\"\npassword_wo_version = 1"),
				Check:             resource.ComposeTestCheckFunc(attribute(webhookName1, "id", &id), holds("u", "first")),
				ConfigStateChecks: []statecheck.StateCheck{plainIsNull},
			},
			{ // The same version: the value is not sent again.
				PreConfig: api.clearRequests,
				Config:    config("username = \"u\"\npassword_wo = \"second\"\npassword_wo_version = 1"),
				Check:     resource.ComposeTestCheckFunc(api.wrote(), holds("u", "first")),
			},
			{
				PreConfig:         api.clearRequests,
				Config:            config("username = \"u\"\npassword_wo = \"second\"\npassword_wo_version = 2"),
				ConfigPlanChecks:  expectUpdate(webhookName1),
				Check:             resource.ComposeTestCheckFunc(api.wrote(patched), holds("u", "second")),
				ConfigStateChecks: []statecheck.StateCheck{plainIsNull},
			},
			{ // Another user name: the password goes with it.
				PreConfig: api.clearRequests,
				Config:    config("username = \"other\"\npassword_wo = \"second\"\npassword_wo_version = 2"),
				Check:     resource.ComposeTestCheckFunc(api.wrote(patched), holds("other", "second")),
			},
			{
				PreConfig:        api.clearRequests,
				Config:           config("username = \"other\"\npassword = \"plain\""),
				ConfigPlanChecks: expectUpdate(webhookName1),
				Check:            resource.ComposeTestCheckFunc(api.wrote(patched), holds("other", "plain")),
			},
			{
				PreConfig:         api.clearRequests,
				Config:            config("username = \"other\"\npassword_wo = \"plain\"\npassword_wo_version = 1"),
				ConfigPlanChecks:  expectUpdate(webhookName1),
				Check:             resource.ComposeTestCheckFunc(api.wrote(patched), holds("other", "plain")),
				ConfigStateChecks: []statecheck.StateCheck{plainIsNull},
			},
		},
	})
}

func TestAccWebhook_writeOnlyImport(t *testing.T) {
	api := startSandbox(t)
	id := api.create(testKey, object{
		"address": "https://example.com/webhooks", "types": []string{"order.accepted"}, "transportType": "OAUTH",
		"oauth": object{"tokenEndPoint": "https://example.com/t", "clientID": "i", "clientSecret": "hush", "userName": "u", "password": "p"},
	})
	api.clearRequests()
	config := api.config(fmt.Sprintf(`
import {
  to = digitalriver_webhook.test
  id = %q
}
`, id) + webhookConfig(`
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
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(webhookName1, plancheck.ResourceActionNoop)}},
			Check:            api.wrote(),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(webhookName1, tfjsonpath.New("oauth").AtMapKey("client_secret"), knownvalue.Null()),
				statecheck.ExpectKnownValue(webhookName1, tfjsonpath.New("oauth").AtMapKey("password"), knownvalue.Null()),
			},
		}},
	})
}

// TestAccWebhook_generatedConfigPlansClean imports webhooks with and without
// credentials into generated configuration.
func TestAccWebhook_generatedConfigPlansClean(t *testing.T) {
	for name, webhook := range map[string]object{
		"plain": {"address": "https://example.com/webhooks", "types": []string{"order.accepted", "order.blocked"}},
		"basic": {"address": "https://example.com/webhooks", "types": []string{"order.accepted"}, "authentication": object{"userName": "u", "password": "hush-hush"}},
		"oauth": {"address": "https://example.com/webhooks", "types": []string{"order.accepted"}, "apiVersion": "latest", "enabled": false, "transportType": "OAUTH",
			"oauth": object{"tokenEndPoint": "https://example.com/t", "clientID": "i", "clientSecret": "hush-hush", "grantType": "client_credentials", "audience": "a"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api, w := startSandbox(t), newWorkspace(t)
			id := api.create(testKey, webhook)
			api.clearRequests()
			w.write("main.tf", api.config(fmt.Sprintf("import {\n  to = digitalriver_webhook.test\n  id = %q\n}\n", id)))
			w.must("plan", "-generate-config-out=generated.tf")
			w.must("apply", "-auto-approve")
			w.mustBeClean()
			if writes := api.writes(); len(writes) != 0 {
				t.Errorf("changes sent: %v", writes)
			}
			if state := w.read("terraform.tfstate"); strings.Contains(state, "hush-hush") {
				t.Error("state holds the secret")
			}
		})
	}
}

// TestAcc_noSecretIsLeftBehind runs a whole life with write-only credentials and
// the ephemeral secret, and looks for every secret in state, plans and log.
func TestAcc_noSecretIsLeftBehind(t *testing.T) {
	api, w := startSandbox(t), newWorkspace(t)
	logFile := filepath.Join(t.TempDir(), "trace.log")
	w.env = append(w.env, "TF_LOG=TRACE", "TF_LOG_PATH="+logFile, "DIGITALRIVER_API_KEY="+testKey, "DIGITALRIVER_BASE_URL="+api.url,
		"TF_VAR_password=wo-passw0rd", "TF_VAR_client_secret=wo-cl1ent", "TF_VAR_plain=plain-passw0rd")
	config := func(version int, enabled bool, plain string) string {
		return fmt.Sprintf(`
variable "password" {
  type      = string
  ephemeral = true
}

variable "client_secret" {
  type      = string
  ephemeral = true
}

variable "plain" {
  type      = string
  sensitive = true
}

resource "digitalriver_webhook" "basic" {
  address = "https://example.com/basic"
  types   = ["order.accepted"]
  enabled = %[2]t
  authentication = {
    username            = "u"
    password_wo         = var.password
    password_wo_version = %[1]d
  }
}

resource "digitalriver_webhook" "oauth" {
  address = "https://example.com/oauth"
  types   = ["order.accepted"]
  oauth = {
    token_endpoint           = "https://example.com/token"
    client_id                = "id"
    client_secret_wo         = var.client_secret
    client_secret_wo_version = %[1]d
    username                 = "u"
    password_wo              = var.password
    password_wo_version      = %[1]d
  }
}

resource "digitalriver_webhook_secret_rotation" "basic" {
  webhook_id = digitalriver_webhook.basic.id
  triggers   = { version = %[1]d }
}

ephemeral "digitalriver_webhook_secret" "basic" {
  webhook_id = digitalriver_webhook_secret_rotation.basic.webhook_id
}

resource "digitalriver_webhook" "receiver" {
  address = "https://example.com/receiver"
  types   = ["order.accepted"]
  authentication = {
    username            = "receiver"
    password_wo         = ephemeral.digitalriver_webhook_secret.basic.secret
    password_wo_version = %[1]d
  }
}

%[3]s
`, version, enabled, plain)
	}
	secrets := map[string]bool{testKey: true, "wo-passw0rd": true, "wo-cl1ent": true}
	inspect := func(step string, plainToo bool) {
		t.Helper()
		for _, entry := range api.webhooks(testKey) {
			for _, secret := range api.secrets(entry.(object)["id"].(string)) {
				secrets[secret.(object)["secret"].(string)] = true
			}
		}
		texts := map[string]string{"state": w.read("terraform.tfstate")}
		if _, err := os.Stat(filepath.Join(w.dir, "saved.tfplan")); err == nil {
			texts["saved plan"] = w.must("show", "-json", "saved.tfplan")
		}
		log, err := os.ReadFile(logFile)
		if err != nil {
			t.Fatal(err)
		}
		texts["log"] = string(log)
		for secret := range secrets {
			for where, text := range texts {
				if strings.Contains(text, secret) {
					t.Errorf("%s: the %s holds %q", step, where, secret)
				}
			}
		}
		if plainToo && strings.Contains(texts["log"], "plain-passw0rd") {
			t.Errorf("%s: the log holds the plain password", step)
		}
	}
	apply := func(step string) {
		t.Helper()
		w.must("plan", "-out=saved.tfplan")
		w.must("apply", "saved.tfplan")
		inspect(step, true)
	}

	w.write("main.tf", config(1, true, ""))
	apply("create")
	w.mustBeClean()
	inspect("refresh", true)
	w.write("main.tf", config(1, false, ""))
	apply("update")
	w.write("main.tf", config(2, false, ""))
	apply("rotation")
	var id string
	for _, entry := range api.webhooks(testKey) {
		if webhook := entry.(object); webhook["address"] == "https://example.com/oauth" {
			id = webhook["id"].(string)
		}
	}
	w.must("state", "rm", "digitalriver_webhook.oauth")
	w.must("import", "digitalriver_webhook.oauth", id)
	inspect("import", true)
	w.write("main.tf", config(2, false, `
resource "digitalriver_webhook" "plain" {
  address        = "https://example.com/plain"
  types          = ["order.accepted"]
  authentication = { username = "u", password = var.plain }
}
`))
	apply("plain")
	w.must("destroy", "-auto-approve")
	inspect("destroy", true)
	if left := api.webhooks(testKey); len(left) != 0 {
		t.Errorf("webhooks left: %v", left)
	}
}

func TestAccWebhook_writeOnlyValueMissing(t *testing.T) {
	api, w := startSandbox(t), newWorkspace(t)
	id := api.create(testKey, object{"address": "https://example.com", "types": []string{"order.accepted"}, "authentication": object{"userName": "u", "password": "p"}})
	config := func(user string) string {
		return api.config(fmt.Sprintf("import {\n  to = digitalriver_webhook.test\n  id = %q\n}\n", id) +
			webhookConfig(fmt.Sprintf("address = \"https://example.com\"\ntypes = [\"order.accepted\"]\nauthentication = {\nusername = %q\npassword_wo_version = 1\n}", user)))
	}
	w.write("main.tf", config("u"))
	w.must("apply", "-auto-approve")
	w.write("main.tf", config("other"))
	code, out := w.run("plan", "-no-color")
	if code == 0 || !strings.Contains(out, "Missing value of password") {
		t.Errorf("plan: exit code %d\n%s", code, out)
	}
	if status, _ := api.call(testKey, http.MethodGet, "/webhooks/"+id, nil); status != http.StatusOK {
		t.Errorf("webhook: %d", status)
	}
}
