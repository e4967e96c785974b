package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/catalog"
)

type safelistIPsDataSource struct{}

type safelistIPsModel struct {
	Product        types.String `tfsdk:"product"`
	CIDRBlocks     []string     `tfsdk:"cidr_blocks"`
	IPv4CIDRBlocks []string     `tfsdk:"ipv4_cidr_blocks"`
	IPv6CIDRBlocks []string     `tfsdk:"ipv6_cidr_blocks"`
	DocumentedOn   string       `tfsdk:"documented_on"`
	Source         string       `tfsdk:"source"`
}

func newSafelistIPsDataSource() datasource.DataSource { return safelistIPsDataSource{} }

func (safelistIPsDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_safelist_ips"
}

func (safelistIPsDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	blocks := func(description string) schema.ListAttribute {
		return schema.ListAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: description}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "The addresses that Digital River sends webhooks from, to open a firewall for. " +
			"The list ships with the provider, as documented on `documented_on`: it needs no API key and no request, and changes with a new version of the provider only.",
		Attributes: map[string]schema.Attribute{
			"product": schema.StringAttribute{
				Optional:   true,
				Validators: []validator.String{stringvalidator.OneOf(catalog.Products()...)},
				MarkdownDescription: "Whose safelist to return: `" + catalog.ProductDigitalRiverAPI + "`, the default, or `" + catalog.ProductCommerceAPI + "`. " +
					"Digital River documents the same addresses for both.",
			},
			"cidr_blocks":      blocks("All address ranges in CIDR notation, sorted as text."),
			"ipv4_cidr_blocks": blocks("The IPv4 ranges among them."),
			"ipv6_cidr_blocks": blocks("The IPv6 ranges among them; an empty list when there are none."),
			"documented_on": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "Date of the documentation that the list was taken from (`YYYY-MM-DD`).",
			},
			"source": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "Pages of the documentation that name the addresses.",
			},
		},
	}
}

func (safelistIPsDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model safelistIPsModel
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("product"), &model.Product)...)
	if resp.Diagnostics.HasError() {
		return
	}
	product := catalog.ProductDigitalRiverAPI
	if !model.Product.IsNull() {
		product = model.Product.ValueString()
	}
	list, ok := catalog.ProductSafelist(product)
	if !ok {
		resp.Diagnostics.AddAttributeError(path.Root("product"), "No safelist", "No safelist is documented for "+product+".")
		return
	}
	model.CIDRBlocks = list.CIDRBlocks
	model.IPv4CIDRBlocks = list.IPv4
	model.IPv6CIDRBlocks = list.IPv6
	model.DocumentedOn = list.DocumentedOn
	model.Source = list.Source
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}
