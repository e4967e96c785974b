// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/echoprovider"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
)

// webhookAddress is the address in state of the webhook in basicWebhook and
// webhookConfig.
const webhookAddress = "digitalriver_webhook.test"

// basicWebhook is the configuration that most tests start from.
const basicWebhook = `
resource "digitalriver_webhook" "test" {
  address = "https://example.com/webhooks"
  types   = ["order.accepted", "order.blocked", "refund.failed"]
}
`

// webhookConfig is a webhook with these arguments.
func webhookConfig(arguments string) string {
	return "resource \"digitalriver_webhook\" \"test\" {\n" + arguments + "\n}\n"
}

// testProviders serves the provider in this process, on a clock that does not
// wait.
func testProviders() map[string]func() (tfprotov6.ProviderServer, error) {
	return testProvidersOn(&testClock{})
}

func testProvidersOn(clock digitalriver.Clock) map[string]func() (tfprotov6.ProviderServer, error) {
	return map[string]func() (tfprotov6.ProviderServer, error){
		"digitalriver": func() (tfprotov6.ProviderServer, error) {
			return newServer(newProvider("test", clock)), nil
		},
	}
}

// testWithEcho runs steps that use the echo provider, which makes ephemeral values
// visible in state.
func testWithEcho(t *testing.T, steps ...resource.TestStep) {
	t.Helper()
	providers := testProviders()
	providers["echo"] = echoprovider.NewProviderServer()
	resource.Test(t, resource.TestCase{
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(ephemeralSince())},
		ProtoV6ProviderFactories: providers,
		Steps:                    steps,
	})
}

// withoutAPI takes the API key away and fails the test on any request.
func withoutAPI(t *testing.T) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("request sent: %s %s", r.Method, r.URL)
	}))
	t.Cleanup(server.Close)
	t.Setenv(envAPIKey, "")
	t.Setenv(envBaseURL, server.URL)
}

// expectPlan checks a plan before it is applied.
func expectPlan(checks ...plancheck.PlanCheck) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: checks}
}

func expectAction(address string, action plancheck.ResourceActionType) resource.ConfigPlanChecks {
	return expectPlan(plancheck.ExpectResourceAction(address, action))
}

func expectUpdate(address string) resource.ConfigPlanChecks {
	return expectAction(address, plancheck.ResourceActionUpdate)
}

func expectEmptyPlan() resource.ConfigPlanChecks {
	return expectPlan(plancheck.ExpectEmptyPlan())
}

// exactStrings is a list of exactly these strings.
func exactStrings(values ...string) knownvalue.Check {
	checks := []knownvalue.Check{}
	for _, value := range values {
		checks = append(checks, knownvalue.StringExact(value))
	}
	return knownvalue.ListExact(checks)
}

// saveAttribute stores an attribute of a resource for later steps.
func saveAttribute(address, name string, into *string) func(*terraform.State) error {
	return func(state *terraform.State) error {
		found, ok := state.RootModule().Resources[address]
		if !ok {
			return fmt.Errorf("%s is not in state", address)
		}
		*into = found.Primary.Attributes[name]
		return nil
	}
}
