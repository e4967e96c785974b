package provider

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	acctest "github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"
)

const examplesDir = "../../examples"

// exampleFiles returns the files of examples/ that a pattern matches.
func exampleFiles(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(examplesDir, pattern))
	if err != nil || len(files) == 0 {
		t.Fatalf("no example matches %s: %v", pattern, err)
	}
	return files
}

func readExample(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// TestAccExamples_run does what the reader of an example does: apply it, plan
// again, destroy, and run its tests.
func TestAccExamples_run(t *testing.T) {
	for _, file := range exampleFiles(t, "*/main.tf") {
		dir := filepath.Dir(file)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			api, w := startSandbox(t), newWorkspace(t)
			w.env = append(w.env, "TF_VAR_base_url="+api.url, envBaseURL+"="+api.url, envAPIKey+"="+testKey)
			if err := os.Remove(w.path("versions.tf")); err != nil {
				t.Fatal(err)
			}
			if err := os.CopyFS(w.dir, os.DirFS(dir)); err != nil {
				t.Fatal(err)
			}
			w.must("get")
			w.must("apply", "-auto-approve")
			w.mustBeClean()
			w.must("destroy", "-auto-approve")
			if _, err := os.Stat(filepath.Join(dir, "tests")); err == nil {
				w.must("test")
			}
			for _, key := range []string{testKey, liveKey} {
				api.checkNoWebhooks(key)
			}
		})
	}
}

// TestAccExamples_snippets validates the snippets that the docs show.
func TestAccExamples_snippets(t *testing.T) {
	files := slices.Concat(exampleFiles(t, "provider/*.tf"), exampleFiles(t, "resources/*/*.tf"),
		exampleFiles(t, "data-sources/*/*.tf"), exampleFiles(t, "functions/*/*.tf"))
	for _, file := range files {
		name, err := filepath.Rel(examplesDir, file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) {
			w := newWorkspace(t)
			w.require(neededVersion(name))
			snippet := readExample(t, file)
			if strings.Contains(snippet, "required_providers") {
				w.write("versions.tf", "")
			}
			if strings.HasPrefix(filepath.Base(file), "import-") {
				snippet += readExample(t, filepath.Join(filepath.Dir(file), "resource.tf"))
			}
			w.write("main.tf", snippet)
			for _, d := range w.validate() {
				t.Error(d)
			}
		})
	}
}

// neededVersion is the Terraform version that a snippet needs.
func neededVersion(name string) *version.Version {
	switch {
	case filepath.Base(name) == "import-by-identity.tf":
		return tfversion.Version1_12_0
	case strings.Contains(name, "resources/digitalriver_webhook/"): // Write-only arguments.
		return tfversion.Version1_11_0
	default:
		return tfversion.Version1_9_0
	}
}

// TestAccExamples_secretReachesWriteOnlyArgument runs the example of the
// ephemeral resource with a fake of the other provider.
func TestAccExamples_secretReachesWriteOnlyArgument(t *testing.T) {
	api, clock, aws := startSandbox(t), &testClock{}, &fakeAWS{}
	providers := testProvidersOn(clock)
	providers["aws"] = providerserver.NewProtocol6WithError(aws)
	config := api.config(readExample(t,
		filepath.Join(examplesDir, "ephemeral-resources/digitalriver_webhook_secret/ephemeral-resource.tf")))
	var id string
	stored := func(want int) func(*terraform.State) error {
		return func(*terraform.State) error {
			if len(aws.secrets) != want {
				return fmt.Errorf("%d secrets were stored, want %d", len(aws.secrets), want)
			}
			if newest := api.secrets(id)[0].(object)["secret"]; aws.secrets[want-1] != newest {
				return fmt.Errorf("the secret stored last is not the newest of the webhook")
			}
			return nil
		}
	}
	acctest.Test(t, acctest.TestCase{
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_11_0)},
		ProtoV6ProviderFactories: providers,
		Steps: []acctest.TestStep{
			{
				Config: config,
				Check:  acctest.ComposeTestCheckFunc(saveAttribute("digitalriver_webhook.orders", "id", &id), stored(1)),
			},
			{
				PreConfig: func() { api.advanceWith(clock, 90*24*time.Hour) },
				Config:    config,
				Check:     stored(2),
			},
		},
	})
}

// fakeAWS has the resources of the AWS provider that the examples use, and keeps
// the write-only secrets that it gets.
type fakeAWS struct{ secrets []string }

func (p *fakeAWS) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "aws"
}

func (p *fakeAWS) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse) {}

func (p *fakeAWS) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {
}

func (p *fakeAWS) DataSources(context.Context) []func() datasource.DataSource { return nil }

func (p *fakeAWS) Resources(context.Context) []func() resource.Resource {
	required := schema.StringAttribute{Required: true}
	writeOnly := schema.StringAttribute{Required: true, WriteOnly: true}
	return []func() resource.Resource{
		func() resource.Resource {
			return &fakeAWSResource{p, "aws_secretsmanager_secret", map[string]schema.Attribute{
				"id": schema.StringAttribute{Computed: true}, "name": required,
			}}
		},
		func() resource.Resource {
			return &fakeAWSResource{p, "aws_secretsmanager_secret_version", map[string]schema.Attribute{
				"id": schema.StringAttribute{Computed: true}, "secret_id": required,
				"secret_string_wo": writeOnly, "secret_string_wo_version": schema.Int64Attribute{Required: true},
			}}
		},
	}
}

// fakeAWSResource stores what is planned, under a fixed id.
type fakeAWSResource struct {
	*fakeAWS
	name       string
	attributes map[string]schema.Attribute
}

func (r *fakeAWSResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = r.name
}

func (r *fakeAWSResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{Attributes: r.attributes}
}

func (r *fakeAWSResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	resp.State.Raw = req.Plan.Raw
	resp.Diagnostics.Append(r.store(ctx, req.Config, &resp.State)...)
}

func (r *fakeAWSResource) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

func (r *fakeAWSResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	resp.State.Raw = req.Plan.Raw
	resp.Diagnostics.Append(r.store(ctx, req.Config, &resp.State)...)
}

func (r *fakeAWSResource) store(ctx context.Context, config tfsdk.Config, state *tfsdk.State) diag.Diagnostics {
	if _, ok := r.attributes["secret_string_wo"]; ok {
		var secret types.String
		if diags := config.GetAttribute(ctx, path.Root("secret_string_wo"), &secret); diags.HasError() {
			return diags
		}
		r.secrets = append(r.secrets, secret.ValueString())
	}
	return state.SetAttribute(ctx, path.Root("id"), r.name)
}

func (r *fakeAWSResource) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}
