package provider

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
)

type webhookModel struct {
	ID             types.String
	Address        types.String
	Types          types.List
	Enabled        types.Bool
	APIVersion     types.String
	TransportType  types.String
	Authentication types.Object
	OAuth          types.Object
	LiveMode       types.Bool
	CreatedTime    types.String
	UpdatedTime    types.String
}

var (
	authenticationPath = path.Root("authentication")
	oauthPath          = path.Root("oauth")

	authenticationTypes = map[string]attr.Type{
		"username": types.StringType,
		"password": types.StringType, "password_wo": types.StringType, "password_wo_version": types.Int64Type,
	}
	oauthTypes = map[string]attr.Type{
		"token_endpoint": types.StringType, "client_id": types.StringType,
		"client_secret": types.StringType, "client_secret_wo": types.StringType, "client_secret_wo_version": types.Int64Type,
		"grant_type": types.StringType, "username": types.StringType,
		"password": types.StringType, "password_wo": types.StringType, "password_wo_version": types.Int64Type,
		"audience": types.StringType,
	}
)

var webhookType = types.ObjectType{AttrTypes: map[string]attr.Type{
	"id": types.StringType, "address": types.StringType, "types": types.ListType{ElemType: types.StringType},
	"enabled": types.BoolType, "api_version": types.StringType, "transport_type": types.StringType,
	"authentication": types.ObjectType{AttrTypes: authenticationTypes}, "oauth": types.ObjectType{AttrTypes: oauthTypes},
	"live_mode": types.BoolType, "created_time": types.StringType, "updated_time": types.StringType,
}}

// webhookFrom reads a configuration, plan or state. Terraform asks for thousands
// of them in one plan, which is why this does without the framework's reflection
// (what that brings stands in DESIGN.md).
func webhookFrom(ctx context.Context, raw tftypes.Value, diags *diag.Diagnostics) webhookModel {
	value, err := webhookType.ValueFromTerraform(ctx, raw)
	object, ok := value.(types.Object)
	if err != nil || !ok {
		diags.AddError("Unreadable webhook", fmt.Sprintf("Terraform handed over what does not fit the schema: %v. Please report this as a bug.", err))
		return webhookModel{}
	}
	attributes := object.Attributes()
	text := func(name string) types.String { return as[types.String](attributes, name) }
	return webhookModel{
		ID:             text("id"),
		Address:        text("address"),
		Types:          as[types.List](attributes, "types"),
		Enabled:        as[types.Bool](attributes, "enabled"),
		APIVersion:     text("api_version"),
		TransportType:  text("transport_type"),
		Authentication: as[types.Object](attributes, "authentication"),
		OAuth:          as[types.Object](attributes, "oauth"),
		LiveMode:       as[types.Bool](attributes, "live_mode"),
		CreatedTime:    text("created_time"),
		UpdatedTime:    text("updated_time"),
	}
}

func as[T attr.Value](attributes map[string]attr.Value, name string) T {
	value, _ := attributes[name].(T)
	return value
}

// raw is webhookFrom the other way.
func (m webhookModel) raw(ctx context.Context, diags *diag.Diagnostics) tftypes.Value {
	object, problems := types.ObjectValue(webhookType.AttrTypes, map[string]attr.Value{
		"id": m.ID, "address": m.Address, "types": m.Types, "enabled": m.Enabled, "api_version": m.APIVersion,
		"transport_type": m.TransportType, "authentication": m.Authentication, "oauth": m.OAuth,
		"live_mode": m.LiveMode, "created_time": m.CreatedTime, "updated_time": m.UpdatedTime,
	})
	diags.Append(problems...)
	value, err := object.ToTerraformValue(ctx)
	if err != nil {
		diags.AddError("Unwritable webhook", err.Error()+". Please report this as a bug.")
	}
	return value
}

// stringIn returns a string member of an object; null when the object is.
func stringIn(object types.Object, name string) types.String {
	value, ok := object.Attributes()[name].(types.String)
	if !ok {
		return types.StringNull()
	}
	return value
}

