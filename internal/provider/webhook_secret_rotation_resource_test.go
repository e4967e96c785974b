// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"regexp"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

const (
	// rotationAddress is the address in state of the rotation in rotationConfig.
	rotationAddress = "digitalriver_webhook_secret_rotation.test"
	// rotated is the request that rotates.
	rotated = "POST /webhooks/{id}/secrets 201"
)

// rotationConfig is a rotation of the webhook in basicWebhook, and a resource
// that is replaced with each rotation.
func rotationConfig(arguments string) string {
	return basicWebhook + fmt.Sprintf(`
resource "digitalriver_webhook_secret_rotation" "test" {
  webhook_id = digitalriver_webhook.test.id
%s
}

resource "terraform_data" "receiver" {
  input = "verifies events"
  lifecycle {
    replace_triggered_by = [digitalriver_webhook_secret_rotation.test.secret_id]
  }
}
`, arguments)
}

func TestAccRotation_dueShowsAsUpdateAndTriggersReplacement(t *testing.T) {
	api, clock := startSandbox(t), &testClock{}
	advance := func(by time.Duration) {
		api.advanceWith(clock, by)
		api.clearRequests()
	}
	config := api.config(rotationConfig("rotation_days = 30"))
	secretIDs := statecheck.CompareValue(compare.ValuesDiffer())
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: testProvidersOn(clock),
		Steps: []resource.TestStep{
			{
				Config: config,
				ConfigPlanChecks: expectPlan(
					plancheck.ExpectKnownValue(rotationAddress, tfjsonpath.New("secret"), knownvalue.Null()),
				),
				Check: api.wrote("POST /webhooks 201", rotated),
				ConfigStateChecks: []statecheck.StateCheck{
					secretIDs.AddStateValue(rotationAddress, tfjsonpath.New("secret_id")),
					statecheck.ExpectKnownValue(rotationAddress, tfjsonpath.New("secret"), knownvalue.Null()),
				},
			},
			{
				PreConfig:        func() { advance(29 * 24 * time.Hour) },
				Config:           config,
				ConfigPlanChecks: expectEmptyPlan(),
				Check:            api.wrote(),
			},
			{
				PreConfig: func() { advance(24*time.Hour + time.Minute) },
				Config:    config,
				ConfigPlanChecks: resource.ConfigPlanChecks{
					PreApply: []plancheck.PlanCheck{
						plancheck.ExpectResourceAction(rotationAddress, plancheck.ResourceActionUpdate),
						plancheck.ExpectUnknownValue(rotationAddress, tfjsonpath.New("secret_id")),
						plancheck.ExpectUnknownValue(rotationAddress, tfjsonpath.New("rotated_at")),
						plancheck.ExpectResourceAction("terraform_data.receiver", plancheck.ResourceActionReplace),
					},
					PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
				},
				Check: api.wrote(rotated),
				ConfigStateChecks: []statecheck.StateCheck{
					secretIDs.AddStateValue(rotationAddress, tfjsonpath.New("secret_id")),
				},
			},
		},
	})
}

func TestAccRotation_triggers(t *testing.T) {
	api := startSandbox(t)
	const (
		leaked  = "triggers = { reason = \"leaked\" }\n"
		overlap = "previous_secret_valid_hours = 24\n"
	)
	updated := func(arguments string, writes ...string) resource.TestStep {
		return resource.TestStep{
			PreConfig:        api.clearRequests,
			Config:           api.config(rotationConfig(arguments)),
			ConfigPlanChecks: expectUpdate(rotationAddress),
			Check:            api.wrote(writes...),
		}
	}
	withPeriod := updated(leaked + overlap + "rotation_hours = 5")
	withPeriod.ConfigStateChecks = []statecheck.StateCheck{
		statecheck.ExpectKnownValue(rotationAddress, tfjsonpath.New("next_rotation_at"), knownvalue.NotNull()),
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: testProviders(),
		Steps: []resource.TestStep{
			{Config: api.config(rotationConfig(`triggers = { reason = "first" }`))},
			updated(leaked, rotated),
			updated(leaked + overlap),
			withPeriod,
		},
	})
}

