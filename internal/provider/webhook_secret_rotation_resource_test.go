package provider

import (
	"fmt"
	"net/http"
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

const rotationName = "digitalriver_webhook_secret_rotation.test"

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

func expectUpdate(name string) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(name, plancheck.ResourceActionUpdate)}}
}

func expectEmptyPlan() resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}
}

const rotated = "POST /webhooks/{id}/secrets 201"

func TestAccRotation_dueShowsAsUpdateAndTriggersReplacement(t *testing.T) {
	api, clock := startSandbox(t), &testClock{}
	config := api.config(rotationConfig("rotation_days = 30"))
	secretIDs := statecheck.CompareValue(compare.ValuesDiffer())
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories(clock),
		Steps: []resource.TestStep{
			{
				Config:            config,
				ConfigPlanChecks:  resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectKnownValue(rotationName, tfjsonpath.New("secret"), knownvalue.Null())}},
				Check:             api.wrote("POST /webhooks 201", rotated),
				ConfigStateChecks: []statecheck.StateCheck{secretIDs.AddStateValue(rotationName, tfjsonpath.New("secret_id")), statecheck.ExpectKnownValue(rotationName, tfjsonpath.New("secret"), knownvalue.Null())},
			},
			{
				PreConfig: func() {
					clock.advance(29 * 24 * time.Hour)
					api.advance(29 * 24 * time.Hour)
					api.clearRequests()
				},
				Config: config, ConfigPlanChecks: expectEmptyPlan(), Check: api.wrote(),
			},
			{
				PreConfig: func() {
					clock.advance(24*time.Hour + time.Minute)
					api.advance(24*time.Hour + time.Minute)
				},
				Config: config,
				ConfigPlanChecks: resource.ConfigPlanChecks{
					PreApply: []plancheck.PlanCheck{
						plancheck.ExpectResourceAction(rotationName, plancheck.ResourceActionUpdate),
						plancheck.ExpectUnknownValue(rotationName, tfjsonpath.New("secret_id")),
						plancheck.ExpectUnknownValue(rotationName, tfjsonpath.New("rotated_at")),
						plancheck.ExpectResourceAction("terraform_data.receiver", plancheck.ResourceActionReplace),
					},
					PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
				},
				Check:             api.wrote(rotated),
				ConfigStateChecks: []statecheck.StateCheck{secretIDs.AddStateValue(rotationName, tfjsonpath.New("secret_id"))},
			},
		},
	})
}

func TestAccRotation_triggers(t *testing.T) {
	api := startSandbox(t)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: testProviders(),
		Steps: []resource.TestStep{
			{Config: api.config(rotationConfig(`triggers = { reason = "first" }`))},
			{
				PreConfig:        api.clearRequests,
				Config:           api.config(rotationConfig(`triggers = { reason = "leaked" }`)),
				ConfigPlanChecks: expectUpdate(rotationName),
				Check:            api.wrote(rotated),
			},
			{
				PreConfig:        api.clearRequests,
				Config:           api.config(rotationConfig("triggers = { reason = \"leaked\" }\nprevious_secret_valid_hours = 24")),
				ConfigPlanChecks: expectUpdate(rotationName),
				Check:            api.wrote(),
			},
			{
				PreConfig:        api.clearRequests,
				Config:           api.config(rotationConfig("triggers = { reason = \"leaked\" }\nprevious_secret_valid_hours = 24\nrotation_hours = 5")),
				ConfigPlanChecks: expectUpdate(rotationName),
				Check:            api.wrote(),
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue(rotationName, tfjsonpath.New("next_rotation_at"), knownvalue.NotNull()),
				},
			},
		},
	})
}

