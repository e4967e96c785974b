package command

import (
	"context"
	"flag"
	"fmt"
)

const secretUsage = `Usage: terraform-provider-digitalriver secret WEBHOOK_ID

Prints the newest signing secret of a webhook, and nothing else, for scripts:

  terraform-provider-digitalriver secret 177ef997-... > secret.txt

The key and the API come from the environment, as for the provider:
DIGITALRIVER_API_KEY, DIGITALRIVER_BASE_URL and DIGITALRIVER_API_VERSION. No public
documentation describes the request for signing secrets, so the API may not offer
it; the dashboard shows the secret, too.

Exit status: 0 if the secret was printed, 1 if it was not, 2 for wrong usage.
`

func defineSecret(*flag.FlagSet) action {
	return func(ctx context.Context, args []string, std streams) error {
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
		_, err = fmt.Fprintln(std.out, secrets[0].Secret)
		return err
	}
}
