// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/resourcevalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
)

var (
	_ resource.Resource                     = (*webhookSecretRotationResource)(nil)
	_ resource.ResourceWithConfigure        = (*webhookSecretRotationResource)(nil)
	_ resource.ResourceWithConfigValidators = (*webhookSecretRotationResource)(nil)
	_ resource.ResourceWithIdentity         = (*webhookSecretRotationResource)(nil)
	_ resource.ResourceWithImportState      = (*webhookSecretRotationResource)(nil)
	_ resource.ResourceWithModifyPlan       = (*webhookSecretRotationResource)(nil)
)

const webhookSecretRotationTypeName = "digitalriver_webhook_secret_rotation"

type webhookSecretRotationResource struct {
	data *providerData
}

func newWebhookSecretRotationResource() resource.Resource { return &webhookSecretRotationResource{} }

const (
	// maxRotationDays keeps periods within the range of a time.Duration.
	maxRotationDays = 36500

	// Defaults, which an import takes over too.
	defaultRotateOnCreate           = true
	defaultPreviousSecretValidHours = 12
	defaultExposeSecret             = false
)

// previousSecretValidHours are the choices of Digital River's dashboard.
var previousSecretValidHours = []int64{0, 1, 3, 6, 12, 24}

type webhookSecretRotationModel struct {
	WebhookID                types.String `tfsdk:"webhook_id"`
	RotationMinutes          types.Int64  `tfsdk:"rotation_minutes"`
	RotationHours            types.Int64  `tfsdk:"rotation_hours"`
	RotationDays             types.Int64  `tfsdk:"rotation_days"`
	Triggers                 types.Map    `tfsdk:"triggers"`
	RotateOnCreate           types.Bool   `tfsdk:"rotate_on_create"`
	PreviousSecretValidHours types.Int64  `tfsdk:"previous_secret_valid_hours"`
	ExposeSecret             types.Bool   `tfsdk:"expose_secret"`
	Secret                   types.String `tfsdk:"secret"`
	SecretID                 types.String `tfsdk:"secret_id"`
	SecretSHA256             types.String `tfsdk:"secret_sha256"`
	RotatedAt                types.String `tfsdk:"rotated_at"`
	NextRotationAt           types.String `tfsdk:"next_rotation_at"`
	PreviousSecretExpiresAt  types.String `tfsdk:"previous_secret_expires_at"`
}

func (r *webhookSecretRotationResource) Metadata(
	_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse,
) {
	resp.TypeName = webhookSecretRotationTypeName
}

func (r *webhookSecretRotationResource) IdentitySchema(
	_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse,
) {
	resp.IdentitySchema = identityschema.Schema{
		Attributes: map[string]identityschema.Attribute{
			"id": identityschema.StringAttribute{
				RequiredForImport: true,
				Description:       "ID of the webhook whose secret is rotated.",
			},
		},
	}
}

