package main

import (
	"cmp"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/signature"
)

// forEach runs a test on each receiver of the guide.
func forEach(t *testing.T, test func(t *testing.T, r *running)) {
	t.Helper()
	for name, command := range commands {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, start(t, command(t, secret)))
		})
	}
}

func TestReceiver_signatures(t *testing.T) {
	by := func(secrets ...string) func(string) string {
		return func(body string) string { return signed(body, secrets...) }
	}
	at := func(offset time.Duration) func(string) string {
		return func(body string) string { return signedAt(body, offset) }
	}
	tests := []struct {
		name   string
		header func(body string) string
		body   string // empty: an event whose id is the name
		want   string // empty: the event is accepted
	}{
		{"valid", by(secret), "", ""},
		{"second-of-two-signatures", by(otherSecret, secret), "", ""},
		{"a-minute-old", at(-time.Minute), "", ""},
		{"a-minute-ahead", at(time.Minute), "", ""},
		{"an-hour-old", at(-time.Hour), "", stale},
		{"an-hour-ahead", at(time.Hour), "", stale},
		{"another-secret", by(otherSecret), "", mismatch},
		{"another-body", func(string) string { return signed("{}", secret) }, "", mismatch},
		{"no-signature", by(), "", mismatch},
		{"cut-signature", func(body string) string { return signed(body, secret)[:30] }, "", mismatch},
		{"no-header", func(string) string { return "" }, "", malformed},
		{"no-timestamp", func(body string) string { return "," + signature.Sign(secret, "", []byte(body)) }, "", malformed},
		{"not-parsed-before", by(otherSecret), "{", mismatch},
		{"not-json", by(secret), "{", notAnEvent},
		{"null", by(secret), "null", notAnEvent},
		{"without-id", by(secret), "{}", notAnEvent},
	}
	forEach(t, func(t *testing.T, r *running) {
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				body := cmp.Or(test.body, eventBody(test.name))
				header := test.header(body)
				if test.want == "" {
					r.expect(t, header, body, http.StatusAccepted, "received order.accepted "+test.name)
				} else {
					r.expect(t, header, body, http.StatusBadRequest, test.want)
				}
			})
		}
	})
}

func TestReceiver_duplicate(t *testing.T) {
	forEach(t, func(t *testing.T, r *running) {
		r.expectAccepted(t, "1")
		body := eventBody("1")
		r.expect(t, signed(body, secret), body, http.StatusAccepted, "again order.accepted 1")
		r.expectAccepted(t, "2")
	})
}

func TestReceiver_bodySize(t *testing.T) {
	forEach(t, func(t *testing.T, r *running) {
		body := eventBody("1")
		body += strings.Repeat(" ", 1<<20-len(body))
		r.expect(t, signed(body, secret), body, http.StatusAccepted, "received order.accepted 1")
		body += " "
		r.expect(t, signed(body, secret), body, http.StatusBadRequest, tooLarge)
		r.expectAccepted(t, "2")
	})
}

func TestReceiver_abortedUpload(t *testing.T) {
	for name, abort := range map[string]func(*net.TCPConn) error{
		"closed": (*net.TCPConn).Close,
		"reset": func(c *net.TCPConn) error {
			_ = c.SetLinger(0)
			return c.Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			forEach(t, func(t *testing.T, r *running) {
				if err := abort(r.beginUpload(t)); err != nil {
					t.Fatal(err)
				}
				r.expectLine(t, incomplete)
				r.expectAccepted(t, "1")
			})
		})
	}
}

func TestReceiver_concurrentRequests(t *testing.T) {
	forEach(t, func(t *testing.T, r *running) {
		r.beginUpload(t)
		r.expectAccepted(t, "1")
	})
}

// TestReceiver_timeouts shortens one timeout of a receiver and makes the others
// very long, so that only the shortened one can end a connection.
func TestReceiver_timeouts(t *testing.T) {
	for name, test := range map[string]struct {
		beginning  string
		goField    func(*http.Server) *time.Duration
		nodeOption string
	}{
		"no request":        {"", readTimeout, "requestTimeout"},
		"unfinished header": {unfinishedHeader, readTimeout, "requestTimeout"},
		"unfinished body":   {unfinishedBody, readTimeout, "requestTimeout"},
		"idle connection":   {completeRequest, idleTimeout, "keepAliveTimeout"},
	} {
		t.Run("Go "+name, func(t *testing.T) {
			t.Parallel()
			expectEnd(t, dial(t, serveShortened(t, test.goField), test.beginning))
		})
		t.Run("Node "+name, func(t *testing.T) {
			t.Parallel()
			r := start(t, nodeCommand(t, nodeShortened(t, test.nodeOption), secret))
			expectEnd(t, dial(t, r.url, test.beginning))
		})
	}
}

func TestReceiver_noSecret(t *testing.T) {
	for name, command := range commands {
		for _, secret := range []string{"", " "} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				expectNoStart(t, command(t, secret), "signing secret of the webhook")
			})
		}
	}
}
