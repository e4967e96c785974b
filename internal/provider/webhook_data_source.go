// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/datasourcevalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/redact"
)

var (
	_ datasource.DataSource                     = (*webhookDataSource)(nil)
	_ datasource.DataSourceWithConfigure        = (*webhookDataSource)(nil)
	_ datasource.DataSourceWithConfigValidators = (*webhookDataSource)(nil)
)

type webhookDataSource struct {
	data *providerData
}

func newWebhookDataSource() datasource.DataSource { return &webhookDataSource{} }

func (d *webhookDataSource) Metadata(
	_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse,
) {
	resp.TypeName = webhookTypeName
}

func (d *webhookDataSource) Schema(
	_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse,
) {
	attributes := maps.Clone(computedWebhookAttributes())
	attributes["id"] = schema.StringAttribute{
		Optional: true, Computed: true,
		Validators:          []validator.String{&nonEmptyValidator{}},
		MarkdownDescription: "ID of the webhook. Set exactly one of `id` and `address`.",
	}
	attributes["address"] = schema.StringAttribute{
		Optional: true, Computed: true,
		Validators:          []validator.String{&nonEmptyValidator{}},
		MarkdownDescription: "URL of the endpoint, exactly as it is set. Exactly one webhook must have it.",
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Looks up one webhook by ID or by address. Passwords and client secrets are left out.",
		Attributes:          attributes,
	}
}

func (d *webhookDataSource) ConfigValidators(context.Context) []datasource.ConfigValidator {
	return []datasource.ConfigValidator{
		datasourcevalidator.ExactlyOneOf(path.MatchRoot("id"), path.MatchRoot("address")),
	}
}

func (d *webhookDataSource) Configure(
	_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse,
) {
	d.data = providerDataOf(req.ProviderData)
}

func (d *webhookDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	client, diags := d.data.api()
	resp.Diagnostics.Append(diags...)
	var config webhookModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	var webhook *digitalriver.Webhook
	if config.Address.IsNull() {
		webhook, diags = webhookByID(ctx, client, config.ID.ValueString())
	} else {
		webhook, diags = webhookByAddress(ctx, client, config.Address.ValueString())
	}
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(d.data.checkWebhookMode(webhook)...)
	model := foundWebhook(webhook)
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}

func webhookByID(
	ctx context.Context, client *digitalriver.Client, id string,
) (*digitalriver.Webhook, diag.Diagnostics) {
	webhook, err := client.GetWebhook(ctx, id)
	switch {
	case digitalriver.IsNotFound(err):
		return nil, diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root("id"), "Webhook not found",
			fmt.Sprintf("The account and mode of this API key have no webhook with the ID %q.", id))}
	case err != nil:
		return nil, apiDiagnostics(webhookName(id), err)
	}
	return webhook, nil
}

func webhookByAddress(
	ctx context.Context, client *digitalriver.Client, address string,
) (*digitalriver.Webhook, diag.Diagnostics) {
	webhooks, complete, err := client.ListWebhooks(ctx)
	if err != nil {
		return nil, apiDiagnostics("the list of webhooks", err)
	}
	diags := incompleteListWarning(complete, len(webhooks))
	var found []*digitalriver.Webhook
	var ids []string
	for _, webhook := range webhooks {
		if webhook.Address == address {
			found = append(found, webhook)
			ids = append(ids, webhook.ID)
		}
	}
	switch len(found) {
	case 1:
		return found[0], diags
	case 0:
		diags.AddAttributeError(path.Root("address"), "Webhook not found",
			fmt.Sprintf("None of the %d webhooks that this API key can see has the address %q. The address must match exactly.",
				len(webhooks), redact.URL(address)))
	default:
		diags.AddAttributeError(path.Root("address"), "Several webhooks found",
			fmt.Sprintf("%d webhooks have the address %q: %s. Select one of them with id instead.",
				len(ids), redact.URL(address), strings.Join(ids, ", ")))
	}
	return nil, diags
}

// incompleteListWarning warns of a list that the API may have cut off.
func incompleteListWarning(complete bool, seen int) diag.Diagnostics {
	var diags diag.Diagnostics
	if !complete {
		diags.AddWarning("List of webhooks may be incomplete",
			fmt.Sprintf("The API returned %d webhooks and no way to ask for more. If the account has more, they are missing "+
				"here. Look up a single webhook by its ID instead.", seen))
	}
	return diags
}

// foundWebhook returns a webhook as data sources show it: types in alphabetical
// order, no credentials.
func foundWebhook(webhook *digitalriver.Webhook) webhookModel {
	prior := nullWebhook()
	found := prior.withResponse(webhook)
	return found.withoutCredentials()
}
