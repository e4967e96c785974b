// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

func TestAccWebhookDataSource(t *testing.T) {
	api := startSandbox(t)
	first := api.create(testKey, webhookBody("https://a.example.com", "order.blocked", "order.accepted"))
	second := api.create(testKey, webhookBody("https://b.example.com", "order.accepted"))
	third := api.create(testKey, webhookBody("https://b.example.com", "order.blocked"))
	query := func(arguments string) string {
		return api.config(fmt.Sprintf("data \"digitalriver_webhook\" \"test\" {\n%s\n}\n", arguments))
	}
	const name = "data.digitalriver_webhook.test"
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: testProviders(),
		Steps: []resource.TestStep{
			{Config: query(fmt.Sprintf("id = %q", first)), Check: resource.ComposeAggregateTestCheckFunc(
				resource.TestCheckResourceAttr(name, "address", "https://a.example.com"),
				resource.TestCheckResourceAttr(name, "types.0", "order.accepted"),
				resource.TestCheckResourceAttr(name, "live_mode", "false"),
			)},
			{Config: query(`id = "none"`), ExpectError: regexp.MustCompile(`(?s)Webhook not found.*"none"`)},
			{
				Config:      query(`address = "https://c.example.com"`),
				ExpectError: regexp.MustCompile(`None of the 3\s+webhooks`),
			},
			{
				Config:      query(`address = "https://b.example.com"`),
				ExpectError: regexp.MustCompile(`(?s)Several webhooks found.*(` + second + `|` + third + `)`),
			},
			{Config: query(`address = "https://a.example.com"`), Check: resource.TestCheckResourceAttr(name, "id", first)},
		},
	})
}
