// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
)

func TestAccWebhooksDataSource(t *testing.T) {
	api := startSandbox(t)
	ids := map[string]string{}
	create := func(name, address string, enabled bool, types ...string) {
		webhook := webhookBody(address, types...)
		webhook["enabled"] = enabled
		webhook["authentication"] = object{"userName": "u", "password": "hush"}
		ids[name] = api.create(testKey, webhook)
	}
	create("a", "https://a.example.com/x", true, "order.accepted", "order.blocked")
	create("b", "https://b.example.com/x", true, "order.accepted")
	create("c", "https://b.example.com/y", false, "order.accepted", "refund.failed")
	query := func(arguments string) string {
		return api.config(fmt.Sprintf("data \"digitalriver_webhooks\" \"test\" {\n%s\n}\n", arguments))
	}
	found := func(names ...string) resource.TestCheckFunc {
		return func(state *terraform.State) error {
			attributes := state.RootModule().Resources["data.digitalriver_webhooks.test"].Primary.Attributes
			got := []string{}
			for i := 0; attributes[fmt.Sprintf("ids.%d", i)] != ""; i++ {
				got = append(got, attributes[fmt.Sprintf("ids.%d", i)])
			}
			want := []string{}
			for _, name := range names {
				want = append(want, ids[name])
			}
			if diff := cmp.Diff(want, got); diff != "" {
				return fmt.Errorf("ids (-want +got):\n%s", diff)
			}
			for name := range attributes {
				if strings.Contains(name, "password") {
					return fmt.Errorf("the data source has %s", name)
				}
			}
			return nil
		}
	}
	const all = "data.digitalriver_webhooks.test"
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: testProviders(),
		Steps: []resource.TestStep{
			{Config: query(""), Check: resource.ComposeAggregateTestCheckFunc(
				found("a", "b", "c"),
				resource.TestCheckResourceAttr(all, "shared_types.%", "1"),
				resource.TestCheckResourceAttr(all, "shared_types.order.accepted.#", "2"),
				resource.TestCheckResourceAttr(all, "webhooks.0.authentication.username", "u"),
			)},
			{Config: query(`types = ["refund.*"]`), Check: found("c")},
			{Config: query(`types = ["order.blocked", "refund.failed"]`), Check: found("a", "c")},
			{Config: query(`enabled = true`), Check: found("a", "b")},
			{Config: query(`address = "https://b.example.com/x"`), Check: found("b")},
			{Config: query(`address_prefix = "https://b."`), Check: found("b", "c")},
			{Config: query(`types = ["fee.*"]`), Check: found()},
		},
	})
}

// TestAccWebhooksDataSource_bothListForms lists more webhooks than a page holds.
func TestAccWebhooksDataSource_bothListForms(t *testing.T) {
	for _, form := range []string{"array", "page"} {
		t.Run(form, func(t *testing.T) {
			api := startSandboxWith(t, sandbox.Options{RateLimit: "off", ListForm: form})
			const count = 230
			for i := range count {
				api.create(testKey, webhookBody(fmt.Sprintf("https://example.com/%d", i), "order.accepted"))
			}
			resource.Test(t, resource.TestCase{
				ProtoV6ProviderFactories: testProviders(),
				Steps: []resource.TestStep{{
					Config: api.config("data \"digitalriver_webhooks\" \"test\" {}"),
					Check:  resource.TestCheckResourceAttr("data.digitalriver_webhooks.test", "ids.#", strconv.Itoa(count)),
				}},
			})
		})
	}
}
