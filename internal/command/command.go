// Package command holds the commands of the provider's binary that help with
// what happens at an endpoint: trigger, check-endpoint and verify. They know the
// API and the sandbox over HTTP alone.
//
// Each returns its exit status: 0 when all is well, 1 when it is not, 2 on wrong
// use. Secrets come from files or the environment, never from arguments, which
// other users of a machine can read.
package command

import (
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

const (
	secretVariable   = "DIGITALRIVER_WEBHOOK_SECRET"
	passwordVariable = "DIGITALRIVER_WEBHOOK_PASSWORD"
)

// errUse is wrong use of a command.
var errUse = errors.New("wrong use")

// errBad is a bad result, which the command has printed already.
var errBad = errors.New("bad result")

func useError(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errUse, fmt.Sprintf(format, args...))
}

// run calls do with the arguments that are no flags, and turns what comes of it
// into an exit status.
func run(flags *flag.FlagSet, usage string, args []string, stdout, stderr io.Writer, do func(args []string) error) int {
	positional, err := parse(flags, args)
	if errors.Is(err, flag.ErrHelp) {
		_, _ = io.WriteString(stdout, usage)
		return 0
	}
	if err == nil {
		err = do(positional)
	}
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errBad):
		return 1
	}
	_, _ = fmt.Fprintf(stderr, "%s: %v\n", flags.Name(), err)
	if !errors.Is(err, errUse) {
		return 1
	}
	_, _ = fmt.Fprintln(stderr, "Run it with -h for help.")
	return 2
}

// parse accepts flags before, between and after other arguments.
func parse(flags *flag.FlagSet, args []string) (positional []string, err error) {
	flags.SetOutput(io.Discard)
	for {
		err := flags.Parse(args)
		if errors.Is(err, flag.ErrHelp) {
			return nil, err
		}
		if err != nil {
			return nil, useError("%v%s", err, flagSuggestion(flags, err))
		}
		if flags.NArg() == 0 {
			return positional, nil
		}
		positional = append(positional, flags.Arg(0))
		args = flags.Args()[1:]
	}
}

// flagSuggestion names the flag that an unknown one was likely meant to be.
func flagSuggestion(flags *flag.FlagSet, err error) string {
	wrong, unknown := strings.CutPrefix(err.Error(), "flag provided but not defined: -")
	if !unknown {
		return ""
	}
	best, nearest := 0.3, ""
	flags.VisitAll(func(f *flag.Flag) {
		if s := levenshtein.Similarity(wrong, f.Name, nil); s > best {
			best, nearest = s, f.Name
		}
	})
	if nearest == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean -%s?)", nearest)
}

// knownType is an error with suggestions unless there is such an event type.
func knownType(name string) error {
	if _, known := catalog.Lookup(name); known {
		return nil
	}
	suggestion := ""
	if near := catalog.Nearest(name, 3); len(near) > 0 {
		suggestion = fmt.Sprintf(" (did you mean %s?)", strings.Join(near, ", "))
	}
	return useError("there is no event type %q%s", name, suggestion)
}

// readLines are the lines of a file that are not empty or, where no file is
// given, those of an environment variable.
func readLines(file, variable string) ([]string, error) {
	text := os.Getenv(variable)
	if file != "" {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, useError("%v", err)
		}
		text = string(content)
	}
	lines := slices.Collect(strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' }))
	if file != "" && len(lines) == 0 {
		return nil, useError("%s is empty", file)
	}
	return lines, nil
}
