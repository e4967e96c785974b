// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox/readings"
)

// The tests in this file adopt the webhooks of a sandbox with the command adopt of
// the built provider, and plan and apply what it writes as it stands.

// useSandbox makes the environment name a sandbox, and leaves the provider to the
// configuration.
func (w *workspace) useSandbox(api *sandboxAPI) {
	w.t.Helper()
	w.env = append(w.env, envBaseURL+"="+api.url, envAPIKey+"="+testKey)
	if err := os.Remove(w.path("versions.tf")); err != nil {
		w.t.Fatal(err)
	}
}

// adopt writes configuration for the webhooks of a sandbox in place of the
// configuration of the workspace, and returns its files.
func (w *workspace) adopt(api *sandboxAPI, flags ...string) map[string]string {
	w.t.Helper()
	w.useSandbox(api)
	binary, err := builtProvider()
	if err != nil {
		w.t.Fatal(err)
	}
	command := exec.Command(binary, append([]string{"adopt"}, flags...)...)
	command.Dir, command.Env = w.dir, w.env
	if out, err := command.CombinedOutput(); err != nil {
		w.t.Fatalf("adopt: %v\n%s", err, out)
	}
	paths, err := filepath.Glob(w.path("*"))
	if err != nil {
		w.t.Fatal(err)
	}
	files := map[string]string{}
	for _, path := range paths {
		files[filepath.Base(path)] = w.read(filepath.Base(path))
	}
	return files
}

// mustAdopt checks that the configuration imports so many objects without a
// change, applies it, and checks that nothing was written to the API.
func (w *workspace) mustAdopt(api *sandboxAPI, imports int) {
	w.t.Helper()
	w.requireImportBlocks()
	api.clearRequests()
	w.must("fmt", "-check", "-diff")
	w.must("validate")
	summary := fmt.Sprintf("%d to import, 0 to add, 0 to change, 0 to destroy.", imports)
	if out := w.must("plan"); !strings.Contains(out, "Plan: "+summary) {
		w.t.Fatalf("the plan is not %q:\n%s", summary, out)
	}
	w.must("apply", "-auto-approve")
	w.mustBeClean()
	api.checkNoWrites()
}

// everyShape are 60 webhooks of every shape, as requests to create them. Their
// credentials, except in addresses, begin with "hidden-".
func everyShape() []object {
	basic := object{"username": `sh"op ${x} %{y}`, "password": "hidden-password"}
	oauth := object{
		"tokenEndPoint": "https://login.example.com/token?a=${b}", "clientID": "client", "clientSecret": "hidden-secret",
	}
	shapes := []object{
		{},
		{"enabled": false},
		{"apiVersion": "2021-12-13"},
		{"apiVersion": "2020-09-30", "enabled": false},
		{"apiVersion": "latest"},
		{"types": []string{"order.shipped_by_drone", "AT787.HTTP.Test"}},
		{"types": []string{
			"order.accepted", "order.blocked", "order.cancelled", "order.complete", "order.fulfilled", "refund.failed",
		}},
		{"authentication": basic},
		{"transportType": "OAUTH", "oauth": merged(oauth, object{"userName": "shop", "password": "hidden-oauth-password"})},
		{"transportType": "OAUTH", "oauth": merged(oauth, object{"audience": `"orders"`})},
		{"transportType": "OAUTH", "oauth": merged(oauth, object{"grantType": "client_credentials"})},
		{"transportType": "OAUTH", "oauth": merged(oauth, object{ // Which a token request with this grant does not use.
			"grantType": "client_credentials", "userName": "shop", "password": "hidden-oauth-password",
		})},
	}
	addresses := []string{
		"https://shop.example.com/digital-river/events", // Several alike.
		"https://münchen.example/größe/注文",
		`https://shop.example.com/${x}/$${y}/"quoted"?%{z}`,
		"https://user:in-address@shop.example.com/hooks/0123456789abcdef?token=in-address",
		"http://127.0.0.1:8080/%7Bescaped%7D/e\u0301",
	}
	var webhooks []object
	for _, address := range addresses {
		for _, shape := range shapes {
			webhooks = append(webhooks, merged(webhookBody(address, "order.accepted"), shape))
		}
	}
	return webhooks
}