// credential is a secret in its two forms: plain, or write-only with a version.
type credential struct {
	name      string
	plain     types.String
	writeOnly types.String // null but in configuration
	version   types.Int64
}

func credentialIn(object types.Object, name string) credential {
	version, ok := object.Attributes()[name+"_wo_version"].(types.Int64)
	if !ok {
		version = types.Int64Null()
	}
	return credential{name: name, plain: stringIn(object, name), writeOnly: stringIn(object, name+"_wo"), version: version}
}

func (c credential) absent() bool {
	return c.plain.IsNull() && c.writeOnly.IsNull() && c.version.IsNull()
}

// value returns the secret to send: what is planned, or the configuration's
// write-only form.
func (c credential) value(config credential) string {
	if c.plain.IsNull() {
		return config.writeOnly.ValueString()
	}
	return c.plain.ValueString()
}

// answered is what state holds of a secret after the API gave its value, ""
// for none. State that has no plain form keeps none: an import cannot know
// which form the configuration has, and takes the one that keeps secrets out.
func (c credential) answered(value string) (types.String, types.Int64) {
	switch {
	case value == "":
		return types.StringNull(), types.Int64Null()
	case !c.plain.IsNull():
		if isMasked(value) {
			return c.plain, types.Int64Null()
		}
		return types.StringValue(value), types.Int64Null()
	case !c.version.IsNull():
		return types.StringNull(), c.version
	default:
		return types.StringNull(), types.Int64Value(1)
	}
}

// isMasked tells whether the API shows a placeholder instead of a secret.
func isMasked(value string) bool {
	for _, r := range value {
		if r != '*' && r != '•' {
			return false
		}
	}
	return true
}

// validate checks the two forms of a secret in configuration.
func (c credential) validate(at path.Path, required bool, diags *diag.Diagnostics) {
	plain, writeOnly := at.AtName(c.name), at.AtName(c.name+"_wo")
	version := at.AtName(c.name + "_wo_version")
	known := func(v attr.Value) bool { return !v.IsNull() && !v.IsUnknown() }
	switch {
	case c.absent() && required:
		diags.AddAttributeError(located(plain), "Missing "+c.name,
			"Set "+plain.String()+", or "+writeOnly.String()+" with "+version.String()+" to keep it out of state.")
	case known(c.plain) && known(c.writeOnly):
		diags.AddAttributeError(located(writeOnly), "Two values for "+c.name,
			plain.String()+" and "+writeOnly.String()+" exclude each other. Remove one.")
	case known(c.plain) && known(c.version):
		diags.AddAttributeError(located(version), "Version without a write-only value",
			version.String()+" goes with "+writeOnly.String()+", not with "+plain.String()+". Remove one.")
	case known(c.writeOnly) && c.version.IsNull():
		diags.AddAttributeError(located(writeOnly), "Missing version of a write-only value",
			writeOnly.String()+" needs "+version.String()+", such as 1: Terraform sends the value when that number changes.")
	}
}

// require reports a write-only secret that has to be sent now but is missing,
// as in configuration that was generated by an import.
func (c credential) require(at path.Path, config credential, diags *diag.Diagnostics) {
	if c.plain.IsNull() && !c.version.IsNull() && config.writeOnly.IsNull() {
		diags.AddAttributeError(located(at.AtName(c.name+"_wo")), "Missing value of "+c.name,
			"This change sends "+at.String()+" to the API, which needs its "+c.name+". Set "+at.AtName(c.name+"_wo").String()+".")
	}
}

