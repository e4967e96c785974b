// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

var (
	_ ephemeral.EphemeralResource              = (*webhookSecretEphemeralResource)(nil)
	_ ephemeral.EphemeralResourceWithConfigure = (*webhookSecretEphemeralResource)(nil)
)

type webhookSecretEphemeralResource struct {
	data *providerData
}

type webhookSecretEphemeralModel struct {
	WebhookID types.String        `tfsdk:"webhook_id"`
	Secret    types.String        `tfsdk:"secret"`
	Secrets   []activeSecretModel `tfsdk:"secrets"`
}

type activeSecretModel struct {
	ID          types.String `tfsdk:"id"`
	Secret      types.String `tfsdk:"secret"`
	CreatedTime types.String `tfsdk:"created_time"`
	ExpiresTime types.String `tfsdk:"expires_time"`
}

func newWebhookSecretEphemeralResource() ephemeral.EphemeralResource {
	return &webhookSecretEphemeralResource{}
}

func (r *webhookSecretEphemeralResource) Metadata(
	_ context.Context, _ ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse,
) {
	resp.TypeName = "digitalriver_webhook_secret"
}

func (r *webhookSecretEphemeralResource) Schema(
	_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse,
) {
	computed := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	secret := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, Sensitive: true, MarkdownDescription: description}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Reads the active signing secrets of a webhook, to pass them to the receiver that verifies " +
			"its events. They reach neither plan nor state.",
		Attributes: map[string]schema.Attribute{
			"webhook_id": schema.StringAttribute{
				Required:            true,
				Validators:          []validator.String{&nonEmptyValidator{}},
				MarkdownDescription: "ID of the webhook.",
			},
			"secret": secret("The newest secret."),
			"secrets": schema.ListNestedAttribute{
				Computed:            true,
				MarkdownDescription: "All active secrets, newest first.",
				NestedObject: schema.NestedAttributeObject{
					Attributes: map[string]schema.Attribute{
						"id":           computed("ID of the secret."),
						"secret":       secret("The secret."),
						"created_time": computed("When the secret was created, in RFC 3339 format."),
						"expires_time": computed("When the secret stops working, in RFC 3339 format. Null until a rotation sets it."),
					},
				},
			},
		},
	}
}

func (r *webhookSecretEphemeralResource) Configure(
	_ context.Context, req ephemeral.ConfigureRequest, _ *ephemeral.ConfigureResponse,
) {
	r.data = providerDataOf(req.ProviderData)
}

func (r *webhookSecretEphemeralResource) Open(
	ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse,
) {
	client, diags := r.data.api()
	resp.Diagnostics.Append(diags...)
	var model webhookSecretEphemeralModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	id := model.WebhookID.ValueString()
	secrets, err := client.ListSecrets(ctx, id)
	if err != nil {
		resp.Diagnostics.Append(apiDiagnostics(webhookName(id), err)...)
		return
	}
	model.Secrets = make([]activeSecretModel, len(secrets))
	for i, secret := range secrets {
		model.Secrets[i] = activeSecretModel{
			ID:          types.StringValue(secret.ID),
			Secret:      optionalString(secret.Secret),
			CreatedTime: timeValue(secret.CreatedTime),
		}
		if secret.ExpiresTime != nil {
			model.Secrets[i].ExpiresTime = timeValue(*secret.ExpiresTime)
		}
	}
	if len(secrets) > 0 {
		model.Secret = optionalString(secrets[0].Secret)
	}
	resp.Diagnostics.Append(resp.Result.Set(ctx, &model)...)
}
