// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

// TestAccWebhook_oauthNeedsHTTPS has an address that becomes known only in the
// apply. TestAccDiagnostics has one that is known.
func TestAccWebhook_oauthNeedsHTTPS(t *testing.T) {
	api := startSandbox(t)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: testProviders(),
		Steps: []resource.TestStep{{
			Config: api.config(`
resource "terraform_data" "address" {
  input = "http://example.com/webhooks"
}
` + webhookConfig(`
  address = terraform_data.address.output
  types   = ["order.accepted"]
  oauth = {
    token_endpoint = "https://example.com/t"
    client_id      = "i"
    client_secret  = "s"
  }`)),
			ExpectError: regexp.MustCompile(`(?s)OAuth without https.*address = terraform_data`),
		}},
	})
	api.checkNoWebhooks(testKey)
}