func TestAccRotation_overlapAndExposure(t *testing.T) {
	api := startSandbox(t)
	var webhookID, previousExpires, rotatedAt string
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: testProviders(),
		Steps: []resource.TestStep{
			{
				Config: api.config(rotationConfig("rotate_on_create = false")),
				Check: resource.ComposeAggregateTestCheckFunc(
					api.wrote("POST /webhooks 201"),
					attribute(webhookName1, "id", &webhookID),
					resource.TestCheckNoResourceAttr(rotationName, "previous_secret_expires_at"),
				),
			},
			{
				PreConfig: api.clearRequests,
				Config:    api.config(rotationConfig("rotate_on_create = false\nprevious_secret_valid_hours = 6\ntriggers = { n = 1 }")),
				Check: resource.ComposeAggregateTestCheckFunc(
					api.wrote(rotated),
					attribute(rotationName, "previous_secret_expires_at", &previousExpires),
					attribute(rotationName, "rotated_at", &rotatedAt),
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
							return fmt.Errorf("the previous secret works for %s more, want 6h", got)
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
				Config:    api.config(rotationConfig("rotate_on_create = false\nprevious_secret_valid_hours = 0\ntriggers = { n = 2 }\nexpose_secret = true")),
				Check: resource.ComposeAggregateTestCheckFunc(api.wrote(rotated), func(state *terraform.State) error {
					secrets := api.secrets(webhookID)
					if len(secrets) != 1 {
						return fmt.Errorf("%d active secrets, want 1", len(secrets))
					}
					want := secrets[0].(object)["secret"]
					if got := state.RootModule().Resources[rotationName].Primary.Attributes["secret"]; got != want {
						return fmt.Errorf("state does not hold the newest secret")
					}
					return nil
				}),
			},
			{
				PreConfig:         api.clearRequests,
				Config:            api.config(rotationConfig("rotate_on_create = false\nprevious_secret_valid_hours = 0\ntriggers = { n = 2 }")),
				Check:             api.wrote(),
				ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownValue(rotationName, tfjsonpath.New("secret"), knownvalue.Null())},
			},
		},
	})
}

func TestAccRotation_importAdoptsAndRotatesNothing(t *testing.T) {
	api, clock := startSandbox(t), &testClock{}
	var id string
	withImport := func(arguments string) string {
		return api.config(fmt.Sprintf(`
import {
  to = digitalriver_webhook_secret_rotation.test
  id = %q
}

resource "digitalriver_webhook_secret_rotation" "test" {
  webhook_id = %q
%s
}
`, id, id, arguments))
	}
	id = api.create(testKey, object{"address": "https://example.com/webhooks", "types": []string{"order.accepted"}})
	api.clearRequests()
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories(clock),
		Steps: []resource.TestStep{
			{
				Config:           withImport("rotation_days = 30\ntriggers = { reason = \"first\" }"),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectKnownValue(rotationName, tfjsonpath.New("secret_id"), knownvalue.NotNull())}},
				Check:            api.wrote(),
			},
			{
				PreConfig: func() {
					clock.advance(31 * 24 * time.Hour)
					api.advance(31 * 24 * time.Hour)
				},
				Config:           withImport("rotation_days = 30\ntriggers = { reason = \"first\" }"),
				ConfigPlanChecks: expectUpdate(rotationName),
				Check:            api.wrote(rotated),
			},
			{
				PreConfig:        api.clearRequests,
				Config:           withImport("rotation_days = 30\ntriggers = { reason = \"second\" }"),
				ConfigPlanChecks: expectUpdate(rotationName),
				Check:            api.wrote(rotated),
			},
		},
	})
}