func TestAccAdopt(t *testing.T) {
	api, w := startSandbox(t), newWorkspace(t)
	w.require(tfversion.Version1_11_0) // For write-only arguments.
	var signingSecrets []string
	for _, webhook := range everyShape() {
		id := api.create(testKey, webhook)
		signingSecrets = append(signingSecrets, api.secrets(id)[0].(object)["secret"].(string))
	}
	files := w.adopt(api, "-rotations")
	for name, content := range files {
		checkNoCredentials(t, []string{content}, append(signingSecrets, "hidden-", "whk_", testKey)...)
		for _, line := range regexp.MustCompile("(?m)^.*in-address.*$").FindAllString(content, -1) {
			if !strings.HasPrefix(line, "  address ") {
				t.Errorf("%s repeats a credential of an address: %s", name, line)
			}
		}
	}
	want := []string{"README.md", "imports.tf", "providers.tf", "variables.tf", "webhooks.tf"}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(files))); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	w.mustAdopt(api, 2*60)
	checkNoCredentials(t, []string{w.read("terraform.tfstate")}, "hidden-", "whk_")
}

// TestAccAdopt_readings adopts webhooks of every shape from an API that shows less,
// or in another form.
func TestAccAdopt_readings(t *testing.T) {
	for _, reading := range []string{
		readings.CredentialsMasked, readings.APIVersionDefaultDated, readings.AddressSlashAdded,
	} {
		t.Run(reading, func(t *testing.T) {
			api := startSandboxWith(t, sandbox.Options{RateLimit: "off", Readings: []string{reading}})
			w := newWorkspace(t)
			w.require(tfversion.Version1_11_0)
			for _, webhook := range everyShape()[:12] {
				api.create(testKey, webhook)
			}
			w.adopt(api)
			w.mustAdopt(api, 12)
		})
	}
}

// TestAccAdopt_withoutEphemeral adopts webhooks for a CLI that has neither
// ephemeral variables nor write-only arguments.
func TestAccAdopt_withoutEphemeral(t *testing.T) {
	api, w := startSandbox(t), newWorkspace(t)
	webhooks := everyShape()[:12]
	for _, webhook := range webhooks {
		api.create(testKey, webhook)
	}
	for name, content := range w.adopt(api, "-ephemeral=false") {
		if strings.HasSuffix(name, ".tf") && regexp.MustCompile(`ephemeral|_wo +=`).MatchString(content) {
			t.Errorf("%s needs a newer CLI", name)
		}
	}
	w.mustAdopt(api, len(webhooks))
}

// TestAccAdopt_byIdentity adopts webhooks by their identity.
func TestAccAdopt_byIdentity(t *testing.T) {
	api, w := startSandbox(t), newWorkspace(t)
	w.require(tfversion.Version1_12_0)
	for _, webhook := range everyShape()[:12] {
		api.create(testKey, webhook)
	}
	w.adopt(api, "-identity", "-rotations")
	w.mustAdopt(api, 24)
}

// TestAccAdopt_example imports two of three webhooks with the example of import
// blocks with for_each.
func TestAccAdopt_example(t *testing.T) {
	api, w := startSandbox(t), newWorkspace(t)
	api.create(testKey, webhookBody("https://shop.example.com/digital-river/fulfillments", "fulfillment.created"))
	api.create(testKey, webhookBody("https://shop.example.com/digital-river/orders", "order.accepted", "order.blocked"))
	api.create(testKey, webhookBody("https://shop.example.com/digital-river/other", "order.accepted"))
	w.useSandbox(api)
	w.write("main.tf", readExample(t, filepath.Join(examplesDir, "adopt/main.tf")))
	w.mustAdopt(api, 2)
}
