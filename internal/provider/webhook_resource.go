package provider

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/boolplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
)

var (
	_ resource.ResourceWithConfigure      = (*webhookResource)(nil)
	_ resource.ResourceWithIdentity       = (*webhookResource)(nil)
	_ resource.ResourceWithImportState    = (*webhookResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*webhookResource)(nil)
	_ resource.ResourceWithValidateConfig = (*webhookResource)(nil)
)

const webhookTypeName = "digitalriver_webhook"

type webhookResource struct {
	provider *digitalRiver
	data     *providerData
}

func (r *webhookResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = webhookTypeName
}

func (r *webhookResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{
		Attributes: map[string]identityschema.Attribute{
			"id": identityschema.StringAttribute{RequiredForImport: true, Description: "Id of the webhook."},
		},
	}
}

func (r *webhookResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	notEmpty := []validator.String{nonEmpty{}}
	keep := []planmodifier.String{stringplanmodifier.UseStateForUnknown()}
	version := func(of string) schema.Int64Attribute {
		return schema.Int64Attribute{
			Optional:   true,
			Validators: []validator.Int64{int64validator.AtLeast(1)},
			MarkdownDescription: "Version of `" + of + "`, at least 1. Terraform cannot compare a write-only value with the last one, so it sends `" +
				of + "` again when this number changes. After an import it is 1.",
		}
	}
	secret := func(what string) schema.StringAttribute {
		return schema.StringAttribute{
			Optional: true, Sensitive: true,
			Validators:          notEmpty,
			MarkdownDescription: what + ". It is kept in state; prefer the write-only form with Terraform 1.11 or newer.",
		}
	}
	writeOnly := func(what, of string) schema.StringAttribute {
		return schema.StringAttribute{
			Optional: true, Sensitive: true, WriteOnly: true,
			Validators:          notEmpty,
			MarkdownDescription: what + ", never kept in state or plan. Goes with `" + of + "_wo_version`, instead of `" + of + "`.",
		}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "A webhook: Digital River sends the events of its types to its address. Every change is made in place.",
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{Computed: true, PlanModifiers: keep, MarkdownDescription: "Id of the webhook."},
			"address": schema.StringAttribute{
				Required:            true,
				Validators:          []validator.String{httpURL{plain: true}},
				MarkdownDescription: "URL of the endpoint that events are sent to. Must be an absolute `https` or `http` URL with a host.",
			},
			"types": schema.ListAttribute{
				Required:            true,
				ElementType:         types.StringType,
				Validators:          []validator.List{eventTypes{}},
				MarkdownDescription: "Event types that are sent, such as `order.accepted`; at least one, each once. Their order means nothing.",
			},
			"enabled": schema.BoolAttribute{
				Optional: true, Computed: true,
				Default:             booldefault.StaticBool(true),
				MarkdownDescription: "Whether events are sent; `true` by default.",
			},
			"api_version": schema.StringAttribute{
				Optional: true, Computed: true,
				Default:             stringdefault.StaticString(apiVersionDefault),
				Validators:          []validator.String{apiVersion{}},
				MarkdownDescription: "API version that events are shaped by: `default` (the default), `latest` or a version of the form `YYYY-MM-DD`.",
			},
			"transport_type": schema.StringAttribute{
				Optional: true, Computed: true,
				Validators: []validator.String{oneOf{digitalriver.TransportHTTP, digitalriver.TransportOAuth}},
				MarkdownDescription: "How events are authorized at the endpoint: `HTTP` (with or without basic authentication) or `OAUTH` (a bearer token). " +
					"When absent, `OAUTH` if `oauth` is given, else `HTTP`.",
			},
			"authentication": schema.SingleNestedAttribute{
				Optional:            true,
				MarkdownDescription: "Basic authentication towards the endpoint. Only with `transport_type` `HTTP`.",
				Attributes: map[string]schema.Attribute{
					"username":            schema.StringAttribute{Required: true, Validators: notEmpty, MarkdownDescription: "User name."},
					"password":            secret("Password"),
					"password_wo":         writeOnly("Password", "password"),
					"password_wo_version": version("password_wo"),
				},
			},
			"oauth": schema.SingleNestedAttribute{
				Optional:            true,
				MarkdownDescription: "How Digital River fetches the bearer token that it sends to the endpoint. Required with `transport_type` `OAUTH`, and only accepted there.",
				Attributes: map[string]schema.Attribute{
					"token_endpoint": schema.StringAttribute{
						Required:            true,
						Validators:          []validator.String{httpURL{}},
						MarkdownDescription: "URL that issues the token. Must be `https`; `http` is accepted for loopback hosts.",
					},
					"client_id":                schema.StringAttribute{Required: true, Validators: notEmpty, MarkdownDescription: "Client id."},
					"client_secret":            secret("Client secret"),
					"client_secret_wo":         writeOnly("Client secret", "client_secret"),
					"client_secret_wo_version": version("client_secret_wo"),
					"grant_type": schema.StringAttribute{
						Optional: true, Computed: true,
						Default:             stringdefault.StaticString(digitalriver.GrantPassword),
						Validators:          []validator.String{oneOf{digitalriver.GrantPassword, digitalriver.GrantClientCredentials}},
						MarkdownDescription: "OAuth grant: `password` (the default) or `client_credentials`.",
					},
					"username":            schema.StringAttribute{Optional: true, Validators: notEmpty, MarkdownDescription: "User name. Only with grant type `password`."},
					"password":            secret("Password, only with grant type `password`"),
					"password_wo":         writeOnly("Password, only with grant type `password`", "password"),
					"password_wo_version": version("password_wo"),
					"audience":            schema.StringAttribute{Optional: true, Validators: notEmpty, MarkdownDescription: "Audience that the token is asked for."},
				},
			},
			"live_mode": schema.BoolAttribute{
				Computed:            true,
				PlanModifiers:       []planmodifier.Bool{boolplanmodifier.UseStateForUnknown()},
				MarkdownDescription: "Whether the webhook is one of live mode (production); the API key decides.",
			},
			"created_time": schema.StringAttribute{Computed: true, PlanModifiers: keep, MarkdownDescription: "When the webhook was created, as RFC 3339."},
			"updated_time": schema.StringAttribute{Computed: true, MarkdownDescription: "When the webhook was last changed, as RFC 3339."},
		},
	}
}

