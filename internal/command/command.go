// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

// Package command has the commands of the provider's binary. The sandbox command
// runs a sandbox; the others know the API and the sandbox over HTTP alone.
//
// Secrets come from files or the environment, never from arguments, which other
// users of a machine can read.
package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/agext/levenshtein"
	"github.com/urfave/cli/v3"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/catalog"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/duration"
)

// The environment variables that commands read, besides those of the API client.
const (
	secretVariable   = "DIGITALRIVER_WEBHOOK_SECRET"
	passwordVariable = "DIGITALRIVER_WEBHOOK_PASSWORD"
)

// programName is the name of the binary.
const programName = "terraform-provider-digitalriver"

// Program is the provider's binary.
type Program struct {
	Version string
	// Serve serves the provider to the CLI that started this process or, with
	// debugger, to one that is told how to reach it.
	Serve func(debugger bool) error
}

// Run runs the command that args begin with, and returns its exit status: 0 for
// success, 1 for failure or a bad result, 2 for wrong usage. Without args, it
// serves the provider if Terraform or OpenTofu started this process.
func (p Program) Run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := p.root()
	root.Reader, root.Writer, root.ErrWriter = stdin, stdout, stderr
	err := root.Run(ctx, append([]string{programName}, args...))
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errBadResult):
		return 1
	}
	name := programName
	if c := root.Command(root.Args().First()); c != nil {
		name = c.Name
	}
	_, _ = fmt.Fprintf(stderr, "%s: %v\n", name, err)
	if _, wrong := errors.AsType[usageError](err); wrong {
		if name != programName {
			name = programName + " " + name
		}
		_, _ = fmt.Fprintf(stderr, "For help, run: %s -h\n", name)
		return 2
	}
	return 1
}

// root returns the command that has all others.
func (p Program) root() *cli.Command {
	var debugger, version bool
	root := &cli.Command{
		Name:  programName,
		Usage: "serve the Terraform provider, or run a command",
		Description: "Without a command, it serves the provider. Terraform starts it that way.\n\n" +
			"Run a command with -h for its help.",
		Flags: []cli.Flag{
			&cli.BoolFlag{
				Name: "debug", Local: true, Destination: &debugger,
				Usage: "serve the provider for a debugger such as delve",
			},
			&cli.BoolFlag{Name: "version", Local: true, Destination: &version, Usage: "the same as the command version"},
		},
		Commands: []*cli.Command{
			sandboxCommand(), triggerCommand(),
			listenCommand(), verifyCommand(), checkEndpointCommand(), replayCommand(),
			adoptCommand(), secretCommand(),
			helpCommand(), versionCommand(p.Version),
		},
		Action: func(_ context.Context, cmd *cli.Command) error {
			switch {
			case cmd.Args().Present():
				return unknownCommand(cmd, cmd.Args().First())
			case version:
				return printVersion(cmd, p.Version)
			case debugger || startedByTerraform():
				return p.Serve(debugger)
			}
			printHelp(cmd.ErrWriter, "", cmd)
			return errBadResult
		},
		EnableShellCompletion:           true,
		ConfigureShellCompletionCommand: configureCompletion,
		HideHelpCommand:                 true,
		ExitErrHandler:                  func(context.Context, *cli.Command, error) {}, // Run handles errors.
	}
	cli.HelpPrinter = printHelp
	_ = root.Walk(prepare)
	return root
}

// prepare gives a command what all commands have.
func prepare(c *cli.Command) error {
	c.OnUsageError = func(_ context.Context, cmd *cli.Command, err error, _ bool) error {
		problem, _, isNumber := strings.Cut(err.Error(), ": strconv.")
		if isNumber {
			problem += ": must be a number"
		}
		return wrongUsage("%s%s", problem, suggestFlag(cmd, err))
	}
	// -h wins over arguments, which the library would take for the names of commands.
	c.CommandNotFound = func(_ context.Context, cmd *cli.Command, _ string) { printHelp(cmd.Writer, "", cmd) }
	if c.ShellComplete == nil {
		c.ShellComplete = complete
	}
	return nil
}

// startedByTerraform reports whether Terraform or OpenTofu started this process:
// both set the variable by which go-plugin tells a plugin from a program that a
// person starts.
func startedByTerraform() bool { return os.Getenv("TF_PLUGIN_MAGIC_COOKIE") != "" }

