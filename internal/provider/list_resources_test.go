// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox/readings"
)

// Terraform has list resources from 1.14 on. These tests speak the protocol, so
// that they run with any CLI; those in query_test.go run `terraform query`.

// listed is a result of a list resource.
type listed struct {
	Name, ID, Diagnostic string
	Resource             map[string]tftypes.Value
}

// listObjects sends a list request and collects the results.
func listObjects(t *testing.T, server tfprotov6.ProviderServer, typeName string, config object, limit int64,
	includeResource bool,
) []listed {
	t.Helper()
	lister, isLister := server.(frameworkServer)
	if !isLister {
		t.Fatal("the server lists nothing")
	}
	schemas, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	configType := schemas.ListResourceSchemas[typeName].ValueType()
	resourceType := schemas.ResourceSchemas[typeName].ValueType()
	stream, err := lister.ListResource(t.Context(), &tfprotov6.ListResourceRequest{
		TypeName: typeName, Config: dynamicValue(t, valueOfJSON(t, configType, config)),
		Limit: limit, IncludeResource: includeResource,
	})
	if err != nil {
		t.Fatal(err)
	}
	var results []listed
	for result := range stream.Results {
		one := listed{Name: result.DisplayName}
		for _, d := range result.Diagnostics {
			one.Diagnostic += fmt.Sprintf("%s: %s: %s", d.Severity, d.Summary, d.Detail)
		}
		if result.Identity != nil {
			identity, err := result.Identity.IdentityData.Unmarshal(
				tftypes.Object{AttributeTypes: map[string]tftypes.Type{"id": tftypes.String}})
			if err != nil {
				t.Fatal(err)
			}
			one.ID = decodedAs[string](t, decodedAs[map[string]tftypes.Value](t, identity)["id"])
		}
		if result.Resource != nil {
			value, err := result.Resource.Unmarshal(resourceType)
			if err != nil {
				t.Fatal(err)
			}
			one.Resource = decodedAs[map[string]tftypes.Value](t, value)
		}
		results = append(results, one)
	}
	return results
}

func namesOf(results []listed) []string {
	names := []string{}
	for _, result := range results {
		names = append(names, result.Name)
	}
	return names
}

func TestListWebhooks_filters(t *testing.T) {
	api := startSandbox(t)
	api.create(testKey, webhookBody("https://a.example.com/in?token=hush", "order.accepted", "order.blocked"))
	api.create(testKey, merged(webhookBody("https://b.example.com", "refund.failed"), object{"enabled": false}))
	oauth := webhookBody("https://c.example.com", "order.accepted")
	oauth["transportType"] = "OAUTH"
	oauth["oauth"] = object{
		"tokenEndPoint": "https://c.example.com/t", "clientID": "i", "clientSecret": "hush",
		"grantType": "client_credentials",
	}
	api.create(testKey, oauth)
	const (
		a = "https://a.example.com/in (2 event types)"
		b = "https://b.example.com (1 event type, disabled)"
		c = "https://c.example.com (1 event type)"
	)
	for name, test := range map[string]struct {
		config object
		want   []string
	}{
		"all":            {object{}, []string{a, b, c}},
		"types":          {object{"types": []any{"refund.*", "order.blocked"}}, []string{a, b}},
		"enabled":        {object{"enabled": true}, []string{a, c}},
		"disabled":       {object{"enabled": false}, []string{b}},
		"address":        {object{"address": "https://b.example.com"}, []string{b}},
		"address prefix": {object{"address_prefix": "https://a."}, []string{a}},
		"transport type": {object{"transport_type": "OAUTH"}, []string{c}},
		"several":        {object{"types": []any{"order.*"}, "transport_type": "HTTP"}, []string{a}},
		"none":           {object{"address": "https://d.example.com"}, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			server, _ := configuredServer(t, api.url, &testClock{})
			api.clearRequests()
			webhooks := namesOf(listObjects(t, server, webhookTypeName, test.config, 100, false))
			if diff := cmp.Diff(test.want, webhooks); diff != "" {
				t.Error(diff)
			}
			rotations := namesOf(listObjects(t, server, webhookSecretRotationTypeName, test.config, 100, false))
			for i, name := range rotations {
				rotations[i] = strings.TrimPrefix(name, "Secret of ")
			}
			if diff := cmp.Diff(test.want, rotations); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff([]string{"GET /webhooks 200"}, api.requests()); diff != "" {
				t.Error("more than one request in total:", diff)
			}
		})
	}
}

// TestListWebhooks_limit checks that the results end at the limit, and that a
// warning before them names those that are left out.
func TestListWebhooks_limit(t *testing.T) {
	api := startSandbox(t)
	for i := range 3 {
		api.create(testKey, webhookBody(fmt.Sprintf("https://example.com/%d", i), "order.accepted"))
	}
	for _, typeName := range []string{webhookTypeName, webhookSecretRotationTypeName} {
		for limit, want := range map[int64]string{
			2: "WARNING: Not all webhooks are listed: 3 webhooks match, but the limit of this list block is 2, so 1 are " +
				"left out. Set limit to 3 or more.",
			3: "",
		} {
			server, _ := configuredServer(t, api.url, &testClock{})
			results := listObjects(t, server, typeName, object{}, limit, false)
			var warning string
			if results[0].ID == "" {
				warning, results = results[0].Diagnostic, results[1:]
			}
			if warning != want || len(results) != int(limit) {
				t.Errorf("%s, limit %d: warning %q and %d results", typeName, limit, warning, len(results))
			}
		}
	}
}