func (r *webhookResource) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	r.data = providerDataOf(req.ProviderData)
}

func (r *webhookResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	config := webhookFrom(ctx, req.Config.Raw, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	config.validate(&resp.Diagnostics)
	if r.provider.warnOffline {
		config.warnOffline(&resp.Diagnostics)
	}
}

func (r *webhookResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		return
	}
	config := webhookFrom(ctx, req.Config.Raw, &resp.Diagnostics)
	plan := webhookFrom(ctx, req.Plan.Raw, &resp.Diagnostics)
	var state *webhookModel
	if !req.State.Raw.IsNull() {
		prior := webhookFrom(ctx, req.State.Raw, &resp.Diagnostics)
		state = &prior
	}
	if resp.Diagnostics.HasError() {
		return
	}

	plan.TransportType = config.plannedTransport()
	if state != nil {
		if sameTypes(plan.Types, state.Types) {
			plan.Types = state.Types
		}
		if plan.settingsEqual(state) {
			resp.Plan.Raw = req.State.Raw
			r.data.warn(ctx, &plan, state, &resp.Diagnostics)
			return
		}
	}
	if state == nil || !plan.Authentication.Equal(state.Authentication) {
		plan.requireAuthentication(config, &resp.Diagnostics)
	}
	if state == nil || !plan.OAuth.Equal(state.OAuth) {
		plan.requireOAuth(config, &resp.Diagnostics)
	}
	resp.Plan.Raw = plan.raw(ctx, &resp.Diagnostics)
	if !resp.Diagnostics.HasError() {
		r.data.warn(ctx, &plan, state, &resp.Diagnostics)
	}
}

func (r *webhookResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	client, diags := r.data.api()
	resp.Diagnostics.Append(diags...)
	plan := webhookFrom(ctx, req.Plan.Raw, &resp.Diagnostics)
	config := webhookFrom(ctx, req.Config.Raw, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	webhook, diags := r.data.create(ctx, client, plan.newWebhook(config))
	resp.Diagnostics.Append(diags...)
	if webhook == nil {
		return
	}
	resp.State.Raw = plan.withAnswer(webhook).raw(ctx, &resp.Diagnostics)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, webhook.ID)...)
	resp.Diagnostics.Append(rememberLatest(ctx, resp.Private, plan, webhook)...)
}

func (r *webhookResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	state := webhookFrom(ctx, req.State.Raw, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	id := state.ID.ValueString()
	// Without an identity the framework turns every answer into an error, also
	// that the webhook is gone. State of Terraform before 1.12 holds none.
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, id)...)
	importing := state.Address.IsNull()
	if r.data.deferred() && !importing {
		return
	}
	client, diags := r.data.api()
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}

	webhook, err := client.GetWebhook(ctx, id)
	switch {
	case digitalriver.IsNotFound(err) && importing:
		resp.Diagnostics.AddError("Webhook not found",
			fmt.Sprintf("There is no webhook with the id %q in the account and mode of this API key, so it cannot be imported. "+
				"Check the id, and that the key is of the right account and mode.", id))
		return
	case digitalriver.IsNotFound(err):
		resp.Diagnostics.Append(r.data.checkGone(ctx, client, id, state.LiveMode)...)
		if !resp.Diagnostics.HasError() {
			resp.State.RemoveResource(ctx)
		}
		return
	case err != nil:
		addAPIError(&resp.Diagnostics, webhookName(id), err)
		return
	}
	resp.Diagnostics.Append(r.data.checkMode(webhook.LiveMode)...)
	if resp.Diagnostics.HasError() {
		return
	}

	refreshed := state.withAnswer(webhook)
	if state.APIVersion.ValueString() == apiVersionLatest {
		latest, diags := stillLatest(ctx, req.Private, webhook.APIVersion)
		resp.Diagnostics.Append(diags...)
		if !latest {
			refreshed.APIVersion = types.StringValue(webhook.APIVersion)
		}
	}
	r.data.refreshed.Store(id, true)
	if state.Enabled.ValueBool() && !webhook.Enabled {
		warnDisabled(&resp.Diagnostics, webhook)
	}
	if !refreshed.equal(&state) {
		resp.State.Raw = refreshed.raw(ctx, &resp.Diagnostics)
	}
}