// errBadResult ends a command with status 1 after it has printed the result.
var errBadResult = errors.New("bad result")

// usageError ends a command with status 2.
type usageError struct{ problem string }

func (e usageError) Error() string { return e.problem }

func wrongUsage(format string, args ...any) error {
	return usageError{fmt.Sprintf(format, args...)}
}

// noArguments is the validator of commands that take only flags.
func noArguments(_ context.Context, cmd *cli.Command) error {
	if cmd.Args().Present() {
		return wrongUsage("unexpected argument %q", cmd.Args().First())
	}
	return nil
}

func stringFlag(name, value, usage string, destination *string) cli.Flag {
	return &cli.StringFlag{Name: name, Value: value, Usage: usage, Destination: destination}
}

func boolFlag(name, usage string, destination *bool) cli.Flag {
	return &cli.BoolFlag{Name: name, Usage: usage, Destination: destination}
}

// parsedFlag returns a flag whose text is parsed. An empty default leaves the
// value as it is.
func parsedFlag[T any](
	name, defaultText, usage string, value *T, parse func(string) (T, error),
) cli.Flag {
	return &cli.StringFlag{
		Name: name, Usage: usage, Value: defaultText, ValidateDefaults: defaultText != "",
		Validator: func(text string) (err error) {
			*value, err = parse(text)
			return err
		},
	}
}

// addressFlag returns the flag -listen.
func addressFlag(value string, destination *string) cli.Flag {
	return parsedFlag("listen", value, "listen on this `ADDRESS`; port 0 picks a free one", destination,
		func(text string) (string, error) {
			if _, _, err := net.SplitHostPort(text); err != nil {
				return "", fmt.Errorf("must be a host and a port, such as %s", value)
			}
			return text, nil
		})
}

func durationFlag(name, defaultText, usage string, value *time.Duration) cli.Flag {
	return parsedFlag(name, defaultText, usage, value, duration.Parse)
}

// unknownCommand is the error for a command that does not exist.
func unknownCommand(root *cli.Command, name string) error {
	var names []string
	for _, c := range root.Commands {
		names = append(names, c.Name)
	}
	return wrongUsage("there is no command %q%s", name, didYouMean(name, "", names))
}

// suggestFlag suggests a flag if the error is that one is unknown.
func suggestFlag(cmd *cli.Command, err error) string {
	unknown, ok := strings.CutPrefix(err.Error(), "flag provided but not defined: -")
	if !ok {
		return ""
	}
	var names []string
	for _, f := range cmd.Flags {
		names = append(names, f.Names()[0])
	}
	return didYouMean(unknown, "-", names)
}

// didYouMean suggests the name that is most similar to an unknown one, if any is
// similar enough.
func didYouMean(unknown, prefix string, names []string) string {
	best, nearest := 0.5, ""
	for _, name := range names {
		s := levenshtein.Similarity(unknown, name, nil)
		if strings.HasPrefix(name, unknown) {
			s = max(s, 0.51)
		}
		if s > best {
			best, nearest = s, name
		}
	}
	if nearest == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %s%s?)", prefix, nearest)
}

// checkEventType refuses an event type that no product has, or not the product
// that is given. With data for its object, another event type only has to be well
// formed.
func checkEventType(name, product string, hasData bool) error {
	if _, known := catalog.Lookup(name); known {
		if _, known := catalog.LookupIn(product, name); product != "" && !known {
			return wrongUsage("%s does not have the event type %q", product, name)
		}
		return nil
	}
	if hasData && product == "" {
		if !catalog.ValidName(name) {
			return wrongUsage("%q is not an event type: want names with dots between them, such as acme.custom", name)
		}
		return nil
	}
	suggestion := ""
	if nearest := catalog.Nearest(name, 3); len(nearest) > 0 {
		suggestion = fmt.Sprintf(" (did you mean %s?)", strings.Join(nearest, ", "))
	}
	return wrongUsage("there is no documented event type %q%s. One that is not documented needs -data", name, suggestion)
}

// readLines returns the lines of a file that are not empty. Without a file, it
// returns those of an environment variable.
func readLines(file, variable string) ([]string, error) {
	text := os.Getenv(variable)
	if file != "" {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, wrongUsage("%v", err)
		}
		text = string(content)
	}
	lines := slices.Collect(strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' }))
	if file != "" && len(lines) == 0 {
		return nil, wrongUsage("%s is empty", file)
	}
	return lines, nil
}

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
