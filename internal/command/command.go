// Package command has the commands of the provider's binary: sandbox, trigger,
// check-endpoint, verify and adopt. The sandbox command runs a sandbox; the others
// know the API and the sandbox over HTTP alone.
//
// Secrets come from files or the environment, never from arguments, which other
// users of a machine can read.
package command

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/agext/levenshtein"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/catalog"
)

// The environment variables that commands read, besides those of the API client.
const (
	secretVariable   = "DIGITALRIVER_WEBHOOK_SECRET"
	passwordVariable = "DIGITALRIVER_WEBHOOK_PASSWORD"
)

var commands = []command{
	{"sandbox", "run a local Webhooks API", sandboxUsage, defineSandbox},
	{"trigger", "make the sandbox send events", triggerUsage, defineTrigger},
	{"check-endpoint", "send an endpoint what Digital River would send", checkEndpointUsage, defineCheckEndpoint},
	{"listen", "receive events on this machine", listenUsage, defineListen},
	{"replay", "send an endpoint the events that it missed", replayUsage, defineReplay},
	{"verify", "check the signature of a delivery", verifyUsage, defineVerify},
	{"secret", "print the signing secret of a webhook", secretUsage, defineSecret},
	{"adopt", "write configuration for the webhooks of an account", adoptUsage, defineAdopt},
	{"version", "print the version of this binary", versionUsage, defineVersion},
}

// command is one of the commands.
type command struct {
	name    string
	summary string // For the list of commands.
	usage   string // What -h prints.
	// define defines the command's flags and returns what the command does once
	// they are parsed.
	define func(flags *flag.FlagSet) action
}

// action runs a command with the arguments that are not flags.
type action func(ctx context.Context, args []string, std streams) error

type streams struct {
	in       io.Reader
	out, err io.Writer
}

// Usage returns what the binary prints for -h: the list of commands.
func Usage() string {
	var b strings.Builder
	b.WriteString("Usage: terraform-provider-digitalriver [COMMAND]\n\n" +
		"Without a command, it serves the provider. Terraform starts it that way.\n\nCommands:\n")
	for _, c := range commands {
		fmt.Fprintf(&b, "  %-16s %s\n", c.name, c.summary)
	}
	b.WriteString("\nRun a command with -h for its help.\n")
	return b.String()
}

// Run runs the command that args begin with, and returns its exit status: 0 for
// success, 1 for failure or a bad result, 2 for wrong usage. `help COMMAND` is the
// same as `COMMAND -h`.
func Run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if args[0] == "help" {
		if len(args) == 1 {
			_, _ = io.WriteString(stdout, Usage())
			return 0
		}
		args = []string{args[1], "-h"}
	}
	i := slices.IndexFunc(commands, func(c command) bool { return c.name == args[0] })
	if i < 0 {
		var names []string
		for _, c := range commands {
			names = append(names, c.name)
		}
		_, _ = fmt.Fprintf(stderr, "There is no command %q%s.\n\n%s", args[0], didYouMean(args[0], "", names), Usage())
		return 2
	}
	return commands[i].run(ctx, args[1:], streams{stdin, stdout, stderr})
}

// errBadResult ends a command with status 1 after it has printed the result.
var errBadResult = errors.New("bad result")

// usageError ends a command with status 2.
type usageError struct{ problem string }

func (e usageError) Error() string { return e.problem }

func wrongUsage(format string, args ...any) error {
	return usageError{fmt.Sprintf(format, args...)}
}

func (c command) run(ctx context.Context, args []string, std streams) int {
	flags := flag.NewFlagSet(c.name, flag.ContinueOnError)
	do := c.define(flags)
	rest, err := parse(flags, args)
	if errors.Is(err, flag.ErrHelp) {
		_, _ = io.WriteString(std.out, c.usage)
		return 0
	}
	if err == nil {
		err = do(ctx, rest, std)
	}
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errBadResult):
		return 1
	}
	_, _ = fmt.Fprintf(std.err, "%s: %v\n", c.name, err)
	if _, wrong := errors.AsType[usageError](err); wrong {
		_, _ = fmt.Fprintln(std.err, "Run it with -h for help.")
		return 2
	}
	return 1
}

// parse accepts flags before, between and after the other arguments, which it
// returns.
func parse(flags *flag.FlagSet, args []string) (rest []string, err error) {
	flags.SetOutput(io.Discard)
	for {
		err := flags.Parse(args)
		if errors.Is(err, flag.ErrHelp) {
			return nil, err
		}
		if err != nil {
			return nil, wrongUsage("%v%s", err, suggestFlag(flags, err))
		}
		if flags.NArg() == 0 {
			return rest, nil
		}
		rest = append(rest, flags.Arg(0))
		args = flags.Args()[1:]
	}
}

// suggestFlag suggests a flag if the error is that one is unknown.
func suggestFlag(flags *flag.FlagSet, err error) string {
	unknown, ok := strings.CutPrefix(err.Error(), "flag provided but not defined: -")
	if !ok {
		return ""
	}
	var names []string
	flags.VisitAll(func(f *flag.Flag) { names = append(names, f.Name) })
	return didYouMean(unknown, "-", names)
}

// didYouMean suggests the name that is most similar to an unknown one, if any is
// similar enough.
func didYouMean(unknown, prefix string, names []string) string {
	best, nearest := 0.3, ""
	for _, name := range names {
		if s := levenshtein.Similarity(unknown, name, nil); s > best {
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
