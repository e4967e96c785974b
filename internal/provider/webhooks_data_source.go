// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

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
	webhookFilter

	Webhooks    []webhookModel `tfsdk:"webhooks"`
	IDs         types.List     `tfsdk:"ids"`
	SharedTypes types.Map      `tfsdk:"shared_types"`
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
	attributes := filterAttributes()
	attributes["webhooks"] = schema.ListNestedAttribute{
		Computed:            true,
		MarkdownDescription: "The webhooks, sorted by address, then by ID.",
		NestedObject:        schema.NestedAttributeObject{Attributes: computedWebhookAttributes()},
	}
	attributes["ids"] = schema.ListAttribute{
		Computed: true, ElementType: types.StringType,
		MarkdownDescription: "IDs of the webhooks, in the order of `webhooks`.",
	}
	attributes["shared_types"] = schema.MapAttribute{
		Computed: true, ElementType: types.ListType{ElemType: types.StringType},
		MarkdownDescription: "Event types that more than one enabled webhook of the result receives, with the IDs of " +
			"those webhooks.",
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists the webhooks in the account and mode of the API key. With filters, it lists the " +
			"webhooks that match all of them. Passwords and client secrets are left out.",
		Attributes: attributes,
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

	found := model.selectFrom(listed)
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
