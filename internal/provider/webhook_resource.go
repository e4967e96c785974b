// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"slices"
	"sync"

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
	"github.com/digitalriver/terraform-provider-digitalriver/internal/redact"
)

var (
	_ resource.Resource                   = (*webhookResource)(nil)
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

func newWebhookResource(p *digitalRiver) resource.Resource { return &webhookResource{provider: p} }

func (r *webhookResource) Metadata(
	_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse,
) {
	resp.TypeName = webhookTypeName
}

func (r *webhookResource) IdentitySchema(
	_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse,
) {
	resp.IdentitySchema = identityschema.Schema{
		Attributes: map[string]identityschema.Attribute{
			"id": identityschema.StringAttribute{RequiredForImport: true, Description: "ID of the webhook."},
		},
	}
}

func (r *webhookResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = webhookSchema()
}

// webhookSchema is built once: the fast path asks for it with every request.
var webhookSchema = sync.OnceValue(func() schema.Schema {
	return schema.Schema{
		MarkdownDescription: "A webhook. Digital River sends events of its types to its address. Every change is made in " +
			"place.",
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{
				Computed:            true,
				PlanModifiers:       []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
				MarkdownDescription: "ID of the webhook.",
			},
			"address": schema.StringAttribute{
				Required:   true,
				Validators: []validator.String{&httpURLValidator{allowHTTP: true, example: "https://example.com/webhooks"}},
				MarkdownDescription: "URL of the endpoint that receives the events. Must be an absolute `https` or `http` URL " +
					"with a host. With `oauth`, `http` is accepted for loopback hosts only.",
			},
			"types": schema.ListAttribute{
				Required:    true,
				ElementType: types.StringType,
				Validators:  []validator.List{&eventTypesValidator{}},
				MarkdownDescription: "Event types to send, such as `order.accepted`. At least one, each listed once. The order " +
					"does not matter.",
			},
			"enabled": schema.BoolAttribute{
				Optional: true, Computed: true,
				Default:             booldefault.StaticBool(true),
				MarkdownDescription: "Whether events are sent. Defaults to `true`.",
			},
			"api_version": schema.StringAttribute{
				Optional: true, Computed: true,
				Default:    stringdefault.StaticString(apiVersionDefault),
				Validators: []validator.String{&apiVersionValidator{}},
				MarkdownDescription: "API version that determines the shape of the events. `default`, `latest` or a version of " +
					"the form `YYYY-MM-DD`. Defaults to `default`.",
			},
			"transport_type": schema.StringAttribute{
				Optional: true, Computed: true,
				Validators: []validator.String{&oneOfValidator{digitalriver.TransportHTTP, digitalriver.TransportOAuth}},
				MarkdownDescription: "How requests to the endpoint are authorized: `HTTP` (with or without basic " +
					"authentication) or `OAUTH` (a bearer token). Defaults to `OAUTH` if `oauth` is set, and to `HTTP` otherwise.",
			},
			"authentication": authenticationAttribute(),
			"oauth":          oauthAttribute(),
			"live_mode": schema.BoolAttribute{
				Computed:            true,
				PlanModifiers:       []planmodifier.Bool{boolplanmodifier.UseStateForUnknown()},
				MarkdownDescription: "Whether the webhook belongs to live mode (production). The API key determines the mode.",
			},
			"created_time": schema.StringAttribute{
				Computed:            true,
				PlanModifiers:       []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
				MarkdownDescription: "When the webhook was created, in RFC 3339 format.",
			},
			"updated_time": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "When the webhook was last changed, in RFC 3339 format.",
			},
		},
	}
})

func authenticationAttribute() schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		Optional:            true,
		MarkdownDescription: "Basic authentication at the endpoint. Only with `transport_type` `HTTP`.",
		Attributes: withCredential("password", "Password", map[string]schema.Attribute{
			"username": schema.StringAttribute{
				Required:            true,
				Validators:          []validator.String{&nonEmptyValidator{}},
				MarkdownDescription: "User name.",
			},
		}),
	}
}

