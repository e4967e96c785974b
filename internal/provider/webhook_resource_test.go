package provider

import (
	"fmt"
	"net/http"
	"regexp"
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

const webhookName1 = "digitalriver_webhook.test"

// basicWebhook is the configuration that most tests start from.
const basicWebhook = `
resource "digitalriver_webhook" "test" {
  address = "https://example.com/webhooks"
  types   = ["order.accepted", "order.blocked", "refund.failed"]
}
`

func webhookConfig(body string) string {
	return "resource \"digitalriver_webhook\" \"test\" {\n" + body + "\n}\n"
}

func TestAccWebhook_everyChangeIsOnePatch(t *testing.T) {
	api := startSandbox(t)
	const (
		base = "address = \"https://example.com/webhooks\"\n types = [\"order.accepted\", \"order.blocked\"]\n"
		auth = "authentication = {\n username = \"shop\"\n password = \"s3cret\"\n}\n"
	)
	changes := []struct {
		name, body string
		want       map[string]any // of the webhook afterwards
	}{
		{"address", "address = \"https://example.com/other\"\n types = [\"order.accepted\", \"order.blocked\"]\n", object{"address": "https://example.com/other"}},
		{"address back", base, object{"address": "https://example.com/webhooks"}},
		{"types", "address = \"https://example.com/webhooks\"\n types = [\"order.complete\"]\n", object{"types": []any{"order.complete"}}},
		{"types back", base, nil},
		{"enabled", base + "enabled = false", object{"enabled": false}},
		{"enabled by default", base, object{"enabled": true}},
		{"api version", base + "api_version = \"2021-03-23\"", object{"apiVersion": "2021-03-23"}},
		{"latest", base + "api_version = \"latest\"", object{"apiVersion": "2021-12-13"}},
		{"default", base, object{"apiVersion": "default"}},
		{"authentication added", base + auth, object{"authentication": object{"userName": "shop", "password": "s3cret"}}},
		{"password", base + "authentication = {\n username = \"shop\"\n password = \"other\"\n}\n", object{"authentication": object{"userName": "shop", "password": "other"}}},
		{"authentication removed", base, object{"authentication": nil}},
		{"authentication again", base + auth, nil},
		{"HTTP to OAUTH", base + "oauth = {\n token_endpoint = \"https://example.com/token\"\n client_id = \"id\"\n client_secret = \"hush\"\n grant_type = \"client_credentials\"\n}\n",
			object{"transportType": "OAUTH", "authentication": nil}},
		{"grant", base + "oauth = {\n token_endpoint = \"https://example.com/token\"\n client_id = \"id\"\n client_secret = \"hush\"\n username = \"u\"\n password = \"p\"\n audience = \"a\"\n}\n",
			object{"oauth": object{"tokenEndPoint": "https://example.com/token", "clientID": "id", "clientSecret": "hush", "grantType": "password", "userName": "u", "password": "p", "audience": "a"}}},
		{"OAUTH to HTTP with authentication", base + auth, object{"transportType": "HTTP", "oauth": nil, "authentication": object{"userName": "shop", "password": "s3cret"}}},
	}

	var id string
	steps := []resource.TestStep{{
		PreConfig: api.clearRequests,
		Config:    api.config(webhookConfig(base)),
		Check:     resource.ComposeAggregateTestCheckFunc(attribute(webhookName1, "id", &id), api.wrote("POST /webhooks 201")),
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue(webhookName1, tfjsonpath.New("enabled"), knownvalue.Bool(true)),
			statecheck.ExpectKnownValue(webhookName1, tfjsonpath.New("api_version"), knownvalue.StringExact("default")),
			statecheck.ExpectKnownValue(webhookName1, tfjsonpath.New("transport_type"), knownvalue.StringExact("HTTP")),
			statecheck.ExpectKnownValue(webhookName1, tfjsonpath.New("live_mode"), knownvalue.Bool(false)),
			statecheck.ExpectKnownValue(webhookName1, tfjsonpath.New("created_time"), knownvalue.StringRegexp(regexp.MustCompile(`^\d{4}-\d\d-\d\dT.*Z$`))),
		},
	}}
	for _, change := range changes {
		steps = append(steps, resource.TestStep{
			PreConfig: api.clearRequests,
			Config:    api.config(webhookConfig(change.body)),
			ConfigPlanChecks: resource.ConfigPlanChecks{
				PreApply:             []plancheck.PlanCheck{plancheck.ExpectResourceAction(webhookName1, plancheck.ResourceActionUpdate)},
				PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
			},
			Check: resource.ComposeAggregateTestCheckFunc(
				api.wrote("PATCH /webhooks/{id} 200"),
				func(*terraform.State) error {
					webhook := api.webhook(id)
					for member, want := range change.want {
						if diff := cmp.Diff(want, webhook[member]); diff != "" {
							return fmt.Errorf("%s: %s (-want +got):\n%s", change.name, member, diff)
						}
					}
					return nil
				},
			),
		})
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: testProviders(),
		Steps:                    steps,
		CheckDestroy: func(*terraform.State) error {
			if left := api.webhooks(testKey); len(left) != 0 {
				return fmt.Errorf("webhooks left: %v", left)
			}
			return nil
		},
	})
}

