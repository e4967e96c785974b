// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"maps"
	"math/big"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// wholeNumbers is the framework's server with a check that numbers have no fraction
// where the schema has integers. The framework would ask the user to report a bug.
type wholeNumbers struct {
	frameworkServer
	provider *digitalRiver
}

func (s wholeNumbers) ValidateProviderConfig(
	ctx context.Context, req *tfprotov6.ValidateProviderConfigRequest,
) (*tfprotov6.ValidateProviderConfigResponse, error) {
	var schema provider.SchemaResponse
	s.provider.Schema(ctx, provider.SchemaRequest{}, &schema)
	if diags := fractions(ctx, schema.Schema.Type(), req.Config); len(diags) > 0 {
		return &tfprotov6.ValidateProviderConfigResponse{PreparedConfig: req.Config, Diagnostics: diags}, nil
	}
	return s.frameworkServer.ValidateProviderConfig(ctx, req)
}

func (s wholeNumbers) ValidateResourceConfig(
	ctx context.Context, req *tfprotov6.ValidateResourceConfigRequest,
) (*tfprotov6.ValidateResourceConfigResponse, error) {
	for _, newResource := range s.provider.Resources(ctx) {
		var metadata resource.MetadataResponse
		newResource().Metadata(ctx, resource.MetadataRequest{}, &metadata)
		if metadata.TypeName != req.TypeName {
			continue
		}
		var schema resource.SchemaResponse
		newResource().Schema(ctx, resource.SchemaRequest{}, &schema)
		if diags := fractions(ctx, schema.Schema.Type(), req.Config); len(diags) > 0 {
			return &tfprotov6.ValidateResourceConfigResponse{Diagnostics: diags}, nil
		}
	}
	return s.frameworkServer.ValidateResourceConfig(ctx, req)
}

func (s wholeNumbers) ValidateActionConfig(
	ctx context.Context, req *tfprotov6.ValidateActionConfigRequest,
) (*tfprotov6.ValidateActionConfigResponse, error) {
	for _, newAction := range s.provider.Actions(ctx) {
		var metadata action.MetadataResponse
		newAction().Metadata(ctx, action.MetadataRequest{}, &metadata)
		if metadata.TypeName != req.ActionType {
			continue
		}
		var schema action.SchemaResponse
		newAction().Schema(ctx, action.SchemaRequest{}, &schema)
		if diags := fractions(ctx, schema.Schema.Type(), req.Config); len(diags) > 0 {
			return &tfprotov6.ValidateActionConfigResponse{Diagnostics: diags}, nil
		}
	}
	return s.frameworkServer.ValidateActionConfig(ctx, req)
}

// fractions reports the numbers of a configuration that have a fraction although the
// schema has an integer there.
func fractions(ctx context.Context, kind attr.Type, config *tfprotov6.DynamicValue) []*tfprotov6.Diagnostic {
	if config == nil {
		return nil
	}
	value, err := config.Unmarshal(kind.TerraformType(ctx))
	if err != nil {
		return nil // The framework reports it.
	}
	return fractionsIn(kind, value, tftypes.NewAttributePath(), "")
}

func fractionsIn(kind attr.Type, value tftypes.Value, at *tftypes.AttributePath, name string) []*tfprotov6.Diagnostic {
	if value.IsNull() || !value.IsKnown() {
		return nil
	}
	switch kind := kind.(type) {
	case basetypes.Int64Type:
		number := new(big.Float)
		if err := value.As(&number); err != nil || number.IsInt() {
			return nil
		}
		return []*tfprotov6.Diagnostic{{
			Severity: tfprotov6.DiagnosticSeverityError, Summary: "Not a whole number", Attribute: at,
			Detail: fmt.Sprintf("%s must be a whole number; it is %s.", name, number.Text('g', -1)),
		}}
	case basetypes.ObjectType:
		var values map[string]tftypes.Value
		if err := value.As(&values); err != nil {
			return nil
		}
		var diags []*tfprotov6.Diagnostic
		for _, attribute := range slices.Sorted(maps.Keys(kind.AttrTypes)) {
			step, nested := at.WithAttributeName(attribute), attribute
			if name != "" { // As located says.
				step, nested = at.WithElementKeyString(attribute), name+"."+attribute
			}
			diags = append(diags, fractionsIn(kind.AttrTypes[attribute], values[attribute], step, nested)...)
		}
		return diags
	}
	return nil
}
