// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/tfversion"
)

// Credentials in the configuration of TestAccSecrets_staySecret.
const (
	secretPassword     = "wo-passw0rd"
	secretClientSecret = "wo-cl1ent"
	secretPlain        = "plain-passw0rd"
)

// secretsConfig has credentials in their write-only form, and what further adds.
func secretsConfig(version int, enabled bool, further string) string {
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
`, version, enabled, further)
}

// TestAccSecrets_staySecret goes through the life of webhooks with write-only
// credentials and the ephemeral secret, and looks for each secret in state, plans
// and log. The plain form of a password may be in state and plans, but not in the
// log.
func TestAccSecrets_staySecret(t *testing.T) {
	api, w := startSandbox(t), newWorkspace(t)
	w.require(tfversion.Version1_11_0)
	w.env = append(w.env, "TF_LOG=TRACE", "TF_LOG_PATH="+w.path("trace.log"),
		envAPIKey+"="+testKey, envBaseURL+"="+api.url,
		"TF_VAR_password="+secretPassword, "TF_VAR_client_secret="+secretClientSecret, "TF_VAR_plain="+secretPlain)
	secrets := map[string]bool{testKey: true, secretPassword: true, secretClientSecret: true}
	inspect := func(step string) {
		t.Helper()
		for _, webhook := range api.webhooks(testKey) {
			for _, secret := range api.secrets(webhook.(object)["id"].(string)) {
				secrets[secret.(object)["secret"].(string)] = true
			}
		}
		texts := map[string]string{"state": w.read("terraform.tfstate"), "log": w.read("trace.log")}
		if _, err := os.Stat(w.path("saved.tfplan")); err == nil {
			texts["saved plan"] = w.must("show", "-json", "saved.tfplan")
		}
		for name, text := range texts {
			for secret := range secrets {
				if strings.Contains(text, secret) {
					t.Errorf("%s: the %s holds %q", step, name, secret)
				}
			}
		}
		if strings.Contains(texts["log"], secretPlain) {
			t.Errorf("%s: the log holds the plain password", step)
		}
	}
	apply := func(step, config string) {
		t.Helper()
		w.write("main.tf", config)
		w.must("plan", "-out=saved.tfplan")
		w.must("apply", "saved.tfplan")
		inspect(step)
	}

	apply("create", secretsConfig(1, true, ""))
	w.mustBeClean()
	inspect("refresh")
	apply("update", secretsConfig(1, false, ""))
	apply("rotation", secretsConfig(2, false, ""))

	webhooks := api.webhooks(testKey)
	i := slices.IndexFunc(webhooks, func(webhook any) bool {
		return webhook.(object)["address"] == "https://example.com/oauth"
	})
	w.must("state", "rm", "digitalriver_webhook.oauth")
	w.must("import", "digitalriver_webhook.oauth", webhooks[i].(object)["id"].(string))
	inspect("import")

	apply("plain", secretsConfig(2, false, `
resource "digitalriver_webhook" "plain" {
  address        = "https://example.com/plain"
  types          = ["order.accepted"]
  authentication = { username = "u", password = var.plain }
}
`))
	w.must("destroy", "-auto-approve")
	inspect("destroy")
	api.checkNoWebhooks(testKey)
}
