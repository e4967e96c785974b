package provider

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/echoprovider"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
)

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

// testWithEcho runs steps that may use the echo provider.
func testWithEcho(t *testing.T, steps ...resource.TestStep) {
	t.Helper()
	providers := testProviders()
	providers["echo"] = echoprovider.NewProviderServer()
	resource.Test(t, resource.TestCase{
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_10_0)},
		ProtoV6ProviderFactories: providers,
		Steps:                    steps,
	})
}

// TestAccDeliveries applies a webhook of each kind, triggers an event and has the
// receiver of the guide verify the delivery.
func TestAccDeliveries(t *testing.T) {
	for name, test := range map[string]struct {
		authorization string // that the receiver expects
		grant         string // that the token endpoint expects
		arguments     string // of the webhook
		oauth         string // of the webhook's oauth
	}{
		"plain": {},
		"basic": {
			authorization: "Basic c2hvcDpvcGVu",
			arguments:     `authentication = { username = "shop", password = "open" }`,
		},
		"oauth password": {
			authorization: "Bearer granted",
			grant:         "client/hidden grant_type=password&password=open&username=shop",
			oauth:         "username = \"shop\"\n password = \"open\"",
		},
		"oauth client credentials": {
			authorization: "Bearer granted",
			grant:         "client/hidden audience=shop&grant_type=client_credentials",
			oauth:         "grant_type = \"client_credentials\"\n audience = \"shop\"",
		},
	} {
		t.Run(name, func(t *testing.T) {
			api := startSandbox(t)
			r := startReceiver(t, test.authorization)
			arguments := test.arguments
			if test.grant != "" {
				arguments = oauthConfig(startTokenEndpoint(t, test.grant), test.oauth)
			}
			testWithEcho(t, resource.TestStep{
				Config: api.config(deliveryConfig(r.url, arguments) +
					revealedSecretConfig("test", "digitalriver_webhook.test.id")),
				Check: resource.ComposeTestCheckFunc(r.storeSecret, func(*terraform.State) error {
					r.expectReceived(api)
					return nil
				}),
			})
		})
	}
}

// TestAccDeliveries_rotation rotates with an overlap while events go on, and
// gives the receiver the new secret late.
func TestAccDeliveries_rotation(t *testing.T) {
	api := startSandbox(t)
	r := startReceiver(t, "")
	config := func(n int) string {
		return api.config(deliveryConfig(r.url, "") + fmt.Sprintf(`
resource "digitalriver_webhook_secret_rotation" "test" {
  webhook_id                  = digitalriver_webhook.test.id
  rotate_on_create            = false
  previous_secret_valid_hours = 12
  triggers                    = { n = %d }
}
`, n) + revealedSecretConfig(fmt.Sprintf("secret%d", n), "digitalriver_webhook_secret_rotation.test.webhook_id"))
	}
	testWithEcho(t,
		resource.TestStep{Config: config(1), Check: func(state *terraform.State) error {
			if err := r.storeSecret(state); err != nil {
				return err
			}
			r.expectReceived(api)
			return nil
		}},
		resource.TestStep{Config: config(2), Check: func(state *terraform.State) error {
			previous := r.read("secret")
			r.expectReceived(api) // With the previous secret.
			if err := r.storeSecret(state); err != nil {
				return err
			}
			newest := r.read("secret")
			if newest == previous {
				return fmt.Errorf("the secret is still the same")
			}
			r.expectReceived(api)

			api.advance(12 * time.Hour)
			r.write("secret", previous)
			event := api.trigger()
			r.expectLine("refused: no secret matches the signature")
			api.awaitOutcomes(event, "rejected")
			r.write("secret", newest)
			api.advance(10 * time.Minute)
			r.expectLine("received order.accepted " + event)
			api.awaitOutcomes(event, "acknowledged rejected")
			return nil
		}},
	)
}

// failingEndpoint is an endpoint whose deliveries all fail.
type failingEndpoint struct {
	handler   http.HandlerFunc // nil: nothing listens
	arguments string           // of the webhook
	timeout   time.Duration    // for a delivery
	outcome   string
}

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

// TestAccDeliveries_disabled follows each failing endpoint of the documentation
// until its webhook is disabled, and to the plan that explains it.
func TestAccDeliveries_disabled(t *testing.T) {
	for name, test := range map[string]failingEndpoint{
		"500":                {handler: returnStatus(500), timeout: patience, outcome: "rejected"},
		"302":                {handler: returnStatus(302), timeout: patience, outcome: "redirected"},
		"too late":           {handler: neverRespond, timeout: 50 * time.Millisecond, outcome: "timed_out"},
		"connection refused": {timeout: patience, outcome: "unreachable"},
		"endless body":       {handler: respondForever, timeout: patience, outcome: "rejected"},
		"token refused": {
			handler: returnStatus(200), timeout: patience, outcome: "token_refused",
			arguments: oauthConfig(startTokenEndpoint(t, ""), ""),
		},
	} {
		t.Run(name, func(t *testing.T) {
			testDisabled(t, test)
		})
	}
}

func testDisabled(t *testing.T, test failingEndpoint) {
	w := newWorkspace(t)
	api := startSandboxWith(t, sandbox.Options{RateLimit: "off", DeliveryTimeout: test.timeout})
	address := unusedURL(t)
	if test.handler != nil {
		endpoint := httptest.NewServer(test.handler)
		defer endpoint.Close()
		address = endpoint.URL
	}
	w.apply(api.config(deliveryConfig(address, test.arguments)))
	w.mustBeClean()
	id := api.onlyID()

	event := api.trigger()
	api.awaitOutcomes(event, test.outcome)
	api.advance(72 * time.Hour)
	api.eventually("disabled", func() bool { return api.webhook(id)["enabled"] == false })
	if want := strings.Repeat(test.outcome+" ", 3) + test.outcome; api.outcomes(event) != want {
		t.Errorf("outcomes %s, want %s", api.outcomes(event), want)
	}
	out := w.must("plan")
	for _, want := range []string{"Webhook was disabled", "enabled = false -> true", id} {
		if !strings.Contains(unwrapped(out), want) {
			t.Errorf("the plan does not say %q:\n%s", want, out)
		}
	}
}
