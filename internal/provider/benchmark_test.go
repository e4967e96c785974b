package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/catalog"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
)

// BenchmarkPlan measures what Terraform asks the provider for one unchanged
// webhook of a plan: validate, upgrade, read, plan.
func BenchmarkPlan(b *testing.B) {
	for _, n := range []int{5, 10, 60, 130} {
		b.Run(fmt.Sprintf("%d types", n), func(b *testing.B) { benchmarkPlan(b, n) })
	}
}

func benchmarkPlan(b *testing.B, n int) {
	ctx := context.Background()
	box, err := sandbox.Open(sandbox.Options{RateLimit: "off"})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = box.Close() }()
	url := serve(b, box)
	client, err := digitalriver.New(digitalriver.Config{APIKey: testKey, BaseURL: url, RequestsPerSecond: 1e6})
	if err != nil {
		b.Fatal(err)
	}
	names := catalog.Match("*")[:n]
	webhook, err := client.CreateWebhook(ctx, digitalriver.Webhook{Types: names, Address: "https://example.com/webhooks", Enabled: true, APIVersion: "default", TransportType: "HTTP"})
	if err != nil {
		b.Fatal(err)
	}

	server, schemas := configuredServer(b, url, digitalriver.SystemClock{})
	resourceType := schemas.ResourceSchemas["digitalriver_webhook"].ValueType()
	prior := webhookModel{Types: listOf(names), Authentication: types.ObjectNull(authenticationTypes), OAuth: types.ObjectNull(oauthTypes)}.withAnswer(webhook)
	inFile, err := json.Marshal(map[string]any{
		"id": webhook.ID, "address": webhook.Address, "types": names, "enabled": true, "api_version": "default", "transport_type": "HTTP",
		"authentication": nil, "oauth": nil, "live_mode": false,
		"created_time": prior.CreatedTime.ValueString(), "updated_time": prior.UpdatedTime.ValueString(),
	})
	if err != nil {
		b.Fatal(err)
	}
	config := webhookObject(b, resourceType, webhookModel{Address: prior.Address, Types: prior.Types})
	identity := &tfprotov6.ResourceIdentityData{IdentityData: dynamic(b, tftypes.Object{AttributeTypes: map[string]tftypes.Type{"id": tftypes.String}}, map[string]tftypes.Value{"id": tftypes.NewValue(tftypes.String, webhook.ID)})}

	const name = "digitalriver_webhook"
	check := func(diagnostics []*tfprotov6.Diagnostic, err error) {
		for _, d := range diagnostics {
			if d.Severity == tfprotov6.DiagnosticSeverityError {
				b.Fatal(d.Summary, d.Detail)
			}
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		validated, err := server.ValidateResourceConfig(ctx, &tfprotov6.ValidateResourceConfigRequest{TypeName: name, Config: config})
		check(validated.Diagnostics, err)
		upgraded, err := server.UpgradeResourceState(ctx, &tfprotov6.UpgradeResourceStateRequest{TypeName: name, RawState: &tfprotov6.RawState{JSON: inFile}})
		check(upgraded.Diagnostics, err)
		read, err := server.ReadResource(ctx, &tfprotov6.ReadResourceRequest{TypeName: name, CurrentState: upgraded.UpgradedState, CurrentIdentity: identity})
		check(read.Diagnostics, err)
		planned, err := server.PlanResourceChange(ctx, &tfprotov6.PlanResourceChangeRequest{TypeName: name, PriorState: read.NewState, ProposedNewState: read.NewState, Config: config, PriorIdentity: identity})
		check(planned.Diagnostics, err)
	}
}

// BenchmarkTypes measures what is done with the event types of one webhook:
// they are read from state, brought into its order and compared.
func BenchmarkTypes(b *testing.B) {
	for _, n := range []int{5, 60, 140} {
		b.Run(fmt.Sprintf("%d types", n), func(b *testing.B) {
			webhook := &digitalriver.Webhook{ID: "177ef997-db7f-42f5-a28d-b0a1ee1267e9"}
			for i := range n {
				webhook.Types = append(webhook.Types, fmt.Sprintf("order.event_%d", i))
			}
			var diags diag.Diagnostics
			state := webhookModel{Types: listOf(webhook.Types)}.withAnswer(webhook)
			slices.Reverse(webhook.Types)
			wire := dynamicValue(b, state.raw(b.Context(), &diags))
			b.ReportAllocs()
			for b.Loop() {
				read, ok := webhookOnWire(wire)
				if answered := read.withAnswer(webhook); !ok || !answered.equal(&read) {
					b.Fatal("the order made a difference")
				}
			}
		})
	}
}

// configuredServer is the provider as Terraform speaks with it, pointed at an API.
func configuredServer(b testing.TB, url string, clock digitalriver.Clock) (tfprotov6.ProviderServer, *tfprotov6.GetProviderSchemaResponse) {
	b.Helper()
	server := newServer(newProvider("test", clock))
	return server, configure(b, server, object{"api_key": testKey, "base_url": url})
}

// configure configures the provider with arguments, and returns its schemas.
func configure(b testing.TB, server tfprotov6.ProviderServer, arguments object) *tfprotov6.GetProviderSchemaResponse {
	b.Helper()
	schemas, err := server.GetProviderSchema(context.Background(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		b.Fatal(err)
	}
	kind := schemas.Provider.ValueType()
	config := nulls(kind)
	for name, value := range arguments {
		config[name] = tftypes.NewValue(kind.(tftypes.Object).AttributeTypes[name], value)
	}
	if _, err := server.ConfigureProvider(context.Background(), &tfprotov6.ConfigureProviderRequest{Config: dynamic(b, kind, config)}); err != nil {
		b.Fatal(err)
	}
	return schemas
}

// nulls are the attributes of an object type, all null.
func nulls(objectType tftypes.Type) map[string]tftypes.Value {
	attributes := map[string]tftypes.Value{}
	for name, attribute := range objectType.(tftypes.Object).AttributeTypes {
		attributes[name] = tftypes.NewValue(attribute, nil)
	}
	return attributes
}

func serve(b testing.TB, handler http.Handler) string {
	server := httptest.NewServer(handler)
	b.Cleanup(server.Close)
	return server.URL
}

func dynamic(b testing.TB, objectType tftypes.Type, attributes map[string]tftypes.Value) *tfprotov6.DynamicValue {
	b.Helper()
	return dynamicValue(b, tftypes.NewValue(objectType, attributes))
}

func dynamicValue(b testing.TB, value tftypes.Value) *tfprotov6.DynamicValue {
	b.Helper()
	encoded, err := tfprotov6.NewDynamicValue(value.Type(), value)
	if err != nil {
		b.Fatal(err)
	}
	return &encoded
}

func webhookObject(b *testing.B, objectType tftypes.Type, model webhookModel) *tfprotov6.DynamicValue {
	b.Helper()
	attributes := nulls(objectType)
	for name, value := range map[string]attr.Value{
		"id": model.ID, "address": model.Address, "types": model.Types, "enabled": model.Enabled, "api_version": model.APIVersion,
		"transport_type": model.TransportType, "live_mode": model.LiveMode, "created_time": model.CreatedTime, "updated_time": model.UpdatedTime,
	} {
		converted, err := value.ToTerraformValue(context.Background())
		if err != nil {
			b.Fatal(err)
		}
		attributes[name] = converted
	}
	return dynamic(b, objectType, attributes)
}
