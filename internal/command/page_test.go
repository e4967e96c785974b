package command

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the page of all commands")

const pageIntroduction = `---
page_title: "The commands"
subcategory: ""
description: |-
  All commands of the provider's binary, with their flags and exit statuses.
---

# The commands

The provider's binary also runs commands: a local Webhooks API, help on the receiving side, and help with the webhooks of an account. [Get the command](get-the-command.md) says how to put it on your PATH. This page is what ` + "`-h`" + ` prints.

Flags may come before, between and after other arguments, with one dash or with two. Secrets are never arguments, which other users of a machine can read: they come from files or from the environment. For completion with the Tab key, see [` + "`completion`" + `](#completion).

## Exit statuses

Exit status 2 means wrong usage, for all commands; standard error says what to change.

| Command | 0 | 1 |
| --- | --- | --- |
`

// commandsPage returns the page of all commands.
func commandsPage(t *testing.T) string {
	t.Helper()
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
	return pageIntroduction + table.String() + sections.String()
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
