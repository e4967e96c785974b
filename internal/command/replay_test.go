// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package command

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/signature"
)

// missed is a sandbox that has events which nobody received.
type missed struct {
	webhook *digitalriver.Webhook
	client  *digitalriver.Client
	events  []string // Types, in the order of their creation.
}

// newMissed makes more events than one page of the list has.
func newMissed(t *testing.T, webhook digitalriver.Webhook) missed {
	t.Helper()
	box, err := sandbox.Open(sandbox.Options{DataFile: filepath.Join(t.TempDir(), "sandbox.db"), RateLimit: "off"})
	if err != nil {
		t.Fatal(err)
	}
	api := httptest.NewServer(box)
	t.Cleanup(func() {
		api.Close()
		_ = box.Close()
	})
	t.Setenv("DIGITALRIVER_BASE_URL", api.URL)
	t.Setenv("DIGITALRIVER_API_KEY", "sk_test_sandbox")
	t.Setenv("DIGITALRIVER_API_VERSION", "")
	client, err := newClient("test")
	if err != nil {
		t.Fatal(err)
	}
	m := missed{client: client}
	webhook.Types = []string{"order.accepted", "order.blocked", "refund.failed"}
	webhook.APIVersion = "default"
	if m.webhook, err = client.CreateWebhook(t.Context(), webhook); err != nil {
		t.Fatal(err)
	}
	for i := range 105 {
		name := []string{"order.accepted", "refund.failed", "order.cancelled"}[i%3]
		response, err := http.Post(api.URL+"/_sandbox/events", "application/json",
			strings.NewReader(fmt.Sprintf(`{"type": %q}`, name)))
		if err != nil || response.StatusCode != http.StatusAccepted {
			t.Fatal(response, err)
		}
		_ = response.Body.Close()
		m.events = append(m.events, name)
	}
	return m
}

// expected returns the types of the events that the webhook would have got.
func (m missed) expected(accept func(name string) bool) []string {
	return slices.DeleteFunc(slices.Clone(m.events), func(name string) bool {
		return !slices.Contains(m.webhook.Types, name) || !accept(name)
	})
}

// replay runs the command.
func replay(t *testing.T, args ...string) (status int, out string) {
	t.Helper()
	status, stdout, stderr := run(t, append([]string{"replay"}, args...)...)
	return status, stdout + stderr
}

// endpoint records the types of the events that it acknowledges.
type endpoint struct {
	t       *testing.T
	missed  missed
	mu      sync.Mutex
	got     []string
	refused int // The number of the event that it refuses once, 0 for none.
}

func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	secrets, err := e.missed.client.ListSecrets(r.Context(), e.missed.webhook.ID)
	if err != nil {
		e.t.Error(err)
		return
	}
	err = signature.Verify(r.Header.Get(signature.HeaderName), secrets[0].Secret, body, time.Now(), time.Hour)
	if user, password, _ := r.BasicAuth(); err != nil || user != "u" || password != "hush" {
		e.t.Errorf("credentials %s:%s, %v", user, password, err)
	}
	var event struct {
		Type       string
		WebhookIDs []string
	}
	if err := json.Unmarshal(body, &event); err != nil || !slices.Equal(event.WebhookIDs, []string{e.missed.webhook.ID}) {
		e.t.Errorf("body %s: %v", body, err)
	}
	if e.refused > 0 && len(e.got) == e.refused-1 {
		e.refused = 0
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	e.got = append(e.got, event.Type)
	w.WriteHeader(http.StatusAccepted)
}

