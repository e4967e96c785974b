// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

func TestAccEphemeralSecret(t *testing.T) {
	api := startSandbox(t)
	id := api.create(testKey, webhookBody("https://example.com/webhooks", "order.accepted"))
	api.rotate(id, 3)
	secrets := api.secrets(id)
	if len(secrets) != 2 {
		t.Fatalf("%d secrets", len(secrets))
	}
	member := func(i int, name string) knownvalue.Check {
		return knownvalue.StringExact(secrets[i].(object)[name].(string))
	}
	config := func(id string) string {
		return api.config(fmt.Sprintf(`
ephemeral "digitalriver_webhook_secret" "test" {
  webhook_id = %q
}

provider "echo" {
  data = ephemeral.digitalriver_webhook_secret.test
}

resource "echo" "test" {}
`, id))
	}
	data := tfjsonpath.New("data")
	testWithEcho(t,
		resource.TestStep{Config: config("none"), ExpectError: regexp.MustCompile(`(?s)Could not.*"none".*404`)},
		resource.TestStep{
			PreConfig: api.clearRequests,
			Config:    config(id),
			Check:     api.wrote(),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue("echo.test", data.AtMapKey("secret"), member(0, "secret")),
				statecheck.ExpectKnownValue("echo.test", data.AtMapKey("secrets"), knownvalue.ListExact([]knownvalue.Check{
					knownvalue.ObjectExact(map[string]knownvalue.Check{
						"id": member(0, "id"), "secret": member(0, "secret"),
						"created_time": knownvalue.NotNull(), "expires_time": knownvalue.Null(),
					}),
					knownvalue.ObjectExact(map[string]knownvalue.Check{
						"id": member(1, "id"), "secret": member(1, "secret"),
						"created_time": knownvalue.NotNull(), "expires_time": knownvalue.NotNull(),
					}),
				})),
			},
		},
	)
	if diff := cmp.Diff(secrets, api.secrets(id)); diff != "" {
		t.Errorf("revealing changed the secrets (-before +after):\n%s", diff)
	}
}
