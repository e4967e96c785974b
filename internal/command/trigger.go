package command

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

const triggerUsage = `Usage: terraform-provider-digitalriver trigger TYPE... [flags]

Makes the sandbox send an event of each TYPE, such as order.accepted, to every
enabled webhook that subscribes to it, waits for the first attempts, and prints a
line for each. The events carry sample objects.

Flags:
  -sandbox URL        the sandbox (default: DIGITALRIVER_BASE_URL from the
                      environment, else http://127.0.0.1:8787)
  -mode MODE          test or live (default test): the webhooks of this mode
  -data FILE          a JSON object whose members replace those of the sample
                      object (a JSON merge patch; null removes a member)
  -wait DURATION      how long to wait for the first attempts (default 5s)
  -json               print a JSON array instead: the deliveries as the sandbox's
                      GET /_sandbox/deliveries has them; outcome pending where
                      there was no attempt in time

Exit status: 0 when all deliveries were acknowledged; 1 when one was not, when no
webhook subscribes to a TYPE, or when the sandbox cannot be asked; 2 on wrong use.

For example:
  terraform-provider-digitalriver trigger order.accepted order.blocked
  echo '{"currency": "EUR"}' > data.json
  terraform-provider-digitalriver trigger order.accepted -data data.json -wait 10s

Failed deliveries are tried again on the sandbox's clock. To make the next ones
due: curl -d '{"advance": "10m"}' http://127.0.0.1:8787/_sandbox/clock
`

const (
	defaultSandbox  = "http://127.0.0.1:8787"
	pollInterval    = 50 * time.Millisecond
	sandboxTimeout  = 10 * time.Second
	outcomePending  = "pending"
	outcomeAccepted = "acknowledged"
)

// triggered is an event that the sandbox has made.
type triggered struct {
	eventType  string
	ID         string   `json:"id"`
	WebhookIDs []string `json:"webhookIds"`
}