func TestAccWebhook_orderOfTypesIsNoDifference(t *testing.T) {
	api := startSandbox(t)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: testProviders(),
		Steps: []resource.TestStep{
			{Config: api.config(basicWebhook)},
			{
				PreConfig: api.clearRequests,
				Config: api.config(webhookConfig(`
					address = "https://example.com/webhooks"
					types   = ["refund.failed", "order.accepted", "order.blocked"]`)),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
				Check:            api.wrote(),
			},
		},
	})
}

func TestAccWebhook_driftIsShownAndPutRight(t *testing.T) {
	for name, test := range map[string]struct {
		body  string
		drift object
	}{
		"address":                {"", object{"address": "https://example.com/elsewhere"}},
		"types":                  {"", object{"types": []string{"order.accepted", "order.fulfilled"}}},
		"enabled":                {"", object{"enabled": false}},
		"api version":            {"", object{"apiVersion": "2020-12-17"}},
		"older than latest":      {"api_version = \"latest\"", object{"apiVersion": "2020-12-17"}},
		"authentication added":   {"", object{"authentication": object{"userName": "u", "password": "p"}}},
		"authentication removed": {"authentication = {\n username = \"u\"\n password = \"p\"\n}", object{"authentication": nil}},
		"user name":              {"authentication = {\n username = \"u\"\n password = \"p\"\n}", object{"authentication": object{"userName": "x", "password": "p"}}},
		"password":               {"authentication = {\n username = \"u\"\n password = \"p\"\n}", object{"authentication": object{"userName": "u", "password": "x"}}},
		"transport": {"", object{"transportType": "OAUTH", "oauth": object{
			"tokenEndPoint": "https://example.com/token", "clientID": "id", "clientSecret": "hush"}}},
		"client secret": {"oauth = {\n token_endpoint = \"https://example.com/t\"\n client_id = \"i\"\n client_secret = \"hush\"\n}", object{"oauth": object{
			"tokenEndPoint": "https://example.com/t", "clientID": "i", "clientSecret": "changed"}}},
		"oauth password added": {"oauth = {\n token_endpoint = \"https://example.com/t\"\n client_id = \"i\"\n client_secret = \"hush\"\n}", object{"oauth": object{
			"tokenEndPoint": "https://example.com/t", "clientID": "i", "clientSecret": "hush", "userName": "u", "password": "p"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := startSandbox(t)
			config := api.config(webhookConfig("address = \"https://example.com/webhooks\"\ntypes = [\"order.accepted\", \"order.blocked\"]\n" + test.body))
			var id string
			var before object
			resource.Test(t, resource.TestCase{
				ProtoV6ProviderFactories: testProviders(),
				Steps: []resource.TestStep{
					{Config: config, Check: resource.ComposeTestCheckFunc(attribute(webhookName1, "id", &id), func(*terraform.State) error {
						before = api.webhook(id)
						return nil
					})},
					{
						PreConfig: func() {
							api.must(http.MethodPatch, "/webhooks/"+id, test.drift)
							api.clearRequests()
						},
						Config: config,
						ConfigPlanChecks: resource.ConfigPlanChecks{
							PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(webhookName1, plancheck.ResourceActionUpdate)},
						},
						Check: resource.ComposeAggregateTestCheckFunc(api.wrote("PATCH /webhooks/{id} 200"), func(*terraform.State) error {
							after := api.webhook(id)
							delete(before, "updatedTime")
							delete(after, "updatedTime")
							if diff := cmp.Diff(before, after); diff != "" {
								return fmt.Errorf("not put right (-want +got):\n%s", diff)
							}
							return nil
						}),
					},
				},
			})
		})
	}
}

