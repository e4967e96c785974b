// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package command

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/urfave/cli/v3"
	"golang.org/x/oauth2"
	"golang.org/x/time/rate"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/catalog"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/delivery"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/duration"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/endpointcheck"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/redact"
)

// replayer sends events to an endpoint.
type replayer struct {
	transport http.RoundTripper
	webhook   *digitalriver.Webhook
	to        string
	secrets   []string // Active ones, newest first.
	limiter   *rate.Limiter
	resume    *resumeFile
	token     *oauth2.Token
	out       io.Writer
}

func replayCommand() *cli.Command {
	now := time.Now()
	var since, until time.Time
	var webhookID, to, pattern, resume string
	var perSecond float64
	var dryRun bool
	var useTLS tlsFlags
	timeOrAge := func(text string) (time.Time, error) { return parseTimeOrAge(text, now) }
	return &cli.Command{
		Name: "replay", Category: groupReceiving,
		Usage:     "send an endpoint the events that it missed",
		UsageText: programName + " replay -since TIME [flags]",
		Description: `
Sends an endpoint the events that its webhook missed, for example while it was
disabled. It reads the account's events, which the API keeps for 30 days, selects
those whose types the webhook receives, and posts them to the endpoint, oldest
first. The requests have the body, signatures and credentials that Digital River's
deliveries would have, but come from this machine.

The endpoint may get an event that it has already: it must accept duplicates.

It stops at the first event that the endpoint does not acknowledge, so that the
order stays. Run it again with the same -resume file to go on.

` + environmentHelp,
		Metadata: map[string]any{
			notes: `
For example:
  terraform-provider-digitalriver replay -since 24h \
    -to https://shop.example.com/digital-river/orders -resume sent.txt`,
			statusSuccess: "all events were acknowledged",
			statusFailure: "an event was not acknowledged, or the API did not return what is needed",
		},
		Flags: slices.Concat([]cli.Flag{
			parsedFlag("since", "", "go back to this `TIME`: how long ago, such as 90m or 24h, or a time such as "+
				"2026-01-31T12:00:00Z", &since, timeOrAge),
			parsedFlag("until", "", "stop at this `TIME`, in the same form, instead of now", &until, timeOrAge),
			stringFlag("webhook", "", "send what the webhook with this `ID` missed (default: the only one whose address "+
				"is -to)", &webhookID),
			stringFlag("to", "", "send to this `URL` (default: the address of -webhook)", &to),
			stringFlag("types", "", "send only event types of this `PATTERN`, such as order.*", &pattern),
			&cli.FloatFlag{
				Name: "rate", Value: 5, Destination: &perSecond, Usage: "send this `NUMBER` of events per second, at most",
			},
			stringFlag("resume", "", "write the IDs of acknowledged events to this `FILE`, and skip those that are in it",
				&resume),
			boolFlag("dry-run", "list the events, and send nothing", &dryRun),
		}, useTLS.flags("for the endpoint")),
		ArgValidator: noArguments,
		Action: func(ctx context.Context, cmd *cli.Command) error {
			switch {
			case since.IsZero():
				return wrongUsage("-since is missing")
			case webhookID == "" && to == "":
				return wrongUsage("want -to, -webhook or both")
			case pattern != "" && !catalog.ValidPattern(pattern):
				return wrongUsage("-types %s: want an event type, such as order.accepted, or a pattern, such as order.*", pattern)
			case perSecond <= 0:
				return wrongUsage("-rate must be above 0")
			}
			config, err := useTLS.config()
			if err != nil {
				return err
			}
			client, err := newClient("replay")
			if err != nil {
				return err
			}
			webhook, err := webhookToReplay(ctx, client, webhookID, to)
			if err != nil {
				return withAdvice(err)
			}
			if until.IsZero() {
				until = client.Now().Add(time.Second) // A sandbox may be ahead. The Date of responses has no fractions.
			}
			events, err := missedEvents(ctx, client, since, until, webhook.Types, pattern)
			if err != nil {
				return withAdvice(err)
			}
			file, err := openResumeFile(resume, dryRun)
			if err != nil {
				return err
			}
			defer func() { _ = file.close() }()
			events = slices.DeleteFunc(events, func(e digitalriver.Event) bool { return file.acknowledged[e.ID] })
			if dryRun {
				for _, e := range events {
					_, _ = fmt.Fprintf(cmd.Writer, "%s  %s  %s\n", e.CreatedTime.UTC().Format(time.RFC3339), e.Type, e.ID)
				}
				_, _ = fmt.Fprintf(cmd.Writer, "Events to send: %d.\n", len(events))
				return nil
			}
			r := &replayer{
				transport: endpointcheck.NewTransport(config), webhook: webhook, to: to,
				limiter: rate.NewLimiter(rate.Limit(perSecond), 1), resume: file, out: cmd.Writer,
			}
			if r.to == "" {
				r.to = webhook.Address
			}
			if err := r.readSecrets(ctx, client); err != nil {
				return withAdvice(err)
			}
			if useTLS.insecure {
				_, _ = fmt.Fprintln(cmd.ErrWriter, "Warning: the certificate of the endpoint is not checked.")
			}
			return r.send(ctx, events)
		},
	}
}

// parseTimeOrAge parses a time, or how long ago it was.
func parseTimeOrAge(text string, now time.Time) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	age, err := duration.Parse(text)
	if err != nil {
		return time.Time{}, errors.New(err.Error() + "; or a time such as 2026-01-31T12:00:00Z")
	}
	return now.Add(-age), nil
}

