// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

// Command schema prints what the provider serves, in the form of
// `terraform providers schema -json`. The generator of the docs reads it. No CLI
// that every contributor has prints list resources and actions.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/provider"
)

// address is the one under which tfplugindocs looks for the provider.
const address = "registry.terraform.io/hashicorp/digitalriver"

type object = map[string]any

func main() {
	ctx := context.Background()
	server := providerserver.NewProtocol6(provider.New("schema")())()
	schemas, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		fail(err)
	}
	identities, err := server.GetResourceIdentitySchemas(ctx, &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		fail(err)
	}
	for _, d := range slices.Concat(schemas.Diagnostics, identities.Diagnostics) {
		fail(fmt.Errorf("%s: %s", d.Summary, d.Detail))
	}
	served := served(schemas)
	served["resource_identity_schemas"] = each(identities.IdentitySchemas, identity)
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(object{"format_version": "1.0", "provider_schemas": object{address: served}}); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func served(s *tfprotov6.GetProviderSchemaResponse) object {
	return object{
		"provider":                   schema(s.Provider),
		"resource_schemas":           each(s.ResourceSchemas, schema),
		"data_source_schemas":        each(s.DataSourceSchemas, schema),
		"ephemeral_resource_schemas": each(s.EphemeralResourceSchemas, schema),
		"list_resource_schemas":      each(s.ListResourceSchemas, schema),
		"action_schemas":             each(s.ActionSchemas, action),
		"functions":                  each(s.Functions, function),
	}
}

func each[T any](schemas map[string]T, convert func(T) object) object {
	converted := object{}
	for name, schema := range schemas {
		converted[name] = convert(schema)
	}
	return converted
}

func action(a *tfprotov6.ActionSchema) object { return schema(a.Schema) }

func schema(s *tfprotov6.Schema) object {
	return object{"version": s.Version, "block": object{
		"attributes":       attributes(s.Block.Attributes),
		"description":      s.Block.Description,
		"description_kind": kind(s.Block.DescriptionKind),
	}}
}

func attributes(list []*tfprotov6.SchemaAttribute) object {
	converted := object{}
	for _, a := range list {
		attribute := object{
			"description": a.Description, "description_kind": kind(a.DescriptionKind),
			"required": a.Required, "optional": a.Optional, "computed": a.Computed,
			"sensitive": a.Sensitive, "write_only": a.WriteOnly, "deprecated": a.Deprecated,
		}
		if a.NestedType != nil {
			attribute["nested_type"] = object{
				"attributes": attributes(a.NestedType.Attributes), "nesting_mode": nesting(a.NestedType.Nesting),
			}
		} else {
			attribute["type"] = a.Type
		}
		converted[a.Name] = attribute
	}
	return converted
}

func identity(s *tfprotov6.ResourceIdentitySchema) object {
	attributes := object{}
	for _, a := range s.IdentityAttributes {
		attributes[a.Name] = object{
			"type": a.Type, "description": a.Description,
			"required_for_import": a.RequiredForImport, "optional_for_import": a.OptionalForImport,
		}
	}
	return object{"version": s.Version, "attributes": attributes}
}

func function(f *tfprotov6.Function) object {
	converted := object{"summary": f.Summary, "description": f.Description, "return_type": f.Return.Type}
	var parameters []object
	for _, p := range f.Parameters {
		parameters = append(parameters, parameter(p))
	}
	if parameters != nil {
		converted["parameters"] = parameters
	}
	if f.VariadicParameter != nil {
		converted["variadic_parameter"] = parameter(f.VariadicParameter)
	}
	return converted
}

func parameter(p *tfprotov6.FunctionParameter) object {
	return object{"name": p.Name, "description": p.Description, "is_nullable": p.AllowNullValue, "type": p.Type}
}

func kind(k tfprotov6.StringKind) string {
	if k == tfprotov6.StringKindMarkdown {
		return "markdown"
	}
	return "plain"
}

func nesting(mode tfprotov6.SchemaObjectNestingMode) string {
	switch mode {
	case tfprotov6.SchemaObjectNestingModeSingle:
		return "single"
	case tfprotov6.SchemaObjectNestingModeList:
		return "list"
	case tfprotov6.SchemaObjectNestingModeSet:
		return "set"
	case tfprotov6.SchemaObjectNestingModeMap:
		return "map"
	}
	panic(fmt.Sprintf("no name for nesting mode %v", mode))
}
