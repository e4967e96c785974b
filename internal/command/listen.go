// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/delivery"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/endpointcheck"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/redact"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/signature"
)

const (
	// maxEventBody is the number of bytes of an event. The documentation names no
	// limit.
	maxEventBody = 1 << 20
	// maxEventWebhooks is for how many of the webhooks that an event names secrets
	// are requested, before the signature shows that the event is genuine.
	maxEventWebhooks = 20
	// forwardTimeout leaves time to stop in a debugger.
	forwardTimeout = 5 * time.Minute
	// signatureTolerance is how far the timestamp of a signature may be from the time
	// of the API.
	signatureTolerance = 5 * time.Minute
	// checkTimeout is how long the check at the start waits for the API.
	checkTimeout = 5 * time.Second
)

// listener is the local endpoint.
type listener struct {
	secrets *webhookSecrets
	forward *url.URL // nil for none.
	printer *eventPrinter
	// transport sends what is forwarded.
	transport http.RoundTripper
	sending   sync.WaitGroup
}

func listenCommand() *cli.Command {
	var address, webhook, forward string
	var printSecret bool
	var useTLS tlsFlags
	printer := &eventPrinter{}
	return &cli.Command{
		Name: "listen", Category: groupReceiving,
		Usage: "receive events on this machine, and verify them",
		Description: `
Receives events on this machine. It verifies each signature with the active secrets
of the event's webhook, which it gets from the API, and prints a line for each
event. It responds with 202 to an event whose signature is valid, and with 400 and
the reason to anything else. A timestamp may be 5 minutes from the time of this
machine or of the API, so the clock of a sandbox may be advanced.

It creates no webhook: it prints the address to put into your configuration. A
sandbox on this machine can reach it; Digital River cannot, unless you put a tunnel
in front of it.

` + environmentHelp + `

It ends when you interrupt it.`,
		Metadata: map[string]any{
			notes: `
For example, with the sandbox:
  export DIGITALRIVER_BASE_URL=http://127.0.0.1:8787
  export DIGITALRIVER_API_KEY=sk_test_sandbox
  terraform-provider-digitalriver listen`,
			statusSuccess: "it was interrupted",
			statusFailure: "it cannot listen, or the API refuses to return the secrets of -webhook",
		},
		Flags: slices.Concat([]cli.Flag{
			addressFlag("127.0.0.1:8080", &address),
			stringFlag("webhook", "", "verify with the secrets of the webhook with this `ID` (default: of those that an "+
				"event names; events of the Commerce API name none)", &webhook),
			stringFlag("forward", "", "send each event with a valid signature on to your own server at this `URL`, with "+
				"the same bytes and headers, after it was acknowledged", &forward),
		}, useTLS.flags("for -forward"), []cli.Flag{
			boolFlag("body", "also print the body of each event", &printer.body),
			boolFlag("json", "print each event as one line of JSON", &printer.json),
			boolFlag("print-secret", "print the newest secret of -webhook at the start", &printSecret),
		}),
		ArgValidator: noArguments,
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if printSecret && webhook == "" {
				return wrongUsage("-print-secret needs -webhook")
			}
			client, err := newClient("listen")
			if err != nil {
				return err
			}
			config, err := useTLS.config()
			if err != nil {
				return err
			}
			printer.out = cmd.Writer
			l := &listener{
				secrets:   &webhookSecrets{list: client.ListSecrets, now: client.Now, webhookID: webhook},
				printer:   printer,
				transport: endpointcheck.NewTransport(config),
			}
			if forward != "" {
				l.forward, err = url.Parse(forward)
				if err != nil || l.forward.Scheme != "http" && l.forward.Scheme != "https" || l.forward.Hostname() == "" {
					return wrongUsage("-forward must begin with https:// or http:// and name a host")
				}
			}
			if webhook != "" {
				secrets, err := l.secrets.check(ctx)
				switch {
				case err != nil && (printSecret || isRefusal(err)):
					return withAdvice(err)
				case err != nil:
					_, _ = fmt.Fprintf(cmd.ErrWriter, "Warning: the API cannot return the secrets of webhook %q now: %v\n"+
						"It is asked again when an event arrives.\n", webhook, err)
				case printSecret && len(secrets) > 0:
					_, _ = fmt.Fprintf(cmd.ErrWriter, "Signing secret: %s\n", secrets[0].Secret)
				}
			}
			if useTLS.insecure {
				_, _ = fmt.Fprintln(cmd.ErrWriter, "Warning: the certificate of the server at -forward is not checked.")
			}
			ctx, stop := untilInterrupted(ctx)
			defer stop()
			return l.serve(ctx, address, cmd.ErrWriter)
		},
	}
}

