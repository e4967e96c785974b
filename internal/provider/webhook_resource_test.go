// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"maps"
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

func TestAccWebhook_everyChangeIsOnePatch(t *testing.T) {
	api := startSandbox(t)
	const (
		address        = "address = \"https://example.com/webhooks\"\n"
		types          = "types = [\"order.accepted\", \"order.blocked\"]\n"
		base           = address + types
		authentication = `
authentication = {
  username = "shop"
  password = "s3cret"
}`
		otherPassword = `
authentication = {
  username = "shop"
  password = "other"
}`
		clientCredentials = `
oauth = {
  token_endpoint = "https://example.com/token"
  client_id      = "id"
  client_secret  = "hush"
  grant_type     = "client_credentials"
}`
		passwordGrant = `
oauth = {
  token_endpoint = "https://example.com/token"
  client_id      = "id"
  client_secret  = "hush"
  username       = "u"
  password       = "p"
  audience       = "a"
}`
	)
	basic := func(password string) object {
		return object{"authentication": object{"username": "shop", "userName": "shop", "password": password}}
	}
	changes := []struct {
		name, arguments string
		want            object // members of the webhook afterwards
	}{
		{"address", `address = "https://example.com/other"` + "\n" + types, object{"address": "https://example.com/other"}},
		{"address back", base, object{"address": "https://example.com/webhooks"}},
		{"types", address + `types = ["order.complete"]`, object{"types": []any{"order.complete"}}},
		{"types back", base, nil},
		{"enabled", base + "enabled = false", object{"enabled": false}},
		{"enabled by default", base, object{"enabled": true}},
		{"api version", base + `api_version = "2021-03-23"`, object{"apiVersion": "2021-03-23"}},
		{"latest", base + `api_version = "latest"`, object{"apiVersion": "2021-12-13"}},
		{"default", base, object{"apiVersion": "default"}},
		{"authentication added", base + authentication, basic("s3cret")},
		{"password", base + otherPassword, basic("other")},
		{"authentication removed", base, object{"authentication": nil}},
		{"authentication again", base + authentication, nil},
		{"HTTP to OAUTH", base + clientCredentials, object{"transportType": "OAUTH", "authentication": nil}},
		{"grant", base + passwordGrant, object{"oauth": object{
			"tokenEndPoint": "https://example.com/token", "clientID": "id", "clientSecret": "hush",
			"grantType": "password", "userName": "u", "password": "p", "audience": "a",
		}}},
		{"OAUTH to HTTP with authentication", base + authentication, object{
			"transportType": "HTTP", "oauth": nil,
			"authentication": object{"username": "shop", "userName": "shop", "password": "s3cret"},
		}},
	}

	var id string
	created := regexp.MustCompile(`^\d{4}-\d\d-\d\dT.*Z$`)
	steps := []resource.TestStep{{
		PreConfig: api.clearRequests,
		Config:    api.config(webhookConfig(base)),
		Check: resource.ComposeAggregateTestCheckFunc(
			saveAttribute(webhookAddress, "id", &id),
			api.wrote("POST /webhooks 201"),
		),
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue(webhookAddress, tfjsonpath.New("enabled"), knownvalue.Bool(true)),
			statecheck.ExpectKnownValue(webhookAddress, tfjsonpath.New("api_version"), knownvalue.StringExact("default")),
			statecheck.ExpectKnownValue(webhookAddress, tfjsonpath.New("transport_type"), knownvalue.StringExact("HTTP")),
			statecheck.ExpectKnownValue(webhookAddress, tfjsonpath.New("live_mode"), knownvalue.Bool(false)),
			statecheck.ExpectKnownValue(webhookAddress, tfjsonpath.New("created_time"), knownvalue.StringRegexp(created)),
		},
	}}
	for _, change := range changes {
		plan := expectUpdate(webhookAddress)
		plan.PostApplyPostRefresh = []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}
		steps = append(steps, resource.TestStep{
			PreConfig:        api.clearRequests,
			Config:           api.config(webhookConfig(change.arguments)),
			ConfigPlanChecks: plan,
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
	})
	api.checkNoWebhooks(testKey)
}

func TestAccWebhook_orderOfTypesDoesNotMatter(t *testing.T) {
	api, w := startSandbox(t), newWorkspace(t)
	w.apply(api.config(basicWebhook))
	api.clearRequests()
	w.write("main.tf", api.config(webhookConfig(`
		address = "https://example.com/webhooks"
		types   = ["refund.failed", "order.accepted", "order.blocked"]`)))
	w.mustBeClean()
	w.must("apply", "-auto-approve")
	if err := api.wrote()(nil); err != nil {
		t.Error(err)
	}
}

