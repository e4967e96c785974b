// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
)

func TestAccProvider_missingKeyIsAnErrorOnlyWhenNeeded(t *testing.T) {
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: testProviders(),
		Steps: []resource.TestStep{
			{Config: `data "digitalriver_safelist_ips" "all" {}`},
			{
				Config:      basicWebhook,
				ExpectError: regexp.MustCompile(`(?s)Missing API key.*api_key.*DIGITALRIVER_API_KEY.*sandbox.*sk_test_sandbox`),
			},
			{
				Config:      `data "digitalriver_webhooks" "all" {}`,
				ExpectError: regexp.MustCompile(`(?s)Missing API key`),
			},
			{Config: `data "digitalriver_safelist_ips" "all" {}`},
		},
	})
}

// TestAccProvider_unknownKeyPlans takes the API key from a resource that the
// same plan creates, and later replaces.
func TestAccProvider_unknownKeyPlans(t *testing.T) {
	api := startSandbox(t)
	config := func(version string) string {
		return strings.Replace(api.config(`
resource "terraform_data" "key" {
  input            = "`+testKey+`"
  triggers_replace = "`+version+`"
}
`+basicWebhook), `"`+testKey+`"`, "terraform_data.key.output", 1)
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: testProviders(),
		Steps: []resource.TestStep{
			{Config: config("1"), Check: api.wrote("POST /webhooks 201")},
			{PreConfig: api.clearRequests, Config: config("2"), Check: api.wrote()},
		},
	})
}

// TestAPIDiagnostics_ofTheList reads well and repeats nothing.
func TestAPIDiagnostics_ofTheList(t *testing.T) {
	failure := digitalriver.Error{
		Operation: "list webhooks", Method: "GET", Path: "/webhooks", Status: 400, Attempts: 1, UpstreamID: "u-1",
		Faults: []digitalriver.Fault{{Code: "odd", Message: "is odd"}},
	}
	for status, want := range map[int]string{
		400: "The API rejected the request for the list of webhooks: is odd.\n\n" +
			"GET /webhooks returned 400 (upstream-id u-1).",
		409: "The list of webhooks: GET /webhooks returned 409: \"is odd\" (odd) (upstream-id u-1).\n\n" +
			"Something else is changing it at the same time. Apply again.",
	} {
		failure.Status = status
		diags := apiDiagnostics("the list of webhooks", &failure)
		if len(diags) != 1 || diags[0].Summary() != "Could not list webhooks" || diags[0].Detail() != want {
			t.Errorf("%d: %v", status, diags)
		}
	}
}

// TestProvider_emptyArgumentIsAbsent sets arguments to "", as a variable with that
// default does: the environment applies, not the live service.
func TestProvider_emptyArgumentIsAbsent(t *testing.T) {
	api := startSandbox(t)
	t.Setenv(envAPIKey, testKey+"\r\n") // As in a file.
	t.Setenv(envBaseURL, api.url)
	t.Setenv(envAPIVersion, "2021-12-13\n")
	p := newProvider("test", &testClock{})
	arguments := object{"api_key": "", "base_url": "", "api_version": "", "request_timeout": ""}
	configure(t, newServer(p), arguments)
	if p.data.client == nil {
		t.Fatal("an empty argument hides the environment")
	}
	if _, _, err := p.data.client.ListWebhooks(t.Context()); err != nil {
		t.Error(err)
	}
	if got := api.requests(); len(got) != 1 {
		t.Errorf("requests to the sandbox: %v", got)
	}
}

// TestProvider_keyWithControlCharacter names the argument that is wrong.
func TestProvider_keyWithControlCharacter(t *testing.T) {
	t.Setenv(envAPIKey, "sk_test\tsandbox")
	kind := providerType()
	resp, err := newServer(newProvider("test", &testClock{})).ConfigureProvider(t.Context(),
		&tfprotov6.ConfigureProviderRequest{Config: dynamic(t, kind, nulls(kind))})
	if err != nil || len(resp.Diagnostics) != 1 || resp.Diagnostics[0].Summary != "Invalid API key" ||
		!resp.Diagnostics[0].Attribute.Equal(tftypes.NewAttributePath().WithAttributeName("api_key")) {
		t.Errorf("%v, %v", err, resp)
	}
}

func TestAccProvider_headers(t *testing.T) {
	t.Setenv("TF_APPEND_USER_AGENT", " pipeline/7 ")
	api := startSandbox(t)
	var requests []http.Header
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests = append(requests, r.Header)
		w.WriteHeader(http.StatusTeapot)
	}))
	defer server.Close()
	config := api.configWith(testKey, `api_version = "2021-12-13"`, `data "digitalriver_webhooks" "all" {}`)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: testProviders(),
		Steps: []resource.TestStep{{
			Config:      strings.Replace(config, api.url, server.URL, 1),
			ExpectError: regexp.MustCompile(`(?s)returned 418.*upstream-id`),
		}},
	})
	if len(requests) == 0 {
		t.Fatal("no request was sent")
	}
	for name, want := range map[string]string{
		"User-Agent":              `^terraform-provider-digitalriver/test Terraform/\d+\.\d+\S* pipeline/7$`,
		"upstream-application-id": `^terraform-provider-digitalriver/test$`,
		"digitalriver-version":    `^2021-12-13$`,
		"upstream-id":             `.`,
	} {
		if got := requests[0].Get(name); !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("%s is %q, want %s", name, got, want)
		}
	}
}

// TestAPIDiagnostics_onePerFault also checks the attribute of each.
func TestAPIDiagnostics_onePerFault(t *testing.T) {
	diags := apiDiagnostics("webhook", &digitalriver.Error{
		Operation: "create webhook", Method: "POST", Path: "/webhooks", Status: 400, UpstreamID: "u-1",
		Faults: []digitalriver.Fault{
			{Code: "invalid_parameter", Parameter: "types", Message: "is empty"},
			{Code: "invalid_parameter", Parameter: "oauth.tokenEndPoint", Message: "is no URL"},
			{Code: "invalid_parameter", Parameter: "types[2]", Message: "is unknown"},
			{Code: "odd", Parameter: "elsewhere"},
			{Code: "odd"},
		},
	})
	want := []string{"types", `oauth["token_endpoint"]`, "types", "", ""}
	if len(diags) != len(want) {
		t.Fatalf("%d diagnostics, want %d: %v", len(diags), len(want), diags)
	}
	for i, d := range diags {
		at := ""
		if on, ok := d.(diag.DiagnosticWithPath); ok {
			at = on.Path().String()
		}
		if at != want[i] {
			t.Errorf("%d: on %q, want %q", i, at, want[i])
		}
		if !strings.Contains(d.Detail(), "u-1") {
			t.Errorf("%d does not name the request: %s", i, d.Detail())
		}
	}
}