func (m webhookModel) validate(diags *diag.Diagnostics) {
	transport := m.TransportType.ValueString()
	hasAuthentication := !m.Authentication.IsNull() && !m.Authentication.IsUnknown()
	hasOAuth := !m.OAuth.IsNull() && !m.OAuth.IsUnknown()
	switch {
	case transport == digitalriver.TransportOAuth && hasAuthentication:
		diags.AddAttributeError(authenticationPath, "Authentication with OAUTH",
			"authentication goes with transport_type \"HTTP\". With \"OAUTH\", remove it and describe the token in oauth.")
	case transport == digitalriver.TransportHTTP && hasOAuth:
		diags.AddAttributeError(oauthPath, "OAuth with HTTP",
			"oauth goes with transport_type \"OAUTH\". With \"HTTP\", remove it and use authentication for a user name and password.")
	case hasAuthentication && hasOAuth:
		diags.AddAttributeError(authenticationPath, "Authentication and OAuth",
			"authentication goes with transport_type \"HTTP\", oauth with \"OAUTH\"; a webhook has one transport type. Remove one.")
	}
	if transport == digitalriver.TransportOAuth && m.OAuth.IsNull() {
		diags.AddAttributeError(oauthPath, "Missing oauth",
			"transport_type \"OAUTH\" needs oauth with token_endpoint, client_id and client_secret.")
	}
	if hasAuthentication {
		credentialIn(m.Authentication, "password").validate(authenticationPath, true, diags)
	}
	if !hasOAuth {
		return
	}
	password := credentialIn(m.OAuth, "password")
	credentialIn(m.OAuth, "client_secret").validate(oauthPath, true, diags)
	password.validate(oauthPath, false, diags)
	if stringIn(m.OAuth, "grant_type").ValueString() != digitalriver.GrantClientCredentials {
		return
	}
	refuse := func(name string) {
		diags.AddAttributeError(located(oauthPath.AtName(name)), "Not with client credentials",
			oauthPath.AtName(name).String()+" goes with grant_type \"password\". Remove it, or change grant_type from \"client_credentials\".")
	}
	if !stringIn(m.OAuth, "username").IsNull() {
		refuse("username")
	}
	switch {
	case !password.plain.IsNull():
		refuse("password")
	case !password.writeOnly.IsNull():
		refuse("password_wo")
	case !password.version.IsNull():
		refuse("password_wo_version")
	}
}

