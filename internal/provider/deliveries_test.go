package provider

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/echoprovider"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
)

// builtReceiver builds examples/receiver once, beside the provider's binary.
var builtReceiver = sync.OnceValues(func() (string, error) {
	provider, err := builtProvider()
	if err != nil {
		return "", err
	}
	binary := filepath.Join(filepath.Dir(provider), "receiver")
	out, err := exec.Command("go", "build", "-o", binary, "../../examples/receiver").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return binary, nil
})

// receiver is examples/receiver at work.
type receiver struct {
	*workspace
	url   string
	lines chan string
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
	r := &receiver{workspace: &workspace{t: t, dir: t.TempDir()}, lines: make(chan string, 100)}
	r.write("secret", "none\n")
	args := append([]string{"-listen", "127.0.0.1:0", "-secret-file", filepath.Join(r.dir, "secret")}, flags...)
	if authorization != "" {
		r.write("authorization", authorization+"\n")
		args = append(args, "-authorization-file", filepath.Join(r.dir, "authorization"))
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
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			r.lines <- lines.Text()
		}
	}()
	r.url, _ = strings.CutPrefix(r.line(), "Receiver: ")
	return r
}

// line is the next line that the receiver prints.
func (r *receiver) line() string {
	r.t.Helper()
	select {
	case line := <-r.lines:
		return line
	case <-time.After(30 * time.Second):
		r.t.Fatal("the receiver prints nothing")
		return ""
	}
}

func (r *receiver) expect(want string) {
	r.t.Helper()
	if got := r.line(); got != want {
		r.t.Errorf("the receiver says %q, want %q", got, want)
	}
}

// trigger makes an event of order.accepted and returns its id.
func (a *sandboxAPI) trigger() string {
	a.t.Helper()
	e := a.must(http.MethodPost, "/_sandbox/events", object{"type": "order.accepted"}).(object)
	if n := len(e["webhookIds"].([]any)); n != 1 {
		a.t.Fatalf("the event goes to %d webhooks", n)
	}
	return e["id"].(string)
}

// until waits until done.
func (a *sandboxAPI) until(what string, done func() bool) {
	a.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !done(); {
		if time.Now().After(deadline) {
			a.t.Fatalf("not in time: %s; deliveries: %v", what, a.must(http.MethodGet, "/_sandbox/deliveries", nil))
		}
	}
}

// outcomes are those of an event's attempts so far, newest first.
func (a *sandboxAPI) outcomes(event string) string {
	a.t.Helper()
	var outcomes []string
	for _, d := range a.must(http.MethodGet, "/_sandbox/deliveries?event="+event, nil).([]any) {
		outcomes = append(outcomes, d.(object)["outcome"].(string))
	}
	return strings.Join(outcomes, " ")
}

func (a *sandboxAPI) untilOutcomes(event, want string) {
	a.t.Helper()
	a.until(want, func() bool { return a.outcomes(event) == want })
}

// tokens is a token endpoint that gives the token "granted" for a grant, and
// answers 401 to everything else.
func tokens(t *testing.T, grant string) string {
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

func deliveryConfig(address, arguments string) string {
	return fmt.Sprintf(`
resource "digitalriver_webhook" "test" {
  address = %q
  types   = ["order.accepted"]
%s
}
`, address, arguments)
}

// revealed hands the newest secret over through the ephemeral resource. The
// echo resource keeps what it got first, so each revelation has its own.
func revealed(echo, webhookID string) string {
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

// handOver gives the revealed secret to the receiver.
func (r *receiver) handOver(state *terraform.State) error {
	secret, ok := state.RootModule().Outputs["secret"].Value.(string)
	if !ok || !strings.HasPrefix(secret, "whk_") {
		return fmt.Errorf("the ephemeral resource gave no secret")
	}
	r.write("secret", secret+"\n")
	return nil
}

func deliverySteps(t *testing.T, steps ...resource.TestStep) {
	t.Helper()
	providers := testProviders()
	providers["echo"] = echoprovider.NewProviderServer()
	resource.Test(t, resource.TestCase{
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_10_0)},
		ProtoV6ProviderFactories: providers,
		Steps:                    steps,
	})
}

// TestAccDeliveries applies a webhook of each kind, triggers an event and lets
// the receiver of the guide judge what arrives.
func TestAccDeliveries(t *testing.T) {
	for name, test := range map[string]struct{ authorization, grant, arguments string }{
		"plain": {},
		"basic": {authorization: "Basic c2hvcDpvcGVu", arguments: `authentication = { username = "shop", password = "open" }`},
		"oauth password": {
			"Bearer granted", "client/hidden grant_type=password&password=open&username=shop",
			`transport_type = "OAUTH"
  oauth = { token_endpoint = %q, client_id = "client", client_secret = "hidden", username = "shop", password = "open" }`,
		},
		"oauth client credentials": {
			"Bearer granted", "client/hidden audience=shop&grant_type=client_credentials",
			`transport_type = "OAUTH"
  oauth = { token_endpoint = %q, client_id = "client", client_secret = "hidden", grant_type = "client_credentials", audience = "shop" }`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			api := startSandbox(t)
			r := startReceiver(t, test.authorization)
			arguments := test.arguments
			if test.grant != "" {
				arguments = fmt.Sprintf(arguments, tokens(t, test.grant))
			}
			deliverySteps(t, resource.TestStep{
				Config: api.config(deliveryConfig(r.url, arguments) + revealed("test", "digitalriver_webhook.test.id")),
				Check: resource.ComposeTestCheckFunc(r.handOver, func(*terraform.State) error {
					event := api.trigger()
					r.expect("received order.accepted " + event)
					api.untilOutcomes(event, "acknowledged")
					return nil
				}),
			})
		})
	}
}

