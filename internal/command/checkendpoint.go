// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package command

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/urfave/cli/v3"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/delivery"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/endpointcheck"
)

func checkEndpointCommand() *cli.Command {
	var eventType, dataFile, secretFile, username, passwordFile string
	var useTLS tlsFlags
	var asJSON bool
	return &cli.Command{
		Name: "check-endpoint", Category: groupReceiving, ArgsUsage: "URL",
		Usage: "send an endpoint what Digital River would send",
		Description: `
Sends an endpoint what Digital River would send, and reports whether its responses
are acceptable. It must accept a signed event, the same event again (duplicates
happen), an event with two signatures (as during a rotation), and ten events at
once. It should reject a broken signature, a stale timestamp, and a body that was
changed or encoded again. The requests come from this machine. Digital River's
addresses may meet another firewall.

The event is a sample, but the endpoint cannot know that. Check an endpoint whose
handler does no harm with it.

It reports TLS and when the certificate expires, redirects, the status, and the
duration compared with the 3000 ms that Digital River waits. It ends with a verdict
and what to change.`,
		Metadata: map[string]any{
			notes: `
For example:
  terraform-provider-digitalriver check-endpoint https://shop.example.com/events \
    -secret-file secret.txt -username shop -password-file password.txt
  terraform-provider-digitalriver check-endpoint https://localhost:8443/events \
    -cacert ca.pem -type acme.custom -data object.json`,
			statusSuccess: "the deliveries would be acknowledged",
			statusFailure: "a delivery would count as failed",
		},
		Flags: slices.Concat([]cli.Flag{
			stringFlag("type", "order.accepted", "send an event of this `TYPE`; one that is not documented needs -data",
				&eventType),
			stringFlag("data", "", dataUsage, &dataFile),
			stringFlag("secret-file", "", "sign with the secret (whk_...) in this `FILE` (default: "+secretVariable+
				" from the environment; without either, a random secret)", &secretFile),
			stringFlag("username", "", "use basic authentication with this `NAME`", &username),
			stringFlag("password-file", "", "read the password from this `FILE` (default: "+passwordVariable+
				" from the environment)", &passwordFile),
		}, useTLS.flags("for the endpoint"), []cli.Flag{
			boolFlag("json", "print the result as JSON", &asJSON),
		}),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if cmd.Args().Len() != 1 {
				return wrongUsage("want one URL, got %d", cmd.Args().Len())
			}
			address, err := url.Parse(cmd.Args().First())
			if err != nil || address.Scheme != "http" && address.Scheme != "https" || address.Hostname() == "" {
				return wrongUsage("the URL must begin with https:// or http:// and name a host")
			}
			data, err := readData(dataFile)
			if err != nil {
				return err
			}
			if err := checkEventType(eventType, "", data != nil); err != nil {
				return err
			}
			config, err := useTLS.config()
			if err != nil {
				return err
			}
			check := endpointcheck.Check{
				Transport: endpointcheck.NewTransport(config), URL: address, EventType: eventType, Data: data,
				UserName: username, Timeout: delivery.ResponseTimeout, Now: time.Now(),
			}
			if err := readCredentials(&check, secretFile, passwordFile); err != nil {
				return err
			}
			madeUp := check.Secret == ""
			if madeUp {
				check.Secret = "whk_" + uuid.NewString()
			}
			result, err := check.Run(ctx)
			if err != nil {
				return err
			}
			if madeUp {
				result.Warn("The event was signed with a made-up secret. Use -secret-file to check how the endpoint verifies " +
					"signatures.")
			}
			if asJSON {
				err = printJSON(cmd.Writer, result)
			} else {
				printCheck(cmd.Writer, result)
			}
			if err == nil && !result.Passed {
				err = errBadResult
			}
			return err
		},
	}
}

// readCredentials reads the signing secret and the password, "" for none.
func readCredentials(check *endpointcheck.Check, secretFile, passwordFile string) error {
	secrets, err := readLines(secretFile, secretVariable)
	if err != nil {
		return err
	}
	if len(secrets) > 0 {
		check.Secret = secrets[0]
	}
	passwords, err := readLines(passwordFile, passwordVariable)
	if err != nil {
		return err
	}
	if len(passwords) > 0 {
		check.Password = passwords[0]
	}
	if (check.UserName == "") != (check.Password == "") && (check.UserName != "" || passwordFile != "") {
		return wrongUsage("basic authentication needs both -username and a password (-password-file or %s)",
			passwordVariable)
	}
	return nil
}

func printCheck(w io.Writer, r *endpointcheck.Result) {
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) }
	line("%s, event %s of type %s\n", r.URL, r.EventID, r.Type)
	if r.TLS != nil {
		line("  %-18s%s, certificate valid until %s", "TLS", r.TLS.Version, r.TLS.Expires.Format(time.DateOnly))
	}
	for _, s := range r.Requests {
		line("  %-18s%s, %d ms of %d", s.Name, s.Outcome(), s.DurationMS, delivery.ResponseTimeout.Milliseconds())
	}
	line("")
	for _, text := range r.Failures {
		line("FAILURE: %s", text)
	}
	for _, text := range r.Warnings {
		line("WARNING: %s", text)
	}
	if r.Passed {
		line("Verdict: Digital River would count its deliveries as acknowledged.")
	} else {
		line("Verdict: Digital River would count deliveries as failed, and would disable the webhook if that continues.")
	}
}
