// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/adopt"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/catalog"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
)

func adoptCommand() *cli.Command {
	var options adopt.Options
	var dir string
	return &cli.Command{
		Name: "adopt", Category: groupAccount,
		Usage: "write configuration for the webhooks of an account",
		Description: `
Reads the webhooks of an account and writes configuration that imports them into
Terraform or OpenTofu: import and resource blocks, variables for passwords and
client secrets, and a README that says what to do next. As it stands, it plans
to import everything and to change nothing.

It writes no password, client secret or signing secret. It overwrites no file, and
it changes nothing in the account.

` + environmentHelp,
		Metadata: map[string]any{
			notes: `
For example:
  export DIGITALRIVER_API_KEY=sk_...
  terraform-provider-digitalriver adopt -out webhooks
  cd webhooks && terraform init && terraform plan`,
			statusSuccess: "the files were written",
			statusFailure: "the files were not written, also if there are no webhooks to adopt",
		},
		Flags: []cli.Flag{
			stringFlag("out", ".", "write to this `DIR`, which is created if it does not exist", &dir),
			stringFlag("types", "", "adopt only webhooks that receive an event type of this `PATTERN`, such as "+
				"order.accepted or order.*", &options.Types),
			stringFlag("address-prefix", "", "adopt only webhooks whose address begins with this `PREFIX`",
				&options.AddressPrefix),
			boolFlag("rotations", "also write a digitalriver_webhook_secret_rotation for each webhook; it rotates nothing "+
				"until you give it a period or triggers", &options.Rotations),
			boolFlag("identity", "import by identity; needs Terraform 1.12 or OpenTofu 1.12", &options.Identity),
			&cli.BoolFlag{
				Name: "ephemeral", Value: true, Destination: &options.Ephemeral,
				Usage: "write ephemeral variables for passwords and client secrets, and the write-only arguments that " +
					"take them; -ephemeral=false leaves both out, for Terraform and OpenTofu before 1.11",
			},
		},
		ArgValidator: noArguments,
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if options.Types != "" && !catalog.ValidPattern(options.Types) {
				return wrongUsage("-types %s: want an event type, such as order.accepted, or a pattern, such as order.*",
					options.Types)
			}
			client, err := newClient("adopt")
			if err != nil {
				return err
			}
			all, complete, err := client.ListWebhooks(ctx)
			if err != nil {
				return withAdvice(err)
			}
			if !complete {
				_, _ = fmt.Fprintf(cmd.ErrWriter, "Warning: the API returned %d webhooks and no way to ask for more. "+
					"If the account has more, they are missing here.\n", len(all))
			}
			files, count := adopt.Configuration(all, options)
			if count == 0 {
				_, _ = fmt.Fprintln(cmd.Writer, nothingToAdopt(len(all)))
				return errBadResult
			}
			if err := writeFiles(dir, files); err != nil {
				return err
			}
			reportAdopted(cmd.Writer, client, dir, files, count)
			return nil
		},
	}
}

// environmentHelp says where the commands that call the API get key and address.
const environmentHelp = `The key and the API come from the environment, as for the provider:
DIGITALRIVER_API_KEY, DIGITALRIVER_BASE_URL and DIGITALRIVER_API_VERSION.`

// newClient returns a client of the API that the environment describes.
func newClient(command string) (*digitalriver.Client, error) {
	config := digitalriver.Config{
		APIKey:     os.Getenv(digitalriver.APIKeyVariable),
		BaseURL:    os.Getenv(digitalriver.BaseURLVariable),
		APIVersion: os.Getenv(digitalriver.APIVersionVariable),
		UserAgent:  "terraform-provider-digitalriver " + command,
		MaxRetries: digitalriver.DefaultMaxRetries,
	}
	if config.APIKey == "" {
		return nil, wrongUsage("there is no API key: set %s (sk_test_sandbox for a sandbox)", digitalriver.APIKeyVariable)
	}
	if _, err := time.Parse(time.DateOnly, config.APIVersion); config.APIVersion != "" && err != nil {
		return nil, wrongUsage("%s must be a date of the form YYYY-MM-DD; it is %q",
			digitalriver.APIVersionVariable, config.APIVersion)
	}
	client, err := digitalriver.New(config)
	if err != nil {
		return nil, wrongUsage("%v", err)
	}
	return client, nil
}

// withAdvice adds to an error of the API what to do about it.
func withAdvice(err error) error {
	apiError, ok := errors.AsType[*digitalriver.Error](err)
	var advice string
	switch {
	case !ok:
		return err
	case apiError.Status == http.StatusUnauthorized:
		advice = "The API key is wrong or was revoked. Check " + digitalriver.APIKeyVariable + "."
	case apiError.Status == http.StatusForbidden:
		advice = "The API key may not do this; a restricted key needs the permission for webhooks."
	case apiError.Status == http.StatusNotFound:
		advice = "Check the ID, and that the key belongs to the right account and mode."
	case apiError.Status == 0:
		advice = "Check " + digitalriver.BaseURLVariable + ", the network and proxy settings."
	default:
		return err
	}
	return fmt.Errorf("%w\n%s", err, advice)
}

func nothingToAdopt(webhooks int) string {
	if webhooks == 0 {
		return "The account and mode of this API key have no webhooks. Nothing was written."
	}
	return fmt.Sprintf("None of the %d webhooks that this API key can see matches -types and -address-prefix. "+
		"Nothing was written.", webhooks)
}

// writeFiles writes files into a directory. If one of them exists, it writes none.
func writeFiles(dir string, files []adopt.File) error {
	var existing []string
	for _, file := range files {
		path := filepath.Join(dir, file.Name)
		if _, err := os.Lstat(path); err == nil {
			existing = append(existing, path)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if len(existing) > 0 {
		return fmt.Errorf("these files exist, so nothing was written: %s\nUse -out with another directory",
			strings.Join(existing, ", "))
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, file := range files {
		if err := writeNew(filepath.Join(dir, file.Name), file.Content); err != nil {
			return err
		}
	}
	return nil
}

// writeNew writes a file that must not exist. The addresses in it may contain
// credentials, so only its owner can read it.
func writeNew(path string, content []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Close())
}

func reportAdopted(w io.Writer, client *digitalriver.Client, dir string, files []adopt.File, count int) {
	mode := ""
	if live, known := client.LiveMode(); known {
		mode = map[bool]string{true: " of live mode", false: " of test mode"}[live]
	}
	noun := "webhooks"
	if count == 1 {
		noun = "webhook"
	}
	var names []string
	for _, file := range files {
		names = append(names, file.Name)
	}
	_, _ = fmt.Fprintf(w, "Wrote configuration for %d %s%s to %s: %s.\n%s says what to do next.\n",
		count, noun, mode, dir, strings.Join(names, ", "), filepath.Join(dir, "README.md"))
}
