package provider

import (
	"context"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/catalog"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
)

var (
	_ datasource.DataSource              = (*webhooksDataSource)(nil)
	_ datasource.DataSourceWithConfigure = (*webhooksDataSource)(nil)
)

type webhooksDataSource struct {
	data *providerData
}

type webhooksModel struct {
	Types         types.List     `tfsdk:"types"`
	Enabled       types.Bool     `tfsdk:"enabled"`
	Address       types.String   `tfsdk:"address"`
	AddressPrefix types.String   `tfsdk:"address_prefix"`
	Webhooks      []webhookModel `tfsdk:"webhooks"`
	IDs           types.List     `tfsdk:"ids"`
	SharedTypes   types.Map      `tfsdk:"shared_types"`
}

func newWebhooksDataSource() datasource.DataSource { return &webhooksDataSource{} }

func (d *webhooksDataSource) Metadata(
	_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse,
) {
	resp.TypeName = "digitalriver_webhooks"
}

func (d *webhooksDataSource) Schema(
	_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse,
) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists the webhooks in the account and mode of the API key. With filters, it lists the " +
			"webhooks that match all of them. Passwords and client secrets are left out.",
		Attributes: map[string]schema.Attribute{
			"types": schema.ListAttribute{
				Optional: true, ElementType: types.StringType,
				Validators: []validator.List{
					listvalidator.SizeAtLeast(1),
					listvalidator.ValueStringsAre(&typePatternValidator{}),
				},
				MarkdownDescription: "Only webhooks that receive at least one of these event types. `*` matches any " +
					"characters, as in `order.*`.",
			},
			"enabled": schema.BoolAttribute{
				Optional:            true,
				MarkdownDescription: "Only webhooks that are enabled (`true`) or disabled (`false`).",
			},
			"address": schema.StringAttribute{
				Optional:            true,
				Validators:          []validator.String{&nonEmptyValidator{}},
				MarkdownDescription: "Only webhooks with exactly this address.",
			},
			"address_prefix": schema.StringAttribute{
				Optional:            true,
				Validators:          []validator.String{&nonEmptyValidator{}},
				MarkdownDescription: "Only webhooks whose address begins with this prefix.",
			},
			"webhooks": schema.ListNestedAttribute{
				Computed:            true,
				MarkdownDescription: "The webhooks, sorted by address, then by ID.",
				NestedObject:        schema.NestedAttributeObject{Attributes: computedWebhookAttributes()},
			},
			"ids": schema.ListAttribute{
				Computed: true, ElementType: types.StringType,
				MarkdownDescription: "IDs of the webhooks, in the same order.",
			},
			"shared_types": schema.MapAttribute{
				Computed: true, ElementType: types.ListType{ElemType: types.StringType},
				MarkdownDescription: "Event types that more than one enabled webhook of the result receives, with the IDs of " +
					"those webhooks.",
			},
		},
	}
}

func (d *webhooksDataSource) Configure(
	_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse,
) {
	d.data = providerDataOf(req.ProviderData)
}

func (d *webhooksDataSource) Read(
	ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse,
) {
	client, diags := d.data.api()
	resp.Diagnostics.Append(diags...)
	var model webhooksModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	listed, complete, err := client.ListWebhooks(ctx)
	if err != nil {
		resp.Diagnostics.Append(apiDiagnostics("the list of webhooks", err)...)
		return
	}
	resp.Diagnostics.Append(incompleteListWarning(complete, len(listed))...)
	if live, known := client.LiveMode(); known {
		resp.Diagnostics.Append(d.data.checkMode(live)...)
	}
	found := slices.DeleteFunc(slices.Clone(listed), func(webhook *digitalriver.Webhook) bool {
		return !model.matches(webhook)
	})
	slices.SortFunc(found, func(a, b *digitalriver.Webhook) int {
		return strings.Compare(a.Address+"\x00"+a.ID, b.Address+"\x00"+b.ID)
	})

	model.Webhooks = make([]webhookModel, len(found))
	ids := make([]string, len(found))
	for i, webhook := range found {
		model.Webhooks[i] = foundWebhook(webhook)
		ids[i] = webhook.ID
	}
	model.IDs = listOf(ids)
	model.SharedTypes = sharedTypes(found)
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}

func (m *webhooksModel) matches(webhook *digitalriver.Webhook) bool {
	if !m.Enabled.IsNull() && m.Enabled.ValueBool() != webhook.Enabled {
		return false
	}
	if !m.Address.IsNull() && m.Address.ValueString() != webhook.Address {
		return false
	}
	if !strings.HasPrefix(webhook.Address, m.AddressPrefix.ValueString()) {
		return false
	}
	return m.Types.IsNull() || slices.ContainsFunc(stringsOf(m.Types), func(pattern string) bool {
		return slices.ContainsFunc(webhook.Types, func(name string) bool { return catalog.Matches(pattern, name) })
	})
}

// sharedTypes maps each event type that several enabled webhooks receive to
// their IDs: these endpoints receive each other's events.
func sharedTypes(webhooks []*digitalriver.Webhook) types.Map {
	receivers := make(map[string][]string)
	for _, webhook := range webhooks {
		if !webhook.Enabled {
			continue
		}
		for _, name := range webhook.Types {
			receivers[name] = append(receivers[name], webhook.ID)
		}
	}
	shared := make(map[string]attr.Value)
	for name, ids := range receivers {
		if len(ids) > 1 {
			slices.Sort(ids)
			shared[name] = listOf(ids)
		}
	}
	return types.MapValueMust(types.ListType{ElemType: types.StringType}, shared)
}
