// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/terraform"
)

// patience only ends a test that would otherwise hang. It is far more than a
// busy machine needs, so no test asserts how long anything takes.
const patience = 5 * time.Minute

// pollInterval is the pause between two looks at the sandbox, which announces
// nothing by itself.
const pollInterval = 20 * time.Millisecond

// eventually waits until done returns true.
func (a *sandboxAPI) eventually(what string, done func() bool) {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(a.t.Context(), patience)
	defer cancel()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for !done() {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			a.t.Fatalf("never: %s; deliveries: %v", what, a.deliveries(""))
		}
	}
}

// trigger makes an event of type order.accepted, which has to go to one webhook,
// and returns its id.
func (a *sandboxAPI) trigger() string {
	a.t.Helper()
	event := a.must(http.MethodPost, "/_sandbox/events", object{"type": "order.accepted"}).(object)
	if n := len(event["webhookIds"].([]any)); n != 1 {
		a.t.Fatalf("the event goes to %d webhooks, want 1", n)
	}
	return event["id"].(string)
}

// deliveries are the attempts that a query chooses, newest first.
func (a *sandboxAPI) deliveries(query string) []any {
	a.t.Helper()
	return a.must(http.MethodGet, "/_sandbox/deliveries"+query, nil).([]any)
}

// outcomes are those of all attempts to deliver an event, newest first.
func (a *sandboxAPI) outcomes(event string) string {
	a.t.Helper()
	var outcomes []string
	for _, attempt := range a.deliveries("?event=" + event) {
		outcomes = append(outcomes, attempt.(object)["outcome"].(string))
	}
	return strings.Join(outcomes, " ")
}

func (a *sandboxAPI) awaitOutcomes(event, want string) {
	a.t.Helper()
	a.eventually("outcomes "+want, func() bool { return a.outcomes(event) == want })
}

// receiver is a running examples/receiver.
type receiver struct {
	folder
	url   string
	lines chan string // what it prints; closed when it ends
}

// startReceiver starts a receiver that expects an Authorization header, unless
// that is empty. Until a webhook exists, the receiver has a secret that signs
// nothing, since it does not start without one.
func startReceiver(t *testing.T, authorization string, flags ...string) *receiver {
	t.Helper()
	binary, err := builtReceiver()
	if err != nil {
		t.Fatal(err)
	}
	r := &receiver{folder: newFolder(t), lines: make(chan string, 100)}
	r.write("secret", "none\n")
	args := append([]string{"-listen", "127.0.0.1:0", "-secret-file", r.path("secret")}, flags...)
	if authorization != "" {
		r.write("authorization", authorization+"\n")
		args = append(args, "-authorization-file", r.path("authorization"))
	}
	command := exec.Command(binary, args...)
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	go func() {
		defer close(r.lines)
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			r.lines <- lines.Text()
		}
	}()
	r.url, _ = strings.CutPrefix(r.nextLine(), "Receiver: ")
	return r
}

// nextLine waits for the next line that the receiver prints.
func (r *receiver) nextLine() string {
	r.t.Helper()
	select {
	case line, ok := <-r.lines:
		if !ok {
			r.t.Fatal("the receiver has ended")
		}
		return line
	case <-time.After(patience):
		r.t.Fatal("the receiver prints nothing")
		return ""
	}
}

func (r *receiver) expectLine(want string) {
	r.t.Helper()
	if got := r.nextLine(); got != want {
		r.t.Errorf("the receiver prints %q, want %q", got, want)
	}
}

// storeSecret gives the revealed secret to the receiver.
func (r *receiver) storeSecret(state *terraform.State) error {
	secret, ok := state.RootModule().Outputs["secret"].Value.(string)
	if !ok || !strings.HasPrefix(secret, "whk_") {
		return fmt.Errorf("the ephemeral resource revealed no secret")
	}
	r.write("secret", secret+"\n")
	return nil
}

// expectReceived triggers an event and waits until the receiver has accepted it.
func (r *receiver) expectReceived(api *sandboxAPI) {
	r.t.Helper()
	event := api.trigger()
	r.expectLine("received order.accepted " + event)
	api.awaitOutcomes(event, "acknowledged")
}

// startTokenEndpoint starts a token endpoint that issues the token "granted" for
// one grant, in the form "ID/SECRET PARAMETERS", and returns 401 for all others.
func startTokenEndpoint(t *testing.T, grant string) (url string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, secret, _ := r.BasicAuth()
		if err := r.ParseForm(); err != nil || id+"/"+secret+" "+r.PostForm.Encode() != grant {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprint(w, `{"access_token":"granted","token_type":"Bearer","expires_in":3600}`)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// returnStatus responds with a status, and a Location for redirects.
func returnStatus(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
	}
}

// neverRespond holds a request until the client gives up.
func neverRespond(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // Otherwise the server does not notice that the client has gone.
	<-r.Context().Done()
}

// respondForever never ends its response.
func respondForever(w http.ResponseWriter, _ *http.Request) {
	for {
		if _, err := w.Write(make([]byte, 4096)); err != nil {
			return
		}
	}
}

// unusedURL is a URL on which nothing listens.
func unusedURL(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return "http://" + listener.Addr().String()
}

// deliveryConfig is a webhook of one event type, with further arguments.
func deliveryConfig(address, arguments string) string {
	return fmt.Sprintf(`
resource "digitalriver_webhook" "test" {
  address = %q
  types   = ["order.accepted"]
%s
}
`, address, arguments)
}

// oauthConfig is the arguments of a webhook whose token comes from an endpoint.
func oauthConfig(tokenEndpoint, further string) string {
	return fmt.Sprintf(`
  transport_type = "OAUTH"
  oauth = {
    token_endpoint = %q
    client_id      = "client"
    client_secret  = "hidden"
    %s
  }
`, tokenEndpoint, further)
}

// revealedSecretConfig makes the newest secret an output, through the ephemeral
// resource. An echo resource keeps the first value that it gets, so each secret
// needs one with another name.
func revealedSecretConfig(echo, webhookID string) string {
	return fmt.Sprintf(`
ephemeral "digitalriver_webhook_secret" "test" {
  webhook_id = %s
}

provider "echo" {
  data = ephemeral.digitalriver_webhook_secret.test.secret
}

resource "echo" %q {}

output "secret" {
  value     = echo.%s.data
  sensitive = true
}
`, webhookID, echo, echo)
}