func oauthAttribute() schema.SingleNestedAttribute {
	optional := func(description string) schema.StringAttribute {
		return schema.StringAttribute{
			Optional:            true,
			Validators:          []validator.String{&nonEmptyValidator{}},
			MarkdownDescription: description,
		}
	}
	attributes := map[string]schema.Attribute{
		"token_endpoint": schema.StringAttribute{
			Required:            true,
			Validators:          []validator.String{&httpURLValidator{example: "https://example.com/oauth/token"}},
			MarkdownDescription: "URL that issues the token. Must be an `https` URL; `http` is accepted for loopback hosts.",
		},
		"client_id": schema.StringAttribute{
			Required:            true,
			Validators:          []validator.String{&nonEmptyValidator{}},
			MarkdownDescription: "Client ID.",
		},
		"grant_type": schema.StringAttribute{
			Optional: true, Computed: true,
			Default: stringdefault.StaticString(digitalriver.GrantPassword),
			Validators: []validator.String{
				&oneOfValidator{digitalriver.GrantPassword, digitalriver.GrantClientCredentials},
			},
			MarkdownDescription: "OAuth grant: `password` or `client_credentials`. Defaults to `password`.",
		},
		"username": optional("User name. Only with grant type `password`."),
		"audience": optional("Audience to request the token for."),
	}
	withCredential("client_secret", "Client secret", attributes)
	withCredential("password", "Password, only with grant type `password`", attributes)
	return schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "How Digital River gets the bearer token that it sends to the endpoint. Required with " +
			"`transport_type` `OAUTH`, and only allowed then.",
		Attributes: attributes,
	}
}

// withCredential adds the attributes of a secret in its two forms: plain, and
// write-only with a version.
func withCredential(name, description string, attributes map[string]schema.Attribute) map[string]schema.Attribute {
	attributes[name] = schema.StringAttribute{
		Optional: true, Sensitive: true,
		Validators:          []validator.String{&nonEmptyValidator{}},
		MarkdownDescription: description + ". Stored in state; prefer the write-only form with Terraform 1.11 or later.",
	}
	attributes[name+"_wo"] = schema.StringAttribute{
		Optional: true, Sensitive: true, WriteOnly: true,
		Validators: []validator.String{&nonEmptyValidator{}},
		MarkdownDescription: description + ", never stored in state or plan. Requires `" + name +
			"_wo_version`, and replaces `" + name + "`.",
	}
	attributes[name+"_wo_version"] = schema.Int64Attribute{
		Optional:   true,
		Validators: []validator.Int64{int64validator.AtLeast(1)},
		MarkdownDescription: "Version of `" + name + "_wo`, at least 1. Terraform cannot compare a write-only value with " +
			"the last one, so it sends `" + name + "_wo` again when this number changes. After an import it is 1.",
	}
	return attributes
}

func (r *webhookResource) Configure(
	_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse,
) {
	r.data = providerDataOf(req.ProviderData)
}

func (r *webhookResource) ValidateConfig(
	ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse,
) {
	config, diags := webhookFrom(ctx, req.Config.Raw)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(config.validate()...)
	if r.provider.noPlanFollows {
		resp.Diagnostics.Append(config.warnings()...)
	}
}

func (r *webhookResource) ModifyPlan(
	ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse,
) {
	if req.Plan.Raw.IsNull() {
		state, diags := webhookFrom(ctx, req.State.Raw)
		resp.Diagnostics.Append(diags...)
		r.data.planned.addState(state.ID.ValueString())
		return
	}
	config, diags := webhookFrom(ctx, req.Config.Raw)
	resp.Diagnostics.Append(diags...)
	plan, diags := webhookFrom(ctx, req.Plan.Raw)
	resp.Diagnostics.Append(diags...)
	var state *webhookModel
	if !req.State.Raw.IsNull() {
		prior, diags := webhookFrom(ctx, req.State.Raw)
		resp.Diagnostics.Append(diags...)
		state = &prior
	}
	if resp.Diagnostics.HasError() {
		return
	}

	plan.TransportType = config.plannedTransport()
	if state != nil && r.data.sameButOrder(&plan, state) {
		resp.Plan.Raw = req.State.Raw
		resp.Diagnostics.Append(r.data.planWarnings(ctx, state, state)...)
		return
	}
	resp.Diagnostics.Append(plan.requireCredentials(state, config)...)
	resp.Plan.Raw, diags = plan.raw(ctx)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(r.data.planWarnings(ctx, &plan, state)...)
	if r.data.hasRefreshed(state) {
		repeated, diags := repeatedDeviations(ctx, req.Private, &plan, state)
		resp.Diagnostics.Append(diags...)
		resp.Diagnostics.Append(repeated.warnings(state.ID.ValueString(), planSendsAgain)...)
	}
}

// hasRefreshed reports whether this process has refreshed a webhook. Terraform
// plans an update again while it applies, in a process that has not.
func (d *providerData) hasRefreshed(state *webhookModel) bool {
	if d == nil || state == nil {
		return false
	}
	_, refreshed := d.refreshed.Load(state.ID.ValueString())
	return refreshed
}

