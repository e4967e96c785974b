// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPages_sayHowToGetTheCommand checks that each page with a command of the
// provider's binary leads to the page that puts it on the PATH.
func TestPages_sayHowToGetTheCommand(t *testing.T) {
	command := regexp.MustCompile(`(?m)(^|[ "])terraform-provider-digitalriver [a-z]`)
	eachFile(t, "../../templates", ".tmpl", func(path string, content []byte) {
		if filepath.Base(path) == "get-the-command.md.tmpl" {
			return
		}
		for _, b := range parsePage(t, "../..", string(content)) {
			if b.language == "shell" && command.MatchString(b.text) &&
				!strings.Contains(string(content), "guides/get-the-command") &&
				!strings.Contains(string(content), "(get-the-command.md)") {
				t.Errorf("%s does not link to get-the-command.md", path)
				return
			}
		}
	})
}

// TestParsePage shows which blocks TestAccPages finds on a page.
func TestParsePage(t *testing.T) {
	page := "Text with `main.tf` in it.\n\n" +
		"```shell\nterraform init\n```\n\n" +
		"In `a.tf`, and then in `b/main.tf`:\n\n" +
		"{{/* test: exit 1 */ -}}\n{{/* test: not run: why */ -}}\n```terraform\na = 1\n```\n\n" +
		"1. `main.go`:\n\n   ```text\n   b\n     c\n   ```\n\n" +
		"Or:\n\n{{ codefile \"text\" \"included.txt\" }}\n"
	blocks := parsePage(t, "testdata/page", page)
	want := []block{
		{line: 3, language: "shell", text: "terraform init\n"},
		{line: 11, language: "terraform", file: "b/main.tf", hints: []string{"exit 1", "not run: why"}, text: "a = 1\n"},
		{line: 17, language: "text", file: "main.go", text: "b\n  c\n"},
		{line: 24, language: "text", text: "a\n"},
	}
	if diff := cmp.Diff(want, blocks, cmp.AllowUnexported(block{})); diff != "" {
		t.Errorf("blocks (-want +got):\n%s", diff)
	}
	if status, ok := blocks[1].hint("exit"); !ok || status != "1" {
		t.Errorf("hint exit: %q, %v", status, ok)
	}
	if _, ok := blocks[1].hint("stop"); ok {
		t.Error("there is no hint stop")
	}
}

// TestShows shows what a page may leave out of an output, and what not.
func TestShows(t *testing.T) {
	const output = "╷\n│ Error: Too many\n│ \n│   on main.tf line 1\n│ \n" +
		"│ Webhook \"1157e3ba-2405-49e6-be07-dbec08ec7414\" has\n│ 5, at 2026-11-23T20:54:28Z, after 12 ms.\n╵\n"
	for text, want := range map[string]bool{
		"Error: Too many":                             true,
		"Error: Too many\n\non main.tf line 1":        true,
		"Error: Too many\n...\nWebhook":               true,
		"  ...\nWebhook \"89856bd0…\"\n  has 5,":      true,
		"at 2027-01-01T00:00:00.5Z, after 3 ms.":      true,
		"Webhook\n...\nError: Too many":               false,
		"Error: Too many Webhook":                     false,
		"Error: Too few":                              false,
		"Webhook \"89856bd0…\" has 6":                 false,
		"Error: Too many\n\non main.tf line 1\n\n7 h": false,
	} {
		if got := shows(output, text); got != want {
			t.Errorf("shows(%q) = %v, want %v", text, got, want)
		}
	}
}

// TestMergeSnippet changes a configuration as a page says.
func TestMergeSnippet(t *testing.T) {
	got, err := mergeSnippet("a \"x\" {\n}\n\na \"y\" {\n  b = 1\n}\n", "a \"y\" {\n  b = 2\n}\n\nc {\n}\n")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("a \"x\" {\n}\n\n\na \"y\" {\n  b = 2\n}\n\nc {\n}\n", got); diff != "" {
		t.Errorf("merged (-want +got):\n%s", diff)
	}
	if got, err := mergeSnippet("", "a {\n}\n"); err != nil || got != "a {\n}\n" {
		t.Errorf("merged with nothing: %q, %v", got, err)
	}
}

// TestOwnPart takes the resources of another provider out of a snippet, but not
// what they take from this one.
func TestOwnPart(t *testing.T) {
	got, err := ownPart("aws", `data "digitalriver_safelist_ips" "this" {}

resource "aws_list" "this" {
  name    = var.name
  entries = [for block in data.digitalriver_safelist_ips.this.cidr_blocks : block]
}
`)
	if err != nil {
		t.Fatal(err)
	}
	want := `data "digitalriver_safelist_ips" "this" {}


locals {
  aws = [data.digitalriver_safelist_ips.this.cidr_blocks]
}
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("own part (-want +got):\n%s", diff)
	}
}

// TestPipelineScripts finds the scripts of both forms.
func TestPipelineScripts(t *testing.T) {
	scripts, err := pipelineScripts("jobs:\n  a:\n    steps:\n      - run: b\n  c:\n    script:\n      - d\n      - e\n")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(2, len(scripts)); diff != "" {
		t.Errorf("scripts: %q", scripts)
	}
}
