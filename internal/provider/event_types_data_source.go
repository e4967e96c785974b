// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/catalog"
)

var (
	_ datasource.DataSource = (*eventTypesDataSource)(nil)
	_ validator.String      = (*eventTypePatternValidator)(nil)
)

type eventTypesDataSource struct{}

type eventTypesModel struct {
	Product    types.String     `tfsdk:"product"`
	Category   types.String     `tfsdk:"category"`
	Pattern    types.String     `tfsdk:"pattern"`
	Types      []string         `tfsdk:"types"`
	EventTypes []eventTypeModel `tfsdk:"event_types"`
}

type eventTypeModel struct {
	Type        string  `tfsdk:"type"`
	Product     string  `tfsdk:"product"`
	Category    string  `tfsdk:"category"`
	Description string  `tfsdk:"description"`
	Key         bool    `tfsdk:"key"`
	ReplacedBy  *string `tfsdk:"replaced_by"`
}

func newEventTypesDataSource() datasource.DataSource { return &eventTypesDataSource{} }

func (d *eventTypesDataSource) Metadata(
	_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse,
) {
	resp.TypeName = req.ProviderTypeName + "_event_types"
}

func (d *eventTypesDataSource) Schema(
	_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse,
) {
	computed := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "The event types that Digital River documents, including older spellings. The catalog is " +
			"part of the provider: it needs no API key and no request. With filters, it returns the types that match all of " +
			"them. The catalog includes the event types of the Commerce API. That is a separate API, and the provider does " +
			"not manage its webhooks.",
		Attributes: map[string]schema.Attribute{
			"product": schema.StringAttribute{
				Optional:            true,
				Validators:          []validator.String{stringvalidator.OneOf(catalog.Products()...)},
				MarkdownDescription: "Only types of this product: " + codeList(catalog.Products()) + ".",
			},
			"category": schema.StringAttribute{
				Optional:            true,
				Validators:          []validator.String{stringvalidator.OneOf(catalog.Categories()...)},
				MarkdownDescription: "Only types of this category: " + codeList(catalog.Categories()) + ".",
			},
			"pattern": schema.StringAttribute{
				Optional:   true,
				Validators: []validator.String{&eventTypePatternValidator{}},
				MarkdownDescription: "Only types that match this pattern. Each `*` matches any characters, including dots: " +
					"`order.*` matches every type below `order`. A pattern that matches no type is an error.",
			},
			"types": schema.ListAttribute{
				Computed:            true,
				ElementType:         types.StringType,
				MarkdownDescription: "Names of the types, sorted and without duplicates.",
			},
			"event_types": schema.ListNestedAttribute{
				Computed: true,
				MarkdownDescription: "The types, sorted by name and product. A name that both products use is listed once for " +
					"each.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"type":        computed("Name of the type, for the `types` of a webhook."),
					"product":     computed("Product whose documentation lists the type."),
					"category":    computed("Category of the type."),
					"description": computed("One sentence about what causes such an event."),
					"key": schema.BoolAttribute{
						Computed:            true,
						MarkdownDescription: "Whether Digital River lists it among the key event types that most integrations need.",
					},
					"replaced_by": computed("Type to use instead if this one is an older spelling. Null otherwise."),
				}},
			},
		},
	}
}

func (d *eventTypesDataSource) Read(
	ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse,
) {
	var model eventTypesModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	model.Types, model.EventTypes = []string{}, []eventTypeModel{}
	for _, et := range catalog.EventTypes() {
		if !model.wants(et) {
			continue
		}
		found := eventTypeModel{
			Type: et.Type, Product: et.Product, Category: et.Category, Description: et.Description, Key: et.Key,
		}
		if et.ReplacedBy != "" {
			found.ReplacedBy = &et.ReplacedBy
		}
		model.Types = append(model.Types, et.Type)
		model.EventTypes = append(model.EventTypes, found)
	}
	model.Types = slices.Compact(model.Types)
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}

func (m eventTypesModel) wants(et catalog.EventType) bool {
	return (m.Product.IsNull() || m.Product.ValueString() == et.Product) &&
		(m.Category.IsNull() || m.Category.ValueString() == et.Category) &&
		(m.Pattern.IsNull() || catalog.Matches(m.Pattern.ValueString(), et.Type))
}

// eventTypePatternValidator checks that a pattern matches an event type.
type eventTypePatternValidator struct{}

func (v *eventTypePatternValidator) Description(context.Context) string {
	return "an event type, or a pattern with * that matches one"
}

func (v *eventTypePatternValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

func (v *eventTypePatternValidator) ValidateString(
	_ context.Context, req validator.StringRequest, resp *validator.StringResponse,
) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	pattern := req.ConfigValue.ValueString()
	matches := func(et catalog.EventType) bool { return catalog.Matches(pattern, et.Type) }
	if !slices.ContainsFunc(catalog.EventTypes(), matches) {
		resp.Diagnostics.AddAttributeError(req.Path, "No such event type", noEventType(pattern))
	}
}

// noEventType says that a pattern matches no event type, and suggests others.
func noEventType(pattern string) string {
	kind := "names"
	if strings.Contains(pattern, "*") {
		kind = "patterns"
	}
	text := fmt.Sprintf("%q matches no event type of the catalog.", pattern)
	if nearest := catalog.Nearest(pattern, 3); len(nearest) > 0 {
		return text + " Similar " + kind + " are " + strings.Join(nearest, ", ") + "."
	}
	return text + " Use a name such as order.accepted or a pattern such as order.*; the data source " +
		"digitalriver_event_types lists all types."
}

// codeList joins values for a Markdown description.
func codeList(values []string) string {
	return "`" + strings.Join(values, "`, `") + "`"
}
