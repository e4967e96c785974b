// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package command

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/signature"
)

// startListener starts a listener, and returns it with its URL and its lines.
func startListener(t *testing.T, l *listener) (address string, lines *bufio.Scanner) {
	t.Helper()
	reader, writer := io.Pipe()
	if l.printer == nil {
		l.printer = &eventPrinter{}
	}
	l.printer.out = writer
	server := httptest.NewServer(l)
	t.Cleanup(func() {
		_ = reader.Close()
		server.Close()
		l.sending.Wait()
	})
	return server.URL, bufio.NewScanner(reader)
}

func nextLine(t *testing.T, lines *bufio.Scanner) string {
	t.Helper()
	if !lines.Scan() {
		t.Fatal("no more lines")
	}
	return lines.Text()
}

// testAPI is a sandbox, and a client of it.
type testAPI struct {
	*digitalriver.Client

	url string
}

func startAPI(t *testing.T) testAPI {
	t.Helper()
	box, err := sandbox.Open(sandbox.Options{DataFile: filepath.Join(t.TempDir(), "sandbox.db"), RateLimit: "off"})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(box)
	t.Cleanup(func() {
		server.Close()
		_ = box.Close()
	})
	client, err := digitalriver.New(digitalriver.Config{BaseURL: server.URL, APIKey: "sk_test_sandbox"})
	if err != nil {
		t.Fatal(err)
	}
	return testAPI{client, server.URL}
}

// subscribe creates a webhook for order.accepted.
func (a testAPI) subscribe(t *testing.T, address string) *digitalriver.Webhook {
	t.Helper()
	webhook, err := a.CreateWebhook(t.Context(), digitalriver.Webhook{
		Address: address, Types: []string{"order.accepted"}, Enabled: true, APIVersion: "default", TransportType: "HTTP",
	})
	if err != nil {
		t.Fatal(err)
	}
	return webhook
}

// trigger creates an event of the type order.accepted.
func (a testAPI) trigger(t *testing.T) {
	t.Helper()
	a.control(t, "/events", `{"type": "order.accepted"}`)
}

// control sends a control endpoint a request.
func (a testAPI) control(t *testing.T, path, body string) {
	t.Helper()
	response, err := http.Post(a.url+"/_sandbox"+path, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
}

// TestListen_sandbox receives events of a sandbox, also after a rotation and after the
// clock of the sandbox was advanced, and forwards them.
func TestListen_sandbox(t *testing.T) {
	client := startAPI(t)
	forwarded := make(chan *http.Request, 1)
	own := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		forwarded <- r
		w.WriteHeader(http.StatusTeapot)
	}))
	defer own.Close()
	target, err := url.Parse(own.URL + "/hook?token=hush")
	if err != nil {
		t.Fatal(err)
	}
	l := &listener{secrets: &webhookSecrets{list: client.ListSecrets, now: client.Now},
		forward: target, transport: http.DefaultTransport}
	address, lines := startListener(t, l)
	webhook := client.subscribe(t, address)
	for _, before := range []string{"nothing", "rotation", "clock"} {
		switch before {
		case "rotation":
			if _, err := client.RotateSecret(t.Context(), webhook.ID, 0); err != nil {
				t.Fatal(err)
			}
		case "clock":
			client.control(t, "/clock", `{"advance": "72h"}`)
		}
		client.trigger(t)
		if line := nextLine(t, lines); !strings.Contains(line, "  verified  order.accepted ") ||
			!strings.HasSuffix(line, "  webhook "+webhook.ID) {
			t.Fatalf("after %s: %q", before, line)
		}
		request := <-forwarded
		body, _ := io.ReadAll(request.Body)
		secrets, err := client.ListSecrets(t.Context(), webhook.ID)
		if err != nil {
			t.Fatal(err)
		}
		if err := signature.Verify(request.Header.Get(signature.HeaderName), secrets[0].Secret, body, client.Now(),
			time.Hour); err != nil || request.URL.Path != "/hook" {
			t.Errorf("forwarded to %s with another body or header: %v", request.URL, err)
		}
		if line := nextLine(t, lines); !strings.Contains(line, "  forwarded order.accepted ") ||
			!strings.Contains(line, "status 418") || strings.Contains(line, "hush") {
			t.Errorf("after %s: %q", before, line)
		}
	}
}

// TestListen_tls forwards an event to a server with a certificate of its own.
func TestListen_tls(t *testing.T) {
	client := startAPI(t)
	t.Setenv(digitalriver.BaseURLVariable, client.url)
	t.Setenv(digitalriver.APIKeyVariable, "sk_test_sandbox")
	own := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	own.Config.ErrorLog = log.New(io.Discard, "", 0)
	own.StartTLS()
	defer own.Close()
	certificate := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: own.Certificate().Raw})
	if err := os.WriteFile(certificate, block, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		flags []string
		want  string
	}{
		{nil, "failed to verify certificate"},
		{[]string{"-cacert", certificate}, "status 200"},
		{[]string{"-insecure"}, "status 200"},
	} {
		stdout, stdoutWriter := io.Pipe()
		stderr, stderrWriter := io.Pipe()
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan int)
		go func() {
			args := append([]string{"listen", "-listen", "127.0.0.1:0", "-forward", own.URL}, test.flags...)
			ended <- Program{}.Run(ctx, args, nil, stdoutWriter, stderrWriter)
		}()
		address := ""
		for lines := bufio.NewScanner(stderr); address == "" && lines.Scan(); {
			_, after, _ := strings.Cut(lines.Text(), `address = "`)
			address = strings.TrimSuffix(after, `"`)
		}
		go func() { _, _ = io.Copy(io.Discard, stderr) }()
		webhook := client.subscribe(t, address)
		client.trigger(t)
		lines := bufio.NewScanner(stdout)
		_ = nextLine(t, lines)
		if line := nextLine(t, lines); !strings.Contains(line, "  forwarded order.accepted ") ||
			!strings.Contains(line, test.want) {
			t.Errorf("%q: %q", test.flags, line)
		}
		if err := client.DeleteWebhook(t.Context(), webhook.ID); err != nil {
			t.Error(err)
		}
		cancel()
		if status := <-ended; status != 0 {
			t.Errorf("%q: status %d", test.flags, status)
		}
		_ = stderr.Close()
	}
}

