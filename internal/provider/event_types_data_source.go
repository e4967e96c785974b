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

func newEventTypesDataSource() datasource.DataSource { return eventTypesDataSource{} }

func (eventTypesDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_event_types"
}

func (eventTypesDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The event types that Digital River documents, older spellings included. " +
			"The catalog ships with the provider: it needs no API key and no request. Filters narrow it down together; without one it is returned whole.",
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
				Validators: []validator.String{eventTypePattern{}},
				MarkdownDescription: "Only types that this pattern covers. Each `*` stands for any characters, dots included: `order.*` is every type below `order`. " +
					"A pattern that covers no type at all is an error.",
			},
			"types": schema.ListAttribute{
				Computed:            true,
				ElementType:         types.StringType,
				MarkdownDescription: "Names of the types found, sorted, each once.",
			},
			"event_types": schema.ListNestedAttribute{
				Computed:            true,
				MarkdownDescription: "The types found, sorted by name and product. A name that both products use is listed for each.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"type":        schema.StringAttribute{Computed: true, MarkdownDescription: "Name, as a webhook's `types` takes it."},
					"product":     schema.StringAttribute{Computed: true, MarkdownDescription: "Product whose documentation names the type."},
					"category":    schema.StringAttribute{Computed: true, MarkdownDescription: "What the type is about."},
					"description": schema.StringAttribute{Computed: true, MarkdownDescription: "What happened when such an event is sent, in one sentence."},
					"key":         schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether Digital River lists it among the key event types that most integrations need."},
					"replaced_by": schema.StringAttribute{Computed: true, MarkdownDescription: "The type to use instead, where this one is an older spelling; otherwise null."},
				}},
			},
		},
	}
}

func (eventTypesDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
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
		found := eventTypeModel{Type: et.Type, Product: et.Product, Category: et.Category, Description: et.Description, Key: et.Key}
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

// eventTypePattern checks that a pattern covers some event type.
type eventTypePattern struct{}

func (eventTypePattern) Description(context.Context) string {
	return "an event type, or a pattern with * that covers some"
}

func (v eventTypePattern) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (eventTypePattern) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	pattern := req.ConfigValue.ValueString()
	covered := func(et catalog.EventType) bool { return catalog.Matches(pattern, et.Type) }
	if !slices.ContainsFunc(catalog.EventTypes(), covered) {
		resp.Diagnostics.AddAttributeError(req.Path, "No such event type", noEventType(pattern))
	}
}

// noEventType says that a pattern covers no event type, and what may be meant.
func noEventType(pattern string) string {
	text := fmt.Sprintf("%q matches no event type of the catalog.", pattern)
	if nearest := catalog.Nearest(pattern, 3); len(nearest) > 0 {
		return text + " The nearest are " + strings.Join(nearest, ", ") + "."
	}
	return text + " A name such as order.accepted or a pattern such as order.* is expected; the data source digitalriver_event_types lists all."
}

// codeList joins values for a Markdown description.
func codeList(values []string) string {
	return "`" + strings.Join(values, "`, `") + "`"
}
