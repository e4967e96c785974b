// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package command

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/catalog"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/delivery"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/redact"
)

// dataUsage describes -data, which has an object for the event.
const dataUsage = "merge the JSON object in this `FILE` into the sample object (a JSON merge patch: null removes a " +
	"member)"

const (
	defaultSandbox = "http://127.0.0.1:8787"
	pollInterval   = 50 * time.Millisecond
	sandboxTimeout = 10 * time.Second

	outcomeAcknowledged = "acknowledged"
	outcomeNotSent      = "not_sent"
	outcomePending      = "pending" // Not one of the sandbox's.
)

// triggeredEvent is an event that the sandbox has created or delivers again.
type triggeredEvent struct {
	eventType  string
	ID         string   `json:"id"`
	WebhookIDs []string `json:"webhookIds"`
	earlier    []string // The ids of the attempts before it was delivered again.
}

// attempt is an attempt to deliver an event, as the sandbox lists it.
type attempt struct {
	ID          string     `json:"id,omitempty"`
	EventID     string     `json:"eventId"`
	EventType   string     `json:"eventType"`
	WebhookID   string     `json:"webhookId"`
	Attempt     int        `json:"attempt"`
	Time        *time.Time `json:"time"`
	DurationMS  int64      `json:"durationMs"`
	Status      int        `json:"status"`
	Outcome     string     `json:"outcome"`
	Reason      string     `json:"reason,omitempty"`
	NextAttempt *time.Time `json:"nextAttempt"`
}

func triggerCommand() *cli.Command {
	var base, mode, product, dataFile, resend string
	var wait time.Duration
	var asJSON bool
	return &cli.Command{
		Name: "trigger", Category: groupSandbox,
		Usage: "make the sandbox send events",
		UsageText: programName + " trigger TYPE... [flags]\n" +
			programName + " trigger -resend EVENT_ID [flags]",
		Description: `
Has the sandbox send an event of each TYPE, such as order.accepted, to every
enabled webhook that subscribes to it. Waits for the first attempts and prints a
line for each. The events carry sample objects. A TYPE that is not documented needs
-data.`,
		Metadata: map[string]any{
			notes: `
For example:
  terraform-provider-digitalriver trigger order.accepted order.blocked
  echo '{"currency": "EUR"}' > data.json
  terraform-provider-digitalriver trigger order.accepted -data data.json -wait 10s
  terraform-provider-digitalriver trigger acme.custom -data data.json

The sandbox retries failed deliveries by its own clock. To make the next retries
due: curl -d '{"advance": "10m"}' http://127.0.0.1:8787/_sandbox/clock`,
			statusSuccess: "all deliveries were acknowledged",
			statusFailure: "a delivery was not acknowledged, no webhook subscribes to a TYPE or was sent EVENT_ID, or the " +
				"sandbox cannot be reached",
		},
		Flags: []cli.Flag{
			stringFlag("sandbox", "", "use the sandbox at this `URL` (default: "+digitalriver.BaseURLVariable+
				" from the environment, or "+defaultSandbox+")", &base),
			stringFlag("mode", "test", "send to the webhooks of this `MODE`: test or live", &mode),
			stringFlag("product", "", "send events of this `PRODUCT`: digital_river_api or commerce_api (default: "+
				"digital_river_api for a TYPE that both have)", &product),
			stringFlag("data", "", dataUsage, &dataFile),
			stringFlag("resend", "", "deliver the event with this `EVENT_ID` again to every webhook that it was sent to, "+
				"signed anew; takes no TYPE, -mode, -product or -data", &resend),
			durationFlag("wait", "5s", "wait for the first attempts for this `DURATION`, at most", &wait),
			boolFlag("json", "print a JSON array, with members of the sandbox's GET /_sandbox/deliveries; outcome is "+
				"pending if there was no attempt in time", &asJSON),
		},
		ShellComplete: completeEventTypes,
		Action: func(ctx context.Context, cmd *cli.Command) error {
			types := cmd.Args().Slice()
			base = cmp.Or(base, os.Getenv(digitalriver.BaseURLVariable), defaultSandbox)
			s := sandboxClient{strings.TrimSuffix(base, "/")}
			create := func() ([]triggeredEvent, error) {
				data, err := checkTrigger(types, mode, product, dataFile)
				if err != nil {
					return nil, err
				}
				return s.trigger(ctx, types, mode, product, data)
			}
			if resend != "" {
				if len(types) > 0 || mode != "test" || product != "" || dataFile != "" {
					return wrongUsage("-resend takes no event type, -mode, -product or -data")
				}
				create = func() ([]triggeredEvent, error) { return s.resend(ctx, resend) }
			}
			events, err := create()
			if err != nil {
				return err
			}
			attempts, err := s.awaitAttempts(ctx, events, wait)
			if err != nil {
				return err
			}
			return report(cmd.Writer, attempts, asJSON)
		},
	}
}