// delivery is an attempt as the sandbox's log has it.
type delivery struct {
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

// Trigger runs the trigger command and returns its exit status.
func Trigger(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("trigger", flag.ContinueOnError)
	base := flags.String("sandbox", cmp.Or(os.Getenv("DIGITALRIVER_BASE_URL"), defaultSandbox), "")
	mode := flags.String("mode", "test", "")
	dataFile := flags.String("data", "", "")
	wait := flags.Duration("wait", 5*time.Second, "")
	asJSON := flags.Bool("json", false, "")
	return run(flags, triggerUsage, args, stdout, stderr, func(types []string) error {
		if *mode != "test" && *mode != "live" {
			return useError("-mode %s: there are test and live", *mode)
		}
		data, err := readData(*dataFile)
		if err != nil {
			return err
		}
		if len(types) == 0 {
			return useError("which event type?")
		}
		for _, name := range types {
			if err := knownType(name); err != nil {
				return err
			}
		}
		s := server{strings.TrimSuffix(*base, "/")}
		deliveries, err := s.trigger(ctx, types, *mode, data, *wait)
		if err != nil {
			return err
		}
		return report(stdout, deliveries, *asJSON)
	})
}

func readData(file string) (json.RawMessage, error) {
	if file == "" {
		return json.RawMessage("{}"), nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, useError("%v", err)
	}
	var members map[string]any
	if err := json.Unmarshal(data, &members); err != nil || members == nil {
		return nil, useError("%s does not hold one JSON object", file)
	}
	return data, nil
}

// server is a sandbox at a URL without a slash at its end.
type server struct{ url string }

// trigger makes the events and waits for a delivery to each of their webhooks.
func (s server) trigger(ctx context.Context, types []string, mode string, data json.RawMessage, wait time.Duration) ([]delivery, error) {
	var events []triggered
	for _, name := range types {
		e := triggered{eventType: name}
		body, err := json.Marshal(map[string]any{"type": name, "mode": mode, "data": data})
		if err != nil {
			return nil, err
		}
		if err := s.call(ctx, http.MethodPost, "/_sandbox/events", body, http.StatusAccepted, &e); err != nil {
			return nil, err
		}
		events = append(events, e)
	}
	deadline := time.After(wait)
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		deliveries, pending, err := s.deliveries(ctx, events)
		if err != nil || !pending {
			return deliveries, err
		}
		select {
		case <-tick.C:
		case <-deadline:
			deliveries, _, err = s.deliveries(ctx, events)
			return deliveries, err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// deliveries has the newest attempt for each event and webhook.
func (s server) deliveries(ctx context.Context, events []triggered) (deliveries []delivery, pending bool, err error) {
	for _, e := range events {
		var attempts []delivery
		query := "?event=" + url.QueryEscape(e.ID)
		if err := s.call(ctx, http.MethodGet, "/_sandbox/deliveries"+query, nil, http.StatusOK, &attempts); err != nil {
			return nil, false, err
		}
		newest := map[string]delivery{}
		for _, a := range attempts {
			if _, seen := newest[a.WebhookID]; !seen {
				newest[a.WebhookID] = a
			}
		}
		for _, id := range e.WebhookIDs {
			d, made := newest[id]
			if !made {
				d, pending = delivery{EventID: e.ID, EventType: e.eventType, WebhookID: id, Outcome: outcomePending}, true
			}
			deliveries = append(deliveries, d)
		}
		if len(e.WebhookIDs) == 0 {
			deliveries = append(deliveries, delivery{
				EventID: e.ID, EventType: e.eventType, Outcome: "not_sent",
				Reason: "no enabled webhook of this mode subscribes to this type",
			})
		}
	}
	return deliveries, pending, nil
}

func (s server) call(ctx context.Context, method, path string, body []byte, want int, into any) error {
	ctx, cancel := context.WithTimeout(ctx, sandboxTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, s.url+path, bytes.NewReader(body))
	if err != nil {
		return useError("-sandbox: %v", err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("no sandbox answers there; start one with terraform-provider-digitalriver sandbox: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != want {
		return fmt.Errorf("%s was answered with %s: %s", s.url+path, answer.Status, problemsOf(answer.Body))
	}
	if err := json.NewDecoder(answer.Body).Decode(into); err != nil {
		return fmt.Errorf("%s: %w", s.url+path, err)
	}
	return nil
}

// problemsOf are the messages of an error answer.
func problemsOf(body io.Reader) string {
	var answer struct {
		Errors []struct{ Message string }
	}
	if json.NewDecoder(body).Decode(&answer) != nil || len(answer.Errors) == 0 {
		return "this is no sandbox that delivers events"
	}
	var messages []string
	for _, e := range answer.Errors {
		messages = append(messages, e.Message)
	}
	return strings.Join(messages, " ")
}

// report prints the deliveries. It is errBad when one was not acknowledged.
func report(stdout io.Writer, deliveries []delivery, asJSON bool) (err error) {
	for _, d := range deliveries {
		if d.Outcome != outcomeAccepted {
			err = errBad
		}
		if !asJSON {
			_, _ = fmt.Fprintln(stdout, d)
		}
	}
	if asJSON {
		return errors.Join(printJSON(stdout, deliveries), err)
	}
	return err
}

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// String is the delivery on one line.
func (d delivery) String() string {
	line := fmt.Sprintf("%s  event %s", d.EventType, d.EventID)
	if d.WebhookID != "" {
		line += "  webhook " + d.WebhookID
	}
	line += "  " + d.Outcome
	if d.Status != 0 {
		line += fmt.Sprintf("  status %d", d.Status)
	}
	if d.Time != nil {
		line += fmt.Sprintf("  %d ms", d.DurationMS)
	}
	if d.Reason != "" {
		line += ": " + d.Reason
	}
	if d.NextAttempt != nil {
		line += "; next attempt at " + d.NextAttempt.Format(time.RFC3339)
	}
	return line
}