// plannedTransport is the transport type of a configuration.
func (m webhookModel) plannedTransport() types.String {
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

// settingsEqual tells whether all that can be configured is equal.
func (m *webhookModel) settingsEqual(other *webhookModel) bool { return len(m.differences(other)) == 0 }

// differences names the attributes that can be configured and are not equal.
func (m *webhookModel) differences(other *webhookModel) []string {
	var names []string
	for _, attribute := range []struct {
		name  string
		equal bool
	}{
		{"address", m.Address.Equal(other.Address)},
		{"types", m.Types.Equal(other.Types)},
		{"enabled", m.Enabled.Equal(other.Enabled)},
		{"api_version", m.APIVersion.Equal(other.APIVersion)},
		{"transport_type", m.TransportType.Equal(other.TransportType)},
		{"authentication", m.Authentication.Equal(other.Authentication)},
		{"oauth", m.OAuth.Equal(other.OAuth)},
	} {
		if !attribute.equal {
			names = append(names, attribute.name)
		}
	}
	return names
}

// hasDefaults tells whether all that configuration may leave out is as it is by
// default.
func (m *webhookModel) hasDefaults() bool {
	transport := digitalriver.TransportHTTP
	if !m.OAuth.IsNull() {
		transport = digitalriver.TransportOAuth
	}
	return m.Enabled.ValueBool() && m.APIVersion.ValueString() == apiVersionDefault && m.TransportType.ValueString() == transport &&
		(m.OAuth.IsNull() || stringIn(m.OAuth, "grant_type").ValueString() == digitalriver.GrantPassword)
}

// equal tells whether everything is equal.
func (m *webhookModel) equal(other *webhookModel) bool {
	return m.settingsEqual(other) && m.ID.Equal(other.ID) && m.LiveMode.Equal(other.LiveMode) &&
		m.CreatedTime.Equal(other.CreatedTime) && m.UpdatedTime.Equal(other.UpdatedTime)
}

func (m webhookModel) requireAuthentication(config webhookModel, diags *diag.Diagnostics) {
	credentialIn(m.Authentication, "password").require(authenticationPath, credentialIn(config.Authentication, "password"), diags)
}

func (m webhookModel) requireOAuth(config webhookModel, diags *diag.Diagnostics) {
	for _, name := range []string{"client_secret", "password"} {
		credentialIn(m.OAuth, name).require(oauthPath, credentialIn(config.OAuth, name), diags)
	}
}

func (m webhookModel) authentication(config webhookModel) *digitalriver.Authentication {
	if m.Authentication.IsNull() {
		return nil
	}
	return &digitalriver.Authentication{
		UserName: stringIn(m.Authentication, "username").ValueString(),
		Password: credentialIn(m.Authentication, "password").value(credentialIn(config.Authentication, "password")),
	}
}

func (m webhookModel) oauth(config webhookModel) *digitalriver.OAuth {
	if m.OAuth.IsNull() {
		return nil
	}
	return &digitalriver.OAuth{
		TokenEndPoint: stringIn(m.OAuth, "token_endpoint").ValueString(),
		ClientID:      stringIn(m.OAuth, "client_id").ValueString(),
		ClientSecret:  credentialIn(m.OAuth, "client_secret").value(credentialIn(config.OAuth, "client_secret")),
		GrantType:     stringIn(m.OAuth, "grant_type").ValueString(),
		UserName:      stringIn(m.OAuth, "username").ValueString(),
		Password:      credentialIn(m.OAuth, "password").value(credentialIn(config.OAuth, "password")),
		Audience:      stringIn(m.OAuth, "audience").ValueString(),
	}
}

// newWebhook is the body of the create; config holds the write-only values.
func (m webhookModel) newWebhook(config webhookModel) digitalriver.NewWebhook {
	return digitalriver.NewWebhook{
		Types:          stringsOf(m.Types),
		Address:        m.Address.ValueString(),
		Enabled:        m.Enabled.ValueBool(),
		APIVersion:     m.APIVersion.ValueString(),
		TransportType:  m.TransportType.ValueString(),
		Authentication: m.authentication(config),
		OAuth:          m.oauth(config),
	}
}

// patch is what turns state into the plan. A changed transport type drops the
// other transport's object by itself.
func (m webhookModel) patch(state, config webhookModel) digitalriver.WebhookPatch {
	var patch digitalriver.WebhookPatch
	if !m.Types.Equal(state.Types) {
		patch.Types = stringsOf(m.Types)
	}
	if !m.Address.Equal(state.Address) {
		patch.Address = m.Address.ValueStringPointer()
	}
	if !m.Enabled.Equal(state.Enabled) {
		patch.Enabled = m.Enabled.ValueBoolPointer()
	}
	if !m.APIVersion.Equal(state.APIVersion) {
		patch.APIVersion = m.APIVersion.ValueStringPointer()
	}
	if !m.TransportType.Equal(state.TransportType) {
		patch.TransportType = m.TransportType.ValueStringPointer()
	}
	if !m.Authentication.Equal(state.Authentication) {
		patch.Authentication = m.authentication(config)
		patch.RemoveAuthentication = patch.Authentication == nil && patch.TransportType == nil
	}
	if !m.OAuth.Equal(state.OAuth) {
		patch.OAuth = m.oauth(config)
		patch.RemoveOAuth = patch.OAuth == nil && patch.TransportType == nil
	}
	return patch
}

// withAnswer is m, a plan or a prior state, with what the API answered.
func (m webhookModel) withAnswer(webhook *digitalriver.Webhook) webhookModel {
	apiVersion := types.StringValue(webhook.APIVersion)
	if m.APIVersion.ValueString() == apiVersionLatest {
		apiVersion = m.APIVersion
	}
	return webhookModel{
		ID:             types.StringValue(webhook.ID),
		Address:        types.StringValue(webhook.Address),
		Types:          typesInOrder(m.Types, webhook.Types),
		Enabled:        types.BoolValue(webhook.Enabled),
		APIVersion:     apiVersion,
		TransportType:  types.StringValue(webhook.TransportType),
		Authentication: authenticationState(m.Authentication, webhook.Authentication),
		OAuth:          oauthState(m.OAuth, webhook.OAuth),
		LiveMode:       types.BoolValue(webhook.LiveMode),
		CreatedTime:    timeValue(webhook.CreatedTime),
		UpdatedTime:    timeValue(webhook.UpdatedTime),
	}
}

func authenticationState(prior types.Object, answer *digitalriver.Authentication) types.Object {
	if answer == nil {
		return types.ObjectNull(authenticationTypes)
	}
	before := credentialIn(prior, "password")
	password, version := before.answered(answer.Password)
	if answer.Password == "" { // a key that may not see it
		password, version = before.plain, before.version
	}
	return types.ObjectValueMust(authenticationTypes, map[string]attr.Value{
		"username": types.StringValue(answer.UserName),
		"password": password, "password_wo": types.StringNull(), "password_wo_version": version,
	})
}

func oauthState(prior types.Object, answer *digitalriver.OAuth) types.Object {
	if answer == nil {
		return types.ObjectNull(oauthTypes)
	}
	secretBefore, passwordBefore := credentialIn(prior, "client_secret"), credentialIn(prior, "password")
	clientSecret, clientSecretVersion := secretBefore.answered(answer.ClientSecret)
	password, passwordVersion := passwordBefore.answered(answer.Password)
	if answer.ClientSecret == "" { // a key that may not see secrets
		clientSecret, clientSecretVersion = secretBefore.plain, secretBefore.version
		password, passwordVersion = passwordBefore.plain, passwordBefore.version
	}
	grantType := answer.GrantType
	if grantType == "" {
		grantType = digitalriver.GrantPassword
	}
	return types.ObjectValueMust(oauthTypes, map[string]attr.Value{
		"token_endpoint": types.StringValue(answer.TokenEndPoint),
		"client_id":      types.StringValue(answer.ClientID),
		"client_secret":  clientSecret, "client_secret_wo": types.StringNull(), "client_secret_wo_version": clientSecretVersion,
		"grant_type": types.StringValue(grantType),
		"username":   optionalString(answer.UserName),
		"password":   password, "password_wo": types.StringNull(), "password_wo_version": passwordVersion,
		"audience": optionalString(answer.Audience),
	})
}

func optionalString(value string) types.String {
	if value == "" {
		return types.StringNull()
	}
	return types.StringValue(value)
}

// timeValue is a time as RFC 3339, null when there is none.
func timeValue(t time.Time) types.String {
	if t.IsZero() {
		return types.StringNull()
	}
	return types.StringValue(t.UTC().Format(time.RFC3339Nano))
}

func stringsOf(list types.List) []string {
	elements := list.Elements()
	values := make([]string, 0, len(elements))
	for _, element := range elements {
		if value, ok := element.(types.String); ok {
			values = append(values, value.ValueString())
		}
	}
	return values
}

func listOf(values []string) types.List {
	elements := make([]attr.Value, len(values))
	for i, value := range values {
		elements[i] = types.StringValue(value)
	}
	return types.ListValueMust(types.StringType, elements)
}

// sameTypes tells whether two known lists hold the same event types.
func sameTypes(a, b types.List) bool {
	if a.IsUnknown() || len(a.Elements()) != len(b.Elements()) {
		return false
	}
	count := make(map[string]int, len(b.Elements()))
	for _, name := range stringsOf(b) {
		count[name]++
	}
	for _, element := range a.Elements() {
		name, ok := element.(types.String)
		if !ok || name.IsUnknown() || count[name.ValueString()] == 0 {
			return false
		}
		count[name.ValueString()]--
	}
	return true
}

// typesInOrder returns the API's event types in the order of prior, new ones
// sorted behind them, so that the API's order never shows as a difference.
func typesInOrder(prior types.List, answered []string) types.List {
	left := make(map[string]bool, len(answered))
	for _, name := range answered {
		left[name] = true
	}
	ordered := make([]string, 0, len(answered))
	for _, name := range stringsOf(prior) {
		if left[name] {
			ordered = append(ordered, name)
			delete(left, name)
		}
	}
	if len(left) == 0 && len(ordered) == len(prior.Elements()) {
		return prior
	}
	known := len(ordered)
	for name := range left {
		ordered = append(ordered, name)
	}
	slices.Sort(ordered[known:])
	return listOf(ordered)
}