func (r *webhookResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	client, diags := r.data.api()
	resp.Diagnostics.Append(diags...)
	plan := webhookFrom(ctx, req.Plan.Raw, &resp.Diagnostics)
	state := webhookFrom(ctx, req.State.Raw, &resp.Diagnostics)
	config := webhookFrom(ctx, req.Config.Raw, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	id := state.ID.ValueString()
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, id)...)
	resp.Diagnostics.Append(r.data.guard(ctx, client)...)
	if resp.Diagnostics.HasError() {
		return
	}
	webhook, err := client.UpdateWebhook(ctx, id, plan.patch(state, config))
	if digitalriver.IsNotFound(err) {
		resp.Diagnostics.Append(r.data.checkSameMode(ctx, client, id, state.LiveMode)...)
	}
	if err != nil {
		if !resp.Diagnostics.HasError() {
			addAPIError(&resp.Diagnostics, webhookName(id), err)
		}
		return
	}
	updated := plan.withAnswer(webhook)
	resp.State.Raw = updated.raw(ctx, &resp.Diagnostics)
	resp.Diagnostics.Append(rememberLatest(ctx, resp.Private, plan, webhook)...)
	if different := updated.differences(&plan); len(different) > 0 {
		resp.Diagnostics.AddError("Webhook was changed by somebody else",
			fmt.Sprintf("The change was made, but the API shows that %s was also changed after the plan, in %s. State holds what the API shows now. "+
				"Plan again to see the difference, and apply to put it right.", webhookName(id), quotedList(different, "and")))
	}
}

func (r *webhookResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	client, diags := r.data.api()
	resp.Diagnostics.Append(diags...)
	state := webhookFrom(ctx, req.State.Raw, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(r.data.guard(ctx, client)...)
	if resp.Diagnostics.HasError() {
		return
	}
	id := state.ID.ValueString()
	err := client.DeleteWebhook(ctx, id)
	switch {
	case digitalriver.IsNotFound(err):
		resp.Diagnostics.Append(r.data.checkSameMode(ctx, client, id, state.LiveMode)...)
	case err != nil:
		addAPIError(&resp.Diagnostics, webhookName(id), err)
	}
}

func (r *webhookResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	importID(ctx, path.Root("id"), req, resp)
}

// importID takes the webhook id of an import, by id or by identity, into the
// attribute that holds it.
func importID(ctx context.Context, attribute path.Path, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughWithIdentity(ctx, attribute, path.Root("id"), req, resp)
	var id types.String
	resp.Diagnostics.Append(resp.State.GetAttribute(ctx, attribute, &id)...)
	if !resp.Diagnostics.HasError() && id.ValueString() == "" {
		resp.Diagnostics.AddError("Empty import id", "The import id must be the id of a webhook, such as \"177ef997-db7f-42f5-a28d-b0a1ee1267e9\"; it is empty.")
	}
}

func webhookName(id string) string { return fmt.Sprintf("webhook %q", id) }

type identitySetter interface {
	SetAttribute(ctx context.Context, path path.Path, val any) diag.Diagnostics
}

func setIdentity(ctx context.Context, identity identitySetter, id string) diag.Diagnostics {
	return identity.SetAttribute(ctx, path.Root("id"), id)
}

// apiVersionLatest is kept in state although the API may answer with the date
// that it stands for (decided). What it answered is remembered in private
// state, so that a webhook set back to an older version shows as a difference.
const (
	apiVersionDefault = "default"
	apiVersionLatest  = "latest"
	latestKey         = "latest_api_version"
)

type privateState interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

func rememberLatest(ctx context.Context, private privateState, plan webhookModel, webhook *digitalriver.Webhook) diag.Diagnostics {
	if plan.APIVersion.ValueString() != apiVersionLatest {
		return nil
	}
	answered, _ := json.Marshal(webhook.APIVersion)
	return private.SetKey(ctx, latestKey, answered)
}

// stillLatest tells whether what the API answers is still what it made of
// `latest`, or something newer.
func stillLatest(ctx context.Context, private privateState, answered string) (bool, diag.Diagnostics) {
	if answered == apiVersionLatest {
		return true, nil
	}
	raw, diags := private.GetKey(ctx, latestKey)
	var remembered string
	_ = json.Unmarshal(raw, &remembered)
	return isDate(answered) && (!isDate(remembered) || answered >= remembered), diags
}