func TestAccRotation_overlapAndExposure(t *testing.T) {
	api := startSandbox(t)
	config := func(arguments string) string {
		return api.config(rotationConfig("rotate_on_create = false\n" + arguments))
	}
	var webhookID, previousExpires, rotatedAt string
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: testProviders(),
		Steps: []resource.TestStep{
			{
				Config: config(""),
				Check: resource.ComposeAggregateTestCheckFunc(
					api.wrote("POST /webhooks 201"),
					saveAttribute(webhookAddress, "id", &webhookID),
					resource.TestCheckNoResourceAttr(rotationAddress, "previous_secret_expires_at"),
				),
			},
			{
				PreConfig: api.clearRequests,
				Config:    config("previous_secret_valid_hours = 6\ntriggers = { n = 1 }"),
				Check: resource.ComposeAggregateTestCheckFunc(
					api.wrote(rotated),
					saveAttribute(rotationAddress, "previous_secret_expires_at", &previousExpires),
					saveAttribute(rotationAddress, "rotated_at", &rotatedAt),
					func(*terraform.State) error {
						expires, err := time.Parse(time.RFC3339, previousExpires)
						if err != nil {
							return err
						}
						made, err := time.Parse(time.RFC3339, rotatedAt)
						if err != nil {
							return err
						}
						if got := expires.Sub(made); got != 6*time.Hour {
							return fmt.Errorf("the previous secret stays valid for %s, want 6h", got)
						}
						if got := len(api.secrets(webhookID)); got != 2 {
							return fmt.Errorf("%d active secrets, want 2", got)
						}
						return nil
					},
				),
			},
			{
				PreConfig: api.clearRequests,
				Config:    config("previous_secret_valid_hours = 0\ntriggers = { n = 2 }\nexpose_secret = true"),
				Check: resource.ComposeAggregateTestCheckFunc(api.wrote(rotated), func(state *terraform.State) error {
					secrets := api.secrets(webhookID)
					if len(secrets) != 1 {
						return fmt.Errorf("%d active secrets, want 1", len(secrets))
					}
					want := secrets[0].(object)["secret"]
					if got := state.RootModule().Resources[rotationAddress].Primary.Attributes["secret"]; got != want {
						return fmt.Errorf("state does not hold the newest secret")
					}
					return nil
				}),
			},
			{
				PreConfig: api.clearRequests,
				Config:    config("previous_secret_valid_hours = 0\ntriggers = { n = 2 }"),
				Check:     api.wrote(),
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue(rotationAddress, tfjsonpath.New("secret"), knownvalue.Null()),
				},
			},
		},
	})
}

func TestAccRotation_importRotatesNothing(t *testing.T) {
	api, clock := startSandbox(t), &testClock{}
	id := api.create(testKey, webhookBody("https://example.com/webhooks", "order.accepted"))
	config := func(reason string) string {
		return api.config(fmt.Sprintf(`
import {
  to = digitalriver_webhook_secret_rotation.test
  id = %q
}

resource "digitalriver_webhook_secret_rotation" "test" {
  webhook_id    = %q
  rotation_days = 30
  triggers      = { reason = %q }
}
`, id, id, reason))
	}
	api.clearRequests()
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: testProvidersOn(clock),
		Steps: []resource.TestStep{
			{
				Config: config("first"),
				ConfigPlanChecks: expectPlan(
					plancheck.ExpectKnownValue(rotationAddress, tfjsonpath.New("secret_id"), knownvalue.NotNull()),
				),
				Check: api.wrote(),
			},
			{
				PreConfig:        func() { api.advanceWith(clock, 31*24*time.Hour) },
				Config:           config("first"),
				ConfigPlanChecks: expectUpdate(rotationAddress),
				Check:            api.wrote(rotated),
			},
			{
				PreConfig:        api.clearRequests,
				Config:           config("second"),
				ConfigPlanChecks: expectUpdate(rotationAddress),
				Check:            api.wrote(rotated),
			},
		},
	})
}

func TestAccRotation_adoptsRotationOutside(t *testing.T) {
	api := startSandbox(t)
	var webhookID, before, after string
	config := api.config(basicWebhook + `
resource "digitalriver_webhook_secret_rotation" "test" {
  webhook_id     = digitalriver_webhook.test.id
  rotation_hours = 100
}
`)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: testProviders(),
		Steps: []resource.TestStep{
			{Config: config, Check: resource.ComposeTestCheckFunc(
				saveAttribute(webhookAddress, "id", &webhookID),
				saveAttribute(rotationAddress, "secret_id", &before),
			)},
			{
				PreConfig: func() {
					api.rotate(webhookID, 1)
					api.clearRequests()
				},
				Config:           config,
				ConfigPlanChecks: expectEmptyPlan(),
				Check: resource.ComposeTestCheckFunc(
					api.wrote(),
					saveAttribute(rotationAddress, "secret_id", &after),
					func(*terraform.State) error {
						if before == after {
							return fmt.Errorf("state still holds the old secret's id")
						}
						return nil
					},
				),
			},
			{
				PreConfig:        func() { api.delete(webhookID) },
				Config:           config,
				ConfigPlanChecks: expectAction(rotationAddress, plancheck.ResourceActionCreate),
			},
		},
	})
}

func TestAccRotation_fiveActiveSecrets(t *testing.T) {
	api := startSandbox(t)
	var webhookID string
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: testProviders(),
		Steps: []resource.TestStep{
			{
				Config: api.config(rotationConfig("triggers = { n = 1 }")),
				Check:  saveAttribute(webhookAddress, "id", &webhookID),
			},
			{
				PreConfig: func() {
					for len(api.secrets(webhookID)) < 5 {
						api.rotate(webhookID, 24)
					}
					api.clearRequests()
				},
				Config:      api.config(rotationConfig("triggers = { n = 2 }")),
				ExpectError: regexp.MustCompile(`(?s)Too many active signing secrets.*5 active.*next one\s+expires\s+at\s+\d{4}-`),
			},
			{
				PreConfig:        func() { api.advance(13 * time.Hour) },
				Config:           api.config(rotationConfig("triggers = { n = 2 }")),
				ConfigPlanChecks: expectUpdate(rotationAddress),
			},
		},
	})
}