func TestAccWebhook_deletedOutsideIsPlannedAgain(t *testing.T) {
	api := startSandbox(t)
	var id string
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: testProviders(),
		Steps: []resource.TestStep{
			{Config: api.config(basicWebhook), Check: attribute(webhookName1, "id", &id)},
			{
				PreConfig: func() {
					api.must(http.MethodDelete, "/webhooks/"+id, nil)
					api.clearRequests()
				},
				Config:           api.config(basicWebhook),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(webhookName1, plancheck.ResourceActionCreate)}},
				Check:            api.wrote("POST /webhooks 201"),
			},
		},
	})
}

func TestAccWebhook_refusalsKeepState(t *testing.T) {
	api := startSandbox(t)
	changed := webhookConfig("address = \"https://example.com/webhooks\"\ntypes = [\"order.complete\"]")
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: testProviders(),
		Steps: []resource.TestStep{
			{Config: api.config(basicWebhook)},
			{
				Config:      api.configWith("sk_test_wrong", "", basicWebhook),
				ExpectError: regexp.MustCompile(`(?s)Could not read webhook.*answered 401.*upstream-id.*API key is wrong`),
			},
			{
				PreConfig:   func() { api.faults(object{"method": "GET", "kind": "status", "status": 403}) },
				Config:      api.config(basicWebhook),
				ExpectError: regexp.MustCompile(`(?s)Could not read webhook.*answered 403.*upstream-id`),
			},
			{
				PreConfig:   func() { api.faults() },
				Config:      api.configWith(restrictedKey, "", changed),
				ExpectError: regexp.MustCompile(`(?s)Could not update webhook.*403.*may not do this`),
			},
			{
				PreConfig:        api.clearRequests,
				Config:           api.config(basicWebhook),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
				Check:            api.wrote(),
			},
		},
	})
}

func TestAccWebhook_import(t *testing.T) {
	api := startSandbox(t)
	config := api.config(basicWebhook)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: testProviders(),
		Steps: []resource.TestStep{
			{Config: config},
			{Config: config, ResourceName: webhookName1, ImportState: true, ImportStateVerify: true},
			{Config: config, ResourceName: webhookName1, ImportState: true, ImportStateKind: resource.ImportBlockWithID},
			{
				Config: config, ResourceName: webhookName1, ImportState: true, ImportStateId: "no-such-webhook",
				ExpectError: regexp.MustCompile(`(?s)Webhook not found.*"no-such-webhook"`),
			},
			{
				Config: config, ResourceName: webhookName1, ImportState: true, ImportStateId: "a/b c",
				ExpectError: regexp.MustCompile(`(?s)Webhook not found.*"a/b c"`),
			},
			{Config: config, ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}},
		},
	})
}

func TestAccWebhook_importByIdentity(t *testing.T) {
	api := startSandbox(t)
	config := api.config(basicWebhook)
	resource.Test(t, resource.TestCase{
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_12_0)},
		ProtoV6ProviderFactories: testProviders(),
		Steps: []resource.TestStep{
			{Config: config, ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectIdentityValueMatchesState(webhookName1, tfjsonpath.New("id")),
			}},
			{Config: config, ResourceName: webhookName1, ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity},
		},
	})
}

func TestAccWebhook_addressOfUnknownValuePlans(t *testing.T) {
	api := startSandbox(t)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: testProviders(),
		Steps: []resource.TestStep{{
			Config: api.config(`
resource "terraform_data" "later" {
  input = { address = "https://example.com/later", type = "order.accepted", secret = "hush" }
}

resource "digitalriver_webhook" "test" {
  address = terraform_data.later.output.address
  types   = [terraform_data.later.output.type]
  oauth = {
    token_endpoint = "https://example.com/token"
    client_id      = "id"
    client_secret  = terraform_data.later.output.secret
  }
}
`),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(webhookName1, tfjsonpath.New("transport_type"), knownvalue.StringExact("OAUTH")),
			},
		}},
	})
}

func TestAccWebhook_deleteOfOneThatIsGone(t *testing.T) {
	api, w := startSandbox(t), newWorkspace(t)
	w.write("main.tf", api.config(basicWebhook))
	w.must("apply", "-auto-approve")
	id := api.webhooks(testKey)[0].(object)["id"].(string)
	api.must(http.MethodDelete, "/webhooks/"+id, nil)
	w.must("destroy", "-auto-approve", "-refresh=false")
	if state := w.read("terraform.tfstate"); strings.Contains(state, id) {
		t.Errorf("state still holds the webhook:\n%s", state)
	}
}
