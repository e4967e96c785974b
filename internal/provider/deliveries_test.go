// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
)

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
			oauth: `
    username = "shop"
    password = "open"`,
		},
		"oauth client credentials": {
			authorization: "Bearer granted",
			grant:         "client/hidden audience=shop&grant_type=client_credentials",
			oauth: `
    grant_type = "client_credentials"
    audience   = "shop"`,
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
	r := startReceiver(t, "", "-tolerance", "13h") // The clock moves by more than 12 hours.
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
	timeout   time.Duration    // for a delivery, if it is to be short
	outcome   string
}

// TestAccDeliveries_disabled follows each failing endpoint of the documentation
// until its webhook is disabled, and to the plan that explains it.
func TestAccDeliveries_disabled(t *testing.T) {
	for name, test := range map[string]failingEndpoint{
		"500":                {handler: returnStatus(500), outcome: "rejected"},
		"302":                {handler: returnStatus(302), outcome: "redirected"},
		"too late":           {handler: neverRespond, timeout: 50 * time.Millisecond, outcome: "timed_out"},
		"connection refused": {outcome: "unreachable"},
		"endless body":       {handler: respondForever, outcome: "rejected"},
		"token refused": {
			handler:   returnStatus(200),
			arguments: oauthConfig(startTokenEndpoint(t, ""), ""),
			outcome:   "token_refused",
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
