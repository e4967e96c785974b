// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/list"
	listschema "github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
)

var (
	_ list.ListResource              = (*webhookSecretRotationListResource)(nil)
	_ list.ListResourceWithConfigure = (*webhookSecretRotationListResource)(nil)
)

// webhookSecretRotationListResource lists a rotation for each webhook.
type webhookSecretRotationListResource struct {
	data *providerData
}

func newWebhookSecretRotationListResource() list.ListResource {
	return &webhookSecretRotationListResource{}
}

func (r *webhookSecretRotationListResource) Metadata(
	_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse,
) {
	resp.TypeName = webhookSecretRotationTypeName
}

func (r *webhookSecretRotationListResource) ListResourceConfigSchema(
	_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse,
) {
	resp.Schema = listschema.Schema{
		MarkdownDescription: "Lists a rotation for each webhook in the account and mode of the API key, for " +
			"`terraform query`. The filters select webhooks. It rotates nothing and reveals no secret. With " +
			"`include_resource`, or with `-generate-config-out`, it sends one request per webhook for the age of its " +
			"newest secret; without them, one request in total.",
		Attributes: listFilterAttributes(),
	}
}

func (r *webhookSecretRotationListResource) Configure(
	_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse,
) {
	r.data = providerDataOf(req.ProviderData)
}

func (r *webhookSecretRotationListResource) List(
	ctx context.Context, req list.ListRequest, stream *list.ListResultsStream,
) {
	webhooks, diags := r.data.listFor(ctx, req)
	stream.Results = listResults(ctx, diags, webhooks,
		func(ctx context.Context, webhook *digitalriver.Webhook) list.ListResult {
			result := newListResult(ctx, req, webhook, "Secret of "+displayName(webhook))
			if !req.IncludeResource {
				return result
			}
			secrets, err := r.data.client.ListSecrets(ctx, webhook.ID)
			if err != nil {
				result.Diagnostics.Append(apiDiagnostics(webhookName(webhook.ID), err)...)
				return result
			}
			rotation := webhookSecretRotationModel{
				WebhookID: types.StringValue(webhook.ID), Triggers: types.MapNull(types.StringType),
			}
			rotation.setDefaults()
			result.Diagnostics.Append(rotation.refresh(secrets)...)
			result.Diagnostics.Append(result.Resource.Set(ctx, &rotation)...)
			return result
		})
}