func (r *webhookSecretRotationResource) Schema(
	_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse,
) {
	computed := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	period := func(unit string, perDay int64) schema.Int64Attribute {
		return schema.Int64Attribute{
			Optional:   true,
			Validators: []validator.Int64{int64validator.Between(1, maxRotationDays*perDay)},
			MarkdownDescription: fmt.Sprintf("Rotate when the newest secret is this many %s old, from 1 to %d. Set at most "+
				"one of `rotation_minutes`, `rotation_hours` and `rotation_days`. Without a period, only `triggers` rotate.",
				unit, maxRotationDays*perDay),
		}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Rotates the signing secret of a webhook, on a schedule or when `triggers` change. The " +
			"older secrets keep working for `previous_secret_valid_hours`, so that no event is rejected in the meantime. A " +
			"rotation shows in the plan as an update in place. Destroying this resource sends nothing: the secret stays " +
			"with its webhook.",
		Attributes: map[string]schema.Attribute{
			"webhook_id": schema.StringAttribute{
				Required:            true,
				Validators:          []validator.String{&nonEmptyValidator{}},
				PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
				MarkdownDescription: "ID of the webhook.",
			},
			"rotation_minutes": period("minutes", 24*60),
			"rotation_hours":   period("hours", 24),
			"rotation_days":    period("days", 1),
			"triggers": schema.MapAttribute{
				Optional: true, ElementType: types.StringType,
				MarkdownDescription: "Arbitrary values. When one of them changes, the secret is rotated.",
			},
			"rotate_on_create": schema.BoolAttribute{
				Optional: true, Computed: true,
				Default: booldefault.StaticBool(defaultRotateOnCreate),
				MarkdownDescription: "Whether creating this resource rotates the secret at once. If `false`, it takes over the " +
					"newest secret as it is. Defaults to `true`. It matters only when the resource is created.",
			},
			"previous_secret_valid_hours": schema.Int64Attribute{
				Optional: true, Computed: true,
				Default:    int64default.StaticInt64(defaultPreviousSecretValidHours),
				Validators: []validator.Int64{int64validator.OneOf(previousSecretValidHours...)},
				MarkdownDescription: "Number of hours that the older secrets keep working after a rotation: 0, 1, 3, 6, 12 or " +
					"24. 0 blocks them at once. A change takes effect with the next rotation. Defaults to 12.",
			},
			"expose_secret": schema.BoolAttribute{
				Optional: true, Computed: true,
				Default: booldefault.StaticBool(defaultExposeSecret),
				MarkdownDescription: "Whether `secret`, and therefore state, holds the newest secret. Defaults to `false`. " +
					"With Terraform 1.10 or later, use the ephemeral resource `digitalriver_webhook_secret` instead.",
			},
			"secret": schema.StringAttribute{
				Computed: true, Sensitive: true,
				MarkdownDescription: "The newest secret. Null unless `expose_secret` is `true`.",
			},
			"secret_id":        computed("ID of the newest secret."),
			"secret_sha256":    computed("SHA-256 hash of the newest secret, in hexadecimal."),
			"rotated_at":       computed("When the newest secret was created, in RFC 3339 format."),
			"next_rotation_at": computed("When the next rotation is due, in RFC 3339 format. Null without a period."),
			"previous_secret_expires_at": computed("When the second newest secret stops working, in RFC 3339 format. Null " +
				"if there is none, or if it does not expire."),
		},
	}
}

func (r *webhookSecretRotationResource) ConfigValidators(context.Context) []resource.ConfigValidator {
	return []resource.ConfigValidator{
		resourcevalidator.Conflicting(
			path.MatchRoot("rotation_minutes"), path.MatchRoot("rotation_hours"), path.MatchRoot("rotation_days"),
		),
	}
}

func (r *webhookSecretRotationResource) Configure(
	_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse,
) {
	r.data = providerDataOf(req.ProviderData)
}

// Keys of the rotation's private state. A plan uses private state instead of the
// clock or the API: Terraform plans again while it applies, and both plans must
// agree (D6).
const (
	// refreshedAtKey holds when the rotation was last refreshed. What was due by
	// then is due in the plan.
	refreshedAtKey = "refreshed_at"
	// importedKey holds the life of an import (D7), one of the values below.
	importedKey = "imported"
	// modeKey holds whether the webhook belongs to live mode, which its secrets do
	// not show.
	modeKey = "live_mode"
)

// Values of importedKey.
const (
	importedInThisRun = "in this run" // from the import to the next refresh
	importUnfinished  = "unfinished"  // from an update that failed to one that succeeds
	importFinished    = "finished"
)

func (r *webhookSecretRotationResource) ModifyPlan(
	ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse,
) {
	if req.Plan.Raw.IsNull() {
		return
	}
	var plan, state webhookSecretRotationModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if req.State.Raw.IsNull() {
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("secret"), plan.plannedSecret())...)
		return
	}
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	refreshedAt, diags := privateText(ctx, req.Private, refreshedAtKey)
	resp.Diagnostics.Append(diags...)
	imported, diags := privateText(ctx, req.Private, importedKey)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() || !plan.WebhookID.Equal(state.WebhookID) {
		return
	}

	next := plan.nextRotation(state.RotatedAt)
	if plan.rotates(&state, next, refreshedAt, imported) {
		plan.SecretID, plan.SecretSHA256 = types.StringUnknown(), types.StringUnknown()
		plan.RotatedAt, plan.NextRotationAt = types.StringUnknown(), types.StringUnknown()
		plan.PreviousSecretExpiresAt = types.StringUnknown()
		plan.Secret = plan.plannedSecret()
	} else {
		plan.SecretID, plan.SecretSHA256 = state.SecretID, state.SecretSHA256
		plan.RotatedAt, plan.NextRotationAt = state.RotatedAt, next
		plan.PreviousSecretExpiresAt = state.PreviousSecretExpiresAt
		plan.Secret = state.Secret
		if !plan.ExposeSecret.Equal(state.ExposeSecret) {
			plan.Secret = plan.plannedSecret()
		}
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
}

