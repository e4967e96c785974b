// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package command

import (
	"context"
	"flag"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"
)

// The groups in the list of commands.
const (
	groupSandbox   = "A local Webhooks API"
	groupReceiving = "Receiving events"
	groupAccount   = "The webhooks of an account"
	groupBinary    = "This binary"
)

// The members of a command's metadata: parts of the help that [cli.Command] has no
// field for.
const (
	statusSuccess = "success" // What exit status 0 means.
	statusFailure = "failure" // What exit status 1 means.
	notes         = "notes"   // Paragraphs after the flags.
)

const (
	helpWidth = 80
	// helpColumn is where the descriptions of flags and commands begin.
	helpColumn = 24
)

// printHelp is [cli.HelpPrinter]: it prints the help of a command, without a
// template.
func printHelp(w io.Writer, _ string, data any) {
	cmd, ok := data.(*cli.Command)
	if !ok {
		return
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Usage: %s\n\n", strings.ReplaceAll(usageLine(cmd), "\n", "\n       "))
	b.WriteString(strings.TrimSpace(cmd.Description) + "\n")
	var groups []string
	for _, c := range cmd.VisibleCommands() {
		if !slices.Contains(groups, c.Category) {
			groups = append(groups, c.Category)
		}
	}
	for _, group := range groups {
		fmt.Fprintf(&b, "\n%s:\n", group)
		for _, c := range cmd.Commands {
			if c.Category == group {
				writeRow(&b, c.Name, c.Usage)
			}
		}
	}
	if flags := documentedFlags(cmd); len(flags) > 0 {
		b.WriteString("\nFlags:\n")
		for _, f := range flags {
			placeholder, usage := flag.UnquoteUsage(&flag.Flag{Usage: f.GetUsage()})
			if byDefault := defaultOf(f); byDefault != "" {
				usage += " (default: " + byDefault + ")"
			}
			name := "-" + f.Names()[0]
			if f.TakesValue() {
				name += " " + placeholder
			}
			writeRow(&b, name, usage)
		}
	}
	if text, given := cmd.Metadata[notes]; given {
		fmt.Fprintf(&b, "\n%s\n", strings.TrimSpace(fmt.Sprint(text)))
	}
	if success, given := cmd.Metadata[statusSuccess]; given {
		status := fmt.Sprintf("Exit status: 0 if %s; 1 if %s; 2 for wrong usage.", success, cmd.Metadata[statusFailure])
		b.WriteString("\n" + strings.Join(wrap(status, helpWidth), "\n") + "\n")
	}
	fmt.Fprintf(&b, "\nHow to get this command:\n%s\n", guideURL())
	_, _ = io.WriteString(w, b.String())
}

func usageLine(cmd *cli.Command) string {
	line := cmd.UsageText
	switch {
	case line != "":
	case len(cmd.VisibleCommands()) > 0:
		line = cmd.FullName() + " [COMMAND]"
	default:
		line = strings.TrimSpace(cmd.FullName() + " " + cmd.ArgsUsage)
		if len(documentedFlags(cmd)) > 0 {
			line += " [flags]"
		}
	}
	return line
}

// documentedFlag is a flag as the help shows it.
type documentedFlag interface {
	cli.Flag
	cli.DocGenerationFlag
}

// documentedFlags returns the flags of a command, without -h.
func documentedFlags(cmd *cli.Command) (flags []documentedFlag) {
	for _, f := range cmd.VisibleFlags() {
		if documented, ok := f.(documentedFlag); ok && f.Names()[0] != cli.HelpFlag.Names()[0] {
			flags = append(flags, documented)
		}
	}
	return flags
}

// defaultOf returns the default of a flag as the help shows it, "" for none.
func defaultOf(f documentedFlag) string {
	if text := f.GetDefaultText(); text != "" {
		return text
	}
	if value := strings.Trim(f.GetValue(), `"`); value != "false" && value != "[]" {
		return value
	}
	return ""
}

// writeRow writes a name, and beside it what it means.
func writeRow(b *strings.Builder, name, meaning string) {
	cell := "  " + name
	if len(cell) >= helpColumn {
		b.WriteString(cell + "\n")
		cell = ""
	}
	for _, line := range wrap(meaning, helpWidth-helpColumn) {
		fmt.Fprintf(b, "%-*s%s\n", helpColumn, cell, line)
		cell = ""
	}
}

// wrap breaks a text into lines of at most width bytes, if its words allow it.
func wrap(text string, width int) (lines []string) {
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines = append(lines, line)
			line = ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	return append(lines, line)
}

// guideURL returns the address of the page on how to get the command, in the
// repository that the path of the module names.
func guideURL() string {
	module := strings.TrimSuffix(reflect.TypeFor[Program]().PkgPath(), "/internal/command")
	return "https://" + module + "/blob/main/docs/guides/get-the-command.md"
}

func helpCommand() *cli.Command {
	return &cli.Command{
		Name: "help", Category: groupBinary, ArgsUsage: "[COMMAND]",
		Usage:         "list the commands, or print the help of one",
		Description:   "Lists the commands, or prints the help of one.",
		ShellComplete: func(ctx context.Context, cmd *cli.Command) { complete(ctx, cmd.Root()) },
		Action: func(_ context.Context, cmd *cli.Command) error {
			of := cmd.Root()
			if n := cmd.NArg(); n > 1 {
				return wrongUsage("want at most one command, got %d", n)
			}
			if name := cmd.Args().First(); name != "" {
				if of = of.Command(name); of == nil {
					return unknownCommand(cmd.Root(), name)
				}
			}
			printHelp(cmd.Writer, "", of)
			return nil
		},
	}
}

func versionCommand(version string) *cli.Command {
	return &cli.Command{
		Name: "version", Category: groupBinary,
		Usage:        "print the version of this binary",
		Description:  "Prints the version of this binary, the Go version that built it, and the platform.",
		ArgValidator: noArguments,
		Action:       func(_ context.Context, cmd *cli.Command) error { return printVersion(cmd, version) },
	}
}

func printVersion(cmd *cli.Command, version string) error {
	_, err := fmt.Fprintf(cmd.Writer, "%s %s, %s, %s/%s\n",
		programName, version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
