// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

// Package provider is the part that Terraform sees: the provider, its resources,
// data sources, ephemeral resources and functions. Start with webhook_resource.go;
// provider.go configures what all of them share.
package provider

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/float64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
)

// Address is the source address of the provider.
const Address = "registry.terraform.io/digitalriver/digitalriver"

const (
	envAPIKey     = digitalriver.APIKeyVariable
	envBaseURL    = digitalriver.BaseURLVariable
	envAPIVersion = digitalriver.APIVersionVariable
)

var (
	_ provider.Provider                       = (*digitalRiver)(nil)
	_ provider.ProviderWithActions            = (*digitalRiver)(nil)
	_ provider.ProviderWithListResources      = (*digitalRiver)(nil)
	_ provider.ProviderWithValidateConfig     = (*digitalRiver)(nil)
	_ provider.ProviderWithEphemeralResources = (*digitalRiver)(nil)
	_ provider.ProviderWithFunctions          = (*digitalRiver)(nil)
)

type digitalRiver struct {
	version string
	clock   digitalriver.Clock
	data    *providerData // nil before Configure

	// noPlanFollows is set while Terraform validates without a key, so that the
	// warnings cannot come from a plan. Terraform does not validate a provider
	// that has no configuration, so the environment decides at first.
	noPlanFollows bool
}

type providerModel struct {
	APIKey            types.String  `tfsdk:"api_key"`
	BaseURL           types.String  `tfsdk:"base_url"`
	APIVersion        types.String  `tfsdk:"api_version"`
	LiveMode          types.Bool    `tfsdk:"live_mode"`
	RequestsPerSecond types.Float64 `tfsdk:"requests_per_second"`
	MaxRetries        types.Int64   `tfsdk:"max_retries"`
	RequestTimeout    types.String  `tfsdk:"request_timeout"`
}

// New returns a constructor of the provider, for providerserver.
func New(version string) func() provider.Provider {
	return func() provider.Provider {
		return newProvider(version, digitalriver.SystemClock{})
	}
}

func newProvider(version string, clock digitalriver.Clock) *digitalRiver {
	return &digitalRiver{version: version, clock: clock, noPlanFollows: argument(types.StringNull(), envAPIKey) == ""}
}

func (p *digitalRiver) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "digitalriver"
	resp.Version = p.version
}

func (p *digitalRiver) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Manages the webhooks of a Digital River account and their signing secrets.",
		Attributes: map[string]schema.Attribute{
			"api_key": schema.StringAttribute{
				Optional:  true,
				Sensitive: true,
				MarkdownDescription: "Confidential or restricted API key. The key determines the account and its mode, test or " +
					"live. Can also be set with `" + envAPIKey + "`. Only resources and data sources that use the API need it.",
			},
			"base_url": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Base URL of the API. `http` is accepted for loopback hosts only, such as that of the " +
					"sandbox. Can also be set with `" + envBaseURL + "`. Defaults to `" + digitalriver.DefaultBaseURL + "`.",
			},
			"api_version": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "API version to pin requests to, of the form `YYYY-MM-DD`, sent as the header " +
					"`digitalriver-version`. Can also be set with `" + envAPIVersion + "`. By default the header is not sent and " +
					"the account's own version applies.",
			},
			"live_mode": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: "Mode that this configuration is meant for: `true` for live mode (production), `false` " +
					"for test mode. If set, a key of the other mode is an error before anything is created, changed or deleted.",
			},
			"requests_per_second": schema.Float64Attribute{
				Optional:   true,
				Validators: []validator.Float64{float64validator.AtLeast(0.1)},
				MarkdownDescription: "Maximum number of requests per second, at least 0.1. Defaults to the documented limit of " +
					"the key's mode: 25 in test mode, 250 in live mode.",
			},
			"max_retries": schema.Int64Attribute{
				Optional:   true,
				Validators: []validator.Int64{int64validator.Between(0, 20)},
				MarkdownDescription: fmt.Sprintf("Number of times to retry a request after a transient failure, from 0 to 20. "+
					"Defaults to %d.", digitalriver.DefaultMaxRetries),
			},
			"request_timeout": schema.StringAttribute{
				Optional:   true,
				Validators: []validator.String{&positiveDurationValidator{}},
				MarkdownDescription: fmt.Sprintf("Timeout of each attempt of a request: a duration above "+
					"zero, such as `10s` or `1m`. Defaults to `%s`.",
					digitalriver.DefaultRequestTimeout),
			},
		},
	}
}

func (p *digitalRiver) ValidateConfig(
	ctx context.Context, req provider.ValidateConfigRequest, resp *provider.ValidateConfigResponse,
) {
	var config providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	apiKey := argument(config.APIKey, envAPIKey)
	p.noPlanFollows = !config.APIKey.IsUnknown() && apiKey == ""
	if !config.APIVersion.IsUnknown() {
		if version := argument(config.APIVersion, envAPIVersion); version != "" && !isDate(version) {
			resp.Diagnostics.AddAttributeError(path.Root("api_version"), "Invalid API version",
				fmt.Sprintf("api_version must be a date of the form YYYY-MM-DD, such as \"2021-12-13\"; it is %q. To use the "+
					"account's own version, set neither api_version nor %s.", version, envAPIVersion))
		}
	}
	_, err := digitalriver.New(digitalriver.Config{APIKey: apiKey, BaseURL: argument(config.BaseURL, envBaseURL)})
	if err != nil {
		resp.Diagnostics.Append(invalidArgument(err))
	}
}