// rotates reports whether a plan rotates the secret, or may do so once its period
// is known. The run of an import never rotates (D7).
func (m *webhookSecretRotationModel) rotates(
	state *webhookSecretRotationModel, next types.String, refreshedAt, imported string,
) bool {
	adoptsTriggers := state.Triggers.IsNull() && (imported == importedInThisRun || imported == importUnfinished)
	switch {
	case !m.Triggers.Equal(state.Triggers) && !adoptsTriggers:
		return true
	case imported == importedInThisRun:
		return false
	default:
		return next.IsUnknown() || m.isDue(next, refreshedAt)
	}
}

// isDue reports whether a rotation was due at the last refresh.
func (m *webhookSecretRotationModel) isDue(next types.String, refreshedAt string) bool {
	at, err := time.Parse(time.RFC3339, next.ValueString())
	refreshed, refreshErr := time.Parse(time.RFC3339, refreshedAt)
	return err == nil && refreshErr == nil && !refreshed.Before(at.Add(-m.tolerance()))
}

// tolerance returns how much earlier than its period a rotation is due: a run
// that starts at the same time every day must not find the secret a second too
// young (D6).
func (m *webhookSecretRotationModel) tolerance() time.Duration { return min(m.period()/24, time.Hour) }

// plannedSecret returns the secret in the plan of a rotation.
func (m *webhookSecretRotationModel) plannedSecret() types.String {
	if m.ExposeSecret.IsUnknown() || m.ExposeSecret.ValueBool() {
		return types.StringUnknown()
	}
	return types.StringNull()
}

func (r *webhookSecretRotationResource) Create(
	ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse,
) {
	client, diags := r.data.api()
	resp.Diagnostics.Append(diags...)
	var plan webhookSecretRotationModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, plan.WebhookID.ValueString())...)
	if plan.RotateOnCreate.ValueBool() {
		resp.Diagnostics.Append(r.rotate(ctx, client, &plan)...)
	} else {
		resp.Diagnostics.Append(plan.adopt(ctx, client)...)
	}
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
		resp.Diagnostics.Append(r.rememberMode(ctx, client, resp.Private)...)
	}
}

func (r *webhookSecretRotationResource) Read(
	ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse,
) {
	var state webhookSecretRotationModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	id := state.WebhookID.ValueString()
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, id)...)
	importing := state.SecretID.IsNull()
	if r.data.deferred() && !importing {
		return
	}
	client, diags := r.data.api()
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}

	secrets, err := client.ListSecrets(ctx, id)
	var unavailable *digitalriver.SecretsUnavailableError
	switch {
	case errors.As(err, &unavailable) && !importing:
		resp.Diagnostics.AddWarning(secretsUnavailableText(unavailable))
		// Nothing is due that the API does not offer.
		resp.Diagnostics.Append(setPrivateText(ctx, resp.Private, refreshedAtKey, "")...)
		return
	case digitalriver.IsNotFound(err) && importing:
		resp.Diagnostics.AddError("Webhook not found",
			fmt.Sprintf("The account and mode of this API key have no webhook with the ID %q, so the rotation of its secret "+
				"cannot be imported. Check the ID, and check that the key belongs to the right account and mode.", id))
		return
	case digitalriver.IsNotFound(err):
		resp.Diagnostics.Append(r.checkSameMode(ctx, client, id, req.Private)...)
		if !resp.Diagnostics.HasError() {
			resp.State.RemoveResource(ctx)
			resp.Diagnostics.Append(goneWarning(client, "Webhook of a rotation not found: "+id, webhookName(id),
				"Its rotation leaves state, and is created again if it is still configured. If the webhook was not deleted "+
					"outside Terraform, do not apply"))
		}
		return
	case err != nil:
		resp.Diagnostics.Append(apiDiagnostics(webhookName(id), err)...)
		return
	}
	if importing {
		state.setDefaults()
	}
	resp.Diagnostics.Append(refreshImported(ctx, resp.Private, importing)...)
	resp.Diagnostics.Append(state.refresh(secrets)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
	refreshedAt := client.Now().UTC().Format(time.RFC3339)
	resp.Diagnostics.Append(setPrivateText(ctx, resp.Private, refreshedAtKey, refreshedAt)...)
	if mode, diags := req.Private.GetKey(ctx, modeKey); mode == nil && !diags.HasError() {
		resp.Diagnostics.Append(r.rememberMode(ctx, client, resp.Private)...)
	}
}

