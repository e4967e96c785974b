// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package adopt

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
	"golang.org/x/tools/txtar"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
)

// update has TestConfiguration write the files that it gets into testdata, to be
// read in the diff:
//
//	make test PKGS='./internal/adopt -args -update'
var update = flag.Bool("update", false, "write the configurations of TestConfiguration into testdata")

// TestConfiguration adopts the webhooks of each archive in testdata. An archive has
// the options, the webhooks as the API returns them, and the files that result.
func TestConfiguration(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no archives in testdata", err)
	}
	for _, path := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if len(archive.Files) < 2 || archive.Files[0].Name != "options.json" || archive.Files[1].Name != "webhooks.json" {
				t.Fatalf("%s does not begin with the files options.json and webhooks.json", path)
			}
			var options Options
			var webhooks []*digitalriver.Webhook
			decode(t, archive.Files[0].Data, &options)
			decode(t, archive.Files[1].Data, &webhooks)
			files, _ := Configuration(webhooks, options)
			checkFormat(t, files)
			checkNoCredentials(t, files, webhooks)
			slices.Reverse(webhooks)
			if reversed, _ := Configuration(webhooks, options); !cmp.Equal(files, reversed) {
				t.Errorf("the order of the webhooks matters:\n%s", cmp.Diff(files, reversed))
			}

			got := &txtar.Archive{Comment: archive.Comment, Files: slices.Clone(archive.Files[:2])}
			for _, file := range files {
				got.Files = append(got.Files, txtar.File{Name: file.Name, Data: file.Content})
			}
			if *update {
				if err := os.WriteFile(path, txtar.Format(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(txtar.Format(archive)), string(txtar.Format(got))); diff != "" {
				t.Errorf("%s (-want +got):\n%s", path, diff)
			}
		})
	}
}

func decode(t *testing.T, content []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(content, into); err != nil {
		t.Fatal(err)
	}
}

// checkFormat reports files that `terraform fmt` would change.
func checkFormat(t *testing.T, files []File) {
	t.Helper()
	for _, file := range files {
		if !strings.HasSuffix(file.Name, ".tf") {
			continue
		}
		if diff := cmp.Diff(string(hclwrite.Format(file.Content)), string(file.Content)); diff != "" {
			t.Errorf("%s (-formatted +got):\n%s", file.Name, diff)
		}
		if _, diags := hclsyntax.ParseConfig(file.Content, file.Name, hcl.InitialPos); diags.HasErrors() {
			t.Error(diags)
		}
	}
}

// checkNoCredentials reports credentials in the files. An address may have some.
func checkNoCredentials(t *testing.T, files []File, webhooks []*digitalriver.Webhook) {
	t.Helper()
	var secrets []string
	for _, w := range webhooks {
		if w.Authentication != nil {
			secrets = append(secrets, w.Authentication.Password)
		}
		if w.OAuth != nil {
			secrets = append(secrets, w.OAuth.ClientSecret, w.OAuth.Password)
		}
	}
	for _, file := range files {
		for _, secret := range slices.DeleteFunc(secrets, func(s string) bool { return s == "" }) {
			if strings.Contains(string(file.Content), secret) {
				t.Errorf("%s has the credential %q", file.Name, secret)
			}
		}
		for line := range strings.Lines(string(file.Content)) {
			if strings.Contains(line, "secret-in-address") && !strings.HasPrefix(line, "  address ") {
				t.Errorf("%s repeats a credential of an address: %s", file.Name, line)
			}
		}
	}
}

// TestConfiguration_selectsNone checks that nothing is written for no webhooks.
func TestConfiguration_selectsNone(t *testing.T) {
	webhooks := []*digitalriver.Webhook{{ID: "1", Address: "https://example.com/a", Types: []string{"order.accepted"}}}
	for _, options := range []Options{
		{Types: "refund.*"}, {AddressPrefix: "https://example.com/b"},
		{Types: "order.*", AddressPrefix: "https://example.org"},
	} {
		if files, count := Configuration(webhooks, options); len(files) != 0 || count != 0 {
			t.Errorf("%+v: %d webhooks, %d files", options, count, len(files))
		}
	}
	if files, count := Configuration(nil, Options{}); len(files) != 0 || count != 0 {
		t.Errorf("no webhooks: %d webhooks, %d files", count, len(files))
	}
}

// FuzzAddress checks that any address is written so that it reads the same.
func FuzzAddress(f *testing.F) {
	for _, address := range []string{
		"https://example.com/${x}", "https://example.com/$${x}", "https://example.com/$$${x}", "https://example.com/$$",
		"https://example.com/%{x}", "https://example.com/%%{x}", `https://example.com/"\"`, "https://example.com/%22%7B",
		"https://münchen.example/größe/注文", "https://example.com/e\u0301", "https://example.com/\n\t\u2028\u200b",
	} {
		f.Add(address)
	}
	f.Fuzz(func(t *testing.T, address string) {
		address = strings.ToValidUTF8(address, "\ufffd") // As decoding JSON does.
		want := cty.StringVal(address).AsString()        // Terraform too normalizes the strings that it reads.
		files, _ := Configuration([]*digitalriver.Webhook{{
			ID: address, Address: address, Types: []string{"order.accepted"}, TransportType: digitalriver.TransportHTTP,
		}}, Options{})
		checkFormat(t, files)
		for name, attribute := range map[string]string{"imports.tf": "id", "webhooks.tf": "address"} {
			i := slices.IndexFunc(files, func(file File) bool { return file.Name == name })
			parsed, diags := hclsyntax.ParseConfig(files[i].Content, name, hcl.InitialPos)
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			expression := parsed.Body.(*hclsyntax.Body).Blocks[0].Body.Attributes[attribute].Expr
			got, diags := expression.Value(nil)
			if diags.HasErrors() || got.AsString() != want {
				t.Errorf("%s of %q is read as %#v: %v", attribute, address, got, diags)
			}
		}
	})
}
