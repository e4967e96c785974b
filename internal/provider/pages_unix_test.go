// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

//go:build unix

package provider

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const templatesDir = "../../templates"

// TestAccPages follows the README and each page of the docs as a reader does, in
// order, in an empty directory: it writes what the page shows into the files that the line
// above names, runs the commands, and compares the output that follows them.
//
//   - A snippet of configuration is merged into its file: a block replaces the one
//     with the same type and labels. What no command of the page reads is
//     validated. Of a snippet with resources of other providers, only what belongs
//     to this provider is.
//   - The commands of a page share one terminal. A command that runs until it is
//     interrupted has a terminal of its own, and listens at a free port.
//   - A paragraph of output must be in what was printed. White space, ids and
//     times may differ, and lines may be left out where the page has "...".
//   - A page that starts no sandbox gets one, in place of the API.
//
// A comment in a template, {{/* test: HINT */ -}}, or in the README,
// <!-- test: HINT -->, says what differs for the next block:
//
//	exit STATUS        the commands end with this status
//	is FILE            the block shows this file, which a command has written
//	new directory      an empty directory begins
//	not run: REASON    the block is only parsed
//	since VERSION      the block is only parsed with an older CLI
//	stop COMMAND       this server is interrupted first
//	terraform VERSION  the block is only parsed with an older CLI or OpenTofu
func TestAccPages(t *testing.T) {
	t.Run("README", func(t *testing.T) { followPage(t, "../../README.md") })
	err := filepath.WalkDir(templatesDir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".tmpl" {
			return err
		}
		name, err := filepath.Rel(templatesDir, strings.TrimSuffix(path, ".md.tmpl"))
		if err != nil {
			return err
		}
		if name == "guides/commands" {
			return nil // TestCommandsPage of internal/command compares it with the help.
		}
		t.Run(name, func(t *testing.T) { followPage(t, path) })
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func followPage(t *testing.T, path string) {
	t.Parallel()
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	blocks := parsePage(t, "../..", string(page))
	f := newFollower(t)
	if !strings.Contains(string(page), "\nterraform-provider-digitalriver sandbox\n") {
		f.useSandbox()
	}
	for _, b := range blocks {
		f.follow(b)
	}
	f.validate()
}