func TestReplay(t *testing.T) {
	m := newMissed(t, digitalriver.Webhook{
		Address: "https://shop.example.com/in", TransportType: "HTTP",
		Authentication: &digitalriver.Authentication{UserName: "u", Password: "hush"},
	})
	all := m.expected(func(string) bool { return true })
	e := &endpoint{t: t, missed: m, refused: 4}
	server := httptest.NewServer(e)
	defer server.Close()
	file := filepath.Join(t.TempDir(), "sent.txt")
	args := []string{"-since", "1h", "-webhook", m.webhook.ID, "-to", server.URL, "-rate", "10000", "-resume", file}

	status, out := replay(t, append(args, "-dry-run")...)
	if status != 0 || len(e.got) > 0 || !strings.HasSuffix(out, fmt.Sprintf("\nEvents to send: %d.\n", len(all))) {
		t.Errorf("dry run: status %d, %d events\n%s", status, len(e.got), out)
	}
	status, out = replay(t, args...)
	want := fmt.Sprintf("not acknowledged: status 503\nAcknowledged: 3, refused: 1, not sent: %d. Go on with -since 2",
		len(all)-4)
	if status != 1 || !strings.Contains(out, want) {
		t.Errorf("a refused event: status %d\n%s", status, out)
	}
	status, out = replay(t, args...)
	if status != 0 || !slices.Equal(e.got, all) {
		t.Errorf("resumed: status %d, %d events, want %d\n%s", status, len(e.got), len(all), out)
	}
	status, out = replay(t, args...)
	if status != 0 || len(e.got) != len(all) || out != "Acknowledged: 0.\n" {
		t.Errorf("nothing left: status %d, %d events\n%s", status, len(e.got), out)
	}
}

func TestReplay_certificate(t *testing.T) {
	m := newMissed(t, digitalriver.Webhook{
		Address: "https://shop.example.com/in", TransportType: "HTTP",
		Authentication: &digitalriver.Authentication{UserName: "u", Password: "hush"},
	})
	all := m.expected(func(string) bool { return true })
	server := httptest.NewUnstartedServer(&endpoint{t: t, missed: m})
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	caFile := filepath.Join(t.TempDir(), "ca.pem")
	block := &pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}
	if err := os.WriteFile(caFile, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	acknowledged := fmt.Sprintf("\nAcknowledged: %d.\n", len(all))
	for want, flags := range map[string][]string{
		"not acknowledged: tls: failed to verify certificate": nil,
		acknowledged: {"-cacert", caFile},
		acknowledged + "Warning: the certificate of the endpoint is not checked.\n": {"-insecure"},
	} {
		args := []string{"-since", "1h", "-webhook", m.webhook.ID, "-to", server.URL, "-rate", "10000"}
		status, out := replay(t, append(args, flags...)...)
		if !strings.Contains(out, want) || (status == 0) != (flags != nil) {
			t.Errorf("%q: status %d\n%s", flags, status, out)
		}
	}
}

func TestReplay_filters(t *testing.T) {
	m := newMissed(t, digitalriver.Webhook{Address: "https://shop.example.com/in", TransportType: "HTTP"})
	for name, test := range map[string]struct {
		args []string
		want []string
	}{
		"by address": {
			[]string{"-since", "1h", "-to", m.webhook.Address}, m.expected(func(string) bool { return true }),
		},
		"types": {
			[]string{"-since", "1h", "-webhook", m.webhook.ID, "-types", "order.*"},
			m.expected(func(name string) bool { return name == "order.accepted" }),
		},
		"until": {[]string{"-since", "2h", "-until", "1h", "-webhook", m.webhook.ID}, nil},
		"since": {[]string{"-since", "2100-01-01T00:00:00Z", "-webhook", m.webhook.ID}, nil},
	} {
		status, out := replay(t, append(test.args, "-dry-run")...)
		var got []string
		for _, line := range regexp.MustCompile(`(?m)^\S+  (\S+)  \S+$`).FindAllStringSubmatch(out, -1) {
			got = append(got, line[1])
		}
		if status != 0 || !slices.Equal(got, test.want) {
			t.Errorf("%s: status %d, %d events, want %d\n%s", name, status, len(got), len(test.want), out)
		}
	}
}

func TestReplay_usage(t *testing.T) {
	t.Setenv("DIGITALRIVER_API_KEY", "sk_test_sandbox")
	for want, args := range map[string][]string{
		"-since is missing":             {"-to", "https://shop.example.com"},
		"want -to, -webhook or both":    {"-since", "1h"},
		"must be a duration with units": {"-since", "1d", "-to", "https://shop.example.com"},
		"-rate must be above 0":         {"-since", "1h", "-to", "https://shop.example.com", "-rate", "0"},
		"-types order:":                 {"-since", "1h", "-to", "https://shop.example.com", "-types", "order:"},
	} {
		if status, out := replay(t, args...); status != 2 || !strings.Contains(out, want) {
			t.Errorf("%q: status %d, %q", args, status, out)
		}
	}
}