// webhookToReplay returns the webhook with an ID, or the only one with an address.
func webhookToReplay(
	ctx context.Context, client *digitalriver.Client, id, address string,
) (*digitalriver.Webhook, error) {
	if id != "" {
		return client.GetWebhook(ctx, id)
	}
	all, _, err := client.ListWebhooks(ctx)
	if err != nil {
		return nil, err
	}
	var found []*digitalriver.Webhook
	for _, webhook := range all {
		if webhook.Address == address {
			found = append(found, webhook)
		}
	}
	if len(found) != 1 {
		return nil, wrongUsage("%d webhooks have the address %s: name one with -webhook", len(found), redact.URL(address))
	}
	return found[0], nil
}

// missedEvents returns the events that a webhook with these types would have got,
// oldest first.
func missedEvents(
	ctx context.Context, client *digitalriver.Client, since, until time.Time, types []string, pattern string,
) ([]digitalriver.Event, error) {
	events, err := client.ListEvents(ctx, since, until)
	if err != nil {
		return nil, err
	}
	slices.Reverse(events)
	return slices.DeleteFunc(events, func(e digitalriver.Event) bool {
		return !slices.Contains(types, e.Type) || pattern != "" && !catalog.Matches(pattern, e.Type)
	}), nil
}

func (r *replayer) readSecrets(ctx context.Context, client *digitalriver.Client) error {
	active, err := client.ListSecrets(ctx, r.webhook.ID)
	if err != nil {
		return err
	}
	for _, secret := range active {
		if secret.Secret != "" {
			r.secrets = append(r.secrets, secret.Secret)
		}
	}
	basic, oauth := r.webhook.Authentication, r.webhook.OAuth
	if len(r.secrets) == 0 || basic != nil && basic.Password == "" || oauth != nil && oauth.ClientSecret == "" {
		return fmt.Errorf("the API does not show this key the signing secret and all credentials of webhook %q",
			r.webhook.ID)
	}
	return nil
}

// send sends events until one is not acknowledged.
func (r *replayer) send(ctx context.Context, events []digitalriver.Event) error {
	for i, event := range events {
		if err := r.limiter.Wait(ctx); err != nil {
			return err
		}
		outcome, err := r.sendOne(ctx, event)
		if err != nil {
			return err
		}
		if outcome != "" {
			_, _ = fmt.Fprintf(r.out, "%s  %s  not acknowledged: %s\n", event.Type, event.ID, outcome)
			_, _ = fmt.Fprintf(r.out, "Acknowledged: %d, refused: 1, not sent: %d. Go on with -since %s.\n",
				i, len(events)-i-1, event.CreatedTime.UTC().Format(time.RFC3339Nano))
			return errBadResult
		}
		_, _ = fmt.Fprintf(r.out, "%s  %s  acknowledged\n", event.Type, event.ID)
		if err := r.resume.add(event.ID); err != nil {
			return err
		}
	}
	_, _ = fmt.Fprintf(r.out, "Acknowledged: %d.\n", len(events))
	return nil
}

// sendOne returns why an event was not acknowledged, "" if it was.
func (r *replayer) sendOne(ctx context.Context, event digitalriver.Event) (outcome string, err error) {
	body, err := delivery.Event{
		ID: event.ID, Type: event.Type, Data: delivery.Data(event.Data), LiveMode: event.LiveMode,
		CreatedTime: delivery.FormatTime(event.CreatedTime), WebhookIDs: []string{r.webhook.ID},
		DigitalRiverVersion: event.DigitalRiverVersion,
	}.Encode()
	if err != nil {
		return "", err
	}
	request, err := delivery.NewRequest(ctx, r.to, body, time.Now(), r.secrets...)
	if err != nil {
		return "", errors.New("the endpoint's address is not a valid URL")
	}
	if basic := r.webhook.Authentication; basic != nil {
		request.SetBasicAuth(basic.UserName, basic.Password)
	}
	if oauth := r.webhook.OAuth; oauth != nil {
		if !r.token.Valid() {
			r.token, err = (*delivery.Grant)(oauth).Token(ctx, r.transport, delivery.ResponseTimeout)
			if err != nil {
				return err.Error(), ctx.Err()
			}
		}
		r.token.SetAuthHeader(request)
	}
	response := delivery.Send(r.transport, request, delivery.ResponseTimeout)
	switch {
	case response.Acknowledged():
		return "", nil
	case response.Err != nil:
		return response.Err.Error(), ctx.Err()
	}
	return fmt.Sprintf("status %d", response.Status), ctx.Err()
}

// resumeFile has the IDs of the events that were acknowledged, one on each line.
type resumeFile struct {
	file         *os.File // nil for none.
	acknowledged map[string]bool
}

// openResumeFile opens or creates a file; "" is none. A dry run only reads it.
func openResumeFile(name string, readOnly bool) (*resumeFile, error) {
	r := &resumeFile{acknowledged: map[string]bool{}}
	if name == "" {
		return r, nil
	}
	mode := os.O_RDWR | os.O_CREATE | os.O_APPEND
	if readOnly {
		mode = os.O_RDONLY
	}
	file, err := os.OpenFile(name, mode, 0o600)
	if readOnly && errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return nil, wrongUsage("%v", err)
	}
	r.file = file
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		r.acknowledged[lines.Text()] = true
	}
	return r, lines.Err()
}

func (r *resumeFile) add(id string) error {
	if r.file == nil {
		return nil
	}
	_, err := fmt.Fprintln(r.file, id)
	return err
}

func (r *resumeFile) close() error {
	if r.file == nil {
		return nil
	}
	return r.file.Close()
}
