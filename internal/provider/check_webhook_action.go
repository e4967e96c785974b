// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/catalog"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/delivery"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/endpointcheck"
)

var (
	_ action.Action              = (*checkWebhookAction)(nil)
	_ action.ActionWithConfigure = (*checkWebhookAction)(nil)
)

// checkWebhookAction checks the endpoint of a webhook.
type checkWebhookAction struct {
	data *providerData
}

type checkWebhookModel struct {
	WebhookID types.String `tfsdk:"webhook_id"`
	EventType types.String `tfsdk:"event_type"`
	Timeout   types.String `tfsdk:"timeout"`
}

func newCheckWebhookAction() action.Action { return &checkWebhookAction{} }

func (a *checkWebhookAction) Metadata(_ context.Context, _ action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = "digitalriver_check_webhook"
}

func (a *checkWebhookAction) Schema(_ context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Sends the endpoint of a webhook what Digital River would send, and fails if the endpoint " +
			"would not acknowledge it. The endpoint must accept a signed sample event, the same event again, an event " +
			"with two signatures, as during a rotation, and ten events at once. It should reject a broken signature, a " +
			"stale timestamp, and a body that was changed or encoded again: a warning says so if it does not. The requests " +
			"come from the machine that runs Terraform, and have the signing secret, basic authentication or OAuth token of " +
			"the webhook. The endpoint cannot know that the event is a sample: check an endpoint whose handler does no harm " +
			"with it.",
		Attributes: map[string]schema.Attribute{
			"webhook_id": schema.StringAttribute{
				Required:            true,
				Validators:          []validator.String{&nonEmptyValidator{}},
				MarkdownDescription: "ID of the webhook.",
			},
			"event_type": schema.StringAttribute{
				Optional:   true,
				Validators: []validator.String{&sampleTypeValidator{}},
				MarkdownDescription: "Event type of the sample, such as `order.accepted`. Defaults to the first in " +
					"alphabetical order that the webhook receives and that Digital River documents.",
			},
			"timeout": schema.StringAttribute{
				Optional:   true,
				Validators: []validator.String{&positiveDurationValidator{}},
				MarkdownDescription: "Time that the endpoint has for each response: a duration above zero, such as `1s`. " +
					"Defaults to `3s`, the time that Digital River waits; a longer time has no effect.",
			},
		},
	}
}

func (a *checkWebhookAction) Configure(
	_ context.Context, req action.ConfigureRequest, _ *action.ConfigureResponse,
) {
	a.data = providerDataOf(req.ProviderData)
}

func (a *checkWebhookAction) Invoke(ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse) {
	client, diags := a.data.api()
	resp.Diagnostics.Append(diags...)
	var config checkWebhookModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	webhook, diags := webhookByID(ctx, client, config.WebhookID.ValueString())
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	check, diags := config.check(ctx, client, webhook)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	progress := func(format string, args ...any) {
		resp.SendProgress(action.InvokeProgressEvent{Message: fmt.Sprintf(format, args...)})
	}
	progress("Checking the endpoint of %s ...", webhookName(webhook.ID))
	result, err := check.Run(ctx)
	if err != nil {
		resp.Diagnostics.AddError("Endpoint not checked",
			fmt.Sprintf("The check of %s was not completed: %s", webhookName(webhook.ID), sentence(err)))
		return
	}
	for _, request := range result.Requests {
		progress("%s: %s, %d ms of %d", capitalized(request.Name), request.Outcome(), request.DurationMS,
			check.Timeout.Milliseconds())
	}
	resp.Diagnostics.Append(checkDiagnostics(webhook, result)...)
}

