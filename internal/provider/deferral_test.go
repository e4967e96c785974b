// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// TestDeferral configures the provider with a key that is not known yet. A client
// that allows it gets deferred responses; for another one, reads keep the state.
func TestDeferral(t *testing.T) {
	for name, allowed := range map[string]bool{"allowed": true, "not allowed": false} {
		t.Run(name, func(t *testing.T) {
			server := newServer(newProvider("test", &testClock{}))
			schemas, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
			if err != nil {
				t.Fatal(err)
			}
			config := nulls(providerType())
			config["api_key"] = tftypes.NewValue(tftypes.String, tftypes.UnknownValue)
			configured, err := server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{
				Config:             dynamic(t, providerType(), config),
				ClientCapabilities: &tfprotov6.ConfigureProviderClientCapabilities{DeferralAllowed: allowed},
			})
			if err != nil || len(configured.Diagnostics) > 0 {
				t.Fatal(err, configured)
			}
			check := func(what string, deferred *tfprotov6.Deferred, diagnostics []*tfprotov6.Diagnostic) {
				t.Helper()
				if (deferred != nil) != allowed || allowed && deferred.Reason != tfprotov6.DeferredReasonProviderConfigUnknown {
					t.Errorf("%s: deferred %v, want %v", what, deferred, allowed)
				}
				if allowed && len(diagnostics) > 0 {
					t.Errorf("%s: %v", what, diagnostics)
				}
			}

			kind := schemas.ResourceSchemas[webhookTypeName].ValueType()
			webhook := dynamicValue(t, valueOfJSON(t, kind, object{
				"id": "1", "address": "https://example.com", "types": []any{"order.accepted"}, "enabled": true,
				"api_version": "default", "transport_type": "HTTP", "live_mode": false,
				"created_time": "2026-01-02T03:04:05Z", "updated_time": "2026-01-02T03:04:05Z",
			}))
			read, err := server.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{
				TypeName: webhookTypeName, CurrentState: webhook,
				ClientCapabilities: &tfprotov6.ReadResourceClientCapabilities{DeferralAllowed: allowed},
			})
			if err != nil {
				t.Fatal(err)
			}
			check("read", read.Deferred, read.Diagnostics)
			if after, err := read.NewState.Unmarshal(kind); err != nil || read.Diagnostics != nil ||
				!after.Equal(decoded(t, webhook, kind)) {
				t.Errorf("state after the read is %s: %v", after, read.Diagnostics)
			}

			null := dynamicValue(t, tftypes.NewValue(kind, nil))
			configuredWebhook := dynamicValue(t, valueOfJSON(t, kind, object{
				"address": "https://example.com", "types": []any{"order.accepted"},
			}))
			for what, prior := range map[string]*tfprotov6.DynamicValue{
				"plan of a create": null, "plan without a change": webhook,
			} {
				proposed := prior
				if prior == null {
					proposed = configuredWebhook
				}
				planned, err := server.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{
					TypeName: webhookTypeName, PriorState: prior, ProposedNewState: proposed, Config: configuredWebhook,
					ClientCapabilities: &tfprotov6.PlanResourceChangeClientCapabilities{DeferralAllowed: allowed},
				})
				if err != nil {
					t.Fatal(err)
				}
				check(what, planned.Deferred, planned.Diagnostics)
			}

			dataKind := schemas.DataSourceSchemas["digitalriver_webhooks"].ValueType()
			data, err := server.ReadDataSource(t.Context(), &tfprotov6.ReadDataSourceRequest{
				TypeName: "digitalriver_webhooks", Config: dynamicValue(t, valueOfJSON(t, dataKind, object{})),
				ClientCapabilities: &tfprotov6.ReadDataSourceClientCapabilities{DeferralAllowed: allowed},
			})
			if err != nil {
				t.Fatal(err)
			}
			check("data source", data.Deferred, data.Diagnostics)
		})
	}
}

func decoded(t *testing.T, encoded *tfprotov6.DynamicValue, kind tftypes.Type) tftypes.Value {
	t.Helper()
	value, err := encoded.Unmarshal(kind)
	if err != nil {
		t.Fatal(err)
	}
	return value
}
