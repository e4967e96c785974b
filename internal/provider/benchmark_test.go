// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/provider"
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
	webhook, err := client.CreateWebhook(ctx, digitalriver.Webhook{Types: names,
		Address: "https://example.com/webhooks", Enabled: true, APIVersion: "default", TransportType: "HTTP"})
	if err != nil {
		b.Fatal(err)
	}

	server, _ := configuredServer(b, url, digitalriver.SystemClock{})
	empty := nullWebhook()
	empty.Types = listOf(names)
	prior := empty.withResponse(webhook)
	inFile, err := json.Marshal(map[string]any{
		"id": webhook.ID, "address": webhook.Address, "types": names, "enabled": true, "api_version": "default",
		"transport_type": "HTTP",
		"authentication": nil, "oauth": nil, "live_mode": false,
		"created_time": prior.CreatedTime.ValueString(), "updated_time": prior.UpdatedTime.ValueString(),
	})
	if err != nil {
		b.Fatal(err)
	}
	configured := nullWebhook()
	configured.Address, configured.Types = prior.Address, prior.Types
	config := encodeWebhook(&configured)
	identity := &tfprotov6.ResourceIdentityData{IdentityData: dynamic(b,
		tftypes.Object{AttributeTypes: map[string]tftypes.Type{"id": tftypes.String}},
		map[string]tftypes.Value{"id": tftypes.NewValue(tftypes.String, webhook.ID)})}

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
		validated, err := server.ValidateResourceConfig(ctx, &tfprotov6.ValidateResourceConfigRequest{TypeName: name,
			Config: config})
		check(validated.Diagnostics, err)
		upgraded, err := server.UpgradeResourceState(ctx, &tfprotov6.UpgradeResourceStateRequest{TypeName: name,
			RawState: &tfprotov6.RawState{JSON: inFile}})
		check(upgraded.Diagnostics, err)
		read, err := server.ReadResource(ctx, &tfprotov6.ReadResourceRequest{TypeName: name,
			CurrentState: upgraded.UpgradedState, CurrentIdentity: identity})
		check(read.Diagnostics, err)
		planned, err := server.PlanResourceChange(ctx, &tfprotov6.PlanResourceChangeRequest{TypeName: name,
			PriorState: read.NewState, ProposedNewState: read.NewState, Config: config, PriorIdentity: identity})
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
			empty := nullWebhook()
			empty.Types = listOf(webhook.Types)
			state := empty.withResponse(webhook)
			slices.Reverse(webhook.Types)
			encoded := encodeWebhook(&state)
			b.ReportAllocs()
			for b.Loop() {
				read, ok := decodeWebhook(encoded)
				if refreshed := read.withResponse(webhook); !ok || !refreshed.equal(&read) {
					b.Fatal("the order made a difference")
				}
			}
		})
	}
}

// configuredServer returns the server that Terraform speaks to, configured for an
// API, and its schemas.
func configuredServer(
	b testing.TB, url string, clock digitalriver.Clock,
) (tfprotov6.ProviderServer, *tfprotov6.GetProviderSchemaResponse) {
	b.Helper()
	server := newServer(newProvider("test", clock))
	schemas, err := server.GetProviderSchema(b.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		b.Fatal(err)
	}
	configure(b, server, object{"api_key": testKey, "base_url": url})
	return server, schemas
}

// configure configures the provider with arguments.
func configure(b testing.TB, server tfprotov6.ProviderServer, arguments object) {
	b.Helper()
	kind := providerType()
	config := nulls(kind)
	for name, value := range arguments {
		config[name] = tftypes.NewValue(kind.AttributeTypes[name], value)
	}
	resp, err := server.ConfigureProvider(b.Context(), &tfprotov6.ConfigureProviderRequest{
		Config: dynamic(b, kind, config),
	})
	if err != nil || len(resp.Diagnostics) > 0 {
		b.Fatal(err, resp)
	}
}

// providerType is the type of a provider configuration.
var providerType = sync.OnceValue(func() tftypes.Object {
	var resp provider.SchemaResponse
	newProvider("test", digitalriver.SystemClock{}).Schema(context.Background(), provider.SchemaRequest{}, &resp)
	kind, _ := resp.Schema.Type().TerraformType(context.Background()).(tftypes.Object)
	return kind
})

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