// sameButOrder reports whether a plan has the settings of state, except perhaps
// for the order of types. Then nothing changes. If anything else does, the plan
// has the order of the configuration: Terraform plans an update again while it
// applies, when a type that is unknown now may complete the list of state, and
// what the first plan showed must stay. Only a run that has refreshed the webhook
// makes the first plan (D2).
func (d *providerData) sameButOrder(plan, state *webhookModel) bool {
	different := plan.differences(state)
	if len(different) == 0 {
		return true
	}
	if d == nil || len(different) > 1 || different[0].name != "types" || !sameElements(plan.Types, state.Types) {
		return false
	}
	return d.hasRefreshed(state)
}

func (r *webhookResource) Create(
	ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse,
) {
	client, diags := r.data.api()
	resp.Diagnostics.Append(diags...)
	plan, diags := webhookFrom(ctx, req.Plan.Raw)
	resp.Diagnostics.Append(diags...)
	config, diags := webhookFrom(ctx, req.Config.Raw)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	webhook, diags := r.data.createWebhook(ctx, client, plan.toWebhook(config))
	resp.Diagnostics.Append(diags...)
	if webhook == nil {
		return
	}
	response := plan.withResponse(webhook)
	created, found := response.keepPlan(&plan)
	resp.Diagnostics.Append(found.warnings(webhook.ID, nextPlanShows)...)
	resp.Diagnostics.Append(found.remember(ctx, resp.Private, &plan)...)
	resp.State.Raw, diags = created.raw(ctx)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, webhook.ID)...)
	resp.Diagnostics.Append(rememberVersion(ctx, resp.Private, plan, webhook)...)
}

func (r *webhookResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	state, diags := webhookFrom(ctx, req.State.Raw)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	id := state.ID.ValueString()
	// Without an identity the framework turns every response into an error, even
	// the one that the webhook is gone. State of Terraform before 1.12 has none.
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, id)...)
	importing := state.Address.IsNull()
	if r.data != nil {
		r.data.planned.addState(id)
	}
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
			fmt.Sprintf("The account and mode of this API key have no webhook with the ID %q, so it cannot be imported. "+
				"Check the ID, and check that the key belongs to the right account and mode.", id))
		return
	case digitalriver.IsNotFound(err):
		resp.Diagnostics.Append(r.data.checkSameMode(ctx, client, id, state.LiveMode)...)
		if !resp.Diagnostics.HasError() {
			resp.State.RemoveResource(ctx)
			resp.Diagnostics.Append(goneWarning(client, "Webhook not found: "+id, state.describe(),
				"It leaves state, and is created again if it is still configured. If it was not deleted outside Terraform, "+
					"do not apply"))
		}
		return
	case err != nil:
		resp.Diagnostics.Append(apiDiagnostics(webhookName(id), err)...)
		return
	}
	resp.Diagnostics.Append(r.data.checkWebhookMode(webhook)...)
	if resp.Diagnostics.HasError() {
		return
	}

	refreshed := state.withResponse(webhook)
	if alias := state.APIVersion.ValueString(); isVersionAlias(alias) {
		kept, diags := stillVersion(ctx, req.Private, alias, webhook.APIVersion)
		resp.Diagnostics.Append(diags...)
		refreshed.APIVersion = types.StringValue(webhook.APIVersion)
		if kept {
			refreshed.APIVersion = state.APIVersion
		}
	}
	if importing {
		resp.Diagnostics.Append(refreshed.importedCredentials()...)
	}
	r.data.refreshed.Store(id, true)
	if state.Enabled.ValueBool() && !webhook.Enabled {
		r.data.disabled.Store(id, true)
	}
	if !refreshed.equal(&state) {
		resp.State.Raw, diags = refreshed.raw(ctx)
		resp.Diagnostics.Append(diags...)
	}
}

