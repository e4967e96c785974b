// Package provider is what Terraform sees: the provider, its resources, data
// sources, ephemeral resources and functions.
package provider

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/float64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
)

// Address is where registries list this provider.
const Address = "registry.terraform.io/digitalriver/digitalriver"

const (
	envAPIKey     = "DIGITALRIVER_API_KEY"
	envBaseURL    = "DIGITALRIVER_BASE_URL"
	envAPIVersion = "DIGITALRIVER_API_VERSION"
)

var (
	_ provider.ProviderWithValidateConfig     = (*digitalRiver)(nil)
	_ provider.ProviderWithEphemeralResources = (*digitalRiver)(nil)
	_ provider.ProviderWithFunctions          = (*digitalRiver)(nil)
)

type digitalRiver struct {
	version string
	clock   digitalriver.Clock
	data    *providerData // nil before Configure

	// warnOffline is set while Terraform validates without a key: no plan
	// follows that could give the warnings. Terraform does not validate a
	// provider that has no configuration, so it starts from the environment.
	warnOffline bool
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

// New returns the provider of a version, for providerserver.
func New(version string) func() provider.Provider {
	return func() provider.Provider {
		return newProvider(version, digitalriver.SystemClock{})
	}
}

func newProvider(version string, clock digitalriver.Clock) *digitalRiver {
	return &digitalRiver{version: version, clock: clock, warnOffline: os.Getenv(envAPIKey) == ""}
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
				MarkdownDescription: "Confidential or restricted API key. The key decides the account and its mode, test or live. " +
					"Can also be set with `" + envAPIKey + "`. It is asked for only when a resource or data source needs the API.",
			},
			"base_url": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Where the API answers; `" + digitalriver.DefaultBaseURL + "` by default. `http` is accepted for loopback hosts only, " +
					"as of the sandbox. Can also be set with `" + envBaseURL + "`.",
			},
			"api_version": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "API version that requests are pinned to (`YYYY-MM-DD`), sent as `digitalriver-version`. " +
					"When absent, nothing is sent and the account's own version applies. Can also be set with `" + envAPIVersion + "`.",
			},
			"live_mode": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: "What this configuration is meant for: `true` for production, `false` for test. A key of the other mode is then an error " +
					"before anything is created, changed or deleted.",
			},
			"requests_per_second": schema.Float64Attribute{
				Optional:   true,
				Validators: []validator.Float64{float64validator.AtLeast(0.1)},
				MarkdownDescription: "Request rate that the provider keeps to. By default the documented limit of the key's mode: " +
					"25 per second in test mode, 250 in live mode.",
			},
			"max_retries": schema.Int64Attribute{
				Optional:            true,
				Validators:          []validator.Int64{int64validator.Between(0, 20)},
				MarkdownDescription: fmt.Sprintf("How often a request that failed for a passing reason is sent again; %d by default, 0 turns retries off.", digitalriver.DefaultMaxRetries),
			},
			"request_timeout": schema.StringAttribute{
				Optional:            true,
				Validators:          []validator.String{positiveDuration{}},
				MarkdownDescription: fmt.Sprintf("How long one attempt of a request may take, such as `10s` or `1m`; `%s` by default. A retry has the whole time again.", digitalriver.DefaultRequestTimeout),
			},
		},
	}
}

func (p *digitalRiver) ValidateConfig(ctx context.Context, req provider.ValidateConfigRequest, resp *provider.ValidateConfigResponse) {
	var config providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	p.warnOffline = !config.APIKey.IsUnknown() && fromEnv(config.APIKey, envAPIKey) == ""
	if !config.APIVersion.IsUnknown() {
		if version := fromEnv(config.APIVersion, envAPIVersion); version != "" && !isDate(version) {
			resp.Diagnostics.AddAttributeError(path.Root("api_version"), "Invalid API version",
				fmt.Sprintf("api_version must be a date of the form YYYY-MM-DD, such as \"2021-12-13\"; it is %q. "+
					"Leave it and %s out to use the account's own version.", version, envAPIVersion))
		}
	}
	if !config.BaseURL.IsUnknown() {
		if _, err := digitalriver.New(digitalriver.Config{BaseURL: fromEnv(config.BaseURL, envBaseURL)}); err != nil {
			resp.Diagnostics.AddAttributeError(path.Root("base_url"), "Invalid base URL", sentence(err)+
				" Correct base_url or "+envBaseURL+".")
		}
	}
}

func (p *digitalRiver) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var config providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}

	p.warnOffline = false
	data := &providerData{clock: p.clock, liveMode: config.LiveMode}
	p.data = data
	resp.ResourceData = data
	resp.DataSourceData = data
	resp.EphemeralResourceData = data

	for name, value := range map[string]interface{ IsUnknown() bool }{
		"api_key": config.APIKey, "base_url": config.BaseURL, "api_version": config.APIVersion, "live_mode": config.LiveMode,
		"requests_per_second": config.RequestsPerSecond, "max_retries": config.MaxRetries, "request_timeout": config.RequestTimeout,
	} {
		if value.IsUnknown() {
			data.unknown = name
			return
		}
	}
	apiKey := fromEnv(config.APIKey, envAPIKey)
	if apiKey == "" {
		return
	}
	clientConfig := digitalriver.Config{
		APIKey:            apiKey,
		BaseURL:           fromEnv(config.BaseURL, envBaseURL),
		APIVersion:        fromEnv(config.APIVersion, envAPIVersion),
		UserAgent:         fmt.Sprintf("terraform-provider-digitalriver/%s Terraform/%s", p.version, req.TerraformVersion),
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
	if !config.RequestTimeout.IsNull() {
		clientConfig.RequestTimeout, _ = time.ParseDuration(config.RequestTimeout.ValueString())
	}
	client, err := digitalriver.New(clientConfig)
	if err != nil {
		resp.Diagnostics.AddAttributeError(path.Root("base_url"), "Invalid base URL", sentence(err))
		return
	}
	data.client = client
}

func (p *digitalRiver) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{
		func() resource.Resource { return &webhookResource{provider: p} },
		func() resource.Resource { return &webhookSecretRotationResource{} },
	}
}

func (p *digitalRiver) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{
		func() datasource.DataSource { return &webhookDataSource{} },
		func() datasource.DataSource { return &webhooksDataSource{} },
		newSafelistIPsDataSource,
		newEventTypesDataSource,
	}
}

func (p *digitalRiver) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{
		func() ephemeral.EphemeralResource { return &webhookSecretEphemeralResource{} },
	}
}

func (p *digitalRiver) Functions(context.Context) []func() function.Function {
	return []func() function.Function{newEventTypesFunction}
}

func fromEnv(value types.String, name string) string {
	if value.IsNull() {
		return os.Getenv(name)
	}
	return value.ValueString()
}

// sentence makes a sentence of an error.
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
