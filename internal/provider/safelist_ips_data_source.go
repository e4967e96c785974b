// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

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

var _ datasource.DataSource = (*safelistIPsDataSource)(nil)

type safelistIPsDataSource struct{}

type safelistIPsModel struct {
	Product        types.String `tfsdk:"product"`
	CIDRBlocks     []string     `tfsdk:"cidr_blocks"`
	IPv4CIDRBlocks []string     `tfsdk:"ipv4_cidr_blocks"`
	IPv6CIDRBlocks []string     `tfsdk:"ipv6_cidr_blocks"`
	DocumentedOn   string       `tfsdk:"documented_on"`
	Source         string       `tfsdk:"source"`
}

func newSafelistIPsDataSource() datasource.DataSource { return &safelistIPsDataSource{} }

func (d *safelistIPsDataSource) Metadata(
	_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse,
) {
	resp.TypeName = req.ProviderTypeName + "_safelist_ips"
}

func (d *safelistIPsDataSource) Schema(
	_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse,
) {
	blocks := func(description string) schema.ListAttribute {
		return schema.ListAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: description}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "The IP addresses that Digital River sends events from, for firewall rules. The list is " +
			"part of the provider, as documented on `documented_on`: it needs no API key and no request, and only changes " +
			"with a new version of the provider.",
		Attributes: map[string]schema.Attribute{
			"product": schema.StringAttribute{
				Optional:   true,
				Validators: []validator.String{stringvalidator.OneOf(catalog.Products()...)},
				MarkdownDescription: "Product whose safelist to return: `" + catalog.ProductDigitalRiverAPI + "` or `" +
					catalog.ProductCommerceAPI + "`. Digital River documents the same addresses for both. The Commerce API is a " +
					"separate API, and the provider does not manage its webhooks. Defaults to `" +
					catalog.ProductDigitalRiverAPI + "`.",
			},
			"cidr_blocks":      blocks("All address ranges in CIDR notation, sorted alphabetically."),
			"ipv4_cidr_blocks": blocks("The IPv4 ranges among them."),
			"ipv6_cidr_blocks": blocks("The IPv6 ranges among them. Empty if there are none."),
			"documented_on": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "Date of the documentation that the list is taken from (`YYYY-MM-DD`).",
			},
			"source": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "Pages of the documentation that list the addresses.",
			},
		},
	}
}

func (d *safelistIPsDataSource) Read(
	ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse,
) {
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
		resp.Diagnostics.AddAttributeError(path.Root("product"), "No safelist", "Digital River documents no safelist for "+
			""+product+".")
		return
	}
	model.CIDRBlocks = list.CIDRBlocks
	model.IPv4CIDRBlocks = list.IPv4
	model.IPv6CIDRBlocks = list.IPv6
	model.DocumentedOn = list.DocumentedOn
	model.Source = list.Source
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}