// serve receives events until ctx ends.
func (l *listener) serve(ctx context.Context, address string, stderr io.Writer) error {
	socket, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("%w; choose another address with -listen", err)
	}
	own := "http://" + socket.Addr().String() + "/"
	_, _ = fmt.Fprintf(stderr, "Listening. Use this address for a webhook:\n\n  address = %q\n\n", own)
	server := &http.Server{
		Handler: l, ReadTimeout: 5 * time.Second, WriteTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	err = server.Serve(socket)
	l.sending.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// ServeHTTP accepts an event.
func (l *listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxEventBody))
	if err != nil {
		l.refuse(w, received{}, "the body is incomplete or larger than 1 MiB")
		return
	}
	event := received{Body: body}
	_ = json.Unmarshal(body, &event.eventHead)
	if r.Method != http.MethodPost {
		l.refuse(w, event, "want a POST request with an event, got "+r.Method)
		return
	}
	event.Webhook, err = l.secrets.verify(r.Context(), r.Header.Get(signature.HeaderName), event)
	if err != nil {
		l.refuse(w, event, err.Error())
		return
	}
	w.WriteHeader(http.StatusAccepted)
	l.printer.print(event)
	if l.forward != nil {
		l.sending.Go(func() { l.pass(r, event) })
	}
}

func (l *listener) refuse(w http.ResponseWriter, event received, problem string) {
	event.Problem = problem
	l.printer.print(event)
	http.Error(w, problem, http.StatusBadRequest)
}

// pass sends an event on, with the bytes and headers that it came with.
func (l *listener) pass(original *http.Request, event received) {
	ctx := context.WithoutCancel(original.Context()) // The event is acknowledged already.
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, l.forward.String(), bytes.NewReader(event.Body))
	if err != nil {
		return
	}
	request.Header = original.Header.Clone()
	for _, name := range []string{"Connection", "Content-Length"} {
		request.Header.Del(name)
	}
	response := delivery.Send(l.transport, request, forwardTimeout)
	l.printer.printForward(event, redact.URL(l.forward.String()), response)
}

// webhookSecrets has the active secrets of webhooks.
type webhookSecrets struct {
	list func(ctx context.Context, webhookID string) ([]digitalriver.Secret, error)
	// now is the time of the API, as far as the last response showed it.
	now       func() time.Time
	webhookID string // Of the only webhook; "" for those that an event names.

	mu    sync.Mutex
	known map[string][]digitalriver.Secret // By webhook.
}

// check returns the secrets of the only webhook, so that what cannot work is known at
// the start.
func (s *webhookSecrets) check(ctx context.Context) ([]digitalriver.Secret, error) {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	return s.of(ctx, s.webhookID, true)
}

// isRefusal reports whether the API refused a request in a way that will not change
// while listen runs.
func isRefusal(err error) bool {
	apiError, ok := errors.AsType[*digitalriver.Error](err)
	return ok && slices.Contains(
		[]int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound}, apiError.Status)
}

// verify returns the ID of a webhook whose secret signed an event. It requests the
// secrets that it does not know. If none matches, it requests all of them again,
// because they may have been rotated. If the timestamp is too far from the time of
// the API, it requests those of the webhook that signed: the response shows whether
// the clock of a sandbox was advanced.
func (s *webhookSecrets) verify(ctx context.Context, header string, event received) (webhookID string, err error) {
	if header == "" {
		return "", errors.New("the header " + signature.HeaderName + " is missing")
	}
	ids := event.WebhookIDs
	if s.webhookID != "" {
		ids = []string{s.webhookID}
	}
	if len(ids) == 0 {
		return "", errors.New("the event names no webhook: use -webhook")
	}
	ids = ids[:min(len(ids), maxEventWebhooks)]
	for _, again := range []bool{false, true} {
		var secrets []string
	webhooks:
		for _, id := range ids {
			active, listErr := s.of(ctx, id, again)
			if listErr != nil {
				err = fmt.Errorf("the secrets of webhook %q are not available: %w", id, listErr)
				continue
			}
			for _, secret := range active {
				secrets = append(secrets, secret.Secret)
				err = s.verifyWith(secret, header, event.Body)
				switch {
				case err == nil:
					return id, nil
				case errors.Is(err, signature.ErrOutsideTolerance) && !again:
					ids = []string{id}
					break webhooks
				case !errors.Is(err, signature.ErrNoSecretMatches):
					return "", err
				}
			}
		}
		if again && errors.Is(err, signature.ErrNoSecretMatches) {
			return "", errors.New(explainMismatch(header, secrets, event.Body))
		}
	}
	if err == nil {
		err = errors.New("the webhook has no active secret")
	}
	return "", err
}

