package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
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

// TestAccExamples_run does with each whole example what its reader does: apply,
// plan again, destroy, and run its own tests.
func TestAccExamples_run(t *testing.T) {
	for _, file := range exampleFiles(t, "*/main.tf") {
		dir := filepath.Dir(file)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			api, w := startSandbox(t), newWorkspace(t)
			w.env = append(w.env, "TF_VAR_base_url="+api.url, envBaseURL+"="+api.url, envAPIKey+"="+testKey)
			if err := os.Remove(filepath.Join(w.dir, "versions.tf")); err != nil {
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
				if diff := cmp.Diff([]any{}, api.webhooks(key)); diff != "" {
					t.Errorf("webhooks left (-want +got):\n%s", diff)
				}
			}
		})
	}
}

// TestAccExamples_snippets validates the snippets that docs pages show.
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
			if w.minorVersion() < neededMinorVersion(name) {
				return
			}
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

// neededMinorVersion is the Terraform 1.x that a snippet needs.
func neededMinorVersion(name string) int {
	switch {
	case filepath.Base(name) == "import-by-identity.tf":
		return 12
	case strings.Contains(name, "resources/digitalriver_webhook/"): // write-only arguments
		return 11
	default:
		return 0
	}
}

// minorVersion is the x of the command line's version 1.x.
func (w *workspace) minorVersion() int {
	w.t.Helper()
	_, out := w.run("version", "-json")
	var result struct {
		Version string `json:"terraform_version"`
	}
	if err := json.Unmarshal([]byte(out), &result); err != nil {
		w.t.Fatalf("%s\n%s", err, out)
	}
	var minor int
	if _, err := fmt.Sscanf(result.Version, "1.%d.", &minor); err != nil {
		w.t.Fatalf("version %q: %s", result.Version, err)
	}
	return minor
}

// TestAccExamples_secretReachesWriteOnlyArgument runs the example of the
// ephemeral resource with a stand-in for the other provider.
func TestAccExamples_secretReachesWriteOnlyArgument(t *testing.T) {
	api, clock, aws := startSandbox(t), &testClock{}, &standIn{}
	providers := factories(clock)
	providers["aws"] = providerserver.NewProtocol6WithError(aws)
	config := api.config(readExample(t, filepath.Join(examplesDir, "ephemeral-resources/digitalriver_webhook_secret/ephemeral-resource.tf")))
	var id string
	handedOver := func(want int) func(*terraform.State) error {
		return func(*terraform.State) error {
			if len(aws.secrets) != want {
				return fmt.Errorf("%d secrets were handed over, want %d", len(aws.secrets), want)
			}
			if newest := api.secrets(id)[0].(object)["secret"]; aws.secrets[want-1] != newest {
				return fmt.Errorf("the secret handed over last is not the newest of the webhook")
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
				Check:  acctest.ComposeTestCheckFunc(attribute("digitalriver_webhook.orders", "id", &id), handedOver(1)),
			},
			{
				PreConfig: func() {
					clock.advance(90 * 24 * time.Hour)
					api.advance(90 * 24 * time.Hour)
				},
				Config: config,
				Check:  handedOver(2),
			},
		},
	})
}

// standIn serves as much of the AWS provider as the examples use, and keeps the
// write-only secrets that it was given.
type standIn struct{ secrets []string }

func (p *standIn) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "aws"
}

func (p *standIn) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse) {}

func (p *standIn) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {
}

func (p *standIn) DataSources(context.Context) []func() datasource.DataSource { return nil }

func (p *standIn) Resources(context.Context) []func() resource.Resource {
	required, writeOnly := schema.StringAttribute{Required: true}, schema.StringAttribute{Required: true, WriteOnly: true}
	return []func() resource.Resource{
		func() resource.Resource {
			return &standInResource{standIn: p, name: "aws_secretsmanager_secret", attributes: map[string]schema.Attribute{
				"id": schema.StringAttribute{Computed: true}, "name": required,
			}}
		},
		func() resource.Resource {
			return &standInResource{standIn: p, name: "aws_secretsmanager_secret_version", attributes: map[string]schema.Attribute{
				"id": schema.StringAttribute{Computed: true}, "secret_id": required,
				"secret_string_wo": writeOnly, "secret_string_wo_version": schema.Int64Attribute{Required: true},
			}}
		},
	}
}

// standInResource stores what is planned, under a fixed id.
type standInResource struct {
	*standIn
	name       string
	attributes map[string]schema.Attribute
}

func (r *standInResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = r.name
}

func (r *standInResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{Attributes: r.attributes}
}

func (r *standInResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	resp.State.Raw = req.Plan.Raw
	resp.Diagnostics.Append(r.store(ctx, req.Config, &resp.State)...)
}

func (r *standInResource) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

func (r *standInResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	resp.State.Raw = req.Plan.Raw
	resp.Diagnostics.Append(r.store(ctx, req.Config, &resp.State)...)
}

func (r *standInResource) store(ctx context.Context, config tfsdk.Config, state *tfsdk.State) diag.Diagnostics {
	if _, ok := r.attributes["secret_string_wo"]; ok {
		var secret types.String
		if diags := config.GetAttribute(ctx, path.Root("secret_string_wo"), &secret); diags.HasError() {
			return diags
		}
		r.secrets = append(r.secrets, secret.ValueString())
	}
	return state.SetAttribute(ctx, path.Root("id"), r.name)
}

func (r *standInResource) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}