func (r *webhookResource) Update(
	ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse,
) {
	client, diags := r.data.api()
	resp.Diagnostics.Append(diags...)
	plan, diags := webhookFrom(ctx, req.Plan.Raw)
	resp.Diagnostics.Append(diags...)
	state, diags := webhookFrom(ctx, req.State.Raw)
	resp.Diagnostics.Append(diags...)
	config, diags := webhookFrom(ctx, req.Config.Raw)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	id := state.ID.ValueString()
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, id)...)
	resp.Diagnostics.Append(r.data.guard(ctx, client)...)
	if resp.Diagnostics.HasError() {
		return
	}
	members := plan.changedMembers(&state)
	if len(members) == 0 { // Only the order of types changes, which the API does not know.
		plan.UpdatedTime = state.UpdatedTime
		resp.State.Raw, diags = plan.raw(ctx)
		resp.Diagnostics.Append(diags...)
		return
	}
	webhook, err := client.UpdateWebhook(ctx, id, plan.toWebhook(config), members...)
	if digitalriver.IsNotFound(err) {
		resp.Diagnostics.Append(r.data.checkSameMode(ctx, client, id, state.LiveMode)...)
	}
	if err != nil {
		if !resp.Diagnostics.HasError() {
			resp.Diagnostics.Append(apiDiagnostics(webhookName(id), err)...)
		}
		return
	}
	updated := plan.withResponse(webhook)
	resp.Diagnostics.Append(rememberVersion(ctx, resp.Private, plan, webhook)...)
	// Somebody else can only have changed what this update did not send.
	different := slices.DeleteFunc(updated.differences(&plan), func(field webhookField) bool {
		return slices.Contains(members, field.member) || field.isAlias(plan.get(field), updated.get(field))
	})
	var found deviations
	if len(different) == 0 {
		updated, found = updated.keepPlan(&plan)
		resp.Diagnostics.Append(found.warnings(id, nextPlanShows)...)
	}
	resp.Diagnostics.Append(found.remember(ctx, resp.Private, &plan)...)
	resp.State.Raw, diags = updated.raw(ctx)
	resp.Diagnostics.Append(diags...)
	if len(different) > 0 {
		resp.Diagnostics.AddError("Webhook was changed outside Terraform",
			fmt.Sprintf("The update succeeded, but the response shows that %s was also changed after the plan was made: %s. "+
				"State now holds the values of the API. Plan again to see the difference, and apply to correct it.",
				webhookName(id), quotedList(different.names(), "and")))
	}
}

func (r *webhookResource) Delete(
	ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse,
) {
	client, diags := r.data.api()
	resp.Diagnostics.Append(diags...)
	state, diags := webhookFrom(ctx, req.State.Raw)
	resp.Diagnostics.Append(diags...)
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
		if !resp.Diagnostics.HasError() && !digitalriver.MayHaveSucceeded(err) {
			resp.Diagnostics.Append(goneWarning(client, "Webhook not found: "+id, state.describe(),
				"Nothing was deleted, and it leaves state. If it was not deleted before, it still exists"))
		}
	case err != nil:
		resp.Diagnostics.Append(apiDiagnostics(webhookName(id), err)...)
	}
}

func (r *webhookResource) ImportState(
	ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse,
) {
	importID(ctx, path.Root("id"), req, resp)
}

// importID copies the webhook ID of an import, given as such or as an identity,
// to an attribute.
func importID(
	ctx context.Context, attribute path.Path, req resource.ImportStateRequest, resp *resource.ImportStateResponse,
) {
	resource.ImportStatePassthroughWithIdentity(ctx, attribute, path.Root("id"), req, resp)
	var id types.String
	resp.Diagnostics.Append(resp.State.GetAttribute(ctx, attribute, &id)...)
	if !resp.Diagnostics.HasError() && id.ValueString() == "" {
		resp.Diagnostics.AddError("Empty import ID",
			"The import ID must be the ID of a webhook, such as \"177ef997-db7f-42f5-a28d-b0a1ee1267e9\"; it is empty.")
	}
}

func webhookName(id string) string { return fmt.Sprintf("webhook %q", id) }

// describe names an existing webhook and its endpoint.
func (m *webhookModel) describe() string {
	return webhookName(m.ID.ValueString()) + " for " + redact.URL(m.Address.ValueString())
}

type identitySetter interface {
	SetAttribute(ctx context.Context, path path.Path, val any) diag.Diagnostics
}

func setIdentity(ctx context.Context, identity identitySetter, id string) diag.Diagnostics {
	return identity.SetAttribute(ctx, path.Root("id"), id)
}

// These versions stay in state although the API may return the date that they
// stand for. Private state remembers what it returned, so that a webhook set to
// another version shows as a difference.
const (
	apiVersionDefault = "default"
	apiVersionLatest  = "latest"
	apiVersionKey     = "latest_api_version" // in private state
)

func rememberVersion(
	ctx context.Context, private privateState, plan webhookModel, webhook *digitalriver.Webhook,
) diag.Diagnostics {
	if !isVersionAlias(plan.APIVersion.ValueString()) {
		return nil
	}
	return setPrivateText(ctx, private, apiVersionKey, webhook.APIVersion)
}

// stillVersion reports whether the version that the API returns is still the one
// that it chose for `default` or `latest`. For `latest`, a newer one is too.
func stillVersion(ctx context.Context, private privateState, alias, returned string) (bool, diag.Diagnostics) {
	if returned == alias {
		return true, nil
	}
	remembered, diags := privateText(ctx, private, apiVersionKey)
	switch {
	case !isDate(returned):
		return false, diags
	case alias == apiVersionLatest && remembered != apiVersionLatest:
		return !isDate(remembered) || returned >= remembered, diags
	default: // Without a date from the create, a date is a change.
		return returned == remembered, diags
	}
}