// verifyWith verifies a signature with a secret. The timestamp may be that of this
// machine, as replay sends it, or that of the API.
func (s *webhookSecrets) verifyWith(secret digitalriver.Secret, header string, body []byte) error {
	err := signature.Verify(header, secret.Secret, body, time.Now(), signatureTolerance)
	if errors.Is(err, signature.ErrOutsideTolerance) {
		err = signature.Verify(header, secret.Secret, body, s.now(), signatureTolerance)
	}
	return err
}

// of returns the active secrets of a webhook.
func (s *webhookSecrets) of(ctx context.Context, id string, again bool) ([]digitalriver.Secret, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.known[id]; ok && !again {
		return known, nil
	}
	secrets, err := s.list(ctx, id)
	if err != nil {
		return nil, err
	}
	if s.known == nil {
		s.known = map[string][]digitalriver.Secret{}
	}
	s.known[id] = secrets
	return secrets, nil
}

// eventHead are the members of an event that the listener needs.
type eventHead struct {
	ID         string   `json:"id"`
	Type       string   `json:"type"`
	WebhookIDs []string `json:"webhookIds"`
}

// received is a request to the listener.
type received struct {
	eventHead

	Body    []byte
	Webhook string // Whose secret signed it; "" if none did.
	Problem string // Why it was refused; "" if it was not.
}

// eventPrinter prints events as they arrive.
type eventPrinter struct {
	out        io.Writer
	body, json bool
	mu         sync.Mutex
}

func (p *eventPrinter) print(event received) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if p.json {
		p.printLine(map[string]any{
			"time": now.UTC().Format(time.RFC3339Nano), "event": event.ID, "type": event.Type, "webhook": event.Webhook,
			"verified": event.Problem == "", "problem": event.Problem, "body": p.bodyOf(event),
		})
		return
	}
	what := redact.Control(strings.TrimSpace(event.Type + " " + event.ID)) // Anybody may have sent it.
	if what == "" {
		what = "not an event"
	}
	if event.Problem != "" {
		_, _ = fmt.Fprintf(p.out, "%s  refused   %s: %s\n", now.Format(time.TimeOnly), what, event.Problem)
	} else {
		_, _ = fmt.Fprintf(p.out, "%s  verified  %s  webhook %s\n", now.Format(time.TimeOnly), what, event.Webhook)
	}
	if p.body {
		_, _ = fmt.Fprintln(p.out, redact.Control(string(event.Body)))
	}
}

func (p *eventPrinter) printForward(event received, target string, response delivery.Response) {
	p.mu.Lock()
	defer p.mu.Unlock()
	problem := ""
	if response.Err != nil {
		problem = response.Err.Error()
	}
	if p.json {
		p.printLine(map[string]any{
			"time": time.Now().UTC().Format(time.RFC3339Nano), "event": event.ID, "type": event.Type, "forwardedTo": target,
			"status": response.Status, "durationMs": response.Duration.Milliseconds(), "problem": problem,
		})
		return
	}
	outcome := fmt.Sprintf("status %d", response.Status)
	if problem != "" {
		outcome = problem
	}
	_, _ = fmt.Fprintf(p.out, "%s  forwarded %s %s  %s, %d ms\n", time.Now().Format(time.TimeOnly), event.Type, event.ID,
		outcome, response.Duration.Milliseconds())
}

// bodyOf returns the body as JSON prints it: as it is, if it is JSON.
func (p *eventPrinter) bodyOf(event received) any {
	switch {
	case !p.body:
		return nil
	case json.Valid(event.Body):
		return json.RawMessage(event.Body)
	default:
		return string(event.Body)
	}
}

func (p *eventPrinter) printLine(v any) {
	encoder := json.NewEncoder(p.out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(v)
}