func (r *webhookSecretRotationResource) Update(
	ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse,
) {
	client, diags := r.data.api()
	resp.Diagnostics.Append(diags...)
	var plan webhookSecretRotationModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, plan.WebhookID.ValueString())...)
	imported, diags := privateText(ctx, req.Private, importedKey)
	resp.Diagnostics.Append(diags...)
	if imported == importedInThisRun {
		resp.Diagnostics.Append(setPrivateText(ctx, resp.Private, importedKey, importUnfinished)...)
	}
	switch {
	case plan.SecretID.IsUnknown():
		resp.Diagnostics.Append(r.rotate(ctx, client, &plan)...)
	case plan.Secret.IsUnknown():
		resp.Diagnostics.Append(plan.reveal(ctx, client)...)
	}
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(setPrivateText(ctx, resp.Private, importedKey, importFinished)...)
		resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	}
}

// Delete sends nothing: a webhook always has a secret.
func (r *webhookSecretRotationResource) Delete(
	context.Context, resource.DeleteRequest, *resource.DeleteResponse,
) {
}

func (r *webhookSecretRotationResource) ImportState(
	ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse,
) {
	importID(ctx, path.Root("webhook_id"), req, resp)
}

// refreshImported moves the life of an import on (D7).
func refreshImported(ctx context.Context, private privateState, importing bool) diag.Diagnostics {
	if importing {
		return setPrivateText(ctx, private, importedKey, importedInThisRun)
	}
	imported, diags := privateText(ctx, private, importedKey)
	if imported == importedInThisRun {
		diags.Append(setPrivateText(ctx, private, importedKey, importFinished)...)
	}
	return diags
}

// rememberMode records the mode of the key, which has just seen the webhook.
func (r *webhookSecretRotationResource) rememberMode(
	ctx context.Context, client *digitalriver.Client, private privateState,
) diag.Diagnostics {
	live, known, _ := r.data.keyMode(ctx, client)
	if !known {
		return nil // The next refresh asks again; not knowing it must fail no create.
	}
	return private.SetKey(ctx, modeKey, strconv.AppendBool(nil, live))
}

// checkSameMode refuses to treat a rotation as deleted if the key belongs to
// another mode than its webhook, or than live_mode says.
func (r *webhookSecretRotationResource) checkSameMode(
	ctx context.Context, client *digitalriver.Client, id string, private privateState,
) diag.Diagnostics {
	mode, diags := private.GetKey(ctx, modeKey)
	live := types.BoolNull()
	if mode != nil {
		live = types.BoolValue(string(mode) == "true")
	}
	diags.Append(r.data.guard(ctx, client)...)
	if !diags.HasError() {
		diags.Append(r.data.checkSameMode(ctx, client, id, live)...)
	}
	return diags
}

// nextRotation returns when a secret reaches the age of the period, null without
// a period.
func (m *webhookSecretRotationModel) nextRotation(rotatedAt types.String) types.String {
	if m.RotationMinutes.IsUnknown() || m.RotationHours.IsUnknown() || m.RotationDays.IsUnknown() {
		return types.StringUnknown()
	}
	made, err := time.Parse(time.RFC3339, rotatedAt.ValueString())
	if m.period() == 0 || err != nil {
		return types.StringNull()
	}
	return timeValue(made.Add(m.period()))
}

// period returns the period of a plan, 0 for none.
func (m *webhookSecretRotationModel) period() time.Duration {
	return time.Duration(m.RotationMinutes.ValueInt64())*time.Minute +
		time.Duration(m.RotationHours.ValueInt64())*time.Hour +
		time.Duration(m.RotationDays.ValueInt64())*24*time.Hour
}

// rotate creates a new secret and copies it to the plan.
func (r *webhookSecretRotationResource) rotate(
	ctx context.Context, client *digitalriver.Client, plan *webhookSecretRotationModel,
) diag.Diagnostics {
	id, hours := plan.WebhookID.ValueString(), plan.PreviousSecretValidHours.ValueInt64()
	rotation, diags := r.data.rotateSecret(ctx, client, id, hours)
	if rotation == nil {
		return diags
	}
	plan.setNewest(rotation.Secret)
	plan.PreviousSecretExpiresAt = types.StringNull()
	if rotation.PreviousExpiresAt != nil {
		plan.PreviousSecretExpiresAt = timeValue(*rotation.PreviousExpiresAt)
	}
	return diags
}

