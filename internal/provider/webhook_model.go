// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
)

// webhookModel is the configuration, plan or state of a webhook. Together with
// the schema, its fields are the one list of attributes: see webhookFields.
type webhookModel struct {
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

// withResponse returns m, a plan or a prior state, with the values that the API
// returned.
func (m *webhookModel) withResponse(webhook *digitalriver.Webhook) webhookModel {
	apiVersion := types.StringValue(webhook.APIVersion)
	if m.APIVersion.ValueString() == apiVersionLatest {
		apiVersion = m.APIVersion
	}
	return webhookModel{
		ID:             types.StringValue(webhook.ID),
		Address:        keepAddress(m.Address, webhook.Address),
		Types:          keepOrder(m.Types, webhook.Types),
		Enabled:        types.BoolValue(webhook.Enabled),
		APIVersion:     apiVersion,
		TransportType:  types.StringValue(webhook.TransportType),
		Authentication: authenticationFrom(m.Authentication, webhook.Authentication),
		OAuth:          oauthFrom(m.OAuth, webhook.OAuth),
		LiveMode:       types.BoolPointerValue(webhook.LiveMode),
		CreatedTime:    timeValue(webhook.CreatedTime),
		UpdatedTime:    timeValue(webhook.UpdatedTime),
	}
}

func authenticationFrom(prior types.Object, response *digitalriver.Authentication) types.Object {
	objectType := webhookFields().objectType("authentication")
	if response == nil {
		return types.ObjectNull(objectType)
	}
	password, version := credentialIn(prior, "password").withResponse(response.Password)
	if response.Password == "" {
		password, version = hiddenCredential(prior, "password")
	}
	return types.ObjectValueMust(objectType, map[string]attr.Value{
		"username": types.StringValue(response.UserName),
		"password": password, "password_wo": types.StringNull(), "password_wo_version": version,
	})
}

func oauthFrom(prior types.Object, response *digitalriver.OAuth) types.Object {
	objectType := webhookFields().objectType("oauth")
	if response == nil {
		return types.ObjectNull(objectType)
	}
	clientSecret, clientSecretVersion := credentialIn(prior, "client_secret").withResponse(response.ClientSecret)
	password, passwordVersion := credentialIn(prior, "password").withResponse(response.Password)
	if response.ClientSecret == "" {
		clientSecret, clientSecretVersion = hiddenCredential(prior, "client_secret")
		if !prior.IsNull() || response.HasPassword() {
			password, passwordVersion = hiddenCredential(prior, "password")
		}
	} else if response.Password == "" && response.UserName != "" && !prior.IsNull() { // A user name has a password.
		password, passwordVersion = hiddenCredential(prior, "password")
	}
	grantType := response.GrantType
	if grantType == "" {
		grantType = digitalriver.GrantPassword
	}
	userName := optionalString(response.UserName)
	if grantType == digitalriver.GrantClientCredentials { // It uses neither, and a configuration cannot have them.
		userName, password, passwordVersion = types.StringNull(), types.StringNull(), types.Int64Null()
	}
	return types.ObjectValueMust(objectType, map[string]attr.Value{
		"token_endpoint": types.StringValue(response.TokenEndPoint),
		"client_id":      types.StringValue(response.ClientID),
		"client_secret":  clientSecret, "client_secret_wo": types.StringNull(),
		"client_secret_wo_version": clientSecretVersion,
		"grant_type":               types.StringValue(grantType),
		"username":                 userName,
		"password":                 password, "password_wo": types.StringNull(), "password_wo_version": passwordVersion,
		"audience": optionalString(response.Audience),
	})
}

// toWebhook returns the webhook that a plan asks the API for; config holds the
// write-only values.
func (m *webhookModel) toWebhook(config webhookModel) digitalriver.Webhook {
	webhook := digitalriver.Webhook{
		Types:         stringsOf(m.Types),
		Address:       m.Address.ValueString(),
		Enabled:       m.Enabled.ValueBool(),
		APIVersion:    m.APIVersion.ValueString(),
		TransportType: m.TransportType.ValueString(),
	}
	if !m.Authentication.IsNull() {
		webhook.Authentication = &digitalriver.Authentication{
			UserName: stringIn(m.Authentication, "username").ValueString(),
			Password: credentialIn(m.Authentication, "password").value(config.Authentication),
		}
	}
	if !m.OAuth.IsNull() {
		webhook.OAuth = &digitalriver.OAuth{
			TokenEndPoint: stringIn(m.OAuth, "token_endpoint").ValueString(),
			ClientID:      stringIn(m.OAuth, "client_id").ValueString(),
			ClientSecret:  credentialIn(m.OAuth, "client_secret").value(config.OAuth),
			GrantType:     stringIn(m.OAuth, "grant_type").ValueString(),
			UserName:      stringIn(m.OAuth, "username").ValueString(),
			Password:      credentialIn(m.OAuth, "password").value(config.OAuth),
			Audience:      stringIn(m.OAuth, "audience").ValueString(),
		}
	}
	return webhook
}

// changedMembers returns the members of the API that an update has to send. A
// changed transport type removes the other transport's object by itself.
func (m *webhookModel) changedMembers(state *webhookModel) []string {
	sameTransport := m.TransportType.Equal(state.TransportType)
	var members []string
	for _, field := range m.differences(state) {
		removedWithTransport := field.isObject() && m.get(field).IsNull() && !sameTransport
		if removedWithTransport || field.name == "types" && sameElements(m.Types, state.Types) {
			continue
		}
		members = append(members, field.member)
	}
	return members
}

// plannedTransport returns the transport type that a configuration asks for.
func (m *webhookModel) plannedTransport() types.String {
	switch {
	case !m.TransportType.IsNull():
		return m.TransportType
	case m.OAuth.IsUnknown():
		return types.StringUnknown()
	case m.OAuth.IsNull():
		return types.StringValue(digitalriver.TransportHTTP)
	default:
		return types.StringValue(digitalriver.TransportOAuth)
	}
}

// webhookFrom reads a configuration, plan or state. It does without the
// framework's reflection, which takes a third more allocations
// (internal/bench/README.md).
func webhookFrom(ctx context.Context, raw tftypes.Value) (webhookModel, diag.Diagnostics) {
	var m webhookModel
	var diags diag.Diagnostics
	var values map[string]tftypes.Value
	err := raw.As(&values)
	for _, field := range webhookFields() {
		if err != nil {
			break
		}
		var value attr.Value
		if value, err = field.attribute.GetType().ValueFromTerraform(ctx, values[field.name]); err == nil {
			m.set(field, value)
		}
	}
	if err != nil {
		diags.AddError("Unreadable webhook",
			fmt.Sprintf("Terraform sent a value that does not match the schema: %v. Please report this as a bug.", err))
	}
	return m, diags
}

// raw returns the value that webhookFrom reads.
func (m *webhookModel) raw(ctx context.Context) (tftypes.Value, diag.Diagnostics) {
	var diags diag.Diagnostics
	values := make(map[string]tftypes.Value, len(webhookFields()))
	for _, field := range webhookFields() {
		value, err := m.get(field).ToTerraformValue(ctx)
		if err != nil {
			diags.AddError("Unwritable webhook", field.name+": "+err.Error()+". Please report this as a bug.")
		}
		values[field.name] = value
	}
	return tftypes.NewValue(webhookSchema().Type().TerraformType(ctx), values), diags
}