func TestAccRotation_destroySendsNothingAndReplaceRotates(t *testing.T) {
	api := startSandbox(t)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: testProviders(),
		Steps: []resource.TestStep{
			{Config: api.config(rotationConfig(""))},
			{
				PreConfig: api.clearRequests,
				Taint:     []string{rotationAddress},
				Config:    api.config(rotationConfig("")),
				Check:     api.wrote(rotated),
			},
			{PreConfig: api.clearRequests, Config: api.config(basicWebhook), Check: api.wrote()},
		},
	})
}

func TestAccRotation_oneChangeAtATime(t *testing.T) {
	api := startSandbox(t)
	config := func(kind string) string {
		return api.config(fmt.Sprintf(`
resource "digitalriver_webhook" "test" {
  address = "https://example.com/webhooks"
  types   = [%q]
}

resource "digitalriver_webhook_secret_rotation" "test" {
  count                       = 3
  webhook_id                  = digitalriver_webhook.test.id
  previous_secret_valid_hours = 0
  triggers                    = { n = %q }
}
`, kind, kind))
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: testProviders(),
		Steps: []resource.TestStep{
			{Config: config("order.accepted")},
			{PreConfig: api.clearRequests, Config: config("order.complete"), Check: func(*terraform.State) error {
				if writes := api.writes(); len(writes) != 4 {
					return fmt.Errorf("writes: %v", writes)
				}
				return nil
			}},
		},
	})
}

// TestRotation_planDoesNotChangeWhileItIsApplied calls the provider as Terraform
// does: it plans once more while it applies, perhaps much later.
func TestRotation_planDoesNotChangeWhileItIsApplied(t *testing.T) {
	ctx, api, clock := t.Context(), startSandbox(t), &testClock{}
	id := api.create(testKey, webhookBody("https://example.com", "order.accepted"))
	server, schemas := configuredServer(t, api.url, clock)
	const name = "digitalriver_webhook_secret_rotation"
	rotationType := schemas.ResourceSchemas[name].ValueType()
	attributes := nulls(rotationType)
	attributes["webhook_id"] = tftypes.NewValue(tftypes.String, id)
	attributes["rotation_days"] = tftypes.NewValue(tftypes.Number, 30)
	config := dynamic(t, rotationType, attributes)

	imported, err := server.ImportResourceState(ctx, &tfprotov6.ImportResourceStateRequest{TypeName: name, ID: id})
	if err != nil || len(imported.ImportedResources) != 1 {
		t.Fatal(err, imported)
	}
	state, private := imported.ImportedResources[0].State, imported.ImportedResources[0].Private
	refresh := func() {
		read, err := server.ReadResource(ctx,
			&tfprotov6.ReadResourceRequest{TypeName: name, CurrentState: state, Private: private})
		if err != nil || len(read.Diagnostics) > 0 {
			t.Fatal(err, read.Diagnostics)
		}
		state, private = read.NewState, read.Private
	}
	plan := func() (*tfprotov6.PlanResourceChangeResponse, bool) {
		prior, err := state.Unmarshal(rotationType)
		if err != nil {
			t.Fatal(err)
		}
		proposed := map[string]tftypes.Value{}
		if err := prior.As(&proposed); err != nil {
			t.Fatal(err)
		}
		proposed["rotation_days"] = attributes["rotation_days"]
		planned, err := server.PlanResourceChange(ctx, &tfprotov6.PlanResourceChangeRequest{
			TypeName: name, PriorState: state, PriorPrivate: private, Config: config,
			ProposedNewState: dynamic(t, rotationType, proposed),
		})
		if err != nil || len(planned.Diagnostics) > 0 {
			t.Fatal(err, planned.Diagnostics)
		}
		value, err := planned.PlannedState.Unmarshal(rotationType)
		if err != nil {
			t.Fatal(err)
		}
		result := map[string]tftypes.Value{}
		if err := value.As(&result); err != nil {
			t.Fatal(err)
		}
		return planned, !result["secret_id"].IsKnown()
	}

	refresh()
	planned, rotates := plan()
	if rotates {
		t.Error("the plan of the import has a rotation")
	}
	applied, err := server.ApplyResourceChange(ctx, &tfprotov6.ApplyResourceChangeRequest{
		TypeName: name, PriorState: state, Config: config,
		PlannedState: planned.PlannedState, PlannedPrivate: planned.PlannedPrivate,
	})
	if err != nil || len(applied.Diagnostics) > 0 {
		t.Fatal(err, applied.Diagnostics)
	}
	state, private = applied.NewState, applied.Private

	refresh()
	if _, rotates := plan(); rotates {
		t.Error("the plan has a rotation that is not due")
	}
	clock.advance(31 * 24 * time.Hour)
	if _, rotates := plan(); rotates {
		t.Error("the plan has a rotation while it is applied that it did not have before")
	}
	api.advanceWith(clock, 31*24*time.Hour)
	refresh()
	if _, rotates := plan(); !rotates {
		t.Error("the plan lacks a rotation that is due")
	}
}
