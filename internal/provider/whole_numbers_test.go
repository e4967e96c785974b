// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"math/big"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// TestWholeNumbers_everyInteger gives each number that a configuration can set a
// fraction. Only requests_per_second may have one.
func TestWholeNumbers_everyInteger(t *testing.T) {
	ctx := t.Context()
	server, ok := newServer(newProvider("test", &testClock{})).(frameworkServer)
	if !ok {
		t.Fatal("the server lacks actions")
	}
	schemas, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	check := func(name string, schema *tfprotov6.Schema,
		validate func(config *tfprotov6.DynamicValue) ([]*tfprotov6.Diagnostic, error),
	) {
		for at, config := range fractionalConfigs(schema.Block.Attributes) {
			checked++
			if validate == nil {
				t.Errorf("%s.%s is not checked", name, at)
				continue
			}
			diagnostics, err := validate(dynamicValue(t, valueOfJSON(t, schema.ValueType(), config)))
			if err != nil || len(diagnostics) != 1 || diagnostics[0].Summary != "Not a whole number" ||
				diagnostics[0].Detail != at+" must be a whole number; it is 1.5." {
				t.Errorf("%s.%s: %v, %v", name, at, diagnostics, err)
			}
		}
	}
	check("provider", schemas.Provider, func(config *tfprotov6.DynamicValue) ([]*tfprotov6.Diagnostic, error) {
		resp, err := server.ValidateProviderConfig(ctx, &tfprotov6.ValidateProviderConfigRequest{Config: config})
		return resp.Diagnostics, err
	})
	for name, schema := range schemas.ResourceSchemas {
		check(name, schema, func(config *tfprotov6.DynamicValue) ([]*tfprotov6.Diagnostic, error) {
			resp, err := server.ValidateResourceConfig(ctx,
				&tfprotov6.ValidateResourceConfigRequest{TypeName: name, Config: config})
			return resp.Diagnostics, err
		})
	}
	for name, schema := range schemas.ActionSchemas {
		check(name, schema.Schema, func(config *tfprotov6.DynamicValue) ([]*tfprotov6.Diagnostic, error) {
			resp, err := server.ValidateActionConfig(ctx,
				&tfprotov6.ValidateActionConfigRequest{ActionType: name, Config: config})
			return resp.Diagnostics, err
		})
	}
	for name, schema := range schemas.DataSourceSchemas {
		check("data."+name, schema, nil)
	}
	for name, schema := range schemas.EphemeralResourceSchemas {
		check("ephemeral."+name, schema, nil)
	}
	for name, schema := range schemas.ListResourceSchemas {
		check("list."+name, schema, nil)
	}
	if checked < 9 {
		t.Errorf("only %d numbers were checked", checked)
	}
}

// fractionalConfigs returns, by attribute, configurations with a fraction in one
// number.
func fractionalConfigs(attributes []*tfprotov6.SchemaAttribute) map[string]object {
	fraction := tftypes.NewValue(tftypes.Number, big.NewFloat(1.5))
	configs := map[string]object{}
	for _, attribute := range attributes {
		switch {
		case !attribute.Optional && !attribute.Required, attribute.Name == "requests_per_second":
		case attribute.NestedType != nil:
			for at, config := range fractionalConfigs(attribute.NestedType.Attributes) {
				configs[attribute.Name+"."+at] = object{attribute.Name: config}
			}
		case attribute.Type.Is(tftypes.Number):
			configs[attribute.Name] = object{attribute.Name: fraction}
		}
	}
	return configs
}
