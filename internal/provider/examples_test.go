// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
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
			// With a data source in a check, a plan reads it again, but changes nothing.
			plan := w.must("plan")
			if !strings.Contains(plan, "No changes.") && !strings.Contains(plan, "Plan: 0 to add, 0 to change, 0 to destroy.") {
				t.Error(plan)
			}
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
		exampleFiles(t, "data-sources/*/*.tf"), exampleFiles(t, "functions/*/*.tf"), exampleFiles(t, "actions/*/*.tf"))
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
				// Terraform 1.16 prefers a symbol that 1.14 does not have.
				if d.Summary != "Reference to triggering resource" {
					t.Error(d)
				}
			}
		})
	}
}

// TestAccExamples_imports runs the import commands that the docs show, with the ID
// of a webhook that exists.
func TestAccExamples_imports(t *testing.T) {
	exampleID := regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	for _, file := range exampleFiles(t, "resources/*/import.sh") {
		dir := filepath.Dir(file)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			api, w := startSandbox(t), newWorkspace(t)
			w.require(tfversion.Version1_11_0)
			id := api.create(testKey, webhookBody("https://shop.example.com/orders", "order.accepted"))
			w.env = append(w.env, "TF_VAR_refunds_password=open", "TF_VAR_fulfillments_client_secret=open")
			w.write("main.tf", api.config(readExample(t, filepath.Join(dir, "resource.tf"))))
			command := strings.Fields(exampleID.ReplaceAllString(readExample(t, file), id))
			if code, out := w.run(command[1:]...); command[0] != "terraform" || code != 0 {
				t.Errorf("%s: exit code %d\n%s", command, code, out)
			}
		})
	}
}

// TestAccExamples_queries runs the queries that the docs show.
func TestAccExamples_queries(t *testing.T) {
	for _, file := range exampleFiles(t, "list-resources/*/*.tfquery.hcl") {
		t.Run(filepath.Base(filepath.Dir(file)), func(t *testing.T) {
			api, w := startSandbox(t), newWorkspace(t)
			w.require(tfversion.Version1_14_0)
			api.create(testKey, webhookBody("https://shop.example.com/orders", "order.accepted"))
			w.write("main.tf", api.config(""))
			w.write(filepath.Base(file), readExample(t, file))
			if found := w.must("query"); !strings.Contains(found, "https://shop.example.com/orders (1 event type)") {
				t.Error(found)
			}
		})
	}
}

// neededVersion is the Terraform version that a snippet needs.
func neededVersion(name string) *version.Version {
	switch {
	case strings.HasPrefix(name, "actions/"):
		return tfversion.Version1_14_0
	case filepath.Base(name) == "import-by-identity.tf":
		return tfversion.Version1_12_0
	case strings.Contains(name, "resources/digitalriver_webhook/"): // Write-only arguments.
		return tfversion.Version1_11_0
	default:
		return tfversion.Version1_8_0
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
	resource.Test(t, resource.TestCase{
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_11_0)},
		ProtoV6ProviderFactories: providers,
		Steps: []resource.TestStep{
			{
				Config: config,
				Check:  resource.ComposeTestCheckFunc(saveAttribute("digitalriver_webhook.orders", "id", &id), stored(1)),
			},
			{
				PreConfig: func() { api.advanceWith(clock, 90*24*time.Hour) },
				Config:    config,
				Check:     stored(2),
			},
		},
	})
}
