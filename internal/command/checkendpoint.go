package command

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/url"
	"time"

	"github.com/google/uuid"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/delivery"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/endpointcheck"
)

const checkEndpointUsage = `Usage: terraform-provider-digitalriver check-endpoint URL [flags]

Sends an endpoint what Digital River would send, and reports whether its responses
are acceptable. It has to accept a signed event, the same event again (duplicates
happen), an event with two signatures (as during a rotation), and ten events at
once. It should refuse a broken signature, a stale timestamp, and a body that was
changed or encoded again. The requests come from this machine. Digital River's
addresses may meet another firewall.

The event is a sample, but the endpoint cannot know that. Check an endpoint whose
handler does no harm with it.

Flags:
  -type TYPE          the event's type (default order.accepted); one that is not
                      documented needs -data
  -data FILE          a JSON object that is merged into the sample object (a JSON
                      merge patch: null removes a member)
  -secret-file FILE   the signing secret, whk_... (default:
                      DIGITALRIVER_WEBHOOK_SECRET from the environment; without
                      either, a secret that is made up on the spot)
  -username NAME      for basic authentication
  -password-file FILE its password (default: DIGITALRIVER_WEBHOOK_PASSWORD from
                      the environment)
  -cacert FILE        also trust the certificates in this PEM file
  -insecure           do not check the endpoint's certificate
  -json               print the result as JSON

It reports TLS and when the certificate expires, redirects, the status, and the
duration compared with the 3000 ms that Digital River waits. It ends with a verdict
and what to change.

Exit status: 0 if the deliveries would be acknowledged, 1 if one would count as
failed, 2 for wrong usage.

For example:
  terraform-provider-digitalriver check-endpoint https://shop.example.com/events \
    -secret-file secret.txt -username shop -password-file password.txt
  terraform-provider-digitalriver check-endpoint https://localhost:8443/events \
    -cacert ca.pem -type acme.custom -data object.json
`

func defineCheckEndpoint(flags *flag.FlagSet) action {
	eventType := flags.String("type", "order.accepted", "")
	secretFile := flags.String("secret-file", "", "")
	username := flags.String("username", "", "")
	passwordFile := flags.String("password-file", "", "")
	dataFile := flags.String("data", "", "")
	var useTLS tlsFlags
	useTLS.define(flags)
	asJSON := flags.Bool("json", false, "")
	return func(ctx context.Context, args []string, std streams) error {
		if len(args) != 1 {
			return wrongUsage("want one URL, got %d", len(args))
		}
		address, err := url.Parse(args[0])
		if err != nil || address.Scheme != "http" && address.Scheme != "https" || address.Hostname() == "" {
			return wrongUsage("the URL must begin with https:// or http:// and name a host")
		}
		data, err := readData(*dataFile)
		if err != nil {
			return err
		}
		if err := checkEventType(*eventType, "", data != nil); err != nil {
			return err
		}
		config, err := useTLS.config()
		if err != nil {
			return err
		}
		check := endpointcheck.Check{
			Transport: endpointcheck.NewTransport(config), URL: address, EventType: *eventType, Data: data,
			UserName: *username, Timeout: delivery.ResponseTimeout, Now: time.Now(),
		}
		if err := readCredentials(&check, *secretFile, *passwordFile); err != nil {
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
		if *asJSON {
			err = printJSON(std.out, result)
		} else {
			printCheck(std.out, result)
		}
		if err == nil && !result.Passed {
			err = errBadResult
		}
		return err
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