// TestListWebhooks_resource checks that a result has the state that an import has.
func TestListWebhooks_resource(t *testing.T) {
	api := startSandbox(t)
	webhook := webhookBody("https://example.com/webhooks", "order.accepted", "order.blocked")
	webhook["apiVersion"] = "latest"
	webhook["authentication"] = object{"username": "u", "password": "hush"}
	id := api.create(testKey, webhook)
	server, _ := configuredServer(t, api.url, &testClock{})
	for typeName, r := range map[string]*managedObject{
		webhookTypeName:               newManagedObject(t, server, webhookTypeName, newWebhookResource(nil)),
		webhookSecretRotationTypeName: newManagedObject(t, server, rotationTypeName, newWebhookSecretRotationResource()),
	} {
		r.importID(id)
		imported := decodedAs[map[string]tftypes.Value](t, r.state)
		results := listObjects(t, server, typeName, object{}, 100, true)
		if len(results) != 1 || results[0].ID != id || results[0].Diagnostic != "" {
			t.Fatalf("%s: %+v", typeName, results)
		}
		for name, value := range imported {
			if !value.Equal(results[0].Resource[name]) {
				t.Errorf("%s: %s is %s after an import and %s in the list", typeName, name, value, results[0].Resource[name])
			}
		}
	}
}

// TestListRotations_inOrder checks that results keep their order although their
// secrets are requested in parallel, and that no secret is revealed.
func TestListRotations_inOrder(t *testing.T) {
	api := startSandbox(t)
	var want []string
	for i := range 25 {
		want = append(want, api.create(testKey, webhookBody(fmt.Sprintf("https://example.com/%02d", i), "order.accepted")))
	}
	server, _ := configuredServer(t, api.url, &testClock{})
	var ids []string
	for _, result := range listObjects(t, server, webhookSecretRotationTypeName, object{}, 100, true) {
		ids = append(ids, result.ID)
		if secret := result.Resource["secret"]; !secret.IsNull() {
			t.Errorf("the secret of %s is revealed", result.ID)
		}
		if result.Resource["secret_id"].IsNull() {
			t.Errorf("%s has no secret_id", result.ID)
		}
	}
	if diff := cmp.Diff(want, ids); diff != "" {
		t.Error(diff)
	}
}

// TestListResources_errors checks that an error ends the list and is explained.
func TestListResources_errors(t *testing.T) {
	for name, test := range map[string]struct {
		typeName, reading string
		fault             object
		want              string
	}{
		"list refused": {
			typeName: webhookTypeName, fault: object{"method": "GET", "path": "/webhooks", "kind": "status", "status": 403},
			want: "ERROR: Could not list webhooks",
		},
		"list cut off": {
			typeName: webhookTypeName, reading: readings.ListNewest100, want: "WARNING: List of webhooks may be incomplete",
		},
		"secrets not offered": {
			typeName: webhookSecretRotationTypeName, reading: readings.SecretsNotFound,
			want: "ERROR: Signing secrets are not available",
		},
	} {
		t.Run(name, func(t *testing.T) {
			options := sandbox.Options{RateLimit: "off"}
			if test.reading != "" {
				options.Readings = []string{test.reading}
			}
			api := startSandboxWith(t, options)
			for i := range 101 {
				api.create(testKey, webhookBody(fmt.Sprintf("https://example.com/%d", i), "order.accepted"))
			}
			if test.fault != nil {
				api.faults(test.fault)
			}
			server, _ := configuredServer(t, api.url, &testClock{})
			results := listObjects(t, server, test.typeName, object{}, 1000, true)
			var diagnostics []string
			for _, result := range results {
				if result.Diagnostic != "" {
					diagnostics = append(diagnostics, result.Diagnostic)
				}
			}
			if len(diagnostics) != 1 || !strings.HasPrefix(diagnostics[0], test.want) {
				t.Errorf("diagnostics %q, want one that begins with %q", diagnostics, test.want)
			}
			if strings.HasPrefix(test.want, "ERROR") && results[len(results)-1].Diagnostic == "" {
				t.Error("the list goes on after an error")
			}
		})
	}
}

// TestListResources_shareFilters checks that each list resource has exactly the
// filters of the data source.
func TestListResources_shareFilters(t *testing.T) {
	for _, newResource := range newProvider("test", &testClock{}).ListResources(t.Context()) {
		var resp list.ListResourceSchemaResponse
		newResource().ListResourceConfigSchema(t.Context(), list.ListResourceSchemaRequest{}, &resp)
		var names []string
		for name := range resp.Schema.Attributes {
			names = append(names, name)
		}
		slices.Sort(names)
		if diff := cmp.Diff([]string{"address", "address_prefix", "enabled", "transport_type", "types"}, names); diff != "" {
			t.Error(diff)
		}
	}
}