// rotateSecret creates a new secret. Without one, it returns nil and why.
func (d *providerData) rotateSecret(
	ctx context.Context, client *digitalriver.Client, webhookID string, previousValidHours int64,
) (*digitalriver.Rotation, diag.Diagnostics) {
	diags := d.guard(ctx, client)
	if diags.HasError() {
		return nil, diags
	}
	rotation, err := client.RotateSecret(ctx, webhookID, int(previousValidHours))
	var uncertain *digitalriver.UncertainError
	switch {
	case rotation != nil && errors.As(err, &uncertain): // It was rotated, perhaps more than once.
		diags.AddWarning(uncertainText(webhookName(webhookID), uncertain))
	case err != nil:
		return nil, append(diags, apiDiagnostics(webhookName(webhookID), err)...)
	}
	return rotation, diags
}

// adopt copies the newest secret without a rotation.
func (m *webhookSecretRotationModel) adopt(ctx context.Context, client *digitalriver.Client) diag.Diagnostics {
	secrets, diags := m.activeSecrets(ctx, client)
	if diags.HasError() {
		return diags
	}
	m.PreviousSecretExpiresAt = types.StringNull()
	return m.refresh(secrets)
}

// activeSecrets lists the active secrets of the webhook.
func (m *webhookSecretRotationModel) activeSecrets(
	ctx context.Context, client *digitalriver.Client,
) ([]digitalriver.Secret, diag.Diagnostics) {
	id := m.WebhookID.ValueString()
	secrets, err := client.ListSecrets(ctx, id)
	if err != nil {
		return nil, apiDiagnostics(webhookName(id), err)
	}
	return secrets, nil
}

// reveal copies the value of the secret that state knows to the plan.
func (m *webhookSecretRotationModel) reveal(ctx context.Context, client *digitalriver.Client) diag.Diagnostics {
	secrets, diags := m.activeSecrets(ctx, client)
	if diags.HasError() {
		return diags
	}
	for _, secret := range secrets {
		if secret.ID == m.SecretID.ValueString() {
			m.Secret = optionalString(secret.Secret)
			return diags
		}
	}
	diags.AddError("Secret was rotated in the meantime",
		fmt.Sprintf("The secret %q of %s, the newest when this was planned, is no longer active. Plan and apply again.",
			m.SecretID.ValueString(), webhookName(m.WebhookID.ValueString())))
	return diags
}

// refresh copies the newest of the active secrets.
func (m *webhookSecretRotationModel) refresh(secrets []digitalriver.Secret) diag.Diagnostics {
	var diags diag.Diagnostics
	if len(secrets) == 0 {
		diags.AddError("No active signing secret",
			capitalized(webhookName(m.WebhookID.ValueString()))+" has no active signing secret. Rotate it in Digital "+
				"River's dashboard.")
		return diags
	}
	if newest := secrets[0]; newest.ID != m.SecretID.ValueString() {
		m.PreviousSecretExpiresAt = types.StringNull()
	}
	m.setNewest(secrets[0])
	if len(secrets) > 1 && secrets[1].ExpiresTime != nil {
		m.PreviousSecretExpiresAt = timeValue(*secrets[1].ExpiresTime)
	}
	return diags
}

// setDefaults sets the arguments that the API does not know, as an import does.
func (m *webhookSecretRotationModel) setDefaults() {
	m.RotateOnCreate = types.BoolValue(defaultRotateOnCreate)
	m.PreviousSecretValidHours = types.Int64Value(defaultPreviousSecretValidHours)
	m.ExposeSecret = types.BoolValue(defaultExposeSecret)
}

// setNewest copies the newest secret.
func (m *webhookSecretRotationModel) setNewest(secret digitalriver.Secret) {
	m.Secret = types.StringNull()
	if m.ExposeSecret.ValueBool() {
		m.Secret = optionalString(secret.Secret)
	}
	switch {
	case secret.Secret != "":
		sum := sha256.Sum256([]byte(secret.Secret))
		m.SecretSHA256 = types.StringValue(hex.EncodeToString(sum[:]))
	case secret.ID != m.SecretID.ValueString(): // The API does not show the value.
		m.SecretSHA256 = types.StringNull()
	}
	m.SecretID = types.StringValue(secret.ID)
	m.RotatedAt = timeValue(secret.CreatedTime)
	m.NextRotationAt = m.nextRotation(m.RotatedAt)
}