func TestAccRotation_rotatedOutsideIsTakenOver(t *testing.T) {
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
			{Config: config, Check: resource.ComposeTestCheckFunc(attribute(webhookName1, "id", &webhookID), attribute(rotationName, "secret_id", &before))},
			{
				PreConfig: func() {
					api.must(http.MethodPost, "/webhooks/"+webhookID+"/secrets", object{"expiresIn": 1})
					api.clearRequests()
				},
				Config: config, ConfigPlanChecks: expectEmptyPlan(),
				Check: resource.ComposeTestCheckFunc(api.wrote(), attribute(rotationName, "secret_id", &after), func(*terraform.State) error {
					if before == after {
						return fmt.Errorf("state still holds the old secret's id")
					}
					return nil
				}),
			},
			{
				PreConfig:        func() { api.must(http.MethodDelete, "/webhooks/"+webhookID, nil) },
				Config:           config,
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(rotationName, plancheck.ResourceActionCreate)}},
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
			{Config: api.config(rotationConfig("triggers = { n = 1 }")), Check: attribute(webhookName1, "id", &webhookID)},
			{
				PreConfig: func() {
					for len(api.secrets(webhookID)) < 5 {
						api.must(http.MethodPost, "/webhooks/"+webhookID+"/secrets", object{"expiresIn": 24})
					}
					api.clearRequests()
				},
				Config:      api.config(rotationConfig("triggers = { n = 2 }")),
				ExpectError: regexp.MustCompile(`(?s)Too many active signing secrets.*5 active.*next one\s+expires\s+at\s+\d{4}-`),
			},
			{
				PreConfig:        func() { api.advance(13 * time.Hour) },
				Config:           api.config(rotationConfig("triggers = { n = 2 }")),
				ConfigPlanChecks: expectUpdate(rotationName),
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
				Taint:     []string{rotationName},
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
				if got := len(api.writes()); got != 4 {
					return fmt.Errorf("changes sent: %v", api.writes())
				}
				return nil
			}},
		},
	})
}

func TestAccRotation_badInput(t *testing.T) {
	api := startSandbox(t)
	for name, test := range map[string]struct{ arguments, want string }{
		"two periods":     {"rotation_days = 1\nrotation_hours = 1", `(?s)Invalid Attribute Combination`},
		"zero period":     {"rotation_days = 0", `(?s)rotation_days.*between 1 and`},
		"odd valid hours": {"previous_secret_valid_hours = 5", `(?s)previous_secret_valid_hours.*one of`},
	} {
		t.Run(name, func(t *testing.T) {
			resource.Test(t, resource.TestCase{
				ProtoV6ProviderFactories: testProviders(),
				Steps:                    []resource.TestStep{{Config: api.config(rotationConfig(test.arguments)), PlanOnly: true, ExpectError: regexp.MustCompile(test.want)}},
			})
		})
	}
}

// TestRotation_planDoesNotChangeWhileItIsApplied speaks the protocol itself:
// Terraform plans once more while it applies, perhaps much later.
func TestRotation_planDoesNotChangeWhileItIsApplied(t *testing.T) {
	ctx, api, clock := t.Context(), startSandbox(t), &testClock{}
	id := api.create(testKey, object{"address": "https://example.com", "types": []string{"order.accepted"}})
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
		read, err := server.ReadResource(ctx, &tfprotov6.ReadResourceRequest{TypeName: name, CurrentState: state, Private: private})
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
			TypeName: name, PriorState: state, PriorPrivate: private, Config: config, ProposedNewState: dynamic(t, rotationType, proposed),
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
		t.Error("the import rotates")
	}
	applied, err := server.ApplyResourceChange(ctx, &tfprotov6.ApplyResourceChangeRequest{
		TypeName: name, PriorState: state, PlannedState: planned.PlannedState, Config: config, PlannedPrivate: planned.PlannedPrivate,
	})
	if err != nil || len(applied.Diagnostics) > 0 {
		t.Fatal(err, applied.Diagnostics)
	}
	state, private = applied.NewState, applied.Private

	refresh()
	if _, rotates := plan(); rotates {
		t.Error("a rotation is planned that is not due")
	}
	clock.advance(31 * 24 * time.Hour)
	if _, rotates := plan(); rotates {
		t.Error("the plan has a rotation while it is applied that it had not before")
	}
	refresh()
	if _, rotates := plan(); !rotates {
		t.Error("a rotation is due and not planned")
	}
}