// checkTrigger checks what events are made from, and returns the data.
func checkTrigger(types []string, mode, product, dataFile string) (json.RawMessage, error) {
	if mode != "test" && mode != "live" {
		return nil, wrongUsage("-mode %s: want test or live", mode)
	}
	if product != "" && !slices.Contains(catalog.Products(), product) {
		return nil, wrongUsage("-product %s: want %s", product, strings.Join(catalog.Products(), " or "))
	}
	data, err := readData(dataFile)
	if err != nil {
		return nil, err
	}
	if len(types) == 0 {
		return nil, wrongUsage("want one event type or more")
	}
	for _, name := range types {
		if err := checkEventType(name, product, data != nil); err != nil {
			return nil, err
		}
	}
	return data, nil
}

// readData returns the object in a file, nil without a file.
func readData(file string) (json.RawMessage, error) {
	if file == "" {
		return nil, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, wrongUsage("%v", err)
	}
	var members map[string]any
	if err := json.Unmarshal(data, &members); err != nil || members == nil {
		return nil, wrongUsage("%s does not contain one JSON object", file)
	}
	return data, nil
}

// sandboxClient calls a sandbox's control endpoints.
type sandboxClient struct {
	url string // Without a trailing slash.
}

// trigger creates an event of each type. The product may be empty, and the data
// nil.
func (s sandboxClient) trigger(
	ctx context.Context, types []string, mode, product string, data json.RawMessage,
) ([]triggeredEvent, error) {
	var events []triggeredEvent
	for _, name := range types {
		e := triggeredEvent{eventType: name}
		request := map[string]any{"type": name, "mode": mode}
		if data != nil {
			request["data"] = data
		}
		if product != "" {
			request["product"] = product
		}
		body, err := json.Marshal(request)
		if err != nil {
			return nil, err
		}
		if err := s.call(ctx, http.MethodPost, "/_sandbox/events", body, http.StatusAccepted, &e); err != nil {
			return nil, err
		}
		events = append(events, e)
	}
	return events, nil
}

// resend has an event delivered again to every webhook that it was sent to.
func (s sandboxClient) resend(ctx context.Context, id string) ([]triggeredEvent, error) {
	made, err := s.attempts(ctx, id)
	if err != nil {
		return nil, err
	}
	if len(made) == 0 {
		return nil, fmt.Errorf("the sandbox has not sent an event %q to any webhook", id)
	}
	e := triggeredEvent{eventType: made[0].EventType, ID: id}
	for _, a := range made {
		e.earlier = append(e.earlier, a.ID)
		if slices.Contains(e.WebhookIDs, a.WebhookID) {
			continue
		}
		e.WebhookIDs = append(e.WebhookIDs, a.WebhookID)
		path := "/_sandbox/deliveries/" + a.ID + "/resend"
		err = errors.Join(err, s.call(ctx, http.MethodPost, path, nil, http.StatusAccepted, &struct{}{}))
	}
	return []triggeredEvent{e}, err
}

// attempts returns the attempts to deliver an event, newest first.
func (s sandboxClient) attempts(ctx context.Context, eventID string) (made []attempt, err error) {
	path := "/_sandbox/deliveries?event=" + url.QueryEscape(eventID)
	err = s.call(ctx, http.MethodGet, path, nil, http.StatusOK, &made)
	return made, err
}

