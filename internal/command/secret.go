// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package command

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v3"
)

func secretCommand() *cli.Command {
	return &cli.Command{
		Name: "secret", Category: groupAccount, ArgsUsage: "WEBHOOK_ID",
		Usage: "print the signing secret of a webhook",
		Description: `
Prints the newest signing secret of a webhook, and nothing else, for scripts:

  terraform-provider-digitalriver secret 177ef997-... > secret.txt

No public documentation describes the request for signing secrets, so the API may
not offer it; the dashboard shows the secret, too.

` + environmentHelp,
		Metadata: map[string]any{
			statusSuccess: "the secret was printed",
			statusFailure: "the secret was not printed",
		},
		Action: printNewestSecret,
	}
}

func printNewestSecret(ctx context.Context, cmd *cli.Command) error {
	args := cmd.Args().Slice()
	if len(args) != 1 || args[0] == "" {
		return wrongUsage("want the ID of one webhook, got %d arguments", len(args))
	}
	client, err := newClient("secret")
	if err != nil {
		return err
	}
	secrets, err := client.ListSecrets(ctx, args[0])
	switch {
	case err != nil:
		return withAdvice(err)
	case len(secrets) == 0:
		return fmt.Errorf("webhook %q has no active signing secret", args[0])
	case secrets[0].Secret == "":
		return fmt.Errorf("the API does not show this key the signing secret of webhook %q; the dashboard does", args[0])
	}
	_, err = fmt.Fprintln(cmd.Writer, secrets[0].Secret)
	return err
}