func TestListen_refuses(t *testing.T) {
	const secret = "whk_test"
	event := `{"id": "e-1", "type": "order.accepted", "webhookIds": ["w-1"]}`
	sign := func(body string, at time.Time) string { return signature.Header(at, []byte(body), secret) }
	now := time.Now()
	for name, test := range map[string]struct {
		method, body, header, webhook string
		want                          string
	}{
		"no header": {body: event, want: "the header DigitalRiver-Signature is missing"},
		"malformed": {body: event, header: "1, 2", want: "malformed signature header"},
		"stale":     {body: event, header: sign(event, now.Add(-time.Hour)), want: "timestamp outside the tolerance"},
		"other secret": {
			body: event, header: signature.Header(now, []byte(event), "other"), want: "No other JSON encoding",
		},
		"encoded again":   {body: event, header: sign(strings.ReplaceAll(event, " ", ""), now), want: "The body was changed"},
		"no webhook":      {body: `{"type": "a"}`, header: sign(`{"type": "a"}`, now), want: "the event names no webhook"},
		"not an event":    {body: "{", header: sign("{", now), want: "the event names no webhook"},
		"too large":       {body: strings.Repeat(" ", maxEventBody+1), header: sign("", now), want: "larger than 1 MiB"},
		"other method":    {method: http.MethodGet, want: "want a POST request"},
		"unknown webhook": {body: event, header: sign(event, now), webhook: "w-2", want: "are not available: none"},
	} {
		t.Run(name, func(t *testing.T) {
			requests := 0
			l := &listener{secrets: &webhookSecrets{webhookID: test.webhook, now: time.Now,
				list: func(_ context.Context, id string) ([]digitalriver.Secret, error) {
					if requests++; id == "w-1" {
						return []digitalriver.Secret{{ID: "s", Secret: secret}}, nil
					}
					return nil, errors.New("none")
				}}}
			l.printer = &eventPrinter{json: true}
			address, lines := startListener(t, l)
			method := test.method
			if method == "" {
				method = http.MethodPost
			}
			request, err := http.NewRequest(method, address, strings.NewReader(test.body))
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set(signature.HeaderName, test.header)
			status := make(chan string, 1)
			go func() {
				response, err := http.DefaultClient.Do(request)
				if err != nil {
					status <- err.Error()
					return
				}
				body, _ := io.ReadAll(response.Body)
				_ = response.Body.Close()
				status <- fmt.Sprint(response.StatusCode, " ", string(body))
			}()
			var line struct {
				Verified bool
				Problem  string
			}
			if err := json.Unmarshal([]byte(nextLine(t, lines)), &line); err != nil {
				t.Fatal(err)
			}
			if line.Verified || !strings.Contains(line.Problem, test.want) {
				t.Errorf("printed %+v, want %q", line, test.want)
			}
			if got := <-status; !strings.HasPrefix(got, "400 ") || !strings.Contains(got, test.want) {
				t.Errorf("responded with %q", got)
			}
			if requests > 2 {
				t.Errorf("%d requests for secrets", requests)
			}
		})
	}
}

// TestListen_check checks -webhook and the key at the start.
func TestListen_check(t *testing.T) {
	client := startAPI(t)
	webhook := client.subscribe(t, "http://127.0.0.1:1/")
	for _, test := range []struct {
		name, key, webhook, url string
		status                  int
		want                    string
	}{
		{"right", "sk_test_sandbox", webhook.ID, client.url, 0, "Listening"},
		{"other webhook", "sk_test_sandbox", "nope", client.url, 1, "Check the ID"},
		{"wrong key", "sk_test_other", webhook.ID, client.url, 1, "The API key is wrong"},
		{"no API", "sk_test_sandbox", webhook.ID, "http://127.0.0.1:1", 0, "Warning: the API cannot return the secrets"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv(digitalriver.BaseURLVariable, test.url)
			t.Setenv(digitalriver.APIKeyVariable, test.key)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			stderr, stderrWriter := io.Pipe()
			ended := make(chan int, 1)
			go func() {
				args := []string{"listen", "-listen", "127.0.0.1:0", "-webhook", test.webhook}
				ended <- Program{}.Run(ctx, args, nil, io.Discard, stderrWriter)
				_ = stderrWriter.Close()
			}()
			var text strings.Builder
			for lines := bufio.NewScanner(stderr); lines.Scan(); {
				text.WriteString(lines.Text() + "\n")
				if strings.HasPrefix(lines.Text(), "Listening") {
					cancel() // As an interrupt does.
				}
			}
			if status := <-ended; status != test.status || !strings.Contains(text.String(), test.want) {
				t.Errorf("status %d, want %d and %q:\n%s", status, test.status, test.want, &text)
			}
		})
	}
}
