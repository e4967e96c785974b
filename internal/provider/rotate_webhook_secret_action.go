// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

var (
	_ action.Action              = (*rotateWebhookSecretAction)(nil)
	_ action.ActionWithConfigure = (*rotateWebhookSecretAction)(nil)
)

// rotateWebhookSecretAction rotates a signing secret without touching state.
type rotateWebhookSecretAction struct {
	data *providerData
}

type rotateWebhookSecretModel struct {
	WebhookID                types.String `tfsdk:"webhook_id"`
	PreviousSecretValidHours types.Int64  `tfsdk:"previous_secret_valid_hours"`
}

func newRotateWebhookSecretAction() action.Action { return &rotateWebhookSecretAction{} }

func (a *rotateWebhookSecretAction) Metadata(
	_ context.Context, _ action.MetadataRequest, resp *action.MetadataResponse,
) {
	resp.TypeName = "digitalriver_rotate_webhook_secret"
}

func (a *rotateWebhookSecretAction) Schema(_ context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Rotates the signing secret of a webhook at once, for example because it has leaked. State " +
			"does not change. If a `digitalriver_webhook_secret_rotation` manages the secret, its next refresh adopts the " +
			"new one.",
		Attributes: map[string]schema.Attribute{
			"webhook_id": schema.StringAttribute{
				Required:            true,
				Validators:          []validator.String{&nonEmptyValidator{}},
				MarkdownDescription: "ID of the webhook.",
			},
			"previous_secret_valid_hours": schema.Int64Attribute{
				Optional:   true,
				Validators: []validator.Int64{int64validator.OneOf(previousSecretValidHours...)},
				MarkdownDescription: fmt.Sprintf("Number of hours that the older secrets keep working: 0, 1, 3, 6, 12 or 24. "+
					"0 blocks them at once, as a leaked secret requires. Defaults to %d.", defaultPreviousSecretValidHours),
			},
		},
	}
}

func (a *rotateWebhookSecretAction) Configure(
	_ context.Context, req action.ConfigureRequest, _ *action.ConfigureResponse,
) {
	a.data = providerDataOf(req.ProviderData)
}

func (a *rotateWebhookSecretAction) Invoke(
	ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse,
) {
	client, diags := a.data.api()
	resp.Diagnostics.Append(diags...)
	var config rotateWebhookSecretModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	id := config.WebhookID.ValueString()
	hours := int64(defaultPreviousSecretValidHours)
	if !config.PreviousSecretValidHours.IsNull() {
		hours = config.PreviousSecretValidHours.ValueInt64()
	}
	progress := func(format string, args ...any) {
		resp.SendProgress(action.InvokeProgressEvent{Message: fmt.Sprintf(format, args...)})
	}
	progress("Rotating the signing secret of %s ...", webhookName(id))
	rotation, diags := a.data.rotateSecret(ctx, client, id, hours)
	resp.Diagnostics.Append(diags...)
	if rotation == nil {
		return
	}
	progress("The new secret of %s has the ID %s.", webhookName(id), rotation.Secret.ID)
	switch {
	case hours == 0:
		progress("All older secrets are blocked.")
	case rotation.PreviousExpiresAt != nil:
		progress("The previous secret works until %s.", rotation.PreviousExpiresAt.UTC().Format(time.RFC3339))
	}
}
