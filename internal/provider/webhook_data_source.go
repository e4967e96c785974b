package provider

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/datasourcevalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
)

var (
	_ datasource.DataSourceWithConfigure        = (*webhookDataSource)(nil)
	_ datasource.DataSourceWithConfigValidators = (*webhookDataSource)(nil)
)

type webhookDataSource struct {
	data *providerData
}

// foundWebhookModel is a webhook as data sources give it: without secrets.
type foundWebhookModel struct {
	ID             types.String `tfsdk:"id"`
	Address        types.String `tfsdk:"address"`
	Types          types.List   `tfsdk:"types"`
	Enabled        types.Bool   `tfsdk:"enabled"`
	APIVersion     types.String `tfsdk:"api_version"`
	TransportType  types.String `tfsdk:"transport_type"`
	Authentication types.Object `tfsdk:"authentication"`
	OAuth          types.Object `tfsdk:"oauth"`
	LiveMode       types.Bool   `tfsdk:"live_mode"`
	CreatedTime    types.String `tfsdk:"created_time"`
	UpdatedTime    types.String `tfsdk:"updated_time"`
}

var (
	foundAuthenticationTypes = map[string]attr.Type{"username": types.StringType}
	foundOAuthTypes          = map[string]attr.Type{
		"token_endpoint": types.StringType, "client_id": types.StringType, "grant_type": types.StringType,
		"username": types.StringType, "audience": types.StringType,
	}
)

func (d *webhookDataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = "digitalriver_webhook"
}

func (d *webhookDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := foundWebhookAttributes()
	attributes["id"] = schema.StringAttribute{
		Optional: true, Computed: true,
		Validators:          []validator.String{nonEmpty{}},
		MarkdownDescription: "Id of the webhook. Exactly one of `id` and `address` is given.",
	}
	attributes["address"] = schema.StringAttribute{
		Optional: true, Computed: true,
		Validators:          []validator.String{nonEmpty{}},
		MarkdownDescription: "URL of the endpoint, exactly as it is set. Exactly one webhook must have it.",
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Looks one webhook up, by id or by address. Passwords and client secrets are left out.",
		Attributes:          attributes,
	}
}

// foundWebhookAttributes are the attributes of a webhook in data sources.
func foundWebhookAttributes() map[string]schema.Attribute {
	text := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	return map[string]schema.Attribute{
		"id":             text("Id of the webhook."),
		"address":        text("URL of the endpoint that events are sent to."),
		"types":          schema.ListAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "Event types that are sent, sorted."},
		"enabled":        schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether events are sent."},
		"api_version":    text("API version that events are shaped by."),
		"transport_type": text("`HTTP` or `OAUTH`."),
		"authentication": schema.SingleNestedAttribute{
			Computed:            true,
			MarkdownDescription: "Basic authentication towards the endpoint; null when there is none.",
			Attributes:          map[string]schema.Attribute{"username": text("User name.")},
		},
		"oauth": schema.SingleNestedAttribute{
			Computed:            true,
			MarkdownDescription: "How the bearer token for the endpoint is fetched; null with transport type `HTTP`.",
			Attributes: map[string]schema.Attribute{
				"token_endpoint": text("URL that issues the token."),
				"client_id":      text("Client id."),
				"grant_type":     text("OAuth grant."),
				"username":       text("User name; null when there is none."),
				"audience":       text("Audience that the token is asked for; null when there is none."),
			},
		},
		"live_mode":    schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the webhook is one of live mode (production)."},
		"created_time": text("When the webhook was created, as RFC 3339."),
		"updated_time": text("When the webhook was last changed, as RFC 3339."),
	}
}

func (d *webhookDataSource) ConfigValidators(context.Context) []datasource.ConfigValidator {
	return []datasource.ConfigValidator{datasourcevalidator.ExactlyOneOf(path.MatchRoot("id"), path.MatchRoot("address"))}
}

func (d *webhookDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.data = providerDataOf(req.ProviderData)
}

func (d *webhookDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	client, diags := d.data.api()
	resp.Diagnostics.Append(diags...)
	var config foundWebhookModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	var webhook *digitalriver.Webhook
	if config.Address.IsNull() {
		id := config.ID.ValueString()
		found, err := client.GetWebhook(ctx, id)
		if digitalriver.IsNotFound(err) {
			resp.Diagnostics.AddAttributeError(path.Root("id"), "Webhook not found",
				fmt.Sprintf("There is no webhook with the id %q in the account and mode of this API key.", id))
			return
		}
		if err != nil {
			addAPIError(&resp.Diagnostics, webhookName(id), err)
			return
		}
		webhook = found
	} else {
		webhooks, err := client.ListWebhooks(ctx)
		if err != nil {
			addAPIError(&resp.Diagnostics, "The list of webhooks", err)
			return
		}
		address := config.Address.ValueString()
		var ids []string
		for _, candidate := range webhooks {
			if candidate.Address == address {
				ids = append(ids, candidate.ID)
				webhook = candidate
			}
		}
		switch len(ids) {
		case 1:
		case 0:
			resp.Diagnostics.AddAttributeError(path.Root("address"), "Webhook not found",
				fmt.Sprintf("None of the %d webhooks that this API key sees has the address %q. It must match to the letter.", len(webhooks), address))
			return
		default:
			resp.Diagnostics.AddAttributeError(path.Root("address"), "Several webhooks found",
				fmt.Sprintf("%d webhooks have the address %q: %s. Name the right one with id instead.", len(ids), address, strings.Join(ids, ", ")))
			return
		}
	}
	resp.Diagnostics.Append(d.data.checkMode(webhook.LiveMode)...)
	model := foundWebhook(webhook)
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}

func foundWebhook(webhook *digitalriver.Webhook) foundWebhookModel {
	authentication := types.ObjectNull(foundAuthenticationTypes)
	if webhook.Authentication != nil {
		authentication = types.ObjectValueMust(foundAuthenticationTypes, map[string]attr.Value{
			"username": types.StringValue(webhook.Authentication.UserName),
		})
	}
	oauth := types.ObjectNull(foundOAuthTypes)
	if o := webhook.OAuth; o != nil {
		oauth = types.ObjectValueMust(foundOAuthTypes, map[string]attr.Value{
			"token_endpoint": types.StringValue(o.TokenEndPoint), "client_id": types.StringValue(o.ClientID),
			"grant_type": optionalString(o.GrantType), "username": optionalString(o.UserName), "audience": optionalString(o.Audience),
		})
	}
	return foundWebhookModel{
		ID:             types.StringValue(webhook.ID),
		Address:        types.StringValue(webhook.Address),
		Types:          typesInOrder(types.ListNull(types.StringType), webhook.Types),
		Enabled:        types.BoolValue(webhook.Enabled),
		APIVersion:     types.StringValue(webhook.APIVersion),
		TransportType:  types.StringValue(webhook.TransportType),
		Authentication: authentication,
		OAuth:          oauth,
		LiveMode:       types.BoolValue(webhook.LiveMode),
		CreatedTime:    timeValue(webhook.CreatedTime),
		UpdatedTime:    timeValue(webhook.UpdatedTime),
	}
}