// TestAccDeliveries_rotation rotates with an overlap while events go on, and
// hands the new secret over late.
func TestAccDeliveries_rotation(t *testing.T) {
	api := startSandbox(t)
	r := startReceiver(t, "", "-tolerance", "13h") // The clock of the sandbox moves by 12 hours and 10 minutes.
	config := func(n int) string {
		return api.config(deliveryConfig(r.url, "") + fmt.Sprintf(`
resource "digitalriver_webhook_secret_rotation" "test" {
  webhook_id                  = digitalriver_webhook.test.id
  rotate_on_create            = false
  previous_secret_valid_hours = 12
  triggers                    = { n = %d }
}
`, n) + revealed(fmt.Sprintf("secret%d", n), "digitalriver_webhook_secret_rotation.test.webhook_id"))
	}
	arrives := func(*terraform.State) error {
		event := api.trigger()
		r.expect("received order.accepted " + event)
		api.untilOutcomes(event, "acknowledged")
		return nil
	}
	var before string
	deliverySteps(t,
		resource.TestStep{Config: config(1), Check: resource.ComposeTestCheckFunc(r.handOver, arrives)},
		resource.TestStep{Config: config(2), Check: resource.ComposeTestCheckFunc(
			arrives, // The receiver still has the secret of before.
			func(state *terraform.State) error {
				before = r.read("secret")
				if err := r.handOver(state); err != nil {
					return err
				}
				if r.read("secret") == before {
					return fmt.Errorf("the secret is still the same")
				}
				return nil
			},
			arrives,
			func(*terraform.State) error {
				api.advance(12 * time.Hour)
				after := r.read("secret")
				r.write("secret", before)
				event := api.trigger()
				r.expect("refused: no secret matches the signature")
				api.untilOutcomes(event, "rejected")
				r.write("secret", after)
				api.advance(10 * time.Minute)
				r.expect("received order.accepted " + event)
				api.untilOutcomes(event, "acknowledged rejected")
				return nil
			},
		)},
	)
}

// TestAccDeliveries_disabled goes with each failing endpoint of the contract to
// the disabling, and to the plan that explains it.
func TestAccDeliveries_disabled(t *testing.T) {
	status := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
		}
	}
	late := func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // Without this the server does not notice that the client has gone.
		<-r.Context().Done()
	}
	endless := func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := w.Write(make([]byte, 4096)); err != nil {
				return
			}
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused := "http://" + listener.Addr().String()
	_ = listener.Close()
	for name, test := range map[string]struct {
		handler   http.HandlerFunc
		arguments string
		outcome   string
	}{
		"500":                {handler: status(500), outcome: "rejected"},
		"302":                {handler: status(302), outcome: "redirected"},
		"too late":           {handler: late, outcome: "timed_out"},
		"connection refused": {outcome: "unreachable"},
		"token refused": {
			handler: status(200), outcome: "token_refused",
			arguments: fmt.Sprintf("transport_type = \"OAUTH\"\n  oauth = { token_endpoint = %q, client_id = \"client\", client_secret = \"hidden\" }", tokens(t, "")),
		},
		"endless body": {handler: endless, outcome: "rejected"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorkspace(t)
			api := startSandboxWith(t, sandbox.Options{RateLimit: "off", DeliveryTimeout: 300 * time.Millisecond})
			address := refused
			if test.handler != nil {
				endpoint := httptest.NewServer(test.handler)
				defer endpoint.Close()
				address = endpoint.URL
			}
			w.write("main.tf", api.config(deliveryConfig(address, test.arguments)))
			w.must("apply", "-auto-approve")
			w.mustBeClean()
			event := api.trigger()
			api.untilOutcomes(event, test.outcome)
			api.advance(72 * time.Hour)
			id := api.webhooks(testKey)[0].(object)["id"].(string)
			api.until("disabled", func() bool { return api.webhook(id)["enabled"] == false })
			if want := strings.Repeat(test.outcome+" ", 3) + test.outcome; api.outcomes(event) != want {
				t.Errorf("outcomes %s, want %s", api.outcomes(event), want)
			}
			out := w.must("plan")
			for _, want := range []string{"Webhook was disabled", "enabled = false -> true", id} {
				if !strings.Contains(strings.Join(strings.Fields(out), " "), want) {
					t.Errorf("the plan does not say %q:\n%s", want, out)
				}
			}
		})
	}
}
