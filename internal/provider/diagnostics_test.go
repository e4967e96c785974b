// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-version"
	"golang.org/x/tools/txtar"
)

// update has the tests write the diagnostics that they get into testdata, to be
// read in the diff:
//
//	make test PKGS='./internal/provider -args -update' TESTFLAGS='-run=TestAccDiagnostics'
var update = flag.Bool("update", false, "write the diagnostics of TestAccDiagnostics into testdata")

// needsVersion is a line of an archive's comment: the oldest Terraform that can
// read its configuration.
var needsVersion = regexp.MustCompile(`(?m)^needs: (\S+)$`)

// TestAccDiagnostics validates the configurations in testdata, each of which has
// a mistake. An archive says in its comment what the mistake is; it holds the
// configuration, main.tf, and everything that `validate` says about it, in
// diagnostics, which has to be the same with Terraform and with OpenTofu.
func TestAccDiagnostics(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no archives in testdata", err)
	}
	for _, path := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			t.Parallel()
			testDiagnostics(t, path)
		})
	}
}

func testDiagnostics(t *testing.T, path string) {
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(archive.Files) != 2 || archive.Files[0].Name != "main.tf" || archive.Files[1].Name != "diagnostics" {
		t.Fatalf("%s does not have the files main.tf and diagnostics, in this order", path)
	}
	w := newWorkspace(t)
	if needs := needsVersion.FindSubmatch(archive.Comment); needs != nil {
		w.require(version.Must(version.NewVersion(string(needs[1]))))
	}
	w.write("main.tf", string(archive.Files[0].Data))
	got := ""
	for i, d := range w.validate() {
		if i > 0 {
			got += "\n"
		}
		got += rendered(d)
	}
	if *update {
		archive.Files[1].Data = []byte(got)
		if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(archive.Files[1].Data), got); diff != "" {
		t.Errorf("%s\n%s (-want +got):\n%s", archive.Comment, path, diff)
	}
}

// rendered is a diagnostic much as the CLI shows it: severity and summary, the
// place in the configuration, and the detail.
func rendered(d diagnostic) string {
	text := fmt.Sprintf("%s: %s\n", d.Severity, d.Summary)
	if d.Range != nil && d.Snippet != nil {
		text += fmt.Sprintf("\n  on %s line %d, in %s:\n  %s\n",
			d.Range.Filename, d.Range.Start.Line, d.Snippet.Context, strings.TrimSpace(d.Snippet.Code))
	}
	return text + "\n" + d.Detail + "\n"
}
