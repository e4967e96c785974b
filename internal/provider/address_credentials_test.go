// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// TestDiagnostics_hideCredentialsInAddresses causes the diagnostics that name an
// address with a password and a token.
func TestDiagnostics_hideCredentialsInAddresses(t *testing.T) {
	const address = "https://dr:p4ssword@example.com/in?token=s3cret#"
	config := object{"address": strings.TrimSuffix(address, "#"), "types": []any{"order.accepted"}}
	var all []*tfprotov6.Diagnostic
	api := startSandbox(t)
	server, _ := configuredServer(t, api.url, &testClock{})
	newWebhook := func() *managedObject {
		return newManagedObject(t, server, webhookTypeName, newWebhookResource(&digitalRiver{}))
	}
	apply := func(webhook *managedObject, config object) {
		resp := webhook.planResponse(valueOfJSON(t, webhook.kind, config))
		all = append(all, resp.Diagnostics...)
		applied, err := webhook.server.ApplyResourceChange(t.Context(), &tfprotov6.ApplyResourceChangeRequest{
			TypeName: webhook.typeName, Config: dynamicValue(t, valueOfJSON(t, webhook.kind, config)),
			PriorState: dynamicValue(t, webhook.state), PlannedState: resp.PlannedState, PlannedPrivate: resp.PlannedPrivate,
		})
		if err != nil {
			t.Fatal(err)
		}
		webhook.state, webhook.private = webhook.decode(applied.NewState), applied.Private
		all = append(all, applied.Diagnostics...)
	}

	for _, status := range []int{400, 403, 500} {
		api.faults(object{"method": "POST", "kind": "status", "status": status})
		apply(newWebhook(), config)
	}
	api.faults()
	webhook := newWebhook()
	apply(webhook, config)
	id := api.onlyID()
	server, _ = configuredServer(t, api.url, &testClock{})
	webhook.server = server
	all = append(all, newWebhook().planDiagnostics(config)...)
	all = append(all, webhook.refreshWithWarnings()...)
	all = append(all, webhook.planDiagnostics(merged(config, object{"enabled": false}))...)
	all = append(all, newWebhook().planDiagnostics(config)...)
	api.patch(id, object{"enabled": false})
	server, _ = configuredServer(t, api.url, &testClock{})
	webhook.server = server
	all = append(all, webhook.refreshWithWarnings()...)
	all = append(all, webhook.planDiagnostics(config)...)
	all = append(all, newWebhook().planDiagnostics(config)...)
	api.delete(id)
	server, _ = configuredServer(t, api.url, &testClock{})
	webhook.server = server
	all = append(all, webhook.refreshWithWarnings()...)

	server, _ = configuredServer(t, changeResponses(t, api.url, func(w object) {
		w["address"] = "https://dr:p4ssword@example.com/other?token=s3cret"
	}), &testClock{})
	apply(newWebhook(), config)
	all = append(all, newWebhook().planDiagnostics(merged(config, object{"address": address}))...)
	all = append(all, lookUpAddress(t, server, config["address"].(string)+"&more")...)

	named := 0
	for _, d := range all {
		text := d.Summary + ": " + d.Detail
		if strings.Contains(text, "p4ssword") || strings.Contains(text, "s3cret") {
			t.Errorf("a credential is shown: %s", text)
		}
		if strings.Contains(text, "example.com/") {
			named++
		}
	}
	if named < 8 {
		t.Errorf("%d diagnostics of %d name the address; the test causes too few", named, len(all))
	}
}

// lookUpAddress reads the data source of the webhook with an address.
func lookUpAddress(t *testing.T, server tfprotov6.ProviderServer, address string) []*tfprotov6.Diagnostic {
	t.Helper()
	var schema datasource.SchemaResponse
	newWebhookDataSource().Schema(t.Context(), datasource.SchemaRequest{}, &schema)
	kind := schema.Schema.Type().TerraformType(t.Context())
	resp, err := server.ReadDataSource(t.Context(), &tfprotov6.ReadDataSourceRequest{
		TypeName: webhookTypeName, Config: dynamicValue(t, valueOfJSON(t, kind, object{"address": address})),
	})
	if err != nil {
		t.Fatal(err)
	}
	return resp.Diagnostics
}