// check returns the check of a webhook with what the API knows of it.
func (m *checkWebhookModel) check(
	ctx context.Context, client *digitalriver.Client, webhook *digitalriver.Webhook,
) (endpointcheck.Check, diag.Diagnostics) {
	check := endpointcheck.Check{
		Transport: endpointcheck.NewTransport(nil), EventType: m.EventType.ValueString(),
		Timeout: delivery.ResponseTimeout, Now: time.Now(),
	}
	if timeout, err := time.ParseDuration(m.Timeout.ValueString()); err == nil {
		check.Timeout = min(timeout, delivery.ResponseTimeout)
	}
	if m.EventType.IsNull() {
		check.EventType = sampleType(webhook.Types)
	}
	var err error
	if check.URL, err = url.Parse(webhook.Address); err != nil {
		return check, diag.Diagnostics{diag.NewErrorDiagnostic("Invalid address",
			fmt.Sprintf("The address of %s is not a valid URL. Correct it.", webhookName(webhook.ID)))}
	}
	secrets, err := client.ListSecrets(ctx, webhook.ID)
	if err != nil {
		return check, apiDiagnostics(webhookName(webhook.ID), err)
	}
	if len(secrets) > 0 {
		check.Secret = secrets[0].Secret
	}
	hidden := check.Secret == ""
	if basic := webhook.Authentication; basic != nil {
		check.UserName, check.Password = basic.UserName, basic.Password
		hidden = hidden || basic.Password == "" || isMasked(basic.Password)
	}
	if oauth := webhook.OAuth; oauth != nil {
		check.Grant = (*delivery.Grant)(oauth)
		hidden = hidden || oauth.ClientSecret == "" || isMasked(oauth.ClientSecret) ||
			oauth.UserName != "" && (oauth.Password == "" || isMasked(oauth.Password))
	}
	if hidden {
		return check, diag.Diagnostics{diag.NewErrorDiagnostic("Credentials are not available",
			fmt.Sprintf("The API does not show this key all credentials and the signing secret of %s, so the check cannot "+
				"send what Digital River would send. Use the command check-endpoint instead, which takes them from files:\n\n"+
				"    terraform-provider-digitalriver check-endpoint -h", webhookName(webhook.ID)))}
	}
	return check, nil
}

// sampleType returns the event type to check with: one that the webhook receives
// and that has a sample.
func sampleType(names []string) string {
	for _, name := range slices.Sorted(slices.Values(names)) {
		if _, known := catalog.Lookup(name); known {
			return name
		}
	}
	return "order.accepted"
}

// checkDiagnostics returns an error for an endpoint that would not acknowledge
// events, and a warning for anything else that the check found.
func checkDiagnostics(webhook *digitalriver.Webhook, result *endpointcheck.Result) diag.Diagnostics {
	var diags diag.Diagnostics
	if !result.Passed {
		diags.AddError("Endpoint would not acknowledge events",
			fmt.Sprintf("%s at %s:\n\n  * %s\n\nDigital River disables a webhook whose deliveries keep failing.",
				capitalized(webhookName(webhook.ID)), result.URL, strings.Join(result.Failures, "\n  * ")))
	}
	warnings := result.Warnings
	if !webhook.Enabled {
		warnings = append(warnings, "The webhook is disabled, so Digital River sends nothing to it.")
	}
	if len(warnings) > 0 {
		diags.AddWarning("Endpoint check found problems",
			fmt.Sprintf("%s at %s:\n\n  * %s", capitalized(webhookName(webhook.ID)), result.URL,
				strings.Join(warnings, "\n  * ")))
	}
	return diags
}

// sampleTypeValidator checks for an event type that has a sample.
type sampleTypeValidator struct{}

func (*sampleTypeValidator) Description(context.Context) string {
	return "a documented event type, such as order.accepted"
}

func (v *sampleTypeValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

func (v *sampleTypeValidator) ValidateString(
	ctx context.Context, req validator.StringRequest, resp *validator.StringResponse,
) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	name := req.ConfigValue.ValueString()
	if _, known := catalog.Lookup(name); known {
		return
	}
	suggestion := ""
	if nearest := catalog.Nearest(name, 3); len(nearest) > 0 {
		suggestion = " Did you mean " + strings.Join(nearest, ", ") + "?"
	}
	resp.Diagnostics.AddAttributeError(path.Root("event_type"), "Unknown event type",
		fmt.Sprintf("There is no sample for %q: event_type must be %s.%s", name, v.Description(ctx), suggestion))
}
