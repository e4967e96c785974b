// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
)

func TestKeepOrder(t *testing.T) {
	for name, test := range map[string]struct {
		prior       []string
		names, want []string
	}{
		"same":    {[]string{"c", "a", "b"}, []string{"a", "b", "c"}, []string{"c", "a", "b"}},
		"more":    {[]string{"c", "a"}, []string{"z", "b", "a", "c"}, []string{"c", "a", "b", "z"}},
		"less":    {[]string{"c", "a", "b"}, []string{"b", "c"}, []string{"c", "b"}},
		"another": {[]string{"a"}, []string{"c", "b"}, []string{"b", "c"}},
		"none":    {nil, []string{"b", "a"}, []string{"a", "b"}},
		"twice":   {[]string{"a"}, []string{"a", "a"}, []string{"a"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, stringsOf(keepOrder(listOf(test.prior), test.names))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestCredential_withResponse covers values that the sandbox never returns: masked
// and hidden ones.
func TestCredential_withResponse(t *testing.T) {
	plain := credential{plain: types.StringValue("s3cret"), version: types.Int64Null()}
	writeOnly := credential{plain: types.StringNull(), version: types.Int64Value(7)}
	none := credential{plain: types.StringNull(), version: types.Int64Null()}
	for name, test := range map[string]struct {
		before  credential
		value   string
		plain   types.String
		version types.Int64
	}{
		"masked stays":        {plain, "********", types.StringValue("s3cret"), types.Int64Null()},
		"changed is drift":    {plain, "other", types.StringValue("other"), types.Int64Null()},
		"removed is drift":    {plain, "", types.StringNull(), types.Int64Null()},
		"write-only stays":    {writeOnly, "other", types.StringNull(), types.Int64Value(7)},
		"write-only, removed": {writeOnly, "", types.StringNull(), types.Int64Null()},
		"imported":            {none, "s3cret", types.StringNull(), types.Int64Value(1)},
		"none":                {none, "", types.StringNull(), types.Int64Null()},
	} {
		t.Run(name, func(t *testing.T) {
			gotPlain, gotVersion := test.before.withResponse(test.value)
			if !gotPlain.Equal(test.plain) || !gotVersion.Equal(test.version) {
				t.Errorf("%s, %s; want %s, %s", gotPlain, gotVersion, test.plain, test.version)
			}
		})
	}
}

// TestWebhookModel_hiddenPassword has responses that show the client secret but no
// password: the API hides it if there is a user name.
func TestWebhookModel_hiddenPassword(t *testing.T) {
	response := digitalriver.OAuth{ClientID: "c", ClientSecret: "s", UserName: "u", Password: "p"}
	plain := oauthFrom(types.ObjectNull(webhookFields().objectType("oauth")), &response)
	values := plain.Attributes()
	values["password"], values["password_wo_version"] = types.StringValue("p"), types.Int64Null()
	plain = types.ObjectValueMust(webhookFields().objectType("oauth"), values)
	response.Password = ""
	if kept := stringIn(oauthFrom(plain, &response), "password").ValueString(); kept != "p" {
		t.Errorf("a hidden password is %q", kept)
	}
	response.UserName = ""
	if removed := stringIn(oauthFrom(plain, &response), "password"); !removed.IsNull() {
		t.Errorf("a removed password is %s", removed)
	}
}
