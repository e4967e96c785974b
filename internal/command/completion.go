// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package command

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/catalog"
)

// configureCompletion completes the library's command for the scripts of shells.
func configureCompletion(c *cli.Command) {
	c.Hidden = false
	c.Category = groupBinary
	c.Usage = "print a script that completes command lines"
	c.UsageText = programName + " completion SHELL"
	c.Description = `Prints a script with which the Tab key completes commands, flags and event types.
To use it in every new shell:

bash, with the package bash-completion, in ~/.bashrc:
  source <(terraform-provider-digitalriver completion bash)

zsh, in ~/.zshrc, after compinit:
  source <(terraform-provider-digitalriver completion zsh)

fish, once:
  terraform-provider-digitalriver completion fish \
    > ~/.config/fish/completions/terraform-provider-digitalriver.fish`
	c.Commands = slices.DeleteFunc(c.Commands, func(shell *cli.Command) bool {
		return shell.Name == "pwsh" // Its script works only from a file with the name of the command.
	})
	var shells []string
	for _, shell := range c.Commands {
		shell.Category = "Shells"
		shell.Usage = "print the script for " + shell.Name
		shell.Description = "Prints the script for " + shell.Name + "."
		shell.ArgValidator = noArguments
		if shell.Name == "bash" {
			shell.Action = quoteWords(shell.Action)
		}
		shells = append(shells, shell.Name)
	}
	c.Action = func(_ context.Context, cmd *cli.Command) error {
		return wrongUsage("want one of %s, got %q", strings.Join(shells, ", "), cmd.Args().First())
	}
	_ = c.Walk(prepare)
}

// quoteWords returns an action that prints the library's script for bash, but quotes
// the words of the command line, which the script evaluates. Otherwise, the Tab key
// would carry out a redirection or a command substitution among them.
func quoteWords(printScript cli.ActionFunc) cli.ActionFunc {
	const suffix = " --generate-shell-completion'"
	quoted := strings.NewReplacer(
		"'%s"+suffix+` "${words_before_cursor[*]}"`,
		`'%q ' "${words_before_cursor[@]}" --generate-shell-completion`,
		"'%s %s"+suffix+` "${words_before_cursor[*]}" "${current_word}"`,
		`'%q ' "${words_before_cursor[@]}" "${current_word}" --generate-shell-completion`,
	)
	return func(ctx context.Context, cmd *cli.Command) error {
		var script strings.Builder
		root, stdout := cmd.Root(), cmd.Root().Writer
		root.Writer = &script
		err := printScript(ctx, cmd)
		root.Writer = stdout
		if err != nil {
			return err
		}
		_, err = quoted.WriteString(stdout, script.String())
		return err
	}
}

// complete prints what may come next on a command line: flags, with as many dashes
// as the user has begun to type, or commands. After a flag that takes a value, it
// prints nothing, so that the shell completes the name of a file.
func complete(_ context.Context, cmd *cli.Command) {
	last := lastArgument(cmd)
	name := strings.TrimLeft(last, "-")
	if dashes := strings.TrimSuffix(last, name); dashes != "" {
		flags := documentedFlags(cmd)
		if slices.ContainsFunc(flags, func(f documentedFlag) bool { return f.TakesValue() && f.Names()[0] == name }) {
			return
		}
		for _, f := range flags {
			_, usage := flag.UnquoteUsage(&flag.Flag{Usage: f.GetUsage()})
			printCompletion(cmd, dashes+f.Names()[0], usage)
		}
		return
	}
	for _, c := range cmd.Commands {
		printCompletion(cmd, c.Name, c.Usage)
	}
}

// completeEventTypes completes flags and event types.
func completeEventTypes(ctx context.Context, cmd *cli.Command) {
	if strings.HasPrefix(lastArgument(cmd), "-") {
		complete(ctx, cmd)
		return
	}
	for _, name := range catalog.Match("*") {
		t, _ := catalog.Lookup(name)
		printCompletion(cmd, name, t.Description)
	}
}

// lastArgument returns the last argument that is not part of a complete flag.
func lastArgument(cmd *cli.Command) string {
	args := cmd.Args().Slice()
	if len(args) == 0 {
		return ""
	}
	return args[len(args)-1]
}

// printCompletion prints a line in the form that the scripts expect.
func printCompletion(cmd *cli.Command, text, meaning string) {
	_, _ = fmt.Fprintf(cmd.Root().Writer, "%s:%s\n", text, meaning)
}
