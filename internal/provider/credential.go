// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// credential is a password or client secret in its two forms: plain, or
// write-only with a version.
type credential struct {
	name      string
	plain     types.String
	writeOnly types.String // null except in a configuration
	version   types.Int64
}

// credentialIn returns a credential of a nested attribute, absent if that is null.
func credentialIn(object types.Object, name string) credential {
	version, ok := object.Attributes()[name+"_wo_version"].(types.Int64)
	if !ok {
		version = types.Int64Null()
	}
	return credential{
		name: name, plain: stringIn(object, name), writeOnly: stringIn(object, name+"_wo"), version: version,
	}
}

func (c credential) absent() bool {
	return c.plain.IsNull() && c.writeOnly.IsNull() && c.version.IsNull()
}

// value returns the secret to send: the planned one, or else the write-only one
// of the configuration.
func (c credential) value(config types.Object) string {
	if c.plain.IsNull() {
		return credentialIn(config, c.name).writeOnly.ValueString()
	}
	return c.plain.ValueString()
}

// withResponse returns the plain value and the version for state after the API
// returned a secret, "" for none. State without the plain form keeps it out: an
// import cannot know which form the configuration has.
func (c credential) withResponse(value string) (types.String, types.Int64) {
	switch {
	case value == "":
		return types.StringNull(), types.Int64Null()
	case !c.plain.IsNull() && isMasked(value):
		return c.plain, types.Int64Null()
	case !c.plain.IsNull():
		return types.StringValue(value), types.Int64Null()
	case !c.version.IsNull():
		return types.StringNull(), c.version
	default:
		return types.StringNull(), types.Int64Value(1)
	}
}

// hiddenCredential returns the plain value and the version for state after the API
// returned an object without showing its credentials, as a key without the
// permission sees it: those of the prior state, and after an import the write-only
// form (D4).
func hiddenCredential(prior types.Object, name string) (types.String, types.Int64) {
	if prior.IsNull() {
		return types.StringNull(), types.Int64Value(1)
	}
	before := credentialIn(prior, name)
	return before.plain, before.version
}

// isMasked reports whether the API shows a placeholder instead of a secret.
func isMasked(value string) bool { return strings.Trim(value, "*•") == "" }

// validate checks the two forms of a credential in a configuration.
func (c credential) validate(at path.Path, required bool) diag.Diagnostics {
	var diags diag.Diagnostics
	plain, writeOnly := at.AtName(c.name), at.AtName(c.name+"_wo")
	version := at.AtName(c.name + "_wo_version")
	known := func(v attr.Value) bool { return !v.IsNull() && !v.IsUnknown() }
	switch {
	case c.absent() && required:
		diags.AddAttributeError(located(plain), "Missing "+c.name,
			"Set "+plain.String()+", or set "+writeOnly.String()+" and "+version.String()+" to keep it out of state.")
	case known(c.plain) && known(c.writeOnly):
		diags.AddAttributeError(located(writeOnly), "Conflicting values for "+c.name,
			"Set either "+plain.String()+" or "+writeOnly.String()+", not both.")
	case known(c.plain) && known(c.version):
		diags.AddAttributeError(located(version), "Version without a write-only value",
			version.String()+" belongs to "+writeOnly.String()+". Remove it, or replace "+plain.String()+" with "+
				writeOnly.String()+".")
	case known(c.writeOnly) && c.version.IsNull():
		diags.AddAttributeError(located(writeOnly), "Missing version of a write-only value",
			"Set "+version.String()+" too, for example to 1. Terraform sends "+writeOnly.String()+
				" again whenever that number changes.")
	}
	return diags
}

// require reports a write-only secret that has to be sent but is missing, as in
// a configuration that an import generated.
func (c credential) require(at path.Path, config types.Object) diag.Diagnostics {
	var diags diag.Diagnostics
	if c.plain.IsNull() && !c.version.IsNull() && credentialIn(config, c.name).writeOnly.IsNull() {
		diags.AddAttributeError(located(at.AtName(c.name+"_wo")), "Missing "+c.name,
			"This change sends all of "+at.String()+" to the API, including its "+c.name+". Set "+
				at.AtName(c.name+"_wo").String()+".")
	}
	return diags
}

// importedCredentials names the credentials that an import leaves out of state and
// generated configuration: the next change needs them.
func (m *webhookModel) importedCredentials() diag.Diagnostics {
	var names []string
	for _, c := range []struct {
		object types.Object
		at     path.Path
		name   string
	}{
		{m.Authentication, authenticationPath, "password"},
		{m.OAuth, oauthPath, "client_secret"},
		{m.OAuth, oauthPath, "password"},
	} {
		if !credentialIn(c.object, c.name).version.IsNull() {
			names = append(names, c.at.AtName(c.name+"_wo").String())
		}
	}
	if len(names) == 0 {
		return nil
	}
	return diag.Diagnostics{diag.NewWarningDiagnostic("Credentials are not imported",
		fmt.Sprintf("%s has credentials, which an import keeps out of state and out of generated configuration. Set %s in "+
			"the configuration, at version 1, before you change anything beside it.",
			capitalized(webhookName(m.ID.ValueString())), strings.Join(names, " and ")))}
}