// awaitAttempts waits until every webhook of the events has had an attempt, and
// returns the newest attempts. Those that are not made in time are pending.
func (s sandboxClient) awaitAttempts(
	ctx context.Context, events []triggeredEvent, wait time.Duration,
) ([]attempt, error) {
	deadline := time.After(wait)
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		attempts, pending, err := s.newestAttempts(ctx, events)
		if err != nil || !pending {
			return attempts, err
		}
		select {
		case <-tick.C:
		case <-deadline:
			attempts, _, err = s.newestAttempts(ctx, events)
			return attempts, err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// newestAttempts returns the newest attempt for each event and webhook, and
// whether any is pending.
func (s sandboxClient) newestAttempts(
	ctx context.Context, events []triggeredEvent,
) (attempts []attempt, pending bool, err error) {
	for _, e := range events {
		made, err := s.attempts(ctx, e.ID)
		if err != nil {
			return nil, false, err
		}
		newest := map[string]attempt{}
		for _, a := range made {
			if _, newer := newest[a.WebhookID]; !newer && !slices.Contains(e.earlier, a.ID) {
				newest[a.WebhookID] = a
			}
		}
		for _, id := range e.WebhookIDs {
			a, found := newest[id]
			if !found {
				a = attempt{EventID: e.ID, EventType: e.eventType, WebhookID: id, Outcome: outcomePending}
				pending = true
			}
			attempts = append(attempts, a)
		}
		if len(e.WebhookIDs) == 0 {
			attempts = append(attempts, attempt{
				EventID: e.ID, EventType: e.eventType, Outcome: outcomeNotSent,
				Reason: "no enabled webhook of this mode subscribes to this type",
			})
		}
	}
	return attempts, pending, nil
}

// call sends a request and decodes the response, which must have a status.
func (s sandboxClient) call(ctx context.Context, method, path string, body []byte, status int, into any) error {
	ctx, cancel := context.WithTimeout(ctx, sandboxTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, s.url+path, bytes.NewReader(body))
	if err != nil {
		return wrongUsage("-sandbox: want a URL such as %s, got %q", defaultSandbox, redact.URL(s.url))
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("no sandbox responds; start one with terraform-provider-digitalriver sandbox: %w",
			delivery.Cause(err))
	}
	defer func() { _ = response.Body.Close() }()
	shown := redact.URL(s.url + path)
	if response.StatusCode != status {
		return fmt.Errorf("%s responded with %s: %s", shown, response.Status, errorMessages(response.Body))
	}
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		return fmt.Errorf("%s: %w", shown, err)
	}
	return nil
}

// errorMessages returns the messages of an error response.
func errorMessages(body io.Reader) string {
	var response struct {
		Errors []struct{ Message string }
	}
	if json.NewDecoder(body).Decode(&response) != nil || len(response.Errors) == 0 {
		return "this is not a sandbox that delivers events"
	}
	var messages []string
	for _, e := range response.Errors {
		messages = append(messages, e.Message)
	}
	return strings.Join(messages, " ")
}

// report prints the attempts. It returns errBadResult if one was not
// acknowledged.
func report(stdout io.Writer, attempts []attempt, asJSON bool) (err error) {
	for _, a := range attempts {
		if a.Outcome != outcomeAcknowledged {
			err = errBadResult
		}
		if !asJSON {
			_, _ = fmt.Fprintln(stdout, a)
		}
	}
	if asJSON {
		return errors.Join(printJSON(stdout, attempts), err)
	}
	return err
}

// String returns the attempt on one line.
func (a attempt) String() string {
	line := fmt.Sprintf("%s  event %s", a.EventType, a.EventID)
	if a.WebhookID != "" {
		line += "  webhook " + a.WebhookID
	}
	line += "  " + a.Outcome
	if a.Status != 0 {
		line += fmt.Sprintf("  status %d", a.Status)
	}
	if a.Time != nil {
		line += fmt.Sprintf("  %d ms", a.DurationMS)
	}
	if a.Reason != "" {
		line += ": " + a.Reason
	}
	if a.NextAttempt != nil {
		line += "; next attempt at " + a.NextAttempt.Format(time.RFC3339)
	}
	return line
}
