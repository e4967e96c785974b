// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
)

var chaosFull = flag.Bool("chaos", false, "run TestAccChaos in full: 200 webhooks and three seeds")

// chaosShare is the share of responses that fail.
const chaosShare = 0.2

// chaosRules make chaosShare of the responses fail, equally often by each kind,
// and some more be slow.
func chaosRules() []object {
	kinds := []object{
		{"kind": "status", "status": 429},
		{"kind": "status", "status": 429, "retryAfter": 1},
		{"kind": "status", "status": 500},
		{"kind": "status", "status": 503, "retryAfter": 1},
		{"kind": "status", "status": 408},
		{"kind": "html", "status": 502},
		{"kind": "html", "status": 200},
		{"kind": "reset_before"},
		{"kind": "reset_after"},
		{"kind": "hang", "delay": "1ms"},
		{"kind": "truncate"},
	}
	each := chaosShare / float64(len(kinds))
	for i, rule := range kinds {
		// Rules are tried in order: each gets the requests that those before it left.
		rule["probability"] = each / (1 - each*float64(i))
	}
	return append(kinds, object{"kind": "slow", "delay": "1ms", "probability": each})
}

// chaos is a run of Terraform against an account whose responses fail.
type chaos struct {
	t   *testing.T
	api *sandboxAPI
	w   *workspace

	webhooks, rotations int

	faults, applies, duplicates, lost, rotatedTwice int
}

// config has some webhooks that differ in nothing but their ids.
func (c *chaos) config(generation int) string {
	return c.api.config(fmt.Sprintf(`
resource "digitalriver_webhook" "chaos" {
  count   = %d
  address = "https://example.com/%d/${count.index %% %d}"
  types   = ["order.accepted", "refund.failed"]
}

resource "digitalriver_webhook_secret_rotation" "chaos" {
  count      = %d
  webhook_id = digitalriver_webhook.chaos[count.index].id
  triggers   = { generation = %d }
}
`, c.webhooks, generation, c.webhooks*19/20, c.rotations, generation))
}

// apply applies a configuration under faults, up to three times, until that
// succeeds and a plan without faults is empty. Then state and account must
// agree; secrets is the number of active secrets of each rotated webhook.
func (c *chaos) apply(phase, config string, secrets int, flags ...string) {
	c.t.Helper()
	c.w.write("main.tf", config)
	command := append([]string{"apply", "-auto-approve"}, flags...)
	for try := 1; ; try++ {
		c.api.clearRequests()
		c.api.faults(chaosRules()...)
		code, diagnostics := c.w.runJSON(command...)
		c.api.faults()
		faults, errors := c.api.faultCount("slow"), errorText(diagnostics)
		planCode, plan := c.w.run("plan", "-detailed-exitcode", "-no-color")
		c.t.Logf("%s, apply %d: %d faults, errors: %q, plan's exit code %d", phase, try, faults, errors, planCode)
		c.faults += faults
		c.applies = max(c.applies, try)
		if code == 0 && planCode == 0 {
			break
		}
		if try == 3 {
			c.t.Fatalf("%s: exit codes %d and %d after three applies:\n%s\n%s", phase, code, planCode, errors, plan)
		}
	}
	c.compare(phase, secrets)
}

// compare compares state with the account.
func (c *chaos) compare(phase string, secrets int) {
	c.t.Helper()
	state, inState := c.w.state(), map[any]bool{}
	for _, webhook := range instancesOf("digitalriver_webhook", state) {
		inState[webhook.Attributes["id"]] = true
	}
	inAPI := c.api.webhooks(testKey)
	for _, webhook := range inAPI {
		id := webhook.(object)["id"]
		if !inState[id] {
			c.duplicates++
		}
		delete(inState, id)
	}
	c.lost += len(inState)
	for name, rotation := range instancesOf("digitalriver_webhook_secret_rotation", state) {
		if got := len(c.api.secrets(rotation.Attributes["webhook_id"].(string))); got != secrets {
			c.rotatedTwice++
			c.t.Errorf("%s: %s has %d active secrets, want %d", phase, name, got, secrets)
		}
	}
	if diff := c.api.diffState(state); diff != "" {
		c.t.Errorf("%s: state and API differ (-state +API):\n%s", phase, diff)
	}
	want := c.webhooks
	if secrets == 0 {
		want = 0
	}
	if len(inAPI) != want {
		c.t.Errorf("%s: %d webhooks in the account, want %d", phase, len(inAPI), want)
	}
}

// TestAccChaos creates, changes, refreshes and destroys webhooks with rotations
// while a fifth of all responses fail.
func TestAccChaos(t *testing.T) {
	webhooks, seeds := 40, []uint64{1}
	if *chaosFull {
		webhooks, seeds = 200, []uint64{1, 2, 3}
	}
	for _, seed := range seeds {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			c := &chaos{
				t:   t,
				api: startSandboxWith(t, sandbox.Options{RateLimit: "off", Seed: seed}),
				w:   newWorkspace(t), webhooks: webhooks, rotations: webhooks / 5,
			}
			c.w.serve(map[string]digitalriver.Clock{"digitalriver": fastClock{start: time.Now()}})

			c.apply("create", c.config(1), 2)
			c.apply("change", c.config(2), 3)
			c.apply("refresh", c.config(2), 3, "-refresh-only")
			c.apply("destroy", c.api.config(""), 0)

			t.Logf("seed %d, %d webhooks, %d rotations: %d faults, at most %d applies needed",
				seed, c.webhooks, c.rotations, c.faults, c.applies)
			t.Logf("seed %d: %d duplicates, %d lost, %d rotated twice", seed, c.duplicates, c.lost, c.rotatedTwice)
		})
	}
}
