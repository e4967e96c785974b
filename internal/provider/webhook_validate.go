// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"net/url"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/loopback"
)

var (
	authenticationPath = path.Root("authentication")
	oauthPath          = path.Root("oauth")
)

// validate checks the attributes of a configuration that depend on each other.
// The schema's validators check each attribute by itself.
func (m *webhookModel) validate() diag.Diagnostics {
	var diags diag.Diagnostics
	transport := m.TransportType.ValueString()
	hasAuthentication := !m.Authentication.IsNull() && !m.Authentication.IsUnknown()
	hasOAuth := !m.OAuth.IsNull() && !m.OAuth.IsUnknown()
	switch {
	case transport == digitalriver.TransportOAuth && hasAuthentication:
		diags.AddAttributeError(authenticationPath, "Authentication with OAUTH",
			"authentication requires transport_type \"HTTP\". With \"OAUTH\", remove it and describe the token in oauth.")
	case transport == digitalriver.TransportHTTP && hasOAuth:
		diags.AddAttributeError(oauthPath, "OAuth with HTTP",
			"oauth requires transport_type \"OAUTH\". With \"HTTP\", remove it; use authentication for a user name and "+
				"password.")
	case hasAuthentication && hasOAuth:
		diags.AddAttributeError(authenticationPath, "Authentication and OAuth",
			"A webhook has one transport type: authentication requires \"HTTP\", oauth requires \"OAUTH\". Remove one of "+
				"the two.")
	}
	if transport == digitalriver.TransportOAuth && m.OAuth.IsNull() {
		diags.AddAttributeError(oauthPath, "Missing oauth",
			"transport_type \"OAUTH\" requires oauth with token_endpoint, client_id and client_secret.")
	}
	if hasAuthentication {
		diags.Append(credentialIn(m.Authentication, "password").validate(authenticationPath, true)...)
	}
	if hasOAuth {
		diags.Append(m.validateOAuth()...)
		diags.Append(m.requireHTTPS()...)
	}
	return diags
}

// requireHTTPS reports an endpoint that would get its bearer token unencrypted. The
// dashboard requires https for an endpoint with OAuth too.
func (m *webhookModel) requireHTTPS() diag.Diagnostics {
	var diags diag.Diagnostics
	u, err := url.Parse(m.Address.ValueString())
	if err == nil && u.Scheme == "http" && !loopback.Host(u.Hostname()) {
		diags.AddAttributeError(path.Root("address"), "OAuth without https",
			fmt.Sprintf("With oauth, address must be an https URL, since each event brings a bearer token; it is %q. Only "+
				"loopback hosts may use http.", m.Address.ValueString()))
	}
	return diags
}

func (m *webhookModel) validateOAuth() diag.Diagnostics {
	password := credentialIn(m.OAuth, "password")
	diags := credentialIn(m.OAuth, "client_secret").validate(oauthPath, true)
	diags.Append(password.validate(oauthPath, false)...)
	if stringIn(m.OAuth, "grant_type").ValueString() != digitalriver.GrantClientCredentials {
		return diags
	}
	refuse := func(name string) {
		diags.AddAttributeError(located(oauthPath.AtName(name)), "Not used with client credentials",
			oauthPath.AtName(name).String()+" requires grant_type \"password\". Remove it, or change grant_type.")
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
	return diags
}

// requireCredentials reports write-only credentials that a plan has to send but
// the configuration lacks. state is nil for a new webhook.
func (m *webhookModel) requireCredentials(state *webhookModel, config webhookModel) diag.Diagnostics {
	var diags diag.Diagnostics
	if state == nil || !m.Authentication.Equal(state.Authentication) {
		diags.Append(credentialIn(m.Authentication, "password").require(authenticationPath, config.Authentication)...)
	}
	if state == nil || !m.OAuth.Equal(state.OAuth) {
		diags.Append(credentialIn(m.OAuth, "client_secret").require(oauthPath, config.OAuth)...)
		diags.Append(credentialIn(m.OAuth, "password").require(oauthPath, config.OAuth)...)
	}
	return diags
}
