// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package command

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the page of all commands")

// commandsPage returns the page of all commands.
func commandsPage(t *testing.T) string {
	t.Helper()
	beginning, err := os.ReadFile("testdata/commands.md")
	if err != nil {
		t.Fatal(err)
	}
	root := Program{}.root()
	var table, sections strings.Builder
	group := ""
	for _, c := range root.Commands {
		if success, given := c.Metadata[statusSuccess]; given {
			fmt.Fprintf(&table, "| [`%s`](#%s) | %s | %s |\n", c.Name, c.Name, success, c.Metadata[statusFailure])
		}
		if c.Category != group {
			group = c.Category
			fmt.Fprintf(&sections, "\n## %s\n", group)
		}
		writeCommand(t, &sections, c.Name)
	}
	writeCommand(t, &sections, "completion")
	return string(beginning) + table.String() + sections.String()
}

func writeCommand(t *testing.T, b *strings.Builder, name string) {
	t.Helper()
	_, help, _ := run(t, name, "-h")
	help, _, found := strings.Cut(help, "\nHow to get this command")
	if !found {
		t.Fatalf("%s -h: %s", name, help)
	}
	fmt.Fprintf(b, "\n### %s\n\n```text\n%s```\n", name, help)
}

// TestCommandsPage shows that the page of all commands is what -h prints. With
// -update, it writes the page.
func TestCommandsPage(t *testing.T) {
	const file = "../../templates/guides/commands.md.tmpl"
	page := commandsPage(t)
	if *update {
		if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(written) != page {
		t.Errorf("%s is not what -h prints. Run make generate.", file)
	}
}