// invalidArgument reports why the client refuses its configuration.
func invalidArgument(err error) diag.Diagnostic {
	if errors.Is(err, digitalriver.ErrInvalidAPIKey) {
		return diag.NewAttributeErrorDiagnostic(path.Root("api_key"), "Invalid API key",
			sentence(err)+" Correct api_key or "+envAPIKey+".")
	}
	return diag.NewAttributeErrorDiagnostic(path.Root("base_url"), "Invalid base URL",
		sentence(err)+" Correct base_url or "+envBaseURL+".")
}

func (p *digitalRiver) Configure(
	ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse,
) {
	var config providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}

	p.noPlanFollows = false
	apiKey := argument(config.APIKey, envAPIKey)
	data := &providerData{
		clock: p.clock, keyless: apiKey == "" && !config.APIKey.IsUnknown(), liveMode: config.LiveMode,
	}
	p.data = data
	resp.ResourceData = data
	resp.DataSourceData = data
	resp.EphemeralResourceData = data
	resp.ListResourceData = data
	resp.ActionData = data

	for name, value := range map[string]interface{ IsUnknown() bool }{
		"api_key": config.APIKey, "base_url": config.BaseURL, "api_version": config.APIVersion,
		"live_mode": config.LiveMode, "requests_per_second": config.RequestsPerSecond,
		"max_retries": config.MaxRetries, "request_timeout": config.RequestTimeout,
	} {
		if value.IsUnknown() {
			data.unknown = name
			if req.ClientCapabilities.DeferralAllowed {
				resp.Deferred = &provider.Deferred{Reason: provider.DeferredReasonProviderConfigUnknown}
			}
			return
		}
	}
	if data.keyless {
		return
	}
	clientConfig := digitalriver.Config{
		APIKey:            apiKey,
		BaseURL:           argument(config.BaseURL, envBaseURL),
		APIVersion:        argument(config.APIVersion, envAPIVersion),
		UserAgent:         p.userAgent(req.TerraformVersion),
		ApplicationID:     "terraform-provider-digitalriver/" + p.version,
		RequestsPerSecond: config.RequestsPerSecond.ValueFloat64(),
		MaxRetries:        digitalriver.DefaultMaxRetries,
		Clock:             p.clock,
		Log: func(ctx context.Context, message string, fields map[string]any) {
			tflog.Debug(ctx, message, fields)
		},
	}
	if !config.MaxRetries.IsNull() {
		clientConfig.MaxRetries = int(config.MaxRetries.ValueInt64())
	}
	if timeout := config.RequestTimeout.ValueString(); timeout != "" {
		clientConfig.RequestTimeout, _ = time.ParseDuration(timeout)
	}
	client, err := digitalriver.New(clientConfig)
	if err != nil {
		resp.Diagnostics.Append(invalidArgument(err))
		return
	}
	data.client = client
}

func (p *digitalRiver) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{
		func() resource.Resource { return newWebhookResource(p) },
		newWebhookSecretRotationResource,
	}
}

func (p *digitalRiver) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{
		newWebhookDataSource,
		newWebhooksDataSource,
		newSafelistIPsDataSource,
		newEventTypesDataSource,
	}
}

func (p *digitalRiver) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{newWebhookSecretEphemeralResource}
}

func (p *digitalRiver) ListResources(context.Context) []func() list.ListResource {
	return []func() list.ListResource{newWebhookListResource, newWebhookSecretRotationListResource}
}

func (p *digitalRiver) Actions(context.Context) []func() action.Action {
	return []func() action.Action{newRotateWebhookSecretAction, newCheckWebhookAction}
}

func (p *digitalRiver) Functions(context.Context) []func() function.Function {
	return []func() function.Function{newEventTypesFunction}
}

// userAgent identifies the provider and the CLI, and whatever TF_APPEND_USER_AGENT
// adds, as in other providers.
func (p *digitalRiver) userAgent(terraformVersion string) string {
	agent := fmt.Sprintf("terraform-provider-digitalriver/%s Terraform/%s", p.version, terraformVersion)
	return strings.TrimSpace(agent + " " + strings.TrimSpace(os.Getenv("TF_APPEND_USER_AGENT")))
}

// argument returns a provider argument, or an environment variable if the argument
// is null or empty. A line break at the end, which files and CI secrets often have,
// is removed. An argument that is not known yet is the caller's concern.
func argument(value types.String, envName string) string {
	if text := withoutLineBreak(value.ValueString()); text != "" || value.IsUnknown() {
		return text
	}
	return withoutLineBreak(os.Getenv(envName))
}

func withoutLineBreak(text string) string { return strings.TrimRight(text, "\r\n") }

// sentence turns an error into a sentence.
func sentence(err error) string {
	text := strings.TrimSpace(err.Error())
	if text == "" {
		return text
	}
	text = capitalized(text)
	if !strings.HasSuffix(text, ".") {
		text += "."
	}
	return text
}

func capitalized(text string) string {
	return strings.ToUpper(text[:1]) + text[1:]
}