func TestAccWebhook_driftIsShownAndReverted(t *testing.T) {
	const (
		authentication = `authentication = { username = "u", password = "p" }`
		oauth          = `oauth = { token_endpoint = "https://example.com/t", client_id = "i", client_secret = "hush" }`
	)
	driftTo := func(member string, value any) object { return object{member: value} }
	client := func(secret string, further object) object {
		members := object{"tokenEndPoint": "https://example.com/t", "clientID": "i", "clientSecret": secret}
		maps.Copy(members, further)
		return members
	}
	basic := func(userName, password string) object {
		return driftTo("authentication", object{"userName": userName, "password": password})
	}
	for name, test := range map[string]struct {
		arguments string
		drift     object
	}{
		"address":                {"", driftTo("address", "https://example.com/elsewhere")},
		"types":                  {"", driftTo("types", []string{"order.accepted", "order.fulfilled"})},
		"enabled":                {"", driftTo("enabled", false)},
		"api version":            {"", driftTo("apiVersion", "2020-12-17")},
		"older than latest":      {`api_version = "latest"`, driftTo("apiVersion", "2020-12-17")},
		"authentication added":   {"", basic("u", "p")},
		"authentication removed": {authentication, driftTo("authentication", nil)},
		"user name":              {authentication, basic("x", "p")},
		"password":               {authentication, basic("u", "x")},
		"transport":              {"", object{"transportType": "OAUTH", "oauth": client("hush", nil)}},
		"client secret":          {oauth, driftTo("oauth", client("changed", nil))},
		"oauth password added":   {oauth, driftTo("oauth", client("hush", object{"userName": "u", "password": "p"}))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := startSandbox(t)
			config := api.config(webhookConfig(`
  address = "https://example.com/webhooks"
  types   = ["order.accepted", "order.blocked"]
  ` + test.arguments))
			var id string
			var before object
			resource.Test(t, resource.TestCase{
				ProtoV6ProviderFactories: testProviders(),
				Steps: []resource.TestStep{
					{Config: config, Check: saveAttribute(webhookAddress, "id", &id)},
					{
						PreConfig: func() {
							before = api.webhook(id)
							api.patch(id, test.drift)
							api.clearRequests()
						},
						Config:           config,
						ConfigPlanChecks: expectUpdate(webhookAddress),
						Check: resource.ComposeAggregateTestCheckFunc(
							api.wrote("PATCH /webhooks/{id} 200"),
							func(*terraform.State) error {
								after := api.webhook(id)
								delete(before, "updatedTime")
								delete(after, "updatedTime")
								if diff := cmp.Diff(before, after); diff != "" {
									return fmt.Errorf("not reverted (-want +got):\n%s", diff)
								}
								return nil
							},
						),
					},
				},
			})
		})
	}
}

func TestAccWebhook_deletedOutsideIsCreatedAgain(t *testing.T) {
	api := startSandbox(t)
	var id string
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: testProviders(),
		Steps: []resource.TestStep{
			{Config: api.config(basicWebhook), Check: saveAttribute(webhookAddress, "id", &id)},
			{
				PreConfig: func() {
					api.delete(id)
					api.clearRequests()
				},
				Config:           api.config(basicWebhook),
				ConfigPlanChecks: expectAction(webhookAddress, plancheck.ResourceActionCreate),
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
				ExpectError: regexp.MustCompile(`(?s)Could not read webhook.*returned 401.*upstream-id.*API key is wrong`),
			},
			{
				PreConfig:   func() { api.faults(object{"method": "GET", "kind": "status", "status": 403}) },
				Config:      api.config(basicWebhook),
				ExpectError: regexp.MustCompile(`(?s)Could not read webhook.*returned 403.*upstream-id`),
			},
			{
				PreConfig:   func() { api.faults() },
				Config:      api.configWith(restrictedKey, "", changed),
				ExpectError: regexp.MustCompile(`(?s)Could not update webhook.*403.*may not do this`),
			},
			{
				PreConfig:        api.clearRequests,
				Config:           api.config(basicWebhook),
				ConfigPlanChecks: expectEmptyPlan(),
				Check:            api.wrote(),
			},
		},
	})
}

func TestAccWebhook_import(t *testing.T) {
	api := startSandbox(t)
	config := api.config(basicWebhook)
	imported := func(id string) resource.TestStep {
		return resource.TestStep{Config: config, ResourceName: webhookAddress, ImportState: true, ImportStateId: id}
	}
	verified, withBlock := imported(""), imported("")
	verified.ImportStateVerify = true
	withBlock.ImportStateKind = resource.ImportBlockWithID
	notFound := func(id string) resource.TestStep {
		step := imported(id)
		step.ExpectError = regexp.MustCompile(`(?s)Webhook not found.*"` + id + `"`)
		return step
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: testProviders(),
		Steps: []resource.TestStep{
			{Config: config},
			verified,
			withBlock,
			notFound("no-such-webhook"),
			notFound("a/b c"),
			{Config: config, ConfigPlanChecks: expectEmptyPlan()},
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
				statecheck.ExpectIdentityValueMatchesState(webhookAddress, tfjsonpath.New("id")),
			}},
			{
				Config: config, ResourceName: webhookAddress,
				ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity,
			},
		},
	})
}

func TestAccWebhook_unknownValuesPlan(t *testing.T) {
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
				statecheck.ExpectKnownValue(webhookAddress, tfjsonpath.New("transport_type"), knownvalue.StringExact("OAUTH")),
			},
		}},
	})
}

func TestAccWebhook_deleteAfterDeleteOutside(t *testing.T) {
	api, w := startSandbox(t), newWorkspace(t)
	w.apply(api.config(basicWebhook))
	id := api.onlyID()
	api.delete(id)
	w.must("destroy", "-auto-approve", "-refresh=false")
	if state := w.read("terraform.tfstate"); strings.Contains(state, id) {
		t.Errorf("state still holds the webhook:\n%s", state)
	}
}
